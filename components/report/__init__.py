"""One report of each run: the verdict on the data and on each head, in one page and in JSON."""

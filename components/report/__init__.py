"""One report of each run: what came of the data and of each head, in one page and in JSON."""

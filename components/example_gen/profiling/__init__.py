"""What a table holds, over all of its rows, and what a person should know of it before training."""

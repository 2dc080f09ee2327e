"""Every column of the data described, from the examples and their statistics."""

"""The gate between the data and everything that learns from it."""

"""Data to run on: the bundled wine table, and synthetic tables with known best scores."""

"""The steps, what flows between them, and what a run depends on."""

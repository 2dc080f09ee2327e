"""What runs left behind: their records, reports, and how they compare."""

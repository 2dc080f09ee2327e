"""Delta and Iceberg tables: which files, and which of their rows, are the table."""

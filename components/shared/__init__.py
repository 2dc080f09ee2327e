"""What several steps share and none owns: names, errors, files, numbers."""

"""CSV and other delimited text: how it is written, where its rows lie, and their cells as text."""

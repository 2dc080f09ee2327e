"""The JSON files that one step writes and another reads: one module and one frozen dataclass for each."""

"""The parts of a report each from the artifacts that it shows."""

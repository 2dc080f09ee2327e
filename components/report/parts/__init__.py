"""The parts of a report as plain values, each from the artifacts that it tells of."""

"""Evaluator: metrics of each head with intervals, slices, and the blessing."""

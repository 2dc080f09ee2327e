"""Names of what a model answers for each head: its signatures' outputs, and the keys of Keras's losses and labels."""

from __future__ import annotations

REGRESSION = "regression_output"
CLASSIFICATION = "classification_output"
LOWER = "regression_lower"
UPPER = "regression_upper"

HEADS = {"regression": REGRESSION, "classification": CLASSIFICATION}
"""Head, as configuration and reports name it -> its output."""
OUTPUTS = tuple(HEADS.values())
"""The outputs, in the order in which tensors [2] and lists of tensors hold what belongs to each head."""

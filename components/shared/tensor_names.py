"""Names shared by the steps: outputs, splits, and the tensors between Transform and Trainer."""

from __future__ import annotations

REGRESSION = "regression_output"
CLASSIFICATION = "classification_output"
LOWER = "regression_lower"
UPPER = "regression_upper"

HEADS = {"regression": REGRESSION, "classification": CLASSIFICATION}
"""Head, as configuration and reports name it -> its output."""

TRAIN = "train"
VALIDATION = "validation"
CALIBRATION = "calibration"
EVAL = "eval"

# What preprocessing_fn writes and the Trainer reads.
NUMERIC = "numeric"
MISSING = "missing"
CATEGORICAL = "categorical"
REGRESSION_LABEL = "regression_label"
REGRESSION_TARGET = "regression_target"
TARGET_MEAN = "target_mean"
TARGET_SCALE = "target_scale"
CLASSIFICATION_LABEL = "classification_label"
REGRESSION_PRESENT = "regression_present"
CLASSIFICATION_PRESENT = "classification_present"
WEIGHT = "weight"

CLASSES_VOCABULARY = "classes"
CATEGORIES_VOCABULARY = "categories"

# What the training history holds of each epoch beside losses and metrics; `ALONE`, of the epochs of a head by itself.
COSINE = "gradient_cosine"
WEIGHTS = {REGRESSION: f"weight_{REGRESSION}", CLASSIFICATION: f"weight_{CLASSIFICATION}"}
ALONE = {REGRESSION: f"alone_{REGRESSION}", CLASSIFICATION: f"alone_{CLASSIFICATION}"}

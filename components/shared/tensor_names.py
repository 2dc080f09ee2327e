"""Names of what preprocessing_fn writes and the Trainer reads: tensors and vocabularies."""

from __future__ import annotations

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
FINGERPRINT = "fingerprint"
"""Of what the example holds that a row was made of, int64 from 0: the same whatever file it lies in and whatever was
learnt of all rows."""

CLASSES_VOCABULARY = "classes"
CATEGORIES_VOCABULARY = "categories"

"""A task that is learnt within seconds, and the sections `model` and `training` of a network for it."""

import numpy as np

from components.trainer.dataset import Dataset
from components.trainer.presets import SEED
from components.trainer.task import Task

MODEL = SEED.model | {"hidden": [16], "dropout": 0.0, "l2": 0.0}
TRAINING = SEED.training | {
    "seed": 0,
    "balancing": "fixed",
    "learning_rate": 0.01,
    "regression_weight": 1.0,
    "classification_weight": 1.0,
    "batch_size": 32,
    "epochs": 30,
    "minutes": None,
    "patience": 3,
}


def rows(count, seed, noise=0.0):
    """The regression label is the first of four columns and the class the sign of the second, but for the noise."""
    random = np.random.default_rng(seed)
    numeric = random.normal(size=(count, 4)).astype("float32")
    target = (numeric[:, 0] + noise * random.normal(size=count)).astype("float32")
    classes = (numeric[:, 1] + noise * random.normal(size=count) > 0).astype("int64")
    features = {"numeric": numeric, "missing": np.zeros_like(numeric)}
    return Dataset(features, target, target, classes, 0.0, 1.0)


def task(train, validation):
    """What there is to learn from such rows."""
    return Task(train, validation, ["no", "yes"])

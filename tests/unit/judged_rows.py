"""Rows with labels of both heads, and predictions that are as wrong as one wants."""

import numpy as np
import pandas as pd

from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.rows import Predictions, Rows
from components.evaluator.analysis.trivial import TrivialPredictor

CLASSES = ("a", "b", "c")


def world(n, seed=0):
    """Rows whose labels follow three features, and a function that predicts them with a given error."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 3))
    label = np.array(CLASSES)[(2 * signal + rng.gumbel(size=(n, 3))).argmax(axis=1)]
    number = 50 + 10 * signal[:, 0] + 3 * rng.normal(size=n)
    rows = Rows(number, label, {"first": signal[:, 0], "group": rng.choice(["x", "y"], n)})

    def predict(error, seed=1):
        noise = np.random.default_rng(seed).normal(size=(n, 3))
        probabilities = np.exp(2 * signal + 2 * error * noise)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return Predictions(50 + 10 * signal[:, 0] + 10 * error * noise[:, 1], probabilities, CLASSES)

    return rows, predict


def train_labels():
    rows, _ = world(1000, seed=9)
    return trivial_of(rows.number, rows.label)


def trivial_of(number, labels):
    """The best constants for these train labels, as pandas counts them."""
    return TrivialPredictor(np.mean(number), np.median(number), pd.Series(labels).value_counts().to_dict())


def fast(*arguments, **options):
    return evaluate(*arguments, **({"resamples": 200, "slice_resamples": 50} | options))


def with_gaps(rows, seed=5):
    """The rows with 30 % of the numbers and 40 % of the classes missing, and where each is there."""
    rng = np.random.default_rng(seed)
    has_number, has_class = rng.random(len(rows.number)) >= 0.3, rng.random(len(rows.number)) >= 0.4
    number = np.where(has_number, rows.number, np.nan)
    label = np.where(has_class, rows.label.astype(object), None)
    return Rows(number, label, rows.columns), has_number, has_class

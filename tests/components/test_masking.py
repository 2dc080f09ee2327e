"""Fitting with a weight for each row and head: what is masked counts for nothing, a weight of 2 counts as two rows."""

from dataclasses import replace

import numpy as np
import pytest
from small_task import MODEL, TRAINING, rows, task

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.choices import BALANCERS, FIXED
from components.trainer.dataset import weighted
from components.trainer.fit import fit
from components.trainer.stopping import MONITORED_LOSS

ROWS = 400


def gappy(count, seed, *, weights=None):
    """Rows of which about 30 % lack the regression label and 40 % the class label."""
    random = np.random.default_rng(seed + 50)
    has_number, has_class = random.random(count) >= 0.3, random.random(count) >= 0.4
    whole = rows(count, seed, noise=0.3)
    return replace(
        whole,
        target=np.where(has_number, whole.target, 0).astype("float32"),
        classes=np.where(has_class, whole.classes, 0),
        present={REGRESSION: has_number, CLASSIFICATION: has_class},
        row_weights=weights,
    )


def with_garbage(split):
    """The same rows with labels that mean nothing where there is none."""
    random = np.random.default_rng(4)
    garbage = (1e4 * random.normal(size=len(split))).astype("float32")
    return replace(
        split,
        target=np.where(split.present[REGRESSION], split.target, garbage),
        classes=np.where(split.present[CLASSIFICATION], split.classes, random.integers(0, 2, len(split))),
    )


def trained(train, validation, log_dir, **training):
    network, history = fit(task(*weighted(train, validation)), MODEL, TRAINING | training, str(log_dir))
    return network, history


OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in BALANCERS if name not in (FIXED, "uncertainty")]


@pytest.mark.parametrize("balancing", ["fixed", "uncertainty", *OTHERS])
def test_what_stands_for_a_missing_label_changes_nothing(tmp_path, balancing):
    """Not in the losses, the metrics and the balance, nor in class weights that are counted from the labels."""
    options = {"balancing": balancing, "class_weights": "balanced", "epochs": 2}
    train, validation = gappy(ROWS, 0), gappy(100, 1)
    first, history = trained(train, validation, tmp_path, **options)
    second, same = trained(with_garbage(train), with_garbage(validation), tmp_path, **options)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert same == history
    assert np.isfinite(history[MONITORED_LOSS]).all()


@pytest.mark.parametrize("labels", ["both", "some"])
def test_a_weight_of_two_counts_as_two_rows(tmp_path, labels):
    """With all rows in one mini-batch the losses, and so the gradients, are the same."""
    weights = np.random.default_rng(2).integers(0, 3, ROWS).astype("float32")
    train = gappy(ROWS, 0, weights=weights)
    validation = gappy(100, 1, weights=np.ones(100, "float32"))
    if labels == "both":
        train, validation = replace(train, present=None), replace(validation, present=None)
    repeated = replace(train.take(np.repeat(np.arange(ROWS), weights.astype(int))), row_weights=None)
    options = {"batch_size": 2 * ROWS, "epochs": 5}
    first, history = trained(train, validation, tmp_path, **options)
    second, expected = trained(repeated, replace(validation, row_weights=None), tmp_path, **options)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)
    for name in ("loss", f"{REGRESSION}_loss", f"{CLASSIFICATION}_loss", MONITORED_LOSS):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
    assert len(history["loss"]) == 5


def test_the_headline_is_that_of_numpy_on_the_labelled_rows(tmp_path):
    """Mean absolute error and log loss of the validation rows with the label, weighted by their rows' weights."""
    random = np.random.default_rng(3)
    validation = gappy(300, 1, weights=random.random(300).astype("float32"))
    network, history = trained(gappy(ROWS, 0, weights=random.random(ROWS).astype("float32")), validation, tmp_path)
    answer = network.predict(validation.features, verbose=0)
    errors = np.abs(answer[REGRESSION][:, 0] - validation.target)
    losses = -np.log(answer[CLASSIFICATION][np.arange(300), validation.classes])
    counted = {head: validation.present[head] * validation.row_weights for head in validation.present}
    expected = np.average(errors, weights=counted[REGRESSION]) + np.average(losses, weights=counted[CLASSIFICATION])
    assert min(history[MONITORED_LOSS]) == pytest.approx(expected, rel=1e-4)

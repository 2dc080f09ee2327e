"""Coverage and calibration on eval rows against SciPy's beta distribution, scikit-learn and plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import beta
from sklearn.metrics import log_loss

from components.evaluator.analysis.coverage import covered, uncertainty
from components.evaluator.analysis.rows import Predictions, Rows
from components.evaluator.analysis.wording import held
from components.formats.uncertainty import Coverage
from components.model_format.manifest import Calibration

RNG = np.random.default_rng(3)
CLASSES = ("a", "b", "c")


@pytest.mark.parametrize(("inside", "n"), [(0, 4), (4, 4), (21, 24), (900, 1000)])
def test_coverage_and_its_interval_are_those_of_clopper_and_pearson(inside, n):
    label = np.zeros(n)
    lower = np.where(np.arange(n) < inside, 0.0, 0.5)  # a bound belongs to its interval
    found = covered(label, lower, np.full(n, 2.0), level=0.9)
    assert (found.covered, found.n, found.value) == (inside, n, inside / n)
    low = beta.ppf(0.05, inside, n - inside + 1) if inside else 0.0
    high = beta.ppf(0.95, inside + 1, n - inside) if inside < n else 1.0
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.mean_width == pytest.approx(2 - 0.5 * (n - inside) / n)


def test_before_and_after_the_temperature():
    n, temperature = 3000, 2.5
    logits = RNG.normal(0, 2, (n, 3))
    code = (softmax(logits, axis=1).cumsum(axis=1) < RNG.random((n, 1))).sum(axis=1).clip(max=2)
    network = softmax(logits * temperature, axis=1)
    label = np.array(CLASSES)[code]
    answers = Predictions(np.zeros(n), softmax(logits, axis=1).astype(np.float32), CLASSES)
    found = uncertainty(
        Rows(np.zeros(n), label, {}), answers, Calibration(50, 50, temperature, 0.9, "split", None, "No.")
    ).classification
    assert (found.rows, found.value) == (50, temperature)
    for figures, probabilities in ((found.before, network), (found.after, answers.probabilities)):
        assert figures["log_loss"] == pytest.approx(log_loss(label, probabilities), rel=1e-4)
        top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == code
        bins = np.ceil(top * 15)
        error = sum(abs((right[bins == b] - top[bins == b]).sum()) for b in range(1, 16)) / n
        assert figures["calibration_error"] == pytest.approx(error, abs=1e-4)
    assert found.after["calibration_error"] < found.before["calibration_error"] / 2


def test_intervals_in_numbers_and_in_words():
    number = np.arange(10.0)
    bounds = np.column_stack([number - 1, number + 1]).astype(np.float32)
    bounds[0] += 5
    rows = Rows(number, np.array(["a", "b"] * 5), {})
    answers = Predictions(number, np.tile([0.5, 0.5], (10, 1)), ("a", "b"), bounds)
    found = uncertainty(rows, answers, Calibration(99, 99, 1.0, 0.9, "split", 1.0, None))
    assert replace(found.regression.coverage, low=0, high=0) == Coverage(
        value=0.9, low=0, high=0, covered=9, n=10, mean_width=2.0
    )
    assert held(found.regression) == "90 % intervals hold 90.0 % [55.5, 99.7] of 10 labels, 2 wide on average."
    assert found.classification.before == found.classification.after


def test_each_head_is_judged_on_the_rows_with_its_label():
    rows = Rows(np.array([0.0, np.nan, 5.0, 1.0]), np.array(["a", "b", None, "b"], object), {})
    bounds = np.tile([-1.0, 1.0], (4, 1))
    answers = Predictions(np.zeros(4), np.float32([[1, 0], [0, 1], [1, 0], [1, 0]]), ("a", "b"), bounds)
    found = uncertainty(rows, answers, Calibration(30, 40, 1.0, 0.9, "split", 1.0, None))
    assert (found.regression.coverage.covered, found.regression.coverage.n) == (2, 3)
    assert (found.regression.rows, found.classification.rows) == (30, 40)
    assert found.classification.after["calibration_error"] == pytest.approx(1 / 3)


def test_a_head_that_cannot_be_scored_has_no_figures_and_missing_intervals_a_reason():
    rows = Rows(np.zeros(2), np.array(["a", "b"]), {})
    broken = Predictions(np.zeros(2), np.full((2, 2), np.nan), ("a", "b"), np.array([[0, 1], [0, np.inf]]))
    none = uncertainty(rows, broken, Calibration(20, 20, 1.0, 0.9, "split", 1.0, None))
    assert (none.regression, none.classification) == (None, None)
    without = uncertainty(
        rows, Predictions(np.zeros(2), np.eye(2), ("a", "b")), Calibration(2, 2, 1.0, 0.9, "split", None, "Too few.")
    )
    assert held(without.regression) == "Too few."

"""Temperature and intervals against grids, scikit-learn and data whose truth is known."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from components.model_format.calibration import calibrate, fit_temperature, rescale, uncalibrated, unweighted
from components.model_format.manifest import Calibration

RNG = np.random.default_rng(7)


def sample(n, temperature, k=4, spread=2.0):
    """Classes drawn from softmax(z), and softmax(z × temperature): what a network off by that much says."""
    logits = RNG.normal(0, spread, (n, k))
    truth = softmax(logits, axis=1)
    classes = (truth.cumsum(axis=1) < RNG.random((n, 1))).sum(axis=1).clip(max=k - 1)
    return softmax(logits * temperature, axis=1).astype(np.float32), classes


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 1.7, 5.0])
def test_the_true_temperature_is_found(temperature):
    probabilities, classes = sample(20_000, temperature)
    assert fit_temperature(probabilities, classes) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("n", [3, 40, 1000])
def test_no_temperature_of_a_grid_is_more_probable(n):
    """The log loss is scikit-learn's; the prior is a normal one on the temperature's logarithm."""
    probabilities, classes = sample(n, 2.5)

    def loss(temperature):
        scaled = softmax(log_softmax(np.log(probabilities.astype(float)), axis=1) / temperature, axis=1)
        return n * log_loss(classes, scaled, labels=range(4)) + (np.log(temperature) / 0.2) ** 2 / 2

    found = fit_temperature(probabilities, classes)
    assert loss(found) <= min(loss(t) for t in np.geomspace(1 / 20, 20, 500)) + 1e-6


@pytest.mark.parametrize(("rows", "sureness"), [(5, 0.9), (50, 0.98), (500, 0.998)])
def test_rows_that_are_all_right_make_the_network_little_surer(rows, sureness):
    rest = (1 - sureness) / 2
    probabilities = np.tile(np.float32([sureness, rest, rest]), (rows, 1))
    found = fit_temperature(probabilities, np.zeros(rows, int))
    assert 0.85 < found < 1
    assert fit_temperature(probabilities[:0], np.zeros(0, int)) == 1


def test_a_few_rows_lose_little_where_the_network_was_right_already():
    """Over 200 draws of 50 rows: what one temperature costs on average, where 1 is the best there is."""
    lost = []
    for _ in range(200):
        probabilities, classes = sample(50, 1.0)
        fresh, truth = sample(2_000, 1.0)
        scaled = rescale(fresh, fit_temperature(probabilities, classes))
        lost.append(log_loss(truth, scaled) - log_loss(truth, rescale(fresh, 1 + 1e-9)))
    assert np.mean(lost) < 0.003
    assert max(lost) < 0.03


def test_certain_and_impossible_rows_stay_finite():
    probabilities = np.float32([[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]])
    found = fit_temperature(probabilities, np.array([1, 1, 2]))
    assert 1 < found <= 20
    for temperature in (found, 0.05, 20):
        scaled = rescale(probabilities, temperature)
        assert np.isfinite(scaled).all()
        np.testing.assert_allclose(scaled.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 1.3, 9.0])
def test_rescaling_is_a_softmax_that_keeps_the_order_and_can_be_undone(temperature):
    probabilities, _ = sample(500, 1.0)
    scaled = rescale(probabilities, temperature)
    np.testing.assert_allclose(scaled, softmax(np.log(probabilities.astype(float)) / temperature, axis=1), rtol=2e-7)
    np.testing.assert_array_equal(scaled.argsort(axis=1), probabilities.argsort(axis=1))
    np.testing.assert_allclose(rescale(scaled, 1 / temperature), probabilities, rtol=1e-5)
    if temperature == 1:
        np.testing.assert_array_equal(scaled, probabilities)


def test_rows_of_unknown_class_count_for_the_interval_alone():
    probabilities, classes = sample(200, 3.0)
    label, prediction = RNG.normal(size=(2, 200))
    unknown = np.where(np.arange(200) % 4 == 0, -1, classes)
    found = calibrate(label, prediction, unknown, probabilities, coverage=0.9)
    known = unknown >= 0
    assert found.temperature == fit_temperature(probabilities[known], classes[known])
    assert found.margin == np.sort(np.abs(label - prediction))[180]  # ceil(201 × 0.9) = 181
    assert (found.numbers, found.classes, found.coverage, found.problem) == (200, 150, 0.9, None)
    holes = np.where(np.arange(200) < 50, np.nan, label)
    found = calibrate(holes, prediction, unknown, probabilities, coverage=0.9)
    assert found.margin == np.sort(np.abs(label - prediction)[50:])[135]  # ceil(151 × 0.9) = 136
    assert (found.numbers, found.classes) == (150, 150)


def test_quantiles_are_moved_by_how_far_labels_lie_outside_of_them():
    probabilities, classes = sample(200, 1.0)
    label = RNG.normal(size=200)
    for half in (0.5, 3.0):  # too near, and too far: the margin widens and narrows
        quantiles = np.column_stack([np.full(200, -half), np.full(200, half)])
        found = calibrate(label, np.zeros(200), classes, probabilities, coverage=0.9, quantiles=quantiles)
        assert found.method == "cqr"
        assert found.margin == pytest.approx(np.sort(np.abs(label))[180] - half)


def test_why_there_are_no_intervals_is_said():
    probabilities, classes = sample(8, 1.0)
    few = calibrate(np.zeros(8), np.ones(8), classes, probabilities, coverage=0.9)
    assert (few.margin, few.problem) == (
        None,
        "There are no prediction intervals: to hold 90 % of the labels they need at least 9 calibration rows, got 8.",
    )
    broken = calibrate(np.zeros(8), np.full(8, np.nan), classes, probabilities, coverage=0.5)
    assert (broken.margin, broken.problem) == (
        None,
        "There are no prediction intervals: more than 50 % of the calibration rows have a prediction that is no "
        "finite number.",
    )
    assert uncalibrated(0.9) == Calibration(
        0, 0, 1.0, 0.9, "split", None, "There are no prediction intervals, because data.split.calibration is 0."
    )


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0, 1.0], [0.5, 12.0, 1.0, 3.0]])
def test_class_weights_are_taken_out_again(weights):
    """A network fitted with weights w says q ∝ w p; what comes out is p, and the temperature that p needs."""
    probabilities, classes = sample(20_000, 1.7)
    weighted = probabilities * np.array(weights)
    weighted /= weighted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(unweighted(weighted, weights), probabilities, atol=1e-6)
    number = RNG.normal(size=len(classes))
    found = calibrate(number, number, classes, weighted, coverage=0.9, class_weights=weights)
    assert found.temperature == pytest.approx(1.7, rel=0.05)
    assert found.class_weights == weights
    assert uncalibrated(0.9, weights).class_weights == weights
    assert unweighted(weighted, None) is weighted


def test_a_class_of_weight_0_keeps_what_it_has():
    found = unweighted(np.array([[0.5, 0.5, 0.0]]), [2.0, 1.0, 0.0])
    np.testing.assert_allclose(found, [[1 / 3, 2 / 3, 0]])

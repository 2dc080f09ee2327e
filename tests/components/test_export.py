"""What calibration adds to the exported graph, against NumPy and SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax

from components.model_format.calibration import unweighted
from components.model_format.manifest import Calibration
from components.trainer.export import Units, _bounds, _tempered, _unweighted

RNG = np.random.default_rng(2)


def split(margin: float | None) -> Calibration:
    return Calibration(9, 9, 1.0, 0.9, "split", margin, None)


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 2.3, 20.0])
def test_the_temperature_divides_the_logarithms(temperature: float):
    logits = RNG.normal(0, 6, (400, 5))
    probabilities = softmax(logits, axis=1).astype(np.float32)
    found = _tempered(tf.constant(probabilities), temperature).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, softmax(log_softmax(logits, axis=1) / temperature, axis=1), atol=5e-7 * 20)
    np.testing.assert_array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1, dtype=np.float64), 1, atol=1e-6)
    if temperature == 1:
        np.testing.assert_array_equal(found, probabilities)


@pytest.mark.parametrize("temperature", [0.05, 3.0, 20.0])
def test_certain_rows_stay_certain_and_finite(temperature: float):
    probabilities = np.float32([[1, 0, 0], [1 - 1e-7, 1e-7, 0], [1e-38, 1, 1e-45]])
    found = _tempered(tf.constant(probabilities), temperature).numpy()
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))


def test_the_bounds_lie_a_margin_away_or_are_not_there():
    number = tf.constant([[1.0], [-2.5]])
    found = _bounds(number, split(0.5))
    np.testing.assert_array_equal(found["regression_lower"], [[0.5], [-3.0]])
    np.testing.assert_array_equal(found["regression_upper"], [[1.5], [-2.0]])
    assert _bounds(number, split(None)) == {}
    assert list(_bounds(number, split(0.0))) == ["regression_lower", "regression_upper"]


def test_bounds_around_quantiles_never_cross():
    quantiles = tf.constant([[1.0, 4.0], [2.0, 3.0]])
    wider, narrower = (_bounds(quantiles, split(margin)) for margin in (0.5, -0.75))
    np.testing.assert_array_equal(wider["regression_lower"], [[0.5], [1.5]])
    np.testing.assert_array_equal(wider["regression_upper"], [[4.5], [3.5]])
    np.testing.assert_array_equal(narrower["regression_lower"], [[1.75], [2.5]])
    np.testing.assert_array_equal(narrower["regression_upper"], [[3.25], [2.5]])


def test_class_weights_are_taken_out_in_the_graph_as_in_calibration():
    probabilities = softmax(RNG.normal(0, 3, (400, 4)), axis=1).astype(np.float32)
    weights = [0.5, 12.0, 0.0, 3.0]
    found = _unweighted(tf.constant(probabilities), weights).numpy()
    np.testing.assert_allclose(found, unweighted(probabilities, weights), rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    assert _unweighted(tf.constant(probabilities), None).dtype == tf.float32


@pytest.mark.parametrize("wide", [False, True])
def test_units_are_undone_with_64_bits(wide: bool):
    units = Units(1_700_000_000.5, 0.25, wide)
    assert units.dtype == (tf.float64 if wide else tf.float32)
    np.testing.assert_array_equal(units.of(tf.constant([-2.0, 3.0])), [1_700_000_000.0, 1_700_000_001.25])

"""Quantiles beside a fitted number: against a noise that is known."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from components.model_format.conformal import errors, excess, margin
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer import interval_quantiles
from components.trainer.dataset import Dataset
from components.trainer.interval_quantiles import QUANTILES, levels, with_quantiles
from components.trainer.model import build_table_model
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED

Z = 1.6449  # the 95 % quantile of a normal distribution


def test_the_levels_leave_as_much_below_as_above():
    assert levels(0.9) == pytest.approx((0.05, 0.95))


def rows(n: int, seed: int) -> Dataset:
    """Y = x₀ + noise whose standard deviation is 0.1 + |x₁|."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (n, 2)).astype(np.float32)
    y = (x[:, 0] + (0.1 + np.abs(x[:, 1])) * random.normal(size=n)).astype(np.float32)
    return Dataset({"numeric": x}, y, y, np.zeros(n, np.int64), 0.0, 1.0)


def network() -> keras.Model:
    """The true mean of `rows`, from a layer that sees |x₁|, which only the quantiles need."""
    inputs = {"numeric": keras.Input((2,), name="numeric")}
    hidden = keras.layers.Dense(4, activation="relu", use_bias=False, name="hidden")(inputs["numeric"])
    outputs = {
        REGRESSION: keras.layers.Dense(1, name=REGRESSION)(hidden),
        CLASSIFICATION: keras.layers.Dense(2, activation="softmax", name=CLASSIFICATION)(hidden),
    }
    model = keras.Model(inputs, outputs, name="table")
    model.get_layer("hidden").set_weights([np.float32([[1, -1, 0, 0], [0, 0, 1, -1]])])
    model.get_layer(REGRESSION).set_weights([np.float32([[1], [-1], [0], [0]]), np.zeros(1, np.float32)])
    return model


@pytest.fixture(scope="module")
def fitted() -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(0)
    plain = network()
    return plain, with_quantiles(plain, rows(6000, 1), rows(1500, 2), 0.9, seed=0)


def test_number_and_class_stay_as_they_are(fitted: tuple[keras.Model, keras.Model]):
    plain, model = fitted
    features = rows(200, 3).features
    before, after = plain.predict(features, verbose=0), model.predict(features, verbose=0)
    assert sorted(after) == sorted([*before, QUANTILES])
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values)
    assert model.count_params() == plain.count_params() + 2 * (4 + 1)


def test_quantiles_are_those_of_the_noise(fitted: tuple[keras.Model, keras.Model]):
    known = rows(2000, 4)
    x = known.features["numeric"].astype(float)
    found = fitted[1].predict(known.features, verbose=0)[QUANTILES]
    spread = Z * (0.1 + np.abs(x[:, 1]))
    assert np.abs(found[:, 0] - (x[:, 0] - spread)).mean() < 0.1
    assert np.abs(found[:, 1] - (x[:, 0] + spread)).mean() < 0.1
    assert (found[:, 0] <= found[:, 1]).all()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few epochs, for tests that do not ask how well the quantiles are learnt."""
    monkeypatch.setattr(interval_quantiles, "_EPOCHS", 10)


@pytest.mark.usefixtures("brief")
def test_rows_of_no_weight_teach_nothing():
    known = rows(400, 7)
    odd = np.arange(400) % 2 == 1
    target = np.where(odd, 100.0, known.target).astype(np.float32)
    weights = {head: (~odd).astype(np.float32) for head in (REGRESSION, CLASSIFICATION)}
    masked = replace(known, target=target, regression=target, weights=weights)
    found = with_quantiles(network(), masked, masked, 0.9, seed=0).predict(known.features, verbose=0)
    assert np.abs(found[QUANTILES]).max() < 10


@pytest.mark.usefixtures("brief")
def test_members_are_averaged():
    """A batch ensemble: what the quantiles see is the mean over its members."""
    space = FeatureSpace.of(rows(64, 8).features, owners=[], bins=8)
    model = build_table_model(space, 2, SEED.architecture(hidden=(8,), members=3))
    found = with_quantiles(model, rows(200, 9), rows(100, 10), 0.8, seed=0)
    answers = found.predict(rows(50, 11).features, verbose=0)
    assert answers[QUANTILES].shape == (50, 2)
    assert (answers[QUANTILES][:, 0] <= answers[QUANTILES][:, 1]).all()
    before = model.predict(rows(50, 11).features, verbose=0)
    np.testing.assert_allclose(answers[REGRESSION], before[REGRESSION], rtol=1e-6)
    layers = [layer.name for layer in found.layers]
    assert found.count_params() == model.count_params() + 2 * (8 + 1), layers


def test_intervals_around_them_hold_what_they_promise_where_equally_wide_ones_do_not(
    fitted: tuple[keras.Model, keras.Model],
):
    calibration, new = rows(1000, 5), rows(4000, 6)
    answers = [fitted[1].predict(part.features, verbose=0) for part in (calibration, new)]
    by_row = margin(excess(calibration.regression, answers[0][QUANTILES]), 0.9)
    alike = margin(errors(calibration.regression, answers[0][REGRESSION][:, 0]), 0.9)
    held = excess(new.regression, answers[1][QUANTILES]) <= by_row
    held_alike = errors(new.regression, answers[1][REGRESSION][:, 0]) <= alike
    uncertain = np.abs(new.features["numeric"][:, 1]) > 0.8
    assert held.mean() == pytest.approx(0.9, abs=0.03)
    assert held_alike.mean() == pytest.approx(0.9, abs=0.03)
    assert held[uncertain].mean() > 0.85
    assert held_alike[uncertain].mean() < 0.8
    widths = np.diff(answers[1][QUANTILES], axis=1)[:, 0] + 2 * by_row
    assert widths.mean() < 2 * alike

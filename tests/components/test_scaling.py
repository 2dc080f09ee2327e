"""Scales against NumPy, through a real Beam analysis, where a few cells are far from all others."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from components.transform.scaling import learn_scales, robust, standardise

ROWS = 2_000
LOWEST = float(np.finfo(np.float32).min)
RNG = np.random.default_rng(6)
NORMAL = RNG.normal(50, 9, ROWS)
FILL = np.arange(ROWS) % 50 == 0  # 2 %
COLUMNS = {
    "plain": NORMAL,
    "lognormal": np.exp(RNG.normal(0, 1.5, ROWS)),
    "zeros": np.where(RNG.random(ROWS) < 0.85, 0, np.exp(RNG.normal(0, 1, ROWS))),
    "flag": (np.arange(ROWS) % 400 == 3).astype(float),
    "gaps": np.where(np.arange(ROWS) % 3 == 0, np.nan, NORMAL),
    "empty": np.full(ROWS, np.nan),
    "constant": np.full(ROWS, 0.1),
    "lowest": np.where(FILL, LOWEST, NORMAL),  # the fill value of rasters, GeoTIFF/geoblaze issue 207
    "highest": np.where(FILL, 1e30, NORMAL),
    "epoch": np.where(FILL, 0, 1.7e9 + NORMAL),  # no time at all is 1970
    "total": np.where(np.arange(ROWS) == ROWS - 1, NORMAL.sum(), NORMAL),
    "claims": np.exp(RNG.normal(0, 3, ROWS)),
}
STRICT = {"total", "claims"}


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    """Column → its standardised values."""
    matrix = np.stack(list(COLUMNS.values()), axis=1)

    def preprocessing_fn(inputs):
        values = tf.strings.to_number(inputs["x"], tf.float64)
        missing = tf.math.is_nan(values)
        values = tf.where(missing, tf.zeros_like(values), values)
        scales = learn_scales(values, missing, [name in STRICT for name in COLUMNS])
        return {"x": standardise(values, missing, scales)}

    spec = {"x": tf.io.FixedLenFeature([len(COLUMNS)], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"x": [repr(float(value)) for value in row]} for row in matrix]
    with tft_beam.Context(str(tmp_path_factory.mktemp("beam")), desired_batch_size=300):
        (found, _), _ = (rows, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocessing_fn)
    return dict(zip(COLUMNS, np.array([row["x"] for row in found]).T, strict=True))


def oracle(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    among = values if among is None else among
    return np.nan_to_num((values - np.nanmean(among)) / np.nanstd(among))


@pytest.mark.parametrize("name", ["plain", "lognormal", "zeros", "flag", "gaps", "claims"])
def test_ordinary_columns_have_the_plain_mean_and_deviation(scaled, name: str):
    np.testing.assert_allclose(scaled[name], oracle(COLUMNS[name]), atol=2e-5)


@pytest.mark.parametrize("name", ["empty", "constant"])
def test_nothing_and_a_constant_are_0(scaled, name: str):
    np.testing.assert_array_equal(scaled[name], np.zeros(ROWS))


@pytest.mark.parametrize("name", ["lowest", "highest", "epoch"])
def test_a_fill_value_leaves_the_rest_as_it_would_be_without_it(scaled, name: str):
    rest, alone = scaled[name][~FILL], oracle(NORMAL[~FILL])
    assert np.corrcoef(rest, alone)[0, 1] > 1 - 1e-9
    assert 0.5 < rest.std() < 1.1
    fill = scaled[name][FILL]
    assert len(set(fill.tolist())) == 1
    assert 10 < abs(fill[0]) < 150, "far from the rest, and no more than that"
    assert (fill[0] > rest.max()) == (name == "highest")


def test_one_total_does_not_set_the_scale_of_a_label(scaled):
    np.testing.assert_allclose(scaled["total"][:-1], oracle(COLUMNS["total"], NORMAL)[:-1], atol=0.1)
    assert scaled["total"][:-1].std() == pytest.approx(1, abs=0.05)


def test_the_order_of_far_values_is_kept():
    scales = robust(*(tf.constant([value], tf.float64) for value in (0.0, 1e9)), spread(), tf.constant([False]))
    values = tf.constant([[-1e30], [-1e20], [-1.0], [0.0], [1.0], [1e20], [1e30]], tf.float64)
    found = standardise(values, tf.zeros_like(values, tf.bool), scales).numpy()[:, 0]
    assert (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, -found[::-1], atol=1e-6)


def spread() -> tf.Tensor:
    return tf.constant(np.linspace(-1, 1, 199)[None], tf.float64)

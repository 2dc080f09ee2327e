import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.analysis.metric import values
from components.evaluator.analysis.regression import RegressionScores


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    label = 1000 + rng.gamma(2.0, 3.0, n)
    return label, label + rng.normal(0.3, 1.0, n)


def oracle(label, prediction, weight=None):
    return {
        "mae": sk.mean_absolute_error(label, prediction, sample_weight=weight),
        "rmse": sk.root_mean_squared_error(label, prediction, sample_weight=weight),
        "r2": sk.r2_score(label, prediction, sample_weight=weight),
        "median_absolute_error": sk.median_absolute_error(label, prediction, sample_weight=weight),
    }


@pytest.mark.parametrize("n", [2, 5, 36, 37, 1000])
def test_unweighted_metrics_match_scikit_learn(n):
    label, prediction = rows(n)
    assert values(RegressionScores(label, prediction)) == pytest.approx(oracle(label, prediction), rel=1e-9)


def test_each_column_of_weights_matches_scikit_learns_sample_weight():
    label, prediction = rows(101)
    weights = np.random.default_rng(1).random((101, 7))
    found = RegressionScores(label, prediction).weighted(weights)
    for column in range(7):
        expected = oracle(label, prediction, weights[:, column])
        assert {name: result[column] for name, result in found.items()} == pytest.approx(expected, rel=1e-8)


def test_whole_weights_equal_repeated_rows():
    label, prediction = rows(40)
    counts = np.random.default_rng(2).integers(0, 4, (40, 20))
    found = RegressionScores(label, prediction).weighted(counts.astype(float))
    for column in range(20):
        again = np.repeat(np.arange(40), counts[:, column])
        expected = oracle(label[again], prediction[again])
        assert {name: result[column] for name, result in found.items()} == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9])
def test_r2_is_undefined_for_a_constant_label_and_the_rest_is_not(constant):
    label = np.full(36, constant)
    found = values(RegressionScores(label, label + 2.0))
    assert np.isnan(found.pop("r2"))
    assert found == pytest.approx({"mae": 2.0, "rmse": 2.0, "median_absolute_error": 2.0}, rel=1e-6)


def test_r2_is_undefined_where_a_weighting_leaves_one_distinct_label():
    label, prediction = rows(5)
    weights = np.zeros((5, 2))
    weights[3, 0] = 5.0
    weights[:, 1] = 1.0
    r2 = RegressionScores(label, prediction).weighted(weights)["r2"]
    assert np.isnan(r2[0])
    assert r2[1] == pytest.approx(sk.r2_score(label, prediction))


def test_perfect_predictions():
    label, _ = rows(36)
    assert values(RegressionScores(label, label)) == {
        "mae": 0.0,
        "rmse": 0.0,
        "r2": 1.0,
        "median_absolute_error": 0.0,
    }


def test_no_weight_at_all_leaves_every_metric_undefined():
    label, prediction = rows(5)
    assert all(
        np.isnan(result[0]) for result in RegressionScores(label, prediction).weighted(np.zeros((5, 1))).values()
    )


def test_take_restricts_to_rows_and_keeps_the_choice_of_metrics():
    label, prediction = rows(50)
    mask = label > np.median(label)
    found = values(RegressionScores(label, prediction, ("mae",)).take(mask))
    assert found == pytest.approx({"mae": np.abs(prediction - label)[mask].mean()})


@pytest.mark.parametrize(
    ("label", "prediction", "message"),
    [
        ([1.0, 2.0], [1.0], r"got \(2,\) and \(1,\)"),
        ([], [], "n > 0"),
        ([1.0], [np.nan], "must be finite"),
    ],
)
def test_refuses_what_cannot_be_scored(label, prediction, message):
    with pytest.raises(ValueError, match=message):
        RegressionScores(np.array(label), np.array(prediction))

import numpy as np
import pytest
from scipy import stats

from components.evaluator.analysis import bootstrap as module
from components.evaluator.analysis.bootstrap import Bootstrap
from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.regression import RegressionScores


def regression(n, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    label = rng.normal(size=n)
    return RegressionScores(label, label + noise * rng.normal(size=n))


def test_interval_of_a_mean_is_students():
    scores = regression(400)
    found = Bootstrap({"model": scores}, resamples=4000).interval("model", "mae")
    error = np.abs(scores.prediction - scores.label)
    low, high = stats.t.interval(0.95, 399, error.mean(), stats.sem(error))
    assert found.value == pytest.approx(error.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)
    assert (found.level, found.resamples, found.dropped) == (0.95, 4000, 0)


def test_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for seed in range(300):
        scores = RegressionScores(*_normal_errors(60, seed), ("mae",))
        found = Bootstrap({"model": scores}, resamples=300, seed=seed).interval("model", "mae")
        covered += found.low <= np.sqrt(2 / np.pi) <= found.high
    # 95 % less the shortfall of a percentile interval on 60 rows, within three standard errors.
    assert 0.90 <= covered / 300 <= 0.98


def _normal_errors(n, seed):
    rng = np.random.default_rng(1000 + seed)
    return np.zeros(n), rng.normal(size=n)


def test_every_metric_agrees_with_drawing_rows_one_by_one():
    rng = np.random.default_rng(3)
    labels = rng.choice(["a", "b", "c"], 300)
    probabilities = rng.dirichlet([1, 1, 1], 300) * 0.5 + 0.5 * np.eye(3)[np.searchsorted(["a", "b", "c"], labels)]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    scores = ClassificationScores.of(labels, probabilities, ("a", "b", "c"))
    found = Bootstrap({"model": scores}, resamples=2000)
    again = [scores.take(rng.integers(300, size=300)).weighted(np.ones((300, 1))) for _ in range(1000)]
    for metric in scores.metrics:
        slow = np.quantile([draw[metric][0] for draw in again], [0.025, 0.975])
        fast = found.interval("model", metric)
        width = slow[1] - slow[0]
        assert (fast.low, fast.high) == pytest.approx(tuple(slow), abs=0.2 * width), metric


def test_the_difference_is_paired():
    rng = np.random.default_rng(0)
    label = rng.normal(size=500)
    shared = rng.standard_t(3, size=500)
    better = RegressionScores(label, label + shared)
    worse = RegressionScores(label, label + shared * 1.05)
    found = Bootstrap({"better": better, "worse": worse}, resamples=2000)
    difference = found.difference("better", "worse", "mae")
    gap = np.abs(shared) - np.abs(shared * 1.05)
    low, high = stats.t.interval(0.95, 499, gap.mean(), stats.sem(gap))
    assert difference.value == pytest.approx(gap.mean())
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=0.004)
    assert (difference.below, difference.above) == (1.0, 0.0)
    assert difference.ours == pytest.approx(np.abs(shared).mean())
    # The two intervals overlap widely: only the pairing shows the difference.
    assert found.interval("better", "mae").high > found.interval("worse", "mae").low


def test_equal_models_differ_by_exactly_nothing():
    scores = regression(50)
    difference = Bootstrap({"a": scores, "b": scores}).difference("a", "b", "rmse")
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert (difference.below, difference.above) == (0, 0)


def test_undefined_draws_are_dropped_and_counted():
    labels = ["a"] * 8 + ["b"]
    probabilities = np.tile([0.6, 0.4], (9, 1))
    scores = ClassificationScores.of(labels, probabilities, ("a", "b"))
    found = Bootstrap({"model": scores}, resamples=2000).interval("model", "auc")
    # The one row of class b is missed with probability (8/9)^9 = 0.346.
    assert found.dropped / 2000 == pytest.approx((8 / 9) ** 9, abs=0.04)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_metric_that_is_undefined_has_neither_value_nor_interval():
    scores = RegressionScores(np.ones(20), np.arange(20.0))
    found = Bootstrap({"model": scores}).interval("model", "r2")
    assert (found.value, found.low, found.high, found.dropped) == (None, None, None, 500)


@pytest.mark.parametrize(("n", "given"), [(4, False), (5, True)])
def test_few_rows_have_a_value_but_no_interval(n, given):
    found = Bootstrap({"a": regression(n), "b": regression(n)})
    assert found.interval("a", "mae").value is not None
    assert (found.interval("a", "mae").low is not None) == given
    assert (found.difference("a", "b", "mae").below is not None) == given


def test_same_seed_same_interval():
    first, second, other = (Bootstrap({"a": regression(50)}, seed=seed).interval("a", "mae") for seed in (1, 1, 2))
    assert first == second
    assert first.low != other.low


def test_blocks_change_nothing_but_the_memory(monkeypatch):
    scores = regression(200)
    whole = Bootstrap({"a": scores}, resamples=1500).interval("a", "mae")
    monkeypatch.setattr(module, "BLOCK", 1)  # one draw at a time
    single = Bootstrap({"a": scores}, resamples=1500).interval("a", "mae")
    assert (single.low, single.high) == pytest.approx((whole.low, whole.high), abs=0.02)


def test_beyond_the_limit_the_spread_of_a_subset_is_scaled(monkeypatch):
    better, worse = regression(8000), regression(8000, noise=1.1)
    full = Bootstrap({"a": better, "b": worse}, resamples=1000)
    monkeypatch.setattr(module, "MAX_ROWS", 1000)
    subset = Bootstrap({"a": better, "b": worse}, resamples=1000)
    for metric in better.metrics:
        exact, bounded = full.interval("a", metric), subset.interval("a", metric)
        assert bounded.value == exact.value
        assert bounded.low <= bounded.value <= bounded.high
        assert bounded.high - bounded.low == pytest.approx(exact.high - exact.low, rel=0.25)
    assert subset.difference("a", "b", "mae").below == 1.0


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({"a": regression(5), "b": regression(6)}, {}, "of the same rows, got {'a': 5, 'b': 6}"),
        ({"a": regression(5)}, {"level": 1.0}, "level between 0 and 1"),
        ({"a": regression(5)}, {"resamples": 0}, "resamples must be positive"),
    ],
)
def test_refuses(scores, options, message):
    with pytest.raises(ValueError, match=message):
        Bootstrap(scores, **options)

"""Totals of parts of the rows, put together in any order, against scikit-learn and NumPy on all rows."""

from functools import reduce

import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.analysis import classification, regression
from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.ranks import WIDTH, Magnitudes, RowRankings, probability_bins
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.totals import ByClass, Moments, Range, Sum, merged

CLASSES = ("a", "b", "c")
SEEDS = range(12)


def parts(rng, n):
    """Indices of n rows dealt to parts of any size, some of them empty, in any order."""
    cuts = np.sort(rng.integers(0, n + 1, rng.integers(1, 12)))
    found = np.split(rng.permutation(n), cuts)
    rng.shuffle(found)
    return found


def in_any_order(rng, totals):
    """What the parts have together, put together two by two as chance has it."""
    totals = list(totals)
    while len(totals) > 1:
        first, second = (totals.pop(rng.integers(len(totals))) for _ in range(2))
        totals.append(merged(first, second))
    return totals[0]


def collected(metrics, scores, weights):
    return {name: tuple(total.kept() for total in metric.collect(scores, weights)) for name, metric in metrics.items()}


def weights_of(rng, n):
    """Ones, whole numbers with many zeros, any weights, and none but one row's."""
    single = np.zeros(n)
    single[rng.integers(n)] = 2.0
    return np.column_stack([np.ones(n), rng.integers(0, 3, n), rng.random(n), single]).astype(float)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_metrics_of_numbers_do_not_depend_on_the_parts(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 400))
    label = 1e6 + rng.gamma(2.0, 3.0, n)  # far from 0, where squares lose digits
    prediction = label + rng.normal(0.3, 1.0, n)
    has_label = rng.random(n) < 0.8
    weights = weights_of(rng, n)
    together = in_any_order(
        rng,
        [
            collected(regression.METRICS, RegressionScores(label[part], prediction[part]), weights[part])
            if len(part)
            else {}
            for part in (part[has_label[part]] for part in parts(rng, n))
        ],
    )
    label, prediction, weights = label[has_label], prediction[has_label], weights[has_label]
    found = {name: metric.finish(*together[name]) for name, metric in regression.METRICS.items()}
    for column, weight in enumerate(weights.T[:3]):
        assert found["mae"][column] == pytest.approx(
            sk.mean_absolute_error(label, prediction, sample_weight=weight), rel=1e-9
        )
        assert found["rmse"][column] == pytest.approx(
            sk.root_mean_squared_error(label, prediction, sample_weight=weight), rel=1e-9
        )
        assert found["r2"][column] == pytest.approx(sk.r2_score(label, prediction, sample_weight=weight), rel=1e-7)
        error = np.abs(prediction - label)
        exact = Magnitudes(error, weight[:, None]).median()[0]
        bound = regression.METRICS["median_absolute_error"].bound(*together["median_absolute_error"])[column]
        assert found["median_absolute_error"][column] == pytest.approx(exact, abs=bound)
        assert bound <= 1.01 * WIDTH * exact
    assert np.isnan(found["r2"][3]), "one label does not vary"


def oracle(labels, probabilities, weight):
    index = np.array([CLASSES.index(name) if name in CLASSES else -1 for name in labels])
    loss = -np.log(np.maximum(np.where(index >= 0, probabilities[np.arange(len(labels)), index], 0), 1e-7))
    predicted = np.array(CLASSES)[probabilities.argmax(axis=1)]
    drawn = weight > 0
    occurring = sorted(set(labels[drawn]) | set(predicted[drawn]))
    return {
        "log_loss": np.average(loss, weights=weight),
        "accuracy": sk.accuracy_score(labels, predicted, sample_weight=weight),
        "macro_f1": sk.f1_score(
            labels, predicted, sample_weight=weight, average="macro", labels=occurring, zero_division=0
        ),
    }


def auc(labels, probabilities, weight):
    drawn = weight > 0
    areas = []
    for name in sorted(set(labels[drawn])):
        inside = labels[drawn] == name
        score = probabilities[drawn, CLASSES.index(name)] if name in CLASSES else np.zeros(drawn.sum())
        areas.append(sk.roc_auc_score(inside, score, sample_weight=weight[drawn]))
    return np.mean(areas)


def calibration_error(labels, probabilities, weight):
    top = probabilities.max(axis=1)
    right = np.array(CLASSES)[probabilities.argmax(axis=1)] == labels
    inside = [(top > i / 15) & (top <= (i + 1) / 15) for i in range(15)]
    return sum(abs(((right - top) * weight)[rows].sum()) for rows in inside) / weight.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_metrics_of_classes_do_not_depend_on_the_parts(seed):
    """Some parts lack a class; some have one that the model does not know."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 400))
    labels = rng.choice(["a", "b", "c", "new", "other"], n, p=[0.5, 0.3, 0.16, 0.02, 0.02])
    probabilities = rng.dirichlet([0.3, 0.3, 0.3], n)
    known = np.isin(labels, CLASSES)
    probabilities[known, [CLASSES.index(name) for name in labels[known]]] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    has_label = rng.random(n) < 0.8
    weights = weights_of(rng, n)
    together = in_any_order(
        rng,
        [
            collected(
                classification.METRICS,
                ClassificationScores.of(labels[part], probabilities[part], CLASSES),
                weights[part],
            )
            if len(part)
            else {}
            for part in (part[has_label[part]] for part in parts(rng, n))
        ],
    )
    labels, probabilities, weights = labels[has_label], probabilities[has_label], weights[has_label]
    found = {name: metric.finish(*together[name]) for name, metric in classification.METRICS.items()}
    bound = classification.METRICS["auc"].bound(*together["auc"])
    for column, weight in enumerate(weights.T[:3]):
        for name, expected in oracle(labels, probabilities, weight).items():
            assert found[name][column] == pytest.approx(expected, rel=1e-9), name
        expected = calibration_error(labels, probabilities, weight)
        assert found["calibration_error"][column] == pytest.approx(expected, abs=1e-9)
        assert found["auc"][column] == pytest.approx(auc(labels, probabilities, weight), abs=bound[column] + 1e-12)
        assert 0 <= bound[column] < 0.01
    assert np.isnan(found["auc"][3]), "one row has nothing to be ranked against"


def test_ties_and_their_halves_survive_the_bins():
    """Scores that differ by a bit of rounding only are one bin; equal ones tie as they did."""
    labels = np.array(["a", "b"] * 50)
    scores = ClassificationScores.of(labels, np.tile([0.3, 0.7], (100, 1)), ("a", "b"))
    total = tuple(total.kept() for total in classification.METRICS["auc"].collect(scores, np.ones((100, 1))))
    assert classification.METRICS["auc"].finish(*total)[0] == 0.5
    assert classification.METRICS["auc"].bound(*total)[0] == 0.5, "they might be in any order"


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e9])
def test_a_constant_has_no_variation_however_it_is_dealt(constant):
    whole = [Moments.of(np.full(n, constant), np.ones((n, 1))) for n in (1, 7, 30)]
    assert reduce(Moments.merged, whole).variation == [0.0]


@pytest.mark.parametrize("seed", SEEDS)
def test_variances_keep_their_digits_beside_a_large_mean(seed):
    rng = np.random.default_rng(seed)
    values = 1e9 + rng.normal(size=5_000)
    dealt = [Moments.of(values[part], np.ones((len(part), 1))) for part in parts(rng, 5_000) if len(part)]
    found = reduce(Moments.merged, dealt)
    # Means of numbers near 1e9 are known to 1e-7.
    assert found.variation[0] / 5_000 == pytest.approx(np.var(values - 1e9), rel=1e-6)
    assert (found.weight[0], found.mean[0]) == (5_000, pytest.approx(values.mean(), rel=1e-15))


def test_a_part_without_weight_changes_nothing():
    nothing = Moments.of(np.array([5.0, 9.0]), np.zeros((2, 1)))
    some = Moments.of(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)))
    for found in (some.merged(nothing), nothing.merged(some)):
        assert (found.weight[0], found.mean[0]) == (3, pytest.approx(7 / 3))
        assert found.variation[0] == pytest.approx(np.var([1, 2, 4]) * 3)


def test_sums_of_classes_are_put_where_they_belong():
    left = ByClass(("b", "a", "x"), 2, np.array([[1.0], [2.0], [3.0]]))
    right = ByClass(("b", "a", "u", "x"), 2, np.array([[10.0], [20.0], [30.0], [40.0]]))
    for found in (left.merged(right), right.merged(left)):
        assert found.names == ("b", "a", "u", "x")
        assert found.sums.ravel().tolist() == [11, 22, 30, 43]


def test_a_range_is_that_of_all():
    assert Range.of(np.array([3.0, 5.0])).merged(Range.of(np.array([4.0, 9.0]))) == Range(3.0, 9.0)
    assert Range.of(np.array([])).merged(Range.of(np.array([2.0]))) == Range(2.0, 2.0)


def test_what_only_one_part_knows_is_kept():
    one, two = Sum(np.array([1.0])), Sum(np.array([2.0]))
    found = merged({"a": (one,), "b": (one,)}, {"b": (two,), "c": (two,)})
    assert {name: total.values.tolist() for name, (total,) in found.items()} == {"a": [1], "b": [3], "c": [2]}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_bins_of_probabilities_rise_with_them(kind):
    rng = np.random.default_rng(0)
    near_zero = 10.0 ** rng.uniform(-38, 0, 5_000)
    near_half = 0.5 + rng.uniform(-1e-7, 1e-7, 5_000)
    values = np.sort(np.concatenate([near_zero, 1 - near_zero, near_half, [0.0, 0.5, 1.0]]).astype(kind))
    bins = probability_bins(values.astype(np.float64))
    assert (np.diff(bins) >= 0).all()
    assert bins[0] == 0
    assert bins[-1] == 2 * probability_bins(np.array([0.5]))[0]
    low = (values > 1e-30) & (values < 0.5)
    first, last = (np.unique(bins[low], return_index=True)[1], np.unique(bins[low][::-1], return_index=True)[1])
    widths = values[low][::-1][last] / values[low][first]
    assert widths.max() < 1 + 2**-7 + 1e-6


def test_magnitudes_are_off_by_half_a_bin_at_most():
    values = np.concatenate([[0.0], 10.0 ** np.random.default_rng(1).uniform(-300, 300, 10_000)])
    for value in values:
        [middle] = Magnitudes(np.array([value]), np.ones((1, 1))).kept().values
        assert middle == pytest.approx(value, rel=WIDTH / 2, abs=0)


def test_rows_are_not_merged_before_they_are_kept():
    rows = RowRankings(np.array([[0.5, 0.5]]), np.array([0]), np.ones((1, 1)))
    with pytest.raises(TypeError, match="must be kept before they are merged"):
        rows.merged(rows)

"""The figures of both heads against scikit-learn, pandas and NumPy."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.confusion import confusion
from components.evaluator.analysis.curves import MAX_POINTS, curves
from components.evaluator.analysis.figures import MAX_CLASSES, figures
from components.evaluator.analysis.ranks import Ranking
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.residuals import residuals
from components.evaluator.analysis.rows import Predictions, Rows
from components.formats.figures import Figures

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("decimals", [1, 8], ids=["many ties", "few ties"])
def test_curves_are_those_of_scikit_learn(decimals):
    positive = RNG.random(5000) < 0.2
    score = np.round(np.clip(0.3 * positive + RNG.normal(0.4, 0.2, 5000), 0, 1), decimals)
    found = curves("a", Ranking(score, positive, np.ones((5000, 1))))
    assert (found.name, found.n_positive) == ("a", positive.sum())
    assert found.auc == pytest.approx(metrics.roc_auc_score(positive, score), rel=1e-12)
    assert found.average_precision == pytest.approx(metrics.average_precision_score(positive, score), rel=1e-12)
    fpr, tpr, _ = metrics.roc_curve(positive, score, drop_intermediate=False)
    assert set(found.roc) <= set(zip(fpr.tolist(), tpr.tolist(), strict=True))
    precision, recall, _ = metrics.precision_recall_curve(positive, score)
    theirs = np.column_stack([recall, precision])
    for point in found.pr:
        assert np.abs(theirs - point).max(axis=1).min() < 1e-12
    assert (found.roc[0], found.roc[-1], found.pr[0]) == ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert found.pr[-1] == pytest.approx((1.0, positive.mean()))
    assert max(len(found.roc), len(found.pr)) <= MAX_POINTS
    # Thinned, the drawn curve still has the area of the full one.
    assert metrics.auc(*np.transpose(found.roc)) == pytest.approx(found.auc, abs=1e-3)


@pytest.mark.parametrize("positive", [np.zeros(4, bool), np.ones(4, bool)])
def test_a_class_that_is_everywhere_or_nowhere_has_no_curves(positive):
    assert curves("a", Ranking(np.array([0.1, 0.2, 0.3, 0.4]), positive, np.ones((4, 1)))) is None


def test_residuals_are_those_of_numpy_and_pandas():
    label = RNG.gamma(2.0, 3.0, 2500)
    prediction = label + RNG.normal(0.5, 1.0, 2500)
    found = residuals(RegressionScores(label, prediction))
    counts, edges = np.histogram(label - prediction, 30)
    assert found.histogram.counts == tuple(counts)
    np.testing.assert_allclose(found.histogram.edges, edges)
    assert (found.histogram.below, found.histogram.above) == (None, None)
    assert (found.least, found.greatest) == ((label - prediction).min(), (label - prediction).max())
    table = pd.DataFrame({"y": label, "e": prediction - label})
    groups = table.groupby(pd.qcut(table["y"], 5), observed=True)["e"]
    assert [part.n for part in found.ranges] == [500] * 5
    np.testing.assert_allclose([part.bias for part in found.ranges], groups.mean())
    np.testing.assert_allclose([part.mae.value for part in found.ranges], groups.agg(lambda e: e.abs().mean()))
    assert all(part.mae.low < part.mae.value < part.mae.high for part in found.ranges)
    assert (found.ranges[0].low, found.ranges[-1].high) == (label.min(), label.max())
    pairs = set(zip(label.tolist(), prediction.tolist(), strict=True))
    assert len(found.actual) == 1000
    assert set(zip(found.actual, found.predicted, strict=True)) <= pairs
    assert found.n == 2500


def test_one_prediction_far_off_leaves_the_other_residuals_their_shape():
    label = RNG.normal(0, 1, 1000)
    prediction = label + RNG.normal(0, 1, 1000)
    prediction[17] = 1e6
    found = residuals(RegressionScores(label, prediction))
    errors = np.sort(label - prediction)
    counts, edges = np.histogram(errors, 30, range=(errors[5], errors[-6]))
    assert found.histogram.counts == tuple(counts)
    np.testing.assert_allclose(found.histogram.edges, edges)
    assert (found.histogram.below, found.histogram.above) == (5, 5)
    assert found.least == pytest.approx(-1e6, rel=1e-5), "the prediction is too high"


def test_equal_labels_stay_in_one_range():
    label = np.repeat([1.0, 2.0, 3.0], [80, 10, 10])
    found = residuals(RegressionScores(label, label))
    assert [(part.low, part.high, part.n) for part in found.ranges] == [(1, 1, 80), (2, 3, 20)]
    assert sum(found.histogram.counts) == 100


def test_confusion_and_classes_are_those_of_scikit_learn():
    names = ["a", "b", "c"]
    probabilities = RNG.dirichlet(np.ones(3), 400)
    label = np.array(names)[RNG.integers(3, size=400)]
    predicted = np.array(names)[probabilities.argmax(axis=1)]
    found = confusion(ClassificationScores.of(label, probabilities, names))
    np.testing.assert_array_equal(found.counts, metrics.confusion_matrix(label, predicted, labels=names))
    theirs = metrics.precision_recall_fscore_support(label, predicted, labels=names)
    ours = [[getattr(row, field) for row in found.classes] for field in ("precision", "recall", "f1", "support")]
    np.testing.assert_allclose(ours, theirs)


def test_figures_are_read_as_they_were_written_and_bounded(tmp_path):
    n, k = 3000, MAX_CLASSES + 10
    names = tuple(f"class {index}" for index in range(k))
    number = RNG.normal(size=n)
    label = np.array(names)[np.minimum(RNG.geometric(0.1, n), k) - 1]
    found = figures(Rows(number, label, {}), Predictions(number + 1, RNG.dirichlet(np.ones(k), n), names))
    found.write(tmp_path)
    assert (tmp_path / "figures.json").stat().st_size < 400_000
    assert Figures.read(tmp_path) == found
    curves = found.classification
    support = pd.Series(label).value_counts()
    assert [row.n_positive for row in curves] == support.head(MAX_CLASSES).to_list()
    assert all(row.n_positive == support[row.name] for row in curves)
    assert found.regression.n == n


def test_figures_are_those_of_the_rows_that_have_the_label():
    n, names = 500, ("a", "b", "c")
    number, label = RNG.normal(size=n), RNG.choice(names, n).astype(object)
    model = Predictions(number + RNG.normal(size=n), RNG.dirichlet(np.ones(3), n), names)
    has_number, has_class = RNG.random(n) < 0.7, RNG.random(n) < 0.6
    gappy = Rows(np.where(has_number, number, np.nan), np.where(has_class, label, None), {})
    found = figures(gappy, model)
    assert (
        found.regression == figures(Rows(number[has_number], label[has_number], {}), model.take(has_number)).regression
    )
    expected = figures(Rows(number[has_class], label[has_class], {}), model.take(has_class)).classification
    assert found.classification == expected
    assert found.regression.n == has_number.sum()


def test_a_head_that_cannot_be_scored_has_no_figures():
    rows = Rows(np.array([1.0, 2.0]), np.array(["a", "b"]), {})
    broken = Predictions(np.array([np.nan, 1.0]), np.array([[np.inf, 0.0], [0.0, 1.0]]), ("a", "b"))
    assert figures(rows, broken) == Figures(regression=None, classification=None)

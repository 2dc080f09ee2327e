import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.analysis.classification import ClassificationScores
from components.evaluator.analysis.confusion import confusion
from components.evaluator.analysis.metric import values


def scores(n=400, seed=0):
    """Three known classes, of which `c` is never predicted, and two labels the model does not know."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array(["b", "a", "c", "zeta", "new"]), n, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    probabilities = rng.dirichlet([2.0, 2.0, 0.001], n)
    probabilities[:, 2] = 0
    return labels, ClassificationScores.of(
        labels, probabilities / probabilities.sum(axis=1, keepdims=True), ("b", "a", "c")
    )


def test_counts_and_figures_match_scikit_learn():
    labels, given = scores()
    found = confusion(given)
    assert found.labels == ("b", "a", "c", "new", "zeta")
    assert found.predictions == ("b", "a", "c")
    predicted = np.array(found.predictions)[given.predicted]
    square = sk.confusion_matrix(labels, predicted, labels=found.labels)
    assert (np.array(found.counts) == square[:, :3]).all()
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=found.labels, zero_division=np.nan
    )
    for i, figures in enumerate(found.classes):
        assert figures.name == found.labels[i]
        assert figures.known == (i < 3)
        assert figures.support == support[i]
        assert figures.predicted == (predicted == figures.name).sum()
        assert figures.recall == pytest.approx(recall[i])
        assert figures.f1 == pytest.approx(f1[i])
        if np.isnan(precision[i]):
            assert figures.precision is None
        else:
            assert figures.precision == pytest.approx(precision[i])
    assert [figures.precision is None for figures in found.classes] == [False, False, True, True, True]


def test_a_class_without_rows_has_no_recall():
    found = confusion(ClassificationScores.of(["a"] * 5, np.tile([0.9, 0.1], (5, 1)), ("a", "b")))
    absent = found.classes[1]
    assert (absent.precision, absent.recall, absent.f1, absent.support) == (None, None, None, 0)


def test_the_reliability_bins_add_up_to_the_calibration_error():
    _, given = scores()
    bins = confusion(given).reliability
    assert sum(part.n for part in bins) == given.n
    error = sum(part.n * abs(part.accuracy - part.confidence) for part in bins if part.n) / given.n
    assert error == pytest.approx(values(given)["calibration_error"])
    assert all(part.low < part.confidence <= part.high for part in bins if part.n)
    assert all(part.confidence is None and part.accuracy is None for part in bins if not part.n)

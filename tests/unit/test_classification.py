import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.analysis.classification import ClassificationScores, normalise
from components.evaluator.analysis.metric import values
from components.shared.errors import InputError
from components.shared.log_loss import EPSILON

CLASSES = ("red", "white", "rosé", "amber")


def rows(n, classes=CLASSES, seed=0, decimals=None):
    """Labels and fairly good probabilities; rounded ones tie often."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(classes), n)
    truth[: len(classes)] = np.arange(len(classes))
    logits = rng.normal(size=(n, len(classes))) + 1.5 * np.eye(len(classes))[truth]
    if decimals is not None:
        logits = np.round(logits, decimals)
    probabilities = np.exp(logits)
    return np.array(classes)[truth], probabilities / probabilities.sum(axis=1, keepdims=True)


def calibration_error(hit, confidence, weight):
    """Straight from the definition, bin by bin."""
    error = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if weight[inside].sum() > 0:
            accuracy = np.average(hit[inside], weights=weight[inside])
            sure = np.average(confidence[inside], weights=weight[inside])
            error += weight[inside].sum() / weight.sum() * abs(accuracy - sure)
    return error


def oracle(labels, probabilities, classes, weight=None):
    weight = np.ones(len(labels)) if weight is None else weight
    predicted = np.array(classes)[probabilities.argmax(axis=1)]
    areas = [
        sk.roc_auc_score(labels == name, probabilities[:, k], sample_weight=weight)
        for k, name in enumerate(classes)
        if 0 < (labels == name).sum() < len(labels)
    ]
    by_name = np.argsort(classes)  # scikit-learn wants the columns in the order of sorted labels
    return {
        "log_loss": sk.log_loss(labels, probabilities[:, by_name], labels=sorted(classes), sample_weight=weight),
        "accuracy": sk.accuracy_score(labels, predicted, sample_weight=weight),
        "macro_f1": sk.f1_score(labels, predicted, average="macro", sample_weight=weight),
        "auc": np.mean(areas),
        "calibration_error": calibration_error(predicted == labels, probabilities.max(axis=1), weight),
    }


@pytest.mark.parametrize("classes", [CLASSES, CLASSES[:2], CLASSES[:3]])
@pytest.mark.parametrize(("n", "decimals"), [(5, None), (36, 0), (1000, None), (1000, 0)])
def test_unweighted_metrics_match_scikit_learn(n, classes, decimals):
    labels, probabilities = rows(n, classes, decimals=decimals)
    found = values(ClassificationScores.of(labels, probabilities, classes))
    assert found == pytest.approx(oracle(labels, probabilities, classes), rel=1e-9)


@pytest.mark.parametrize("decimals", [None, 0])
def test_each_column_of_weights_matches_scikit_learns_sample_weight(decimals):
    labels, probabilities = rows(150, decimals=decimals)
    weights = np.random.default_rng(1).random((150, 7))
    found = ClassificationScores.of(labels, probabilities, CLASSES).weighted(weights)
    for column in range(7):
        expected = oracle(labels, probabilities, CLASSES, weights[:, column])
        assert {name: result[column] for name, result in found.items()} == pytest.approx(expected, rel=1e-9)


def test_whole_weights_equal_repeated_rows_even_where_a_class_drops_out():
    labels, probabilities = rows(12, decimals=0)
    counts = np.random.default_rng(2).integers(0, 2, (12, 40))
    found = ClassificationScores.of(labels, probabilities, CLASSES).weighted(counts.astype(float))
    lost = 0
    for column in range(40):
        again = np.repeat(np.arange(12), counts[:, column])
        lost += len(set(labels[again])) < 4
        expected = oracle(labels[again], probabilities[again], CLASSES)
        assert {name: result[column] for name, result in found.items()} == pytest.approx(expected, rel=1e-9)
    assert lost > 0  # the case was met


def test_auc_of_several_classes_is_scikit_learns_one_against_the_rest():
    labels, probabilities = rows(300, ("a", "b", "c"))
    found = values(ClassificationScores.of(labels, probabilities, ("a", "b", "c")))["auc"]
    assert found == pytest.approx(
        sk.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro", labels=["a", "b", "c"])
    )


def test_a_label_the_model_does_not_know_is_wrong_everywhere():
    labels = np.array(["a", "a", "b", "b", "new", "new"])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.55, 0.45], [0.1, 0.9]])
    scores = ClassificationScores.of(labels, probabilities, ("a", "b"))
    found = values(scores)
    predicted = np.array(["a", "a", "b", "a", "a", "b"])
    assert scores.names == ("a", "b", "new")
    assert found["accuracy"] == pytest.approx(3 / 6)
    assert found["macro_f1"] == pytest.approx(sk.f1_score(labels, predicted, average="macro"))
    assert found["log_loss"] == pytest.approx(-(np.log([0.9, 0.8, 0.7, 0.4]).sum() + 2 * np.log(EPSILON)) / 6)
    known = [sk.roc_auc_score(labels == name, probabilities[:, k]) for k, name in enumerate("ab")]
    assert found["auc"] == pytest.approx(np.mean([*known, 0.5]))


def test_a_class_of_the_model_that_no_row_has_breaks_nothing():
    labels, probabilities = rows(200, CLASSES[:3])
    wide = np.hstack([probabilities * 0.999, np.full((200, 1), 0.001)])
    found = values(ClassificationScores.of(labels, wide, CLASSES))
    assert found == pytest.approx(oracle(labels, wide, CLASSES), rel=1e-9)
    assert found["auc"] == pytest.approx(values(ClassificationScores.of(labels, wide, CLASSES))["auc"])


def test_auc_is_undefined_with_a_single_class():
    _, probabilities = rows(10)
    found = values(ClassificationScores.of(["red"] * 10, probabilities, CLASSES))
    assert np.isnan(found.pop("auc"))
    assert np.isfinite(list(found.values())).all()


def test_perfect_and_certain_predictions():
    labels = np.array(CLASSES * 3)
    found = values(ClassificationScores.of(labels, np.tile(np.eye(4), (3, 1)), CLASSES))
    assert found == {
        "log_loss": 0.0,
        "accuracy": 1.0,
        "macro_f1": 1.0,
        "auc": 1.0,
        "calibration_error": 0.0,
    }


def test_certain_and_wrong_costs_the_clipped_loss():
    found = values(ClassificationScores.of(["b"] * 5, np.tile([1.0, 0.0], (5, 1)), ("a", "b")))
    assert found["log_loss"] == pytest.approx(-np.log(EPSILON))
    assert found["calibration_error"] == 1.0


def test_a_confidence_on_an_edge_falls_into_the_bin_it_closes():
    edges = np.arange(8, 16) / 15
    scores = ClassificationScores.of(["a"] * 8, np.column_stack([edges, 1 - edges]), ("a", "b"))
    assert scores.confidence_bins()[0].tolist() == list(range(7, 15))


def test_rows_off_by_rounding_are_rescaled():
    assert normalise(np.array([[0.5, 0.504], [0.2, 0.8]])).sum(axis=1) == pytest.approx([1, 1], abs=1e-15)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([[0.5, 0.6], [0.5, 0.5]], r"must sum to 1 in each row \(within 0.01\), got 1.1"),
        ([[3.0, -2.0], [0.5, 0.5]], "must not be negative, got -2"),
        ([[np.nan, 1.0], [0.5, 0.5]], "must be finite, got NaN or infinity in 1 of 2 rows"),
    ],
)
def test_refuses_what_is_no_probability(probabilities, message):
    with pytest.raises(InputError, match=message):
        ClassificationScores.of(["a", "b"], np.array(probabilities), ("a", "b"))


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        (["a", "b"], ("a", "a"), "must be distinct"),
        (["a"], ("a", "b"), r"\[1, 2\].*got \(2, 2\)"),
        (["a", "b"], ("a", "b", "c"), r"\[2, 3\].*got \(2, 2\)"),
    ],
)
def test_refuses_shapes_that_do_not_fit(labels, classes, message):
    with pytest.raises(ValueError, match=message):
        ClassificationScores.of(labels, np.full((2, 2), 0.5), classes)

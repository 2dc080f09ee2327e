import numpy as np
import pytest

from components.evaluator.analysis.metric import values
from components.evaluator.analysis.trivial import TrivialPredictor
from components.shared.errors import InputError

NUMBER = np.array([0.0, 0.0, 0.0, 1.0, 9.0])
LABELS = np.array(["b", "a", "b", "c", "b"])
TRIVIAL = TrivialPredictor(mean=2.0, median=0.0, counts={"a": 1, "b": 3, "c": 1})


def test_each_constant_is_the_best_for_its_metric():
    scores = TRIVIAL.regression(NUMBER)
    found = {metric: values(score)[metric] for metric, score in scores.items()}
    constants = np.linspace(-1, 10, 1101)[:, None]
    errors = np.abs(constants - NUMBER)
    assert found["mae"] == pytest.approx(errors.mean(axis=1).min())
    assert found["rmse"] == pytest.approx(np.sqrt((errors**2).mean(axis=1)).min(), abs=1e-4)


def test_class_frequencies_have_the_entropy_as_loss_and_predict_the_majority():
    scores = TRIVIAL.classification(LABELS)
    share = np.array([1, 3, 1]) / 5
    assert values(scores["log_loss"]) == pytest.approx({"log_loss": -(share * np.log(share)).sum()})
    assert values(scores["accuracy"]) == pytest.approx({"accuracy": 3 / 5})


def test_rows_may_hold_classes_that_train_does_not():
    scores = TRIVIAL.classification(np.array(["b", "new"]))
    assert values(scores["accuracy"]) == {"accuracy": 0.5}


@pytest.mark.parametrize(
    ("mean", "counts", "message"),
    [
        (float("nan"), {"a": 1}, "must be finite, got nan and 0.0"),
        (0.0, {}, "must hold at least one row, got {}"),
        (0.0, {"a": 0}, "must hold at least one row"),
    ],
)
def test_refuses_labels_that_say_nothing(mean, counts, message):
    with pytest.raises(InputError, match=message):
        TrivialPredictor(mean, 0.0, counts)

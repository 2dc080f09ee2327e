"""Multi-task against its single-task baseline: what that is, how both are judged, and what comes of it on made data."""

import json
from dataclasses import replace

import numpy as np
import pytest
import small_task
from sklearn.metrics import log_loss, mean_absolute_error

from components.relatedness import comparison as module
from components.relatedness.comparison import relate
from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.dataset import Dataset
from components.trainer.fit import fit
from components.trainer.model import build_table_model, single_task
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.single_task import row_losses, single_task_settings
from components.trainer.stopping import MONITORED_LOSS
from components.trainer.task import Task

MODEL = small_task.MODEL | {"hidden": [12]}
TRAINING = small_task.TRAINING | {"seed": 7, "epochs": 40, "patience": 8}
CLASSES = ["low", "high"]


def table(count: int, seed: int) -> Dataset:
    """Both labels come from one hidden function that a line cannot follow: the number is it, the class hides it."""
    random = np.random.default_rng(seed)
    numeric = random.normal(size=(count, 8)).astype("float32")
    hidden = (np.abs(numeric[:, :4]).sum(axis=1) - 4 * np.sqrt(2 / np.pi)) / np.sqrt(4 - 8 / np.pi)
    classes = (hidden + 0.7 * random.normal(size=count) > 0).astype("int64")
    target = hidden.astype("float32")
    return Dataset({"numeric": numeric}, target, target, classes, 0.0, 1.0)


def single_head(
    dataset: Dataset, layers: dict, head: str, classes: np.ndarray | None = None, number: np.ndarray | None = None
):
    """Fits a single-task network on rows whose other label may be anything; returns its predictions and its history."""
    changed = Dataset(
        dataset.features,
        dataset.regression,
        dataset.target if number is None else number,
        dataset.classes if classes is None else classes,
        0.0,
        1.0,
    )
    layers, settings = single_task_settings(MODEL | layers, TRAINING | {"epochs": 5, "weight_decay": 0.01}, head)
    network, history = fit(Task(changed, changed, CLASSES), layers, settings, "logs")
    return network.predict(dataset.features, verbose=0), history


@pytest.mark.parametrize("head", ["regression", "classification"])
@pytest.mark.parametrize("layers", [{"l2": 0.001}, {"trunk": "ple", "experts": 2, "members": 2}])
def test_the_other_head_does_not_touch_a_single_task_network(head, layers, tmp_path, monkeypatch):
    """Whatever the label of the head with weight 0: the same trunk, the same predictions, the same epoch kept."""
    monkeypatch.chdir(tmp_path)
    rows = table(200, 0)
    random = np.random.default_rng(1)
    other = (
        {"classes": random.integers(2, size=200)}
        if head == "regression"
        else {"number": (50 * random.normal(size=200)).astype("float32")}
    )
    output, unused = (REGRESSION, CLASSIFICATION) if head == "regression" else (CLASSIFICATION, REGRESSION)
    (first, history), (second, changed) = single_head(rows, layers, head), single_head(rows, layers, head, **other)
    np.testing.assert_allclose(first[output], second[output], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history[MONITORED_LOSS], changed[MONITORED_LOSS], rtol=1e-5)
    assert not np.allclose(history[f"{unused}_loss"], changed[f"{unused}_loss"], rtol=0.01)


def test_single_task_settings_keep_all_others_and_have_nothing_to_balance():
    training = TRAINING | {"balancing": "famo", "regression_weight": 0.5}
    for head, other in (("regression", "classification"), ("classification", "regression")):
        expected = training | {f"{other}_weight": 0, "balancing": "fixed"}
        assert single_task_settings(MODEL, training, head) == (MODEL, expected)


def test_a_single_task_network_has_its_trunk_and_its_head_and_nothing_else():
    space = FeatureSpace.of({"numeric": np.ones((3, 4), "float32")}, [], 2)

    def parameters(**layers) -> tuple[int, int, int]:
        network = build_table_model(space, 3, SEED.architecture(hidden=(5,), **layers))
        parts = [single_task(network, head) for head in (REGRESSION, CLASSIFICATION)]
        assert [list(part.output) for part in parts] == [[REGRESSION], [CLASSIFICATION]]
        return tuple(model.count_params() for model in (network, *parts))

    trunk, number, label = 4 * 5 + 5, 5 + 1, 5 * 3 + 3
    assert parameters() == (trunk + number + label, trunk + number, trunk + label)
    assert parameters(trunk="separate") == (2 * trunk + number + label, trunk + number, trunk + label)
    gate = 4 * 2
    mixed = 2 * trunk + gate
    assert parameters(trunk="mmoe", experts=2) == (mixed + gate + number + label, mixed + number, mixed + label)
    normalised = trunk + 4 * 5 + (5 * 2 + 2) + 4 * 2  # a batch normalisation has four values per unit
    assert parameters(normalisation="batch", head_hidden=(2,))[1] == normalised + 2 + 1


class Fixed:
    """A network with given answers."""

    def __init__(self, number: np.ndarray, probabilities: np.ndarray):
        self.answer = {REGRESSION: number[:, None].astype("float32"), CLASSIFICATION: probabilities.astype("float32")}

    def predict(self, features, batch_size, verbose):
        return self.answer


def test_losses_are_in_the_users_units_and_an_unknown_class_is_wholly_wrong():
    random = np.random.default_rng(3)
    probabilities = random.dirichlet(np.ones(3), 50)
    number, label = random.normal(size=50), random.normal(100, 20, 50).astype("float32")
    classes = random.integers(3, size=50)
    rows = Dataset({"numeric": np.ones((50, 1))}, label, label, classes, 100.0, 20.0)
    losses = row_losses(Fixed(number, probabilities), rows)
    assert losses["regression"].mean() == pytest.approx(mean_absolute_error(label, 100 + 20 * number), rel=1e-5)
    assert losses["classification"].mean() == pytest.approx(
        log_loss(classes, probabilities, labels=[0, 1, 2]), rel=1e-5
    )
    classes[0] = -1
    assert row_losses(Fixed(number, probabilities), rows)["classification"][0] == pytest.approx(-np.log(1e-7))


def test_rows_without_a_label_are_left_out_and_the_others_count_by_their_weight():
    random = np.random.default_rng(4)
    probabilities, weights = random.dirichlet(np.ones(2), 50), random.integers(0, 3, (2, 50)).astype("float32")
    rows = replace(table(50, 0), weights={REGRESSION: weights[0], CLASSIFICATION: weights[1]})
    number = np.where(weights[0] > 0, 0.5, np.nan)
    losses = row_losses(Fixed(number, probabilities), rows)
    assert len(losses["regression"]) == (weights[0] > 0).sum()
    oracle = np.average(np.abs(0.5 - rows.regression), weights=weights[0])
    assert losses["regression"].mean() == pytest.approx(oracle, rel=1e-5)
    oracle = log_loss(rows.classes, probabilities, sample_weight=weights[1])
    assert losses["classification"].mean() == pytest.approx(oracle, rel=1e-5)


def test_predictions_must_be_finite():
    rows = table(9, 0)
    answer = Fixed(np.full(9, np.nan), np.full((9, 2), 1 / 2))
    with pytest.raises(InputError, match="Predictions of the regression head must be finite numbers, got others"):
        row_losses(answer, rows)


@pytest.mark.parametrize("head", ["regression", "classification"])
def test_a_head_that_does_not_train_cannot_be_compared(head):
    rows = table(9, 0)
    with pytest.raises(InputError, match=f"training.{head}_weight must be above 0 .*, got 0.0"):
        relate(Task(rows, rows, CLASSES), rows, MODEL, TRAINING | {f"{head}_weight": 0.0}, seeds=2)


@pytest.mark.slow
def test_a_noisy_class_is_helped_by_a_clean_number_of_the_same_function():
    """Alone the class's head learns the noise of 300 rows; the number shows the shared layer what there is to see."""
    found = relate(Task(table(300, 0), table(300, 1), CLASSES), table(4_000, 2), MODEL, TRAINING, seeds=4)
    sharing = found.heads["classification"]
    assert (sharing.verdict, sharing.metric, sharing.n) == ("helped", "log_loss", 4_000), sharing.sentence
    assert sharing.multi_task < 0.95 * sharing.single_task
    assert found.seeds == (7, 8, 9, 10)
    assert all(-1 <= cosine <= 1 for cosine in found.gradient_cosine)
    trunk = 8 * 12 + 12
    assert {name: network.parameters for name, network in found.networks.items()} == {
        "multi_task": trunk + 13 + 13 * 2,
        "regression": trunk + 13,
        "classification": trunk + 13 * 2,
    }
    assert (found.cost.parameters.one, found.cost.parameters.two) == (
        trunk + 13 + 13 * 2,
        2 * trunk + 13 + 13 * 2,
    )
    assert 0 < found.cost.latency.one < found.cost.latency.two
    assert all(0 < seconds < 600 for network in found.networks.values() for seconds in network.seconds)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["heads"]["classification"]["change"]["high"] < 0


def test_against_itself_sharing_makes_no_difference(monkeypatch):
    """Networks of one seed begin alike and see the same mini-batches: a baseline of both heads is the same network."""
    monkeypatch.setattr(module, "single_task_settings", lambda model, training, head: (model, training))
    rows = table(200, 0)
    found = relate(Task(rows, table(100, 1), CLASSES), table(300, 2), MODEL, TRAINING | {"epochs": 3}, seeds=2)
    for sharing in found.heads.values():
        assert sharing.verdict == "no difference"
        np.testing.assert_allclose(sharing.by_seed, 0, atol=1e-4)

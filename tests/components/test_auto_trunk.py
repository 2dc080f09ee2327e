"""Trunk `auto`: two heads share their layers until one of them does better alone."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from small_task import MODEL, TRAINING, rows, task

from components.formats.history import ALONE
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.auto_trunk import MANY_ROWS, branch, can_branch, worth_branching
from components.trainer.fit import fit
from components.trainer.model import build_table_model, single_task
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.stopping import MONITORED_LOSS, BestOfHead, monitored_loss

HEADS = (REGRESSION, CLASSIFICATION)
AUTO = MODEL | {"trunk": "auto"}
# One unit cannot hold both the first column, which is the regression label, and the second, whose sign is the class.
NARROW = AUTO | {"hidden": [1], "block": "residual"}


def judged(network, validation):
    """Mean absolute error and log loss, by NumPy."""
    answer = network.predict(validation.features, verbose=0)
    own = answer[CLASSIFICATION][np.arange(len(validation)), validation.classes]
    return {
        REGRESSION: np.abs(answer[REGRESSION][:, 0] - validation.target).mean(),
        CLASSIFICATION: -np.log(own.astype("float64")).mean(),
    }


def same(network, other, validation):
    answers = [one.predict(validation.features, verbose=0) for one in (network, other)]
    for head in HEADS:
        np.testing.assert_array_equal(answers[0][head], answers[1][head])


def test_heads_that_need_different_things_part(tmp_path):
    train, validation = rows(1500, 0), rows(1000, 1)
    network, history = fit(task(train, validation), NARROW, TRAINING, str(tmp_path))
    assert network.name == "separate"
    assert not {layer.name for layer in network.layers} & {"shared_0", "shared"}
    kept = int(np.argmin(history[MONITORED_LOSS]))
    for head, loss in judged(network, validation).items():
        assert loss == pytest.approx(min(*history[ALONE[head]], *history[monitored_loss(head)]), rel=1e-4)
        assert loss < 0.5 * history[monitored_loss(head)][kept]


def test_heads_that_get_on_stay_together(tmp_path):
    """All is learnt before it would be overfitted, so that no head gains 1 % by going on alone."""
    train, validation = rows(1500, 0, noise=1.0), rows(1000, 1, noise=1.0)
    network, history = fit(task(train, validation), AUTO, TRAINING, str(tmp_path / "auto"))
    shared, alone = fit(task(train, validation), MODEL, TRAINING, str(tmp_path / "shared"))
    assert network.name == "shared_bottom"
    same(network, shared, validation)
    assert {name: history[name] for name in alone} == alone
    assert set(history) - set(alone) == set(ALONE.values())
    for head in HEADS:
        kept = history[monitored_loss(head)][int(np.argmin(history[MONITORED_LOSS]))]
        assert min(history[ALONE[head]]) >= 0.99 * kept


@pytest.mark.parametrize(
    ("count", "training", "possible"),
    [
        (1000, {}, True),
        (999, {}, False),
        (1000, {"classification_weight": 0.0}, False),
        (1000, {"regression_weight": 0.0}, False),
    ],
)
def test_it_takes_two_heads_and_rows_enough_to_tell(count, training, possible):
    assert can_branch(task(rows(10, 0), rows(count, 1)), SEED.recipe(**training)) == possible


def test_rows_that_count_are_those_with_the_label():
    present = {REGRESSION: np.ones(1500, bool), CLASSIFICATION: np.arange(1500) < 1000}
    found = task(rows(10, 0), replace(rows(1500, 1), present=present))
    assert can_branch(found, SEED.recipe())
    present[CLASSIFICATION][0] = False
    assert not can_branch(found, SEED.recipe())


def test_with_too_few_rows_no_head_is_trained_alone(tmp_path):
    network, history = fit(task(rows(300, 0), rows(999, 1)), NARROW, TRAINING | {"epochs": 1}, str(tmp_path))
    assert network.name == "shared_bottom"
    assert not set(history) & set(ALONE.values())


def test_where_it_is_not_worth_it_no_head_is_trained_alone(tmp_path, monkeypatch):
    """The bounds stand for a table beyond `MANY_ROWS`, on which a compromise would have to cost a head everything."""
    monkeypatch.setattr("components.trainer.auto_trunk.MANY_ROWS", 0)
    monkeypatch.setattr("components.trainer.auto_trunk.COMPROMISE", 1.0)
    network, history = fit(task(rows(1500, 0), rows(1000, 1)), NARROW, TRAINING | {"epochs": 1}, str(tmp_path))
    assert network.name == "shared_bottom"
    assert not set(history) & set(ALONE.values())


def test_a_balancer_weighs_the_heads_only_while_they_share(tmp_path):
    training = TRAINING | {"balancing": "uncertainty", "epochs": 4}
    network, history = fit(task(rows(1500, 0), rows(1000, 1)), NARROW, training, str(tmp_path))
    assert network.name == "separate"
    assert len(history[f"weight_{REGRESSION}"]) == 4
    assert not [variable for variable in network.variables if "balancer" in variable.path]


def best(head, network, value):
    found = BestOfHead(head)
    found.set_model(network)
    found.on_epoch_end(0, {monitored_loss(head): value})
    return found


def test_a_head_that_gains_nothing_keeps_the_weights_of_its_own_best_epoch():
    space = FeatureSpace.of({"numeric": np.ones((3, 4), "float32")}, [], 2)
    keras.utils.set_random_seed(0)
    shared, separate = (
        build_table_model(space, 3, SEED.architecture(trunk=trunk)) for trunk in ("shared_bottom", "separate")
    )
    bests = [best(REGRESSION, shared, 0.5), best(CLASSIFICATION, shared, 0.8)]
    kept = {head: single_task(shared, head).get_weights() for head in HEADS}
    shared.set_weights([np.zeros_like(values) for values in shared.get_weights()])  # a later, worse epoch
    seen = {}

    def train_alone(network):
        head = network.name
        seen[head] = network.get_weights()
        network.set_weights([values + 1 for values in network.get_weights()])
        return {monitored_loss(head): {REGRESSION: [0.7, 0.5, 0.6], CLASSIFICATION: [0.9, 0.7]}[head]}

    history = {
        MONITORED_LOSS: [1.3, np.nan],
        monitored_loss(REGRESSION): [0.505, 0.1],
        monitored_loss(CLASSIFICATION): [0.8, 0.1],
    }
    part, alone = branch(separate, bests, history, train_alone)
    assert part
    assert alone == {ALONE[REGRESSION]: [0.7, 0.5, 0.6], ALONE[CLASSIFICATION]: [0.9, 0.7]}
    for head, moved in ((REGRESSION, 0), (CLASSIFICATION, 1)):
        final = single_task(separate, head).get_weights()
        for begun, wanted, found in zip(seen[head], kept[head], final, strict=True):
            np.testing.assert_array_equal(begun, wanted)
            np.testing.assert_array_equal(found, wanted + moved)


@pytest.mark.parametrize(
    ("count", "own", "worth"), [(MANY_ROWS + 1, 0.9991, False), (MANY_ROWS + 1, 0.9989, True), (MANY_ROWS, 1.0, True)]
)
@pytest.mark.parametrize("head", HEADS)
def test_on_a_large_table_heads_whose_best_epochs_agree_are_not_trained_alone(head, count, own, worth):
    space = FeatureSpace.of({"numeric": np.ones((3, 4), "float32")}, [], 2)
    shared = build_table_model(space, 3, SEED.architecture())
    bests = [best(other, shared, own if other == head else 1.0) for other in HEADS]
    history = {MONITORED_LOSS: [3.0, 2.0, 2.1]} | {monitored_loss(head): [2.0, 1.0, 1.1] for head in HEADS}
    assert worth_branching(bests, history, count) == worth


@pytest.mark.parametrize(("gain", "part"), [(0.0099, False), (0.0101, True)])
@pytest.mark.parametrize("head", HEADS)
def test_they_part_where_one_head_gains_more_than_one_per_cent(head, gain, part):
    space = FeatureSpace.of({"numeric": np.ones((3, 4), "float32")}, [], 2)
    separate = build_table_model(space, 3, SEED.architecture(trunk="separate"))
    bests = [best(head, separate, 1.0) for head in HEADS]
    history = {MONITORED_LOSS: [3.0, 2.0, 2.1]} | {monitored_loss(head): [2.0, 1.0, 1.1] for head in HEADS}
    found, _ = branch(
        separate, bests, history, lambda one: {monitored_loss(one.name): [1.2, 1 - gain if one.name == head else 1.0]}
    )
    assert found == part


def test_without_a_finite_loss_there_is_nothing_to_branch_from():
    space = FeatureSpace.of({"numeric": np.ones((3, 4), "float32")}, [], 2)
    shared = build_table_model(space, 3, SEED.architecture())
    bests = [best(head, shared, np.nan) for head in HEADS]
    assert not worth_branching(bests, {MONITORED_LOSS: [np.nan]}, 1500)

"""What the report makes of a training history: the balancer's weights and the angle of the heads' gradients."""

from dataclasses import replace

import numpy as np
import pytest
from run_artifacts import good_files, history, report, write_artifacts

from components.formats.history import ALONE, COSINE, WEIGHTS, History
from components.formats.report import Alone, GradientCosine
from components.report.collect import Origin, Sources, collect
from components.report.page import render
from components.report.parts.card import card
from components.report.parts.training import MAX_EPOCHS, alone, training_curves
from components.shared.head_outputs import CLASSIFICATION, REGRESSION

WEIGHT = {"regression": WEIGHTS[REGRESSION], "classification": WEIGHTS[CLASSIFICATION]}


def balanced(epochs=9, seed=0):
    """A history with a balancer's weights and the cosine of the gradients."""
    draw = np.random.default_rng(seed)
    figures = {name: draw.uniform(0.5, 1.5, epochs).tolist() for name in WEIGHT.values()}
    return {**history(epochs), **figures, COSINE: draw.uniform(-1, 1, epochs).tolist()}


@pytest.mark.parametrize(("epochs", "best"), [(1, 1), (9, 4), (100, 100), (1_000, 777)])
def test_weights_and_cosine_are_those_of_the_kept_epochs_and_the_mean_that_of_all(epochs, best):
    known = balanced(epochs)
    found = training_curves(History.of_logs(known), best)
    kept = np.array(found.epochs)
    assert len(kept) == min(epochs, MAX_EPOCHS)
    assert {1, best, epochs} <= set(found.epochs)
    for head, name in WEIGHT.items():
        assert found.weights[head] == tuple(np.array(known[name])[kept - 1])
    cosine = np.array(known[COSINE])
    assert found.gradient_cosine.values == tuple(cosine[kept - 1])
    assert found.gradient_cosine.n == epochs
    assert found.gradient_cosine.mean == pytest.approx(cosine.mean())
    assert found.gradient_cosine.below_zero == pytest.approx(np.mean(cosine < 0))


def test_what_is_no_number_is_left_out_and_does_not_count():
    known = balanced(4) | {COSINE: [0.5, -0.25, 0.0, float("nan")]}
    known[WEIGHT["regression"]][-1] = float("inf")
    found = training_curves(History.of_logs(known), 1)
    assert found.gradient_cosine == GradientCosine(
        values=(0.5, -0.25, 0.0, None), n=3, mean=pytest.approx(0.25 / 3), below_zero=pytest.approx(1 / 3)
    )
    assert found.weights["regression"][-1] is None
    undefined = History.of_logs(known | {COSINE: [float("nan")] * 4})
    assert training_curves(undefined, 1).gradient_cosine is None


def test_a_balancer_that_leaves_the_weights_at_one_has_none_to_draw():
    known = balanced(3) | dict.fromkeys(WEIGHT.values(), [1.0] * 3)
    assert training_curves(History.of_logs(known), 1).weights is None
    known[WEIGHT["classification"]] = [1.0, 1.0, 1.01]
    assert training_curves(History.of_logs(known), 1).weights == {
        "regression": (1.0,) * 3,
        "classification": (1.0, 1.0, 1.01),
    }


def test_a_history_without_them_still_makes_a_report(tmp_path):
    """As of a run before they were written; where nothing is shared, the cosine is missing too."""
    found = report(tmp_path, **good_files())
    assert COSINE not in history()
    assert found.model.balancing is None
    assert found.model.curves.weights is found.model.curves.gradient_cosine is None
    assert "Learning curves of the regression head" in render(found)
    assert "Balancing" not in card(found)["Model details"]["Training"]


def test_the_configuration_says_how_the_losses_were_balanced_and_the_card_tells(tmp_path):
    known = balanced() | {COSINE: [0.5, -0.1] * 4 + [0.5]}
    for head, weight in (("regression", 1.25), ("classification", 0.75)):
        known[WEIGHT[head]][3] = weight  # of epoch 4, the best
    sources = Sources(**write_artifacts(tmp_path, good_files() | {"history": known}))
    found = collect(sources, Origin("t", {"name": "t", "training": {"balancing": "dwa"}}))
    assert found.model.balancing == "dwa"
    assert card(found)["Model details"]["Training"] == (
        "1,234 parameters; the weights are those of epoch 4 of 9, the best on the validation split. "
        "Balancing of the losses: dynamic weight averaging (Liu et al. 2019); in that epoch the weights became "
        "1.25 for price and 0.750 for kind. Cosine between the heads' gradients on the shared layers: 0.23 on average "
        "over 9 epochs, below 0 in 44.4 % of them."
    )


def test_what_the_heads_came_to_alone_is_told_and_the_least_of_it_counts(tmp_path):
    """A head that gained nothing alone keeps the weights of its own best epoch in the shared network."""
    shared = {f"val_{REGRESSION}_mae": [0.5, 0.4, 0.3], f"val_{CLASSIFICATION}_log_loss": [0.9, 0.7, 0.8]}
    own = {ALONE[REGRESSION]: [0.35, 0.25, float("nan")], ALONE[CLASSIFICATION]: [0.75, 0.71]}
    assert alone(History.of_logs(shared | own), 3) == {
        "regression": Alone(shared=0.3, alone=0.25, epochs=3),
        "classification": Alone(shared=0.8, alone=0.7, epochs=2),
    }
    assert alone(History.of_logs(shared), 3) is None
    short = {ALONE[REGRESSION]: [0.35], ALONE[CLASSIFICATION]: []}  # the time was up
    assert alone(History.of_logs(shared | short), 3)["classification"] == Alone(shared=0.8, alone=0.7, epochs=0)
    files = good_files()
    training = replace(files["evaluation"].training, epochs=3, best_epoch=3, trunk="separate")
    files["evaluation"] = replace(files["evaluation"], training=training)
    found = report(tmp_path, **files | {"history": history(3) | shared | own})
    said = card(found)["Model details"]["Training"]
    assert (
        "Trunk: each head has layers of its own. Each head was also trained by itself, from its own best epoch in the "
        "shared network. On the validation split it came to: standardised MAE of price 0.250 instead of 0.300 "
        "(3 epochs), log loss of kind 0.700 instead of 0.800 (2 epochs); more than 1 % less"
    ) in said

"""A trunk and a balancer of one's own: one function or class and one registration each, and they train."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_task import MODEL, TRAINING, rows, task

from components.formats.history import WEIGHTS
from components.shared.implementations import implementation
from components.shared.registry import Choice
from components.trainer import choices
from components.trainer.balancing.balancer import Balancer
from components.trainer.choices import BALANCERS, TRUNKS
from components.trainer.fit import fit
from components.trainer.network.blocks import stack
from components.trainer.stopping import MONITORED_LOSS
from pipeline.cli.reference import config_table, space_table
from pipeline.config.run import Config
from pipeline.config.tuning import default_space


def forked(features, architecture):
    """One layer that both heads share, and one of each head's own."""
    shared = stack(features(""), architecture.hidden, architecture, "shared")
    return [
        stack(shared, [units], architecture, f"{head}_fork")
        for head, units in (("regression_output", 3), ("classification_output", 5))
    ]


@keras.saving.register_keras_serializable("test")
class Constant(Balancer):
    """Counts the regression three times as much as the class."""

    def weights_of_heads(self):
        return tf.constant([1.5, 0.5])


@pytest.fixture
def registered() -> Iterator[None]:
    TRUNKS.add(Choice("forked", "a fork behind shared layers", implementation=forked, searched=True))
    BALANCERS.add(Choice("constant", "constant weights", implementation=Constant, searched=True))
    yield
    del TRUNKS["forked"], BALANCERS["constant"]


@pytest.mark.usefixtures("registered")
def test_a_trunk_and_a_balancer_of_ones_own_train_and_are_known_everywhere(tmp_path):
    config = Config.model_validate(
        {
            "data": {"path": "t.csv"},
            "labels": {"regression": "y", "classification": "k"},
            "model": MODEL | {"trunk": "forked", "hidden": [8]},
            "training": TRAINING | {"balancing": "constant", "epochs": 3},
        }
    )
    model, training = config.model.model_dump(), config.training.model_dump()
    network, history = fit(task(rows(200, 0), rows(100, 1)), model, training, str(tmp_path))
    assert network.name == "forked"
    assert network.count_params() == (4 * 8 + 8) + (8 * 3 + 3 + 3 + 1) + (8 * 5 + 5 + 5 * 2 + 2)
    assert history[MONITORED_LOSS][-1] < history[MONITORED_LOSS][0]
    np.testing.assert_array_equal([history[series] for series in WEIGHTS.values()], [[1.5] * 3, [0.5] * 3])
    for key, name in (("model.trunk", "forked"), ("training.balancing", "constant")):
        assert default_space()[key][-1] == name
        for table in (config_table(), space_table()):
            assert f"`{name}`" in next(line for line in table.splitlines() if line.startswith(f"| `{key}` |"))
    assert "`forked`: a fork behind shared layers" in config_table()


REGISTRIES = (
    choices.TRUNKS,
    choices.BALANCERS,
    choices.NUMBER_ENCODINGS,
    choices.CATEGORY_ENCODINGS,
    choices.BLOCKS,
    choices.NORMALISATIONS,
    choices.REGRESSION_LOSSES,
)


@pytest.mark.parametrize(
    "choice", [choice for registry in REGISTRIES for choice in registry.values()], ids=lambda choice: choice.name
)
def test_a_choice_leads_to_its_code(choice):
    found = implementation(choice)
    assert callable(found) == (choice.name not in ("auto", "fixed", "none") and choice is not choices.BLOCKS["plain"])
    if choice in BALANCERS.values() and found:
        assert issubclass(found, Balancer)

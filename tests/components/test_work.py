"""The multiply-adds of a network against the kernels that Keras makes for it."""

import keras
import pytest

from components.example_gen.examples.writer import ROWS_PER_FILE
from components.shared.head_outputs import OUTPUTS
from components.trainer.choices import AUTO, BLOCKS, CATEGORY_ENCODINGS, NUMBER_ENCODINGS, TRUNKS
from components.trainer.model import build_table_model, single_task
from components.trainer.network.architecture import Architecture
from components.trainer.network.encoder import FeatureSpace
from components.trainer.network.members import MemberDense
from components.trainer.network.numeric_features import Periodic
from components.trainer.network.work import multiply_adds
from pipeline.sizing.estimate import BATCH

NUMBERS, TEXTS, ENTRIES, CLASSES, BINS, MEMBERS = 5, 2, 9, 4, 8, 3
SIZES = (NUMBERS, TEXTS, ENTRIES, CLASSES)
SPACE = FeatureSpace(
    {"numeric": NUMBERS, "missing": NUMBERS, "categorical": TEXTS},
    owners=[0, 0, 0, 0, 1, 1, 1, 1, 1],
    edges=[list(range(BINS + 1))] * NUMBERS,
    centres=[0.0] * NUMBERS,
    scales=[1.0] * NUMBERS,
)


def products(network: keras.Model, members: int) -> int:
    """Returns the multiply-adds of its layers, from the sizes of their kernels."""
    work = 0
    for layer in network._flatten_layers(include_self=False):
        kernels = [weight for weight in layer.weights if weight.name == "kernel"]
        each = 1 if isinstance(layer, MemberDense | Periodic) else members
        work += sum(each * int(keras.ops.size(kernel)) for kernel in kernels)
    return work


def architecture(**values) -> Architecture:
    return Architecture(**{"bins": BINS, "hidden": [16, 12], "head_hidden": [6], "members": MEMBERS} | values)


CASES = [
    *({"trunk": trunk} for trunk in TRUNKS if trunk != AUTO),
    *({"trunk": trunk, "members": 1} for trunk in TRUNKS if trunk != AUTO),
    *({"block": block} for block in BLOCKS),
    *({"number_encoding": encoding} for encoding in NUMBER_ENCODINGS),
    *({"category_encoding": encoding} for encoding in CATEGORY_ENCODINGS),
    {"hidden": [], "head_hidden": []},
    {"hidden": [7], "head_hidden": [7, 7], "block": "residual"},
]


@pytest.mark.parametrize("values", CASES, ids=str)
def test_multiply_adds_are_those_of_the_kernels(values):
    given = architecture(**{"trunk": "shared_bottom"} | values)
    network = build_table_model(SPACE, CLASSES, given)
    assert multiply_adds(given, *SIZES) == products(network, given.members)


@pytest.mark.parametrize("head", [0, 1])
def test_a_head_alone_has_the_trunk_and_its_own_layers(head: int):
    network = single_task(build_table_model(SPACE, CLASSES, architecture(trunk="separate")), OUTPUTS[head])
    assert multiply_adds(architecture(), *SIZES, heads=[head]) == products(network, MEMBERS)


def test_a_batch_of_the_estimate_is_a_file_of_examples():
    assert BATCH == ROWS_PER_FILE


def test_many_numbers_have_fewer_bins_each():
    few, many = (multiply_adds(Architecture(members=1), numbers, 0, 0, 3) for numbers in (100, 1000))
    assert many - few == 128 * (1000 * (1 + 4) - 100 * (1 + 32))

"""The parts of the network against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.choices import AUTO, TRUNKS
from components.trainer.model import build_table_model, is_shared
from components.trainer.network.architecture import MANY_ROWS, Architecture
from components.trainer.network.encoder import FeatureSpace, OneHot, encode
from components.trainer.network.members import MemberDense, SharedDense
from components.trainer.network.numeric_features import Periodic, PiecewiseLinear, SmoothClip, bin_edges, robust_scales
from components.trainer.presets import SEED
from components.trainer.recipe import Recipe

RANDOM = np.random.default_rng(4)
NUMBERS = RANDOM.normal(size=(300, 3)).astype("float32")
NUMBERS[:, 1] = RANDOM.integers(0, 4, 300)
MISSING = np.zeros_like(NUMBERS)
MISSING[::5, 2] = 1
NUMBERS[::5, 2] = 0
PLACES = np.stack([RANDOM.integers(0, 3, 300), RANDOM.integers(3, 6, 300)], axis=1)
OWNERS = [0, 0, 0, 1, 1, 1]
BUILT = [name for name in TRUNKS if name != AUTO]
FEATURES = {"numeric": NUMBERS, "missing": MISSING, "categorical": PLACES}


def encoded(architecture, features=FEATURES):
    space = FeatureSpace.of(features, OWNERS, architecture.bins)
    inputs = space.inputs()
    return keras.Model(inputs, encode(inputs, space, architecture))(features).numpy()


def test_plain_features_are_numbers_flags_and_categories():
    hot = np.zeros((300, 6))
    for row, places in enumerate(PLACES):
        hot[row, places] = 1
    expected = np.concatenate([NUMBERS, MISSING[:, [2]], hot], axis=1)
    np.testing.assert_array_equal(encoded(SEED.architecture()), expected)


def test_places_are_the_multi_hot_ones_and_no_tensor_is_larger_than_them():
    """Against NumPy's definition; Keras's `multi_hot` is the maximum of a tensor [rows, columns, places]."""
    owners = [0, 1, 2, 0, 1, 2, *RANDOM.integers(0, 3, 40)]
    places = np.stack([RANDOM.choice(np.flatnonzero(np.equal(owners, column)), 500) for column in range(3)], axis=1)
    expected = np.zeros((500, len(owners)), "float32")
    np.put_along_axis(expected, places, 1, axis=1)
    layer = OneHot(owners)
    spec = tf.TensorSpec([None, 3], tf.int64)
    graph = tf.function(layer).get_concrete_function(spec)
    shapes = [output.shape for operation in graph.graph.get_operations() for output in operation.outputs]
    assert max(shape.rank for shape in shapes) == 2
    assert max(shape[1] for shape in shapes if shape.rank == 2) == len(owners)
    for answer in (graph(tf.constant(places)), tf.function(layer, jit_compile=True)(tf.constant(places))):
        np.testing.assert_array_equal(answer, expected)
    np.testing.assert_array_equal(keras.ops.multi_hot(places, len(owners)), expected)


def test_bins_are_quantiles_of_the_present_values_or_the_values_themselves():
    edges = bin_edges(NUMBERS, MISSING, 8)
    np.testing.assert_allclose(edges[0], np.quantile(NUMBERS[:, 0], np.linspace(0, 1, 9)), rtol=1e-6)
    assert edges[1] == [0, 1, 2, 3]
    present = NUMBERS[MISSING[:, 2] == 0, 2]
    np.testing.assert_allclose(edges[2], np.quantile(present, np.linspace(0, 1, 9)), rtol=1e-6)
    assert bin_edges(np.zeros((9, 1), "float32"), None, 8) == [[]]
    wide = bin_edges(RANDOM.normal(size=(300, 1000)).astype("float32"), None, 64)
    assert max(len(column) - 1 for column in wide) == 4, "many columns share 4,096 bins"


def test_piecewise_linear_encoding_is_the_papers():
    edges = [[-1.0, 0.0, 2.0], [], [0.0, 1.0]]
    x = np.array([[-3.0, 9, 0.5], [-0.25, 9, -5], [1.0, 9, 1.5], [5.0, 9, 9]], "float32")
    expected = [
        [-1, 0, 0.5],  # at most one width below the first bin
        [0.75, 0, -1],
        [1, 0.5, 1.5],
        [1, 2, 2],  # and one above the last
    ]
    np.testing.assert_allclose(PiecewiseLinear(edges)(x), expected, rtol=1e-6)


def test_smooth_clip_is_the_papers_and_keeps_the_order():
    centres, scales = robust_scales(NUMBERS, MISSING)
    present = NUMBERS[MISSING[:, 2] == 0, 2]
    low, middle, high = np.quantile(present, [0.25, 0.5, 0.75])
    assert (centres[2], scales[2]) == (pytest.approx(middle), pytest.approx(high - low))
    x = np.linspace(-1000, 1000, 300).astype("float32")[:, None] * np.ones(3, "float32")
    z = (x - np.float32(centres)) / np.float32(scales)
    answer = SmoothClip(centres, scales)(x).numpy()
    np.testing.assert_allclose(answer, z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-5)
    assert (np.diff(answer, axis=0) > -1e-6).all()
    assert np.abs(answer).max() <= 3
    assert robust_scales(np.array([[0.0]] * 9 + [[8.0]], "float32"), None) == ([0.0], [4.0])
    assert robust_scales(np.zeros((9, 1), "float32"), None) == ([0.0], [1.0])


def test_periodic_embedding_is_the_papers():
    layer = Periodic(frequencies=4, size=5)
    answer = layer(NUMBERS).numpy().reshape(300, 3, 5)
    rates, kernel, bias = (variable.numpy() for variable in layer.weights)
    for column in range(3):
        angle = 2 * np.pi * NUMBERS[:, [column]] * rates[column]
        waves = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
        expected = np.maximum(waves @ kernel[column] + bias[column], 0)
        np.testing.assert_allclose(answer[:, column], expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("use_bias", [True, False])
def test_members_see_the_input_with_random_signs_and_answer_apart(use_bias):
    keras.utils.set_random_seed(0)
    shared, heads = SharedDense(5, 4, use_bias=use_bias), MemberDense(2)
    shared(NUMBERS)
    scaling, kernel = shared.scaling.numpy(), shared.kernel.numpy()
    np.testing.assert_array_equal(np.abs(scaling), np.ones((4, 3)))
    assert len(np.unique(scaling, axis=0)) > 1
    if use_bias:
        shared.bias.assign([1, 2, 3, 4, 5])
    shared.scaling.assign(scaling := scaling * [[0.5], [1], [2], [3]])
    hidden, bias = shared(NUMBERS).numpy(), np.arange(1, 6) if use_bias else 0
    for m in range(4):
        np.testing.assert_allclose(hidden[:, m], (NUMBERS * scaling[m]) @ kernel + bias, rtol=1e-4, atol=1e-4)
    answer = heads(hidden)
    kernel, bias = heads.kernel.numpy(), heads.bias.numpy()
    expected = np.stack([hidden[:, m] @ kernel[m] + bias[m] for m in range(4)], axis=1)
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rows", [300, 299, 3])
@pytest.mark.parametrize(("members", "per_row"), [(4, 1), (4, 2), (8, 2), (4, 4)])
def test_in_training_each_row_is_seen_by_its_share_of_the_members(members, per_row, rows):
    shared, heads = SharedDense(5, members, per_row), MemberDense(2)
    hidden = shared(NUMBERS[:rows]).numpy()
    answers = heads(hidden).numpy()
    assert answers.shape == (rows, members, 2)
    heads.bias.assign(np.arange(2 * members).reshape(members, 2))
    answers += heads.bias.numpy()
    groups = members // per_row
    size = -(-rows // groups)
    own = [[per_row * (row // size) + place for place in range(per_row)] for row in range(rows)]
    seen = shared(NUMBERS[:rows], training=True)
    np.testing.assert_allclose(
        seen, np.take_along_axis(hidden, np.array(own)[:, :, None], axis=1), rtol=1e-4, atol=1e-5
    )
    expected = np.take_along_axis(answers, np.array(own)[:, :, None], axis=1)
    np.testing.assert_allclose(heads(seen), expected, rtol=1e-4, atol=1e-4)


def test_rows_of_a_large_table_train_some_of_the_members():
    chosen = {count: Architecture().trained_on(count).members_per_row for count in (1, MANY_ROWS, MANY_ROWS + 1)}
    assert chosen == {1: 8, MANY_ROWS: 8, MANY_ROWS + 1: 2}
    assert Architecture(members_per_row=4).trained_on(MANY_ROWS + 1).members_per_row == 4
    assert Architecture(members=1).trained_on(MANY_ROWS + 1).members_per_row == 1
    assert Architecture(members=5).trained_on(MANY_ROWS + 1).members_per_row == 1
    assert Architecture().trained_on(MANY_ROWS + 1).rate_factor == 2
    assert (
        Architecture().trained_on(1).rate_factor == Architecture(members=1).trained_on(MANY_ROWS + 1).rate_factor == 1
    )
    assert [Recipe().plateau_for(count) for count in (1, MANY_ROWS, MANY_ROWS + 1)] == [3, 3, 5]
    assert [Recipe(plateau=chosen).plateau_for(MANY_ROWS + 1) for chosen in (0, 2)] == [0, 2]
    with pytest.raises(ValueError, match="members_per_row must divide members, 8, got 3"):
        Architecture(members_per_row=3)


@pytest.mark.parametrize("trunk", BUILT)
@pytest.mark.parametrize("layers", [{"hidden": ()}, {"hidden": (3, 3), "block": "residual"}])
def test_every_trunk_trains_some_of_the_members(trunk, layers):
    architecture = Architecture(trunk=trunk, members=4, members_per_row=2, head_hidden=(2,), **layers)
    model = build_table_model(FeatureSpace.of({"numeric": NUMBERS}, [], 4), 3, architecture)
    answers = model({"numeric": NUMBERS}, training=True)
    assert {name: values.shape for name, values in answers.items()} == {
        REGRESSION: (300, 2, 1),
        CLASSIFICATION: (300, 2, 3),
    }
    assert model({"numeric": NUMBERS})[REGRESSION].shape == (300, 1)


def test_the_class_has_a_dropout_of_its_own():
    architecture = SEED.architecture(hidden=(8,), head_hidden=(4,), dropout=0.1, class_dropout=0.3)
    model = build_table_model(FeatureSpace({"numeric": 2}), 3, architecture)
    rates = {layer.name: layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)}
    assert rates == {
        "shared_0_dropout": 0.1,
        "regression_output_hidden_0_dropout": 0.1,
        "classification_output_hidden_0_dropout": 0.3,
    }


@pytest.mark.parametrize("trunk", BUILT)
@pytest.mark.parametrize("layers", [{"hidden": ()}, {"hidden": (3, 3), "block": "residual", "head_hidden": (2,)}])
def test_members_are_parted_wherever_the_first_layer_is(trunk, layers):
    space = FeatureSpace.of({"numeric": NUMBERS}, 0, 8)
    model = build_table_model(space, 3, SEED.architecture(trunk=trunk, members=4, experts=2, **layers))
    many = model({"numeric": NUMBERS}, training=True)
    assert (many[REGRESSION].shape, many[CLASSIFICATION].shape) == ((300, 4, 1), (300, 4, 3))
    assert float(np.std(many[REGRESSION], axis=1).mean()) > 0.01, "the members differ"


def test_an_ensemble_answers_with_the_mean_of_its_members():
    keras.utils.set_random_seed(0)
    space = FeatureSpace.of({"numeric": NUMBERS}, 0, 8)
    model = build_table_model(space, 3, SEED.architecture(hidden=(8,), members=4))
    one, many = model({"numeric": NUMBERS}), model({"numeric": NUMBERS}, training=True)
    assert many[REGRESSION].shape == (300, 4, 1)
    assert many[CLASSIFICATION].shape == (300, 4, 3)
    assert float(np.std(many[REGRESSION], axis=1).mean()) > 0.01, "the members differ"
    for head in (REGRESSION, CLASSIFICATION):
        np.testing.assert_allclose(one[head], np.mean(many[head], axis=1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.sum(one[CLASSIFICATION], axis=1), 1, rtol=1e-5)


EVERYTHING = [
    SEED.architecture(number_encoding="robust", category_encoding="embedding", embedding_size=4, hidden=(8,)),
    SEED.architecture(
        number_encoding="piecewise_linear", bins=8, members=2, hidden=(8, 8), head_hidden=(4,), dropout=0.1
    ),
    SEED.architecture(number_encoding="periodic", block="residual", normalisation="layer", hidden=(8, 8)),
    SEED.architecture(normalisation="batch", l2=0.01, hidden=(8,)),
    *(SEED.architecture(trunk=trunk, members=2, hidden=(8, 6), experts=2) for trunk in BUILT),
]


@pytest.mark.parametrize(
    "architecture", EVERYTHING, ids=lambda value: f"{value.trunk}-{value.number_encoding}-{value.block}"
)
def test_a_network_is_saved_and_reloaded(architecture, tmp_path):
    space = FeatureSpace.of(FEATURES, OWNERS, architecture.bins)
    model = build_table_model(space, 3, architecture)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    for head, answer in model(FEATURES).items():
        np.testing.assert_allclose(reloaded(FEATURES)[head], answer, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("trunk", BUILT)
def test_what_is_shared_feels_both_heads_and_what_is_not_one(trunk):
    import tensorflow as tf

    space = FeatureSpace.of({"numeric": NUMBERS}, 0, 8)
    model = build_table_model(space, 3, SEED.architecture(trunk=trunk, hidden=(8, 8), head_hidden=(4,), experts=2))
    with tf.GradientTape(persistent=True) as tape:
        answer = model({"numeric": NUMBERS})
        sums = [tf.reduce_sum(answer[REGRESSION]), tf.reduce_sum(answer[CLASSIFICATION][:, 0])]
    feels = {
        variable.path: [tape.gradient(total, variable.value) is not None for total in sums]
        for variable in model.trainable_variables
    }
    for variable in model.trainable_variables:
        assert any(feels[variable.path])
        # In `ple` a head's own experts of a lower level also feed the shared path.
        if trunk != "ple" or is_shared(variable):
            assert all(feels[variable.path]) == is_shared(variable), variable.path
    assert any(map(is_shared, model.trainable_variables)) == (trunk != "separate")


def test_a_gate_mixes_experts_by_a_softmax():
    space = FeatureSpace.of({"numeric": NUMBERS}, 0, 8)
    model = build_table_model(space, 3, SEED.architecture(trunk="mmoe", hidden=(5,), experts=2))
    kernels = {layer.name: layer.get_weights() for layer in model.layers if layer.get_weights()}
    experts = [
        np.maximum(NUMBERS @ kernel + bias, 0) for kernel, bias in (kernels["expert_0_0"], kernels["expert_1_0"])
    ]
    logits = np.exp(NUMBERS @ kernels[f"{REGRESSION}_gate"][0])
    shares = logits / logits.sum(axis=1, keepdims=True)
    mixed = sum(shares[:, [place]] * expert for place, expert in enumerate(experts))
    kernel, bias = kernels[REGRESSION]
    np.testing.assert_allclose(model({"numeric": NUMBERS})[REGRESSION], mixed @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_a_residual_block_adds_its_input():
    space = FeatureSpace.of({"numeric": NUMBERS}, 0, 8)
    model = build_table_model(space, 2, SEED.architecture(hidden=(5, 5), block="residual"))
    kernels = {layer.name: layer.get_weights() for layer in model.layers if layer.get_weights()}
    x = NUMBERS
    for position in range(2):
        kernel, bias = kernels[f"shared_{position}"]
        skip = x @ kernels[f"shared_{position}_skip"][0] if position == 0 else x
        x = skip + np.maximum(x @ kernel + bias, 0)
    kernel, bias = kernels[REGRESSION]
    np.testing.assert_allclose(model({"numeric": NUMBERS})[REGRESSION], x @ kernel + bias, rtol=1e-4, atol=1e-5)

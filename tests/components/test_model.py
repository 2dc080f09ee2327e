"""The network against the design and NumPy."""

import keras
import numpy as np
import pytest

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.trainer.model import build_multi_task_model, build_table_model, compile_model
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED


def test_seed_network_has_9924_parameters_and_two_named_outputs():
    model = build_multi_task_model((10,), 3)
    assert model.count_params() == 9_924
    assert set(model.output_names) == {"regression_output", "classification_output"}
    assert [layer.units for layer in model.layers if hasattr(layer, "units")][:2] == [128, 64]
    answer = model(np.zeros((5, 10), "float32"))
    assert answer[REGRESSION].shape == (5, 1)
    np.testing.assert_allclose(answer[CLASSIFICATION].numpy().sum(axis=1), np.ones(5), rtol=1e-6)


def test_seed_network_reaches_the_reference_loss_on_noise():
    """1,000 uniformly random rows, batch 32: the loss of epoch 10 is about 1.15, mae 0.24, accuracy 0.42."""
    random = np.random.default_rng(0)
    features = random.random((1000, 10)).astype("float32")
    labels = {
        REGRESSION: random.random((1000, 1)).astype("float32"),
        CLASSIFICATION: random.integers(0, 3, 1000),
    }
    keras.utils.set_random_seed(0)
    history = build_multi_task_model((10,), 3).fit(features, labels, epochs=10, batch_size=32, verbose=0).history
    assert history["loss"][-1] == pytest.approx(1.15, abs=0.05)
    assert history[f"{REGRESSION}_mae"][-1] == pytest.approx(0.24, abs=0.03)
    assert history[f"{CLASSIFICATION}_accuracy"][-1] == pytest.approx(0.42, abs=0.05)


def test_forward_pass_equals_numpy():
    model = build_multi_task_model((4,), 2, hidden=(8, 5))
    x = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")
    weights = [layer.get_weights() for layer in model.layers if layer.get_weights()]
    hidden = x
    for kernel, bias in weights[:2]:
        hidden = np.maximum(hidden @ kernel + bias, 0)
    heads = {len(bias): hidden @ kernel + bias for kernel, bias in weights[2:]}
    exponentials = np.exp(heads[2])
    answer = model(x)
    np.testing.assert_allclose(answer[REGRESSION], heads[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        answer[CLASSIFICATION], exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5
    )


def test_dropout_and_l2_apply_to_every_shared_layer():
    model = build_multi_task_model((10,), 3, hidden=(16, 16, 16), dropout=0.3, l2=0.01)
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in dropouts] == [0.3, 0.3, 0.3]
    shared = [layer for layer in model.layers if getattr(layer, "units", 0) == 16]
    expected = sum(0.01 * float((layer.kernel.numpy() ** 2).sum()) for layer in shared)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("columns", [{"numeric": 3, "missing": 3}, {"categorical": 2}])
def test_a_group_of_columns_may_be_absent(columns, tmp_path):
    space = FeatureSpace(columns, owners=[0, 1, 1, 0, 0, 1, 0] if "categorical" in columns else [])
    model = build_table_model(space, 3, SEED.architecture(hidden=(4,)))
    rows = {
        name: np.ones((2, width), "int64" if name == "categorical" else "float32") for name, width in columns.items()
    }
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(reloaded(rows)[REGRESSION], model(rows)[REGRESSION], rtol=1e-6)


def test_weight_decay_spares_biases_and_the_scaling_of_members():
    model = build_table_model(FeatureSpace({"numeric": 3}), 2, SEED.architecture(hidden=(4,), members=2))
    compile_model(model, learning_rate=0.1, weight_decay=0.5)
    before = {variable.path: variable.numpy() for variable in model.trainable_variables}
    zeros = [keras.ops.zeros_like(variable) for variable in model.trainable_variables]
    model.optimizer.apply(zeros, model.trainable_variables)
    for variable in model.trainable_variables:
        kept = 1.0 if variable.path.endswith(("bias", "scaling")) else 1 - 0.1 * 0.5
        np.testing.assert_allclose(variable, kept * before[variable.path], rtol=1e-5, err_msg=variable.path)

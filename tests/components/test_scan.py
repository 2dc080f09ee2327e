"""The scanned training step does what Keras's own step does, in the same order."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.mapped_arrays import empty
from components.trainer.model import build_table_model, compile_model
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.scan import ScanningModel, chunks, held_out, shuffled

ROWS, BATCH = 70, 16


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    features = {
        "numeric": random.normal(size=(ROWS, 4)).astype("float32"),
        "missing": np.zeros((ROWS, 4), "float32"),
    }
    labels = {
        REGRESSION: random.normal(size=(ROWS, 1)).astype("float32"),
        CLASSIFICATION: random.integers(0, 3, ROWS),
    }
    return features, labels


def build(model_class, seed=5, **options):
    keras.utils.set_random_seed(seed)
    space = FeatureSpace({"numeric": 4, "missing": 4})
    model = build_table_model(space, 3, SEED.architecture(hidden=(8, 8), l2=0.001), model_class=model_class)
    compile_model(model, learning_rate=0.01, loss_weights={REGRESSION: 0.7, CLASSIFICATION: 1.3}, **options)
    return model


def test_every_row_comes_once_per_epoch_in_a_new_order(data):
    dataset = chunks(*data, BATCH, seed=0)
    epochs = []
    for _ in range(2):
        pieces = [features["numeric"].numpy().reshape(-1, 4) for features, _ in dataset]
        assert [len(piece) for piece in pieces] == [ROWS // BATCH * BATCH, ROWS % BATCH]
        epochs.append(np.concatenate(pieces))
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(data[0]["numeric"], axis=0))
    assert not np.array_equal(*epochs)
    assert dataset.cardinality().numpy() == 2


def test_the_end_of_an_epoch_waits_for_no_tuning(data):
    """The thread that tunes a dataset sleeps ever longer, and an iterator that ends may wait until it wakes up."""
    assert chunks(*data, BATCH, seed=0).options().autotune.enabled is False


def test_the_moving_average_is_that_of_the_weights_after_each_step(data):
    """The first step's weights, and from then on 0.9 of the average and 0.1 of the weights."""
    scanning, ordinary = build(ScanningModel, jit_compile=True, ema_momentum=0.9), build(keras.Model)
    scanning.prepare(*({name: values[:8] for name, values in part.items()} for part in data))
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    scanning.fit(chunks(*data, BATCH, seed=9), epochs=1, shuffle=False, verbose=0, callbacks=[average])
    expected = None
    for features, labels in chunks(*data, BATCH, seed=9):
        for step in range(features["numeric"].shape[0]):
            ordinary.train_on_batch(
                {name: values[step] for name, values in features.items()},
                {name: values[step] for name, values in labels.items()},
            )
            weights = ordinary.get_weights()
            expected = (
                weights if expected is None else [0.9 * a + 0.1 * w for a, w in zip(expected, weights, strict=True)]
            )
    for ours, theirs in zip(scanning.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_scanned_steps_give_the_weights_and_metrics_of_ordinary_steps(data):
    features, labels = data
    scanning, ordinary = build(ScanningModel, jit_compile=True), build(keras.Model)
    scanning.prepare(*({name: values[:8] for name, values in part.items()} for part in data))
    dataset = chunks(features, labels, BATCH, seed=9)
    history = scanning.fit(dataset, epochs=1, shuffle=False, verbose=0).history

    results, sizes = [], []
    for chunk_features, chunk_labels in chunks(features, labels, BATCH, seed=9):
        for step in range(chunk_features["numeric"].shape[0]):
            result = ordinary.train_on_batch(
                {name: values[step] for name, values in chunk_features.items()},
                {name: values[step] for name, values in chunk_labels.items()},
                return_dict=True,
            )
            results.append({name: float(value) for name, value in result.items()})
            sizes.append(chunk_features["numeric"].shape[1])
    for ours, theirs in zip(scanning.get_weights(), ordinary.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert set(history) == set(results[0])
    for name in results[0]:
        # Keras weighs a head's own loss by batch and not by row when it cannot know the batch size in advance.
        weights = None if name.endswith("_output_loss") else sizes
        expected = np.average([result[name] for result in results], weights=weights)
        assert history[name][0] == pytest.approx(expected, rel=1e-4), name


def test_only_training_is_compiled_by_xla(data, monkeypatch):
    made, function = [], tf.function
    monkeypatch.setattr(
        tf, "function", lambda body, **how: made.append(how.get("jit_compile")) or function(body, **how)
    )
    model = build(ScanningModel, jit_compile=True)
    model.make_test_function()
    assert made == [False, None]
    model.make_train_function()
    assert made[2:] == [True, None]
    monkeypatch.undo()
    compiled = build(keras.Model, jit_compile=True)
    found, expected = (one.evaluate(*data, batch_size=BATCH, verbose=0, return_dict=True) for one in (model, compiled))
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_same_seed_gives_the_same_model(data):
    runs = []
    for _ in range(2):
        model = build(ScanningModel, jit_compile=True)
        model.prepare(*({name: values[:8] for name, values in part.items()} for part in data))
        model.fit(chunks(*data, BATCH, seed=1), epochs=3, shuffle=False, verbose=0)
        runs.append(model.get_weights())
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)


def test_weights_of_rows_count_as_repeated_rows(data):
    """A row of weight 2 in a mini-batch is that row twice, and one of weight 0 is no row at all."""
    features, labels = data
    repeats = np.resize([0, 2, 1, 1], ROWS)
    weights = {head: repeats.astype("float32") for head in labels}
    weighted, repeated = build(ScanningModel, jit_compile=True, weighted=True), build(keras.Model)
    first = [{name: values[:8] for name, values in part.items()} for part in (*data, weights)]
    weighted.prepare(*first)
    weighted.fit(chunks(features, labels, ROWS, 0, weights), epochs=1, shuffle=False, verbose=0)
    rows = np.repeat(np.arange(ROWS), repeats)
    assert len(rows) == pytest.approx(ROWS, abs=2)
    # The loss is a mean over the mini-batch's rows, so the two differ by the ratio of their numbers.
    scale = len(rows) / ROWS
    repeated.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=dict(repeated.loss),
        loss_weights={REGRESSION: 0.7 * scale, CLASSIFICATION: 1.3 * scale},
    )
    repeated.train_on_batch(*({name: values[rows] for name, values in part.items()} for part in data))
    for ours, theirs in zip(weighted.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_the_loss_curves_are_those_of_plain_fit_over_five_seeds():
    """Keras's own loop over the same mini-batches, step by step, in ever new orders."""
    random = np.random.default_rng(1)
    numeric = random.normal(size=(300, 4)).astype("float32")
    features = {"numeric": numeric, "missing": np.zeros_like(numeric)}
    number = np.sin(2 * numeric[:, :1]) + numeric[:, 1:2] * numeric[:, 2:3]
    labels = {REGRESSION: number.astype("float32"), CLASSIFICATION: numeric[:, 1:].argmax(axis=1)}
    steps = tf.data.experimental.assert_cardinality(-(-300 // BATCH))
    scanned, plain = build(ScanningModel, jit_compile=True), build(keras.Model)
    scanned.prepare(*({name: values[:8] for name, values in part.items()} for part in (features, labels)))
    plain.optimizer.build(plain.trainable_variables)
    # The networks are compiled once, and start from scratch with each seed.
    states = {model: [variable.numpy() for variable in model.optimizer.variables] for model in (scanned, plain)}
    curves = []
    for seed in range(5):
        for model, state in states.items():
            model.set_weights(build(keras.Model, seed=seed).get_weights())
            for variable, value in zip(model.optimizer.variables, state, strict=True):
                variable.assign(value)
        ours, theirs = (
            model.fit(data, epochs=6, shuffle=False, verbose=0).history["loss"]
            for model, data in (
                (scanned, chunks(features, labels, BATCH, seed)),
                (plain, chunks(features, labels, BATCH, seed).unbatch().apply(steps)),
            )
        )
        assert theirs[-1] < theirs[0] / 1.5
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)
        curves.append(theirs)
    assert len({curve[0] for curve in curves}) == 5, "each seed has weights of its own"


def test_blocks_come_in_a_new_order_and_rows_once():
    random = np.random.default_rng(0)
    windows = list(shuffled(10_000, 2_000, 100, random))
    assert [len(window) for window in windows] == [2_000] * 5
    np.testing.assert_array_equal(np.sort(np.concatenate(windows)), np.arange(10_000))
    assert [len(set(window // 100)) for window in windows] == [20] * 5, "a window reads whole blocks"
    assert np.abs(np.diff(windows[0])).mean() > 1_000, "and shuffles their rows"
    assert not np.array_equal(windows[0], next(shuffled(10_000, 2_000, 100, random)))


@pytest.mark.parametrize(("rows", "window"), [(1_050, 500), (1_050, 30), (99, 4_000), (1, 1)])
def test_windows_need_not_be_whole_blocks(rows, window):
    windows = list(shuffled(rows, window, 100, np.random.default_rng(0)))
    assert [len(found) for found in windows] == [window] * (rows // window) + [rows % window] * (rows % window > 0)
    np.testing.assert_array_equal(np.sort(np.concatenate(windows)), np.arange(rows))


def mapped(values):
    found = empty(values.shape, values.dtype, mapped=True)
    found[...] = values
    return found


def test_chunks_of_mapped_rows_are_those_of_rows_in_memory():
    numbers = np.arange(5_000, dtype="float32")[:, None]
    features, labels = {"numeric": numbers}, {REGRESSION: -numbers, CLASSIFICATION: np.arange(5_000)}
    spilt = [{name: mapped(values) for name, values in part.items()} for part in (features, labels)]
    seen = []
    for held, other in zip(chunks(features, labels, 32, seed=0), chunks(*spilt, 32, seed=0), strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, held, other)
        rows = held[0]["numeric"].numpy().reshape(-1)
        np.testing.assert_array_equal(held[1][REGRESSION].numpy().reshape(-1), -rows)
        np.testing.assert_array_equal(held[1][CLASSIFICATION].numpy().reshape(-1), rows)
        seen.append(rows)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), numbers[:, 0])


def test_mapped_rows_are_evaluated_without_a_copy_of_them(data):
    features, labels = data
    weights = {head: np.linspace(0, 1, ROWS, dtype="float32") for head in labels}
    assert held_out(features, labels, weights, 16) == (features, labels, weights)
    spilt = held_out({name: mapped(values) for name, values in features.items()}, labels, weights, 16)
    assert isinstance(spilt, tf.data.Dataset)
    assert spilt.cardinality().numpy() == 5
    model = build(keras.Model, weighted=True)
    found = model.evaluate(spilt, verbose=0, return_dict=True)
    assert found == model.evaluate(features, labels, 16, sample_weight=weights, verbose=0, return_dict=True)

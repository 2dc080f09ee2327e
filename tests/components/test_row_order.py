"""The same rows give the same network bit for bit: in other files, in another order, in memory and mapped."""

import numpy as np
import pytest
from small_task import MODEL, TRAINING

from components.model_format.conformal import excess
from components.shared import mapped_arrays, tensor_names
from components.shared.exact_numbers import bits
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.mapped_arrays import is_mapped
from components.trainer import interval_quantiles, scan
from components.trainer.dataset import load, predict, weighted
from components.trainer.fit import fit
from components.trainer.interval_quantiles import QUANTILES, with_quantiles
from components.trainer.run_fn import _calibrate
from components.trainer.single_task import row_losses
from components.trainer.task import Task
from components.transform.tensor_files import write_tensors

ROWS = {"train": 1500, "validation": 300, "calibration": 200}


def tensors(rows, seed):
    """What Transform leaves; some rows lack a label, some are there twice, and each has a weight."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 4)).astype("float32")
    number = numbers[:, 0] + 0.1 * random.normal(size=rows)
    found = {
        tensor_names.NUMERIC: numbers,
        tensor_names.MISSING: np.zeros_like(numbers),
        tensor_names.REGRESSION_LABEL: bits(10 + 2 * number),
        tensor_names.REGRESSION_TARGET: number.astype("float32"),
        tensor_names.TARGET_MEAN: bits(np.full(rows, 10.0)),
        tensor_names.TARGET_SCALE: bits(np.full(rows, 2.0)),
        tensor_names.CLASSIFICATION_LABEL: (numbers[:, 1] > 0).astype("int64"),
        tensor_names.REGRESSION_PRESENT: (random.random(rows) < 0.9).astype("float32"),
        tensor_names.CLASSIFICATION_PRESENT: (random.random(rows) < 0.9).astype("float32"),
        tensor_names.WEIGHT: random.uniform(0.5, 1.5, rows).astype("float32"),
        tensor_names.FINGERPRINT: random.integers(0, 2**63 - 1, rows),
    }
    places = np.concatenate([np.arange(rows), np.arange(50)])
    return {name: values[places] for name, values in found.items()}


def write(folder, order_seed, files):
    """The splits as files of rows in some order."""
    for seed, (split, rows) in enumerate(ROWS.items()):
        whole = tensors(rows, seed)
        order = np.random.default_rng(order_seed).permutation(len(whole["numeric"]))
        (folder / split).mkdir(parents=True)
        for part, places in enumerate(np.array_split(order, files)):
            write_tensors(
                [{name: values[places] for name, values in whole.items()}], f"{folder / split}/{part}.parquet"
            )


def trained(folder, budget, logs):
    """Everything that the Trainer makes of the rows: weights, answers, losses and what is learnt of them."""
    train, validation, calibration = (load([f"{folder / split}/*"], budget) for split in ROWS)
    assert {rows.mapped for rows in (train, validation, calibration)} == {budget == 0}
    train, validation = weighted(train, validation.with_known_class())
    network, history = fit(
        Task(train, validation, ["no", "yes"]), MODEL, TRAINING | {"epochs": 3, "ema_epochs": 1.0}, str(logs)
    )
    quantiles = with_quantiles(network, train, validation, 0.8, seed=0)
    answers = predict(quantiles, calibration)
    losses = row_losses(network, validation)
    arrays = (*answers.values(), *losses.values(), *(train.weights or {}).values())
    assert {is_mapped(values) for values in arrays} == {budget == 0}
    calibrated = _calibrate(quantiles, calibration, 0.8, [1.0, 2.0])
    return {
        "weights": quantiles.get_weights(),
        "history": [history[name] for name in sorted(history)],
        "answers": [answers[name] for name in sorted(answers)],
        "losses": [losses[head] for head in sorted(losses)],
        "calibration": [[calibrated.temperature, calibrated.margin, calibrated.numbers, calibrated.classes]],
    }, (calibration, answers)


@pytest.fixture(scope="module", autouse=True)
def _small_pieces():
    """So few rows are read, shuffled and worked on in many pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped_arrays, "_BLOCK_BYTES", 4000)
        patch.setattr(scan, "_CHUNK_BYTES", 20_000)
        patch.setattr(scan, "_BLOCK", 64)
        patch.setattr(interval_quantiles, "_EPOCHS", 5)
        yield


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once")
    write(folder, 0, files=1)
    return trained(folder, 10**9, folder / "logs")


@pytest.mark.parametrize(("budget", "files"), [(10**9, 7), (0, 1), (0, 3)])
def test_everything_is_the_same_to_the_last_bit(once, tmp_path, budget, files):
    write(tmp_path, 1 + files, files)
    found, _ = trained(tmp_path, budget, tmp_path / "logs")
    for name, expected in once[0].items():
        assert len(found[name]) == len(expected)
        for one, other in zip(found[name], expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


def test_the_margin_is_that_of_sorted_scores(once):
    """Of n labelled rows, the ⌈0.8 (n + 1)⌉-th smallest score."""
    calibration, answers = once[1]
    has = calibration.has(REGRESSION)
    scores = np.sort(excess(calibration.regression, answers[QUANTILES])[has])
    _, margin, numbers, classes = once[0]["calibration"][0]
    assert (numbers, classes) == (has.sum(), calibration.has(CLASSIFICATION).sum())
    assert margin == scores[int(np.ceil(0.8 * (numbers + 1))) - 1]

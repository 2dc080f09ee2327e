"""What a serving model answers, by all its signatures, held against the table that it was trained on."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from served import Served, prepared, serve
from sklearn.metrics import log_loss

from components.evaluator.scoring import ServingModel, read_columns, read_rows
from components.example_gen.examples.reader import read_examples
from components.model_format.manifest import Manifest
from components.pusher.request import request_of
from components.pusher.smoke_test import smoke
from components.shared import tensor_names
from components.shared.exact_numbers import companion
from components.shared.head_outputs import LOWER, REGRESSION, UPPER
from components.shared.splits import EVAL
from components.trainer.run_fn import run_fn
from components.transform.tensor_files import read_tensors, write_tensors

ROWS = 1_200
OFFSET = 1_700_000_000  # seconds since 1970: neighbours are 128 apart in 32 bits
MESSAGES = ("all\nwell", "all\r\nwell", "nul\x00", "%0A", "plain")


def table(offset: int) -> pd.DataFrame:
    """An arrival and its departure, in sixteenths of a second, which float64 holds exactly with either offset."""
    rng = np.random.default_rng(11)
    left = np.round(rng.uniform(0, 3_000, ROWS) * 16) / 16
    stops = rng.integers(0, 5, ROWS)
    arrives = left + 600 * stops + np.round(rng.normal(0, 20, ROWS) * 16) / 16
    return pd.DataFrame(
        {
            "key": np.arange(ROWS).astype(str),
            "left": left + offset,
            "stops": stops,
            "y": arrives + offset,
            "k": np.where(left + rng.normal(0, 200, ROWS) > 1_500, "late", "early"),
        }
    )


@pytest.fixture(scope="module")
def offsets(tmp_path_factory):
    """The same table without and with the offset, trained alike: on rows in the order of the table.

    Another number gives a row another fingerprint, and so the rows of training another order.
    """
    found = []
    for offset in (0, OFFSET):
        folder = tmp_path_factory.mktemp("served")
        arguments, summary, schema = prepared(table(offset), folder)
        for path in map(str, folder.glob("Split-*/*.parquet")):
            [rows] = read_tensors(path)
            write_tensors([rows | {"fingerprint": np.arange(len(rows["fingerprint"]))}], path)
        run_fn(SimpleNamespace(**arguments))
        found.append(Served(ServingModel(folder / "model"), folder, summary, schema))
    return found


def test_a_constant_added_to_label_and_feature_changes_nothing(offsets):
    plain, shifted = offsets
    assert (plain.summary.wide, shifted.summary.wide) == ([], ["left", "y"])
    assert plain.summary.splits == shifted.summary.splits
    assert (plain.model.manifest.number_type, shifted.model.manifest.number_type) == ("float32", "float64")
    known = table(0).set_index("key").loc[:, ["y"]]
    spread = known["y"].std()
    answers, errors = [], []
    for served, offset in zip(offsets, (0, OFFSET), strict=True):
        split = served.raw(EVAL)
        rows = read_rows(split, served.schema.SerializeToString(), ("y", "k"), ["stops"])
        answer = served.model.predict(split)
        columns = read_columns(
            split, served.schema.SerializeToString(), served.model.manifest.columns, np.arange(len(rows.number))
        )
        assert set(rows.number - offset) <= set(known["y"]), "no digit of a label is lost"
        by_column = served.model.predict_columns(columns)
        np.testing.assert_allclose(by_column.number, answer.number, rtol=0, atol=1e-6 * spread)
        answers.append(np.column_stack([answer.number, answer.bounds]).astype(np.float64) - offset)
        errors.append(np.abs(rows.number - answer.number))
    np.testing.assert_allclose(answers[1], answers[0], rtol=0, atol=1e-6 * spread)
    np.testing.assert_allclose(errors[1].mean(), errors[0].mean(), atol=1e-6 * spread)
    assert len(set(errors[1])) == len(errors[1])
    assert plain.model.manifest.train.mean + OFFSET == pytest.approx(shifted.model.manifest.train.mean, rel=1e-15)


def test_the_signatures_name_their_type_and_know_nothing_of_companions(offsets):
    for served, kind in zip(offsets, (tf.float32, tf.float64), strict=True):
        for name in ("serving_default", "predict"):
            signature = served.model._model.signatures[name]
            for output in (REGRESSION, LOWER, UPPER):
                assert signature.structured_outputs[output].dtype == kind
        assert [column.name for column in served.model.manifest.columns] == ["key", "left", "stops"]
        assert companion("left") not in [column.input for column in served.model.manifest.columns]
        features = served.model._model.signatures["transform_features"]
        assert features.structured_outputs[tensor_names.REGRESSION_LABEL].dtype == tf.float64


def test_the_last_check_before_a_push_asks_with_every_digit(offsets):
    served = offsets[1]
    rows = list(next(read_examples(served.raw(EVAL))))[:32]
    manifest = served.model.manifest
    request = request_of(rows, manifest.columns, {"column_0": object, "column_1": np.float64, "column_2": np.float64})
    assert set(request.columns["column_1"]) <= set(table(OFFSET)["left"])
    assert any(np.float32(value) != value for value in request.columns["column_1"])
    assert request.examples == rows
    assert smoke(served.folder / "model", rows)["rows"] == 32


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Three per cent of one class, weights that undo it, texts that no line of a file holds, a column of many texts."""
    rng = np.random.default_rng(12)
    rows = 4_000
    message = rng.integers(len(MESSAGES), size=rows)
    x = rng.normal(size=rows)
    positive = rng.random(rows) < 1 / (1 + np.exp(5 - 2 * x))
    frame = pd.DataFrame(
        {
            "key": rng.integers(1, 2**40, rows),
            "message": np.array(MESSAGES, object)[message],
            "noise": [f"n{value}" for value in rng.integers(0, 300, rows)],
            "x": x,
            "count": np.arange(rows) % 7,
            "y": 10.0 * message + rng.normal(size=rows),
            "k": np.where(positive, "yes\nindeed", "no"),
        }
    )
    folder = tmp_path_factory.mktemp("odd")
    served = serve(
        frame, folder, missing=("NA", "-999"), max_categories=50, class_weights="balanced", epochs=25, memory_mb=64
    )
    return served, frame


def test_the_last_check_before_a_push_takes_any_text(odd):
    served, _ = odd
    rows = list(next(read_examples(served.raw(EVAL))))
    assert all(any(message.encode() in row for row in rows) for message in MESSAGES)
    assert smoke(served.folder / "model", rows)["rows"] == len(rows)


def ask(served, **columns):
    """Returns the answer of `predict` to rows; columns that are not given hold something usual."""
    rows = len(next(iter(columns.values())))
    manifest = served.model.manifest.columns
    given = {"key": [1.0] * rows, "message": ["plain"] * rows, "noise": ["n1"] * rows, "x": [0.0] * rows}
    given |= {"count": [3.0] * rows} | columns
    tensors = {
        column.input: tf.constant(given[column.name], tf.string if column.kind == "BYTES" else tf.float64)
        for column in manifest
    }
    return served.model._model.signatures["predict"](**tensors)


def by_example(served, **given):
    """Returns the answer of `serving_default` to one row; a column that is not given is missing."""
    kinds = {str: "bytes_list", float: "float_list", int: "int64_list"}
    example = tf.train.Example()
    for name, value in given.items():
        values = getattr(example.features.feature[name], kinds[type(value)]).value
        values.append(value.encode() if isinstance(value, str) else value)
    return served.model._model.signatures["serving_default"](examples=tf.constant([example.SerializeToString()]))


def test_texts_with_line_breaks_and_other_odd_ones_are_learnt_and_served(odd):
    served, _ = odd
    answer = ask(served, message=list(MESSAGES))
    labels = 10 * np.arange(len(MESSAGES))
    np.testing.assert_allclose(answer[REGRESSION][:, 0], labels, atol=4)
    for place, message in enumerate(MESSAGES):
        one = by_example(served, key=1, message=message, noise="n1", x=0.0, count=3)
        np.testing.assert_allclose(one[REGRESSION][0], answer[REGRESSION][place], rtol=0, atol=1e-6 * np.ptp(labels))


def test_classes_are_sorted_and_may_have_line_breaks(odd):
    served, _ = odd
    assert served.model.manifest.classes == ["no", "yes\nindeed"]
    likely = ask(served, x=[-3.0, 6.0])
    assert [text.decode() for text in likely["predicted_class"].numpy()] == ["no", "yes\nindeed"]


def test_what_is_cut_of_a_column_is_said_and_takes_nothing_from_others(odd):
    served, _ = odd
    [note] = served.model.manifest.notes
    assert note.startswith("noise: the 50 most frequent texts are told apart, all others count as one, in ")
    assert note.endswith("train rows. Raise features.max_categories to keep more.")
    saved = json.loads((served.folder / "model" / Manifest.FILE).read_text())
    assert saved["notes"] == [note]


@pytest.mark.parametrize("spelling", ["", " ", "NA", " NA ", "\u00a0NA\t", "-999"])
def test_a_spelling_of_no_value_is_none_in_every_signature(odd, spelling: str):
    served, _ = odd
    absent = by_example(served, key=1, noise="n1", x=0.0, count=3)[REGRESSION].numpy()
    unknown = by_example(served, key=1, message="never seen", noise="n1", x=0.0, count=3)[REGRESSION].numpy()
    assert abs(absent - unknown) > 1e-4, "what is missing is not what is unknown"
    spelt = by_example(served, key=1, message=spelling, noise="n1", x=0.0, count=3)[REGRESSION].numpy()
    np.testing.assert_array_equal(spelt, absent)
    np.testing.assert_allclose(ask(served, message=[spelling])[REGRESSION].numpy(), absent, rtol=1e-6)


def test_blanks_around_a_text_do_not_count(odd):
    served, _ = odd
    answer = ask(served, message=["plain", " plain", "plain\u2003\n"])[REGRESSION].numpy()
    np.testing.assert_array_equal(answer[1:], answer[[0, 0]])


@pytest.mark.parametrize("value", [2.7, 1e30, -1e30, 2.0**63, np.inf, np.nan, -999.0])
def test_what_is_no_whole_number_of_64_bits_is_missing(odd, value: float):
    served, _ = odd
    absent = by_example(served, key=1, message="plain", noise="n1", x=0.0)[REGRESSION].numpy()
    found = ask(served, count=[value, 3.0])[REGRESSION].numpy()
    np.testing.assert_allclose(found[0], absent[0], rtol=1e-6)
    assert abs(found[1] - found[0]) > 1e-5


def test_a_number_that_stands_for_no_value_is_missing(odd):
    served, _ = odd
    absent = by_example(served, key=1, message="plain", noise="n1", count=3)[REGRESSION].numpy()
    np.testing.assert_allclose(ask(served, x=[-999.0])[REGRESSION].numpy(), absent, rtol=1e-6)
    spelt = by_example(served, key=1, message="plain", noise="n1", x=-999.0, count=3)[REGRESSION].numpy()
    np.testing.assert_array_equal(spelt, absent)


def test_known_class_weights_are_taken_out_of_the_probabilities(odd):
    """With balanced weights a network says about one half where the truth is a few in a hundred."""
    served, _ = odd
    rows = read_rows(served.raw(EVAL), served.schema.SerializeToString(), ("y", "k"), [])
    answer = served.model.predict(served.raw(EVAL))
    truth = rows.label == "yes\nindeed"
    weights = np.array(served.model.manifest.calibration.class_weights)
    train = np.array(list(served.model.manifest.train.class_counts.values()))
    np.testing.assert_allclose(weights, train.sum() / (2 * train))
    share = train[1] / train.sum()
    found = log_loss(truth, answer.probabilities[:, 1])
    assert found < log_loss(truth, np.full(len(truth), share))
    assert answer.probabilities[:, 1].mean() == pytest.approx(truth.mean(), abs=0.025)

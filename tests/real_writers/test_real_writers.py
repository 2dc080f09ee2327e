"""One table as nine real programs write it, in their newest versions, read by the pipeline and held against the source.

Rows, values, splits and predictions must be those of the source, whatever program, format, unit or zone wrote them.
"""

import csv
import json

import numpy as np
import pytest

from pipeline.verbs.predict import predict_file
from tests.e2e.conftest import arguments, mtl
from tests.real_writers import source
from tests.real_writers.reading import CLASSIFICATION, KEY, REGRESSION, VECTOR, Reader

pytestmark = pytest.mark.slow

INPUTS = [name for name in source.KINDS if name not in (KEY, REGRESSION, CLASSIFICATION, VECTOR)]
"""What the model sees: all columns that CSV and Parquet both have."""


@pytest.fixture(scope="module")
def model(table, reader, tmp_path_factory):
    """A small model of the source itself, as plain CSV."""
    settings = arguments(
        "training.epochs=20",
        "training.learning_rate=0.02",
        f"features.categorical={json.dumps(source.CATEGORIES)}",
        f"data.ignore={json.dumps([name for name in source.flat(table) if name == KEY or name.startswith(VECTOR)])}",
    )
    words = ("-d", reader.file, "-r", REGRESSION, "-k", CLASSIFICATION, "--preset", "seed", *settings)
    done = mtl(tmp_path_factory.mktemp("model") / "run", *words)
    assert done.code == 0, done.out + done.err
    return str(done.output / "serving")


@pytest.fixture(scope="module")
def predicted(model, reader, tmp_path_factory):
    return _predict(reader.file, model, tmp_path_factory.mktemp("predicted"))


def test_what_is_read_is_the_source(written, table, reader):
    for made in written:
        outcome = reader.outcome(made["path"], made["columns"])
        told = f"{made['writer']} {made['version']}, {made['what']}"
        assert not outcome.error, f"{told}: {outcome.error}"
        assert outcome.rows == len(table[KEY]), told
        assert not outcome.differing, f"{told}: {len(outcome.differing)} of {outcome.cells}: {outcome.differing[:20]}"


def test_a_prediction_is_that_of_the_source(written, model, predicted, tmp_path):
    whole = [made for made in written if set(INPUTS) <= set(made["columns"])]
    if not whole:
        pytest.skip(f"{written[0]['writer']} cannot hold {', '.join(sorted(set(INPUTS) - set(written[0]['columns'])))}")
    for made in whole:
        told = f"{made['writer']} {made['version']}, {made['what']}"
        found = _predict(made["path"], model, tmp_path)
        assert found.keys() == predicted.keys(), told
        for row, (number, probability, name, problems) in found.items():
            wanted = predicted[row]
            np.testing.assert_allclose((number, probability), wanted[:2], rtol=1e-5, err_msg=f"{told}, row {row}")
            assert (name, problems) == wanted[2:], f"{told}, row {row}"


def test_every_kind_of_change_is_found(table, tmp_path):
    """The reader must see a changed cell of every column, and a lost and an added row."""
    changed = {name: list(values) for name, values in table.items()}
    for place, name in enumerate(set(table) - {KEY}):
        column = changed[name]
        other = next(value for value in column if value != column[place] and value not in source.NO_VALUE)
        column[place] = other
    for column in changed.values():
        column[-1] = column[-2]
    changed[KEY][-1] = 10**6
    altered = tmp_path / "altered"
    altered.mkdir()
    faults = Reader(table, tmp_path).outcome(Reader(changed, altered).file, source.flat(table)).differing
    for place, name in enumerate(set(table) - {KEY}):
        assert any(fault.startswith(f"row {table[KEY][place]}: {name} must be") for fault in faults), name
    assert f"row {table[KEY][-1]} is lost" in faults
    assert "row 1000000 is not in the source" in faults


def _predict(path, model, folder):
    """Returns row -> predicted value, probability, class and problems."""
    predict_file(str(path), folder / "predicted.csv", model)
    with open(folder / "predicted.csv", newline="", encoding="utf-8") as file:
        return {
            int(row[KEY]): (
                float(row[f"predicted_{REGRESSION}"]),
                float(row["probability"]),
                row[f"predicted_{CLASSIFICATION}"],
                row["problems"],
            )
            for row in csv.DictReader(file)
        }

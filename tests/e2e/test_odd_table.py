"""A Parquet table with everything that breaks naming and typing, through the whole pipeline and back."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import command, mtl

pytestmark = pytest.mark.slow

ROWS = 600


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(11)
    signal = random.normal(size=(ROWS, 3))
    flag = random.random(ROWS) < 0.5
    price = 5e5 + 1e5 * (signal[:, 0] + np.where(flag, 1.0, 0.0)) + random.normal(0, 1e3, ROWS)
    return pa.table(
        {
            "f 1": signal[:, 0],
            "f_1": random.normal(size=ROWS),
            "Sex": pa.array(np.where(flag, "männlich 😀", "weiblich")).dictionary_encode(),
            "sex": flag,
            "<1H OCEAN": [None if i % 9 == 0 else i % 5 for i in range(ROWS)],
            "class": random.integers(0, 9, ROWS).astype("int16"),
            "größe (m²)": random.normal(size=ROWS).astype("float32"),
            "embedding": pa.array(list(signal[:, 1:].astype("float32")), pa.list_(pa.float32(), 2)),
            "when": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
            "Preis in €": price,
            "ok?": signal[:, 1] + signal[:, 2] > 0,
        }
    )


@pytest.fixture(scope="module")
def done(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    pq.write_table(table, folder / "odd.parquet")
    labels = ("-r", "Preis in €", "-k", "ok?")
    return mtl(folder / "output", "-d", folder / "odd.parquet", *labels, "-s", "model.members=1")


def test_it_is_pushed(done):
    assert done.code == 0, done.out + done.err
    assert done.evaluation["heads"]["regression"]["metrics"]["r2"]["value"] > 0.9
    assert done.evaluation["heads"]["classification"]["metrics"]["accuracy"]["value"] > 0.85


def test_predictions_are_right_and_in_the_users_units(done, table, tmp_path):
    pq.write_table(table.drop_columns(["Preis in €", "ok?"]).slice(0, 200), tmp_path / "new.parquet")
    models = done.output / "serving"
    said = command("predict", "-i", tmp_path / "new.parquet", "-o", tmp_path / "out.csv", "-m", models)
    assert said.returncode == 0, said.stderr
    text = dict.fromkeys(["predicted_ok?", "<1H OCEAN", "problems"], str)
    answer = pd.read_csv(tmp_path / "out.csv", dtype=text, keep_default_na=False)
    truth = table.slice(0, 200).to_pandas()
    assert np.corrcoef(answer["predicted_Preis in €"], truth["Preis in €"])[0, 1] > 0.95
    assert abs(answer["predicted_Preis in €"].mean() / truth["Preis in €"].mean() - 1) < 0.05
    assert (answer["predicted_ok?"] == truth["ok?"].map({True: "true", False: "false"})).mean() > 0.85
    assert (answer["problems"] == "").all()
    assert [json.loads(cell) for cell in answer["embedding"]] == table["embedding"].to_pylist()[:200]
    assert answer["<1H OCEAN"][:3].tolist() == ["", "1", "2"], "whole numbers stay whole beside a gap"


@pytest.mark.parametrize("name", ["new.csv", "new.parquet"])
def test_no_rows_are_predicted_as_no_rows(done, table, tmp_path, name):
    """A scheduled job has such nights (autogluon/autogluon 1434)."""
    none = table.drop_columns(["Preis in €", "ok?"]).slice(0, 0).to_pandas()
    if name == "new.csv":
        none.to_csv(tmp_path / name, index=False)
    else:
        none.to_parquet(tmp_path / name, index=False)
    said = command("predict", "-i", tmp_path / name, "-o", tmp_path / "out.csv", "-m", done.output / "serving")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"0 rows → {tmp_path / 'out.csv'}, 0 flagged, model ")
    answer = pd.read_csv(tmp_path / "out.csv")
    assert len(answer) == 0
    assert list(answer)[: len(none.columns)] == list(none.columns)
    assert list(answer)[-3:] == ["predicted_ok?", "probability", "problems"]

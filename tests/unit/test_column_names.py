"""Names that look the same are the same: in headers, configurations, schemas and models.

A decomposed `ö` in a header made a column that could not be named (JuliaData/DataFrames.jl, issue 2904).
"""

import json
import unicodedata
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from configurations import write

from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.tables.opening import open_table
from components.model_format.manifest import Manifest
from components.schema_gen.schema_file import read_schema
from components.shared.column_names import plain_name, plain_names
from components.shared.errors import InputError, did_you_mean
from components.shared.file_names import EXTRA
from pipeline.config.resolve import resolve
from pipeline.verbs.check import check_data

NAME = "größe"
WRITTEN = {
    "decomposed": unicodedata.normalize("NFD", NAME),
    "blanks around": f"  {NAME} ",
    "no-break blank": f"\u00a0{NAME}",
    "byte order mark": f"\ufeff{NAME}",
    "soft hyphen": "grö\u00adße",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_names_that_look_the_same_are_the_same(form: str):
    assert WRITTEN[form] != NAME
    assert plain_name(WRITTEN[form]) == NAME


def test_an_inner_blank_is_an_ordinary_one_and_case_matters():
    assert plain_name("unit\u00a0price\u2009in €") == "unit price in €"
    assert plain_names(["Größe", "größe", "x", " x", "y "]) == ["Größe", "größe", "x", " x", "y"]


def frame(name: str, rows: int = 40) -> pd.DataFrame:
    return pd.DataFrame({"x": range(rows), name: [f"{i}.5" for i in range(rows)], "k": ["a", "b"] * (rows // 2)})


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_is_found_in_a_table(tmp_path: Path, form: str, suffix: str):
    table = frame(WRITTEN[form])
    paths = [str(tmp_path / f"{part}{suffix}") for part in "ab"]
    for path, one in zip(paths, (table, frame(NAME)), strict=True):
        one.to_csv(path, index=False) if suffix == ".csv" else one.to_parquet(path, index=False)
    opened = open_table(paths)
    assert opened.columns == ("x", NAME, "k")
    cells = [text for batch in opened.batches([NAME]) for text in batch.data.column(NAME).to_pylist()]
    assert cells == [*table[WRITTEN[form]], *frame(NAME)[NAME]]
    assert [batch.data.schema.names for batch in opened.batches()] == [["x", NAME, "k"]] * 2


@pytest.mark.parametrize("form", WRITTEN)
def test_a_configuration_finds_a_column_however_the_two_are_written(folder: Path, form: str):
    table = frame(WRITTEN[form]).assign(**{WRITTEN[form].replace("r", "R"): 1})
    table.to_csv(folder / "t.csv", index=False)
    for name in (NAME, WRITTEN[form]):
        settings = {
            "data": {"path": "t.csv", "ignore": [name.replace("r", "R")]},
            "labels": {"regression": name, "classification": "k"},
            "features": {"numeric": ["x"]},
            "evaluation": {"slices": ["k", [name, "x"]]},
            "checks": [{"check": "range", "column": name, "min": 0}, {"check": "unique", "columns": ["x", name]}],
        }
        file = write(folder, json.dumps(settings))
        found = check_data(resolve(file).config)
        assert [feature.name for feature in found.features] == ["x"]
        assert found.plan.profile.read == 40


def test_a_schema_and_a_model_name_columns_plainly(tmp_path: Path):
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(f'feature {{ name: "{WRITTEN["decomposed"]}" type: FLOAT }}', encoding="utf-8")
    assert [feature.name for feature in read_schema(schema).feature] == [NAME]
    manifest = {
        **{"regression": "y", "classification": "k", "classes": ["a"], "dialect": {}, "vectors": {}, "parameters": 1},
        "columns": [{"name": WRITTEN["decomposed"], "input": "grosse", "kind": "FLOAT"}],
        "train": {"rows": 1, "mean": 0.0, "median": 0.0, "class_counts": {"a": 1}},
        **{"epochs": 1, "best_epoch": 1},
    }
    (tmp_path / EXTRA).mkdir()
    (tmp_path / Manifest.FILE).write_text(json.dumps(manifest), encoding="utf-8")
    [column] = Manifest.read(tmp_path).columns
    assert asdict(column) == {"name": NAME, "input": "grosse", "kind": "FLOAT", "length": 1, "always_present": False}


def test_letters_of_another_script_are_named():
    cyrillic = "\u0440rice"
    with pytest.raises(InputError) as raised:
        assign_roles(IngestSpec(("t.csv",), "price", "k"), (cyrillic, "x", "k"))
    assert str(raised.value) == (
        f'The regression label must be a column of the data, got "price". Did you mean "{cyrillic}"? '
        'Its "\u0440" is CYRILLIC SMALL LETTER ER, not LATIN SMALL LETTER P.'
    )
    assert did_you_mean("Price", ["price"]) == ' Did you mean "price"?'
    assert did_you_mean("prise", ["price", "k"]) == ' Did you mean "price"?'

"""Where the values of a configuration come from, and how they are read."""

from pathlib import Path

import pytest
from configurations import FLAGS, LABELS, SMALLEST, refusal, write

from components.trainer.recipe import Recipe
from pipeline.config.resolve import resolve


def test_later_sources_win_and_each_value_knows_its_own(folder: Path):
    file = write(folder, f"name: t\n{SMALLEST}training: {{epochs: 3, batch_size: 8, patience: 4}}\n")
    flags = {"training.epochs": 5, "training.batch_size": 16, "labels.regression": None}
    resolved = resolve(file, flags, ["training.epochs=7", "model.hidden=[4, 2]"])
    training = resolved.config.training
    assert (training.epochs, training.batch_size, training.patience, training.seed) == (7, 16, 4, 0)
    assert resolved.config.model.hidden == [4, 2]
    origins = {
        "training.epochs": "--set",
        "training.batch_size": "command line",
        "training.patience": "mtl.yaml",
        "training.seed": "default",
        "model.hidden": "--set",
        "model.dropout": "default",
        "labels.regression": "mtl.yaml",
        "name": "mtl.yaml",
    }
    assert {key: resolved.origin(key) for key in origins} == origins


def test_the_last_override_wins(folder: Path):
    resolved = resolve(write(folder, SMALLEST), None, ["training.epochs=2", "training.epochs=9"])
    assert resolved.config.training.epochs == 9


def test_a_whole_section_replaces_what_stood_in_it(folder: Path):
    file = write(folder, f"{SMALLEST}training: {{epochs: 3, batch_size: 8}}\n")
    resolved = resolve(file, None, ["training={patience: 2}"])
    training = resolved.config.training
    assert (training.epochs, training.batch_size, training.patience) == (Recipe().epochs, None, 2)
    assert [resolved.origin(f"training.{key}") for key in ("epochs", "batch_size", "patience")] == [
        "default",
        "default",
        "--set",
    ]


def test_keys_of_the_users_own_are_set_one_by_one(folder: Path):
    file = write(folder, f"{SMALLEST}gates: {{regression: {{thresholds: {{mae: 2}}}}}}\n")
    resolved = resolve(file, None, ["gates.regression.thresholds.r2=0.5", "features.vectors.e=e_*"])
    assert resolved.config.gates.regression.thresholds == {"mae": 2.0, "r2": 0.5}
    assert resolved.config.features.vectors == {"e": "e_*"}
    assert resolved.origin("gates.regression.thresholds.mae") == "mtl.yaml"
    assert resolved.origin("gates.regression.thresholds.r2") == "--set"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("labels.classification=class: b", {"class": "b"}),
        ("data.missing=[NA, -]", ["NA", "-"]),
        ("data.missing=[]", []),
        ("data.split.salt=a=b", "a=b"),
        ("data.split.salt=", ""),
        ("data.split.salt='7'", "7"),
        ("training.learning_rate=1e-3", 0.001),
        ("evaluation.tfma=yes", True),
        ("data.delimiter=;", ";"),
    ],
)
def test_set_takes_the_value_as_yaml(folder: Path, text: str, value: object):
    file = write(folder, SMALLEST)
    if isinstance(value, dict):
        assert refusal(file, text) == 'labels.classification must be text, got {"class": "b"}.'
        return
    found: object = resolve(file, None, [text]).config
    for part in text.partition("=")[0].split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


def test_paths_are_relative_to_their_source(folder: Path):
    file = write(
        folder,
        "data: {path: [a.csv, ../b.csv, /c.csv], schema_file: s.pbtxt}\n"
        f"{LABELS}push: {{destination: served}}\nruntime: {{output: out}}\n",
    )
    config = resolve(file).config
    assert config.data.path == [f"{folder}/a.csv", f"{folder}/../b.csv", "/c.csv"]
    assert (config.data.schema_file, config.push.destination) == (f"{folder}/s.pbtxt", f"{folder}/served")
    assert config.output == folder / "out"
    here = Path.cwd()
    config = resolve(file, {"data.path": "d.csv"}, ["runtime.output=other", "data.schema_file=~/s"]).config
    assert (config.data.path, config.output) == (f"{here}/d.csv", here / "other")
    assert (config.push.destination, config.data.schema_file) == (f"{folder}/served", str(Path.home() / "s"))


def test_addresses_stay_as_they_are(folder: Path):
    assert resolve(None, {**FLAGS, "data.path": "gs://bucket/t.csv"}).config.data.path == "gs://bucket/t.csv"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/wine.csv", "wine"),
        ("data/House Prices (2).csv.gz", "house-prices-2"),
        ("sales/*.parquet", "sales"),
        ("sales/", "sales"),
        (["first.csv", "second.csv"], "first"),
        ("Größe.csv", "gr-e"),
        ("日本.csv", "table"),
        (f"{'x' * 80}.csv", "x" * 64),
    ],
)
def test_name_is_inferred_from_the_data(folder: Path, path: object, name: str):
    resolved = resolve(None, {**FLAGS, "data.path": path})
    assert (resolved.config.name, resolved.origin("name")) == (name, "inferred")
    assert resolve(None, {**FLAGS, "data.path": path, "name": "mine"}).config.name == "mine"


def test_names_in_yaml_keep_their_text(folder: Path):
    """`NO`, `on` and `012` are no booleans and no octal numbers (home-assistant/core, issue 69955: Norway is false)."""
    file = write(
        folder,
        "data: {path: t.csv, ignore: [on, yes, 2024-01-31], missing: [off, No, 007], split: {by: column, column: y}}\n"
        "labels: {regression: n, classification: k, partial: no}\n"
        "evaluation: {slices: [[NO, 12:30]], tfma: yes}\n"
        "training: {epochs: 1_000, learning_rate: 1e-3}\n"
        "checks: [{check: allowed, column: country, values: [DE, NO, true, 01234, 0x1F, 1, 2.5, 1e3]}]\n",
    )
    config = resolve(file).config
    assert config.data.ignore == ["on", "yes", "2024-01-31"]
    assert (config.data.missing, config.data.split.column) == (["off", "No", "007"], "y")
    assert config.evaluation.slices == [["NO", "12:30"]]
    assert (config.labels.regression, config.labels.partial, config.evaluation.tfma) == ("n", False, True)
    assert (config.training.epochs, config.training.learning_rate) == (1000, 0.001)
    values = config.checks[0].model_dump()["values"]
    assert values == ["DE", "NO", True, "01234", "0x1F", 1, 2.5, "1e3"]
    assert [type(value) for value in values] == [str, str, bool, str, str, int, float, str]
    assert resolve(file, overrides=["data.ignore=[no]", "evaluation.tfma=off"]).config.data.ignore == ["no"]

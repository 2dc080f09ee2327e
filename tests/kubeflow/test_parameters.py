"""Parameters of a run, written to their places among the arguments of a step."""

import json

import pytest

from pipeline.errors import InputError
from pipeline.kubeflow.parameters import KINDS, PARAMETERS, substitute
from pipeline.resolve import resolve
from tests.kubeflow.conftest import ROOT

CONFIG = resolve(None, {"data.path": "/t.csv", "labels.regression": "y", "labels.classification": "k"}).config
TRAINER = json.dumps({"model": {"hidden": [8]}, "training": {"epochs": 200, "seed": 0, "learning_rate": 0.001}})


def test_each_parameter_is_a_key_of_the_configuration():
    values = {parameter.name: parameter.value(CONFIG) for parameter in PARAMETERS}
    assert values == {
        "data_path": "/t.csv",
        "data_date": "",
        "training_epochs": 200,
        "training_learning_rate": 0.001,
        "training_seed": 0,
        "regression_thresholds": {},
        "classification_thresholds": {},
        "push_destination": None,
    }
    kinds = {name: KINDS[type(value)] for name, value in values.items() if value is not None}
    assert (kinds["training_epochs"], kinds["training_learning_rate"]) == ("NUMBER_INTEGER", "NUMBER_DOUBLE")
    assert (kinds["data_path"], kinds["regression_thresholds"]) == ("STRING", "STRUCT")


def test_the_readme_lists_them():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [parameter.name for parameter in PARAMETERS if f"`{parameter.name}`" not in readme] == []
    assert [parameter.key for parameter in PARAMETERS if f"`{parameter.key}`" not in readme] == []


def test_a_whole_number_comes_as_a_float_and_is_one_again():
    moved = substitute({"custom_config": TRAINER, "training_epochs": 5.0, "training_seed": 3.0, "train_args": "{}"})
    assert set(moved) == {"custom_config", "train_args"}
    changed = json.loads(moved["custom_config"])
    assert changed["training"] == {"epochs": 5, "seed": 3, "learning_rate": 0.001}
    assert isinstance(changed["training"]["epochs"], int)
    assert changed["model"] == {"hidden": [8]}


@pytest.mark.parametrize(("given", "paths"), [("s3://b/new.csv", ["s3://b/new.csv"]), (["/a", "/b"], ["/a", "/b"])])
def test_paths_of_the_data(given: object, paths: list[str]):
    moved = substitute({"spec": json.dumps({"paths": ["/old"], "regression": "y"}), "data_path": given})
    assert json.loads(moved["spec"]) == {"paths": paths, "regression": "y"}


def test_a_day_of_the_data():
    moved = substitute({"spec": json.dumps({"paths": ["/{date}.csv"], "date": ""}), "data_date": "2026-01-31"})
    assert json.loads(moved["spec"]) == {"paths": ["/{date}.csv"], "date": "2026-01-31"}


def test_thresholds_and_destination():
    gates = {head: {"thresholds": {}, "tolerance": 0.0} for head in ("regression", "classification")}
    moved = substitute({"settings": json.dumps({"gates": gates}), "regression_thresholds": {"mae": 0.5}})
    assert json.loads(moved["settings"])["gates"]["regression"] == {"thresholds": {"mae": 0.5}, "tolerance": 0.0}
    assert substitute({"destination": "/old", "push_destination": "/new"}) == {"destination": "/new"}


def test_what_is_no_parameter_is_left_alone():
    foreign = {"input_base": "/data", "data_path": "/another step's own argument", "training_epochs": 1.0}
    assert substitute(foreign) == foreign


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"custom_config": TRAINER, "training_epochs": 0.0}, "training.epochs must be at least 1, got 0.0."),
        ({"custom_config": TRAINER, "training_epochs": 1.5}, "training.epochs must be a whole number, got 1.5."),
        ({"settings": "{}", "regression_thresholds": {"mea": 1.0}}, "must be mae, rmse, r2 or median_absolute_error"),
        ({"spec": "{}", "data_date": "31.1.2026"}, 'data.date must be a date such as 2026-01-31, got "31.1.2026".'),
        ({"spec": "{}", "data_path": ""}, "data.path must name at least one file, got an empty name or list."),
    ],
)
def test_a_value_that_is_not_allowed(given: dict[str, object], message: str):
    with pytest.raises(InputError) as caught:
        substitute(given)
    assert message in str(caught.value)

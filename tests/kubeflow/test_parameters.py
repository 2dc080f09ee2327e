"""Parameters of a run, written to their places among the arguments of a step."""

import json

import pytest

from pipeline.config.resolve import resolve
from pipeline.errors import InputError
from pipeline.kubeflow.compiling.parameters import KINDS, PARAMETERS, substitute
from tests.kubeflow.conftest import ROOT

CONFIG = resolve(None, {"data.path": "/t.csv", "labels.regression": "y", "labels.classification": "k"}).config
TRAINER = json.dumps({"model": {"hidden": [8]}, "training": {"epochs": 200, "seed": 0, "learning_rate": 0.001}})


def test_each_parameter_is_a_key_of_the_configuration():
    values = {parameter.name: parameter.value(CONFIG) for parameter in PARAMETERS}
    assert values == {
        "data_path": "/t.csv",
        "data_date": "",
        "training_epochs": 200,
        "training_learning_rate": 0.002,
        "training_seed": 0,
        "regression_thresholds": {},
        "classification_thresholds": {},
        "push_destination": None,
    }
    kinds = {name: KINDS[type(value)] for name, value in values.items() if value is not None}
    assert (kinds["training_epochs"], kinds["training_learning_rate"]) == ("NUMBER_INTEGER", "NUMBER_DOUBLE")
    assert (kinds["data_path"], kinds["regression_thresholds"]) == ("STRING", "STRUCT")


def test_the_readme_lists_them():
    readme = (ROOT / "pipeline" / "kubeflow" / "README.md").read_text(encoding="utf-8")
    assert [parameter.name for parameter in PARAMETERS if f"`{parameter.name}`" not in readme] == []
    assert [parameter.key for parameter in PARAMETERS if f"`{parameter.key}`" not in readme] == []


def test_a_whole_number_comes_as_a_float_and_is_one_again():
    moved = substitute(
        "Trainer", {"custom_config": TRAINER, "training_epochs": 5.0, "training_seed": 3.0, "train_args": "{}"}
    )
    assert set(moved) == {"custom_config", "train_args"}
    changed = json.loads(moved["custom_config"])
    assert changed["training"] == {"epochs": 5, "seed": 3, "learning_rate": 0.001}
    assert isinstance(changed["training"]["epochs"], int)
    assert changed["model"] == {"hidden": [8]}


@pytest.mark.parametrize(("given", "paths"), [("s3://b/new.csv", ["s3://b/new.csv"]), (["/a", "/b"], ["/a", "/b"])])
def test_paths_of_the_data(given: object, paths: list[str]):
    moved = substitute("ExampleGen", {"spec": json.dumps({"paths": ["/old"], "regression": "y"}), "data_path": given})
    assert json.loads(moved["spec"]) == {"paths": paths, "regression": "y"}


def test_a_day_of_the_data():
    spec = json.dumps({"paths": ["/{date}.csv"], "date": ""})
    moved = substitute("ExampleGen", {"spec": spec, "data_date": "2026-01-31"})
    assert json.loads(moved["spec"]) == {"paths": ["/{date}.csv"], "date": "2026-01-31"}


def test_thresholds_and_destination():
    gates = {head: {"thresholds": {}, "tolerance": 0.0} for head in ("regression", "classification")}
    moved = substitute("Evaluator", {"settings": json.dumps({"gates": gates}), "regression_thresholds": {"mae": 0.5}})
    assert json.loads(moved["settings"])["gates"]["regression"] == {"thresholds": {"mae": 0.5}, "tolerance": 0.0}
    for step in ("Baseline", "Pusher"):
        assert substitute(step, {"destination": "/old", "push_destination": "/new"}) == {"destination": "/new"}


@pytest.mark.parametrize("step", ["DataReport", "Report"])
def test_the_data_of_a_run_is_reported(step: str):
    settings = json.dumps({"pipeline": "wine", "config": {"data": {"path": "/old", "date": "", "salt": "s"}}})
    moved = substitute(step, {"settings": settings, "data_path": "/new", "data_date": "2026-01-31"})
    assert set(moved) == {"settings"}
    assert json.loads(moved["settings"]) == {
        "pipeline": "wine",
        "config": {"data": {"path": "/new", "date": "2026-01-31", "salt": "s"}},
    }


def test_everything_a_run_changes_is_in_its_report():
    given = {
        "data_path": ["/a", "/b"],
        "data_date": "2026-01-31",
        "training_epochs": 5.0,
        "training_learning_rate": 0.01,
        "training_seed": 3.0,
        "regression_thresholds": {"mae": 0.5},
        "classification_thresholds": {"accuracy": 0.9},
        "push_destination": "/new",
    }
    assert set(given) == {parameter.name for parameter in PARAMETERS}
    moved = substitute("Report", {"settings": json.dumps({"config": CONFIG.as_json()}), "code": "1"} | given)
    overrides = {parameter.key: given[parameter.name] for parameter in PARAMETERS}
    labels = {"labels.regression": "y", "labels.classification": "k", "name": CONFIG.name}
    assert json.loads(moved["settings"])["config"] == resolve(None, labels | overrides).config.as_json()
    assert moved["code"] == "1"


def test_what_is_no_parameter_is_left_alone():
    foreign = {"input_base": "/data", "data_path": "/another step's own argument", "training_epochs": 1.0}
    assert substitute("", foreign) == foreign
    assert substitute("Trainer", {"data_path": "/its own"}) == {"data_path": "/its own"}


@pytest.mark.parametrize(
    ("step", "given", "message"),
    [
        ("Trainer", {"custom_config": TRAINER, "training_epochs": 0.0}, "training.epochs must be at least 1, got 0.0."),
        (
            "Trainer",
            {"custom_config": TRAINER, "training_epochs": 1.5},
            "training.epochs must be a whole number, got 1.5.",
        ),
        (
            "Evaluator",
            {"settings": "{}", "regression_thresholds": {"mea": 1.0}},
            "must be mae, rmse, r2",
        ),
        (
            "ExampleGen",
            {"spec": "{}", "data_date": "31.1.2026"},
            'data.date must be a date such as 2026-01-31, got "31.1.2026".',
        ),
        (
            "ExampleGen",
            {"spec": "{}", "data_path": ""},
            "data.path must name at least one file, got an empty name or list.",
        ),
    ],
)
def test_a_value_that_is_not_allowed(step: str, given: dict[str, object], message: str):
    with pytest.raises(InputError) as caught:
        substitute(step, given)
    assert message in str(caught.value)

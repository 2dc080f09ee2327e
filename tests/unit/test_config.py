from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from components.example_gen.spec import IngestSpec
from components.example_gen.tables.dialect import Dialect
from components.shared.errors import InputError
from components.trainer.presets import PRESETS, SEED
from pipeline.config.presets import preset_keys
from pipeline.config.run import Config

ROOT = Path(__file__).parents[2]
SMALLEST = {"data": {"path": "t.csv"}, "labels": {"regression": "y", "classification": "k"}}


def config(**sections: object) -> Config:
    return Config.model_validate({"name": "t", **SMALLEST, **sections})


def test_the_preset_seed_is_the_plain_network_which_has_no_other_parts():
    chosen = config(preset="seed")
    assert (chosen.model, chosen.training) == (SEED.architecture(), SEED.recipe())
    values = chosen.as_json()
    assert values["model"] == {
        "trunk": "shared_bottom",
        "hidden": [128, 64],
        "head_hidden": [],
        "experts": 4,
        "block": "plain",
        "normalisation": "none",
        "number_encoding": "plain",
        "bins": 32,
        "frequencies": 16,
        "category_encoding": "one_hot",
        "embedding_size": 16,
        "members": 1,
        "members_per_row": None,
        "dropout": 0.0,
        "class_dropout": 0.0,
        "l2": 0.0,
    }
    assert values["training"] == {
        "epochs": 200,
        "batch_size": 32,
        "learning_rate": 0.001,
        "weight_decay": 0.0,
        "ema_epochs": 0.0,
        "patience": 20,
        "plateau": 0,
        "balancing": "fixed",
        "regression_weight": 1.0,
        "classification_weight": 1.0,
        "regression_loss": "mse",
        "huber_delta": 1.0,
        "quantile": 0.5,
        "focal_gamma": 0.0,
        "label_smoothing": 0.0,
        "class_weights": "none",
        "seed": 0,
        "memory_mb": 4096,
        "minutes": None,
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_gives_way_to_what_is_said(preset: str):
    alone, given = config(preset=preset), config(preset=preset, model={"hidden": [7]}, training={"batch_size": 5})
    assert (given.model.hidden, given.training.batch_size) == ([7], 5)
    rest = {"model": {"hidden": alone.model.hidden}, "training": {"batch_size": alone.training.batch_size}}
    assert config(**{name: given.as_json()[name] | rest[name] for name in rest}, preset=preset) == alone
    for key in preset_keys(preset):
        section, name = key.split(".")
        assert alone.as_json()[section][name] == PRESETS[preset].sections[section][name]


def test_defaults_are_safe_gates():
    values = config().as_json()
    assert values["data"]["split"] == {
        "by": "row",
        "column": None,
        "validation": 0.16,
        "calibration": 0.08,
        "eval": 0.12,
        "salt": "",
    }
    assert values["intervals"] == {"coverage": 0.9, "method": "split"}
    assert values["gates"]["rule"] == "all"
    for head in ("regression", "classification"):
        assert values["gates"][head] == {
            "better_than_trivial": True,
            "no_worse_than_pushed": True,
            "tolerance": 0.0,
            "thresholds": {},
        }
    assert values["gates"]["data"] == {"reviewed": "fail", "inferred": "warn", "levels": {}}
    assert values["gates"]["drift"] == {"level": "warn", "skew": "warn", "false_alarms": 0.001, "thresholds": {}}
    assert values["gates"]["labels"] == {"level": "warn", "leakage": 0.95}
    assert values["checks"] == []


def test_plain_values_make_the_same_configuration_again():
    first = config(model={"hidden": [8]}, evaluation={"slices": ["a", ["a", "b"]]})
    assert Config.model_validate(first.as_json()) == first


@pytest.mark.parametrize("section", [None, "training", "gates"])
def test_cannot_be_changed(section: str | None):
    whole = config()
    with pytest.raises(ValidationError, match="frozen"):
        (whole if section is None else getattr(whole, section)).name = "other"


def test_output_and_destination_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert config().output == tmp_path / "runs" / "t"
    assert config().destination == str(tmp_path / "runs" / "t" / "serving")
    elsewhere = config(runtime={"output": "out"}, push={"destination": "/models/t"})
    assert (elsewhere.output, elsewhere.destination) == (tmp_path / "out", "/models/t")
    assert config(push={"destination": "s3://models/t"}).destination == "s3://models/t"


def test_ingest_spec_says_what_the_sections_say(tmp_path: Path):
    (tmp_path / "t.csv").write_text("y,k\n1,a\n")
    chosen = config(
        data={
            "path": str(tmp_path / "t.csv"),
            "delimiter": ";",
            "missing": ["-"],
            "ignore": ["id"],
            "split": {
                "by": "column",
                "column": "customer",
                "validation": 0.1,
                "calibration": 0,
                "eval": 0.3,
                "salt": "x",
            },
        },
        features={"numeric": ["a"], "categorical": ["b"], "vectors": {"e": "e_*"}},
    )
    assert chosen.ingest_spec({"a": "FLOAT"}) == IngestSpec(
        paths=(str((tmp_path / "t.csv").resolve()),),
        regression="y",
        classification="k",
        dialect=Dialect("auto", ";", ("-",)),
        ignore=("id",),
        numeric=("a",),
        categorical=("b",),
        vectors={"e": "e_*"},
        types={"a": "FLOAT"},
        split="column",
        column="customer",
        fractions=(1 - 0.1 - 0.3, 0.1, 0.0, 0.3),
        salt="x",
    )


def test_ingest_spec_needs_files():
    with pytest.raises(InputError, match=r'^The data file must exist, got "/nowhere/t\.csv"\.$'):
        config(data={"path": "/nowhere/t.csv"}).ingest_spec()


def sections(schema: dict) -> dict[str, dict]:
    """Every section of the JSON Schema by name; "" is the whole file."""
    return {"": schema, **schema["$defs"]}


def test_json_schema_refuses_unknown_keys_and_explains_every_key():
    schema = Config.model_json_schema()
    assert set(schema["required"]) == {"data", "labels"}
    for name, section in sections(schema).items():
        assert section["additionalProperties"] is False, name
        for key, described in section["properties"].items():
            # A section is explained where it is defined.
            assert "description" in described or schema["$defs"][described["$ref"].rpartition("/")[2]], f"{name}.{key}"
    assert schema["properties"]["name"]["type"] == "string"
    assert schema["$defs"]["Gates"]["properties"]["rule"]["enum"] == ["all", "regression", "classification"]


def test_json_schema_knows_every_key_of_the_wine_configuration():
    schema = Config.model_json_schema()
    values = yaml.safe_load((ROOT / "data" / "wine" / "config.yaml").read_text(encoding="utf-8"))
    assert set(schema["required"]) <= set(values)

    def check(section: dict, value: dict) -> None:
        assert set(section.get("required", ())) <= set(value)
        for key, inner in value.items():
            described = section["properties"][key]
            if "$ref" in described:
                check(schema["$defs"][described["$ref"].rpartition("/")[2]], inner)

    check(schema, values)
    Config.model_validate(values)

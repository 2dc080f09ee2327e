"""Registries: one entry is enough for the configuration, the search space, the reference and the report."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import ValidationError

from components.shared.implementations import implementation
from components.shared.registry import Choice, Entry, Registry, searched
from components.shared.section import OneOf, Section
from components.trainer import choices
from components.trainer.choices import BALANCERS, TRUNKS
from components.trainer.network.architecture import Architecture
from components.trainer.presets import PRESETS
from components.trainer.recipe import Recipe
from pipeline.cli.reference import config_table, space_table
from pipeline.config.resolve import resolve
from pipeline.config.run import Config
from pipeline.config.tuning import default_space
from pipeline.errors import ConfigError

ROOT = Path(__file__).parents[2]
SMALLEST = {"data": {"path": "t.csv"}, "labels": {"regression": "y", "classification": "k"}}
# Key of the configuration -> what lists its values.
REGISTRIES = {
    ("preset",): PRESETS,
    ("model", "trunk"): TRUNKS,
    ("model", "block"): choices.BLOCKS,
    ("model", "normalisation"): choices.NORMALISATIONS,
    ("model", "number_encoding"): choices.NUMBER_ENCODINGS,
    ("model", "category_encoding"): choices.CATEGORY_ENCODINGS,
    ("training", "balancing"): BALANCERS,
    ("training", "regression_loss"): choices.REGRESSION_LOSSES,
}


def config(key: tuple[str, ...], value: object) -> Config:
    for name in reversed(key):
        value = {name: value}
    return Config.model_validate(SMALLEST | value)


def either(registry: Registry) -> str:
    """Returns the names of a registry as a sentence has them."""
    *others, last = registry
    return f"{', '.join(others)} or {last}"


def row(table: str, key: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| `{key}` |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def refusal(folder: Path, section: str) -> str:
    file = folder / "mtl.yaml"
    file.write_text(f"data: {{path: t.csv}}\nlabels: {{regression: y, classification: k}}\n{section}\n")
    with pytest.raises(ConfigError) as raised:
        resolve(file)
    return str(raised.value)


@pytest.fixture
def own() -> Iterator[tuple[Choice, Choice]]:
    """A trunk and a balancer that only this test has."""
    trunk = Choice("tower", "one tall tower", "Babel et al. 2026", implementation="no.such:tower", searched=True)
    balancer = Choice("coin", "a coin for each step", implementation="no.such:Coin")
    TRUNKS.add(trunk)
    BALANCERS.add(balancer)
    yield trunk, balancer
    del TRUNKS["tower"], BALANCERS["coin"]


@pytest.mark.usefixtures("own")
def test_an_entry_is_in_the_configuration_the_search_space_and_the_reference():
    found = Config.model_validate(SMALLEST | {"model": {"trunk": "tower"}, "training": {"balancing": "coin"}})
    assert (found.model.trunk, found.training.balancing) == ("tower", "coin")
    assert default_space()["model.trunk"] == [*(name for name in TRUNKS if name not in ("auto", "tower")), "tower"]
    assert "coin" not in default_space()["training.balancing"], "it does not ask to be searched"
    _, kind, _, meaning = row(config_table(), "model.trunk")
    assert kind.endswith(", `tower`")
    assert meaning.endswith("; `tower`: one tall tower (Babel et al. 2026).")
    assert row(config_table(), "training.balancing")[3].endswith("; `coin`: a coin for each step.")
    assert row(space_table(), "model.trunk")[1].endswith(", `tower`")
    assert TRUNKS.describe("tower") == "one tall tower (Babel et al. 2026)"


def test_a_name_that_was_not_registered_is_refused(tmp_path: Path):
    assert refusal(tmp_path, "model: {trunk: towr}") == (
        f'model.trunk must be {either(TRUNKS)}, got "towr". Correct it in mtl.yaml.'
    )


@pytest.mark.usefixtures("own")
def test_a_name_spelt_wrong_is_told_the_right_one(tmp_path: Path):
    assert refusal(tmp_path, "model: {trunk: towr}") == (
        f'model.trunk must be {either(TRUNKS)}, got "towr". Did you mean "tower"?'
    )
    assert refusal(tmp_path, "training: {balancing: coyn}") == (
        f'training.balancing must be {either(BALANCERS)}, got "coyn". Did you mean "coin"?'
    )
    assert refusal(tmp_path, "tuning: {space: {model.trunk: [towr]}}") == (
        f'model.trunk must be {either(TRUNKS)}, got "towr". Did you mean "tower"?'
    )


@pytest.mark.parametrize("value", ["3", "[mmoe]", "{mmoe: 1}", "true"])
def test_what_is_no_name_is_refused_too(tmp_path: Path, value: str):
    assert refusal(tmp_path, f"model: {{trunk: {value}}}").startswith(f"model.trunk must be {either(TRUNKS)}, got ")


@pytest.mark.parametrize("key", REGISTRIES, ids=".".join)
def test_a_setting_takes_the_names_of_its_registry_and_the_reference_explains_each(key: tuple[str, ...]):
    registry = REGISTRIES[key]
    for name in registry:
        value = config(key, name)
        for part in key:
            value = getattr(value, part)
        assert value == name
    _, kind, default, meaning = row(config_table(), ".".join(key))
    assert kind == ", ".join(f"`{name}`" for name in registry)
    assert default.strip("`") in registry
    for name, entry in registry.items():
        assert f"`{name}`: {entry.words}" in meaning
        assert not entry.words.endswith(".")


def test_the_json_schema_lists_names_and_what_they_stand_for():
    about = Architecture.model_json_schema()["properties"]["category_encoding"]
    assert about == {
        "default": "one_hot",
        "description": "How categories enter.",
        "enum": ["one_hot", "embedding"],
        "enumDescriptions": ["one input per text", "a learnt vector per text"],
        "title": "Category Encoding",
        "type": "string",
    }


def test_an_implementation_is_an_object_or_an_import_path():
    assert implementation(Choice("a", "words", implementation=len)) is len
    assert implementation(Choice("a", "words", implementation="os.path:join")) is __import__("os").path.join
    assert implementation(Choice("a", "words")) is None


def test_every_import_path_is_there():
    """Read, not imported: what it takes to import them is TensorFlow."""
    chosen = [choice for registry in REGISTRIES.values() for choice in registry.values() if isinstance(choice, Choice)]
    paths = [choice.implementation for choice in chosen if choice.implementation]
    assert len(paths) >= 23
    for path in paths:
        module, name = re.fullmatch(r"([\w.]+):(\w+)", path).groups()
        if module.startswith("components."):
            tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8"))
            defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            assert name in defined, path


def test_a_name_is_taken_once():
    registry = Registry(Entry("a", "first"), Entry("b", "second", "Someone 2001"))
    with pytest.raises(
        ValueError, match=r'^An entry must have a name of its own, got "a" twice\. Choose another one\.$'
    ):
        registry.add(Entry("a", "third"))
    assert [registry.describe(name) for name in ("a", "b", "c")] == ["first", "second (Someone 2001)", "c"]


def test_names_are_searched_in_the_order_of_registration():
    registry = Registry(Choice("b", "w", searched=True), Choice("a", "w", searched=True), Choice("c", "w"))
    assert searched(registry) == ["b", "a"]


def test_the_only_name_of_a_registry_is_asked_for():
    class One(Section):
        key: Annotated[str, OneOf(Registry(Entry("a", "words")))]

    assert One(key="a").key == "a"
    with pytest.raises(ValidationError, match="Input should be 'a' "):
        One(key="b")


def test_the_configuration_needs_no_tensorflow():
    script = (
        "import sys\n"
        "from pipeline.config.run import Config\n"
        f"Config.model_validate({SMALLEST | {'model': {'trunk': 'mmoe'}, 'training': {'balancing': 'famo'}}!r})\n"
        "assert not {'tensorflow', 'keras', 'tfx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=ROOT)


def test_the_defaults_of_the_sections_are_the_preset_default():
    assert PRESETS["default"].sections == {}
    assert (PRESETS["default"].architecture(), PRESETS["default"].recipe()) == (Architecture(), Recipe())
    assert PRESETS["best"].architecture(bins=8) == Architecture(hidden=[256], head_hidden=[256], bins=8)
    assert PRESETS["best"].recipe(patience=2) == Recipe(patience=2, plateau=5)

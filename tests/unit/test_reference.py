import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from pipeline.cli.main import cli
from pipeline.cli.reference import config_table, space_table, updated, verbs, verbs_table
from pipeline.config.row_checks import CHECKS
from pipeline.config.run import Config
from pipeline.config.tuning import SPACE

ROOT = Path(__file__).parents[2]


def rows(table: str) -> dict[str, list[str]]:
    """Returns first cell -> other cells of a Markdown table."""
    lines = [re.split(r"(?<!\\)\|", line.strip("|")) for line in table.splitlines()[2:]]
    return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}


def keys(section: type[BaseModel], prefix: str = "") -> dict[str, object]:
    """Returns dotted key -> default of every value, read from the models' fields."""
    found: dict[str, object] = {}
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= keys(field.annotation, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = field.default
    return found


def test_readme_is_in_step_with_models_and_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert updated(readme) == readme, "run: python -m pipeline.cli.reference README.md"


def test_config_table_has_every_key_once_and_in_order():
    first = re.findall(r"^\| `([\w.]+)` \|", config_table(), re.MULTILINE)
    assert first == list(keys(Config))


@pytest.mark.parametrize(
    ("key", "kind", "default"),
    [
        ("data.path", "text or list of text", "required"),
        ("data.delimiter", "one character", "none"),
        ("data.split.by", "`row`, `column`, `time`", "`row`"),
        ("data.split.calibration", "number ≥ 0, < 1", "`0.08`"),
        ("data.split.eval", "number > 0, < 1", "`0.12`"),
        ("model.hidden", "list of whole number ≥ 1, ≤ 16,384", "`[128]`"),
        ("evaluation.slices", "list of (text or list of text)", "`[]`"),
        ("checks", "list of check", "`[]`"),
        ("evaluation.tfma", "true or false", "`false`"),
        ("features.vectors", "mapping from text to text", "`{}`"),
        ("gates.data.levels", "mapping from text to `ignore`, `warn`, `fail`", "`{}`"),
        (
            "gates.regression.thresholds",
            "mapping from `mae`, `rmse`, `r2`, `median_absolute_error` to number",
            "`{}`",
        ),
    ],
)
def test_config_table_states_type_and_default(key: str, kind: str, default: str):
    assert rows(config_table())[f"`{key}`"][:2] == [kind, default]


def test_every_key_has_a_meaning():
    assert [key for key, cells in rows(config_table()).items() if len(cells[2]) < 8] == []


@pytest.mark.parametrize("verb", [name for name, _ in verbs(cli)])
def test_verbs_table_says_what_help_says(verb: str):
    shown = CliRunner().invoke(cli, [*verb.split(), "--help"]).output
    table = rows(verbs_table())
    meaning, options = next(table[usage] for usage in table if re.match(rf"`mtl {verb}\b", usage))
    assert meaning in " ".join(shown.split())
    assert [*re.findall(r"--[a-z-]+", options), "--help"] == re.findall(
        r"^  (?:-\w, )?(--[a-z-]+)", shown, re.MULTILINE
    )


def test_example_configurations_are_valid():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    local, checks, cluster = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    config = Config.model_validate(yaml.safe_load(local + checks))
    assert [check.check for check in config.checks] == list(CHECKS)
    assert config.data.split.by == "time"
    assert config.gates.regression.thresholds == {"mae": 12.5}
    kubeflow = Config.model_validate(yaml.safe_load(cluster)).kubeflow
    assert kubeflow.of("Trainer").memory == "16Gi"
    assert kubeflow.of("Transform").memory == "4Gi"


def test_space_table_has_every_key_and_value():
    table = rows(space_table())
    assert list(table) == [f"`{key}`" for key in SPACE]
    assert table["`model.dropout`"] == ["`0.0`, `0.1`, `0.2`, `0.3`"]
    assert table["`training.learning_rate`"] == ["0.0003 to 0.01, on a logarithmic scale"]
    assert table["`model.hidden`"][0].startswith("`[64]`, `[128]`, ")


def test_updated_refuses_a_text_without_markers():
    with pytest.raises(ValueError, match=r"must have <!-- config table --> and .* once each"):
        updated("# Nothing\n")


def test_module_writes_the_tables_between_the_markers(tmp_path: Path):
    page = tmp_path / "page.md"
    names = ("config", "verbs", "space")
    frame = "before\n<!-- {name} table -->\n{table}\n<!-- end of {name} table -->\n"
    page.write_text("".join(frame.format(name=name, table="old") for name in names))
    subprocess.run([sys.executable, "-m", "pipeline.cli.reference", str(page)], cwd=ROOT, check=True)
    tables = zip(names, (config_table(), verbs_table(), space_table()), strict=True)
    assert page.read_text(encoding="utf-8") == "".join(frame.format(name=name, table=table) for name, table in tables)

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from components.evaluator.analysis.head import METRICS
from components.objects.base import Scheme
from components.objects.registry import SCHEMES
from pipeline.cli.main import cli
from pipeline.cli.reference import (
    TABLES,
    config_table,
    linked,
    options_table,
    rewrite,
    space_table,
    stores_table,
    updated,
    verbs,
    verbs_table,
)
from pipeline.config.run import Config
from pipeline.config.tuning import default_space

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


@pytest.mark.parametrize("page", dict.fromkeys(table.page for table in TABLES.values()))
def test_pages_are_in_step_with_models_and_command(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert updated(text, page) == text, "run: python -m pipeline.cli.reference"


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
            f"mapping from {', '.join(f'`{name}`' for name in METRICS['regression'])} to number",
            "`{}`",
        ),
    ],
)
def test_config_table_states_type_and_default(key: str, kind: str, default: str):
    assert rows(config_table())[f"`{key}`"][:2] == [kind, default]


def test_every_key_has_a_meaning():
    assert [key for key, cells in rows(config_table()).items() if len(cells[2]) < 8] == []


@pytest.mark.parametrize("verb", [name for name, _ in verbs(cli)])
def test_tables_of_verbs_say_what_help_says(verb: str):
    shown = CliRunner().invoke(cli, [*verb.split(), "--help"]).output
    meanings, options = rows(verbs_table()), rows(options_table())
    assert list(meanings) == list(options)
    usage = next(usage for usage in meanings if re.match(rf"`mtl {verb}\b", usage))
    assert meanings[usage][0] in " ".join(shown.split())
    assert [*re.findall(r"--[a-z-]+", options[usage][0]), "--help"] == re.findall(
        r"^  (?:-\w, )?(--[a-z-]+)", shown, re.MULTILINE
    )


def test_stores_table_has_every_scheme_with_its_variables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SCHEMES, "x", Scheme("x", lambda: None, "time", server="`X_HOST`", identity="`X_KEY`"))
    table = rows(stores_table())
    assert list(table) == ["`s3://`", "`minio://`", "`gs://`", "`x://`"]
    assert table["`x://`"] == ["`X_HOST`", "`X_KEY`"]
    assert "`GOOGLE_APPLICATION_CREDENTIALS`" in table["`gs://`"][1]


def test_space_table_has_every_key_and_value():
    table = rows(space_table())
    assert list(table) == [f"`{key}`" for key in default_space()]
    assert table["`model.dropout`"] == ["`0.0`, `0.1`, `0.2`, `0.3`"]
    assert table["`training.learning_rate`"] == ["0.0003 to 0.01, on a logarithmic scale"]
    assert table["`model.hidden`"][0].startswith("`[64]`, `[128]`, ")


def test_updated_refuses_a_page_without_its_markers():
    message = (
        "pipeline/config/README.md must have <!-- config table --> and <!-- end of config table --> once each. "
        "Put them where the table belongs."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        updated("# Nothing\n", "pipeline/config/README.md")
    assert updated("# Nothing\n", "pipeline/README.md") == "# Nothing\n"


@pytest.mark.parametrize(
    ("text", "page", "expected"),
    [
        (
            "See components/trainer/README.md#presets.",
            "pipeline/config/README.md",
            "See [components/trainer/README.md](../../components/trainer/README.md#presets).",
        ),
        ("See data/README.md.", "README.md", "See [data/README.md](data/README.md)."),
        (
            "the space in components/tuner/README.md.",
            "components/README.md",
            "the space in [components/tuner/README.md](tuner/README.md).",
        ),
        ("`data/README.md`, [there](data/README.md), ../data/README.md", "README.md", None),
    ],
)
def test_pages_named_from_the_root_become_links(text: str, page: str, expected: str | None):
    assert linked(text, page) == (expected or text)


def test_help_texts_name_pages_from_the_root_and_have_no_links_of_their_own():
    """A link has one right form for each place that a text ends up in; the JSON Schema is another place."""
    assert re.findall(r"\]\(", config_table() + verbs_table() + options_table() + space_table()) == []
    named = re.findall(r"[\w/]+/README\.md", config_table())
    assert len(named) >= 4
    assert [page for page in named if not (ROOT / page).exists()] == []


def test_module_writes_the_tables_of_all_pages_between_their_markers(tmp_path: Path):
    for table in TABLES.values():
        (tmp_path / table.page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / table.page).write_text("")
    for name, table in TABLES.items():
        with (tmp_path / table.page).open("a") as page:
            page.write(f"before\n<!-- {name} table -->\nold\n<!-- end of {name} table -->\n")
    assert rewrite(tmp_path) == [tmp_path / table.page for table in TABLES.values()]
    for name, table in TABLES.items():
        made = linked(table.make(), table.page)
        written = (tmp_path / table.page).read_text(encoding="utf-8")
        assert written == f"before\n<!-- {name} table -->\n{made}\n<!-- end of {name} table -->\n"
    assert rewrite(tmp_path) == []


def test_module_without_arguments_writes_the_pages_of_its_own_repository(tmp_path: Path):
    for room in ("components", "pipeline"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", tmp_path)
    page = tmp_path / "pipeline" / "config" / "README.md"
    right = page.read_text(encoding="utf-8")
    page.write_text(right.replace("whole number ≥ 1", "wholesome number"), encoding="utf-8")
    line = [sys.executable, "-m", "pipeline.cli.reference"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""})
    assert (done.returncode, done.stdout) == (0, "pipeline/config/README.md\n"), done.stderr
    assert page.read_text(encoding="utf-8") == right

"""The README's commands are run as they stand there, in order, in a folder of their own.

A comment before each `sh` block says what is done with it: `<!-- run -->`, `<!-- run, exit 3 -->` or
`<!-- not run: REASON -->`. A `text` block after `<!-- output -->` is what the command before it prints; `…`
alone on a line stands for lines left out, and numbers may differ, because machines do.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOME = "/home/you/mtl-pipeline"

_BLOCK = re.compile(
    r"<!-- run(?:, exit (?P<code>\d+))? -->\n```sh\n(?P<script>.*?)```\n"
    r"(?:\n<!-- output -->\n```text\n(?P<output>.*?)```\n)?",
    re.DOTALL,
)
# The environment is the one this test runs in: nothing is installed.
_PRELUDE = 'make() { command make -o .venv/installed "$@"; }\nset -euo pipefail\n'


@dataclass(frozen=True)
class Block:
    """A command of the README and what it says of it."""

    script: str
    code: int
    output: str | None


@dataclass(frozen=True)
class Played:
    """What the commands did.

    Args:
        folder: where they ran.
        codes: exit code of each block.
        outputs: what each block printed.
    """

    folder: Path
    codes: list[int]
    outputs: list[str]


BLOCKS = [Block(found["script"], int(found["code"] or 0), found["output"]) for found in _BLOCK.finditer(README)]
NAMES = [block.script.splitlines()[0] for block in BLOCKS]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Runs all blocks, one after another."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "data" / "wine", folder / "data" / "wine")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    path = f"{sys.prefix}/bin{os.pathsep}{inherited['PATH']}"
    environment = inherited | {"PATH": path, "COLUMNS": "100"}
    codes, outputs = [], []
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-c", _PRELUDE + block.script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        codes.append(done.returncode)
        outputs.append(done.stdout.replace(str(folder), HOME))
    return Played(folder, codes, outputs)


def alike(text: str) -> str:
    """Returns a text with every number as 0 and every gap as one space."""
    return " ".join(re.sub(r"\d+(,\d{3})*(\.\d+)?(e[+-]\d+)?", "0", text).split())


def test_every_command_is_run_or_says_why_not():
    before = re.findall(r"([^\n]*)\n```sh\n", README)
    known = re.compile(r"<!-- (run(, exit \d+)?|not run: .+) -->")
    assert [line for line in before if not known.fullmatch(line)] == []
    assert len(BLOCKS) == sum(line.startswith("<!-- run") for line in before)


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=NAMES)
def test_command_does_what_the_readme_says(played: Played, number: int):
    block, output = BLOCKS[number], played.outputs[number]
    assert played.codes[number] == block.code, output
    position = 0
    for part in re.split(r"^ *… *\n", block.output or "", flags=re.MULTILINE):
        found = alike(output).find(alike(part), position)
        assert found >= 0, f"The README shows\n{part}\nbut the command printed\n{output}"
        position = found + len(alike(part))


def test_flow_names_the_steps_of_a_run(played: Played):
    (flow,) = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    steps = re.findall(r"^✓ +(\w+) +\d", played.outputs[NAMES.index("make run")], re.MULTILINE)
    assert re.findall(r"^ +(\w+)\[\"", flow, re.MULTILINE) == [step for step in steps if step != "Start"]


def test_serving_request_and_response_are_those_of_the_pushed_model(played: Played):
    request, response = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    model = played.folder / "runs" / "wine" / "serving" / "current" / "assets.extra" / "model.json"
    manifest = json.loads(model.read_text(encoding="utf-8"))
    assert request["signature_name"] == "predict"
    (instance,) = request["instances"]
    assert sorted(instance) == sorted(column["name"] for column in manifest["columns"])
    (prediction,) = response["predictions"]
    assert list(prediction) == [
        "regression_output",
        "regression_lower",
        "regression_upper",
        "classification_output",
        "predicted_class",
        "class_probability",
    ]
    assert len(prediction["classification_output"]) == len(manifest["classes"])
    best = max(range(len(manifest["classes"])), key=prediction["classification_output"].__getitem__)
    assert prediction["predicted_class"] == manifest["classes"][best]


def test_files_a_run_leaves_are_where_the_readme_says(played: Played):
    (listing,) = re.findall(r"```text\nruns/wine/\n(.*?)```", README, re.DOTALL)
    for name in re.findall(r"^(?:├──|└──) (\S+)", listing, re.MULTILINE):
        assert list((played.folder / "runs" / "wine").glob(name)), name


def test_readme_is_about_existing_rooms():
    named = set(re.findall(r"`((?:pipeline|components|data|tests)/[\w/.]*)`", README))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    assert len(named) > 10


def test_make_test_is_a_target():
    command = ["make", "--no-print-directory", "--dry-run", "-o", ".venv/installed", "test"]
    dry = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert dry.stdout.splitlines()[0].endswith("/pytest")

"""The commands of all READMEs are run as they stand there, in the order of `PAGES`, in a folder of their own.

Numbers may differ from what is shown, because machines do.
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

from tests.e2e.warm_process import WarmProcess, served
from tests.readmes import PAGES, ROOT, blocks, fenced

HOME = "/home/you/mtl-pipeline"
SMALL = """
model: {members: 1, hidden: [32], head_hidden: [], number_encoding: plain}
training: {learning_rate: 0.02, epochs: 12}
"""
# The environment is the one this test runs in: nothing is installed.
_PRELUDE = 'make() { command make -o .venv/installed "$@"; }\nset -euo pipefail\n'


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


BLOCKS = [block for page in PAGES for block in blocks(page)]
NAMES = [block.script.splitlines()[0] for block in BLOCKS]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Runs all blocks, one after another; `make run` in a process of its own, `mtl` in forks of one."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "data" / "wine", folder / "data" / "wine")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    path = f"{sys.prefix}/bin{os.pathsep}{inherited['PATH']}"
    environment = inherited | {"PATH": path, "COLUMNS": "100"}
    codes, outputs = [], []
    warm = WarmProcess()
    with served(warm, tmp_path_factory.mktemp("socket") / "mtl") as function:
        for block in BLOCKS:
            done = subprocess.run(
                ["bash", "-c", _PRELUDE + function + block.script],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=600,
            )
            if block.script.startswith(
                "mtl run --data"
            ):  # so far the network is that of a user; from here on a small one
                with open(folder / "data" / "wine" / "config.yaml", "a", encoding="utf-8") as config:
                    config.write(SMALL)
            codes.append(done.returncode)
            outputs.append(done.stdout.replace(str(folder), HOME))
    warm.close()
    return Played(folder, codes, outputs)


def alike(text: str) -> str:
    """Returns a text with every number as 0 and every gap as one space."""
    return " ".join(re.sub(r"\d+(,\d{3})*(\.\d+)?(e[+-]\d+)?", "0", text).split())


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=NAMES)
def test_command_does_what_the_readme_says(played: Played, number: int):
    block, output = BLOCKS[number], played.outputs[number]
    assert played.codes[number] == block.code, output
    position = 0
    for part in re.split(r"^ *… *\n", block.output or "", flags=re.MULTILINE):
        found = alike(output).find(alike(part), position)
        assert found >= 0, f"{block.page} shows\n{part}\nbut the command printed\n{output}"
        position = found + len(alike(part))


def test_flow_names_the_steps_of_a_run(played: Played):
    (flow,) = fenced("README.md", "mermaid")
    steps = re.findall(r"^✓ +(\w+) +\d", played.outputs[NAMES.index("make run")], re.MULTILINE)
    assert re.findall(r"^ +(\w+)\[\"", flow, re.MULTILINE) == [step for step in steps if step != "Start"]


def test_serving_request_and_response_are_those_of_the_pushed_model(played: Played):
    request, response = map(json.loads, fenced("components/pusher/README.md", "json"))
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
    (listing,) = [text for text in fenced("pipeline/README.md", "text") if text.startswith("runs/wine/\n")]
    for name in re.findall(r"^(?:├──|└──) (\S+)", listing, re.MULTILINE):
        assert list((played.folder / "runs" / "wine").glob(name)), name


def test_make_test_is_a_target():
    command = ["make", "--no-print-directory", "--dry-run", "-o", ".venv/installed", "test"]
    dry = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert dry.stdout.split()[0].endswith("/pytest")

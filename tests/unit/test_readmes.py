"""What the pages say of files, folders, headings and commands, without running any: see `tests/e2e/test_readme.py`."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline.config.row_checks import CHECKS
from pipeline.config.run import Config
from tests.readmes import PAGES, ROOT, blocks, fenced, prose, read

LINK = re.compile(r"\]\(([^()\s]+)\)")


def headings(page: str) -> set[str]:
    """Returns the anchors of a page as GitHub makes them of its headings."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_readme_is_known():
    rooms = ("components", "data", "findings", "pipeline", "tests")
    found = {str(path.relative_to(ROOT)) for room in rooms for path in (ROOT / room).rglob("README.md")}
    assert set(PAGES) == found | {"README.md", "CONTRIBUTING.md"}


def test_the_front_door_is_short():
    assert len(read("README.md").splitlines()) <= 250


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_links_lead_somewhere(page: str):
    lost = []
    for link in LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = os.path.normpath(Path(page).parent / path) if path else page
        if not (ROOT / target).exists() or (anchor and anchor not in headings(target)):
            lost.append(link)
    assert lost == []


def test_the_check_of_links_knows_headings():
    assert {"where-to-add-what", "what-a-run-leaves-behind"} <= headings("pipeline/README.md")
    assert "mtl-synth" in headings("data/README.md")


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str):
    text = prose(page)
    from_root = re.findall(r"`((?:pipeline|components|data|tests)/[\w/.]*)`", text)
    rows = re.findall(r"^\| ((?:`[\w/]+(?:\.py|/)`(?:, )?)+)", text, re.MULTILINE)
    here = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    folder = (ROOT / page).parent
    assert [path for path in from_root if not (ROOT / path).exists()] == []
    assert [name for name in here if not (folder / name).exists()] == []


def test_rooms_name_their_modules():
    tables = re.findall(r"^\| `[\w/]+(?:\.py|/)`", "\n".join(map(prose, PAGES)), re.MULTILINE)
    assert len(tables) > 40


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_run_or_says_why_not(page: str):
    before = re.findall(r"([^\n]*)\n```sh\n", read(page))
    known = re.compile(r"<!-- (run(, exit \d+)?|not run: .+) -->")
    assert [line for line in before if not known.fullmatch(line)] == []
    assert len(blocks(page)) == sum(line.startswith("<!-- run") for line in before)


def test_the_commands_are_in_the_order_in_which_they_need_each_other():
    first = [block.script.splitlines()[0] for page in PAGES for block in blocks(page)]
    assert first[0] == "make run"
    verbs = [re.sub(r" +-.*| +\$.*", "", line) for line in first]
    assert verbs[4:] == [
        "mtl config",
        r"sed 's/^14\.23,/-1,/' data/wine/wine.csv > odd.csv",
        "mtl schema infer",
        "sed 's/class_2/class_9/' data/wine/wine.csv > next.csv",
        "mtl runs",
        "mtl compare",
        "mtl report",
        "mtl tune",
        "head",
        "mtl run",
        "mtl relate",
        "mtl kubeflow compile",
        "mtl synth synthetic.csv",
    ]


@pytest.mark.parametrize("page", PAGES)
def test_example_configurations_are_valid(page: str):
    labels = {"labels": {"regression": "y", "classification": "k"}, "data": {"path": "table.csv"}}
    for text in fenced(page, "yaml"):
        Config.model_validate(labels | yaml.safe_load(text))


def test_examples_say_what_they_are_about():
    (config,) = fenced("pipeline/config/README.md", "yaml")
    (checks,) = fenced("components/data_validator/README.md", "yaml")
    (cluster,) = fenced("pipeline/kubeflow/README.md", "yaml")
    local = Config.model_validate(yaml.safe_load(config + checks))
    assert [check.check for check in local.checks] == list(CHECKS)
    assert local.data.split.by == "time"
    assert local.gates.regression.thresholds == {"mae": 12.5}
    kubeflow = Config.model_validate(yaml.safe_load(cluster)).kubeflow
    assert kubeflow.of("Trainer").memory == "16Gi"
    assert kubeflow.of("Transform").memory == "4Gi"


def test_hooks_before_a_commit_run_what_make_check_runs():
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    command = ["make", "--no-print-directory", "--dry-run", "-o", ".venv/installed", "check"]
    dry = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [hook["entry"] for hook in local["hooks"]] == dry.stdout.splitlines()

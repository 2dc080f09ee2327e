"""The pages for people: which there are, and what their commands are said to do.

A comment before each `sh` block says what is done with it: `<!-- run -->`, `<!-- run, exit 3 -->` or
`<!-- not run: REASON -->`. A `text` block after `<!-- output -->` is what the command before it prints; `…` alone on a
line stands for lines left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

PAGES = (
    "README.md",
    "pipeline/config/README.md",
    "components/data_validator/README.md",
    "components/schema_gen/README.md",
    "pipeline/README.md",
    "components/report/README.md",
    "components/tuner/README.md",
    "pipeline/verbs/README.md",
    "components/pusher/README.md",
    "components/relatedness/README.md",
    "pipeline/kubeflow/README.md",
    "data/README.md",
    # No command of these is run.
    "CONTRIBUTING.md",
    "pipeline/workers/README.md",
    "pipeline/sizing/README.md",
    "components/README.md",
    "components/evaluator/README.md",
    "components/example_gen/README.md",
    "components/objects/README.md",
    "components/trainer/README.md",
    "tests/README.md",
    "tests/benchmarks/README.md",
    "tests/data/README.md",
    "findings/README.md",
)
"""Every page, from the root of the repository, in the order in which their commands need each other."""

_BLOCK = re.compile(
    r"<!-- run(?:, exit (?P<code>\d+))? -->\n```sh\n(?P<script>.*?)```\n"
    r"(?:\n<!-- output -->\n```text\n(?P<output>.*?)```\n)?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A command of a page and what the page says of it.

    Args:
        page: which page, from the root of the repository.
        script: lines for bash.
        code: the exit code.
        output: what it prints; None if the page does not say.
    """

    page: str
    script: str
    code: int
    output: str | None


def read(page: str) -> str:
    """Returns the text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """Returns the commands of a page that are run."""
    return [
        Block(page, found["script"], int(found["code"] or 0), found["output"]) for found in _BLOCK.finditer(read(page))
    ]


def fenced(page: str, language: str) -> list[str]:
    """Returns the blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE)


def prose(page: str) -> str:
    """Returns the text of a page without its blocks."""
    return re.sub(r"^```.*?^```", "", read(page), flags=re.DOTALL | re.MULTILINE)

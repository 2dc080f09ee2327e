import io
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.runs import Run, Step
from pipeline.verdict import print_verdict


def printed(run: Run) -> str:
    terminal = io.StringIO()
    print_verdict(Console(file=terminal, width=100), run, Path("runs/t"))
    return terminal.getvalue()


def stopped(step: str, problems: list[str]) -> Run:
    names = ["ExampleGen", "DataValidator", "DataGate", "Pusher"]
    steps = [Step(name, "failed" if name == step else "done") for name in names]
    return Run("1", "t", "stopped", "2026-01-01", {}, {}, steps=steps, problems=problems)


@pytest.mark.parametrize(
    ("step", "first", "last"),
    [
        (
            "DataGate",
            "The data gate stopped the run:",
            "Correct the data. What to change where it is right as it is, `mtl validate` tells. Nothing was pushed.",
        ),
        ("Pusher", "Pusher stopped the run:", "Nothing was pushed."),
    ],
)
def test_a_stopped_run_says_who_stopped_it_and_why(step: str, first: str, last: str):
    lines = printed(stopped(step, ['"x" must be FLOAT, got BYTES.'])).strip().splitlines()
    assert lines == [first, '  • "x" must be FLOAT, got BYTES.', last]


def test_many_problems_are_counted_not_listed():
    lines = printed(stopped("DataGate", [f"problem {i}." for i in range(14)])).strip().splitlines()
    assert lines[10] == "  • problem 9."
    assert lines[11] == "  … and 4 more, in the log."

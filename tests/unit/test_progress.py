"""The table of steps while a run goes on, on a terminal and without one."""

import io
import logging
import sys

import pytest
from rich.console import Console

from components.shared.progress import say
from pipeline.local.progress import Progress
from pipeline.runs.record import StepRecord


def shown(progress: Progress) -> list[str]:
    """The lines of the table as it is now."""
    console = Console(file=io.StringIO(), width=120)
    console.print(progress._table())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("terminal", [True, False])
def test_how_far_a_step_is_stands_in_its_line_of_a_terminal(terminal: bool):
    steps = [StepRecord("Transform", "done", seconds=2.0, detail="done that"), StepRecord("Trainer", "waiting")]
    steps.append(StepRecord("Evaluator", "waiting"))
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with Progress(console, steps) as progress:
        steps[1].state = "running"
        progress.update(steps[1])
        assert shown(progress)[1].endswith(" s")
        say("epoch 1 of at most 200")
        say("epoch 2 of at most 200, 1.3 s each, done in at most 4 min 18 s")
        done, running, waiting = shown(progress)
        assert running.startswith("▶  Trainer")
        assert running.endswith("s  epoch 2 of at most 200, 1.3 s each, done in at most 4 min 18 s")
        assert done.endswith("done that")
        assert "epoch" not in done + waiting
        steps[1].state, steps[1].seconds, steps[1].detail = "done", 3.5, "best epoch 9 of 15"
        progress.update(steps[1])
        steps[2].state = "running"
        progress.update(steps[2])
        assert shown(progress)[1] == "✓  Trainer           3.5 s  best epoch 9 of 15"
        assert "epoch" not in shown(progress)[2]
    if not terminal:
        assert console.file.getvalue() == "✓  Trainer           3.5 s  best epoch 9 of 15\n"  # type: ignore[attr-defined]


def test_how_far_a_step_is_goes_to_the_log_and_what_else_it_says_to_the_terminal_too(
    caplog: pytest.LogCaptureFixture,
):
    console = Console(file=io.StringIO(), width=120)
    with Progress(console, [StepRecord("Tuner")]):
        say("epoch 1 of at most 3")
        logging.getLogger("mtl.tuner").info("trial 1 of 5")
    assert caplog.messages == ["epoch 1 of at most 3", "trial 1 of 5"]
    assert console.file.getvalue() == "   trial 1 of 5\n"  # type: ignore[attr-defined]
    say("nobody shows this")


def test_what_is_printed_meanwhile_does_not_reach_the_terminal_of_the_table(capsys: pytest.CaptureFixture[str]):
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with Progress(console, [StepRecord("Trainer")]):
        print("Epoch 1/200")
        print("a warning", file=sys.stderr)
    assert tuple(capsys.readouterr()) == ("Epoch 1/200\n", "a warning\n")
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Trainer" in drawn
    assert not any(words in drawn for words in ("Epoch", "warning"))


def test_the_table_can_be_drawn_before_it_is_told_that_a_step_began():
    """Its own thread draws it at any moment, and ended with an error there, after which no second was counted."""
    steps = [StepRecord("Trainer")]
    with Progress(Console(file=io.StringIO(), force_terminal=True, width=120), steps) as progress:
        steps[0].state = "running"
        assert shown(progress) == ["▶  Trainer           0.0 s"]

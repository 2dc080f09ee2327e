"""The live table of steps; plain lines where the terminal is a file or a pipe."""

from __future__ import annotations

import logging
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from components.shared.progress import LOGGER
from pipeline.runs.record import StepRecord

_MARKS = {
    "waiting": ("·", "dim"),
    "running": ("▶", "bold cyan"),
    "done": ("✓", "green"),
    "cached": ("=", "blue"),
    "failed": ("✗", "bold red"),
}


STEPS = "mtl"
"""Logger under which a step says what a person should read while it runs, for instance `mtl.tuner`."""


class Progress(logging.Handler):
    """Shows steps as they go, and what they say meanwhile: what is for reading above the table, how far they are in it.

    Args:
        console: where to draw.
        steps: the steps; their fields change while this is open.
    """

    def __init__(self, console: Console, steps: list[StepRecord]):
        super().__init__(logging.INFO)
        self._console = console
        self._steps = steps
        self._began: dict[str, float] = {}
        self._so_far = ""
        # What libraries print is for the log, which the standard streams lead to; rich would draw it above the table.
        self._live = Live(
            console=console,
            get_renderable=self._table,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Progress:
        logging.getLogger(STEPS).addHandler(self)
        logging.getLogger(STEPS).setLevel(logging.INFO)
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger(STEPS).removeHandler(self)
        if self._console.is_terminal:
            self._live.stop()

    def emit(self, record: logging.LogRecord) -> None:
        """Shows how far the running step is in its line of the table; prints all else, above the table if there is one.

        Where there is no table, how far a step is goes to the log alone.
        """
        if record.name == LOGGER.name:
            self._so_far = record.getMessage()
            return
        self._console.print(Text(f"   {record.getMessage()}"), soft_wrap=True)

    def update(self, step: StepRecord) -> None:
        """Shows the new state of a step."""
        self._so_far = ""
        if self._console.is_terminal:
            self._live.refresh()
        elif step.state not in ("waiting", "running"):
            self._console.print(Text("  ").join(self._cells(step)), soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for step in self._steps:
            table.add_row(*self._cells(step))
        return table

    def _cells(self, step: StepRecord) -> list[Text]:
        mark, style = _MARKS[step.state]
        seconds = f"{step.state:>8}"
        if step.state in ("running", "done", "failed"):
            # The table is redrawn by a thread of its own, also between a step's change and `update`.
            began = self._began.setdefault(step.name, time.monotonic())
            elapsed = time.monotonic() - began if step.state == "running" else step.seconds
            seconds = f"{elapsed:6.1f} s"
        said = "; ".join(text for text in (step.detail, step.reason and f"({step.reason})") if text)
        if step.state == "running":
            said = self._so_far or said
        return [Text(mark, style), Text(f"{step.name:<13}"), Text(seconds, "dim"), Text(said)]

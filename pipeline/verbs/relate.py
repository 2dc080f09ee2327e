"""Whether sharing one network helps the heads, in the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.formats.relatedness import Cost, Relatedness
from components.formats.report import SharedHead
from components.relatedness.sharing import HELPED, HURT, NOT_CLEAR
from components.report.page.number_format import change, duration, latency, number
from components.report.parts.relatedness import relatedness_part
from pipeline.config.resolve import Resolved, with_value
from pipeline.runs.outcome import print_stopped
from pipeline.runs.record import Run

STEP = "Relatedness"
SEEDS = 3
_STYLES = {HELPED: "green", HURT: "bold red", NOT_CLEAR: "yellow"}


def with_seeds(resolved: Resolved, seeds: int | None) -> Resolved:
    """Returns the configuration with the step that compares as part of the run.

    Args:
        resolved: the configuration and its origins.
        seeds: how many seeds; None for as many as are configured, or `SEEDS`.

    Raises:
        ConfigError: a head's weight is 0, so that there is nothing to compare.
    """
    configured = resolved.config.evaluation.relatedness
    return with_value(resolved, "evaluation.relatedness", seeds or configured or SEEDS, "command line")


def show_relatedness(console: Console, run: Run) -> bool:
    """Prints what sharing did to each head, and the cost; returns False where the data gate stopped the run."""
    folder = next((step.artifacts["relatedness"] for step in run.steps if "relatedness" in step.artifacts), None)
    if folder is None:
        print_stopped(console, run)
        return False
    found = relatedness_part(Relatedness.read(folder))
    console.print()
    console.print(_heads(found.heads.values()))
    cosine = found.gradient_cosine
    by_seed = ", ".join(number(value, 2) for value in cosine.by_seed)
    said = "none shared" if cosine.mean is None else f"{number(cosine.mean, 2)}  (by seed {by_seed})"
    console.print(f"\ngradient cosine on the shared layers  {said}\n")
    console.print(_cost(found.cost))
    console.print()
    for head in found.heads.values():
        style = _STYLES.get(head.verdict, "")
        console.print(Text.assemble((head.label, "bold"), ": ", (head.sentence, style)), soft_wrap=True)
    console.print(Text(found.rule, "dim"), soft_wrap=True)
    return True


def _heads(heads: Iterable[SharedHead]) -> Table:
    table = _table("head", "metric", "shared", "alone", "change", "verdict")
    for head in heads:
        row = [head.label, head.title, number(head.multi_task), number(head.single_task)]
        verdict = Text(head.verdict, _STYLES.get(head.verdict, ""))
        table.add_row(*map(Text, [*row, change(head.change)]), verdict)
    return table


def _cost(cost: Cost) -> Table:
    table = _table("cost", "one network", "two networks")
    rows = (("parameters", cost.parameters, number), ("training", cost.seconds, duration))
    for title, price, shown in (*rows, ("one row", cost.latency, latency)):
        table.add_row(title, shown(price.one), shown(price.two))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(headings[0], overflow="fold")  # a long name gives way, and no figure
    for heading in headings[1:]:
        table.add_column(heading, no_wrap=True)
    return table

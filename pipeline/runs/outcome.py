"""The end of a run in the terminal: what was decided, why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.wording import held
from components.formats.evaluation import Evaluation
from components.report.parts.verdict import FAILED, PASSED, WARNED, verdict, without_head
from pipeline.local import step_summaries
from pipeline.runs.record import Run, read_runs
from pipeline.runs.report import report_path, run_part

_MAX_PROBLEMS = 10
# Fewer columns leave the reasons too little room beside what they are reasons of.
_WIDE = 100
_STYLES = {PASSED: "green", WARNED: "yellow", FAILED: "bold red"}
_REMEDY = "Correct the data. If it is right as it is, `mtl validate` says what to change. "


def print_verdict(console: Console, run: Run, output: Path) -> None:
    """Prints warnings, the verdict of the data gate and of each head, and the push."""
    warnings = step_summaries.warnings(run)
    for sentence in warnings:
        console.print(Text.assemble(("note  ", "yellow"), sentence), soft_wrap=True)
    if run.state == "stopped":
        print_stopped(console, run)
        return
    findings, pushed = step_summaries.findings(run), step_summaries.push(run)
    evaluation = step_summaries.evaluation(run)
    assert evaluation is not None, "only a run that was not stopped comes here"
    assert pushed is not None, "only a run that was not stopped comes here"
    parts = verdict(findings, evaluation, pushed, run_part(run, output))
    states = {part.subject: _marked(part.state) for part in parts}
    notes = f"{len(warnings)} note{'s' if len(warnings) > 1 else ''} above" if warnings else "as expected"
    rows: list[tuple[str, list[str]]] = [("data", [notes])]
    for head, label in evaluation.labels.items():
        checks = evaluation.verdict.of(head)
        reasons = [
            without_head(head, check.sentence) for check in checks if check.value is not None or not check.passed
        ]
        if head == "regression" and evaluation.uncertainty and evaluation.uncertainty.regression:
            reasons.append(held(evaluation.uncertainty.regression))
        rows.append((head, [f"{label}: {_metrics(evaluation, head)}", *reasons]))
    if pushed.pushed:
        already = " (this very model was there already)" if pushed.unchanged else ""
        rows.append(("push", [f"version {pushed.version} in {pushed.path}{already}"]))
    else:
        rows.append(("push", ["nothing pushed: the model was rejected"]))
    console.print()
    _print_rows(console, [(subject, states[subject], lines) for subject, lines in rows])
    apart = run.config.get("runtime", {}).get("artifacts")
    place = f"{output}, its artifacts in {apart}" if apart else output
    console.print(Text(f"\nRun {run.id}, {run.seconds:.0f} s. Everything of it is in {place}", "dim"), soft_wrap=True)


def _print_rows(console: Console, rows: Sequence[tuple[str, Text, list[str]]]) -> None:
    """Prints what was decided and why: beside each other, or in a narrow terminal below each other."""
    if console.width >= _WIDE:
        table = Table.grid(padding=(0, 2))
        for subject, state, lines in rows:
            table.add_row(subject, state, Text("\n".join(lines)))
        console.print(table)
        return
    for subject, state, (first, *reasons) in rows:
        heading = Text.assemble(f"{subject:<16}", state)
        if not reasons:
            # The terminal breaks a path that is too long, so that it can be copied whole.
            console.print(Text.assemble(heading, " " * (8 - len(state)), first), soft_wrap=True)
            continue
        console.print(heading)
        table = Table.grid(padding=(0, 1))
        for line in (first, *reasons):
            table.add_row(" •", Text(line))
        console.print(table)


def print_stopped(console: Console, run: Run) -> None:
    """Prints which step stopped a run, and why."""
    step = next(step.name for step in run.steps if step.state == "failed")
    who = "The data gate" if step == "DataGate" else step
    console.print(Text(f"\n{who} stopped the run:", "bold red"))
    for problem in run.problems[:_MAX_PROBLEMS]:
        console.print(Text(f"  • {problem}"), soft_wrap=True)
    if len(run.problems) > _MAX_PROBLEMS:
        console.print(f"  … and {len(run.problems) - _MAX_PROBLEMS} more, in the log.")
    remedy = _REMEDY if step == "DataGate" else ""
    console.print(f"{remedy}Nothing was pushed.", soft_wrap=True)


def print_report(console: Console, output: Path) -> None:
    """Prints where the report of the newest run lies, if that run has one."""
    runs = read_runs(output)
    if runs and (page := report_path(output, runs[-1].id)).exists():
        console.print(Text(f"Report: {page}"), soft_wrap=True)


def _metrics(evaluation: Evaluation, head: str) -> str:
    """Returns the head's metrics on the eval split, each with its name."""
    values = evaluation.values[head]
    return ", ".join(f"{METRICS[head][name].title} {value:.4g}" for name, value in values.items() if value is not None)


def _marked(state: str) -> Text:
    return Text(state, _STYLES.get(state, ""))

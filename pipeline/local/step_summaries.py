"""What each step did, in a few words and in sentences, read from the artifacts it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.data_validator.analysis.finding import FAIL, WARN, read_findings
from components.formats.summary import Summary
from components.model_format.manifest import MANIFEST
from components.shared.file_names import COLUMNS, EVALUATION, EXTRA, FINDINGS, PUSH, RELATEDNESS, VERSION_MANIFEST
from components.shared.kept_files import read_json
from components.trainer.network.architecture import SEPARATE
from components.tuner.results import best_of, read_results
from pipeline.runs.record import Run, Step

# Where TFX puts the serving model in a Model artifact; its own module for that imports TensorFlow.
_SERVING = "Format-Serving"


def detail(step: Step) -> str:
    """Returns a few words about a finished step, for its line in the table."""
    describe = _DESCRIBE.get(step.name)
    return describe(step.artifacts) if describe else ""


def warnings(run: Run) -> list[str]:
    """Returns what a person should know of the data and of what was learnt, although it stopped nothing."""
    sentences: list[str] = []
    if examples := run.artifact("ExampleGen", "examples"):
        sentences += Summary.read(examples).warnings
    if found := findings(run):
        sentences += found["notes"]
        sentences += [anomaly["sentence"] for anomaly in found["anomalies"] if anomaly["level"] == WARN]
    if manifest := _read(run.artifact("Trainer", "model"), f"{_SERVING}/{EXTRA}/{MANIFEST}"):
        sentences += manifest.get("notes", [])
    return list(dict.fromkeys(sentences))


def findings(run: Run) -> dict[str, Any] | None:
    """Returns what the data validation found, None when the run did not come that far."""
    return _read(run.artifact("DataValidator", "anomalies"), FINDINGS)


def evaluation(run: Run) -> dict[str, Any] | None:
    """Returns the Evaluator's figures, None when the run did not come that far."""
    return _read(run.artifact("Evaluator", "evaluation"), EVALUATION)


def push(run: Run) -> dict[str, Any] | None:
    """Returns what the Pusher did, None when the run did not come that far."""
    return _read(run.artifact("Pusher", "pushed_model"), PUSH)


def _read(folder: str | None, file: str) -> dict[str, Any] | None:
    return None if folder is None else _load(folder, file)


def _load(folder: str, file: str) -> dict[str, Any]:
    return read_json(Path(folder) / file)


def _example_gen(artifacts: dict[str, str]) -> str:
    summary = Summary.read(artifacts["examples"])
    left_out = sum(summary.left_out.values())
    splits = ", ".join(f"{split} {rows:,}" for split, rows in summary.splits.items())
    words = [f"{summary.rows_in:,} rows: {splits}"]
    for label in (summary.regression, summary.classification):
        if without := summary.without(label):
            words.append(f"{without:,} without {label}")
    return ", ".join(words + [f"left out {left_out:,}"] * bool(left_out))


def _data_report(artifacts: dict[str, str]) -> str:
    return f"{len(_load(artifacts['report'], COLUMNS)['columns']):,} columns"


def _data_validator(artifacts: dict[str, str]) -> str:
    found = read_findings(artifacts["anomalies"])
    levels = [anomaly["level"] for anomaly in found["anomalies"]]
    warned, failed = len(found["notes"]) + levels.count(WARN), levels.count(FAIL)
    counts = [f"{failed} failed"] * bool(failed) + [f"{warned} warning{'s' if warned > 1 else ''}"] * bool(warned)
    return ", ".join(counts) or "as expected"


def _data_gate(artifacts: dict[str, str]) -> str:
    del artifacts
    return "passed"


def _trainer(artifacts: dict[str, str]) -> str:
    manifest = _load(artifacts["model"], f"{_SERVING}/{EXTRA}/{MANIFEST}")
    apart = ", heads apart" if manifest.get("trunk") == SEPARATE else ""
    return f"{manifest['parameters']:,} parameters, best epoch {manifest['best_epoch']} of {manifest['epochs']}{apart}"


def _tuner(artifacts: dict[str, str]) -> str:
    results = read_results(artifacts["tuner_results"])
    return f"{len(results['trials'])} trials, best objective {best_of(results)['objective']:.4f}"


def _baseline(artifacts: dict[str, str]) -> str:
    manifest = Path(artifacts["model"], _SERVING, VERSION_MANIFEST)
    return "the pushed model" if manifest.exists() else "no model pushed before"


def _relatedness(artifacts: dict[str, str]) -> str:
    found = _load(artifacts["relatedness"], RELATEDNESS)
    verdicts = [f"{found['labels'][head]}: {result['verdict']}" for head, result in found["heads"].items()]
    return f"{len(found['seeds'])} seeds, " + ", ".join(verdicts)


def _evaluator(artifacts: dict[str, str]) -> str:
    figures = _load(artifacts["evaluation"], EVALUATION)
    counts = {result["n"] for result in figures["heads"].values()}
    rows = f"{figures['n']:,} rows"
    if counts != {figures["n"]}:
        judged = ", ".join(f"{head} {result['n']:,}" for head, result in figures["heads"].items())
        rows += f" ({judged})"
    return f"{rows}, {'blessed' if figures['verdict']['blessed'] else 'rejected'}"


def _pusher(artifacts: dict[str, str]) -> str:
    result = _load(artifacts["pushed_model"], PUSH)
    if not result["pushed"]:
        return "nothing pushed"
    return f"version {result['version']}" + (", unchanged" if result["unchanged"] else "")


_DESCRIBE = {
    "ExampleGen": _example_gen,
    "Baseline": _baseline,
    "DataValidator": _data_validator,
    "DataReport": _data_report,
    "DataGate": _data_gate,
    "Tuner": _tuner,
    "Trainer": _trainer,
    "Relatedness": _relatedness,
    "Evaluator": _evaluator,
    "Pusher": _pusher,
}

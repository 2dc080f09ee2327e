"""A model card from the facts of a run, with the fields of Model Cards for Model Reporting (Mitchell et al. 2019).

What only people know (who should use the model, whom it may harm) is not made up: the card says that it is for them
to fill in, and gives the facts that bear on it.
"""

from __future__ import annotations

from typing import Any

from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.wording import held
from components.formats.columns import Column
from components.formats.evaluation import Evaluation
from components.formats.report import DataPart, ModelPart, RelatednessPart, Report
from components.formats.uncertainty import Temperature
from components.report.page.number_format import estimate, number, percent
from components.report.page.training import single_task_sentence
from components.trainer.choices import BALANCERS, TRUNKS

_MAX_SLICES = 5
_NO_SLICES = "None: evaluation.slices asks for none that has enough rows."
_FILL_IN = "To be filled in by the people who know."

Card = dict[str, dict[str, Any]]


def card(report: Report) -> Card:
    """Returns the card: section to field to a text or a list of texts, in the order of the paper.

    Args:
        report: see `collect`.
    """
    data, model = report.data, report.model
    evaluation = model.evaluation if model else None
    return {
        "Model details": _details(report),
        "Intended use": {
            "Primary intended uses": [
                f"Predict the regression label {data.labels['regression']} and the class label "
                f"{data.labels['classification']} of one row of a table with the columns named under training data."
            ]
            if data
            else _FILL_IN,
            "Primary intended users": _FILL_IN,
            "Out-of-scope use cases": "Rows unlike those it was trained on; decisions that no person can review.",
        },
        "Factors": {
            "Relevant factors": _FILL_IN,
            "Evaluation factors": sorted({" × ".join(part.columns) for part in evaluation.slices} if evaluation else ())
            or "None: no slices were configured under evaluation.slices.",
        },
        "Metrics": _metrics(evaluation),
        "Evaluation data": _evaluation_data(data, evaluation),
        "Training data": _training_data(data),
        "Quantitative analyses": {
            "Overall results": [line for head in evaluation.heads for line in _results(head, evaluation)]
            if evaluation
            else [],
            "Unitary results": _worst(evaluation, crossed=False),
            "Intersectional results": _worst(evaluation, crossed=True),
            **_relatedness(report.relatedness),
        },
        "Ethical considerations": {
            "Columns used": [column.name for column in data.columns if column.role == "feature"] if data else [],
            "Use of sensitive data, risks and harms": _FILL_IN,
        },
        "Caveats and recommendations": {
            "Verdict": [f"{part.title}: {part.state}. {part.reason}" for part in report.verdict],
            "Recommendations": [part.next for part in report.verdict if part.next],
            "Notes on the data": list(data.notes) if data else [],
        },
    }


def markdown(pipeline: str, content: Card) -> str:
    """Returns a card as Markdown; texts from the data cannot become markup."""
    lines = [f"# Model card: {_escaped(pipeline)}", ""]
    for section, fields in content.items():
        lines += [f"## {section}", ""]
        for name, value in fields.items():
            values = value if isinstance(value, list) else [value]
            if len(values) == 1:
                lines += [f"**{name}.** {_escaped(values[0])}", ""]
            elif values:
                lines += [f"**{name}**", "", *(f"- {_escaped(text)}" for text in values), ""]
    return "\n".join(lines)


def _details(report: Report) -> dict[str, Any]:
    run = report.run
    details = {
        "Name": report.pipeline,
        "Run": f"{run.id}, started {run.started}, {run.state}" if run else "Kept by the runner.",
        "Model type": "A multi-task network with a regression head and a classification head.",
        "Software": [f"{package.name} {package.version}" for package in report.versions],
        "Licence, citation and contact": _FILL_IN,
    }
    if report.model:
        training = report.model.evaluation.training
        details["Training"] = (
            f"{training.parameters:,} parameters; the weights are those of epoch {training.best_epoch} of "
            f"{training.epochs}, the best on the validation split.{_together(report.model)}"
        )
    return details


def _together(model: ModelPart) -> str:
    """Says what the heads share, how their losses were balanced and how far their gradients agreed, as far as known."""
    curves, labels = model.curves, model.evaluation.labels
    said = f" Trunk: {TRUNKS.describe(trunk)}." if (trunk := model.evaluation.training.trunk) else ""
    if alone := single_task_sentence(model):
        said += f" {alone}"
    if method := model.balancing:
        said += f" Balancing of the losses: {BALANCERS.describe(method)}"
        if curves and curves.weights:
            kept = curves.epochs.index(curves.best_epoch)
            found = [f"{number(values[kept], 3)} for {labels[head]}" for head, values in curves.weights.items()]
            said += f"; in that epoch the weights became {' and '.join(found)}"
        said += "."
    if curves and (cosine := curves.gradient_cosine):
        said += (
            f" Cosine between the heads' gradients on the shared layers: {number(cosine.mean, 2)} on average over "
            f"{cosine.n:,} epochs, below 0 in {percent(cosine.below_zero)} of them."
        )
    return said


def _metrics(evaluation: Evaluation | None) -> dict[str, Any]:
    if evaluation is None:
        return {"Model performance measures": "The model was not evaluated in this run."}
    names = [
        f"{head}: {', '.join(METRICS[head][name].title for name in result.metrics)}"
        for head, result in evaluation.heads.items()
    ]
    checks = [check.sentence for head in evaluation.heads for check in evaluation.verdict.of(head)]
    level = f"{100 * evaluation.level:g} %" if evaluation.level else "Bootstrap"
    return {
        "Model performance measures": names,
        "Decision thresholds": checks,
        "Variation approaches": f"{level} percentile bootstrap intervals over the eval rows; differences are paired.",
    }


def _evaluation_data(data: DataPart | None, evaluation: Evaluation | None) -> dict[str, Any]:
    return {
        "Datasets": f"{evaluation.n:,} rows of the eval split, which training never saw.{_judged(evaluation)}"
        if evaluation
        else "The model was not evaluated in this run.",
        "Motivation": "The same source as the training data, so the figures hold for rows like these.",
        "Preprocessing": "That of training, which the exported model carries with it.",
    } | ({"Fingerprint": data.fingerprint} if data else {})


def _judged(evaluation: Evaluation) -> str:
    """Says how many rows each head was evaluated on, where some have one label only."""
    if all(head.n == evaluation.n for head in evaluation.heads.values()):
        return ""
    counts = " and ".join(f"{result.n:,} with {evaluation.labels[head]}" for head, result in evaluation.heads.items())
    return f" Each head was evaluated on the rows with its label: {counts}."


def _training_data(data: DataPart | None) -> dict[str, Any]:
    if data is None:
        return {"Datasets": "No data was read in this run."}
    rows = data.rows
    splits = ", ".join(f"{split} {count:,}" for split, count in rows.splits.items())
    left_out = sum(rows.left_out.values())
    without = "".join(f" {count:,} without {label}." for label, count in rows.unlabelled.items() if count)
    return {
        "Datasets": list(data.paths),
        "Rows": f"{rows.read:,} read: {splits}; {left_out:,} left out.{without}",
        "Columns": [_column(column) for column in data.columns],
    }


def _column(column: Column) -> str:
    share = column.splits["train"].missing_share
    return f"{column.name} ({column.role}, {column.kind}, {100 * share:.3g} % missing in train)"


def _results(head: str, evaluation: Evaluation) -> list[str]:
    found = evaluation.heads[head].metrics
    lines = [f"{METRICS[head][name].title} {estimate(interval)}" for name, interval in found.items()]
    if uncertainty := evaluation.uncertainty:
        if head == "regression" and uncertainty.regression:
            lines.append(held(uncertainty.regression))
        if head == "classification" and uncertainty.classification:
            lines.append(_calibrated(uncertainty.classification))
    return [f"{evaluation.labels[head]}: {line}" for line in lines]


def _calibrated(found: Temperature) -> str:
    before, after = (errors["calibration_error"] for errors in (found.before, found.after))
    return (
        f"probabilities at temperature {found.value:.4g} from {found.rows:,} calibration rows; calibration error "
        f"{before:.4g} without it, {after:.4g} with it."
    )


def _relatedness(found: RelatednessPart | None) -> dict[str, Any]:
    """What sharing one network did to each head, where that was asked."""
    if found is None:
        return {}
    return {"Multi-task against single-task": [f"{head.label}: {head.sentence}" for head in found.heads.values()]}


def _worst(evaluation: Evaluation | None, crossed: bool) -> list[str] | str:
    """The slices by one factor, or by several crossed, that are worst in each head's primary metric.

    Slices with too few rows to say anything are left to the report.
    """
    if evaluation is None:
        return _NO_SLICES
    slices = [part for part in evaluation.slices if (len(part.columns) > 1) == crossed and not part.small]
    lines = []
    for name, head in evaluation.heads.items():
        found = [(part.metrics.get(name, {}).get(head.primary_metric), part) for part in slices]
        scored = [
            (interval.value, interval, part) for interval, part in found if interval and interval.value is not None
        ]
        for _, interval, part in sorted(scored, key=lambda row: -row[0])[:_MAX_SLICES]:
            title, label = METRICS[name][head.primary_metric].title, evaluation.labels[name]
            lines.append(f"{label}, {part.name}: {title} {estimate(interval)}, {part.labelled[name]:,} rows")
    return lines or _NO_SLICES


def _escaped(text: str) -> str:
    flat = " ".join(str(text).split())
    for sign in "\\`*_[]<>#|":
        flat = flat.replace(sign, f"\\{sign}")
    return flat

"""A model card from the facts of a run, with the fields of Model Cards for Model Reporting (Mitchell et al. 2019).

What only people know (who should use the model, whom it may harm) is not made up: the card says that it is for them
to fill in, and gives the facts that bear on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.evaluator.analysis.wording import held
from components.report.page.number_format import estimate, number, percent
from components.report.page.training import said_of_alone
from components.report.parts.training import BALANCING, TRUNKS

_MAX_SLICES = 5
_FILL_IN = "To be filled in by the people who know."

Values = Mapping[str, Any]
Card = dict[str, dict[str, Any]]


def card(report: Values) -> Card:
    """Returns the card: section to field to a text or a list of texts, in the order of the paper.

    Args:
        report: see `collect`.
    """
    data, model = report["data"] or {}, report["model"] or {}
    labels = data.get("labels", {})
    return {
        "Model details": _details(report, model),
        "Intended use": {
            "Primary intended uses": [
                f"Predict the number {labels['regression']} and the class "
                f"{labels['classification']} of one row of a table with the columns named under training data."
            ]
            if labels
            else _FILL_IN,
            "Primary intended users": _FILL_IN,
            "Out-of-scope use cases": "Rows unlike those it was trained on; decisions that no person can review.",
        },
        "Factors": {
            "Relevant factors": _FILL_IN,
            "Evaluation factors": sorted({" × ".join(part["columns"]) for part in model.get("slices", [])})
            or "None: no slices were configured under evaluation.slices.",
        },
        "Metrics": _metrics(model),
        "Evaluation data": _evaluation_data(data, model),
        "Training data": _training_data(data),
        "Quantitative analyses": {
            "Overall results": [line for name, head in model.get("heads", {}).items() for line in _results(name, head)],
            "Unitary results": _worst(model, crossed=False),
            "Intersectional results": _worst(model, crossed=True),
            **_relatedness(report["relatedness"]),
        },
        "Ethical considerations": {
            "Columns used": [column["name"] for column in data.get("columns", []) if column["role"] == "feature"],
            "Use of sensitive data, risks and harms": _FILL_IN,
        },
        "Caveats and recommendations": {
            "Verdict": [f"{entry['title']}: {entry['state']}. {entry['reason']}" for entry in report["verdict"]],
            "Recommendations": [entry["next"] for entry in report["verdict"] if entry["next"]],
            "Notes on the data": data.get("notes", []),
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


def _details(report: Values, model: Values) -> dict[str, Any]:
    run = report["run"] or {}
    details = {
        "Name": report["pipeline"],
        "Run": f"{run['id']}, started {run['started']}, {run['state']}" if run else "Kept by the runner.",
        "Model type": "A network with a head for a number and a head for a class, trained together.",
        "Software": [f"{row['name']} {row['version']}" for row in report["versions"]],
        "Licence, citation and contact": _FILL_IN,
    }
    if model:
        details["Training"] = (
            f"{model['parameters']:,} parameters; the weights are those of epoch {model['best_epoch']} of "
            f"{model['epochs']}, the best on the validation split.{_together(model)}"
        )
    return details


def _together(model: Values) -> str:
    """Says what the heads share, how their losses were balanced and how far their gradients agreed, as far as known."""
    curves = model["curves"] or {}
    said = f" Trunk: {TRUNKS.get(trunk, trunk)}." if (trunk := model["trunk"]) else ""
    if alone := said_of_alone(model):
        said += f" {alone}"
    if method := model["balancing"]:
        said += f" Balancing of the losses: {BALANCING.get(method, method)}"
        if weights := curves.get("weights"):
            kept = curves["epochs"].index(curves["best_epoch"])
            labels = {head: found["label"] for head, found in model["heads"].items()}
            found = [f"{number(values[kept], 3)} for {labels[head]}" for head, values in weights.items()]
            said += f"; in that epoch the weights became {' and '.join(found)}"
        said += "."
    if cosine := curves.get("gradient_cosine"):
        said += (
            f" Cosine between the heads' gradients on the shared layers: {number(cosine['mean'], 2)} on average over "
            f"{cosine['n']:,} epochs, below 0 in {percent(cosine['below_zero'])} of them."
        )
    return said


def _metrics(model: Values) -> dict[str, Any]:
    if not model:
        return {"Model performance measures": "The model was not evaluated in this run."}
    names = [
        f"{head}: {', '.join(metric['title'] for metric in result['metrics'].values())}"
        for head, result in model["heads"].items()
    ]
    checks = [check["sentence"] for head in model["heads"].values() for check in head["checks"]]
    level = f"{100 * model['confidence']:g} %" if model["confidence"] else "Bootstrap"
    return {
        "Model performance measures": names,
        "Decision thresholds": checks,
        "Variation approaches": f"{level} percentile bootstrap intervals over the eval rows; differences are paired.",
    }


def _evaluation_data(data: Values, model: Values) -> dict[str, Any]:
    return {
        "Datasets": f"{model['n']:,} rows of the eval split, which training never saw.{_judged(model)}"
        if model
        else "The model was not evaluated in this run.",
        "Motivation": "The same source as the training data, so the figures hold for rows like these.",
        "Preprocessing": "That of training, which the exported model carries with it.",
    } | ({"Fingerprint": data["fingerprint"]} if data else {})


def _judged(model: Values) -> str:
    """Says how many rows each head was judged on, where some have one label only."""
    if all(head["n"] == model["n"] for head in model["heads"].values()):
        return ""
    counts = " and ".join(f"{head['n']:,} with {head['label']}" for head in model["heads"].values())
    return f" Each head was judged on the rows with its label: {counts}."


def _training_data(data: Values) -> dict[str, Any]:
    if not data:
        return {"Datasets": "No data was read in this run."}
    rows = data["rows"]
    splits = ", ".join(f"{split} {count:,}" for split, count in rows["splits"].items())
    left_out = sum(rows["left_out"].values())
    without = "".join(f" {count:,} without {label}." for label, count in rows["unlabelled"].items() if count)
    return {
        "Datasets": data["paths"],
        "Rows": f"{rows['read']:,} read: {splits}; {left_out:,} left out.{without}",
        "Columns": [_column(column) for column in data["columns"]],
    }


def _column(column: Values) -> str:
    share = column["splits"]["train"]["missing_share"]
    return f"{column['name']} ({column['role']}, {column['kind']}, {100 * share:.3g} % missing in train)"


def _results(name: str, head: Values) -> list[str]:
    lines = [f"{metric['title']} {estimate(metric)}" for metric in head["metrics"].values()]
    if found := head["uncertainty"]:
        lines.append(held(found) if name == "regression" else _calibrated(found))
    return [f"{head['label']}: {line}" for line in lines]


def _calibrated(found: Values) -> str:
    before, after = (found[when]["calibration_error"] for when in ("before", "after"))
    return (
        f"probabilities at temperature {found['value']:.4g} from {found['rows']:,} calibration rows; calibration error "
        f"{before:.4g} without it, {after:.4g} with it."
    )


def _relatedness(found: Values | None) -> dict[str, Any]:
    """What sharing one network did to each head, where that was asked."""
    if found is None:
        return {}
    return {
        "Multi-task against single-task": [f"{head['label']}: {head['sentence']}" for head in found["heads"].values()]
    }


def _worst(model: Values, crossed: bool) -> Any:
    """The slices by one factor, or by several crossed, that are worst in each head's headline.

    Slices with too few rows to say anything are left to the report.
    """
    lines = []
    for name, head in model.get("heads", {}).items():
        headline = head["headline"]
        scored = [
            (part["metrics"][name][headline], part)
            for part in model["slices"]
            if (len(part["columns"]) > 1) == crossed
            and not part["small"]
            and part["metrics"].get(name, {}).get(headline, {}).get("value") is not None
        ]
        for found, part in sorted(scored, key=lambda row: -row[0]["value"])[:_MAX_SLICES]:
            title = head["metrics"][headline]["title"]
            lines.append(f"{head['label']}, {part['name']}: {title} {estimate(found)}, {part['labelled'][name]:,} rows")
    return lines or "None: evaluation.slices asks for none that has enough rows."


def _escaped(text: str) -> str:
    flat = " ".join(str(text).split())
    for sign in "\\`*_[]<>#|":
        flat = flat.replace(sign, f"\\{sign}")
    return flat

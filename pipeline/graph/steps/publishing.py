"""The steps from a model to a published one, and to a report on all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from components.formats.evaluation import Evaluation
from components.formats.push import Push
from components.formats.relatedness import Relatedness
from pipeline.config.run import Config
from pipeline.graph.steps.base import DATA, DESTINATION, THRESHOLDS, TRAINING, Arguments, Inputs, Step, as_json, within


def _evaluator(config: Config, inputs: Inputs) -> Arguments:
    gates = config.gates.model_dump(mode="json")
    settings = config.evaluation.model_dump(exclude={"tfma", "relatedness"})
    settings["gates"] = {name: gates[name] for name in ("regression", "classification", "rule")}
    return {"settings": as_json(settings), "code": inputs.code["Evaluator"]}


def _evaluated(artifacts: Mapping[str, str]) -> str:
    found = Evaluation.read(artifacts["evaluation"])
    rows = f"{found.n:,} rows"
    if {result.n for result in found.heads.values()} != {found.n}:
        judged = ", ".join(f"{head} {result.n:,}" for head, result in found.heads.items())
        rows += f" ({judged})"
    return f"{rows}, {'blessed' if found.verdict.blessed else 'rejected'}"


def _model_analysis(config: Config, inputs: Inputs) -> Arguments:
    from pipeline.graph.model_analysis import eval_config  # with TFMA, which takes seconds to import

    del inputs
    return {"eval_config": eval_config(config)}


def _relatedness(config: Config, inputs: Inputs) -> Arguments:
    settings = {
        "labels": config.labels.model_dump(exclude={"partial"}),
        "model": config.model.model_dump(),
        "training": config.training.model_dump(),
        "seeds": config.evaluation.relatedness,
        "confidence": config.evaluation.confidence,
        "resamples": config.evaluation.resamples,
    }
    return {"settings": as_json(settings), "code": inputs.code["Relatedness"]}


def _compared(artifacts: Mapping[str, str]) -> str:
    found = Relatedness.read(artifacts["relatedness"])
    verdicts = [f"{found.labels[head]}: {result.verdict}" for head, result in found.heads.items()]
    return f"{len(found.seeds)} seeds, " + ", ".join(verdicts)


def _pusher(config: Config, inputs: Inputs) -> Arguments:
    return {
        "destination": config.destination,
        "keep": config.push.keep,
        "provenance": as_json(asdict(inputs.production) | {"pipeline": config.name}),
        "replace": int(config.push.replace),
        "code": inputs.code["Pusher"],
    }


def _pushed(artifacts: Mapping[str, str]) -> str:
    result = Push.read(artifacts["pushed_model"])
    if not result.pushed:
        return "nothing pushed"
    return f"version {result.version}" + (", unchanged" if result.unchanged else "")


def _report(config: Config, inputs: Inputs) -> Arguments:
    # Where and how it runs changes nothing of what there is to report.
    shown = {name: value for name, value in config.as_json().items() if name not in ("runtime", "kubeflow", "tuning")}
    return {"settings": as_json({"pipeline": config.name, "config": shown}), "code": inputs.code["Report"]}


STEPS = (
    # Scores the model and the baseline on eval, per head and slice, and blesses or rejects.
    Step(
        "Evaluator",
        component="components.evaluator.component.Evaluator",
        module="components.evaluator.component",
        takes={
            "examples": "ExampleGen.examples",
            "schema": "SchemaGen.schema",
            "model": "Trainer.model",
            "baseline": "Baseline.model",
        },
        arguments=_evaluator,
        summary=_evaluated,
        report_source={"evaluation": "evaluation"},
        parameters=within("settings", *THRESHOLDS),
    ),
    # TensorFlow's own evaluation.
    Step(
        "ModelAnalysis",
        component="tfx.components.evaluator.component.Evaluator",
        module=None,
        takes={"examples": "ExampleGen.examples", "model": "Trainer.model", "schema": "SchemaGen.schema"},
        arguments=_model_analysis,
        wanted=lambda config: config.evaluation.tfma,
    ),
    # Compares the network with one for each head alone.
    Step(
        "Relatedness",
        component="components.relatedness.component.Relatedness",
        module="components.relatedness.component",
        takes={
            "transformed_examples": "Transform.transformed_examples",
            "transform_graph": "Transform.transform_graph",
        },
        arguments=_relatedness,
        wanted=lambda config: config.evaluation.relatedness > 0,
        summary=_compared,
        report_source={"relatedness": "relatedness"},
        reporting=True,
        parameters=within("settings", *TRAINING),
    ),
    # Publishes a blessed model.
    Step(
        "Pusher",
        component="components.pusher.component.Pusher",
        module="components.pusher.component",
        takes={
            "examples": "ExampleGen.examples",
            "anomalies": "DataValidator.anomalies",
            "model": "Trainer.model",
            "evaluation": "Evaluator.evaluation",
            "blessing": "Evaluator.blessing",
        },
        arguments=_pusher,
        summary=_pushed,
        report_source={"pushed_model": "pushed_model"},
        cached=False,  # what is served now is not in the key
        parameters={DESTINATION: "destination"},
    ),
    # Brings everything together for a person.
    Step(
        "Report",
        component="components.report.component.Report",
        module="components.report.component",
        takes={
            "examples": "ExampleGen.examples",
            "anomalies": "DataValidator.anomalies",
            "data_report": "DataReport.report",
            "model_run": "Trainer.model_run",
            "evaluation": "Evaluator.evaluation",
            "pushed_model": "Pusher.pushed_model",
            "relatedness": "Relatedness.relatedness",
        },
        arguments=_report,
        reporting=True,
        parameters=within("settings.config", *DATA, *TRAINING, *THRESHOLDS, DESTINATION),
    ),
)

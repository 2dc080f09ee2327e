"""The Evaluator step: figures of both heads on the eval split, and the blessing."""

import json
from pathlib import Path

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation, Schema
from tfx.utils import path_utils

from components.evaluator.analysis.coverage import uncertainty
from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.figures import figures
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.importance import importance, rows_for
from components.evaluator.analysis.rows import Rows
from components.evaluator.analysis.trivial import TrivialPredictor
from components.evaluator.incumbent import ask
from components.evaluator.scoring import ServingModel, read_columns, read_rows
from components.formats.evaluation import Evaluation, Training
from components.formats.importance import Importance
from components.schema_gen.schema_file import read_schema
from components.shared.errors import InputError, did_you_mean
from components.shared.file_names import SCHEMA
from components.shared.splits import EVAL, split_folder


@component
def Evaluator(
    examples: InputArtifact[Examples],
    schema: InputArtifact[Schema],
    model: InputArtifact[Model],
    baseline: InputArtifact[Model],
    evaluation: OutputArtifact[ModelEvaluation],
    blessing: OutputArtifact[ModelBlessing],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Scores the candidate and the production model on the same eval rows and judges each head.

    Args:
        examples: the raw splits; only `eval` is read, which training never saw.
        schema: the schema in force.
        model: the candidate.
        baseline: the production model; an empty artifact when there is none.
        evaluation: `evaluation.json` with every metric, interval, check and sentence, and how the calibration did;
            `figures.json` with what is drawn of each head, and `importance.json` with what each head loses without a
            column.
        blessing: property `blessed` 1 or 0, and a file of TFX's name for it.
        settings: JSON: `slices`, `confidence`, `resamples`, `gates`.
        code: fingerprint of this step's code, part of the cache key.
    """
    del code
    chosen = json.loads(settings)
    candidate = ServingModel(path_utils.serving_model_path(model.uri))
    manifest = candidate.manifest
    in_force = read_schema(Path(schema.uri) / SCHEMA)
    columns = _slice_columns(chosen["slices"], in_force)
    eval_split = Path(split_folder(examples.uri, EVAL))
    rows = read_rows(eval_split, in_force.SerializeToString(), (manifest.regression, manifest.classification), columns)
    predictions = candidate.predict(eval_split)
    gates = chosen["gates"]
    judgement = evaluate(
        rows,
        predictions,
        TrivialPredictor(manifest.train.mean, manifest.train.median, manifest.train.class_counts),
        baseline=ask(
            Path(path_utils.serving_model_path(baseline.uri)), examples.uri, in_force.SerializeToString(), manifest
        ),
        gate=Gate(HeadGate(**gates["regression"]), HeadGate(**gates["classification"]), gates["rule"]),
        slices=chosen["slices"],
        resamples=chosen["resamples"],
        level=chosen["confidence"],
    )
    figures(rows, predictions, level=chosen["confidence"]).write(evaluation.uri)
    _importance(candidate, rows, eval_split, in_force.SerializeToString(), chosen["confidence"]).write(evaluation.uri)
    Evaluation.of_judgement(
        judgement,
        labels={"regression": manifest.regression, "classification": manifest.classification},
        train=manifest.train,
        training=Training(
            parameters=manifest.parameters,
            epochs=manifest.epochs,
            best_epoch=manifest.best_epoch,
            trunk=manifest.trunk,
            notes=tuple(manifest.notes),
        ),
        uncertainty=uncertainty(rows, predictions, manifest.calibration, level=chosen["confidence"])
        if manifest.calibration
        else None,
    ).write(evaluation.uri)
    blessed = judgement.verdict.blessed
    (Path(blessing.uri) / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
    blessing.set_int_custom_property("blessed", int(blessed))


def _importance(candidate: ServingModel, rows: Rows, eval_split: Path, schema: bytes, level: float) -> Importance:
    """Returns each head's permutation importance on rows drawn at random."""
    n, inputs = len(rows.number), candidate.manifest.columns
    chosen = np.sort(np.random.default_rng(0).choice(n, min(n, rows_for(len(inputs))), replace=False))
    columns = read_columns(eval_split, schema, inputs, chosen)
    drawn = Rows(rows.number[chosen], rows.label[chosen], {})
    return importance(columns, drawn, candidate.predict_columns, level=level)


def _slice_columns(slices: list[str | list[str]], schema: schema_pb2.Schema) -> list[str]:
    """Returns the columns that slices name, each once."""
    known = [feature.name for feature in schema.feature]
    columns = dict.fromkeys(name for part in slices for name in ([part] if isinstance(part, str) else part))
    for name in columns:
        if name not in known:
            raise InputError(
                f'evaluation.slices must name columns of the data, got "{name}".{did_you_mean(name, known)}'
            )
    return list(columns)

"""The Evaluator step: figures of both heads on the eval split, and the blessing.

Where the Beam job runs in this very process, the split is read into arrays, which is faster. Elsewhere it may be more
than one machine holds, and workers count it: see `engine`.
"""

import json
from pathlib import Path

import apache_beam as beam
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation, Schema
from tfx.utils import path_utils

from components.evaluator import here
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.engine import elsewhere
from components.evaluator.question import Question
from components.evaluator.scoring import ServingModel
from components.formats.evaluation import Evaluation, Training
from components.schema_gen.schema_file import read_schema
from components.shared.beam_engine import discard, runs_here
from components.shared.file_names import SCHEMA


@component(use_beam=True)
def Evaluator(
    examples: InputArtifact[Examples],
    schema: InputArtifact[Schema],
    model: InputArtifact[Model],
    baseline: InputArtifact[Model],
    evaluation: OutputArtifact[ModelEvaluation],
    blessing: OutputArtifact[ModelBlessing],
    settings: Parameter[str],
    code: Parameter[str],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
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
        beam_pipeline: where the rows are scored and counted.
    """
    del code
    chosen = json.loads(settings)
    gates = chosen["gates"]
    candidate = ServingModel(path_utils.serving_model_path(model.uri))
    manifest = candidate.manifest
    question = Question(
        examples=examples.uri,
        schema=read_schema(Path(schema.uri) / SCHEMA),
        candidate=candidate,
        rival=Path(path_utils.serving_model_path(baseline.uri)),
        gate=Gate(HeadGate(**gates["regression"]), HeadGate(**gates["classification"]), gates["rule"]),
        slices=chosen["slices"],
        resamples=chosen["resamples"],
        level=chosen["confidence"],
    )
    if runs_here(beam_pipeline):
        discard(beam_pipeline)
        answer = here.answer(question)
    else:
        answer = elsewhere.answer(question, beam_pipeline, evaluation.uri)
    answer.figures.write(evaluation.uri)
    answer.importance.write(evaluation.uri)
    Evaluation.of_judgement(
        answer.judgement,
        labels={"regression": manifest.regression, "classification": manifest.classification},
        train=manifest.train,
        training=Training(
            parameters=manifest.parameters,
            epochs=manifest.epochs,
            best_epoch=manifest.best_epoch,
            trunk=manifest.trunk,
            notes=tuple(manifest.notes),
        ),
        uncertainty=answer.uncertainty,
    ).write(evaluation.uri)
    blessed = answer.judgement.verdict.blessed
    (Path(blessing.uri) / ("BLESSED" if blessed else "NOT_BLESSED")).touch()
    blessing.set_int_custom_property("blessed", int(blessed))

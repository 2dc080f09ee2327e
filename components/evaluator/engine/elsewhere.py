"""The evaluation on the workers of a Beam job: they score and count, and here is judged what they found."""

from __future__ import annotations

import os

import apache_beam as beam
import numpy as np
import tensorflow as tf

from components.evaluator.analysis.importance import importance, rows_for
from components.evaluator.analysis.slices import entries
from components.evaluator.analysis.survey import (
    ANY,
    STRATA,
    Draws,
    Survey,
    draw_survey,
    judge_survey,
    judge_uncertainty,
)
from components.evaluator.analysis.tally import Terms
from components.evaluator.engine.plan import Plan
from components.evaluator.engine.survey import read_survey, survey
from components.evaluator.incumbent import Knowledge, knowledge, meet
from components.evaluator.question import Answer, Question
from components.evaluator.scoring import raw_columns
from components.formats.importance import Importance
from components.model_format.manifest import Manifest

_TEMPORARY = ".temporary"


def answer(question: Question, pipeline: beam.Pipeline, folder: str) -> Answer:
    """Has all rows scored with both models and judges the candidate.

    Args:
        question: what is asked.
        pipeline: the job; it is run.
        folder: where workers may write; nothing is left there.
    """
    manifest = question.candidate.manifest
    rival = meet(question.rival, manifest)
    known = Knowledge(None, (), {})
    if isinstance(rival, Manifest):
        known = knowledge(question.rival, question.examples, rival, manifest)
    terms = Terms(
        trivial=question.trivial,
        calibration=manifest.calibration,
        classes=tuple(manifest.classes),
        rival_classes=tuple(rival.classes) if isinstance(rival, Manifest) else None,
    )
    temporary = os.path.join(folder, _TEMPORARY)
    tf.io.gfile.makedirs(temporary)
    plan = Plan(
        examples=question.examples,
        schema=question.schema.SerializeToString(),
        labels=question.labels,
        entries=tuple(entries(dict.fromkeys(question.columns), question.slices)),
        candidate=str(question.candidate.folder),
        rival=str(question.rival) if isinstance(rival, Manifest) else None,
        silence=rival if isinstance(rival, str) else None,
        terms=terms,
        strata=STRATA,
        seen=None if known.seen is None else _bits(known.seen, os.path.join(temporary, "seen.bits")),
        result=os.path.join(temporary, "survey.pickle"),
    )
    try:
        with pipeline:
            survey(pipeline, plan)
        surveyed, examples = read_survey(plan)
    finally:
        tf.io.gfile.rmtree(temporary)
    if known.seen is not None and len(known.seen) != surveyed.rows:
        raise ValueError(f"`seen` must tell of each of the {surveyed.rows:,} eval rows, got {len(known.seen):,}.")
    draws = Draws(resamples=question.resamples, level=question.level)
    return Answer(
        judge_survey(surveyed, terms, gate=question.gate, remarks=known.remarks, doubts=known.doubts, draws=draws),
        draw_survey(surveyed, level=question.level),
        _importance(question, surveyed, examples),
        judge_uncertainty(surveyed, terms, level=question.level),
    )


def _bits(seen: np.ndarray, path: str) -> str:
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(np.packbits(seen).tobytes())
    return path


def _importance(question: Question, surveyed: Survey, examples: list[bytes]) -> Importance:
    """Returns each head's permutation importance on the rows that were drawn for it, or the first of them."""
    inputs = question.candidate.manifest.columns
    enough = min(len(examples), rows_for(len(inputs)))
    columns = raw_columns(examples[:enough], question.schema.SerializeToString(), inputs)
    drawn = surveyed.sample(ANY).rows.take(np.arange(enough))
    return importance(columns, drawn, question.candidate.predict_columns, level=question.level)

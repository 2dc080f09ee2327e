"""The evaluation in one process: the eval split as arrays."""

from __future__ import annotations

import numpy as np

from components.evaluator.analysis.coverage import uncertainty
from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.figures import figures
from components.evaluator.analysis.importance import importance, rows_for
from components.evaluator.analysis.rows import Rows
from components.evaluator.incumbent import ask
from components.evaluator.question import Answer, Question
from components.evaluator.scoring import read_columns, read_rows
from components.formats.importance import Importance


def answer(question: Question) -> Answer:
    """Scores all rows with both models and judges the candidate."""
    manifest, schema = question.candidate.manifest, question.schema.SerializeToString()
    rows = read_rows(question.split, schema, question.labels, question.columns)
    predictions = question.candidate.predict(question.split)
    judgement = evaluate(
        rows,
        predictions,
        question.trivial,
        baseline=ask(question.rival, question.examples, schema, manifest),
        gate=question.gate,
        slices=question.slices,
        resamples=question.resamples,
        level=question.level,
    )
    return Answer(
        judgement,
        figures(rows, predictions, level=question.level),
        _importance(question, rows, schema),
        uncertainty(rows, predictions, manifest.calibration, level=question.level) if manifest.calibration else None,
    )


def _importance(question: Question, rows: Rows, schema: bytes) -> Importance:
    """Returns each head's permutation importance on rows drawn at random."""
    n, inputs = len(rows.number), question.candidate.manifest.columns
    chosen = np.sort(np.random.default_rng(0).choice(n, min(n, rows_for(len(inputs))), replace=False))
    columns = read_columns(question.split, schema, inputs, chosen)
    drawn = Rows(rows.number[chosen], rows.label[chosen], {})
    return importance(columns, drawn, question.candidate.predict_columns, level=question.level)

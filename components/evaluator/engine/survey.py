"""The passes over the files of the eval split that make a `Survey`.

    files ─► which rows are there ─► samples, groups of the slices' columns
    files ─► combinations of groups ─► slices
    files ─► both models' answers ─► tally, drawn rows

Each pass reads the files for itself, as rows would be larger between passes than they are on disk; what the first two
find are side inputs of the last, and as small as one machine holds.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from apache_beam.ml.inference.base import RunInference

from components.evaluator.analysis.groups import Groups, values_of
from components.evaluator.analysis.metric import Totals
from components.evaluator.analysis.rows import Answered, Predictions
from components.evaluator.analysis.sample import Chosen, Distinct, Hashes
from components.evaluator.analysis.slices import Cells, Division, Entry
from components.evaluator.analysis.survey import ANY, STRATA, Survey, strata
from components.evaluator.analysis.tally import Tally, tally
from components.evaluator.analysis.totals import merged
from components.evaluator.engine.handlers import Candidate, Rival
from components.evaluator.engine.pieces import CountRows, Piece, Pieces
from components.evaluator.engine.plan import Plan
from components.example_gen.examples.batches import SplitFiles
from components.example_gen.examples.reader import example_files
from components.example_gen.examples.row_hashes import row_hashes
from components.shared.splits import EVAL, split_folder

_VALUES = "values"
_MOST_BUCKETS = 256


@dataclass(frozen=True)
class Drawn:
    """Drawn rows, each once.

    Args:
        hashes: uint64 [m], ascending.
        answered: the rows.
        examples: object [m], the serialized tf.Examples of those that are drawn for importance, others empty.
    """

    hashes: Hashes
    answered: Answered
    examples: npt.NDArray[np.object_]

    def merged(self, other: Self) -> Self:
        """The rows of both."""
        together = Answered.joined([self.answered, other.answered])
        examples = np.concatenate([self.examples, other.examples])
        hashes, first = np.unique(np.concatenate([self.hashes, other.hashes]), return_index=True)
        return type(self)(hashes, together.take(first), examples[first])


@dataclass(frozen=True)
class Result:
    """What the last pass finds."""

    tally: Tally
    drawn: Drawn
    chosen: Chosen
    divisions: tuple[Division, ...]


def survey(pipeline: beam.Pipeline, plan: Plan) -> None:
    """Adds the passes to a pipeline; when it has run, `read_survey` returns what they found.

    Args:
        pipeline: the pipeline.
        plan: what is to be read and asked.
    """
    files = pipeline | SplitFiles(plan.examples, [EVAL])
    rows: Any = {}
    if plan.seen is not None:
        rows = beam.pvalue.AsDict(files | "Count" >> beam.ParDo(CountRows()))
    buckets = min(_MOST_BUCKETS, max(1, len(example_files(split_folder(plan.examples, EVAL)))))
    looked = (
        files
        | "Read to look" >> beam.ParDo(Pieces(plan), rows)
        | "Look" >> beam.ParDo(Look(plan, buckets)).with_outputs(_VALUES, main="rows")
    )
    sizes = tuple(plan.strata.values())
    chosen = (
        looked.rows
        | "Meet equals" >> beam.GroupByKey()
        | "Draw" >> beam.Map(_draw, sizes)
        | "Draw of all" >> beam.CombineGlobally(Together(functools.partial(_joined, sizes)))
    )
    divisions: Any = ()
    if plan.entries:
        groups = looked[_VALUES] | "Group" >> beam.CombineGlobally(Together(merged)) | beam.Map(_groups)
        cells = (
            files
            | "Read to slice" >> beam.ParDo(Pieces(plan), {})
            | "Cross" >> beam.Map(_cells, plan.entries, beam.pvalue.AsSingleton(groups))
            | "Cross all" >> beam.CombineGlobally(Together(merged))
        )
        divisions = beam.pvalue.AsSingleton(
            cells | "Slice" >> beam.Map(_divisions, plan.entries, beam.pvalue.AsSingleton(groups))
        )
    asked = (
        files
        | "Read to ask" >> beam.ParDo(Pieces(plan), rows)
        | "Ask the candidate" >> RunInference(Candidate(plan.candidate))
    )
    if plan.rival is not None:
        asked = asked | "Ask the production model" >> RunInference(Rival(plan.rival))
    drawn = beam.pvalue.AsSingleton(chosen)
    _ = (
        asked
        | "Tally" >> beam.Map(_tally, plan, drawn, divisions)
        | "Tally all" >> beam.CombineGlobally(Together(_together))
        | "Write" >> beam.Map(_write, plan.result, drawn, divisions)
    )


def read_survey(plan: Plan) -> tuple[Survey, list[bytes]]:
    """Returns what the passes found, and the serialized tf.Examples of the rows drawn for importance.

    The rows are those of the sample `ANY`, in its order.
    """
    with tf.io.gfile.GFile(plan.result, "rb") as file:
        found: Result = pickle.loads(file.read())
    samples = dict(zip(STRATA, found.chosen.hashes, strict=True))
    surveyed = Survey(found.tally, found.drawn.answered, found.drawn.hashes, samples, found.divisions)
    return surveyed, found.drawn.examples[surveyed.places(ANY)].tolist()


class Look(beam.DoFn):
    """Yields the rows that differ of pieces, by bucket, and as `values` those of the columns to slice by.

    Args:
        plan: what is to be read.
        buckets: how many buckets rows are dealt to by their hash.
    """

    def __init__(self, plan: Plan, buckets: int) -> None:
        super().__init__()
        self._plan, self._buckets = plan, buckets

    def process(self, piece: Piece) -> Iterator[Any]:
        """Looks at a piece."""
        distinct = Distinct.of(row_hashes(piece.batch), strata(piece.rows, piece.seen, self._plan.terms))
        for bucket, part in enumerate(distinct.divided(self._buckets)):
            if len(part.hashes):
                yield bucket, part
        if self._plan.entries:
            values = {name: (values_of(column).kept(),) for name, column in piece.rows.columns.items()}
            yield beam.pvalue.TaggedOutput(_VALUES, values)


class Together(beam.CombineFn):
    """Puts parts together in any order; None where there is none.

    Args:
        join: two parts -> that of both.
    """

    def __init__(self, join: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self._join = join

    def create_accumulator(self, *args: Any, **kwargs: Any) -> Any:
        """Returns nothing yet."""
        return None

    def add_input(self, accumulator: Any, element: Any, *args: Any, **kwargs: Any) -> Any:
        """Adds a part."""
        return element if accumulator is None else self._join(accumulator, element)

    def merge_accumulators(self, accumulators: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        """Puts together what was put together elsewhere."""
        parts = [part for part in accumulators if part is not None]
        return functools.reduce(self._join, parts) if parts else None

    def extract_output(self, accumulator: Any, *args: Any, **kwargs: Any) -> Any:
        """Returns all of it."""
        return accumulator


def _draw(bucket: tuple[int, Iterable[Distinct]], sizes: Sequence[int]) -> Chosen:
    return Distinct.joined(list(bucket[1])).chosen(sizes)


def _joined(sizes: Sequence[int], first: Chosen, second: Chosen) -> Chosen:
    return first.joined(second, sizes)


def _groups(values: Mapping[str, Totals]) -> dict[str, Groups]:
    return {name: totals[0].groups() for name, totals in values.items()}


def _entry(names: Sequence[str], groups: Mapping[str, Groups]) -> Entry:
    return Entry({name: groups[name] for name in names})


def _cells(piece: Piece, entries: Sequence[Sequence[str]], groups: Mapping[str, Groups]) -> dict[int, Totals]:
    return {place: (Cells.of(_entry(names, groups).cells(piece.rows.columns)),) for place, names in enumerate(entries)}


def _divisions(
    cells: Mapping[int, Totals], entries: Sequence[Sequence[str]], groups: Mapping[str, Groups]
) -> tuple[Division, ...]:
    return tuple(_entry(names, groups).division(cells[place][0]) for place, names in enumerate(entries))


def _tally(piece: Piece, plan: Plan, chosen: Chosen, divisions: Sequence[Division]) -> tuple[Tally, Drawn]:
    rival = plan.silence if plan.rival is None else piece.rival
    assert isinstance(piece.candidate, Predictions), "the candidate was asked"
    answered = Answered(piece.rows, piece.candidate, rival, piece.seen)
    hashes, first = np.unique(row_hashes(piece.batch), return_index=True)
    first = first[np.isin(hashes, chosen.rows)]
    hashes = hashes[np.isin(hashes, chosen.rows)]
    for_importance = np.isin(hashes, chosen.hashes[list(STRATA).index(ANY)])
    examples = np.where(for_importance, piece.examples[first], b"")
    return tally(answered, plan.terms, divisions), Drawn(hashes, answered.take(first), examples)


def _together(first: tuple[Tally, Drawn], second: tuple[Tally, Drawn]) -> tuple[Tally, Drawn]:
    return merged(first[0], second[0]), first[1].merged(second[1])


def _write(found: tuple[Tally, Drawn], path: str, chosen: Chosen, divisions: Sequence[Division]) -> None:
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(pickle.dumps(Result(*found, chosen, tuple(divisions))))

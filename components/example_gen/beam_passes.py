"""The two passes over a table on the workers of an engine: each reads blocks of it, and what they find is merged.

What a worker needs to know lies in a file beside the examples, where all workers can read it; it would be too large for
the description of a job. A worker that meets data which cannot be used says so in its result: an exception would be
tried again, and come back as a text.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, Self

import apache_beam as beam
import tensorflow as tf

from components.example_gen.examples.row_files import clear_rows
from components.example_gen.examples.writer import clear_splits, keep_only
from components.example_gen.labelled import labelled_batches
from components.example_gen.passes import InTurn
from components.example_gen.profiling.digits import check_names
from components.example_gen.profiling.profile import Profile, profile_of
from components.example_gen.profiling.tally import Tally, looked_at
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.time_sample import first_styles
from components.example_gen.tables.blocks import Block, blocks_of
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import file_digest
from components.example_gen.tables.lakes.lake import is_lake
from components.example_gen.tables.table import Table
from components.example_gen.writing import Writing
from components.example_gen.written import Written
from components.objects.staging import staged
from components.shared.errors import InputError

_TEMPORARY = ".temporary"
_LAST = 1 << 62  # after every number of a block


class BeamPasses:
    """Makes the passes as jobs of Beam; a table of one block is read in this process.

    Args:
        pipeline: a pipeline of the engine, of which only the runner and its options are taken.
        folder: a folder that all workers see.
    """

    def __init__(self, pipeline: beam.Pipeline, folder: str):
        self._runner, self._options, self._folder = pipeline.runner, pipeline.options, folder

    def look(self, table: Table, spec: IngestSpec, roles: Roles) -> Profile:
        """Returns what the columns of a table hold; see `profile`.

        Raises:
            InputError: as `profile`.
        """
        blocks = blocks_of(table)
        if len(blocks) < 2:
            return InTurn().look(table, spec, roles)
        check_names(looked_at(roles))
        job = _Look(table, spec, roles, tuple(first_styles(table, spec, roles)))
        return profile_of(self._done(job, blocks), spec, roles, table.dialect)

    def write(self, writing: Writing, table: Table, folder: str) -> Written:
        """Writes all rows of a table, each block to files of its own.

        Raises:
            InputError: a row cannot be read as it was.
        """
        blocks = blocks_of(table)
        if len(blocks) < 2:
            return InTurn().write(writing, table, folder)
        clear_splits(folder, writing.splits)
        clear_rows(folder)
        # What is streamed is hashed on the way; of other files only parts are read.
        hashed = [] if table.is_streamed else [path for path in table.paths if not is_lake(path)]
        written: Written = self._done(_Write(table, writing, folder), [*blocks, *map(_File, hashed)])
        keep_only(folder, writing.splits, written.files)
        return written

    def _done(self, job: _Job, work: Sequence[Block | _File]) -> Any:
        """Returns what a job finds in all of its work."""
        folder = os.path.join(self._folder, _TEMPORARY, uuid.uuid4().hex)
        tf.io.gfile.makedirs(folder)
        try:
            description, result = os.path.join(folder, "job"), os.path.join(folder, "result")
            _save((job, list(work)), description)
            with beam.Pipeline(runner=self._runner, options=self._options) as pipeline:
                _ = (
                    pipeline
                    | "Blocks" >> beam.Create(range(len(work)), reshuffle=False).with_output_types(int)
                    | "Deal" >> beam.Reshuffle()
                    | "Do" >> beam.ParDo(_Do(description))
                    | "Merge" >> beam.CombineGlobally(_Merge()).without_defaults()
                    | "Save" >> beam.Map(_save, result)
                )
            outcome: _Outcome = _load(result)
        finally:
            tf.io.gfile.rmtree(os.path.join(self._folder, _TEMPORARY))
        if outcome.refused:
            raise InputError(outcome.refused[min(outcome.refused)])
        return outcome.found


class _Mergeable(Protocol):
    """What is found in some work."""

    def empty(self) -> Self:
        """Returns what is found in no work."""

    def merge(self, other: Self) -> None:
        """Takes in what is found in other work."""


@dataclasses.dataclass(frozen=True)
class _File:
    """A file to hash."""

    path: str


@dataclasses.dataclass
class _Outcome:
    """What was found.

    Args:
        found: in the work that could be done; None as long as nothing was.
        refused: number of a piece of work → why it could not be done.
    """

    found: Any = None
    refused: dict[int, str] = dataclasses.field(default_factory=dict)

    def merge(self, other: _Outcome) -> None:
        """Takes in what was found in other work."""
        self.refused |= other.refused
        if other.found is None or self.refused:
            return  # nobody asks for what was found beside
        if self.found is None:
            self.found = other.found.empty()
        try:
            self.found.merge(other.found)
        except InputError as error:
            self.refused[_LAST] = str(error)


class _Job(Protocol):
    """What is done with each block of a table."""

    def do(self, work: Block | _File, temporary: str) -> _Mergeable:
        """Returns what is found in a piece of work.

        Args:
            work: the piece.
            temporary: a folder that goes when all is done.
        """


@dataclasses.dataclass(frozen=True)
class _Look:
    """Counts what the columns of a table hold."""

    table: Table
    spec: IngestSpec
    roles: Roles
    styles: Sequence[str]

    def do(self, work: Block | _File, temporary: str) -> Tally:
        """Returns the tally of a block."""
        del temporary
        assert isinstance(work, Block), "files are hashed where they are written"
        tally = Tally(self.spec, self.roles, self.styles)
        for batch in labelled_batches(self.table, self.spec, self.roles, spans=work.spans):
            tally.add(batch)
        return tally


@dataclasses.dataclass(frozen=True)
class _Write:
    """Writes the rows of a table to a folder."""

    table: Table
    writing: Writing
    folder: str

    def do(self, work: Block | _File, temporary: str) -> Written:
        """Returns the account of a block, or the digest of a file."""
        if isinstance(work, _File):
            written = self.writing.account()
            written.digests = {work.path: file_digest(work.path)}
            return written
        digests = Digests()
        written = self.writing.write(dataclasses.replace(self.table, digests=digests), self.folder, work, temporary)
        written.digests = dict(digests.found)
        return written


class _Do(beam.DoFn):
    """Does the pieces of work of these numbers.

    Args:
        description: file of the job and of its work.
    """

    def __init__(self, description: str):
        super().__init__()
        self._description = description

    def setup(self) -> None:
        """Reads what is to be done, once for each worker."""
        self._job, self._work = _load(self._description)

    def process(self, number: int) -> Iterator[_Outcome]:
        """Yields what is found in one piece of work."""
        work = self._work[number]
        try:
            with staged(work.paths if isinstance(work, Block) else []):
                yield _Outcome(self._job.do(work, os.path.dirname(self._description)))
        except InputError as error:
            yield _Outcome(refused={number: str(error)})


class _Merge(beam.CombineFn):
    """Merges outcomes, in whatever order they come."""

    def create_accumulator(self) -> _Outcome:
        """Returns the outcome of no work."""
        return _Outcome()

    def add_input(self, accumulator: _Outcome, element: _Outcome) -> _Outcome:
        """Returns the outcome of both."""
        accumulator.merge(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Outcome]) -> _Outcome:
        """Returns the outcome of all."""
        merged = _Outcome()
        for one in accumulators:
            merged.merge(one)
        return merged

    def extract_output(self, accumulator: _Outcome) -> _Outcome:
        """Returns what was found."""
        return accumulator


def _save(content: Any, path: str) -> None:
    """Writes an object of this project to a file, which appears when it is whole."""
    temporary = f"{path}.{uuid.uuid4().hex}"
    with tf.io.gfile.GFile(temporary, "wb") as file:
        file.write(pickle.dumps(content))
    tf.io.gfile.rename(temporary, path, overwrite=True)


def _load(path: str) -> Any:
    """Returns what `_save` wrote."""
    with tf.io.gfile.GFile(path, "rb") as file:
        return pickle.loads(file.read())

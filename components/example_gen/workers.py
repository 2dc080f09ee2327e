"""Work dealt to the workers of an engine, and what they find in it merged to one result.

What a worker needs to know lies in a file beside the artifact of the step, where all workers can read it; it would be
too large for the description of a job. A worker that meets data which cannot be used says so in its result: an
exception would be tried again, and come back as a text.
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

from components.shared.errors import InputError

_TEMPORARY = ".temporary"
_LAST = 1 << 62  # after the number of every piece of work


class Mergeable(Protocol):
    """What is found in some work."""

    def empty(self) -> Self:
        """Returns what is found in no work."""

    def merge(self, other: Self) -> None:
        """Takes in what is found in other work, in whatever order."""


class Job(Protocol):
    """What is done with each piece of work; it is pickled, and so is what it finds."""

    def do(self, work: Any, temporary: str) -> Mergeable:
        """Returns what is found in a piece of work.

        Args:
            work: the piece.
            temporary: a folder that goes when all is done.

        Raises:
            InputError: the data cannot be used; of several such pieces the first one is told.
        """


class Workers:
    """The workers of an engine.

    Args:
        pipeline: a pipeline of the engine, of which only the runner and its options are taken.
        folder: a folder that all workers see.
    """

    def __init__(self, pipeline: beam.Pipeline, folder: str):
        self._runner, self._options, self._folder = pipeline.runner, pipeline.options, folder

    def done(self, job: Job, work: Sequence[Any]) -> Any:
        """Returns what a job finds in all of its work, of which there must be some.

        Raises:
            InputError: the data cannot be used.
        """
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

"""The times of a split by time: which way of writing fits all of them, and where the cuts lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Cells
from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.first_times import FirstTimes
from components.example_gen.splitting.splits import time_cuts
from components.example_gen.splitting.times import ISO, NUMBER, candidates, parse_times
from components.example_gen.tables.table import Table
from components.shared.errors import InputError

SAMPLE = 200_000
"""Distinct times that are counted, and rows that are sampled where there are more."""


class TimeSample:
    """The times of a column, as many as fit, and the way of writing that fits all of them.

    Up to 200,000 distinct texts are counted, so the cuts are exact however many rows there are. Beyond that, times of
    200,000 rows are a uniform sample: a cut leaves a share of the rows on its left that is off by no more than 0.44
    points in 999 of 1,000 tables (Dvoretzky, Kiefer and Wolfowitz, "Asymptotic minimax character of the sample
    distribution function", 1956, with the constant of Massart, 1990). Both are the same in whatever order and blocks
    the rows come.

    Args:
        column: the column's name, for messages.
        styles: ways of writing that may fit, see `candidates`; found out from the first time if left out.
    """

    def __init__(self, column: str, styles: Sequence[str] = ()):
        self.column = column
        self._styles = list(styles)
        self._counts: TimeCounts | None = TimeCounts()
        self._text: pa.Array = pa.array([], pa.string())
        self._priority = np.array([], np.uint64)
        self._bound: np.uint64 | None = None
        self._first: dict[str, FirstTimes] = {}
        self._wrong: dict[str, tuple[tuple[int, int], str, str]] = {}

    def add(self, batch: LabelledBatch) -> None:
        """Takes in the rows of a batch.

        Raises:
            InputError: a time is missing or is written in another way than those before.
        """
        cells = batch.cells[self.column]
        if cells.missing.any():
            index = int(np.flatnonzero(cells.missing)[0])
            got = "one without end or beyond the years 1 to 9999" if cells.beyond else "none"
            raise InputError(
                f'The split column "{self.column}" must hold a time in every row, got {got} in '
                f"{batch.where(index)}. Fill it, or split by row."
            )
        text = time_texts(cells)
        if not len(text):
            return
        self._styles = self._fitting(text, self._styles or candidates(text[0].as_py()), batch)
        if self._counts is not None:
            self._counts.add(text)
        self._sample(text, batch.priorities)

    def merge(self, other: TimeSample) -> None:
        """Takes in the times of other rows, which were looked at with the same candidates.

        Raises:
            InputError: those are written in another way than these.
        """
        if not other._first:
            return
        for style, wrong in other._wrong.items():
            self._wrong[style] = min(wrong, self._wrong.get(style, wrong))
        self._styles = [style for style in other._styles if style in self._styles or not self._first]
        if not self._styles:
            raise self._unfit()
        for style in self._styles:
            self._first.setdefault(style, FirstTimes()).merge(other._first[style])
        if self._counts is None or other._counts is None:
            self._counts = None
        else:
            self._counts.merge(other._counts)
        self._sample(other._text, other._priority)

    def cuts(self, fractions: Sequence[float]) -> tuple[str, tuple[float, ...]]:
        """Returns the way the times are written, for `parse_times`, and the cuts between the splits."""
        style = self._styles[0]
        self._shrink()
        if self._counts is not None:
            texts, counts = self._counts.together()
            return style, time_cuts(parse_times(texts, style), fractions, counts)
        return style, time_cuts(parse_times(self._text, style), fractions)

    def __getstate__(self) -> dict[str, object]:
        self._shrink()  # what travels is as small as can be
        return self.__dict__

    @property
    def first(self) -> FirstTimes:
        """When something is seen first, in times as `cuts` gives them."""
        return self._first[self._styles[0]]

    @property
    def ambiguous(self) -> bool:
        """Whether day and month could be exchanged in every value; the month was taken to come first."""
        dates = [style for style in self._styles if style not in (NUMBER, ISO)]
        return len(dates) > 1 and dates == self._styles

    def _sample(self, text: pa.Array, priorities: np.ndarray) -> None:
        if self._bound is not None:
            near = priorities < self._bound
            text, priorities = text.filter(pa.array(near)), priorities[near]
        self._text = pa.concat_arrays([self._text, text])
        self._priority = np.concatenate([self._priority, priorities])
        if max(len(self._text), 0 if self._counts is None else self._counts.held) > 2 * SAMPLE:
            self._shrink()

    def _shrink(self) -> None:
        """Keeps the rows of the smallest priorities, which are a uniform sample, and texts that are not too many."""
        if len(self._text) > SAMPLE:
            keep = np.argpartition(self._priority, SAMPLE)[:SAMPLE]
            self._text, self._priority = self._text.take(pa.array(keep)), self._priority[keep]
            self._bound = self._priority.max()
        if self._counts is not None and len(self._counts.together()[0]) > SAMPLE:
            self._counts = None

    def _fitting(self, text: pa.Array, styles: Sequence[str], batch: LabelledBatch) -> list[str]:
        fitting = []
        for style in styles:
            times = parse_times(text, style)
            wrong = np.isnan(times)
            if wrong.any():
                first = int(np.flatnonzero(wrong)[0])
                self._wrong[style] = (batch.place(first), text[first].as_py(), batch.where(first))
            else:
                fitting.append(style)
                self._first.setdefault(style, FirstTimes()).add(batch, times)
        if not fitting:
            raise self._unfit()
        return fitting

    def _unfit(self) -> InputError:
        """Returns the error of times without a way of writing that fits all: where the last one ceases to fit."""
        _, text, where = max(self._wrong.values())
        return InputError(
            f'The split column "{self.column}" must hold ISO dates, epoch numbers or dates of one form, '
            f'got "{text}" in {where}. Write all times alike.'
        )


class TimeCounts:
    """How many rows have each text of a column of times, as long as the texts are not too many."""

    def __init__(self) -> None:
        self._texts: list[pa.Array] = [pa.array([], pa.string())]
        self._counts = [np.zeros(0, np.int64)]

    def add(self, text: pa.Array) -> None:
        """Takes in the texts of some rows, string `[n]` without null."""
        counted = pc.value_counts(text)
        self._texts.append(counted.field("values"))
        self._counts.append(counted.field("counts").to_numpy(zero_copy_only=False))

    def merge(self, other: TimeCounts) -> None:
        """Takes in the texts of other rows."""
        self._texts += other._texts
        self._counts += other._counts

    @property
    def held(self) -> int:
        """How many texts are held, some of them more than once."""
        return sum(map(len, self._texts))

    def together(self) -> tuple[pa.Array, np.ndarray]:
        """Returns the distinct texts, string `[n]`, and the rows of each, int64 `[n]`."""
        encoded = pc.dictionary_encode(pa.concat_arrays(self._texts))
        sums = np.zeros(len(encoded.dictionary), np.int64)
        np.add.at(sums, encoded.indices.to_numpy(zero_copy_only=False), np.concatenate(self._counts))
        self._texts, self._counts = [encoded.dictionary], [sums]
        return encoded.dictionary, sums


def first_styles(table: Table, spec: IngestSpec, roles: Roles) -> list[str]:
    """Returns the ways of writing that the times of a table may be of, by its first row; none without a split by time.

    Args:
        table: the table.
        spec: how it is split.
        roles: what its columns are for.
    """
    if spec.split != "time" or roles.split is None:
        return []
    for batch in labelled_batches(table, spec, dataclasses.replace(roles, features=(), vectors={})):
        text = time_texts(batch.cells[roles.split])
        if len(text):
            return candidates(text[0].as_py()) if text[0].is_valid else []
    return []


def time_texts(cells: Cells) -> pa.Array:
    """Returns the texts of a column of times, string `[n]`; lists, which are none, are texts that nothing fits."""
    return cells.text() if not cells.is_vector else pa.array(["a list"] * len(cells))

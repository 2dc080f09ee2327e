"""The two passes over a table on the workers of an engine: each reads blocks of it, and what they find is merged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import apache_beam as beam

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
from components.example_gen.workers import Workers
from components.example_gen.writing import Writing
from components.example_gen.written import Written
from components.objects.staging import staged


class BeamPasses:
    """Makes the passes as jobs of Beam; a table of one block is read in this process.

    Args:
        pipeline: a pipeline of the engine, of which only the runner and its options are taken.
        folder: a folder that all workers see.
    """

    def __init__(self, pipeline: beam.Pipeline, folder: str):
        self._workers = Workers(pipeline, folder)

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
        return profile_of(self._workers.done(job, blocks), spec, roles, table.dialect)

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
        written: Written = self._workers.done(_Write(table, writing, folder), [*blocks, *map(_File, hashed)])
        keep_only(folder, writing.splits, written.files)
        return written


@dataclasses.dataclass(frozen=True)
class _File:
    """A file to hash."""

    path: str


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
        with staged(work.paths):
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
        with staged(work.paths):
            table = dataclasses.replace(self.table, digests=digests)
            written = self.writing.write(table, self.folder, work, temporary)
        written.digests = dict(digests.found)
        return written

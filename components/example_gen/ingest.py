"""Tables to `tf.Example`s in two streaming passes: look at every value, then write every row.

Memory is bounded by a block of the file, whatever its size. Rows keep their order within a split.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.cells import Kind, hash_strings
from components.example_gen.cells.notes import number_like
from components.example_gen.examples.encode import encode, feature_array, has_value, scalar_array
from components.example_gen.examples.row_files import RECALLED, RowFiles
from components.example_gen.examples.writer import ROWS_PER_FILE, SplitWriter
from components.example_gen.features import Feature, choose_features
from components.example_gen.labelled import LabelledBatch, labelled_batches
from components.example_gen.profiling.profile import Profile, examine
from components.example_gen.profiling.sufficiency import TrainLabels
from components.example_gen.roles import Roles, assign_roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.recall import Pushed, Recalled, identity_of, recall
from components.example_gen.splitting.row_identity import BYTES, Identity, fold
from components.example_gen.splitting.splits import combine, hash_numbers, shares, split_by_hash, split_by_time
from components.example_gen.splitting.times import parse_times
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.table import Table, open_table
from components.formats.summary import Summary
from components.objects.staging import staged
from components.shared.errors import InputError
from components.shared.exact_numbers import bits, companion
from components.shared.splits import CALIBRATION, EVAL, TRAIN, VALIDATION


def ingest(spec: IngestSpec, folder: str, rows_per_file: int = ROWS_PER_FILE, pushed: Pushed | None = None) -> Summary:
    """Writes the splits, the rows' fingerprints and `summary.json` into a folder, and returns the summary.

    Args:
        spec: what to read and how.
        folder: root of the Examples artifact.
        rows_per_file: rows per TFRecord file.
        pushed: the rows of the pushed model. What told them apart does so again as long as the table has it, and where
            it has not, they are looked up: rows stay in their splits whatever columns come and go.

    Raises:
        InputError: the data cannot be used as it is; the message says where and what to do.
    """
    with staged(spec.paths):
        return _ingest(spec, folder, rows_per_file, pushed)


def _ingest(spec: IngestSpec, folder: str, rows_per_file: int, pushed: Pushed | None) -> Summary:
    table = open_table(spec.paths, spec.dialect)
    roles = assign_roles(spec, table.columns, table.index)
    table, found = examine(table, spec, roles)
    features, warnings = choose_features(table, found, spec, roles)
    identity, recalled = identity_of(found, roles), None
    if pushed is not None:
        recalled = recall(pushed, table, roles, spec.split_settings)
        roles = dataclasses.replace(roles, recalled=tuple(set(pushed.identity.valued) - set(recalled.gone)))
        if not recalled.gone:
            identity = pushed.identity
        elif spec.split == "row" and recalled.kept is None:
            warnings.append(
                f"The rows could not be kept in their splits: those of the pushed model were split by "
                f"{_named(recalled.gone)} too, which cannot be read as then."
            )
    written = _Pass(table, spec, roles, found, features, identity, recalled).write(folder, rows_per_file)
    # A column without a value in train has no type there, and no later step could use it.
    unseen = [feature for feature in features if not written.seen_in_train[feature.name]]
    if unseen:
        warnings += [f"{feature.name}: no value falls into train, so it is not written." for feature in unseen]
        features = [feature for feature in features if feature not in unseen]
        if not features:
            raise InputError("The data must have at least one feature with a value in train, got none. Add rows.")
        written = _Pass(table, spec, roles, found, features, identity, recalled).write(folder, rows_per_file)
    _check(found, written, spec)
    _check_labels(written, roles, list(spec.shares))
    written.train.check(spec)
    summary = Summary(
        files=list(table.paths),
        dialect=table.dialect,
        fingerprint=fingerprint(table.paths),
        rows_in=found.read,
        rows_out=sum(written.rows),
        left_out=found.left_out,
        splits=dict(zip(spec.shares, written.rows, strict=True)),
        regression=roles.regression,
        classification=roles.classification,
        classes={
            split: {name: counts[name] for name in found.classes}
            for split, counts in zip(spec.shares, written.classes, strict=True)
        },
        columns={feature.name: str(feature.kind) for feature in features},
        missing={feature.name: written.missing[feature.name] for feature in features},
        non_finite={feature.name: feature.non_finite for feature in features if feature.non_finite},
        vectors={feature.name: feature.length for feature in features if feature.kind == Kind.VECTOR},
        vector_columns={feature.name: list(feature.columns) for feature in features if feature.kind == Kind.VECTOR},
        split_by=spec.split,
        warnings=warnings + _left_out(found),
        unlabelled={
            split: {label: rows - labelled[label] for label in (roles.regression, roles.classification)}
            for split, rows, labelled in zip(spec.shares, written.rows, written.labelled, strict=True)
        },
        weight=roles.weight,
        identity=identity.to_dict(),
        recalled=recalled.identity.to_dict() if recalled and recalled.gone else {},
        gone=list(recalled.gone) if recalled else [],
        split_settings=spec.split_settings,
        inherited=recalled is not None and recalled.kept is not None,
        judged=written.judged,
        forms=found.forms,
        number_like=[name for name in roles.features if number_like(name, found.columns[name], spec)],
        wide=[feature.name for feature in features if feature.kind == Kind.FLOAT and feature.name in found.wide]
        + [roles.regression] * (roles.regression in found.wide),
    )
    summary.write(folder)
    return summary


class _Pass:
    """The second pass: assigns, encodes and writes every row that has a label."""

    def __init__(
        self,
        table: Table,
        spec: IngestSpec,
        roles: Roles,
        found: Profile,
        features: Sequence[Feature],
        identity: Identity,
        recalled: Recalled | None,
    ):
        self._table, self._spec, self._roles, self._found = table, spec, roles, found
        self._features, self._identity, self._recalled = features, identity, recalled
        before = {} if recalled is None else recalled.identity.forms
        self._forms = before | found.forms
        self._judged = 0
        self._shares = spec.shares
        self.rows: list[int] = []
        self.classes: list[Counter[str]] = [Counter() for _ in spec.shares]
        self.labelled: list[Counter[str]] = [Counter() for _ in spec.shares]
        self.weighted: list[Counter[str]] = [Counter() for _ in spec.shares]
        self.missing: Counter[str] = Counter()
        self.seen_in_train: Counter[str] = Counter()
        self.train = TrainLabels()

    def write(self, folder: str, rows_per_file: int) -> _Pass:
        splits_made = list(self._shares)
        log = [*splits_made, RECALLED] if self._recalled and self._recalled.gone else splits_made
        with SplitWriter(folder, splits_made, rows_per_file) as writer, RowFiles(folder, log) as row_files:
            for batch in labelled_batches(self._table, self._spec, self._roles, self._forms):
                if not len(batch.target):
                    continue
                splits = self._assign(batch, row_files)
                arrays = {feature.name: feature_array(feature, batch.cells) for feature in self._features}
                train = splits == splits_made.index(TRAIN)
                for feature in self._features:
                    valued = has_value(feature, arrays[feature.name])
                    self.missing[feature.name] += int((~valued).sum())
                    self.seen_in_train[feature.name] += int((valued & train).sum())
                writer.write(encode(arrays | self._labels(batch) | self._companions(batch, arrays)), splits)
                self._count(batch, splits)
            self.rows = writer.rows
        return self

    def _labels(self, batch: LabelledBatch) -> dict[str, pa.ListArray]:
        arrays = {
            self._roles.regression: scalar_array(pa.array(batch.target.astype(np.float32)), ~batch.has_number),
            self._roles.classification: scalar_array(batch.classes.cast(pa.binary()), ~batch.has_class),
        }
        if self._roles.weight is not None and batch.weight is not None:
            none = np.zeros(len(batch.weight), bool)
            arrays[self._roles.weight] = scalar_array(pa.array(batch.weight.astype(np.float32)), none)
        return arrays

    def _companions(self, batch: LabelledBatch, arrays: dict[str, pa.ListArray]) -> dict[str, pa.ListArray]:
        """Returns all 64 bits of what 32 do not hold, see `components.shared.exact_numbers`."""
        found = {}
        for feature in self._features:
            if feature.kind == Kind.FLOAT and feature.name in self._found.wide:
                values, missing = batch.cells[feature.name].floats(), arrays[feature.name].is_null()
                found[companion(feature.name)] = scalar_array(
                    pa.array(bits(values)), missing.to_numpy(zero_copy_only=False)
                )
        if self._roles.regression in self._found.wide:
            found[companion(self._roles.regression)] = scalar_array(pa.array(bits(batch.target)), ~batch.has_number)
        return found

    def _count(self, batch: LabelledBatch, splits: np.ndarray) -> None:
        self.train.add(batch, splits == list(self._shares).index(TRAIN))
        counted = np.ones(len(splits), bool) if batch.weight is None else batch.weight.astype(np.float32) > 0
        present = {self._roles.regression: batch.has_number, self._roles.classification: batch.has_class}
        for split, classes in enumerate(self.classes):
            inside = splits == split
            for entry in pc.value_counts(batch.classes.filter(pa.array(inside)).drop_null()).to_pylist():
                classes[entry["values"]] += entry["counts"]
            for label, rows in present.items():
                self.labelled[split][label] += int((rows & inside).sum())
                self.weighted[split][label] += int((rows & inside & counted).sum())

    @property
    def judged(self) -> str:
        """Digest of the eval rows, whatever their order."""
        return f"{self._judged:016x}"

    def _assign(self, batch: LabelledBatch, row_files: RowFiles) -> np.ndarray:
        """Returns the split of each row, int64 `[n]`, and notes the rows' fingerprints."""
        labels = shares(
            {
                self._roles.regression: hash_numbers(batch.target, ~batch.has_number),
                self._roles.classification: hash_strings(batch.classes, ~batch.has_class),
            }
        )
        parts = shares(self._identity.hashes(batch.cells, len(batch.target)))
        splits = self._splits(batch, labels, parts)
        both = combine(labels.values())
        now = earlier = self._identity.fingerprints(parts, both)
        if self._recalled is not None and self._recalled.gone:
            there = {name: cells for name, cells in batch.cells.items() if name not in self._recalled.gone}
            known = self._recalled.identity
            earlier = known.fingerprints(shares(known.hashes(there, len(splits))), both)
        if self._recalled is not None and self._recalled.kept is not None:
            splits = self._recalled.kept.apply(earlier, splits)
        judged = splits == list(self._shares).index(EVAL)
        self._judged = (self._judged + int(fold(now[judged], np.ones(BYTES, bool)).sum())) % 2**64
        row_files.write(now, splits)
        if earlier is not now:
            row_files.write(earlier, np.where(judged, len(self._shares), -1))
        return splits

    def _splits(self, batch: LabelledBatch, labels: dict[str, np.ndarray], parts: dict[str, np.ndarray]) -> np.ndarray:
        key, fractions = self._roles.split, list(self._shares.values())
        if key is not None and self._found.time_cuts is not None and self._found.time_style is not None:
            times = parse_times(batch.cells[key].text(), self._found.time_style)
            return split_by_time(times, self._found.time_cuts)
        # A key that is no feature tells rows apart, but has no part in the hash of their content.
        content = [part for name, part in parts.items() if name != key or name in self._roles.inputs]
        rows = combine([*content, *labels.values()])
        if key is None:
            return split_by_hash(rows, fractions, self._spec.salt)
        cells = batch.cells[key]
        hashes = cells.hashes(self._identity.columns.get(key, self._found.columns[key].kind))
        if cells.missing.any():  # rows without a key do not belong together
            hashes = np.where(cells.missing, rows, hashes)
        return split_by_hash(hashes, fractions, self._spec.salt)


def _named(columns: Sequence[str]) -> str:
    """Returns at most three columns in quotes, and how many there are beside them."""
    shown = ", ".join(f'"{name}"' for name in columns[:3])
    return shown + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")


def _check(found: Profile, written: _Pass, spec: IngestSpec) -> None:
    if sum(written.rows) + sum(found.left_out.values()) != found.read:
        raise InputError(
            f"The data must not change while it is read, got {found.rows:,} labelled rows first "
            f"and {sum(written.rows):,} later. Run again."
        )
    for split, rows in zip(spec.shares, written.rows, strict=True):
        if not rows:
            remedy = "choose another data.split.salt" if spec.split == "row" else "choose another split column"
            if split == CALIBRATION:
                remedy = "set data.split.calibration to 0"
            advice = f"{found.few} Or {remedy}." if found.few else f"Add rows, or {remedy}."
            raise InputError(f"The {split} split needs at least 1 row, got 0 of {found.rows:,} rows. {advice}")


def _check_labels(written: _Pass, roles: Roles, splits: list[str]) -> None:
    """Refuses splits in which a head has no row to learn from or to be judged on."""
    for split, labelled, weighted in zip(splits, written.labelled, written.weighted, strict=True):
        if split == CALIBRATION:
            continue  # a head without a label there is left as it is
        for label in (roles.regression, roles.classification):
            if not labelled[label]:
                raise InputError(
                    f'The {split} split needs at least 1 row with the label "{label}", got 0. '
                    "Add rows with this label, or choose another data.split."
                )
            if split in (TRAIN, VALIDATION) and not weighted[label]:
                raise InputError(
                    f'The weight "{roles.weight}" must be above 0 in a row of the {split} split that has the label '
                    f'"{label}", got 0 in all {labelled[label]:,}. Correct the weights.'
                )


def _left_out(found: Profile) -> list[str]:
    if not found.left_out:
        return []
    reasons = ", ".join(f"{reason} in {rows:,}" for reason, rows in found.left_out.items())
    return [f"{sum(found.left_out.values()):,} of {found.read:,} rows were left out: {reasons}."]

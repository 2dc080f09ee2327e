"""Tables to `tf.Example`s in two streaming passes: look at every value, then write every row.

Memory is bounded by a block of the file, whatever its size. Rows keep their order within a split. Who reads and writes
them, this process or the workers of an engine, makes no difference to what is found and written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.notes import number_like
from components.example_gen.examples.writer import ROWS_PER_FILE
from components.example_gen.features import choose_features
from components.example_gen.passes import InTurn, Passes
from components.example_gen.plan import CHANGED, Plan, make_plan
from components.example_gen.profiling.profile import Profile
from components.example_gen.roles import Roles
from components.example_gen.spec import IngestSpec
from components.example_gen.splitting.assignment import Assignment
from components.example_gen.splitting.recall import Pushed, identity_of, recall
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.unseen import unseen_in_train
from components.example_gen.writing import Writing
from components.example_gen.written import Written
from components.formats.summary import Summary
from components.objects.staging import staged
from components.shared.errors import InputError
from components.shared.splits import CALIBRATION, TRAIN, VALIDATION


def ingest(
    spec: IngestSpec,
    folder: str,
    rows_per_file: int = ROWS_PER_FILE,
    pushed: Pushed | None = None,
    plan: Plan | None = None,
    passes: Passes | None = None,
) -> Summary:
    """Writes the splits, the rows' fingerprints and `summary.json` into a folder, and returns the summary.

    Args:
        spec: what to read and how.
        folder: root of the Examples artifact.
        rows_per_file: rows per TFRecord file.
        pushed: the rows of the production model. What told them apart does so again as long as the table has it, and
            where it has not, they are looked up: rows stay in their splits whatever columns come and go.
        plan: what an earlier look at these files settled; None has them looked at now.
        passes: who reads and writes the rows; this process if left out.

    Raises:
        InputError: the data cannot be used as it is, or is not that of the plan; the message says where and what to do.
    """
    passes = passes or InTurn()
    with staged(spec.paths):
        if plan is None:
            return _ingest(make_plan(spec, look=passes.look), folder, rows_per_file, pushed, passes)
        try:
            return _ingest(plan, folder, rows_per_file, pushed, passes)
        except Exception as error:
            if fingerprint(spec.paths) != plan.fingerprint:  # whatever went wrong, it is for that reason
                raise InputError(CHANGED) from error
            raise


def _ingest(plan: Plan, folder: str, rows_per_file: int, pushed: Pushed | None, passes: Passes) -> Summary:
    spec, table, roles, found = plan.spec, plan.table, plan.roles, plan.profile
    features, warnings = choose_features(table, found, spec, roles)
    identity, recalled = identity_of(found, roles), None
    if pushed is not None:
        recalled = recall(pushed, table, roles, spec.split_settings)
        roles = dataclasses.replace(roles, recalled=tuple(set(pushed.identity.valued) - set(recalled.gone)))
        if not recalled.gone:
            identity = pushed.identity
        elif spec.split == "row" and recalled.kept is None:
            warnings.append(
                f"The rows could not be kept in their splits: those of the production model were split by "
                f"{_named(recalled.gone)} too, which cannot be read as then."
            )
    assignment = Assignment(spec, roles, found, identity, recalled)
    forms = ({} if recalled is None else recalled.identity.forms) | found.forms
    # A column without a value in train has no type there, and no later step could use it.
    unseen = unseen_in_train(assignment, features, table.dialect, forms)

    def write() -> Written:
        names = [feature.name for feature in features if feature.name not in unseen]
        return passes.write(Writing(assignment, features, names, forms, rows_per_file), table, folder)

    written = write()
    if written.unseen != unseen:  # in many rows, and none of them in train
        unseen = written.unseen
        written = write()
    warnings += [
        f"{feature.name}: no value falls into train, so it is not written."
        for feature in features
        if feature.name in unseen
    ]
    features = [feature for feature in features if feature.name not in unseen]
    if not features:
        raise InputError("The data must have at least one feature with a value in train, got none. Add rows.")
    _check(found, written, spec)
    _check_labels(written, roles, list(spec.shares))
    written.train.check(spec)
    summary = Summary(
        files=list(table.paths),
        dialect=table.dialect,
        fingerprint=fingerprint(table.paths, Digests(written.digests)),
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


def _named(columns: Sequence[str]) -> str:
    """Returns at most three columns in quotes, and how many there are beside them."""
    shown = ", ".join(f'"{name}"' for name in columns[:3])
    return shown + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")


def _check(found: Profile, written: Written, spec: IngestSpec) -> None:
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


def _check_labels(written: Written, roles: Roles, splits: list[str]) -> None:
    """Refuses splits in which a head has no row to learn from or to be evaluated on."""
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

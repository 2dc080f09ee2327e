"""Features without a value in train, as far as that can be told before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.example_gen.cells.forms import Form
from components.example_gen.examples.encode import feature_array, has_value
from components.example_gen.features import Feature
from components.example_gen.labelled import labelled
from components.example_gen.splitting.assignment import Assignment
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.table import Batch
from components.shared.splits import TRAIN


def unseen_in_train(
    assignment: Assignment, features: Sequence[Feature], dialect: Dialect, forms: Mapping[str, Form]
) -> set[str]:
    """Returns the features that will turn out to have no value in train.

    Those with values in few rows are looked up, those of a split by time by the time of their first value. One with
    values in many rows is not among them: it has some in train, or that is seen when all is written.

    Args:
        assignment: how rows go to splits, and what the first pass found.
        features: the features.
        dialect: how the table is written.
        forms: column → what its cells stand for.
    """
    spec, roles, found = assignment.spec, assignment.roles, assignment.found
    if found.time_cuts is not None:
        first, cut = found.first_times, found.time_cuts[0]
        return {one.name for one in features if all(first.of(name) >= cut for name in one.columns)}
    few = [feature for feature in features if found.scarce.knows(feature.columns)]
    seen = set()
    for data in found.scarce.rows([name for feature in few for name in feature.columns]):
        if not set(roles.columns).issubset(data.schema.names):
            return set()  # the production model's rows were split by columns that the first pass did not read
        rows = labelled(Batch(data, 1, ""), spec, roles, dialect, forms)
        train = assignment.assign(rows).splits == list(spec.shares).index(TRAIN)
        seen |= {one.name for one in few if (has_value(one, feature_array(one, rows.cells)) & train).any()}
    return {feature.name for feature in few} - seen

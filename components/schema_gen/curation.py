"""The schema in force: what TFDV inferred from the train split, made fit for training and serving."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.schema_gen.domains import listed_texts, set_domain, unknown_share
from components.schema_gen.schema_file import column_types
from components.shared.errors import InputError
from components.shared.exact_numbers import companion, is_companion

TRAINING, SERVING = "TRAINING", "SERVING"

# A text column is taken for an identifier, and left out of the features, when it has more distinct values
# than this, and they are more than this share of its values: every value is nearly its own category.
IDENTIFIER_MIN_DISTINCT = 20
IDENTIFIER_MIN_SHARE = 0.5

# An inferred schema allows a presence that is lower by this many standard errors, as another sample may show it.
STANDARD_ERRORS = 4.0


def curate(
    inferred: schema_pb2.Schema,
    train: statistics_pb2.DatasetFeatureStatistics,
    vectors: Mapping[str, int],
    labels: Collection[str],
    keep: Collection[str],
    smallest_split: int,
    texts: Mapping[str, Mapping[str, int] | None] | None = None,
) -> schema_pb2.Schema:
    """Returns the inferred schema made ready for review and use.

    Every text column gets a domain of its texts in train, also where they look like numbers or booleans; numbers get
    none. Feature vectors get their fixed shape. Presence and domains get the room that chance needs, so that another
    sample of the same data passes. Identifier-like text columns are marked `DISABLED`, which TFDV and Transform
    both leave alone; a reviewer may remove that line.

    Args:
        inferred: the schema TFDV inferred from the train split.
        train: statistics of the train split.
        vectors: feature vector -> number of elements.
        labels: the two label columns and the weight, if there is one; what every train row has, all rows must have.
        keep: columns never taken for identifiers, because the user named them.
        smallest_split: rows of the smallest split, whose shares vary most by chance.
        texts: column → text → train rows; None for a column that may hold any text. Left out, what the statistics list.

    Raises:
        InputError: no feature is left.
    """
    schema = schema_pb2.Schema()
    schema.CopyFrom(inferred)
    del schema.string_domain[:]
    statistics = {feature.path.step[0]: feature for feature in train.features}
    for feature in schema.feature:
        column = statistics[feature.name]
        known = (texts or {}).get(feature.name, listed_texts(column))
        identifier = feature.name not in (*labels, *keep) and _identifier(column)
        set_domain(schema, feature, None if identifier else known)
        if feature.name in labels:
            if feature.presence.min_fraction < 1.0:
                feature.presence.min_fraction = _lowest_presence(column, train.num_examples, smallest_split)
            continue
        if feature.name in vectors:
            feature.ClearField("shape_type")
            feature.shape.dim.add(size=vectors[feature.name])
            feature.presence.min_fraction = 1.0
            continue
        feature.presence.min_fraction = _lowest_presence(column, train.num_examples, smallest_split)
        if feature.domain and known:
            feature.distribution_constraints.min_domain_mass = 1 - unknown_share(known, smallest_split)
        if identifier:
            feature.lifecycle_stage = schema_pb2.DISABLED
    if all(feature.name in labels or feature.lifecycle_stage for feature in schema.feature):
        raise InputError(
            "The data must have a feature to learn from, got none. " + " ".join(identifier_notes(schema, train))
        )
    return schema


def identifier_notes(schema: schema_pb2.Schema, train: statistics_pb2.DatasetFeatureStatistics) -> list[str]:
    """Returns a sentence for each column that `curate` left out of the features."""
    statistics = {feature.path.step[0]: feature for feature in train.features}
    return [
        f'"{feature.name}" is left out of the features: {_identifier(statistics[feature.name]):,} distinct texts in '
        f"{train.num_examples:,} train rows look like an identifier. "
        "List it under features.categorical to keep it, or under data.ignore to silence this."
        for feature in schema.feature
        if feature.lifecycle_stage == schema_pb2.DISABLED
    ]


def require_labels(schema: schema_pb2.Schema, labels: Collection[str]) -> None:
    """Checks that a schema describes the labels, and the weight where there is one.

    Raises:
        InputError: it lacks one.
    """
    known = column_types(schema)
    for label in labels:
        if label not in known:
            raise InputError(
                f'data.schema_file must describe the columns of `labels`, got none of "{label}". Add it to the schema.'
            )


def exclude_labels_from_serving(schema: schema_pb2.Schema, labels: Collection[str]) -> None:
    """Declares the TRAINING and SERVING environments, in place, with the labels in TRAINING only."""
    for environment in (TRAINING, SERVING):
        if environment not in schema.default_environment:
            schema.default_environment.append(environment)
    for feature in schema.feature:
        if feature.name in labels and SERVING not in feature.not_in_environment:
            feature.not_in_environment.append(SERVING)


def add_companions(schema: schema_pb2.Schema, columns: Collection[str]) -> None:
    """Describes, in place, the companions of the columns that have one in the examples, and no others."""
    remove_companions(schema)
    for column in columns:
        feature = schema.feature.add(name=companion(column), type=schema_pb2.INT)
        feature.presence.min_count = 0
        feature.value_count.min, feature.value_count.max = 1, 1


def remove_companions(schema: schema_pb2.Schema) -> None:
    """Forgets, in place, the features that hold the bits of others, see `components.shared.exact_numbers`."""
    for feature in [feature for feature in schema.feature if is_companion(feature.name)]:
        schema.feature.remove(feature)


def _lowest_presence(statistics: statistics_pb2.FeatureNameStatistics, train: int, other: int) -> float:
    """Returns how low the share of rows with a value may be by chance in another sample.

    It is the lower Wilson bound (Wilson 1927) of the share, with the variances of both samples added.

    Args:
        statistics: the column's statistics in train.
        train: rows of train.
        other: rows of the other sample.
    """
    rows = 1 / (1 / train + 1 / other)
    kind = statistics.WhichOneof("stats")
    share = getattr(statistics, kind).common_stats.num_non_missing / train
    squared = STANDARD_ERRORS**2
    spread = STANDARD_ERRORS * math.sqrt(share * (1 - share) / rows + squared / (4 * rows**2))
    return max(0.0, (share + squared / (2 * rows) - spread) / (1 + squared / rows))


def _identifier(statistics: statistics_pb2.FeatureNameStatistics) -> int:
    """Returns the number of distinct texts if they look like identifiers, else 0."""
    if not statistics.HasField("string_stats"):
        return 0
    distinct = statistics.string_stats.unique
    present = statistics.string_stats.common_stats.num_non_missing
    return distinct if distinct > max(IDENTIFIER_MIN_DISTINCT, IDENTIFIER_MIN_SHARE * present) else 0

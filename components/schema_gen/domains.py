"""What the columns of a schema may hold: texts of a list, or numbers of a range."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

MOST = 5_000
"""Texts of a column that are told apart; one with more may hold any text."""

UNKNOWN_TEXTS = 0.02
"""Share of unknown texts that an inferred schema allows; the transform has a bucket for them."""

_STANDARD_ERRORS = 4.0
# More texts than this that are all dates are no list that another date would have to be in.
_DATES = 100
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}([./-])\d{1,2}\1(\d{4}|\d\d)\b.*", re.DOTALL)
# What TFDV lists in place of a text that is long or is not UTF-8.
_PLACEHOLDERS = ("__LARGE_BYTES__", "__BYTES_VALUE__")


def categories(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> list[str]:
    """Returns the texts a column may hold, from its own or the shared domain; empty for any text."""
    if feature.HasField("string_domain"):
        return list(feature.string_domain.value)
    return next((list(domain.value) for domain in schema.string_domain if domain.name == feature.domain), [])


def plain_domains(schema: schema_pb2.Schema) -> None:
    """Says in one way, in place, what a column may hold: texts of a list, or numbers of a range.

    TFDV has a third kind, the boolean, which it infers for texts such as `true` and `0`, and for whole numbers that
    happen to be 0 and 1. Of texts it becomes their list, of whole numbers the range from 0 to 1.
    """
    for feature in schema.feature:
        if not feature.HasField("bool_domain"):
            continue
        either = [text for text in (feature.bool_domain.false_value, feature.bool_domain.true_value) if text]
        if feature.type == schema_pb2.BYTES:
            feature.string_domain.value[:] = either or ["false", "true"]
        else:
            feature.int_domain.min, feature.int_domain.max = 0, 1


def listed_texts(column: statistics_pb2.FeatureNameStatistics) -> dict[str, int] | None:
    """Returns text → count if TFDV's statistics of a column list every text of it, else None."""
    buckets = column.string_stats.rank_histogram.buckets
    counts = {bucket.label: round(bucket.sample_count) for bucket in buckets}
    whole = len(counts) >= column.string_stats.unique and not counts.keys() & {*_PLACEHOLDERS}
    return counts if whole else None


def set_domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature, known: Mapping[str, int] | None) -> None:
    """Replaces what TFDV guessed of a column's values by the texts that it holds.

    Args:
        schema: the schema, changed in place.
        feature: the column in it.
        known: text → rows; None where the column may hold any text.
    """
    if guess := feature.WhichOneof("domain_info"):
        feature.ClearField(guess)
    if feature.type == schema_pb2.BYTES and known and not _are_dates(known):
        feature.domain = feature.name
        schema.string_domain.add(name=feature.name, value=sorted(known))


def unknown_share(known: Mapping[str, int], other: int) -> float:
    """Returns how large the share of unknown texts may be by chance in another sample, at most a half.

    Texts that occur once tell how many have not occurred yet: their share of the rows estimates that of texts unseen
    (Good 1953). Most columns have none, and get the room of `UNKNOWN_TEXTS`.

    Args:
        known: text → rows.
        other: rows of the other sample.
    """
    rows = sum(known.values())
    share = sum(count == 1 for count in known.values()) / rows
    spread = _STANDARD_ERRORS * math.sqrt(share * (1 - share) * (1 / rows + 1 / other))
    return min(max(UNKNOWN_TEXTS, share + spread), 0.5)


def text_columns(schema: schema_pb2.Schema, train: statistics_pb2.DatasetFeatureStatistics) -> list[str]:
    """Returns the columns of an inferred schema that hold texts."""
    texts = {feature.path.step[0] for feature in train.features if feature.HasField("string_stats")}
    return [feature.name for feature in schema.feature if feature.type == schema_pb2.BYTES and feature.name in texts]


def any_text_notes(
    schema: schema_pb2.Schema,
    train: statistics_pb2.DatasetFeatureStatistics,
) -> list[str]:
    """Returns a sentence for each feature of texts that has no domain, so that an unknown text is not noticed."""
    statistics = {feature.path.step[0]: feature for feature in train.features}
    features = {feature.name: feature for feature in schema.feature if not feature.lifecycle_stage}
    notes = []
    for name in text_columns(schema, train):
        if name in features and not categories(features[name], schema):
            distinct = statistics[name].string_stats.unique
            dates = all(
                _DATE.fullmatch(bucket.label) for bucket in statistics[name].string_stats.rank_histogram.buckets
            )
            why = "dates" if dates else f"more than the {MOST:,} that a schema lists"
            notes.append(
                f'"{name}" may hold any text: its {distinct:,} texts in train are {why}, '
                "so an unknown one is not noticed."
            )
    return notes


def _are_dates(texts: Collection[str]) -> bool:
    return len(texts) > _DATES and all(_DATE.fullmatch(text.strip()) for text in texts)

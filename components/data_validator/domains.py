"""Makes TFDV judge texts by all of them: its statistics list the thousand most frequent ones of a column."""

from __future__ import annotations

from collections import Counter

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.schema_gen.domains import UNKNOWN_TEXTS, categories, listed_texts
from components.schema_gen.texts import unknown_texts

_CHANCE = 5  # rows that a text which train happens not to have may take in any split


def to_judge(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, schema: schema_pb2.Schema, folder: str
) -> tuple[statistics_pb2.DatasetFeatureStatisticsList, schema_pb2.Schema]:
    """Returns statistics that list every text which the schema does not know, and the schema to hold them against.

    A domain that leaves room for many rare texts leaves none for a single frequent one: where one unknown text takes
    more than `UNKNOWN_TEXTS` of the rows, the room of its column is no larger than that.

    Args:
        statistics: TFDV's statistics of a split; only counts of texts are changed, in a copy.
        schema: the schema in force.
        folder: the split of raw examples.
    """
    judged, strict = statistics_pb2.DatasetFeatureStatisticsList(), schema_pb2.Schema()
    judged.CopyFrom(statistics)
    strict.CopyFrom(schema)
    texts = {one.path.step[0]: one for one in judged.datasets[0].features if one.HasField("string_stats")}
    features = {feature.name: feature for feature in strict.feature if feature.name in texts}
    known = {name: set(categories(feature, schema)) for name, feature in features.items()}
    unlisted = {name: some for name, some in known.items() if some and listed_texts(texts[name]) is None}
    for name, (rows, unknown) in unknown_texts(folder, unlisted).items():
        buckets = texts[name].string_stats.rank_histogram.buckets
        del buckets[:]
        buckets.add(label=min(unlisted[name]), sample_count=rows)
        for text, count in unknown.most_common():
            buckets.add(label=text, sample_count=count)
    for name, allowed in known.items():
        counts = {bucket.label: bucket.sample_count for bucket in texts[name].string_stats.rank_histogram.buckets}
        strange = Counter({text: count for text, count in counts.items() if text not in allowed})
        room = features[name].distribution_constraints
        if allowed and strange and room.min_domain_mass < 1 - UNKNOWN_TEXTS:
            most = max(strange.values())
            if most > max(UNKNOWN_TEXTS * sum(counts.values()), _CHANCE):
                room.min_domain_mass = 1 - UNKNOWN_TEXTS
    return judged, strict

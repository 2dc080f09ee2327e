"""The texts of a split, column by column, with their counts: also where the statistics list only the most frequent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.example_gen.examples.reader import read_examples
from components.schema_gen.domains import MOST, listed_texts


def split_texts(
    statistics: statistics_pb2.DatasetFeatureStatistics, folder: str, columns: Collection[str]
) -> dict[str, dict[str, int] | None]:
    """Returns column → text → count, None for a column of more than `MOST` texts.

    The rows are read only where the statistics do not say it all.

    Args:
        statistics: TFDV's statistics of the split.
        folder: the split of raw examples.
        columns: columns of texts.
    """
    found = {one.path.step[0]: one for one in statistics.features}
    texts: dict[str, dict[str, int] | None] = {name: listed_texts(found[name]) for name in columns}
    # TFDV estimates large numbers of texts, to about a hundredth.
    unlisted = [name for name in columns if texts[name] is None and found[name].string_stats.unique <= 1.1 * MOST]
    counts: dict[str, Counter[str]] = {name: Counter() for name in unlisted}
    for name, values in _texts(folder, unlisted):
        if len(counts[name]) <= MOST:
            _count(values, counts[name])
    return texts | {name: dict(found) if len(found) <= MOST else None for name, found in counts.items()}


def unknown_texts(folder: str, known: Mapping[str, Collection[str]]) -> dict[str, tuple[int, Counter[str]]]:
    """Returns column → rows with a known text, and unknown text → rows, of `MOST` texts at most.

    Rows with yet another text are counted under the last of these.

    Args:
        folder: the split of raw examples.
        known: column → the texts it may hold.
    """
    allowed = {name: pa.array(list(texts), pa.string()) for name, texts in known.items()}
    rows: Counter[str] = Counter()
    others: dict[str, Counter[str]] = {name: Counter() for name in known}
    for name, values in _texts(folder, list(known)):
        strange = values.filter(pc.invert(pc.is_in(values, value_set=allowed[name])))
        rows[name] += len(values) - len(strange)
        if not len(strange):
            continue
        if len(others[name]) < MOST:
            _count(strange, others[name])
        else:
            others[name][next(reversed(others[name]))] += len(strange)
    return {name: (rows[name], others[name]) for name in known}


def _texts(folder: str, columns: Collection[str]) -> Iterator[tuple[str, pa.Array]]:
    """Yields the texts of each column that are there, string `[n]`, batch by batch."""
    if not columns:
        return
    schema = schema_pb2.Schema()
    for name in columns:
        schema.feature.add(name=name, type=schema_pb2.BYTES)
    decoder = ExamplesToRecordBatchDecoder(schema.SerializeToString())
    for examples in read_examples(folder):
        batch = decoder.DecodeBatch(examples.tolist())
        for name in columns:
            yield name, batch.column(name).flatten().cast(pa.string())


def _count(values: pa.Array, counts: Counter[str]) -> None:
    found = pc.value_counts(values)
    counts.update(dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)))

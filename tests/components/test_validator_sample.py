"""The rows that the validation looks at, against hashes by pandas and the rows as they were ingested."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from apache_beam import Pipeline
from apache_beam.options.pipeline_options import PipelineOptions

from components.data_validator import sample
from components.data_validator.chosen_rows import priorities_of
from components.data_validator.sample import Sample, read_samples
from components.example_gen.beam_passes import BeamPasses
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.tables import blocks
from components.example_gen.workers import Workers
from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments

ROWS = 4_000
COLUMNS = {"x": "FLOAT", "town": "BYTES", "id": "INT", "y": "FLOAT", "c": "BYTES"}
SPLITS = ("train", "validation", "eval")


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=ROWS).round(3),
            "town": rng.choice(["Ulm", "Köln", None], ROWS),
            "id": np.arange(ROWS),
            "y": rng.normal(size=ROWS).round(3),
            "c": rng.choice(["a", "b"], ROWS),
        }
    )
    return pd.concat([frame, frame[: ROWS // 4]], ignore_index=True)  # some rows stand there twice


def pipeline(**settings: Any) -> Pipeline:
    return Pipeline(options=PipelineOptions(beam_arguments(Runtime(**settings))))


def rows(found: Sample) -> list[tuple]:
    columns = [np.asarray(values, object) for values in found.columns.values()]
    return [tuple("" if cell != cell or cell is None else cell for cell in row) for row in zip(*columns, strict=True)]


@pytest.fixture
def two_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The same rows in one file, and in another order in files that were written in blocks."""
    monkeypatch.setattr(blocks, "_LEAST", 10_000)
    monkeypatch.setattr(blocks, "_MOST", 10_000)
    table().to_csv(tmp_path / "one.csv", index=False)
    ingest(IngestSpec((str(tmp_path / "one.csv"),), "y", "c"), str(tmp_path / "one"), rows_per_file=700)
    mixed = table().sample(frac=1, random_state=3)
    names = [str(tmp_path / f"{number}.csv") for number in range(5)]
    for number, name in enumerate(names):
        mixed[number::5].to_csv(name, index=False)
    passes = BeamPasses(pipeline(), str(tmp_path / "blocks"))
    ingest(IngestSpec(tuple(names), "y", "c"), str(tmp_path / "blocks"), passes=passes)
    assert len(list((tmp_path / "blocks" / "rows").glob("train-*"))) > 3
    return tmp_path / "one", tmp_path / "blocks"


def test_neither_order_nor_files_nor_workers_change_the_sample(
    two_orders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sample, "ROWS", 300)
    one, other = two_orders
    expected = read_samples(str(one), COLUMNS, SPLITS)
    for found in (
        read_samples(str(other), COLUMNS, SPLITS),
        read_samples(str(other), COLUMNS, SPLITS, workers=Workers(pipeline(), str(tmp_path))),
    ):
        for split in SPLITS:
            assert rows(found[split]) == rows(expected[split])
            assert len(rows(found[split])) == 300
    drawn = rows(expected["train"])
    assert len(set(drawn)) < 300, "rows that stand there twice may be drawn twice"
    ids = np.array([row[2] for row in drawn])
    assert np.mean(ids) == pytest.approx((ROWS / 2 * ROWS + ROWS / 8 * ROWS / 4) / (ROWS * 1.25), rel=0.1)


@pytest.mark.slow
def test_the_workers_of_another_runner_read_the_same_sample(
    two_orders: tuple[Path, Path], tmp_path: Path, prism: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sample, "ROWS", 300)
    one, other = two_orders
    expected = read_samples(str(one), COLUMNS, SPLITS)
    workers = Workers(pipeline(engine="portable", endpoint=f"localhost:{prism}"), str(tmp_path))
    found = read_samples(str(other), COLUMNS, SPLITS, workers=workers)
    assert {split: rows(found[split]) for split in SPLITS} == {split: rows(expected[split]) for split in SPLITS}


def test_up_to_so_many_rows_all_are_looked_at(two_orders: tuple[Path, Path]):
    one, _ = two_orders
    found = read_samples(str(one), COLUMNS, SPLITS)
    together = sorted(row for split in SPLITS for row in rows(found[split]))
    every = {tuple("" if pd.isna(cell) else cell for cell in row) for row in table().itertuples(index=False)}
    narrow = {(np.float32(x), town, number, np.float32(y), c) for x, town, number, y, c in every}
    assert set(together) <= narrow
    assert len(together) > 0.9 * len(table())


def test_equal_rows_have_chances_of_their_own():
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 12, 100_000).astype(np.uint64)
    found = priorities_of(hashes)
    assert len(np.unique(found)) == len(found)
    mixed = rng.permutation(len(hashes))
    np.testing.assert_array_equal(np.sort(priorities_of(hashes[mixed])), np.sort(found))
    drawn = hashes[np.argsort(found)[:20_000]]
    shares = pd.Series(drawn).value_counts(normalize=True)
    assert shares.to_numpy() == pytest.approx(np.full(12, 1 / 12), abs=5 * np.sqrt(1 / 12 / 20_000))
    assert priorities_of(np.zeros(0, np.uint64)).shape == (0,)

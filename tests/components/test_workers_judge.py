"""Custom checks by an engine's workers, against the same checks in this process, and pandas."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from apache_beam import Pipeline
from apache_beam.options.pipeline_options import PipelineOptions

from components.data_validator.analysis.row_checks import check_anomalies
from components.data_validator.source import found_in_source
from components.data_validator.workers_judge import WorkersJudge
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
from components.example_gen.tables import blocks
from components.example_gen.tables.digests import Digests
from components.example_gen.tables.opening import open_table
from components.example_gen.workers import Workers
from components.shared.errors import InputError
from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments

ROWS = 2_000
CHECKS: list[dict[str, Any]] = [
    {"check": "range", "column": "number", "min": 0, "max": 90},
    {"check": "unique", "columns": ["code"]},
    {"check": "allowed", "column": "colour", "values": ["red", "green"]},
    {"check": "monotonic", "column": "start", "order": "increasing", "strict": True},
    {"check": "compare", "left": "start", "op": "<", "right": "end"},
    {"check": "not_null", "column": "number"},
    {"check": "regex", "column": "code", "pattern": "[AB]-\\d+"},
]


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    start = np.sort(rng.integers(0, 100_000, ROWS))
    return pd.DataFrame(
        {
            "number": np.where(np.arange(ROWS) % 50 == 7, np.nan, rng.normal(50, 20, ROWS).round(2)),
            "code": [f"{'AB'[i % 2]}-{i % 1_500:03}" for i in range(ROWS)],
            "colour": rng.choice(["red", "green", "mauve"], ROWS, p=[0.6, 0.39, 0.01]),
            "start": start,
            "end": start + rng.integers(-5, 400, ROWS),
            "y": rng.normal(size=ROWS),
            "c": rng.choice(["a", "b"], ROWS),
        }
    )


def workers(folder: Path) -> Workers:
    return Workers(Pipeline(options=PipelineOptions(beam_arguments(Runtime()))), str(folder))


@pytest.fixture(params=["csv", "parquet"])
def paths(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.setattr(blocks, "_LEAST", 10_000)
    monkeypatch.setattr(blocks, "_MOST", 10_000)
    if request.param == "parquet":
        frame().to_parquet(tmp_path / "t.parquet", index=False, row_group_size=150)
        return (str(tmp_path / "t.parquet"),)
    for number in range(4):
        frame()[number * 500 : (number + 1) * 500].to_csv(tmp_path / f"{number}.csv", index=False)
    return tuple(str(tmp_path / f"{number}.csv") for number in range(4))


def test_blocks_are_judged_as_the_table_is(paths: tuple[str, ...], tmp_path: Path):
    table = open_table(paths)
    assert len(blocks.blocks_of(table)) > 3
    checks = [check | {"level": "warn"} for check in CHECKS]
    expected = check_anomalies(table, checks)
    found = check_anomalies(table, checks, WorkersJudge(workers(tmp_path)))
    assert found == expected
    data = frame()
    by_remedy = {anomaly.remedy.split(" ")[0]: anomaly for anomaly in found}
    late = np.flatnonzero(~(data["start"] < data["end"]))
    assert by_remedy["checks[4]"].value == len(late)
    assert len(by_remedy["checks[4]"].examples) == 5
    assert by_remedy["checks[5]"].value == data["number"].isna().sum()
    assert by_remedy["checks[1]"].value == data["code"].duplicated().sum()


@pytest.mark.slow
def test_the_workers_of_another_runner_judge_alike(paths: tuple[str, ...], tmp_path: Path, prism: int):
    table, checks = open_table(paths), [check | {"level": "warn"} for check in CHECKS]
    arguments = beam_arguments(Runtime(engine="portable", endpoint=f"localhost:{prism}"))
    engine = Workers(Pipeline(options=PipelineOptions(arguments)), str(tmp_path))
    assert check_anomalies(table, checks, WorkersJudge(engine)) == check_anomalies(table, checks)


def test_files_count_only_if_they_are_those_that_were_ingested(paths: tuple[str, ...], tmp_path: Path):
    summary = ingest(IngestSpec(paths, "y", "c"), str(tmp_path / "examples"))
    judge, seen = WorkersJudge(workers(tmp_path)), []

    def look(table):
        seen.append(table)
        return check_anomalies(table, [CHECKS[0] | {"level": "warn"}], judge)

    [anomaly] = found_in_source(summary, look)
    assert anomaly.value == (~frame()["number"].dropna().between(0, 90)).sum()
    if paths[0].endswith(".csv"):  # hashed on the way
        assert isinstance(seen[0].digests, Digests)
        assert set(seen[0].digests.found) == set(paths)
    frame()[:-1].to_csv(paths[-1], index=False)
    assert found_in_source(summary, look) is None


def test_a_column_of_lists_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_LEAST", 1_000)
    monkeypatch.setattr(blocks, "_MOST", 1_000)
    data = frame().assign(v=[[1.0, 2.0]] * ROWS)
    data.to_parquet(tmp_path / "t.parquet", index=False, row_group_size=150)
    check = {"check": "range", "column": "v", "min": 0, "max": 1, "level": "fail"}
    table = open_table((str(tmp_path / "t.parquet"),))
    for judge in (None, WorkersJudge(workers(tmp_path))):
        with pytest.raises(InputError, match='The column "v" must hold single values to be checked'):
            check_anomalies(table, [check | {"check": "allowed", "values": ["a"]}], judge)

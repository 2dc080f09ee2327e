from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.example_gen.tables.dates import dated, is_date
from pipeline.config.resolve import resolve
from pipeline.errors import ConfigError
from pipeline.graph.inputs import at_run_time, gather


def test_a_date_stands_where_the_path_says():
    paths = ["s3://b/{date}/t.csv", "/a.csv", "/{date}/{date}.csv"]
    assert dated(paths, "2026-01-31") == ("s3://b/2026-01-31/t.csv", "/a.csv", "/2026-01-31/2026-01-31.csv")


def test_without_a_date_it_is_today():
    before = datetime.now(UTC).date()
    (path,) = dated(["{date}"], "")
    assert before.isoformat() <= path <= datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("", True), ("2026-01-31", True), ("2026-1-31", False), ("2026-02-30", False), ("today", False)],
)
def test_is_date(text: str, is_one: bool):
    assert is_date(text) == is_one


def config(folder: Path, *overrides: str):
    flags = {"data.path": str(folder / "{date}.csv"), "labels.regression": "y", "labels.classification": "k"}
    return resolve(None, flags, (f"runtime.output={folder}/out", *overrides)).config


def test_the_day_decides_what_is_read_and_not_what_it_is(tmp_path: Path):
    for day in ("2026-01-30", "2026-01-31"):
        (tmp_path / f"{day}.csv").write_text("x,y,k\n1,2,a\n")
    first, second = (config(tmp_path, f"data.date={day}") for day in ("'2026-01-30'", "2026-01-31"))
    assert first.ingest_spec().paths == (str(tmp_path / "2026-01-30.csv"),)
    assert second.ingest_spec().paths == (str(tmp_path / "2026-01-31.csv"),)
    assert first.ingest_spec().date == ""
    # The same rows on another day are the same data.
    assert gather(first).production.digest == gather(second).production.digest


def test_where_the_data_is_not_seen_the_day_is_left_to_the_step(tmp_path: Path):
    spec = config(tmp_path, "data.date='2026-01-31'").ingest_spec(find_files=False)
    assert (spec.paths, spec.date) == ((str(tmp_path / "{date}.csv"),), "2026-01-31")
    assert at_run_time(config(tmp_path)).fingerprint == ""


def test_no_date(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'data\.date must be a date such as 2026-01-31, got "yesterday"'):
        config(tmp_path, "data.date=yesterday")

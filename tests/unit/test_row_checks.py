"""Custom checks over CSV and Parquet, against pandas on the same rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.data_validator.analysis.row_checks import check_anomalies, require_columns
from components.example_gen.tables.csv_text import csv_files
from components.example_gen.tables.opening import open_table
from components.formats.findings import Anomaly
from components.shared.errors import InputError

ROWS = 400


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    number = rng.normal(50, 20, ROWS).round(2)
    number[::50] = np.nan
    start = np.sort(rng.integers(0, 10_000, ROWS))
    return pd.DataFrame(
        {
            "number": number,
            "code": [f"{'AB'[i % 2]}-{i % 150:03}" for i in range(ROWS)],
            "colour": rng.choice(["red", "green", "mauve"], ROWS, p=[0.6, 0.39, 0.01]),
            "level": rng.integers(1, 6, ROWS),
            "start": start,
            "end": start + rng.integers(-5, 400, ROWS),
            "day": [f"2024-{1 + i // 40:02}-{1 + i % 28:02}" for i in range(ROWS)],
            "ok": rng.random(ROWS) < 0.5,
        }
    )


@pytest.fixture(params=["csv", "parquet", "two files", "small blocks"])
def paths(request: pytest.FixtureRequest, frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if request.param == "parquet":
        frame.to_parquet(tmp_path / "t.parquet", index=False)
        return (str(tmp_path / "t.parquet"),)
    if request.param == "two files":
        frame[:150].to_csv(tmp_path / "a.csv", index=False)
        frame[150:].to_csv(tmp_path / "b.csv", index=False)
        return (str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    if request.param == "small blocks":
        monkeypatch.setattr(csv_files, "BLOCK", 1 << 10)
    frame.to_csv(tmp_path / "t.csv", index=False)
    return (str(tmp_path / "t.csv"),)


def judged(paths: tuple[str, ...], **check: Any) -> Anomaly | None:
    found = check_anomalies(open_table(paths), [{"level": "fail"} | check])
    return found[0] if found else None


def broken_rows(frame: pd.DataFrame, check: dict[str, Any]) -> np.ndarray:
    """The same rules in pandas; row numbers from 0."""
    column = frame[check["column"]] if "column" in check else None
    match check["check"]:
        case "range":
            low, high = check["min"], check["max"]
            mask = (column < (-np.inf if low is None else low)) | (column > (np.inf if high is None else high))
        case "allowed":
            mask = ~column.isin(check["values"])
        case "regex":
            mask = ~column.astype(str).str.fullmatch(check["pattern"])
        case "not_null":
            mask = column.isna()
        case "unique":
            mask = frame.duplicated(check["columns"])
        case "monotonic":
            before = column.shift()
            mask = column <= before if check["strict"] else column < before
        case "compare":
            mask = ~(frame[check["left"]] <= frame[check["right"]])
    return np.flatnonzero(mask)


CHECKS = [
    {"check": "range", "column": "number", "min": 0.0, "max": 100.0},
    {"check": "range", "column": "level", "min": 2.0, "max": None},
    {"check": "allowed", "column": "colour", "values": ["red", "green"]},
    {"check": "allowed", "column": "level", "values": [1, 2, 3, 4]},
    {"check": "regex", "column": "code", "pattern": r"A-\d{3}"},
    {"check": "not_null", "column": "number"},
    {"check": "unique", "columns": ["code"]},
    {"check": "unique", "columns": ["code", "level"]},
    {"check": "monotonic", "column": "start", "order": "increasing", "strict": True},
    {"check": "monotonic", "column": "day", "order": "increasing", "strict": False},
    {"check": "compare", "left": "start", "op": "<=", "right": "end"},
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check['check']} {check.get('column', '')}")
def test_rows_are_those_of_pandas(paths: tuple[str, ...], frame: pd.DataFrame, check: dict[str, Any]):
    expected = broken_rows(frame, check)
    assert len(expected) > 0
    found = judged(paths, **check)
    assert found is not None
    assert (found.value, found.kind) == (len(expected), f"CHECK_{check['check'].upper()}")
    names = [Path(path).name for path in paths]
    header = 0 if names == ["t.parquet"] else 1
    sizes = [150, ROWS] if len(names) == 2 else [ROWS]
    for example, row in zip(found.examples, expected[:5], strict=True):
        file = int(np.searchsorted(sizes, row, "right"))
        first = sizes[file - 1] if file else 0
        assert (example.file, example.line) == (names[file], row - first + 1 + header)


@pytest.mark.parametrize(
    "check",
    [
        {"check": "range", "column": "number", "min": -100.0, "max": 200.0},
        {"check": "allowed", "column": "colour", "values": ["red", "green", "mauve"]},
        {"check": "allowed", "column": "ok", "values": [True, "False", "false", "True"]},
        {"check": "regex", "column": "code", "pattern": r"A-\d+|B-\d+"},
        {"check": "not_null", "column": "code"},
        {"check": "monotonic", "column": "start", "order": "increasing", "strict": False},
        {"check": "compare", "left": "start", "op": "==", "right": "start"},
    ],
)
def test_what_holds_says_nothing(paths: tuple[str, ...], check: dict[str, Any]):
    assert judged(paths, **check) is None


def test_a_sentence_says_what_how_often_and_where_first(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n-4,3\nlots,1\n,0\n")
    found = judged((str(path),), check="range", column="x", min=0.0, max=None)
    assert found is not None
    assert (
        found.sentence == '"x" must be a number at least 0, got 2 of 4 rows that break it, the first with -4 in row 2.'
    )
    assert [(one.line, one.value) for one in found.examples] == [(3, "-4"), (4, "lots")]
    assert found.remedy == "checks[0] of the configuration"
    found = judged((str(path),), check="compare", left="x", op="<", right="y")
    assert found is not None
    assert found.sentence.startswith('"x" must be < "y", got 1 of 4 rows that break it, the first with x = lots, y = 1')


def test_columns_must_exist_and_ignored_checks_are_not_judged(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("price\n1\n")
    with pytest.raises(InputError) as raised:
        require_columns([{"check": "not_null", "column": "prise", "level": "fail"}], ("price",))
    assert str(raised.value) == 'checks[0] must name a column of the data, got "prise". Did you mean "price"?'
    check = {"check": "range", "column": "price", "min": 5.0, "max": None, "level": "ignore"}
    assert check_anomalies(open_table((str(path),)), [check]) == []


@pytest.mark.parametrize(
    "check", [{"check": "unique", "columns": ["code", "v"]}, {"check": "regex", "column": "v", "pattern": "."}]
)
def test_a_check_of_single_values_on_a_column_of_lists_is_a_sentence(tmp_path: Path, check: dict[str, Any]):
    pd.DataFrame({"code": ["a", "b"], "v": [[0.5, 1.5], [2.5]]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError) as raised:
        judged((str(tmp_path / "t.parquet"),), **check)
    assert str(raised.value) == 'The column "v" must hold single values to be checked, got lists of numbers.'


def test_a_column_of_lists_may_be_asked_for_values_in_every_row(tmp_path: Path):
    pd.DataFrame({"v": [[0.5, 1.5], None, [2.5]]}).to_parquet(tmp_path / "t.parquet")
    found = judged((str(tmp_path / "t.parquet"),), check="not_null", column="v")
    assert found is not None
    assert found.sentence == '"v" must have a value in every row, got 1 of 3 rows that break it, the first in row 2.'


@pytest.mark.parametrize("block", [256, 1 << 20])
def test_one_cell_that_is_no_number_breaks_an_order_by_itself(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Not the rows of the block it stands in (cdisc-org/cdisc-rules-engine, issue 145): as texts 10 is below 9."""
    monkeypatch.setattr(csv_files, "BLOCK", block)
    rng = np.random.default_rng(19)
    ordered = rng.integers(1, 10, ROWS)
    shipped = (ordered + rng.integers(0, 5, ROWS)).astype(str)
    table = pd.DataFrame({"ordered": ordered, "shipped": shipped, "step": np.arange(ROWS), "code": "7"})
    assert (table["ordered"].astype(str) > table["shipped"]).sum() > 50, "what texts would say"
    table.loc[300, "shipped"] = "unknown"
    table["step"] = table["step"].astype(str)
    table.loc[200, "step"] = "later"
    table.loc[::2, "code"] = "A7"
    table.to_csv(tmp_path / "t.csv", index=False)
    paths = (str(tmp_path / "t.csv"),)
    for op in ("<=", ">=", "==", "!="):
        found = judged(paths, check="compare", left="ordered", op=op, right="shipped")
        plain = table.drop(index=300)
        kept = {"<=": "le", ">=": "ge", "==": "eq", "!=": "ne"}[op]
        assert found is not None
        assert found.value == 1 + (~getattr(plain["ordered"], kept)(plain["shipped"].astype(int))).sum(), op
    found = judged(paths, check="monotonic", column="step", order="increasing", strict=True)
    assert found is not None
    assert (found.value, found.examples[0].value) == (1, "later")
    # A column in which half of the cells look like numbers is one of texts, in every block.
    found = judged(paths, check="monotonic", column="code", order="increasing", strict=False)
    assert found is not None
    assert found.value == ROWS // 2


def test_values_of_a_list_are_numbers_and_texts_side_by_side(tmp_path: Path):
    (tmp_path / "t.csv").write_text("v,w\n1,a\n1.0,NO\n2,01234\nunknown,1234\nother,false\n")
    found = judged((str(tmp_path / "t.csv"),), check="allowed", column="v", values=[1, 2, "unknown"])
    assert found is not None
    assert [one.value for one in found.examples] == ["other"]
    assert found.sentence.startswith('"v" must be one of 1, 2, unknown, got 1 of 5 rows')
    found = judged((str(tmp_path / "t.csv"),), check="allowed", column="w", values=["a", "NO", "01234"])
    assert found is not None
    assert [one.value for one in found.examples] == ["1234", "false"]

"""The source of an ingest, looked at again."""

import hashlib
from pathlib import Path

import pytest

from components.data_validator.source import found_in_source
from components.example_gen.cells.forms import Form, Meaning
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.table import Table
from components.formats.summary import Summary
from components.shared.errors import InputError

ROWS = "".join(f"{row},{row * 7 % 1000}\n" for row in range(300_000))  # more than is read ahead


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + ROWS)
    content, forms = fingerprint([str(path)]), {"x": Form(Meaning.NUMBERS)}
    return Summary(
        files=[str(path)],
        dialect=Dialect(format="csv"),
        fingerprint=content,
        rows_in=300_000,
        rows_out=300_000,
        left_out={},
        splits={},
        regression="y",
        classification="c",
        classes={},
        columns={},
        missing={},
        non_finite={},
        vectors={},
        vector_columns={},
        split_by="row",
        warnings=[],
        forms=forms,
    )


@pytest.fixture
def read_for_its_hash(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: read.append(file.name) or real(file, kind))
    return read


def rows(table: Table) -> int:
    return sum(batch.data.num_rows for batch in table.batches(["x"]))


def first(table: Table) -> str:
    return str(next(table.batches(["x"])).data.column("x")[0].as_py())


def test_a_look_at_all_rows_hashes_them_on_the_way(summary: Summary, read_for_its_hash: list[str]):
    assert found_in_source(summary, rows) == 300_000
    assert read_for_its_hash == []


def test_after_a_look_at_the_first_rows_the_file_is_hashed(summary: Summary, read_for_its_hash: list[str]):
    assert found_in_source(summary, first) == "0"
    assert read_for_its_hash == summary.files


def test_cells_are_read_as_the_ingest_read_them(summary: Summary):
    assert found_in_source(summary, lambda table: table.forms) == summary.forms


@pytest.mark.parametrize("look", [rows, first])
@pytest.mark.parametrize("content", ["x,y\n" + ROWS.replace("7", "8"), "x,y\n" + "1,2,3\n" * 9, "z\n1\n", "", None])
def test_what_is_found_in_other_files_counts_for_nothing(summary: Summary, look, content: str | None):
    path = Path(summary.files[0])
    path.unlink() if content is None else path.write_text(content)
    assert found_in_source(summary, look) is None


def test_what_a_look_at_the_same_files_raises_is_raised(summary: Summary):
    def refuse(table: Table) -> None:
        raise InputError("no such column")

    with pytest.raises(InputError, match=r"^no such column$"):
        found_in_source(summary, refuse)
    Path(summary.files[0]).write_text("x,y\n1,2\n")
    assert found_in_source(summary, refuse) is None

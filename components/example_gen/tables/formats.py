"""What kind of file a path names, told from its first bytes; and a sentence for the kinds that nothing here reads."""

from __future__ import annotations

import json

from components.example_gen.tables.json_files import ENDINGS
from components.example_gen.tables.readers import head
from components.shared.errors import InputError

_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"\xff\xff\xff\xff": "arrow", b"ORC": "orc"}
_FOREIGN = {
    b"PARE": ("an encrypted Parquet file", "Write it without encryption"),
    b"FEA1": ("a Feather file of version 1", "Write it again with pyarrow, as version 2"),
    b"Obj\x01": ("an Avro file", "Write it as Parquet"),
    b"SQLite format 3\x00": ("an SQLite database", "Write the table as CSV or Parquet"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Excel file (.xls)", "Save it as CSV"),
    b"<stata_dta>": ("a Stata file", "Write it as Parquet, as with pandas.read_stata(...).to_parquet(...)"),
    b"$FL2": ("an SPSS file", "Write it as CSV"),
    b"$FL3": ("an SPSS file", "Write it as CSV"),
    b"\x00" * 12 + b"\xc2\xea\x81\x60": ("a SAS file", "Write it as CSV"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", "Write the table as Parquet"),
    b"\x93NUMPY": ("a NumPy file", "Write it as CSV or Parquet, with names for its columns"),
    b"RDX": ("an R data file", "Write it as CSV or Parquet"),
    b"RDA": ("an R data file", "Write it as CSV or Parquet"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "Unpack it"),
    b"Rar!": ("a RAR archive", "Unpack it"),
    b"%PDF": ("a PDF file", "Save the table as CSV"),
    b"\x89PNG": ("an image", "Name the table"),
    b"<!DOCTYPE": ("an HTML page", "Download the table itself"),
    b"<!doctype": ("an HTML page", "Download the table itself"),
    b"<html": ("an HTML page", "Download the table itself"),
    b"<?xml": ("an XML file", "Write it as CSV or Parquet"),
    b"version https://git-lfs": ("a pointer of Git LFS", "Fetch the file itself with git lfs pull"),
}
_ENDINGS = {
    ".dta": ("a Stata file", "Write it as Parquet, as with pandas.read_stata(...).to_parquet(...)"),
    ".pkl": ("a pickle of Python", "Write it as Parquet"),
    ".pickle": ("a pickle of Python", "Write it as Parquet"),
    ".rds": ("an R data file", "Write it as CSV or Parquet"),
    ".rdata": ("an R data file", "Write it as CSV or Parquet"),
    ".xpt": ("a SAS file", "Write it as CSV"),
    ".duckdb": ("a DuckDB database", "Write the table as Parquet"),
    ".tar": ("an archive", "Unpack it"),
    ".tar.gz": ("an archive", "Unpack it"),
    ".tgz": ("an archive", "Unpack it"),
}
_WHOLE = {"parquet": (".parquet", ".pq"), "orc": (".orc",), "arrow": (".arrow", ".feather", ".ipc", ".arrows")}
_NAMES = {"parquet": "Parquet", "orc": "ORC", "arrow": "Arrow"}
_LOOK = 1 << 12


def format_of(path: str, expected: str) -> str:
    """Returns the format of a file: `csv`, `parquet`, `arrow`, `orc` or `jsonl`.

    Args:
        path: the file.
        expected: `csv`, `parquet`, or `auto`.

    Raises:
        InputError: the file is empty, of another format, or not of the format expected.
    """
    start = head(path, _LOOK)
    if not start:
        raise InputError(f'"{path}" must hold a header and rows, got an empty file.')
    _refuse_foreign(path, start)
    found = next((format for magic, format in _MAGIC.items() if start.startswith(magic)), None)
    if found is not None and expected == "csv":
        name = _NAMES[found]
        raise InputError(f'"{path}" must be CSV, got {_a(name)} file. Set data.format to auto.')
    if expected == "parquet" and found != "parquet":
        raise InputError(f'"{path}" must be a whole Parquet file, got something else or a damaged one.')
    for format, endings in _WHOLE.items():
        if found is None and path.lower().endswith(endings):
            name = _NAMES[format]
            raise InputError(f'"{path}" must be a whole {name} file, got something else or a damaged one.')
    if found is None and expected == "auto" and _is_json(path, start):
        return "jsonl"
    return found or "csv"


def _refuse_foreign(path: str, start: bytes) -> None:
    name = path.lower()
    if start.startswith(b"PK\x03\x04"):
        kind, remedy = (
            ("an Excel file", "Save it as CSV")
            if name.endswith((".xlsx", ".xlsm"))
            else (
                "a zip or Excel file",
                "Save it as CSV",
            )
        )
        raise InputError(f'"{path}" must be CSV or Parquet, got {kind}. {remedy}.')
    found = next((foreign for magic, foreign in _FOREIGN.items() if start.startswith(magic)), None)
    found = found or next((foreign for ending, foreign in _ENDINGS.items() if name.endswith(ending)), None)
    if found is not None:
        kind, remedy = found
        raise InputError(f'"{path}" must be a table in a format that can be read, got {kind}. {remedy}.')


def _is_json(path: str, start: bytes) -> bool:
    """Returns whether the text is JSON lines, told from its name or its first line."""
    if path.lower().endswith(ENDINGS):
        return True
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"{", b"[")):
        return False
    try:
        if isinstance(json.loads(text.splitlines()[0]), dict):
            return True
    except ValueError:
        if len(start) == _LOOK and text.startswith(b"{") and b"\n" not in text:
            return True  # a line that is longer than the look at it
    if text.startswith(b"[{") or path.lower().endswith((".json", ".json.gz")):
        raise InputError(
            f'"{path}" must be a table in a format that can be read, got one JSON document. Write one object per line '
            '(JSON lines), as with pandas: to_json(..., orient="records", lines=True).'
        )
    return False


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"

import re
from pathlib import Path

import pytest

from components.example_gen.spec import IngestSpec, expand
from components.shared.errors import InputError


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("a,b\n1,2\n")


def test_json_gives_the_spec_back():
    spec = IngestSpec(
        ("/d/a.csv",),
        "y",
        "c",
        ignore=("id",),
        vectors={"px": "px_*"},
        types={"a": "INT"},
        split="time",
        column="t",
    )
    assert IngestSpec.from_json(spec.to_json()) == spec


def test_a_calibration_split_of_no_rows_is_none():
    spec = IngestSpec(("/d/a.csv",), "y", "c", fractions=(0.5, 0.25, 0.0, 0.25))
    assert spec.shares == {"train": 0.5, "validation": 0.25, "eval": 0.25}
    assert list(IngestSpec(("/d/a.csv",), "y", "c").shares) == ["train", "validation", "calibration", "eval"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fractions": (0.5, 0.4, 0.1, 0.0)}, "at least 0) and add up to 1, got 0.5, 0.4, 0.1, 0."),
        ({"fractions": (0.5, 0.0, 0.1, 0.4)}, "at least 0) and add up to 1, got 0.5, 0, 0.1, 0.4."),
        ({"fractions": (0.5, 0.4, -0.1, 0.2)}, "(calibration: at least 0) and add up to 1, got 0.5, 0.4, -0.1, 0.2."),
        ({"fractions": (0.5, 0.2, 0.1, 0.1)}, "add up to 1, got 0.5, 0.2, 0.1, 0.1."),
        ({"split": "column"}, "got None for a split by column"),
        ({"column": "id"}, "got 'id' for a split by row"),
        ({"split": "random"}, 'row, column or time, got "random"'),
    ],
)
def test_a_spec_that_cannot_be_followed_is_refused(fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        IngestSpec(("a.csv",), "y", "c", **fields)


def test_files_folders_and_globs_expand_to_sorted_files(tmp_path):
    write(tmp_path, "b.csv", "a.csv.gz", "c.parquet", "_SUCCESS.csv", ".hidden.csv", "notes.md")
    names = ["a.csv.gz", "b.csv", "c.parquet"]
    assert [Path(path).name for path in expand(tmp_path)] == names
    assert [Path(path).name for path in expand([tmp_path / "b.csv", str(tmp_path / "b*.csv")])] == ["b.csv"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    write(tmp_path, "a[1].csv", "a1.csv")
    assert [Path(path).name for path in expand(tmp_path / "a[1].csv")] == ["a[1].csv"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("wine.cvs", 'must exist, got "{folder}/wine.cvs". Did you mean "wine.csv"?'),
        ("*.parquet", 'The pattern "{folder}/*.parquet" must match at least one file, got none.'),
        ("nothing", 'The folder "{folder}/nothing" must hold CSV or Parquet files, got none.'),
        ("empty.csv", '"{folder}/empty.csv" must hold a header and rows, got an empty file.'),
    ],
)
def test_paths_without_data_are_refused(tmp_path, given, message):
    write(tmp_path, "wine.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match=re.escape(message.format(folder=tmp_path))):
        expand(tmp_path / given)


def test_no_path_at_all_is_refused():
    with pytest.raises(InputError, match="at least one file, got none"):
        expand([])

"""What the command refuses before anything runs: one sentence, exit code 2, no traceback."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command import FLAGS, Said, refused, rows, write

from pipeline.local.lock import only_run


def latin(table: pd.DataFrame) -> None:
    table.assign(c="größe").to_csv("t.csv", index=False, encoding="latin-1")


def text(content: str) -> Callable[[], object]:
    return lambda: Path("t.csv").write_text(content)


BAD_TABLES: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (
        lambda: Path("tt.csv").touch(),
        'The data file must exist, got "{here}/t.csv". Did you mean "tt.csv"?',
    ),
    "empty": (text(""), '"{here}/t.csv" must hold a header and rows, got an empty file.'),
    "header only": (text("x,c,y,k\n"), '"{here}/t.csv" must hold at least one row, got a header only.'),
    "no regression label": (
        lambda: write(rows().rename(columns={"y": "Y2"})),
        'The regression label must be a column of the data, got "y". Did you mean "Y2"?',
    ),
    "no class label": (
        lambda: write(rows().drop(columns="k")),
        'The class label must be a column of the data, got "k".',
    ),
    "regression label is text": (
        lambda: write(rows(y=[*range(39), "high"])),
        'The regression label "y" must be a number, got "high" in row 40. '
        "Write numbers as 1234.5, without signs or separators; if it stands for no value, add it to data.missing.",
    ),
    "regression label is infinite": (
        lambda: write(rows(y=[*range(38), "inf", 1])),
        'The regression label "y" must be finite in 32 bits, got inf in row 39. Correct it, or leave it empty.',
    ),
    "regression label is too large": (
        lambda: write(rows(y=[1e39, *range(39)])),
        'The regression label "y" must be finite in 32 bits, got 1e+39 in row 1. Correct it, or leave it empty.',
    ),
    "one class": (
        lambda: write(rows(k="a")),
        'The class label "k" must have at least two classes, got "a" in every row. Choose another column.',
    ),
    "a class per row": (
        lambda: write(rows(k=range(40))),
        'The class label "k" must have at least two rows per class on average, got 40 classes in 40 rows. '
        "It looks like a number or an identifier: choose another column.",
    ),
    "too many classes": (
        lambda: write(pd.DataFrame({"x": range(3000), "y": range(3000), "k": [n // 2 for n in range(3000)]})),
        'The class label "k" must have at most 1,000 classes, got more. '
        "It looks like a number or an identifier: choose another column.",
    ),
    "labels only": (
        lambda: write(rows().drop(columns=["x", "c"])),
        "The data must have at least one feature column, got labels and left-out columns only.",
    ),
    "no feature with a value": (
        lambda: write(rows(x=None, c="")),
        "The data must have at least one feature with a value, got columns of missing values only.",
    ),
    "two columns of one name": (
        text("x,x,y,k\n1,2,3,a\n"),
        'Column names must differ, got "x" twice in "{here}/t.csv". Rename one.',
    ),
    "a column without a name": (
        text(",x,y,k\n1,2,3,a\n"),
        'Column 1 of "{here}/t.csv" must have a name, got an empty one. '
        "Name it; if pandas wrote its index there, write with index=False.",
    ),
    "ragged": (
        text("x,y,k\n1,2,a\n1,2,a,4\n"),
        'Every row of "t.csv" must have 3 fields like the header, got 4 in row 2. Check its delimiters and quotes.',
    ),
    "latin-1": (
        lambda: latin(rows()),
        '"{here}/t.csv" must be UTF-8 text, got other bytes in row 1. Save it as UTF-8 (Excel: "CSV UTF-8").',
    ),
    "UTF-16": (
        lambda: rows().to_csv("t.csv", index=False, encoding="utf-16"),
        '"{here}/t.csv" must be UTF-8 text, got UTF-16 text. Save it as UTF-8 (Excel: "CSV UTF-8").',
    ),
    "Excel": (
        lambda: Path("t.csv").write_bytes(b"PK\x03\x04rest"),
        '"{here}/t.csv" must be CSV or Parquet, got a zip or Excel file. Save it as CSV.',
    ),
    "too few rows": (
        lambda: write(rows().head(6)),
        "The data needs at least 13 rows with both labels to fill its splits, got 6. Add rows.",
    ),
    "too few labelled rows": (
        lambda: write(rows(y=[None] * 35 + [1.0] * 5)),
        'The data needs at least 13 rows with the label "y" to fill its splits, got 5. Add rows.',
    ),
}


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(mtl: Callable[..., Said], case: str, verb: str):
    make, sentence = BAD_TABLES[case]
    make()
    assert refused(mtl(verb, *FLAGS)) == sentence.format(here=Path.cwd())
    assert not Path("runs").exists()


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--set", "trainin.epochs=3"),
            'trainin must be a known key, got an unknown one. Did you mean "training"?',
        ),
        (
            ("--set", "labels.classification=y"),
            'labels must be two different columns, got "y" for both. Change one.',
        ),
        (
            ("--set", "features.numeric=[c]"),
            'The column "c", listed in features.numeric, must hold numbers, got "red" in row 1. '
            "Write numbers as 1234.5, without signs or separators; "
            "if it stands for no value, add it to data.missing.",
        ),
        (
            ("--set", "features.categorical=[colour]"),
            'A name in features.categorical must be a column of the data, got "colour".',
        ),
        (
            ("--set", "features.vectors.e=emb_*"),
            'The pattern of the vector "e" must match at least one feature column, got none for "emb_*".',
        ),
        (
            ("--set", "data.ignore=[X]"),
            'A name in data.ignore must be a column of the data, got "X". Did you mean "x"?',
        ),
        (
            ("--set", "evaluation.slices=[C]"),
            'evaluation.slices must name columns that are read, got "C". Did you mean "c"?',
        ),
        (
            ("--set", "data.split={by: column, column: z}"),
            'A name in data.split.column must be a column of the data, got "z".',
        ),
        (("--set", "data.delimiter=é"), "The delimiter must be one ASCII character, got 'é'."),
        (
            ("--set", "data.format=parquet"),
            '"{here}/t.csv" must be a whole Parquet file, got something else or a damaged one.',
        ),
        (
            ("--config", "none.yaml"),
            "--config must be a readable YAML file, got none.yaml (No such file or directory). "
            "Correct the path or the file.",
        ),
    ],
)
def test_bad_configurations(mtl: Callable[..., Said], arguments: tuple[str, ...], sentence: str, verb: str):
    write(rows())
    assert refused(mtl(verb, *FLAGS, *arguments)) == sentence.format(here=Path.cwd())
    assert not Path("runs").exists()


@pytest.mark.parametrize("verb", ["check", "run"])
def test_bad_gates_and_schemas(mtl: Callable[..., Said], verb: str):
    write(rows())
    assert refused(mtl(verb, *FLAGS, "--set", "gates.data.levels.SCHEMA_NEW_COLUM=fail")) == (
        'gates.data.levels must name TFDV anomaly types, got "SCHEMA_NEW_COLUM". Did you mean "SCHEMA_NEW_COLUMN"?'
    )
    reviewed = ("--set", "data.schema_file=s.pbtxt")
    assert refused(mtl(verb, *FLAGS, *reviewed)) == (
        f"data.schema_file must be a readable file, got {Path.cwd()}/s.pbtxt (No such file or directory). "
        "Correct the path."
    )
    Path("s.pbtxt").write_text('feature { name: "y" type: FLOAT }')
    assert refused(mtl(verb, *FLAGS, *reviewed)) == (
        'data.schema_file must describe the columns of `labels`, got none of "k". Add it to the schema.'
    )


@pytest.mark.parametrize("verb", ["check", "run", "config"])
def test_nothing_given(mtl: Callable[..., Said], verb: str):
    assert refused(mtl(verb)) == (
        "A configuration must be given, got none. "
        "Use --config FILE, or --data FILE --regression COLUMN --classification COLUMN."
    )


def test_the_file_in_the_current_folder_is_found(mtl: Callable[..., Said]):
    write(rows())
    Path("mtl.yaml").write_text("data: {path: t.csv}\nlabels: {regression: y, classification: nope}\n")
    assert refused(mtl("check")) == 'The class label must be a column of the data, got "nope".'
    assert mtl("check", "--classification", "k").code == 0


@pytest.mark.parametrize(("verb", "reason"), [("check", ""), ("run", " (Not a directory)")])
def test_a_file_in_the_way_of_the_output(mtl: Callable[..., Said], verb: str, reason: str):
    write(rows())
    Path("out").write_text("")
    said = mtl(verb, *FLAGS, "--set", "runtime.output=out/deep")
    assert refused(said) == (
        f"runtime.output must be a folder that can be written, got {Path.cwd()}/out/deep{reason}. "
        "Choose another with --set runtime.output=FOLDER."
    )


@pytest.mark.parametrize("verb", ["check", "run", "validate", "relate", "tune"])
def test_an_engine_that_is_not_there_is_said_before_anything_runs(mtl: Callable[..., Said], verb: str):
    write(rows())
    said = mtl(verb, *FLAGS, "--set", "runtime.engine=portable", "--set", "runtime.endpoint=localhost:1")
    assert refused(said) == (
        "runtime.endpoint must be where a Beam job server listens, got localhost:1, where nothing does "
        "(Connection refused). Start it, or correct runtime.endpoint."
    )
    assert not list(Path().rglob("*.json"))


def test_a_serving_log_that_is_not_there_is_said_before_the_run(mtl: Callable[..., Said]):
    write(rows())
    write(rows(), "log.csv")
    assert refused(mtl("validate", *FLAGS, "--serving", "lgo.csv")) == (
        'The data file must exist, got "lgo.csv". Did you mean "log.csv"?'
    )
    assert not list(Path("runs").rglob("*.json"))


def test_another_run_holds_the_output(mtl: Callable[..., Said]):
    write(rows())
    with only_run(Path("out")):
        sentence = refused(mtl("run", *FLAGS, "--set", "runtime.output=out"))
    assert sentence == (
        f"runtime.output must be free, got {Path.cwd()}/out, in use by process {os.getpid()}. "
        "Wait for that run, or choose another folder with --set runtime.output=FOLDER."
    )
    assert list(Path("out").iterdir()) == [Path("out/.lock")]

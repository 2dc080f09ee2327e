import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

from components.pusher.store import Store
from pipeline.cli import cli, main
from pipeline.lock import only_run
from pipeline.resolve import resolve
from pipeline.runs import Run, Step

VERBS = sorted(cli.commands)


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    error: str


@pytest.fixture
def mtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `mtl` with arguments in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["mtl", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


def rows(**columns: object) -> pd.DataFrame:
    """Forty rows with two features, a number y and a class k; `columns` replaces or adds."""
    table = {
        "x": range(40),
        "c": ["red", "blue"] * 20,
        "y": [row / 2 for row in range(40)],
        "k": ["a", "b", "b", "c"] * 10,
    }
    return pd.DataFrame(table | columns)


def write(table: pd.DataFrame, path: str = "t.csv") -> None:
    table.to_csv(path, index=False)


FLAGS = ("--data", "t.csv", "--regression", "y", "--classification", "k")


def test_help_answers_at_once_and_without_tensorflow(tmp_path: Path):
    command = [str(Path(sys.executable).with_name("mtl")), "--help"]
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 1
    assert done.stderr == ""
    assert all(f"\n  {verb} " in done.stdout for verb in VERBS)
    assert "0 done, 1 a bug, 2 the input must change, 3 a gate said no" in done.stdout


def test_check_needs_no_tensorflow(tmp_path: Path):
    write(rows(), str(tmp_path / "t.csv"))
    script = (
        "import sys; sys.argv = ['mtl', 'check', *sys.argv[1:]]\n"
        "from pipeline.cli import main\n"
        "main()\n"
        "heavy = {'tensorflow', 'tfx', 'keras', 'apache_beam', 'tensorflow_data_validation'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script, *FLAGS], cwd=tmp_path, timeout=60, check=True)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_verb_has_help(mtl: Callable[..., Said], verb: str, option: str):
    said = mtl(verb, option)
    assert (said.code, said.error) == (0, "")
    assert said.out.startswith(f"Usage: mtl {verb} ")
    assert cli.commands[verb].help.splitlines()[0].split(".")[0][:40] in said.out
    options = [parameter for parameter in cli.commands[verb].params if parameter.param_type_name == "option"]
    assert all(parameter.help or parameter.name == "rows" or parameter.name == "seed" for parameter in options)


def test_wrong_use_is_the_users_input(mtl: Callable[..., Said]):
    said = mtl("chek")
    assert (said.code, said.out) == (2, "")
    assert "No such command 'chek'" in said.error
    assert mtl("run", "--epochs", "3").code == 2


def test_a_bug_says_so(mtl: Callable[..., Said], monkeypatch: pytest.MonkeyPatch):
    def broken(*arguments: object) -> None:
        raise KeyError("lost\nsecond line")

    write(rows())
    monkeypatch.setattr("pipeline.check.check_all", broken)
    said = mtl("check", *FLAGS)
    assert (said.code, said.out) == (1, "")
    assert said.error.startswith("error: This is a bug in mtl: KeyError: ")
    assert "Traceback" not in said.error
    log = Path(said.error.rstrip(".\n").rpartition(" ")[2])
    assert 'raise KeyError("lost' in log.read_text()
    log.unlink()


def test_check_says_what_the_table_holds(mtl: Callable[..., Said]):
    table = rows(e=[None, 1.5] * 20)
    table.loc[3, "y"] = None
    write(table)
    said = mtl("check", *FLAGS)
    assert (said.code, said.error) == (0, "")
    lines = {line.split("  ")[0]: line.rstrip() for line in said.out.splitlines()}
    assert lines["rows"].endswith("40; 1 left out: regression label missing")
    counts = table.dropna(subset="y")["k"].value_counts()
    assert lines["class"].endswith(f"k: a {counts['a']}, b {counts['b']}, c {counts['c']}")
    assert lines["features"].endswith("x (int), c (bytes), e (float)")
    assert said.out.endswith("A run can start.\n")
    assert not Path("runs").exists()


def test_an_empty_column_is_a_note(mtl: Callable[..., Said]):
    write(rows(e=[None] * 40))
    said = mtl("check", *FLAGS)
    assert (said.code, said.error) == (0, "")
    assert "note e: all 40 values are missing, so the column is not written.\n" in said.out


def test_config_prints_a_file_that_means_the_same(mtl: Callable[..., Said]):
    write(rows(id=[f"n{row}" for row in range(40)]))
    Path("mtl.yaml").write_text(
        "name: t\ndata: {path: t.csv, missing: ['-', 'no #1', \"it's: \\t\"], ignore: [id]}\n"
        "labels: {regression: y, classification: k}\n"
        "evaluation: {slices: [c, [c, x]]}\n"
        "gates: {regression: {thresholds: {mae: 1.5}}, data: {levels: {SCHEMA_NEW_COLUMN: ignore}}}\n"
        "features: {vectors: {'yes': 'x*'}}\n",
        encoding="utf-8",
    )
    said = mtl("config", "--set", "training.epochs=7")
    assert (said.code, said.error) == (0, "")
    before = resolve(Path("mtl.yaml"), None, ["training.epochs=7"]).config.as_json()
    before["data"]["delimiter"] = ","
    assert yaml.safe_load(said.out) == before
    Path("printed.yaml").write_text(said.out, encoding="utf-8")
    assert resolve(Path("printed.yaml")).config.as_json() == before
    origins = {line.split(":")[0].strip(): line.rpartition("# ")[2] for line in said.out.splitlines()}
    assert origins["epochs"] == "--set"
    assert origins["seed"] == "default"
    assert origins["mae"] == "mtl.yaml"
    assert origins["delimiter"] == "inferred from the data"
    assert origins["categorical"] == "default; text in the data: c"
    # What was printed gives the same text again, but for the origins.
    again = mtl("config", "--config", "printed.yaml")
    assert yaml.safe_load(again.out) == before


def test_config_without_the_data_is_still_a_file(mtl: Callable[..., Said]):
    said = mtl("config", *FLAGS)
    assert said.code == 0
    assert said.out.startswith("# The data could not be read, so nothing is inferred from it: The data file must")
    assert yaml.safe_load(said.out)["data"]["path"] == str(Path.cwd() / "t.csv")


def test_json_schema_needs_no_configuration(mtl: Callable[..., Said]):
    said = mtl("config", "--json-schema")
    assert (said.code, said.error) == (0, "")
    assert set(json.loads(said.out)["required"]) == {"data", "labels"}


def refused(said: Said) -> str:
    """The one sentence of a refusal."""
    assert said.code == 2, said
    assert "Traceback" not in said.error + said.out
    assert said.error.startswith("error: ")
    assert said.error.count("error:") == 1
    assert said.error.count("\n") == 1
    return said.error.removeprefix("error: ").rstrip("\n")


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
    "no number label": (
        lambda: write(rows().rename(columns={"y": "Y2"})),
        'The regression label must be a column of the data, got "y". Did you mean "Y2"?',
    ),
    "no class label": (
        lambda: write(rows().drop(columns="k")),
        'The class label must be a column of the data, got "k".',
    ),
    "number label is text": (
        lambda: write(rows(y=[*range(39), "high"])),
        'The regression label "y" must be a number, got "high" in row 40. '
        "Write numbers as 1234.5, without signs or separators; if it stands for no value, add it to data.missing.",
    ),
    "number label is infinite": (
        lambda: write(rows(y=[*range(38), "inf", 1])),
        'The regression label "y" must be finite in 32 bits, got inf in row 39. Correct it, or leave it empty.',
    ),
    "number label is too large": (
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
        text(",x,y,k\n0,2,3,a\n"),
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
        "The data needs at least 7 rows with both labels to fill its splits, got 6. Add rows.",
    ),
    "too few labelled rows": (
        lambda: write(rows(y=[None] * 35 + [1.0] * 5)),
        "The data needs at least 7 rows with both labels to fill its splits, got 5. Add rows.",
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
        'data.schema_file must describe both labels, got none of "k". Add the label to the schema.'
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


def test_no_runs(mtl: Callable[..., Said]):
    assert refused(mtl("runs")) == (
        "There must be a run to list, got none under runs. Use `mtl run`, or give --output FOLDER."
    )
    assert mtl("runs", "--json").out == "[]\n"
    assert refused(mtl("runs", "--output", "out")).startswith("There must be a run to list, got none under out.")


def test_runs_are_listed_oldest_first(mtl: Callable[..., Said]):
    for name, second, state, metrics, problems in [
        ("b", 1, "pushed", {"regression": {"mae": 0.123456}, "classification": {"log_loss": 1}}, []),
        ("a", 2, "stopped", {}, ['"x" must be [FLOAT], got text.']),
    ]:
        Run(
            f"20260101-00000{second}", name, state, f"2026-01-01T00:00:0{second}+00:00", {}, {},
            seconds=2.4, metrics=metrics, problems=problems, version=3 if state == "pushed" else None,
        ).write(Path("runs") / name)  # fmt: skip
    said = mtl("runs")
    assert (said.code, said.error) == (0, "")
    heading, first, second, *pages = (line.split() for line in said.out.splitlines())
    assert pages == [["Page:", f"runs/{name}/reports/index.html"] for name in "ab"]
    assert heading[:3] == ["run", "pipeline", "result"]
    assert first[:4] == ["20260101-000001", "b", "pushed", "0.1235"]
    assert first[-2:] == ["3", "2"]
    assert second[:3] == ["20260101-000002", "a", "stopped"]
    assert said.out.splitlines()[2].endswith('"x" must be [FLOAT], got text.')
    assert [run["id"] for run in json.loads(mtl("runs", "--json").out)] == [
        "20260101-000001",
        "20260101-000002",
    ]
    lines = mtl("runs", "--output", "runs/a").out.splitlines()
    assert len(lines) == 3
    assert lines[-1] == "Page: runs/a/reports/index.html"
    assert Path("runs/a/reports/index.html").exists()


def test_runs_that_ended_before_their_first_step_are_named(mtl: Callable[..., Said]):
    for second, steps in enumerate(([Step("Start"), Step("ExampleGen")], [Step("Start")], [])):
        started = f"2026-01-01T00:00:0{second}+00:00"
        Run(f"20260101-00000{second}", "t", "failed", started, {}, {}, steps=steps).write(Path("runs/t"))
    said = mtl("runs")
    assert (said.code, said.error) == (0, "")
    assert said.out.splitlines()[-2] == (
        "Without a report, as they ended before their first step: 20260101-000001, 20260101-000002."
    )


def test_two_runs_are_compared(mtl: Callable[..., Said]):
    for second, epochs, mae in ((1, 5, 0.5), (2, 7, 0.25)):
        Run(
            f"20260101-00000{second}", "a", "pushed", f"2026-01-01T00:00:0{second}+00:00",
            {"training": {"epochs": epochs}}, {}, metrics={"regression": {"mae": mae}}, version=second,
        ).write(Path("runs/a"))  # fmt: skip
    said = mtl("compare", "20260101-000001", "20260101-000002", "--html", "c.html")
    assert (said.code, said.error) == (0, "")
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[:2] == [
        ["A", "20260101-000001", "a", "pushed,", "version", "1"],
        ["B", "20260101-000002", "a", "pushed,", "version", "2"],
    ]
    assert ["training.epochs", "5", "7"] in lines
    assert ["data", "nothing", "is", "known", "of", "it"] in lines
    assert ["MAE", "0.500", "0.250", "−0.250", "not", "clear"] in lines
    assert lines[-1] == ["Page:", "c.html"]
    assert "<code>training.epochs</code>" in Path("c.html").read_text(encoding="utf-8")
    assert refused(mtl("compare", "20260101-000001", "20260101-000003")) == (
        'The run must be one of those under runs/a, got "20260101-000003". Did you mean "20260101-000002"? '
        "Use `mtl runs` to list them."
    )


def test_report_prints_and_opens_the_page_of_a_run(mtl: Callable[..., Said], monkeypatch: pytest.MonkeyPatch):
    assert refused(mtl("report")) == (
        "There must be a run under runs to report on, got none. Use `mtl run`, or give --output FOLDER."
    )
    for second in (1, 2):
        started = f"2026-01-01T00:00:0{second}+00:00"
        steps = [Step("DataReport")]
        Run(f"20260101-00000{second}", "t", "failed", started, {"name": "t"}, {}, steps=steps).write(Path("runs/t"))
    said = mtl("report")
    page = Path.cwd() / "runs/t/reports/20260101-000002/report.html"
    assert (said.code, said.out, said.error) == (0, f"{page}\n", "")
    assert json.loads(page.with_name("report.json").read_text())["run"]["id"] == "20260101-000002"
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    said = mtl("report", "20260101-000001", "--open", "--output", "runs/t")
    assert opened == [page.as_uri().replace("000002", "000001")]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert refused(mtl("report", "--open")).endswith("got none. Open the file by hand.")
    assert (
        refused(mtl("report", "1"))
        == 'The run must be one of those under runs/t, got "1". Use `mtl runs` to list them.'
    )


def test_report_needs_no_tensorflow(tmp_path: Path):
    steps = [Step("DataReport")]
    Run("1", "t", "failed", "2026-01-01T00:00:00+00:00", {"name": "t"}, {}, steps=steps).write(tmp_path)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.report import find_report\n"
        f"assert find_report([Path({str(tmp_path)!r})], None).exists()\n"
        "assert not {'tensorflow', 'tfx', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_predict_without_a_model(mtl: Callable[..., Said]):
    write(rows())
    assert refused(mtl("predict", "--input", "t.csv", "--output", "p.csv")) == (
        "A pushed model must be under runs, got none. Run `mtl run` first, or give --model FOLDER."
    )
    assert refused(mtl("predict", "-i", "t.csv", "-o", "p.csv", "-m", "served")) == (
        "--model must be a pushed model or its folder of versions, got served. Run `mtl run` first."
    )
    assert not Path("p.csv").exists()
    assert mtl("predict", "--input", "t.csv").code == 2


def test_rollback(mtl: Callable[..., Said]):
    assert refused(mtl("rollback")).startswith("A pushed model must be under runs, got none.")
    store = Store("runs/t/serving")
    for content in ("first", "second"):
        Path(content).mkdir()
        (Path(content) / "saved_model.pb").write_text(content)
        store.publish(content, {})
    said = mtl("rollback")
    assert (said.code, said.error) == (0, "")
    assert said.out.startswith("Version 1 is current again; version 2 is withdrawn. ")
    assert (store.current(), store.versions()) == (1, [1])
    assert refused(mtl("rollback", "--model", "runs/t/serving")) == (
        f"`{store.path}` must hold two versions or more to roll back, got version 1 alone. Push a model first."
    )


def test_synth_writes_a_table_and_says_what_can_be_reached(mtl: Callable[..., Said]):
    said = mtl("synth", "s.csv", "--rows", "500", "--seed", "3", "--noise", "2")
    assert (said.code, said.error) == (0, "")
    headline, _, figures = said.out.partition("\n")
    assert headline == "s.csv: 500 rows, labels y (number) and label (class)."
    best = json.loads(figures)
    table = pd.read_csv("s.csv")
    assert (len(table), best["rows"], best["expected_rmse"]) == (500, 500, 2.0)
    assert best["majority_accuracy"] == pytest.approx(table["label"].value_counts(normalize=True).max())
    assert 0 < best["r2"] < 1
    assert best["log_loss"] > 0
    checked = mtl("check", "--data", "s.csv", "--regression", "y", "--classification", "label")
    assert (checked.code, checked.error) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [("--rows", "0"), ("--rows", "many"), ("--missing", "2"), ("--noise", "-1"), ("--seed", "-1")],
)
def test_synth_refuses(mtl: Callable[..., Said], arguments: tuple[str, ...]):
    said = mtl("synth", "s.csv", *arguments)
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.error
    assert not Path("s.csv").exists()


def test_a_process_told_to_end_ends_in_order_with_its_own_code():
    script = (
        "import os, signal, time; from pipeline import cli\n"
        "def verb(**_):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
        "    finally:\n"
        "        print('left in order')\n"
        "cli.cli.main = verb\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (143, "left in order\n")
    assert done.stderr == "error: Terminated. The next run continues from the steps that are done.\n"

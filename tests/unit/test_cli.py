"""The verbs that need no pipeline, and how the command ends."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from command import FLAGS, Said, refused, rows, write

from components.formats.version import Labels, Version
from components.pusher.local_store import Store
from components.pusher.release import Release
from components.shared.errors import InputError
from pipeline.cli.main import cli
from pipeline.config.resolve import resolve
from pipeline.verbs.predict import Counts

VERBS = sorted(cli.commands)


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
    assert "0 done, 1 a bug, 2 the input must change, 3 rejected by a gate" in done.stdout


def test_check_needs_no_tensorflow(tmp_path: Path):
    write(rows(), str(tmp_path / "t.csv"))
    script = (
        "import sys; sys.argv = ['mtl', 'check', *sys.argv[1:]]\n"
        "from pipeline.cli.main import main\n"
        "main()\n"
        "heavy = {'tensorflow', 'tfx', 'keras', 'apache_beam', 'tensorflow_data_validation'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script, *FLAGS], cwd=tmp_path, timeout=60, check=True)


@pytest.mark.parametrize(
    ("settings", "engine"), [((), "local, 1 process"), (("--set", "runtime.workers=3"), "local, 3 processes")]
)
def test_check_names_the_engine(mtl: Callable[..., Said], settings: tuple[str, ...], engine: str):
    write(rows())
    said = mtl("check", *FLAGS, *settings)
    assert said.code == 0
    assert [line.split(maxsplit=1)[1].rstrip() for line in said.out.splitlines() if line.startswith("engine ")] == [
        engine
    ]


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
    monkeypatch.setattr("pipeline.verbs.check.check_all", broken)
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
    table.loc[4, ["y", "k"]] = None
    write(table)
    said = mtl("check", *FLAGS)
    assert (said.code, said.error) == (0, "")
    lines = {line.split("  ")[0]: line.rstrip() for line in said.out.splitlines()}
    assert lines["rows"].endswith("40; 1 without y; 1 left out: both labels missing")
    counts = table["k"].value_counts()
    assert lines["classification"].endswith(f"k: a {counts['a']}, b {counts['b']}, c {counts['c']}")
    assert lines["features"].endswith("x (int), c (bytes), e (float)")
    assert said.out.endswith("A run can start.\n")
    assert not Path("runs").exists()


def test_check_says_what_a_run_takes(mtl: Callable[..., Said]):
    write(rows())
    said = mtl("check", *FLAGS, "--set", "training.epochs=3")
    [line] = [line for line in said.out.splitlines() if line.startswith("a run ")]
    span = r"\d+ (seconds|minutes)"
    words = rf"a run +about {span} and \d\.\d GiB of memory here \(training {span} at 3 epochs\) *"
    assert re.fullmatch(words, line), line


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
    said = mtl("config", "--set", "training.batch_size=7")
    assert (said.code, said.error) == (0, "")
    before = resolve(Path("mtl.yaml"), None, ["training.batch_size=7"]).config.as_json()
    before["data"]["delimiter"] = ","
    assert yaml.safe_load(said.out) == before
    Path("printed.yaml").write_text(said.out, encoding="utf-8")
    assert resolve(Path("printed.yaml")).config.as_json() == before
    origins = {line.split(":")[0].strip(): line.rpartition("# ")[2] for line in said.out.splitlines()}
    assert origins["batch_size"] == "--set"
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
        store.publish(Release(content))
    said = mtl("rollback")
    assert (said.code, said.error) == (0, "")
    assert said.out.startswith("Version 1 is current again; version 2 is withdrawn. ")
    assert (store.current(), store.versions()) == (1, [1])
    assert refused(mtl("rollback", "--model", "runs/t/serving")) == (
        f"`{store.path}` must hold two versions or more to roll back, got version 1 alone. Push a model first."
    )


def test_rollback_says_what_is_predicted_where_that_changes(mtl: Callable[..., Said]):
    store = Store("runs/t/serving")
    for regression in ("price", "price", "weight"):
        model = Path(f"export-{len(store.versions())}")
        model.mkdir()
        (model / "saved_model.pb").write_text(model.name)
        store.publish(Release(model, Version(labels=Labels(regression, "kind"))))
    first, *more = mtl("rollback").out.splitlines()
    assert first.startswith("Version 2 is current again; version 3 is withdrawn. ")
    assert more == [
        'note: version 2 predicts the regression label "price" and the class label "kind", '
        'version 3 the regression label "weight" and the class label "kind".'
    ]
    assert len(mtl("rollback").out.splitlines()) == 1


def test_a_version_that_a_newer_mtl_pushed_can_be_rolled_back(mtl: Callable[..., Said]):
    store = Store("runs/t/serving")
    for content in ("first", "second"):
        Path(content).mkdir()
        (Path(content) / "saved_model.pb").write_text(content)
        store.publish(Release(content))
    (store.folder(2) / "assets.extra" / "mtl.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match=r"must be of format 1, got format 99\. .* `mtl rollback`\."):
        store.manifest(2)
    assert mtl("rollback").out.startswith("Version 1 is current again; version 2 is withdrawn. ")


def test_synth_writes_a_table_and_says_what_can_be_reached(mtl: Callable[..., Said]):
    said = mtl("synth", "s.csv", "--rows", "500", "--seed", "3", "--noise", "2")
    assert (said.code, said.error) == (0, "")
    headline, _, figures = said.out.partition("\n")
    assert headline == "s.csv: 500 rows, labels y (regression) and label (classification)."
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
        "import os, signal, time; import pipeline.cli.main as cli\n"
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


def test_predict_says_what_was_done_in_opening_its_table(monkeypatch: pytest.MonkeyPatch, mtl: Callable[..., Said]):
    note = 'The first line of "new.csv" ("sep=;") is skipped and obeyed.'
    monkeypatch.setattr("pipeline.verbs.predict.predict_file", lambda *_: Counts(3, 0, "1", ("y", "k"), (note,)))
    said = mtl("predict", "-i", "new.csv", "-o", "out.csv", "-m", "m")
    assert (said.code, said.error.splitlines(), said.out[:6]) == (0, [f"note {note}"], "3 rows")

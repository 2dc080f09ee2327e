"""What is re-run when something changes."""

import json
import shutil

import pytest

from tests.e2e.conftest import QUICK, ROOT, mtl

INGEST = {"ExampleGen", "StatisticsGen", "SchemaGen"}
CHECK = {"Baseline", "DataValidator", "DataReport", "DataGate"}  # what is pushed may have changed
FIT = {"Transform", "Trainer"}
JUDGE = {"Evaluator", "Pusher", "Report"}
ALL = INGEST | CHECK | FIT | JUDGE


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """A copy of the source and of the data that tests may change, after a first run."""
    folder = tmp_path_factory.mktemp("workshop")
    for name in ("components", "pipeline", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    first = run(folder)
    assert first.code == 0, first.out + first.err
    assert set(first.states.values()) == {"done"}
    return folder


def run(folder, *arguments):
    return mtl(
        folder / "output",
        *("-c", "data/wine/config.yaml", *QUICK, *arguments),
        code_from=folder,
    )


def examples(folder):
    """The examples that runs made, oldest first."""
    return sorted((folder / "output" / "artifacts" / "ExampleGen" / "examples").iterdir(), key=lambda f: int(f.name))


def cached(done):
    return {name for name, state in done.states.items() if state == "cached"}


def test_the_same_again_runs_nothing_and_says_so(workshop):
    done = run(workshop)
    assert done.code == 0
    assert cached(done) == ALL
    assert {done.reasons[name] for name in ALL} == {"unchanged"}
    assert done.out.count("cached") == len(ALL)
    assert done.record["version"] == 1


def test_what_the_beam_steps_run_on_reruns_nothing(workshop):
    for engine in (
        "runtime.workers=3",
        "runtime.beam_args=[--runner=PortableRunner, --job_endpoint=nowhere.example:1]",
    ):
        done = run(workshop, "-s", engine)
        assert done.code == 0
        assert cached(done) == ALL


def test_a_config_key_reruns_what_depends_on_it(workshop):
    done = run(workshop, "-s", "training.learning_rate=0.003")
    assert done.code in (0, 3)
    assert cached(done) - CHECK == INGEST | {"Transform"}
    assert done.reasons["Trainer"] == "config changed"
    assert done.reasons["Evaluator"] == "an earlier step changed"


def test_a_gate_reruns_the_verdict_alone(workshop):
    done = run(workshop, "-s", "gates.regression.thresholds={mae: 0.001}")
    assert done.code == 3
    assert cached(done) >= INGEST | FIT
    assert not cached(done) & JUDGE
    assert done.record["state"] == "rejected"
    assert "MAE" in done.record["problems"][0]
    assert "nothing pushed" in done.out


def test_a_line_of_preprocessing_fn_reruns_transform_and_what_follows(workshop):
    source = workshop / "components" / "transform" / "preprocessing.py"
    before = source.read_text()
    source.write_text(before + "\n# One more line.\n")
    try:
        done = run(workshop)
    finally:
        source.write_text(before)
    assert cached(done) - CHECK == INGEST
    assert done.reasons["Transform"] == "code changed"
    assert done.reasons["Trainer"] == "an earlier step changed"


def test_a_row_reruns_everything(workshop):
    table = workshop / "data" / "wine" / "wine.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*lines[:-1], lines[-1].replace(lines[-1].split(",")[0], "13.5", 1)]))
    try:
        done = run(workshop)
    finally:
        table.write_text("".join(lines))
    assert cached(done) <= {"Baseline"}
    assert done.reasons["ExampleGen"] == "data changed"


def test_a_column_more_or_less_moves_no_row_and_the_verdict_says_what_it_could_not_compare(workshop):
    """The first run's columns are known from its version; another label is no business of this pipeline."""
    table = workshop / "data" / "wine" / "wine.csv"
    before = table.read_text()
    lines = [line.split(",") for line in before.splitlines()]
    hue = lines[0].index("hue")
    for place, line in enumerate(lines):
        line[hue] = "noise" if place == 0 else str(place * 7 % 11)
    table.write_text("".join(",".join(line) + "\n" for line in lines))
    try:
        done = run(workshop)
        other = run(workshop, "-r", "malic_acid")
    finally:
        table.write_text(before)
    assert done.code in (0, 3)
    assert done.reasons["ExampleGen"] == "data changed"
    first, second = (
        json.loads((folder / "summary.json").read_text()) for folder in examples(workshop)[:1] + examples(workshop)[-1:]
    )
    assert (first["splits"], first["identity"]) != ({}, {})
    # The version may be that of the run in which one row was another.
    moved = sum(abs(second["splits"][split] - rows) for split, rows in first["splits"].items()) / 2
    assert moved <= 1
    assert (second["gone"], second["inherited"]) == (["hue"], True)
    pushed = [check for check in done.evaluation["verdict"]["checks"] if check["name"] == "no_worse_than_pushed"]
    assert [(check["passed"], check["warning"]) for check in pushed] == [(True, True)] * 2
    said = 'Nothing is compared with the production model: it reads the column "hue", which is no feature any more.'
    assert " ".join(done.out.split()).count(said) == 2

    assert other.code == 2
    assert 'the regression label "alcohol" and the class label "cultivar", ' in other.err
    assert 'got the regression label "malic_acid"' in other.err
    assert "ExampleGen" not in other.out


def test_a_model_that_was_deleted_is_pushed_again(workshop):
    shutil.rmtree(workshop / "output" / "serving")
    done = run(workshop)
    assert done.code == 0
    assert done.states["Pusher"] == "done"
    assert cached(done) >= INGEST | FIT
    assert (workshop / "output" / "serving" / "current" / "saved_model.pb").exists()

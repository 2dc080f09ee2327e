"""Real sets to a pushed model, with no more than labels and the columns that must not be features."""

import json

import pytest

from tests.e2e.conftest import ROOT, mtl

SHARED = ROOT.parent / "shared" / "data"
SETS = {
    "abalone": ("Rings", "Sex", []),
    "auto_mpg": ("mpg", "origin", ["name"]),
    "bike_hour": ("cnt", "weathersit", ["instant", "dteday", "casual", "registered"]),
    "chicago_taxi": ("fare", "payment_type", ["tips"]),
    "diamonds": ("price", "cut", []),
    "student_por": ("G3", "school", ["G1", "G2"]),
    "wine_quality": ("quality", "colour", []),
    "wine_quality_semicolon": ("quality", "colour", []),
}
PENGUIN_IDENTIFIERS = ["studyName", "Sample Number", "Region", "Stage", "Individual ID", "Date Egg", "Comments"]


def run(output, data, regression, classification, ignore):
    done = mtl(output, "-d", data, "-r", regression, "-k", classification, "-s", f"data.ignore={json.dumps(ignore)}")
    assert done.code == 0, done.out + done.err
    assert done.record["state"] == "pushed"
    assert done.evaluation["heads"]["regression"]["trivial"]["mae"]["high"] < 0, "no clear gain over the median"
    assert done.evaluation["heads"]["classification"]["trivial"]["log_loss"]["high"] < 0, "no gain over frequencies"
    return done


def value(done, head, metric):
    return done.evaluation["heads"][head]["metrics"][metric]["value"]


def test_penguins(tmp_path):
    data = ROOT / "tests/data/penguins_raw.csv"
    done = run(tmp_path, data, "Body Mass (g)", "Species", PENGUIN_IDENTIFIERS)
    summary = json.loads((done.artifact("ExampleGen", "examples") / "summary.json").read_text())
    assert (summary["rows_in"], summary["rows_out"]) == (344, 344)
    assert 'Every row must have the label "Body Mass (g)", got none in 2 of 344 rows.' in done.out
    assert value(done, "regression", "r2") > 0.75
    assert value(done, "classification", "accuracy") > 0.95


def test_housing_reaches_what_a_plain_script_reaches(tmp_path):
    """The seed network in a plain script reaches R² 0.78 and accuracy 0.90."""
    data = ROOT / "tests/data/california_housing.csv.gz"
    done = run(tmp_path, data, "median_house_value", "ocean_proximity", [])
    assert value(done, "regression", "r2") >= 0.75
    assert value(done, "classification", "accuracy") >= 0.87
    assert value(done, "regression", "mae") < 42_000, "in dollars, not in standard deviations"
    summary = json.loads((done.artifact("ExampleGen", "examples") / "summary.json").read_text())
    assert summary["missing"]["total_bedrooms"] == 207
    assert sum(counts["ISLAND"] for counts in summary["classes"].values()) == 5


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the larger sets are not part of the repository")
@pytest.mark.parametrize("name", SETS)
def test_other_sets(name, tmp_path):
    run(tmp_path, SHARED / f"{name}.csv", *SETS[name])

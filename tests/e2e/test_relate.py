"""The comparison with single-task networks: the real command, and as part of a run."""

import json

import pytest

from tests.e2e.conftest import arguments, mtl

CONFIG = ["--config", "data/wine/config.yaml"]
SMALL = ("training.epochs=2", "model.members=2", "model.hidden=[32]", "model.head_hidden=[8]")
SHORT = arguments(*SMALL)
# Of the network's parameters, those of the heads: a layer of 8 on 32 units each, and on it linear answers of the two
# members, one number and three classes.
ONE, HEADS = 13_552, 2 * 8 * (32 + 1) + 2 * (1 + 3) * (8 + 1)
TWO = 2 * ONE - HEADS


@pytest.fixture(scope="module")
def related(copied):
    """What `mtl relate` printed, and its record; without a run that trains longer."""
    done = mtl(copied, *CONFIG, *SHORT, "--seeds", "2", verb="relate")
    assert done.code == 0, done.out + done.err
    return done.out, done.record


def test_only_what_the_comparison_needs_is_run(related):
    printed, record = related
    states = {step["name"]: step["state"] for step in record["steps"]}
    assert list(states)[-2:] == ["Transform", "Relatedness"]
    assert (states["Transform"], states["Relatedness"]) == ("cached", "done")
    assert record["state"] == "validated"
    assert f"parameters  {ONE:,}       {TWO:,}" in printed


def test_its_report_shows_the_heads_and_no_model(related, copied):
    _, record = related
    folder = copied / "reports" / record["id"]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["model"] is None
    part = report["relatedness"]
    assert part["seeds"] == [0, 1]
    assert {head: (found["label"], found["n"]) for head, found in part["heads"].items()} == {
        "regression": ("alcohol", 24),
        "classification": ("cultivar", 24),
    }
    for found in part["heads"].values():
        assert found["change"]["low"] < found["change"]["value"] < found["change"]["high"]
        assert found["change"]["value"] == pytest.approx(found["multi_task"] / found["single_task"] - 1)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Relatedness: does sharing one network help?" in page


def test_a_run_takes_it_from_the_cache_and_reports_it_with_the_model(related, copied):
    done = mtl(copied, *CONFIG, *SHORT, "--set", "evaluation.relatedness=2")
    assert done.states["Relatedness"] == "cached", done.out + done.err
    report = json.loads((done.artifact("Report", "report") / "report.json").read_text(encoding="utf-8"))
    assert report["model"]["evaluation"]["training"]["parameters"] == ONE
    assert report["relatedness"]["cost"]["parameters"] == {"one": ONE, "two": TWO}

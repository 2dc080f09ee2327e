"""The search, with the real command: what it prints, what it writes, and that its file can be trained with."""

import json

import pandas as pd
import pytest
import yaml

from tests.e2e.conftest import SMALL, Done, arguments, mtl

SPACE = {
    "model.hidden": [[16], [32], [32, 32]],
    "training.batch_size": [32, 64],
    "training.learning_rate": {"min": 0.001, "max": 0.03, "log": True},
}
SETTINGS = (*SMALL, "training.epochs=8", f"tuning.space={json.dumps(SPACE)}")
CONFIG = ["--config", "data/wine/config.yaml", *arguments(*SETTINGS)]


def tune(output, *words) -> Done:
    return mtl(output, *CONFIG, *words, verb="tune")


@pytest.fixture(scope="module")
def searched(copied):
    """Two trials on the bundled data, and the file they end in."""
    done = tune(copied, "--trials", "2", "--write", copied.parent / "tuned.yaml")
    assert done.code == 0, done.out + done.err
    return done


def results(done: Done) -> dict:
    return json.loads((done.artifact("Tuner", "tuner_results") / "tuning.json").read_text())


def test_a_search_says_what_it_does(searched):
    found = results(searched)
    for trial in found["trials"]:
        said = f"trial {trial['number']} of 2: objective {trial['objective']:.4f}  "
        said += (
            f"regression {trial['ratios']['regression']:.4f}  classification {trial['ratios']['classification']:.4f}"
        )
        assert said in searched.out
    assert [trial["number"] for trial in found["trials"]] == [1, 2]
    assert found["trials"][0]["values"] == found["start"]
    assert searched.record["state"] == "tuned"
    assert list(searched.states)[-2:] == ["Transform", "Tuner"]


def test_tfx_own_artifacts_say_the_same(searched):
    found = results(searched)
    best = min(found["trials"], key=lambda trial: trial["objective"])
    tfx = pd.read_json(searched.artifact("Tuner", "tuner_results") / "tuner_results.json")
    assert sorted(tfx["score"]) == pytest.approx(sorted(trial["objective"] for trial in found["trials"]))
    config = json.loads((searched.artifact("Tuner", "best_hyperparameters") / "best_hyperparameters.txt").read_text())
    assert json.loads(config["values"]["training.batch_size"]) == best["values"]["training.batch_size"]
    assert json.loads(config["values"]["model.hidden"]) == best["values"]["model.hidden"]


def test_more_trials_go_on_from_those_that_are_done(searched):
    before = results(searched)
    file = searched.output.parent / "tuned.yaml"
    refused = tune(searched.output, "--trials", "3", "--write", file)
    assert refused.code == 2
    assert refused.err == (
        f"error: --write must be a file that is not there yet, got {file}. Name another one, or add --overwrite.\n"
    )
    more = tune(searched.output, "--trials", "3", "--write", file, "--overwrite")
    assert more.code == 0, more.out + more.err
    assert "2 trials kept from an earlier call" in more.out
    assert more.states["Transform"] == "cached"
    after = results(more)
    assert after["trials"][:2] == before["trials"]
    assert len(after["trials"]) == 3
    best = min(after["trials"], key=lambda trial: trial["objective"])
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert {f"{section}.{name}" for section in ("model", "training") for name in written[section]} == {
        *best["values"],
        *(setting.partition("=")[0] for setting in (*SMALL, "training.epochs=8")),
    }

    trained = mtl(searched.output, "--config", file, "--set", "gates.rule=regression")
    assert trained.code in (0, 3), trained.out + trained.err
    assert trained.states["Transform"] == "cached"
    assert trained.record["config"]["model"]["hidden"] == best["values"]["model.hidden"]
    assert trained.record["config"]["training"]["learning_rate"] == best["values"]["training.learning_rate"]
    manifest = trained.artifact("Trainer", "model") / "Format-Serving" / "assets.extra" / "model.json"
    assert json.loads(manifest.read_text())["parameters"] == best["parameters"]

"""The real command from a bucket to a bucket: ingest, push, baseline, prediction, rollback."""

import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.conftest import MTL, QUICK, ROOT, arguments, mtl

MODELS = "s3://bucket/models/wine"
SETTINGS = [
    *("--data", "s3://bucket/wine/*.csv", "--regression", "alcohol", "--classification", "cultivar"),
    *QUICK,
    *arguments(f"push.destination={MODELS}", "gates.rule=classification"),
    *arguments("gates.classification.no_worse_than_pushed=false"),
]


@pytest.mark.slow
def test_two_runs_a_prediction_and_a_rollback(s3, tmp_path: Path):
    table = pd.read_csv(ROOT / "data" / "wine" / "wine.csv")
    for number in (0, 1):
        content = table.iloc[number::2].to_csv(index=False).encode()
        s3.put_object(Bucket="bucket", Key=f"wine/{number}.csv", Body=content)

    first = mtl(tmp_path / "out", *SETTINGS)
    assert first.code == 0, first.out + first.err
    assert "178 rows" in first.out
    assert f"version 1 in {MODELS}/1" in first.out
    assert "no production model yet" in first.out

    again = mtl(tmp_path / "out", *SETTINGS)
    assert set(again.states.values()) - {"done"} == {"cached"}, again.out
    assert again.states["Pusher"] == "cached"

    second = mtl(tmp_path / "out", *SETTINGS, "--set", "training.seed=1")
    assert second.code == 0, second.out + second.err
    assert "the production model" in second.out
    assert f"version 2 in {MODELS}/2" in second.out
    fetched = second.artifact("Baseline", "model") / "Format-Serving" / "saved_model.pb"
    assert fetched.read_bytes() == s3.get_object(Bucket="bucket", Key="models/wine/1/saved_model.pb")["Body"].read()

    answers = tmp_path / "answers.csv"
    told = call("predict", "--input", "s3://bucket/wine", "--output", answers, "--model", MODELS)
    labels = 'the regression label "alcohol" and the class label "cultivar"'
    assert told == f"178 rows → {answers}, 0 flagged, model {MODELS}/2: {labels}\n"
    assert (pd.read_csv(answers)["alcohol"].sort_values().to_numpy() == table["alcohol"].sort_values().to_numpy()).all()
    told = call("rollback", "--model", MODELS)
    assert told == f"Version 1 is current again; version 2 is withdrawn. {MODELS}\n"


def call(*arguments: object) -> str:
    done = subprocess.run([MTL, *map(str, arguments)], capture_output=True, text=True, env=os.environ, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout

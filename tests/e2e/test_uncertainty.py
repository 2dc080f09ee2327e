"""Intervals and probabilities of real sets: what they promise on rows that nothing has seen, and a run without them."""

import subprocess

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from tests.e2e.conftest import MTL, ROOT, mtl
from tests.e2e.test_real_data import SETS, SHARED, run


def test_a_run_without_a_calibration_split(tmp_path):
    done = mtl(
        tmp_path / "out",
        *("--config", "data/wine/config.yaml", "--set", "data.split.calibration=0", "--set", "data.split.eval=0.2"),
        *("--set", "training.epochs=30"),
    )
    assert done.code == 0, done.out + done.err
    assert "178 rows: train 111, validation 30, eval 37" in done.out
    told = " ".join(done.out.split())  # the terminal breaks the line
    assert "There are no intervals of the number, because data.split.calibration is 0." in told
    found = done.evaluation["uncertainty"]
    assert (found["regression"]["rows"], found["regression"]["coverage"]) == (0, None)
    assert found["classification"]["value"] == 1
    assert found["classification"]["before"] == found["classification"]["after"]
    page = (done.output / "reports" / done.record["id"] / "report.html").read_text()
    assert "There are no intervals of the number, because data.split.calibration is 0." in page

    command = [
        MTL,
        "predict",
        "-i",
        ROOT / "data/wine/wine.csv",
        "-o",
        tmp_path / "p.csv",
        "-m",
        done.output / "serving",
    ]
    subprocess.run(command, check=True, capture_output=True)
    columns = list(pd.read_csv(tmp_path / "p.csv").columns)
    assert columns[-4:] == ["predicted_alcohol", "predicted_cultivar", "probability", "problems"]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the larger sets are not part of the repository")
@pytest.mark.parametrize("name", ["bike_hour", "wine_quality"])
def test_intervals_hold_what_they_promise_and_probabilities_what_they_say(name, tmp_path):
    done = run(tmp_path, SHARED / f"{name}.csv", *SETS[name])
    intervals, temperature = (done.evaluation["uncertainty"][head] for head in ("regression", "classification"))
    n, covered = intervals["coverage"]["n"], intervals["coverage"]["covered"]
    assert n > 500
    assert 0.86 <= intervals["coverage"]["value"] <= 0.94
    rank = np.ceil(round((intervals["rows"] + 1) * 0.9, 9))
    low, high = betabinom(n, rank, intervals["rows"] + 1 - rank).ppf([0.001, 0.999])
    assert low <= covered <= high, "given the calibration rows, the count is beta-binomial"
    before, after = (temperature[when]["calibration_error"] for when in ("before", "after"))
    assert after <= max(0.03, before)
    assert temperature["after"]["log_loss"] <= temperature["before"]["log_loss"] + 0.005

"""A run that keeps no rows for calibration."""

import pandas as pd

from tests.e2e.conftest import QUICK, command, mtl


def test_a_run_without_a_calibration_split(tmp_path):
    done = mtl(
        tmp_path / "out",
        *("--config", "data/wine/config.yaml", "--set", "data.split.calibration=0", "--set", "data.split.eval=0.2"),
        *QUICK,
    )
    assert done.code == 0, done.out + done.err
    assert "178 rows: train 111, validation 30, eval 37" in done.out
    told = " ".join(done.out.split())  # the terminal breaks the line
    assert "There are no prediction intervals, because data.split.calibration is 0." in told
    found = done.evaluation["uncertainty"]
    assert (found["regression"]["rows"], found["regression"]["coverage"]) == (0, None)
    assert found["classification"]["value"] == 1
    assert found["classification"]["before"] == found["classification"]["after"]
    page = (done.output / "reports" / done.record["id"] / "report.html").read_text()
    assert "There are no prediction intervals, because data.split.calibration is 0." in page

    predicted = command("predict", "-i", "data/wine/wine.csv", "-o", tmp_path / "p.csv", "-m", done.output / "serving")
    assert predicted.returncode == 0, predicted.stderr
    columns = list(pd.read_csv(tmp_path / "p.csv").columns)
    assert columns[-4:] == ["predicted_alcohol", "predicted_cultivar", "probability", "problems"]

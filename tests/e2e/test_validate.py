"""Validation alone and the curation of a schema, with the real command against a pushed model."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.conftest import ROOT, command

CONFIG = ["--config", "data/wine/config.yaml"]


@dataclass(frozen=True)
class Workshop:
    """A copy of the output of a run on the bundled data, and data of another kind."""

    output: Path
    shifted: Path

    def mtl(self, *arguments: str) -> tuple[int, str]:
        done = command(*arguments, *CONFIG, "--set", f"runtime.output={self.output}")
        return done.returncode, done.stdout + done.stderr

    @property
    def findings(self) -> dict:
        """The newest judgement."""
        files = (self.output / "artifacts" / "DataValidator" / "anomalies").glob("*/findings.json")
        return json.loads(max(files, key=lambda path: int(path.parent.name)).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def workshop(copied, tmp_path_factory) -> Workshop:
    folder = tmp_path_factory.mktemp("validate")
    table = pd.read_csv(ROOT / "data" / "wine" / "wine.csv")
    table["proline"] += 600
    table["extra"] = table["ash"] * 2
    table.to_csv(folder / "shifted.csv", index=False)
    return Workshop(copied, folder / "shifted.csv")


def test_shifted_data_is_drift_and_stops_where_the_level_says_so(workshop):
    code, printed = workshop.mtl("validate", "--data", str(workshop.shifted), "--set", "gates.drift.level=fail")
    assert code == 3, printed
    assert workshop.findings["against"] == "pushed version 1"
    failed = {one["column"] for one in workshop.findings["comparisons"] if one["level"] == "fail"}
    assert failed == {"proline"}
    assert '✗ "proline" must be alike in the train split and in pushed version 1' in printed
    assert "intended? gates.drift.thresholds" in printed
    assert "✗  DataGate" in printed
    assert "Transform" not in printed


def test_the_same_data_passes_against_its_own_model_and_as_its_own_serving_log(workshop):
    code, printed = workshop.mtl("validate", "--serving", "data/wine/wine.csv")
    assert code == 0, printed
    assert "drift against pushed version 1: 84 of 84 measures within bounds" in printed
    assert "serving skew: 36 of 36 measures within bounds" in printed
    record = json.loads(max((workshop.output / "runs").glob("*.json")).read_text(encoding="utf-8"))
    assert record["state"] == "validated"
    page = workshop.output / "reports" / record["id"] / "report.html"
    assert f"Report: {page}\n" in printed
    assert page.exists()


def test_a_schema_is_inferred_compared_and_brought_up_to_date(workshop, tmp_path):
    target = tmp_path / "wine.pbtxt"
    assert workshop.mtl("schema", "infer", str(target))[0] == 0
    record = max((workshop.output / "runs").glob("*.json"))
    assert not (workshop.output / "reports" / record.stem).exists()
    reviewed = ["--set", f"data.schema_file={target}", "--data", str(workshop.shifted)]
    code, printed = workshop.mtl("schema", "diff", *reviewed)
    assert (code, '"extra" is a new column: FLOAT.' in printed) == (0, True)
    assert workshop.mtl("schema", "accept", *reviewed)[0] == 0
    assert target.read_text(encoding="utf-8").startswith("# The schema of ")
    code, printed = workshop.mtl("schema", "diff", *reviewed)
    assert (code, "The data is as the reviewed schema says." in printed) == (0, True)

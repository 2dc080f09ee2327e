import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_wine

ROOT = Path(__file__).parents[2]


def test_bundled_wine_is_the_published_one():
    frame = pd.read_csv(ROOT / "data" / "wine" / "wine.csv")
    wine = load_wine()
    assert list(frame) == [*wine.feature_names, "cultivar"]
    assert (frame[wine.feature_names].to_numpy() == wine.data).all()
    assert (frame.cultivar == wine.target_names[wine.target]).all()


def test_readme_command_makes_the_same_file(tmp_path: Path):
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"<!-- not run: a test of its own -->\n```sh\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "data" / "wine").mkdir(parents=True)
    script = script.replace(".venv/bin/python", sys.executable)
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    made = (tmp_path / "data" / "wine" / "wine.csv").read_bytes()
    assert made == (ROOT / "data" / "wine" / "wine.csv").read_bytes()


def test_readme_states_columns_and_ranges():
    frame = pd.read_csv(ROOT / "data" / "wine" / "wine.csv")
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\| `(\S+)` \|.*\| ([0-9.]+) – ([0-9.]+) \|$", readme, re.MULTILINE)
    described = frame.drop(columns="cultivar").agg(["min", "max"]).T
    assert [(name, float(low), float(high)) for name, low, high in stated] == [
        (name, row["min"], row["max"]) for name, row in described.iterrows()
    ]

"""StatisticsGen and Transform on other runners and in other processes, held against the direct runner in this process.

The portable runner is Prism and the boot program is the one of Beam's image, both built here, see
`conftest.py`.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from tests.leftovers import leftovers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WINE = ROOT / "data" / "wine" / "wine.csv"
SPLITS = ("train", "validation", "calibration", "eval")

# Runs the steps, and says which processes were started and what was written to the temporary folder for workers.
STEPS = """
import json, subprocess, sys
from pathlib import Path

def main(output, data, *settings):
    started = []
    popen = subprocess.Popen.__init__

    def noted(self, command, *rest, **options):
        started.append(command if isinstance(command, str) else " ".join(map(str, command)))
        popen(self, command, *rest, **options)

    subprocess.Popen.__init__ = noted
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from pipeline.graph.inputs import gather
    from pipeline.graph.build import build, up_to
    from pipeline.config.resolve import resolve
    flags = {
        "name": "wine", "data.path": data, "labels.regression": "alcohol", "labels.classification": "cultivar",
        "runtime.output": output,
    }
    Path(output).mkdir()
    config = resolve(None, flags, ["features.categorical=[ash]", *settings]).config
    LocalDagRunner().run(up_to(build(config, gather(config)), "Transform"))
    Path(output, "started.json").write_text(json.dumps(started))

if __name__ == "__main__":
    main(*sys.argv[1:])
"""


@dataclass(frozen=True)
class Outcome:
    """What the two steps made, and how."""

    statistics: dict[str, Any]
    rows: dict[str, pd.DataFrame]
    vocabularies: dict[str, str]
    started: list[str]
    left_behind: list[str]


def steps(folder: Path, *settings: str) -> Outcome:
    """Runs StatisticsGen and Transform on the bundled data in a process whose home and temporary folder are new."""
    (folder / "steps.py").write_text(STEPS)
    for name in ("home", "temporary"):
        (folder / name).mkdir()
    environment = os.environ | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "PYTHONPATH": str(ROOT),
        "PYTHONSAFEPATH": "1",
    }
    command = [sys.executable, folder / "steps.py", folder / "out", WINE, *settings]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=600)
    assert done.returncode == 0, done.stderr[-8000:]
    made = folder / "out" / "artifacts"
    return Outcome(
        {split: statistics(made, split) for split in SPLITS},
        {split: transformed(made, split) for split in SPLITS},
        {path.name: path.read_text() for path in made.glob("Transform/transform_graph/*/transform_fn/assets/*")},
        json.loads((folder / "out" / "started.json").read_text()),
        leftovers(folder / "home", folder / "temporary"),
    )


def statistics(made: Path, split: str) -> dict[str, Any]:
    """Rows, and per column: values, mean, bounds, distinct texts and the most frequent ones."""
    [path] = made.glob(f"StatisticsGen/statistics/*/Split-{split}/FeatureStats.pb")
    [dataset] = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes()).datasets
    columns = {}
    for feature in dataset.features:
        numbers, texts = feature.num_stats, feature.string_stats
        common = numbers.common_stats if feature.HasField("num_stats") else texts.common_stats
        columns[feature.path.step[0]] = [
            *(common.num_non_missing, pytest.approx(numbers.mean), pytest.approx(numbers.std_dev)),
            *(numbers.min, numbers.max, texts.unique, [(top.value, top.frequency) for top in texts.top_values]),
        ]
    return {"rows": dataset.num_examples, "columns": columns}


def transformed(made: Path, split: str) -> pd.DataFrame:
    """The transformed rows, in the order of the files."""
    files = sorted(map(str, made.glob(f"Transform/transformed_examples/*/Split-{split}/*")))
    frame = pd.concat(map(pd.read_parquet, files), ignore_index=True)
    lists = [name for name in frame if frame[name].dtype == object]
    wide = [pd.DataFrame(frame.pop(name).tolist()).add_prefix(f"{name}.") for name in lists]
    return pd.concat([frame, *wide], axis=1)


def assert_equal(found: Outcome, expected: Outcome) -> None:
    assert found.statistics == expected.statistics
    assert found.vocabularies == expected.vocabularies
    for split in SPLITS:
        pd.testing.assert_frame_equal(found.rows[split], expected.rows[split], rtol=1e-5)


def workers(outcome: Outcome) -> list[str]:
    return [command for command in outcome.started if "sdk_worker_main" in command]


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return steps(tmp_path_factory.mktemp("direct"))


def test_the_direct_runner_counts_as_pandas_does_and_starts_nothing(direct: Outcome):
    table = pd.read_csv(WINE)
    assert sum(direct.statistics[split]["rows"] for split in SPLITS) == len(table)
    assert {split: len(rows) for split, rows in direct.rows.items()} == {
        split: direct.statistics[split]["rows"] for split in SPLITS
    }
    counted = pd.Series(0, table["cultivar"].astype(str).unique())
    for split in SPLITS:
        top = direct.statistics[split]["columns"]["cultivar"][-1]
        counted = counted.add(pd.Series(dict(top)), fill_value=0)
    assert counted.astype(int).to_dict() == table["cultivar"].astype(str).value_counts().to_dict()
    assert workers(direct) == []
    assert direct.left_behind == []


def test_two_processes_are_two_processes_and_say_the_same(direct: Outcome, tmp_path: Path):
    found = steps(tmp_path, "runtime.workers=2")
    assert len(workers(found)) >= 2
    assert_equal(found, direct)
    assert found.left_behind == []


@pytest.fixture(scope="module")
def boot(programs: Path) -> Path:
    """The boot program; Prism 2.73.0 starts it with the worker's id in quotes that nobody takes away, and hangs."""
    path = programs / "boot"
    path.write_text(f'#!/bin/sh\nexec {programs / "container"} $(echo "$@" | tr -d "\'")\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("environment", ["LOOPBACK", "EXTERNAL", "PROCESS"])
def test_a_portable_runner_says_the_same(
    direct: Outcome, prism: int, pool: int, boot: Path, tmp_path: Path, environment: str
):
    """In the submitting process, in a worker pool, and in processes that Beam 2.73.0's own boot program starts."""
    job = ["runtime.engine=portable", f"runtime.endpoint=localhost:{prism}"]
    process = ["--environment_type=PROCESS", f"--environment_option=process_command={boot}"]
    configured = {
        "LOOPBACK": [],
        "EXTERNAL": [f"runtime.pool=localhost:{pool}"],
        "PROCESS": [f"runtime.beam_args={json.dumps(process)}"],
    }[environment]
    found = steps(tmp_path, *job, *configured)
    assert_equal(found, direct)
    assert not any("setup.py" in command for command in found.started), "no package is built"
    assert not [name for name in found.left_behind if "beam-temp" in name or "apache_beam" in name]

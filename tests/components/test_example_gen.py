"""Tables to examples, read back by what other steps read them with."""

import json
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from example_tables import ROWS, contents, csv_file, frame, read, spec
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.example_gen.component import ExampleGen
from components.example_gen.ingest import ingest
from components.example_gen.spec import SPLITS
from components.example_gen.tables.fingerprint import fingerprint
from components.formats.summary import Summary
from components.shared.errors import InputError


def test_every_cell_arrives_in_exactly_one_split(tmp_path):
    data = frame()
    summary = ingest(spec(csv_file(tmp_path, data), vectors={"p": "p_*"}), str(tmp_path / "out"))
    got = [row for split in SPLITS for row in read(tmp_path / "out", split)]
    expected = [
        {
            "price": float(np.float32(row["price"])),
            "grade": row["grade"].encode(),
            "count": None if pd.isna(row["count"]) else int(row["count"]),
            "size (mm)": None if pd.isna(row["size (mm)"]) else float(np.float32(row["size (mm)"])),
            "town": None if pd.isna(row["town"]) else row["town"].encode(),
            "p": [float(np.float32(row["p_1"])), float(np.float32(row["p_2"]))],
        }
        for row in data.to_dict("records")
    ]

    def key(row):
        return repr(sorted(row.items()))

    assert sorted(map(key, got)) == sorted(map(key, expected))
    assert summary.rows_in == summary.rows_out == ROWS == sum(summary.splits.values())
    assert summary.columns == {"count": "INT", "size (mm)": "FLOAT", "town": "BYTES", "p": "VECTOR"}
    absent = data[["count", "size (mm)", "town"]].isna().sum().to_dict()
    assert summary.missing == absent | {"p": int(data[["p_1", "p_2"]].isna().all(axis=1).sum())}
    assert (summary.vectors, summary.vector_columns) == ({"p": 2}, {"p": ["p_1", "p_2"]})
    assert summary == Summary.read(tmp_path / "out")
    for split in SPLITS:
        named = pd.Series([row["grade"].decode() for row in read(tmp_path / "out", split)]).value_counts()
        assert summary.classes[split] == named.to_dict()


STATISTICS = """
import json, pathlib, sys
from tfx.components.statistics_gen.executor import Executor
from tfx.components.util import examples_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics
import tensorflow_data_validation as tfdv
from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments
examples, statistics = Examples(), ExampleStatistics()
examples.uri, statistics.uri, properties = sys.argv[1:]
examples.split_names = '["train", "validation", "calibration", "eval"]'
for name, value in json.loads(properties).items():
    examples.set_string_custom_property(name, value)
assert examples_utils.get_payload_format_string(examples) == "FORMAT_TF_EXAMPLE"
assert examples_utils.get_file_format(examples) == "tfrecords_gzip"
context = Executor.Context(beam_pipeline_args=beam_arguments(Runtime()))
Executor(context).Do({"examples": [examples]}, {"statistics": [statistics]}, {"exclude_splits": "[]"})
found = {}
for split in ("train", "validation", "calibration", "eval"):
    path = pathlib.Path(statistics.uri, f"Split-{split}", "FeatureStats.pb")
    dataset = tfdv.load_stats_binary(str(path)).datasets[0]
    missing = {f.path.step[0]: dataset.num_examples - f.num_stats.common_stats.num_non_missing
               - f.string_stats.common_stats.num_non_missing for f in dataset.features}
    found[split] = [dataset.num_examples, {name: count for name, count in missing.items() if count}]
print(json.dumps(found))
"""


def test_the_component_fills_an_artifact_that_stock_statistics_gen_reads(tmp_path):
    path = csv_file(tmp_path, frame())
    artifact = Examples()
    artifact.uri = str(tmp_path / "out")
    chosen = spec(path)
    ExampleGen.test_call(examples=artifact, spec=chosen.to_json(), fingerprint=fingerprint(chosen.paths), code="c")
    summary = Summary.read(artifact.uri)
    assert artifact_utils.decode_split_names(artifact.split_names) == list(SPLITS)
    assert (artifact.span, artifact.version) == (0, 0)
    assert artifact.get_string_custom_property("input_fingerprint") == summary.fingerprint

    names = ("payload_format", "file_format")
    properties = {name: artifact.get_string_custom_property(name) for name in names}
    run = [sys.executable, "-c", STATISTICS, artifact.uri, str(tmp_path / "stats"), json.dumps(properties)]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert {split: rows for split, (rows, _) in found.items()} == summary.splits
    missing = sum((Counter(counts) for _, counts in found.values()), Counter())
    assert missing == {name: count for name, count in summary.missing.items() if count}


def test_data_that_changed_since_the_run_began_is_refused(tmp_path):
    path = csv_file(tmp_path, frame())
    artifact = Examples()
    artifact.uri = str(tmp_path / "out")
    with pytest.raises(InputError, match="must stay as it was when the run began, got other content"):
        ExampleGen.test_call(examples=artifact, spec=spec(path).to_json(), fingerprint="0" * 64, code="c")


# VmHWM starts at zero with the program; ru_maxrss would start at the size of the process that started it.
PEAK = """
import pathlib, re, sys
from components.example_gen.ingest import ingest
from components.example_gen.spec import IngestSpec
ingest(IngestSpec((sys.argv[1],), "price", "grade"), sys.argv[2])
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    """Eight times the rows cost less than half of the added bytes; the allocator's own noise is ±30 MiB."""
    path = tmp_path / "t.csv"
    draw = np.random.default_rng(0)
    part = pd.DataFrame(draw.random((300_000, 9)).round(6), columns=[f"x{place}" for place in range(9)])
    part = part.assign(price=part["x0"], grade=draw.integers(0, 3, len(part)))
    peaks, sizes = [], []
    for parts in (1, 7):  # the second time appends to the first
        for _ in range(parts):
            part.to_csv(path, mode="a", index=False, header=not path.exists())
        run = [sys.executable, "-c", PEAK, str(path), str(tmp_path / "out")]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout) * 1024)
        sizes.append(path.stat().st_size)
    assert Summary.read(tmp_path / "out").rows_out == 2_400_000
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 2, (peaks, sizes)


def test_a_row_of_totals_is_accounted_for_and_not_written(tmp_path):
    rows = frame()
    path = csv_file(tmp_path, rows)
    total = {"price": f"{rows['price'].sum():.4f}", "count": rows["count"].sum(), "size (mm)": rows["size (mm)"].sum()}
    path.write_text(path.read_text() + ",".join(str(total.get(name, "")) for name in rows) + "\n")
    summary = ingest(spec(path), str(tmp_path / "out"))
    assert (summary.rows_in, summary.rows_out, summary.left_out) == (ROWS + 1, ROWS, {"row of totals": 1})
    assert summary.warnings[0].startswith('Row 401, the last one, holds the sum of all rows above in "')
    ingest(spec(csv_file(tmp_path, rows)), str(tmp_path / "clean"))
    assert contents(tmp_path / "out") == contents(tmp_path / "clean")

#!/usr/bin/env bash
# Apache Beam 2.73.0 (Python): a pipeline without any option, or with --runner=DirectRunner, is not run in Python.
#
# Its DirectRunner asks for Prism first: a Go program that it downloads to ~/.apache_beam/cache/prism/bin, compares with
# no checksum and runs; only where that fails does the runner in Python, FnApiRunner, get the pipeline. So the same
# pipeline runs on another engine, with other options in force, on a machine that reaches the download and on one that
# does not. `--direct_running_mode=multi_processing` alone changes nothing about it. `--update_compatibility_version`,
# with the very version that is installed, keeps the pipeline in Python.
#
# Seen with Python 3.11 and apache-beam 2.73.0; both runners are only asked here, and nothing is downloaded:
#
#     no option                                   PrismRunner, then FnApiRunner
#     --runner=DirectRunner                       PrismRunner, then FnApiRunner
#     --direct_running_mode=multi_processing      PrismRunner, then FnApiRunner
#     --update_compatibility_version=2.73.0       FnApiRunner
#
# Ends with 0 if all of this is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-beam==2.73.0
mkdir "$folder/home"
cd "$folder"
HOME=$folder/home "$folder/venv/bin/python" -W ignore - <<'PY'
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.prism_runner import PrismRunner

asked = []


class Asked(Exception):
    pass


def note(name):
    def run(self, pipeline, options):
        asked.append(name)
        raise Asked

    return run


PrismRunner.run_pipeline = note("PrismRunner")
FnApiRunner.run_pipeline = note("FnApiRunner")
both = ["PrismRunner", "FnApiRunner"]
seen = {
    "": both,
    "--runner=DirectRunner": both,
    "--direct_running_mode=multi_processing": both,
    "--update_compatibility_version=2.73.0": ["FnApiRunner"],
}
for option, expected in seen.items():
    asked.clear()
    pipeline = beam.Pipeline(options=PipelineOptions([option] if option else []))
    pipeline | beam.Create([1]) | beam.Map(print)
    try:
        pipeline.run()
    except Asked:
        pass
    print(f"{option or 'no option':<43} {', then '.join(asked)}")
    assert asked == expected, (beam.__version__, option, asked)
PY
echo "as seen: Apache Beam 2.73.0's DirectRunner asks for Prism unless a compatible version is named"

"""The section `runtime`: which settings an engine takes, needs and refuses."""

from pathlib import Path

import pytest
from configurations import SMALLEST, refusal, write

from pipeline.config.resolve import resolve
from pipeline.config.run import Config

GOOGLE = "project: p, region: r, temp_location: 'gs://b/tmp', image: i"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{workers: 4}",
        "{beam_args: [--runner=SparkRunner]}",
        "{artifacts: /volume/artifacts, metadata: 'mysql://mtl@db/runs'}",
        "{engine: portable, endpoint: 'localhost:8099'}",
        "{engine: portable, endpoint: '127.0.0.1:8099'}",
        "{engine: portable, endpoint: '[::1]:8099'}",
        "{engine: portable, endpoint: 'jobs.example:8099', pool: 'localhost:50000', workers: 4}",
        "{engine: portable, endpoint: 'jobs.example:8099', image: 'registry.example:5000/mtl:1'}",
        "{engine: portable, endpoint: 'jobs.example:8099', beam_args: [--environment_type=PROCESS], workers: 2}",
        "{engine: flink}",
        "{engine: flink, endpoint: 'flink:8081', pool: 'localhost:50000', jar: 'https://jars.example/flink.jar'}",
        f"{{engine: dataflow, {GOOGLE}, workers: 10}}",
    ],
)
def test_what_an_engine_takes(folder: Path, text: str):
    resolve(write(folder, f"{SMALLEST}runtime: {text}\n"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "{engine: spark}",
            'runtime.engine must be local, portable, flink or dataflow, got "spark". Correct it in mtl.yaml.',
        ),
        (
            "{artifacts: 's3://bucket/runs'}",
            "runtime.artifacts must be a folder that all workers see, got s3://bucket/runs. TensorFlow 2.21 has no "
            "such file system; name a volume that they share, or a folder where the bucket is mounted.",
        ),
        (
            "{artifacts: 'minio://bucket/runs'}",
            "runtime.artifacts must be a folder that all workers see, got minio://bucket/runs. TensorFlow 2.21 has no "
            "such file system; name a volume that they share, or a folder where the bucket is mounted.",
        ),
        (
            "{artifacts: 'gs://bucket/runs'}",
            "runtime.artifacts must be a folder that all workers see, got gs://bucket/runs. The steps read and write "
            "artifacts as files of a folder; name a volume that they share, or a folder where the bucket is mounted.",
        ),
        ("{workers: 0}", "runtime.workers must be at least 1, got 0. Correct it in mtl.yaml."),
        (
            "{engine: portable}",
            "runtime.endpoint must be given for the engine portable, got nothing. Set runtime.endpoint.",
        ),
        (
            "{engine: portable, endpoint: 'http://localhost:8099'}",
            'runtime.endpoint must be host:port, got "http://localhost:8099".',
        ),
        ("{engine: flink, pool: localhost}", 'runtime.pool must be host:port, got "localhost".'),
        (
            "{endpoint: 'localhost:8099'}",
            'runtime.endpoint must be left out for the engine local, got "localhost:8099". '
            "Remove it, or set runtime.engine to portable or flink.",
        ),
        (
            "{engine: portable, endpoint: 'localhost:8099', jar: /jobs.jar}",
            'runtime.jar must be left out for the engine portable, got "/jobs.jar". '
            "Remove it, or set runtime.engine to flink.",
        ),
        (
            "{engine: flink, region: r}",
            'runtime.region must be left out for the engine flink, got "r". '
            "Remove it, or set runtime.engine to dataflow.",
        ),
        (
            f"{{engine: dataflow, {GOOGLE}, pool: 'localhost:50000'}}",
            'runtime.pool must be left out for the engine dataflow, got "localhost:50000". '
            "Remove it, or set runtime.engine to portable or flink.",
        ),
        (
            "{engine: dataflow, project: p, temp_location: 'gs://b/tmp', image: i}",
            "runtime.region must be given for the engine dataflow, got nothing. Set runtime.region.",
        ),
        (
            "{engine: dataflow, project: p, region: r, temp_location: 'gs://b/tmp'}",
            "runtime.image must be given for the engine dataflow, got nothing. Set runtime.image.",
        ),
        (
            "{engine: dataflow, project: p, region: r, temp_location: /tmp, image: i}",
            'runtime.temp_location must be a folder such as gs://bucket/temporary, got "/tmp".',
        ),
        (
            "{engine: flink, endpoint: 'flink:8081', pool: 'localhost:50000', image: i}",
            'runtime.pool must be left out beside runtime.image, got "localhost:50000" and "i". Remove one of both.',
        ),
        (
            "{engine: portable, endpoint: 'localhost:8099', workers: 2}",
            "runtime.workers must be 1 without runtime.pool and runtime.image, got 2. "
            "The one worker is then the process of the step; set one of both.",
        ),
        (
            "{engine: flink, endpoint: 'flink:8081'}",
            'runtime.endpoint must be on localhost without runtime.pool and runtime.image, got "flink:8081". '
            "The worker is then the process of the step, which other machines do not reach; set one of both.",
        ),
    ],
)
def test_what_an_engine_refuses(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, f"{SMALLEST}runtime: {text}\n")) == sentence


def test_artifacts_are_relative_to_their_source_and_else_in_the_output_folder(folder: Path):
    def config(text: str) -> Config:
        return resolve(write(folder, f"{SMALLEST}runtime: {text}\n")).config

    assert config("{artifacts: volume}").artifacts == folder / "volume"
    assert config("{artifacts: 'file:///volume'}").artifacts == Path("/volume")
    assert config("{output: out}").artifacts == folder / "out" / "artifacts"


def test_a_jar_is_relative_to_its_source_and_an_address_is_not(folder: Path):
    def jar(text: str) -> str | None:
        return resolve(write(folder, f"{SMALLEST}runtime: {{engine: flink, jar: '{text}'}}\n")).config.runtime.jar

    assert jar("flink.jar") == f"{folder}/flink.jar"
    assert jar("https://jars.example/flink.jar") == "https://jars.example/flink.jar"

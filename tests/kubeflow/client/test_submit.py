import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline.kubeflow.client.api import connected
from pipeline.kubeflow.client.connection import Connection
from pipeline.kubeflow.client.submit import Order, start
from pipeline.kubeflow.client.upload import Place
from pipeline.kubeflow.compiling.package import read_package
from tests.kubeflow.client.api import Cluster, Fault
from tests.kubeflow.client.conftest import Kubeflow, patience

DATA = ("--param", "data_path=s3://data/wine.csv")


def test_uploads_a_version_named_by_content_and_runs_it(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow(
        "submit", package, *DATA, "-p", "epochs=3", "--experiment", "nightly", "--pipeline-root", "s3://bucket/root",
        "--service-account", "trainer",
    )  # fmt: skip
    assert (said.code, said.error) == (0, "")
    (pipeline,), (version,), (experiment,), (run,) = (
        cluster.pipelines,
        cluster.versions,
        cluster.experiments,
        cluster.runs,
    )
    assert pipeline["display_name"] == "wine"
    assert re.fullmatch(r"[0-9a-f]{16}", version["name"])
    assert version["pipeline_spec"] == yaml.safe_load(package.read_text())
    assert experiment["display_name"] == "nightly"
    assert run["experiment_id"] == experiment["experiment_id"]
    assert run["pipeline_version_reference"] == {
        "pipeline_id": pipeline["pipeline_id"],
        "pipeline_version_id": version["pipeline_version_id"],
    }
    assert run["runtime_config"] == {
        "parameters": {"data_path": "s3://data/wine.csv", "epochs": 3},
        "pipeline_root": "s3://bucket/root",
    }
    assert run["service_account"] == "trainer"
    assert re.fullmatch(r"wine \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", run["display_name"])
    assert said.out == f"{run['display_name']}: run {run['run_id']} of wine, version {version['name']}\n"


def test_the_same_content_is_uploaded_once_however_it_is_laid_out(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("submit", package, *DATA)
    package.write_text(yaml.safe_dump(yaml.safe_load(package.read_text()), sort_keys=False, indent=4))
    kubeflow("submit", package, *DATA)
    assert (len(cluster.pipelines), len(cluster.versions), len(cluster.experiments)) == (1, 1, 1)
    assert len(cluster.runs) == 2
    package.write_text(package.read_text().replace("trained", "changed"))
    kubeflow("submit", package, *DATA)
    assert (len(cluster.pipelines), len(cluster.versions)) == (1, 2)
    assert (
        cluster.runs[2]["pipeline_version_reference"]["pipeline_version_id"]
        == (cluster.versions[1]["pipeline_version_id"])
    )


def test_latest_refers_to_the_pipeline_alone(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow("submit", package, *DATA, "--latest", "--name", "by hand")
    assert cluster.runs[0]["pipeline_version_reference"] == {"pipeline_id": cluster.pipelines[0]["pipeline_id"]}
    assert said.out.startswith("by hand 20")
    assert said.out.endswith("of wine, latest version\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Parameters without a default must be given, got none for data_path. Give --param data_path=VALUE."),
        ((*DATA, "-p", "epochs=many"), 'The parameter epochs must be a whole number, got "many".'),
        ((*DATA, "-p", "epochs=1.5"), 'The parameter epochs must be a whole number, got "1.5".'),
        ((*DATA, "-p", "epoch=3"), 'one of the pipeline\'s (data_path, epochs), got "epoch". Did you mean "epochs"?'),
        ((*DATA, "-p", "epochs"), 'A parameter must be given as NAME=VALUE, got "epochs".'),
        ((*DATA, *DATA), 'A parameter must be given once, got "data_path" twice.'),
        ((*DATA, "--pipeline-root", "/tmp/x"), 'must begin with s3://, minio://, gs://, got "/tmp/x".'),
        ((*DATA, "--pipeline", "Wine 1"), 'name must be 1 to 128 of a-z, 0-9 and -, got "Wine 1".'),
    ],
)
def test_what_the_server_would_refuse_is_refused_before_any_request(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, arguments: tuple[str, ...], sentence: str
):
    said = kubeflow("submit", package, *arguments)
    assert said.code == 2
    assert sentence in said.error
    assert cluster.requests == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "must be a readable YAML file"),
        ("a: 1", "must be a spec with pipelineInfo, root and schemaVersion"),
        ("", "must be a spec with pipelineInfo, root and schemaVersion"),
    ],
)
def test_a_file_that_is_no_pipeline_is_refused(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, text: str, sentence: str
):
    package.write_text(text)
    said = kubeflow("submit", package)
    assert said.code == 2
    assert sentence in said.error
    assert "Make one with `mtl kubeflow compile`." in said.error
    assert cluster.requests == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("STRING", "a=b", "a=b"),
        ("NUMBER_DOUBLE", "1e-3", 0.001),
        ("BOOLEAN", "True", True),
        ("LIST", "[1, 2]", [1, 2]),
        ("STRUCT", '{"a": 1}', {"a": 1}),
    ],
)
def test_parameters_arrive_with_their_types(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, kind: str, text: str, value: object
):
    spec = yaml.safe_load(package.read_text())
    spec["root"]["inputDefinitions"]["parameters"] = {"x": {"parameterType": kind}}
    package.write_text(yaml.safe_dump(spec))
    assert kubeflow("submit", package, "-p", f"x={text}").code == 0
    assert cluster.runs[0]["runtime_config"]["parameters"] == {"x": value}


@pytest.mark.parametrize(("kind", "text"), [("NUMBER_DOUBLE", "nan"), ("BOOLEAN", "yes"), ("LIST", "{}")])
def test_a_value_of_another_type_is_refused(kubeflow: Kubeflow, cluster: Cluster, package: Path, kind: str, text: str):
    spec = yaml.safe_load(package.read_text())
    spec["root"]["inputDefinitions"]["parameters"] = {"x": {"parameterType": kind}}
    package.write_text(yaml.safe_dump(spec))
    said = kubeflow("submit", package, "-p", f"x={text}")
    assert (said.code, cluster.requests) == (2, [])
    assert f'got "{text}"' in said.error


def test_dry_run_prints_what_would_be_sent_and_writes_nothing(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow("submit", package, *DATA, "--dry-run")
    assert said.code == 0
    assert cluster.writes == []
    version = read_package(package).version
    heading, _, body = said.out.partition("{")
    assert heading.splitlines() == [
        "would create pipeline wine",
        f"would create version {version} of wine",
        "would create experiment Default",
        "would start the run",
    ]
    assert json.loads("{" + body)["runtime_config"] == {"parameters": {"data_path": "s3://data/wine.csv"}}
    kubeflow("submit", package, *DATA)
    done = len(cluster.writes)
    said = kubeflow("submit", package, *DATA, "--dry-run")
    assert said.out.startswith("would start the run\n")
    assert cluster.pipelines[0]["pipeline_id"] in said.out
    assert len(cluster.writes) == done


def test_wait_tells_each_state_and_ends_with_the_run(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    cluster.states = ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]
    said = kubeflow("submit", package, *DATA, "--wait", "--poll", "0.01")
    assert said.code == 0
    assert said.out.splitlines()[1:] == ["PENDING", "RUNNING", "SUCCEEDED"]


def test_wait_survives_a_server_that_is_away_for_a_moment(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    cluster.states = ["RUNNING", "SUCCEEDED"]
    cluster.faults = [Fault("GET .*/runs/", 503, times=2)]
    said = kubeflow("submit", package, *DATA, "--wait", "--poll", "0.01")
    assert (said.code, said.out.splitlines()[1:]) == (0, ["RUNNING", "SUCCEEDED"])


def test_a_run_that_fails_says_where_and_why(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    cluster.states, cluster.error = ["FAILED"], "exit code 3."
    said = kubeflow("submit", package, *DATA, "--wait")
    assert said.code == 3
    run = cluster.runs[0]["run_id"]
    assert f"The run {run} must succeed, got FAILED in trainer: exit code 3. Look into the log" in said.error


@pytest.mark.parametrize("how", ["drop", "hang", 500, 504])
@pytest.mark.parametrize("path", ["pipelines", "pipelines/upload_version", "experiments", "runs"])
def test_a_request_whose_answer_is_lost_is_not_done_twice(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, path: str, how: int | str
):
    cluster.faults = [Fault(f"POST /apis/v2beta1/{path}$", how, done=True)]
    said = kubeflow("submit", package, *DATA, *patience(how))
    assert (said.code, said.error) == (0, "")
    made = (cluster.pipelines, cluster.versions, cluster.experiments, cluster.runs)
    assert [len(each) for each in made] == [1, 1, 1, 1]
    assert len(cluster.writes) == 4


@pytest.mark.parametrize("how", ["drop", "hang", 503])
def test_a_request_that_did_nothing_is_sent_again(kubeflow: Kubeflow, cluster: Cluster, package: Path, how: int | str):
    cluster.faults = [Fault("POST .*/runs$", how, times=2)]
    said = kubeflow("submit", package, *DATA, *patience(how))
    assert (said.code, len(cluster.runs)) == (0, 1)
    assert cluster.requests.count("POST /apis/v2beta1/runs") == 3


def test_another_run_of_the_same_name_is_not_taken_for_the_one_that_got_lost(
    kubeflow: Kubeflow, cluster: Cluster, package: Path
):
    kubeflow("submit", package, *DATA)
    (first,) = cluster.runs
    place = Place(
        cluster.pipelines[0]["pipeline_id"],
        cluster.versions[0]["pipeline_version_id"],
        cluster.experiments[0]["experiment_id"],
    )
    cluster.faults = [Fault("POST .*/runs$", "drop")]
    with connected(Connection(cluster.url, backoff=0.01)) as client:
        second = start(client, Order(first["display_name"]), place)
    assert second != first["run_id"]
    assert [run["run_id"] for run in cluster.runs] == [first["run_id"], second]


@pytest.mark.parametrize("path", ["pipelines", "pipelines/[^/]+/versions", "experiments"])
def test_what_another_caller_makes_meanwhile_is_taken(kubeflow: Kubeflow, cluster: Cluster, package: Path, path: str):
    kubeflow("submit", package, *DATA)
    # Not found at first; then the server answers 409, and it is looked up.
    cluster.faults = [Fault(f"GET /apis/v2beta1/{path}$", "empty")]
    said = kubeflow("submit", package, *DATA)
    assert (said.code, said.error) == (0, "")
    assert (len(cluster.pipelines), len(cluster.versions), len(cluster.experiments)) == (1, 1, 1)
    assert len(cluster.runs) == 2

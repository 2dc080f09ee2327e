import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.kubeflow.client.api import Cluster
from tests.kubeflow.client.conftest import Kubeflow

DATA = ("--param", "data_path=s3://data/wine.csv")


@pytest.fixture
def busy(kubeflow: Kubeflow, cluster: Cluster, package: Path) -> Cluster:
    """Two versions of wine, one of beer; three schedules; three runs, one of them by a schedule."""
    kubeflow("submit", package, *DATA)
    kubeflow("submit", package, *DATA, "--pipeline", "beer")
    kubeflow("schedule", package, *DATA, "--cron", "30 3 * * *")
    kubeflow("schedule", package, *DATA, "--interval", "6h", "--name", "often", "--max-concurrency", "3")
    package.write_text(package.read_text().replace("trained", "changed"))
    kubeflow("schedule", package, *DATA, "--cron", "0 0 * * *", "--latest", "--name", "off", "--disabled")
    kubeflow("submit", package, *DATA)
    ended = {"state": "FAILED", "error": {"code": 13, "message": "exit code 3"}, "finished_at": "2030-01-01T01:00:00Z"}
    often = cluster.schedules[1]["recurring_run_id"]
    cluster.runs[0] |= ended | {"recurring_run_id": often, "scheduled_at": "2030-01-01T00:30:00Z"}
    return cluster


def test_json_has_versions_schedules_and_runs(kubeflow: Kubeflow, busy: Cluster):
    said = kubeflow("status", "--json")
    assert (said.code, said.error) == (0, "")
    status = json.loads(said.out)
    first, beer, second = (version["name"] for version in busy.versions)
    assert {each["name"]: [version["name"] for version in each["versions"]] for each in status["pipelines"]} == {
        "wine": [second, first],
        "beer": [beer],
    }
    schedules = {each["name"]: each for each in status["schedules"]}
    assert [(name, each["state"], each["version"]) for name, each in sorted(schedules.items())] == [
        ("off", "DISABLED", "latest"),
        ("often", "ENABLED", first),
        ("wine", "ENABLED", first),
    ]
    assert schedules["wine"]["when"] == 'cron "0 30 3 * * *"'
    assert schedules["often"]["when"] == "every 6h"
    assert schedules["often"]["concurrency"] == 3
    assert schedules["often"]["catchup"] is False
    assert schedules["wine"]["parameters"] == {"data_path": "s3://data/wine.csv"}
    runs = status["runs"]
    assert [(run["pipeline"], run["version"], run["state"]) for run in runs] == [
        ("wine", second, "PENDING"),
        ("beer", beer, "PENDING"),
        ("wine", first, "FAILED"),
    ]
    assert runs[2]["schedule_id"] == schedules["often"]["id"]
    assert (runs[2]["error"], runs[2]["finished"]) == ("exit code 3", "2030-01-01T01:00:00+00:00")


def test_the_next_run_is_worked_out(kubeflow: Kubeflow, busy: Cluster):
    now = datetime.now(UTC)
    status = json.loads(kubeflow("status", "--json").out)
    following = {each["name"]: each["next"] for each in status["schedules"]}
    nightly = now.replace(hour=3, minute=30, second=0, microsecond=0)
    nightly += timedelta(days=1) if nightly <= now else timedelta()
    assert following["wine"] == nightly.isoformat()
    # An interval counts from the last run.
    assert following["often"] == "2030-01-01T06:30:00+00:00"
    assert following["off"] is None
    paris = json.loads(kubeflow("status", "--json", "--time-zone", "Asia/Tokyo").out)
    assert {each["next"][11:16] for each in paris["schedules"] if each["name"] == "wine"} == {"18:30"}


def test_one_pipeline_and_fewer_runs(kubeflow: Kubeflow, busy: Cluster):
    status = json.loads(kubeflow("status", "--json", "--pipeline", "beer").out)
    assert [each["name"] for each in status["pipelines"]] == ["beer"]
    assert status["schedules"] == []
    assert [run["pipeline"] for run in status["runs"]] == ["beer"]
    assert len(json.loads(kubeflow("status", "--json", "--runs", "1").out)["runs"]) == 1


def test_tables(kubeflow: Kubeflow, busy: Cluster):
    lines = [line.split() for line in kubeflow("status").out.splitlines()]
    assert ["wine", busy.versions[2]["name"], "2030-01-01T00:00:10+00:00"] in lines
    assert ["off", "wine", "latest", "cron", '"0', "0", "0", "*", "*", '*"', "DISABLED"] in lines
    assert ["FAILED"] in [line[-1:] for line in lines]


@pytest.mark.parametrize(
    ("trigger", "when", "following"),
    [
        # The server reads five fields as second, minute, hour, day, month: minute 3 of every hour.
        ({"cron_schedule": {"cron": "0 3 * * *"}}, 'cron "0 3 * * * *"', True),
        ({"cron_schedule": {"cron": "@daily"}}, "unknown", False),
        ({"cron_schedule": {"cron": "0 0 0 1 1 8"}}, "unknown", False),
        ({"periodic_schedule": {"interval_second": "60", "end_time": "1970-01-01T00:00:00Z"}}, "every 1m", True),
        ({}, "unknown", False),
    ],
)
def test_schedules_that_others_made(
    kubeflow: Kubeflow, busy: Cluster, trigger: dict[str, object], when: str, following: bool
):
    busy.schedules[0]["trigger"] = trigger
    del busy.schedules[0]["pipeline_version_reference"]
    found = json.loads(kubeflow("status", "--json").out)["schedules"]
    (other,) = (each for each in found if each["name"] == "wine")
    assert (other["when"], other["next"] is not None) == (when, following)
    assert (other["pipeline"], other["version"]) == (None, "unknown")


def test_a_zone_that_does_not_exist(kubeflow: Kubeflow, cluster: Cluster):
    said = kubeflow("status", "--time-zone", "Europe/Pari")
    assert (said.code, cluster.requests) == (2, [])
    assert 'The time zone must be a name such as Europe/Paris, got "Europe/Pari".' in said.error

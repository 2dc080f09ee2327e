import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.cli.main import cli
from pipeline.kubeflow.client.schedule import Found, ScheduleChange, plan
from tests.kubeflow.client.api import Cluster, Fault
from tests.kubeflow.client.conftest import Kubeflow, patience

DATA = ("--param", "data_path=s3://data/wine.csv")
NIGHTLY = (*DATA, "--cron", "30 3 * * *")
HOURLY = (*DATA, "--interval", "1h")


def add_copies(cluster: Cluster, *, enabled: int, disabled: int) -> None:
    """Adds copies of the first schedule, as a careless tool would."""
    for status in ["ENABLED"] * enabled + ["DISABLED"] * disabled:
        copy = {key: value for key, value in cluster.schedules[0].items() if key != "created_at"}
        cluster.schedules.append(cluster.stamped(copy, "recurring_run_id", "copy") | {"status": status})


def test_a_schedule_is_made_as_it_is_wanted(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow(
        "schedule", package, *NIGHTLY, "-p", "epochs=3", "--start", "2030-01-01T00:00:00", "--end",
        "2030-12-31T23:00:00+01:00", "--max-concurrency", "2", "--service-account", "trainer", "--name", "nightly",
        "--experiment", "production", "--pipeline-root", "minio://bucket/root",
    )  # fmt: skip
    assert (said.code, said.error) == (0, "")
    (made,) = cluster.schedules
    assert made["display_name"] == "nightly"
    assert made["status"] == "ENABLED"
    assert made["no_catchup"] is True
    assert made["max_concurrency"] == "2"
    assert made["service_account"] == "trainer"
    assert made["experiment_id"] == cluster.experiments[0]["experiment_id"]
    assert made["trigger"] == {
        "cron_schedule": {
            "cron": "0 30 3 * * *",
            "start_time": "2030-01-01T00:00:00Z",
            "end_time": "2030-12-31T22:00:00Z",
        }
    }
    assert made["runtime_config"] == {
        "parameters": {"data_path": "s3://data/wine.csv", "epochs": 3},
        "pipeline_root": "minio://bucket/root",
    }
    assert made["pipeline_version_reference"] == {
        "pipeline_id": cluster.pipelines[0]["pipeline_id"],
        "pipeline_version_id": cluster.versions[0]["pipeline_version_id"],
    }
    assert said.out.splitlines() == [
        'nightly: cron "0 30 3 * * *" (second 0, minute 30, hour 3, every day of the month, every month, '
        "every day of the week)",
        f"created {made['recurring_run_id']}, enabled",
        "nightly: created",
    ]


def test_an_interval_with_catchup(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow("schedule", package, *DATA, "--interval", "90m", "--catchup")
    assert said.code == 0
    assert cluster.schedules[0]["trigger"] == {"periodic_schedule": {"interval_second": "5400"}}
    assert cluster.schedules[0]["no_catchup"] is False
    assert cluster.schedules[0]["max_concurrency"] == "1"


@pytest.mark.parametrize("more", [(), ("--latest",), ("--disabled",)])
def test_the_same_call_changes_nothing(kubeflow: Kubeflow, cluster: Cluster, package: Path, more: tuple[str, ...]):
    kubeflow("schedule", package, *NIGHTLY, *more)
    before, writes = json.dumps(cluster.schedules), len(cluster.writes)
    said = kubeflow("schedule", package, *NIGHTLY, *more)
    assert said.out.splitlines()[1:] == ["wine: unchanged"]
    assert json.dumps(cluster.schedules) == before
    assert len(cluster.writes) == writes


@pytest.mark.parametrize(
    "other",
    [
        (*DATA, "--cron", "31 3 * * *"),
        HOURLY,
        ("-p", "data_path=s3://data/other.csv", "--cron", "30 3 * * *"),
        (*NIGHTLY, "-p", "epochs=3"),
        (*NIGHTLY, "--max-concurrency", "2"),
        (*NIGHTLY, "--catchup"),
        (*NIGHTLY, "--latest"),
        (*NIGHTLY, "--service-account", "trainer"),
        (*NIGHTLY, "--pipeline-root", "s3://bucket"),
        (*NIGHTLY, "--experiment", "other"),
        (*NIGHTLY, "--end", "2040-01-01"),
    ],
)
def test_another_call_replaces_without_gap_or_double(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, other: tuple[str, ...]
):
    kubeflow("schedule", package, *NIGHTLY)
    (old,) = cluster.schedules
    first = len(cluster.writes)
    said = kubeflow("schedule", package, *other)
    (new,) = cluster.schedules
    assert new["recurring_run_id"] != old["recurring_run_id"]
    assert new["status"] == "ENABLED"
    replacing = [line.rpartition("/")[2] for line in cluster.writes[first:] if "recurringruns" in line]
    assert replacing == ["recurringruns", old["recurring_run_id"], f"{new['recurring_run_id']}:enable"]
    assert cluster.enabled[-3:] == [1, 0, 1]
    assert said.out.splitlines()[1:] == [
        f"created {new['recurring_run_id']}, disabled",
        f"deleted {old['recurring_run_id']}",
        f"enabled {new['recurring_run_id']}",
        "wine: replaced",
    ]


def test_a_new_version_of_the_pipeline_replaces_a_pinned_schedule_only(
    kubeflow: Kubeflow, cluster: Cluster, package: Path
):
    kubeflow("schedule", package, *NIGHTLY)
    kubeflow("schedule", package, *NIGHTLY, "--latest", "--name", "follows")
    assert cluster.schedules[1]["pipeline_version_reference"] == {"pipeline_id": cluster.pipelines[0]["pipeline_id"]}
    package.write_text(package.read_text().replace("trained", "changed"))
    assert kubeflow("schedule", package, *NIGHTLY).out.endswith("wine: replaced\n")
    assert kubeflow("schedule", package, *NIGHTLY, "--latest", "--name", "follows").out.endswith("unchanged\n")
    assert len(cluster.versions) == 2
    assert {
        each["display_name"]: each["pipeline_version_reference"].get("pipeline_version_id")
        for each in cluster.schedules
    } == {
        "follows": None,
        "wine": cluster.versions[1]["pipeline_version_id"],
    }


SIX_HOURS = (*DATA, "--interval", "6h")


def start_of(cluster: Cluster) -> str | None:
    (schedule,) = cluster.schedules
    return schedule["trigger"]["periodic_schedule"].get("start_time")


def test_a_new_schedule_starts_where_the_old_one_stands(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    """Else a pipeline that is deployed every hour with an interval of six would never run."""
    kubeflow("schedule", package, *SIX_HOURS)
    assert start_of(cluster) is None
    first = cluster.schedules[0]["created_at"]
    for epochs in range(3):
        kubeflow("schedule", package, *SIX_HOURS, "-p", f"epochs={epochs}")
        assert start_of(cluster) == first


def test_a_new_schedule_starts_after_the_last_run_of_the_old_one(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("submit", package, *DATA)
    kubeflow("schedule", package, *SIX_HOURS, "--start", "2030-01-01T00:00:00Z", "--catchup")
    mine, other = cluster.schedules[0]["recurring_run_id"], "another"
    for schedule_id, scheduled in [(mine, "06"), (mine, "12"), (other, "18"), (None, "19")]:
        run = {key: value for key, value in cluster.runs[0].items() if key != "created_at"}
        run |= {"recurring_run_id": schedule_id, "scheduled_at": f"2030-01-01T{scheduled}:00:00Z"}
        cluster.runs.append(cluster.stamped(run, "run_id", "run"))
    again = (*SIX_HOURS, "--start", "2030-01-01T00:00:00Z", "--catchup", "-p", "epochs=1")
    kubeflow("schedule", package, *again)
    assert start_of(cluster) == "2030-01-01T12:00:00Z"
    assert kubeflow("schedule", package, *again).out.endswith("wine: unchanged\n")
    kubeflow("schedule", package, *SIX_HOURS, "--start", "2031-01-01T00:00:00Z")
    assert start_of(cluster) == "2031-01-01T00:00:00Z"


def test_a_schedule_that_did_not_run_leaves_nothing_to_go_on_from(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *SIX_HOURS, "--disabled")
    kubeflow("schedule", package, *SIX_HOURS, "-p", "epochs=1")
    assert start_of(cluster) is None


def test_enabling_and_disabling_keeps_the_schedule(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *NIGHTLY)
    made = cluster.schedules[0]["recurring_run_id"]
    assert kubeflow("schedule", package, *NIGHTLY, "--disabled").out.endswith("wine: disabled\n")
    assert [(each["recurring_run_id"], each["status"]) for each in cluster.schedules] == [(made, "DISABLED")]
    assert kubeflow("schedule", package, *NIGHTLY).out.endswith("wine: enabled\n")
    assert [(each["recurring_run_id"], each["status"]) for each in cluster.schedules] == [(made, "ENABLED")]


@pytest.mark.parametrize("arguments", [NIGHTLY, HOURLY])
def test_copies_on_later_pages_are_deleted(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, arguments: tuple[str, ...]
):
    kubeflow("schedule", package, *NIGHTLY)
    kubeflow("schedule", package, *NIGHTLY, "--name", "other")
    cluster.schedules.sort(key=lambda each: each["display_name"] != "other")
    other = cluster.schedules.pop(0)
    add_copies(cluster, enabled=2, disabled=3)
    cluster.schedules.insert(0, other)
    said = kubeflow("schedule", package, *arguments)
    assert said.code == 0
    assert sorted(each["display_name"] for each in cluster.schedules) == ["other", "wine"]
    assert {each["status"] for each in cluster.schedules} == {"ENABLED"}
    assert said.out.endswith("wine: cleaned up\n" if arguments == NIGHTLY else "wine: replaced\n")


@pytest.mark.parametrize("latest", [(), ("--latest",)])
@pytest.mark.parametrize("killed", range(7))
def test_killed_after_any_write_a_repeated_call_converges(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, killed: int, latest: tuple[str, ...]
):
    """Seven writes replace the schedule of an old pipeline's version: upload, create, three deletes, enable."""
    kubeflow("schedule", package, *NIGHTLY)
    add_copies(cluster, enabled=0, disabled=2)
    package.write_text(package.read_text().replace("trained", "changed"))
    old = {each["recurring_run_id"] for each in cluster.schedules}
    wanted = ("schedule", package, *HOURLY, *latest, "--experiment", "new")
    cluster.writes_left = killed
    said = kubeflow(*wanted)
    assert said.code == 2
    assert "must be reachable" in said.error
    assert sum(each["status"] == "ENABLED" for each in cluster.schedules) <= 1
    cluster.writes_left = None
    assert kubeflow(*wanted).code == 0
    (new,) = cluster.schedules
    assert new["recurring_run_id"] not in old
    assert new["status"] == "ENABLED"
    assert new["trigger"]["periodic_schedule"]["interval_second"] == "3600"
    assert max(cluster.enabled) == 1
    writes = len(cluster.writes)
    assert kubeflow(*wanted).out.endswith("wine: unchanged\n")
    assert len(cluster.writes) == writes


@pytest.mark.parametrize("killed", range(4))
def test_killed_while_it_makes_the_first_schedule_a_repeated_call_converges(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, killed: int
):
    cluster.writes_left = killed
    assert kubeflow("schedule", package, *NIGHTLY).code == 2
    cluster.writes_left = None
    assert kubeflow("schedule", package, *NIGHTLY).code == 0
    counts = (cluster.pipelines, cluster.versions, cluster.experiments, cluster.schedules)
    assert [len(each) for each in counts] == [1, 1, 1, 1]
    assert cluster.schedules[0]["status"] == "ENABLED"


@pytest.mark.parametrize("how", ["drop", "hang", 500])
@pytest.mark.parametrize("request_", ["POST .*/recurringruns$", "DELETE", "POST .*:enable"])
def test_an_answer_that_is_lost_leaves_one_schedule(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, request_: str, how: int | str
):
    kubeflow("schedule", package, *NIGHTLY)
    cluster.faults = [Fault(request_, how, done=True)]
    said = kubeflow("schedule", package, *HOURLY, *patience(how))
    assert (said.code, said.error) == (0, "")
    assert [each["status"] for each in cluster.schedules] == ["ENABLED"]
    assert "periodic_schedule" in cluster.schedules[0]["trigger"]
    assert max(cluster.enabled) == 1


def test_a_schedule_that_mtl_has_not_made_is_left_alone(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *NIGHTLY)
    cluster.schedules[0]["description"] = "made by hand"
    writes = len(cluster.writes)
    said = kubeflow("schedule", package, *NIGHTLY)
    assert said.code == 2
    made = cluster.schedules[0]["recurring_run_id"]
    assert f'"wine" must be one of the pipeline wine, got one that mtl has not made ({made}).' in said.error
    assert 'mtl kubeflow unschedule "wine"' in said.error
    assert len(cluster.writes) == writes
    del cluster.schedules[0]["description"]
    assert kubeflow("schedule", package, *NIGHTLY).code == 2


def test_a_schedule_of_another_pipeline_is_left_alone(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *NIGHTLY)
    said = kubeflow("schedule", package, *NIGHTLY, "--pipeline", "beer", "--name", "wine")
    assert said.code == 2
    assert '"wine" must be one of the pipeline beer, got one of the pipeline wine' in said.error
    assert len(cluster.schedules) == 1


def test_dry_run_prints_each_request_and_writes_nothing(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    said = kubeflow("schedule", package, *NIGHTLY, "--dry-run")
    assert cluster.writes == []
    assert "would create the new schedule\n" in said.out
    assert '"cron": "0 30 3 * * *"' in said.out
    assert '"mode": "ENABLE"' in said.out
    kubeflow("schedule", package, *NIGHTLY)
    old, writes = cluster.schedules[0]["recurring_run_id"], len(cluster.writes)
    assert kubeflow("schedule", package, *NIGHTLY, "--dry-run").out.splitlines()[1:] == ["unchanged"]
    said = kubeflow("schedule", package, *HOURLY, "--dry-run")
    assert [line for line in said.out.splitlines() if line.startswith("would")] == [
        "would create the new schedule",
        f"would delete {old}",
        "would enable the new schedule",
    ]
    assert '"mode": "DISABLE"' in said.out
    assert len(cluster.writes) == writes


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "must have either --cron or --interval, got neither"),
        (("--cron", "* * * * *", "--interval", "1h"), "must have either --cron or --interval, got both"),
        (("--cron", "30 3 * *"), 'got 4 in "30 3 * *"'),
        (("--cron", "@daily"), 'got 1 in "@daily"'),
        (("--interval", "soon"), 'whole number of s, m, h or d, at least 1 s, got "soon"'),
        (("--interval", "0h"), 'at least 1 s, got "0h"'),
        (("--interval", "1h", "--start", "tomorrow"), 'The start must be a time in ISO 8601, got "tomorrow".'),
        (("--interval", "1h", "--start", "2030-01-02", "--end", "2030-01-01"), "The end must be after the start"),
        (("--interval", "1h", "--max-concurrency", "11"), "11 is not in the range 1<=x<=10"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_before_any_request(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, arguments: tuple[str, ...], sentence: str
):
    said = kubeflow("schedule", package, *DATA, *arguments)
    assert said.code == 2
    assert sentence in said.error
    assert cluster.requests == []


def test_unschedule_deletes_all_of_the_name_and_nothing_else(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *NIGHTLY)
    add_copies(cluster, enabled=1, disabled=3)
    kubeflow("schedule", package, *NIGHTLY, "--name", "other")
    ids = [each["recurring_run_id"] for each in cluster.schedules if each["display_name"] == "wine"]
    assert kubeflow("unschedule", "wine", "--dry-run").out == f"wine: would delete {', '.join(ids)}\n"
    assert len(cluster.schedules) == 6
    cluster.faults = [Fault("DELETE", "drop", done=True)]
    assert kubeflow("unschedule", "wine").out == f"wine: deleted {', '.join(ids)}\n"
    assert [each["display_name"] for each in cluster.schedules] == ["other"]
    said = kubeflow("unschedule", "wine")
    assert (said.code, said.out) == (0, "wine: no such schedule, nothing to delete\n")


def test_callers_at_once_end_with_one_schedule(kubeflow: Kubeflow, cluster: Cluster, package: Path):
    kubeflow("schedule", package, *NIGHTLY)
    arguments = ["kubeflow", "schedule", str(package), *HOURLY]
    with ThreadPoolExecutor() as callers:
        calls = [callers.submit(cli.main, arguments, "mtl", standalone_mode=False) for _ in range(4)]
    assert [call.exception() for call in calls] == [None] * 4
    (new,) = cluster.schedules
    assert (new["trigger"]["periodic_schedule"]["interval_second"], new["status"]) == ("3600", "ENABLED")


def test_a_server_that_does_not_do_what_it_says_is_not_asked_for_ever(
    kubeflow: Kubeflow, cluster: Cluster, package: Path
):
    kubeflow("schedule", package, *NIGHTLY)
    cluster.faults = [Fault("POST .*:disable", "empty", times=99)]
    said = kubeflow("schedule", package, *NIGHTLY, "--disabled")
    assert said.code == 2
    assert 'The schedule "wine" must be as it was left, got another state after disable.' in said.error


def test_plan_leads_from_any_state_to_one_schedule():
    """Every set of up to three schedules, every wish; requests are carried out on a model of the server."""
    kinds = list(itertools.product(["same", "other"], [True, False]))
    for count in range(4):
        for kind in itertools.product(kinds, repeat=count):
            for enabled in (True, False):
                there = [Found(f"{n}", "wine", digest, on, f"{n}") for n, (digest, on) in enumerate(kind)]
                rounds = 0
                while steps := plan(there, "same", enabled):
                    there = perform(there, steps[0])
                    rounds += 1
                assert [(each.digest, each.enabled) for each in there] == [("same", enabled)]
                assert rounds <= count + 2


def perform(there: list[Found], step: ScheduleChange) -> list[Found]:
    if step.action == "create":
        return [*there, Found("new", "wine", "same", step.enabled, "9")]
    if step.action == "delete":
        return [each for each in there if each.id != step.id]
    return [
        Found(each.id, each.pipeline, each.digest, step.action == "enable", each.created)
        if each.id == step.id
        else each
        for each in there
    ]


def test_two_callers_keep_the_same_of_two_copies():
    copies = [Found(name, "wine", "same", on, "1") for name, on in [("b", True), ("a", False), ("c", True)]]
    for order in itertools.permutations(copies):
        assert {step.id for step in plan(order, "same", enabled=True)} == {"a", "c"}

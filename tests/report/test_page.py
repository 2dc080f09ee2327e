import json
import re
from collections.abc import Callable
from functools import reduce
from operator import getitem
from typing import Any

import pytest

from tests.report import examples
from tests.report.page import Page, drawn, leaves, text_of

REPORTS = (examples.pushed, examples.stopped, examples.rejected, examples.ugly, examples.empty, examples.tuned)


@pytest.mark.parametrize("make", REPORTS)
def test_page_is_well_formed_and_asks_for_nothing(make: Callable[[], dict[str, Any]]):
    html = drawn(make())
    page = Page(html)
    assert page.open == []
    assert html.startswith("<!doctype html>")
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in page.of("meta")
    assert [link["href"] for link in page.of("link")] == ["data:,"]
    assert all(link["href"].startswith("#") for link in page.of("a"))
    assert not [name for name, attributes in page.tags if "src" in attributes or name in ("img", "iframe", "object")]
    assert "url(" not in html
    assert "@import" not in html
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("make", [examples.pushed, examples.stopped, examples.ugly, examples.tuned])
def test_every_number_shown_is_in_the_json(make: Callable[[], dict[str, Any]]):
    report = json.loads(json.dumps(make()))
    page = Page(drawn(report))
    known = leaves(report) | {float(len(report["data"]["columns"]))}
    assert page.numbers <= known
    assert len(page.numbers) > 100


def test_the_figures_a_reader_decides_by_are_on_the_page():
    report = examples.pushed()
    numbers = Page(drawn(report)).numbers
    evaluation = report["model"]["evaluation"]
    for head in evaluation["heads"].values():
        for metric in head["metrics"].values():
            assert {metric["value"], metric["low"], metric["high"]} - {None} <= numbers
        for other in (*head["trivial"].values(), *head["baseline"].values()):
            assert {other["value"], other["theirs"]} <= numbers
    for part in evaluation["slices"]:
        assert part["metrics"]["regression"]["mae"]["value"] in numbers
    for column in report["data"]["columns"]:
        for stats in column["splits"].values():
            assert {stats[key] for key in ("n", "missing_share", "unique", "mean", "median")} - {None} <= numbers
    assert {step["seconds"] for step in report["run"]["steps"]} <= numbers


def test_first_comes_the_verdict():
    text = text_of(examples.rejected())
    start = text.index("The model was rejected; nothing was pushed.", text.index("Theme: auto"))
    order = ["Data", "alcohol (number)", "cultivar (class)", "Log loss 0.34 is worse", "Next:", "Push"]
    places = [text.index(words, start) for words in order]
    assert places == sorted(places)


def test_a_check_under_its_heads_heading_does_not_name_the_head_again():
    report = examples.pushed()
    checks = report["model"]["evaluation"]["verdict"]["checks"]
    checks[0]["sentence"] = "regression: all 325 predictions are finite numbers."
    text = text_of(report)
    assert "✓ passed All 325 predictions are finite numbers." in text
    assert "regression:" not in text


def test_a_stopped_run_says_what_failed_first_and_what_to_change():
    text = text_of(examples.stopped())
    assert "The data was refused; nothing was trained." in text
    assert text.index('✗ fail "cultivar" must be one of') < text.index('! warn "magnesium" has 3 values')
    assert "data/wine.csv 17 merlot" in text
    assert 'If this is intended, change: string_domain { name: "cultivar" value: "merlot" }' in text
    assert "There is no model to show: the run did not get that far." in text


def test_how_sure_the_model_may_be_stands_with_each_head():
    text = text_of(examples.pushed())
    held = "Wanted 90.0 % of the labels Held 90.8 % [ 87.1 % , 93.7 % ] of 325 eval rows Mean width 1.710 , by row"
    assert f"Prediction intervals {held} Set by 260 calibration rows" in text
    error = "Calibration error 0.02310 , without it 0.06120 Log loss 0.2810 , without it 0.3020"
    assert f"Calibration Temperature 1.370 Set by 260 calibration rows {error}" in text


def test_without_intervals_the_page_says_why_and_an_old_run_says_nothing():
    report = examples.pushed()
    evaluation = report["model"]["evaluation"]
    evaluation["uncertainty"]["regression"] |= {"coverage": None, "problem": "There are none, because."}
    text = text_of(report)
    assert "There are none, because." in text
    assert "Mean width" not in text
    evaluation["uncertainty"] = None
    text = text_of(report)
    assert "calibration rows" not in text
    assert "Temperature" not in text


def test_slices_come_worst_first_and_small_ones_last():
    html = drawn(examples.pushed())
    table = html[html.index('aria-label="Slices of regression"') :].partition("</details>")[0]
    rows = re.findall(
        r'<tr( class="faded")?><th scope="row"><bdi>(.*?)</bdi>.*?data value="(\d+)".*?value="([\d.]+)"', table
    )
    sound = [float(value) for faded, _, _, value in rows if not faded]
    assert sound == sorted(sound, reverse=True)
    assert [n for faded, _, n, _ in rows if faded] == ["8"]
    assert rows[-1][0]


def test_drift_says_against_what_or_that_there_was_nothing():
    report = examples.pushed()
    assert "Drift measured against pushed version 3" in text_of(report)
    report["data"]["against"] = None
    assert "Drift not measured: this run had no earlier version to compare with" in text_of(report)


def test_a_refusal_without_details_is_no_pass():
    report = examples.stopped()
    report["data"]["checks"] = []
    assert "No check had anything to say" not in text_of(report)
    assert "What failed is listed above; no details of it were kept." in text_of(report)


def test_what_was_set_comes_before_defaults():
    text = text_of(examples.pushed())
    assert text.index("training.epochs 60 command line") < text.index("training.learning_rate 0.001 default")


def test_rows_with_one_label_are_counted_and_each_head_says_what_it_was_judged_on():
    text = text_of(examples.pushed())
    assert "Without cultivar 31 rows" in text
    assert "Without alcohol" not in text
    assert "MAE on 325 eval rows; lower is better" in text
    assert "log loss on 294 eval rows with this label; lower is better" in text.replace("Log loss", "log loss")


def test_names_from_data_are_text_and_nothing_else():
    page = Page(drawn(examples.ugly()))
    assert len(page.of("script")) == len(page.of("style")) == 1
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    text = "".join(page.text)
    for name in examples.HOSTILE:
        assert name in text


def test_fifty_columns_and_twenty_slices_are_below_two_megabytes():
    report = examples.ugly(columns=50, classes=30, slices=20)
    scatter = report["model"]["figures"]["regression"]
    for axis in ("actual", "predicted"):
        scatter[axis] = (scatter[axis] * 4)[:1000]
    assert 100_000 < len(drawn(report).encode()) < 2_000_000


def test_the_script_is_small():
    html = drawn(examples.empty())
    script = html.partition("<script>")[2].partition("</script>")[0]
    assert 0 < len(script.encode()) < 10_000


@pytest.mark.parametrize("path", ["notes", "checks", "comparisons", "columns"])
def test_empty_lists_of_the_data_leave_the_rest(path: str):
    report = examples.pushed()
    report["data"][path] = []
    assert "Rows read" in text_of(report)


@pytest.mark.parametrize(
    ("place", "value", "gone"),
    [
        ("figures", None, "Residuals"),
        ("figures.regression", None, "Predicted against actual"),
        ("figures.regression.ranges", [], "Error by range of the target"),
        ("figures.classification", None, "Precision and recall"),
        ("figures.classification", [], "ROC"),
        ("evaluation.confusion", None, "Confusion n = 1,500"),
        ("evaluation.confusion.classes", [], "Classes"),
        ("evaluation.confusion.reliability", [], "Reliability"),
        ("importance.heads.regression", [], "rise of MAE when shuffled"),
    ],
)
def test_absent_figures_leave_the_rest(place: str, value: Any, gone: str):
    report = examples.pushed()
    assert gone in text_of(report)
    *above, last = place.split(".")
    reduce(getitem, above, report["model"])[last] = value
    text = text_of(report)
    assert "Permutation importance" in text
    assert gone not in text


def test_a_head_without_figures_and_metrics_still_has_its_verdict():
    report = examples.pushed()
    model = report["model"]
    head = {"metrics": {}, "trivial": {}, "baseline": None, "problem": "3 of 294 predictions are NaN or infinite"}
    model["evaluation"]["heads"]["classification"] |= head
    model["evaluation"] |= {"confusion": None, "slices": []}
    model["figures"]["classification"] = None
    model["importance"]["heads"]["classification"] = []
    model["curves"] = None
    text = text_of(report)
    assert "This head could not be scored." in text
    assert "Accuracy must be at least 0.95 in every slice" in text


@pytest.mark.parametrize(
    ("states", "state", "sentence"),
    [
        (
            ("failed", "not reached", "not reached", "not reached"),
            "failed",
            "The data was refused; nothing was trained.",
        ),
        (("passed", "failed", "passed", "not reached"), "failed", "The model was rejected; nothing was pushed."),
        (("passed", "passed", "passed", "failed"), "failed", "The model was not pushed."),
        (("warned", "passed", "passed", "passed"), "warned", "The model was pushed, with warnings."),
        (("passed", "passed", "passed", "passed"), "passed", "The model was pushed."),
        (("passed", "not reached", "not reached", "not reached"), "not reached", "The run did not come to its end."),
    ],
)
def test_headline(states: tuple[str, ...], state: str, sentence: str):
    report = examples.empty()
    subjects = ("data", "regression", "classification", "push")
    report["verdict"] = [
        {"subject": subject, "title": subject, "state": found, "reason": "because", "next": ""}
        for subject, found in zip(subjects, states, strict=True)
    ]
    html = drawn(report)
    assert f'<h1 id="headline" class="{state.replace(" ", "-")}">' in html
    assert sentence in html


def test_a_validation_that_passed_is_no_broken_run():
    report = examples.empty()
    report["verdict"] = [examples.verdict("data", "Data", "passed", "as the schema says", "")]
    report["run"] = examples.run_part("validated")
    assert "The data passed; no model was evaluated." in drawn(report)


def test_a_search_shows_every_trial_from_the_best_on():
    report = examples.tuned()
    html = drawn(report)
    assert "The search has ended; no model was evaluated." in html
    assert '<a href="#tuning">Tuning</a>' in html
    trials = report["tuning"]["trials"]
    table = html[html.index('aria-label="Trials"') :]
    numbers = [int(found) for found in re.findall(r'<th scope="row" class="number"><data value="(\d+)">', table)]
    completed = sorted((trial for trial in trials if trial["objective"] is not None), key=lambda one: one["objective"])
    assert numbers == [*(trial["number"] for trial in completed), 3]
    text = text_of(report)
    assert "failed: The validation loss must be a finite number, got <nan>." in text
    assert "29, and 1 that failed" in text
    best = completed[0]
    known = Page(html).numbers
    assert {best["objective"], *best["ratios"].values(), *best["losses"].values()} <= known
    assert set(report["tuning"]["references"].values()) <= known
    assert '<a href="#tuning">' not in drawn(examples.pushed())


def test_commands_in_sentences_are_code():
    report = examples.empty()
    report["verdict"] = [examples.verdict("push", "Push", "passed", "a `<b>` c", "one ` alone")]
    html = drawn(report)
    assert "a <code>&lt;b&gt;</code> c" in html
    assert "one ` alone" in html


def test_relatedness_is_part_of_the_model():
    report = examples.pushed()
    page, text = Page(drawn(report)), text_of(report)
    place = text.index("Relatedness: does sharing one network help?")
    assert text.index("! not clear alcohol : MAE 0.412", place) < text.index(
        "✓ helped cultivar : log loss 0.281", place
    )
    assert "−4 % [−13 %, 4 %]" in text
    assert "Parameters 10,180 20,102 Training, one seed 12.2 s 1 min 32 s" in text
    assert "Scoring one row, the networks alone 0.55 ms 1.0 ms" in text
    assert "mean over the epochs: 0.1250 (by seed 0.1000 , 0.1500 , – )" in text
    assert leaves(report["relatedness"]) - {0, 1, 2, 0.95} <= page.numbers


def test_a_run_that_only_compares_networks_shows_that_and_no_model():
    report = examples.pushed() | {"model": None}
    assert "There is no model to show" not in text_of(report)
    assert "Relatedness: does sharing one network help?" in text_of(report)
    assert "Relatedness" not in text_of(examples.empty())


def test_heads_that_share_no_layer_have_no_angle():
    report = examples.pushed()
    report["relatedness"]["gradient_cosine"] = {"mean": None, "by_seed": [None, None]}
    text = text_of(report)
    assert "The heads share no layer, so there is no angle between their gradients." in text
    assert "Cosine of the angle" not in text

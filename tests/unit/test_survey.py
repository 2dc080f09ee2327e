"""What is judged of a tally and samples, against the evaluation of all rows as arrays."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from judged_rows import CLASSES, train_labels, with_gaps, world

from components.evaluator.analysis import survey as module
from components.evaluator.analysis.coverage import uncertainty
from components.evaluator.analysis.evaluation import evaluate
from components.evaluator.analysis.figures import figures
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.groups import values_of
from components.evaluator.analysis.rows import Answered, Incumbent, Predictions, Rows
from components.evaluator.analysis.sample import Distinct
from components.evaluator.analysis.slices import Cells, Entry
from components.evaluator.analysis.survey import STRATA, Draws, Survey, draw_survey, judge_survey, judge_uncertainty
from components.evaluator.analysis.tally import Terms, tally
from components.evaluator.analysis.totals import merged
from components.example_gen.splitting.splits import mix
from components.model_format.manifest import Calibration
from components.shared.errors import InputError
from tests.judgements import assert_alike

SLICES = ["group", ["group", "first"]]
DRAWS = Draws(resamples=200, slice_resamples=50)
CALIBRATION = Calibration(50, 50, 1.5, 0.9, "split", None, None)
GATE = Gate(HeadGate({"mae": 9.0}), HeadGate({"accuracy": 0.4}))


def surveyed(rows, candidate, rival=None, seen=None, *, seed=0, parts=7, slices=(), terms=None):
    """A survey of the rows, dealt to parts by chance, and the terms."""
    rng = np.random.default_rng(seed)
    n = len(rows.number)
    if terms is None:
        classes = rival.classes if isinstance(rival, Predictions) else None
        terms = Terms(train_labels(), CALIBRATION, candidate.classes, classes)
    answered = Answered(rows, candidate, rival, np.zeros(n, bool) if seen is None else seen)
    hashes = mix(np.arange(n, dtype=np.uint64))
    divisions = []
    for spec in slices:
        names = [spec] if isinstance(spec, str) else spec
        entry = Entry({name: values_of(rows.columns[name]).groups() for name in names})
        divisions.append(entry.division(Cells.of(entry.cells(rows.columns))))
    dealt = [part for part in np.split(rng.permutation(n), np.sort(rng.integers(0, n, parts - 1))) if len(part)]
    together = reduce(merged, (tally(answered.take(part), terms, divisions) for part in dealt))
    drawn = [Distinct.of(hashes[part], module.strata(rows.take(part), answered.seen[part], terms)) for part in dealt]
    chosen = Distinct.joined(drawn).chosen(list(STRATA.values()))
    order = np.argsort(hashes)
    kept = order[np.isin(hashes[order], chosen.rows)]
    samples = dict(zip(STRATA, chosen.hashes, strict=True))
    return Survey(together, answered.take(kept), hashes[kept], samples, divisions), terms


def few(monkeypatch, size):
    for name in STRATA:
        monkeypatch.setitem(STRATA, name, size)


@pytest.fixture
def judged():
    """Rows with gaps, both models, and which rows the production model has seen."""
    rows, predict = world(3_000)
    gappy, _, _ = with_gaps(rows)
    return gappy, predict(0.1), predict(0.4, seed=2), np.random.default_rng(7).random(3_000) < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_of_all_rows_is_evaluated_as_the_rows_are(judged, seed):
    """Every row is in the samples: all values are those of the arrays, and only the order of the draws differs."""
    rows, ours, theirs, seen = judged
    survey, terms = surveyed(rows, ours, theirs, seen, seed=seed, slices=SLICES)
    found = judge_survey(survey, terms, gate=GATE, draws=DRAWS)
    assert all(result.within == {} for result in found.heads.values())
    expected = evaluate(
        rows,
        ours,
        terms.trivial,
        baseline=Incumbent(theirs, seen),
        gate=GATE,
        slices=SLICES,
        resamples=200,
        slice_resamples=50,
    )
    assert_alike(found, expected, reach=0.35)


def test_of_more_rows_metrics_are_exact_and_intervals_those_of_a_sample(judged, monkeypatch):
    few(monkeypatch, 700)
    rows, ours, theirs, seen = judged
    survey, terms = surveyed(rows, ours, theirs, seen, slices=SLICES)
    assert len(survey.hashes) < 2_900
    found = judge_survey(survey, terms, gate=GATE, draws=DRAWS)
    assert list(found.heads["regression"].within) == ["median_absolute_error"]
    assert list(found.heads["classification"].within) == ["auc"]
    expected = evaluate(
        rows, ours, terms.trivial, baseline=Incumbent(theirs, seen), gate=GATE, slices=SLICES, resamples=200
    )
    assert_alike(found, expected, reach=0.5)


def test_neither_parts_nor_their_order_make_a_difference(judged, monkeypatch):
    few(monkeypatch, 300)
    rows, ours, theirs, seen = judged
    first, second = (
        judge_survey(*surveyed(rows, ours, theirs, seen, seed=seed, parts=parts), draws=DRAWS)
        for seed, parts in ((1, 3), (2, 40))
    )
    assert first.confusion.counts == second.confusion.counts
    for head, result in first.heads.items():
        for name, interval in result.metrics.items():
            other = second.heads[head].metrics[name]
            assert (interval.value, interval.low, interval.high) == pytest.approx(
                (other.value, other.low, other.high), rel=1e-12
            )


def test_few_rows_that_are_fair_are_drawn_for_themselves(judged, monkeypatch):
    """The production model has seen all but 60 rows: a sample of all would hold hardly one of them."""
    few(monkeypatch, 100)
    rows, ours, theirs, _ = judged
    seen = np.arange(3_000) >= 60
    found = judge_survey(*surveyed(rows, ours, theirs, seen), draws=DRAWS)
    expected = evaluate(rows, ours, train_labels(), baseline=Incumbent(theirs, seen), resamples=200)
    for head, result in expected.heads.items():
        for name, difference in result.baseline.items():
            mine = found.heads[head].baseline[name]
            assert mine.value == pytest.approx(difference.value, abs=1e-6), name
            assert mine.low == pytest.approx(difference.low, abs=0.35 * (difference.high - difference.low))


def test_a_class_that_only_the_candidate_knows_is_left_out(judged):
    rows, ours, theirs, seen = judged
    two = Predictions(
        theirs.number, theirs.probabilities[:, :2] / theirs.probabilities[:, :2].sum(1)[:, None], ("a", "b")
    )
    found = judge_survey(*surveyed(rows, ours, two, seen), draws=DRAWS)
    expected = evaluate(rows, ours, train_labels(), baseline=Incumbent(two, seen), resamples=200)
    contest = found.heads["classification"].contest
    assert contest == expected.heads["classification"].contest
    assert contest.new_class == sum(
        1 for label, known in zip(rows.label, seen, strict=True) if label == "c" and not known
    )
    assert found.heads["classification"].baseline["log_loss"].theirs == pytest.approx(
        expected.heads["classification"].baseline["log_loss"].theirs
    )


def test_what_stops_a_comparison_is_said_as_ever(judged):
    rows, ours, theirs, seen = judged
    broken = Predictions(theirs.number, 2 * theirs.probabilities, CLASSES)
    odd = Predictions(np.where(np.arange(3_000) % 100, theirs.number, np.inf), theirs.probabilities, CLASSES)
    most = np.arange(3_000) >= 15
    for rival, known in (("it cannot say", None), (broken, seen), (odd, seen), (theirs, most)):
        survey, terms = surveyed(rows, ours, rival, known, parts=1)
        found = judge_survey(survey, terms, draws=DRAWS)
        expected = evaluate(rows, ours, terms.trivial, baseline=Incumbent(rival, known), resamples=200)
        for head, result in expected.heads.items():
            ours_of = found.heads[head]
            assert (ours_of.baseline_problem, ours_of.contest) == (result.baseline_problem, result.contest)
            assert (ours_of.baseline is None) == (result.baseline is None)
        assert any(result.baseline_problem for result in expected.heads.values())


def test_a_head_with_broken_predictions_has_no_figures(judged):
    rows, ours, *_ = judged
    ours.number[17] = np.nan
    survey, terms = surveyed(rows, ours, slices=["group"])
    found = judge_survey(survey, terms, draws=DRAWS)
    expected = evaluate(rows, ours, terms.trivial, slices=["group"], resamples=200)
    assert found.heads["regression"] == expected.heads["regression"]
    assert found.heads["regression"].problem == "1 of 3,000 predictions are NaN or infinite"
    assert [list(part.metrics) for part in found.slices] == [["classification"]] * 2
    drawn = draw_survey(survey)
    assert drawn.regression is None
    assert drawn.classification is not None


def test_input_that_cannot_be_judged_is_refused_as_ever(judged):
    rows, ours, *_ = judged
    cases = [
        (replace(rows, number=np.where(np.arange(3_000) == 3, np.inf, rows.number)), ours),
        (replace(rows, number=np.full(3_000, np.nan)), ours),
        (replace(rows, label=np.full(3_000, None)), ours),
        (rows, Predictions(ours.number, 2 * ours.probabilities, CLASSES)),
    ]
    for given, model in cases:
        with pytest.raises(InputError) as expected:
            evaluate(given, model, train_labels(), resamples=20)
        survey, terms = surveyed(given, model, parts=1)
        with pytest.raises(InputError) as found:
            judge_survey(survey, terms, draws=DRAWS)
        assert str(found.value) == str(expected.value)


def test_rows_without_any_label_of_a_part_are_counted(judged):
    rows, ours, *_ = judged
    bare = np.arange(3_000) < 1_000
    rows = Rows(np.where(bare, np.nan, rows.number), np.where(bare, None, rows.label), rows.columns)
    found = judge_survey(*surveyed(rows, ours, parts=40), draws=DRAWS)
    assert found.n == 3_000
    assert {head: result.n for head, result in found.heads.items()} == {
        head: int(present.sum()) for head, present in rows.labelled.items()
    }


def test_intervals_and_temperature_are_those_of_all_rows(judged):
    rows, ours, *_ = judged
    bounds = np.column_stack([ours.number - 4, ours.number + 5])
    ours = Predictions(ours.number, ours.probabilities, CLASSES, bounds)
    survey, terms = surveyed(rows, ours)
    found, expected = judge_uncertainty(survey, terms), uncertainty(rows, ours, CALIBRATION)
    assert replace(found.regression.coverage, mean_width=0) == replace(expected.regression.coverage, mean_width=0)
    assert found.regression.coverage.mean_width == pytest.approx(9)
    for when in ("before", "after"):
        assert getattr(found.classification, when) == pytest.approx(getattr(expected.classification, when))
    bare = replace(terms, calibration=None)
    assert judge_uncertainty(survey, bare) is None


def test_what_is_drawn_is_of_the_sample_and_curves_of_all(judged, monkeypatch):
    rows, ours, *_ = judged
    survey, _ = surveyed(rows, ours)
    found, expected = draw_survey(survey), figures(rows, ours)
    assert found.regression.histogram == expected.regression.histogram
    assert found.regression.sampled_from is None
    assert {curve.name: curve.auc for curve in found.classification} == pytest.approx(
        {curve.name: curve.auc for curve in expected.classification}
    )
    few(monkeypatch, 500)
    survey, _ = surveyed(rows, ours)
    found = draw_survey(survey)
    labelled = int(rows.labelled["regression"].sum())
    assert (found.regression.n, found.regression.sampled_from) == (500, labelled)
    assert sum(found.regression.histogram.counts) == 500
    assert (found.regression.least, found.regression.greatest) == (
        expected.regression.least,
        expected.regression.greatest,
    )
    counted = pd.Series(rows.label[rows.labelled["classification"]]).value_counts()
    for curve, exact in zip(found.classification, expected.classification, strict=True):
        assert curve.n_positive == counted[curve.name] == exact.n_positive
        assert curve.auc == pytest.approx(exact.auc, abs=2e-3)
        assert (curve.roc[0], curve.roc[-1]) == ((0, 0), (1, 1))

"""The evaluation of a model on eval rows that nobody holds: from a tally of all of them, and samples.

Counts and metrics are those of all rows: exact, but for the median and the AUC, whose `within` says by how much they
may be off. What takes single rows is drawn from samples of at most `bootstrap.MAX_ROWS`: intervals, the residuals that
are shown, and the columns' importance. A head with no more rows than that has all of them in its sample, and is
evaluated as `evaluation.evaluate` does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from components.evaluator.analysis import bootstrap, importance
from components.evaluator.analysis.blessing import judge
from components.evaluator.analysis.bootstrap import LEVEL, PART_RESAMPLES, RESAMPLES, Bootstrap, Whole
from components.evaluator.analysis.confusion import described
from components.evaluator.analysis.coverage import judged
from components.evaluator.analysis.evaluation import SMALL_SLICE, intervals, require_finite, require_labels
from components.evaluator.analysis.figures import class_curves
from components.evaluator.analysis.gate import Gate
from components.evaluator.analysis.head import METRICS, contestants, settled, too_few, trivial_name, without_scores
from components.evaluator.analysis.metric import Scores
from components.evaluator.analysis.regression import RegressionScores
from components.evaluator.analysis.residuals import residuals
from components.evaluator.analysis.rows import (
    Answered,
    HeadScores,
    Predictions,
    Rows,
    class_names,
    head_scores,
    not_finite,
)
from components.evaluator.analysis.sample import Hashes
from components.evaluator.analysis.slices import Division
from components.evaluator.analysis.tally import ALL, BASELINE, CANDIDATE, FAIR, HEADS, Key, Tally, Terms, uncertainty_of
from components.formats.evaluation import Contest, HeadResult, Judgement, SliceResult
from components.formats.figures import Figures
from components.formats.uncertainty import Uncertainty
from components.shared.errors import InputError

ANY = "any"
STRATA = {
    ANY: importance.MAX_ROWS,
    "regression": bootstrap.MAX_ROWS,
    "classification": bootstrap.MAX_ROWS,
    "regression fair": bootstrap.MAX_ROWS,
    "classification fair": bootstrap.MAX_ROWS,
}
"""Rows that samples are drawn of -> how many are drawn: all, those with a head's label, those of them that are fair to
both models."""


def strata(rows: Rows, seen: npt.NDArray[np.bool_], terms: Terms) -> npt.NDArray[np.uint8]:
    """Returns which `STRATA` each of n rows is in, uint8 [n], a bit for each.

    Args:
        rows: n rows.
        seen: bool [n], those that the production model has seen.
        terms: what rows are counted by.
    """
    inside = {ANY: np.ones(len(seen), bool)}
    for head, present in rows.labelled.items():
        inside |= {head: present, f"{head} fair": present & ~seen & ~terms.new_class(head, rows)}
    bits = [inside[name].astype(np.uint8) << bit for bit, name in enumerate(STRATA)]
    return np.bitwise_or.reduce(bits)


@dataclass(frozen=True)
class Survey:
    """What is known of all rows, and some of them.

    Args:
        tally: the counts of all rows.
        drawn: the rows that were drawn for some stratum, each once.
        hashes: uint64 [m], ascending, their hashes.
        samples: stratum → the hashes of its rows in the order of chance, as often as their equals were drawn.
        divisions: the slices of each entry.
    """

    tally: Tally
    drawn: Answered
    hashes: Hashes
    samples: Mapping[str, Hashes]
    divisions: Sequence[Division] = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.count(ALL, "", "", "rows")[0]

    def places(self, stratum: str) -> npt.NDArray[np.int64]:
        """The places among `drawn` of a stratum's sample, int64 [k]."""
        return np.searchsorted(self.hashes, self.samples[stratum])

    def sample(self, stratum: str) -> Answered:
        """A simple random sample of a stratum."""
        return self.drawn.take(self.places(stratum))

    def count(self, rows: str | tuple[int, int], model: str, head: str, what: str) -> list[int]:
        """Counts of the tally; zeros where no part has counted."""
        totals = self.tally.get(Key(rows, model, head, what))
        return [0, 0, 0] if totals is None else [int(value) for value in totals[0].values]

    def values(self, rows: str | tuple[int, int], model: str, head: str) -> dict[str, float]:
        """The metrics of a model's head that were counted, NaN where undefined."""
        return {
            name: float(metric.finish(*self.tally[Key(rows, model, head, name)])[0])
            for name, metric in METRICS[head].items()
            if Key(rows, model, head, name) in self.tally
        }

    def within(self, rows: str | tuple[int, int], head: str) -> dict[str, float]:
        """By how much the candidate's metrics that were counted may be off."""
        return {
            name: float(metric.bound(*self.tally[Key(rows, CANDIDATE, head, name)])[0])
            for name, metric in METRICS[head].items()
            if metric.bound is not None
        }

    def problem(self, model: str, head: str) -> str | None:
        """A clause that says why a model's head has no scores."""
        silent = self.tally.get(Key(ALL, model, "", "silent"))
        if silent is not None:
            return str(silent[0].text)
        [broken, *_] = self.count(ALL, model, head, "broken")
        if broken:
            return not_finite(broken, self.rows)
        refused = self.tally.get(Key(ALL, model, head, "refusal"))
        return None if refused is None else refused[0].text.rstrip(".")


@dataclass(frozen=True)
class Draws:
    """How intervals are drawn, see `evaluation.evaluate`."""

    resamples: int = RESAMPLES
    slice_resamples: int = PART_RESAMPLES
    level: float = LEVEL
    seed: int = 0

    def of(self, scores: Mapping[str, Scores], whole: Whole) -> Bootstrap:
        """Draws on a sample; one that has all rows needs nobody to tell what they say."""
        complete = all(one.n == whole.n for one in scores.values()) and bool(scores)
        return Bootstrap(scores, self.resamples, self.level, self.seed, None if complete else whole)


def judge_survey(
    survey: Survey,
    terms: Terms,
    *,
    gate: Gate | None = None,
    remarks: tuple[str, ...] = (),
    doubts: Mapping[str, str] | None = None,
    draws: Draws | None = None,
) -> Judgement:
    """Decides whether a model is blessed, as `evaluation.evaluate` does with all rows at hand.

    Args:
        survey: what is known of the rows.
        terms: what they were counted by.
        gate: demands; None for the defaults of `Gate`.
        remarks: sentences about the comparison with the production model for both heads.
        doubts: head to a sentence that makes its comparison doubtful.
        draws: how intervals are drawn.

    Raises:
        InputError: labels are infinite, no row has a head's label, or the candidate's probabilities are negative or do
            not sum to 1.
    """
    n = survey.rows
    labelled = {head: survey.count(ALL, "", head, "labelled")[0] for head in HEADS}
    require_finite(survey.count(ALL, "", "regression", "infinite")[0], labelled["regression"])
    for head in HEADS:
        require_labels(head, labelled[head], n)
        refused = survey.tally.get(Key(ALL, CANDIDATE, head, "refusal"))
        if refused is not None and not survey.count(ALL, CANDIDATE, head, "broken")[0]:
            raise InputError(refused[0].text)
    drawing = draws or Draws()
    heads = {head: _head(head, survey, terms, remarks, (doubts or {}).get(head), drawing) for head in HEADS}
    scored = {head: result for head, result in heads.items() if result.problem is None}
    return Judgement(
        n=n,
        heads=heads,
        confusion=described(*survey.tally[Key(ALL, CANDIDATE, "classification", "confusion")])
        if "classification" in scored
        else None,
        slices=tuple(_slices(survey, list(scored), drawing)),
        verdict=judge(gate or Gate(), heads),
    )


def draw_survey(survey: Survey, *, level: float = LEVEL, seed: int = 0) -> Figures:
    """Returns what is drawn of each head: of the regression head its sample, of the class head the curves of all rows.

    Args:
        survey: what is known of the rows.
        level: the share of draws inside an interval.
        seed: seed of everything that is drawn.
    """
    regression, classification = None, None
    if survey.problem(CANDIDATE, "regression") is None:
        scores = _sampled("regression", survey.sample("regression"), CANDIDATE)
        assert isinstance(scores, RegressionScores)
        [ends] = survey.tally[Key(ALL, CANDIDATE, "regression", "residuals")]
        drawn = residuals(scores, level=level, seed=seed)
        [rows, *_] = survey.count(ALL, "", "regression", "labelled")
        regression = replace(
            drawn, least=ends.least, greatest=ends.greatest, sampled_from=rows if rows > drawn.n else None
        )
    if survey.problem(CANDIDATE, "classification") is None:
        classes = _sampled("classification", survey.sample("classification"), CANDIDATE)
        [rows, *_] = survey.count(ALL, "", "classification", "labelled")
        whole = survey.tally[Key(ALL, CANDIDATE, "classification", "auc")]
        exact = METRICS["classification"]["auc"].collect(classes, np.ones((classes.n, 1)))
        classification = class_curves(*(whole if rows > classes.n else exact))
    return Figures(regression, classification)


def judge_uncertainty(survey: Survey, terms: Terms, *, level: float = LEVEL) -> Uncertainty | None:
    """Returns how the candidate's intervals and probabilities did; None for a model without a calibration."""
    if terms.calibration is None:
        return None
    return judged(uncertainty_of(survey.tally), terms.calibration, level=level)


def _head(
    head: str, survey: Survey, terms: Terms, remarks: tuple[str, ...], doubt: str | None, draws: Draws
) -> HeadResult:
    [n, *_] = survey.count(ALL, "", head, "labelled")
    if broken := survey.problem(CANDIDATE, head):
        return without_scores(head, n, broken)
    sample = survey.sample(head)
    models = contestants(_sampled(head, sample, CANDIDATE), _trivial(head, sample.rows, terms))
    values = {name: survey.values(ALL, name, head) for name in models}
    contest, problem, paired = None, None, None
    fair, seen, new_class = survey.count(ALL, "", head, "contest")
    if Key(ALL, BASELINE, "", "silent") in survey.tally:
        contest, problem = Contest(n, 0, 0), survey.problem(BASELINE, head)
    elif terms.rival_classes is not None:
        contest = Contest(fair, seen, new_class, remarks, doubt)
        problem = survey.problem(BASELINE, head) or too_few(contest, n)
        if problem is None:
            pair = survey.sample(f"{head} fair")
            both = {model: _sampled(head, pair, model) for model in (CANDIDATE, BASELINE)}
            whole = Whole(fair, {model: survey.values(FAIR, model, head) for model in both})
            paired = draws.of(both, whole)
    overall = draws.of(models, Whole(n, values))
    trivial = [name for name in METRICS[head] if trivial_name(name) in models]
    within = survey.within(ALL, head) if next(iter(models.values())).n < n else {}
    return settled(head, overall, trivial, paired, contest, problem, within)


def _sampled(head: str, sample: Answered, model: str) -> HeadScores:
    predictions = sample.candidate if model == CANDIDATE else sample.rival
    assert isinstance(predictions, Predictions)
    scores = head_scores(head, sample.rows, predictions)
    assert not isinstance(scores, str), "no row of the split has a prediction that is not finite"
    return scores


def _trivial(head: str, rows: Rows, terms: Terms) -> Mapping[str, HeadScores]:
    if head == "regression":
        return terms.trivial.regression(np.asarray(rows.number, np.float64))
    return terms.trivial.classification(class_names(rows.label))


def _slices(survey: Survey, heads: Sequence[str], draws: Draws) -> list[SliceResult]:
    found = []
    samples = {head: survey.sample(head) for head in heads} if survey.divisions else {}
    scores = {head: _sampled(head, sample, CANDIDATE) for head, sample in samples.items()}
    for entry, division in enumerate(survey.divisions):
        codes = {head: division.of(sample.rows.columns) for head, sample in samples.items()}
        for place, name in enumerate(division.names):
            rows = (entry, place)
            counts = {head: survey.count(rows, "", head, "labelled")[0] for head in HEADS}
            metrics, within = {}, {}
            for head in heads:
                if counts[head]:
                    inside = codes[head] == place
                    whole = Whole(counts[head], {CANDIDATE: survey.values(rows, CANDIDATE, head)})
                    drawing = replace(draws, resamples=draws.slice_resamples)
                    part = {CANDIDATE: scores[head].take(inside)} if inside.any() else {}
                    metrics[head] = intervals(head, drawing.of(part, whole))
                    if inside.sum() < counts[head]:
                        within[head] = survey.within(rows, head)
            [n, *_] = survey.count(rows, "", "", "rows")
            small = min(counts.values()) < SMALL_SLICE
            found.append(SliceResult(tuple(division.entry.groups), name, n, small, counts, metrics, within))
    return found

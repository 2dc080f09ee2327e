import json
from dataclasses import asdict

import numpy as np
import pytest
from judged_rows import CLASSES, fast, train_labels, with_gaps, world
from sklearn import metrics as sk

from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.metric import Metric
from components.evaluator.analysis.rows import Incumbent, Predictions, Rows
from components.evaluator.analysis.totals import Sum, mean
from components.formats.evaluation import Evaluation, Training
from components.formats.uncertainty import Coverage, Intervals, Uncertainty
from components.model_format.manifest import TrainLabels
from components.shared.errors import InputError


def test_figures_are_those_of_scikit_learn_and_differences_are_paired():
    rows, predict = world(400)
    ours, theirs = predict(0.1), predict(0.4, seed=2)
    found = fast(rows, ours, train_labels(), baseline=Incumbent(theirs))
    regression, classification = found.heads["regression"], found.heads["classification"]
    mae = sk.mean_absolute_error(rows.number, ours.number)
    loss = sk.log_loss(rows.label, ours.probabilities, labels=CLASSES)
    assert regression.metrics["mae"].value == pytest.approx(mae)
    assert classification.metrics["log_loss"].value == pytest.approx(loss)
    assert regression.baseline["mae"].value == pytest.approx(mae - sk.mean_absolute_error(rows.number, theirs.number))
    trivial = train_labels()
    assert regression.trivial["mae"].value == pytest.approx(mae - np.abs(rows.number - trivial.median).mean())
    assert classification.trivial["accuracy"].theirs == pytest.approx(
        (rows.label == max(trivial.counts, key=trivial.counts.get)).mean()
    )
    predicted = np.array(CLASSES)[ours.probabilities.argmax(axis=1)]
    assert (np.array(found.confusion.counts) == sk.confusion_matrix(rows.label, predicted)).all()
    assert (found.n, regression.n, classification.n) == (400, 400, 400)


def test_a_metric_is_one_entry(monkeypatch: pytest.MonkeyPatch):
    def off(scores, weights):
        return Sum.of(scores.prediction - scores.label, weights), Sum.of_weights(weights)

    def wrong(scores, weights):
        return Sum.of((scores.predicted != scores.truth).astype(float), weights), Sum.of_weights(weights)

    def bias(total, weight):
        return np.abs(mean(total, weight))

    monkeypatch.setitem(METRICS["regression"], "bias", Metric("bias", True, off, bias))
    monkeypatch.setitem(METRICS["classification"], "errors", Metric("share of errors", True, wrong, mean))
    rows, predict = world(400)
    model, gate = predict(0.2), Gate(HeadGate({"bias": 0.0}), HeadGate({"errors": 1.0}))
    found = fast(rows, model, train_labels(), baseline=Incumbent(predict(0.3, seed=2)), gate=gate, slices=["group"])
    expected = abs((model.number - rows.number).mean())
    wrong = (np.array(CLASSES)[model.probabilities.argmax(axis=1)] != rows.label).mean()
    assert found.heads["regression"].metrics["bias"].value == pytest.approx(expected)
    assert found.heads["classification"].metrics["errors"].value == pytest.approx(wrong)
    assert found.heads["regression"].baseline["bias"].low is not None
    assert found.verdict.heads == {"regression": False, "classification": True}
    assert any(reason.startswith("regression: bias ") for reason in found.verdict.reasons), found.verdict.reasons
    assert {"bias", "errors"} <= {name for head in found.slices[0].metrics.values() for name in head}


@pytest.mark.parametrize("n", [36, 400])
def test_a_model_equal_to_the_pushed_one_is_blessed(n):
    rows, predict = world(n)
    found = fast(rows, predict(0.2), train_labels(), baseline=Incumbent(predict(0.2)))
    assert found.verdict.blessed, found.verdict.reasons
    assert found.heads["regression"].baseline["mae"].high == 0


@pytest.mark.parametrize("n", [36, 400])
def test_a_model_much_worse_than_the_pushed_one_is_rejected(n):
    rows, predict = world(n)
    found = fast(rows, predict(0.8), train_labels(), baseline=Incumbent(predict(0.02)))
    assert not found.verdict.blessed
    assert found.verdict.heads == {"regression": False, "classification": False}
    assert any("is worse than the production model's" in reason for reason in found.verdict.reasons)


@pytest.mark.parametrize("n", [36, 400])
def test_noise_alone_rejects_no_more_models_than_the_level_allows(n):
    gate = Gate(HeadGate(better_than_trivial=False), HeadGate(better_than_trivial=False))
    blessed = 0
    for seed in range(40):
        rows, predict = world(n, seed=seed)
        found = fast(
            rows, predict(0.2, 2 * seed), train_labels(), baseline=Incumbent(predict(0.2, 2 * seed + 1)), gate=gate
        )
        blessed += found.verdict.blessed
    # Two heads with 2.5 % each on the bad side; on 36 rows the intervals are a little short.
    assert blessed >= 34


def test_a_good_model_on_few_rows_is_blessed_and_one_without_use_is_not():
    good = useless = 0
    for seed in range(20):
        rows, predict = world(36, seed=seed)
        good += fast(rows, predict(0.3), train_labels()).verdict.blessed
        # The same predictions for other rows: right on average, of no use for any row.
        model = predict(0.3)
        shuffled = np.random.default_rng(seed).permutation(36)
        mixed = Predictions(model.number[shuffled], model.probabilities[shuffled], CLASSES)
        useless += fast(rows, mixed, train_labels()).verdict.blessed
    assert (good, useless) == (20, 0)


def test_slices_hold_both_heads_figures():
    rows, predict = world(400)
    model = predict(0.2)
    found = fast(rows, model, train_labels(), slices=["group", ["group", "first"]], min_rows=190)
    assert [part.name for part in found.slices[:2]] == ["group=x", "group=y"]
    assert len(found.slices) == 2 + 8
    for part, name in zip(found.slices[:2], "xy", strict=True):
        mask = rows.columns["group"] == name
        assert part.n == mask.sum()
        assert part.small == (mask.sum() < 190)
        expected = sk.mean_absolute_error(rows.number[mask], model.number[mask])
        mae = part.metrics["regression"]["mae"]
        assert mae.value == pytest.approx(expected)
        assert mae.low < mae.value < mae.high
        assert mae.resamples == 50
        predicted = np.array(CLASSES)[model.probabilities[mask].argmax(axis=1)]
        assert part.metrics["classification"]["accuracy"].value == pytest.approx((predicted == rows.label[mask]).mean())
    assert all(part.small for part in found.slices[2:])


def test_models_may_know_different_classes():
    rows, predict = world(200)
    model = predict(0.1)
    narrow = model.probabilities[:, :2] / model.probabilities[:, :2].sum(axis=1, keepdims=True)
    swapped = Predictions(model.number, model.probabilities[:, [2, 0, 1]], ("c", "a", "b"))
    found = fast(rows, swapped, train_labels(), baseline=Incumbent(Predictions(model.number, narrow, CLASSES[:2])))
    assert found.confusion.labels == ("c", "a", "b")
    contest, both = found.heads["classification"].contest, rows.label != "c"
    assert (contest.n, contest.seen, contest.new_class) == (both.sum(), 0, 200 - both.sum())
    differences = found.heads["classification"].baseline
    chosen = np.array(CLASSES[:2])[narrow.argmax(axis=1)]
    assert differences["accuracy"].theirs == pytest.approx((chosen == rows.label)[both].mean())
    assert differences["log_loss"].ours == pytest.approx(
        -np.log(model.probabilities[both, (rows.label[both] == "b").astype(int)]).mean()
    )
    assert found.heads["regression"].contest.n == 200
    (said,) = [
        check.sentence
        for check in found.verdict.checks
        if (check.head, check.name) == ("classification", "no_worse_than_pushed")
    ]
    assert f"on {both.sum()} of 200 rows is" in said
    assert said.endswith(
        f"The other rows are left out: {200 - both.sum()} are of a class that the production model does not know."
    )
    back = fast(rows, Predictions(model.number, narrow, CLASSES[:2]), train_labels(), baseline=Incumbent(swapped))
    assert back.confusion.labels == ("a", "b", "c")
    assert not back.verdict.heads["classification"]
    assert back.verdict.heads["regression"]


@pytest.mark.parametrize("n", [1, 4, 5])
def test_few_rows_are_scored_without_a_stumble(n):
    rows, predict = world(n)
    found = fast(rows, predict(0.1), train_labels(), baseline=Incumbent(predict(0.2)), slices=["group", "first"])
    assert found.heads["regression"].metrics["mae"].value is not None
    assert found.verdict.blessed <= (n >= 5)
    json.dumps(asdict(found), allow_nan=False)


def test_a_constant_label_and_perfect_predictions():
    rows = Rows(np.full(36, 7.0), np.array(["a"] * 36), {})
    model = Predictions(np.full(36, 7.0), np.tile([1.0, 0.0, 0.0], (36, 1)), CLASSES)
    found = fast(rows, model, train_labels(), baseline=Incumbent(model))
    assert found.verdict.blessed, found.verdict.reasons
    assert found.heads["regression"].metrics["r2"].value is None
    assert found.heads["classification"].metrics["auc"].value is None
    json.dumps(asdict(found), allow_nan=False)


def test_predictions_that_are_not_finite_leave_the_head_without_figures():
    rows, predict = world(36)
    model = predict(0.1)
    model.number[:3] = np.nan
    found = fast(rows, model, train_labels(), slices=["group"])
    assert not found.verdict.blessed
    assert found.verdict.reasons == [
        "regression: 3 of 36 predictions are NaN or infinite, so no metric can be trusted."
    ]
    assert found.heads["regression"].metrics == {}
    assert set(found.slices[0].metrics) == {"classification"}
    model = predict(0.1)
    model.probabilities[5] = np.nan
    found = fast(rows, model, train_labels())
    assert found.confusion is None
    assert found.verdict.heads == {"regression": True, "classification": False}
    json.dumps(asdict(found), allow_nan=False)


def test_a_broken_pushed_model_keeps_no_sound_one_out():
    rows, predict = world(36)
    broken = predict(0.1)
    broken.number[:] = np.inf
    broken.probabilities[:] = 1.0
    found = fast(rows, predict(0.1), train_labels(), baseline=Incumbent(broken))
    assert found.verdict.blessed
    said = [check.sentence for check in found.verdict.checks if check.warning]
    assert "36 of 36 predictions are NaN or infinite" in said[0]
    assert "must sum to 1 in each row" in said[1]


def test_the_same_call_gives_the_same_and_it_is_read_as_it_was_written(tmp_path):
    rows, predict = world(60)
    first, second = (
        fast(rows, predict(0.2), train_labels(), baseline=Incumbent(predict(0.3)), slices=["group"]) for _ in range(2)
    )
    assert first == second
    about = {
        "labels": {"regression": "y", "classification": "k"},
        "training": Training(parameters=9, epochs=5, best_epoch=4, trunk="mmoe", notes=("A note.",)),
        "train": TrainLabels(36, 1.0, 2.0, {"a": 36}),
    }
    coverage = Coverage(0.9, 0.8, 1.0, 9, 10, 2.5)
    uncertainty = Uncertainty(Intervals(30, 0.9, "split", coverage, None), None)
    written = Evaluation.of_judgement(first, **about, uncertainty=uncertainty)
    written.write(tmp_path)
    assert Evaluation.read(tmp_path) == written


def test_refuses_labels_that_are_not_finite_and_probabilities_that_are_none():
    rows, predict = world(36)
    model = predict(0.1)
    with pytest.raises(InputError, match=r"must sum to 1 in each row \(within 0.01\), got 2"):
        fast(rows, Predictions(model.number, 2 * model.probabilities, CLASSES), train_labels())
    rows.number[0] = np.inf
    with pytest.raises(InputError, match="`regression labels` must be finite numbers, got 1 of 36"):
        fast(rows, model, train_labels())


@pytest.mark.parametrize("label", [float("nan"), b"a", 1])
def test_refuses_class_labels_that_are_not_strings(label):
    rows, predict = world(36)
    labels = rows.label.astype(object)
    labels[7] = label
    with pytest.raises(InputError, match=f"`class labels` must be strings, got {label!r}"):
        fast(Rows(rows.number, labels, {}), predict(0.1), train_labels())


def test_each_head_is_judged_on_the_rows_that_have_its_label():
    """Metrics and slices are scikit-learn's on those rows; trivial and pushed predictors are scored on the same."""
    rows, predict = world(2_000)
    ours, theirs = predict(0.1), predict(0.4, seed=2)
    gappy, has_number, has_class = with_gaps(rows)
    found = fast(gappy, ours, train_labels(), baseline=Incumbent(theirs), slices=["group"])
    regression, classification = found.heads["regression"], found.heads["classification"]
    assert (found.n, regression.n, classification.n) == (2_000, has_number.sum(), has_class.sum())

    mae = sk.mean_absolute_error(rows.number[has_number], ours.number[has_number])
    assert regression.metrics["mae"].value == pytest.approx(mae)
    assert regression.metrics["r2"].value == pytest.approx(
        sk.r2_score(rows.number[has_number], ours.number[has_number])
    )
    their_mae = sk.mean_absolute_error(rows.number[has_number], theirs.number[has_number])
    assert regression.baseline["mae"].theirs == pytest.approx(their_mae)
    trivial = train_labels()
    assert regression.trivial["mae"].theirs == pytest.approx(np.abs(rows.number[has_number] - trivial.median).mean())

    label, probabilities = rows.label[has_class], ours.probabilities[has_class]
    predicted = np.array(CLASSES)[probabilities.argmax(axis=1)]
    metrics = classification.metrics
    assert metrics["log_loss"].value == pytest.approx(sk.log_loss(label, probabilities, labels=CLASSES))
    assert metrics["accuracy"].value == pytest.approx(sk.accuracy_score(label, predicted))
    assert metrics["macro_f1"].value == pytest.approx(sk.f1_score(label, predicted, average="macro"))
    assert metrics["auc"].value == pytest.approx(sk.roc_auc_score(label, probabilities, multi_class="ovr"))
    assert classification.trivial["accuracy"].theirs == pytest.approx(
        (label == max(trivial.counts, key=trivial.counts.get)).mean()
    )
    assert (np.array(found.confusion.counts) == sk.confusion_matrix(label, predicted)).all()

    for part in found.slices:
        inside = rows.columns["group"] == part.name.removeprefix("group=")
        numbered, classed = inside & has_number, inside & has_class
        assert (part.n, part.labelled) == (
            inside.sum(),
            {"regression": numbered.sum(), "classification": classed.sum()},
        )
        mae = sk.mean_absolute_error(rows.number[numbered], ours.number[numbered])
        assert part.metrics["regression"]["mae"].value == pytest.approx(mae)
        loss = sk.log_loss(rows.label[classed], ours.probabilities[classed], labels=CLASSES)
        assert part.metrics["classification"]["log_loss"].value == pytest.approx(loss)


def test_what_is_predicted_for_a_row_without_the_label_changes_nothing():
    rows, predict = world(400)
    gappy, has_number, has_class = with_gaps(rows)
    ours = predict(0.1)
    probabilities = np.where(has_class[:, None], ours.probabilities, 1 / 3)
    odd = Predictions(np.where(has_number, ours.number, 1e6), probabilities, CLASSES)
    same, changed = (fast(gappy, model, train_labels(), slices=["group"]) for model in (ours, odd))
    assert changed == same


def test_predictions_must_be_finite_for_rows_without_the_label_too():
    rows, predict = world(400)
    gappy, has_number, _ = with_gaps(rows)
    ours = predict(0.1)
    ours.number[np.flatnonzero(~has_number)[0]] = np.nan
    found = fast(gappy, ours, train_labels())
    assert found.heads["regression"].problem == "1 of 400 predictions are NaN or infinite"
    assert not found.verdict.blessed


def test_a_slice_without_a_label_leaves_the_head_out():
    rows, predict = world(400)
    number = np.where(rows.columns["group"] == "x", np.nan, rows.number)
    found = fast(Rows(number, rows.label, rows.columns), predict(0.1), train_labels(), slices=["group"])
    x, y = found.slices
    assert (x.labelled["regression"], list(x.metrics), x.small) == (0, ["classification"], True)
    assert (list(y.metrics), y.small) == (["regression", "classification"], False)


def test_refuses_rows_without_any_label_of_a_head():
    rows, predict = world(36)
    with pytest.raises(InputError, match="classification labels must be there in an eval row, got none in 36 rows"):
        fast(Rows(rows.number, np.full(36, None), {}), predict(0.1), train_labels())


def test_refuses_labels_of_different_lengths():
    rows, predict = world(36)
    with pytest.raises(ValueError, match=r"got \(36,\) and \(35,\)"):
        fast(Rows(rows.number, rows.label[1:], {}), predict(0.1), train_labels())

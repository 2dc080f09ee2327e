import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

import numpy as np
import pytest

from components.formats.columns import ColumnStatistics, ValueCount
from components.formats.confusion import Confusion, ReliabilityBin
from components.formats.estimates import Estimate, Interval
from components.formats.figures import Curves, ErrorRange, Residuals
from components.formats.importance import ColumnImportance
from components.formats.tuning import Trial
from components.report.page.charts import classification, columns, curves, estimates, regression, search
from components.report.page.charts.axes import Scale, horizontal, tick_labels, vertical
from components.report.page.charts.svg import fitted
from components.shared.histogram_bins import Histogram
from components.shared.kept_files import record_of
from tests.report import examples
from tests.report.parts.data import number_column

Kind = TypeVar("Kind")


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def of(svg: str, tag: str, kind: str = "") -> list[ElementTree.Element]:
    return [mark for mark in parsed(svg).iter(tag) if kind in (mark.get("class") or "").split() or not kind]


def floats(marks: list[ElementTree.Element], name: str) -> list[float]:
    return [float(mark.get(name, "nan")) for mark in marks]


def made(kind: type[Kind], fields: dict[str, Any]) -> Kind:
    return record_of(Path("report.json"), fields, kind)


def residuals_of(histogram: Histogram, *, n: int, least: float = 0.0, greatest: float = 0.0) -> Residuals:
    return Residuals(n, (), (), histogram, least, greatest, ())


def words(svg: str) -> list[str]:
    return [mark.text or "" for mark in parsed(svg).iter("text")]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-2.3, 2.1, ["−2", "−1", "0", "1", "2"]),
        (1234, 5678, ["2,000", "3,000", "4,000", "5,000"]),
        (0.012, 0.017, ["0.012", "0.013", "0.014", "0.015", "0.016", "0.017"]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, expected: list[str]):
    ticks = Scale(low, high, 0, 100).ticks()
    assert tick_labels(ticks) == expected
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


def test_counts_have_whole_ticks():
    assert Scale(0.9, 3.1, 0, 100, whole=True).ticks() == [1, 2, 3]


@pytest.mark.parametrize("values", [[], [0.0], [5.0, 5.0], [-3.0], [1e-300], [1e300, -1e300], [0.0, 1e-9]])
def test_any_values_make_a_scale(values: list[float]):
    for scale in (horizontal(values), vertical(values, zero=True)):
        assert scale.low < scale.high
        assert all(scale.low <= value <= scale.high for value in values)
        assert np.isfinite([scale(tick) for tick in scale.ticks()]).all()


@pytest.mark.parametrize(("values", "edge"), [([3.0, 8.0], "low"), ([-3.0, -8.0], "high")])
def test_bars_stand_on_zero(values: list[float], edge: str):
    assert getattr(vertical(values, zero=True), edge) == 0


def test_histograms_of_both_splits_are_shares_on_one_scale():
    column = number_column("x", np.random.default_rng(0))
    stats = column["splits"]
    drawings = columns.pair("x", *(made(ColumnStatistics, stats[split]) for split in ("train", "eval")))
    shares = [np.array(s["histogram"]["counts"]) / s["n"] for s in (stats["train"], stats["eval"])]
    heights = [np.array(floats(of(svg, "rect"), "height")) for svg in drawings]
    for share, height in zip(shares, heights, strict=True):
        drawn = share[share > 0]
        assert height / (48 / max(map(max, shares))) == pytest.approx(drawn, abs=0.002)
    edges = np.array(stats["train"]["histogram"]["edges"])
    left = (edges[:-1][shares[0] > 0] - edges[0]) / (edges[-1] - edges[0]) * columns.WIDTH
    assert floats(of(drawings[0], "rect"), "x") == pytest.approx(left, abs=0.06)


def test_rows_beyond_the_edges_stand_pale_at_the_ends_of_both_splits():
    histogram = Histogram((0.0, 1.0, 2.0), (30, 60), below=0, above=10)
    stats = ColumnStatistics(100, 0, 0.0, min=0.0, max=900.0, histogram=histogram)
    other = replace(stats, histogram=replace(histogram, counts=(40, 60), above=0))
    with_end, without = columns.pair("x", stats, other)
    (end,) = of(with_end, "rect", "pale")
    inner = [bar for bar in of(with_end, "rect") if bar.get("class") == "train"]
    assert float(end.get("height", 0)) / float(inner[1].get("height", 0)) == pytest.approx(10 / 60, abs=0.01)
    assert float(end.get("x", 0)) > max(floats(inner, "x")) + max(floats(inner, "width"))
    assert end.findtext("title") == "above 2, up to 900: 10 rows, 10.0 %"
    assert words(with_end) == words(without) == ["< 0", "> 2"]
    assert floats(of(without, "rect"), "x") == floats(inner, "x")


def test_top_values_are_shares_of_all_rows():
    stats = ColumnStatistics(200, 0, 0.0, top=(ValueCount("a", 100), ValueCount("b", 50)))
    train, evaluation = columns.pair("c", stats, None)
    assert floats(of(train, "rect"), "width") == pytest.approx([columns.WIDTH, columns.WIDTH / 2])
    assert words(train) == ["a", "50.0 %", "b", "25.0 %"]
    assert evaluation == ""


def test_scatter_has_one_scale_for_both_axes_and_exact_points_on_the_diagonal():
    figure = residuals_of(Histogram((0.0, 1.0), (30,), None, None), n=30)
    svg = regression.scatter(replace(figure, actual=(1.0, 2.0, 4.0), predicted=(1.0, 2.5, 4.0)), "y")
    dots = of(svg, "circle")
    (diagonal,) = of(svg, "path", "reference")
    x1, y1, x2, y2 = map(float, re.findall(r"[\d.]+", diagonal.get("d", "")))
    slope = (y2 - y1) / (x2 - x1)
    off = [y - (y1 + slope * (x - x1)) for x, y in zip(floats(dots, "cx"), floats(dots, "cy"), strict=True)]
    assert [off[0], off[2]] == pytest.approx([0, 0], abs=0.15)
    assert off[1] < -5, "a prediction that is too high lies above the line"
    assert "actual 2, predicted 2.500" in [title.text for title in parsed(svg).iter("title")]
    assert "3 of 30 rows" in (parsed(svg).findtext("desc") or "")


def test_residual_bars_have_the_counts_heights():
    counts = (1, 4, 10, 5)
    figure = residuals_of(Histogram((-2, -1, 0, 1, 2), counts, None, None), n=20, least=-2, greatest=2)
    svg = regression.residuals(figure, "y")
    heights = floats(of(svg, "rect", "eval"), "height")
    assert np.array(heights) / heights[2] == pytest.approx(np.array(counts) / 10, abs=0.002)
    assert regression.beyond(figure) == ""


def test_residuals_beyond_the_edges_are_said_and_stand_at_the_ends():
    histogram = Histogram((-2, 0, 2), (4, 10), below=1, above=2)
    figure = residuals_of(histogram, n=17, least=-80.5, greatest=9)
    said = "1 row below −2, down to −80.50 and 2 rows above 2, up to 9"
    assert regression.beyond(figure) == said
    assert regression.beyond(replace(figure, histogram=replace(histogram, below=0))) == "2 rows above 2, up to 9"
    svg = regression.residuals(figure, "y")
    ends, bars = of(svg, "rect", "pale"), of(svg, "rect", "eval")
    assert [end.findtext("title") for end in ends] == said.split(" and ")
    assert np.array(floats(ends, "height")) / float(bars[1].get("height", 0)) == pytest.approx([0.1, 0.2], abs=0.01)
    inner = [bar for bar in bars if bar.get("class") == "eval"]
    left, right = floats(ends, "x")
    assert left + float(ends[0].get("width", 0)) < min(floats(inner, "x"))
    assert right > max(x + width for x, width in zip(floats(inner, "x"), floats(inner, "width"), strict=True))
    assert {"< −2", "> 2"} <= set(words(svg))


def test_a_sample_says_of_how_many_rows_it_is():
    whole = replace(residuals_of(Histogram((0.0, 1.0), (2,), None, None), n=2), actual=(1.0,), predicted=(0.5,))
    drawn = replace(whole, sampled_from=1_234_567)
    assert "1 of 2 rows;" in regression.scatter(whole, "y")
    assert "1 of 1,234,567 rows;" in regression.scatter(drawn, "y")
    assert ">2 rows;" in regression.residuals(whole, "y")
    assert "2 rows drawn from 1,234,567;" in regression.residuals(drawn, "y")


def test_error_by_range_says_n_interval_and_bias():
    ranges = [ErrorRange(0, 1, 7, Interval(0.5, 0.4, 0.7, 0.95, 500, 0), -0.25)]
    titles = [title.text for title in parsed(regression.by_range(ranges, "y")).iter("title")]
    assert "0 to 1, n 7: MAE 0.50 [0.40, 0.70], bias −0.2500" in titles


def test_confusion_is_shaded_by_the_share_of_the_actual_class():
    counts = np.array([[8, 2, 0], [1, 5, 4], [0, 0, 0]])
    names = ("a", "b", "c")
    svg = classification.confusion(Confusion(names, names, tuple(map(tuple, counts.tolist())), (), ()), "k")
    shade = np.array([float(cell.get("fill-opacity", 1)) for cell in of(svg, "rect", "series-0")]).reshape(3, 3)
    assert shade == pytest.approx(np.nan_to_num(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)))
    assert [word for word in words(svg) if word.isdigit()] == ["8", "2", "1", "5", "4"]


def test_reliability_dots_stand_where_the_bins_are_and_empty_bins_nowhere():
    bins = [ReliabilityBin(0.0, 0.5, 0, None, None), ReliabilityBin(0.5, 1.0, 10, 0.75, 0.5)]
    (dot,) = of(classification.reliability(bins, 10, "k"), "circle")
    assert float(dot.get("cx", 0)) == pytest.approx(52 + 0.75 * (348 - 52))
    assert float(dot.get("cy", 0)) == pytest.approx((14 + 208) / 2)
    assert dot.findtext("title") == "n 10: mean probability 0.7500, right 50.0 %"


def test_a_class_has_one_colour_in_both_curves():
    shown = [made(Curves, curve) for curve in examples.ugly()["model"]["figures"]["classification"][:3]]
    for draw, points in ((classification.roc, shown[0].roc), (classification.precision_recall, shown[0].pr)):
        lines = of(draw(shown), "path", "line")
        assert [line.get("class", "").split()[1] for line in lines] == ["series-0", "series-1", "series-2"]
        assert len(re.findall("L", lines[0].get("d", ""))) == len(points) - 1


@pytest.mark.parametrize(("better", "side"), [("left", 0), ("right", 1)])
def test_the_good_side_of_zero_is_shaded(better: str, side: int):
    svg = estimates.difference("the mean", Estimate(-0.2, -0.3, 0.1), "MAE", better)
    (good,) = of(svg, "rect", "good")
    (zero,) = of(svg, "path", "reference")
    at_zero = float(re.findall(r"[\d.]+", zero.get("d", ""))[0])
    assert float(good.get("x", 0)) + (1 - side) * float(good.get("width", 0)) == pytest.approx(at_zero, abs=0.11)
    assert "against the mean: −0.20 [−0.30, 0.10]" in words(svg)


def test_importance_bars_end_at_their_values():
    rows = [ColumnImportance(name, value, value, value) for name, value in (("a", 0.4), ("b", -0.1))]
    widths = floats(of(estimates.importance(rows, "MAE", "y"), "rect", "train"), "width")
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.01)


def test_learning_curves_mark_the_best_epoch_and_leave_out_what_is_unknown():
    series = {"train": [1.0, 0.5, 0.25], "validation": [1.0, None, 0.5]}
    svg = curves.learning([1, 2, 3], series, 2, "regression")
    train, validation = of(svg, "path", "line")
    assert (train.get("d", "").count("L"), validation.get("d", "").count("L")) == (2, 1)
    assert "best epoch 2" in words(svg)


def test_epochs_that_are_left_out_keep_their_room():
    drawn = [
        of(curves.learning(epochs, {"train": [1.0, 0.5, 0.25]}, 1, "regression"), "path", "line")[0].get("d", "")
        for epochs in ([1, 2, 3], [1, 2, 10])
    ]
    near, far = ([float(x) for x in re.findall(r"([\d.]+) [\d.]+", path)] for path in drawn)
    assert (near[1] - near[0]) / (near[2] - near[0]) == pytest.approx(1 / 2, abs=0.01)
    assert (far[1] - far[0]) / (far[2] - far[0]) == pytest.approx(1 / 9, abs=0.01)


def test_a_long_name_is_cut_and_its_whole_stays_in_reach():
    assert fitted("n" * 300, 66) == "n" * 9 + "…"
    rows = [ColumnImportance("n" * 59, 1.0, 0.9, 1.1)]
    svg = estimates.importance(rows, "MAE", "y")
    assert any("n" * 59 in (title.text or "") for title in parsed(svg).iter("title"))


def search_trials(*objectives: float) -> list[Trial]:
    rates = [0.001, 0.1, 0.01, 0.0001]
    return [
        Trial(
            number,
            {"training.learning_rate": rates[number - 1], "model.hidden": [8] * (1 + number % 2)},
            objective,
        )
        for number, objective in enumerate(objectives, 1)
    ]


def test_the_course_of_a_search_is_a_staircase_that_never_rises():
    svg = search.progress(search_trials(1.2, 1.4, 0.8, 0.9), best=3)
    x, y = horizontal([1, 2, 3, 4], width=720, whole=True), vertical([1.0, 1.2, 1.4, 0.8, 0.9])
    (stairs,) = of(svg, "path", "train-line")
    corners = [tuple(map(float, point.split())) for point in re.split("[ML]", stairs.get("d", ""))[1:]]
    lowest = [1.2, 1.2, 1.2, 1.2, 0.8, 0.8, 0.8]
    expected = [(x(1 + (corner + 1) // 2), y(value)) for corner, value in enumerate(lowest)]
    np.testing.assert_allclose(corners, expected, atol=0.06)
    dots = of(svg, "circle")
    assert floats(dots, "cy") == pytest.approx([y(value) for value in (1.2, 1.4, 0.8, 0.9)], abs=0.06)
    assert [dot.get("class") for dot in dots] == ["train hollow", "train hollow", "train", "train hollow"]


def test_a_line_of_parallel_values_passes_where_its_values_lie():
    trials = search_trials(1.2, 1.4, 0.8, 0.9)
    space = {"training.learning_rate": {"min": 0.0001, "max": 0.1, "log": True}, "model.hidden": [[8], [8, 8]]}
    svg = search.parallel(trials, space, best=3)
    lines = [*of(svg, "path", "trial-line"), *of(svg, "path", "best-line")]
    assert [line[0].text.partition(":")[0] for line in lines] == ["trial 1", "trial 2", "trial 4", "trial 3"]
    heights = [[float(point.split()[1]) for point in re.split("[ML]", line.get("d", ""))[1:]] for line in lines]
    top, bottom = 40.0, 275.0
    rates = [bottom - (bottom - top) * share for share in (1 / 3, 1, 0, 2 / 3)]
    assert [line[0] for line in heights] == pytest.approx(rates, abs=0.06)
    assert [line[1] for line in heights] == [top, bottom, bottom, top]
    objectives = [bottom - (bottom - top) * (value - 0.8) / 0.6 for value in (1.2, 1.4, 0.9, 0.8)]
    assert [line[2] for line in heights] == pytest.approx(objectives, abs=0.06)
    assert {"0.0001", "0.1", "8", "2 × 8", "1.4", "0.8"} <= set(words(svg))


def test_a_search_of_one_trial_can_be_drawn():
    trials = search_trials(1.2)
    for svg in (search.progress(trials, 1), search.parallel(trials, {"model.hidden": [[8]]}, 1)):
        assert "NaN" not in svg
        assert parsed(svg).tag == "svg"

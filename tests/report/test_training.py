"""The training on the page: what is drawn of it, against `report.json`."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from components.formats.report import GradientCosine
from components.report.page.charts import curves
from components.trainer.choices import BALANCERS
from tests.report import examples
from tests.report.page import Page, drawn, text_of

FACTS = "Gradient cosine on the shared layers"


def drawing(html: str, title: str) -> ElementTree.Element:
    (found,) = [svg for svg in re.findall("<svg.*?</svg>", html, re.DOTALL) if f"<title>{title}</title>" in svg]
    return ElementTree.fromstring(found)


def places(mark: ElementTree.Element) -> np.ndarray:
    return np.array([[float(part) for part in point.split()] for point in re.split("[ML]", mark.get("d", ""))[1:]])


def read_off(svg: ElementTree.Element, kind: str) -> np.ndarray:
    """Epochs and values of a line, [n, 2], as one reads them off the axes' ticks."""
    (line,) = [mark for mark in svg.iter("path") if kind in mark.get("class", "").split()]
    ticks = [mark for mark in svg.iter("text") if mark.get("class") is None]
    values = [float((mark.text or "").replace("−", "-")) for mark in ticks]
    below = [mark.get("text-anchor") == "middle" for mark in ticks]
    read = []
    for axis, wanted in (("x", True), ("y", False)):
        known = [
            (float(mark.get(axis, 0)) - 4 * (axis == "y"), value)
            for mark, value, is_below in zip(ticks, values, below, strict=True)
            if is_below == wanted
        ]
        slope, start = np.polyfit(*zip(*known, strict=True), 1)
        read.append(start + slope * places(line)[:, "xy".index(axis)])
    return np.column_stack(read)


def levels(svg: ElementTree.Element) -> list[float]:
    """Heights of the horizontal lines that are no grid."""
    return [places(mark)[0, 1] for mark in svg.iter("path") if mark.get("class") == "axis"]


def test_the_cosine_is_drawn_as_the_json_has_it():
    report = examples.pushed()
    found = report["model"]["curves"]
    svg = drawing(drawn(report), "Cosine between the heads' gradients by epoch".replace("'", "&#39;"))
    read = read_off(svg, "train-line")
    assert read[:, 0] == pytest.approx(found["epochs"], abs=0.05)
    assert read[:, 1] == pytest.approx(found["gradient_cosine"]["values"], abs=0.002)
    words = [mark.text for mark in svg.iter("text")]
    assert {"−1.0", "0.0", "1.0", "epoch", "cosine", "best epoch 44"} <= set(words)
    zero = next(float(mark.get("y", 0)) - 4 for mark in svg.iter("text") if mark.text == "0.0")
    assert levels(svg)[-1] == pytest.approx(zero, abs=0.06), "a line at 0"


def test_the_weights_are_drawn_as_the_json_has_them():
    report = examples.pushed()
    found = report["model"]["curves"]
    html = drawn(report)
    svg = drawing(html, "Weights of the losses by epoch")
    for head, kind in (("regression", "series-2"), ("classification", "series-7")):
        read = read_off(svg, kind)
        assert read[:, 0] == pytest.approx(found["epochs"], abs=0.05)
        assert read[:, 1] == pytest.approx(found["weights"][head], abs=0.002)
        label = report["model"]["evaluation"]["labels"][head]
        assert f'<i class="swatch {kind}"></i><bdi>{label}</bdi>' in html
    assert "best epoch 44" in [mark.text for mark in svg.iter("text")]


def test_mean_and_share_of_the_cosine_are_on_the_page_and_in_words():
    report = examples.pushed()
    cosine = report["model"]["curves"]["gradient_cosine"]
    assert {cosine["mean"], cosine["n"], cosine["below_zero"]} <= Page(drawn(report)).numbers
    cosine |= {"mean": -0.12345, "below_zero": 0.25}
    text = text_of(report)
    assert f"Balancing GradNorm (Chen et al. 2018) {FACTS} −0.12 , mean over 60 epochs" in text
    assert "Cosine below 0 in 25.0 % of the epochs" in text
    assert "Above 0 the heads pull the shared layers the same way, below 0 against each other" in text
    assert "mean −0.1235, below 0 in 25.0 % of 60 epochs; the cosine ends at" in text


def test_all_curves_over_the_epochs_stand_side_by_side():
    text = text_of(examples.pushed())
    learning = [f"Learning curves of the {head} head" for head in ("regression", "classification")]
    titles = ["Training of both heads", *learning, "Gradient cosine n = 60 epochs", "Weights of the losses"]
    order = [text.index(words) for words in titles]
    assert order == sorted(order)
    assert text.index("Weights of the losses") < text.index("Relatedness: does sharing one network help?")


def test_weights_that_nothing_changes_are_said_and_not_drawn():
    text = text_of(examples.rejected())
    assert "Balancing fixed weights" in text
    assert FACTS in text
    assert "Weights of the losses" not in text


ALONE = "Each head was also trained by itself, from its own best epoch in the shared network. On the validation split "


def test_heads_that_parted_say_what_they_gained():
    text = text_of(examples.pushed())
    assert "Trunk each head has layers of its own" in text
    assert (
        f"{ALONE}it came to: standardised MAE of alcohol 0.214 instead of 0.253 (71 epochs), log loss of cultivar "
        "0.300 instead of 0.301 (26 epochs); more than 1 % less for one of them, so that each has layers of its own "
        "now."
    ) in text


def test_heads_that_stay_together_say_so_and_a_fixed_trunk_was_not_tried():
    report = examples.pushed()
    report["model"]["evaluation"]["training"]["trunk"] = "shared_bottom"
    text = text_of(report)
    assert "Trunk both heads share its layers (Caruana 1997)" in text
    assert "; for neither of them more than 1 % less, so that they share their layers." in text
    report["model"]["alone"] = None
    assert ALONE not in text_of(report)


def test_heads_that_share_nothing_have_no_cosine():
    report = examples.pushed()
    report["model"]["curves"]["gradient_cosine"] = None
    text = text_of(report)
    assert "Balancing GradNorm" in text
    assert "Weights of the losses" in text
    assert FACTS not in text
    assert "Gradient cosine" not in text


def test_an_old_run_has_its_learning_curves_alone():
    report = examples.pushed()
    report["model"] |= {"balancing": None, "alone": None}
    report["model"]["evaluation"]["training"]["trunk"] = None
    report["model"]["curves"] |= {"gradient_cosine": None, "weights": None}
    text = text_of(report)
    assert text.count("Learning curves of the ") == 2
    assert "Balancing" not in text
    assert "Trunk" not in text
    report["model"]["curves"] = None
    assert "Training of both heads" not in text_of(report)


def test_epochs_that_are_left_out_are_counted():
    report = examples.pushed()
    assert "are drawn" not in text_of(report)
    report["model"]["evaluation"]["training"]["epochs"] = 600
    assert "Of 600 epochs 60 are drawn." in text_of(report)


@pytest.mark.parametrize("name", [*BALANCERS, "a later one"])
def test_every_balancing_has_a_name(name: str):
    report = examples.pushed()
    report["model"]["balancing"] = name
    assert f"Balancing {BALANCERS.describe(name)} " in text_of(report)


@pytest.mark.parametrize("known", [1, 0])
def test_a_training_that_broke_off_can_be_drawn(known: int):
    values: list[float | None] = [*[0.5] * known, None]
    found = GradientCosine(tuple(values), n=1, mean=0.5, below_zero=0.0)
    epochs = list(range(1, len(values) + 1))
    weights = {"regression": values, "classification": values}
    drawn = (curves.gradient_cosine(epochs, found, 1), curves.loss_weights(epochs, weights, 1))
    for svg, lines in zip(map(ElementTree.fromstring, drawn), (1, 2), strict=True):
        assert len(list(svg.iter("circle"))) == known * lines
        assert "nan" not in ElementTree.tostring(svg, "unicode").lower()

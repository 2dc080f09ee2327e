import html
import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import DESKTOP, PHONE, Browser
from tests.browser.conftest import MAKE
from tests.report import examples

pytestmark = pytest.mark.browser

A4 = 695  # 210 mm less the margins, at 96 dots an inch
REPORTS = ("pushed", "stopped", "rejected", "ugly")
PARTS = ("data", "model", "run")
ALONE = [("tuned", "tuning"), ("related", "model"), ("empty", ""), ("index", ""), ("comparison", "")]
VIEWS = [*itertools.product(REPORTS, PARTS), *ALONE]


@pytest.mark.parametrize("name", MAKE)
def test_no_request_and_no_word_on_the_console(browser: Browser, name: str):
    browser.open(name)
    for control in browser.all("#theme, .tabs a"):
        control.click()
    page = (browser.pages / f"{name}.html").as_uri()
    assert {address for address in browser.requests() if address not in ("about:blank", "data:,")} == {page}
    assert browser.errors() == []


def test_the_policy_forbids_what_the_page_never_asks_for(browser: Browser):
    browser.open("pushed").run("document.body.append(Object.assign(new Image(), {src: 'https://example.com/x.png'}))")
    assert any("Content Security Policy" in error for error in browser.errors())


def shown(browser: Browser) -> list[str]:
    return [panel.get_attribute("id") for panel in browser.all(".panel") if panel.is_displayed()]


def test_tabs_show_one_part_by_mouse_and_by_keyboard(browser: Browser):
    browser.open("pushed")
    assert shown(browser) == ["data"]
    browser.one("a[href='#model']").click()
    assert shown(browser) == ["model"]
    tab = browser.one("[aria-selected=true]")
    tab.send_keys(Keys.ARROW_RIGHT)
    assert shown(browser) == ["run"]
    focused = browser.driver.switch_to.active_element
    assert (focused.text, focused.get_attribute("aria-selected")) == ("Run", "true")
    focused.send_keys(Keys.ARROW_RIGHT)
    assert shown(browser) == ["data"]
    browser.driver.switch_to.active_element.send_keys(Keys.END)
    assert shown(browser) == ["run"]
    assert [tab.get_attribute("tabindex") for tab in browser.all("[role=tab]")] == ["-1", "-1", "0"]


def test_an_address_opens_its_part(browser: Browser):
    browser.open("pushed", "run")
    assert shown(browser) == ["run"]
    browser.open("stopped", "column-3")
    assert shown(browser) == ["data"]
    browser.one(".checks a").send_keys(Keys.ENTER)
    assert browser.run("return document.querySelector('tr:target').id").startswith("column-")


def test_without_script_everything_is_there(browser: Browser):
    browser.scripted(False).open("pushed")
    # Selenium's own look-up is script, so the page is asked through the protocol.
    text = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    words = json.dumps([node.get("name", {}).get("value") for node in text["nodes"]])
    for expected in ("The model was pushed, with warnings.", "malic_acid", "Permutation importance", "StatisticsGen"):
        assert expected in words
    assert "Theme" not in words
    assert "Search" not in words


def column(browser: Browser, position: int) -> list[float]:
    script = """
        return [...document.querySelectorAll('#columns tbody tr')].map((row) => {
            const found = row.cells[arguments[0]].querySelector('data');
            return found && row.cells[arguments[0]].querySelector('.line').contains(found) ? Number(found.value) : null;
        })"""
    return [value for value in browser.run(script, position) if value is not None]


def test_columns_sort_by_their_exact_figures(browser: Browser):
    browser.open("pushed")
    headings = [heading.text.removesuffix(" ↕") for heading in browser.all("#columns thead th")]
    mean = headings.index("Mean")
    means = [c["splits"]["train"]["mean"] for c in examples.pushed()["data"]["columns"]]
    known = [value for value in means if value is not None]
    button = browser.all("#columns thead th")[mean].find_element("tag name", "button")
    button.click()
    assert column(browser, mean) == sorted(known, reverse=True)
    assert browser.one("[aria-sort]").get_attribute("aria-sort") == "descending"
    button.send_keys(Keys.ENTER)
    assert column(browser, mean) == sorted(known)
    assert browser.one("[aria-sort]").get_attribute("aria-sort") == "ascending"
    last = browser.all("#columns tbody tr th")[-1].text
    assert "text" in last, "columns without a mean stay last"
    browser.all("#columns thead th button")[0].click()
    names = [heading.text.splitlines()[0] for heading in browser.all("#columns tbody th")]
    assert names == sorted(names)
    assert len(browser.all("[aria-sort]")) == 1


def test_a_search_for_settings_has_a_tab_of_its_own(browser: Browser):
    browser.open("tuned")
    assert [tab.text for tab in browser.all(".tabs a")] == ["Data", "Tuning", "Model", "Run"]
    browser.one("a[href='#tuning']").click()
    assert shown(browser) == ["tuning"]
    drawings = browser.all("#tuning svg[role=img]")
    assert [svg.find_element("tag name", "title").get_attribute("textContent") for svg in drawings] == [
        "Objective of each trial",
        "Settings and objective of 29 trials",
    ]
    assert all(svg.is_displayed() and svg.size["height"] > 100 for svg in drawings)
    browser.seen_as(PHONE).open("tuned", "tuning")
    assert shown(browser) == ["tuning"]
    assert [svg.size["width"] for svg in browser.all("#tuning svg[role=img]")] == [720, 832], (
        "wide ones keep their size"
    )
    assert browser.overflow() <= 0


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("Objective", lambda trial: trial["objective"]),
        ("Regression ratio", lambda trial: trial["ratios"]["regression"]),
        ("training.balancing", lambda trial: trial["values"]["training.balancing"]),
        ("Epochs", lambda trial: trial["epochs"]),
        ("Time", lambda trial: trial["seconds"]),
    ],
)
def test_trials_sort_by_every_column_with_the_failed_one_among_them(
    browser: Browser, heading: str, key: Callable[[dict[str, Any]], Any]
):
    """The failed trial says why in one cell across three columns, and has no figures."""
    browser.open("tuned", "tuning")
    trials = examples.tuned()["tuning"]["trials"]
    words = heading.startswith("training.")
    known = {trial["number"]: key(trial) for trial in trials if words or trial["objective"] is not None}
    (button,) = [one for one in browser.all("[aria-label=Trials] th button") if one.text.startswith(heading)]
    for falling in (not words, words):
        button.click()
        numbers = [int(found.text) for found in browser.all("[aria-label=Trials] tbody th")]
        assert sorted(numbers) == list(range(1, 31))
        assert [known[number] for number in numbers if number in known] == sorted(known.values(), reverse=falling)
        assert words or numbers[-1] == 3
    assert browser.errors() == []


def test_relatedness_stands_in_the_model_tab_with_a_drawing_for_each_head(browser: Browser):
    for name in ("pushed", "related"):
        browser.open(name, "model")
        assert shown(browser) == ["model"]
        assert browser.one("#relatedness-title").is_displayed()
        drawings = browser.all("[aria-labelledby=relatedness-title] svg[role=img]")
        assert len(drawings) == 2
        assert all(svg.is_displayed() for svg in drawings)


def test_search_keeps_the_rows_that_match(browser: Browser):
    browser.open("pushed")
    field = browser.one("input[data-for=columns]")
    field.send_keys("AL")
    visible = [row.text.splitlines()[0] for row in browser.all("#columns tbody tr th") if row.is_displayed()]
    assert visible == ["malic_acid", "alcalinity", "alcohol"]
    assert browser.one("#data output").text == "3 of 12"
    field.clear()
    field.send_keys("x", Keys.BACKSPACE)
    assert len([row for row in browser.all("#columns tbody tr") if row.is_displayed()]) == 12


def ground(browser: Browser) -> str:
    return browser.run("return getComputedStyle(document.body).backgroundColor")


def test_theme_follows_the_system_until_one_is_chosen(browser: Browser):
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 27)"
    browser.seen_as(DESKTOP, dark=True).open("pushed")
    assert ground(browser) == dark
    browser.one("#theme").click()
    assert (ground(browser), browser.one("#theme").text) == (light, "Theme: light")
    browser.open("pushed")
    assert ground(browser) == light, "the choice is remembered"
    browser.seen_as(DESKTOP)
    browser.one("#theme").click()
    assert (ground(browser), browser.one("#theme").text) == (dark, "Theme: dark")
    browser.one("#theme").click()
    assert (ground(browser), browser.one("#theme").text) == (light, "Theme: auto")


@pytest.mark.parametrize(("name", "part"), VIEWS)
def test_a_phone_scrolls_up_and_down_only(browser: Browser, name: str, part: str):
    browser.seen_as(PHONE).open(name, part)
    assert browser.overflow() <= 0
    assert browser.run("return innerWidth") == PHONE, "nor is the page zoomed out to fit"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "part"), VIEWS)
def test_axe_finds_nothing_serious(browser: Browser, axe: str, name: str, part: str, dark: bool):
    browser.seen_as(DESKTOP, dark=dark).open(name, part).run(axe)
    found = browser.driver.execute_async_script("const done = arguments[0]; axe.run(document).then(done)")
    said = [
        f"{violation['impact']} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert said == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("name", ["ugly", "index", "comparison"])
def test_names_that_are_markup_do_nothing(browser: Browser, name: str):
    browser.open(name)
    for tab in browser.all(".tabs a"):
        tab.click()
    with pytest.raises(NoAlertPresentException):
        browser.driver.switch_to.alert.accept()
    assert browser.all("img, [onerror], [onload], script ~ script") == []
    text = browser.run("return document.body.textContent")
    for hostile in examples.HOSTILE[:3]:
        assert hostile in text
    assert browser.errors() == []


def test_a_sandboxed_frame_without_storage_shows_the_page(browser: Browser):
    """Kubeflow's UI shows pages in such a frame."""
    page = html.escape((browser.pages / "stopped.html").read_text(encoding="utf-8"))
    (browser.pages / "frame.html").write_text(f'<iframe sandbox="allow-scripts" width=1200 height=800 srcdoc="{page}">')
    browser.open("frame")
    browser.driver.switch_to.frame(browser.one("iframe"))
    browser.one("#theme").click()
    assert ground(browser) == "rgb(255, 255, 255)"
    browser.one("a[href='#run']").click()
    assert shown(browser) == ["run"]
    browser.one("a[href='#data']").click()
    browser.one(".checks a").send_keys(Keys.ENTER)
    assert shown(browser) == ["data"]
    assert browser.errors() == []


@pytest.mark.parametrize("name", MAKE)
def test_paper_holds_all_of_it(browser: Browser, name: str):
    browser.seen_as(A4, medium="print").open(name)
    assert browser.overflow() <= 0
    assert all(panel.is_displayed() for panel in browser.all(".panel"))
    assert not [control for control in browser.all("nav, #theme, .search") if control.is_displayed()]
    assert browser.paper().startswith(b"%PDF")


GOLDEN = [*itertools.product(("pushed", "stopped", "rejected"), PARTS), ("tuned", "tuning")]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize(("name", "part"), GOLDEN)
def test_golden_reports_can_be_looked_at(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, name: str, part: str, width: int, dark: bool
):
    """Writes `golden*/NAME-PART-WIDTH-THEME.png` into pytest's temporary folder (`--basetemp` moves it)."""
    browser.seen_as(width, dark=dark).open(name, part)
    theme = "dark" if dark else "light"
    target = Path(tmp_path_factory.getbasetemp()) / f"{name}-{part}-{width}-{theme}.png"
    target.write_bytes(browser.picture())
    pixels = np.asarray(Image.open(io.BytesIO(target.read_bytes())).convert("L"), dtype=float)
    assert pixels.shape[1] in (width, width - 15)  # less a scroll bar
    assert (pixels.mean() < 80) == dark
    # The verdict stands on the first screen, and is not a blank one.
    assert pixels[:900].std() > 10

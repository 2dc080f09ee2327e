"""The pages in a headless Chromium that reaches no network, and axe-core to judge them by.

Nothing is skipped: where Chromium, its driver or npm is missing, these tests fail and say what to install.
"""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from components.report.page import render_comparison, render_index
from tests.browser.browser import Browser
from tests.report import examples
from tests.report.page import drawn

AXE = "4.14.1"
SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # Chromium's own sandbox does not start as root; no foreign page is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
MAKE: dict[str, Callable[[], str]] = {
    "pushed": lambda: drawn(examples.pushed()),
    "stopped": lambda: drawn(examples.stopped()),
    "rejected": lambda: drawn(examples.rejected()),
    "ugly": lambda: drawn(examples.ugly()),
    "tuned": lambda: drawn(examples.tuned()),
    "related": lambda: drawn(examples.pushed() | {"model": None}),
    "empty": lambda: drawn(examples.empty()),
    "index": lambda: render_index(examples.runs()),
    "comparison": lambda: render_comparison(examples.comparison()),
}


def needed(*names: str) -> str:
    """The first of some programs that is here."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.fail(f"{names[0]} must be installed, got none on PATH. Use apt-get install chromium chromium-driver npm.")


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of each page."""
    folder = tmp_path_factory.mktemp("pages")
    for name, make in MAKE.items():
        (folder / f"{name}.html").write_text(make(), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests."""
    options = Options()
    options.binary_location = needed("chromium", "chromium-browser", "google-chrome")
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(needed("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome, pages: Path) -> Browser:
    """A browser at desktop size, in light, with script, that has forgotten everything."""
    return Browser(chromium, pages).reset()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    command = [needed("npm"), "pack", f"axe-core@{AXE}", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"npm must be able to fetch axe-core {AXE}, got: {done.stderr}"
    with tarfile.open(folder / json.loads(done.stdout)[0]["filename"]) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()

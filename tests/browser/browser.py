"""What the tests do with a browser, in their own words."""

import base64
import json
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

DESKTOP, PHONE = 1280, 390


class Browser:
    """A Chromium that shows one of the pages.

    Args:
        driver: Selenium's handle of it.
        pages: folder of the pages.
    """

    def __init__(self, driver: webdriver.Chrome, pages: Path):
        self.driver = driver
        self.pages = pages

    def reset(self) -> "Browser":
        """Desktop size, light, with script; logs and what was remembered are gone."""
        self.driver.get((self.pages / "empty.html").as_uri())
        self.run("localStorage.clear()")
        self.driver.get("about:blank")
        self.scripted(True)
        self.seen_as(DESKTOP)
        self.errors()
        self.requests()
        return self

    def open(self, name: str, part: str = "") -> "Browser":
        self.driver.get("about:blank")  # or a new part alone would not load the page again
        self.driver.get((self.pages / f"{name}.html").as_uri() + (f"#{part}" if part else ""))
        return self

    def seen_as(self, width: int, *, dark: bool = False, medium: str = "screen") -> "Browser":
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": [scheme]})
        return self

    def scripted(self, on: bool) -> "Browser":
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})
        return self

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def errors(self) -> list[str]:
        """What the console said since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [request["request"]["url"].partition("#")[0] for request in sent]

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        return base64.b64decode(taken["data"])

    def paper(self) -> bytes:
        """The whole page as PDF on A4."""
        options = {"preferCSSPageSize": True, "printBackground": True}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"])

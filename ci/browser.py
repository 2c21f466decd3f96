"""Chromium without a window: opens pages, runs their JavaScript, takes pictures, and notes what they ask for and say.

ci/browser runs scripts that import this.
"""

import base64
import importlib.util
import json
import pathlib
import shutil
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Only against hanging.
SECONDS = 30


class Browser:
    """A browser with a profile of its own, to be used as a context; `driver` is selenium's."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in [*FLAGS, f"--user-data-dir={self.folder / 'profile'}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("prefs", {"download.default_directory": str(self.downloads)})
        self.noted = {"browser": [], "performance": []}
        try:
            self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
            self.width(1100)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        """What a function of this body returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, until):
        """Waits until it is so, and gives what it gives."""
        return WebDriverWait(self.driver, SECONDS, poll_frequency=0.05).until(lambda _: until())

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def texts(self, selector):
        return [node.text for node in self.find_all(selector)]

    def value(self, selector):
        return self.find(selector).get_property("value")

    def width(self, pixels, height=900):
        """As wide as a screen of so many CSS pixels; 390 is a phone, which a window cannot be."""
        metrics = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": pixels < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def scheme(self, name):
        """light or dark, as the system of the user prefers it."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def picture(self, path):
        """A PNG of the whole page, not only of what is in sight."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        data = self.driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def is_too_wide(self):
        """Whether the page has to be scrolled to the side."""
        return self.run("return document.documentElement.scrollWidth > innerWidth")

    def log(self, kind):
        # selenium gives each entry once.
        self.noted[kind] += self.driver.get_log(kind)
        return self.noted[kind]

    def console(self):
        """What the page and the browser wrote to the console since the start: (level, text)."""
        return [(entry["level"], entry["message"]) for entry in self.log("browser")]

    def requests(self):
        """The URLs that pages asked for since the start, data: and blob: too; not those of the browser's own pages."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in asked if not one["documentURL"].startswith("chrome:")]

    def violations(self):
        """What axe-core finds wrong with the page as it is now, one text each; ci/axe-requirements.txt has its version."""
        if not self.run("return 'axe' in window"):
            # The package itself wants another driver; only its folder is looked up.
            package = importlib.util.find_spec("axe_playwright_python")
            script = pathlib.Path(package.submodule_search_locations[0], "axe.min.js")
            # Not through the page, whose policy may forbid it.
            self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": script.read_text()})
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then(({ violations }) => done(violations), (error) => done(String(error)))"
        )
        if isinstance(found, str):
            raise RuntimeError(f"axe-core: {found}")
        return [f"{rule['id']}: {node['html']}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]

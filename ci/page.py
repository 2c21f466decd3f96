"""Clicks through a job on the sandbox's page in headless Chromium. Usage: page.py URL FOLDER_FOR_SCREENSHOTS."""

import pathlib
import shutil
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

url, out = sys.argv[1], pathlib.Path(sys.argv[2])
profile, downloads = tempfile.mkdtemp(), pathlib.Path(tempfile.mkdtemp())
options = webdriver.ChromeOptions()
options.binary_location = shutil.which("chromium")
for flag in [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--user-data-dir={profile}",
    "--window-size=1100,1500",
]:
    options.add_argument(flag)
options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
wait = WebDriverWait(driver, 30)


def text(selector):
    return driver.find_element(By.CSS_SELECTOR, selector).text


def check(what, holds):
    if not holds:
        driver.save_screenshot(str(out / "sandbox-page-failed.png"))
        sys.exit(f"page: {what}")
    print(f"ok: {what}")


def scheme(name):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]}
    )


try:
    driver.get(url + "/")
    check("it has a title", driver.title == "BCDA sandbox")
    wait.until(lambda _: len(driver.find_elements(By.CSS_SELECTOR, "#endpoints details")) >= 15)
    check("a job cannot start without a token", not driver.find_element(By.ID, "start").is_enabled())

    driver.find_element(By.ID, "client-secret").send_keys("x")
    driver.find_element(By.ID, "get-token").click()
    wait.until(lambda _: "401" in text("#token-note"))
    driver.refresh()
    driver.find_element(By.ID, "get-token").click()
    wait.until(lambda _: driver.find_element(By.ID, "start").is_enabled())
    wait.until(lambda _: "good for" in text("#token-note"))

    driver.find_element(By.ID, "since").send_keys("yesterday")
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: "FHIR Instant" in text("#start-note"))
    driver.find_element(By.ID, "since").clear()
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: driver.find_elements(By.ID, "job-1"))
    wait.until(lambda _: "In Progress (" in text("#job-1 .state"))
    wait.until(lambda _: "Completed" in text("#job-1 .state"))
    kinds = sorted(node.text for node in driver.find_elements(By.CSS_SELECTOR, "#job-1 .kind"))
    check(
        "a job runs to its files",
        kinds == ["Coverage", "ExplanationOfBenefit", "OperationOutcome", "Patient"],
    )
    driver.find_element(By.CSS_SELECTOR, "#job-1 a.file").click()
    wait.until(lambda _: "downloaded" in text("#job-1 li .quiet"))
    wait.until(lambda _: list(downloads.glob("*.ndjson")))
    check("a file is saved", all(file.stat().st_size > 0 for file in downloads.glob("*.ndjson")))

    box = driver.find_element(By.CSS_SELECTOR, "input[value=Coverage]")
    box.click()
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: driver.find_elements(By.ID, "job-2"))
    driver.find_element(By.CSS_SELECTOR, "#job-2 button").click()
    wait.until(lambda _: text("#job-2 .state") == "Cancelled")
    check("a job is cancelled", not driver.find_elements(By.CSS_SELECTOR, "#job-2 button"))

    box.click()
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: "In Progress (" in text("#job-3 .state"))
    driver.find_elements(By.CSS_SELECTOR, "#endpoints summary")[1].click()
    copy = driver.find_element(By.CSS_SELECTOR, "#endpoints details[open] button")
    copy.click()
    wait.until(lambda _: copy.text in ("Copied", "Selected"))
    check("a command can be copied", "export" in text("#endpoints details[open] pre"))
    scheme("light")
    height = driver.execute_script("return document.documentElement.scrollHeight")
    driver.set_window_size(1100, height + 100)
    driver.save_screenshot(str(out / "sandbox-page.png"))
    scheme("dark")
    driver.save_screenshot(str(out / "sandbox-page-dark.png"))
    driver.set_window_size(500, height + 500)
    driver.save_screenshot(str(out / "sandbox-page-narrow.png"))

    driver.refresh()
    driver.find_element(By.ID, "get-token").click()
    wait.until(lambda _: len(driver.find_elements(By.CSS_SELECTOR, ".job")) == 3)
    check("jobs are there after a reload", True)
    allowed = ("401", "400", "404", "410")
    faults = [
        entry["message"]
        for entry in driver.get_log("browser")
        if entry["level"] == "SEVERE" and not any(status in entry["message"] for status in allowed)
    ]
    check(f"the console is quiet {faults}", not faults)
    requests = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    check("nothing comes from elsewhere", all(name.startswith(url) for name in requests))
finally:
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)
    shutil.rmtree(downloads, ignore_errors=True)

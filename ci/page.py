"""Clicks through a job on the sandbox's page in headless Chromium. Usage: page.py URL FOLDER_FOR_SCREENSHOTS PROGRAM.

The program is bcda: it runs the command that the page shows for a job.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

url, out, program = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]).resolve()
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


def texts(selector):
    return [node.text for node in driver.find_elements(By.CSS_SELECTOR, selector)]


def check(what, holds):
    if not holds:
        driver.save_screenshot(str(out / "sandbox-page-failed.png"))
        sys.exit(f"page: {what}")
    print(f"ok: {what}")


def is_open(job):
    return driver.find_element(By.ID, job).get_property("open")


def export_lines():
    """The commands of all jobs, in or out of sight."""
    found = driver.find_elements(By.CSS_SELECTOR, ".job .line pre")
    return [node.get_property("textContent") for node in found]


def runs(line):
    """Runs a job's command with the page's credentials; gives the types that came."""
    with tempfile.TemporaryDirectory() as folder:
        credentials = pathlib.Path(folder, "FILE")
        secret = {name: driver.find_element(By.ID, f"client-{name}").get_property("value") for name in ("id", "secret")}
        credentials.touch(mode=0o600)
        credentials.write_text(f"client_id = {secret['id']}\nclient_secret = {secret['secret']}\n")
        words = [program, *shlex.split(line)[1:], "--no-token-cache", "--quiet"]
        ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=os.environ | {"NO_PROXY": "*"})
        # 3: the server was told to have a list of errors.
        check(f"a job's command runs: {line}", ran.returncode in (0, 3))
        return sorted({file.name.split("-")[0] for file in pathlib.Path(folder).glob("job-*/*.ndjson*")})


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
    wait.until(lambda _: all(texts("#job-1 li .quiet")))
    sizes = texts("#job-1 li .quiet")
    check(f"each file has its size {sizes}", all(re.match(r"[\d.]+ [kM]?B", size) for size in sizes))
    wait.until(lambda _: "took" in text("#job-1 .when"))
    took = re.fullmatch(r"began .*\d:\d\d.*, took ([\d.]+) s", text("#job-1 .when"))
    check(f"a job says when it began and how long it took: {text('#job-1 .when')}", took and float(took[1]) >= 1)
    check("the newest finished job is open", is_open("job-1"))
    line = text("#job-1 .line pre")
    endpoint = driver.find_element(By.ID, "endpoint").get_property("value")
    version = driver.find_element(By.ID, "version").get_property("value")
    parts = endpoint.split("/")
    where = f"--group {parts[1]}" if parts[0] == "Group" else f"--endpoint {parts[0]}"
    check(
        "a job has its command",
        line == f"bcda export --base-url {url} --credentials FILE --api {version} {where} --out job-1",
    )
    copy = driver.find_element(By.CSS_SELECTOR, "#job-1 .line button")
    copy.send_keys(Keys.ENTER)
    wait.until(lambda _: copy.text in ("Copied", "Selected"))
    check("and it is copied with the keyboard", True)

    box = driver.find_element(By.CSS_SELECTOR, "input[value=Coverage]")
    box.click()
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: driver.find_elements(By.ID, "job-2"))
    driver.find_element(By.CSS_SELECTOR, "#job-2 button").click()
    wait.until(lambda _: text("#job-2 .state") == "Cancelled")
    check("a job is cancelled", not driver.find_elements(By.CSS_SELECTOR, "#job-2 button"))
    check("and folded, with the finished one still open", not is_open("job-2") and is_open("job-1"))

    box.click()
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: "In Progress (" in text("#job-3 .state"))
    check("a running job is open", is_open("job-3"))
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

    wait.until(lambda _: "Completed" in text("#job-3 .state"))
    check("the next finished job folds the one before", is_open("job-3") and not is_open("job-1"))

    driver.refresh()
    wait.until(lambda _: len(driver.find_elements(By.CSS_SELECTOR, ".job")) == 3)
    check("jobs are there after a reload", True)
    wait.until(lambda _: "good for" in text("#token-note"))
    asked = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    check("and no other token was asked for", not any(name.endswith("/auth/token") for name in asked))
    check("and a job can start", driver.find_element(By.ID, "start").is_enabled())
    wait.until(lambda _: all("took" in node.text for node in driver.find_elements(By.CSS_SELECTOR, ".when")))
    wait.until(lambda _: is_open("job-3") and not is_open("job-1") and not is_open("job-2"))
    check("the newest finished job alone is open", True)
    summary = driver.find_element(By.CSS_SELECTOR, "#job-1 summary")
    summary.send_keys(Keys.ENTER)
    wait.until(lambda _: is_open("job-1"))
    check("a job is unfolded with the keyboard", True)

    # What a job was asked for is in its command.
    wanted = "ExplanationOfBenefit?service-date=gt2016-01-01&_tag=https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|NationalClaimsHistory"
    Select(driver.find_element(By.ID, "version")).select_by_visible_text("v3")
    driver.find_element(By.CSS_SELECTOR, "input[value=ExplanationOfBenefit]").click()
    driver.find_element(By.ID, "since").send_keys("2019-02-13T08:00:00.000-05:00")
    driver.find_element(By.ID, "filter").send_keys(wanted)
    driver.find_element(By.ID, "start").click()
    wait.until(lambda _: "Completed" in text("#job-4 .state"))
    words = shlex.split(text("#job-4 .line pre"))
    asked = dict(zip(words[2::2], words[3::2]))
    check(
        f"a command has all of it {asked}",
        asked["--api"] == "v3"
        and asked["--type"] == "ExplanationOfBenefit"
        and asked["--since"] == "2019-02-13T08:00:00.000-05:00"
        and asked["--type-filter"] == wanted,
    )
    # Their jobs have numbers too: after all that is counted above.
    check("a command fetches the same types", runs(line) == ["Coverage", "ExplanationOfBenefit", "Patient"])
    check("or the one that was asked for", runs(text("#job-4 .line pre")) == ["ExplanationOfBenefit"])
    secret = driver.find_element(By.ID, "client-secret").get_property("value")
    check("no command has the secret", not any(secret in line for line in export_lines()))
    scheme("light")
    driver.save_screenshot(str(out / "sandbox-page-jobs.png"))
    wide = driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
    check("nothing is wider than a narrow window", not wide)
    kept = driver.execute_script("return JSON.stringify({ ...sessionStorage, ...localStorage })")
    check("the secret is not kept", "token" in kept and secret not in kept)

    end = "const kept = JSON.parse(sessionStorage.token); kept.expires = Date.now() - 1; sessionStorage.token = JSON.stringify(kept)"
    driver.execute_script(end)
    driver.refresh()
    wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, "#endpoints details"))
    check("an expired token is forgotten", not driver.execute_script("return sessionStorage.token"))
    check("and a job cannot start", not driver.find_element(By.ID, "start").is_enabled())
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

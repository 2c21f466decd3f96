"""Clicks through the page of `bcda serve`. Usage: ci/browser ci/page.py FOLDER_FOR_PICTURES."""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

import runs
from browser import Browser
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

program, pictures = pathlib.Path(runs.program()).resolve(), pathlib.Path(sys.argv[1])
TESTDATA = runs.ROOT / "testdata" / "export"


def check(what, holds):
    if not holds:
        page.picture(pictures / "sandbox-page-failed.png")
        sys.exit(f"page: {what}")
    print(f"ok: {what}", flush=True)


@contextlib.contextmanager
def served(*words):
    """A sandbox, and its URL."""
    command = [program, "serve", "--port", "0", *words]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said = child.stderr.readline()
        found = re.search(r" at (http://\S+)$", said)
        if not found:
            sys.exit(f"bcda serve: {said}{child.stderr.read()}")
        yield found[1]
        child.send_signal(signal.SIGINT)
        check("the sandbox ends on SIGINT", child.wait(30) == 130)
    finally:
        child.kill()
        child.wait()
        child.stderr.close()


def sign_in():
    page.find("#get-token").click()
    page.wait(lambda: page.find("#start").is_enabled())


def start(number):
    """Starts the job that will have this number, and waits for its end."""
    page.find("#start").click()
    page.wait(lambda: page.find_all(f"#job-{number}"))
    page.wait(lambda: "Completed" in page.text(f"#job-{number} .state"))


def is_open(job):
    return page.find(f"#{job}").get_property("open")


def lines_of(job):
    """Unfolds the first lines of the job's first file, and gives them."""
    button = page.find(f"#{job} li button")
    button.send_keys(Keys.ENTER)
    page.wait(lambda: page.find_all(f"#{job} .lines li"))
    check("the button says that they are there", button.get_attribute("aria-expanded") == "true")
    return page.texts(f"#{job} .lines li")


def export_lines():
    """The commands of all jobs, in or out of sight."""
    return [node.get_property("textContent") for node in page.find_all(".job .line pre")]


def run(line, client):
    """Runs a job's command with these credentials; gives its exit code and the types that came."""
    with tempfile.TemporaryDirectory() as folder:
        credentials = pathlib.Path(folder, "FILE")
        credentials.touch(mode=0o600)
        credentials.write_text("client_id = {}\nclient_secret = {}\n".format(*client))
        words = [program, *shlex.split(line)[1:], "--no-token-cache", "--quiet"]
        ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=os.environ | {"NO_PROXY": "*"})
        return ran.returncode, sorted({file.name.split("-")[0] for file in pathlib.Path(folder).glob("job-*/*.ndjson*")})


def looks(name, *ways):
    """Holds the page as it is against the rules of axe-core, light or dark, wide or narrow."""
    for scheme, width in ways:
        page.scheme(scheme)
        page.width(width)
        found = page.violations()
        check(f"axe-core finds nothing in {name}, {scheme}, {width} px {found}", not found)
        check("and nothing is wider than the screen", not page.is_too_wide())
        page.picture(pictures / f"sandbox-page-{name}-{scheme}-{width}.png")
    page.scheme("light")
    page.width(1100)


def tokens_and_jobs(url):
    page.open(url + "/")
    check("it has a title", page.driver.title == "BCDA sandbox")
    page.wait(lambda: len(page.find_all("#endpoints details")) >= 15)
    check("a job cannot start without a token", not page.find("#start").is_enabled())

    page.find("#client-secret").send_keys("x")
    page.find("#get-token").click()
    page.wait(lambda: "401" in page.text("#token-note"))
    page.driver.refresh()
    sign_in()
    check("a clock is not read out", not page.find_all("[role=status] #token-left, #token-left[role=status]"))

    page.find("#since").send_keys("yesterday")
    page.find("#start").click()
    page.wait(lambda: "FHIR Instant" in page.text("#start-note"))
    page.find("#since").clear()
    page.find("#start").click()
    page.wait(lambda: page.find_all("#job-1"))
    page.wait(lambda: "In Progress (" in page.text("#job-1 .state"))
    page.wait(lambda: "Completed" in page.text("#job-1 .state"))
    told = page.find("#news").get_property("textContent")
    check(f"a screen reader is told of its end: {told}", told.startswith("Job 1: Completed"))
    kinds = sorted(page.texts("#job-1 .kind"))
    check("a job runs to its files", kinds == ["Coverage", "ExplanationOfBenefit", "OperationOutcome", "Patient"])
    page.find("#job-1 a.file").click()
    page.wait(lambda: "downloaded" in page.text("#job-1 li .quiet"))
    page.wait(lambda: list(page.downloads.glob("*.ndjson")))
    check("a file is saved", all(file.stat().st_size > 0 for file in page.downloads.glob("*.ndjson")))
    page.wait(lambda: all(page.texts("#job-1 li .quiet")))
    sizes = page.texts("#job-1 li .quiet")
    check(f"each file has its size {sizes}", all(re.match(r"[\d.]+ [kM]?B", size) for size in sizes))

    shown = lines_of("job-1")
    saved = next(page.downloads.glob("*.ndjson")).read_text().splitlines()
    as_shown = [line if len(line) <= 300 else line[:300] + " …" for line in saved[:5]]
    check(f"the first lines are those of the file: {len(shown)}", shown == as_shown)
    looks("job", ("light", 1100), ("dark", 1100), ("light", 390))
    page.find("#job-1 li button").click()
    check("they are folded again", not page.find("#job-1 .lines").is_displayed())

    page.wait(lambda: "took" in page.text("#job-1 .when"))
    took = re.fullmatch(r"began .*\d:\d\d.*, took ([\d.]+) s", page.text("#job-1 .when"))
    check(f"a job says when it began and how long it took: {page.text('#job-1 .when')}", took and float(took[1]) >= 1)
    check("the newest finished job is open", is_open("job-1"))
    endpoint, version = page.value("#endpoint"), page.value("#version")
    parts = endpoint.split("/")
    where = f"--group {parts[1]}" if parts[0] == "Group" else f"--endpoint {parts[0]}"
    wanted = f"bcda export --base-url {url} --credentials FILE --api {version} {where} --out job-1"
    check("a job has its command", page.text("#job-1 .line pre") == wanted)
    copy = page.find("#job-1 .line button")
    copy.send_keys(Keys.ENTER)
    page.wait(lambda: copy.text in ("Copied", "Selected"))
    check("and it is copied with the keyboard", True)

    box = page.find("input[value=Coverage]")
    box.click()
    page.find("#start").click()
    page.wait(lambda: page.find_all("#job-2"))
    page.find("#job-2 .body > button").send_keys(Keys.ENTER)
    page.wait(lambda: page.text("#job-2 .state") == "Cancelled")
    check("a job is cancelled", not page.find_all("#job-2 .body > button"))
    check("and the keyboard goes on from it", page.run("return document.activeElement.closest('#job-2') !== null"))
    check("and folded, with the finished one still open", not is_open("job-2") and is_open("job-1"))

    box.click()
    page.find("#start").click()
    page.wait(lambda: page.find_all("#job-3"))
    page.wait(lambda: "In Progress (" in page.text("#job-3 .state"))
    check("a running job is open", is_open("job-3"))
    page.find_all("#endpoints summary")[1].click()
    copy = page.find("#endpoints details[open] button")
    copy.click()
    page.wait(lambda: copy.text in ("Copied", "Selected"))
    check("a command can be copied", "export" in page.text("#endpoints details[open] pre"))
    page.wait(lambda: "Completed" in page.text("#job-3 .state"))
    check("the next finished job folds the one before", is_open("job-3") and not is_open("job-1"))

    before = len(page.requests())
    page.driver.refresh()
    page.wait(lambda: len(page.find_all(".job")) == 3)
    check("jobs are there after a reload", True)
    page.wait(lambda: "good for" in page.text("#token-left"))
    asked = page.requests()[before:]
    check("and no other token was asked for", asked and not any(name.endswith("/auth/token") for name in asked))
    check("and a job can start", page.find("#start").is_enabled())
    page.wait(lambda: all("took" in when for when in page.texts(".when")))
    page.wait(lambda: is_open("job-3") and not is_open("job-1") and not is_open("job-2"))
    check("the newest finished job alone is open", True)
    page.find("#job-1 summary").send_keys(Keys.ENTER)
    page.wait(lambda: is_open("job-1"))
    check("a job is unfolded with the keyboard", True)


def begin(url):
    page.open(url + "/")
    page.wait(lambda: page.find_all("#endpoints details"))
    sign_in()


def commands_of_jobs(url):
    begin(url)
    start(1)
    wanted = "ExplanationOfBenefit?service-date=gt2016-01-01&_tag=https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|NationalClaimsHistory"
    Select(page.find("#version")).select_by_visible_text("v3")
    page.find("input[value=ExplanationOfBenefit]").click()
    page.find("#since").send_keys("2019-02-13T08:00:00.000-05:00")
    page.find("#filter").send_keys(wanted)
    start(2)
    words = shlex.split(page.text("#job-2 .line pre"))
    asked = dict(zip(words[2::2], words[3::2]))
    check(
        f"a command has all of it {asked}",
        asked["--api"] == "v3"
        and asked["--type"] == "ExplanationOfBenefit"
        and asked["--since"] == "2019-02-13T08:00:00.000-05:00"
        and asked["--type-filter"] == wanted,
    )
    lines = export_lines()[::-1]
    client = page.value("#client-id"), page.value("#client-secret")
    # Both wait for the sandbox most of the time.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        (first, all_types), (second, one_type) = pool.map(run, lines, [client, client])
    check(f"jobs' commands run: {lines}", first == 0 and second == 0)
    check("a command fetches the same types", all_types == ["Coverage", "ExplanationOfBenefit", "Patient"])
    check("or the one that was asked for", one_type == ["ExplanationOfBenefit"])
    secret = page.value("#client-secret")
    check("no command has the secret", not any(secret in line for line in export_lines()))
    kept = page.run("return JSON.stringify({ ...sessionStorage, ...localStorage })")
    check("the secret is not kept", "token" in kept and secret not in kept)


def large_files():
    """What is large is written to the disk as it comes: for the page a size that is not so, and a place that no one asks for."""
    page.run("""
        const real = window.fetch;
        window.fetch = async (path, options) => options?.method === "HEAD"
            ? new Response(null, { headers: { "Content-Length": "200000000" } }) : real(path, options);
        window.showSaveFilePicker = async ({ suggestedName }) => {
            window.place = await (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
            return window.place;
        };
    """)
    saved = set(page.downloads.iterdir())
    page.find("input[value=ExplanationOfBenefit]").click()
    page.find("#since").clear()
    page.find("#filter").clear()
    page.find("input[value=Patient]").click()
    # Two jobs were started by the commands.
    start(5)
    page.wait(lambda: page.text("#job-5 li .quiet"))
    check("a large file has its size", page.text("#job-5 li .quiet") == "200.0 MB")
    page.find("#job-5 a.file").click()
    page.wait(lambda: "downloaded" in page.text("#job-5 li .quiet"))
    size = page.run("return window.place.getFile().then(({ size }) => size)")
    check(f"it is written to the place that was chosen: {size} bytes", size > 0)
    check("and not held", set(page.downloads.iterdir()) == saved)


def an_end_of_the_token():
    page.run("const kept = JSON.parse(sessionStorage.token); kept.expires = Date.now() - 1; sessionStorage.token = JSON.stringify(kept)")
    page.driver.refresh()
    page.wait(lambda: page.find_all("#endpoints details"))
    check("an expired token is forgotten", not page.run("return sessionStorage.token"))
    check("and a job cannot start", not page.find("#start").is_enabled())


def a_folder_of_data(url, shown):
    begin(url)
    start(1)
    if shown:
        check("with --show-data there are first lines", len(lines_of("job-1")) > 0)
        check("and the page does not say that there are none", not page.find("#no-lines").is_displayed())
    else:
        check("a folder's lines have no button", not page.find_all("#job-1 li button"))
        check("and the page says why", "--show-data" in page.text("#no-lines"))
        looks("data", ("dark", 390))


def a_bad_day(url):
    begin(url)
    page.find("#start").click()
    page.wait(lambda: "429: come again in 1 s" in page.text("#start-note"))
    start(1)
    check("a job goes on after what may be a bad moment", True)


def what_is_wrong_is_found():
    """After all else: that the checks above can fail."""
    page.run("document.querySelector('main').append(document.createElement('img'))")
    found = page.violations()
    check("axe-core would find a picture without words", len(found) == 1 and found[0].startswith("image-alt:"))
    taken = page.run("try { document.querySelector('img').outerHTML = '<b>x</b>'; return true } catch { return false }")
    check("and text does not become markup", not taken)


def is_expected(message):
    """What a browser says of an answer that this script asked for."""
    return re.search(r"status of (401|400|404|410|429|500|503)\b", message)


with Browser() as page:
    # A second, so that a job is seen in progress and can be cancelled.
    with served("--beneficiaries", "3", "--job-seconds", "1", "--fault", "error-files=1") as url:
        tokens_and_jobs(url)
    with served("--beneficiaries", "3", "--job-seconds", "0") as url:
        commands_of_jobs(url)
        large_files()
        an_end_of_the_token()
    with served("--job-seconds", "0", "--data", TESTDATA) as url:
        a_folder_of_data(url, shown=False)
    with served("--job-seconds", "0", "--data", TESTDATA, "--show-data") as url:
        a_folder_of_data(url, shown=True)
    faults = ("--fault", "too-many-requests=1:1@start", "--fault", "server-error=2@status")
    with served("--beneficiaries", "1", "--job-seconds", "0", *faults) as url:
        a_bad_day(url)
        said_before = len(page.console())
        what_is_wrong_is_found()
    check("the console has what the policy forbade", len(page.console()) > said_before)
    said = [text for level, text in page.console()[:said_before] if not is_expected(text)]
    check(f"the console is quiet {said}", not said)
    elsewhere = [name for name in page.requests() if not re.match(r"http://127\.0\.0\.1:\d+/|blob:http://127\.0\.0\.1:|data:image/svg", name)]
    check(f"nothing comes from elsewhere {elsewhere}", page.requests() and not elsewhere)

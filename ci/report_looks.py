"""Looks at pages of `bcda report` in Chromium, or makes the pictures of one in docs/. Run by ci/report through ci/browser.

    ci/report_looks.py LIST.json     pages, each with whether axe-core has all, some or none of its looks; prints `looked: ` for
                                     each, and `wrong: ` for each fault
    ci/report_looks.py --pictures    makes a page and the pictures
"""

import base64
import json
import pathlib
import sys

import runs
from browser import Browser
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

# What a page takes to be there, in milliseconds: what is aimed at, and what is no noise of the machine any more.
AIM, MOST = 1_000, 3_000
PHONE, SCREEN = 390, 1280
# A sheet of A4 in CSS pixels.
SHEET = 794, 1123
# Width, colours, and whether the columns of tables are opened.
BY_AXE = {
    "all": [(SCREEN, "light", False), (SCREEN, "light", True), (SCREEN, "dark", True), (PHONE, "light", True)],
    "some": [(SCREEN, "dark", True)],
    "none": [],
}
MOST_PICTURE_BYTES = 120_000
DOCS = runs.ROOT / "docs"


def media(page, name, scheme="light"):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": name, "features": features})


def is_seen(page):
    """Whether each table of the page can be seen, with all its rows."""
    # Only a layout makes the style of another medium count.
    page.run("return document.documentElement.offsetHeight")
    return page.run("""return [...document.querySelectorAll("table")].every((table) =>
        table.offsetHeight > 0 && table.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) && table.rows[0].offsetHeight > 0
        && table.closest(".scrolled").scrollHeight <= table.closest(".scrolled").clientHeight + 1)""")


def by_keyboard(page):
    """The names of the regions that the key Tab leads to, from the top of the page to its end."""
    page.run("document.activeElement.blur(); scrollTo(0, 0)")
    stops = page.run("return document.querySelectorAll('a, summary, .scrolled').length")
    found = []
    for _ in range(stops + 1):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        found.append(page.run("const at = document.activeElement; return at.matches('.scrolled') ? at.getAttribute('aria-label') : null"))
    return [name for name in found if name]


def look(page, path, by_axe):
    """Faults of one page, and how long it took to be there."""
    url = pathlib.Path(path).as_uri()
    before = len(page.requests()), len(page.console())
    media(page, "screen")
    page.width(SCREEN)
    page.open(url)
    took = page.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    asked, said = page.requests()[before[0]:], page.console()[before[1]:]
    if asked != [url]:
        yield f"it asks for {len(asked)} addresses: {asked[:5]}"
    if said:
        yield f"the console has {said[:5]}"
    if took > MOST:
        yield f"it is there after {took:.0f} ms"
    if page.run("return document.scripts.length + document.querySelectorAll('[onclick], [onload], link, img, iframe').length"):
        yield "it has a script, or what would be fetched"
    regions = page.run("return [...document.querySelectorAll('.scrolled')].map((own) => own.getAttribute('aria-label'))")
    for scheme in ("light", "dark"):
        media(page, "screen", scheme)
        paper, ink = page.run("const own = getComputedStyle(document.body); return [own.backgroundColor, own.color]")
        light = [sum(map(int, color[4:-1].split(","))) > 384 for color in (paper, ink)]
        if light != [scheme == "light", scheme == "dark"]:
            yield f"{scheme}: {ink} on {paper}"
    media(page, "screen")
    page.run("document.querySelectorAll('details').forEach((own) => { own.open = true })")
    page.width(PHONE, 844)
    width = page.run("return document.documentElement.scrollWidth")
    if width > PHONE:
        yield f"on a screen of {PHONE} pixels it is {width} wide"
    page.width(SCREEN)
    if by_keyboard(page) != regions:
        yield "the keyboard does not lead to every table"
    for wide, scheme, is_open in BY_AXE[by_axe]:
        media(page, "screen", scheme)
        page.width(wide, 844)
        page.run("document.querySelectorAll('details').forEach((own) => { own.open = arguments[0] })", is_open)
        for fault in page.violations():
            yield f"axe-core, {wide} pixels, {scheme}, {'open' if is_open else 'closed'}: {fault[:300]}"
    # On paper everything is open, whatever was on the screen.
    page.run("document.querySelectorAll('details').forEach((own) => { own.open = false })")
    page.width(*SHEET)
    media(page, "print")
    if not is_seen(page):
        yield "on paper a table is closed, or cut off"
    paper = page.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    if not base64.b64decode(paper).startswith(b"%PDF"):
        yield "it cannot be printed"
    print(f"looked: {pathlib.Path(path).name}, there after {took:.0f} ms{' (slow)' if took > AIM else ''}", flush=True)


def pictures():
    """A page of synthetic people, as docs/ show it."""
    with runs.Work() as work, Browser() as page:
        for words in ("synth --quiet --api v3 --beneficiaries 5000 --seed 1 --out export",
                      "convert --quiet export --out tables", "report --quiet tables"):
            code, _, said = work.run(words)
            if code != 0:
                sys.exit(f"bcda {words}: {said}")
        page.open((work / "report.html").as_uri())
        page.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        for name, kind, scheme, size in (
            ("report", "screen", "light", (SCREEN, 1000)), ("report-dark", "screen", "dark", (SCREEN, 1000)),
            ("report-phone", "screen", "light", (PHONE, 1240)), ("report-print", "print", "light", SHEET),
        ):
            page.width(*size)
            media(page, kind, scheme)
            # A printer leaves a margin.
            page.run("document.body.style.margin = arguments[0]", "12mm" if kind == "print" else "")
            page.run("return document.documentElement.offsetHeight")
            data = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            file = DOCS / f"{name}.png"
            file.write_bytes(base64.b64decode(data))
            size = file.stat().st_size
            print(f"{file.relative_to(runs.ROOT)}: {size:,} bytes", flush=True)
            if size > MOST_PICTURE_BYTES:
                sys.exit(f"{file}: more than {MOST_PICTURE_BYTES:,} bytes")


def main():
    if sys.argv[1] == "--pictures":
        return pictures()
    with Browser() as page:
        for path, by_axe in json.loads(pathlib.Path(sys.argv[1]).read_text()):
            for fault in look(page, path, by_axe):
                print(f"wrong: {pathlib.Path(path).name}: {fault}", flush=True)


main()

"""Holds pages of `bcda report` against their tables, and looks at them in Chromium. Run by ci/report."""

import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

import runs
from runs import Tally

FIGURES = "bcda report: every figure is that of the rows"
SPOILED = "bcda report: a wrong figure is noticed"
LOOKS = "bcda report: nothing is fetched, and anybody can read it: by keyboard, on a phone, in the dark, on paper"
# The largest page, in bytes.
MOST_BYTES = 1_000_000
REJECTS = 3
# Pages that differ most: with what is unusual, with rejects, with figures that are hidden and without.
BY_AXE = {"v1-tables.html": "all", "later-tables.html": "some", "bad-tables.html": "some", "eight-tables-small.html": "some"}
# What some page has to show, so that it was looked at.
PHRASES = [
    "under half of the", "of all rows in the last run", "names in the records are not known", "Left out, because", ">hidden<", "still to come",
    " … ", " + ", "Claims by dollars paid for each", "Claims of CCLF5 and CCLF6 by lines", "last run, %", "left aside, by ending", "Nothing was rejected", "No manifest tells", "Complete:", "Not complete:",
    "No month can be shown", "nothing to fill", "empty in these records", "cannot be filled from",
]
# Files of testdata/bad that are records of v1 among others; those that are no export would end the run.
BAD = ["claim-type-*", "date-*", "depth-*", "duplicate-*", "missing-*", "number-*", "twice-*", "wrong-*"]


class Bench:
    """Where tables and pages are made."""

    def __init__(self, work, tally):
        self.work, self.tally = work, tally
        # Folders of tables, and the tables that each was brought up to date from.
        self.tables = {}
        # Elements and names that are not known there in the records of tables, and how many records have them.
        self.unknown = {}

    def run(self, words, expected=0):
        code, _, said = self.work.run(words)
        if code not in (expected, 0):
            self.tally.failed("aborts" if code is None or code < 0 else "lost", f"bcda {words}: exit code {code}: {said[-500:]}")

    def export(self, name, options):
        self.run(f"synth --quiet --out {name} {options}")
        return self.work / name

    def convert(self, name, options="", expected=0):
        """Tables of an export, in place of it."""
        self.run(f"convert --quiet {name} --out {name}-tables {options}", expected)
        self.work.remove(name)
        self.tables[f"{name}-tables"] = None

    def edit(self, folder, change):
        """Changes each line of an export, or drops those that become None."""
        for path in sorted(pathlib.Path(folder).glob("*.ndjson")):
            lines = (change(line) for line in path.read_bytes().splitlines(keepends=True))
            path.write_bytes(b"".join(line for line in lines if line is not None))

    def page(self, tables, shows_small):
        name = f"{tables}{'-small' if shows_small else ''}.html"
        self.run(f"report --quiet {tables} --out {name} {'--show-small-cells' if shows_small else ''}")
        return self.work / name


def thin(month, seed):
    """Drops four of five claims that end in a month."""
    chance, ends = random.Random(seed), re.compile(rb'"billablePeriod":\{"end":"' + month)
    return lambda line: None if ends.search(line) and chance.random() < 0.8 else line


def renamed(line):
    return line.replace(b'"quantity":', b'"subscriberId":')


def make(bench, form):
    """All tables that pages are made of."""
    is_long = form == "long"
    # Few claims of each, so that many people fit.
    few = "--claims 6" if not is_long else ""
    bench.export("v1", "--beneficiaries 400 --seed 1")
    bench.convert("v1", "--updatable")
    # A month with few claims.
    export = bench.export("v3", f"--api v3 --beneficiaries 3000 --seed 2 {few}")
    bench.edit(export, thin(b"2021-05", 2))
    bench.convert("v3")
    # Later an export in which a member has the name of another: its column is filled less than before.
    later = bench.export("later", f"--beneficiaries 700 --seed 4 {few}")
    bench.edit(later, renamed)
    bench.run("update --quiet v1-tables later --out later-tables")
    bench.work.remove("later")
    bench.tables["later-tables"] = bench.work / "v1-tables"
    # Broken lines, single oddities, and files that are left aside.
    export = bench.export("bad", "--beneficiaries 150 --seed 5 --bad-rate 0.02")
    for pattern in BAD:
        for path in sorted((runs.ROOT / "testdata/bad").glob(f"{pattern}.ndjson")):
            shutil.copy(path, export)
    (export / "log.txt").write_text("\n")
    bench.convert("bad", "--max-rejects 100%", REJECTS)
    # So few that all of it is hidden; that some of it is; and without a manifest.
    bench.export("eight", "--beneficiaries 8 --seed 6")
    bench.convert("eight")
    # In the second a member of `item` has a name that is not known there.
    export = bench.export("thirty", "--beneficiaries 30 --seed 7")
    bench.edit(export, renamed)
    lines = (line for path in export.glob("*.ndjson") for line in path.read_bytes().splitlines())
    having = sum(b'"subscriberId":{' in line for line in lines)
    bench.unknown["thirty-tables"] = {("ExplanationOfBenefit.item", "subscriberId"): having}
    bench.convert("thirty", "--drift all")
    shutil.copytree(bench.work / "thirty-tables", bench.work / "untold-tables")
    bench.work.remove("untold-tables/tables-manifest.json")
    bench.tables["untold-tables"] = None
    # CMS's files, in which claims are in another order.
    bench.export("cms", "--api v3 --beneficiaries 60 --seed 8 --claims 12")
    bench.convert("cms")
    bench.run("cclf write --quiet cms-tables --aco A1234 --max-rejects 100% --out cms-files", REJECTS)
    bench.run("cclf read --quiet cms-files --out cms-history", REJECTS)
    bench.run("cclf current --quiet cms-history --out cms-final")
    bench.tables["cms-final"] = None
    if not is_long:
        del bench.tables["cms-tables"]
    else:
        bench.export("v2", "--api v2 --beneficiaries 1500 --seed 9")
        bench.convert("v2")
        # The largest: what a page has does not grow with the rows.
        bench.export("many", "--beneficiaries 20000 --seed 10 --claims 10")
        bench.convert("many")


def checked(bench, tally):
    """Every figure of every page; gives the pages, the largest last."""
    from report_check import Check
    from report_figures import Figures

    pages = []
    for tables, before in bench.tables.items():
        figures = Figures(bench.work / tables, before)
        for shows_small in (False, True):
            page = bench.page(tables, shows_small)
            check = Check(page.read_text(), figures, shows_small, bench.unknown.get(tables))
            for fault in check.all():
                tally.failed("lost", f"{page.name}: {fault}")
            tally.ran()
            size = page.stat().st_size
            print(f"{page.name}: {check.checked:,} checks, {size:,} bytes", flush=True)
            if size > MOST_BYTES:
                tally.failed("lost", f"{page.name} has {size:,} bytes")
            pages.append(page)
    told = "".join(page.read_text() for page in pages)
    for phrase in PHRASES:
        if phrase not in told:
            tally.failed("lost", f"no page has `{phrase}`")
    return sorted(pages, key=lambda page: page.stat().st_size)


def spoiled(bench, tally, form):
    """Changes a digit of a page, at one place after the other: each has to be noticed."""
    from report_check import Check
    from report_figures import Figures

    tables = "thirty-tables" if form == "smoke" else "v1-tables"
    figures = Figures(bench.work / tables)
    text = bench.page(tables, False).read_text()
    body = text.index("<h1>")
    # Where a digit may stand: in text, but for axes and sentences; in the lengths of bars, but for what is less than a tenth.
    figure = re.compile(r'<(?:td|th)[^>]*>[\d,.\-]*(\d)[\d,.]*</(?:td|th)>|<dd>\D*(\d)[^<]*</dd>|width:(\d)\d*\.|> (\d)[\d,]* (?:rows|people)|are [\d,]*(\d)[\d,.]*, in ')
    places = [match.start(match.lastindex) for match in figure.finditer(text, body)]
    chance = random.Random(1)
    for place in chance.sample(places, 400 if form == "long" else 25):
        other = str((int(text[place]) + 1) % 10)
        try:
            faults = Check(text[:place] + other + text[place + 1 :], figures, False).all()
        except (ArithmeticError, LookupError, TypeError, ValueError):
            faults = ["it cannot be read"]
        tally.ran()
        if not faults:
            tally.failed("lost", f"nobody notices another digit in `{text[place - 60 : place + 20]}`")


def looked(pages, form, tally, work):
    """The pages in Chromium, in the short form a few of them by axe-core. False where there is none."""
    wanted = work / "looks.json"
    # Pages of the same tables with small cells and without differ little: of the first the largest is enough.
    few = [page for page in pages if page is pages[-1] or page.name in BY_AXE or not page.name.endswith("-small.html")]
    looks = [(str(page), "all" if form == "long" else BY_AXE.get(page.name, "none")) for page in (pages if form == "long" else few)]
    wanted.write_text(json.dumps(looks))
    done = subprocess.run([runs.ROOT / "ci/browser", "-B", "ci/report_looks.py", wanted], cwd=runs.ROOT, stdout=subprocess.PIPE, text=True)
    if done.stdout.startswith("skipped: "):
        print(f"skipped: {LOOKS}: {done.stdout.strip().removeprefix('skipped: ')}", flush=True)
        return False
    for line in done.stdout.splitlines():
        if line.startswith("looked: "):
            tally.ran()
        elif line.startswith("wrong: "):
            tally.failed("lost", line.removeprefix("wrong: "))
            continue
        print(line, flush=True)
    if done.returncode != 0:
        tally.failed("aborts", f"ci/report_looks.py: exit code {done.returncode}")
    return True


def timed(what, work, *arguments):
    """Does it, and says how long it took."""
    begun = time.monotonic()
    done = work(*arguments)
    print(f"-- {time.monotonic() - begun:.0f} s: {what}", flush=True)
    return done


def main():
    form = runs.form(FIGURES, SPOILED, LOOKS)
    with runs.Work() as work:
        tally = Tally(FIGURES)
        bench = Bench(work, tally)
        timed("tables", make, bench, form)
        pages = timed("figures", checked, bench, tally)
        good = [tally.end()]
        tally = Tally(SPOILED)
        timed("wrong figures", spoiled, bench, tally, form)
        good.append(tally.end())
        tally = Tally(LOOKS)
        if timed("Chromium", looked, pages, form, tally, work):
            good.append(tally.end())
    return 0 if all(good) else 1


sys.exit(main())

"""Holds a page of `bcda report` against the figures of its tables, one table of the page after the other. For ci/report.py."""

import re

from report_charts import Charts
from report_figures import CATEGORIES, CUT_BY, FEWEST, NO_DATE, ORDERED, PAID, PEOPLE, TABLES, members, no_source
from report_page import Page
from report_words import HIDDEN, count, dollars, grouped, months, percent, share, short
from runs import ROOT

BANDED = ["Claims by dollars paid for each", "Claims of CCLF5 and CCLF6 by lines"]
STILL_TO_COME = " still to come"
UNTOLD = {"no DRG", "no code", "not told", NO_DATE}
# Of the last run, and of the tables of it, fill rates are told from so many rows on.
FEWEST_COMPARED = 2_200
MOST_KINDS = 200
MADE_UP = "The data are made up: nobody is behind these figures."
SMALL_HIDDEN = "Figures of 1 to 10 people are hidden, and others from which they would follow. Ages from 90 on are one band."
SMALL_SHOWN_OF_NOBODY = "Cells of 1 to 10 people are shown."
SMALL_SHOWN = "Cells of 1 to 10 people are shown: this page is for internal use, and is not to be shared."
ALL_KNOWN = "All elements, URLs and code systems in them are known."
UNKNOWN = ("These elements, URLs and code systems are not known; other are those seen with fewer than 11 people, and those that "
           "are no names of FHIR.")
# What has digits and is no figure.
SENTENCES = [
    r"In percent of the rows of final claims, of CCLF8 in percent of people\..*",
    r"Final claims only\. Paid is CLM_PMT_AMT of CCLF1 and CLM_LINE_CVRD_PD_AMT of the lines of CCLF5 and CCLF6\. Made by bcda [\d.]+\.",
    r"Claims of CCLF5 and CCLF6 by lines",
    r"(DRG|Place of service|Procedure) \(CCLF\d\)",
]


class Check(Charts):
    """One page against one folder; what is wrong is in `faults`."""

    def __init__(self, text, figures, shows_small, unknown=None):
        # Elements and names that are not known there, each with how many records have it.
        self.names = unknown or {}
        self.page, self.figures, self.shows_small = Page(text), figures, shows_small
        self.manifest = figures.manifest or {}
        self.faults, self.checked = [], 0
        self.left_out = [] if shows_small else figures.left_out()
        self.kept = [table for table in PAID if table not in self.left_out]
        self.paid = [table for table in self.kept if table != "CCLF7"]
        self.cross = None

    def same(self, what, shown, wanted):
        self.checked += 1
        if shown != wanted:
            self.faults.append(f"{what}: it shows {shown!r}, and should show {wanted!r}")

    def true(self, what, holds):
        self.checked += 1
        if not holds:
            self.faults.append(what)

    def all(self):
        """Everything; a table that nothing here knows is a fault, and so is a figure that nobody has looked at."""
        known = {
            "Paid by month, in dollars": self.months,
            "Claims by month": self.months,
            BANDED[0]: lambda own: self.crossed(own, "amount", self.paid, False),
            BANDED[1]: lambda own: self.crossed(own, "band", self.lined(), False),
            "Paid by claim type": self.claim_types,
            "Part D events by month": self.part_d,
            "Rejected, by class, file and place": self.rejected,
            "Seconds by stage": self.stages,
            "Unknown vocabulary, by place": self.unknown,
            **{caption: self.category for caption in CATEGORIES},
            **{caption: self.people for caption in PEOPLE},
            **{f"Filled columns of {table}": self.filled for table in TABLES},
        }
        for caption, table in self.page.tables.items():
            if caption not in known:
                self.faults.append(f"there is a table that this script does not know: {caption}")
                continue
            try:
                known[caption](table)
            except (LookupError, ValueError, TypeError) as error:
                self.faults.append(f"{caption}: {type(error).__name__}: {error}")
        # A table of bands is left out where even its totals would tell something of few people.
        wanted = [own for own in self.wanted() if self.shows_small or own not in BANDED or own in self.page.tables]
        self.same("tables on the page", sorted(self.page.tables), sorted(wanted))
        self.summaries()
        self.verdict()
        self.input()
        self.charts()
        is_made_up = bool(self.manifest.get("synthetic"))
        shown = SMALL_SHOWN_OF_NOBODY if is_made_up else SMALL_SHOWN
        said = [shown if self.shows_small else SMALL_HIDDEN, *[MADE_UP] * is_made_up]
        [about] = self.page.top.find("header").find_all("p")
        self.same("what is said of the figures", about.seen(), " ".join(reversed(said)))
        for text in self.page.left():
            self.true(f"nobody has checked `{text}`", any(re.fullmatch(own, text) for own in SENTENCES))
        for region in self.page.top.of_class("scrolled"):
            self.same("the name of a region", region.attributes.get("aria-label"), region.find("caption").words())
        return self.faults

    def lined(self):
        return [table for table in self.paid if table != "CCLF1"]

    def wanted(self):
        """Captions of the tables that the page should have."""
        figures = self.figures
        is_there = lambda people: people >= (1 if self.shows_small else FEWEST)
        has = lambda tables: any(is_there(figures.people_of[table]) for table in tables)
        if has(self.paid):
            yield from ("Paid by month, in dollars", "Claims by month", BANDED[0], "Paid by claim type")
        if has(self.lined()):
            yield BANDED[1]
        yield from (caption for caption, (table, _) in CATEGORIES.items() if has([table]))
        if has(["CCLF7"]):
            yield "Part D events by month"
        if is_there(figures.one("SELECT count(*) FROM people")):
            yield from PEOPLE
        yield from (f"Filled columns of {table}" for table in TABLES if figures.filled(table)[0])
        if self.manifest.get("stages"):
            yield "Seconds by stage"
        if self.manifest.get("drift", {}).get("findings"):
            yield "Unknown vocabulary, by place"
        if figures.rejects():
            yield "Rejected, by class, file and place"

    def groups(self, what, names, known, is_ordered):
        """What the names stand for; together they are all that there is, each once."""
        groups = [members(name, known, is_ordered) for name in names]
        self.same(f"{what}, in its names", sorted(own for group in groups for own in group), sorted(known))
        return groups

    # Tables that are cut two ways.

    def months(self, table):
        is_paid = table.caption.startswith("Paid")
        newest = self.figures.newest_month()
        for row in table.rows:
            name = row.cells[0].removesuffix(STILL_TO_COME)
            last = [months(month) for month in re.findall(r"\d{4}-\d\d", name)][-1:]
            is_to_come = bool(last) and last[0][0] >= newest - 2
            self.same(f"{table.caption}, {name}, whether claims are to come", row.cells[0] != name, is_to_come)
            row.cells[0] = name
        self.crossed(table, "month", self.paid, is_paid)
        if not is_paid:
            self.cross = table

    def crossed(self, table, key, tables, is_paid):
        what, figures = table.caption, self.figures
        kinds = figures.kinds(tables)
        columns = self.groups(what, table.head[2:], kinds, False)
        rows = self.groups(what, [row.cells[0] for row in table.rows], figures.keys(key, tables), True)
        hidden = [
            (r, c) for r, row in enumerate(table.rows) for c, cell in enumerate(row.cells[2:]) if cell == HIDDEN
        ]
        cells, people = figures.cells(key, rows, columns, tables, hidden)
        shown = lambda place: dollars(cells[place][1]) if is_paid else grouped(cells[place][0])
        self.same(f"{what}, total of all", table.foot[0].cells[:2], ["total", shown((None, None))])
        for c, _ in enumerate(columns):
            self.same(f"{what}, total of {table.head[2 + c]}", table.foot[0].cells[2 + c], shown((None, c)))
        most = max(cells[r, None][0] for r in range(len(rows)))
        for r, row in enumerate(table.rows):
            at = f"{what}, {row.cells[0]}"
            self.same(f"{at}, length", len(row.cells), 2 + len(columns))
            self.same(f"{at}, total", row.cells[1], shown((r, None)))
            for c, cell in enumerate(row.cells[2:]):
                if cell != HIDDEN:
                    self.same(f"{at}, {table.head[2 + c]}", cell, shown((r, c)))
            if key != "month":
                self.bar(at, row.bar, cells[r, None][0], most)
        lines = [(r, None) for r in range(len(rows))] + [(None, c) for c in range(len(columns))]
        places = [(r, c) for r in range(len(rows)) for c in range(len(columns))]
        if self.shows_small:
            self.same(f"{what}, hidden cells", hidden, [])
            return
        self.true(f"{what}: cells are hidden where none is small", not hidden or any(map(cells.is_small, places)))
        for place in [place for place in places if place not in hidden] + lines + [(None, None)]:
            self.true(f"{what}: {place} is shown, and is of 1 to 10 people", not cells.is_small(place))
        for line in lines:
            own = [place for place in hidden if line in ((place[0], None), (None, place[1]))]
            self.true(f"{what}: the hidden cell of {line} follows from its total", len(own) != 1)
            if any(cells[place][0] for place in own):
                self.true(f"{what}: the hidden cells of {line} have 1 to 10 people together", people.get(line, 0) >= FEWEST)

    def bar(self, what, length, value, most):
        wanted = max(value, 0) / most * 100 if most > 0 else 0
        self.true(f"{what}: the bar is {length} long, and should be {wanted:.1f}", abs((length or 0) - wanted) < 0.1)

    # Tables that are cut one way.

    def lines(self, table, names, known, is_ordered, cells, has_dollars):
        """`cells` gives (count, cents, people) by the number of a row, and by None the total."""
        what = table.caption
        value = 1 if has_dollars else 0
        total = cells[None, None]
        told = [r for r, name in enumerate(names) if name not in UNTOLD]
        most = max((cells[r, None][value] for r in told), default=0)
        places = [*enumerate(table.rows), (None, table.foot[0])]
        for r, row in places:
            own = cells[r, None]
            at = f"{what}, {row.cells[0]}"
            wanted = [grouped(own[0])] + [dollars(own[1])] * has_dollars
            of_all = share(own[value], total[value]) if 0 <= own[value] <= total[value] and total[value] else None
            # Of nothing there are shares of 0.
            wanted.append("" if r is None or own[value] < 0 or total[value] < own[value] else of_all or "0.0")
            self.same(at, row.cells[1:], wanted + [grouped(own[2])] * self.shows_small)
            if r is not None:
                self.bar(at, row.bar, own[value] if r in told else 0, most)
            self.true(f"{at} is of 1 to 10 people", self.shows_small or not 0 < own[2] < FEWEST)
        self.same(f"{what}, its last line", table.foot[0].cells[0], "total")
        if not is_ordered and has_dollars:
            values = [cells[r, None][value] for r in range(len(names))]
            self.same(f"{what}, the largest first", values, sorted(values, reverse=True))

    def category(self, table):
        of_table, cut = CATEGORIES[table.caption]
        source = f"(FROM {of_table} WHERE BCDA_FINAL)"
        self.one_way(table, cut, source, False, PAID[of_table][0])

    def people(self, table):
        self.one_way(table, f'"{table.caption}"', "people", table.caption in ORDERED, None)

    def one_way(self, table, cut, source, is_ordered, amount):
        known = [name for (name,) in self.figures.all(f"SELECT DISTINCT {cut} FROM {source}")]
        if is_ordered:
            known = [name for name in ORDERED[table.caption] if name in known]
        names = [row.cells[0] for row in table.rows]
        rows = self.groups(table.caption, names, known, is_ordered)
        cells = self.figures.lines(cut, rows, source, amount or "0")
        self.lines(table, names, known, is_ordered, cells, amount is not None)

    def claim_types(self, table):
        names = [row.cells[0] for row in table.rows]
        kinds = self.figures.kinds(self.paid)
        groups = self.groups(table.caption, names, kinds, False)
        cells, _ = self.figures.cells("''", [[""]], groups, self.paid)
        places = {(c, None): cells[None, c] for c in range(len(groups))} | {(None, None): cells[None, None]}
        self.lines(table, names, kinds, False, places, True)

    def part_d(self, table):
        names = [row.cells[0] for row in table.rows]
        known = self.figures.keys("month", ["CCLF7"])
        rows = self.groups(table.caption, names, known, True)
        kinds = [self.figures.kinds(["CCLF7"])]
        cells, _ = self.figures.cells("month", rows, kinds, ["CCLF7"])
        self.lines(table, names, known, True, cells, True)

    # Columns, rejects, and what stands beside tables.

    def columns_of(self, table):
        """What is told of each column of a table: cells that may be hidden, and must be; and what they are otherwise."""
        rows, people, columns = self.figures.filled(table)
        is_small = lambda number: 0 < number < FEWEST
        all_hidden = not self.shows_small and rows > 0 and (is_small(people) or rows <= FEWEST)
        cut_by = CUT_BY | ({"CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT"} if table == "CCLF7" else {"CLM_FROM_DT", "CLM_THRU_DT", *(own for own, _ in PAID.values())})
        told = {}
        for name, (filled, with_it, without) in columns.items():
            must = not self.shows_small and (all_hidden or is_small(with_it) or is_small(without))
            may = must or not self.shows_small and name in cut_by and 0 < filled < rows
            told[name] = filled, must, may
        return rows, all_hidden, told

    def before(self, table):
        """Rows of a table in the last run; None where the two are not compared."""
        if not self.figures.before:
            return None
        rows, all_hidden, _ = self.columns_of(table)
        then = self.figures.filled_of_all_rows(table, "before_")[0]
        fewest = 1 if self.shows_small else FEWEST_COMPARED
        return then if min(rows, then) >= fewest and not all_hidden else None

    def was_filled(self, table, column):
        """Rows that had a column in the last run; None where 1 to 10 people had it or were without it."""
        rows, filled = self.figures.filled_of_all_rows(table, "before_")
        people = self.figures.people_of_all_rows(table, "before_")[column]
        if 0 < filled[column] < rows and min(people) < 11:
            return None
        return filled[column]

    def filled(self, table):
        name = table.caption.removeprefix("Filled columns of ")
        rows, _, told = self.columns_of(name)
        before = self.before(name)
        reasons = no_source(self.figures.source(), ROOT)
        self.same(f"{table.caption}, columns", [row.cells[0] for row in table.rows], self.figures.columns[name])
        self.same(f"{table.caption}, head", table.head, ["column", "filled", "%", *["last run, %"] * bool(before), "why it is empty"])
        for row in table.rows:
            column, *cells = row.cells
            at = f"{table.caption}, {column}"
            filled, must, may = told[column]
            is_hidden = cells[0] == HIDDEN
            self.true(f"{at} is {'hidden' if is_hidden else 'shown'}", may if is_hidden else not must)
            wanted = [HIDDEN] * 2 if is_hidden else [grouped(filled), share(filled, rows)]
            if before:
                was = self.was_filled(name, column)
                wanted.append("" if is_hidden or was is None else str(percent(was, before)))
            why = reasons.get((name, column))
            told_why = f"cannot be filled from {self.figures.source()}: {why}" if why else ""
            wanted.append(" ".join(told_why.split()) or ("empty in these records" if filled == 0 and not is_hidden else ""))
            self.same(at, cells, wanted)
            self.bar(at, row.bar, 0 if is_hidden else filled, rows)

    def summaries(self):
        summaries = {node.find("b").words(): node.seen() for node in self.page.top.find_all("summary")}
        self.same("tables whose columns are told", list(summaries), TABLES)
        for name, text in summaries.items():
            rows, all_hidden, told = self.columns_of(name)
            shown = self.page.tables.get(f"Filled columns of {name}")
            # What is hidden counts as filled there.
            own = sum(row.cells[1] != "0" for row in shown.rows) if shown else 0
            unit = "people" if name == "CCLF8" else "rows"
            rest = f"{own} of {len(told)} columns filled" if rows else "nothing to fill"
            self.same(f"summary of {name}", text, f"{name} {HIDDEN if all_hidden else grouped(rows)} {unit}, {rest}")

    def rejected(self, table):
        shown = [(row.cells[0], row.cells[1], row.cells[2], count(row.cells[3])) for row in table.rows]
        kinds = self.figures.rejects()
        counts = [own for *_, own in shown]
        for kind, file, place, number in shown:
            self.same(f"rejects, {kind} {file} {place}", number, kinds.get((kind, file, place)))
        self.same("kinds of rejects", len(set(shown)), min(len(kinds), MOST_KINDS))
        self.same("rejects, the most frequent first", counts, sorted(kinds.values(), reverse=True)[: len(counts)])

    def stages(self, table):
        stages = self.manifest["stages"]
        self.same(table.caption, [row.cells for row in table.rows], [[own["name"], f"{own['seconds']:.2f}"] for own in stages])
        most = max(own["seconds"] for own in stages)
        for row, own in zip(table.rows, stages):
            self.bar(f"{table.caption}, {own['name']}", row.bar, own["seconds"], most)

    def unknown(self, table):
        found = self.manifest["drift"]["findings"]
        wanted = [[own["parent"], own["name"], grouped(own["records"]) if "records" in own else HIDDEN] for own in found]
        self.same(table.caption, [row.cells for row in table.rows], wanted)
        shown = {(row.cells[0], row.cells[1]): row.cells[2] for row in table.rows}
        for place, records in self.names.items():
            self.same(f"{table.caption}, {place}", shown.get(place), grouped(records))

    def verdict(self):
        section, manifest, figures = self.page.section("verdict"), self.manifest, self.figures
        classes = {}
        for (kind, *_), number in figures.rejects().items():
            classes[kind] = classes.get(kind, 0) + number
        faults = []
        if classes:
            each = ", ".join(f"{kind} {grouped(number)}" for kind, number in sorted(classes.items()))
            faults.append(f"{grouped(sum(classes.values()))} rejected ({each})")
        if manifest and manifest.get("claims_without_patient"):
            faults.append("there are claims without a Patient")
        wanted = f"Not complete: {'; '.join(faults)}." if faults else f"Complete: tables of {figures.source()}, nothing rejected."
        if "rejected_by_class" not in manifest:
            wanted = "No manifest tells whether the tables are complete."
        found = list(self.unusual())
        kinds = [("under half of the", "months with few claims ({})"), ("in the last run", "columns that are filled less ({})"),
                 ("are not known", "names that are not known")]
        counts = [(sum(part in own for own in found), text) for part, text in kinds]
        if found:
            wanted += f" Unusual: {', '.join(text.format(count) for count, text in counts if count)}."
        self.same("verdict", section.of_class("verdict")[0].seen(), wanted)
        unusual = [node.seen() for node in section.find_all("li")]
        self.same("what is unusual", unusual, [f"{own}." for own in found])
        left = [node.seen() for node in section.find_all("p")[1:]]
        self.same("what is left out", left, self.left_out and [f"Left out, because their claims are of 1 to 10 people: {', '.join(self.left_out)}."])
        self.headlines(self.page.facts(section))

    def headlines(self, told):
        figures, wanted = self.figures, {}
        people = figures.one("SELECT count(*) FROM people")
        if people and (self.shows_small or people >= FEWEST):
            wanted["beneficiaries"] = grouped(people)
        own = f"FROM claims WHERE of_table IN {tuple([*self.paid, ''])}"
        claims, paid, first, last = figures.db.sql(
            f"SELECT count(*), sum(dollars), min(month) FILTER (month <> '{NO_DATE}'), max(month) FILTER (month <> '{NO_DATE}') {own}"
        ).fetchall()[0]
        if claims:
            wanted |= {"final claims": grouped(claims), "paid": short(float(paid), "$")}
            if first:
                wanted["months"] = f"{first} to {last}"
        self.same("headlines", told, wanted | {"source": figures.source()})

    def unusual(self):
        """Months, or rows of several, with under half the claims of those around; months without any have no row."""
        spans, covered = {}, set()
        for row in self.cross.rows if self.cross else []:
            name = row.cells[0].removeprefix(f"{NO_DATE} + ")
            if not (own := months(name)):
                continue
            covered |= set(range(*own))
            if name == row.cells[0] and own[1] - 1 < self.figures.newest_month() - 2:
                query = (f"SELECT count(*) FROM claims WHERE month BETWEEN '{name[:7]}' AND '{name[-7:]}' "
                         f"AND of_table IN {tuple([*self.paid, ''])}")
                spans[own] = name, self.figures.one(query)
        alone = {own[0]: claims for own, (_, claims) in spans.items() if own[1] - own[0] == 1}
        if spans:
            for month in set(range(min(spans)[0], max(spans)[1])) - covered:
                spans[month, month + 1] = f"{month // 12:04}-{month % 12 + 1:02}", 0
        for (first, end), (name, own) in sorted(spans.items()):
            around = [alone[near] for near in (first - 2, first - 1, end, end + 1) if near in alone]
            if len(around) >= 2:
                median = self.figures.one(f"SELECT floor(median(x))::INT FROM unnest({around}) AS t(x)")
                if own * 2 < median * (end - first):
                    yield f"{name} has {own} claims, under half of the {median} a month around it"
        yield from self.less()
        names = sum(own["name"] != "other" for own in self.manifest.get("drift", {}).get("findings", []))
        if names:
            yield f"{names} names in the records are not known: the service may have changed"

    def less(self):
        """Columns that are filled less than in the last run."""
        for table in TABLES:
            if not (then := self.before(table)):
                continue
            rows, _, now = self.columns_of(table)
            shown = self.page.tables.get(f"Filled columns of {table}")
            for row in shown.rows if shown else []:
                column, filled = row.cells[0], now[row.cells[0]][0]
                was = self.was_filled(table, column)
                if row.cells[1] != HIDDEN and was is not None and was / then - filled / rows >= 0.1 - 1e-12:
                    yield f"{table}.{column} is filled in {percent(filled, rows)} %; it was in {percent(was, then)} % of all rows in the last run"

    def input(self):
        section = self.page.section("input")
        told = self.page.facts(section)
        inputs, aside = self.manifest.get("inputs", []), self.manifest.get("left_aside", {})
        wanted = {
            "files": grouped(len(inputs)), "bytes, as stored": grouped(sum(own["bytes"] for own in inputs)),
            "lines": grouped(sum(own["lines"] for own in inputs)),
        }
        if "seconds" in self.manifest:
            wanted["seconds"] = f"{self.manifest['seconds']:.1f}"
        if aside:
            wanted["left aside, by ending"] = ", ".join(f"{grouped(number)} {ending}" for ending, number in sorted(aside.items()))
        self.same("what was read", told, wanted if inputs else {})
        sentences = [] if inputs else ["No manifest tells of the input."]
        if drift := self.manifest.get("drift"):
            which = "all records" if drift["which"] == "all" else "one record in 64"
            rest = UNKNOWN if drift.get("findings") else ALL_KNOWN
            sentences.append(f"{grouped(drift['records'])} records were looked through ({which}). {rest}")
        self.true("a name that records have is not told", not self.names or bool(drift and drift.get("findings")))
        kinds = sorted(self.figures.rejects().values(), reverse=True)
        if "rejected_by_class" not in self.manifest:
            sentences.append("No manifest tells of rejects.")
        elif not kinds:
            sentences.append("Nothing was rejected.")
        elif rest := sum(kinds[MOST_KINDS:]):
            sentences.append(f"Of other kinds: {grouped(rest)}.")
        self.same("what is said of the input", [node.seen() for node in section.find_all("p")], sentences)

"""What a page of `bcda report` should show of a folder of tables, by DuckDB over its Parquet. For ci/report.py.

Nothing here is the program's: bands and categories are written once more, from what docs/guide/profile.md says of them.
"""

import csv
import functools
import json
import pathlib
import re

import duckdb

FEWEST = 11
# What was paid, by table; and what patients paid of Part D.
PAID = {
    "CCLF1": ("CLM_PMT_AMT", "CLM_THRU_DT"),
    "CCLF5": ("CLM_LINE_CVRD_PD_AMT", "CLM_THRU_DT"),
    "CCLF6": ("CLM_LINE_CVRD_PD_AMT", "CLM_THRU_DT"),
    "CCLF7": ("CLM_LINE_BENE_PMT_AMT", "CLM_LINE_FROM_DT"),
}
TABLES = [f"CCLF{name}" for name in "123456789AB"]
NO_DATE = "no date"


def bands(value, ends, rest):
    """The name of the first band that a value does not exceed."""
    cases = " ".join(f"WHEN {value} <= {end} THEN '{name}'" for end, name in ends)
    return f"CASE {cases} ELSE '{rest}' END"


def codes(value, names, rest, none):
    cases = " ".join(f"WHEN {value} IN ({', '.join(map(repr, own.split()))}) THEN '{name}'" for name, own in names.items())
    return f"CASE WHEN coalesce({value}, '') = '' THEN '{none}' {cases} ELSE '{rest}' END"


KIND = codes("CLM_TYPE_CD", {
    "home health": "10", "skilled nursing": "20", "swing bed": "30", "outpatient": "40", "hospice": "50", "inpatient": "60 61",
    "physician": "71 72", "equipment": "81 82",
}, "other", "no type")
AMOUNTS = [
    (-0.01, "below 0"), (0, "0"), (50, "up to 50"), (100, "up to 100"), (500, "up to 500"), (1000, "up to 1,000"),
    (5000, "up to 5,000"), (10000, "up to 10,000"), (50000, "up to 50,000"),
]
LINES = [(1, "1"), (2, "2"), (5, "3 to 5"), (10, "6 to 10"), (20, "11 to 20")]
AGES = [(64, "under 65"), (69, "65 to 69"), (74, "70 to 74"), (79, "75 to 79"), (84, "80 to 84"), (89, "85 to 89")]
DRGS = [
    (19, "transplants and ventilation"), (103, "nervous system"), (125, "eye"), (159, "ear, nose and throat"),
    (208, "respiratory system"), (321, "circulatory system"), (395, "digestive system"), (446, "liver and pancreas"),
    (566, "bones and joints"), (607, "skin and breast"), (645, "hormones and metabolism"), (700, "kidney and urinary tract"),
    (730, "male organs"), (761, "female organs"), (788, "pregnancy and birth"), (795, "newborns"), (798, "pregnancy and birth"),
    (804, "blood"), (833, "pregnancy and birth"), (849, "blood cancers"), (872, "infections"), (887, "mental diseases"),
    (897, "alcohol and drugs"), (923, "injuries and poisoning"), (935, "burns"), (951, "factors of health"),
    (965, "multiple injuries"), (977, "HIV"),
]
DRG = f"""CASE WHEN coalesce(DGNS_DRG_CD, '') = '' THEN 'no DRG' WHEN NOT regexp_full_match(DGNS_DRG_CD, '[0-9]+') THEN 'other'
    ELSE {bands('DGNS_DRG_CD::INT', DRGS, 'unrelated procedures or ungroupable')} END"""
RANGES = [(9999, "anesthesia"), (69999, "surgery"), (79999, "imaging"), (89999, "laboratory"), (99199, "medicine"), (99499, "visits")]
LETTERS = {
    "ambulance and supplies": "A", "nutrition": "B", "equipment": "E K", "services of Medicare's own": "G", "drugs": "J Q",
    "braces and prostheses": "L", "vision and hearing": "V",
}
LETTER = " ".join(
    f"WHEN CLM_LINE_HCPCS_CD[1] IN ({', '.join(map(repr, own.split()))}) THEN '{name.replace(chr(39), 2 * chr(39))}'"
    for name, own in LETTERS.items()
)
PROCEDURE = f"""CASE WHEN coalesce(CLM_LINE_HCPCS_CD, '') = '' THEN 'no code'
    WHEN regexp_full_match(CLM_LINE_HCPCS_CD, '[0-9]+') THEN {bands('CLM_LINE_HCPCS_CD::INT', RANGES, 'other')}
    {LETTER} ELSE 'other' END"""
PLACE = codes("ltrim(CLM_POS_CD, '0')", {
    "office or clinic": "11 49 50 71 72", "telehealth": "2 10", "home or assisted living": "12 13 14 16 33",
    "outpatient hospital": "19 22", "inpatient hospital": "21 51 61", "emergency or urgent care": "20 23", "surgery center": "24",
    "nursing facility or hospice": "31 32 34", "dialysis": "65", "laboratory": "81", "ambulance": "41 42",
}, "other", "not told")
SEX = codes("BENE_SEX_CD", {"male": "1", "female": "2"}, "unknown", "not told")
DUAL = codes("BENE_DUAL_STUS_CD", {
    "Medicare only": "0 00 NA", "Medicare Savings Program only": "01 03 05 06 1 3 5 6", "full Medicaid": "02 04 08 2 4 8",
}, "other", "not told")
STATUS = codes("BENE_MDCR_STUS_CD", {
    "aged": "10", "aged with kidney failure": "11", "disabled": "20", "disabled with kidney failure": "21",
    "kidney failure only": "31",
}, "other", "not told")
AGE = f"CASE WHEN BENE_AGE IS NULL OR BENE_AGE < 0 THEN 'not told' ELSE {bands('BENE_AGE', AGES, '90 or older')} END"

# One-way tables: the table, what it is cut by, and the columns that this is made of.
CATEGORIES = {
    "Paid by DRG of CCLF1": ("CCLF1", DRG),
    "Paid by place of service of CCLF5": ("CCLF5", PLACE),
    "Paid by procedure of CCLF5": ("CCLF5", PROCEDURE),
    "Paid by procedure of CCLF6": ("CCLF6", PROCEDURE),
}
PEOPLE = {"People by age": AGE, "People by sex": SEX, "People by dual status": DUAL, "People by Medicare status": STATUS}
CUT_BY = set(re.findall(r"\b(?:CLM|BENE|DGNS)_[A-Z0-9_]+\b", " ".join([KIND, DRG, PLACE, PROCEDURE, *PEOPLE.values()])))
# In their order, for names such as `a … b`.
ORDERED = {
    "amount": [name for _, name in AMOUNTS] + ["above 50,000"],
    "lines": [name for _, name in LINES] + ["21 or more"],
    "People by age": ["not told", *(name for _, name in AGES), "90 or older"],
}


def members(name, known, is_ordered):
    """The categories that a name stands for: itself, `a + b`, or `a … d` of those that have an order."""
    found = []
    for part in name.split(" + "):
        ends = part.split(" … ") if is_ordered else [part]
        if not set(ends) <= set(known):
            raise LookupError(f"`{name}` has a category that is not known: {sorted(set(ends) - set(known))}")
        found += known[known.index(ends[0]) : known.index(ends[1]) + 1] if len(ends) == 2 else ends
    return found


class Cells:
    """A table that is cut by rows and columns: (claims, cents, people) by (row, column); None in place of one is all of them."""

    def __init__(self, found):
        self.found = {(row, column): (count, int(cents or 0), people) for row, column, count, cents, people in found}

    def __getitem__(self, place):
        return self.found.get(place, (0, 0, 0))

    def is_small(self, place):
        return 0 < self[place][2] < FEWEST


class Figures:
    """The figures of the tables in a folder; `before` is that of the tables which were brought up to date."""

    def __init__(self, folder, before=None):
        self.folder, self.before = pathlib.Path(folder), before and pathlib.Path(before)
        manifest = self.folder / "tables-manifest.json"
        self.manifest = json.loads(manifest.read_text()) if manifest.is_file() else None
        self.db = duckdb.connect(config={"threads": 2})
        for place, prefix in ((self.folder, ""), *([(self.before, "before_")] if before else [])):
            for table in TABLES:
                path = place / f"{table.lower()}.parquet"
                self.db.sql(f"CREATE VIEW {prefix}{table} AS SELECT * FROM read_parquet('{path}', file_row_number = true)")
        self.columns = {table: [name for name, *_ in self.all(f"DESCRIBE {table}") if name != "file_row_number"] for table in TABLES}
        # CMS's files name no claim of BCDA, and have its rows apart.
        is_of_cclf = self.one("SELECT count(BCDA_EOB_ID) = 0 FROM CCLF1")
        day = f"coalesce(strftime(min({{}}), '%Y-%m'), '{NO_DATE}')"
        parts = []
        for table, (amount, date) in PAID.items():
            # What an export has twice is there twice: a claim begins with another id, and where its first line comes again.
            line = "CLM_LINE_NUM" if table in ("CCLF5", "CCLF6") else "1"
            claim = "CUR_CLM_UNIQ_ID" if is_of_cclf else "sum(CASE WHEN line = first THEN 1 ELSE 0 END) OVER own"
            own = "WINDOW own AS (ORDER BY file_row_number)"
            rows = f"SELECT *, {line} AS line, BCDA_EOB_ID IS DISTINCT FROM lag(BCDA_EOB_ID) OVER own AS is_new FROM {table} WHERE BCDA_FINAL {own}"
            runs = f"SELECT *, sum(is_new::INT) OVER own AS run FROM ({rows}) {own}"
            first = f"SELECT *, first_value(line) OVER (PARTITION BY run ORDER BY file_row_number) AS first FROM ({runs})"
            parts.append(f"""SELECT '{table}' AS of_table, min({KIND}) AS kind, {day.format(date)} AS month, count(*) AS lines,
                coalesce(sum({amount}), 0) AS dollars, coalesce(min(BENE_MBI_ID), '') AS person
                FROM (SELECT *, {claim} AS claim FROM ({first}) {own}) GROUP BY claim""")
        self.db.sql(f"""CREATE TABLE claims AS SELECT *, (dollars * 100)::HUGEINT AS cents,
            {bands('dollars', AMOUNTS, 'above 50,000')} AS amount, {bands('lines', LINES, '21 or more')} AS band
            FROM ({' UNION ALL '.join(parts)})""")
        rows = "SELECT *, row_number() OVER (PARTITION BY coalesce(BENE_MBI_ID, '') ORDER BY file_row_number) AS place FROM CCLF8"
        cuts = ", ".join(f"{cut} AS \"{caption}\"" for caption, cut in PEOPLE.items())
        self.db.sql(f"CREATE TABLE people AS SELECT *, {cuts} FROM ({rows}) WHERE place = 1")
        counted = "SELECT of_table, count(DISTINCT person) FROM claims GROUP BY 1"
        self.people_of = {table: 0 for table in PAID} | dict(self.all(counted))

    def all(self, query):
        return self.db.sql(query).fetchall()

    def one(self, query):
        return self.db.sql(query).fetchall()[0][0]

    def left_out(self):
        """Tables of which nothing is shown where small cells are hidden."""
        return [table for table in PAID if 0 < self.people_of[table] < FEWEST]

    @functools.cache
    def source(self):
        """v1, v2, v3 or cclf, as lineage tells."""
        rows = " UNION ALL ".join(f"SELECT BCDA_API FROM {table}" for table in TABLES)
        return self.one(f"SELECT coalesce(min(BCDA_API), 'cclf') FROM ({rows})")

    @functools.cache
    def newest_month(self):
        """The month of the export, as a number; where nothing tells it the last one of a claim."""
        times = re.findall(r'"(?:transactionTime|transaction_time)": *"(\d{4})-(\d\d)', json.dumps(self.manifest or {}))
        told = listed(set(PAID) - set(self.left_out()) | {"CCLF7"})
        query = f"SELECT DISTINCT month FROM claims WHERE month <> '{NO_DATE}' AND of_table IN {told}"
        last = [tuple(month.split("-")) for (month,) in self.all(query)]
        return max((int(year) * 12 + int(month) - 1 for year, month in times or last), default=0)

    def kinds(self, tables):
        """The claim types of some tables."""
        return [kind for (kind,) in self.all(f"SELECT DISTINCT kind FROM claims WHERE of_table IN {listed(tables)}")]

    def keys(self, key, tables):
        found = [own for (own,) in self.all(f"SELECT DISTINCT {key} FROM claims WHERE of_table IN {listed(tables)} ORDER BY 1")]
        order = ORDERED.get({"band": "lines"}.get(key, key))
        # `no date` comes before all months.
        return [own for own in order if own in found] if order else sorted(found, key=lambda own: (own != NO_DATE, own))

    def cells(self, key, rows, columns, tables, hidden=()):
        """Claims by rows and columns, which are lists of lists of members; and the people of the hidden cells of each line."""
        self.place("own_rows", rows)
        self.place("own_columns", columns)
        self.fill("hidden (r INT, c INT)", hidden)
        self.db.sql(f"""CREATE OR REPLACE TEMP TABLE own AS SELECT r.place AS r, c.place AS c, cents, person
            FROM claims JOIN own_rows r ON {key} = r.name JOIN own_columns c ON kind = c.name
            WHERE of_table IN {listed(tables)}""")
        figures = "count(*), sum(cents), count(DISTINCT person)"
        cells = Cells(self.all(f"SELECT r, c, {figures} FROM own GROUP BY GROUPING SETS ((r, c), (r), (c), ())"))
        people = self.all("SELECT r, c, count(DISTINCT person) FROM own JOIN hidden USING (r, c) GROUP BY GROUPING SETS ((r), (c))")
        return cells, {(row, column): count for row, column, count in people}

    def place(self, name, groups):
        self.fill(f"{name} (place INT, name VARCHAR)", [(place, own) for place, group in enumerate(groups) for own in group])

    def fill(self, table, rows):
        """Makes a table for a query, of rows of two values."""
        name = table.split()[0]
        self.db.execute(f"CREATE OR REPLACE TEMP TABLE {table}")
        if rows:
            values = ", ".join(["(?, ?)"] * len(rows))
            self.db.execute(f"INSERT INTO {name} VALUES {values}", [value for row in rows for value in row])

    def lines(self, cut, rows, source, dollars):
        """Rows of a table, cut one way; `rows` as above."""
        self.place("own_rows", rows)
        query = f"""SELECT r.place, NULL, count(*), sum({dollars} * 100)::HUGEINT, count(DISTINCT coalesce(BENE_MBI_ID, ''))
            FROM (SELECT *, {cut} AS own FROM {source}) JOIN own_rows r ON own = r.name GROUP BY GROUPING SETS ((r.place), ())"""
        return Cells(self.all(query))

    @functools.cache
    def filled(self, table):
        """Rows (of CCLF8 people) and people; and of each column rows that have it, people of these, and of the others."""
        person = "CRNT_NUM" if table == "CCLF9" else "BENE_MBI_ID"
        where = "" if table in ("CCLF8", "CCLF9") else "WHERE BCDA_FINAL"
        people = f"count(DISTINCT coalesce({person}, ''))"
        each = ", ".join(
            f'count("{name}"), {people} FILTER ("{name}" IS NOT NULL), {people} FILTER ("{name}" IS NULL)'
            for name in self.columns[table]
        )
        rows, all_people, *own = self.db.sql(f"SELECT count(*), {people}, {each} FROM {table} {where}").fetchall()[0]
        own = list(zip(own[::3], own[1::3], own[2::3], strict=True))
        if table == "CCLF8":
            rows, own = all_people, [(with_it, with_it, all_people - with_it) for _, with_it, _ in own]
        return rows, all_people, dict(zip(self.columns[table], own, strict=True))

    @functools.cache
    def filled_of_all_rows(self, table, prefix=""):
        """All rows, final or not, and those that have each column."""
        each = ", ".join(f'count("{name}")' for name in self.columns[table])
        rows, *own = self.db.sql(f"SELECT count(*), {each} FROM {prefix}{table}").fetchall()[0]
        return rows, dict(zip(self.columns[table], own, strict=True))

    @functools.cache
    def people_of_all_rows(self, table, prefix=""):
        """Of each column, the people whose rows have it, and those whose rows are without it, final or not."""
        person = "CRNT_NUM" if "BENE_MBI_ID" not in self.columns[table] else "BENE_MBI_ID"
        count = lambda name, is_null: f'count(DISTINCT {person}) FILTER ("{name}" IS {"" if is_null else "NOT "}NULL)'
        each = ", ".join(count(name, False) + ", " + count(name, True) for name in self.columns[table])
        own = self.db.sql(f"SELECT {each} FROM {prefix}{table}").fetchall()[0]
        return dict(zip(self.columns[table], zip(own[::2], own[1::2]), strict=True))

    @functools.cache
    def rejects(self):
        """Counts by class, file and place, of all lists of rejects."""
        lists = sorted(self.folder.glob("rejects/**/rejects.csv")) + sorted(self.folder.glob("rejects.csv"))
        if not lists:
            return {}
        names = f"read_csv({[str(path) for path in lists]}, all_varchar = true, header = true, union_by_name = true)"
        columns = [name for name, *_ in self.all(f"DESCRIBE SELECT * FROM {names}")]
        of = lambda *wanted: next(name for name in wanted if name in columns)
        path = f"regexp_replace(coalesce(\"{of('path', 'column')}\", ''), '\\[[^]]*\\]', '', 'g')"
        query = f"""SELECT class, "{of('source', 'file')}", CASE WHEN {path} = '' THEN 'the record'
            WHEN regexp_full_match({path}, '[A-Za-z0-9._]*') AND NOT regexp_matches({path}, '[0-9]{{5}}') THEN {path}
            ELSE 'other' END, count(*) FROM {names} GROUP BY ALL"""
        return {(kind, file, place): count for kind, file, place, count in self.all(query)}


def listed(names):
    return "(" + ", ".join(f"'{name}'" for name in [*names, ""]) + ")"


def no_source(version, root):
    """Columns that cannot be filled from a version of the API, each with the reason that the crosswalk has."""
    folder = root / "cclf-crosswalk" / {"v1": "stu3"}.get(version, version)
    found = {}
    if not folder.is_dir():
        return found
    for own in csv.DictReader((folder / "crosswalk.csv").open()):
        if own["where"] == "-":
            found[own["table"], own["column"]] = own["note"]
    for own in csv.DictReader((folder / "lineage.csv").open()):
        if own["where"] == "-":
            for table in TABLES:
                found.setdefault((table, own["column"]), own["note"])
    return found

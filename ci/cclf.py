"""Holds `bcda cclf write`, `bcda cclf read` and `bcda convert --format cclf` against CMS's layout. Run by ci/cclf.

What is written is looked at byte by byte, and cut by DuckDB into columns that must be those of the tables; which rows
should be there is found here anew. What is read must be the same tables again: of the current layout, of older ones that
are cut out of it, and in every form that files come in. No message, report or manifest may have a value.
"""

import collections
import contextlib
import csv
import gzip
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import duckdb
import pyarrow
import pyarrow.parquet

import fixed_width as fw
import runs

WRITTEN = "fixed width: bytes, rows and values of what is written"
READ = "fixed width: written, and read again"
FORMS = "fixed width: older layouts, and other forms of files"
BAD = "fixed width: bad lines, bad values and inputs that are refused"
DBT = "fixed width: dbt on tables that were read (long)"

MANIFESTS = {"cclf-manifest.json", "tables-manifest.json"}
USAGE, REJECTS, BAD_DATA = 2, 3, 4
FIRST_NUMBER = 9_000_000_000_001
# Whatever these columns hold is of a patient.
OF_PATIENTS = {
    "BENE_MBI_ID", "CRNT_NUM", "PRVS_NUM", fw.CLAIM, "CLM_CNTL_NUM", "BENE_1ST_NAME", "BENE_MIDL_NAME", "BENE_LAST_NAME",
    "BENE_LINE_1_ADR", "BENE_LINE_2_ADR", "BENE_LINE_3_ADR", "BENE_LINE_4_ADR", "BENE_LINE_5_ADR", "BENE_LINE_6_ADR",
    "BCDA_EOB_ID", "BCDA_CLM_GRP_ID",
}
# Shorter values are found in any text.
LEAST_TOLD = 4


class Bench:
    """The program in a folder to work in, and what it is held against."""

    def __init__(self, work, tally):
        self.work, self.tally = work, tally
        self.layout = fw.layout()
        # Words that no message may have, and what has more than one word.
        self.secrets, self.phrases = set(), set()
        self.db = duckdb.connect(config={"threads": 2})

    def __truediv__(self, name):
        return self.work / name

    def run(self, words, expected=0, told=()):
        """Runs the program; it must end with this code, say these words, and tell no secret anywhere."""
        words = words.split() if isinstance(words, str) else [str(word) for word in words]
        self.work.remove("report.json")
        if words[0] != "synth":
            words = [*words, "--report", "report.json"]
        code, _, said = self.work.run(words)
        self.tally.ran()
        shown = "bcda " + " ".join(words)
        if code is None or code < 0 or "panicked" in said:
            self.tally.failed("aborts", f"{shown}: {said[-500:]}")
        elif code != expected:
            self.lost(f"{shown}: exit code {code}, not {expected}: {said[-500:]}")
        for text in told:
            if text not in said:
                self.lost(f"{shown}: does not say `{text}`")
        self.hold_back(f"standard error of {shown}", said)
        report = self / "report.json"
        text = report.read_text() if report.is_file() else "{}"
        self.hold_back(f"the report of {shown}", text)
        out = self / words[words.index("--out") + 1]
        for path in out.rglob("*") if out.is_dir() else ():
            if path.name in MANIFESTS or path.suffix == ".csv" and path.parent.name == "rejects":
                self.hold_back(f"{path.relative_to(self.work.path)} of {shown}", path.read_text())
        return said, json.loads(text)

    def refuse(self, words, *told):
        """The program must end with a message about its usage, and leave nothing."""
        words = words.split() if isinstance(words, str) else [str(word) for word in words]
        self.run(words, USAGE, told)
        out = words[words.index("--out") + 1]
        if (self / out).exists():
            self.lost(f"bcda {' '.join(words)}: something is at --out")
            self.work.remove(out)

    def lost(self, what):
        self.tally.failed("lost", what)

    def same(self, what, found, expected):
        if found != expected:
            self.lost(f"{what}: {found!r}, not {expected!r}")

    def hold_back(self, what, text):
        leaked = len(self.secrets.intersection(re.findall(r"[\w-]+", text))) + sum(secret in text for secret in self.phrases)
        if leaked:
            self.tally.failed("leaks", f"{what}: {leaked} values of the data")

    def learn(self, tables):
        """Takes what no message may have out of tables."""
        for path in sorted((self / tables).glob("*.parquet")):
            names = pyarrow.parquet.read_schema(path).names
            for name in OF_PATIENTS.intersection(names):
                column = pyarrow.parquet.read_table(path, columns=[name]).column(0).unique()
                for value in column.to_pylist():
                    if value and len(value) >= LEAST_TOLD:
                        (self.secrets if re.fullmatch(r"[\w-]+", value) else self.phrases).add(value)

    def select(self, query):
        return self.db.execute(query).fetchall()

    def differ(self, what, left, right, names):
        try:
            found = fw.difference(self.db, left, right, names)
        except duckdb.Error as error:
            # Its message may quote a value.
            found = f"DuckDB cannot cast or compare them ({type(error).__name__})"
        if found:
            self.lost(f"{what}: {found}")


def parquet(folder, table):
    return f"{folder}/{table.lower()}.parquet"


def member(folder, table):
    """The file of a table in a folder of CCLF files."""
    found = [path for path in folder.iterdir() if re.search(rf"\.ZC{table[-1]}W?[YR]\d\d\.", path.name)]
    return found[0] if len(found) == 1 else sys.exit(f"{folder}: {len(found)} files of {table}")


def files(folder):
    """The CCLF files in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in MANIFESTS}


def group_of(table):
    """The tables that a claim, or a person, has records in together."""
    return fw.OF_CLAIMS if table in fw.OF_CLAIMS else list(fw.PERSON)


class Expected:
    """Which rows of tables have records, found by SQL; views `rows_CCLF1` and so on have them."""

    def __init__(self, bench, tables, everything=False, numbers=None, earlier=()):
        """`numbers` are those of claims by id, and `earlier` those of them that were given before this run."""
        self.bench, db = bench, bench.db
        tables = bench / tables
        for table in fw.TABLES:
            db.execute(f"CREATE OR REPLACE TABLE all_{table} AS SELECT *, file_row_number + 1 AS place FROM "
                       f"read_parquet({fw.quoted(parquet(tables, table))}, file_row_number = true)")
        db.execute("CREATE OR REPLACE TABLE numbers (id VARCHAR, number VARCHAR, is_earlier BOOLEAN)")
        if numbers:
            given = [(claim, str(number), number in earlier) for claim, number in numbers.items()]
            db.executemany("INSERT INTO numbers VALUES (?, ?, ?)", given)
        # A claim may be there twice, as it was and as it is: rows tell by themselves whether they are final.
        own = " UNION ALL ".join(f"SELECT {fw.CLAIM} AS id, coalesce(BCDA_FINAL, false) AS final, "
                                 f"coalesce(CLM_ADJSMT_TYPE_CD = '1', false) AS cancels FROM all_{table}" for table in fw.OWN)
        db.execute(f"CREATE OR REPLACE TABLE claims AS {own}")
        self.only_final = not everything
        self.kept = "true" if everything else ("coalesce(BCDA_FINAL, false) AND "
                                               f"{fw.CLAIM} NOT IN (SELECT id FROM claims WHERE final AND cancels)")
        kept = " UNION ".join(f"SELECT {fw.CLAIM} AS id FROM all_{table} WHERE {self.kept}" for table in fw.OWN)
        db.execute(f"CREATE OR REPLACE VIEW kept_claims AS {kept}")
        for table in fw.TABLES:
            self.view(table)
        db.execute("CREATE OR REPLACE TABLE misfits (file VARCHAR, whose VARCHAR, fault VARCHAR)")
        for table in fw.TABLES:
            # Nobody looks at the rows of whom an earlier table has left out.
            db.execute(f"INSERT INTO misfits SELECT '{table}', whose, fault FROM kept_{table} WHERE fault IS NOT NULL "
                       f"AND whose NOT IN (SELECT whose FROM misfits WHERE file IN {tuple(group_of(table))})")
        for table in fw.TABLES:
            db.execute(f"CREATE OR REPLACE VIEW rows_{table} AS SELECT * FROM kept_{table} WHERE whose NOT IN "
                       f"(SELECT whose FROM misfits WHERE file IN {tuple(group_of(table))})")

    def view(self, table):
        """`kept_TABLE`: rows that count, with the number that a claim was given, and what of them cannot be written."""
        whose = fw.PERSON.get(table, fw.CLAIM)
        cases = []
        for place in self.bench.layout[table]:
            fault = fw.misfit(place)
            if place.name == fw.CLAIM:
                cases.append(f"WHEN n.number IS NULL AND a.{fw.CLAIM} IN (SELECT number FROM numbers WHERE is_earlier) "
                             f"THEN 'number {place.name}'")
                fault = f"CASE WHEN n.number IS NULL THEN {fw.misfit(place, 'a.' + fw.CLAIM)} END"
            cases.append(f"WHEN ({fault}) IS NOT NULL THEN ({fault}) || ' {place.name}'")
        # Of whom no MBI is known, each row is of somebody else.
        fault = f"CASE {' '.join(cases)} END AS fault, coalesce(a.{whose}, '{table} ' || a.place) AS whose"
        if table in fw.OF_CLAIMS:
            select = (f"a.* REPLACE (coalesce(n.number, a.{fw.CLAIM}) AS {fw.CLAIM}), {fault} FROM all_{table} a "
                      f"LEFT JOIN numbers n ON n.id = a.{fw.CLAIM} WHERE {self.kept.replace(fw.CLAIM, 'a.' + fw.CLAIM)}")
        else:
            select = f"a.*, {fault} FROM all_{table} a"
        self.bench.db.execute(f"CREATE OR REPLACE VIEW kept_{table} AS SELECT {select}")

    def counts(self):
        """What the report must say."""
        one = lambda query: self.bench.select(query)[0][0]
        by = lambda what: dict(self.bench.select(f"SELECT {what}, count(*) FROM misfits GROUP BY ALL ORDER BY ALL"))
        group = lambda tables: one(f"SELECT count(DISTINCT whose) FROM misfits WHERE file IN {tuple(tables)}")
        return {
            "claims": sum(one(self.runs(table)) for table in fw.OWN),
            "people": one("SELECT count(DISTINCT BENE_MBI_ID) FROM all_CCLF8"),
            "left_out": {
                "not_final": one("SELECT count(DISTINCT id) FROM claims WHERE NOT final") if self.only_final else 0,
                "cancellations": one("SELECT count(DISTINCT id) FROM claims WHERE final AND cancels") if self.only_final else 0,
            },
            "rejected": {
                "claims": group(fw.OF_CLAIMS),
                "people": group(fw.PERSON),
                "by_class": by("split_part(fault, ' ', 1)"),
                "by_column": by("file || '.' || split_part(fault, ' ', 2)"),
            },
        }

    def runs(self, table):
        """How many claims a table has: rows of one stand together, those that are final apart from those that are not."""
        final = "coalesce(BCDA_FINAL, false)" if self.only_final else "true"
        return (f"SELECT count(*) FROM (SELECT 1 FROM all_{table} QUALIFY ({fw.CLAIM}, {final}) IS DISTINCT FROM "
                f"lag(({fw.CLAIM}, {final})) OVER (ORDER BY place))")

    def rows(self, table):
        return self.bench.select(f"SELECT count(*) FROM rows_{table}")[0][0]

    def select(self, table):
        places = self.bench.layout[table]
        return f"SELECT {', '.join(f'{fw.stored(place)} AS {place.name}' for place in places)} FROM rows_{table}"

    def exact(self, table):
        """CMS's columns, as they are in the table."""
        return f"SELECT {', '.join(place.name for place in self.bench.layout[table])} FROM rows_{table}"


def look_at(bench, what, folder, expected, report):
    """Files against the layout and against the tables that they were made of."""
    records = {}
    for table in fw.TABLES:
        path = member(folder, table)
        found, records[table] = fw.faults(table, bench.layout[table], path.read_bytes())
        for fault, count in sorted(found.items()):
            bench.lost(f"{what}: {fault}, {count} times")
        if found or not expected:
            continue
        cut = ", ".join(f"{fw.cut(place)} AS {place.name}" for place in bench.layout[table])
        names = [place.name for place in bench.layout[table]]
        bench.differ(f"{what}: {table} against the table (right)", f"SELECT {cut} FROM {fw.lines_of(path)}",
                     expected.select(table), names)
        bench.same(f"{what}: records of {table}", records[table], expected.rows(table))
    lengths = {table: fw.length_of(bench.layout[table]) for table in fw.TABLES}
    found, wanted = (data.split(b"\n") for data in (member(folder, "CCLF0").read_bytes(), fw.summary(records, lengths)))
    bench.same(f"{what}: lines of CCLF0", len(found), len(wanted))
    bench.same(f"{what}: lines of CCLF0 that differ", [line for line, other in zip(found, wanted) if line != other], [])
    if report:
        told = {file["table"]: (file["records"], file["record_length"]) for file in report["written"]}
        bench.same(f"{what}: records in the report", told,
                   {table: (records[table], lengths[table]) for table in fw.TABLES} | {"CCLF0": (11, 70)})
        for name, count in expected.counts().items() if expected else ():
            bench.same(f"{what}: {name} in the report", report[name], count)
    return records


def numbers_of(path):
    """The numbers of claims in a map, in its order."""
    with open(path, newline="") as file:
        return {row[fw.CLAIM]: int(row["SURROGATE"]) for row in csv.DictReader(file)}


def moment(export):
    """D and T of names, of an export's transactionTime."""
    time = json.loads((export / "bcda-export.json").read_text())["transactionTime"]
    found = re.fullmatch(r"20(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d)\d*)?Z", time)
    year, month, day, hour, minute, second, tenth = (part or "0" for part in found.groups())
    return year, f"D{year}{month}{day}.T{hour}{minute}{second}{tenth}"


@contextlib.contextmanager
def made(tally, version, people):
    """An export of a version of the API and its tables, `export` and `tables`."""
    with runs.Work() as work:
        bench = Bench(work, tally)
        bench.run(f"synth --quiet --api {version} {people} --seed 5 --out export")
        bench.run("convert export --quiet --out tables")
        bench.learn("tables")
        yield bench


def is_numbered(version):
    """Whether claims of this version have ids that need numbers."""
    return version != "v3"


def check_written(form, people):
    tally = runs.Tally(WRITTEN)
    for version in ("v1", "v2", "v3"):
        with made(tally, version, people) as bench:
            written(bench, version)
            if version == "v3":
                cancellations(bench)
                names(bench)
    return tally.end()


def written(bench, version):
    # Of many people more than is usual have names that are not ASCII.
    options = "--aco A1234 --quiet --max-rejects 100%"
    mapped = f"{options} --surrogate-ids map.csv"
    if is_numbered(version):
        # Nearly all claims have ids of another form: that is said, and nothing is written.
        bench.run("cclf write tables --aco A1234 --quiet --out none", BAD_DATA, ["--surrogate-ids"])
        bench.same(f"{version}: what is left of it", (bench / "none").exists(), False)
        usual = mapped
    else:
        usual = options
    expected = Expected(bench, "tables")
    code = REJECTS if bench.select("SELECT count(*) FROM misfits WHERE split_part(fault, ' ', 2) <> 'CUR_CLM_UNIQ_ID'")[0][0] else 0

    _, report = bench.run(f"cclf write tables {usual} --out plain", code)
    if is_numbered(version):
        numbers = numbered(bench, version, report, mapped, code)
    else:
        numbers = {}
    expected = Expected(bench, "tables", numbers=numbers)
    look_at(bench, f"{version}, plain", bench / "plain", expected, report)
    list_of_misfits(bench, f"{version}, plain", "plain")
    zipped(bench, version, usual, code)

    # What is written in one run is the same.
    bench.work.remove("map.csv")
    bench.run(f"convert export --format cclf {usual} --out once", code)
    bench.same(f"{version}: convert --format cclf, files that differ", different(bench / "once", bench / "plain"), [])
    if not is_numbered(version):
        bench.run(f"cclf write tables {mapped} --out mapped", code)
        bench.same(f"{version}: with a map of no claim, files that differ", different(bench / "mapped", bench / "plain"), [])

    _, report = bench.run(f"cclf write tables {usual} --all-versions --out all", code)
    numbers = numbers_of(bench / "map.csv") if is_numbered(version) else {}
    everything = Expected(bench, "tables", everything=True, numbers=numbers)
    look_at(bench, f"{version}, all versions", bench / "all", everything, report)
    bench.same(f"{version}: a warning about all versions", len(report["warnings"]) > 0, True)


def numbered(bench, version, report, mapped, code):
    """The map of numbers against the claims, and whether they stay the same."""
    numbers = numbers_of(bench / "map.csv")
    strange = {claim for claim, in bench.select("SELECT id FROM kept_claims WHERE NOT regexp_full_match(id, '[0-9]{1,13}')")}
    bench.same(f"{version}: claims with a number that need none, and that lack one",
               (len(numbers.keys() - strange), len(strange - numbers.keys())), (0, 0))
    bench.same(f"{version}: whether the numbers follow each other", sorted(numbers.values()) ==
               list(range(FIRST_NUMBER, FIRST_NUMBER + len(numbers))), True)
    bench.same(f"{version}: mode of the map", stat.S_IMODE((bench / "map.csv").stat().st_mode), 0o600)
    bench.same(f"{version}: numbers in the report", report["surrogates"], {"given": len(strange), "kept": 0})
    before = (bench / "map.csv").read_bytes()
    _, report = bench.run(f"cclf write tables {mapped} --out again", code)
    bench.same(f"{version}: numbers in the second report", report["surrogates"], {"given": 0, "kept": len(strange)})
    bench.same(f"{version}: whether the map stayed", (bench / "map.csv").read_bytes() == before, True)
    bench.same(f"{version}: files that differ the second time", different(bench / "again", bench / "plain"), [])
    bench.work.remove("again")
    return numbers


def different(one, other):
    """Names of files that are not the same in two folders, manifests apart."""
    left, right = runs.tree(one) or {}, runs.tree(other) or {}
    return sorted(name for name in left.keys() | right.keys() if name not in MANIFESTS and left.get(name) != right.get(name))


def list_of_misfits(bench, what, folder):
    """rejects/not-written.csv against the values that do not fit."""
    path = bench / folder / "rejects/not-written.csv"
    listed = list(csv.DictReader(open(path, newline=""))) if path.is_file() else []
    found = collections.Counter((row["table"], f"{row['class']} {row['column']}") for row in listed)
    wanted = dict(((file, fault), count) for file, fault, count in
                  bench.select("SELECT file, fault, count(*) FROM misfits GROUP BY ALL"))
    bench.same(f"{what}: what was not written, by class and column", dict(found), wanted)
    # A row is told by its place in the table, from 1.
    for table in {row["table"] for row in listed}:
        told = {(int(row["row"]), f"{row['class']} {row['column']}") for row in listed if row["table"] == table}
        there = set(bench.select(f"SELECT place, k.fault FROM kept_{table} k JOIN (SELECT DISTINCT * FROM misfits WHERE file = '{table}') m "
                                 "USING (whose, fault)"))
        bench.same(f"{what}: rows of {table} that are told and fit, and the other way about", (len(told - there), len(there - told)), (0, 0))


def zipped(bench, version, usual, code):
    bench.run(f"cclf write tables {usual} --zip --out zip", code)
    found = [path for path in (bench / "zip").iterdir() if path.suffix == ".zip"]
    bench.same(f"{version}: zips", len(found), 1)
    with zipfile.ZipFile(found[0]) as archive:
        bench.same(f"{version}: a damaged member", archive.testzip(), None)
        members = {name: archive.read(name) for name in archive.namelist()}
    plain = files(bench / "plain")
    bench.same(f"{version}: members of the zip that differ",
               sorted(name for name in members.keys() | plain.keys() if members.get(name) != plain.get(name)), [])
    _, time = moment(bench / "export")
    year = time[1:3]
    bench.same(f"{version}: name of the zip", found[0].name, f"P.A1234.ACO.ZCY{year}.{time}.zip")


def cancellations(bench):
    """Final claims that cancel another are left out, with all their rows."""
    final = {"BCDA_FINAL": lambda _: True}
    changed(bench, "tables", "final", {table: final for table in fw.OF_CLAIMS})
    expected = Expected(bench, "final")
    bench.same("whether there are cancellations to leave out", expected.counts()["left_out"]["cancellations"] > 0, True)
    _, report = bench.run("cclf write final --aco A1234 --quiet --max-rejects 100% --out of-final", REJECTS if (bench / "plain/rejects").exists() else 0)
    look_at(bench, "final cancellations", bench / "of-final", expected, report)


def names(bench):
    """The names of all programs."""
    year, time = moment(bench / "export")
    before = f"{int(year) - 1:02}"
    letters = "0123456789AB"
    for program, entity, options, zip_name, letter_of_year in [
        ("mssp", "A1234", "", f"ZCY{year}", f"Y{year}"),
        ("mssp", "A1234", "--runout", f"ZCR{before}", f"R{before}"),
        ("mssp", "A1234", "--performance-year 07", "ZCY07", "Y07"),
        ("mssp", "A1234", "--runout --performance-year 23", "ZCR23", "R23"),
        ("reach", "D9999", "", f"ZCY{year}", f"Y{year}"),
        ("reach", "D9999", "--runout", f"ZCR{before}", f"R{before}"),
        ("vtapm", "F123", "", f"ZCY{year}", f"Y{year}"),
        ("kcc", "K1234", "", f"ZCY{year}", f"Y{year}"),
        ("kcc", "C1234", "", f"ZCY{year}", f"Y{year}"),
        ("pcf", "P123456", "", f"ZC{year}", f"Y{year}"),
    ]:
        for packed in (False, True):
            words = f"cclf write tables --program {program} --aco {entity} {options} --quiet --max-rejects 100% --overwrite --out named"
            bench.run(words + (" --zip" if packed else ""), REJECTS if (bench / "plain/rejects").exists() else 0)
            wanted = [f"P.{entity}.ACO.ZC{letter}{letter_of_year}.{time}" for letter in letters]
            found = sorted(path.name for path in (bench / "named").iterdir() if path.is_file() and path.name not in MANIFESTS)
            bench.same(f"names: {program} {options} {'in a zip' if packed else ''}", found,
                       [f"P.{entity}.ACO.{zip_name}.{time}.zip"] if packed else wanted)
    for program, entity in [("mssp", "D1234"), ("reach", "A1234"), ("kcc", "A1234"), ("mssp", "A123"), ("pcf", "P1234")]:
        bench.refuse(f"cclf write tables --program {program} --aco {entity} --out refused")
    for program, entity in [("kcc", "K1234"), ("pcf", "P123456")]:
        bench.refuse(f"cclf write tables --program {program} --aco {entity} --runout --out refused")


def columns(bench, table):
    """CMS's columns of a table."""
    return [place.name for place in bench.layout[table]]


def same_tables(bench, what, left, right, tables=fw.TABLES, without=None):
    """CMS's columns of two results: names, types and values. `without` says of a table which columns are null on the right."""
    for table in tables:
        names = columns(bench, table)
        nulls = set(without[table]) if without else set()
        one = ", ".join(f"NULL AS {name}" if name in nulls else name for name in names)
        ours, theirs = (fw.quoted(parquet(bench / folder, table)) for folder in (left, right))
        kinds = [[row[:2] for row in bench.select(f"DESCRIBE SELECT {', '.join(names)} FROM {file}")] for file in (ours, theirs)]
        bench.same(f"{what}: types of {table}", kinds[1], kinds[0])
        bench.differ(f"{what}: {table}", f"SELECT {one} FROM {ours}", f"SELECT {', '.join(names)} FROM {theirs}", names)


def check_read(form, people):
    tally = runs.Tally(READ)
    for version in ("v1", "v2", "v3"):
        with made(tally, version, people) as bench:
            there_and_back(bench, version)
    return tally.end()


def there_and_back(bench, version):
    options = "--aco A1234 --quiet --max-rejects 100%" + (" --surrogate-ids map.csv" if is_numbered(version) else "")
    bench.run(f"cclf write tables {options} --all-versions --out files", rejecting(bench))
    numbers = numbers_of(bench / "map.csv") if is_numbered(version) else {}
    expected = Expected(bench, "tables", everything=True, numbers=numbers)
    bench.run("cclf read files --quiet --out back")
    for table in fw.TABLES:
        names = columns(bench, table)
        back = fw.quoted(parquet(bench / "back", table))
        bench.differ(f"{version}: {table} (left) and what was read of it", expected.exact(table),
                     f"SELECT {', '.join(names)} FROM {back}", names)
        kinds = [[row[:2] for row in bench.select(f"DESCRIBE SELECT * FROM {fw.quoted(parquet(folder, table))}")]
                 for folder in (bench / "tables", bench / "back")]
        bench.same(f"{version}: names and types of {table}", kinds[1], kinds[0])
    titles = dict(bench.select(f"SELECT FILE_TYPE, FILE_NAME FROM {fw.quoted(bench / 'tables/cclf0.parquet')}"))
    summary = [(table, titles[table], expected.rows(table), fw.length_of(bench.layout[table])) for table in fw.TABLES]
    bench.same(f"{version}: CCLF0 of what was read", bench.select(f"SELECT * FROM {fw.quoted(bench / 'back/cclf0.parquet')}"), summary)
    # What was read is written whole: cancellations, too, and without any BCDA_FINAL.
    bench.run("cclf write back --aco A1234 --quiet --out again")
    bench.same(f"{version}: files that differ when they are read and written", different(bench / "again", without_rejects(bench, "files")), [])
    # From a zip it is the same.
    bench.run(f"cclf write tables {options} --all-versions --zip --out zip", rejecting(bench))
    bench.run("cclf read zip --quiet --out back-of-zip")
    same_rows(bench, f"{version}: from a zip", "back", "back-of-zip")
    for form in ("csv", "arrow") if version == "v3" else ():
        bench.run(f"cclf read files --quiet --format {form} --out back-{form}")
        same_form(bench, version, form)


def rejecting(bench):
    """The exit code of a run that writes the tables: names of people need not be ASCII."""
    Expected(bench, "tables", everything=True, numbers=None)
    people = bench.select(f"SELECT count(*) FROM misfits WHERE file IN {tuple(fw.PERSON)}")[0][0]
    return REJECTS if people else 0


def without_rejects(bench, folder):
    """A copy of a folder of files without what was not written."""
    shutil.rmtree(bench / "bare", ignore_errors=True)
    shutil.copytree(bench / folder, bench / "bare", ignore=shutil.ignore_patterns("rejects"))
    return bench / "bare"


def same_rows(bench, what, left, right):
    """All columns of two results."""
    for table in fw.TABLES:
        one, other = (f"SELECT * FROM {fw.quoted(parquet(bench / folder, table))}" for folder in (left, right))
        names = [row[0] for row in bench.select(f"DESCRIBE {one}")]
        bench.same(f"{what}: names and types of {table}", bench.select(f"DESCRIBE {other}"), bench.select(f"DESCRIBE {one}"))
        bench.differ(f"{what}: {table}", one, other, names)


def same_form(bench, version, form):
    for table in fw.TABLES:
        names = columns(bench, table)
        own = f"{bench / f'back-{form}'}/{table.lower()}.{form}"
        if form == "csv":
            # As texts, in the words of the Parquet file's types.
            kinds = {row[0]: row[1] for row in bench.select(f"DESCRIBE SELECT * FROM {fw.quoted(parquet(bench / 'back', table))}")}
            types = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
            other = f"read_csv({fw.quoted(own)}, header = true, auto_detect = false, columns = {{{types}}}, quote = '\"', escape = '\"')"
        else:
            other = "arrow_table"
            with pyarrow.memory_map(own) as file:
                bench.db.register(other, pyarrow.ipc.open_file(file).read_all())
        bench.differ(f"{version}: {table} as Parquet and as {form}", f"SELECT {', '.join(names)} FROM {fw.quoted(parquet(bench / 'back', table))}",
                     f"SELECT {', '.join(names)} FROM {other}", names)


@contextlib.contextmanager
def deliveries(tally, people):
    """Files of all versions of a v3 export, in `files`, and the tables that are read of them, in `back`."""
    with made(tally, "v3", people) as bench:
        # Everybody, also people whose name is not ASCII: their letters are changed, so that CCLF8 has rows.
        plainly(bench, "tables")
        bench.run("cclf write tables --aco A1234 --quiet --all-versions --out files")
        bench.run("cclf read files --quiet --out back")
        yield bench


def plainly(bench, folder):
    """Texts of CCLF8 with a letter of ASCII in place of each that is none."""
    path = bench / folder / "cclf8.parquet"
    table = pyarrow.parquet.read_table(path)
    for number, field in enumerate(table.schema):
        if field.type == pyarrow.string():
            texts = [text and re.sub(r"[^ -~]", "e", text) for text in table.column(number).to_pylist()]
            table = table.set_column(number, field, pyarrow.array(texts, field.type))
    pyarrow.parquet.write_table(table, path)
    unhashed(bench / folder)
    bench.learn(folder)


def lines_in(bench, folder="files"):
    """Lines by table, and the names of the files."""
    found = {table: member(bench / folder, table) for table in fw.TABLES}
    return {table: path.read_bytes().split(b"\n")[:-1] for table, path in found.items()}, {table: path.name for table, path in found.items()}


def deliver(bench, folder, lines, names, end=b"\n", last=True, summary=None, lengths=None):
    """Writes files of these lines, and their CCLF0."""
    (bench / folder).mkdir()
    for table, of_table in lines.items():
        data = end.join(of_table) + (end if last and of_table else b"")
        (bench / folder / names[table]).write_bytes(data)
    lengths = lengths or {table: fw.length_of(bench.layout[table]) for table in fw.TABLES}
    counts = {table: len(lines.get(table, ())) for table in fw.TABLES}
    text = fw.summary(counts, lengths) if summary is None else summary
    (bench / folder / names["CCLF1"].replace(".ZC1", ".ZC0")).write_bytes(text)


def check_forms(form, people):
    tally = runs.Tally(FORMS)
    with deliveries(tally, people) as bench:
        lines, called = lines_in(bench)
        older_layouts(bench, lines, called)
        long_cclf7(bench, lines, called)
        own_layout(bench, lines, called)
        other_forms(bench, lines, called)
    return tally.end()


def layouts_of(version):
    """What a version's records are: {table: (length, columns or all that fit)}."""
    found = {}
    for table, layouts in fw.older().items():
        for (first, last, length), places in layouts.items():
            if first.isdigit() and int(first) <= version <= int(last) and length != 230:
                found[table] = length, places
    return found


def older_layouts(bench, lines, called):
    """Files of older layouts, whose records are put together column by column."""
    for version in (25, 26, 32, 33, 35, 36, 38, 43):
        layouts = layouts_of(version)
        bench.same(f"layout {version}: tables", sorted(layouts), fw.TABLES)
        cut, without = {}, {}
        for table, (length, places) in layouts.items():
            current = {place.name: place for place in bench.layout[table]}
            places = places or {name: (place.start, place.end) for name, place in current.items() if place.end <= length}
            without[table] = current.keys() - places.keys()
            cut[table] = []
            for line in lines[table]:
                record = bytearray(b" " * length)
                for name, (start, end) in places.items():
                    record[start - 1:end] = current[name].bytes_of(line)
                cut[table].append(bytes(record))
        bench.work.remove("older", "read")
        deliver(bench, "older", cut, called, lengths={table: length for table, (length, _) in layouts.items()})
        _, report = bench.run("cclf read older --quiet --out read")
        bench.same(f"layout {version}: warnings", report.get("warnings"), [])
        same_tables(bench, f"layout {version}", "back", "read", without=without)
    for table, layouts in sorted(fw.older().items()):
        known = {length for (_, last, length) in layouts if int(last) >= 25}
        for length in sorted({length for (_, last, length) in layouts if int(last) < 25} - known) + [fw.length_of(bench.layout[table]) + 2]:
            bench.work.remove("older")
            (bench / "older").mkdir()
            records = [line[:length].ljust(length) for line in lines[table]]
            (bench / "older" / called[table]).write_bytes(b"\n".join(records) + b"\n")
            bench.refuse("cclf read older --quiet --out read-older", f"{length} bytes", table)


def long_cclf7(bench, lines, called):
    """Records of 230 places: the prescriber stands at their end."""
    place = next(place for place in bench.layout["CCLF7"] if place.name == "CLM_PRSBNG_PRVDR_GNRC_ID_NUM")
    longer = [line[:place.start - 1] + b" " * place.length + line[place.end:] + place.bytes_of(line).ljust(35) for line in lines["CCLF7"]]
    bench.work.remove("older", "read")
    deliver(bench, "older", lines | {"CCLF7": longer}, called, lengths={t: fw.length_of(bench.layout[t]) for t in fw.TABLES} | {"CCLF7": 230})
    _, report = bench.run("cclf read older --quiet --out read")
    bench.same("CCLF7 of 230 places: whether its doubt is told", any("230" in warning for warning in report["warnings"]), True)
    same_tables(bench, "CCLF7 of 230 places", "back", "read")


def own_layout(bench, lines, called):
    """A layout that nobody has: the columns the other way about, blanks between them."""
    with open(bench / "layout.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "field_name", "start", "end"])
        moved = {}
        for table in ("CCLF1", "CCLF5", "CCLF8"):
            at, moved[table] = 1, [b""] * len(lines[table])
            for place in reversed(bench.layout[table]):
                rows.writerow([table, place.name, at + 1, at + place.length])
                at += place.length + 1
                moved[table] = [record + b"?" + place.bytes_of(line) for record, line in zip(moved[table], lines[table])]
    bench.work.remove("older", "read")
    deliver(bench, "older", lines | moved, called, summary=fw.summary({t: len(lines[t]) for t in fw.TABLES}, {t: 1 for t in fw.TABLES}))
    bench.run("cclf read older --quiet --layout layout.csv --out read")
    same_tables(bench, "a layout of one's own", "back", "read")
    (bench / "layout.csv").write_text("file,field_name,start,end\nCCLF1,CLM_PMT_AMOUNT,1,10\n")
    bench.refuse("cclf read older --quiet --layout layout.csv --out own", "line 2")


def other_forms(bench, lines, called):
    """The same lines, delivered otherwise: the same tables, with all columns."""
    summary = (bench / "files" / called["CCLF1"].replace(".ZC1", ".ZC0")).read_bytes()
    shorter = b"".join(line[:69] + b"\n" for line in summary.splitlines())
    for what, options in {
        "CRLF": {"end": b"\r\n"}, "no last line end": {"last": False}, "CRLF, no last line end": {"end": b"\r\n", "last": False},
        "CCLF0 of 69 places": {"summary": shorter}, "CCLF0 with CRLF and no last line end": {"summary": shorter.replace(b"\n", b"\r\n")[:-2]},
    }.items():
        bench.work.remove("form", "read")
        deliver(bench, "form", lines, called, **options)
        _, report = bench.run("cclf read form --quiet --out read")
        bench.same(f"{what}: warnings", report.get("warnings"), [])
        same_rows(bench, what, "back", "read")

    bench.work.remove("form", "read")
    (bench / "form").mkdir()
    for name, data in files(bench / "files").items():
        (bench / "form" / f"{name}.gz").write_bytes(gzip.compress(data))
    bench.run("cclf read form --quiet --out read")
    same_rows(bench, "gz", "back", "read")

    for deflated in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        bench.work.remove("form.zip", "read")
        with zipfile.ZipFile(bench / "form.zip", "w", deflated) as archive:
            archive.writestr("read me.txt", "of somebody else")
            archive.writestr("a folder/", "")
            archive.writestr("__MACOSX/._shadow", "of a Mac")
            for name, data in files(bench / "files").items():
                archive.writestr(f"a folder/{name}", data)
        _, report = bench.run("cclf read form.zip --quiet --out read")
        bench.same("foreign files in a zip, left aside", sum(report.get("left_aside", {}).values()), 2)
        same_rows(bench, "a zip with foreign files and a folder", "back", "read")
    bench.work.remove("read")
    bench.run(["cclf", "read", *sorted(f"files/{name}" for name in files(bench / "files"))[::-1], "--quiet", "--out", "read"])
    same_rows(bench, "files by name", "back", "read")

    # A count that is not CCLF0's is a warning.
    bench.work.remove("form", "read")
    counts = {table: len(lines[table]) + (table == "CCLF5") for table in fw.TABLES}
    deliver(bench, "form", lines, called, summary=fw.summary(counts, {t: fw.length_of(bench.layout[t]) for t in fw.TABLES}))
    _, report = bench.run("cclf read form --quiet --out read")
    bench.same("warnings of a count that differs", [called["CCLF5"] in warning for warning in report["warnings"]], [True])
    # What is missing in all the forms that CMS and its vendors have.
    missing(bench, lines, called)


def missing(bench, lines, called):
    """Blanks, `~` and the days that are none are null; signs, blanks and missing zeros of amounts are read."""
    places = {place.name: place for place in bench.layout["CCLF1"]}
    changed, wanted = [], []
    for name, text, value in [
        ("CLM_PMT_AMT", "", None), ("CLM_PMT_AMT", "-      12.5", "-12.50"), ("CLM_PMT_AMT", "+12", "12.00"),
        ("CLM_PMT_AMT", "-00000000012.34", "-12.34"), ("CLM_FROM_DT", "1000-01-01", None), ("CLM_FROM_DT", "9999-12-31", None),
        ("CLM_FROM_DT", "", None), ("CLM_ADJSMT_TYPE_CD", " 0", "0"), ("PRNCPL_DGNS_CD", "~", None), ("BENE_EQTBL_BIC_HICN_NUM", "", None),
        ("CLM_ADMSN_TYPE_CD", "~", None), ("CLM_BLG_PRVDR_OSCAR_NUM", "  A1", "A1"), ("CUR_CLM_UNIQ_ID", "17", "17"),
        ("CUR_CLM_UNIQ_ID", "0000000000017", "17"),
    ]:
        place, line = places[name], lines["CCLF1"][0]
        changed.append(line[:place.start - 1] + text.encode().ljust(place.length) + line[place.end:])
        wanted.append((name, value))
    bench.work.remove("form", "read")
    deliver(bench, "form", {"CCLF1": changed}, called, summary=fw.summary({t: len(changed) * (t == "CCLF1") for t in fw.TABLES},
                                                                         {t: fw.length_of(bench.layout[t]) for t in fw.TABLES}))
    bench.run("cclf read form --quiet --out read")
    table = pyarrow.parquet.read_table(parquet(bench / "read", "CCLF1"))
    for number, (name, value) in enumerate(wanted):
        found = table.column(name)[number].as_py()
        if (found if found is None else str(found)) != value:
            bench.lost(f"{name}, form {number} of values that are missing or otherwise written: not read as it should be")


CANARY = b"QZJ7XCANARY"


def check_bad(form, people):
    tally = runs.Tally(BAD)
    with deliveries(tally, people) as bench:
        bench.secrets.add(CANARY.decode())
        lines, called = lines_in(bench)
        bad_lines(bench, lines, called)
        refused_deliveries(bench, lines, called)
        refused_tables(bench)
        bad_values(bench)
        given_numbers(bench)
    return tally.end()


def spoiled(bench, table, line, name, text):
    place = next(place for place in bench.layout[table] if place.name == name)
    return line[:place.start - 1] + text.ljust(place.length)[:place.length] + line[place.end:], place


def bad_lines(bench, lines, called):
    """Bad lines are kept aside, by class, file, line, column; all others are read."""
    bad, wanted, raw = {table: list(of_table) for table, of_table in lines.items()}, [], []
    for table, at, name, text, fault in [
        ("CCLF1", 0, None, CANARY, "length"), ("CCLF1", 2, "CLM_PMT_AMT", b" 0000" + CANARY, "number"),
        ("CCLF5", 1, "CLM_FROM_DT", b"2019-02-30", "date"), ("CCLF5", 3, None, None, "length"),
        ("CCLF5", 7, "CLM_LINE_NUM", b"1" + CANARY, "number"), ("CCLF6", 1, "CLM_THRU_DT", CANARY, "date"),
        ("CCLF7", 1, "CLM_LINE_DAYS_SUPLY_QTY", b"0000-0017", "number"),
        ("CCLF8", 0, "BENE_DOB", b"1942-13-01", "date"), ("CCLF9", 0, "PRVS_ID_EFCTV_DT", b"19420101", "date"),
    ]:
        line = bad[table][at]
        if name is None:
            line, place = (text if text else line + b" " + CANARY), None
        else:
            line, place = spoiled(bench, table, line, name, text)
        bad[table][at] = line
        offset = sum(len(before) + 1 for before in bad[table][:at])
        wanted.append([called[table], str(at + 1), str(offset), fault, str(place.start - 1 if place else len(line)), name or ""])
        raw.append(line)
    bench.work.remove("bad", "good", "read", "read-good")
    deliver(bench, "bad", bad, called)
    _, report = bench.run("cclf read bad --out read", REJECTS)
    listed = list(csv.reader(open(bench / "read/rejects/rejects.csv", newline="")))
    bench.same("the list of bad lines", listed, [["source", "line", "byte_offset", "class", "fault_byte", "column"], *wanted])
    kept = (bench / "read/rejects/rejects.txt").read_bytes()
    bench.same("whether bad lines are kept as they were", kept == b"".join(line + b"\n" for line in raw), True)
    bench.same("rejects in the report", (report["rejected"], report["rejected_by_class"]),
               (len(wanted), dict(sorted(collections.Counter(row[3] for row in wanted).items()))))
    good = {table: [line for line in of_table if line not in raw] for table, of_table in bad.items()}
    deliver(bench, "good", good, called)
    bench.run("cclf read good --quiet --out read-good")
    same_rows(bench, "all but the bad lines", "read-good", "read")
    # The first bad line ends the run, where it is asked for; too many do always.
    bench.run("cclf read bad --on-bad-record fail --out ended", BAD_DATA, [called["CCLF1"], "line 1"])
    bench.run("cclf read bad --max-rejects 3 --out ended", BAD_DATA, ["--max-rejects"])
    bench.same("what is left of a run that bad lines ended", (bench / "ended").exists(), False)


def refused_deliveries(bench, lines, called):
    """What does not go together, or is no delivery, is refused, and nothing is written."""
    def only(folder, *names):
        bench.work.remove(folder)
        (bench / folder).mkdir()
        for name, of_table in names:
            (bench / folder / name).write_bytes(b"".join(line + b"\n" for line in of_table))

    older = [line[:292] for line in lines["CCLF1"]]
    only("two", (called["CCLF1"], older), (called["CCLF5"], lines["CCLF5"]))
    bench.refuse("cclf read two --out refused", "layout", called["CCLF1"], called["CCLF5"])
    runout = re.sub(r"Y(\d\d)\.", r"R\1.", called["CCLF5"])
    only("mixed", (called["CCLF1"], lines["CCLF1"]), (runout, lines["CCLF5"]))
    bench.refuse("cclf read mixed --out refused", "run-out")
    only("foreign", ("claims.txt", lines["CCLF1"]))
    bench.refuse("cclf read foreign --out refused", "foreign")
    bench.refuse("cclf read foreign/claims.txt --out refused", "claims.txt")
    bench.refuse("cclf read nothing --out refused", "nothing")
    bench.refuse("cclf read files files --out refused", "twice")
    bench.refuse("cclf read files --out files/tables", "--out")
    bench.refuse("cclf read tables --out refused", "tables")


def refused_tables(bench):
    """What is no result of the program, or not all of one, is refused, and nothing is written."""
    def copied(name):
        bench.work.remove(name)
        shutil.copytree(bench / "tables", bench / name)
        return bench / name

    bench.run("convert export --quiet --format csv --out csv")
    bench.refuse("cclf write csv --aco A1234 --out refused", "csv", "Parquet")
    (copied("missing") / "cclf6.parquet").unlink()
    bench.refuse("cclf write missing --aco A1234 --out refused", "cclf6.parquet")
    (bench / "empty").mkdir(exist_ok=True)
    bench.refuse("cclf write empty --aco A1234 --out refused", "empty")
    bench.refuse("cclf write foreign --aco A1234 --out refused", "foreign")
    bench.refuse("cclf write files --aco A1234 --out refused", "files")
    (copied("no-parquet") / "cclf5.parquet").write_bytes(CANARY * 99)
    bench.refuse("cclf write no-parquet --aco A1234 --out refused", "cclf5.parquet")
    bench.run("convert export --quiet --no-lineage --out bare-tables")
    bench.refuse("cclf write bare-tables --aco A1234 --out refused", "BCDA_FINAL")
    bench.run("convert export --quiet --columns CUR_CLM_UNIQ_ID,BENE_MBI_ID,CRNT_NUM --out few")
    bench.refuse("cclf write few --aco A1234 --out refused", "columns")
    # A folder that is not ours stays as it is.
    (bench / "mine").mkdir(exist_ok=True)
    (bench / "mine/notes.txt").write_text("mine")
    for words in ("cclf write tables --aco A1234", "cclf read files"):
        bench.run(f"{words} --overwrite --quiet --out mine", USAGE)
        bench.same("a folder of somebody else", runs.tree(bench / "mine"), {"notes.txt": b"mine"})


def changed(bench, source, folder, changes):
    """A copy of tables with other values: {table: {column: {row: value}}}."""
    bench.work.remove(folder)
    shutil.copytree(bench / source, bench / folder)
    for table, of_table in changes.items():
        path = parquet(bench / folder, table)
        rows = pyarrow.parquet.read_table(path)
        for name, values in of_table.items():
            column = rows.column(name).to_pylist()
            column = [values.get(number, value) for number, value in enumerate(column)] if isinstance(values, dict) else [values(v) for v in column]
            number = rows.schema.get_field_index(name)
            rows = rows.set_column(number, rows.schema.field(number), pyarrow.array(column, rows.schema.field(number).type))
        pyarrow.parquet.write_table(rows, path)
    unhashed(bench / folder)


def unhashed(folder):
    """Tables that were changed are others than their manifest says, and would be refused: it tells of none any more."""
    path = folder / "tables-manifest.json"
    manifest = json.loads(path.read_text())
    manifest["tables"] = []
    path.write_text(json.dumps(manifest))


def bad_values(bench):
    """Values that do not fit are never cut or changed: their claims and people have no records."""
    secret = CANARY.decode()
    changed(bench, "tables", "unfit", {
        "CCLF1": {"CLM_ADMSN_SRC_CD": {0: secret}, "PRNCPL_DGNS_CD": {4: "A\nB"}, "CLM_BLG_PRVDR_OSCAR_NUM": {6: "12345é"}},
        "CCLF2": {"CLM_LINE_HCPCS_CD": {9: "A\tB"}},
        "CCLF4": {"CLM_DGNS_CD": {20: secret}},
        "CCLF5": {"CLM_LINE_NUM": {5: -1}, "CLM_LINE_HCPCS_CD": {30: "\x7f"}},
        # A claim of Part D has one row.
        "CCLF7": {"CLM_LINE_NDC_CD": {3: secret + "1"}, "CLM_LINE_RX_SRVC_RFRNC_NUM": {5: "12x"},
                  "CUR_CLM_UNIQ_ID": {7: "-" + "7" * 9, 9: "1" * 14, 11: "12a"}},
        "CCLF8": {"BENE_1ST_NAME": {2: "N" * 31}, "BENE_LAST_NAME": {4: "Jos\xe9"}},
        "CCLF9": {"PRVS_NUM": {0: secret + "12"}},
    })
    expected = Expected(bench, "unfit")
    said, report = bench.run("cclf write unfit --aco A1234 --out fit", REJECTS, ["--surrogate-ids"])
    look_at(bench, "values that do not fit", bench / "fit", expected, report)
    list_of_misfits(bench, "values that do not fit", "fit")
    bench.run("cclf write unfit --aco A1234 --max-rejects 3 --out too-many", BAD_DATA, ["--max-rejects", "--surrogate-ids"])
    bench.same("what is left of a run with too many rejects", (bench / "too-many").exists(), False)


def given_numbers(bench):
    """A claim that bears a number which another was given is rejected; numbers in use are passed over."""
    ids = [claim for claim, in bench.select(f"SELECT DISTINCT id FROM kept_claims JOIN (SELECT DISTINCT {fw.CLAIM} AS id FROM all_CCLF7) USING (id) "
                                            "WHERE regexp_full_match(id, '[0-9]{1,13}') ORDER BY id")][:4]
    first, second, third, fourth = ids

    def renamed(folder, others):
        changed(bench, "tables", folder, {table: {fw.CLAIM: lambda claim: others.get(claim, claim)} for table in fw.OF_CLAIMS})

    renamed("early", {first: "-77000001", second: "-77000002", third: str(FIRST_NUMBER)})
    words = "--aco A1234 --quiet --surrogate-ids given.csv --out"
    _, report = bench.run(f"cclf write early {words} given")
    numbers = numbers_of(bench / "given.csv")
    bench.same("numbers that pass over one in use", sorted(numbers.values()), [FIRST_NUMBER + 1, FIRST_NUMBER + 2])
    look_at(bench, "numbers, first run", bench / "given", Expected(bench, "early", numbers=numbers), report)
    renamed("later", {first: "-77000001", fourth: str(FIRST_NUMBER + 2), second: "-77000003"})
    _, report = bench.run(f"cclf write later {words} given-later", REJECTS)
    after = numbers_of(bench / "given.csv")
    bench.same("numbers that stayed", {claim: after.get(claim) for claim in numbers}, numbers)
    expected = Expected(bench, "later", numbers=after, earlier=set(numbers.values()))
    look_at(bench, "numbers, second run", bench / "given-later", expected, report)
    bench.same("claims that bear a given number", report["rejected"]["by_class"], {"number": 1})
    (bench / "given.csv").write_text("id,number\n-1,2\n")
    bench.refuse(f"cclf write later {words} refused", "line 1")


def has_current():
    """Whether the program makes final claims of what was read."""
    return subprocess.run([runs.program(), "cclf", "current", "--help"], capture_output=True).returncode == 0


def check_dbt(form, people):
    """The dbt project on final claims that were made of files."""
    tally = runs.Tally(DBT)
    with made(tally, "v3", people) as bench:
        plainly(bench, "tables")
        bench.run("cclf write tables --aco A1234 --quiet --all-versions --out files")
        bench.run("cclf read files --quiet --out back")
        bench.run("cclf current back --quiet --naming tuva --out final")
        script = subprocess.run([str(runs.ROOT / "examples/dbt-duckdb/run"), str(bench / "final")], capture_output=True, text=True,
                                env=os.environ | {"BCDA_TEST_BINARY": runs.program()})
        if script.returncode != 0:
            bench.lost(f"examples/dbt-duckdb/run: {(script.stdout + script.stderr)[-2000:]}")
    return tally.end()


def main():
    if not fw.is_there():
        if sys.argv[1:] != ["--cases"]:
            print("skipped: no ../shared")
        return
    cases = {WRITTEN: check_written, READ: check_read, FORMS: check_forms, BAD: check_bad}
    # Without final claims there is nothing that the models count.
    if has_current():
        cases[DBT] = check_dbt
    form = runs.form(*cases)
    people = "--beneficiaries 20 --claims 20" if form == "smoke" else "--beneficiaries 400"
    wanted = os.environ.get("BCDA_CCLF_CASE", "")
    good = [check(form, people) for case, check in cases.items() if wanted in case and (form == "long" or not case.endswith("(long)"))]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()

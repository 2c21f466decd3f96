"""CMS's fixed-width files as ../shared/reference has them: the form of every place, and how DuckDB cuts lines into columns.

Nothing of this is taken from the program: it is what ci/cclf.py holds the program against.
"""

import collections
import csv
import dataclasses
import re

import runs

REFERENCE = runs.ROOT.parent / "shared/reference"
# CMS's titles, in the order of the lines of CCLF0.
TITLES = {
    "CCLF1": "Part A Claims Header File",
    "CCLF2": "Part A Claims Revenue Center Detail File",
    "CCLF3": "Part A Procedure Code File",
    "CCLF4": "Part A Diagnosis Code File",
    "CCLF5": "Part B Physicians File",
    "CCLF6": "Part B DME File",
    "CCLF7": "Part D File",
    "CCLF8": "Beneficiary Demographics File",
    "CCLF9": "BENE XREF File",
    "CCLFA": "Part A BE and Demo Codes File",
    "CCLFB": "Part B BE and Demo Codes File",
}
TABLES = list(TITLES)
HEADING = "File Number  |File Description    |Total Records Count |Record Length"
# The tables that a claim has its header or its lines in, and all that have rows of claims.
OWN = ["CCLF1", "CCLF5", "CCLF6", "CCLF7"]
OF_CLAIMS = [table for table in TABLES if table not in ("CCLF8", "CCLF9")]
CLAIM = "CUR_CLM_UNIQ_ID"
PERSON = {"CCLF8": "BENE_MBI_ID", "CCLF9": "CRNT_NUM"}
FILL_NUMBER = "CLM_LINE_RX_FILL_NUM"
# Zeros on the left of these fill the place; of other texts of digits they are a part.
NUMBERS = {CLAIM, "CLM_LINE_RX_SRVC_RFRNC_NUM"}
NO_DAY, NO_END = "1000-01-01", "9999-12-31"


def is_there():
    return (REFERENCE / "cclf_layout.csv").is_file() and (REFERENCE / "cclf_layout_versions.csv").is_file()


@dataclasses.dataclass(frozen=True)
class Place:
    """A column of a table, where it stands (from 1), and what it holds."""
    table: str
    name: str
    start: int
    length: int
    format: str
    type: str

    @property
    def end(self):
        return self.start + self.length - 1

    @property
    def is_date(self):
        return self.type == "date32"

    @property
    def is_number(self):
        return self.type in ("int32", "int64")

    @property
    def scale(self):
        """Decimals of an amount."""
        found = re.fullmatch(r"decimal128\(\d+, ?(\d+)\)", self.type)
        return int(found[1]) if found else None

    @property
    def is_digits(self):
        """A text of digits with zeros on its left."""
        return self.type == "utf8" and self.format.startswith("9(")

    @property
    def missing(self):
        """How a date that is missing is written."""
        if self.table == "CCLF8":
            return " " * 10
        return NO_END if self.name == "PRVS_ID_OBSLT_DT" else NO_DAY

    def bytes_of(self, line):
        return line[self.start - 1:self.end]

    def form(self):
        """What may stand in the place."""
        blank = f" {{{self.length}}}"
        if self.is_date:
            day = r"(?!1000-01-01|9999-12-31)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
            return f"(?:{day}|{self.missing})"
        if self.scale is not None:
            digits = self.length - 2 - self.scale
            zero = rf"-0{{{digits}}}\.0{{{self.scale}}}"
            return rf"(?:{blank}|(?!{zero})[ -][0-9]{{{digits}}}\.[0-9]{{{self.scale}}})"
        if self.is_number or self.is_digits:
            return f"(?:{blank}|[0-9]{{{self.length}}})"
        if self.name == FILL_NUMBER:
            # Digits with blanks beside them lack their zeros.
            return f"(?:{blank}|[0-9]{{{self.length}}}|(?![0-9]+ +(?![0-9]))[!-~][ -~]{{{self.length - 1}}})"
        return f"(?:{blank}|[!-~][ -~]{{{self.length - 1}}})"


def layout():
    """The places of all tables, and of CCLF0's lines, as CMS's current layout has them."""
    places = collections.defaultdict(list)
    with open(REFERENCE / "cclf_layout.csv", newline="") as file:
        for row in csv.DictReader(file):
            places[row["file"]].append(Place(row["file"], row["field_name"], int(row["start"]), int(row["end"]) - int(row["start"]) + 1,
                                             row["format"], row["arrow_type"]))
    return places


def older():
    """Per table the layouts that were: version, length, and the places of its columns as {name: (start, end)}.

    A row for all columns says that they stand where they stand now.
    """
    found = collections.defaultdict(dict)
    with open(REFERENCE / "cclf_layout_versions.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["file"].startswith("CCLF0") or not row["record_length"]:
                continue
            key = row["first_version"], row["last_version"], int(row["record_length"])
            columns = found[row["file"]].setdefault(key, {})
            if row["column"] != "*":
                columns[row["column"]] = int(row["start"]), int(row["end"])
    return found


def length_of(places):
    return places[-1].end


def faults(table, places, data):
    """What is wrong with the bytes of a file, in words without values, by what it is; and how many lines there are."""
    found = collections.Counter()
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return {f"{table}: bytes above 127": 1}, 0
    if text and not text.endswith("\n"):
        found[f"{table}: no line feed ends the last line"] += 1
    lines = text.split("\n")[:-1]
    forms = [(place, re.compile(place.form())) for place in places]
    whole = re.compile("".join(place.form() for place in places))
    length = length_of(places)
    for line in lines:
        if len(line) != length:
            found[f"{table}: lines of {len(line)} bytes, not {length}"] += 1
        elif not whole.fullmatch(line):
            for place, form in forms:
                if not form.fullmatch(place.bytes_of(line)):
                    found[f"{table}.{place.name}: not of the form {place.format or place.type}"] += 1
    return found, len(lines)


def summary(counts, lengths):
    """CCLF0 with these counts of records."""
    lines = [HEADING]
    for table, title in TITLES.items():
        lines.append(f"{table:<7}|{title:<43}|{counts[table]:>11}|{lengths[table]:>5} ")
    return "".join(line + "\n" for line in lines).encode()


# DuckDB


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def lines_of(path):
    """A relation with one column, `line`, of the lines of a file."""
    return (f"read_csv({quoted(path)}, columns = {{'line': 'VARCHAR'}}, header = false, auto_detect = false, delim = '\\x01', "
            "quote = '', escape = '', comment = '', new_line = '\\n', null_padding = false)")


def cut(place):
    """A column of a line, with its type; missing values are null."""
    text = f"substr(line, {place.start}, {place.length})"
    value = f"nullif(rtrim({text}, ' '), '')"
    if place.is_date:
        return f"CAST(nullif(nullif({value}, '{NO_DAY}'), '{NO_END}') AS DATE)"
    if place.scale is not None:
        return f"CAST(ltrim({value}, ' ') AS DECIMAL(38, {place.scale}))"
    if place.is_number:
        return f"CAST({value} AS BIGINT)"
    return value


def stored(place, column=None):
    """A column of a table, as `cut` gives it of the line that should be there."""
    column = column or place.name
    if place.scale is not None:
        return f"CAST({column} AS DECIMAL(38, {place.scale}))"
    if place.is_number:
        return f"CAST({column} AS BIGINT)"
    if place.is_digits:
        return f"lpad({column}, {place.length}, '0')"
    if place.name == FILL_NUMBER:
        return f"CASE WHEN regexp_full_match({column}, '[0-9]+') THEN lpad({column}, {place.length}, '0') ELSE {column} END"
    return column


def misfit(place, column=None):
    """The class under which a value of a table cannot be written: `text`, `width`, or null."""
    column = column or place.name
    if place.is_date:
        return f"CASE WHEN year({column}) NOT BETWEEN 1 AND 9999 THEN 'width' END"
    if place.scale is not None:
        most = 10 ** (place.length - 2 - place.scale)
        return f"CASE WHEN abs({column}) >= {most} THEN 'width' END"
    if place.is_number:
        return f"CASE WHEN {column} < 0 OR {column} >= {10 ** place.length} THEN 'width' END"
    wide = f"strlen({column}) > {place.length}"
    if place.is_digits:
        wide += f" OR NOT regexp_full_match({column}, '[0-9]+')"
    return f"CASE WHEN NOT regexp_full_match({column}, '[ -~]*') THEN 'text' WHEN {wide} THEN 'width' END"


def difference(db, left, right, names):
    """Rows of each side that the other lacks, as often as they lack, and the columns whose values differ; None if none."""
    columns = ", ".join(f'"{name}"' for name in names)

    def lacking(one, other, what):
        query = f"SELECT count(*) FROM (SELECT {what} FROM ({one}) EXCEPT ALL SELECT {what} FROM ({other}))"
        return db.execute(query).fetchall()[0][0]

    counts = lacking(left, right, columns), lacking(right, left, columns)
    if counts == (0, 0):
        return None
    differing = [name for name in names if lacking(left, right, f'"{name}"') or lacking(right, left, f'"{name}"')]
    where = ", ".join(differing) or "no column by itself: values stand in other rows"
    return f"{counts[0]} rows only on the left, {counts[1]} only on the right; {where}"

"""The SQL of docs/guide/warehouses.md: parsed in its dialects, and executed by DuckDB on a week of changes.

Usage: warehouses.py PROGRAM. A block of SQL begins with a comment that names its dialect. What sqlglot makes of it for DuckDB
has to bring the tables of the week before to those of the week, also where it is executed twice.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import duckdb
import sqlglot
from sqlglot import exp

PROGRAM = sys.argv[1]
PAGE = pathlib.Path("docs/guide/warehouses.md")
BLOCK = re.compile(r"^```sql\n-- (\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# The folders that the page names.
FOLDERS = re.compile(r"^(/data|/Volumes/claims/bcda)/changes/")


def fail(what):
    sys.exit(f"{PAGE}: {what}")


def bcda(*words):
    return subprocess.run([PROGRAM, *map(str, words)], check=True, capture_output=True, text=True).stdout


def parsed(dialect, text):
    try:
        statements = sqlglot.parse(text, dialect=dialect.lower(), error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        fail(f"{dialect}: {error}")
    statements = [statement for statement in statements if statement is not None]
    for statement in statements:
        # What sqlglot does not know it takes for a command, whatever stands there.
        if isinstance(statement, exp.Command):
            fail(f"{dialect}: {statement.sql()[:60]} is not understood")
    return statements


def for_duckdb(statement, dialect, changes, columns):
    """The statement as DuckDB executes it, with the files in this folder. None where it has nothing to do."""
    if isinstance(statement, exp.Create) and statement.kind == "STAGE" or isinstance(statement, exp.Put):
        return None
    if isinstance(statement, exp.Copy):
        table = statement.this.name
        file = re.search(r"@\w+/(\w+\.parquet)", statement.sql(dialect=dialect)).group(1)
        return f"INSERT INTO {table} BY NAME SELECT * FROM '{changes / file}'"

    def here(node):
        if isinstance(node, exp.Table) and node.db == "parquet":
            file = FOLDERS.sub("", node.name)
            if not (changes / file).is_file():
                fail(f"{dialect}: {node.name} is no file of the changes")
            return exp.Table(this=exp.to_identifier(str(changes / file), quoted=True))
        if isinstance(node, exp.Table):
            return exp.Table(this=node.this, alias=node.args.get("alias"))
        return node

    text = statement.transform(here).sql(dialect="duckdb")
    every = ", ".join(columns)
    return text.replace("INSERT *", f"INSERT ({every}) VALUES ({', '.join('source.' + column for column in columns)})")


def differ(connection, table, file, columns):
    """How many rows one of the two has and the other has not."""
    names = ", ".join(columns)
    one, other = f"SELECT {names} FROM {table}", f"SELECT {names} FROM '{file}'"
    count = f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
    return connection.execute(count).fetchone()[0]


blocks = BLOCK.findall(PAGE.read_text())
if {dialect for dialect, _ in blocks} != {"Spark", "Databricks", "Snowflake"}:
    fail("one of Spark, Databricks and Snowflake has no SQL")
if len(blocks) != PAGE.read_text().count("```sql"):
    fail("a block of SQL does not say its dialect")
with tempfile.TemporaryDirectory() as work:
    work = pathlib.Path(work)
    bcda("synth", "--weeks", 2, "--beneficiaries", 30, "--out", work / "weeks", "--quiet")
    bcda("convert", work / "weeks" / "week-01", "--updatable", "--out", work / "before", "--quiet")
    words = ["--out", work / "after", "--changes", work / "changes", "--quiet"]
    bcda("update", work / "before", work / "weeks" / "week-02", *words)
    for dialect, text in blocks:
        statements = parsed(dialect, text)
        merge = next((statement for statement in statements if isinstance(statement, exp.Merge)), None)
        if merge is None:
            fail(f"{dialect}: no MERGE")
        table = merge.this.name.lower()
        described = json.loads(bcda("describe", table, "--format", "json"))
        columns = [column["column"] for column in described[0]["columns"]]
        connection = duckdb.connect()
        year = "" if dialect == "Snowflake" else ", year(CLM_THRU_DT) AS BCDA_YEAR"
        connection.execute(f"CREATE TABLE {table} AS SELECT *{year} FROM '{work / 'before' / table}.parquet'")
        every = columns + (["BCDA_YEAR"] if year else [])
        for turn in ("once", "twice"):
            for statement in statements:
                if text := for_duckdb(statement, dialect.lower(), work / "changes", every):
                    connection.execute(text)
            if differ(connection, table, work / "after" / f"{table}.parquet", columns):
                fail(f"{dialect}: executed {turn}, {table} is not what bcda update makes")
        print(f"ok: {dialect}: {len(statements)} statements parse, and DuckDB makes the same {table} of the MERGE")

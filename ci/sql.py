"""The SQL of `bcda describe`, read by others: DuckDB executes its own, sqlglot parses that of the other engines.

Usage: sql.py PROGRAM. The views are made over a converted testdata/export, below a folder whose name needs quoting.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import sqlglot
from sqlglot import exp

program = sys.argv[1]
NAMINGS = ["cclf", "tuva"]
# The types that a column may have in each engine, by what `describe` calls them.
TYPES = {
    "snowflake": {"text": "VARCHAR", "date": "DATE", "int32": "INT", "int64": "BIGINT", "timestamp": "TIMESTAMPLTZ(6)"},
    "bigquery": {"text": "TEXT", "date": "DATE", "int32": "BIGINT", "int64": "BIGINT", "timestamp": "TIMESTAMPTZ"},
    "spark": {"text": "TEXT", "date": "DATE", "int32": "INT", "int64": "BIGINT", "timestamp": "TIMESTAMPTZ"},
}


def bcda(*words):
    return subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout


described = json.loads(bcda("describe", "--format", "json"))


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")


def description(column, dialect):
    """The text that describes a column: of COMMENT, or of OPTIONS(description=...)."""
    for constraint in column.args["constraints"]:
        kind = constraint.args["kind"]
        if isinstance(kind, exp.CommentColumnConstraint):
            return kind.this.this
        for literal in kind.find_all(exp.Literal):
            return literal.this
    sys.exit(f"{dialect}: {column.name} has no description")


for naming in NAMINGS:
    for dialect, types in TYPES.items():
        ddl = bcda("describe", "--format", "ddl", "--dialect", dialect, "--naming", naming)
        statements = [found for found in sqlglot.parse(ddl, dialect=dialect) if isinstance(found, exp.Create)]
        check(f"{dialect}: tables", len(statements), len(described))
        for table, statement in zip(described, statements):
            columns = list(statement.find_all(exp.ColumnDef))
            check(f"{dialect}: columns", [column.name for column in columns], [c["column"] for c in table["columns"]])
            for column, expected in zip(columns, table["columns"]):
                kind = column.args["kind"].sql()
                wanted = types.get(expected["type"], expected["type"].upper().replace(",", ", "))
                check(f"{dialect}: {column.name}", kind, wanted)
                check(f"{dialect}: {column.name}", description(column, dialect), expected["label"])
        print(f"ok: {dialect}, {naming}: {len(statements)} tables parse")

with tempfile.TemporaryDirectory() as work:
    for naming in NAMINGS:
        folder = pathlib.Path(work, f"{naming}'s [tables]")
        convert = ["convert", "testdata/export", "--out", str(folder), "--naming", naming, "--quiet"]
        subprocess.run([program, *convert], check=True)
        views, tables = duckdb.connect(), duckdb.connect()
        views.execute(bcda("describe", "--format", "views", "--folder", str(folder), "--naming", naming))
        tables.execute(bcda("describe", "--format", "ddl", "--naming", naming))
        comments = "SELECT column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY table_oid, column_index"
        labels = [(column["column"], column["label"]) for table in described for column in table["columns"]]
        check("comments", tables.execute(comments).fetchall(), labels)
        written = json.loads((folder / "tables-manifest.json").read_text())["tables"]
        check("tables", len(written), 12)
        for table in written:
            name = pathlib.Path(table["file"]).stem
            check(name, views.execute(f"SELECT count(*) FROM {name}").fetchone()[0], table["rows"])
            # The files have the columns and types that CREATE TABLE says.
            check(name, views.execute(f"DESCRIBE {name}").fetchall(), tables.execute(f"DESCRIBE {name}").fetchall())
        print(f"ok: duckdb, {naming}: views and tables")

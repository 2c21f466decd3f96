"""Reads tables that `bcda convert` wrote with DuckDB and pyarrow, and tells what is in them.

Arguments: the folders of the Parquet, CSV and Arrow files. Standard input: the columns of each table,
{"cclf1": [["CUR_CLM_UNIQ_ID", "text"], ...], ...}. Standard output: per reader and table, the rows and, per
column, its type, the number of nulls, and a sum or the least and greatest value, as text.
"""

import datetime
import decimal
import json
import os
import re
import sys

import duckdb
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

DUCKDB_TYPES = {
    "VARCHAR": "text",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
ARROW_TYPES = {
    "string": "text",
    "bool": "boolean",
    "date32[day]": "date",
    "int32": "int32",
    "int64": "int64",
    "timestamp[us, tz=UTC]": "timestamp",
    "timestamp[us, tz=+00:00]": "timestamp",
}


def plain(value):
    """A value as the text that both sides write."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def normal(name, types):
    found = re.fullmatch(r"decimal(?:128)?\((\d+), ?(\d+)\)", name, re.IGNORECASE)
    return f"decimal({found[1]},{found[2]})" if found else types.get(name, name)


def with_duckdb(connection, relation):
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    columns = []
    for name, kind, *_ in described:
        kind, cell = normal(kind, DUCKDB_TYPES), f'"{name}"'
        if kind == "text":
            facts = [f"min({cell})", f"max({cell})", f"sum(strlen({cell}))"]
        elif kind in ("boolean", "date"):
            facts = [f"min({cell})", f"max({cell})"]
        elif kind == "timestamp":
            facts = [f"epoch_us(min({cell}))", f"epoch_us(max({cell}))"]
        else:
            facts = [f"sum({cell})"]
        query = f"SELECT count(*) - count({cell}), {', '.join(facts)} FROM {relation}"
        nulls, *facts = connection.execute(query).fetchone()
        columns.append([name, kind, nulls, *map(plain, facts)])
    return {"rows": rows, "columns": columns}


def with_pyarrow(table):
    columns = []
    for field, chunks in zip(table.schema, table.columns):
        kind = normal(str(field.type), ARROW_TYPES)
        if kind == "timestamp":
            chunks = chunks.cast(pyarrow.int64())
        values = [value for value in chunks.to_pylist() if value is not None]
        nulls = len(chunks) - len(values)
        if kind in ("boolean", "date", "timestamp"):
            facts = [min(values, default=None), max(values, default=None)]
        elif kind == "text":
            length = sum(len(value.encode()) for value in values) if values else None
            facts = [min(values, default=None), max(values, default=None), length]
        else:
            facts = [sum(values) if values else None]
        columns.append([field.name, kind, nulls, *map(plain, facts)])
    return {"rows": table.num_rows, "columns": columns}


def duckdb_type(kind):
    return next((theirs for theirs, ours in DUCKDB_TYPES.items() if ours == kind), kind)


def main():
    parquet, csv, arrow = sys.argv[1:4]
    tables = json.load(sys.stdin)
    decimal.getcontext().prec = 100
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    told = {reader: {} for reader in ("duckdb-parquet", "duckdb-csv", "arrow-parquet", "arrow-ipc")}
    for table, columns in tables.items():
        path = os.path.join(parquet, f"{table}.parquet")
        told["duckdb-parquet"][table] = with_duckdb(connection, f"read_parquet('{path}')")
        told["arrow-parquet"][table] = with_pyarrow(pyarrow.parquet.read_table(path))
        types = json.dumps({name: duckdb_type(kind) for name, kind in columns}).replace('"', "'")
        path = os.path.join(csv, f"{table}.csv")
        relation = f"read_csv('{path}', columns = {types}, header = true, delim = ',', quote = '\"')"
        told["duckdb-csv"][table] = with_duckdb(connection, relation)
        # The header is no row: it says what the columns are called.
        with open(path, encoding="utf-8") as text:
            header = text.readline().rstrip("\n").split(",")
        assert header == [name for name, _ in columns], table
        with pyarrow.ipc.open_file(os.path.join(arrow, f"{table}.arrow")) as reader:
            told["arrow-ipc"][table] = with_pyarrow(reader.read_all())
        metadata = pyarrow.parquet.read_metadata(os.path.join(parquet, f"{table}.parquet"))
        for key in (b"bcda.version", b"bcda.crosswalk_version", b"cclf.table", b"cclf.title"):
            assert metadata.metadata.get(key), (table, key)
        schema = pyarrow.parquet.read_schema(os.path.join(parquet, f"{table}.parquet"))
        for field in schema:
            assert field.metadata.get(b"description"), (table, field.name)
    json.dump(told, sys.stdout)


main()

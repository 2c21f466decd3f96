#!/usr/bin/env python3
"""Fixed-width files in DuckDB, and the data for it. DESCRIBED is what `bcda describe --format json` prints.

    cclf_job.py read FILES OUT THREADS DESCRIBED      cuts the lines by substr into the Parquet of bcda cclf read
    cclf_job.py grow TABLES OUT COPIES DESCRIBED      tables with every row so many times, each of another claim and person
    cclf_job.py agree LEFT RIGHT DESCRIBED            holds the tables of two folders against each other
"""
import json, pathlib, sys

import duckdb

PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
TYPES = {"text": "VARCHAR", "date": "DATE", "int32": "INTEGER", "int64": "BIGINT", "boolean": "BOOLEAN", "timestamp": "TIMESTAMPTZ"}
CLAIM, PEOPLE = "CUR_CLM_UNIQ_ID", ("BENE_MBI_ID", "CRNT_NUM", "PRVS_NUM")
# Zeros on the left of these fill the place.
FILLED = (CLAIM, "CLM_LINE_RX_SRVC_RFRNC_NUM", "CLM_LINE_RX_FILL_NUM")


def tables(described):
    return [table for table in json.loads(pathlib.Path(described).read_text()) if table["table"] != "CCLF0"]


def value(column, file):
    """A column of `line`, in SQL."""
    kind = TYPES.get(column["type"], column["type"])
    if column["start"] is None:
        filled = {"FILE_NAME": f"'{file.name}'", "FILE_DATE": f"DATE '20{'-'.join(file.name.split('.D')[1][at:at + 2] for at in (0, 2, 4))}'"}
        return f"CAST({filled.get(column['column'], 'NULL')} AS {kind})"
    text = f"nullif(trim(substr(line, {column['start']}, {column['end'] - column['start'] + 1})), '')"
    if column["type"] == "date":
        return f"CAST(CASE WHEN {text} NOT IN ('1000-01-01', '9999-12-31') THEN {text} END AS DATE)"
    if column["type"] == "text":
        text = f"nullif({text}, '~')"
        return f"CASE WHEN {text} = '' THEN NULL ELSE coalesce(nullif(ltrim({text}, '0'), ''), left({text}, 1)) END" if column["column"] in FILLED else text
    return f"CAST({text} AS {kind})"


def read(files, out, threads, described):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"threads": int(threads), "temp_directory": str(out / "spill")})
    for table in tables(described):
        letter = table["table"][-1]
        file = next(pathlib.Path(files).glob(f"*.ZC{letter}Y*"))
        columns = ", ".join(f"{value(column, file)} AS {column['column']}" for column in table["columns"])
        lines = f"read_csv('{file}', columns = {{'line': 'VARCHAR'}}, header = false, auto_detect = false, delim = '\\x01', quote = '', escape = '')"
        con.execute(f"COPY (SELECT {columns} FROM {lines}) TO '{out}/{table['table'].lower()}.parquet' ({PARQUET})")


def grow(source, out, copies, described):
    import pyarrow.parquet

    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(config={"threads": 2})
    for table in tables(described):
        name = f"{table['table'].lower()}.parquet"
        schema, writer = pyarrow.parquet.read_schema(f"{source}/{name}"), None
        writer = pyarrow.parquet.ParquetWriter(out / name, schema, compression="zstd", compression_level=1)
        for copy in range(int(copies)):
            names = {column["column"] for column in table["columns"]}
            others = [f"CAST(CAST({CLAIM} AS BIGINT) + {copy} * 10000000000 AS VARCHAR) AS {CLAIM}"] if CLAIM in names else []
            # The third and the fourth place of an MBI are a letter and a digit in all that is real.
            others += [f"left({person}, 2) || '{copy:02}' || substr({person}, 5) AS {person}" for person in PEOPLE if person in names]
            rows = con.sql(f"SELECT * REPLACE ({', '.join(others)}) FROM '{source}/{name}'").to_arrow_table()
            writer.write_table(rows.cast(schema), row_group_size=122880)
        writer.close()
    manifest = json.loads(pathlib.Path(source, "tables-manifest.json").read_text())
    for table in manifest["tables"]:
        table["rows"] *= int(copies)
    (out / "tables-manifest.json").write_text(json.dumps(manifest))


def agree(left, right, described):
    con, bad = duckdb.connect(config={"threads": 2}), []
    for table in tables(described):
        name = f"{table['table'].lower()}.parquet"
        one, other = (f"SELECT * FROM '{folder}/{name}'" for folder in (left, right))
        kinds = lambda query: [row[:2] for row in con.execute(f"DESCRIBE {query}").fetchall()]
        count = lambda a, b: con.execute(f"SELECT count(*) FROM ({a} EXCEPT ALL {b})").fetchone()[0]
        if kinds(one) != kinds(other) or count(one, other) or count(other, one):
            bad.append(table["table"])
    sys.exit(f"differ: {', '.join(bad)}" if bad else 0)


if __name__ == "__main__":
    {"read": read, "grow": grow, "agree": agree}[sys.argv[1]](*sys.argv[2:])

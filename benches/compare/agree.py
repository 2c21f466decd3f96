#!/usr/bin/env python3
"""Holds two sets of CCLF tables in Parquet against each other, row by row and cell by cell.

    agree.py OURS THEIRS cclf1 cclf5 ...

Compared are the columns that THEIRS has, in whatever order its rows lie; equal rows count as often as they occur.
With --complete what THEIRS lacks must be empty in OURS, lineage aside.
Exits with 1 where anything differs, after saying what. The contents of cells are shown only with --show: real exports
hold patient data.
"""
import argparse, pathlib, sys

import duckdb

# What tells the rows of a table apart. Versions of one claim share it but for the time of their last update.
LINEAGE = ["FILE_NAME", "FILE_DATE", "BCDA_EOB_ID", "BCDA_STATUS", "BCDA_LAST_UPDATED", "BCDA_CLM_GRP_ID",
           "BCDA_FINAL", "BCDA_API", "BCDA_SYSTEM"]
CLAIM = ["BCDA_EOB_ID", "BCDA_LAST_UPDATED", "CUR_CLM_UNIQ_ID"]
LINE = {"cclf1": [], "cclf2": ["CLM_LINE_NUM"], "cclf3": ["CLM_VAL_SQNC_NUM"], "cclf4": ["CLM_VAL_SQNC_NUM"],
        "cclf5": ["CLM_LINE_NUM"], "cclf6": ["CLM_LINE_NUM"], "cclf7": []}


def scalar(con, query):
    return con.execute(query).fetchone()[0]


def columns_of(con, path):
    return {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()}


def plain(column, kind):
    """A cell as text that does not depend on who wrote it: exact decimals, UTC, days."""
    if kind.startswith("DECIMAL"):
        return f'CAST(CAST("{column}" AS DECIMAL(38,4)) AS VARCHAR)'
    if "TIMESTAMP" in kind:
        return f'CAST(epoch_us("{column}") AS VARCHAR)'
    return f'CAST("{column}" AS VARCHAR)'


def compare(con, ours, theirs, table, show=False, complete=False, without=()):
    """What is the same and what differs in one table: rows, cells, row hash, sums."""
    left, right = f"{ours}/{table}.parquet", f"{theirs}/{table}.parquet"
    mine, other = columns_of(con, left), columns_of(con, right)
    unknown = [c for c in other if c not in mine]
    if unknown:
        return {"table": table, "agree": False, "why": f"columns that ours does not have: {unknown}"}
    if complete:
        lacking = [c for c in mine if c not in other and c not in LINEAGE and scalar(con, f"SELECT count(\"{c}\") FROM '{left}'")]
        if lacking:
            return {"table": table, "agree": False, "why": f"columns that theirs does not have: {lacking}"}
    shared = [c for c in mine if c in other and c not in without]
    result = {"table": table, "columns": len(shared), "agree": True}
    money = [c for c in shared if mine[c].startswith("DECIMAL")]
    for side, path, kinds in (("ours", left, mine), ("theirs", right, other)):
        cells = ", ".join(f"{plain(c, kinds[c])} AS \"{c}\"" for c in shared)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {side} AS SELECT {cells} FROM '{path}'")
        fields = ", ".join(f'"{c}"' for c in shared)
        sums = ", ".join(f"CAST(sum(\"{c}\"::DECIMAL(38,4)) AS VARCHAR)" for c in money)
        result[side] = {
            "rows": scalar(con, f"SELECT count(*) FROM {side}"),
            "hash": str(scalar(con, f"SELECT coalesce(sum(hash({fields})::HUGEINT), 0) FROM {side}")),
            "sums": dict(zip(money, con.execute(f"SELECT {sums} FROM {side}").fetchone())) if money else {},
        }
    fields = ", ".join(f'"{c}"' for c in shared)
    only = [scalar(con, f"SELECT count(*) FROM (SELECT {fields} FROM {a} EXCEPT ALL SELECT {fields} FROM {b})")
            for a, b in (("ours", "theirs"), ("theirs", "ours"))]
    result["rows_only_ours"], result["rows_only_theirs"] = only
    result["agree"] = only == [0, 0] and result["ours"] == result["theirs"]
    if not result["agree"]:
        result["cells"] = cells_that_differ(con, table, shared, show)
    return result


def cells_that_differ(con, table, shared, show):
    """Rows paired by their natural key; how many cells of each column differ in the pairs."""
    key = [c for c in CLAIM + LINE.get(table, []) if c in shared]
    for side in ("ours", "theirs"):
        order = ", ".join(f'"{c}"' for c in key + [c for c in shared if c not in key])
        partition = ", ".join(f'"{c}"' for c in key)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {side}_n AS SELECT *, row_number() OVER "
                    f"(PARTITION BY {partition} ORDER BY {order}) AS n FROM {side}")
    on = " AND ".join(f'a."{c}" IS NOT DISTINCT FROM b."{c}"' for c in key) + " AND a.n = b.n"
    pairs = f"FROM ours_n a FULL JOIN theirs_n b ON {on}"
    report = {"rows without a partner": scalar(con, f"SELECT count(*) {pairs} WHERE a.n IS NULL OR b.n IS NULL")}
    for c in shared:
        differ = f'a.n IS NOT NULL AND b.n IS NOT NULL AND a."{c}" IS DISTINCT FROM b."{c}"'
        count = scalar(con, f"SELECT count(*) {pairs} WHERE {differ}")
        if count:
            report[c] = count
            if show:
                sample = con.execute(f'SELECT {", ".join(f"a.{k}" for k in key)}, a."{c}", b."{c}" {pairs} '
                                     f"WHERE {differ} LIMIT 5").fetchall()
                report[c + " (key, ours, theirs)"] = sample
    return report


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("ours", type=pathlib.Path)
    options.add_argument("theirs", type=pathlib.Path)
    options.add_argument("tables", nargs="+")
    options.add_argument("--show", action="store_true", help="show cells that differ (never on real data)")
    options.add_argument("--complete", action="store_true", help="columns that THEIRS lacks must be empty in OURS")
    options.add_argument("--without", default="", help="columns not compared, e.g. FILE_NAME")
    options = options.parse_args()
    con = duckdb.connect()
    good = True
    for table in options.tables:
        result = compare(con, options.ours, options.theirs, table, options.show, options.complete, options.without.split(","))
        good &= result["agree"]
        print(sentence(result))
    sys.exit(0 if good else 1)


def sentence(result):
    if result["agree"]:
        return f"{result['table']}: agree: {result['ours']['rows']} rows of {result['columns']} columns, every cell"
    if "why" in result:
        return f"{result['table']}: DIFFER: {result['why']}"
    return (f"{result['table']}: DIFFER: {result['rows_only_ours']} rows only ours, "
            f"{result['rows_only_theirs']} only theirs; cells {result['cells']}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A job in DuckDB: duckdb_job.py FILE.sql EXPORT OUT THREADS [VIEW|TABLE]. FILE.sql stands beside this script."""
import pathlib, sys

import duckdb

import export


def sql(name, source, out, kind="TEMP TABLE"):
    """The statements of a job, complete."""
    text = (export.HERE / "duckdb_macros.sql").read_text() + (export.HERE / name).read_text()
    fill = {"claims": str(export.claims(source)), "patients": str(export.patients(source)), "out": str(out),
            "states": str(export.ROOT / "cclf-crosswalk/stu3/states.csv"), "file_date": export.file_date(source), "kind": kind}
    for name, value in fill.items():
        text = text.replace("{" + name + "}", value)
    return text


def main():
    name, source, out, threads = sys.argv[1:5]
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    spill = pathlib.Path(out) / "spill"
    con = duckdb.connect(config={"threads": int(threads), "temp_directory": str(spill)})
    con.execute(sql(name, source, out, *sys.argv[5:6]))


if __name__ == "__main__":
    main()

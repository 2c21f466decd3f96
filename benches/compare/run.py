#!/usr/bin/env python3
"""Measures `bcda convert` beside DuckDB on the same synthetic export, interleaved, and checks that they agree.

    ci/python | xargs -I{} {} benches/compare/run.py --gigabytes 1 --rounds 5

Needs a release build of bcda (cargo build --release) and a Python with duckdb (ci/python makes one).
Prints a Markdown table: median wall and CPU seconds, MB/s of claims, peak memory.
"""
import argparse, json, os, pathlib, resource, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BYTES_PER_BENEFICIARY = 570_000

DUCKDB = """
import duckdb, sys
con = duckdb.connect(config={'threads': int(sys.argv[2])})
con.execute(open(sys.argv[1]).read())
"""


def measure(command):
    """Wall seconds, CPU seconds and peak memory in MB of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    stderr = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status != 0:
        sys.exit(f"{command[0]} failed:\n{stderr.decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=1)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--bcda", default=str(ROOT / "target/release/bcda"))
    options.add_argument("--work", help="folder for data and tables; a temporary one unless given")
    options.add_argument("--without-duckdb", action="store_true")
    options = options.parse_args()
    work = pathlib.Path(options.work or tempfile.mkdtemp(prefix="bcda-compare-"))
    work.mkdir(exist_ok=True)
    export = work / f"export-{options.gigabytes:g}"
    if not export.exists():
        beneficiaries = round(options.gigabytes * 1e9 / BYTES_PER_BENEFICIARY)
        subprocess.run([options.bcda, "synth", "--quiet", "--seed", "4", "--out", export,
                        "--beneficiaries", str(beneficiaries)], check=True)
    manifest = json.loads((export / "bcda-export.json").read_text())
    by_type = {}
    for file in manifest["files"]:
        by_type.setdefault(file["type"], []).append(str(export / file["name"]))
    megabytes = sum(os.path.getsize(f) for f in by_type["ExplanationOfBenefit"]) / 1e6
    subprocess.run(["cat", *by_type["ExplanationOfBenefit"]], stdout=subprocess.DEVNULL, check=True)

    threads = str(options.threads)
    convert = [options.bcda, "convert", "--quiet", "--overwrite", "--threads", threads, str(export)]
    jobs = {
        "bcda, all twelve tables": convert + ["--out", str(work / "all")],
        "bcda, CCLF1 and CCLF5": convert + ["--out", str(work / "two"), "--tables", "cclf1,cclf5"],
    }
    if not options.without_duckdb:
        duck = work / "duck"
        duck.mkdir(exist_ok=True)
        sql = (ROOT / "benches/compare/duckdb_tables.sql").read_text()
        sql = sql.replace("{claims}", json.dumps(by_type["ExplanationOfBenefit"]).replace('"', "'"))
        sql = sql.replace("{patients}", json.dumps(by_type["Patient"]).replace('"', "'"))
        (work / "duck.sql").write_text(sql.replace("{out}", str(duck)))
        jobs["DuckDB, CCLF1 and CCLF5, schema given"] = [
            sys.executable, "-c", DUCKDB, str(work / "duck.sql"), threads]
    rounds = {name: [] for name in jobs}
    for _ in range(options.rounds):
        for name, command in jobs.items():
            rounds[name].append(measure(command))

    print(f"\n{megabytes:.0f} MB of claims, {options.threads} threads, medians of {options.rounds} rounds\n")
    print("| job | wall s | CPU s | MB/s | peak MB | wall spread |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, values in rounds.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*values))
        walls = [value[0] for value in values]
        spread = (max(walls) - min(walls)) / wall
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {megabytes / wall:.0f} | {peak:.0f} | {spread:.0%} |")
    if not options.without_duckdb:
        agree(work)
    if not options.work:
        shutil.rmtree(work)


def agree(work):
    import duckdb
    for table, sums in {"cclf1": ["CLM_PMT_AMT", "CLM_MDCR_INSTNL_TOT_CHRG_AMT"],
                        "cclf5": ["CLM_LINE_CVRD_PD_AMT", "CLM_LINE_ALOWD_CHRG_AMT", "CLM_LINE_SRVC_UNIT_QTY"]}.items():
        query = "select count(*), count(BENE_MBI_ID), count(CLM_EFCTV_DT), " + ", ".join(f"sum({c})" for c in sums)
        ours = duckdb.sql(f"{query} from '{work}/two/{table}.parquet'").fetchall()[0]
        theirs = duckdb.sql(f"{query} from '{work}/duck/{table}.parquet'").fetchall()[0]
        print(f"\n{table}: {'agree' if ours == theirs else 'DIFFER'}: {ours} {'' if ours == theirs else theirs}")
        if ours != theirs:
            sys.exit(1)


main()

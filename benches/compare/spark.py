#!/usr/bin/env python3
"""Measures the Spark data source: one table, read by one executor of one core and by two.

Each round starts a cluster of real executor processes (local-cluster), binds each to a core of its own (Spark counts
cores, but holds no executor to them), reads once to warm it up, then reads the table into nothing and takes the time.
The driver may use every core. Writes the figures; report.py makes the section of docs/performance.md of them.
"""
import argparse, json, os, pathlib, platform, statistics, subprocess, sys, time

import bcda.spark
import pyspark
from pyspark.sql import SparkSession

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MASTER = "local-cluster[{},1,1024]"
# Of the records of a synthetic beneficiary.
MEGABYTES_EACH = 0.575
TABLES = ("cclf1", "cclf5")


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=0.8, help="size of the synthetic export (default 0.8)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, interleaved (default 3)")
    parser.add_argument("--bcda", default=str(ROOT / "target/dist/bcda"), help="the program that makes the export")
    parser.add_argument("--partition-bytes", type=int, default=32 << 20)
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results.json")
    parser.add_argument("--note", default="", help="a sentence about the machine, printed with the figures")
    return parser.parse_args()


def export(asked):
    folder = ROOT / "target/compare/spark"
    size = f"{asked.gigabytes:g}"
    if not (folder / f"made-{size}").exists():
        folder.mkdir(parents=True, exist_ok=True)
        people = max(1, round(asked.gigabytes * 1000 / MEGABYTES_EACH))
        words = ["synth", "--beneficiaries", str(people), "--seed", "11", "--quiet", "--overwrite", "--out"]
        subprocess.run([asked.bcda, *words, str(folder / "export")], check=True)
        (folder / f"made-{size}").touch()
    return folder / "export"


def session(executors):
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(MASTER.format(executors)).appName("bcda")
    for name, value in {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1",
                        "spark.driver.bindAddress": "127.0.0.1", "spark.sql.session.timeZone": "UTC"}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.dataSource.register(bcda.spark.BcdaDataSource)
    return spark


def bind(executors):
    """Holds each executor, and the Python that it starts, to one core."""
    until = time.monotonic() + 60
    # Those of the cluster before may still be ending.
    while len(found := processes("CoarseGrainedExecutorBackend")) != executors:
        if time.monotonic() > until:
            sys.exit(f"{len(found)} executors run on this machine; {executors} are wanted")
        time.sleep(0.2)
    cores = sorted(os.sched_getaffinity(0))
    if executors > len(cores):
        sys.exit(f"{executors} executors need as many cores")
    for executor, core in zip(found, cores):
        # A thread that begins meanwhile has the core of the one that starts it.
        for thread in pathlib.Path(f"/proc/{executor}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def processes(word):
    """Those of this system with a word in their command."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(each.endswith(word) for each in words):
                found.append(int(entry.name))
    return sorted(found)


def main():
    asked = options()
    path = export(asked)
    megabytes = sum(file.stat().st_size for file in path.glob("*.ndjson")) / 1e6
    runs, rows = {}, {}
    for _ in range(asked.rounds):
        for executors in (1, 2):
            spark = session(executors)
            bind(executors)
            for table in TABLES:
                read = spark.read.format("bcda").options(table=table, partition_bytes=str(asked.partition_bytes)).load(str(path))
                rows.setdefault(table, set()).add(read.count())
                begun = time.perf_counter()
                read.write.format("noop").mode("overwrite").save()
                runs.setdefault(f"{table} {executors}", []).append(time.perf_counter() - begun)
                print(f"{table}, {executors} executors: {runs[f'{table} {executors}'][-1]:.2f} s", flush=True)
            spark.stop()
    assert all(len(counts) == 1 for counts in rows.values()), "executors differ in rows"
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    figures = [{"table": table, "executors": executors, "wall": statistics.median(runs[f"{table} {executors}"]),
                "rows": next(iter(rows[table]))} for table in TABLES for executors in (1, 2)]
    results = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    results["spark"] = {
        "bcda": bcda.__version__, "megabytes": round(megabytes, 1), "rounds": asked.rounds, "cores": os.cpu_count(), "cpu": cpu,
        "pyspark": pyspark.__version__, "partition_bytes": asked.partition_bytes, "note": asked.note, "figures": figures,
    }
    asked.results.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

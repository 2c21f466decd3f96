"""An update of one week against a plain rewrite of the same tables, by DuckDB and by pyarrow, turn by turn."""
import datetime, json, pathlib, shutil, statistics, subprocess, sys

import export
from measure import machine, measure

# Beneficiaries for a gigabyte of the first week.
PEOPLE = 2200
JOBS = {"update": "bcda update", "duckdb": "DuckDB, COPY of the tables", "pyarrow": "pyarrow, row group by row group"}
MUST = 1.3


def measure_update(options, work):
    folder = pathlib.Path(work) / "update"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    people = int(options.gigabytes * PEOPLE)
    threads = ["--threads", str(options.threads)]
    print("making data ...", file=sys.stderr)
    run = lambda *words: subprocess.run([options.bcda, *map(str, words), "--quiet"], check=True)
    run("synth", "--weeks", 2, "--beneficiaries", people, "--seed", 4, "--out", folder / "weeks")
    first, second = (folder / "weeks" / name for name in ("week-01", "week-02"))
    run("convert", first, "--updatable", "--out", folder / "base", *threads)
    claims = {name: sum(file.stat().st_size for file in map(pathlib.Path, export.claims(week))) for name, week in (("first", first), ("second", second))}
    state = (folder / "base" / "state" / "claims.bin").stat().st_size
    tables, copy = folder / "tables", folder / "copy"
    job = pathlib.Path(__file__).parent / "rewrite_job.py"
    commands = {
        "update": [options.bcda, "update", str(tables), str(second), "--quiet", *threads],
        **{tool: [sys.executable, str(job), tool, str(folder / "base"), str(copy), str(options.threads)] for tool in ("duckdb", "pyarrow")},
    }
    rounds = {name: [] for name in commands}
    for number in range(options.rounds + 1):
        for name in list(commands)[:: 1 if number % 2 == 0 else -1]:
            for left in (tables, copy):
                shutil.rmtree(left, ignore_errors=True)
            if name == "update":
                shutil.copytree(folder / "base", tables)
            print(f"round {number} of {options.rounds}: {name}", file=sys.stderr)
            found = measure(commands[name])
            # The first fills the page cache.
            if number:
                rounds[name].append(found)
    report = json.loads((tables / "tables-manifest.json").read_text()) if tables.exists() else {}
    results = {"machine": machine(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
               "threads": options.threads, "claims": claims, "state_bytes": state,
               "table_bytes": sum(file.stat().st_size for file in (folder / "base").glob("*.parquet")),
               "carried": report.get("carried"), "rounds": rounds}
    shutil.rmtree(folder)
    return results


def page(results):
    """The section of docs/performance.md."""
    m, claims = results["machine"], results["claims"]
    median = lambda name, what: statistics.median(found[what] for found in results["rounds"][name])
    plain = min(("duckdb", "pyarrow"), key=lambda name: median(name, "wall"))
    ratio = median("update", "wall") / median(plain, "wall")
    lines = [
        "## An update", "",
        f"Tables of {claims['first'] / 1e9:.1f} GB of claims, {results['table_bytes'] / 1e6:.0f} MB of Parquet, and a week of {claims['second'] / 1e6:.0f} MB",
        f"({claims['second'] / claims['first']:.1%}): `bcda update` against a plain rewrite of the same files with the same settings, turn by",
        f"turn. Medians of {len(results['rounds']['update'])} rounds, {results['threads']} threads. {m['cpu']}, {results['date']}.", "",
        "| job | wall s | CPU s | peak MB |", "|---|--:|--:|--:|",
    ]
    lines += [f"| {label} | {median(name, 'wall'):.2f} | {median(name, 'cpu'):.2f} | {median(name, 'peak'):.0f} |" for name, label in JOBS.items()]
    return lines + ["", f"An update takes {ratio:.2f} times the wall time of the faster of the two; the target is at most {MUST} times.", "",
        "To repeat it: `benches/compare/run --steps update,report --gigabytes 10`.", ""]

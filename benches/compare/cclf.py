"""CMS's fixed-width files: read beside DuckDB that cuts the same lines, written beside Parquet, turn by turn; and the memory of both."""
import datetime, json, pathlib, shutil, statistics, subprocess, sys

import export
from measure import calibrate, machine, measure

# Beneficiaries for a gigabyte of an export of v3, whose claims have numbers as CMS's have.
PEOPLE = 1120
# How often the rows of its tables come again, for some 0.3 and 3 GB of fixed width of a gigabyte.
COPIES = {"small": 9, "large": 90}
JOBS = {"read": "bcda cclf read", "duckdb": "DuckDB, substr of the lines", "cclf": "bcda convert --format cclf", "parquet": "bcda convert"}
# The names of some people are not ASCII: they are left out, and more of them than is usual are allowed.
WRITE = ["--aco", "A1234", "--max-rejects", "100%"]
READ_MUST, WRITE_MUST = 2, 0.6


def measure_cclf(options, work):
    folder = pathlib.Path(work) / "cclf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    threads = ["--quiet", "--threads", str(options.threads)]
    job = [sys.executable, str(pathlib.Path(__file__).parent / "cclf_job.py")]
    run = lambda *words, good=(0,): subprocess.run([options.bcda, *map(str, words)], check=False).returncode in good or sys.exit(f"failed: {words}")
    print("making data ...", file=sys.stderr)
    described = folder / "described.json"
    described.write_bytes(subprocess.check_output([options.bcda, "describe", "--format", "json"]))
    run("synth", "--quiet", "--api", "v3", "--beneficiaries", round(options.gigabytes * PEOPLE), "--seed", 4, "--out", folder / "export")
    run("convert", folder / "export", "--out", folder / "base", *threads)
    peaks = {}
    for size, copies in COPIES.items():
        tables, files = folder / f"tables-{size}", folder / f"files-{size}"
        subprocess.run([*job, "grow", str(folder / "base"), str(tables), str(copies), str(described)], check=True)
        # Exit code 3 says that somebody was left out.
        peaks[f"write-{size}"] = measure(accepting(3, [options.bcda, "cclf", "write", str(tables), "--out", str(files), *WRITE, *threads]))
        shutil.rmtree(tables)
        peaks[f"read-{size}"] = measure([options.bcda, "cclf", "read", str(files), "--out", str(folder / "read"), *threads])
        peaks[f"read-{size}"]["bytes"] = peaks[f"write-{size}"]["bytes"] = sum(file.stat().st_size for file in files.glob("P.*"))
        shutil.rmtree(folder / "read")
    shutil.rmtree(folder / "files-large")
    out = {name: folder / f"out-{name}" for name in JOBS}
    commands = {
        "read": [options.bcda, "cclf", "read", str(folder / "files-small"), "--out", str(out["read"]), *threads],
        "duckdb": [*job, "read", str(folder / "files-small"), str(out["duckdb"]), str(options.threads), str(described)],
        "cclf": accepting(3, [options.bcda, "convert", str(folder / "export"), "--format", "cclf", "--out", str(out["cclf"]), *WRITE, *threads]),
        "parquet": [options.bcda, "convert", str(folder / "export"), "--out", str(out["parquet"]), *threads],
    }
    rounds, calibration = {name: [] for name in commands}, []
    for number in range(options.rounds + 1):
        calibration.append(calibrate())
        for name in list(commands)[:: 1 if number % 2 == 0 else -1]:
            shutil.rmtree(out[name], ignore_errors=True)
            print(f"round {number} of {options.rounds}: {name}", file=sys.stderr)
            found = measure(commands[name])
            # The first fills the page cache.
            if number:
                rounds[name].append(found)
        if number == 0:
            subprocess.run([*job, "agree", str(out["read"]), str(out["duckdb"]), str(described)], check=True)
    results = {"machine": machine(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), "threads": options.threads,
               "export_bytes": sum(file.stat().st_size for file in map(pathlib.Path, export.claims(folder / "export"))),
               "fixed_bytes": peaks["read-small"]["bytes"], "peaks": peaks, "rounds": rounds, "calibration": calibration}
    shutil.rmtree(folder)
    return results


def accepting(code, command):
    """The command, with a code besides 0 that is well, too."""
    return ["sh", "-c", f'"$@" || [ $? -eq {code} ]', "sh", *command]


def page(results):
    """The section of docs/performance.md."""
    m, rounds = results["machine"], results["rounds"]
    median = lambda name, what: statistics.median(found[what] for found in rounds[name])
    megabytes = {"read": results["fixed_bytes"], "duckdb": results["fixed_bytes"], "cclf": results["export_bytes"], "parquet": results["export_bytes"]}
    ratios = lambda name, other: [a["wall"] / b["wall"] for a, b in zip(rounds[name], rounds[other])]
    faster, slower = ratios("duckdb", "read"), ratios("parquet", "cclf")
    lines = [
        "## Fixed width", "",
        f"{results['fixed_bytes'] / 1e6:.0f} MB of CMS's fixed-width files read into Parquet, and {results['export_bytes'] / 1e9:.1f} GB of claims of v3 converted to such files, turn by",
        f"turn. Medians of {len(rounds['read'])} rounds, {results['threads']} threads. {m['cpu']}, {results['date']}.", "",
        "| job | wall s | CPU s | MB/s | peak MB |", "|---|--:|--:|--:|--:|",
    ]
    lines += [f"| {label} | {median(name, 'wall'):.2f} | {median(name, 'cpu'):.2f} | {megabytes[name] / 1e6 / median(name, 'wall'):.0f} | {median(name, 'peak'):.0f} |"
              for name, label in JOBS.items()]
    lines += ["", f"Files are read {statistics.median(faster):.1f} times as fast as DuckDB reads them ({min(faster):.1f} to {max(faster):.1f}; the target is {READ_MUST} times), and written at",
              f"{statistics.median(slower):.0%} of the rate of Parquet ({min(slower):.0%} to {max(slower):.0%}; the target is {WRITE_MUST:.0%}). DuckDB's tables were compared with ours, every cell.", "",
              "| fixed width | files | wall s | peak MB |", "|---|--:|--:|--:|"]
    for name, found in results["peaks"].items():
        lines.append(f"| {name.split('-')[0]} | {found['bytes'] / 1e6:,.0f} MB | {found['wall']:.2f} | {found['peak']:.0f} |")
    return lines + ["", "To repeat it: `benches/compare/run --steps cclf,report`.", ""]

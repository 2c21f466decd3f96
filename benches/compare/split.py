"""Where one core's time goes, the price of the checks, and the tape of simd-json on the same lines."""
import datetime, json, pathlib, shutil, statistics, subprocess

import export
from measure import machine, measure

BUILD = ["cargo", "bench", "--package", "bcda-benches", "--bench", "split", "--no-run", "--message-format", "json"]
# About 50 MB of claims, which the stages have in memory.
PEOPLE = 90
# Each stage does all that those before it do.
STAGES = {
    "index": "index: tokens, and with them the grammar, numbers, escapes, control characters",
    "check": "the rest of the checks: brackets, depth, UTF-8",
    "walk": "walk: members, keys, values, every fact of a record",
    "build": "build: the rows of all tables",
    "encode": "encode: Parquet, zstd level 1",
}
REST = "the rest of the program: reading, lines, hashes, files, its start"


def measure_split(options, work):
    built = subprocess.run(BUILD, cwd=export.ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    program = next(line["executable"] for line in map(json.loads, built.splitlines()) if line.get("executable"))
    folder = pathlib.Path(work) / "split"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([options.bcda, "synth", "--beneficiaries", str(PEOPLE), "--seed", "4", "--out", str(folder / "export"), "--quiet"], check=True)
    claims = folder / "claims.ndjson"
    claims.write_bytes(b"".join(pathlib.Path(file).read_bytes() for file in export.claims(folder / "export")))
    convert = [options.bcda, "convert", "--quiet", "--overwrite", "--threads", "1", str(claims), "--out", str(folder / "out")]
    measure(convert)
    rates, seconds = {}, []
    for _ in range(options.rounds):
        for line in subprocess.run([program, str(claims)], capture_output=True, text=True, check=True).stdout.splitlines()[1:]:
            stage, rate, _ = line.split()
            rates.setdefault(stage, []).append(float(rate))
        seconds.append(measure(convert)["cpu"])
    results = {"machine": machine(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
               "rounds": options.rounds, "megabytes": claims.stat().st_size / 1e6, "cpu": seconds, "rates": rates}
    shutil.rmtree(folder)
    return results


def page(results):
    """The section of docs/performance.md."""
    m, megabytes = results["machine"], results["megabytes"]
    rates = {stage: statistics.median(values) for stage, values in results["rates"].items()}
    whole = statistics.median(results["cpu"]) / megabytes
    spread = max(results["cpu"]) / min(results["cpu"]) - 1
    share = 1 / whole / rates["fill_tape"]
    rows, before = [], 0
    for stage, label in STAGES.items():
        rows.append((stage, label, 1 / rates[stage] - before))
        before = 1 / rates[stage]
    rows.append(("", REST, whole - before))
    lines = [
        "## One core", "",
        f"{megabytes:.0f} MB of synthetic claims: the stages of a conversion in memory, each with all before it, and `bcda convert --threads 1` of",
        f"the same file to all tables, in CPU seconds. Medians of {results['rounds']} rounds, turn by turn; those of `bcda` were {spread:.0%} apart. {m['cpu']}, {results['date']}.", "",
        f"The whole conversion runs at {1 / whole:.0f} MB/s, and simd-json's `fill_tape` alone at {rates['fill_tape']:.0f} MB/s: the one is {share:.0%} of the other.", "",
        "| stage | with all before it, MB/s | by itself, ns a byte | share |", "|---|--:|--:|--:|",
    ]
    lines += [f"| {label} | {f'{rates[stage]:.0f}' if stage else f'{1 / whole:.0f}'} | {cost * 1000:.2f} | {cost / whole:.0%} |" for stage, label, cost in rows]
    least, most = rows[1][2] / whole, (rows[0][2] + rows[1][2]) / whole
    return lines + ["",
        f"The price of full validation is between {least:.0%} and {most:.0%} of the conversion: most of it is done in the same pass that finds the",
        f"tokens, which a reader without checks needs too. Beside it, the standard library's check of UTF-8 alone: {rates['UTF-8']:,.0f} MB/s.", "",
        "To repeat it: `benches/compare/run --steps split,report`.", ""]

"""The Python package: what `bcda.convert` costs over the command, and the memory of a scan whose reader is slow."""
import json, pathlib, shutil, statistics, subprocess, sys

import jobs
from measure import calibrate, machine, measure

CONVERT = "import sys, bcda; bcda.convert(sys.argv[1], sys.argv[2], threads=int(sys.argv[3]))"
SLOW_BATCHES, PAUSE = 40, 2.0
# Peak memory is the process's own word: what the system reports for a child starts at the size of its parent.
SCAN = f"""
import json, sys, time, bcda
rows = batches = 0
for batch in bcda.scan(sys.argv[1], "cclf5", threads=int(sys.argv[2])):
    rows += batch.num_rows
    batches += 1
    if batches <= {SLOW_BATCHES}:
        time.sleep({PAUSE})
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({{"rows": rows, "batches": batches, "peak": peak / 1024}}))
"""


def measure_package(options, work):
    """Both measurements; data of one size is there at a time and removed after."""
    work = pathlib.Path(work)
    overhead, slow = (float(size) for size in options.package_gigabytes.split(","))
    results = {"machine": machine(), "threads": options.threads, "rounds": options.rounds, "calibration": []}
    folder, out = work / "package", work / "package-out"
    shutil.rmtree(folder, ignore_errors=True)
    jobs.synth(options.bcda, folder, overhead)
    results["overhead"] = {**jobs.sizes(folder), "values": {"command": [], "package": []}}
    commands = {
        "command": [options.bcda, "convert", "--quiet", "--threads", str(options.threads), str(folder), "--out", str(out)],
        "package": [options.python, "-c", CONVERT, str(folder), str(out), str(options.threads)],
    }
    # The round before the first fills the page cache and is not counted; every other round goes backwards.
    for number in range(options.rounds + 1):
        results["calibration"].append(calibrate())
        for name in list(commands) if number % 2 == 0 else list(commands)[::-1]:
            print(f"package: round {number} of {options.rounds}: {name}", file=sys.stderr)
            shutil.rmtree(out, ignore_errors=True)
            value = measure(commands[name])
            if number:
                results["overhead"]["values"][name].append(value)
    shutil.rmtree(out)
    shutil.rmtree(folder)
    print(f"package: a slow reader of {slow:g} GB", file=sys.stderr)
    jobs.synth(options.bcda, folder, slow)
    ran = subprocess.run([options.python, "-c", SCAN, str(folder), str(options.threads)], capture_output=True, text=True, check=True)
    results["slow"] = {**jobs.sizes(folder), "pause": PAUSE, "slow_batches": SLOW_BATCHES, **json.loads(ran.stdout)}
    shutil.rmtree(folder)
    return results


def median(results, name, what):
    return statistics.median(value[what] for value in results["overhead"]["values"][name])


def page(results):
    """The section of docs/performance.md."""
    overhead, slow, loads = results["overhead"], results["slow"], [each["load"] for each in results["calibration"]]
    over = lambda what: median(results, "package", what) / median(results, "command", what) - 1
    lines = [
        "## The Python package", "",
        f"`bcda.convert` beside `bcda convert` on the same {overhead['bytes'] / 1e9:.2f} GB of {overhead['records']:,} records: all tables,",
        f"{results['threads']} threads, medians of {results['rounds']} rounds, interleaved; the start of Python is part of its figures. The load average",
        f"was {min(loads):.1f} to {max(loads):.1f} on {results['machine']['cores']} cores.", "",
        "| | CPU s | wall s | peak MB |", "|---|--:|--:|--:|",
    ]
    for name, label in (("command", "`bcda convert`"), ("package", "`bcda.convert`")):
        lines.append(f"| {label} | {median(results, name, 'cpu'):.2f} | {median(results, name, 'wall'):.2f} | {median(results, name, 'peak'):.0f} |")
    lines.append(f"| over the command | {over('cpu'):+.1%} | {over('wall'):+.1%} | |")
    lines += [
        "", f"A scan whose reader is slow: CCLF5 of {slow['bytes'] / 1e9:.2f} GB, {slow['rows']:,} rows in {slow['batches']:,} batches, of which the first",
        f"{slow['slow_batches']} are waited for {slow['pause']} s each. Peak memory of the whole Python process: **{slow['peak']:.0f} MB**.", "",
        "To repeat it: `cargo build --profile dist; ci/python-package; benches/compare/run --steps package,report`.", "",
    ]
    return lines

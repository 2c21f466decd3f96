"""The typed model beside the crate `fhir-sdk`: the first table of `benches/peers`."""
import datetime, re, subprocess

import export, targets
from measure import machine

# `fhir` turns on a feature of serde_json that slows `fhir-sdk`, so that one is measured by itself.
COMMAND = ["cargo", "bench", "--manifest-path", "benches/peers/Cargo.toml", "--no-default-features", "--features", "sdk"]
ROW = re.compile(r"^(?P<reader>\S.*?) {2,}(?P<accepts>\d+) +(?P<rate>\d+) +(?P<ours>\d+) +(?P<times>[\d.]+)$")
PEER = "fhir-sdk"


def measure_model():
    told = subprocess.run(COMMAND, cwd=export.ROOT, capture_output=True, text=True, check=True).stdout
    rows = [match.groupdict() for match in map(ROW.match, told.splitlines()) if match]
    claims, rounds = map(int, re.search(r"(\d+) synthetic claims, median of (\d+) rounds", told).groups())
    return {"machine": machine(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
            "claims": claims, "rounds": rounds, "rows": rows}


def claim_of_peer(results):
    return next(row for row in results["rows"] if row["reader"].startswith(PEER) and row["reader"].endswith("claim"))


def page(results):
    """The section of docs/performance.md."""
    m = results["machine"]
    claim = claim_of_peer(results)
    lines = [
        "## The typed model", "",
        f"Reading {results['claims']} synthetic claims of all types into structs and dropping them, on one core, in memory; turn by turn, medians",
        f"of {results['rounds']} rounds, every crate on the lines that it accepts. {m['cpu']}, {results['date']}. *Ours* is `bcda-fhir-model`",
        "reading a known claim, borrowed, on the same lines.", "",
        f"A claim is read {claim['times']} times as fast as by `{PEER}`.", "",
        "| reader | accepts | MB/s | ours, MB/s | ours, times |", "|---|--:|--:|--:|--:|",
    ]
    lines += [f"| {row['reader']} | {row['accepts']} | {row['rate']} | {row['ours']} | {row['times']} |" for row in results["rows"]]
    return lines + ["", "To repeat it: `benches/compare/run --steps model,report`.", ""]


def wanted(results):
    """What the claim must be and should be, for whoever runs the benchmark."""
    value = float(next(row for row in results["rows"] if row["reader"] == "serde_json::Value")["times"])
    peer = float(claim_of_peer(results)["times"])
    return [targets.Target(f"a claim: rate over that of {PEER}", peer, targets.twice(peer), 3, 4, targets.twice),
            targets.Target("a claim: rate over that of serde_json::Value", value, targets.twice(value), 2, 2, targets.twice)]

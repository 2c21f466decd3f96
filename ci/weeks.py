"""What weeks lead to, of v1 and of v3. Run by ci/weeks."""

import os
import subprocess
import sys

import runs
from runs import Tally

WEEKS = 8
SYNCED = "bcda sync: weeks with faults and kills, v1"
SYNCED_V3 = "bcda sync: weeks with faults and kills, v3 (long)"
DBT = {f"dbt: {WEEKS} weeks of {api} (long)": api for api in ("v1", "v3")}


def dbt(case, api):
    """The copy that dbt keeps has the rows of the tables in the end."""
    tally = Tally(case)
    command = [runs.ROOT / "examples/dbt-incremental/run", str(WEEKS), "--api", api]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"CARGO_TERM_QUIET": "true"})
    print(done.stdout, file=sys.stderr)
    tally.ran(WEEKS)
    # The last column tells how many rows differ.
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("cclf")]
    for row in rows:
        if row[-1] != "0":
            tally.failed("lost", " ".join(row))
    if done.returncode != 0 or len(rows) != 11:
        tally.failed("aborts" if done.returncode < 0 else "lost", f"exit code {done.returncode}, {len(rows)} tables")
    return tally.end()


def main():
    form = runs.form(SYNCED, SYNCED_V3, *DBT)
    # Only now: the cases can be listed without what this needs.
    import sync_weeks

    print(f"BCDA_SEED={sync_weeks.SEED}", flush=True)
    if form == "smoke":
        # What is over soon.
        faults = ["expired-job truncate-body"]
        good = [sync_weeks.synced(SYNCED, "v1", weeks=2, people=20, most=2, faults=faults)]
    else:
        faults = sync_weeks.FAULTS
        good = [
            sync_weeks.synced(SYNCED, "v1", WEEKS, people=60, most=12, faults=faults),
            sync_weeks.synced(SYNCED_V3, "v3", WEEKS, people=60, most=12, faults=faults),
            *(dbt(case, api) for case, api in DBT.items()),
        ]
    return 0 if all(good) else 1


sys.exit(main())

#!/usr/bin/env python3
"""Measures `bcda convert` beside DuckDB, Polars, PyArrow and plain Python on the same synthetic export, interleaved,
checks that all outputs agree, and writes docs/performance.md with its pictures.

    benches/compare/run                                        everything, as published: an hour or more, 15 GB of disk
    benches/compare/run --gigabytes 0.1 --rounds 2 --steps race    a quick look: prints, writes no page
    benches/compare/run --steps odd --gigabytes 0.05           odd records: bcda and DuckDB cell by cell, no timing

Needs the build that is shipped: cargo build --profile dist, or --bcda; and for simd-json's tape and the decompressor
alone cargo build --profile dist -p bcda-benches --examples, or --examples FOLDER.
"""
import argparse, datetime, fnmatch, json, pathlib, shutil, subprocess, sys

import cclf, export, growth, jobs, model, odd, package, split, targets, update
from measure import calibrate, machine, measure

RESULTS = export.HERE / "results.json"


def arguments():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--steps", default="race,growth,report", help="any of odd, race, growth, split, update, cclf, package, model, report (default: race,growth,report)")
    options.add_argument("--gigabytes", type=float, default=1, help="size of the export of the race")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--jobs", default="*", help="names or globs of jobs, e.g. 'bcda-*,duckdb-23-*'")
    options.add_argument("--growth", default="0.1,1,2,5,10", help="sizes of the growth chart in GB")
    options.add_argument("--growth-rounds", type=int, default=3)
    options.add_argument("--package-gigabytes", default="1,4", help="sizes for the Python package: overhead, slow reader")
    options.add_argument("--python", default=str(export.ROOT / "target/python-package/bin/python"),
                         help="a Python with the package: ci/python-package makes this one")
    options.add_argument("--bcda", default=str(export.ROOT / "target/dist/bcda"))
    options.add_argument("--examples", default=str(export.ROOT / "target/dist/examples"), help="folder of the examples of bcda-benches")
    options.add_argument("--work", default=str(export.ROOT / "target/compare"), help="folder of data and tables")
    options.add_argument("--results", type=pathlib.Path, default=RESULTS)
    options.add_argument("--docs", type=pathlib.Path, default=export.ROOT / "docs", help="where report writes")
    options.add_argument("--keep", action="store_true", help="keep data and tables for another run")
    options.add_argument("--dollars", type=float, default=0.05, help="price of a vCPU hour in the arithmetic")
    return options.parse_args()


def main():
    options = arguments()
    options.bcda = str(pathlib.Path(options.bcda).resolve())
    steps = options.steps.split(",")
    if any(step not in ("odd", "race", "growth", "split", "update", "cclf", "package", "model", "report") for step in steps):
        sys.exit("--steps takes odd, race, growth, split, update, cclf, package, model and report")
    if not pathlib.Path(options.bcda).exists():
        sys.exit(f"no {options.bcda}: cargo build --profile dist")
    work = pathlib.Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    agree = "odd" not in steps or odd.check(options.bcda, work, options.gigabytes, options.rounds)
    if "race" in steps:
        # saved after each round: what was measured is not lost when something later fails
        for results["race"] in race(options, work):
            save(options.results, results)
        agree &= not results["race"]["failed"] and all(check["agree"] for check in results["race"]["agreement"])
        if not options.keep:
            shutil.rmtree(work / f"{options.gigabytes:g}GB")
            shutil.rmtree(work / "out", ignore_errors=True)
        print_race(results["race"])
    if "growth" in steps:
        results["growth"] = growth.measure_growth(options, work)
        save(options.results, results)
        print(targets.table(targets.memory(results["growth"])))
    if "split" in steps:
        results["split"] = split.measure_split(options, work)
        save(options.results, results)
        print("\n".join(split.page(results["split"])))
    if "update" in steps:
        results["update"] = update.measure_update(options, work)
        save(options.results, results)
        print("\n".join(update.page(results["update"])))
    if "cclf" in steps:
        results["cclf"] = cclf.measure_cclf(options, work)
        save(options.results, results)
        print("\n".join(cclf.page(results["cclf"])))
    if "package" in steps:
        results["package"] = package.measure_package(options, work)
        save(options.results, results)
        print("\n".join(package.page(results["package"])))
    if "model" in steps:
        results["model"] = model.measure_model()
        save(options.results, results)
        print("\n".join([*model.page(results["model"]), targets.table(model.wanted(results["model"]))]))
    if "report" in steps:
        subprocess.run([sys.executable, str(export.HERE / "report.py"), str(options.results), str(options.docs), str(options.dollars)], check=True)
    sys.exit(0 if agree else 1)


def save(path, results):
    path.write_text(json.dumps(results, indent=1) + "\n")


def race(options, work):
    """All jobs, round by round: what is known after each. The outputs of the round before the first are held against
    each other; a job that fails in it is left out of the others, and told of."""
    print("making data ...", file=sys.stderr)
    data = jobs.Data(options.bcda, work, options.gigabytes)
    wanted = options.jobs.split(",")
    chosen = [job for job in jobs.all_jobs(options.bcda, data, work, options.threads, options.examples)
              if any(fnmatch.fnmatch(job.name, pattern) for pattern in wanted)]
    if not chosen:
        sys.exit(f"no job is named {options.jobs}")
    rounds = {job.name: [] for job in chosen}
    calibration, agreement, failed = [], [], {}
    # Round 0 is not counted: it fills the page cache and gives the outputs that are compared.
    for number in range(options.rounds + 1):
        calibration.append(calibrate())
        # Every other round goes backwards: a job has not always the same one before it.
        for job in chosen if number % 2 == 0 else chosen[::-1]:
            print(f"round {number} of {options.rounds}: {job.name}", file=sys.stderr)
            try:
                values = [fresh(job) for _ in range(job.repeat if number else 1)]
            except RuntimeError as error:
                if number:
                    raise
                print(error, file=sys.stderr)
                failed[job.name] = job.label
            if number:
                rounds[job.name] += values
        if number == 0:
            chosen = [job for job in chosen if job.name not in failed]
            agreement = check(chosen)
        else:
            yield what_is_known(options, data, chosen, rounds, calibration, agreement, failed, number)


def what_is_known(options, data, chosen, rounds, calibration, agreement, failed, number):
    version = subprocess.run([options.bcda, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), "machine": machine(), "bcda": version,
        "peers": (export.HERE / "requirements.txt").read_text().split(), "threads": options.threads, "rounds": number,
        "gigabytes": options.gigabytes, "claim_megabytes": data.claim_megabytes, **jobs.sizes(data.plain),
        "columns_option": jobs.knows_columns(options.bcda), "calibration": calibration[1:], "agreement": agreement, "failed": failed,
        "jobs": [{"name": job.name, "label": job.label, "group": job.group, "megabytes": job.megabytes, "values": rounds[job.name]}
                 for job in chosen],
    }


def fresh(job):
    """One run of a job into a new folder."""
    shutil.rmtree(job.out, ignore_errors=True)
    job.out.parent.mkdir(parents=True, exist_ok=True)
    return measure(job.command, tree=job.tree)


def check(chosen):
    """Holds every peer's tables, and ours made in other ways, against ours. In processes of their own: see measure.py."""
    ours = {job.group: job for job in chosen if job.name in ("bcda-23", "bcda-whole")}
    results = []
    for job in chosen:
        reference = ours.get(job.group) or ours.get("whole")
        if not job.check or reference is None or job is reference:
            continue
        process = subprocess.run([sys.executable, str(export.HERE / "agree.py"), str(reference.out), str(job.out), *job.check, *job.how],
                                 capture_output=True, text=True)
        print(f"{job.name}:\n{process.stdout}{process.stderr}", file=sys.stderr)
        results.append({"job": job.name, "label": job.label, "group": job.group, "agree": process.returncode == 0,
                        "tables": process.stdout.splitlines() or process.stderr.splitlines()[-1:]})
    return results


def print_race(results):
    print(targets.race_table(results))
    print(targets.table(targets.ratios(results)))
    print(*targets.agreement(results), sep="\n")
    for line in targets.noise(results):
        print(line)


if __name__ == "__main__":
    main()

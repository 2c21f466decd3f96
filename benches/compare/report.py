#!/usr/bin/env python3
"""Writes docs/performance.md and its pictures: report.py RESULTS.json DOCS DOLLARS_PER_VCPU_HOUR.

The page is made of the figures in the file and nothing else: the same file gives the same bytes.
"""
import json, pathlib, sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "bcda", "svg.fonttype": "path", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False, "figure.facecolor": "white"})
import matplotlib.pyplot as plt

import cclf, model, package, split, targets, update

OURS, OTHERS = "#1f6f8b", "#b9c0c7"


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    # matplotlib leaves spaces at the ends of lines
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def picture(race, path):
    """CPU seconds per gigabyte of both races, one bar a job: on one scale, and in the order in which the jobs are listed."""
    figures = targets.Figures(race)
    groups = [(group, [job["name"] for job in race["jobs"] if job["group"] == group]) for group in ("23", "whole")]
    groups = [(group, names) for group, names in groups if names]
    figure, axes = plt.subplots(len(groups), 1, figsize=(8, 0.7 + 0.36 * sum(len(names) + 1.2 for _, names in groups)),
                                gridspec_kw={"height_ratios": [len(names) for _, names in groups]}, squeeze=False)
    most = max(figures.median(name, "cpu") / figures.jobs[name]["megabytes"] * 1000 for _, names in groups for name in names)
    for (group, names), axis in zip(groups, axes[:, 0]):
        values = [figures.median(name, "cpu") / figures.jobs[name]["megabytes"] * 1000 for name in names]
        walls = [figures.median(name, "wall") / figures.jobs[name]["megabytes"] * 1000 for name in names]
        places = range(len(names), 0, -1)
        axis.barh(places, values, color=[OURS if name.startswith("bcda") else OTHERS for name in names], height=0.7)
        for place, cpu, wall in zip(places, values, walls):
            axis.annotate(f"{cpu:.1f} ({wall:.1f} wall)", (cpu, place), xytext=(4, 0), textcoords="offset points", va="center")
        axis.set_yticks(list(places), [figures.jobs[name]["label"] for name in names])
        axis.set_xlim(0, most * 1.22)
        axis.set_title(targets.GROUPS[group], loc="left", fontsize=10)
        axis.tick_params(left=False)
    axes[-1, 0].set_xlabel("CPU seconds per GB of claims, and wall seconds: less is better")
    save(figure, path)


def growth_picture(growth, path):
    figure, (time, memory) = plt.subplots(1, 2, figsize=(8, 3.2))
    for kind, style in (("plain", {"color": OURS, "marker": "o"}), ("gzip", {"color": "#d08a2e", "marker": "s"})):
        points = [point for point in growth["points"] if point["kind"] == kind]
        sizes = [point["bytes"] / 1e9 for point in points]
        time.plot(sizes, [point["wall"] for point in points], label=kind, **style)
        memory.plot(sizes, [point["peak"] for point in points], label=kind, **style)
    for axis, title, unit in ((time, "Time", "seconds"), (memory, "Peak memory", "MB")):
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_xlabel("GB of NDJSON")
        axis.set_ylabel(unit)
        axis.set_xlim(left=0)
        axis.set_ylim(bottom=0)
        axis.legend(frameon=False)
    save(figure, path)


def race_page(race):
    m, f = race["machine"], targets.Figures(race)
    lines = [
        "# Performance", "",
        "This page is made from the figures in `benches/compare/results.json`, which `benches/compare/run` measures. It makes a",
        "synthetic export (`bcda synth --seed 4`) and runs all jobs interleaved, forwards in one round and backwards in the next.",
        "It compares every output with that of `bcda`, cell by cell, and gives medians. A ratio is one of two medians, and in",
        "brackets stands its range by round.", "",
        "![CPU seconds per GB of claims](performance.svg)", "",
        f"- Data: {race['records']:,} records, {race['bytes'] / 1e6:,.0f} MB, {race['claim_megabytes']:,.0f} MB of them claims; "
        f"files cached; Parquet with zstd level 1.",
        f"- Machine: {m['cpu']}, {m['cores']} virtual cores, {m['memory_gib']:g} GiB, {m['system']}. {race['date']}.",
        f"- {race['bcda']}; Python {m['python']} with {', '.join(p.replace('==', ' ') for p in race['peers'])}.",
        f"- {race['threads']} threads (plain Python: processes) unless told otherwise; {race['rounds']} rounds after one that is not counted.",
        *([] if race["columns_option"] else ["- This build of bcda wrote all columns of CCLF1 and CCLF5 in the 23-column job: it has no `--columns` yet."]),
        "", "CPU seconds are user and system time of all processes. MB/s are megabytes (10^6 bytes) of claims by wall time. The",
        "spread is how far apart the rounds of one job were.", "", "Noise of the machine:", "",
        *(f"- {line}" for line in targets.noise(race) if line), "",
        "## Ratios", "", targets.ratio_table(race), "",
        "## The jobs", "", targets.race_table(race),
    ]
    lines += [
        "What each does:", "",
        "- **bcda** reads and indexes Patients and Coverages too, checks every byte of every record, evaluates every fact of it",
        "  whichever columns are wanted, and hashes inputs and outputs. The others check nothing beyond what they parse.",
        "- **DuckDB** has the schema given (inferring it takes many times longer), cut down to the members that are needed; keys",
        "  are sought with `list_position`, not with a lambda; insertion order is not kept. Parsed once: the claims go into a",
        "  temporary table that the queries read. Passes: each query parses for itself what it needs. Text filtered first:",
        "  `read_ndjson_objects`, a search in the text for the claim's type, `json_transform` of what is left.",
        "- **Polars** scans lines and decodes them with the schema (`scan_ndjson` with the same schema takes several times as long);",
        "  numbers come as 64-bit floats and are rounded to the cent.",
        "- **PyArrow** reads with an explicit schema, file by file, and takes nested lists apart by whole columns.",
        "- **Python**: a dictionary a claim; files shared out to processes; PyArrow writes the Parquet.", "",
        "## The same tables", "",
        "Each output was compared with that of `bcda`: every row and every cell that the other wrote (`EXCEPT ALL` both ways), row hash and",
        "exact sums of all amounts.", "",
    ]
    for check in race["agreement"]:
        lines.append(f"- {targets.GROUPS[check['group']].split(':')[0]}, {f.jobs[check['job']]['label']}: {said(check)}.")
    lines += ["", "`duckdb_all.sql` is thus a second, independent reading of the crosswalk for CCLF1 to CCLF7.", ""]
    return lines


def said(check):
    """One sentence of a comparison: rows and columns of each table, or what differs."""
    if not check["agree"]:
        return "**differs**: " + "; ".join(check["tables"])
    sizes = [line.replace(": agree: ", " ").replace(" rows of ", " × ").replace(" columns, every cell", "") for line in check["tables"]]
    return "every cell of " + ", ".join(sizes)


def growth_page(growth):
    lines = ["## Growth", "", "![Time and peak memory by size](performance-growth.svg)", "",
             f"All twelve tables, {growth['threads']} threads, medians of {growth['rounds']} runs.", "",
             "| export | stored | wall s | CPU s | MB/s | peak MB |", "|---|--:|--:|--:|--:|--:|"]
    for point in growth["points"]:
        lines.append(f"| {point['gigabytes']:g} GB {point['kind']} | {point['stored_bytes'] / 1e6:,.0f} MB | {point['wall']:.2f} | {point['cpu']:.2f} "
                     f"| {point['bytes'] / 1e6 / point['wall']:.0f} | {point['peak']:.0f} |")
    return lines + ["", "MB/s count the decompressed bytes of all records.", ""]


def spark_page(spark):
    figures = {(figure["table"], figure["executors"]): figure for figure in spark["figures"]}
    tables = sorted({table for table, _ in figures})
    lines = ["## Spark", "",
             f"The data source `bcda` of Spark {spark['pyspark']}: a table of a synthetic export of {spark['megabytes']:,.0f} MB read into nothing,",
             "by executors that are processes of their own, each bound to one core (`local-cluster[1,1,1024]` and `[2,1,1024]`),",
             f"partitions of {spark['partition_bytes'] >> 20} MiB, on {spark['cores']} cores ({spark['cpu']}). The driver shares them;",
             f"a figure above two times is noise. The index is there from the query before. Medians of {spark['rounds']} runs, each with a cluster of its own.",
             *([spark["note"]] if spark["note"] else []), "",
             "| table | rows | 1 executor, s | MB/s | 2 executors, s | MB/s | times as fast |", "|---|--:|--:|--:|--:|--:|--:|"]
    for table in tables:
        one, two = figures[table, 1], figures[table, 2]
        rate = lambda figure: f"{spark['megabytes'] / figure['wall']:.0f}"
        lines.append(f"| {table} | {one['rows']:,} | {one['wall']:.2f} | {rate(one)} | {two['wall']:.2f} | {rate(two)} | {one['wall'] / two['wall']:.2f} |")
    return lines + ["", "To repeat it: `ci/python-package --print`, then `benches/compare/spark`.", ""]


def arithmetic(race, dollars):
    """What the measured rates come to."""
    f = targets.Figures(race)
    if not f.has("bcda-all"):
        return []
    cores, national = race["machine"]["cores"], 100e6
    whole = race["bytes"] / 1e6  # all records are read by this job, not claims alone
    wall, cpu = f.median("bcda-all", "wall"), f.median("bcda-all", "cpu")
    per_core = whole / cpu
    core_hours = national / per_core / 3600
    executors, each, busy = 100, 4, 0.8
    duck = f.best("duckdb-whole")
    lines = [
        "## Arithmetic", "", f"From *all twelve tables* above: {whole:,.0f} MB in {wall:.2f} s of wall time and {cpu:.2f} CPU seconds.", "",
        "| what | formula | figure |", "|---|---|--:|",
        f"| one machine of {cores} cores, an hour | {whole:,.0f} MB / {wall:.2f} s × 3,600 s | {whole / wall * 3600 / 1e6:,.2f} TB |",
        f"| one core, a second | {whole:,.0f} MB / {cpu:.2f} CPU s | {per_core:,.0f} MB |",
        f"| a national file of 100 TB, plain NDJSON | 100,000,000 MB / {per_core:,.0f} MB/s / 3,600 | {core_hours:,.0f} core hours |",
        f"| its price | {core_hours:,.0f} core hours × ${dollars:.2f} | ${core_hours * dollars:,.2f} |",
        f"| on one machine of {cores} cores | 100,000,000 MB / {whole / wall:,.0f} MB/s / 3,600 | {national / (whole / wall) / 3600:,.0f} hours |",
        f"| on {executors} Spark executors of {each} cores, {busy:.0%} busy | {core_hours:,.0f} / ({executors} × {each} × {busy}) "
        f"| {core_hours / (executors * each * busy) * 60:,.0f} minutes |",
        f"| the price of those executors | {executors} × {each} × {core_hours / (executors * each * busy):.2f} h × ${dollars:.2f} | ${core_hours / busy * dollars:,.2f} |",
    ]
    if duck:
        share = f.median(duck, "cpu") / f.jobs[duck]["megabytes"]  # CPU seconds per MB of claims
        hours = share * race["claim_megabytes"] / whole * national / 3600
        lines.append(f"| the same by DuckDB ({f.jobs[duck]['label'].split(', ')[-1]}), CCLF1 to CCLF7 only "
                     f"| {f.median(duck, 'cpu'):.2f} CPU s for the same {whole:,.0f} MB | {hours:,.0f} core hours, ${hours * dollars:,.2f} |")
    lines += [
        "", f"Assumed, not measured: a vCPU hour costs ${dollars:.2f}; storage delivers what the cores can read (one core wants",
        f"{per_core:,.0f} MB/s, {executors} executors {executors * each * busy * per_core / 1000:,.0f} GB/s); a vCPU of theirs is one of ours; each executor runs",
        f"bcda on files of its own, with the Patients of those files beside them, and is busy {busy:.0%} of the time. Nothing here",
        "has been run on 100 TB or on so many executors.", "",
    ]
    return lines


def main():
    results, docs, dollars = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]), float(sys.argv[3])
    docs.mkdir(parents=True, exist_ok=True)
    lines = []
    if "race" in results:
        picture(results["race"], docs / "performance.svg")
        lines += race_page(results["race"])
    if "growth" in results:
        growth_picture(results["growth"], docs / "performance-growth.svg")
        lines += growth_page(results["growth"])
    if "update" in results:
        lines += update.page(results["update"])
    if "cclf" in results:
        lines += cclf.page(results["cclf"])
    if "split" in results:
        lines += split.page(results["split"])
    if "spark" in results:
        lines += spark_page(results["spark"])
    if "package" in results:
        lines += package.page(results["package"])
    if "model" in results:
        lines += model.page(results["model"])
    if "race" in results:
        lines += arithmetic(results["race"], dollars)
    lines += ["## To repeat it", "", "    cargo build --profile dist", "    benches/compare/run", "",
              "`benches/compare/run --help` tells how to choose jobs, sizes and rounds. Stages have criterion benches of their own:",
              "`cargo bench -p bcda-benches`.", ""]
    (docs / "performance.md").write_text("\n".join(lines))


if __name__ == "__main__":
    main()

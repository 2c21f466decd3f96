"""What the measured figures come to: tables of jobs, ratios, and the targets, met or missed. Only medians of interleaved rounds.

The page has the figures alone; whoever runs the benchmark is told how they compare with what was wanted."""
import statistics

GROUPS = {"23": "23 columns: twelve of CCLF1, eleven of CCLF5", "whole": "Every column with a source of CCLF1 to CCLF7",
          "ways": "Other ways in and out (bcda)"}


class Figures:
    """Medians by job."""

    def __init__(self, results):
        self.results = results
        self.jobs = {job["name"]: job for job in results["jobs"]}

    def has(self, *names):
        return all(name in self.jobs for name in names)

    def column(self, name, what):
        return [value[what] for value in self.jobs[name]["values"]]

    def median(self, name, what):
        return statistics.median(self.column(name, what))

    def spread(self, name, what="wall"):
        values = self.column(name, what)
        return (max(values) - min(values)) / statistics.median(values)

    def rate(self, name, what="wall"):
        """Megabytes of claims per second."""
        return self.jobs[name]["megabytes"] / self.median(name, what)

    def best(self, prefix, what="cpu"):
        names = [name for name in self.jobs if name.startswith(prefix)]
        return min(names, key=lambda name: self.median(name, what)) if names else None

    def ratio(self, name, other, what):
        """How many times as much as the other, by the medians."""
        return self.median(name, what) / self.median(other, what)

    def ratios(self, name, other, what):
        """The same round by round: the least and the greatest."""
        pairs = [a / b for a, b in zip(self.column(name, what), self.column(other, what))]
        return min(pairs), max(pairs)


def race_table(results):
    figures, lines = Figures(results), []
    for group, title in GROUPS.items():
        members = [job for job in results["jobs"] if job["group"] == group]
        if not members:
            continue
        lines += [f"{title}:", "", "| job | wall s | CPU s | MB/s | peak MB | wall spread | CPU spread |", "|---|--:|--:|--:|--:|--:|--:|"]
        for job in members:
            name = job["name"]
            digits = 3 if figures.median(name, "wall") < 0.1 else 2
            speed = f"{figures.rate(name):.0f}" if job["megabytes"] else ""
            lines.append(f"| {job['label']} | {figures.median(name, 'wall'):.{digits}f} | {figures.median(name, 'cpu'):.{digits}f} | {speed} "
                         f"| {figures.median(name, 'peak'):.0f} | {figures.spread(name):.0%} | {figures.spread(name, 'cpu'):.0%} |")
        lines.append("")
    return "\n".join(lines)


def ratios(results):
    """(what, wanted, measured, met) of every ratio whose jobs were run."""
    f, found = Figures(results), []
    cores = min(results["threads"], results["machine"]["cores"])

    def faster(ours, peers, times, title):
        for what, unit in (("cpu", "CPU time"), ("wall", "wall time")):
            best = f.best(peers, what)
            if f.has(ours) and best:
                value, (least, most) = f.ratio(best, ours, what), f.ratios(best, ours, what)
                found.append((f"{title}: {unit} of {f.jobs[best]['label'].replace(', ', ' (', 1)}) over that of bcda", f"at least {times} times",
                              f"{value:.1f} times ({least:.1f} to {most:.1f})", value >= times))

    faster("bcda-23", "duckdb-23", 5, "23 columns")
    faster("bcda-whole", "duckdb-whole", 8, "every column of CCLF1 to CCLF7")
    if f.has("bcda-whole", "bcda-whole-1") and results["threads"] == 2:
        value = f.ratio("bcda-whole-1", "bcda-whole", "wall")
        found.append(("every column of CCLF1 to CCLF7: wall time of one thread over that of two", "at least 1.8 times", f"{value:.2f} times", value >= 1.8))
    if f.has("bcda-23", "bcda-23-1") and results["threads"] == 2:
        value = f.ratio("bcda-23-1", "bcda-23", "wall")
        found.append(("23 columns: wall time of one thread over that of two", "at least 1.8 times", f"{value:.2f} times", value >= 1.8))
    if f.has("bcda-gzip", "gunzip", "bcda-whole"):
        floor = (f.median("gunzip", "cpu") + f.median("bcda-whole", "cpu")) / cores
        value = f.median("bcda-gzip", "wall") / floor
        found.append((f"gzip: wall time over (CPU time of {results['gunzip']} + CPU time of plain files) / {cores} cores", "at most 1.15 times",
                      f"{value:.2f} times", value <= 1.15))
    if f.has("bcda-stdin", "bcda-whole"):
        value = f.ratio("bcda-stdin", "bcda-whole", "wall")
        found.append(("standard input, a pipe from cat: wall time over that of files", "at most 1.10 times", f"{value:.2f} times", value <= 1.10))
    if f.has("bcda-stdin-file", "bcda-whole"):
        value = f.ratio("bcda-stdin-file", "bcda-whole", "wall")
        found.append(("standard input, a file redirected: wall time over that of files", "at most 1.10 times", f"{value:.2f} times", value <= 1.10))
    if f.has("bcda-stdin-patients", "bcda-whole"):
        value = f.ratio("bcda-stdin-patients", "bcda-whole", "wall")
        found.append(("standard input, a pipe from cat, with --patients: wall time over that of files", "at most 1.10 times", f"{value:.2f} times", value <= 1.10))
    if f.has("bcda-small", "bcda-one"):
        value = f.rate("bcda-small") / f.rate("bcda-one")
        found.append(("many small files: rate over that of one large file", "at least 80%", f"{value:.0%}", value >= 0.80))
    if f.has("bcda-csv", "bcda-whole"):
        value = f.rate("bcda-csv") / f.rate("bcda-whole")
        found.append(("CSV: rate over that of Parquet", "at least 60%", f"{value:.0%}", value >= 0.60))
    if f.has("bcda-empty"):
        value = f.median("bcda-empty", "wall") * 1000
        found.append((f"an empty file: wall time, median of {len(f.column('bcda-empty', 'wall'))}", "below 20 ms", f"{value:.1f} ms", value < 20))
    for label in results["failed"].values():
        found.append((label, "runs", "failed", False))
    return found


def targets(results):
    """The same, and that all jobs agree."""
    f, found = Figures(results), ratios(results)
    for check in results["agreement"]:
        job = f.jobs[check["job"]]
        found.append((f"same rows and cells as bcda: {GROUPS[job['group']].split(':')[0]}, {job['label']}", "every cell",
                      "every cell" if check["agree"] else "differs", check["agree"]))
    return found


def ratio_table(results):
    """What was measured, as the page has it."""
    lines = ["| what | measured |", "|---|---|"]
    lines += [f"| {what} | {measured} |" for what, _, measured, _ in ratios(results)]
    return "\n".join(lines)


def target_table(results):
    """The same beside what was wanted, for whoever runs the benchmark."""
    lines = ["| target | wanted | measured | |", "|---|---|---|---|"]
    lines += [f"| {what} | {wanted} | {measured} | {'PASS' if met else '**MISS**'} |" for what, wanted, measured, met in targets(results)]
    return "\n".join(lines)


def noise(results):
    """How quiet the machine was."""
    walls = [value["wall"] for value in results["calibration"]]
    middle = statistics.median(walls)
    stolen = statistics.median(value["wall"] / value["cpu"] for value in results["calibration"])
    load = [value["load"] for value in results["calibration"]]
    f = Figures(results)
    spreads = [f.spread(name) for name in f.jobs if f.jobs[name]["megabytes"]]
    cpu = [f.spread(name, "cpu") for name in f.jobs if f.jobs[name]["megabytes"]]
    return [
        f"A fixed piece of arithmetic on one core, run at the start of each round, took {middle:.2f} s, from {min(walls):.2f} "
        f"to {max(walls):.2f} s ({(max(walls) - min(walls)) / middle:.0%}); its wall time was {stolen:.2f} times its CPU time. "
        f"The load average then was {min(load):.1f} to {max(load):.1f} on {results['machine']['cores']} cores.",
        f"Between the rounds of one job, wall times differ by {statistics.median(spreads):.0%} (median over the jobs; "
        f"worst {max(spreads):.0%}), CPU seconds by {statistics.median(cpu):.0%} (worst {max(cpu):.0%})." if spreads else "",
    ]

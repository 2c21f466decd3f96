"""What the measured figures come to: tables of jobs, ratios, and the targets, met or missed. Only medians of interleaved rounds.

The page has the figures alone; whoever runs the benchmark is told how they compare with what was wanted."""
import statistics

from jobs import BYTES_PER_BENEFICIARY

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


class Target:
    """A figure beside what it must be and what one would like it to be: at least, or with `below` at most."""

    def __init__(self, what, value, shown, must, aim, form, below=False):
        self.what, self.value, self.shown, self.must, self.aim, self.form, self.below = what, value, shown, must, aim, form, below

    def meets(self, wanted):
        return self.value <= wanted if self.below else self.value >= wanted

    def row(self):
        met = "aim" if self.meets(self.aim) else "must" if self.meets(self.must) else "**none**"
        side = "at most " if self.below else "at least "
        return f"| {self.what} | {side}{self.form(self.must)} | {side}{self.form(self.aim)} | {self.shown} | {met} |"


def times(value, digits=1):
    return f"{value:.{digits}f} times"


def twice(value):
    return times(value, 2)


def percent(value):
    return f"{value:.0%}"


def milliseconds(value):
    return f"{value:.1f} ms"


def megabytes(value):
    return f"{value:.0f} MB"


def ratios(results):
    """Every ratio whose jobs were run."""
    f, found = Figures(results), []
    cores = min(results["threads"], results["machine"]["cores"])
    every = "every column of CCLF1 to CCLF7"

    def add(what, value, must, aim, form, below=False, shown=None):
        found.append(Target(what, value, shown or form(value), must, aim, form, below))

    def faster(ours, peers, must, aim, title):
        # The best is another for CPU time than for wall time.
        for what, unit in (("cpu", "CPU time"), ("wall", "wall time")):
            best = f.best(peers, what)
            if f.has(ours) and best:
                value, (least, most) = f.ratio(best, ours, what), f.ratios(best, ours, what)
                add(f"{title}: {unit} of {f.jobs[best]['label'].replace(', ', ' (', 1)}) over that of bcda", value, must, aim, times,
                    shown=f"{times(value)} ({least:.1f} to {most:.1f})")

    faster("bcda-23", "duckdb-23", 3, 4, "23 columns")
    faster("bcda-whole", "duckdb-whole", 4.5, 6, every)
    if f.has("tape", "bcda-claims-1", "bcda-empty"):
        for what, unit in (("cpu", "CPU time"), ("wall", "wall time")):
            value = f.median("tape", what) / (f.median("bcda-claims-1", what) - f.median("bcda-empty", what))
            add(f"{every}, one thread, claims alone, without the start: rate over that of fill_tape of simd-json, by {unit}", value,
                0.40, 0.55, percent)
    for title, name in ((every, "bcda-whole"), ("23 columns", "bcda-23")):
        if f.has(name, f"{name}-1") and results["threads"] == 2:
            add(f"{title}: wall time of one thread over that of two", f.ratio(f"{name}-1", name, "wall"), 1.8, 1.8, twice)
    if f.has("bcda-gzip", "gunzip", "bcda-whole"):
        floor = (f.median("gunzip", "cpu") + f.median("bcda-whole", "cpu")) / cores
        add(f"gzip: wall time over (CPU time of our decompressor alone + CPU time of plain files) / {cores} cores",
            f.median("bcda-gzip", "wall") / floor, 1.15, 1.15, twice, below=True)
    for name, title in (("bcda-stdin", "a pipe from cat"), ("bcda-stdin-file", "a file redirected"),
                        ("bcda-stdin-patients", "a pipe from cat, with --patients")):
        if f.has(name, "bcda-whole"):
            add(f"standard input, {title}: wall time over that of files", f.ratio(name, "bcda-whole", "wall"), 1.10, 1.10, twice, below=True)
    if f.has("bcda-small", "bcda-one"):
        add("many small files: rate over that of one large file", f.rate("bcda-small") / f.rate("bcda-one"), 0.80, 0.90, percent)
    if f.has("bcda-csv", "bcda-whole"):
        add("CSV: rate over that of Parquet", f.rate("bcda-csv") / f.rate("bcda-whole"), 0.60, 0.60, percent)
    if f.has("bcda-empty"):
        add(f"an empty file: wall time, median of {len(f.column('bcda-empty', 'wall'))}", f.median("bcda-empty", "wall") * 1000, 10, 10,
            milliseconds, below=True)
    return found


# What a person takes in the index, which grows with them as the rest must not; and what the rest may take.
INDEX_BYTES, MOST_PEAK = 250, 96


def memory(growth):
    """Peaks of plain exports of 1 and of 10 GB: below the bound, and the same but for the index."""
    points = {point["gigabytes"]: point for point in growth["points"] if point["kind"] == "plain" and point["gigabytes"] in (1, 10)}
    index = {size: size * 1e9 / BYTES_PER_BENEFICIARY * INDEX_BYTES / 1e6 for size in points}
    found = [Target(f"peak memory at {size:g} GB without the index of {index[size]:.1f} MB", point["peak"] - index[size],
                    megabytes(point["peak"] - index[size]), MOST_PEAK, MOST_PEAK, megabytes, below=True) for size, point in points.items()]
    if len(points) == 2:
        value = (points[10]["peak"] - index[10]) / (points[1]["peak"] - index[1])
        found.append(Target("peak memory at 10 GB over that at 1 GB, without the index", value, twice(value), 1.10, 1.10, twice, below=True))
    return found


def ratio_table(results):
    """What was measured, as the page has it."""
    lines = ["| what | measured |", "|---|---|"]
    return "\n".join(lines + [f"| {target.what} | {target.shown} |" for target in ratios(results)])


def table(found):
    """The same beside what is wanted, for whoever runs the benchmark."""
    return "\n".join(["| target | must | aim | measured | met |", "|---|---|---|---|---|", *(target.row() for target in found)])


def agreement(results):
    """What failed or differs, a line each."""
    f = Figures(results)
    lines = [f"FAILED: {label}" for label in results["failed"].values()]
    lines += [f"DIFFERS from bcda: {GROUPS[f.jobs[check['job']]['group']].split(':')[0]}, {f.jobs[check['job']]['label']}"
              for check in results["agreement"] if not check["agree"]]
    return lines or [f"All of the {len(results['agreement'])} outputs that were compared have the same rows and cells."]


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

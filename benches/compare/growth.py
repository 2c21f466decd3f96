"""Time and memory as the export grows, plain and gzip. Data of one size is there at a time and removed after."""
import pathlib, shutil, statistics, sys

import jobs
from measure import measure


def measure_growth(options, work):
    points = []
    for size in sorted(float(text) for text in options.growth.split(",")):
        for kind in ("plain", "gzip"):
            folder = pathlib.Path(work) / f"growth-{size:g}-{kind}"
            out = pathlib.Path(work) / "growth-out"
            print(f"growth: {size:g} GB {kind}", file=sys.stderr)
            jobs.synth(options.bcda, folder, size, gzip=kind == "gzip")
            values = []
            # The run before the first fills the page cache and is not counted.
            for number in range(options.growth_rounds + 1):
                shutil.rmtree(out, ignore_errors=True)
                value = measure([options.bcda, "convert", "--quiet", "--threads", str(options.threads), str(folder), "--out", str(out)])
                if number:
                    values.append(value)
            stored = sum(path.stat().st_size for path in folder.iterdir())
            points.append({"gigabytes": size, "kind": kind, **jobs.sizes(folder), "stored_bytes": stored,
                           **{what: statistics.median(value[what] for value in values) for what in ("wall", "cpu", "peak")},
                           "values": values})
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(folder)
    return {"threads": options.threads, "rounds": options.growth_rounds, "points": points}

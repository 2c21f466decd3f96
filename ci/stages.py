"""Instructions of `bcda convert`, by stage: for `ci/bounds`, which holds them against those of ci/stages.json.

valgrind's callgrind says of each instruction in which function it is and, where line tables are, from which file's line it
came, inlined or not. A stage is a folder of source: what the optimiser inlines stays in it. Valgrind has no AVX-512, so the
engine that runs is that for AVX2.
"""

import collections
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "ci/stages.json"

# A stage that is at least this part of the whole may differ by so much; two runs of one program differ by 0.3 % at most.
MOST_CHANGE = 0.03
LEAST_SHARE = 0.02

# 300 claims, with their Patients and Coverages.
PEOPLE, CLAIMS_EACH, SEED = 30, 10, 4
# Runs of each conversion, of which the least counts.
RUNS = 3

START, WHOLE, LIBC = "start", "whole", "libc"
# Only told. Each version of the C library has its own way to copy, to fill and to find memory, and how much of malloc a
# run takes is chance: which thread gives back what another took.
OF_LIBC = (START, WHOLE, LIBC)
STANDARD = "the standard library"
# Our own source, the first that fits; then crates of others.
FOLDERS = {
    "json-walk/src/index": "index", "json-walk/src/strict": "index", "json-walk": "walk",
    "cclf-crosswalk/src/plan": "walk", "cclf-crosswalk/src/facts": "walk", "cclf-crosswalk/src/interpret": "walk",
    "cclf-crosswalk/src/rows": "rows", "cclf-crosswalk/src/arrow": "rows", "cclf-crosswalk/src/people": "people",
    "cclf-crosswalk/src/sink": "encoding", "cclf-crosswalk": "the rest of ours", "ndjson-io": "reading",
    **dict.fromkeys(("cms", "fhir-model", "publish", "object-storage", "convert", "encryption", "cli"), "the rest of ours"),
}
CRATES = {
    **dict.fromkeys(("parquet", "zstd", "zstd_safe", "zstd_sys", "snap", "flatbuffers", "base64", "thrift", "twox_hash", "ahash",
                     "half"), "encoding"),
    **dict.fromkeys(("mimalloc", "libmimalloc_sys", "__rust_alloc", "__rustc"), "allocation"),
    **dict.fromkeys(("core", "alloc", "std", "hashbrown", "memchr"), STANDARD),
}
# C has no paths: libraries of others by how their names begin.
SYMBOLS = re.compile(r"^(?:(ZSTD|HUF|FSE|HIST|XXH|ZSTDMT|POOL)_|(_?mi_))")
OURS = re.compile(r"(?:^|/)(" + "|".join(sorted({name.split("/")[0] for name in FOLDERS}, key=len, reverse=True)) + r")/(src/.*)$")
REGISTRY = re.compile(r"/registry/src/[^/]+/([A-Za-z0-9_-]+?)-\d+\.\d+[^/]*/")
CRATE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)::")


def of_file(file):
    """The stage of a file, None for one that belongs to whoever calls it."""
    if found := REGISTRY.search(file):
        stage = of_crate(found[1].replace("-", "_"))
        return None if stage == STANDARD else stage
    if "/rustc/" in file or "/rust/deps/" in file:
        return None
    if found := OURS.search(file):
        path = f"{found[1]}/{found[2]}"
        return next(stage for folder, stage in FOLDERS.items() if path.startswith(folder))
    return None


def of_crate(crate):
    if crate.startswith("arrow"):
        return "encoding"
    return CRATES.get(crate)


def of_function(function):
    """The stage of a function without a file of ours: by the first crate in its name that has one."""
    if found := SYMBOLS.match(function):
        return "encoding" if found[1] else "allocation"
    for crate in CRATE.findall(function):
        folder = {"cclf_crosswalk": "cclf-crosswalk", "ndjson_io": "ndjson-io", "json_walk": "json-walk"}.get(crate)
        if folder:
            return of_file(f"{folder}/src/{function.split(crate + '::', 1)[1].replace('::', '/')}")
        if stage := of_crate(crate):
            return stage
    return None


def stage_of(place, own, inlined, function):
    """`own` is the file of the function, `inlined` that of the line."""
    if re.search(r"/(libc|libm|ld-linux[^/]*|libpthread|libdl|libgcc_s)[.-]", place):
        return LIBC
    return of_file(inlined) or of_file(own) or of_function(function) or "others"


def read(path):
    """Instructions by stage, from a file of callgrind: each by the code that is executed, not by its callers."""
    counts = collections.Counter()
    place = own = inlined = function = ""
    call = False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line[:1].isdigit():
                # The line after `calls=` has what the called function took, which is counted in its own place.
                if not call:
                    counts[place, own, inlined, function] += int(line.split()[1])
                call = False
            elif line.startswith("calls="):
                call = True
            elif line.startswith(("fi=", "fe=")):
                inlined = line[3:-1]
            elif line.startswith("fl="):
                own = inlined = line[3:-1]
            elif line.startswith("fn="):
                function = line[3:-1]
            elif line.startswith("ob="):
                place = line[3:-1]
    stages = collections.Counter()
    for where, count in counts.items():
        stages[stage_of(*where)] += count
    return stages


def run(binary, source, folder):
    """Instructions by stage of one conversion on one thread."""
    to = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", "--fair-sched=try", f"--callgrind-out-file={to}", "--compress-strings=no", "--compress-pos=no"]
    words = ["convert", source, "--out", "counted", "--overwrite", "--quiet", "--threads", "1", "--file-date", "2024-01-01"]
    ran = subprocess.run([*command, binary, *words], cwd=folder, capture_output=True, text=True,
                         env=os.environ | {"TMPDIR": str(folder)})
    if ran.returncode:
        raise RuntimeError(f"{words} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return read(to)


def least(binary, source, folder):
    """Instructions by stage of the run that took fewest. A thread that waits a moment for another turns in a circle, and
    under valgrind, where one runs at a time, that moment may last: once in many runs it takes more than all the work."""
    return min((run(binary, source, folder) for _ in range(RUNS)), key=lambda stages: sum(stages.values()))


def count(binary, folder):
    """Instructions of the program's start, and by stage of 300 claims without that."""
    # By itself: the program looks at what lies beside an input without records.
    folder = folder / "stages"
    folder.mkdir()
    words = ["synth", "--quiet", "--seed", str(SEED), "--beneficiaries", str(PEOPLE), "--claims", str(CLAIMS_EACH), "--out", "claims"]
    subprocess.run([binary, *words], cwd=folder, check=True)
    (folder / "empty.ndjson").touch()
    empty, claims = (least(binary, source, folder) for source in ("empty.ndjson", "claims"))
    if not claims["index"]:
        raise RuntimeError(f"{binary} has no line tables: build it with `cargo build --release`, and strip nothing")
    stages = {stage: claims[stage] - empty[stage] for stage in sorted(claims)}
    return {WHOLE: sum(claims.values()) - sum(empty.values()), START: sum(empty.values()), **stages}


def built_by(binary):
    """What compiled the program, which it says itself, and with which profile, which its folder says: elsewhere `release`."""
    found = re.search(rb"rustc version (\d[^\0]*)\0", Path(binary).read_bytes())
    profile = Path(binary).resolve().parent.name
    return f"{found[1].decode() if found else 'unknown'}, {profile if profile == 'dist' else 'release'}"


def libc():
    return " ".join(os.confstr("CS_GNU_LIBC_VERSION").split())


def known():
    return json.loads(KNOWN.read_text()) if KNOWN.exists() else {}


def update(built, counted):
    """Keeps these counts as those that are expected of programs built so."""
    every = known() | {built: {LIBC: libc(), "instructions": counted}}
    KNOWN.write_text(json.dumps(every, indent=1, sort_keys=True) + "\n")


def compare(built, counted):
    """Lines to print, and what differs too much: nothing, where no counts are known of programs built so."""
    expected = known().get(built)
    wanted = expected["instructions"] if expected else {}
    most = max(counted[WHOLE], wanted.get(WHOLE, 0))
    lines, bad = [], []
    for stage in sorted(counted | wanted, key=lambda stage: -max(counted.get(stage, 0), wanted.get(stage, 0))):
        found, before = counted.get(stage, 0), wanted.get(stage, 0)
        line = f"stage     {stage:24} {found / 1e6:8.1f} million {found / counted[WHOLE]:6.1%} of the whole"
        if expected:
            change = found / before - 1 if before else float("inf")
            line += f", {change:+.1%}"
            if stage not in OF_LIBC and abs(change) > MOST_CHANGE and max(found, before) >= LEAST_SHARE * most:
                bad.append(f"stage {stage}: {before:,} instructions expected, {found:,} found: {change:+.1%}")
        lines.append(line)
    if not expected:
        lines.append(f"stage     no counts are known of rustc {built}: these are only told")
    else:
        lines.append(f"stage     {', '.join(OF_LIBC)} are only told; they were counted with {expected[LIBC]}, this is {libc()}")
    return lines, bad

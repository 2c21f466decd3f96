"""What ci/faults, ci/kills, ci/weeks and others share: running the program, looking at what it leaves, and the line about it.

A folder to work in lies in memory where there is such a place: these runs sync thousands of times.
"""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Only against hanging: the machine may be busy.
DEADLINE_SECONDS = 120
MANIFESTS = {"tables-manifest.json", "bcda-export.json"}


def program():
    """The binary to test: BCDA_TEST_BINARY, or the release build."""
    named = os.environ.get("BCDA_TEST_BINARY")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    path = pathlib.Path(named) if named else target / "release" / "bcda"
    if not path.is_file():
        sys.exit(f"{path}: no such program; build it with `cargo build --release`")
    return str(path)


def tree(path):
    """Relative name to bytes of all below a folder (or of one file); None when nothing is there."""
    path = pathlib.Path(path)
    if path.is_symlink():
        return {"": b"link to " + os.fsencode(os.readlink(path))}
    if path.is_file():
        return {"": path.read_bytes()}
    if not path.is_dir():
        return None
    found = {}
    for folder, folders, files in os.walk(path):
        below = pathlib.Path(folder)
        found.update({f"{(below / name).relative_to(path)}/": b"" for name in folders})
        found.update({str((below / name).relative_to(path)): (below / name).read_bytes() for name in files})
    return found


def result(path):
    """A result without its manifest, which has times; that must be there, whole, and name all the others.

    None when nothing is there, False when it is no whole result.
    """
    found = tree(path)
    if found is None or "" in found:
        return found
    manifests = MANIFESTS & found.keys()
    if len(manifests) != 1:
        return False
    name = manifests.pop()
    try:
        text = json.loads(found.pop(name))
    except ValueError:
        return False
    if name == "tables-manifest.json":
        if set(text["files"]) != {name for name in found if not name.endswith("/")}:
            return False
    return found


def values(folder):
    """Strings in the records of an export that no message may hold: names, identifiers, amounts with many digits."""
    found = set()
    for path in sorted(pathlib.Path(folder).glob("*.ndjson*")):
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = __import__("gzip").decompress(data)
        for word in re.findall(rb'"((?:[^"\\]|\\.){7,80})"', data):
            if any(48 <= byte <= 57 for byte in word) and not word.startswith((b"http", b"urn")):
                found.add(word.decode(errors="replace"))
    return found


class Work:
    """A folder to work in, which is also where the program spools."""

    def __init__(self, folder=None):
        memory = pathlib.Path("/dev/shm")
        self.kept = folder is not None
        self.path = pathlib.Path(folder or tempfile.mkdtemp(prefix="bcda-", dir=memory if memory.is_dir() else None))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)

    def __truediv__(self, name):
        return self.path / name

    def remove(self, *names):
        for name in names:
            path = self / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def environment(self):
        return dict(os.environ, TMPDIR=str(self.path), LC_ALL="C")

    def start(self, words, before=(), **more):
        """Starts `bcda WORDS`, below the command `before`."""
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        command = [*before, program(), *(words.split() if isinstance(words, str) else words)]
        return subprocess.Popen(command, cwd=self.path, env=self.environment(), **more)

    def run(self, words, before=(), given=None, **more):
        """Runs it to its end: code (negative: ended by a signal; None: it hung), stdout, stderr."""
        if given is not None:
            more["stdin"] = subprocess.PIPE
        child = self.start(words, before, **more)
        try:
            out, err = child.communicate(given, timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return None, b"", ""
        return child.returncode, out, (err or b"").decode(errors="replace")

    def left(self, *expected):
        """What lies here besides what was expected."""
        return sorted(set(os.listdir(self.path)) - set(expected))


# What this script says that it does.
CASES = []


class Tally:
    """What many runs came to. Every failure is told, and makes the exit code 1."""

    def __init__(self, case):
        if case not in CASES:
            sys.exit(f"{sys.argv[0]} does not list this case: {case}")
        self.case = case
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def ran(self, number=1):
        with self.lock:
            self.counts["runs"] += number

    def failed(self, kind, what):
        """`kind` is lost (rows, or a result that is neither old nor new), leaks or aborts (crash, hang, panic)."""
        with self.lock:
            self.counts[kind] += 1
            if self.counts[kind] <= 40:
                print(f"{self.case}: {kind}: {what}", flush=True)

    def end(self):
        """Prints the line; true when nothing failed."""
        counts = {kind: self.counts[kind] for kind in ("runs", "lost", "leaks", "aborts")}
        print(f'TRUST case="{self.case}"', *(f"{kind}={count}" for kind, count in counts.items()), flush=True)
        return not any(self.counts[kind] for kind in ("lost", "leaks", "aborts"))


def in_parallel(jobs, threads=2):
    """Runs all jobs, a few at a time; the first exception ends it."""
    jobs, lock, errors = iter(jobs), threading.Lock(), []

    def work():
        while not errors:
            with lock:
                job = next(jobs, None)
            if job is None:
                return
            try:
                job()
            except Exception as error:  # told below, from the calling thread
                errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]


def form(*cases):
    """The argument: smoke or long. With --cases the cases are listed, and nothing else is done."""
    CASES.extend(cases)
    if sys.argv[1:] == ["--cases"]:
        print(*CASES, sep="\n")
        sys.exit()
    if sys.argv[1:] not in (["smoke"], ["long"]):
        sys.exit(f"usage: {sys.argv[0]} smoke|long|--cases")
    return sys.argv[1]


@contextlib.contextmanager
def export(options, name="export"):
    """A synthetic export in a folder of its own."""
    with Work() as work:
        code, _, said = work.run(f"synth --quiet --out {name} {options}")
        if code != 0:
            sys.exit(f"synth failed: {said}")
        yield work / name

"""What should not happen: readings that a fork took along, and panics."""

import os
import re
import sys

import pytest

import bcda
from conftest import EXPORT, ROOT

IN_TIME = 20

# What a child does with what its parent began; each ends with the error that it raised.
CHILDREN = {
    "iterated": "next(batches)",
    "again": "next(iter([*batches]))",
    "closed": "batches.close(); next(batches)",
    "dropped": "globals().pop('batches'); raise SystemExit('dropped')",
    "stream": "stream.read_all()",
}
FORKED = """
import bcda, os, pyarrow, sys
scan = bcda.scan(sys.argv[1], "cclf5", batch_rows=1, threads=2)
batches = iter(scan)
next(batches)
stream = pyarrow.RecordBatchReader.from_stream(scan)
stream.read_next_batch()
child = os.fork()
if child == 0:
    try:
        CHILD
        print("nothing was raised", flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    # A new reading works there.
    print("rows", sum(map(len, scan)), flush=True)
    sys.exit(0)
_, status = os.waitpid(child, 0)
print("ended", status, len(list(batches)) + 1, stream.read_all().num_rows + 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="skipped: no fork")
@pytest.mark.parametrize("child", CHILDREN)
def test_a_half_read_scan_says_so_in_another_process(script, child):
    process = script(FORKED.replace("CHILD", CHILDREN[child]), EXPORT)
    out, errors = process.communicate(timeout=IN_TIME)
    lines = out.splitlines()
    if child == "dropped":
        assert lines == ["ended 256 49 49"] and errors.strip() == "dropped", (out, errors)
        return
    assert "read in another process" in lines[0], (out, errors)
    assert lines[0].startswith("BcdaError" if child != "stream" else "")
    assert lines[1:] == ["rows 49", "ended 0 49 49"], (out, errors)
    assert "panick" not in errors and "internal fault" not in errors


# A callable of the user's that raises PyO3's own exception for panics is one: PyO3 lets it go on as a panic.
PANICS = """
import bcda, os, signal, sys
export, how, large = sys.argv[1:]
try:
    bcda.convert(export, "first", tables="cclf9", progress=lambda _: 1 / 0)
except ZeroDivisionError:
    pass
(Panic,) = [known for known in BaseException.__subclasses__() if known.__name__ == "PanicException"]

class Raises:
    def __call__(self, *_):
        raise Panic("of secret-value")
    __fspath__ = __str__ = __index__ = __iter__ = utcoffset = __call__

raises = Raises()
def alarmed(call):
    signal.signal(signal.SIGALRM, lambda *_: raises())
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return call()

# No row ever comes: all the time is spent within one call.
def silent():
    return bcda.scan(large, "cclfa", threads=1, max_rejects="100%")

CALLS = {
    "progress of convert": lambda: bcda.convert(export, "out", progress=raises),
    "progress of validate": lambda: bcda.validate(export, progress=raises),
    "path of convert": lambda: bcda.convert(raises, "out"),
    "path of scan": lambda: bcda.scan(raises, "cclf1"),
    "path of export": lambda: bcda.export("http://127.0.0.1:1", raises),
    "date": lambda: bcda.scan(export, "cclf1", file_date=raises),
    "rejects": lambda: bcda.convert(export, "out", max_rejects=raises),
    "signal in convert": lambda: alarmed(lambda: bcda.convert("-", "out")),
    "signal in a scan": lambda: alarmed(lambda: list(silent())),
}
try:
    CALLS[how]()
    print("nothing was raised")
except Exception as error:
    print(type(error).__name__, error)
"""
CALLS = [line.split('"')[1] for line in PANICS.splitlines() if line.startswith('    "') and "lambda: " in line]


@pytest.mark.parametrize("how", CALLS)
def test_a_panic_is_a_bcda_error(script, large, how):
    process = script(PANICS, EXPORT, how, large)
    # Standard input stays open where it is what is read.
    assert process.stdout.readline() == "BcdaError internal fault; please report it\n", process.stderr.read()
    process.communicate(timeout=IN_TIME)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="skipped: no signals")
def test_a_panic_in_a_stream_is_an_error_of_its_reader(script, large):
    # Once without a signal: libraries load parts of theirs when they are first used.
    reading = "pyarrow.table(bcda.scan(export, 'cclf9')); alarmed(lambda: pyarrow.table(silent()))"
    text = PANICS.replace("import bcda", "import pyarrow, bcda").replace("CALLS[how]()", reading)
    process = script(text, EXPORT, "stream", large)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "internal fault" in out and "secret" not in out


# They only look at what is there.
PLAIN = {"__repr__", "table", "column_names", "__len__", "num_rows", "__array__", "rejects"}


def test_every_function_that_python_calls_is_guarded():
    found = 0
    for file in (ROOT / "python" / "src").glob("*.rs"):
        text = file.read_text()
        entries = re.findall(r"#\[pyfunction\].*?\npub\(crate\) fn (\w+)(.*?)\n}\n", text, re.DOTALL)
        for methods in re.findall(r"#\[pymethods\]\nimpl \w+ {\n(.*?)\n}\n", text, re.DOTALL):
            entries += re.findall(r"^    fn (\w+)(.*?)\n    }$", methods, re.DOTALL | re.MULTILINE)
        for name, body in entries:
            found += 1
            only_itself = name == "__iter__" and ("PyRef" in body or "no_array" in body)
            assert "guarded(||" in body or name in PLAIN or only_itself, (file.name, name)
    assert found > 20

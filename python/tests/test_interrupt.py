"""Ctrl-C, and memory when the reader is slow."""

import signal
import sys
import time

import pytest

from conftest import EXPORT

# Longer than the promise, for machines that have other work too.
IN_TIME = 3


def interrupted(process, said="KeyboardInterrupt"):
    """Sends SIGINT as soon as the program says something; gives how long it took to end."""
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    # Its standard input is open until it has ended.
    process.wait(timeout=60)
    took = time.monotonic() - sent
    out, errors = process.communicate()
    assert process.returncode != 0 and out == "" and said in errors, errors
    return took


def test_convert_ends(script, tmp_path):
    # Standard input stays open: only the signal ends it.
    process = script("import bcda; print('begun', flush=True); bcda.convert('-', 'out')")
    assert interrupted(process) < IN_TIME
    assert list(tmp_path.iterdir()) == []


def test_validate_ends(script):
    process = script("import bcda; print('begun', flush=True); bcda.validate('-')")
    assert interrupted(process) < IN_TIME


# Other libraries raise errors of their own.
READERS = {
    "iterated": ("list(scan)", "KeyboardInterrupt"),
    "pyarrow": ("pyarrow.table(scan)", "interrupted; not all rows were handed out"),
    "polars": ("polars.DataFrame(scan)", "interrupted; not all rows were handed out"),
    "duckdb": ("duckdb.sql('SELECT count(*) FROM scan').fetchall()", "interrupted"),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_scan_ends(script, large, reader):
    reading, said = READERS[reader]
    library = "" if reader == "iterated" else f", {reader}"
    process = script(
        f"import bcda, sys{library}\n"
        # Once without a signal: libraries load parts of theirs when they are first used.
        f"scan = bcda.scan(sys.argv[1], 'cclfa')\n{reading}\n"
        # No row ever comes that could wake the reader.
        "scan = bcda.scan(sys.argv[2], 'cclfa', threads=1, max_rejects='100%')\n"
        f"print('begun', flush=True)\n{reading}\nprint('done')",
        EXPORT,
        large,
    )
    assert interrupted(process, said) < IN_TIME


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")
def test_a_slow_reader_does_not_fill_memory(script, large):
    process = script(
        "import bcda, sys, time\n"
        "size = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "batches = iter(bcda.scan(sys.argv[1], 'cclf5', batch_rows=100, threads=2, max_rejects='100%'))\n"
        "next(batches); time.sleep(1); before = size()\n"
        "time.sleep(1); print(before, size())",
        large,
    )
    out, said = process.communicate(timeout=60)
    before, after = map(int, out.split())
    data = sum(file.stat().st_size for file in large.iterdir())
    assert after < 300 << 20 < data, said
    assert after - before < 5 << 20

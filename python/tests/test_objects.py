"""Object storage from Python: the same tables as from a folder. BCDA_TEST_MOTO names a Python that has moto."""

import os
import socket
import subprocess
import time
import urllib.request

import pyarrow
import pyarrow.compute
import pytest

import bcda
from conftest import EXPORT

# Ends when its standard input does.
SERVE = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
"""
SOMEONE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture(scope="module")
def bucket():
    """A bucket with the export of the repository below in/, as the environment lets it be found."""
    python = os.environ.get("BCDA_TEST_MOTO")
    if not python:
        pytest.skip("no moto")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [python, "-c", SERVE, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)

    def put(key, body=b""):
        headers = {"Authorization": SOMEONE, "Content-Type": "application/octet-stream"}
        request = urllib.request.Request(f"{endpoint}/exports{key}", body, headers, method="PUT")
        urllib.request.urlopen(request).close()

    put("")
    for file in EXPORT.iterdir():
        put(f"/in/{file.name}", file.read_bytes())
    settings = {
        "AWS_ENDPOINT": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield "s3://exports"
    server.communicate()


def rows(stream):
    """The rows, sorted."""
    table = pyarrow.table(stream)
    by = [(name, "ascending") for name in table.column_names]
    return table.take(pyarrow.compute.sort_indices(table, sort_keys=by)).combine_chunks()


def test_a_scan_of_objects_is_that_of_files(bucket):
    for table in ["cclf1", "cclf5", "cclf8"]:
        here, there = bcda.scan(EXPORT, table), bcda.scan(f"{bucket}/in/", table)
        assert rows(there).equals(rows(here)), table
        assert there.report["records"] == here.report["records"]


def test_tables_go_to_objects_and_errors_are_told(bucket):
    report = bcda.convert(f"{bucket}/in/", f"{bucket}/out/")
    assert report["records"]["rejected"] == 0
    with pytest.raises(bcda.UsageError, match="overwrite"):
        bcda.convert(EXPORT, f"{bucket}/out/")
    bcda.convert(EXPORT, f"{bucket}/out/", overwrite=True)
    with pytest.raises(bcda.UsageError, match="no such object"):
        bcda.scan(f"{bucket}/nothing/", "cclf5")


def test_a_store_that_is_not_reached_is_a_server_error(monkeypatch, bucket):
    monkeypatch.setenv("AWS_ALLOW_HTTP", "false")
    with pytest.raises(bcda.ServerError) as caught:
        bcda.convert(f"{bucket}/in/", "nowhere")
    assert caught.value.exit_code == 5

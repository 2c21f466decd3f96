"""What the tests share. They test the package that is installed, not the folder beside them."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORT = ROOT / "testdata" / "export"
# A claims file that is read so many times takes a while.
TIMES = 40
# Ends when its standard input does.
SERVE = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
"""
SOMEONE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def of_type(kind):
    """The files of the small export that hold records of a type."""
    files = json.loads((EXPORT / "bcda-export.json").read_text())["files"]
    return [EXPORT / file["name"] for file in files if file["type"] == kind]


def program():
    """The command line, for synthetic data and a server."""
    named = os.environ.get("BCDA_TEST_BINARY")
    places = [named] if named else [ROOT / "target" / kind / "bcda" for kind in ("release", "debug")]
    for place in places:
        if pathlib.Path(place).is_file():
            return str(place)
    pytest.skip("the command line is not built")


@pytest.fixture(scope="session")
def binary():
    return program()


@pytest.fixture(scope="session")
def synthesized(binary, tmp_path_factory):
    """Makes a synthetic export of a version of the API; keywords are further options of `bcda synth`."""

    def make(api, beneficiaries, **options):
        out = tmp_path_factory.mktemp(f"synthetic-{api}") / "export"
        words = ["synth", "--api", api, "--beneficiaries", beneficiaries, "--seed", 5, "--quiet", "--out", out]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), value]
        subprocess.run([binary, *map(str, words)], check=True)
        return out

    return make


@pytest.fixture(scope="session")
def synthetic(synthesized):
    """A synthetic export with bad records."""
    return synthesized("v1", 30, bad_rate=0.01)


@pytest.fixture(scope="session")
def large(synthetic, tmp_path_factory):
    """The same, its claims many times over."""
    out = tmp_path_factory.mktemp("large")
    for file in synthetic.glob("*.ndjson"):
        for number in range(TIMES):
            os.link(file, out / f"{number}-{file.name}")
    return out


@pytest.fixture
def script(tmp_path):
    """Starts a Python program that uses the package; its standard input stays open."""
    started = []

    def start(text, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", text, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


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


@pytest.fixture
def faults():
    """What shall go wrong at the server."""
    return []


@pytest.fixture
def served():
    """What the server has."""
    return ["--beneficiaries", "2"]


@pytest.fixture
def server(binary, served, faults, tmp_path, monkeypatch):
    """The sandbox, with its credentials in the environment."""
    words = ["serve", "--port", "0", "--job-seconds", "0", *served, *faults]
    process = subprocess.Popen([binary, *words], stderr=subprocess.PIPE, text=True)
    said = ""
    while "Ctrl-C ends it" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    for name in ("id", "secret"):
        value = re.search(rf"client {name} +(\S+)", said).group(1)
        monkeypatch.setenv(f"BCDA_CLIENT_{name.upper()}", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield re.search(r"http://[\d.:]+", said).group(0)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

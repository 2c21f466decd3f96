"""What the tests share. They test the package that is installed, not the folder beside them."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORT = ROOT / "testdata" / "export"
# A claims file that is read so many times takes a while.
TIMES = 40


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

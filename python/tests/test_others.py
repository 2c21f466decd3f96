"""bcda.describe, bcda.validate and bcda.export, and the example of the README."""

import csv
import io
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import bcda
from conftest import EXPORT, ROOT


def test_describe_is_that_of_the_command_line(binary):
    said = subprocess.run([binary, "describe", "--format", "csv"], check=True, capture_output=True, text=True)
    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    columns = bcda.describe()
    assert len(columns) == len(rows) > 300
    known = {name.lower(): name for name in rows[0]}
    for column, row in zip(columns, rows, strict=True):
        for key in ("table", "position", "label", "type", "source", "note"):
            ours, theirs = str(column[key]), row[known[key]]
            assert ours.lower() == theirs.lower() if key == "table" else ours == theirs, (column, row)
        assert column["name"] == row["column"]
    for table in ("cclf5", "CCLF5"):
        names = [column["name"] for column in bcda.describe(table)]
        assert names == bcda.scan(EXPORT, "cclf5").column_names
    with pytest.raises(bcda.UsageError):
        bcda.describe("cclf10")


def test_validate_counts_and_gives_the_first_outcomes(synthetic):
    told = []
    report = bcda.validate(synthetic, progress=told.append)
    assert report["records"] == report["valid"] + report["with_warnings"] + report["with_errors"]
    assert 0 < report["with_errors"] == told[-1]["rejects"]
    outcomes = report["outcomes"]
    assert len(outcomes) == report["with_errors"] + report["with_warnings"]
    assert all(outcome["resourceType"] == "OperationOutcome" for outcome in outcomes)
    assert {issue["class"] for issue in report["classes"]} >= {"syntax"}
    few = bcda.validate(synthetic, max_outcomes=2, threads=1)
    assert (few["outcomes"], few["outcomes_left_out"]) == (outcomes[:2], len(outcomes) - 2)
    assert len(bcda.validate(synthetic, severity="error")["outcomes"]) == report["with_errors"]
    assert bcda.validate(EXPORT)["outcomes"] == []
    with pytest.raises(bcda.UsageError):
        bcda.validate(EXPORT, severity="fatal")


@pytest.fixture
def server(binary, tmp_path, monkeypatch):
    """The sandbox, with its credentials in the environment."""
    words = ["serve", "--port", "0", "--beneficiaries", "2", "--job-seconds", "0"]
    served = subprocess.Popen([binary, *words], stderr=subprocess.PIPE, text=True)
    said = ""
    while "Ctrl-C ends it" not in said:
        line = served.stderr.readline()
        assert line, said
        said += line
    for name in ("id", "secret"):
        value = re.search(rf"client {name} +(\S+)", said).group(1)
        monkeypatch.setenv(f"BCDA_CLIENT_{name.upper()}", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield re.search(r"http://[\d.:]+", said).group(0)
    served.send_signal(signal.SIGINT)
    served.communicate(timeout=10)


def test_export_fetches_and_goes_on(server, tmp_path):
    told = []
    report = bcda.export(server, tmp_path / "export", types=["Patient", "Coverage"], progress=told.append)
    assert not report["hasGaps"] and len(report["files"]) == 2 and report["alreadyThere"] == 0
    assert told[-1]["files_done"] == 2 and told[-1]["bytes"] > 0
    records = bcda.convert(tmp_path / "export", tmp_path / "tables")["records"]
    assert records["joined"] == records["read"] > 2
    again = bcda.export(server, tmp_path / "export", resume=True)
    assert again["alreadyThere"] == 2
    same = bcda.export(server, tmp_path / "export", types=["Patient", "Coverage"])
    assert "nothing to do" in same["remarks"][0]["text"] and not same["hasGaps"] and same["earlierPeople"] == []
    with pytest.raises(bcda.UsageError):
        bcda.export(server, tmp_path / "export", types=["Patient"])


def test_export_says_why_not(server, tmp_path, monkeypatch):
    with pytest.raises(bcda.UsageError):
        bcda.export(server, tmp_path / "export", since="last")
    with pytest.raises(bcda.UsageError, match="auth"):
        bcda.export(server, tmp_path / "export", auth="magic")
    monkeypatch.setenv("BCDA_CLIENT_SECRET", "secret-of-nobody")
    with pytest.raises(bcda.ServerError) as caught:
        bcda.export(server, tmp_path / "export", token_cache=False)
    assert (caught.value.kind, caught.value.exit_code) == ("refused", 5)
    assert "secret-of-nobody" not in str(caught.value)
    monkeypatch.delenv("BCDA_CLIENT_SECRET")
    with pytest.raises(bcda.UsageError, match="credentials=FILE"):
        bcda.export(server, tmp_path / "export")


def test_the_example_is_that_of_the_readme(tmp_path):
    example = ROOT / "python" / "examples" / "paid.py"
    text = (ROOT / "README.md").read_text()
    code = f"```python\n{example.read_text()}```\n"
    assert text.count(code) == 1
    expected = re.match(r"\n```text\n(.*?)```\n", text.split(code)[1], re.DOTALL).group(1)
    (tmp_path / "testdata").symlink_to(ROOT / "testdata")
    run = subprocess.run([sys.executable, example], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert run.stdout == expected

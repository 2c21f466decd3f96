"""bcda.describe, bcda.validate and bcda.export, and the examples of the documents."""

import csv
import datetime
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import warnings

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
    of_v3 = bcda.describe("cclf5", api="v3")
    assert [column["name"] for column in of_v3] == names
    assert [column["source"] for column in of_v3] != [column["source"] for column in bcda.describe("cclf5")]
    for wrong in ({"table": "cclf10"}, {"api": "v4"}):
        with pytest.raises(bcda.UsageError):
            bcda.describe(**wrong)


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


def test_sync_keeps_a_folder_current_and_moves_it(server, tmp_path):
    folder, told = tmp_path / "around" / "claims", []
    report = bcda.sync(folder, base_url=server, api="v1", group="all", token_cache=False, progress=told.append)
    assert report["claims"]["new"] > 0 and report["exit_code"] == 0 and report["line"].startswith("paid 0.00 before, ")
    assert "total_bytes" in told[-1]
    again = bcda.sync(folder)
    assert again["paid"]["before"] == again["paid"]["after"] == report["paid"]["after"]
    assert again["claims"] == {"new": 0, "corrected": 0, "cancelled": 0, "deleted": 0}
    for wrong, said in [({"api": "v2"}, "api is another than api"), ({"rate": -1}, "rate: expected a number"), ({"auth": "x"}, "auth: ")]:
        with pytest.raises(bcda.UsageError, match=said):
            bcda.sync(folder, **wrong)
    moved = bcda.sync(folder, api="v3")
    assert (moved["way"]["from"], moved["api"], moved["claims"]) == ("v1", "v3", None)
    assert (folder / "tables.v1").is_dir()
    bcda.sync(folder, drop_old=True)
    assert not (folder / "tables.v1").exists()
    with pytest.raises(bcda.UsageError, match="which server"):
        bcda.sync(tmp_path / "another")
    assert not (tmp_path / "another").exists()


def test_sync_names_what_failed_at_the_server(server, tmp_path, monkeypatch):
    monkeypatch.setenv("BCDA_CLIENT_SECRET", "secret-of-nobody")
    with pytest.raises(bcda.ServerError) as caught:
        bcda.sync(tmp_path / "claims", base_url=server, token_cache=False)
    assert (caught.value.kind, caught.value.exit_code) == ("refused", 5)


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


def told_in_python(said):
    """A message of the command line with its options as arguments."""
    said = said.removeprefix("error: ").strip()
    said = said.replace("--auth none", 'auth="none"')
    said = re.sub(r"--[a-z-]+ (?=FILE|ID)", lambda option: option[0].strip() + "=", said)
    return re.sub(r"--([a-z-]+)", lambda option: option[1].replace("-", "_"), said)


def both(binary, server, work, number, arguments):
    """What becomes of the same export by the command line and by Python: exit code and message."""
    words = [word for name, value in arguments.items() for word in ("--" + name.replace("_", "-"), str(value))]
    out = [work / f"{face}{number}" / "export" for face in ("command", "python")]
    out[0].parent.mkdir(exist_ok=True)
    command = [binary, "--quiet", "export", "--base-url", server, "--out", out[0], "--type", "Patient", *words]
    ran = subprocess.run(command, capture_output=True, text=True)
    try:
        bcda.export(server, out[1], types="Patient", **arguments)
        ours = (0, "")
    except bcda.BcdaError as error:
        ours = (error.exit_code, str(error))
    said = told_in_python(ran.stderr).replace(str(out[0].parent), str(out[1].parent))
    return (ran.returncode, said), ours


def test_export_is_told_who_we_are_as_the_command_line_is(server, binary, tmp_path, monkeypatch):
    variables = ("BCDA_CLIENT_ID", "BCDA_CLIENT_SECRET", "BCDA_TOKEN")
    own, secret = (os.environ[name] for name in variables[:2])
    files = {"known": f"client_id={own}\nclient_secret={secret}\n", "other": "a\nb\n", "odd": "x", "open": "x"}
    for name, text in files.items():
        files[name] = tmp_path / name
        files[name].write_text(text)
        files[name].chmod(0o644 if name == "open" else 0o600)
    environments = [(), (own, secret, None), (own, secret, "no-token"), (None, None, "no-token"), (None, secret, None)]
    given = [{}, {"auth": "none"}, {"auth": "basic"}, {"auth": "bearer"}, {"token_url": "nonsense", "auth": "none"}]
    of_files = [{kind: file} for kind in ("credentials", "token") for file in files.values()]
    codes, number = set(), 0
    for values in environments:
        for name, value in zip(variables, values or (None,) * 3, strict=True):
            monkeypatch.delenv(name, raising=False)
            if value:
                monkeypatch.setenv(name, value)
        # A file comes before whatever the environment has.
        for arguments in given + (of_files if values in ((), environments[2]) else []):
            number += 1
            command, ours = both(binary, server, tmp_path, number, arguments)
            assert command == ours, (values, arguments)
            codes.add(ours[0])
    assert codes == {0, 2, 5}
    with pytest.raises(bcda.UsageError, match="token and credentials exclude each other"):
        bcda.export(server, tmp_path / "two", credentials=files["known"], token=files["known"])
    assert len(list((tmp_path / "cache" / "bcda").iterdir())) == 1, "the two share one token"


def test_export_begins_where_the_last_one_ended_as_the_command_line_does(server, binary, tmp_path):
    last = {"since": "last"}
    command, ours = both(binary, server, tmp_path, 1, last)
    assert command == ours and "without since" in ours[1]
    assert both(binary, server, tmp_path, 1, {}) == ((0, ""), (0, ""))
    for face in ("command", "python"):
        (tmp_path / f"{face}1" / "export").rename(tmp_path / f"{face}1" / "first")
    assert both(binary, server, tmp_path, 1, last) == ((0, ""), (0, ""))
    assert both(binary, server, tmp_path, 1, last) == ((0, ""), (0, "")), "it is finished, and stays what it is"
    command, ours = both(binary, server, tmp_path, 1, {"since": "2020-01-01T00:00:00Z"})
    assert command == ours and "finished export of another request" in ours[1]
    for face in ("command", "python"):
        shutil.rmtree(tmp_path / f"{face}1" / "export")
        (tmp_path / f"{face}1" / "first" / "Patient-0001.ndjson.gz").unlink()
    command, ours = both(binary, server, tmp_path, 1, last)
    assert command == ours and ours[0] == 2 and "are gone" in ours[1]


def test_export_asks_for_claims_as_the_command_line_does(server, binary, tmp_path):
    records = {}
    filter = "ExplanationOfBenefit?outcome=complete&service-date=lt2100-01-01"
    for number, (arguments, words) in enumerate(
        [
            ({}, []),
            ({"partially_adjudicated": True}, ["--partially-adjudicated"]),
            ({"outcome": "partial"}, ["--outcome", "partial"]),
            ({"service_date": "gt2100-01-01"}, ["--service-date", "gt2100-01-01"]),
            ({"type_filter": filter}, ["--type-filter", filter]),
            ({"api": "v1", "params": {"_outputFormat": "ndjson"}}, ["--api", "v1", "--param", "_outputFormat=ndjson"]),
        ]
    ):
        # Folders of their own: an export beside another stays in its version.
        out = [tmp_path / f"{face}{number}" / "export" for face in ("command", "python")]
        out[0].parent.mkdir()
        command = [binary, "--quiet", "export", "--base-url", server, "--out", out[0], "--type", "ExplanationOfBenefit"]
        subprocess.run([*command, *words], check=True)
        report = bcda.export(server, out[1], types="ExplanationOfBenefit", **arguments)
        assert not report["hasGaps"], arguments
        journals = [json.loads((folder / "bcda-export.json").read_text()) for folder in out]
        assert journals[0]["request"] == journals[1]["request"], arguments
        records[number] = sum(file["records"] for file in report["files"])
    assert records[1] > records[0] >= records[4] > records[2] == records[3] == 0
    assert "_outputFormat=ndjson" in journals[1]["request"]


def test_export_refuses_what_cannot_be_asked(server, tmp_path):
    for arguments, said in [
        ({"outcome": "complete", "api": "v1"}, "need v3"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"service_date": "soon"}, "service_date"),
        ({"type_filter": "Patient"}, "type_filter"),
        ({"params": {"_elements": "id"}}, "params: the server does not know _elements"),
        ({"params": {"_type": "Patient"}}, "an option of its own, types"),
        ({"params": {"a=b": "c"}}, "the name of a parameter has no ="),
        ({"params": {"a b": "c"}}, "not the name of a parameter"),
    ]:
        with pytest.raises(bcda.UsageError, match=re.escape(said)):
            bcda.export(server, tmp_path / "export", **arguments)
    for other in ("_elements=id", ["_elements"], {"_elements": 1}):
        with pytest.raises(TypeError, match="params: expected a mapping of str to str"):
            bcda.export(server, tmp_path / "export", params=other)
    assert not (tmp_path / "export").exists()


def test_export_keeps_answers_that_are_errors_where_it_is_asked_to(server, tmp_path):
    def export(**arguments):
        with pytest.raises(bcda.ServerError) as caught:
            bcda.export(server, tmp_path / "export", types="Roe", api="v1", **arguments)
        # What was asked for is not repeated.
        assert "Roe" not in str(caught.value)
        return str(caught.value)

    assert export().endswith("error_bodies=FILE keeps it")
    bodies = tmp_path / "bodies.ndjson"
    assert export(error_bodies=bodies).endswith(f"the whole answer is in {bodies}")
    assert "invalid resource type Roe" in json.loads(bodies.read_text())["body"]
    assert bodies.stat().st_mode & 0o777 == 0o600
    bodies.chmod(0o644)
    with pytest.raises(bcda.UsageError, match="error_bodies: .* can be read by others"):
        bcda.export(server, tmp_path / "export", error_bodies=bodies)


def test_the_example_of_the_packages_readme_runs(server, tmp_path):
    text = (ROOT / "python" / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```\n", text, re.DOTALL)
    # All but the host is as it stands there.
    assert code.count('"https://sandbox.bcda.cms.gov"') == 1
    code = code.replace("https://sandbox.bcda.cms.gov", server)
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    credentials = home / ".bcda"
    given = [os.environ.pop(f"BCDA_CLIENT_{name}") for name in ("ID", "SECRET")]
    credentials.write_text("client_id = {}\nclient_secret = {}\n".format(*given))
    credentials.chmod(0o600)
    (work / "export").symlink_to(EXPORT)
    checks = "\nassert polars.DataFrame(lines).height == 49 and bcda.validate('export')['records'] == 51\n"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code + "import polars" + checks],
        cwd=work,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert (work / "tables" / "cclf5.parquet").is_file()
    assert (work / "exports" / "first" / "bcda-export.json").is_file()


def test_export_makes_the_folders_around_it_and_takes_them_away_again(server, tmp_path):
    out = tmp_path / "some" / "where" / "export"
    with pytest.raises(bcda.UsageError, match="type"):
        bcda.export(server, out, types=["Nothing Of The Kind"])
    with pytest.raises(bcda.ServerError):
        bcda.export(server, out, token_url=f"{server}/nowhere", token_cache=False, attempts=1)
    assert not (tmp_path / "some").exists()
    bcda.export(server, out, types=["Patient"])
    assert (out / "bcda-export.json").is_file()


def test_export_takes_numbers_and_instants_of_python(server, tmp_path):
    out = tmp_path / "export"
    for name in ("parallel", "rate", "timeout", "attempts"):
        for number in (-1, 0, 1 << 70):
            with pytest.raises(bcda.UsageError, match=f"{name}: expected a number from 1 to"):
                bcda.export(server, out, **{name: number})
    moment = datetime.datetime(2024, 1, 31, 12, 30)
    for other in (moment, moment.date(), 5):
        with pytest.raises(bcda.UsageError, match="since: expected an instant with its zone"):
            bcda.export(server, out, since=other)
    zone = datetime.timezone(datetime.timedelta(hours=-5))
    moment = moment.replace(tzinfo=zone)
    with pytest.raises(bcda.UsageError, match="since without a finished export .* needs api"):
        bcda.export(server, out, types=["Patient"], since=moment)
    bcda.export(server, out, types=["Patient"], since=moment, api="v1")
    assert "2024-01-31T12:30:00-05:00" in (out / "bcda-export.json").read_text()


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([], []),
        (["--fault", "missing-type=Coverage"], ["no file of Coverage"]),
        (["--fault", "error-files"], ["could not deliver all records"]),
    ],
)
def test_export_warns_of_what_is_missing(server, said, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = bcda.export(server, tmp_path / "export")
    assert all(one.category is bcda.BcdaWarning for one in caught)
    told = [str(one.message) for one in caught]
    assert told == report["warnings"] and report["hasGaps"] == bool(told)
    assert len(told) == len(said) and all(part in text for part, text in zip(said, told, strict=True))


def test_the_example_is_that_of_the_guide(tmp_path):
    example = ROOT / "python" / "examples" / "paid.py"
    text = (ROOT / "docs" / "guide" / "python.md").read_text()
    code = f"```python\n{example.read_text()}```\n"
    assert text.count(code) == 1
    expected = re.match(r"\n```text\n(.*?)```\n", text.split(code)[1], re.DOTALL).group(1)
    (tmp_path / "testdata").symlink_to(ROOT / "testdata")
    run = subprocess.run([sys.executable, example], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert run.stdout == expected

"""bcda.convert, and what all functions have in common: errors, progress, the interpreter."""

import datetime
import json
import pathlib
import pickle
import shutil
import threading
import time
import warnings

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

import bcda
from conftest import EXPORT, of_type


def test_convert_reports_what_the_manifest_has(tmp_path):
    report = bcda.convert(EXPORT, tmp_path / "out")
    assert report["version"] == bcda.__version__
    assert report["records"]["read"] == 51
    assert [table["rows"] for table in report["tables"]] == [9, 34, 10, 44, 49, 3, 4, 3, 1, 0, 0, 11]
    manifest = json.loads((tmp_path / "out" / "tables-manifest.json").read_text())
    assert "cclf5.parquet" in json.dumps(manifest)


def test_convert_has_the_options_of_the_command_line(tmp_path):
    out = tmp_path / "out"
    report = bcda.convert(
        [str(EXPORT)],
        str(out),
        format="csv",
        columns=["BENE_MBI_ID", "cclf5.CLM_LINE_NUM", "FILE_DATE"],
        tables="cclf5,cclf8",
        file_date=datetime.date(2024, 1, 31),
        threads=1,
    )
    assert [table["table"] for table in report["tables"]] == ["CCLF5", "CCLF8"]
    lines = (out / "cclf5.csv").read_text().splitlines()
    assert lines[0] == "BENE_MBI_ID,CLM_LINE_NUM,FILE_DATE"
    assert lines[1].endswith(",2024-01-31")
    with pytest.raises(bcda.UsageError, match="overwrite"):
        bcda.convert(EXPORT, out)
    bcda.convert(EXPORT, out, overwrite=True, lineage=False, compression="snappy")
    assert "FILE_DATE" not in pyarrow.parquet.read_schema(out / "cclf5.parquet").names
    report = bcda.convert(EXPORT, out, overwrite=True, naming="tuva", tables="cclf5")
    assert report["tables"][0]["file"] == "partb_physicians.parquet"
    assert not (out / "cclf5.parquet").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "excel"}, "format"),
        ({"compression": "zip"}, "compression"),
        ({"naming": "snomed"}, "naming"),
        ({"naming": "tuva", "lineage": False}, "lineage"),
        ({"tables": "cclf10"}, "no such table"),
        ({"columns": ["NOBODY"]}, "bcda.describe()"),
        ({"file_date": "2024-02-30"}, "file_date"),
        ({"max_rejects": "101%"}, "max_rejects"),
        ({"threads": 0}, "threads: expected a number from 1 to 1024"),
        ({"threads": -1}, "threads: expected a number from 1 to 1024"),
        ({"threads": 10**30}, "threads: expected"),
        ({"max_line_bytes": -1}, "max_line_bytes: expected"),
        ({"max_decompressed_bytes": -1}, "max_decompressed_bytes: expected"),
        ({"max_rejects": -1}, "max_rejects"),
        ({"patients": b"people.ndjson"}, "patients: expected a path as str or os.PathLike"),
        ({"file_date": datetime.datetime(2024, 1, 31, 23, 0)}, "file_date: expected a day"),
        ({"file_date": 20240131}, "file_date: expected a day"),
        ({"on_bad_record": "ignore"}, "on_bad_record"),
        ({"drift": "some"}, "drift"),
    ],
)
def test_what_cannot_be_is_a_usage_error(tmp_path, options, said):
    with pytest.raises(bcda.UsageError) as caught:
        bcda.convert(EXPORT, tmp_path / "out", **options)
    assert said in str(caught.value)
    assert (caught.value.kind, caught.value.exit_code) == ("usage", 2)
    assert not (tmp_path / "out").exists()


class OfBytes:
    def __fspath__(self):
        return b"export"


@pytest.mark.parametrize("path", [b"export", OfBytes(), 5, None, 1.5])
def test_a_path_of_another_type_is_told(path):
    for call in [
        lambda: bcda.convert(path, "out"),
        lambda: bcda.convert([EXPORT, path], "out"),
        lambda: bcda.convert(EXPORT, path),
        lambda: bcda.scan(path, "cclf5"),
        lambda: bcda.validate(path),
        lambda: bcda.export("http://127.0.0.1:1", path, auth="none"),
    ]:
        with pytest.raises(bcda.UsageError, match="expected a path as str or os.PathLike.*not ") as caught:
            call()
        assert isinstance(caught.value, TypeError) and caught.value.exit_code == 2
    with pytest.raises(bcda.UsageError, match="credentials: expected a path"):
        bcda.export("http://127.0.0.1:1", "out", credentials=b"file")
    assert not pathlib.Path("out").exists()


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths_are_those_of_python(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").symlink_to(EXPORT)
    (claims,) = of_type("ExplanationOfBenefit")
    # The folders around an output are made.
    report = bcda.convert(kind("~/in/"), kind("~/some/where/tables"), tables="cclf9")
    assert (tmp_path / "some" / "where" / "tables" / "cclf9.parquet").is_file()
    assert bcda.convert(kind("in/"), kind("here/tables"), tables="cclf9")["records"] == report["records"]
    assert bcda.validate(kind("~/in/"))["records"] == 51
    scan = bcda.scan(kind(f"~/in/{claims.name}"), "cclf1", patients=[kind("~/in")])
    assert sum(map(len, scan)) > 0 and scan.report["claims_without_patient"] == 0
    # What failed leaves nothing of what it made, and what was there stays.
    for options in [{"on_bad_record": "fail"}, {"max_rejects": 0}]:
        (tmp_path / "bad.ndjson").write_text("{}\n")
        (tmp_path / "kept").mkdir(exist_ok=True)
        with pytest.raises(bcda.BadDataError):
            bcda.convert("bad.ndjson", kind("~/kept/new/tables"), **options)
        assert (tmp_path / "kept").is_dir() and list((tmp_path / "kept").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(bcda.BcdaError, match="the folder around the output cannot be made"):
        bcda.convert("in", kind("file/new/tables"))


def test_columns_come_as_they_are_asked_for(tmp_path):
    asked = ["FILE_NAME", "CLM_LINE_NUM", "bene_mbi_id", "CUR_CLM_UNIQ_ID", "FILE_NAME"]
    expected = ["FILE_NAME", "CLM_LINE_NUM", "BENE_MBI_ID", "CUR_CLM_UNIQ_ID"]
    for form in ["parquet", "csv", "arrow"]:
        bcda.convert(EXPORT, tmp_path / form, format=form, columns=asked, tables=["cclf5", "cclf0"])
    written = pyarrow.parquet.read_table(tmp_path / "parquet" / "cclf5.parquet")
    assert written.schema.names == expected
    assert (tmp_path / "csv" / "cclf5.csv").read_text().splitlines()[0] == ",".join(expected)
    with pyarrow.ipc.open_file(tmp_path / "arrow" / "cclf5.arrow") as file:
        assert file.read_all().equals(written)
    scan = bcda.scan(EXPORT, "cclf5", columns=asked)
    assert scan.column_names == expected and pyarrow.table(scan).equals(written)
    # Whatever the order: the values are those of the whole table.
    whole = pyarrow.table(bcda.scan(EXPORT, "cclf5"))
    assert written.equals(whole.select(expected)) and written["BENE_MBI_ID"].null_count == 0
    # Each table has those that it has, in this order.
    bcda.convert(EXPORT, tmp_path / "each", columns="CLM_POS_CD,DGNS_DRG_CD,cclf1.FILE_NAME,BENE_MBI_ID")
    names = {file.stem: pyarrow.parquet.read_schema(file).names for file in (tmp_path / "each").glob("*.parquet")}
    assert names["cclf1"] == ["DGNS_DRG_CD", "FILE_NAME", "BENE_MBI_ID"]
    assert names["cclf5"] == ["CLM_POS_CD", "BENE_MBI_ID"]


@pytest.fixture
def without_people(tmp_path):
    """Claims alone, and no manifest that tells a date."""
    folder = tmp_path / "claims"
    folder.mkdir()
    for file in of_type("ExplanationOfBenefit"):
        shutil.copy(file, folder)
    return folder


def told(call):
    """What a call warns of, and what it returns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    assert all(one.category is bcda.BcdaWarning for one in caught), caught
    return [str(one.message) for one in caught], result


def test_warnings_are_warnings_of_python(without_people, tmp_path):
    said, report = told(lambda: bcda.convert(without_people, tmp_path / "out"))
    assert said == report["warnings"] and len(said) == 2
    assert "file_date sets it" in said[0] and "no Patient in the input" in said[1] and "patients" in said[1]
    assert not any("--" in text for text in said)
    assert told(lambda: bcda.convert(EXPORT, tmp_path / "quiet"))[0] == []
    # Whoever asks for errors has one, and the tables besides.
    with warnings.catch_warnings():
        warnings.simplefilter("error", bcda.BcdaWarning)
        with pytest.raises(bcda.BcdaWarning):
            bcda.convert(without_people, tmp_path / "loud")
        with pytest.raises(bcda.BcdaWarning):
            list(bcda.scan(without_people, "cclf1"))
    assert (tmp_path / "loud" / "tables-manifest.json").exists()


READERS = {
    "iterated": list,
    "pyarrow": pyarrow.table,
    "pandas": pandas.DataFrame.from_arrow,
    "polars": polars.DataFrame,
    "duckdb": lambda scan: duckdb.sql("SELECT count(*) FROM scan").fetchall(),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_scan_warns_whoever_reads_it(without_people, reader):
    scan = bcda.scan(without_people, "cclf1", threads=2)
    said, _ = told(lambda: READERS[reader](scan))
    assert said == scan.report["warnings"] and len(said) == 2


def test_validate_warns_of_the_files(tmp_path):
    (tmp_path / "empty.ndjson.gz").write_bytes(b"")
    shutil.copy(of_type("Patient")[0], tmp_path)
    said, report = told(lambda: bcda.validate(tmp_path))
    assert said == report.get("warnings", [])


def test_errors_say_what_and_where_but_no_value(tmp_path):
    record = '{"resourceType":"Patient","id":"secret-id","birthDate":"secret-date"}'
    (tmp_path / "in.ndjson").write_text("{}\n" + record + "\n")
    with pytest.raises(bcda.BadDataError) as caught:
        bcda.convert(tmp_path / "in.ndjson", tmp_path / "out", on_bad_record="fail")
    error = caught.value
    assert (error.kind, error.exit_code) == ("bad-data", 4)
    assert (error.place["source"], error.place["line"]) == ("in.ndjson", 1)
    assert "on_bad_record=reject" in error.message and "secret" not in error.message
    assert isinstance(error, bcda.BcdaError)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.place, str(again)) == (bcda.BadDataError, error.place, str(error))
    with pytest.raises(bcda.BadDataError, match="max_rejects"):
        bcda.convert(tmp_path / "in.ndjson", tmp_path / "out", max_rejects=0)
    with pytest.raises(bcda.BadDataError, match="every record was rejected"):
        bcda.convert(tmp_path / "in.ndjson", tmp_path / "out")
    good = '{"resourceType":"Patient","id":"1"}'
    (tmp_path / "in.ndjson").write_text("{}\n" + record + "\n" + good + "\n")
    report = bcda.convert(tmp_path / "in.ndjson", tmp_path / "out")
    assert report["records"]["rejected"] == 2


def test_progress_is_told(large, tmp_path):
    told = []
    report = bcda.convert(large, tmp_path / "out", tables=["cclf9"], progress=told.append, max_rejects="100%")
    assert len(told) > 1 and len(told) < 4 * report["seconds"] + 3
    assert told[-1]["records"] == report["records"]["read"]
    assert told[-1]["rejects"] == report["records"]["rejected"] > 0
    assert 0 < told[-1]["bytes_read"] == report["bytes_read"] == told[-1]["total_bytes"]
    assert [one["records"] for one in told] == sorted(one["records"] for one in told)


def test_an_exception_of_the_callback_ends_the_run(large, tmp_path):
    class Enough(Exception):
        pass

    def enough(_):
        raise Enough

    with pytest.raises(Enough):
        bcda.convert(large, tmp_path / "out", progress=enough, max_rejects="100%")
    assert list(tmp_path.iterdir()) == []


def test_other_threads_go_on(large, tmp_path):
    turns, over = [], threading.Event()

    def turn():
        while not over.wait(0.01):
            turns.append(time.monotonic())

    other = threading.Thread(target=turn)
    other.start()
    try:
        began = time.monotonic()
        bcda.convert(large, tmp_path / "out", tables=["cclf9"], max_rejects="100%")
        took = time.monotonic() - began
    finally:
        over.set()
        other.join()
    assert len(turns) > 20 * took, (len(turns), took)


def test_the_stub_says_what_the_module_has():
    import ast
    import inspect

    stub = ast.parse((pathlib.Path(bcda.__file__).parent / "__init__.pyi").read_text())
    functions = {item.name: item.args for item in stub.body if isinstance(item, ast.FunctionDef)}
    # What is there without being a name of the module: it is imported when it is asked for.
    imported = [name.name for item in stub.body if isinstance(item, ast.ImportFrom) and item.level for name in item.names]
    assert imported == ["delta", "spark"]
    public = {name for name in bcda.__all__ if inspect.isroutine(getattr(bcda, name))}
    assert set(functions) == public
    for name, arguments in functions.items():
        signature = inspect.signature(getattr(bcda, name))
        assert [a.arg for a in [*arguments.args, *arguments.kwonlyargs]] == list(signature.parameters)
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            # An argument that has to be given has no default.
            wanted = inspect.Parameter.empty if default is None else ast.literal_eval(default)
            assert wanted == signature.parameters[one.arg].default, (name, one.arg)
        assert "Args:" in getattr(bcda, name).__doc__
    classes = {item.name for item in stub.body if isinstance(item, ast.ClassDef)}
    assert {name for name in bcda.__all__ if inspect.isclass(getattr(bcda, name))} <= classes

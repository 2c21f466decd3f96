"""bcda.convert, and what all functions have in common: errors, progress, the interpreter."""

import datetime
import json
import pathlib
import pickle
import threading
import time

import pyarrow.parquet
import pytest

import bcda
from conftest import EXPORT


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
    assert lines[0] == "CLM_LINE_NUM,BENE_MBI_ID,FILE_DATE"
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
        ({"threads": 0}, "threads"),
        ({"on_bad_record": "ignore"}, "on_bad_record"),
    ],
)
def test_what_cannot_be_is_a_usage_error(tmp_path, options, said):
    with pytest.raises(bcda.UsageError) as caught:
        bcda.convert(EXPORT, tmp_path / "out", **options)
    assert said in str(caught.value)
    assert (caught.value.kind, caught.value.exit_code) == ("usage", 2)
    assert not (tmp_path / "out").exists()


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
    public = {name for name in bcda.__all__ if inspect.isbuiltin(getattr(bcda, name))}
    assert set(functions) == public
    for name, arguments in functions.items():
        signature = inspect.signature(getattr(bcda, name))
        assert [a.arg for a in [*arguments.args, *arguments.kwonlyargs]] == list(signature.parameters)
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            assert ast.literal_eval(default) == signature.parameters[one.arg].default, (name, one.arg)
        assert "Args:" in getattr(bcda, name).__doc__
    classes = {item.name for item in stub.body if isinstance(item, ast.ClassDef)}
    assert {name for name in bcda.__all__ if inspect.isclass(getattr(bcda, name))} <= classes

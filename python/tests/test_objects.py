"""Object storage from Python: the same tables as from a folder. BCDA_TEST_MOTO names a Python that has moto."""

import pyarrow
import pyarrow.compute
import pytest

import bcda
from conftest import EXPORT


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

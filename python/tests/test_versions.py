"""One version of the API in a run: told by the records, or stated."""

import bcda
import pytest

from conftest import EXPORT

DAY = "2024-01-01"


@pytest.fixture(scope="module")
def of_v3(synthesized):
    """A synthetic export of version 3, with claims in progress."""
    return synthesized("v3", 3, partially_adjudicated=0.5)


def test_a_second_version_is_an_error_that_names_the_argument(of_v3, tmp_path):
    with pytest.raises(bcda.UsageError, match="name the version to keep with api"):
        list(bcda.scan([EXPORT, of_v3], "cclf5", file_date=DAY))
    report = bcda.convert([EXPORT, of_v3], tmp_path / "out", file_date=DAY, api="v3", max_rejects="99%")
    assert report["api"] == "v3"
    assert report["rejected_by_class"] == {"version": report["records"]["rejected"]}
    for wrong in ("v4", "V3"):
        with pytest.raises(bcda.UsageError, match="api: expected v1, v2 or v3"):
            bcda.scan(EXPORT, "cclf5", api=wrong)


def test_partially_adjudicated_claims_have_rows_where_they_are_asked_for(of_v3, tmp_path):
    rows = {}
    for wanted in (False, True):
        scan = bcda.scan(of_v3, "cclf5", file_date=DAY, partially_adjudicated=wanted)
        rows[wanted] = sum(map(len, scan))
        out = tmp_path / str(wanted)
        report = bcda.convert(of_v3, out, file_date=DAY, partially_adjudicated=wanted, tables=["cclf5"])
        assert [table["rows"] for table in report["tables"]] == [rows[wanted]]
        assert ("partially_adjudicated" in report.get("set_aside", {})) or wanted
    assert rows[False] < rows[True]

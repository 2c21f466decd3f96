"""Of several exports the latest version of each record counts, unless all are asked for."""

import bcda
import pytest


@pytest.fixture(scope="module")
def weeks(synthesized):
    """A full export, and two of what changed."""
    return synthesized("v1", 10, weeks=3)


def test_the_latest_versions_are_the_default_of_several_exports(weeks, tmp_path):
    report = bcda.convert(weeks, tmp_path / "latest")
    assert (report["keep"], len(report["exports"])) == ("latest", 3)
    assert report["left_out"]["versions"] == report["records"]["left_out"] > 0
    for table in report["tables"]:
        name = table["table"].lower()
        if name == "cclf0":
            continue
        scan = bcda.scan(weeks, name)
        assert sum(map(len, scan)) == table["rows"], name
        assert scan.report["keep"] == "latest"
    everything = bcda.convert(weeks, tmp_path / "all", keep="all")
    rows = {name: {table["table"]: table["rows"] for table in run["tables"]} for name, run in (("latest", report), ("all", everything))}
    assert rows["all"]["CCLF5"] > rows["latest"]["CCLF5"]
    assert sum(map(len, bcda.scan(weeks, "cclf5", keep="all"))) == rows["all"]["CCLF5"]


def test_one_export_has_all_versions_unless_told_otherwise(weeks, tmp_path):
    first = weeks / "week-01"
    assert bcda.convert(first, tmp_path / "one")["keep"] == "all"
    assert bcda.convert(first, tmp_path / "two", keep="latest")["keep"] == "latest"
    with pytest.raises(bcda.UsageError, match="keep: expected all or latest"):
        bcda.scan(first, "cclf5", keep="newest")

"""CMS's files from tables and into them, their final claims, and where two results agree."""

import stat

import bcda
import pytest


@pytest.fixture(scope="module")
def tables(synthesized, tmp_path_factory):
    """Tables of v3."""
    out = tmp_path_factory.mktemp("cclf") / "tables"
    bcda.convert(synthesized("v3", 20), out)
    return out


def test_files_are_written_and_read(tables, tmp_path):
    seen = []
    written = bcda.cclf_write(tables, tmp_path / "files", aco="A1234", max_rejects="100%", zip=True, threads=2)
    assert written["source"] == "v3" and written["zip"].startswith("P.A1234.ACO.ZCY")
    records = {file["table"]: file["records"] for file in written["written"]}
    read = bcda.cclf_read(tmp_path / "files", tmp_path / "again", progress=seen.append)
    rows = {table["table"]: table["rows"] for table in read["tables"]}
    assert rows == records and rows["CCLF5"] > 0
    assert seen[-1]["records"] == read["records"] and read["rejected"] == 0
    current = bcda.cclf_current(tmp_path / "again", tmp_path / "final", naming="tuva")
    assert current["rows_out"]["CCLF5"] == rows["CCLF5"]
    assert (tmp_path / "final" / "partb_physicians.parquet").is_file()


def test_what_agrees_is_told(tables, tmp_path):
    bcda.cclf_write(tables, tmp_path / "files", aco="A1234", max_rejects="100%")
    bcda.cclf_read(tmp_path / "files", tmp_path / "cms")
    found = bcda.reconcile(tables, tmp_path / "cms", examples=(2, tmp_path / "examples"))
    claims = {own["table"]: own for own in found["claims"]}
    assert claims["CCLF5"]["matched"] == claims["CCLF5"]["all"]["left"] == claims["CCLF5"]["all"]["right"] > 0
    assert found["sides"]["right"]["source"] == "cclf" and found["are_numbers_shared"]
    assert stat.S_IMODE((tmp_path / "examples").stat().st_mode) == 0o700


def test_settings_are_called_as_the_arguments_are(tables, tmp_path):
    with pytest.raises(bcda.UsageError, match="A and four digits"):
        bcda.cclf_write(tables, tmp_path / "x", aco="D1234")
    with pytest.raises(bcda.UsageError, match="program: no such program"):
        bcda.cclf_write(tables, tmp_path / "x", aco="A1234", program="other")
    with pytest.raises(bcda.BadDataError, match="max_rejects allows"):
        bcda.cclf_write(tables, tmp_path / "x", aco="A1234", max_rejects=0)
    with pytest.raises(bcda.UsageError, match="no folder is there"):
        bcda.reconcile(tables, tmp_path / "nothing")
    with pytest.raises(bcda.UsageError, match="left_source: expected v1, v2, v3 or cclf"):
        bcda.reconcile(tables, tables, left_source="v9")
    assert not (tmp_path / "x").exists()

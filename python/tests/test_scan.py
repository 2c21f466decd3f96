"""bcda.scan: the rows of bcda.convert, for those that read Arrow."""

import concurrent.futures
import subprocess
import sys

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

import bcda
from conftest import EXPORT

TABLES = [f"cclf{name}" for name in "123456789ab0"]


def same(scanned, converted):
    assert scanned.schema.equals(converted.schema)
    assert scanned.combine_chunks().equals(converted.combine_chunks())


def test_every_table_is_that_of_convert(synthetic, tmp_path):
    report = bcda.convert(synthetic, tmp_path / "out")
    for table in TABLES:
        converted = pyarrow.parquet.read_table(tmp_path / "out" / f"{table}.parquet")
        scan = bcda.scan(synthetic, table=table, batch_rows=1000)
        assert scan.report is None
        same(pyarrow.table(scan), converted)
        assert scan.report["rows"] == converted.num_rows
        assert scan.report["records"] == report["records"]
        assert scan.report["rejected_by_class"] == report["rejected_by_class"]
        assert len(scan.rejects) == report["records"]["rejected"] > 0
        assert scan.error is None


def test_batches_have_their_size_and_come_as_arrow(synthetic):
    scan = bcda.scan(synthetic, table="cclf5", batch_rows=100, threads=2)
    batches = list(scan)
    assert {len(batch) for batch in batches[:-1]} == {100}
    rows = pyarrow.Table.from_batches([pyarrow.record_batch(batch) for batch in batches])
    same(rows, pyarrow.table(scan))
    assert len(batches[-1]) == batches[-1].num_rows
    assert pyarrow.schema(batches[0]).equals(rows.schema)


def test_only_the_columns_asked_for_come():
    names = ["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM", "BCDA_STATUS"]
    scan = bcda.scan(str(EXPORT), "cclf5", columns=names)
    assert scan.column_names == names and scan.table == "cclf5"
    assert repr(scan) == "<bcda.Scan of cclf5, 3 columns>"
    assert pyarrow.schema(scan).names == names
    same(pyarrow.table(scan), pyarrow.table(bcda.scan(EXPORT, "cclf5")).select(names))
    assert "BCDA_STATUS" not in bcda.scan(EXPORT, "cclf5", lineage=False).column_names


def test_libraries_read_a_scan():
    lines = bcda.scan(EXPORT, table="cclf5")
    table = pyarrow.table(lines)
    assert table.num_rows == 49
    assert table.schema.field("CLM_LINE_CVRD_PD_AMT").type == pyarrow.decimal128(13, 2)
    assert table.schema.field("BCDA_FINAL").type == pyarrow.bool_()
    total = sum(table["CLM_LINE_CVRD_PD_AMT"].drop_null().to_pylist())

    frame = polars.DataFrame(lines)
    assert frame.shape == (49, len(lines.column_names))
    assert frame["CLM_LINE_CVRD_PD_AMT"].sum() == total

    frame = pandas.DataFrame.from_arrow(lines)
    assert frame.shape == (49, len(lines.column_names))

    found = duckdb.sql("SELECT count(*), sum(CLM_LINE_CVRD_PD_AMT) FROM lines")
    assert found.fetchall() == [(49, total)]
    # Read anew for each.
    assert duckdb.sql("SELECT DISTINCT CLM_TYPE_CD FROM lines ORDER BY 1").fetchall()
    both = "SELECT count(*) FROM lines a JOIN lines b USING (CUR_CLM_UNIQ_ID, CLM_LINE_NUM)"
    assert duckdb.sql(both).fetchall()[0][0] >= 49


def test_many_read_at_once():
    readers = [
        lambda scan: pyarrow.table(scan).num_rows,
        lambda scan: polars.DataFrame(scan).height,
        lambda scan: sum(map(len, scan)),
        lambda scan: duckdb.connect().sql("SELECT count(*) FROM scan").fetchall()[0][0],
    ]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        scans = [bcda.scan(EXPORT, "cclf5", batch_rows=3, threads=2) for _ in range(24)]
        rows = threads.map(lambda reader, scan: reader(scan), readers * 6, scans)
        assert set(rows) == {49}


WRONG_CALLS = {
    "pandas": lambda scan: pandas.DataFrame(scan),
    "pandas, batches": lambda scan: pandas.DataFrame(iter(scan)),
    "pandas, list": lambda scan: pandas.DataFrame(list(scan)),
    "pandas, batch": lambda scan: pandas.DataFrame(next(iter(scan))),
    "pandas, series": lambda scan: pandas.Series(scan),
    "pandas, arrow series": lambda scan: pandas.Series.from_arrow(scan),
    "polars": lambda scan: polars.from_arrow(scan),
    "polars, batch": lambda scan: polars.from_arrow(next(iter(scan))),
    "polars, series": lambda scan: polars.Series(scan),
    "numpy": lambda scan: numpy.asarray(scan),
}


@pytest.mark.parametrize("wrong", WRONG_CALLS)
def test_a_call_that_makes_no_frame_names_the_one_that_does(wrong):
    right = "polars.DataFrame" if "polars" in wrong else "pandas.DataFrame.from_arrow"
    with pytest.raises(bcda.UsageError, match=right) as caught:
        print(WRONG_CALLS[wrong](bcda.scan(EXPORT, "cclf5", batch_rows=20)))
    assert isinstance(caught.value, TypeError)


def test_the_right_calls_make_frames():
    scan = bcda.scan(EXPORT, "cclf5", batch_rows=20)
    shape = (49, len(scan.column_names))
    assert pandas.DataFrame.from_arrow(scan).shape == shape
    assert pyarrow.table(scan).to_pandas().shape == shape
    assert polars.DataFrame(scan).shape == shape
    assert polars.LazyFrame(polars.DataFrame(scan)).collect().shape == shape
    assert duckdb.sql("FROM scan").df().shape == shape
    assert duckdb.from_arrow(scan).df().shape == shape
    batch = next(iter(scan))
    assert pandas.DataFrame.from_arrow(batch).shape == (20, shape[1])
    assert polars.DataFrame(batch).shape == (20, shape[1])
    assert pyarrow.record_batch(batch).num_rows == 20


def test_no_library_is_needed():
    script = "import sys, bcda; bcda.scan(sys.argv[1], 'cclf1').__arrow_c_stream__(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, EXPORT], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"pyarrow", "pandas", "polars", "duckdb", "numpy"}


def test_a_stream_that_nobody_reads_ends():
    capsules = [bcda.scan(EXPORT, "cclf5").__arrow_c_stream__() for _ in range(20)]
    batches = [iter(bcda.scan(EXPORT, "cclf5", batch_rows=1)) for _ in range(20)]
    next(batches[0])
    batches[0].close()
    assert list(batches[0]) == []
    del capsules, batches


def test_errors_come_at_once_or_with_the_rows(tmp_path):
    with pytest.raises(bcda.UsageError):
        bcda.scan(tmp_path / "nothing", "cclf5")
    with pytest.raises(bcda.UsageError, match="read once"):
        bcda.scan("-", "cclf5")
    (tmp_path / "in.ndjson").write_text('{"resourceType":"Patient"}\n')
    scan = bcda.scan(tmp_path, "cclf8", on_bad_record="fail")
    with pytest.raises(bcda.BadDataError) as caught:
        list(scan)
    assert caught.value.place["line"] == 1 and caught.value.place["class"] == "missing"
    assert scan.report is None and isinstance(scan.error, bcda.BadDataError)
    with pytest.raises(pyarrow.ArrowException, match="in.ndjson, line 1 "):
        pyarrow.table(scan)
    assert scan.error.exit_code == 4


def test_people_among_claims_are_told(tmp_path, synthetic):
    files = sorted(synthetic.glob("*.ndjson"), key=lambda file: b'"ExplanationOfBenefit"' not in file.read_bytes())
    (tmp_path / "all.ndjson").write_bytes(b"".join(file.read_bytes() for file in files))
    begun = bcda.scan(tmp_path, "cclf5", batch_rows=10)
    with pytest.raises(bcda.UsageError, match='people="anywhere"'):
        list(begun)
    first = pyarrow.table(bcda.scan(tmp_path, "cclf5", batch_rows=10, people="anywhere", lineage=False))
    apart = pyarrow.table(bcda.scan(synthetic, "cclf5", lineage=False))
    key = [(name, "ascending") for name in ("CUR_CLM_UNIQ_ID", "CLM_LINE_NUM", "BENE_MBI_ID")]
    assert first.num_rows == apart.num_rows
    assert first.sort_by(key).equals(apart.sort_by(key))

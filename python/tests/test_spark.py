"""bcda.spark: the rows of bcda.convert, from executors that are processes of their own."""

import csv
import gzip
import hashlib
import os
import pathlib
import re
import shutil
import signal
import stat
import sys
import threading
import time

import pyarrow
import pyarrow.parquet
import pytest

import bcda
from conftest import ROOT

pyspark = pytest.importorskip("pyspark", reason="skipped: no pyspark")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("skipped: no Java", allow_module_level=True)

import bcda.spark  # noqa: E402
from pyspark.sql import SparkSession, types  # noqa: E402

TABLES = [f"cclf{name}" for name in "123456789ab0"]
SMALL = str(400_000)
FEW = str(8_000_000)


def begin(folder):
    os.environ["PYSPARK_PYTHON"] = sys.executable
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.local.dir": str(folder),
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("bcda tests")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.dataSource.register(bcda.spark.BcdaDataSource)
    return session


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    # Relative paths are those of where Spark was started.
    before = os.getcwd()
    os.chdir(ROOT)
    session = begin(folder)
    os.chdir(before)
    yield session
    session.stop()
    # What Spark clears away is all of it.
    assert list(folder.rglob("bcda-*.index")) == []


@pytest.fixture(scope="module")
def export(synthetic, tmp_path_factory):
    """One plain file of claims that is cut, many small ones, some of them compressed, and people."""
    out = tmp_path_factory.mktemp("mixed")
    for file in synthetic.glob("*.ndjson"):
        lines = file.read_bytes().splitlines(keepends=True)
        if b'"ExplanationOfBenefit"' not in lines[0]:
            shutil.copy(file, out)
            continue
        (out / file.name).write_bytes(b"".join(lines[: len(lines) // 2]))
        for number, line in enumerate(range(len(lines) // 2, len(lines), 25)):
            text = b"".join(lines[line : line + 25])
            if number % 3:
                (out / f"small-{number:03}.ndjson").write_bytes(text)
            else:
                (out / f"small-{number:03}.ndjson.gz").write_bytes(gzip.compress(text))
    return out


def read(spark, path, table, **options):
    options = {"partition_bytes": SMALL, "max_rejects": "100%"} | options
    return spark.read.format("bcda").options(table=table, **options).load(str(path))


def digest(table):
    """A hash of the rows, in any order."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()


def same(frame, converted):
    rows = frame.toArrow()
    assert rows.schema.names == converted.schema.names
    assert rows.num_rows == converted.num_rows
    assert digest(rows.cast(converted.schema)) == digest(converted)


def test_every_table_is_that_of_convert_and_of_scan(spark, export, tmp_path):
    report = bcda.convert(export, tmp_path / "out", max_rejects="100%")
    assert report["records"]["rejected"] > 5
    cut = read(spark, export, "cclf5")
    assert cut.rdd.getNumPartitions() > 5
    for table in TABLES:
        converted = pyarrow.parquet.read_table(tmp_path / "out" / f"{table}.parquet")
        same(read(spark, export, table), converted)
        assert digest(pyarrow.table(bcda.scan(export, table, max_rejects="100%"))) == digest(converted)

    # What became of the records, and which were rejected, as convert says it.
    counts = read(spark, export, "counts").groupBy().sum().toArrow().to_pylist()[0]
    assert {name: counts[f"sum({name})"] for name in report["records"]} == report["records"]
    rejects = sorted(read(spark, export, "rejects").collect(), key=lambda row: (row.source, row.line))
    with open(tmp_path / "out" / "rejects" / "rejects.csv", newline="") as file:
        listed = [{**row, "line": int(row["line"]), "byte_offset": int(row["byte_offset"]),
                   "fault_byte": int(row["fault_byte"])} for row in csv.DictReader(file)]
    listed.sort(key=lambda row: (row["source"], row["line"]))
    assert [row.asDict() for row in rejects] == listed


def test_the_latest_versions_of_several_exports_are_read_whole(spark, synthesized):
    weeks = synthesized("v1", 10, weeks=3)
    lines = read(spark, weeks, "cclf5")
    assert lines.rdd.getNumPartitions() == 1
    scan = bcda.scan(weeks, "cclf5")
    same(lines, pyarrow.table(scan))
    counts = read(spark, weeks, "counts").groupBy().sum().toArrow().to_pylist()[0]
    assert {name: counts[f"sum({name})"] for name in scan.report["records"]} == scan.report["records"]
    assert read(spark, weeks, "cclf5", keep="all").count() > lines.count()


def test_columns_are_pruned_and_rows_counted(spark, export):
    whole = pyarrow.table(bcda.scan(export, "cclf5", max_rejects="100%"))
    names = ["CUR_CLM_UNIQ_ID", "BENE_MBI_ID", "CLM_LINE_NUM"]
    # Of columns that are asked for, records are judged by these; where they stand, and how many, is told by them, too.
    scan = bcda.scan(export, "cclf5", columns=names, max_rejects="100%")
    same(read(spark, export, "cclf5", columns=",".join(names)), pyarrow.table(scan))
    assert scan.report["judged_by"] == [f"CCLF5.{name}" for name in names]
    judged = ",".join(f"cclf5.{name}" for name in names)
    counts = read(spark, export, "counts", columns=judged).groupBy().sum().toArrow().to_pylist()[0]
    assert {name: counts[f"sum({name})"] for name in scan.report["records"]} == scan.report["records"]
    assert read(spark, export, "rejects", columns=judged).count() == scan.report["records"]["rejected"]
    lines = read(spark, export, "cclf5")
    assert lines.count() == whole.num_rows
    assert lines.schema["CLM_LINE_CVRD_PD_AMT"].dataType == types.DecimalType(13, 2)
    assert lines.schema["BCDA_FINAL"].dataType == types.BooleanType()
    assert lines.schema["CLM_LINE_NUM"].metadata["comment"]
    # A schema, in an order of its own.
    own = spark.read.format("bcda").schema("CLM_LINE_NUM bigint, BENE_MBI_ID string").options(table="cclf5")
    own = own.options(partition_bytes=SMALL, max_rejects="100%").load(str(export))
    same(own, whole.select(["CLM_LINE_NUM", "BENE_MBI_ID"]))
    # Several inputs, patients apart.
    people = [str(file) for file in export.glob("*.ndjson") if b'"ExplanationOfBenefit"' not in file.read_bytes()]
    claims = [str(file) for file in export.iterdir() if str(file) not in people]
    options = {"table": "cclf5", "patients": ",".join(people), "columns": ",".join(names), "max_rejects": "100%"}
    apart = spark.read.format("bcda").options(**options).load(claims)
    chosen = read(spark, export, "cclf5", columns=",".join(names))
    assert sorted(map(repr, apart.collect())) == sorted(map(repr, chosen.collect()))


def test_the_index_is_private_shared_and_cleared_away(spark, export, tmp_path):
    index = tmp_path / "people.index"
    read(spark, export, "cclf1", index=str(index)).count()
    made = index.stat()
    assert stat.S_IMODE(made.st_mode) == 0o600
    read(spark, export, "cclf7", index=str(index)).count()
    assert index.stat().st_ino == made.st_ino
    # Without the option it lies with what Spark clears away.
    read(spark, export, "cclf1").count()
    left = list(pathlib.Path(spark.conf.get("spark.local.dir")).rglob("bcda-*.index"))
    assert left and {stat.S_IMODE(file.stat().st_mode) for file in left} == {0o600}


def test_what_cannot_be_is_said(spark, export, tmp_path):
    for options, said in [
        ({"table": "cclf55"}, "no such table"),
        ({"table": ""}, "no table is asked for"),
        ({"table": "cclf5", "columns": "NOTHING"}, "NOTHING"),
        ({"table": "cclf5", "partition_bytes": "x"}, "partition_bytes: expected"),
        ({"table": "cclf5", "sort": "yes"}, "sort: no such option"),
        ({"table": "cclf5", "file_date": "someday"}, "file_date: expected"),
    ]:
        with pytest.raises(Exception, match=said):
            spark.read.format("bcda").options(**options).load(str(export)).count()
    with pytest.raises(Exception, match="no such file"):
        read(spark, tmp_path / "nothing", "cclf5").count()
    with pytest.raises(Exception, match="it is bigint"):
        wrong = spark.read.format("bcda").schema("CLM_LINE_NUM string").options(table="cclf5")
        wrong.load(str(export)).count()
    with pytest.raises(Exception, match=r"line \d+ .at byte \d+."):
        read(spark, export, "cclf5", on_bad_record="fail").count()


def test_people_that_changed_since_the_plan_end_a_query_as_claims_do(spark, export, tmp_path):
    mark = b'"resourceType":"Patient"'
    plain = list(export.glob("*.ndjson"))
    (name,) = [file.name for file in plain if mark in file.read_bytes().splitlines()[0]]
    for table in ("cclf5", "counts"):
        folder = tmp_path / table
        shutil.copytree(export, folder)
        # A frame is planned when it is first read, and once.
        frame = read(spark, folder, table, partition_bytes=FEW)
        rows = len(frame.collect())
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(lines[1:]))
        with pytest.raises(Exception, match="the file changed after the reading was planned; begin the reading again"):
            frame.collect()
        assert len(read(spark, folder, table, partition_bytes=FEW).collect()) == rows


def children(of):
    """Process ids and commands of all processes below one."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            parents.setdefault(parent, []).append((int(entry.name), (entry / "cmdline").read_bytes()))
        except (OSError, IndexError):
            pass
    found, todo = [], [of]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += [process for process, _ in below]
    return found


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="skipped: no /proc to find executors in")
def test_a_killed_executor_changes_no_row(spark, large):
    names = ["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM", "BENE_MBI_ID", "CLM_LINE_CVRD_PD_AMT", "FILE_NAME"]
    scan = bcda.scan(large, "cclf5", columns=names, max_rejects="100%")
    expected = pyarrow.table(scan)
    frame = read(spark, large, "cclf5", columns=",".join(names), partition_bytes=str(4 << 20))
    context = spark.sparkContext
    read_rows, failed = [], []

    def work():
        try:
            read_rows.append(frame.toArrow())
        except Exception as error:  # noqa: BLE001 - it is raised again below
            failed.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    tracker, killed, stages = context.statusTracker(), None, set()
    deadline = time.monotonic() + 300
    while worker.is_alive() and time.monotonic() < deadline:
        active = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
        stages.update(info.stageId for info in active)
        if killed is None and any(info.numActiveTasks and info.numCompletedTasks for info in active):
            executors = [id for id, command in children(os.getpid()) if b"CoarseGrainedExecutorBackend" in command]
            assert len(executors) == 2
            killed = executors[0]
            os.kill(killed, signal.SIGKILL)
        time.sleep(0.02)
    worker.join(120)
    if failed:
        raise failed[0]
    assert killed is not None and not worker.is_alive()
    infos = [info for stage in stages if (info := tracker.getStageInfo(stage))]
    assert sum(info.numFailedTasks for info in infos) >= 1
    rows = read_rows[0]
    assert rows.num_rows == expected.num_rows
    assert digest(rows.cast(expected.schema)) == digest(expected)


def test_the_example_of_the_guide_says_what_it_prints(spark, tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "guide" / "spark.md").read_text()
    code, expected = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```\n", text, re.DOTALL).groups()
    monkeypatch.chdir(ROOT)
    # The session is that of the tests.
    exec(compile(code, "spark.md", "exec"), {})
    assert capsys.readouterr().out == expected

"""bcda.delta: after each week the Delta tables are what `bcda update` makes, one commit a table."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest

import bcda
from conftest import ROOT

deltalake = pytest.importorskip("deltalake", reason="skipped: no deltalake")

import bcda.delta  # noqa: E402

WEEKS = 8
YEARS = {"cclf7": "CLM_LINE_FROM_DT", **{f"cclf{name}": "CLM_THRU_DT" for name in "123456"}}
PEOPLE = {"cclf8": "BENE_MBI_ID", "cclf9": "CRNT_NUM"}
# What makes a table of the weeks larger than 100,000 rows.
TIMES = 80


class Series:
    """A folder of tables for each week, and of what changed: tables-01, changes-02, tables-02 and so on."""

    def __init__(self, binary, folder, weeks, *options):
        self.folder = folder
        words = ["synth", "--weeks", weeks, "--out", folder / "weeks", *options]
        self.run(binary, *words)
        self.run(binary, "convert", folder / "weeks" / "week-01", "--updatable", "--out", self.tables(1))
        for week in range(2, weeks + 1):
            words = [self.tables(week - 1), folder / "weeks" / f"week-{week:02}", "--out", self.tables(week)]
            self.run(binary, "update", *words, "--changes", self.changes(week))

    def run(self, *words):
        subprocess.run([*map(str, words), "--quiet"], check=True)

    def tables(self, week):
        return self.folder / f"tables-{week:02}"

    def changes(self, week):
        return self.folder / f"changes-{week:02}"


@pytest.fixture(scope="module")
def series(binary, tmp_path_factory):
    return Series(binary, tmp_path_factory.mktemp("series"), WEEKS, "--beneficiaries", 30, "--seed", 1)


def names_of(tables):
    manifest = json.loads((tables / "tables-manifest.json").read_text())
    return [table["table"].lower() for table in manifest["tables"] if table["table"].startswith("CCLF")]


def sorted_rows(table):
    return table.take(pyarrow.compute.sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names]))


def assert_same(lake, tables, storage_options=None):
    """The Delta tables have the rows of the files, and the year of each in its partition."""
    for name in names_of(tables):
        wanted = pyarrow.parquet.read_table(tables / f"{name}.parquet")
        table = deltalake.DeltaTable(f"{lake}/{name}", storage_options=storage_options)
        found = table.to_pyarrow_table()
        if name in YEARS:
            assert table.metadata().partition_columns == ["BCDA_YEAR"]
            years = pyarrow.compute.year(found[YEARS[name]])
            assert found["BCDA_YEAR"].cast(pyarrow.int64()).equals(years), name
            found = found.drop_columns("BCDA_YEAR")
        else:
            assert table.metadata().partition_columns == [], name
        assert found.column_names == wanted.column_names
        found = found.cast(wanted.schema)
        assert len(found) == len(wanted), name
        assert sorted_rows(found).equals(sorted_rows(wanted)), name


def rewritten(folder, change):
    """Puts what `change` makes of each table of a folder in its place, and into the manifest."""
    path = folder / "tables-manifest.json"
    manifest = json.loads(path.read_text())
    for table in manifest["tables"]:
        if not table["file"].endswith(".parquet"):
            continue
        file = folder / table["file"]
        rows = change(file.stem, pyarrow.parquet.read_table(file))
        pyarrow.parquet.write_table(rows, file)
        table.update(rows=len(rows), bytes=file.stat().st_size, blake3=table["blake3"] + "'")
    if (folder / "gone.parquet").exists():
        gone = change("gone", pyarrow.parquet.read_table(folder / "gone.parquet"))
        pyarrow.parquet.write_table(gone, folder / "gone.parquet")
    path.write_text(json.dumps(manifest))
    return manifest


def copied(folder, place):
    shutil.copytree(folder, place)
    return place


def test_eight_weeks_end_as_the_final_tables(series, tmp_path):
    lake = tmp_path / "new" / "lake"
    told = bcda.delta.update(series.tables(1), lake)
    if os.name == "posix":
        assert lake.stat().st_mode & 0o777 == 0o700
    assert_same(lake, series.tables(1))
    assert {one["version"] for one in told.values()} == {0}
    assert sorted(told) == sorted(names_of(series.tables(1)))
    for week in range(2, WEEKS + 1):
        told = bcda.delta.update(series.changes(week), lake)
        # Each table has one commit a week, whether or not it has changed.
        assert {one["version"] for one in told.values()} == {week - 1}
        assert not any(one["skipped"] for one in told.values())
        counts = told.pop("cclf0")
        assert counts["rows_inserted"] == 11
        files = {name: pyarrow.parquet.ParquetFile(series.changes(week) / f"{name}.parquet") for name in told}
        inserted = {name: one["rows_inserted"] for name, one in told.items()}
        assert inserted == {name: file.metadata.num_rows for name, file in files.items()}
        gone = pyarrow.parquet.read_table(series.changes(week) / "gone.parquet")
        assert told["cclf5"]["ids_deleted"] == len(gone) - gone["BCDA_EOB_ID"].null_count
        assert told["cclf8"]["ids_deleted"] == gone["BCDA_EOB_ID"].null_count
        assert_same(lake, series.tables(week))
    assert told["cclf5"]["rows_deleted"] > 0
    again = bcda.delta.update(series.changes(WEEKS), lake)
    assert all(one["skipped"] and one["version"] == WEEKS - 1 and one["rows_inserted"] == 0 for one in again.values())
    assert_same(lake, series.tables(WEEKS))
    # The whole tables of that week were not given, and they replace what is there.
    whole = bcda.delta.update(series.tables(WEEKS), lake)
    assert not any(one["skipped"] for one in whole.values())
    assert_same(lake, series.tables(WEEKS))
    assert all(one["skipped"] for one in bcda.delta.update(series.tables(WEEKS), lake).values())


def test_a_commit_carries_its_exports_and_columns_their_labels(series, tmp_path):
    bcda.delta.update(series.tables(1), tmp_path)
    bcda.delta.update(series.changes(2), tmp_path)
    exports = json.loads((series.changes(2) / "tables-manifest.json").read_text())["exports"]
    for name in names_of(series.tables(1)):
        table = deltalake.DeltaTable(tmp_path / name)
        versions = [table.transaction_version(f"bcda/export/{export['manifest_blake3']}") for export in exports]
        assert (versions, table.transaction_version("bcda")) == ([1, 2], 2), name
    fields = {field.name: field for field in deltalake.DeltaTable(tmp_path / "cclf5").schema().fields}
    assert fields["BENE_MBI_ID"].metadata["comment"] == "Medicare Beneficiary Identifier"
    assert str(fields["CLM_LINE_CVRD_PD_AMT"].type) == 'PrimitiveType("decimal(13,2)")'


@pytest.mark.parametrize("tables_done", [0, 1, 6, 11])
def test_what_was_done_before_a_kill_is_skipped(series, tmp_path, monkeypatch, tables_done):
    def interrupted(*_):
        raise KeyboardInterrupt

    def first(step):
        done = []

        def until(folder, name, *rest):
            if len(done) == tables_done:
                interrupted()
            done.append(name)
            return step(folder, name, *rest)

        return until

    for folder, step in [(series.tables(2), "_replace"), (series.changes(3), "_merge"), (series.changes(4), "_merge")]:
        with monkeypatch.context() as patch:
            patch.setattr(bcda.delta, step, first(getattr(bcda.delta, step)))
            if tables_done == 11 and step == "_merge":
                patch.setattr(bcda.delta, "_recount", interrupted)
            with pytest.raises(KeyboardInterrupt):
                bcda.delta.update(folder, tmp_path)
        if 0 < tables_done < 11 and step == "_merge":
            later = series.changes(5) if folder == series.changes(4) else series.changes(4)
            with pytest.raises(bcda.UsageError, match="did not end"):
                bcda.delta.update(later, tmp_path)
        told = bcda.delta.update(folder, tmp_path)
        assert sum(one["skipped"] for one in told.values()) == tables_done
    assert_same(tmp_path, series.tables(4))


def test_tables_of_more_than_100_000_rows(series, tmp_path):
    key = {**PEOPLE, **{name: "BCDA_EOB_ID" for name in names_of(series.tables(1)) if name not in ("cclf0", *PEOPLE)}}

    def many(name, rows):
        """The rows many times over, each time those of other ids."""
        names = ["BCDA_EOB_ID", "BENE_MBI_ID"] if name == "gone" else [key[name]] if name in key else []
        if not names:
            counts = [count * TIMES for count in rows["NUMBER_OF_RECORDS"].to_pylist()]
            field = rows.schema.field("NUMBER_OF_RECORDS")
            return rows.set_column(rows.column_names.index(field.name), field, pyarrow.array(counts, field.type))
        parts = []
        for number in range(TIMES):
            part = rows
            for column in names:
                ids = pyarrow.compute.binary_join_element_wise(rows[column], f"{number}", "-")
                part = part.set_column(part.column_names.index(column), rows.schema.field(column), ids)
            parts.append(part)
        return pyarrow.concat_tables(parts)

    folders = [copied(folder, tmp_path / folder.name) for folder in (series.tables(1), series.changes(2), series.tables(2))]
    for folder in folders:
        manifest = rewritten(folder, many)
        if "carried" in manifest:
            manifest["carried"] = {name: count * TIMES for name, count in manifest["carried"].items()}
            (folder / "tables-manifest.json").write_text(json.dumps(manifest))
    lake = tmp_path / "lake"
    bcda.delta.update(folders[0], lake)
    told = bcda.delta.update(folders[1], lake)
    assert deltalake.DeltaTable(lake / "cclf5").count() > 100_000
    assert told["cclf5"]["rows_inserted"] > 8_192
    assert told["cclf5"]["rows_deleted"] > 8_192
    assert_same(lake, folders[2])


def test_rows_without_ids_stay_and_people_without_mbi_go_together(series, tmp_path):
    def without(of):
        """As where some claims have no id, and some people no MBI."""

        def change(name, rows):
            column = PEOPLE.get(name, "BCDA_EOB_ID")
            if column not in rows.column_names:
                return rows
            ids = [None if each in of else each for each in rows[column].to_pylist()]
            field = rows.schema.field(column)
            return rows.set_column(rows.column_names.index(column), field, pyarrow.array(ids, field.type))

        return change

    tables = copied(series.tables(1), tmp_path / "tables")
    nobody = pyarrow.parquet.read_table(tables / "cclf8.parquet")["BENE_MBI_ID"].to_pylist()[:2]
    kept = pyarrow.parquet.read_table(tables / "cclf1.parquet")["BCDA_EOB_ID"].to_pylist()[:2]
    rewritten(tables, without({*nobody, *kept}))
    lake = tmp_path / "lake"
    bcda.delta.update(tables, lake)
    changes = copied(series.changes(2), tmp_path / "changes")
    new = pyarrow.parquet.read_table(changes / "cclf8.parquet")["BENE_MBI_ID"].to_pylist()[0]

    def gone(name, rows):
        if name != "gone":
            return without({new})(name, rows) if name == "cclf8" else rows
        ids = pyarrow.Table.from_pylist([{"BCDA_EOB_ID": None, "BENE_MBI_ID": None}], schema=rows.schema)
        return pyarrow.concat_tables([rows, ids])

    rewritten(changes, gone)
    before = deltalake.DeltaTable(lake / "cclf8").to_pyarrow_table()
    assert before["BENE_MBI_ID"].null_count == 2
    told = bcda.delta.update(changes, lake)
    after = deltalake.DeltaTable(lake / "cclf8").to_pyarrow_table()
    # The two of nobody went, and the new one of nobody came.
    assert after["BENE_MBI_ID"].null_count == 1
    assert len(after) == len(before) - told["cclf8"]["rows_deleted"] + told["cclf8"]["rows_inserted"]
    claims = deltalake.DeltaTable(lake / "cclf1").to_pyarrow_table()
    assert claims["BCDA_EOB_ID"].null_count == 2


def test_going_back_and_on_again(series, tmp_path):
    bcda.delta.update(series.tables(2), tmp_path)
    for week in (3, 4):
        bcda.delta.update(series.changes(week), tmp_path)
    # As after bcda update --undo: the same folders are applied again, because they are no longer there.
    assert not any(one["skipped"] for one in bcda.delta.update(series.tables(2), tmp_path).values())
    assert_same(tmp_path, series.tables(2))
    for week in (3, 4):
        assert not any(one["skipped"] for one in bcda.delta.update(series.changes(week), tmp_path).values())
    assert_same(tmp_path, series.tables(4))


def test_tables_with_other_exports_are_refused(binary, series, tmp_path):
    # As after bcda update --undo, where another export came in the place of the one that went.
    weeks, other = series.folder / "weeks", tmp_path / "changes"
    words = [series.tables(1), weeks / "week-03", "--out", tmp_path / "tables", "--changes", other]
    series.run(binary, "update", *words)
    lake = tmp_path / "lake"
    bcda.delta.update(series.tables(2), lake)
    with pytest.raises(bcda.UsageError, match="have exports that the changes were not made with"):
        bcda.delta.update(other, lake)
    bcda.delta.update(tmp_path / "tables", lake)
    bcda.delta.update(other, lake)
    assert_same(lake, tmp_path / "tables")


def with_new_column(name, rows):
    new = pyarrow.nulls(len(rows), pyarrow.string())
    return rows.append_column("NEW", new) if name == "cclf5" else rows


def versions(lake):
    return {path.name: deltalake.DeltaTable(path).version() for path in lake.iterdir()} if lake.exists() else {}


def test_changes_of_other_tables_are_refused(series, tmp_path):
    def refused(folder, place, match, **options):
        before = versions(place)
        with pytest.raises(bcda.UsageError, match=match) as caught:
            bcda.delta.update(folder, place, **options)
        assert (caught.value.kind, caught.value.exit_code) == ("usage", 2)
        assert versions(place) == before

    refused(tmp_path, tmp_path / "lake", "has no tables-manifest.json")
    refused(series.changes(2), tmp_path / "lake", "give the folder of the tables first")
    refused(series.changes(2), tmp_path / "lake", "is a folder of changes, and not tables", changes=False)
    refused(series.tables(2), tmp_path / "lake", "is a folder of tables, and not changes", changes=True)
    lake = tmp_path / "lake"
    bcda.delta.update(series.tables(2), lake, changes=False)
    refused(series.changes(4), lake, "changes were left out")
    # So too where the week that was left out has as many rows as it had before.
    left_out = copied(series.changes(4), tmp_path / "left-out")
    manifest = json.loads((left_out / "tables-manifest.json").read_text())
    found = sum(deltalake.DeltaTable(lake / name).count() for name in names_of(left_out) if name not in PEOPLE)
    manifest["carried"]["gone"] = found - manifest["carried"]["rows"]
    (left_out / "tables-manifest.json").write_text(json.dumps(manifest))
    refused(left_out, lake, "changes were left out")
    bcda.delta.update(series.changes(3), lake, changes=True)
    bcda.delta.update(series.changes(4), lake)
    newest = copied(series.changes(4), tmp_path / "others")
    refused(newest if rewritten(newest, lambda name, rows: rows[:0]) else None, lake, "left out, or somebody has changed")
    # Another way to have newer tables: the changes of week 3 are not known there.
    whole = tmp_path / "whole"
    bcda.delta.update(series.tables(4), whole)
    refused(series.changes(3), whole, "are newer than these changes")
    # Those of week 4 lead to what is there: no harm is done.
    bcda.delta.update(series.changes(4), whole)
    assert_same(whole, series.tables(4))

    typed = copied(series.changes(5), tmp_path / "typed")
    rewritten(typed, with_new_column)
    refused(typed, lake, "column NEW, of which the Delta table has no such column")
    (typed / "cclf1.parquet").write_bytes(b"")
    refused(typed, lake, "is not what the manifest says")
    other = tmp_path / "other"
    deltalake.write_deltalake(other / "cclf5", pyarrow.table({"A": [1]}))
    refused(series.tables(1), other, "bcda did not make")
    csv = tmp_path / "csv"
    bcda.convert(series.folder / "weeks" / "week-01", csv, format="csv")
    refused(csv, tmp_path / "none", "no Parquet files")
    plain = tmp_path / "plain"
    bcda.convert(series.folder / "weeks" / "week-01", plain)
    bcda.delta.update(plain, tmp_path / "known")
    refused(series.changes(2), tmp_path / "known", "have no export of those")


def test_new_columns_come_with_the_whole_tables(series, tmp_path):
    lake, tables = tmp_path / "lake", copied(series.tables(1), tmp_path / "tables")
    bcda.delta.update(tables, lake)
    rewritten(tables, with_new_column)
    bcda.delta.update(tables, lake)
    assert "NEW" in deltalake.DeltaTable(lake / "cclf5").to_pyarrow_table().column_names
    # A column that somebody else has added stays, and is null in new rows.
    lake = tmp_path / "own"
    bcda.delta.update(series.tables(1), lake)
    own = deltalake.Field("OWN", deltalake.schema.PrimitiveType("string"))
    deltalake.DeltaTable(lake / "cclf5").alter.add_columns([own])
    bcda.delta.update(series.changes(2), lake)
    assert "OWN" in deltalake.DeltaTable(lake / "cclf5").to_pyarrow_table().column_names


def test_an_address_of_object_storage(series, bucket):
    options = {
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT"],
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    lake = f"{bucket}/lake"
    bcda.delta.update(series.tables(1), lake, storage_options=options)
    bcda.delta.update(series.changes(2), lake + "/", storage_options=options)
    assert all(one["skipped"] for one in bcda.delta.update(series.changes(2), lake, storage_options=options).values())
    assert_same(lake, series.tables(2), options)


@pytest.mark.parametrize("served", [["--beneficiaries", "12", "--seed", "3", "--weeks", "5"]])
def test_the_folder_of_bcda_sync_week_by_week(binary, server, tmp_path, monkeypatch):
    tables, changes, lake = tmp_path / "medicare" / "tables", tmp_path / "medicare" / "changes", tmp_path / "lake"
    monkeypatch.chdir(tmp_path)

    def sync(*options):
        subprocess.run([binary, "sync", "medicare", "--no-token-cache", "--quiet", *options], check=True)

    def feed():
        """What the guide says for every run; a third time it does nothing."""
        for _ in range(2):
            exec(example("medicare/changes"), {})
            assert_same(lake, tables)
        now = versions(lake)
        exec(example("medicare/changes"), {})
        assert versions(lake) == now

    sync("--base-url", server)
    feed()
    assert not changes.exists()
    sync()
    feed()
    # Each table has the commit of the tables, and that of the changes: nothing was replaced.
    assert set(versions(lake).values()) == {1}
    assert deltalake.DeltaTable(lake / "cclf5").history(1)[0]["operation"] == "MERGE"
    # A week is missed.
    sync()
    sync()
    with pytest.raises(bcda.UsageError, match="changes were left out"):
        bcda.delta.update(changes, lake)
    assert set(versions(lake).values()) == {1}
    feed()
    people = deltalake.DeltaTable(lake / "cclf8").count()
    # Who is gone goes from all tables.
    sync("--drop-gone")
    told = bcda.delta.update(changes, lake)
    assert told["cclf8"]["rows_deleted"] > told["cclf8"]["rows_inserted"]
    assert deltalake.DeltaTable(lake / "cclf8").count() < people
    assert_same(lake, tables)
    # A week without anything new is a folder of changes like any other.
    sync()
    told = bcda.delta.update(changes, lake)
    assert {one["rows_inserted"] for name, one in told.items() if name != "cclf0"} == {0}
    assert not any(one["skipped"] for one in told.values())
    assert_same(lake, tables)
    assert all(one["skipped"] for one in bcda.delta.update(changes, lake).values())


def test_what_is_missing_is_said():
    text = "import sys; sys.modules['deltalake'] = None; import bcda; bcda.delta"
    elsewhere = pathlib.Path(sys.executable).parent
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=elsewhere)
    assert "bcda.delta needs the packages deltalake and pyarrow: pip install './python[delta]'" in said.stderr


def example(word):
    """The one of the guide's examples in which there is a word."""
    page = (ROOT / "docs" / "guide" / "warehouses.md").read_text()
    [found] = [block for block in (block.split("\n```")[0] for block in page.split("```python\n")[1:]) if word in block]
    return found


def test_the_example_of_the_guide_says_what_it_prints(series, tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "guide" / "warehouses.md").read_text()
    (tmp_path / "tables").symlink_to(series.tables(1))
    (tmp_path / "changes").symlink_to(series.changes(2))
    monkeypatch.chdir(tmp_path)
    exec(example('update("tables"'), {})
    assert capsys.readouterr().out == page.split("```text\n")[1].split("```")[0]
    exec(example("compact()"), {})
    assert_same(tmp_path / "lake", series.tables(2))

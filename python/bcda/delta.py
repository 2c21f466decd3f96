"""Delta Lake tables that stay current: what bcda wrote goes into them, one commit a table.

    import bcda

    bcda.delta.update("tables", "lake")               # the first time: a folder of tables
    bcda.delta.update("changes", "s3://claims/lake")  # every week: what `bcda update --changes` wrote

It needs the packages deltalake and pyarrow: pip install './python[delta]'. `help(bcda.delta.update)` says what is done.
"""

import contextlib
import hashlib
import json
import os
import pathlib

try:
    import deltalake
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet
except ImportError as error:
    message = "bcda.delta needs the packages deltalake and pyarrow: pip install './python[delta]' in a clone of the project"
    raise ImportError(message, name=error.name) from error

from ._errors import UsageError

__all__ = ["update"]

MANIFEST = "tables-manifest.json"
GONE = "gone.parquet"
# By which column the rows of a table go: the rows of all others are those of claims.
CLAIM = "BCDA_EOB_ID"
PEOPLE = {"CCLF8": ("BENE_MBI_ID", "BENE_MBI_ID"), "CCLF9": ("CRNT_NUM", "BENE_MBI_ID")}
# The table of counts has one name in all namings.
COUNTS = "cclf0"
KIND, COUNT = "FILE_TYPE", "NUMBER_OF_RECORDS"
# A table with one of these is partitioned by its year, in a column that is added.
DATES = {"CCLF7": "CLM_LINE_FROM_DT"}
DATE = "CLM_THRU_DT"
YEAR = "BCDA_YEAR"
# The column of the source of a MERGE that a marker has, and a row to insert has not.
MARKER = "bcda_gone"
# What stands in it for the rows of people without an MBI. No id is empty.
NOBODY = ""
# Rows that are read at once.
BATCH_ROWS = 65_536
# Application transactions of a Delta table. Their versions are the number of the update that set them last.
LAST, WHOLE, EXPORT, CONTENT = "bcda", "bcda/whole", "bcda/export/", "bcda/content/"
# But this one's is the number of exports in the table.
EXPORTS = "bcda/exports"


def update(tables_or_changes, path, *, storage_options=None, changes=None, max_spill_bytes=None):
    """Brings the Delta tables below a place up to date, and makes them the first time.

    Each table is a Delta table of its own, PATH/cclf1 and so on, named as its file is. It has the columns and rows of the
    file and, where it has CLM_THRU_DT (CCLF7: CLM_LINE_FROM_DT), the column BCDA_YEAR, by which it is partitioned.

    A folder of tables replaces what is there: rows, columns and partitions. A folder of changes deletes and inserts in one
    MERGE a table; CCLF0 is made anew of what the tables then hold. Either is one commit a table: readers see a table before
    or after it. Between tables they may see one that is ahead of another. The commit carries the hashes of the exports as
    application transactions. Where an update was ended between two tables, the same call does what is left.

    Args:
        tables_or_changes: a folder that bcda convert or bcda update wrote, or one of bcda update --changes. Parquet files.
        path: where the Delta tables are: a folder, or an address such as s3://bucket/prefix. A folder that is made has
            mode 0700.
        storage_options: what deltalake needs for the address: region, credentials, endpoint.
        changes: True where the folder must be one of changes, False where it must be one of tables. Without it either is
            taken.
        max_spill_bytes: how much memory a MERGE may take for sorting and joining before it uses temporary files; as much as
            deltalake likes unless given.

    Returns:
        A dict with an entry for each table, by its name in lower case: "version" of the Delta table, "rows_inserted",
        "rows_deleted", "ids_deleted" (how many ids were looked for) and "skipped", True where nothing was to do.

    Raises:
        UsageError: the folder is none of bcda, or what is in the Delta tables is not what the changes were made from.
            Nothing is written then.
        deltalake.exceptions.DeltaError: the store failed, or another program wrote a table meanwhile. The same call goes on.
    """
    folder = _Folder(tables_or_changes, changes)
    place = _place(path)
    delta = {name: _opened(f"{place}/{name}", storage_options) for name in folder.files}
    if folder.is_changes:
        _check_order(folder, delta)
        _check_columns(folder, delta)
    for name, table in delta.items():
        if table is not None and table.transaction_version(LAST) is None:
            raise _wrong(f"{place}/{name} is a Delta table that bcda did not make; name another place")
    if "://" not in place:
        # As private as all that bcda makes: the files below it have modes of deltalake's.
        pathlib.Path(place).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(place, mode=0o700)
    told = {}
    for name, table in delta.items():
        if folder.is_changes:
            told[name.lower()] = _merge(folder, name, table, max_spill_bytes)
        else:
            told[name.lower()] = _replace(folder, name, table, f"{place}/{name}", storage_options)
    if folder.is_changes:
        told.update(_recount(folder, f"{place}/{COUNTS}", delta, storage_options))
    return told


class _Folder:
    """A folder of tables or of changes, as its manifest tells."""

    def __init__(self, path, changes):
        self.path = pathlib.Path(path).expanduser()
        try:
            manifest = json.loads((self.path / MANIFEST).read_text())
            listed = [table for table in manifest["tables"] if table["table"].upper().startswith("CCLF")]
            self.is_changes = GONE in manifest["files"]
        except FileNotFoundError:
            message = f"{self.path} has no {MANIFEST}: name a folder that bcda convert, or bcda update --changes, wrote"
            raise _wrong(message) from None
        except (ValueError, KeyError, TypeError):
            raise _wrong(f"{self.path / MANIFEST} is damaged, or of another program; convert the export again") from None
        if changes is not None and bool(changes) != self.is_changes:
            kinds = "tables, and not changes", "changes, and not tables"
            raise _wrong(f"{self.path} is a folder of {kinds[self.is_changes]}: changes={changes!r} asks for the other")
        exports = [export for export in manifest.get("exports", []) if export.get("manifest_blake3")]
        self.exports = {export["manifest_blake3"] for export in exports}
        # Those of the tables that the changes were made from.
        self.exports_before = {export["manifest_blake3"] for export in exports if export.get("carried")}
        self.carried = manifest.get("carried") or {}
        # The name of a Delta table, and the file of its rows; and the table of CCLF that it is.
        self.files, self.tables, self.rows, self.hashes = {}, {}, {}, {}
        for table in listed:
            file = self.path / table["file"]
            name = file.stem
            if file.suffix != ".parquet":
                raise _wrong(f"{self.path} has no Parquet files; convert with --format parquet")
            if not file.is_file() or file.stat().st_size != table["bytes"]:
                again = "convert again, or let bcda update write its changes again"
                raise _wrong(f"{file} is not what the manifest says; {again}")
            self.files[name], self.tables[name] = file, table["table"].upper()
            self.rows[name], self.hashes[name] = table["rows"], table["blake3"]
        self.crosswalk = manifest.get("crosswalk_blake3")
        self.gone, self.gone_hash = {}, None
        if self.is_changes:
            file = self.path / GONE
            self.gone_hash = hashlib.sha256(file.read_bytes()).hexdigest()
            ids = pyarrow.parquet.read_table(file, columns=[CLAIM, "BENE_MBI_ID"])
            nobody = pyarrow.compute.and_(ids[CLAIM].is_null(), ids["BENE_MBI_ID"].is_null())
            people = ids["BENE_MBI_ID"].drop_null().unique().to_pylist()
            if pyarrow.compute.any(nobody).as_py():
                people.append(NOBODY)
            claims = ids[CLAIM].drop_null().unique()
            self.gone = {CLAIM: claims, "BENE_MBI_ID": pyarrow.array(people, pyarrow.string())}

    def content(self, name):
        """The application transaction of a table's rows: another for each folder whose rows are others."""
        parts = [name, self.crosswalk, self.hashes.get(name), self.gone_hash, sorted(self.exports)]
        return CONTENT + hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def key(self, name):
        """The column by which rows of the table go, and the ids of those that go."""
        column, ids = PEOPLE.get(self.tables[name], (CLAIM, CLAIM))
        return column, self.gone[ids]

    def ids(self, name, column):
        """The ids of the rows of a table."""
        with pyarrow.parquet.ParquetFile(self.files[name]) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[column]):
                ids = batch.column(0)
                yield (ids.drop_null() if column == CLAIM else ids.fill_null(NOBODY)).unique()

    def partition(self, name):
        """The column whose year the table is partitioned by."""
        date = DATES.get(self.tables[name], DATE)
        return date if date in pyarrow.parquet.read_schema(self.files[name]).names else None

    def schema(self, name):
        """The columns of the Delta table. Labels become comments."""
        fields = []
        for field in pyarrow.parquet.read_schema(self.files[name]):
            kind = field.type
            if pyarrow.types.is_timestamp(kind) and kind.tz:
                # Delta calls the zone so.
                kind = pyarrow.timestamp(kind.unit, "UTC")
            label = (field.metadata or {}).get(b"description")
            fields.append(pyarrow.field(field.name, kind, metadata={"comment": label.decode()} if label else None))
        date = self.partition(name)
        if date:
            fields.append(pyarrow.field(YEAR, pyarrow.int32(), metadata={"comment": f"The year of {date}"}))
        return pyarrow.schema(fields)

    def batches(self, name):
        """The rows of the table, some at a time."""
        schema, date = self.schema(name), self.partition(name)
        with pyarrow.parquet.ParquetFile(self.files[name]) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                columns = list(batch.columns)
                if date:
                    columns.append(pyarrow.compute.year(batch.column(date)))
                columns = [column.cast(field.type) for column, field in zip(columns, schema)]
                yield pyarrow.record_batch(columns, schema=schema)


def _recount(folder, address, delta, storage_options):
    """CCLF0 holds the numbers of rows of the others: those that they have now."""
    table = _opened(address, storage_options)
    if table is None or table.transaction_version(LAST) is None:
        return {}
    content = folder.content(COUNTS)
    if _is_done(table, content):
        return {COUNTS: _told(table, skipped=True)}
    numbers = {folder.tables[other]: one.count() for other, one in delta.items()}
    rows = table.to_pyarrow_table()
    counts = [{**row, COUNT: numbers.get(row[KIND], row[COUNT])} for row in rows.to_pylist()]
    changed = pyarrow.Table.from_pylist(counts, schema=rows.schema)
    deltalake.write_deltalake(table, changed, mode="overwrite", commit_properties=_commit(table, content, folder))
    return {COUNTS: _told(table, rows_inserted=len(counts), rows_deleted=len(counts))}


def _merge(folder, name, table, max_spill_bytes):
    content = folder.content(name)
    if _is_done(table, content):
        return _told(table, skipped=True)
    schema = folder.schema(name)
    with_marker = schema.append(pyarrow.field(MARKER, pyarrow.string()))
    column, gone = folder.key(name)
    # Those of the rows to insert go as well, which are there only where the table has the changes already.
    markers = pyarrow.chunked_array([gone, *folder.ids(name, column)], pyarrow.string()).unique()

    def rows():
        for begin in range(0, len(markers), BATCH_ROWS):
            ids = markers.slice(begin, BATCH_ROWS)
            nothing = [pyarrow.nulls(len(ids), field.type) for field in schema]
            yield pyarrow.record_batch([*nothing, ids], schema=with_marker)
        for batch in folder.batches(name):
            no_marker = pyarrow.nulls(len(batch), pyarrow.string())
            yield pyarrow.record_batch([*batch.columns, no_marker], schema=with_marker)

    target = f"target.{column}" if column == CLAIM else f"coalesce(target.{column}, '{NOBODY}')"
    before = table.version()
    commit = _commit(table, content, folder)
    merger = table.merge(
        pyarrow.RecordBatchReader.from_batches(with_marker, rows()),
        # A marker matches the rows that go, and a row to insert matches none: its marker is null.
        predicate=f"{target} = source.{MARKER}",
        source_alias="source",
        target_alias="target",
        max_spill_size=max_spill_bytes,
        commit_properties=commit,
    )
    inserts = {field.name: f"source.{field.name}" for field in schema}
    metrics = merger.when_matched_delete().when_not_matched_insert(inserts, predicate=f"source.{MARKER} IS NULL").execute()
    if table.version() == before:
        # It changed nothing, and then there is no commit of it.
        nothing = pyarrow.RecordBatchReader.from_batches(schema, [])
        deltalake.write_deltalake(table, nothing, mode="append", commit_properties=commit)
    return _told(table, metrics["num_target_rows_inserted"], metrics["num_target_rows_deleted"], len(gone))


def _replace(folder, name, table, address, storage_options):
    content = folder.content(name)
    deleted = 0
    if table is not None:
        if table.transaction_version(content) == table.transaction_version(LAST):
            return _told(table, skipped=True)
        deleted = table.count()
    deltalake.write_deltalake(
        table if table is not None else address,
        pyarrow.RecordBatchReader.from_batches(folder.schema(name), folder.batches(name)),
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=[YEAR] if folder.partition(name) else [],
        storage_options=storage_options,
        commit_properties=_commit(table, content, folder),
    )
    table = table or deltalake.DeltaTable(address, storage_options=storage_options)
    return _told(table, rows_inserted=folder.rows[name], rows_deleted=deleted)


def _commit(table, content, folder):
    """What a commit carries: which update of the table it is, what of, and with which exports."""
    last = table.transaction_version(LAST) if table is not None else None
    number = (last or 0) + 1
    marks = {LAST: number, content: number}
    if folder.exports:
        marks[EXPORTS] = len(folder.exports)
    if not folder.is_changes:
        marks[WHOLE] = number
    known = _known(folder, table) if folder.is_changes else set()
    marks.update({EXPORT + export: number for export in folder.exports if export not in known})
    transactions = [deltalake.Transaction(name, version) for name, version in marks.items()]
    return deltalake.CommitProperties(app_transactions=transactions)


def _known(folder, table):
    """The exports of the folder that are in the Delta table. What a whole replacement had not is there no more."""
    whole = table.transaction_version(WHOLE) or 0
    return {export for export in folder.exports if (table.transaction_version(EXPORT + export) or -1) >= whole}


def _is_done(table, content):
    return (table.transaction_version(content) or -1) > (table.transaction_version(WHOLE) or 0)


def _check_order(folder, delta):
    """Whether the Delta tables are what the changes were made from."""
    whole = "give the folder of the tables, which replaces them"
    for name, table in delta.items():
        if table is None or table.transaction_version(LAST) is None:
            raise _wrong(f"there is no Delta table {name} of bcda yet; give the folder of the tables first")
    left = {name: table for name, table in delta.items() if not _is_done(table, folder.content(name))}
    if not left:
        return
    known = [_known(folder, table) for table in left.values()]
    if any(one != known[0] for one in known):
        raise _wrong(f"an earlier update of these Delta tables did not end; give its folder first, or {whole}")
    if not known[0]:
        raise _wrong(f"the Delta tables have no export of those that the changes were made with; {whole}")
    counts = {table.transaction_version(EXPORTS) or 0 for table in left.values()}
    if max(counts) > len(folder.exports):
        raise _wrong("the Delta tables are newer than these changes; give the changes in the order in which they were made")
    # All are there where the folder of the tables came first, in the week of these changes.
    if known[0] not in (folder.exports_before, folder.exports):
        raise _wrong(f"the Delta tables lack exports that the changes were made with: changes were left out; {whole}")
    if counts != {len(known[0])}:
        raise _wrong(f"the Delta tables have exports that the changes were not made with; {whole}")
    if len(left) == len(delta) and {"rows", "gone"} <= folder.carried.keys():
        of_claims = [name for name in delta if folder.tables[name] not in PEOPLE]
        found = sum(delta[name].count() for name in of_claims)
        before = folder.carried["rows"] + folder.carried["gone"]
        changed = sum(folder.rows[name] for name in of_claims)
        after = folder.carried["rows"] - folder.carried.get("with_other_mbi", 0) + changed
        if found not in (before, after):
            raise _wrong(
                f"the changes were made from tables with {before} rows of claims, and the Delta tables have {found}: "
                f"changes were left out, or somebody has changed the tables; {whole}"
            )


def _check_columns(folder, delta):
    for name, table in delta.items():
        there = {field.name: str(field.type) for field in table.schema().fields}
        for field in deltalake.Schema.from_arrow(folder.schema(name)).fields:
            if there.get(field.name) != str(field.type):
                has = "another type" if field.name in there else "no such column"
                raise _wrong(
                    f"{name}: the changes have the column {field.name}, of which the Delta table has {has}: "
                    "give the folder of the tables, which replaces the columns too"
                )


def _opened(address, storage_options):
    if not deltalake.DeltaTable.is_deltatable(address, storage_options):
        return None
    return deltalake.DeltaTable(address, storage_options=storage_options)


def _place(path):
    place = os.fspath(path)
    if "://" not in place:
        place = str(pathlib.Path(place).expanduser().absolute())
    return place.rstrip("/")


def _told(table, rows_inserted=0, rows_deleted=0, ids_deleted=0, skipped=False):
    return {
        "version": table.version(),
        "rows_inserted": rows_inserted,
        "rows_deleted": rows_deleted,
        "ids_deleted": ids_deleted,
        "skipped": skipped,
    }


def _wrong(message):
    return UsageError(message, "usage", 2)

"""A data source of Apache Spark 4: the CCLF tables of an export, read by all executors.

    import bcda.spark

    spark.dataSource.register(bcda.spark.BcdaDataSource)
    lines = spark.read.format("bcda").option("table", "cclf5").load("/data/export")

It needs pyspark 4 and pyarrow, on the driver and on every executor, as it does this package. PYSPARK_PYTHON names the
Python that has them, by its path on the executors: Spark takes python3 otherwise. All of them see the input by the same
path, and a file of claims or people that changes after a query was planned ends it. Options, all texts:

    table: "cclf1" to "cclf9", "cclfa", "cclfb", "cclf0"; "rejects": where the rejected records stand, and why; "counts":
        what became of all records, a row for each partition and one (partition 0) for Patients and Coverages. Columns
        that add up: read = with_rows + joined + without_rows + skipped_by_type + rejected.
    columns: only these, e.g. "BENE_MBI_ID,CLM_LINE_NUM", in this order; the others are not made. Records are judged by
        their text, by what rows need, and by these columns alone. With "rejects" and "counts" the names, such as
        "cclf5.BENE_MBI_ID,cclf5.CLM_LINE_NUM", say by which columns records are judged: those that the reader of CCLF5 with
        these columns judges by. A schema that is given to the reader (spark.read.schema) makes fewer columns too, with
        names and types of the table's columns in any order, and judges by all of them. Spark does not tell sources in
        Python which columns a query uses.
    partition_bytes: about how much of the input is a partition, in bytes (default 134217728). Larger plain files are cut,
        smaller and compressed ones are read several at a time. CCLF8, CCLF9 and CCLF0 are one partition: they need all
        of the input.
    index: the file for what claims need of Patients, which all executors must see. It holds identifiers of people and is
        made with mode 0600, once for an export: later queries find it. Yours to remove; without this option it lies
        with Spark's own temporary files on the driver's machine, and Spark removes it with them when it stops, which
        is enough if driver and executors share that machine.
    patients, people, api, partially_adjudicated, keep, file_date, lineage, on_bad_record, max_rejects, max_line_bytes,
    max_decompressed_bytes, require_checksums, max_people, batch_rows: as in bcda.scan; "patients" may name several, with
        commas. max_rejects holds for each partition by itself, and for the Patients and Coverages: a share is one of the records of that partition, and never below 100 of them.
        on_bad_record="fail" ends the task that meets the bad record, and after Spark's retries the query.
    threads: how many threads a task uses (default 1, as a task has one core).

Where only the latest versions of claims count (keep="latest", or inputs of several exports), each table is one partition:
which version is the latest is known when all have been read.
"""

import hashlib
import json
import os

import pyarrow
from pyspark.sql import types
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from . import _bcda
from ._errors import UsageError

__all__ = ["BcdaDataSource"]

# That of Spark's own files.
PARTITION_BYTES = 128 << 20
# Not cut: their rows need all of the input.
WHOLE = ("cclf8", "cclf9", "cclf0")
# A table without columns of claims, and a column of it that no record tells: records are judged, and no rows are made.
NO_ROWS = "cclf9"
NO_FACTS = ["CRNT_NUM"]
REJECTS = {
    "source": pyarrow.string(),
    "line": pyarrow.int64(),
    "byte_offset": pyarrow.int64(),
    "class": pyarrow.string(),
    "fault_byte": pyarrow.int64(),
    "path": pyarrow.string(),
}
RECORDS = ("read", "with_rows", "joined", "without_rows", "left_out", "skipped_by_type", "rejected")
COUNTS = {"partition": pyarrow.int64(), **dict.fromkeys(RECORDS, pyarrow.int64())}
SIDE = {"rejects": REJECTS, "counts": COUNTS}
OWN = {"table", "columns", "partition_bytes", "index", "path", "paths"}


class BcdaDataSource(DataSource):
    """The tables of a BCDA export, for spark.dataSource.register; the module says what its options are."""

    @classmethod
    def name(cls):
        """What spark.read.format calls it."""
        return "bcda"

    def schema(self):
        """The columns of the table that is asked for."""
        return _spark_schema(Asked(self.options).schema())

    def reader(self, schema):
        """Reads the columns of this schema."""
        return Reader(Asked(self.options), schema)


class Asked:
    """The options of a reading."""

    def __init__(self, options):
        given = {name.lower(): value for name, value in options.items()}
        if "paths" in given:
            self.inputs = json.loads(given["paths"])
        elif "path" in given:
            self.inputs = [given["path"]]
        else:
            raise UsageError("no input is named; give load() a file, a folder or a glob", "usage", 2)
        # Executors stand elsewhere.
        self.inputs = [_absolute(path) for path in self.inputs]
        self.table = given.get("table", "").strip().lower()
        if not self.table:
            message = 'no table is asked for: option("table", "cclf5"), or another, or "rejects" or "counts"'
            raise UsageError(message, "usage", 2)
        columns = given.get("columns")
        self.columns = [name.strip() for name in columns.split(",")] if columns is not None else None
        judged = self.columns
        if self.table in SIDE:
            self.columns = None
        elif self.table == "cclf0":
            judged = None
        elif judged:
            judged = [f"{self.table}.{name}" for name in judged]
        self.index = given.get("index")
        size = given.get("partition_bytes", str(PARTITION_BYTES)).strip()
        if not size.isdecimal() or int(size) == 0:
            raise UsageError("partition_bytes: expected a number of bytes, at least 1", "usage", 2)
        self.partition_bytes = int(size)
        self.scan = {name: value for name, value in given.items() if name not in OWN}
        if judged:
            self.scan["judged_by"] = ",".join(judged)
        if "patients" in self.scan:
            paths = self.scan["patients"].split(",")
            self.scan["patients"] = ",".join(_absolute(path.strip()) for path in paths)
        if self.table in SIDE:
            # All of them, not the first thousand.
            self.scan["most_places"] = str((1 << 63) - 1)

    def schema(self, columns=None):
        """The Arrow schema of the table, with these columns only."""
        columns = columns or self.columns
        if self.table not in SIDE and self.table != "cclf0":
            return pyarrow.schema(_bcda.scan_part(self.inputs, self.table, columns, self.scan, None))
        known = SIDE.get(self.table) or self.summary()
        for name in columns or ():
            if name not in known:
                raise UsageError(f"{self.table} has no such column; it has {', '.join(known)}", "usage", 2)
        return pyarrow.schema([(name, kind) for name, kind in known.items() if not columns or name in columns])

    def no_facts(self):
        """The columns that are made where no rows are: none that would be judged, if some columns are named for that."""
        return NO_FACTS if "judged_by" in self.scan else None

    def summary(self):
        """The columns of CCLF0, all of which are made: columns that are named are those of the tables it counts."""
        schema = pyarrow.schema(_bcda.scan_part(self.inputs, self.table, None, self.scan, None))
        return {field.name: field.type for field in schema}

    def index_path(self):
        """Where the index lies: by the same input and options at the same place."""
        if self.index is not None:
            return _absolute(self.index)
        # Spark's own folder for what it spills, which it removes when it ends.
        folder = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
        if not os.path.isdir(folder):
            # Whatever else was made would stay, with identifiers of people in it.
            message = 'Spark names no folder of its own (SPARK_LOCAL_DIRS) for the index: name a file, option("index", ...)'
            raise UsageError(message, "usage", 2)
        what = json.dumps([self.inputs, self.scan], sort_keys=True)
        return os.path.join(folder, f"bcda-{hashlib.sha256(what.encode()).hexdigest()[:16]}.index")


def _absolute(path):
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))


class Part(InputPartition):
    """What one task reads: a part of the claims, a report that is there already, or the whole input."""

    def __init__(self, number, part=None, report=None):
        self.number = number
        self.part = part
        self.report = report


class Reader(DataSourceReader):
    """Plans on the driver, and reads on the executors."""

    def __init__(self, asked, schema):
        self.asked = asked
        self.names = schema.fieldNames()
        known = asked.schema(self.names)
        for field in _spark_schema(known):
            if schema[field.name].dataType != field.dataType:
                message = f"the schema has {field.name} as {schema[field.name].dataType.simpleString()}; it is"
                raise UsageError(f"{message} {field.dataType.simpleString()}", "usage", 2)
        # Spark takes batches of exactly the schema that it was told.
        fields = [pyarrow.field(field.name, _utc(known.field(field.name).type), field.nullable) for field in schema]
        self.schema = pyarrow.schema(fields)

    def partitions(self):
        """Reads Patients and Coverages, and cuts the claims."""
        asked = self.asked
        if asked.table in WHOLE:
            return [Part(1)]
        side = asked.table in SIDE
        table = NO_ROWS if side else asked.table
        columns = asked.no_facts() if side else self.names
        index = None if side else asked.index_path()
        parts, people = _bcda.split(asked.inputs, table, columns, asked.scan, asked.partition_bytes, index)
        if not parts:
            # Which version of a claim counts is known when all have been read.
            return [Part(1)]
        cut = [Part(number, part) for number, part in enumerate(parts, 1)]
        return [Part(0, report=people), *cut] if side else cut

    def read(self, partition):
        """The rows of a partition, as record batches."""
        asked = self.asked
        if asked.table not in SIDE:
            names = None if asked.table == "cclf0" else self.names
            scan = _bcda.scan_part(asked.inputs, asked.table, names, asked.scan, partition.part)
            for batch in scan:
                batch = pyarrow.record_batch(batch)
                columns = [batch.column(field.name).cast(field.type) for field in self.schema]
                yield pyarrow.RecordBatch.from_arrays(columns, schema=self.schema)
            return
        if partition.report is not None:
            report = json.loads(partition.report)
        else:
            scan = _bcda.scan_part(asked.inputs, NO_ROWS, asked.no_facts(), asked.scan, partition.part)
            for _ in scan:
                pass
            report = scan.report
        if asked.table == "rejects":
            rows = report["rejects"]
        else:
            rows = [{"partition": partition.number, "left_out": 0, **report["records"]}]
        if rows:
            yield pyarrow.RecordBatch.from_pylist(rows, schema=self.schema)


def _utc(kind):
    """Spark calls the zone of its timestamps so."""
    return pyarrow.timestamp(kind.unit, "UTC") if pyarrow.types.is_timestamp(kind) and kind.tz else kind


def _spark_type(kind):
    if pyarrow.types.is_string(kind):
        return types.StringType()
    if pyarrow.types.is_boolean(kind):
        return types.BooleanType()
    if pyarrow.types.is_int32(kind):
        return types.IntegerType()
    if pyarrow.types.is_int64(kind):
        return types.LongType()
    if pyarrow.types.is_date32(kind):
        return types.DateType()
    if pyarrow.types.is_timestamp(kind):
        return types.TimestampType()
    if pyarrow.types.is_decimal128(kind):
        return types.DecimalType(kind.precision, kind.scale)
    raise TypeError(f"no type of Spark for {kind}; please report it")


def _spark_schema(schema):
    """The same for Spark; labels of columns become comments."""
    fields = []
    for field in schema:
        label = (field.metadata or {}).get(b"description")
        metadata = {"comment": label.decode()} if label else None
        fields.append(types.StructField(field.name, _spark_type(field.type), field.nullable, metadata))
    return types.StructType(fields)

"""Medicare claims of CMS's Beneficiary Claims Data API (BCDA) as CCLF tables.

    import bcda

    bcda.convert("export", "tables")                  # the twelve tables as Parquet files
    lines = bcda.scan("export", table="cclf5")        # one table as an Arrow stream, nothing written
    polars.DataFrame(lines)                           # or pyarrow.table(lines), or duckdb.sql("from lines")

All work is done by threads that do not hold the interpreter, and ends within a second of Ctrl-C. Errors are
BcdaError; bad records are no error, they are counted in the reports. What a run warns of is a BcdaWarning. None of it
ever holds a value of a record.
"""

from ._bcda import (
    Batch,
    Batches,
    Scan,
    __version__,
    cclf_current,
    cclf_read,
    cclf_write,
    convert,
    describe,
    export,
    reconcile,
    scan,
    sync,
    validate,
)
from ._errors import BadDataError, BcdaError, BcdaWarning, Interrupted, ServerError, UsageError
from ._page import Page, report


def __getattr__(name):
    # They need pyspark or deltalake, and pyarrow, which the package itself does not.
    if name in ("spark", "delta"):
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BadDataError",
    "Batch",
    "Batches",
    "BcdaError",
    "BcdaWarning",
    "Interrupted",
    "Page",
    "Scan",
    "ServerError",
    "UsageError",
    "__version__",
    "cclf_current",
    "cclf_read",
    "cclf_write",
    "convert",
    "describe",
    "export",
    "reconcile",
    "report",
    "scan",
    "sync",
    "validate",
]

import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn, TypedDict, final, type_check_only

from . import delta as delta
from . import spark as spark

__version__: str

_Path = str | os.PathLike[str]
_Paths = _Path | Sequence[_Path]
_Names = str | Sequence[str]
_Api = Literal["v1", "v2", "v3"]
_Source = Literal["v1", "v2", "v3", "cclf"]

@type_check_only
class Progress(TypedDict):
    bytes_read: int
    total_bytes: int
    records: int
    rejects: int

@type_check_only
class Column(TypedDict):
    table: str
    position: int
    name: str
    type: str
    label: str
    source: str
    note: str

class BcdaError(Exception):
    message: str
    kind: str
    exit_code: int
    place: dict[str, Any] | None
    def __init__(
        self, message: str, kind: str = "failed", exit_code: int = 1, place: dict[str, Any] | None = None
    ) -> None: ...

class UsageError(BcdaError): ...
class BadDataError(BcdaError): ...
class ServerError(BcdaError): ...
class Interrupted(BcdaError): ...
class BcdaWarning(UserWarning): ...

@final
class Batch:
    @property
    def num_rows(self) -> int: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> NoReturn: ...
    def __array__(self, dtype: object | None = None, copy: bool | None = None) -> NoReturn: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_schema__(self) -> object: ...

@final
class Batches:
    def __iter__(self) -> Batches: ...
    def __next__(self) -> Batch: ...
    def __array__(self, dtype: object | None = None, copy: bool | None = None) -> NoReturn: ...
    def close(self) -> None: ...

@final
class Scan:
    @property
    def table(self) -> str: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def report(self) -> dict[str, Any] | None: ...
    @property
    def rejects(self) -> list[dict[str, Any]] | None: ...
    @property
    def error(self) -> BcdaError | None: ...
    def __iter__(self) -> Iterator[Batch]: ...
    def __array__(self, dtype: object | None = None, copy: bool | None = None) -> NoReturn: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...

def convert(
    inputs: _Paths,
    out: _Path,
    *,
    format: Literal["parquet", "csv", "arrow"] = "parquet",
    compression: Literal["zstd", "snappy", "none"] = "zstd",
    naming: Literal["cclf", "tuva"] = "cclf",
    tables: _Names | None = None,
    columns: _Names | None = None,
    patients: _Paths | None = None,
    api: _Api | None = None,
    partially_adjudicated: bool = False,
    keep: Literal["all", "latest"] | None = None,
    file_date: str | datetime.date | None = None,
    lineage: bool = True,
    drift: Literal["sample", "all", "none"] = "sample",
    on_bad_record: Literal["reject", "fail"] = "reject",
    max_rejects: int | str | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    max_line_bytes: int | None = None,
    max_decompressed_bytes: int | None = None,
    require_checksums: bool = False,
    hash_inputs: bool = False,
    max_people: int | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> dict[str, Any]: ...
def cclf_write(
    tables: _Path,
    out: _Path,
    *,
    aco: str,
    program: Literal["mssp", "reach", "vtapm", "kcc", "pcf"] = "mssp",
    performance_year: int | None = None,
    runout: bool = False,
    zip: bool = False,
    all_versions: bool = False,
    surrogate_ids: _Path | None = None,
    source: _Source | None = None,
    max_rejects: int | str | None = None,
    threads: int | None = None,
    overwrite: bool = False,
) -> dict[str, Any]: ...
def cclf_read(
    inputs: _Paths,
    out: _Path,
    *,
    format: Literal["parquet", "csv", "arrow"] = "parquet",
    compression: Literal["zstd", "snappy", "none"] = "zstd",
    naming: Literal["cclf", "tuva"] = "cclf",
    layout: _Path | None = None,
    on_bad_record: Literal["reject", "fail"] = "reject",
    max_rejects: int | str | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> dict[str, Any]: ...
def cclf_current(
    tables: _Path,
    out: _Path,
    *,
    format: Literal["parquet", "csv", "arrow"] = "parquet",
    compression: Literal["zstd", "snappy", "none"] = "zstd",
    naming: Literal["cclf", "tuva"] | None = None,
    source: _Source | None = None,
    threads: int | None = None,
    overwrite: bool = False,
) -> dict[str, Any]: ...
def reconcile(
    left: _Path,
    right: _Path,
    *,
    examples: tuple[int, _Path] | None = None,
    left_source: _Source | None = None,
    right_source: _Source | None = None,
    threads: int | None = None,
) -> dict[str, Any]: ...
class Page(str):
    def _repr_html_(self) -> str: ...

def report(
    tables: _Path, *, show_small_cells: bool = False, threads: int | None = None
) -> Page: ...
def scan(
    inputs: _Paths,
    table: str,
    *,
    columns: _Names | None = None,
    batch_rows: int = 8192,
    patients: _Paths | None = None,
    people: Literal["first", "anywhere"] = "first",
    api: _Api | None = None,
    partially_adjudicated: bool = False,
    keep: Literal["all", "latest"] | None = None,
    file_date: str | datetime.date | None = None,
    lineage: bool = True,
    on_bad_record: Literal["reject", "fail"] = "reject",
    max_rejects: int | str | None = None,
    threads: int | None = None,
    max_line_bytes: int | None = None,
    max_decompressed_bytes: int | None = None,
    require_checksums: bool = False,
    max_people: int | None = None,
) -> Scan: ...
def describe(table: str | None = None, api: _Api = "v1") -> list[Column]: ...
def validate(
    inputs: _Paths,
    *,
    severity: Literal["information", "warning", "error"] = "warning",
    max_outcomes: int = 1000,
    threads: int | None = None,
    max_line_bytes: int | None = None,
    max_decompressed_bytes: int | None = None,
    require_checksums: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> dict[str, Any]: ...
def export(
    base_url: str,
    out: _Path,
    *,
    api: str | None = None,
    auth: Literal["basic", "bearer", "none"] | None = None,
    credentials: _Path | None = None,
    token: _Path | None = None,
    token_url: str | None = None,
    types: _Names | None = None,
    since: str | datetime.datetime | None = None,
    group: str | None = None,
    endpoint: str | None = None,
    type_filter: str | None = None,
    partially_adjudicated: bool = False,
    service_date: str | None = None,
    outcome: str | None = None,
    params: Mapping[str, str] | None = None,
    resume: bool = False,
    restart: bool = False,
    parallel: int = 4,
    rate: int = 3000,
    timeout: int = 60,
    attempts: int = 6,
    insecure_http: bool = False,
    allow_origin: Sequence[str] | None = None,
    decrypt_key: _Path | None = None,
    error_bodies: _Path | None = None,
    token_cache: bool = True,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any]: ...
def sync(
    folder: _Path,
    *,
    base_url: str | None = None,
    api: Literal["v1", "v2", "v3", "none"] | None = None,
    group: _Names | None = None,
    auth: Literal["basic", "bearer", "none"] | None = None,
    credentials: _Path | None = None,
    token: _Path | None = None,
    token_url: str | None = None,
    partially_adjudicated: bool = False,
    keep_exports: int | None = None,
    drop_gone: bool = False,
    drop_old: bool = False,
    parallel: int | None = None,
    rate: int | None = None,
    timeout: int | None = None,
    attempts: int | None = None,
    insecure_http: bool = False,
    allow_origin: Sequence[str] | None = None,
    error_bodies: _Path | None = None,
    token_cache: bool = True,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any] | None: ...

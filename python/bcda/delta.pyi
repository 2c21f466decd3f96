import os
from collections.abc import Mapping
from typing import TypedDict, type_check_only

@type_check_only
class Updated(TypedDict):
    version: int
    rows_inserted: int
    rows_deleted: int
    ids_deleted: int
    skipped: bool

def update(
    tables_or_changes: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    storage_options: Mapping[str, str] | None = None,
    changes: bool | None = None,
    max_spill_bytes: int | None = None,
) -> dict[str, Updated]: ...

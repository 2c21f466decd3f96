"""Compares the models with the final tables, row by row, and the freshness that dbt tells with the manifest; prints both."""

import json
import pathlib
import sys

import duckdb

work, tables = map(pathlib.Path, sys.argv[1:3])
warehouse = duckdb.connect(str(work / "warehouse.duckdb"), read_only=True)
manifest = json.loads((tables / "tables-manifest.json").read_text())

failed = False
print(f"{'':8}{'dbt':>10}{'directly':>10}{'differ':>8}")
for table in manifest["tables"]:
    name = table["table"].lower()
    if not name.startswith("cclf") or name == "cclf0":
        continue
    model, file = f"SELECT * FROM {name}", f"SELECT * FROM '{tables / table['file']}'"
    differ = f"SELECT count(*) FROM (({model} EXCEPT ALL {file}) UNION ALL ({file} EXCEPT ALL {model}))"
    differ = warehouse.execute(differ).fetchone()[0]
    rows = warehouse.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    failed |= differ > 0
    print(f"{name:8}{rows:>10,}{table['rows']:>10,}{differ:>8,}")

loaded = json.loads((work / "dbt" / "sources.json").read_text())["results"][0]
same = "SELECT ?::TIMESTAMPTZ = ?::TIMESTAMPTZ"
if not duckdb.execute(same, [loaded["max_loaded_at"], manifest["transaction_time"]]).fetchone()[0]:
    failed = True
    print("dbt source freshness does not tell the transactionTime of the newest export")
print(f"newest export: {manifest['transaction_time']}, freshness: {loaded['status']}")
sys.exit(1 if failed else 0)

"""Compares what dbt built and tested with queries of the Parquet files themselves, and prints both."""

import json
import pathlib
import sys

import duckdb

work, tables = map(pathlib.Path, sys.argv[1:3])
warehouse = duckdb.connect(str(work / "warehouse.duckdb"), read_only=True)
direct = duckdb.connect()


def paid(table, amount):
    return f"SELECT sum({amount}) AS paid FROM '{tables}/{table}.parquet' WHERE BCDA_FINAL"


PART_A = paid("parta_claims_header", "CLM_PMT_AMT")
PART_B = paid("partb_physicians", "CLM_LINE_CVRD_PD_AMT"), paid("partb_dme", "CLM_LINE_CVRD_PD_AMT")
LINES = (
    f"SELECT count(*) FROM '{tables}/parta_claims_revenue_center_detail.parquet' "
    "WHERE BCDA_FINAL"
)
CHECKS = [
    ("people", "SELECT count(*) FROM beneficiaries",
     f"SELECT count(DISTINCT BENE_MBI_ID) FROM '{tables}/beneficiary_demographics.parquet'"),
    ("Part A lines", "SELECT sum(lines) FROM parta_claims_with_lines", LINES),
    ("Part A paid", "SELECT sum(part_a) FROM spend_per_beneficiary_month", PART_A),
    ("Part A paid, by claim", "SELECT sum(clm_pmt_amt) FROM parta_claims_with_lines", PART_A),
    ("Part B paid", "SELECT sum(part_b) FROM spend_per_beneficiary_month",
     f"SELECT sum(paid) FROM ({' UNION ALL '.join(PART_B)})"),
]

results = json.loads((work / "dbt" / "run_results.json").read_text())["results"]
kinds = {"model": "success", "test": "pass"}
for kind, good in kinds.items():
    found = [result["status"] for result in results if result["unique_id"].startswith(kind + ".")]
    if not found or set(found) != {good}:
        sys.exit(f"dbt: {kind}s ended as {found}")
    print(f"dbt: {len(found)} {kind}s, all good")

failed = False
print(f"{'':24}{'dbt':>14}{'directly':>14}")
for name, of_dbt, of_files in CHECKS:
    left = warehouse.execute(of_dbt).fetchone()[0]
    right = direct.execute(of_files).fetchone()[0]
    failed |= left != right
    print(f"{name:24}{left:>14,}{right:>14,}{'' if left == right else '  differ'}")

print("\nmost expensive months of a person:")
for row in warehouse.execute(
    "SELECT bene_mbi_id, strftime(month, '%Y-%m'), part_a, part_b, paid FROM spend_per_beneficiary_month "
    "WHERE month IS NOT NULL ORDER BY paid DESC, person_month LIMIT 5"
).fetchall():
    print("{}  {}  {:>10,}{:>10,}{:>12,}".format(*row))
sys.exit(1 if failed else 0)

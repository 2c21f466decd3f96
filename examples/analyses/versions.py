"""Claims and amounts of two folders of tables side by side, such as those of BCDA v1 and of v3, by type and month.

Final claims only. Type is CLM_TYPE_CD, and `D` for Part D. The month is that in which the claim began. The amount is
CLM_PMT_AMT of CCLF1 and CLM_LINE_CVRD_PD_AMT of CCLF5 and CCLF6, which is what Medicare paid; of Part D it is
CLM_LINE_BENE_PMT_AMT, what the person paid, since CCLF7 has no amount that Medicare paid.
"""

import argparse
import os

import duckdb

import tables

SOURCES = [
    ("cclf1", "CLM_TYPE_CD", "CLM_FROM_DT", "CLM_PMT_AMT"),
    ("cclf5", "CLM_TYPE_CD", "CLM_FROM_DT", "CLM_LINE_CVRD_PD_AMT"),
    ("cclf6", "CLM_TYPE_CD", "CLM_FROM_DT", "CLM_LINE_CVRD_PD_AMT"),
    ("cclf7", "'D'", "CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT"),
]


def rows_of(side, folder):
    """The query of all that is counted of one folder."""
    folder = folder.replace("'", "''")
    return " UNION ALL ".join(
        f"SELECT '{side}' AS side, {kind} AS type, strftime({day}, '%Y-%m') AS month, CUR_CLM_UNIQ_ID AS claim, "
        f"{amount} AS amount FROM read_parquet('{folder}/{table}.parquet') WHERE BCDA_FINAL"
        for table, kind, day, amount in SOURCES
    )


def compare(connection, by):
    """Claims and amounts of both sides."""
    return connection.execute(f"""
        SELECT {by}, count(DISTINCT claim) FILTER (side = 'one') AS claims_one,
            count(DISTINCT claim) FILTER (side = 'other') AS claims_other,
            coalesce(sum(amount) FILTER (side = 'one'), 0) AS amount_one,
            coalesce(sum(amount) FILTER (side = 'other'), 0) AS amount_other
        FROM counted GROUP BY {by} ORDER BY {by}""").fetchall()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("one", help="folder of Parquet tables that `bcda convert` made")
    parser.add_argument("other", help="folder of tables to compare with")
    arguments = parser.parse_args()
    connection = duckdb.connect()
    both = f"{rows_of('one', arguments.one)} UNION ALL {rows_of('other', arguments.other)}"
    connection.execute(f"CREATE TABLE counted AS {both}")
    names = [os.path.basename(os.path.normpath(folder)) for folder in (arguments.one, arguments.other)]
    header = [f"{what} of {name}" for what in ("claims", "amount") for name in names]
    tables.show(["type", *header], compare(connection, "type"))
    months = compare(connection, "type, month")
    different = [row for row in months if row[2] != row[3] or row[4] != row[5]]
    print(f"\n{len(months):,} months of a type, of which differ: {len(different):,}")
    if different:
        tables.show(["type", "month", *header], different)


if __name__ == "__main__":
    main()

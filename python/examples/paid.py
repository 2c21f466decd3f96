import bcda
import duckdb
import polars

lines = bcda.scan(
    "testdata/export",
    table="cclf5",
    columns=["BENE_MBI_ID", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT", "BCDA_FINAL"],
)
print(duckdb.sql("""
    SELECT BENE_MBI_ID, count(*) AS lines, sum(CLM_LINE_CVRD_PD_AMT) AS paid
    FROM lines
    WHERE BCDA_FINAL
    GROUP BY BENE_MBI_ID
    ORDER BY paid DESC
"""))
print(polars.DataFrame(lines).select("CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT").head(3))
print(lines.report["records"])

report = bcda.convert("testdata/export", "tables", overwrite=True)
print([f"{table['table']}: {table['rows']}" for table in report["tables"]])

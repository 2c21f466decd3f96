"""The revenue centers that Medicare paid most for.

The lines of CCLF2 of final claims, by CLM_LINE_PROD_REV_CTR_CD. Code 0001 is left out: it is the line of the claim's
total, not a service.
"""

from matplotlib import pyplot

import tables

QUERY = """
SELECT CLM_LINE_PROD_REV_CTR_CD AS code, count(*) AS lines,
    count(DISTINCT CUR_CLM_UNIQ_ID) AS claims, sum(CLM_LINE_CVRD_PD_AMT) AS paid
FROM CCLF2
WHERE BCDA_FINAL AND CLM_LINE_PROD_REV_CTR_CD <> '0001'
GROUP BY code
HAVING paid > 0
ORDER BY paid DESC, code
LIMIT 10
"""


def main():
    arguments = tables.arguments(__doc__.splitlines()[0], "top-revenue-centers.svg")
    rows = tables.connect(arguments.tables).execute(QUERY).fetchall()
    tables.show(["revenue center", "lines", "claims", "paid"], rows)

    figure, axes = pyplot.subplots(figsize=(9, 4.6))
    rows.reverse()
    paid = [float(row[3]) for row in rows]
    bars = axes.barh([row[0] for row in rows], paid, color=tables.BLUE, height=0.7)
    labels = [f"${row[3]:,.0f}  ({row[1]:,} lines)" for row in rows]
    axes.bar_label(bars, labels, padding=5, fontsize=9)
    axes.set_xlim(0, max(paid) * 1.22)
    axes.set_title("Top revenue centers by amount paid", loc="left", fontweight="bold")
    axes.set_xlabel("US dollars paid, lines of final claims")
    axes.set_ylabel("revenue center code")
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    tables.save(figure, arguments)


if __name__ == "__main__":
    main()

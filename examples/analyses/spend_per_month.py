"""What Medicare paid per beneficiary per month.

Paid is CLM_PMT_AMT of CCLF1 (Part A), and CLM_LINE_CVRD_PD_AMT of CCLF5 and CCLF6 (Part B), of final claims, in the
month in which the service began. Part D is not in it: CCLF7 has no amount that Medicare paid.

A person of CCLF8 counts in the months from the begin of their Medicare coverage to their death. Who has no begin
counts from the first month on. A month without a person is no month. What has no date is in no month: the last line
of the table says how much that is.
"""

from matplotlib import pyplot

import tables

PAID = """
WITH paid AS (
    SELECT date_trunc('month', CLM_FROM_DT) AS month, 'A' AS part, CLM_PMT_AMT AS amount
    FROM CCLF1 WHERE BCDA_FINAL
    UNION ALL
    SELECT date_trunc('month', CLM_LINE_FROM_DT), 'B', CLM_LINE_CVRD_PD_AMT
    FROM CCLF5 WHERE BCDA_FINAL
    UNION ALL
    SELECT date_trunc('month', CLM_LINE_FROM_DT), 'DME', CLM_LINE_CVRD_PD_AMT
    FROM CCLF6 WHERE BCDA_FINAL
)
"""

WITHOUT_DATE = PAID + "SELECT coalesce(sum(amount), 0) FROM paid WHERE month IS NULL"

PER_MONTH = PAID + """,
-- CCLF8 has a row per hospice range: one person may have several.
people AS (
    SELECT BENE_MBI_ID, min(BENE_PART_A_ENRLMT_BGN_DT) AS begun, max(BENE_DEATH_DT) AS died
    FROM CCLF8 GROUP BY BENE_MBI_ID
),
months AS (
    SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 month))::DATE AS month FROM paid
),
enrolled AS (
    SELECT months.month, count(*) AS people
    FROM months JOIN people
      ON (begun IS NULL OR begun < months.month + INTERVAL 1 month)
     AND (died IS NULL OR died >= months.month)
    GROUP BY months.month
)
SELECT enrolled.month, people,
    coalesce(sum(amount) FILTER (part = 'A'), 0) AS a,
    coalesce(sum(amount) FILTER (part = 'B'), 0) AS b,
    coalesce(sum(amount) FILTER (part = 'DME'), 0) AS dme
FROM enrolled LEFT JOIN paid ON paid.month = enrolled.month
GROUP BY enrolled.month, people
ORDER BY enrolled.month
"""

PARTS = ["Part A", "Part B physicians", "Part B DME"]


def main():
    arguments = tables.arguments(__doc__.splitlines()[0], "spend-per-month.svg")
    connection = tables.connect(arguments.tables)
    rows = connection.execute(PER_MONTH).fetchall()
    without_date = connection.execute(WITHOUT_DATE).fetchone()[0]

    by_year = {}
    for month, people, *amounts in rows:
        year = by_year.setdefault(month.year, [0, 0, 0, 0])
        for place, value in enumerate([people, *amounts]):
            year[place] += value
    lines = []
    for year, (months, *amounts) in by_year.items():
        per_month = [round(amount / months, 2) for amount in [*amounts, sum(amounts)]]
        lines.append([str(year), months, *per_month])
    tables.show(["year", "member months", *PARTS, "paid per member month"], lines)
    print(f"in no month, since the date is missing: {without_date:,}")

    figure, axes = pyplot.subplots(figsize=(9, 4.6))
    months = [row[0] for row in rows]
    below = [0.0] * len(rows)
    for place, (part, colour) in enumerate(zip(PARTS, [tables.BLUE, tables.ORANGE, tables.GREEN])):
        heights = [float(row[2 + place]) / row[1] for row in rows]
        axes.bar(months, heights, bottom=below, width=25, color=colour, label=part)
        below = [low + height for low, height in zip(below, heights)]
    # A mean of the year so far ends in each month: single stays make single months high.
    averages = [sum(below[at - 11:at + 1]) / 12 for at in range(11, len(below))]
    axes.plot(months[11:], averages, color="black", linewidth=1.5, label="mean of 12 months")
    axes.set_title("Paid per beneficiary per month", loc="left", fontweight="bold")
    axes.set_ylabel("US dollars per beneficiary")
    axes.set_xlabel("month of service")
    axes.yaxis.set_major_formatter("${x:,.0f}")
    axes.grid(True, axis="y")
    axes.margins(x=0.01)
    axes.legend(loc="upper left", ncols=2)
    axes.set_ylim(0, max(below) * 1.18)
    tables.save(figure, arguments)


if __name__ == "__main__":
    main()

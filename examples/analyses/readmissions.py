"""Hospital stays that were followed by another within 30 days.

1. Claims: inpatient (CLM_TYPE_CD 60) and final, from CCLF1, with a person and both dates. Type 61, bills for patients
   of managed care, is left out.
2. Stays: claims of one person are one stay when the next begins no later than the day on which the ones before it
   ended. That joins the bills of a long stay, and a transfer to another hospital on the same day.
3. A stay counts if the person left it alive (BENE_PTNT_STUS_CD of its last claim is neither 20, 40, 41 or 42, nor 30
   for a patient who is still there) and the claims go on for 30 days after it.
4. It was followed by a readmission if the person's next stay, for whatever reason, began 1 to 30 days after it ended.

This is not CMS's measure: that one leaves out planned readmissions, and adjusts for risk.
"""

from matplotlib import pyplot

import tables

QUERY = """
WITH claims AS (
    SELECT BENE_MBI_ID, CUR_CLM_UNIQ_ID, CLM_FROM_DT AS begun, CLM_THRU_DT AS ended, BENE_PTNT_STUS_CD AS status,
        max(CLM_THRU_DT) OVER (
            PARTITION BY BENE_MBI_ID ORDER BY CLM_FROM_DT, CLM_THRU_DT, CUR_CLM_UNIQ_ID
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ended_before
    FROM CCLF1
    WHERE CLM_TYPE_CD = '60' AND BCDA_FINAL AND BENE_MBI_ID IS NOT NULL
        AND CLM_FROM_DT IS NOT NULL AND CLM_THRU_DT IS NOT NULL
),
numbered AS (
    SELECT *, count(*) FILTER (ended_before IS NULL OR begun > ended_before) OVER (
        PARTITION BY BENE_MBI_ID ORDER BY begun, ended, CUR_CLM_UNIQ_ID
    ) AS stay
    FROM claims
),
stays AS (
    SELECT BENE_MBI_ID, min(begun) AS begun, max(ended) AS ended, count(*) AS claims,
        arg_max(status, (ended, begun, CUR_CLM_UNIQ_ID)) AS status
    FROM numbered GROUP BY BENE_MBI_ID, stay
),
followed AS (
    SELECT *, lead(begun) OVER (PARTITION BY BENE_MBI_ID ORDER BY begun) - ended AS days FROM stays
)
SELECT year(ended) AS year, count(*) AS stays,
    count(*) FILTER (claims > 1) AS of_several_claims,
    count(*) FILTER (days <= 30) AS readmitted
FROM followed
WHERE coalesce(status, '') NOT IN ('20', '30', '40', '41', '42')
    AND ended + 30 <= (SELECT max(CLM_THRU_DT) FROM CCLF1)
GROUP BY year
ORDER BY year
"""


def main():
    arguments = tables.arguments(__doc__.splitlines()[0], "readmissions.svg")
    rows = tables.connect(arguments.tables).execute(QUERY).fetchall()
    total = ["all", *(sum(row[place] for row in rows) for place in (1, 2, 3))]
    shown = [[str(row[0]), *row[1:]] for row in rows] + [total]
    lines = [[*row, f"{100 * row[3] / row[1]:.1f} %" if row[1] else "-"] for row in shown]
    tables.show(["year", "stays", "of several claims", "readmitted", "share"], lines)

    figure, axes = pyplot.subplots(figsize=(9, 4.6))
    years = [str(row[0]) for row in rows]
    readmitted = [row[3] for row in rows]
    others = [row[1] - row[3] for row in rows]
    axes.bar(years, readmitted, color=tables.ORANGE, width=0.7, label="readmitted within 30 days")
    bars = axes.bar(years, others, bottom=readmitted, color=tables.BLUE, width=0.7, label="not readmitted")
    labels = [f"{row[3]} of {row[1]}\n{100 * row[3] / row[1]:.0f} %" for row in rows]
    axes.bar_label(bars, labels, padding=3, fontsize=9)
    axes.set_ylim(0, max(row[1] for row in rows) * 1.35)
    axes.set_title("Hospital stays and readmissions within 30 days", loc="left", fontweight="bold")
    axes.set_ylabel("stays that ended in the year")
    axes.set_xlabel("year of discharge")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(True, axis="y")
    axes.legend(loc="upper left", ncols=2)
    tables.save(figure, arguments)


if __name__ == "__main__":
    main()

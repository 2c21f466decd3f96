"""The rules of examples/analyses/readmissions.py on claims made for them: a row per person, and what should come."""

import sys

sys.path.insert(0, "examples/analyses")
sys.dont_write_bytecode = True

import duckdb
import readmissions

# Each claim: from, thru, discharge status, type, whether it is final. Then stays, of several claims, readmitted.
HOME, DEAD, STAYS = "01", "20", "30"
PEOPLE = {
    "readmitted on day 30": ([("01-01", "01-05"), ("02-04", "02-06")], (2, 0, 1)),
    "back on day 31": ([("01-01", "01-05"), ("02-05", "02-06")], (2, 0, 0)),
    "back on the next day": ([("01-01", "01-05"), ("01-06", "01-08")], (2, 0, 1)),
    "transferred on the same day": ([("01-01", "01-05"), ("01-05", "01-09")], (1, 1, 0)),
    "transferred, then readmitted": ([("01-01", "01-05"), ("01-05", "01-09"), ("02-08", "02-09")], (2, 1, 1)),
    "a long stay with a bill inside": ([("01-01", "02-20"), ("01-10", "01-12"), ("02-01", "02-25")], (1, 1, 0)),
    "inside a stay that goes on": ([("01-01", "01-31"), ("01-03", "01-04"), ("01-20", "01-21")], (1, 1, 0)),
    "died": ([("01-01", "01-05"), ("01-10", "01-12", DEAD)], (1, 0, 1)),
    "not yet discharged": ([("01-01", "01-05", STAYS)], (0, 0, 0)),
    "billed while still there": ([("01-01", "01-05", STAYS), ("01-05", "01-31")], (1, 1, 0)),
    "cancelled": ([("01-01", "01-05"), ("01-10", "01-12", HOME, "60", False)], (1, 0, 0)),
    "managed care": ([("01-01", "01-05"), ("01-10", "01-12", HOME, "61")], (1, 0, 0)),
    "no date": ([("01-01", "01-05"), (None, "01-12")], (1, 0, 0)),
    "too late to know": ([("12-15", "12-20")], (0, 0, 0)),
}
# The last of all claims is of no hospital: with it the year is known to its end.
LAST = ("somebody", "01", "2020-12-31", "2020-12-31", "40", True)

for name, (claims, expected) in PEOPLE.items():
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE CCLF1 (BENE_MBI_ID VARCHAR, CUR_CLM_UNIQ_ID VARCHAR, BENE_PTNT_STUS_CD VARCHAR, "
        "CLM_FROM_DT DATE, CLM_THRU_DT DATE, CLM_TYPE_CD VARCHAR, BCDA_FINAL BOOLEAN)"
    )
    rows = []
    for number, claim in enumerate(claims):
        begun, ended, status, kind, final = (*claim, *(HOME, "60", True)[len(claim) - 2:])
        begun = begun and f"2020-{begun}"
        rows.append(("one", str(number), status, begun, f"2020-{ended}", kind, final))
        # Another person with the same days changes nothing for the first.
        if begun:
            rows.append(("two", f"x{number}", DEAD, begun, f"2020-{ended}", "61", final))
    person, status, begun, ended, kind, final = LAST
    rows.append((person, "last", status, begun, ended, kind, final))
    connection.executemany("INSERT INTO CCLF1 VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    found = connection.execute(readmissions.QUERY).fetchall()
    counted = tuple(sum(row[place] for row in found) for place in (1, 2, 3))
    if counted != expected:
        sys.exit(f"{name}: expected {expected}, found {counted}")
print(f"ok: {len(PEOPLE)} cases of stays and readmissions")

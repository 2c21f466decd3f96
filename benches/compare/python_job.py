#!/usr/bin/env python3
"""The 23-column job in plain Python: python_job.py json|orjson EXPORT OUT PROCESSES.

A dictionary a claim, a tuple a row; only the Parquet files are written by a library. Processes share out the files.
"""
import datetime, decimal, json, multiprocessing, pathlib, sys

import pyarrow as pa
import pyarrow.parquet as pq

import export
from export import EOB_TYPE, HCPCS, MBI, NPI, PART_A, VARIABLE as V

T, D = pa.string(), pa.date32()
SCHEMAS = {
    "cclf1": pa.schema(list(zip(export.HEADER, [T, T, T, T, D, D, pa.decimal128(15, 2), T, T, T, T, pa.decimal128(13, 2)]))),
    "cclf5": pa.schema(list(zip(export.LINE, [T, pa.int64(), T, D, T, pa.decimal128(13, 2), T, T, pa.decimal128(15, 2),
                                              pa.decimal128(22, 4), T]))),
}


def parser(name):
    """A function from a line to a record whose numbers are exact: the shortest text of a float is that of the file."""
    if name == "orjson":
        import orjson
        return orjson.loads
    return lambda line: json.loads(line, parse_float=decimal.Decimal)


def exact(number):
    return None if number is None else decimal.Decimal(str(number))


def day(text):
    return None if text is None or text in ("1000-01-01", "9999-12-31") else datetime.date.fromisoformat(text)


def by_system(entries, uri, leaf="code"):
    for entry in entries or ():
        if entry.get("system") == uri:
            return entry.get(leaf)
    return None


def first_code(concept):
    return concept["coding"][0].get("code") if concept and concept.get("coding") else None


def by_category(entries, name):
    for entry in entries or ():
        if first_code(entry["category"]) == V + name:
            return entry
    return {}


def party(member, system):
    identifier = (member or {}).get("identifier", {})
    return identifier.get("value") if identifier.get("system") == system else None


def primaries(claim):
    return [c for c in claim.get("careTeam", ()) if first_code(c["role"]) == "primary"]


def header(claim, mbi):
    linked = {link for item in claim.get("item", ()) for link in item.get("careTeamLinkId", ())}
    team = primaries(claim)
    attending = min([c for c in team if c["sequence"] not in linked] or team, key=lambda c: c["sequence"], default={})
    drg = next((d["packageCode"] for d in claim.get("diagnosis", ()) if "packageCode" in d), None)
    period = claim.get("billablePeriod", {})
    return (
        by_system(claim["identifier"], V + "clm_id", "value"), party(claim.get("provider"), V + "prvdr_num"),
        mbi.get(claim["patient"]["reference"]), by_system(claim["type"]["coding"], V + "nch_clm_type_cd"),
        day(period.get("start")), day(period.get("end")), exact(claim.get("payment", {}).get("amount", {}).get("value")),
        first_code(by_category(claim.get("information"), "ptnt_dschrg_stus_cd").get("code")), first_code(drg),
        party(claim.get("facility"), NPI), attending.get("provider", {}).get("identifier", {}).get("value"),
        exact(claim.get("totalCost", {}).get("value")))


def lines(claim):
    number = by_system(claim["identifier"], V + "clm_id", "value")
    team = primaries(claim)
    diagnoses = {d["sequence"]: d for d in reversed(claim.get("diagnosis", ()))}
    for item in claim.get("item", ()):
        links = item.get("careTeamLinkId", ())
        rendering = next((c for c in team if c["sequence"] in links), {})
        diagnosis = diagnoses.get(next(iter(item.get("diagnosisLinkId", ())), None), {})
        amount = lambda name: exact(by_category(item.get("adjudication"), name).get("amount", {}).get("value"))
        yield (
            number, item["sequence"], by_system(item.get("locationCodeableConcept", {}).get("coding"), V + "line_place_of_srvc_cd"),
            day(item.get("servicedPeriod", {}).get("start")), by_system(item.get("service", {}).get("coding"), HCPCS),
            amount("line_nch_pmt_amt"), first_code(diagnosis.get("diagnosisCodeableConcept")),
            party(rendering.get("provider"), NPI), amount("line_alowd_chrg_amt"), exact(item.get("quantity", {}).get("value")),
            first_code(next(iter(item.get("modifier", ())), None)))


def mbis(source, loads):
    newest = {}
    for path in export.patients(source):
        for line in open(path, "rb"):
            person = loads(line)
            updated = person.get("meta", {}).get("lastUpdated", "")
            if person["id"] not in newest or updated >= newest[person["id"]][0]:
                found = [i for i in person.get("identifier", ()) if i.get("system") == MBI]
                mark = lambda i: i["extension"][0].get("valueCoding", {}).get("code") if "extension" in i else None
                current = [i["value"] for i in found if mark(i) == "current"] + [i["value"] for i in found if "extension" not in i]
                newest[person["id"]] = updated, next(iter(current), None)
    return {"Patient/" + number: mbi for number, (_, mbi) in newest.items()}


def convert(job):
    """The rows of one file, as Arrow tables."""
    path, name, mbi = job
    loads = parser(name)
    rows = {"cclf1": [], "cclf5": []}
    for line in open(path, "rb"):
        claim = loads(line)
        kind = by_system(claim["type"]["coding"], EOB_TYPE)
        if kind == "CARRIER":
            rows["cclf5"].extend(lines(claim))
        elif kind in PART_A:
            rows["cclf1"].append(header(claim, mbi))
    return {table: pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(zip(*rows[table]) if rows[table] else [[]] * len(schema), schema)],
        schema=schema) for table, schema in SCHEMAS.items()}


def main():
    name, source, out, processes = sys.argv[1:5]
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    mbi = mbis(source, parser(name))
    jobs = [(path, name, mbi) for path in export.claims(source)]
    writers = {table: pq.ParquetWriter(folder / f"{table}.parquet", schema, compression="zstd", compression_level=1)
               for table, schema in SCHEMAS.items()}
    with multiprocessing.get_context("fork").Pool(int(processes)) as pool:
        for tables in pool.imap(convert, jobs):
            for table, rows in tables.items():
                writers[table].write_table(rows)
        # closed and joined, so that the time of the processes counts
        pool.close()
        pool.join()
    for writer in writers.values():
        writer.close()


main()

#!/usr/bin/env python3
"""The 23-column job in PyArrow: pyarrow_job.py EXPORT OUT THREADS. Schema given, unknown members ignored.

Nested lists are taken apart by whole columns (offsets, parents, take), never row by row.
"""
import pathlib, sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

import export
from export import EOB_TYPE, HCPCS, MBI, NPI, PART_A, VARIABLE as V

T = pa.string()
S = lambda **fields: pa.struct(list(fields.items()))
L = pa.list_
code = S(code=T)
coding = S(coding=L(S(system=T, code=T)))
plain = S(coding=L(code))
identifier = S(system=T, value=T)
decimal = lambda precision, scale=2: S(value=pa.decimal128(precision, scale))

SCHEMA = pa.schema({
    "identifier": L(identifier), "type": coding, "patient": S(reference=T), "billablePeriod": S(start=T, end=T),
    "provider": S(identifier=identifier), "facility": S(identifier=identifier),
    "information": L(S(category=plain, code=plain)),
    "careTeam": L(S(sequence=pa.int64(), provider=S(identifier=identifier), role=plain)),
    "diagnosis": L(S(sequence=pa.int64(), diagnosisCodeableConcept=plain, packageCode=plain)),
    "item": L(S(sequence=pa.int64(), careTeamLinkId=L(pa.int64()), diagnosisLinkId=L(pa.int64()), service=coding,
                modifier=L(plain), locationCodeableConcept=coding, quantity=decimal(22, 4), servicedPeriod=S(start=T),
                adjudication=L(S(category=plain, amount=decimal(17))))),
    "payment": S(amount=decimal(15)), "totalCost": decimal(13),
})
PATIENT = pa.schema({"id": T, "identifier": L(S(system=T, value=T, extension=L(S(valueCoding=code)))), "meta": S(lastUpdated=T)})


def get(array, *names):
    """A member of a member; null where any of them is."""
    for name in names:
        array = pc.struct_field(array, name)
    return array


def entries(lists):
    """All entries of a list column, and the row each belongs to."""
    return pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy()


def first(parents, rows, keep, values):
    """Of each row the value of its first entry kept; null where there is none."""
    kept = np.flatnonzero(pc.fill_null(keep, False).to_numpy(zero_copy_only=False))
    of, at = np.unique(parents[kept], return_index=True)
    places = np.zeros(rows, dtype=np.int64)
    missing = np.ones(rows, dtype=bool)
    places[of], missing[of] = kept[at], False
    return values.take(pa.array(places, mask=missing))


def lead(lists):
    """The first entry of each list."""
    flat, parents = entries(lists)
    return first(parents, len(lists), pa.array(np.ones(len(flat), dtype=bool)), flat)


def by_system(lists, uri, leaf="code"):
    flat, parents = entries(lists)
    return first(parents, len(lists), pc.equal(get(flat, "system"), uri), get(flat, leaf))


def first_code(concept):
    return get(lead(get(concept, "coding")), "code")


def day(text):
    known = pc.invert(pc.is_in(text, pa.array(["1000-01-01", "9999-12-31"])))
    return pc.if_else(known, text, None).cast(pa.date32())


def where(holds, values):
    return pc.if_else(pc.fill_null(holds, False), values, None)


def read(paths, schema):
    """One table of all files; blocks large enough for the longest line."""
    options = dict(read_options=pj.ReadOptions(block_size=16 << 20),
                   parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"))
    return pa.concat_tables(pj.read_json(path, **options) for path in paths)


def mbis(source):
    people = read(export.patients(source), PATIENT).combine_chunks()
    column = lambda name: people[name].chunk(0)
    flat, parents = entries(column("identifier"))
    mark = get(lead(get(flat, "extension")), "valueCoding", "code")
    is_mbi = pc.equal(get(flat, "system"), MBI)
    pick = lambda keep: first(parents, len(people), keep, get(flat, "value"))
    current = pick(pc.and_kleene(is_mbi, pc.fill_null(pc.equal(mark, "current"), False)))
    unmarked = pick(pc.and_kleene(is_mbi, pc.is_null(get(flat, "extension"))))
    order = pc.sort_indices(pa.table({"at": get(column("meta"), "lastUpdated")}), sort_keys=[("at", "ascending", "at_start")])
    ids, values = column("id").to_pylist(), pc.coalesce(current, unmarked).to_pylist()
    return {"Patient/" + ids[i]: values[i] for i in order.to_pylist()}


class Claims:
    """A batch of claims of one kind, with its care team taken apart."""

    def __init__(self, table):
        self.rows = len(table)
        self.columns = {name: table[name].combine_chunks() for name in table.column_names}
        team, self.team_of = entries(self["careTeam"])
        self.team_sequence = pc.fill_null(get(team, "sequence"), -1).to_numpy()
        self.primary = pc.fill_null(pc.equal(first_code(get(team, "role")), "primary"), False).to_numpy(zero_copy_only=False)
        self.team_system, self.team_npi = get(team, "provider", "identifier", "system"), get(team, "provider", "identifier", "value")

    def __getitem__(self, name):
        return self.columns[name]


def pairs(rows, sequences):
    """A row and a sequence as one number, so that links are sought among numbers."""
    return rows.astype(np.int64) << 32 | sequences.astype(np.int64) & 0xFFFFFFFF


def header(claims, mbi):
    items, item_of = entries(claims["item"])
    links, link_of = entries(get(items, "careTeamLinkId"))
    linked = np.isin(pairs(claims.team_of, claims.team_sequence), pairs(item_of[link_of], links.to_numpy(zero_copy_only=False)))
    order = np.lexsort((claims.team_sequence, claims.team_of))
    lowest = lambda keep: first(claims.team_of[order], claims.rows, pa.array(keep[order]), claims.team_npi.take(pa.array(order)))
    info, info_of = entries(claims["information"])
    status = pc.equal(first_code(get(info, "category")), V + "ptnt_dschrg_stus_cd")
    diagnosis, diagnosis_of = entries(claims["diagnosis"])
    drg = first_code(get(diagnosis, "packageCode"))
    provider, facility = get(claims["provider"], "identifier"), get(claims["facility"], "identifier")
    return pa.table({
        "CUR_CLM_UNIQ_ID": by_system(claims["identifier"], V + "clm_id", "value"),
        "PRVDR_OSCAR_NUM": where(pc.equal(get(provider, "system"), V + "prvdr_num"), get(provider, "value")),
        "BENE_MBI_ID": pa.array([mbi.get(p) for p in get(claims["patient"], "reference").to_pylist()], T),
        "CLM_TYPE_CD": by_system(get(claims["type"], "coding"), V + "nch_clm_type_cd"),
        "CLM_FROM_DT": day(get(claims["billablePeriod"], "start")),
        "CLM_THRU_DT": day(get(claims["billablePeriod"], "end")),
        "CLM_PMT_AMT": get(claims["payment"], "amount", "value"),
        "BENE_PTNT_STUS_CD": first(info_of, claims.rows, status, first_code(get(info, "code"))),
        "DGNS_DRG_CD": first(diagnosis_of, claims.rows, pc.is_valid(drg), drg),
        "FAC_PRVDR_NPI_NUM": where(pc.equal(get(facility, "system"), NPI), get(facility, "value")),
        "ATNDG_PRVDR_NPI_NUM": pc.coalesce(lowest(claims.primary & ~linked), lowest(claims.primary)),
        "CLM_MDCR_INSTNL_TOT_CHRG_AMT": get(claims["totalCost"], "value"),
    })


def lines(claims):
    items, item_of = entries(claims["item"])
    count = len(items)
    # The first primary, in the order of the care team, whose sequence is among the line's links.
    links, line_of = entries(get(items, "careTeamLinkId"))
    wanted = pairs(item_of[line_of], links.to_numpy(zero_copy_only=False))
    team = pairs(claims.team_of, claims.team_sequence)
    keep = np.flatnonzero(claims.primary)
    _, at = np.unique(team[keep], return_index=True)
    keep = keep[at]
    spot = np.searchsorted(team[keep], wanted)
    found = np.flatnonzero((spot < len(keep)) & (team[keep][np.minimum(spot, len(keep) - 1)] == wanted)) if len(keep) else np.array([], int)
    entry, line = keep[spot[found]], line_of[found]
    order = np.lexsort((entry, line))
    rendering = lambda values: first(line[order], count, pa.array(np.ones(len(order), dtype=bool)), values.take(pa.array(entry[order])))
    system, npi = rendering(claims.team_system), rendering(claims.team_npi)
    # The diagnosis whose sequence is the line's first link.
    diagnosis, diagnosis_of = entries(claims["diagnosis"])
    known = pairs(diagnosis_of, pc.fill_null(get(diagnosis, "sequence"), -1).to_numpy())
    known, place = np.unique(known, return_index=True)
    link = lead(get(items, "diagnosisLinkId"))
    sought = pairs(item_of, pc.fill_null(link, -2).to_numpy())
    spot = np.minimum(np.searchsorted(known, sought), max(len(known) - 1, 0))
    dx = first_code(get(diagnosis, "diagnosisCodeableConcept"))
    dx = dx.take(pa.array(place[spot], mask=known[spot] != sought)) if len(known) else pa.nulls(count, T)
    adjudication, line_of = entries(get(items, "adjudication"))
    category, amount = first_code(get(adjudication, "category")), get(adjudication, "amount", "value")
    paid = lambda name: first(line_of, count, pc.equal(category, V + name), amount)
    return pa.table({
        "CUR_CLM_UNIQ_ID": by_system(claims["identifier"], V + "clm_id", "value").take(pa.array(item_of)),
        "CLM_LINE_NUM": get(items, "sequence"),
        "CLM_POS_CD": by_system(get(items, "locationCodeableConcept", "coding"), V + "line_place_of_srvc_cd"),
        "CLM_LINE_FROM_DT": day(get(items, "servicedPeriod", "start")),
        "CLM_LINE_HCPCS_CD": by_system(get(items, "service", "coding"), HCPCS),
        "CLM_LINE_CVRD_PD_AMT": paid("line_nch_pmt_amt").cast(pa.decimal128(13, 2)),
        "CLM_LINE_DGNS_CD": dx,
        "RNDRG_PRVDR_NPI_NUM": where(pc.equal(system, NPI), npi),
        "CLM_LINE_ALOWD_CHRG_AMT": paid("line_alowd_chrg_amt").cast(pa.decimal128(15, 2)),
        "CLM_LINE_SRVC_UNIT_QTY": get(items, "quantity", "value"),
        "HCPCS_1_MDFR_CD": first_code(lead(get(items, "modifier"))),
    })


def main():
    source, out, threads = sys.argv[1:4]
    pa.set_cpu_count(int(threads))
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    mbi = mbis(source)
    writers = {}
    # File by file: a table of the whole export would not fit into memory for long.
    for path in export.claims(source):
        table = read([path], SCHEMA)
        kinds = pa.chunked_array([by_system(get(chunk, "coding"), EOB_TYPE) for chunk in table["type"].chunks], T)
        for name, kept, make in (
            ("cclf1", pc.is_in(kinds, pa.array(PART_A)), lambda claims: header(claims, mbi)),
            ("cclf5", pc.equal(kinds, "CARRIER"), lines),
        ):
            rows = make(Claims(table.filter(kept)))
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", rows.schema, compression="zstd", compression_level=1)
            writers[name].write_table(rows)
    for writer in writers.values():
        writer.close()


main()

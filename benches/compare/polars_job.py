#!/usr/bin/env python3
"""The 23-column job in Polars: polars_job.py EXPORT OUT THREADS. Schema given, lazy scan, streaming engine.

Lines are scanned as text and decoded with the schema: five times faster than scan_ndjson with the same schema.
"""
import os, pathlib, sys

source, out, threads = sys.argv[1:4]
os.environ["POLARS_MAX_THREADS"] = threads

import polars as pl

import export
from export import EOB_TYPE, HCPCS, MBI, NPI, PART_A, VARIABLE as V

S, T = pl.Struct, pl.String
code = S({"code": T})
coding = pl.List(S({"system": T, "code": T}))
number = S({"value": pl.Float64})
identifier = S({"system": T, "value": T})

SCHEMA = {
    "identifier": pl.List(identifier),
    "type": S({"coding": coding}),
    "patient": S({"reference": T}),
    "billablePeriod": S({"start": T, "end": T}),
    "provider": S({"identifier": identifier}),
    "facility": S({"identifier": identifier}),
    "information": pl.List(S({"category": S({"coding": pl.List(code)}), "code": S({"coding": pl.List(code)})})),
    "careTeam": pl.List(S({"sequence": pl.Int64, "provider": S({"identifier": identifier}), "role": S({"coding": pl.List(code)})})),
    "diagnosis": pl.List(S({"sequence": pl.Int64, "diagnosisCodeableConcept": S({"coding": pl.List(code)}),
                            "packageCode": S({"coding": pl.List(code)})})),
    "item": pl.List(S({
        "sequence": pl.Int64, "careTeamLinkId": pl.List(pl.Int64), "diagnosisLinkId": pl.List(pl.Int64),
        "service": S({"coding": coding}), "modifier": pl.List(S({"coding": pl.List(code)})),
        "locationCodeableConcept": S({"coding": coding}), "quantity": number, "servicedPeriod": S({"start": T}),
        "adjudication": pl.List(S({"category": S({"coding": pl.List(code)}), "amount": number})),
    })),
    "payment": S({"amount": number}),
    "totalCost": number,
}
PATIENT = {"id": T, "identifier": pl.List(S({"system": T, "value": T, "extension": pl.List(S({"valueCoding": code}))})),
           "meta": S({"lastUpdated": T})}

field = lambda expr, *names: field(expr.struct.field(names[0]), *names[1:]) if names else expr
one = pl.element()


def pick(entries, key, value):
    """`value` of the first entry whose `key` holds."""
    return entries.list.eval(value.filter(key)).list.first()


def by_system(entries, uri, leaf="code"):
    return pick(entries, field(one, "system") == uri, field(one, leaf))


def by_category(entries, name, *leaf):
    return pick(entries, field(one, "category", "coding").list.first().struct.field("code") == V + name, field(one, *leaf))


def first_code(concept):
    return field(concept, "coding").list.first().struct.field("code")


def day(text):
    date = text.str.to_date("%Y-%m-%d")
    return pl.when(~text.is_in(["1000-01-01", "9999-12-31"])).then(date)


def scan(paths, schema):
    text = pl.concat([pl.scan_lines(path) for path in paths])
    return text.select(pl.first().str.json_decode(S(schema)).alias("record")).unnest("record")


def mbis():
    people = scan(export.patients(source), PATIENT)
    newest = people.sort(field(pl.col("meta"), "lastUpdated"), nulls_last=False).unique("id", keep="last")
    marks = field(one, "extension").list.first().struct.field("valueCoding").struct.field("code")
    mbi = field(one, "system") == MBI
    return newest.select(
        patient="Patient/" + pl.col("id"),
        BENE_MBI_ID=pl.coalesce(
            pick(pl.col("identifier"), mbi & (marks == "current"), field(one, "value")),
            pick(pl.col("identifier"), mbi & field(one, "extension").is_null(), field(one, "value"))))


def header(claims, team):
    """CCLF1: a row per institutional claim."""
    links = claims.select("row", link=pl.col("item").list.eval(field(one, "careTeamLinkId"))).explode("link").explode("link").drop_nulls()
    primary = team.sort("row", "sequence", maintain_order=True)
    free = primary.join(links, left_on=["row", "sequence"], right_on=["row", "link"], how="anti", maintain_order="left")
    lowest = lambda entries, name: entries.unique("row", keep="first", maintain_order=True).select("row", pl.col("npi").alias(name))
    return (
        claims.with_columns(patient=field(pl.col("patient"), "reference"))
        .join(mbis().collect(), on="patient", how="left")
        .join(lowest(free, "unlinked"), on="row", how="left")
        .join(lowest(primary, "any"), on="row", how="left")
        .select(
            CUR_CLM_UNIQ_ID=by_system(pl.col("identifier"), V + "clm_id", "value"),
            PRVDR_OSCAR_NUM=pl.when(field(pl.col("provider"), "identifier", "system") == V + "prvdr_num")
            .then(field(pl.col("provider"), "identifier", "value")),
            BENE_MBI_ID=pl.col("BENE_MBI_ID"),
            CLM_TYPE_CD=by_system(field(pl.col("type"), "coding"), V + "nch_clm_type_cd"),
            CLM_FROM_DT=day(field(pl.col("billablePeriod"), "start")),
            CLM_THRU_DT=day(field(pl.col("billablePeriod"), "end")),
            CLM_PMT_AMT=field(pl.col("payment"), "amount", "value").round(2).cast(pl.Decimal(15, 2)),
            BENE_PTNT_STUS_CD=by_category(pl.col("information"), "ptnt_dschrg_stus_cd", "code", "coding")
            .list.first().struct.field("code"),
            DGNS_DRG_CD=pick(pl.col("diagnosis"), first_code(field(one, "packageCode")).is_not_null(), first_code(field(one, "packageCode"))),
            FAC_PRVDR_NPI_NUM=pl.when(field(pl.col("facility"), "identifier", "system") == NPI)
            .then(field(pl.col("facility"), "identifier", "value")),
            ATNDG_PRVDR_NPI_NUM=pl.coalesce("unlinked", "any"),
            CLM_MDCR_INSTNL_TOT_CHRG_AMT=field(pl.col("totalCost"), "value").round(2).cast(pl.Decimal(13, 2)),
        ))


def lines(claims, team):
    """CCLF5: a row per line of a carrier claim."""
    # with_row_index after the explode: the place of a line in the table is what its links are joined on
    items = (claims.select("row", "item", CUR_CLM_UNIQ_ID=by_system(pl.col("identifier"), V + "clm_id", "value"))
             .explode("item").filter(pl.col("item").is_not_null()).unnest("item").with_row_index("line"))
    serves = (items.select("line", "row", link="careTeamLinkId").explode("link").drop_nulls()
              .join(team, left_on=["row", "link"], right_on=["row", "sequence"])
              .sort("line", "place").unique("line", keep="first"))
    diagnoses = (claims.select("row", "diagnosis").explode("diagnosis").filter(pl.col("diagnosis").is_not_null())
                 .select("row", sequence=field(pl.col("diagnosis"), "sequence"),
                         dx=first_code(field(pl.col("diagnosis"), "diagnosisCodeableConcept")))
                 .unique(["row", "sequence"], keep="first", maintain_order=True))
    amount = lambda name: by_category(pl.col("adjudication"), name, "amount", "value").round(2)
    return (
        items.join(serves.select("line", "system", "npi"), on="line", how="left")
        .with_columns(first=pl.col("diagnosisLinkId").list.first())
        .join(diagnoses, left_on=["row", "first"], right_on=["row", "sequence"], how="left")
        .select(
            CUR_CLM_UNIQ_ID=pl.col("CUR_CLM_UNIQ_ID"),
            CLM_LINE_NUM=pl.col("sequence"),
            CLM_POS_CD=by_system(field(pl.col("locationCodeableConcept"), "coding"), V + "line_place_of_srvc_cd"),
            CLM_LINE_FROM_DT=day(field(pl.col("servicedPeriod"), "start")),
            CLM_LINE_HCPCS_CD=by_system(field(pl.col("service"), "coding"), HCPCS),
            CLM_LINE_CVRD_PD_AMT=amount("line_nch_pmt_amt").cast(pl.Decimal(13, 2)),
            CLM_LINE_DGNS_CD=pl.col("dx"),
            RNDRG_PRVDR_NPI_NUM=pl.when(pl.col("system") == NPI).then(pl.col("npi")),
            CLM_LINE_ALOWD_CHRG_AMT=amount("line_alowd_chrg_amt").cast(pl.Decimal(15, 2)),
            CLM_LINE_SRVC_UNIT_QTY=field(pl.col("quantity"), "value").round(4).cast(pl.Decimal(22, 4)),
            HCPCS_1_MDFR_CD=first_code(pl.col("modifier").list.first()),
        ))


def main():
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    claims = (scan(export.claims(source), SCHEMA)
              .with_columns(eob=by_system(field(pl.col("type"), "coding"), EOB_TYPE))
              .filter(pl.col("eob").is_in(PART_A + ["CARRIER"]))
              .collect(engine="streaming").with_row_index("row"))
    team = (claims.select("row", "careTeam").explode("careTeam").filter(pl.col("careTeam").is_not_null())
            .unnest("careTeam").with_row_index("place")
            .filter(first_code(pl.col("role")) == "primary")
            .select("row", "sequence", "place", system=field(pl.col("provider"), "identifier", "system"),
                    npi=field(pl.col("provider"), "identifier", "value")))
    write = {"compression": "zstd", "compression_level": 1}
    header(claims.filter(pl.col("eob") != "CARRIER"), team).write_parquet(folder / "cclf1.parquet", **write)
    lines(claims.filter(pl.col("eob") == "CARRIER"), team).write_parquet(folder / "cclf5.parquet", **write)


main()

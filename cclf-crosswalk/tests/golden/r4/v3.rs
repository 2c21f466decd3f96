//! The golden records of v3 against their source rows.

use std::collections::HashMap;

use cclf_crosswalk::{
    Api, ClaimTables, ClaimType, Crosswalk, Lineage, Plan, Reader, RecordCounts, Resource, Table,
    Took, days_from_civil,
};
use serde_json::Value;

use super::super::product::{self, People};
use super::super::reference::{Row, Shared, shared};
use super::idr::Idr;
use super::{Audit, beneficiaries};

/// FILE_DATE of the golden records.
const FILE_DATE: &str = "2026-07-29";

/// The beneficiary whose Coverages are golden, and whose Patient is not: one of ours stands in.
const COVERED: &str = "405764107";

/// The golden Patients, the Coverages, and a Patient for them.
fn people_lines(shared: &Shared) -> Vec<String> {
    let mut lines = shared.lines("r4/v3/Patient.ndjson");
    lines.push(format!(
        r#"{{"resourceType":"Patient","id":"{COVERED}","meta":{{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Patient|2.2.0"]}}}}"#
    ));
    lines.extend(shared.lines("r4/v3/Coverage.ndjson"));
    lines
}

fn people(shared: &Shared) -> People {
    let file_date = Some(days_from_civil(2026, 7, 29));
    People::read_in(Plan::of(Api::V3), &people_lines(shared), &[], file_date).expect("people")
}

/// The golden claims that are claims of CCLF.
fn claims(shared: &Shared) -> Vec<(String, String)> {
    let numbered = |line: String| {
        let json: Value = serde_json::from_str(&line).expect("JSON");
        (json["id"].as_str().expect("an id").to_owned(), line)
    };
    let claims = shared.lines("r4/v3/ExplanationOfBenefit.ndjson").into_iter().map(numbered);
    claims.filter(|(id, _)| !id.starts_with("prior-") && id != "1071939711297").collect()
}

/// Compares every column of every golden claim and person.
pub(crate) fn audit(shared: &Shared, rows: &[Row]) -> Audit {
    let (idr, people, plan) = (Idr::read(shared), people(shared), Plan::of(Api::V3));
    let mut audit = Audit::default();
    let claims = claims(shared);
    assert_eq!(claims.len(), 5);
    for (id, line) in claims {
        let source = idr.claim(&id).expect("source rows");
        let patient = product::patient_in(plan, &line).expect("a patient");
        let mbi = people.mbi(&patient);
        let found = product::claim_in(plan, &line, mbi).expect("a golden claim");
        let of = found.claim_type.code();
        let of_type = |row: &&Row| {
            let table = row.table().map(|table| Crosswalk::of(Api::V3).table(table));
            table.is_some_and(|table| table.claim_types.contains(found.claim_type))
        };
        for row in rows.iter().filter(of_type) {
            let cells = found.column(row.table().expect("a table"), &row.column);
            if row.has_source() {
                audit.compare(row, of, source.expected(row, mbi), &cells);
            } else {
                audit.compare_empty(row, of, &cells);
            }
        }
    }
    for patient in ["517782585", "178083966"] {
        let found = people.rows(patient);
        for row in rows {
            let Some(table @ (Table::Cclf8 | Table::Cclf9)) = row.table() else { continue };
            let cells = found.get(&table).map(|rows| rows.column(&row.column)).unwrap_or_default();
            if row.has_source() {
                let expected = beneficiaries::expected(row, &idr, patient, false, FILE_DATE);
                audit.compare(row, patient, expected, &cells);
            } else {
                audit.compare_empty(row, patient, &cells);
            }
        }
    }
    // Whom Coverages alone tell of: what is of the Patient is ours.
    let found = people.rows(COVERED);
    for row in rows.iter().filter(|row| row.table() == Some(Table::Cclf8)) {
        let name = row.column.as_str();
        let of_coverage = name == "BENE_MBI_ID" || beneficiaries::OF_COVERAGE.contains(&name);
        if of_coverage {
            let expected = beneficiaries::expected(row, &idr, COVERED, true, FILE_DATE);
            audit.compare(row, COVERED, expected, &found[&Table::Cclf8].column(&row.column));
        }
    }
    audit
}

#[test]
fn what_is_no_claim_is_counted() {
    let Some(shared) = shared() else { return };
    let plan = Plan::of(Api::V3);
    let mut counts = RecordCounts::default();
    let mut reader = Reader::new(plan);
    let mut tables = ClaimTables::new(plan, &Table::ALL, &true.into());
    for resource in ["ExplanationOfBenefit", "Patient", "Coverage"] {
        for line in shared.lines(&format!("r4/v3/{resource}.ndjson")) {
            match reader.take(line.as_bytes()) {
                Took::Claim(claim) => {
                    let rows = tables.append(&claim, None, &Lineage::default());
                    counts.claim(&claim, rows);
                }
                Took::Person(record) => counts.person(&record.pack()),
                Took::Skipped(why) => counts.skip(why),
                other => panic!("{resource}: {other:?}"),
            }
        }
    }
    assert_eq!((counts.with_rows, counts.without_rows, counts.rejected), (5, 0, 0));
    assert_eq!((counts.partially_adjudicated, counts.prior_authorizations), (1, 3));
    assert_eq!((counts.joined, counts.merged_patients), (9, 1));
    assert_eq!(counts.not_final.by_status().iter().map(|(_, count)| count).sum::<u64>(), 0);
    let rows: Vec<(Table, usize)> = tables.table_rows().collect();
    let expected = [
        (Table::Cclf1, 3),
        (Table::Cclf2, 13),
        (Table::Cclf3, 0),
        (Table::Cclf4, 27),
        (Table::Cclf5, 1),
        (Table::Cclf6, 0),
        (Table::Cclf7, 1),
        (Table::CclfA, 1),
        (Table::CclfB, 1),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn the_shape_of_the_dictionary_is_accepted() {
    let Some(shared) = shared() else { return };
    let plan = Plan::of(Api::V3);
    let mut claims = HashMap::new();
    for line in shared.lines("r4/v3/from-maps.ndjson") {
        let mut reader = Reader::new(plan);
        match reader.take(line.as_bytes()) {
            Took::Claim(claim) => {
                let rows = product::claim_in(plan, &line, None).expect("a claim");
                claims.insert(claim.claim_type(), rows);
            }
            Took::Person(record) => assert_eq!(record.resource(), Resource::Coverage),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(claims.len(), 3);
    let values = |claim_type: ClaimType, table: Table, column: &str| -> Vec<String> {
        claims[&claim_type].column(table, column).into_iter().flatten().collect()
    };
    let dme = |column: &str| values(ClaimType::Dme, Table::Cclf6, column);
    assert_eq!(dme("PAYTO_PRVDR_NPI_NUM").first().map(String::as_str), Some("1548226988"));
    assert_eq!(dme("CLM_LINE_HCPCS_CD").first().map(String::as_str), Some("99213"));
    assert_eq!(dme("CLM_LINE_ALOWD_CHRG_AMT").first().map(String::as_str), Some("9194.22"));
    assert_eq!(dme("CLM_EFCTV_DT").first().map(String::as_str), Some("2025-01-18"));
    // The second of the other diagnoses differs.
    for (claim_type, second) in [(ClaimType::Hospice, "M47817"), (ClaimType::Outpatient, "M4806")] {
        let of = |table: Table, column: &str| values(claim_type, table, column);
        assert_eq!(of(Table::Cclf1, "PRVDR_OSCAR_NUM"), ["00024"], "{claim_type}");
        let procedures = ["0SG30AJ", "01NB0ZZ", "0SB40ZZ", "01NR0ZZ", "8E0WXBZ"];
        assert_eq!(of(Table::Cclf3, "CLM_PRCDR_CD"), procedures, "{claim_type}");
        assert_eq!(of(Table::Cclf3, "CLM_VAL_SQNC_NUM"), ["1", "2", "3", "4", "5"], "{claim_type}");
        assert_eq!(of(Table::Cclf4, "CLM_DGNS_CD"), ["M48062", second, "E7800"], "{claim_type}");
        assert_eq!(of(Table::Cclf4, "CLM_VAL_SQNC_NUM"), ["1", "2", "3"], "{claim_type}");
    }
}

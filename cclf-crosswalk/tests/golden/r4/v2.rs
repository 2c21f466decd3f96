//! The golden records of v2 against their source rows.

use cclf_crosswalk::{Api, ClaimType, Crosswalk, Plan, Table, days_from_civil};
use serde_json::Value;

use super::super::product::{self, People};
use super::super::reference::{Row, Shared};
use super::super::rif::{self, Diagnosis, Expected, Golden, Person, icd, optional};
use super::Audit;

/// The Patient of the golden records.
const PATIENT: &str = "567834";

/// FILE_DATE of the golden records.
const FILE_DATE: &str = "2021-08-31";

/// The golden claims with their source rows.
fn goldens(shared: &Shared) -> Vec<Golden> {
    let lines = shared.lines("r4/v2/ExplanationOfBenefit.ndjson");
    let golden = |line: String| {
        let json: Value = serde_json::from_str(&line).expect("JSON");
        let id = json["id"].as_str().expect("an id");
        let kind = id.split('-').next().expect("a prefix");
        let claim_type = ClaimType::from_code(&kind.to_ascii_uppercase()).expect("a type");
        let rows = shared.rif(if kind == "carrier" { "bcarrier" } else { kind });
        let number = ["LINE_NUM", "CLM_LINE_NUM"];
        let number = number.into_iter().find(|column| rows[0].contains_key(*column));
        let lines = match number {
            None => rows,
            Some(column) => json["item"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| {
                    let sequence = item["sequence"].to_string();
                    let row = rows.iter().find(|row| row[column] == sequence);
                    row.expect("the source row of the item").clone()
                })
                .collect(),
        };
        // The golden carrier claim was served with tax numbers.
        Golden { claim_type, line, lines, tax_numbers: kind == "carrier" }
    };
    lines.into_iter().map(golden).collect()
}

/// The diagnosis entries of v2: those of v1 without an entry of the DRG before them, and with other words for their types.
fn diagnoses(golden: &Golden) -> Vec<Diagnosis> {
    let mut entries = rif::diagnoses(golden.claim_type, &golden.lines);
    for (index, entry) in entries.iter_mut().enumerate() {
        entry.sequence = index + 1;
    }
    entries
}

/// What the column should hold on a golden claim: as in v1, but for what the reference says of v2.
fn expected(row: &Row, golden: &Golden, mbi: Option<&str>, shared: &Shared) -> Expected {
    let table = row.table().ok_or("no table")?;
    let header = golden.lines.first().ok_or("no source row")?;
    let query = optional(header, "CLAIM_QUERY_CODE");
    match (table, row.column.as_str()) {
        // All institutional types have the query code.
        (Table::Cclf1, "CLM_QUERY_CD") => Ok(vec![query]),
        (Table::Cclf1, "CLM_ADJSMT_TYPE_CD") => {
            let by_frequency = match optional(header, "CLM_FREQ_CD").as_deref() {
                Some("8") => Some("1"),
                Some("7") => Some("2"),
                _ => None,
            };
            let by_query = match query.as_deref() {
                Some("0") => Some("1"),
                Some("5") => Some("2"),
                _ => None,
            };
            Ok(vec![Some(by_frequency.or(by_query).unwrap_or("0").to_owned())])
        }
        (Table::Cclf4, "CLM_VAL_SQNC_NUM" | "CLM_PROD_TYPE_CD" | "DGNS_PRCDR_ICD_IND") => {
            let mut externals = 0;
            let value = |entry: Diagnosis| match row.column.as_str() {
                "CLM_VAL_SQNC_NUM" => entry.sequence.to_string(),
                "DGNS_PRCDR_ICD_IND" => icd(&entry.version),
                // HHA knows no external causes, and the first of the others is not told from later ones.
                _ if golden.claim_type == ClaimType::Hha => "D".to_owned(),
                _ if entry.kind.starts_with("external") => {
                    externals += 1;
                    if externals == 1 { "1" } else { "E" }.to_owned()
                }
                _ => "D".to_owned(),
            };
            Ok(diagnoses(golden).into_iter().map(value).map(Some).collect())
        }
        (Table::Cclf5, name) if name.starts_with("CLM_DGNS_") => {
            let slot = name.trim_start_matches("CLM_DGNS_").trim_end_matches("_CD");
            let slot: usize = slot.parse().map_err(|_| format!("no slot: {name}"))?;
            let code = diagnoses(golden).into_iter().nth(slot - 1).map(|entry| entry.code);
            Ok(vec![code; golden.lines.len()])
        }
        _ => rif::of_claim(row, golden, mbi, &shared.states()),
    }
}

/// The reference's row, with the name that its variable has in the source rows.
fn in_source(row: &Row, claim_type: Option<ClaimType>) -> Row {
    let own = row.variable.split(" / ").next().unwrap_or_default();
    let of_lines = matches!(claim_type, Some(ClaimType::Carrier | ClaimType::Dme));
    let variable = match own {
        "CLM_LINE_NUM" if of_lines => "LINE_NUM",
        // Cut off in the source.
        "NCH_BENE_PTA_COINSRNC_LBLTY_AMT" => "NCH_BENE_PTA_COINSRNC_LBLTY_AM",
        own => own,
    };
    Row { variable: variable.to_owned(), ..row.clone() }
}

/// Compares every column of every golden claim and of the golden person.
pub(crate) fn audit(shared: &Shared, rows: &[Row]) -> Audit {
    let plan = Plan::of(Api::V2);
    let mut lines = shared.lines("r4/v2/Patient.ndjson");
    lines.extend(shared.lines("r4/v2/Coverage.ndjson"));
    let claims = shared.lines("r4/v2/ExplanationOfBenefit.ndjson");
    let file_date = Some(days_from_civil(2021, 8, 31));
    let people = People::read_in(plan, &lines, &claims, file_date).expect("the golden person");
    let mut audit = Audit::default();

    for golden in goldens(shared) {
        let mbi = people.mbi(PATIENT);
        let found = product::claim_in(plan, &golden.line, mbi).expect("a golden claim");
        assert_eq!(found.claim_type, golden.claim_type);
        let of = golden.claim_type.code();
        let of_type = |row: &&Row| {
            let table = row.table().map(|table| Crosswalk::of(Api::V2).table(table));
            table.is_some_and(|table| table.claim_types.contains(golden.claim_type))
        };
        for row in rows.iter().filter(of_type) {
            let cells = found.column(row.table().expect("a table"), &row.column);
            if row.has_source() && row.claim_types.contains(&golden.claim_type) {
                let row = in_source(row, Some(golden.claim_type));
                audit.compare(&row, of, expected(&row, &golden, mbi, shared), &cells);
            } else {
                audit.compare_empty(row, of, &cells);
            }
        }
    }

    let beneficiaries = shared.rif("beneficiaries");
    let person = Person {
        beneficiary: beneficiaries.into_iter().next().expect("the beneficiary row"),
        history: shared.rif("beneficiaryhistory"),
        hospice: shared.rif("hospice"),
    };
    let found = people.rows(PATIENT);
    for row in rows {
        let Some(table @ (Table::Cclf8 | Table::Cclf9)) = row.table() else { continue };
        let cells = found.get(&table).map(|rows| rows.column(&row.column)).unwrap_or_default();
        if row.has_source() {
            let row = in_source(row, None);
            let expected = rif::of_person(&row, &person, &shared.states(), FILE_DATE);
            audit.compare(&row, "-", expected, &cells);
        } else {
            audit.compare_empty(row, "-", &cells);
        }
    }
    audit
}

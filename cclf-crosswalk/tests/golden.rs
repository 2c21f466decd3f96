//! The crosswalk against the reference it was made from: every row of `stu3_crosswalk.csv` is resolved on
//! the golden records and compared with the source rows these come from, after the row's conversion. Rows
//! that no golden record fills have made-up records of our own in `fixtures`. A row that nothing fills
//! fails the test.
//!
//! The reference (`shared`, beside the project) is not part of the project: without it only the fixtures
//! are compared. All of its records are synthetic, so differences are shown with their values.

#[path = "golden/decoys.rs"]
mod decoys;
#[path = "golden/fixtures.rs"]
mod fixtures;
#[path = "golden/product.rs"]
mod product;
#[path = "golden/r4.rs"]
mod r4;
#[path = "golden/reference.rs"]
mod reference;
#[path = "golden/rif.rs"]
mod rif;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cclf_crosswalk::{
    ClaimType, Crosswalk, Plan, Reader, Resource, Table, Took, days_from_civil, summary,
};
use serde_json::Value;

use self::product::{People, Rows};
use self::reference::{Row, Shared, shared};
use self::rif::{Golden, Person};

/// The Patient of the golden records.
const PATIENT: &str = "567834";

/// FILE_DATE of the golden records.
const FILE_DATE: &str = "2021-08-31";

/// Constants of the fixed-width form of CCLF0: other formats have no such columns.
const LAYOUT_CONSTANTS: [&str; 4] = ["DELIMITER_1", "DELIMITER_2", "DELIMITER_3", "FILLER"];

/// The golden claims with their source rows: one of each type, and the carrier claim with tax numbers.
fn goldens(shared: &Shared) -> Vec<Golden> {
    let asked_for = shared.lines("identifiers/ExplanationOfBenefit.ndjson");
    let plain = shared.lines("ExplanationOfBenefit.ndjson");
    let all = plain.into_iter().map(|line| (line, false));
    all.chain(asked_for.into_iter().map(|line| (line, true)))
        .map(|(line, tax_numbers)| {
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
            Golden { claim_type, line, lines, tax_numbers }
        })
        .collect()
}

/// The golden person, as served when identifiers and addresses are asked for.
fn people(shared: &Shared) -> People {
    let mut lines = shared.lines("identifiers/Patient.ndjson");
    lines.extend(shared.lines("identifiers/Coverage.ndjson"));
    let claims = shared.lines("ExplanationOfBenefit.ndjson");
    People::read(&lines, &claims, Some(days_from_civil(2021, 8, 31))).expect("the golden person")
}

/// What was compared: for each row of the reference, where a value was expected and not a null.
struct Audit {
    /// Row and claim type, or `-` where the row is not of claims.
    filled: BTreeSet<(String, String, String)>,
    compared: BTreeSet<(String, String)>,
    values: usize,
    differences: Vec<String>,
}

impl Audit {
    /// A column that must hold nothing: BCDA has no source for it, or not on claims of the type.
    fn compare_empty(&mut self, row: &Row, of: &str, found: &[Option<String>]) {
        if !row.has_source() {
            self.compared.insert((row.file.clone(), row.column.clone()));
        }
        if found.iter().any(Option::is_some) {
            let at = format!("{}.{}, {of}", row.file, row.column);
            self.differences.push(format!("{at}: expected nothing, found {found:?}"));
        }
    }

    fn compare(&mut self, row: &Row, of: &str, expected: rif::Expected, found: &[Option<String>]) {
        self.compared.insert((row.file.clone(), row.column.clone()));
        let at = format!("{}.{}, {of}", row.file, row.column);
        match expected {
            Err(fault) => self.differences.push(format!("{at}: {fault}")),
            Ok(expected) => {
                self.values += expected.len();
                if expected != found {
                    self.differences.push(format!("{at}: expected {expected:?}, found {found:?}"));
                }
                if expected.iter().any(Option::is_some) {
                    self.filled.insert((row.file.clone(), row.column.clone(), of.to_owned()));
                }
            }
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what was compared is worth a line")]
fn every_row_of_the_reference_holds() {
    let Some(shared) = shared() else { return };
    let (rows, states) = (shared.crosswalk(), shared.states());
    let people = people(&shared);
    let mut audit = Audit {
        filled: BTreeSet::new(),
        compared: BTreeSet::new(),
        values: 0,
        differences: Vec::new(),
    };

    for golden in goldens(&shared) {
        let mbi = people.mbi(PATIENT);
        let found = product::claim(&golden.line, mbi).expect("a golden claim");
        assert_eq!(found.claim_type, golden.claim_type);
        let code = golden.claim_type.code();
        let of_type = |row: &&Row| {
            let types = row.table().map(|table| Crosswalk::stu3().table(table).claim_types);
            types.is_some_and(|types| types.contains(golden.claim_type))
        };
        for row in rows.iter().filter(of_type) {
            let table = row.table().expect("a table");
            let cells = found.column(table, &row.column);
            let listed = row.claim_types.contains(&golden.claim_type);
            // rules.md, CLM_LINE_CVRD_PD_AMT: HHA has a category of its own.
            let by_rule = table == Table::Cclf2
                && row.column == "CLM_LINE_CVRD_PD_AMT"
                && golden.claim_type == ClaimType::Hha;
            if row.has_source() && (listed || by_rule) {
                audit.compare(row, code, rif::of_claim(row, &golden, mbi, &states), &cells);
            } else {
                audit.compare_empty(row, code, &cells);
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
    for row in &rows {
        let Some(table @ (Table::Cclf8 | Table::Cclf9)) = row.table() else { continue };
        let cells = found.get(&table).map(|rows| rows.column(&row.column)).unwrap_or_default();
        if row.has_source() {
            audit.compare(row, "-", rif::of_person(row, &person, &states, FILE_DATE), &cells);
        } else {
            audit.compare_empty(row, "-", &cells);
        }
    }

    compare_summary(&shared, &rows, &mut audit);

    let (checked, differences) = fixtures::check(str::to_owned);
    audit.differences.extend(differences);
    for check in checked.into_iter().filter(|check| check.filled) {
        let of = check.claim_type.map_or("-", ClaimType::code).to_owned();
        let table = check.table.name().to_owned();
        audit.compared.insert((table.clone(), check.column.clone()));
        audit.filled.insert((table, check.column, of));
    }

    // Nothing may be left out: a row that is filled nowhere was not compared with anything.
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in &rows {
        let compared = audit.compared.contains(&(row.file.clone(), row.column.clone()));
        let count = counts.entry(&row.status).or_default();
        *count = (count.0 + 1, count.1 + usize::from(compared));
        if !compared {
            audit.differences.push(format!("{}.{}: compared nowhere", row.file, row.column));
        }
        if !row.has_source() {
            continue;
        }
        let of_types: Vec<&str> = match row.table() {
            Some(Table::Cclf0 | Table::Cclf8 | Table::Cclf9) | None => vec!["-"],
            Some(_) => row.claim_types.iter().map(|claim_type| claim_type.code()).collect(),
        };
        for of in of_types {
            let key = (row.file.clone(), row.column.clone(), of.to_owned());
            if !audit.filled.contains(&key) {
                let at = format!("{}.{}, {of}", row.file, row.column);
                audit.differences.push(format!("{at}: filled by no golden record and no fixture"));
            }
        }
    }
    for (status, (all, compared)) in &counts {
        println!("{status}: {compared} of {all} rows compared");
    }
    println!("{} values of golden records compared", audit.values);
    assert!(
        audit.differences.is_empty(),
        "{} differences:\n{}",
        audit.differences.len(),
        audit.differences.join("\n")
    );
}

/// CCLF0: one row for each table that was written, in order; its heading and delimiters are constants of
/// the fixed-width form, for which the layout leaves room.
fn compare_summary(shared: &Shared, rows: &[Row], audit: &mut Audit) {
    let layout = shared.layout();
    let written: Vec<(Table, u64)> =
        Table::ALL.into_iter().filter(|table| *table != Table::Cclf0).zip(3..).collect();
    let batch = summary(Plan::stu3(), &written).expect("a batch");
    let found = Rows::new(&batch);
    for row in rows.iter().filter(|row| row.file.starts_with("CCLF0")) {
        let of_tables = |value: &dyn Fn(&(Table, u64)) -> String| {
            Ok(written.iter().map(|pair| Some(value(pair))).collect())
        };
        let expected = match row.column.as_str() {
            "FILE_TYPE" => of_tables(&|(table, _)| table.name().to_owned()),
            "FILE_NAME" => of_tables(&|(table, _)| Crosswalk::stu3().table(*table).title.clone()),
            "NUMBER_OF_RECORDS" => of_tables(&|(_, count)| count.to_string()),
            "LENGTH_OF_RECORD" => of_tables(&|(table, _)| {
                let own = layout.iter().filter(|column| column.file == table.name());
                own.map(|column| column.length).sum::<usize>().to_string()
            }),
            _ => {
                // A constant: it has its place, and no column of ours.
                assert!(
                    row.table().is_none() || LAYOUT_CONSTANTS.contains(&row.column.as_str()),
                    "CCLF0 has no {}",
                    row.column
                );
                audit.compared.insert((row.file.clone(), row.column.clone()));
                audit.filled.insert((row.file.clone(), row.column.clone(), "-".to_owned()));
                continue;
            }
        };
        audit.compare(row, "-", expected, &found.column(&row.column));
    }
}

#[test]
fn fixtures_give_their_values() {
    let (checked, differences) = fixtures::check(str::to_owned);
    assert!(!checked.is_empty());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn fixtures_with_decoys_give_the_same_values() {
    let (_, differences) = fixtures::check(decoys::with_decoys);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn entries_are_numbered_as_the_server_did() {
    let Some(shared) = shared() else { return };
    for golden in goldens(&shared) {
        let json: Value = serde_json::from_str(&golden.line).expect("JSON");
        let found = product::claim(&golden.line, None).expect("a golden claim");
        let entries = |list: &str| json[list].as_array().cloned().unwrap_or_default();
        let sequences = |entries: &[Value]| {
            entries.iter().map(|entry| Some(entry["sequence"].to_string())).collect::<Vec<_>>()
        };
        let institutional =
            Crosswalk::stu3().table(Table::Cclf1).claim_types.contains(golden.claim_type);
        let coded: Vec<Value> = entries("diagnosis")
            .into_iter()
            .filter(|entry| entry.get("diagnosisCodeableConcept").is_some())
            .collect();
        // The model of the server that expected values are made with gives the golden records' own entries.
        let model = rif::diagnoses(golden.claim_type, &golden.lines);
        for (entry, golden) in model.iter().zip(&coded) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            assert_eq!(entry.code, text(&golden["diagnosisCodeableConcept"]["coding"][0]["code"]));
            assert_eq!(entry.kind, text(&golden["type"][0]["coding"][0]["code"]));
            assert_eq!(golden["sequence"], entry.sequence);
        }
        assert_eq!(model.len(), coded.len());
        if institutional {
            let own = found.column(Table::Cclf4, "CLM_VAL_SQNC_NUM");
            assert_eq!(own, sequences(&coded), "{}", golden.claim_type);
            let own = found.column(Table::Cclf3, "CLM_VAL_SQNC_NUM");
            assert_eq!(own, sequences(&entries("procedure")), "{}", golden.claim_type);
        }
    }
}

#[test]
fn entries_are_matched_by_what_they_are_not_by_where() {
    let Some(shared) = shared() else { return };
    for golden in goldens(&shared) {
        let plain = product::claim(&golden.line, None).expect("a golden claim");
        let decoyed = decoys::with_decoys(&golden.line);
        assert!(decoyed.contains("DECOY"));
        let decoyed = product::claim(&decoyed, None).expect("a claim with decoys");
        for def in Crosswalk::stu3().tables() {
            for column in &def.columns {
                let (table, name) = (def.table, column.name.as_str());
                let at = format!("{table}.{name}, {}", golden.claim_type);
                assert_eq!(decoyed.column(table, name), plain.column(table, name), "{at}");
            }
        }
    }
    let decoyed =
        |path: &str| shared.lines(path).iter().map(|line| decoys::with_decoys(line)).collect();
    let mut lines: Vec<String> = decoyed("identifiers/Patient.ndjson");
    lines.extend::<Vec<String>>(decoyed("identifiers/Coverage.ndjson"));
    let claims: Vec<String> = decoyed("ExplanationOfBenefit.ndjson");
    let file_date = Some(days_from_civil(2021, 8, 31));
    let with_decoys = People::read(&lines, &claims, file_date).expect("people with decoys");
    let (plain, with_decoys) = (people(&shared).rows(PATIENT), with_decoys.rows(PATIENT));
    for table in [Table::Cclf8, Table::Cclf9] {
        for column in &Crosswalk::stu3().table(table).columns {
            let name = column.name.as_str();
            let (plain, found) = (plain[&table].column(name), with_decoys[&table].column(name));
            assert_eq!(found, plain, "{table}.{name}");
        }
    }
}

#[test]
fn the_plain_patient_lacks_only_what_was_not_asked_for() {
    let Some(shared) = shared() else { return };
    let mut lines = shared.lines("Patient.ndjson");
    lines.extend(shared.lines("Coverage.ndjson"));
    let claims = shared.lines("ExplanationOfBenefit.ndjson");
    let file_date = Some(days_from_civil(2021, 8, 31));
    let plain = People::read(&lines, &claims, file_date).expect("the golden person");
    let full = people(&shared).rows(PATIENT);
    let plain = plain.rows(PATIENT);
    assert!(!plain.contains_key(&Table::Cclf9), "no MBI, so none before it");
    for column in &Crosswalk::stu3().table(Table::Cclf8).columns {
        let not_asked_for = matches!(
            column.name.as_str(),
            "BENE_MBI_ID" | "GEO_ZIP_PLC_NAME" | "BENE_PART_B_ENRLMT_BGN_DT"
        ) || column.name.starts_with("BENE_LINE_");
        let own = plain[&Table::Cclf8].column(&column.name);
        if not_asked_for {
            assert_eq!(own, [None], "{}", column.name);
        } else {
            assert_eq!(own, full[&Table::Cclf8].column(&column.name), "{}", column.name);
        }
    }
}

#[test]
fn all_records_of_the_reference_are_read() {
    let Some(shared) = shared() else { return };
    let mut reader = Reader::new(Plan::stu3());
    for folder in ["", "identifiers/", "seed-samples/"] {
        for resource in ["ExplanationOfBenefit", "Patient", "Coverage"] {
            let path = format!("{folder}{resource}.ndjson");
            for (number, line) in shared.lines(&path).iter().enumerate() {
                let (found, partial_dates) = match reader.take(line.as_bytes()) {
                    Took::Claim(claim) => (Resource::ExplanationOfBenefit, claim.partial_dates()),
                    Took::Person(record) => (record.resource(), record.pack().partial_dates()),
                    other => panic!("{path}, line {}: {other:?}", number + 1),
                };
                assert_eq!((found.name(), partial_dates), (resource, 0), "{path}");
            }
        }
    }
}

#[test]
fn an_older_export_leaves_columns_empty_and_nothing_else() {
    let Some(shared) = shared() else { return };
    let claims = shared.lines("seed-samples/ExplanationOfBenefit.ndjson");
    let claim = product::claim(&claims[0], None).expect("the claim of 2019");
    let value = |name: &str| claim.column(Table::Cclf5, name).pop().flatten();
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(value("CUR_CLM_UNIQ_ID"), text("10335267275"));
    assert_eq!(value("CLM_LINE_CVRD_PD_AMT"), text("20.00"));
    assert_eq!(value("CLM_LINE_SRVC_UNIT_QTY"), text("1.0000"));
    assert_eq!(value("CLM_DGNS_3_CD"), text("9999999"));
    assert_eq!(value("CLM_LINE_DGNS_CD"), text("9999999"));
    assert_eq!(value("DGNS_PRCDR_ICD_IND"), text("9"));
    assert_eq!(value("CLM_ADJSMT_TYPE_CD"), text("0"), "no disposition is no cancellation");
    // Code 99 may be American Samoa, but need not be.
    assert_eq!(value("RNDRG_PRVDR_FIPS_ST_CD"), None);
    let columns = &Crosswalk::stu3().table(Table::Cclf5).columns;
    let sourced = columns.iter().filter(|column| column.expr.is_some());
    let filled = sourced.filter(|column| value(&column.name).is_some()).count();
    // The reference finds something at 24 of the paths: the untranslatable state is one of them.
    assert_eq!(filled, 23);

    let mut lines = shared.lines("seed-samples/Patient.ndjson");
    lines.extend(shared.lines("seed-samples/Coverage.ndjson"));
    let people = People::read(&lines, &claims, Some(days_from_civil(2019, 6, 1))).expect("people");
    let rows = people.rows("19990000000140");
    let value = |name: &str| rows[&Table::Cclf8].column(name).pop().flatten();
    let filled: HashMap<&str, &str> = HashMap::from([
        ("BENE_FIPS_STATE_CD", "06"),
        ("GEO_USPS_STATE_CD", "CA"),
        ("BENE_ZIP_CD", "99999"),
        ("GEO_ZIP5_CD", "99999"),
        ("BENE_DOB", "1999-06-01"),
        ("BENE_AGE", "20"),
        ("BENE_SEX_CD", "1"),
        ("BENE_RACE_CD", "1"),
        ("BENE_1ST_NAME", "John"),
        ("BENE_MIDL_NAME", "X"),
        ("BENE_LAST_NAME", "Doe"),
        ("BENE_MDCR_STUS_CD", "10"),
        ("BENE_ORGNL_ENTLMT_RSN_CD", "0"),
    ]);
    for column in &Crosswalk::stu3().table(Table::Cclf8).columns {
        let expected = filled.get(column.name.as_str()).map(|value| (*value).to_owned());
        assert_eq!(value(&column.name), expected, "{}", column.name);
    }
    assert!(!rows.contains_key(&Table::Cclf9));
}

#[test]
fn the_layout_is_the_reference_s() {
    let Some(shared) = shared() else { return };
    let layout = shared.layout();
    for def in Crosswalk::stu3().tables() {
        let own = layout.iter().filter(|column| column.file == def.table.name());
        let expected: Vec<_> = own
            .clone()
            .filter(|column| {
                def.table != Table::Cclf0 || !LAYOUT_CONSTANTS.contains(&column.name.as_str())
            })
            .map(|column| {
                let arrow_type = match column.arrow_type.as_str() {
                    "utf8" => "text".to_owned(),
                    "date32" => "date".to_owned(),
                    other => other.replace("decimal128", "decimal"),
                };
                (
                    column.name.as_str(),
                    column.label.as_str(),
                    column.format.as_str(),
                    column.length,
                    arrow_type,
                )
            })
            .collect();
        let found: Vec<_> = def
            .columns
            .iter()
            .map(|column| {
                // Where the format takes other places than the layout gives, ours says so after it.
                let format = column.format.split(" in ").next().unwrap_or_default();
                let column_type = column.column_type.to_string();
                (column.name.as_str(), column.label.as_str(), format, column.width, column_type)
            })
            .collect();
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(found, expected, "{}", def.table);
        }
        assert_eq!(found.len(), expected.len(), "{}", def.table);
        let end = own.clone().map(|column| column.end).max();
        assert_eq!(Some(def.record_length()), end, "{}", def.table);
        let mut next = 1;
        for column in own {
            assert_eq!(column.start, next, "{}.{}", def.table, column.name);
            next = column.end + 1;
        }
    }
    let lengths: Vec<usize> =
        Crosswalk::stu3().tables().iter().map(cclf_crosswalk::TableDef::record_length).collect();
    assert_eq!(lengths, [437, 199, 114, 112, 388, 247, 195, 549, 55, 324, 128, 70]);
}

#[test]
fn columns_without_a_source_are_the_reference_s() {
    let Some(shared) = shared() else { return };
    let rows = shared.crosswalk();
    let mut ours = BTreeSet::new();
    for def in Crosswalk::stu3().tables() {
        for column in &def.columns {
            let row = rows
                .iter()
                .find(|row| row.file == def.table.name() && row.column == column.name)
                .unwrap_or_else(|| panic!("{}.{} is not in the reference", def.table, column.name));
            let at = format!("{}.{}", def.table, column.name);
            assert_eq!(column.expr.is_some(), row.has_source(), "{at}");
            assert!(column.expr.is_some() || !column.note.is_empty(), "{at}: no reason");
            ours.insert((def.table.name().to_owned(), column.name.clone()));
        }
    }
    // Every row of the reference is a column of ours, but for the constants of CCLF0.
    for row in rows {
        let constant = row.file == "CCLF0-HEADER"
            || (row.file == "CCLF0" && LAYOUT_CONSTANTS.contains(&row.column.as_str()));
        let known = ours.contains(&(row.file.clone(), row.column.clone()));
        assert!(known != constant, "{}.{}", row.file, row.column);
    }
}

#[test]
fn state_codes_are_the_reference_s() {
    let Some(shared) = shared() else { return };
    let (expected, own) = (shared.states(), Crosswalk::stu3().states());
    let mut codes: BTreeSet<String> = shared.ssa_codes().into_iter().collect();
    // Codes that no row has, and every pair of letters.
    codes.extend((0..100).map(|number| format!("{number:02}")));
    codes.extend(('A'..='Z').flat_map(|one| ('A'..='Z').map(move |two| format!("{one}{two}"))));
    for code in codes {
        assert_eq!(own.usps(&code).map(str::to_owned), expected.usps(&code), "{code}");
        assert_eq!(own.fips(&code).map(str::to_owned), expected.fips(&code), "{code}");
    }
}

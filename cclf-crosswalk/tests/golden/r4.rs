//! The crosswalks of v2 and v3 against the reference they were made from, as [`golden`](super) does for v1: every row of
//! `r4_crosswalk.csv` is resolved on the golden records and compared with the source rows these come from.

#[path = "r4/beneficiaries.rs"]
mod beneficiaries;
#[path = "r4/idr.rs"]
mod idr;
#[path = "r4/v2.rs"]
mod v2;
#[path = "r4/v3.rs"]
mod v3;

use std::collections::BTreeSet;

use cclf_crosswalk::{Api, Crosswalk, Plan, Table};
use serde_json::Value;

use super::reference::{Row, shared};
use super::rif::Expected;
use super::{decoys, fixtures, product};

/// What was compared.
#[derive(Default)]
struct Audit {
    /// Columns where a value was expected, and not a null.
    filled: BTreeSet<(String, String)>,
    values: usize,
    differences: Vec<String>,
}

impl Audit {
    fn compare(&mut self, row: &Row, of: &str, expected: Expected, found: &[Option<String>]) {
        let at = format!("{}.{}, {of}", row.file, row.column);
        match expected {
            Err(fault) => self.differences.push(format!("{at}: {fault}")),
            Ok(expected) => {
                self.values += expected.iter().flatten().count();
                if expected != found {
                    self.differences.push(format!("{at}: expected {expected:?}, found {found:?}"));
                }
                if expected.iter().any(Option::is_some) {
                    self.filled.insert((row.file.clone(), row.column.clone()));
                }
            }
        }
    }

    /// A column without a source holds nothing.
    fn compare_empty(&mut self, row: &Row, of: &str, found: &[Option<String>]) {
        if found.iter().any(Option::is_some) {
            let at = format!("{}.{}, {of}", row.file, row.column);
            self.differences.push(format!("{at}: expected nothing, found {found:?}"));
        }
    }

    /// Fails where anything differs, and where a column has a source that neither a golden record nor a fixture fills.
    #[expect(clippy::print_stdout, reason = "what was compared is worth a line")]
    fn finish(mut self, api: Api, rows: &[Row]) {
        let columns = |rows: Vec<&Row>| -> BTreeSet<(String, String)> {
            rows.into_iter().map(|row| (row.file.clone(), row.column.clone())).collect()
        };
        let of_tables = rows.iter().filter(|row| {
            row.has_source() && row.table().is_some_and(|table| table != Table::Cclf0)
        });
        let with_source = columns(of_tables.collect());
        let golden = self.filled.len();
        let (checked, differences) = fixtures::check_in(api, str::to_owned);
        self.differences.extend(differences);
        let of_fixtures = checked.into_iter().filter(|check| check.filled);
        self.filled.extend(of_fixtures.map(|check| (check.table.name().to_owned(), check.column)));
        for (table, column) in with_source.difference(&self.filled) {
            let at = format!("{table}.{column}");
            self.differences.push(format!("{at}: filled by no golden record and no fixture"));
        }
        println!("{api}: {} values of golden records compared", self.values);
        println!("{api}: {golden} of {} columns filled by golden records", with_source.len());
        assert!(
            self.differences.is_empty(),
            "{api}: {} differences:\n{}",
            self.differences.len(),
            self.differences.join("\n")
        );
    }
}

#[test]
fn every_row_of_the_reference_holds_in_v2() {
    let Some(shared) = shared() else { return };
    let rows = shared.crosswalk_of(Api::V2);
    v2::audit(&shared, &rows).finish(Api::V2, &rows);
}

#[test]
fn every_row_of_the_reference_holds_in_v3() {
    let Some(shared) = shared() else { return };
    let rows = shared.crosswalk_of(Api::V3);
    v3::audit(&shared, &rows).finish(Api::V3, &rows);
}

#[test]
fn fixtures_give_their_values_in_v2_and_v3() {
    for api in [Api::V2, Api::V3] {
        let (checked, differences) = fixtures::check_in(api, str::to_owned);
        assert!(!checked.is_empty());
        assert!(differences.is_empty(), "{api}:\n{}", differences.join("\n"));
    }
}

#[test]
fn decoys_change_nothing_in_v2_and_v3() {
    // Told by the first type, of whatever system: what is not known there is another one.
    let by_place =
        |api: Api, column: &str| api == Api::V2 && column.contains("CCLF7.PRVDR_SRVC_ID_QLFYR_CD");
    for api in [Api::V2, Api::V3] {
        let (_, mut differences) = fixtures::check_in(api, decoys::with_decoys);
        differences.retain(|difference| !by_place(api, difference));
        assert!(differences.is_empty(), "{api}:\n{}", differences.join("\n"));
    }
    let Some(shared) = shared() else { return };
    let mut differences = Vec::new();
    for api in [Api::V2, Api::V3] {
        let plan = Plan::of(api);
        for line in shared.lines(&format!("r4/{api}/ExplanationOfBenefit.ndjson")) {
            // What is no claim of CCLF is not one with decoys.
            let Ok(plain) = product::claim_in(plan, &line, None) else { continue };
            let decoyed = decoys::with_decoys(&line);
            assert!(decoyed.contains("DECOY"));
            let decoyed = product::claim_in(plan, &decoyed, None).expect("a claim with decoys");
            for def in plan.crosswalk().tables() {
                for column in &def.columns {
                    let (table, name) = (def.table, column.name.as_str());
                    let (plain, decoyed) = (plain.column(table, name), decoyed.column(table, name));
                    let at = format!("{api}, {table}.{name}");
                    if plain != decoyed && !by_place(api, &at) {
                        differences.push(format!("{at}: expected {plain:?}, found {decoyed:?}"));
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The lineage columns of golden claims are what the records say of themselves.
#[test]
fn lineage_is_the_record_s() {
    let Some(shared) = shared() else { return };
    for api in [Api::V2, Api::V3] {
        for line in shared.lines(&format!("r4/{api}/ExplanationOfBenefit.ndjson")) {
            let Ok(found) = product::claim_in(Plan::of(api), &line, None) else { continue };
            let json: Value = serde_json::from_str(&line).expect("JSON");
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let tag = |system: &str| {
                let tags = json["meta"]["tag"].as_array().into_iter().flatten();
                let mut tags = tags
                    .filter(|tag| tag["system"].as_str().is_some_and(|own| own.ends_with(system)));
                tags.next().and_then(|tag| text(&tag["code"]))
            };
            let group = json["identifier"].as_array().expect("identifiers").iter();
            let mut group = group.filter(|own| {
                own["system"].as_str().is_some_and(|own| own.ends_with("claim-group"))
            });
            let expected = [
                ("BCDA_EOB_ID", text(&json["id"])),
                ("BCDA_STATUS", text(&json["status"])),
                ("BCDA_CLM_GRP_ID", group.next().and_then(|own| text(&own["value"]))),
                ("BCDA_FINAL", Some("true".to_owned())),
                ("BCDA_API", Some(api.name().to_owned())),
                ("BCDA_SYSTEM", tag("/System-Type")),
            ];
            let header = [Table::Cclf1, Table::Cclf5, Table::Cclf6, Table::Cclf7];
            let mut rows = 0;
            for (table, (name, value)) in
                header.iter().flat_map(|table| expected.iter().map(move |own| (*table, own)))
            {
                for found in found.column(table, name) {
                    assert_eq!(found, *value, "{api}, {table}.{name}");
                    rows += 1;
                }
            }
            assert!(rows > 0, "{api}");
        }
    }
}

#[test]
fn columns_with_a_source_are_the_reference_s() {
    let Some(shared) = shared() else { return };
    for api in [Api::V2, Api::V3] {
        let rows = shared.crosswalk_of(api);
        for def in Crosswalk::of(api).tables() {
            for column in &def.columns {
                let at = format!("{api}, {}.{}", def.table, column.name);
                let row = rows
                    .iter()
                    .find(|row| row.file == def.table.name() && row.column == column.name)
                    .unwrap_or_else(|| panic!("{at} is not in the reference"));
                assert_eq!(column.expr.is_some(), row.has_source(), "{at}");
            }
        }
    }
}

#[test]
fn every_version_has_the_same_layout() {
    let first = Crosswalk::of(Api::V1);
    for api in [Api::V1, Api::V2, Api::V3] {
        let crosswalk = Plan::of(api).crosswalk();
        assert_eq!(crosswalk.api(), api);
        let tables = |crosswalk: &Crosswalk| {
            crosswalk.tables().iter().map(|def| (def.table, def.title.clone())).collect::<Vec<_>>()
        };
        assert_eq!(tables(crosswalk), tables(first), "{api}");
        for (def, expected) in crosswalk.tables().iter().zip(first.tables()) {
            assert_eq!(def.columns.len(), expected.columns.len(), "{api}, {}", def.table);
            assert_eq!(def.claim_types, expected.claim_types, "{api}, {}", def.table);
            for (column, expected) in def.columns.iter().zip(&expected.columns) {
                let at = format!("{api}, {}.{}", def.table, column.name);
                assert_eq!(column.name, expected.name, "{at}");
                assert_eq!(column.label, expected.label, "{at}");
                assert_eq!(column.format, expected.format, "{at}");
                assert_eq!(column.width, expected.width, "{at}");
                assert_eq!(column.column_type, expected.column_type, "{at}");
                let has_reason = column.expr.is_some() || !column.note.is_empty();
                assert!(has_reason, "{at}: no source and no reason");
            }
        }
        let (lineage, expected) = (crosswalk.lineage(), first.lineage());
        assert_eq!(lineage.len(), expected.len(), "{api}");
        for (column, expected) in lineage.iter().zip(expected) {
            assert_eq!(column.name, expected.name, "{api}");
            assert_eq!(column.column_type, expected.column_type, "{api}, {}", column.name);
            assert_eq!(column.claims_only, expected.claims_only, "{api}, {}", column.name);
            let has_reason = column.expr.is_some() || !column.note.is_empty();
            assert!(has_reason, "{api}, {}: no source and no reason", column.name);
        }
    }
}

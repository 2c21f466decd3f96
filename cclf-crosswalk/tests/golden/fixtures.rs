//! Records of our own, wholly made up, for what no golden record fills, with the values they should give.

use cclf_crosswalk::{ClaimType, Table};

use super::product::{self, People};
use super::reference::parse;

const CLAIMS: &str = include_str!("../fixtures/claims.ndjson");
const PEOPLE: &str = include_str!("../fixtures/people.ndjson");
const EXPECTED: &str = include_str!("../fixtures/expected.csv");

/// FILE_DATE of the fixtures: 2021-03-01, in days since 1970-01-01.
const FILE_DATE: i32 = 18_687;

/// A column that a fixture was compared in.
pub(crate) struct Checked {
    pub(crate) table: Table,
    pub(crate) column: String,
    /// The type of the claim; `None` for people.
    pub(crate) claim_type: Option<ClaimType>,
    /// Whether a value was expected, not a null.
    pub(crate) filled: bool,
}

/// Compares every value of `expected.csv` on the records as `change` gives them back; gives what was
/// compared, and what differs.
pub(crate) fn check(change: impl Fn(&str) -> String) -> (Vec<Checked>, Vec<String>) {
    let owned = |text: &str| text.lines().map(&change).collect::<Vec<_>>();
    let claims = owned(CLAIMS);
    let people = People::read(&owned(PEOPLE), &claims, Some(FILE_DATE)).expect("readable fixtures");
    let (mut checked, mut differences) = (Vec::new(), Vec::new());
    for row in parse(EXPECTED, b',') {
        let (record, name) = (row["record"].as_str(), row["column"].as_str());
        let table: Table = row["table"].parse().expect("a table");
        let number: usize = row["row"].parse().expect("a row number");
        let wanted = (!row["value"].is_empty()).then(|| row["value"].clone());
        let id = format!("\"id\":\"{record}\"");
        let (claim_type, values) = if matches!(table, Table::Cclf8 | Table::Cclf9) {
            (None, people.rows(record).get(&table).map(|rows| rows.column(name)))
        } else {
            let line = claims.iter().find(|line| line.contains(&id));
            let line = line.unwrap_or_else(|| panic!("no claim {record}"));
            let mbi = product::patient(line).and_then(|patient| people.mbi(&patient));
            let rows = product::claim(line, mbi).expect("a readable claim");
            (Some(rows.claim_type), Some(rows.column(table, name)))
        };
        let found = values.unwrap_or_default().into_iter().nth(number - 1);
        if found.as_ref() != Some(&wanted) {
            differences.push(format!(
                "{table}.{name}, fixture {record}, row {number}: expected {wanted:?}, found {found:?}"
            ));
        }
        let (column, filled) = (name.to_owned(), wanted.is_some());
        checked.push(Checked { table, column, claim_type, filled });
    }
    (checked, differences)
}

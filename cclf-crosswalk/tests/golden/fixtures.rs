//! Records of our own, wholly made up, for what no golden record fills, with the values they should give.

use cclf_crosswalk::{Api, ClaimType, Plan, Table};

use super::product::{self, People};
use super::reference::parse;

/// The records of one version, and what they should give.
struct Texts {
    claims: &'static str,
    people: &'static str,
    expected: &'static str,
}

/// The fixtures of a version.
fn texts(api: Api) -> Texts {
    match api {
        Api::V1 => Texts {
            claims: include_str!("../fixtures/claims.ndjson"),
            people: include_str!("../fixtures/people.ndjson"),
            expected: include_str!("../fixtures/expected.csv"),
        },
        Api::V2 => Texts {
            claims: include_str!("../fixtures/v2-claims.ndjson"),
            people: include_str!("../fixtures/v2-people.ndjson"),
            expected: include_str!("../fixtures/v2-expected.csv"),
        },
        Api::V3 => Texts {
            claims: include_str!("../fixtures/v3-claims.ndjson"),
            people: include_str!("../fixtures/v3-people.ndjson"),
            expected: include_str!("../fixtures/v3-expected.csv"),
        },
    }
}

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

/// Compares every value of `expected.csv` on the records of v1 as `change` gives them back; gives what was
/// compared, and what differs.
pub(crate) fn check(change: impl Fn(&str) -> String) -> (Vec<Checked>, Vec<String>) {
    check_in(Api::V1, change)
}

/// The same of a version's fixtures.
pub(crate) fn check_in(api: Api, change: impl Fn(&str) -> String) -> (Vec<Checked>, Vec<String>) {
    let (plan, texts) = (Plan::of(api), texts(api));
    let owned = |text: &str| text.lines().map(&change).collect::<Vec<_>>();
    let claims = owned(texts.claims);
    let people = People::read_in(plan, &owned(texts.people), &claims, Some(FILE_DATE))
        .expect("readable fixtures");
    let (mut checked, mut differences) = (Vec::new(), Vec::new());
    for row in parse(texts.expected, b',') {
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
            let mbi = product::patient_in(plan, line).and_then(|patient| people.mbi(&patient));
            let rows = product::claim_in(plan, line, mbi).expect("a readable claim");
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

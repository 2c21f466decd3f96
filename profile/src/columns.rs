//! How much of each column is filled, as it is shown, and why what is empty cannot be filled.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::{Crosswalk, Table};
use results::{Finished, Source};
use serde::Serialize;

use crate::disclosure::{FEWEST, is_small};
use crate::fill::{Fill, Filled};

/// Columns by which the profile is cut: what is empty of them stands there as a category of its own, perhaps with others, and
/// the two together would tell what was merged. They are shown where they are filled or empty throughout. CLM_FROM_DT is empty
/// where CLM_THRU_DT is, and BENE_DOB where BENE_AGE is.
const CUT_BY: [&str; 13] = [
    "CLM_TYPE_CD",
    "CLM_FROM_DT",
    "CLM_THRU_DT",
    "CLM_PMT_AMT",
    "CLM_LINE_CVRD_PD_AMT",
    "DGNS_DRG_CD",
    "CLM_POS_CD",
    "CLM_LINE_HCPCS_CD",
    "BENE_AGE",
    "BENE_DOB",
    "BENE_SEX_CD",
    "BENE_DUAL_STUS_CD",
    "BENE_MDCR_STUS_CD",
];
/// Of CCLF7 this is the date, and this the amount.
const CUT_BY_OF_PART_D: [&str; 2] = ["CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT"];

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableFill {
    /// CMS's name.
    pub table: &'static str,
    /// Rows of final claims; of CCLF8 people, of CCLF9 rows. None if they are of 1 to 10 people.
    pub rows: Option<u64>,
    /// Its columns.
    pub columns: Vec<ColumnFill>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnFill {
    /// CMS's name.
    pub column: String,
    /// Rows in which it is filled; none where that, or in how many it is empty, is of 1 to 10 people.
    pub filled: Option<u64>,
    /// The share of all rows, final or not, in which it was filled in the last run, in percent; where the tables were brought
    /// up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent_before: Option<u64>,
    /// Why it cannot be filled from this version of the API, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_source: Option<String>,
}

pub(crate) fn shown(
    finished: &Finished,
    fills: &BTreeMap<Table, Mutex<Fill>>,
    shows_small: bool,
) -> Vec<TableFill> {
    let crosswalk = match finished.source() {
        Source::Bcda(api) => Some(Crosswalk::of(api)),
        Source::Cclf => None,
    };
    let table = |(table, stored): (Table, &convert::building::StoredTable)| {
        let fill = fills[&table].lock().unwrap_or_else(PoisonError::into_inner);
        let of_people = table == Table::Cclf8;
        let rows = if of_people { fill.people.len() } else { fill.rows };
        // A hidden column may have 1 row less than all: with fewer rows it could not have the fewest.
        let is_hidden = !shows_small && rows > 0 && (is_small(fill.people.len()) || rows <= FEWEST);
        let names = stored.schema().fields().iter().map(|field| field.name());
        let none = Filled::default();
        let column = |(place, name): (usize, &String)| {
            let own = fill.columns.get(place).unwrap_or(&none);
            let people = own.people.len();
            let (filled, without) =
                if of_people { (people, rows - people) } else { (own.rows, own.without.len()) };
            let is_cut_by = CUT_BY.contains(&name.as_str())
                || (table == Table::Cclf7 && CUT_BY_OF_PART_D.contains(&name.as_str()));
            let is_mixed = filled > 0 && filled < rows;
            let hides = !shows_small
                && (is_hidden || is_small(people) || is_small(without) || (is_cut_by && is_mixed));
            ColumnFill {
                column: name.clone(),
                filled: (!hides).then_some(filled),
                percent_before: None,
                no_source: crosswalk.and_then(|crosswalk| no_source(crosswalk, table, name)),
            }
        };
        TableFill {
            table: table.name(),
            rows: (!is_hidden).then_some(rows),
            columns: names.enumerate().map(column).collect(),
        }
    };
    finished.tables().map(table).collect()
}

/// Why a column has no source in a version of the API.
fn no_source(crosswalk: &Crosswalk, table: Table, column: &str) -> Option<String> {
    let def = crosswalk.table(table);
    let of_layout = def.columns.iter().map(|own| (&own.name, &own.source, &own.note));
    let lineage = crosswalk.lineage_of(table).map(|own| (&own.name, &own.source, &own.note));
    let (_, source, note) = of_layout.chain(lineage).find(|(name, ..)| *name == column)?;
    (source == "-").then(|| note.clone())
}

//! What a reconciliation says.

use serde::Serialize;

use super::kind::Kind;
use super::reason::Reason;
use super::rungs::Rung;
use super::side::{Both, Side};
use crate::current::Resolved;

/// Version of the form of [`Reconciliation`]: it grows when a member goes or means something else, not when one is added.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// How far two results may be apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// Claims that are not matched, ambiguous ones among them, in millionths of all claims of both sides.
    pub unmatched_millionths: u32,
    /// Cents that the sums of each claim type may be apart, and that the matched claims of each may differ in all.
    pub cents: u64,
}

/// Where two results agree. It holds no value and no id of the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Version of this form.
    pub schema_version: u32,
    /// Version of the program.
    pub version: &'static str,
    /// Version of the crosswalk.
    pub crosswalk_version: &'static str,
    /// The two results.
    pub sides: Both<SideReport>,
    /// Whether both number claims alike. Where they do not, no claim is matched by its number, and CUR_CLM_UNIQ_ID is not
    /// compared.
    pub are_numbers_shared: bool,
    /// Claims of each table of claims.
    pub claims: Vec<ClaimsReport>,
    /// People by their most recent MBI, of CCLF8.
    pub people: PeopleReport,
    /// Rows of matched claims and people, table by table, and their columns.
    pub tables: Vec<TableReport>,
    /// Claims and amounts by type and month.
    pub sums: Vec<SumReport>,
    /// The 20 most frequent kinds of difference, the most frequent first.
    pub kinds: Vec<KindReport>,
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideReport {
    /// Where its tables come from: `v1`, `v2`, `v3` or `cclf`.
    pub source: &'static str,
    /// The newest FILE_DATE among its claims.
    pub newest_file_date: Option<String>,
    /// What became of the rows that are not final, where it is a history of CMS's: what is unresolved is not compared.
    pub resolved: Resolved,
}

/// Claims of a table. A claim is all final rows of one CUR_CLM_UNIQ_ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimsReport {
    /// The table.
    pub table: &'static str,
    /// All claims.
    pub all: Both<u64>,
    /// Pairs of claims.
    pub matched: u64,
    /// The same, by what they were matched.
    pub by_rung: Vec<RungReport>,
    /// Claims that share a key with several of the other side, and no amount: they could be paired in several ways.
    pub ambiguous: Both<u64>,
    /// People of the claims of a side that are not matched; 11 are 11 or more.
    pub unmatched_people: Both<u64>,
    /// Claims that the other side lacks.
    pub only: Both<u64>,
    /// The same, by the first reason that applies.
    pub by_reason: Vec<ReasonReport>,
}

/// Claims that were matched by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RungReport {
    /// The key.
    pub rung: Rung,
    /// Pairs.
    pub claims: u64,
}

/// Claims that are on one side only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonReport {
    /// The side that has them.
    pub side: Side,
    /// Why the other one may lack them.
    pub reason: Reason,
    /// How many.
    pub claims: u64,
    /// Their amounts.
    pub cents: i64,
    /// Their people; 11 are 11 or more.
    pub people: u64,
}

/// People of CCLF8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeopleReport {
    /// People of each side.
    pub all: Both<u64>,
    /// People of both.
    pub matched: u64,
    /// People of one side only.
    pub only: Both<u64>,
}

/// Rows of a table that belong to matched claims, or to people of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// The table.
    pub table: &'static str,
    /// Rows of the same line of the same claim.
    pub matched: u64,
    /// Those of them that differ in any column.
    pub different: u64,
    /// Rows that the same claim lacks on the other side.
    pub only: Both<u64>,
    /// The columns of the layout, of matched rows.
    pub columns: Vec<ColumnReport>,
    /// Columns that are not compared: numbers of claims that the sides give each their own.
    pub not_compared: Vec<String>,
}

/// A column in the matched rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// The column.
    pub column: String,
    /// How often both have the same value.
    pub equal: u64,
    /// How often both have none.
    pub both_null: u64,
    /// How often only the one has a value.
    pub only: Both<u64>,
    /// How often the values differ.
    pub different: u64,
}

/// Claims and amounts of a claim type and month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SumReport {
    /// The table.
    pub table: &'static str,
    /// CLM_TYPE_CD.
    pub claim_type: Option<String>,
    /// The month of CLM_THRU_DT, of drug events that of CLM_LINE_FROM_DT.
    pub month: Option<String>,
    /// All final claims.
    pub all: Both<Sum>,
    /// Those of them that were matched.
    pub matched: Both<Sum>,
    /// What the amounts of matched claims differ by, taken together without their signs; in the row of the left claim.
    pub apart_cents: u64,
}

/// Claims and their amounts: of CCLF1 CLM_PMT_AMT, of CCLF5 and CCLF6 CLM_LINE_CVRD_PD_AMT, of CCLF7 CLM_LINE_BENE_PMT_AMT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// How many.
    pub claims: u64,
    /// Their amounts.
    pub cents: i64,
}

/// A kind of difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindReport {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: String,
    /// In what way it differs.
    pub kind: Kind,
    /// In how many rows.
    pub rows: u64,
}

impl Reconciliation {
    /// Whether the two results are as near to each other as that. Columns do not count, only claims and amounts.
    pub fn is_within(&self, tolerance: &Tolerance) -> bool {
        let all: u64 = self.claims.iter().map(|table| table.all.left + table.all.right).sum();
        let matched: u64 = self.claims.iter().map(|table| table.matched).sum();
        let unmatched = u128::from(all - 2 * matched);
        if unmatched * 1_000_000 > u128::from(all) * u128::from(tolerance.unmatched_millionths) {
            return false;
        }
        // Of each type: the claims that are there only once count in the sums, those that differ in what they differ by.
        self.sums
            .chunk_by(|one, next| one.table == next.table && one.claim_type == next.claim_type)
            .all(|months| {
                let sum = |side: Side| -> i128 {
                    months.iter().map(|month| i128::from(month.all[side].cents)).sum()
                };
                let apart: u64 = months.iter().map(|month| month.apart_cents).sum();
                let between = (sum(Side::Left) - sum(Side::Right)).unsigned_abs();
                between <= u128::from(tolerance.cents) && apart <= tolerance.cents
            })
    }

    /// The report as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

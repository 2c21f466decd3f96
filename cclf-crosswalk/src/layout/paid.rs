//! What was paid: which amounts of which tables add up to it, and what claim types are called where it is told.

use crate::layout::table::Table;

/// The tables of what was paid, and the column of the amount, of final claims. CCLF2 has no part in it: its lines are those
/// of CCLF1.
pub const PAID: [(Table, &str); 3] = [
    (Table::Cclf1, "CLM_PMT_AMT"),
    (Table::Cclf5, "CLM_LINE_CVRD_PD_AMT"),
    (Table::Cclf6, "CLM_LINE_CVRD_PD_AMT"),
];

/// Of drug events there is only what the patient paid: it is no part of what was paid.
pub const PART_D_PATIENTS: (Table, &str) = (Table::Cclf7, "CLM_LINE_BENE_PMT_AMT");

/// What claim types are called, in the order in which they are shown.
pub const CLAIM_TYPE_NAMES: [&str; 10] = [
    "inpatient",
    "skilled nursing",
    "swing bed",
    "outpatient",
    "home health",
    "hospice",
    "physician",
    "equipment",
    "other",
    "no type",
];

/// What a claim type is called, by CLM_TYPE_CD; empty where a claim has none.
pub fn claim_type_name(code: &str) -> &'static str {
    match code {
        "10" => "home health",
        "20" => "skilled nursing",
        "30" => "swing bed",
        "40" => "outpatient",
        "50" => "hospice",
        "60" | "61" => "inpatient",
        "71" | "72" => "physician",
        "81" | "82" => "equipment",
        "" => "no type",
        _ => "other",
    }
}

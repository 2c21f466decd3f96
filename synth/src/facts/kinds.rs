//! What tells the five institutional types apart: codes to draw from, and which optional parts each has.

use super::claim_type::ClaimType;
use super::diagnosis::Lists;
use crate::codes::Coded;

/// One institutional type.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) nch_types: &'static [Coded],
    pub(crate) near_line: Coded,
    pub(crate) facility_types: &'static [Coded],
    pub(crate) classification: Coded,
    pub(crate) revenue: &'static [&'static str],
    pub(crate) lists: Lists,
    /// v1 tells the query code, and information tells whether a plan paid.
    pub(crate) query: bool,
    /// Operating and other physicians, and the most procedures.
    pub(crate) procedures: Option<u32>,
    pub(crate) modifiers: bool,
    pub(crate) line_date: bool,
    pub(crate) revenue_status: bool,
    pub(crate) deductible: bool,
    /// The service may have a drug code.
    pub(crate) service_ndc: bool,
}

const LISTS: Lists = Lists {
    admitting: false,
    drg: false,
    inpatient: false,
    external: true,
    reason_for_visit: false,
    secondary: 24,
};

const HHA: Kind = Kind {
    nch_types: &[("10", "Home health")],
    near_line: ("W", "Part B institution"),
    facility_types: &[("3", "Home health")],
    classification: ("2", ""),
    revenue: &["0023", "0270", "0420", "0430", "0550", "0551", "0570"],
    lists: LISTS,
    query: false,
    procedures: None,
    modifiers: true,
    line_date: true,
    revenue_status: true,
    deductible: true,
    service_ndc: false,
};

const HOSPICE: Kind = Kind {
    nch_types: &[("50", "Hospice")],
    near_line: ("V", "Part A institution"),
    facility_types: &[("8", "Special facility")],
    classification: ("1", ""),
    revenue: &["0650", "0651", "0652", "0655", "0656", "0657", "0551"],
    lists: LISTS,
    query: false,
    procedures: None,
    modifiers: true,
    line_date: true,
    revenue_status: false,
    deductible: true,
    service_ndc: false,
};

const INPATIENT: Kind = Kind {
    nch_types: &[("60", "Hospital stay"), ("60", "Hospital stay"), ("61", "Stay, \"plan\" paid")],
    near_line: ("V", "Part A institution"),
    facility_types: &[("1", "Hospital")],
    classification: ("1", ""),
    revenue: &[
        "0120", "0200", "0250", "0258", "0270", "0300", "0320", "0360", "0420", "0450", "0710",
        "0001",
    ],
    lists: Lists { admitting: true, drg: true, inpatient: true, ..LISTS },
    query: true,
    procedures: Some(8),
    modifiers: false,
    line_date: false,
    revenue_status: false,
    deductible: true,
    service_ndc: false,
};

const OUTPATIENT: Kind = Kind {
    nch_types: &[("40", "Hospital outpatient")],
    near_line: ("W", "Part B institution"),
    facility_types: &[("1", "Hospital"), ("1", "Hospital"), ("7", "Clinic & centre")],
    classification: ("3", ""),
    revenue: &[
        "0250", "0260", "0270", "0300", "0305", "0320", "0360", "0420", "0450", "0510", "0636",
        "0761", "0001",
    ],
    lists: Lists { reason_for_visit: true, ..LISTS },
    query: true,
    procedures: Some(1),
    modifiers: true,
    line_date: true,
    revenue_status: true,
    deductible: false,
    service_ndc: true,
};

const SNF: Kind = Kind {
    nch_types: &[("20", "Nursing stay"), ("20", "Nursing stay"), ("30", "Swing bed & stay")],
    near_line: ("V", "Part A institution"),
    facility_types: &[("2", "Nursing facility"), ("1", "Hospital")],
    classification: ("1", ""),
    revenue: &["0022", "0120", "0250", "0270", "0420", "0430", "0440", "0001"],
    lists: Lists { admitting: true, drg: true, ..LISTS },
    query: true,
    procedures: Some(2),
    modifiers: false,
    line_date: false,
    revenue_status: false,
    deductible: true,
    service_ndc: false,
};

impl Kind {
    /// What is particular to the type; Part B and Part D are none of these, and count as outpatient.
    pub(crate) fn of(claim_type: ClaimType) -> &'static Self {
        match claim_type {
            ClaimType::Hha => &HHA,
            ClaimType::Hospice => &HOSPICE,
            ClaimType::Inpatient => &INPATIENT,
            ClaimType::Snf => &SNF,
            _ => &OUTPATIENT,
        }
    }
}

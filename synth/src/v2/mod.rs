//! v2: FHIR R4 of the Chronic Conditions Warehouse, as BCDA v2 writes it.
//!
//! Codes and numbers are those of v1; elements and categories are others, and a blank code is not written at all.

mod care_team;
mod claim;
mod coverage;
mod diagnosis;
mod header;
mod institutional;
mod part_b;
mod parts;
mod patient;
mod pde;
mod supporting;

pub(crate) use claim::write as write_claim;
pub(crate) use coverage::write as write_coverage;
pub(crate) use patient::write as write_patient;

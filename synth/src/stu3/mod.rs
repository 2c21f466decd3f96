//! v1: FHIR STU3, as BCDA v1 writes it.

mod care_team;
mod claim;
mod coverage;
mod diagnosis;
mod fhir;
mod header;
mod institutional;
mod part_b;
mod patient;
mod pde;

pub(crate) use claim::write as write_claim;
pub(crate) use coverage::write as write_coverage;
pub(crate) use patient::write as write_patient;

//! v3: FHIR R4 of the Integrated Data Repository, as BCDA v3 writes it.
//!
//! Claims and people have other numbers than in v1 and v2. What the repository does not tell is left out: BETOS codes,
//! address lines, providers that its directory does not know. Hospice, outpatient and DME claims are written as the
//! server writes home health, SNF and carrier claims: of them no answer of the server is public.

mod care_team;
mod claim;
mod contained;
mod coverage;
mod diagnosis;
mod header;
mod institutional;
mod items;
mod part_b;
mod parts;
mod patient;
mod pde;
mod prior;
mod supporting;

pub(crate) use claim::write as write_claim;
pub(crate) use coverage::{dual_id, id as coverage_id, write as write_coverage, write_dual};
pub(crate) use header::claim_id;
pub(crate) use patient::{write as write_patient, write_merged};
pub(crate) use prior::{id as authorization_id, write as write_authorization};

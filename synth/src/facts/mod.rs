//! What a claim, a person and a coverage are, before anybody writes them.
//!
//! Everything that is drawn is drawn here, in an order that is part of the output: another order gives other exports
//! for the same seed. The writers of the versions ([`crate::stu3`], [`crate::v2`], [`crate::v3`]) draw nothing, so all
//! of them tell of the same people and the same claims.

pub(crate) mod claim;
pub(crate) mod claim_type;
pub(crate) mod correction;
pub(crate) mod coverage;
pub(crate) mod diagnosis;
pub(crate) mod header;
pub(crate) mod institutional;
pub(crate) mod kinds;
pub(crate) mod life;
pub(crate) mod part_b;
pub(crate) mod patient;
pub(crate) mod pde;
pub(crate) mod person;
pub(crate) mod repository;

//! The STU3 types: resources, their nested elements, datatypes and codes.
//!
//! They are generated from `elements.csv` and `codes.csv` in this folder
//! (`cargo run -p bcda-fhir-model --example generate`). By the element table, a field is
//!
//! | element | field |
//! | --- | --- |
//! | one primitive | `Option<Str>`, `Option<Decimal>`, `Option<Lexical<Date>>`, ... |
//! | list of primitives | `Vec<Option<Str>>`; an empty slot is a `null`, which pairs values with their siblings |
//! | one object | `Option<Box<Period>>` |
//! | list of objects | `Vec<Coding>` |
//! | choice of types | `Option<ExtensionValue>`, an enum |
//! | code with a required binding | an enum with `Unlisted` for other codes |
//!
//! and every struct has an [`Extra`] for the rest.

pub(crate) mod generated;
pub(crate) mod resource;

pub use generated::datatypes::{Extra, Siblings};
pub use resource::{Resource, from_reader, from_slice};

pub use generated::coverage::Coverage;
pub use generated::explanation_of_benefit::ExplanationOfBenefit;
pub use generated::observation::Observation;
pub use generated::operation_outcome::OperationOutcome;
pub use generated::patient::Patient;
pub use generated::referral_request::ReferralRequest;
pub use generated::{
    codes, coverage, datatypes, explanation_of_benefit, observation, operation_outcome, patient,
    referral_request,
};

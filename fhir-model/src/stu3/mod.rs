//! The STU3 types: resources, their nested elements, datatypes and codes.
//!
//! They are generated from `elements.csv` and `codes.csv` in this folder
//! (`cargo run -p bcda-fhir-model --example generate`). By the element table, a field is
//!
//! | element | field |
//! | --- | --- |
//! | one primitive | `Option<Str>`, `Option<Decimal>`, `Option<Lexical<Date>>`, ... |
//! | list of primitives | `ThinVec<Option<Str>>`; an empty slot is a `null`, which pairs values with their siblings |
//! | one object | `Option<Box<Period>>`; in place, as `Option<CodeableConcept>`, where its minimum is 1 or claims nearly always have it |
//! | list of objects | `ThinVec<Extension>`; `Few<Coding>` in a concept, which nearly always has one |
//! | choice of types | `Option<ExtensionValue>`, an enum |
//! | code with a required binding | an enum with `Unlisted` for other codes |
//!
//! and every struct has an [`Extra`] for the rest.
//!
//! What lies where decides how fast records are read: members that every record has cost no allocation of their own, and
//! members that are absent cost a word or two. [`ThinVec`](crate::ThinVec) is a `Vec` one word wide, [`Few`](crate::Few)
//! has its only entry in place, and [`Str`](crate::Str) is two words.
//!
//! ```
//! use fhir_model::stu3::Patient;
//! use fhir_model::stu3::datatypes::{Coding, Extension, ExtensionValue};
//! use fhir_model::thin_vec;
//!
//! let coding = Coding { code: Some("W".into()), ..Coding::default() };
//! let race = Extension {
//!     url: Some("https://example.org/race".into()),
//!     value: Some(ExtensionValue::Coding(coding)),
//!     ..Extension::default()
//! };
//! let patient = Patient { extension: thin_vec![race], ..Patient::default() };
//! assert_eq!(patient.extension.len(), 1);
//! ```

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

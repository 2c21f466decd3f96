//! The R4 types: resources, their nested elements, datatypes and codes, as versions 2 and 3 of the Beneficiary Claims
//! Data API write them.
//!
//! They are generated from `elements.csv` and `codes.csv` in this folder, by the rules of [`stu3`](crate::stu3), and are
//! read by [`from_slice`] and [`from_reader`] of this module; all else is the same for both releases.
//!
//! ```
//! use fhir_model::r4::{Resource, from_slice};
//!
//! // A made-up claim of version 3.
//! let line = br##"{
//!   "contained": [{"id": "provider", "resourceType": "Organization", "identifier": [
//!     {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000000"}
//!   ]}],
//!   "id": "1",
//!   "provider": {"reference": "#provider"},
//!   "resourceType": "ExplanationOfBenefit",
//!   "use": "claim"
//! }"##;
//! let Resource::ExplanationOfBenefit(claim) = from_slice(line)? else { panic!("another type") };
//! let Resource::Organization(provider) = &claim.contained[0] else { panic!("another type") };
//! assert_eq!(provider.identifier[0].value.as_deref(), Some("1000000000"));
//! # Ok::<(), fhir_model::Error>(())
//! ```

pub(crate) mod generated;
pub(crate) mod resource;

pub use generated::claim::Claim;
pub use generated::claim_response::ClaimResponse;
pub use generated::coverage::Coverage;
pub use generated::datatypes::{Extra, Siblings};
pub use generated::explanation_of_benefit::ExplanationOfBenefit;
pub use generated::operation_outcome::OperationOutcome;
pub use generated::organization::Organization;
pub use generated::patient::Patient;
pub use generated::practitioner::Practitioner;
pub use generated::{
    claim, claim_response, codes, coverage, datatypes, explanation_of_benefit, operation_outcome,
    organization, patient, practitioner,
};
pub use resource::{Resource, from_reader, from_slice};

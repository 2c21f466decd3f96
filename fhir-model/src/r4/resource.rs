//! Any resource of R4, and reading it.

use std::io::Read;

use super::generated::{
    claim::Claim, claim_response::ClaimResponse, coverage::Coverage,
    explanation_of_benefit::ExplanationOfBenefit, operation_outcome::OperationOutcome,
    organization::Organization, patient::Patient, practitioner::Practitioner,
};
use crate::error::Error;
use crate::own::IntoOwned;
use crate::owned::{self, ReadError};
use crate::read;
use crate::resource::resources;
use crate::schema;

/// Reads one resource of whatever type, wherever in the object `resourceType` stands.
///
/// Strict: the bytes are UTF-8 as a whole and exactly one JSON value; no object has a member twice; no lone
/// surrogates, raw control characters or NUL in strings; at most 64 containers deep. Members that R4
/// does not know are kept, and so are resources of types that this crate does not model.
///
/// # Errors
/// The first fault that is met, with its byte and path. See [`Error`].
///
/// # Example
/// ```
/// use fhir_model::r4::{Resource, from_slice};
///
/// let line = br#"{"id":"1","outcome":"complete","resourceType":"ExplanationOfBenefit","use":"claim"}"#;
/// let Resource::ExplanationOfBenefit(claim) = from_slice(line)? else { panic!("another type") };
/// assert_eq!(claim.outcome.unwrap().as_str(), "complete");
/// # Ok::<(), fhir_model::Error>(())
/// ```
pub fn from_slice(bytes: &[u8]) -> Result<Resource<'_>, Error> {
    read::resource(bytes, &schema::R4, Resource::read_as)
}

/// Reads one resource from a source of bytes, up to its end, and keeps nothing of the source.
///
/// As strict as [`from_slice`]. One record, not one file: NDJSON is split into lines first.
///
/// # Errors
/// Faults of the source and of the record. See [`ReadError`].
///
/// # Example
/// ```
/// use fhir_model::r4::{Resource, from_reader};
///
/// let source = std::io::Cursor::new(br#"{"resourceType":"Patient","id":"-1000"}"#);
/// let patient: Resource<'static> = from_reader(source)?;
/// assert_eq!(patient.id(), Some("-1000"));
/// # Ok::<(), fhir_model::ReadError>(())
/// ```
pub fn from_reader(source: impl Read) -> Result<Resource<'static>, ReadError> {
    Ok(from_slice(&owned::bytes_of(source)?)?.into_owned())
}

resources! {
    R4;
    /// A claim as the payer settled it.
    ExplanationOfBenefit,
    /// A beneficiary.
    Patient,
    /// A part of Medicare that a beneficiary is enrolled in.
    Coverage,
    /// A provider or payer; contained in claims.
    Organization,
    /// A person who provides services; contained in claims.
    Practitioner,
    /// What went wrong, in the error files of an export.
    OperationOutcome,
    /// A claim as it was made, which v2 tells of claims that are not settled yet.
    Claim,
    /// What the payer says to it so far.
    ClaimResponse,
}

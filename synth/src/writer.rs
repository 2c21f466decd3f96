//! Which writer writes what a version of the API serves.

use crate::facts::claim::Claim;
use crate::facts::coverage::{Coverage, Part};
use crate::facts::patient::Patient;
use crate::facts::person::{Person, Version};
use crate::json::Json;
use crate::{stu3, v2};
use cms::Api;

/// Writes one ExplanationOfBenefit without the line feed.
pub(crate) fn claim(json: &mut Json, api: Api, claim: &Claim<'_>) {
    match api {
        Api::V1 => stu3::write_claim(json, claim),
        Api::V2 | Api::V3 => v2::write_claim(json, claim),
    }
}

/// Writes one Patient without the line feed.
pub(crate) fn patient(json: &mut Json, api: Api, person: &Person, version: Version) {
    let patient = Patient::draw(person, version);
    match api {
        Api::V1 => stu3::write_patient(json, person, &patient, version),
        Api::V2 | Api::V3 => v2::write_patient(json, person, &patient, version),
    }
}

/// Writes one Coverage without the line feed.
pub(crate) fn coverage(json: &mut Json, api: Api, person: &Person, part: Part, version: Version) {
    let coverage = Coverage::draw(person, part, version);
    match api {
        Api::V1 => stu3::write_coverage(json, person, &coverage),
        Api::V2 | Api::V3 => v2::write_coverage(json, person, &coverage),
    }
}

//! Which writer writes what a version of the API serves.

use crate::facts::claim::Claim;
use crate::facts::coverage::{Coverage, Part};
use crate::facts::patient::Patient;
use crate::facts::person::{Person, Version};
use crate::facts::repository::Authorization;
use crate::json::Json;
use crate::{stu3, v2, v3};
use cms::Api;

/// Writes one ExplanationOfBenefit without the line feed.
pub(crate) fn claim(json: &mut Json, api: Api, claim: &Claim<'_>) {
    match api {
        Api::V1 => stu3::write_claim(json, claim),
        Api::V2 => v2::write_claim(json, claim),
        Api::V3 => v3::write_claim(json, claim),
    }
}

/// Writes one Patient without the line feed.
pub(crate) fn patient(json: &mut Json, api: Api, person: &Person, version: Version) {
    let patient = Patient::draw(person, version);
    match api {
        Api::V1 => stu3::write_patient(json, person, &patient, version),
        Api::V2 => v2::write_patient(json, person, &patient, version),
        Api::V3 => v3::write_patient(json, person, &patient, version),
    }
}

/// Writes one Coverage without the line feed.
pub(crate) fn coverage(json: &mut Json, api: Api, person: &Person, part: Part, version: Version) {
    let coverage = Coverage::draw(person, part, version);
    match api {
        Api::V1 => stu3::write_coverage(json, person, &coverage),
        Api::V2 => v2::write_coverage(json, person, &coverage),
        Api::V3 => v3::write_coverage(json, person, &coverage),
    }
}

/// Writes a prior authorization, which v3 alone has.
pub(crate) fn authorization(json: &mut Json, claim: &Claim<'_>, prior: &Authorization) {
    v3::write_authorization(json, claim.header.person, prior, claim.header.load);
}

/// Writes what is left of a record that was merged into the person's; gives whether the version has one.
pub(crate) fn merged(json: &mut Json, api: Api, person: &Person) -> bool {
    api == Api::V3 && v3::write_merged(json, person)
}

/// Whether the version has a Coverage of the part: v3 has none of a plan that the person was never in.
pub(crate) fn has_coverage(api: Api, person: &Person, part: Part) -> bool {
    let in_plan = |plan: &crate::facts::coverage::Plan| plan.leaves > 0;
    api != Api::V3 || Coverage::draw(person, part, Version::First).plan.as_ref().is_none_or(in_plan)
}

/// Writes the Coverage that tells whether Medicaid pays too; gives whether the version has one.
pub(crate) fn dual_coverage(json: &mut Json, api: Api, person: &Person) -> bool {
    let load = || Coverage::draw(person, Part::A, Version::First).load;
    api == Api::V3 && v3::write_dual(json, person, load())
}

//! Which writer writes what a version of the API serves.

use crate::defect::RecordType;
use crate::facts::claim::Claim;
use crate::facts::coverage::{Coverage, Part};
use crate::facts::patient::Patient;
use crate::facts::person::{Person, Version};
use crate::facts::repository::{self, Authorization};
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
pub(crate) fn dual_coverage(json: &mut Json, api: Api, person: &Person, version: Version) -> bool {
    let load = || Coverage::draw(person, Part::A, version).load;
    api == Api::V3 && v3::write_dual(json, person, load())
}

/// The id of a claim.
pub(crate) fn claim_id(api: Api, claim: &Claim<'_>) -> String {
    let header = &claim.header;
    match api {
        Api::V1 | Api::V2 => format!("{}{}", header.kind.id_prefix(), header.id),
        Api::V3 => v3::claim_id(header).to_string(),
    }
}

/// The id of a prior authorization.
pub(crate) fn authorization_id(person: &Person, prior: &Authorization) -> String {
    v3::authorization_id(person, prior)
}

/// The id of the Patient.
pub(crate) fn patient_id(api: Api, person: &Person) -> String {
    match api {
        Api::V1 | Api::V2 => person.id.to_string(),
        Api::V3 => repository::person_id(person).to_string(),
    }
}

/// The ids of the Coverages.
pub(crate) fn coverage_ids(api: Api, person: &Person) -> Vec<String> {
    let parts = Part::ALL.into_iter().filter(|&part| has_coverage(api, person, part));
    let mut ids: Vec<String> = parts
        .map(|part| match api {
            Api::V1 | Api::V2 => format!("{}{}", part.names().1, person.id),
            Api::V3 => v3::coverage_id(person, &Coverage::draw(person, part, Version::First)),
        })
        .collect();
    if api == Api::V3 {
        ids.extend(v3::dual_id(person));
    }
    ids
}

/// Writes the Bundle that says of records that they are no more, without the line feed.
pub(crate) fn deletions(json: &mut Json, gone: &[(RecordType, String)]) {
    json.open();
    json.code("resourceType", "Bundle");
    json.code("type", "transaction");
    json.list_key("entry");
    for (of, id) in gone {
        json.open();
        json.open_key("request");
        json.code("method", "DELETE");
        json.code("url", &format!("{}/{id}", of.name()));
        json.close();
        json.close();
    }
    json.close_list();
    json.close();
}

//! The members that claims of all types have.

use super::parts;
use crate::codes::Coded;
use crate::facts::claim_type::ClaimType;
use crate::facts::header::Header;
use crate::facts::repository;
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4;

const CONTROL: &str = "https://bluebutton.cms.gov/identifiers/CLM-CNTL-NUM";

/// The person's number.
pub(super) fn patient_id(header: &Header<'_>) -> u64 {
    if header.orphan {
        repository::absent_id(header.person)
    } else {
        repository::person_id(header.person)
    }
}

pub(super) fn write_period(json: &mut Json, header: &Header<'_>) {
    if header.has_period {
        fhir::period(json, "billablePeriod", header.from, Some(header.thru));
    }
}

/// `created`: the day on which the claim became effective.
pub(super) fn write_created(json: &mut Json, header: &Header<'_>) {
    parts::midnight(json, "created", header.processed);
}

/// `id` and `identifier`.
pub(super) fn write_identity(json: &mut Json, header: &Header<'_>, control: Option<u64>) {
    let id = repository::claim_id(header.offset);
    fhir::number_text(json, "id", id);
    json.list_key("identifier");
    json.open();
    r4::codings(json, "type", &[(System::Carin("C4BBIdentifierType"), ("uc", "Claim number"))]);
    fhir::number_text(json, "value", id);
    json.close();
    if let Some(number) = control {
        json.open();
        json.code("system", CONTROL);
        fhir::number_text(json, "value", number);
        json.close();
    }
    json.close_list();
}

/// `insurance`, and `insurer` but for drug events.
pub(super) fn write_insurance(json: &mut Json, header: &Header<'_>) {
    json.list_key("insurance");
    json.open();
    json.open_key("coverage");
    let part = match header.kind {
        ClaimType::Pde => "Part D",
        ClaimType::Dme => "Part B",
        _ => "Part A",
    };
    json.code("display", part);
    json.raw("},\"focal\":true}]");
    if header.kind != ClaimType::Pde {
        json.raw(r##","insurer":{"reference":"#insurer-org"}"##);
    }
}

/// `meta`: the profile, the source, and what of the claim is final.
pub(super) fn write_meta(json: &mut Json, header: &Header<'_>) {
    let profile = match header.kind {
        ClaimType::Carrier | ClaimType::Dme => {
            "carin-bb/StructureDefinition/C4BB-ExplanationOfBenefit-Professional-NonClinician|2.2.0"
        }
        ClaimType::Outpatient => {
            "carin-bb/StructureDefinition/C4BB-ExplanationOfBenefit-Outpatient-Institutional|2.2.0"
        }
        ClaimType::Pde => "carin-bb/StructureDefinition/C4BB-ExplanationOfBenefit-Pharmacy|2.2.0",
        _ => "carin-bb/StructureDefinition/C4BB-ExplanationOfBenefit-Inpatient-Institutional|2.2.0",
    };
    let (source, origin) = match header.kind {
        ClaimType::Pde => ("DDPS", "DDPS"),
        _ => ("NCH", "NationalClaimsHistory"),
    };
    let action = if header.cancelled { "NotFinalAction" } else { "FinalAction" };
    parts::open_meta(json, header.load, &[profile]);
    json.code("source", source);
    json.list_key("tag");
    fhir::coding(json, System::Idr("System-Type"), (origin, ""));
    fhir::coding(json, System::Idr("Final-Action"), (action, ""));
    json.close_list();
    json.close();
}

/// `outcome` and `patient`.
pub(super) fn write_patient(json: &mut Json, header: &Header<'_>) {
    json.code("outcome", "complete");
    json.raw(",\"patient\":{\"reference\":\"Patient/");
    json.unsigned(patient_id(header));
    json.raw("\"}");
}

/// `related`: the control number of the claim that this one replaces.
pub(super) fn write_related(json: &mut Json, original: Option<u64>) {
    let Some(number) = original else { return };
    json.list_key("related");
    json.open();
    json.open_key("reference");
    json.code("system", CONTROL);
    fhir::number_text(json, "value", number);
    json.close();
    let prior = (System::Hl7("ex-relatedclaimrelationship"), ("prior", ""));
    r4::codings(json, "relationship", &[prior]);
    json.close();
    json.close_list();
}

/// `resourceType` and `status`, which is the same for all.
pub(super) fn write_status(json: &mut Json) {
    json.raw(r#","resourceType":"ExplanationOfBenefit","status":"active""#);
}

/// `type` and `use`.
pub(super) fn write_type(json: &mut Json, header: &Header<'_>, code: Coded) {
    let kind = match header.kind {
        ClaimType::Carrier | ClaimType::Dme => "professional",
        ClaimType::Pde => "pharmacy",
        _ => "institutional",
    };
    let codings = [
        (System::Idr("CLM-TYPE-CD"), code),
        (System::Hl7("claim-type"), (kind, "")),
        (System::Idr("EOB-TYPE"), (header.kind.eob_type(), "Type")),
    ];
    r4::codings(json, "type", &codings);
    json.code("use", "claim");
}

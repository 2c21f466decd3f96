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

/// The claim's number.
pub(crate) fn claim_id(header: &Header<'_>) -> u64 {
    if header.shared {
        repository::shared_id(header.offset)
    } else {
        repository::claim_id(header.offset)
    }
}

/// `id` and `identifier`.
pub(super) fn write_identity(json: &mut Json, header: &Header<'_>, control: Option<u64>) {
    let id = claim_id(header);
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
        ClaimType::Carrier if header.shared => ("MCS", "SharedSystem"),
        ClaimType::Dme if header.shared => ("VMS", "SharedSystem"),
        _ if header.shared => ("FISS", "SharedSystem"),
        _ => ("NCH", "NationalClaimsHistory"),
    };
    let last = !header.cancelled && !header.shared;
    let action = if last { "FinalAction" } else { "NotFinalAction" };
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
    json.code("outcome", if header.shared { "partial" } else { "complete" });
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

/// The type of a claim in a shared system, of four digits.
fn shared_type(claim_type: ClaimType) -> Coded {
    match claim_type {
        ClaimType::Carrier => ("2700", "Physician, in progress"),
        ClaimType::Dme => ("2800", "Equipment, in progress"),
        ClaimType::Hha => ("1032", "Home health, in progress"),
        ClaimType::Hospice => ("1081", "Hospice, in progress"),
        ClaimType::Inpatient => ("1011", "Stay, in progress"),
        ClaimType::Snf => ("1021", "Nursing stay, in progress"),
        ClaimType::Outpatient | ClaimType::Pde => ("1013", "Outpatient, in progress"),
    }
}

/// `type` and `use`.
pub(super) fn write_type(json: &mut Json, header: &Header<'_>, code: Coded) {
    let code = if header.shared { shared_type(header.kind) } else { code };
    // Older answers of the server do not say of which of the eight types it is; what is final is told by its number.
    let untold =
        if header.shared { header.offset.is_multiple_of(4) } else { header.person.old_style };
    let eob_type = if untold { "" } else { header.kind.eob_type() };
    let kind = match header.kind {
        ClaimType::Carrier | ClaimType::Dme => "professional",
        ClaimType::Pde => "pharmacy",
        _ => "institutional",
    };
    let codings = [
        (System::Idr("CLM-TYPE-CD"), code),
        (System::Hl7("claim-type"), (kind, "")),
        (System::Idr("EOB-TYPE"), (eob_type, "Type")),
    ];
    r4::codings(json, "type", &codings);
    json.code("use", "claim");
}

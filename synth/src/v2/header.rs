//! The members that claims of all types have.

use super::parts;
use crate::codes::Coded;
use crate::facts::claim_type::ClaimType;
use crate::facts::header::Header;
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4;

/// When the export was asked for.
const CREATED: &str = "2024-02-29T06:30:15+00:00";

/// `billablePeriod`, with the query code in it when the type has one.
pub(super) fn write_period(json: &mut Json, header: &Header<'_>, query: Option<Coded>) {
    if !header.has_period && query.is_none() {
        return;
    }
    json.open_key("billablePeriod");
    if header.has_period {
        json.date("end", header.thru);
    }
    if let Some(coded) = query {
        json.list_key("extension");
        fhir::extension_code(json, "claim_query_cd", coded);
        json.close_list();
    }
    if header.has_period {
        json.date("start", header.from);
    }
    json.close();
}

pub(super) fn write_created(json: &mut Json) {
    json.code("created", CREATED);
}

/// `id` and `identifier`; `variable` is that of the claim id.
pub(super) fn write_identity(
    json: &mut Json,
    header: &Header<'_>,
    variable: &'static str,
    prescription: Option<u64>,
) {
    json.key("id");
    json.raw("\"");
    json.raw(header.kind.id_prefix());
    json.signed(header.id);
    json.raw("\"");
    json.list_key("identifier");
    json.open();
    System::Variable(variable).write(json, "system");
    write_unique(json);
    json.key("value");
    json.raw("\"");
    json.signed(header.id);
    json.raw("\"");
    json.close();
    json.open();
    json.code("system", "https://bluebutton.cms.gov/resources/identifier/claim-group");
    write_unique(json);
    fhir::number_text(json, "value", header.group);
    json.close();
    if let Some(number) = prescription {
        json.open();
        System::Variable("rx_srvc_rfrnc_num").write(json, "system");
        write_unique(json);
        fhir::number_text(json, "value", number);
        json.close();
    }
    json.close_list();
}

fn write_unique(json: &mut Json) {
    r4::codings(json, "type", &[(System::Carin("C4BBIdentifierType"), ("uc", "Claim number"))]);
}

/// `insurance` and `insurer`; `more` writes the extensions of the coverage.
pub(super) fn write_insurance(json: &mut Json, header: &Header<'_>, more: impl FnOnce(&mut Json)) {
    json.list_key("insurance");
    json.open();
    json.open_key("coverage");
    more(json);
    json.key("reference");
    json.raw(match header.kind {
        ClaimType::Carrier | ClaimType::Hha | ClaimType::Outpatient => "\"Coverage/part-b-",
        ClaimType::Pde => "\"Coverage/part-d-",
        _ => "\"Coverage/part-a-",
    });
    json.signed(header.patient_id());
    json.raw("\"},\"focal\":true}],\"insurer\":{\"identifier\":{\"value\":\"CMS\"}}");
}

pub(super) fn write_meta(json: &mut Json, header: &Header<'_>) {
    let profile = match header.kind {
        ClaimType::Carrier | ClaimType::Hha => {
            "C4BB-ExplanationOfBenefit-Professional-NonClinician"
        }
        ClaimType::Outpatient => "C4BB-ExplanationOfBenefit-Outpatient-Institutional",
        ClaimType::Pde => "C4BB-ExplanationOfBenefit-Pharmacy",
        _ => "C4BB-ExplanationOfBenefit-Inpatient-Institutional",
    };
    parts::meta(json, header.load, profile);
}

/// `outcome` and `patient`.
pub(super) fn write_patient(json: &mut Json, header: &Header<'_>) {
    json.code("outcome", "complete");
    fhir::reference(json, "patient", "Patient/", header.patient_id());
}

/// `resourceType` and `status`.
pub(super) fn write_status(json: &mut Json, header: &Header<'_>) {
    json.code("resourceType", "ExplanationOfBenefit");
    json.code("status", if header.cancelled { "cancelled" } else { "active" });
}

/// `type` and `use`; drug events have no NCH type.
pub(super) fn write_type(json: &mut Json, header: &Header<'_>, nch: Option<Coded>) {
    let kind = match header.kind {
        ClaimType::Carrier | ClaimType::Hha => ("professional", "Professional"),
        ClaimType::Pde => ("pharmacy", "Pharmacy"),
        _ => ("institutional", "Institutional"),
    };
    let codings = [
        (System::Variable("nch_clm_type_cd"), nch.unwrap_or(("", ""))),
        (System::CodeList("eob-type"), (header.kind.eob_type(), "")),
        (System::Hl7("claim-type"), kind),
    ];
    r4::codings(json, "type", &codings);
    json.code("use", "claim");
}

//! The members that claims of all types have.

use super::fhir::{self, System};
use crate::codes::Coded;
use crate::facts::claim_type::ClaimType;
use crate::facts::header::Header;
use crate::json::Json;

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
    json.key("value");
    json.raw("\"");
    json.signed(header.id);
    json.raw("\"");
    json.close();
    json.open();
    json.code("system", "https://bluebutton.cms.gov/resources/identifier/claim-group");
    fhir::number_text(json, "value", header.group);
    json.close();
    if let Some(number) = prescription {
        json.open();
        System::Variable("rx_srvc_rfrnc_num").write(json, "system");
        fhir::number_text(json, "value", number);
        json.close();
    }
    json.close_list();
}

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

/// `"insurance":{"coverage":{..}}`; `more` writes the extensions of the reference.
pub(super) fn write_insurance(json: &mut Json, header: &Header<'_>, more: impl FnOnce(&mut Json)) {
    json.open_key("insurance");
    json.open_key("coverage");
    more(json);
    json.key("reference");
    json.raw(match header.kind {
        ClaimType::Inpatient | ClaimType::Snf | ClaimType::Hospice => "\"Coverage/part-a-",
        ClaimType::Pde => "\"Coverage/part-d-",
        _ => "\"Coverage/part-b-",
    });
    json.signed(header.patient_id());
    json.raw("\"");
    json.close();
    json.close();
}

pub(super) fn write_meta(json: &mut Json, header: &Header<'_>) {
    if !header.person.old_style {
        fhir::meta(json, header.load);
    }
}

pub(super) fn write_patient(json: &mut Json, header: &Header<'_>) {
    fhir::reference(json, "patient", "Patient/", header.patient_id());
}

pub(super) fn write_status(json: &mut Json, header: &Header<'_>) {
    json.code("status", if header.cancelled { "cancelled" } else { "active" });
}

/// `type.coding`; the NCH type, near line and classification codings are absent on drug events.
pub(super) fn write_type(
    json: &mut Json,
    header: &Header<'_>,
    nch: Option<Coded>,
    near_line: Option<Coded>,
    bill: Option<Coded>,
) {
    json.open_key("type");
    json.list_key("coding");
    if let Some(coded) = nch {
        fhir::coding(json, System::Variable("nch_clm_type_cd"), coded);
    }
    fhir::coding(json, System::CodeList("eob-type"), (header.kind.eob_type(), ""));
    if let Some(coded) = fhir_type(header.kind) {
        fhir::coding(json, System::Url("http://hl7.org/fhir/ex-claimtype"), coded);
    }
    if let Some(coded) = near_line {
        fhir::coding(json, System::Variable("nch_near_line_rec_ident_cd"), coded);
    }
    if let Some(coded) = bill {
        fhir::coding(json, System::Variable("clm_srvc_clsfctn_type_cd"), coded);
    }
    json.close_list();
    json.close();
}

/// The ex-claimtype coding; DME and HHA have none.
fn fhir_type(claim_type: ClaimType) -> Option<Coded> {
    match claim_type {
        ClaimType::Carrier | ClaimType::Outpatient => Some(("professional", "Professional")),
        ClaimType::Inpatient | ClaimType::Snf | ClaimType::Hospice => {
            Some(("institutional", "Institutional"))
        }
        ClaimType::Pde => Some(("pharmacy", "Pharmacy")),
        ClaimType::Dme | ClaimType::Hha => None,
    }
}

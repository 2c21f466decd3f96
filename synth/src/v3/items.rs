//! What items of all types share: services, modifiers, drugs.

use super::parts::hcpcs;
use crate::fhir::{self, NDC, System};
use crate::json::Json;
use crate::r4;
use crate::short_code::ShortCode;

const HIPPS: &str = "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/ProspMedicareFeeSvcPmtGen/HIPPSCodes";

/// All modifiers are codings of one concept.
pub(super) fn write_modifiers(json: &mut Json, modifiers: &[&'static str]) {
    if modifiers.is_empty() {
        return;
    }
    json.list_key("modifier");
    json.open();
    json.list_key("coding");
    for modifier in modifiers {
        fhir::coding(json, hcpcs(modifier), (modifier, ""));
    }
    json.raw("]}]");
}

/// The service of an item, and the payment group in the same concept.
pub(super) fn write_service(json: &mut Json, code: Option<&ShortCode>, group: Option<&str>) {
    json.open_key("productOrService");
    json.list_key("coding");
    if let Some(code) = code {
        fhir::coding(json, hcpcs(code.as_str()), (code.as_str(), ""));
    }
    if let Some(group) = group {
        fhir::coding(json, System::Url(HIPPS), (group, ""));
    }
    if code.is_none() && group.is_none() {
        let absent = ("not-applicable", "Not Applicable");
        fhir::coding(json, System::Hl7("data-absent-reason"), absent);
    }
    json.close_list();
    json.close();
}

/// `detail`: a drug, and so many parts of its unit.
pub(super) fn write_drug(json: &mut Json, ndc: &ShortCode, quantity: Option<(i64, u32)>) {
    json.list_key("detail");
    json.open();
    r4::codings(json, "productOrService", &[(System::Url(NDC), (ndc.as_str(), ""))]);
    if let Some((units, scale)) = quantity {
        json.open_key("quantity");
        json.raw(r#""code":"mL","system":"http://unitsofmeasure.org","unit":"ML""#);
        json.key("value");
        json.decimal(units, scale);
        json.close();
    }
    json.raw(",\"sequence\":1}]");
}

/// `quantity`: how many units.
pub(super) fn write_quantity(json: &mut Json, units: i64, scale: u32) {
    json.open_key("quantity");
    json.key("value");
    json.decimal(units, scale);
    json.close();
}

//! Coverage records, parts A to D of one beneficiary.

use super::fhir::{self, System};
use crate::ccw;
use crate::facts::coverage::Coverage;
use crate::facts::person::Person;
use crate::json::Json;

/// Writes one Coverage without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, coverage: &Coverage) {
    let (name, prefix) = coverage.part.names();
    json.open();
    fhir::reference(json, "beneficiary", "Patient/", person.id);
    if coverage.contracts {
        json.raw(r#","contract":[{"id":"ptc-contract1"},{"reference":"Coverage/part-a-contract1 reference"}]"#);
    }
    json.list_key("extension");
    ccw::coverage(json, person, coverage, fhir::extension_code);
    json.close_list();
    json.open_key("grouping");
    json.code("subGroup", "Medicare");
    json.code("subPlan", name);
    json.close();
    json.key("id");
    json.raw("\"");
    json.raw(prefix);
    json.signed(person.id);
    json.raw("\"");
    if !person.old_style {
        fhir::meta(json, coverage.load);
    }
    if let Some(start) = coverage.start {
        fhir::period(json, "period", start, None);
    }
    json.code("resourceType", "Coverage");
    json.code("status", if coverage.in_force() { "active" } else { "cancelled" });
    fhir::concept(json, "type", System::Url("Medicare"), (name, ""));
    json.close();
}

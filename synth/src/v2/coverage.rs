//! Coverage records, parts A to D of one beneficiary.

use super::parts;
use crate::ccw;
use crate::facts::coverage::Coverage;
use crate::facts::person::Person;
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4;

/// Writes one Coverage without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, coverage: &Coverage) {
    let (name, prefix) = coverage.part.names();
    json.open();
    fhir::reference(json, "beneficiary", "Patient/", person.id);
    json.list_key("class");
    for (kind, label, value) in [("group", "Group", "Medicare"), ("plan", "Plan", name)] {
        json.open();
        r4::codings(json, "type", &[(System::Hl7("coverage-class"), (kind, label))]);
        json.code("value", value);
        json.close();
    }
    json.close_list();
    json.list_key("extension");
    ccw::coverage(json, person, coverage, parts::extension_code);
    json.close_list();
    json.key("id");
    json.raw("\"");
    json.raw(prefix);
    json.signed(person.id);
    json.raw("\"");
    parts::meta(json, coverage.load, "C4BB-Coverage");
    json.raw(r#","payor":[{"identifier":{"value":"Centers for Medicare and Medicaid Services"}}]"#);
    if let Some(start) = coverage.start {
        // What has ended has an end.
        let end = (!coverage.in_force()).then(|| start.plus(400));
        fhir::period(json, "period", start, end);
    }
    r4::codings(
        json,
        "relationship",
        &[(System::Hl7("subscriber-relationship"), ("self", "Self"))],
    );
    json.code("resourceType", "Coverage");
    json.code("status", if coverage.in_force() { "active" } else { "cancelled" });
    if !person.old_style {
        json.code("subscriberId", person.mbi(0).as_str());
    }
    r4::codings(json, "type", &[(System::Hl7("v3-ActCode"), ("SUBSIDIZ", ""))]);
    json.close();
}

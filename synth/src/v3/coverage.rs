//! Coverage records: parts A to D of one beneficiary, and whether Medicaid pays too.

use super::parts::{self, extension, extension_text};
use crate::codes::{Coded, letters_and_fips};
use crate::date::Instant;
use crate::facts::coverage::{Coverage, Part, Plan};
use crate::facts::patient::dual_months;
use crate::facts::person::Person;
use crate::facts::repository;
use crate::fhir::{self, MBI, System};
use crate::json::Json;
use crate::r4;

const MEDICARE: &str = r#"{"active":true,"contact":[{"purpose":{"coding":[{"code":"PATINF","display":"Patient","system":"http://terminology.hl7.org/CodeSystem/contactentity-type"}]},"telecom":[{"system":"phone","value":"1-800-633-4227"},{"system":"phone","value":"TTY: 1-877-486-2048"},{"system":"url","value":"www.medicare.gov"}]}],"id":"cms-org","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Organization|2.2.0"]},"name":"Centers for Medicare and Medicaid Services","resourceType":"Organization"}"#;
const PLAN: &str = r#"{"active":true,"contact":[{"purpose":{"coding":[{"code":"PATINF","display":"Patient","system":"http://terminology.hl7.org/CodeSystem/contactentity-type"}]},"telecom":[{"system":"phone","value":"555-010-0100 ext. 1"},{"system":"phone","value":"555-010-0101 ext. 3"}]}],"id":"insurer-org","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Organization|2.2.0"]},"name":"Example Plan","resourceType":"Organization"}"#;

/// The id of a Coverage of a part.
pub(crate) fn id(person: &Person, coverage: &Coverage) -> String {
    let (prefix, id) = (coverage.part.names().1, repository::person_id(person));
    match &coverage.plan {
        None => format!("{prefix}{id}"),
        Some(plan) => format!("{prefix}{id}-{}-{}", plan.contract, plan.number),
    }
}

/// Writes one Coverage of a part without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, coverage: &Coverage) {
    let (name, _) = coverage.part.names();
    open(json, person, name, coverage.plan.as_ref(), coverage.part);
    json.list_key("extension");
    match &coverage.plan {
        None => write_entitlement(json, coverage),
        Some(plan) => write_plan(json, plan, coverage.part),
    }
    json.close_list();
    json.code("id", &id(person, coverage));
    write_identity(json, person, coverage.load);
    json.raw(if coverage.plan.is_some() {
        r##","payor":[{"reference":"#insurer-org"}]"##
    } else {
        r##","payor":[{"reference":"#cms-org"}]"##
    });
    if let Some(start) = coverage.start {
        // What has ended has an end.
        let end = (!coverage.in_force()).then(|| start.plus(400));
        fhir::period(json, "period", start, end);
    }
    let kind = match coverage.part {
        Part::A => ("1", "Medicare"),
        Part::B => ("121", "Part B"),
        Part::C => ("11", "Managed care"),
        Part::D => ("122", "Drug plan"),
    };
    close(json, person, coverage.in_force(), kind);
}

/// The id of the Coverage that tells whether Medicaid pays too, if there is one.
pub(crate) fn dual_id(person: &Person) -> Option<String> {
    (!person.old_style).then(|| format!("dual-{}", repository::person_id(person)))
}

/// Writes the Coverage that tells whether Medicaid pays too; gives whether there is one. Where no status is on record,
/// it is only an id.
pub(crate) fn write_dual(json: &mut Json, person: &Person, load: Instant) -> bool {
    let Some(id) = dual_id(person) else { return false };
    let status = dual_months(person).into_iter().rev().find(|coded| !matches!(coded.0, "" | "**"));
    let Some(status) = status else {
        json.open();
        json.code("id", &id);
        json.code("resourceType", "Coverage");
        json.close();
        return true;
    };
    open(json, person, "Dual Medicare/Medicaid", None, Part::A);
    json.list_key("extension");
    extension(json, "BENE-DUAL-STUS-CD", (status.0, ""));
    extension(json, "BENE-DUAL-TYPE-CD", (if status.0 == "NA" { "N" } else { "U" }, ""));
    if let Some((letters, _)) = letters_and_fips(crate::codes::STATES[person.state].0) {
        fhir::open_extension(json, System::Structure("MEDICAID-STATE-CD"));
        json.key("valueCoding");
        fhir::coding(json, System::Url("https://www.usps.com"), (letters, ""));
        json.close();
    }
    json.close_list();
    json.code("id", &id);
    write_identity(json, person, load);
    json.raw(r##","payor":[{"reference":"#cms-org"}]"##);
    fhir::period(json, "period", crate::date::Day::from_ymd(2018, 7, 1), None);
    close(json, person, true, ("14", "Dual"));
    true
}

/// The members up to `contained`.
fn open(json: &mut Json, person: &Person, name: &str, plan: Option<&Plan>, part: Part) {
    json.open();
    json.raw("\"beneficiary\":{\"reference\":\"Patient/");
    json.unsigned(repository::person_id(person));
    json.raw("\"}");
    json.list_key("class");
    let member = repository::person_id(person).to_string();
    let mut classes = vec![("plan", name)];
    if plan.is_some() && part == Part::D {
        classes.extend([("rxid", &member[..]), ("rxgroup", "354"), ("rxpcn", "609279")]);
        classes.push(("rxbin", "999999"));
    }
    for (kind, value) in classes {
        json.open();
        r4::codings(json, "type", &[(System::Hl7("coverage-class"), (kind, ""))]);
        json.code("value", value);
        json.close();
    }
    json.close_list();
    json.list_key("contained");
    json.raw(if plan.is_some() { PLAN } else { MEDICARE });
    json.close_list();
}

/// `identifier` and `meta`.
fn write_identity(json: &mut Json, person: &Person, load: Instant) {
    if !person.old_style {
        json.list_key("identifier");
        json.open();
        System::Url(MBI).write(json, "system");
        r4::codings(json, "type", &[(System::Hl7("v2-0203"), ("MB", ""))]);
        json.code("value", person.mbi(0).as_str());
        json.close();
        json.close_list();
    }
    let profiles = [
        "carin-bb/StructureDefinition/C4BB-Coverage|2.2.0",
        "core/StructureDefinition/us-core-coverage|7.0.0",
    ];
    parts::open_meta(json, load, &profiles);
    json.close();
}

/// The members from `relationship` on.
fn close(json: &mut Json, person: &Person, in_force: bool, kind: Coded) {
    let itself = (System::Hl7("subscriber-relationship"), ("self", "Self"));
    r4::codings(json, "relationship", &[itself]);
    json.code("resourceType", "Coverage");
    json.code("status", if in_force { "active" } else { "cancelled" });
    if !person.old_style {
        json.code("subscriberId", person.mbi(0).as_str());
    }
    r4::codings(json, "type", &[(System::Url("https://nahdo.org/sopt"), kind)]);
    json.close();
}

fn write_entitlement(json: &mut Json, coverage: &Coverage) {
    // The last month of the year counts.
    let buyin = coverage.buyin.as_ref().map_or(("", ""), |months| months.of(11));
    let entitlement = coverage.entitlement;
    let renal = entitlement.is_some_and(|entitlement| entitlement.renal.0 == "Y");
    let disabled = coverage.status.0 == "20";
    for (name, code) in [
        ("BENE-BUYIN-CD", buyin.0),
        ("BENE-ENRLMT-RSN-CD", "P"),
        ("BENE-MDCR-ENTLMT-STUS-CD", if coverage.in_force() { "Y" } else { "N" }),
        ("BENE-MDCR-STUS-CD", coverage.status.0),
        ("BENE-ESRD-STUS-ID", if renal { "Y" } else { "N" }),
        ("BENE-DSBLD-STUS-ID", if disabled { "Y" } else { "N" }),
        ("BENE-MDCR-ENTLMT-RSN-CD", entitlement.map_or("", |entitlement| entitlement.original.0)),
    ] {
        extension(json, name, (code, ""));
    }
}

fn write_plan(json: &mut Json, plan: &Plan, part: Part) {
    extension_text(json, "BENE-CNTRCT-NUM", &plan.contract);
    extension_text(json, "BENE-PBP-NUM", plan.number);
    extension(json, "BENE-CVRG-TYPE-CD", ("11", ""));
    let employer = if plan.subsidy.0 == "Y" { "Y" } else { "N" };
    extension(json, "BENE-ENRLMT-EMPLR-SBSDY-SW", (employer, ""));
    if part == Part::D {
        parts::extension_decimal(json, "BENE-LIS-PTD-PRM-PCT", 25);
        extension(json, "BENE-LIS-COPMT-LVL-CD", ("4", ""));
    }
}

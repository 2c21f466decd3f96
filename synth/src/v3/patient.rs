//! Patient records.

use super::parts;
use crate::codes::letters_and_fips;
use crate::date::Day;
use crate::facts::patient::Patient;
use crate::facts::person::{Gender, Person, Version};
use crate::facts::repository::{self, Identity};
use crate::fhir::{self, MBI, System};
use crate::json::Json;
use crate::r4::{self, List};

/// Writes one Patient without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, patient: &Patient, version: Version) {
    let identity = Identity::draw(person);
    json.open();
    write_address(json, patient);
    if patient.year_of_birth_alone {
        let (year, _, _) = person.birth.ymd();
        fhir::number_text(json, "birthDate", u64::from(year.unsigned_abs()));
    } else {
        json.date("birthDate", person.birth);
    }
    json.raw(r#","communication":[{"language":{"coding":[{"code":"unknown","system":"urn:ietf:bcp:47"}]}}]"#);
    if let Some(death) = person.death {
        json.date("deceasedDateTime", death);
    }
    write_extensions(json, person, patient);
    match person.gender {
        Gender::Male => json.code("gender", "male"),
        Gender::Female => json.code("gender", "female"),
        Gender::Unknown => {}
    }
    fhir::number_text(json, "id", repository::person_id(person));
    if !person.old_style {
        write_identifiers(json, person, patient, identity);
    }
    if identity.merged {
        write_link(json, "replaces", repository::merged_id(person));
    }
    let profiles = [
        "carin-bb/StructureDefinition/C4BB-Patient|2.2.0",
        "core/StructureDefinition/us-core-patient|7.0.0",
    ];
    parts::open_meta(json, patient.load, &profiles);
    json.close();
    json.list_key("name");
    json.open();
    json.text("family", &patient.family_name(version));
    json.list_key("given");
    json.quoted(patient.given);
    if let Some(initial) = patient.initial {
        json.raw(",");
        json.quoted(initial);
    }
    json.raw("]}]");
    json.code("resourceType", "Patient");
    json.close();
}

/// Writes what is left of a record that was merged into the person's; gives whether there is one.
pub(crate) fn write_merged(json: &mut Json, person: &Person) -> bool {
    if !Identity::draw(person).merged {
        return false;
    }
    json.open();
    fhir::number_text(json, "id", repository::merged_id(person));
    write_link(json, "replaced-by", repository::person_id(person));
    json.code("resourceType", "Patient");
    json.close();
    true
}

fn write_link(json: &mut Json, kind: &str, other: u64) {
    json.list_key("link");
    json.open();
    json.open_key("other");
    fhir::number_text(json, "display", other);
    json.raw(",\"reference\":\"Patient/");
    json.unsigned(other);
    json.raw("\"}");
    json.code("type", kind);
    json.raw("}]");
}

/// State letters and five digits: the server tells no more.
fn write_address(json: &mut Json, patient: &Patient) {
    let state = letters_and_fips(patient.state);
    if state.is_none() && patient.zip.is_none() {
        return;
    }
    json.list_key("address");
    json.open();
    if let Some((five, _)) = patient.zip {
        json.key("postalCode");
        json.raw("\"");
        json.padded(five, 5);
        json.raw("\"");
    }
    if let Some((letters, _)) = state {
        json.code("state", letters);
    }
    json.close();
    json.close_list();
}

fn write_extensions(json: &mut Json, person: &Person, patient: &Patient) {
    const OMB: System = System::Url("urn:oid:2.16.840.1.113883.6.238");
    let mut list = List::new(json, "extension");
    let sex = match person.gender {
        Gender::Male => Some("248153007"),
        Gender::Female => Some("248152002"),
        Gender::Unknown => None,
    };
    if let Some(sex) = sex {
        list.open();
        let url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex";
        list.json.code("url", url);
        list.json.code("valueCode", sex);
        list.json.close();
    }
    let (system, code, text) = match patient.race.0 {
        "1" => (OMB, "2106-3", "White"),
        "2" => (OMB, "2054-5", "Black or African American"),
        "3" => (OMB, "2131-1", "Other Race"),
        "4" => (OMB, "2028-9", "Asian"),
        "5" => (OMB, "2135-2", "Hispanic or Latino"),
        "6" => (OMB, "1002-5", "American Indian or Alaska Native"),
        "0" => (System::Hl7("v3-NullFlavor"), "UNK", "Unknown"),
        _ => return list.end(),
    };
    list.open();
    let json = &mut *list.json;
    json.list_key("extension");
    json.open();
    json.code("url", "ombCategory");
    json.key("valueCoding");
    fhir::coding(json, system, (code, text));
    json.close();
    json.open();
    json.code("url", "text");
    json.code("valueString", text);
    json.close();
    json.close_list();
    json.raw(",\"url\":\"http://hl7.org/fhir/us/core/StructureDefinition/us-core-");
    json.raw(if patient.race.0 == "5" { "ethnicity\"}" } else { "race\"}" });
    list.end();
}

fn write_mbi(json: &mut Json, person: &Person, number: u64, start: Day, end: Option<Day>) {
    json.open();
    json.open_key("period");
    if let Some(end) = end {
        parts::midnight(json, "end", end);
    }
    parts::midnight(json, "start", start);
    json.close();
    System::Url(MBI).write(json, "system");
    r4::codings(json, "type", &[(System::Hl7("v2-0203"), ("MB", ""))]);
    json.code("value", person.mbi(number).as_str());
    json.close();
}

/// One MBI follows the other, each with the time in which it held.
fn write_identifiers(json: &mut Json, person: &Person, patient: &Patient, identity: Identity) {
    const DAYS: u32 = 200;
    let all = &patient.identifiers;
    let historic = u32::try_from(all.historic).unwrap_or(0);
    let start = all.hash_from.plus(DAYS * historic);
    let ended = identity.ended && historic == 0;
    let current = |json: &mut Json| {
        write_mbi(json, person, 0, start, ended.then(|| start.plus(DAYS)));
    };
    json.list_key("identifier");
    if all.current_first {
        current(json);
    }
    for place in 0..historic {
        let start = all.hash_from.plus(DAYS * place);
        write_mbi(json, person, u64::from(place) + 1, start, Some(start.plus(DAYS - 1)));
    }
    if !all.current_first {
        current(json);
    }
    if all.current_is_historic_too {
        write_mbi(json, person, 0, start, Some(start.plus(30)));
    }
    json.close_list();
}

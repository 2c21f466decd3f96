//! Patient records.

use super::parts;
use crate::ccw;
use crate::facts::patient::Patient;
use crate::facts::person::{Gender, Person, Version};
use crate::fhir::{self, MBI, System};
use crate::json::Json;
use crate::r4;

/// Writes one Patient without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, patient: &Patient, version: Version) {
    json.open();
    address(json, patient);
    if patient.year_of_birth_alone {
        let (year, _, _) = person.birth.ymd();
        fhir::number_text(json, "birthDate", u64::from(year.unsigned_abs()));
    } else {
        json.date("birthDate", person.birth);
    }
    match person.death {
        Some(death) => json.date("deceasedDateTime", death),
        None => json.raw(",\"deceasedBoolean\":false"),
    }
    json.list_key("extension");
    if patient.sex_extension {
        json.open();
        json.raw(
            r#""url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex","valueCode":"#,
        );
        json.raw(if person.gender == Gender::Male { "\"248153007\"}" } else { "\"248152002\"}" });
    }
    parts::extension_code(json, "race", patient.race);
    // The server never says more here.
    json.open();
    json.raw(r#""extension":[{"url":"ombCategory","valueCoding":{"code":"UNK","display":"Unknown","system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor"}},{"url":"text","valueString":"Unknown"}],"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"}"#);
    if !person.old_style {
        ccw::reference_year(json, person);
        if patient.dual {
            ccw::dual(json, person, parts::extension_code);
        }
    }
    json.close_list();
    let gender = match person.gender {
        Gender::Male => "male",
        Gender::Female => "female",
        Gender::Unknown => "unknown",
    };
    json.code("gender", gender);
    json.key("id");
    json.raw("\"");
    json.signed(person.id);
    json.raw("\"");
    identifiers(json, person, patient);
    parts::meta(json, patient.load, "C4BB-Patient");
    json.list_key("name");
    json.open();
    json.text("family", &patient.family_name(version));
    json.list_key("given");
    json.quoted(patient.given);
    if let Some(initial) = patient.initial {
        json.raw(",");
        json.quoted(initial);
    }
    json.close_list();
    json.code("use", "usual");
    json.close();
    json.close_list();
    json.code("resourceType", "Patient");
    json.close();
}

fn address(json: &mut Json, patient: &Patient) {
    json.list_key("address");
    json.open();
    if let Some(city) = patient.city {
        json.text("city", city);
    }
    if !patient.lines.is_empty() {
        json.list_key("line");
        for (place, line) in patient.lines.iter().enumerate() {
            if place > 0 {
                json.raw(",");
            }
            json.quoted(line);
        }
        json.close_list();
    }
    if let Some((five, four)) = patient.zip {
        json.key("postalCode");
        json.raw("\"");
        json.padded(five, 5);
        if let Some(four) = four {
            json.padded(four, 4);
        }
        json.raw("\"");
    }
    json.code("state", patient.state);
    json.close();
    json.close_list();
}

fn mbi(json: &mut Json, person: &Person, patient: &Patient, number: u64, currency: Option<&str>) {
    json.open();
    // The server knows since when the current one holds, of some people.
    if currency == Some("current") && person.index.is_multiple_of(3) {
        fhir::period(json, "period", patient.identifiers.hash_from, None);
    }
    System::Url(MBI).write(json, "system");
    json.raw(r#","type":{"coding":[{"code":"MC","display":"Medicare number""#);
    if let Some(currency) = currency {
        json.list_key("extension");
        let label = if currency == "current" { "In use" } else { "Earlier" };
        fhir::extension(json, System::CodeList("identifier-currency"), (currency, label));
        json.close_list();
    }
    System::Hl7("v2-0203").write(json, "system");
    json.raw("}]}");
    json.code("value", person.mbi(number).as_str());
    json.close();
}

fn identifiers(json: &mut Json, person: &Person, patient: &Patient) {
    let all = &patient.identifiers;
    json.list_key("identifier");
    if !person.old_style {
        let current = (!all.unmarked).then_some("current");
        if all.current_first {
            mbi(json, person, patient, 0, current);
        }
        for number in 1..=all.historic {
            mbi(json, person, patient, number, Some("historic"));
        }
        if !all.current_first {
            mbi(json, person, patient, 0, current);
        }
        if all.current_is_historic_too {
            mbi(json, person, patient, 0, Some("historic"));
        }
    }
    json.open();
    System::Variable("bene_id").write(json, "system");
    r4::codings(json, "type", &[(System::Hl7("v2-0203"), ("MB", "Member"))]);
    json.key("value");
    json.raw("\"");
    json.signed(person.id);
    json.raw("\"");
    json.close();
    json.close_list();
}

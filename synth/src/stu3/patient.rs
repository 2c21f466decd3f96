//! Patient records.

use super::fhir::{self, MBI, System};
use crate::ccw;
use crate::facts::patient::{Identifiers, Patient};
use crate::facts::person::{Gender, Person, Version};
use crate::json::Json;

/// Writes one Patient without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, patient: &Patient, version: Version) {
    json.open();
    address(json, person, patient);
    birth_date(json, person, patient);
    if let Some(death) = person.death {
        json.date("deceasedDateTime", death);
    }
    json.list_key("extension");
    if patient.sex_extension {
        json.open();
        json.raw(
            r#""url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex","valueCode":"#,
        );
        json.raw(if person.gender == Gender::Male { "\"248153007\"}" } else { "\"248152002\"}" });
    }
    fhir::extension_code(json, "race", patient.race);
    if !person.old_style {
        ccw::reference_year(json, person);
        if patient.dual {
            ccw::dual(json, person, fhir::extension_code);
        }
    }
    json.close_list();
    json.code(
        "gender",
        match person.gender {
            Gender::Male => "male",
            Gender::Female => "female",
            Gender::Unknown => "unknown",
        },
    );
    json.key("id");
    json.raw("\"");
    json.signed(person.id);
    json.raw("\"");
    identifiers(json, person, &patient.identifiers);
    if !person.old_style {
        fhir::meta(json, patient.load);
    }
    name(json, patient, version);
    json.code("resourceType", "Patient");
    json.close();
}

fn birth_date(json: &mut Json, person: &Person, patient: &Patient) {
    if patient.year_of_birth_alone {
        let (year, _, _) = person.birth.ymd();
        json.key("birthDate");
        json.raw("\"");
        json.signed(i64::from(year));
        json.raw("\"");
    } else {
        json.date("birthDate", person.birth);
    }
}

fn address(json: &mut Json, person: &Person, patient: &Patient) {
    json.list_key("address");
    json.open();
    if person.old_style {
        json.code("district", "999");
    }
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

fn hash(json: &mut Json, words: [u64; 4]) {
    json.key("value");
    json.raw("\"");
    for mut word in words {
        for _ in 0..16 {
            json.bytes.push(b"0123456789abcdef"[(word % 16) as usize]);
            word /= 16;
        }
    }
    json.raw("\"");
}

fn mbi(json: &mut Json, person: &Person, number: u64, currency: Option<&str>) {
    json.open();
    if let Some(currency) = currency {
        json.list_key("extension");
        fhir::extension(
            json,
            System::CodeList("identifier-currency"),
            (currency, if currency == "current" { "In use" } else { "Earlier" }),
        );
        json.close_list();
    }
    System::Url(MBI).write(json, "system");
    json.code("value", person.mbi(number).as_str());
    json.close();
}

fn identifiers(json: &mut Json, person: &Person, all: &Identifiers) {
    const HASH: &str = "https://bluebutton.cms.gov/resources/identifier/";
    json.list_key("identifier");
    let bene_id = |json: &mut Json| {
        json.open();
        System::Variable("bene_id").write(json, "system");
        json.key("value");
        json.raw("\"");
        json.signed(person.id);
        json.raw("\"");
        json.close();
    };
    if all.bene_id_first {
        bene_id(json);
    }
    if person.old_style {
        json.open();
        json.code("system", &format!("{HASH}hicn-hash"));
        hash(json, all.hash);
        json.close();
    } else {
        if all.current_first {
            mbi(json, person, 0, (!all.unmarked).then_some("current"));
        }
        for number in 1..=all.historic {
            mbi(json, person, number, Some("historic"));
        }
        if !all.current_first {
            mbi(json, person, 0, (!all.unmarked).then_some("current"));
        }
        if all.current_is_historic_too {
            mbi(json, person, 0, Some("historic"));
        }
        json.open();
        fhir::period(json, "period", all.hash_from, None);
        json.code("system", &format!("{HASH}mbi-hash"));
        hash(json, all.hash);
        json.close();
    }
    if !all.bene_id_first {
        bene_id(json);
    }
    json.close_list();
}

fn name(json: &mut Json, patient: &Patient, version: Version) {
    json.list_key("name");
    json.open();
    json.text("family", &patient.family_name(version));
    json.list_key("given");
    json.quoted(patient.given);
    if let Some(initial) = patient.initial {
        json.raw(",\"");
        json.raw(initial);
        json.raw("\"");
    }
    json.close_list();
    json.code("use", "usual");
    json.close();
    json.close_list();
}

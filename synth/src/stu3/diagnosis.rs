//! Diagnoses and procedures in the order, and with the de-duplication, of the server.

use super::fhir::{self, System};
use crate::ccw;
use crate::codes::Coded;
use crate::facts::diagnosis::{Diagnoses, Icd, Kind, Procedure};
use crate::json::Json;

impl Icd {
    fn system(self) -> &'static str {
        match self {
            Self::Nine => "http://hl7.org/fhir/sid/icd-9-cm",
            Self::Ten => "http://hl7.org/fhir/sid/icd-10",
            Self::Unknown => "http://hl7.org/fhir/sid/unknown-icd-version",
            Self::Eight => "http://hl7.org/fhir/sid/unknown-icd-version/8",
        }
    }
}

/// The type of an entry; slots after the first are typed on inpatient claims alone.
fn kind(kind: Kind, inpatient: bool) -> Option<Coded> {
    Some(match kind {
        Kind::Admitting => ("admitting", "On admission"),
        Kind::Principal => ("principal", "Chief reason"),
        Kind::Other if inpatient => ("other", ""),
        Kind::ExternalFirst => ("external-first", "First outside cause"),
        Kind::External => ("external", "Outside cause"),
        Kind::ReasonForVisit => ("reason-for-visit", "Reason \"told\""),
        Kind::Other | Kind::Line => return None,
    })
}

/// The number of the first diagnosis: the DRG stands before it.
pub(super) fn first_sequence(diagnoses: &Diagnoses) -> u32 {
    if diagnoses.drg.is_some() { 2 } else { 1 }
}

pub(super) fn write(json: &mut Json, diagnoses: &Diagnoses, inpatient: bool) {
    json.list_key("diagnosis");
    if let Some(drg) = diagnoses.drg {
        json.open();
        json.raw(r#""packageCode":{"coding":["#);
        json.open();
        json.key("code");
        json.raw("\"");
        // Three or four characters.
        json.padded(drg, if drg % 40 == 0 { 4 } else { 3 });
        json.raw("\"");
        System::Variable("clm_drg_cd").write(json, "system");
        json.raw(r#"}]},"sequence":1}"#);
    }
    for (sequence, entry) in (first_sequence(diagnoses)..).zip(diagnoses.distinct()) {
        json.open();
        let coded = (entry.code.as_str(), entry.display);
        fhir::concept(json, "diagnosisCodeableConcept", System::Url(entry.icd.system()), coded);
        if let Some((name, coded)) = ccw::present(entry) {
            json.list_key("extension");
            fhir::extension_code(json, name, coded);
            json.close_list();
        }
        json.integer("sequence", sequence);
        if let Some(kind) = kind(entry.kind, inpatient) {
            json.list_key("type");
            json.open();
            json.list_key("coding");
            fhir::coding(json, System::CodeList("diagnosis-type"), kind);
            json.close_list();
            json.close();
            json.close_list();
        }
        json.close();
    }
    json.close_list();
}

pub(super) fn write_procedures(json: &mut Json, procedures: &[Procedure]) {
    if procedures.is_empty() {
        return;
    }
    json.list_key("procedure");
    for (sequence, procedure) in (1..).zip(procedures) {
        json.open();
        if let Some(day) = procedure.day {
            json.key("date");
            json.raw("\"");
            json.day(day);
            json.raw(if procedure.number.is_multiple_of(5) {
                "T00:00:00-05:00\""
            } else {
                "T00:00:00+00:00\""
            });
        }
        fhir::concept(
            json,
            "procedureCodeableConcept",
            System::Url(procedure.icd.system()),
            (procedure.code.as_str(), procedure.display),
        );
        json.integer("sequence", sequence);
        json.close();
    }
    json.close_list();
}

//! Diagnoses and procedures: de-duplicated as in v1, with two codings for each ICD-10 code.

use super::parts;
use crate::ccw;
use crate::facts::claim_type::ClaimType;
use crate::facts::diagnosis::{Diagnoses, Icd, Kind, Procedure};
use crate::fhir::System;
use crate::json::Json;
use crate::r4::{self, Systematic};

const ICD10: System = System::Url("http://hl7.org/fhir/sid/icd-10");

fn system(icd: Icd) -> System {
    System::Url(match icd {
        Icd::Nine => "http://hl7.org/fhir/sid/icd-9-cm",
        Icd::Ten => "http://hl7.org/fhir/sid/icd-10-cm",
        Icd::Unknown => "http://hl7.org/fhir/sid/unknown-icd-version",
        Icd::Eight => "http://hl7.org/fhir/sid/unknown-icd-version/8",
    })
}

/// What an entry is typed: the claim types differ.
fn kind(kind: Kind, claim_type: ClaimType) -> Systematic<'static> {
    let carin = |code, label| (System::Carin("C4BBClaimDiagnosisType"), (code, label));
    let professional = matches!(claim_type, ClaimType::Carrier | ClaimType::Hha);
    match kind {
        Kind::Principal => (System::Hl7("ex-diagnosistype"), ("principal", "Chief reason")),
        Kind::Admitting if claim_type == ClaimType::Inpatient => {
            (System::Hl7("ex-diagnosistype"), ("admitting", "On admission"))
        }
        _ if professional => carin("secondary", "Secondary"),
        Kind::Line => carin("secondary", "Secondary"),
        Kind::External | Kind::ExternalFirst => carin("externalcauseofinjury", "Outside cause"),
        Kind::ReasonForVisit => carin("patientreasonforvisit", "Reason \"told\""),
        // Of SNF claims the admitting diagnosis is typed so too.
        Kind::Other | Kind::Admitting => carin("other", "Other"),
    }
}

pub(super) fn write(json: &mut Json, diagnoses: &Diagnoses, claim_type: ClaimType) {
    json.list_key("diagnosis");
    for (sequence, entry) in (1..).zip(diagnoses.distinct()) {
        let coded = (entry.code.as_str(), entry.display);
        let both = [(system(entry.icd), coded), (ICD10, coded)];
        let count = if entry.icd == Icd::Ten { 2 } else { 1 };
        json.open();
        r4::codings(json, "diagnosisCodeableConcept", &both[..count]);
        if let Some((name, coded)) = ccw::present(entry)
            && !coded.0.is_empty()
        {
            json.list_key("extension");
            parts::extension_code(json, name, coded);
            json.close_list();
        }
        json.integer("sequence", sequence);
        json.list_key("type");
        json.open();
        json.list_key("coding");
        let (system, coded) = kind(entry.kind, claim_type);
        crate::fhir::coding(json, system, coded);
        json.raw("]}]}");
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
            json.raw("T00:00:00+00:00\"");
        }
        let coded = (procedure.code.as_str(), procedure.display);
        let cms = System::Url("http://www.cms.gov/Medicare/Coding/ICD10");
        let both = [(cms, coded), (ICD10, coded)];
        let one = [(system(procedure.icd), coded)];
        let codings = if procedure.icd == Icd::Ten { &both[..] } else { &one[..] };
        r4::codings(json, "procedureCodeableConcept", codings);
        json.integer("sequence", sequence);
        json.close();
    }
    json.close_list();
}

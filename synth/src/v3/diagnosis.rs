//! Diagnoses and procedures: with dots, in the lists of the source, and not de-duplicated.

use crate::facts::diagnosis::{Diagnoses, Entry, Icd, Kind, Procedure};
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, List};
use crate::short_code::ShortCode;

const PRESENT: &str =
    "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding";

/// The code with its dot.
fn dotted(entry: &Entry) -> ShortCode {
    // ICD-9 codes of outside causes have their dot a place later.
    let late = entry.icd != Icd::Ten && entry.code.as_str().starts_with('E');
    entry.code.dotted(if late { 4 } else { 3 })
}

/// The source knows two versions; what is neither counts as the older.
fn system(icd: Icd) -> System {
    System::Url(match icd {
        Icd::Ten => "http://hl7.org/fhir/sid/icd-10-cm",
        Icd::Nine | Icd::Unknown | Icd::Eight => "http://hl7.org/fhir/sid/icd-9-cm",
    })
}

fn entry(list: &mut List<'_>, entry: &Entry, kind: &'static str) {
    let sequence = list.open();
    let json = &mut *list.json;
    let code = dotted(entry);
    r4::codings(json, "diagnosisCodeableConcept", &[(system(entry.icd), (code.as_str(), ""))]);
    if let Some((_, coded)) = entry.present.filter(|_| kind == "other")
        && !coded.0.is_empty()
    {
        r4::codings(json, "onAdmission", &[(System::Url(PRESENT), (coded.0, ""))]);
    }
    json.integer("sequence", sequence);
    let system = match kind {
        "principal" | "admitting" => System::Hl7("ex-diagnosistype"),
        _ => System::Carin("C4BBClaimDiagnosisType"),
    };
    json.list_key("type");
    json.open();
    json.list_key("coding");
    fhir::coding(json, system, (kind, ""));
    json.raw("]}]}");
}

/// The lists of an institutional claim, by the letters that they have in the source: A, D, E, P, R.
pub(super) fn write_institutional(json: &mut Json, diagnoses: &Diagnoses) {
    let mut list = List::new(json, "diagnosis");
    let of = |kind: Kind| diagnoses.entries.iter().filter(move |e| e.kind == kind);
    for each in of(Kind::Admitting) {
        entry(&mut list, each, "admitting");
    }
    // The first slot repeats the principal diagnosis, mostly.
    for each in of(Kind::Principal).take(1).chain(of(Kind::Other)) {
        entry(&mut list, each, "other");
    }
    for each in of(Kind::ExternalFirst).chain(of(Kind::External)) {
        entry(&mut list, each, "externalcauseofinjury");
    }
    let principal = of(Kind::Principal).rfind(|e| !e.repeated);
    if let Some(principal) = principal.or_else(|| of(Kind::Principal).next()) {
        entry(&mut list, principal, "principal");
    }
    for each in of(Kind::ReasonForVisit) {
        entry(&mut list, each, "patientreasonforvisit");
    }
    list.end();
}

/// The slots of a professional claim; gives how many there are.
pub(super) fn write_professional(json: &mut Json, diagnoses: &Diagnoses) -> u32 {
    let mut list = List::new(json, "diagnosis");
    let mut count = 0;
    for each in diagnoses.entries.iter().filter(|e| e.kind != Kind::Line) {
        entry(&mut list, each, if count == 0 { "principal" } else { "secondary" });
        count += 1;
    }
    list.end();
    count
}

pub(super) fn write_procedures(json: &mut Json, procedures: &[Procedure]) {
    let mut list = List::new(json, "procedure");
    for procedure in procedures {
        let sequence = list.open();
        let json = &mut *list.json;
        if let Some(day) = procedure.day {
            json.date("date", day);
        }
        let (system, code) = match procedure.icd {
            Icd::Ten => ("http://www.cms.gov/Medicare/Coding/ICD10", procedure.code),
            _ => ("http://www.cms.gov/Medicare/Coding/ICD9", procedure.code.dotted(2)),
        };
        let coding = [(System::Url(system), (code.as_str(), ""))];
        r4::codings(json, "procedureCodeableConcept", &coding);
        json.integer("sequence", sequence);
        json.close();
    }
    list.end();
}

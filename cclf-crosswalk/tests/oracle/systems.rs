//! Of several codings the one of the expected system counts, wherever it stands: each test puts one of another system in
//! front, behind and alone.

use cclf_crosswalk::{ErrorClass, Table};

use super::*;

/// A coding of a system that nobody expects.
const FOREIGN: &str = "{'code':'ZZZ','system':'https://example.org/other'}";

fn coding(system: &str, code: &str) -> String {
    format!("{{'code':'{code}','system':'{system}'}}")
}

/// What a column has with the expected coding behind a foreign one, before it, with a foreign one alone, and with one
/// that names no system behind a foreign one.
fn by_system(
    table: Table,
    name: &str,
    own: (&str, &str),
    record: impl Fn(&str) -> String,
) -> [Option<String>; 4] {
    let own_coding = coding(own.0, own.1);
    let unnamed = format!("{{'code':'{}'}}", own.1);
    [
        format!("{FOREIGN},{own_coding}"),
        format!("{own_coding},{FOREIGN}"),
        FOREIGN.to_owned(),
        format!("{FOREIGN},{unnamed}"),
    ]
    .map(|codings| only(record(&codings), table, name))
}

#[track_caller]
fn wins(found: &[Option<String>; 4], expected: &str, alone: Option<&str>) {
    let [behind, before, foreign, unnamed] = found.each_ref().map(Option::as_deref);
    assert_eq!(behind, Some(expected), "behind a foreign coding");
    assert_eq!(before, Some(expected), "before a foreign coding");
    assert_eq!(foreign, alone, "a foreign coding alone");
    assert_eq!(unnamed, Some(expected), "a coding that names no system");
}

#[test]
fn diagnoses_and_procedures() {
    let diagnosis = |codings: &str| {
        claim(
            "INPATIENT",
            &format!(
                ",'diagnosis':[{{'diagnosisCodeableConcept':{{'coding':[{codings}]}},'sequence':1,
                'type':[{{'coding':[{{'code':'principal','system':'C:diagnosis-type'}}]}}]}}]"
            ),
        )
    };
    for system in ["icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "icd-9-cm"] {
        let own = (system, "A00");
        wins(&by_system(Table::Cclf4, "CLM_DGNS_CD", own, diagnosis), "A00", None);
        wins(&by_system(Table::Cclf1, "PRNCPL_DGNS_CD", own, diagnosis), "A00", None);
        for table in [Table::Cclf1, Table::Cclf4] {
            let [behind, before, alone, _] = by_system(table, "DGNS_PRCDR_ICD_IND", own, diagnosis);
            let version = if system == "icd-9-cm" { "9" } else { "0" };
            assert_eq!((behind.as_deref(), before.as_deref()), (Some(version), Some(version)));
            assert_eq!(alone.as_deref(), Some("U"));
        }
    }
    // A system of an unknown version is one of diagnoses, and yields to one that is known.
    let unknown = coding("http://hl7.org/fhir/sid/unknown-icd-version/7", "X1");
    for (codings, code, version) in [
        (format!("{FOREIGN},{unknown}"), "X1", "U"),
        (format!("{unknown},{}", coding("icd-10", "A00")), "A00", "0"),
        // What begins alike and is none of the two.
        (
            format!(
                "{},{}",
                coding("http://hl7.org/fhir/sid/icd-o-3", "8000"),
                coding("icd-10", "A00")
            ),
            "A00",
            "0",
        ),
        (
            format!(
                "{},{}",
                coding("http://hl7.org/fhir/sid/icd-11", "1A00"),
                coding("icd-9-cm", "A00")
            ),
            "A00",
            "9",
        ),
    ] {
        let of = |name| only(diagnosis(&codings), Table::Cclf4, name);
        assert_eq!(of("CLM_DGNS_CD").as_deref(), Some(code));
        assert_eq!(of("DGNS_PRCDR_ICD_IND").as_deref(), Some(version));
    }
    let procedure = |codings: &str| {
        let entry = format!("{{'procedureCodeableConcept':{{'coding':[{codings}]}},'sequence':1}}");
        claim("SNF", &format!(",'procedure':[{entry}]"))
    };
    let own = ("http://hl7.org/fhir/sid/icd-10-pcs", "0TT");
    wins(&by_system(Table::Cclf3, "CLM_PRCDR_CD", own, procedure), "0TT", None);
}

#[test]
fn diagnoses_of_lines() {
    let line = |codings: &str| {
        claim(
            "CARRIER",
            &format!(
                ",'diagnosis':[{{'diagnosisCodeableConcept':{{'coding':[{codings}]}},'sequence':1}}],
                'item':[{{'diagnosisLinkId':[1],'sequence':1}}]"
            ),
        )
    };
    for name in ["CLM_LINE_DGNS_CD", "CLM_DGNS_1_CD"] {
        wins(&by_system(Table::Cclf5, name, ("icd-10", "A00"), line), "A00", None);
    }
    let version = by_system(Table::Cclf5, "DGNS_PRCDR_ICD_IND", ("icd-10", "A00"), line);
    assert_eq!(version[0].as_deref(), Some("0"));
}

#[test]
fn information() {
    let entry = |variable: &'static str| {
        move |codings: &str| {
            let eob_type = if variable == "dspnsng_stus_cd" { "PDE" } else { "INPATIENT" };
            claim(
                eob_type,
                &format!(
                    ",'information':[{{'category':{{'coding':[{{'code':'V:{variable}',
                    'system':'C:information'}}]}},'code':{{'coding':[{codings}]}},'sequence':1}}]"
                ),
            )
        }
    };
    for (variable, table, name) in [
        ("nch_prmry_pyr_cd", Table::Cclf1, "CLM_NCH_PRMRY_PYR_CD"),
        ("ptnt_dschrg_stus_cd", Table::Cclf1, "BENE_PTNT_STUS_CD"),
        ("clm_freq_cd", Table::Cclf1, "CLM_BILL_FREQ_CD"),
        ("clm_src_ip_admsn_cd", Table::Cclf1, "CLM_ADMSN_SRC_CD"),
        ("clm_ip_admsn_type_cd", Table::Cclf1, "CLM_ADMSN_TYPE_CD"),
        ("dspnsng_stus_cd", Table::Cclf7, "CLM_DSPNSNG_STUS_CD"),
    ] {
        let own = format!("V:{variable}");
        wins(&by_system(table, name, (&own, "7"), entry(variable)), "7", None);
    }
    // The system of admission types since July 2024.
    let nubc = ("https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit", "3");
    let found = by_system(Table::Cclf1, "CLM_ADMSN_TYPE_CD", nubc, entry("clm_ip_admsn_type_cd"));
    wins(&found, "3", None);
    // What follows from a code follows from the right one.
    let adjusted = |codings: &str| {
        claim(
            "PDE",
            &format!(
                ",'information':[{{'category':{{'coding':[{{'code':'V:adjstmt_dltn_cd',
                'system':'C:information'}}]}},'code':{{'coding':[{codings}]}},'sequence':1}}]"
            ),
        )
    };
    let own = ("V:adjstmt_dltn_cd", "D");
    wins(&by_system(Table::Cclf7, "CLM_TYPE_CD", own, adjusted), "03", Some("01"));
    wins(&by_system(Table::Cclf7, "CLM_ADJSMT_TYPE_CD", own, adjusted), "1", Some("0"));
}

#[test]
fn modifiers_and_reasons() {
    let modifier = |codings: &str| {
        let second = coding("C:hcpcs", "LT");
        claim(
            "CARRIER",
            &format!(
                ",'item':[{{'modifier':[{{'coding':[{codings}]}},{{'coding':[{second}]}}],'sequence':1}}]"
            ),
        )
    };
    wins(&by_system(Table::Cclf5, "HCPCS_1_MDFR_CD", ("C:hcpcs", "25"), modifier), "25", None);
    // It is the second entry that is the second modifier, whatever the first holds.
    let second = by_system(Table::Cclf5, "HCPCS_2_MDFR_CD", ("C:hcpcs", "25"), modifier);
    assert!(second.iter().all(|found| found.as_deref() == Some("LT")), "{second:?}");
    let reason = |codings: &str| {
        claim(
            "DME",
            &format!(
                ",'item':[{{'adjudication':[{{'category':{{'coding':[{{'code':'V:line_prcsg_ind_cd',
                'system':'C:adjudication'}}]}},'reason':{{'coding':[{codings}]}}}}],'sequence':1}}]"
            ),
        )
    };
    let own = ("V:line_prcsg_ind_cd", "A");
    wins(&by_system(Table::Cclf6, "CLM_PRCSG_IND_CD", own, reason), "A", None);
}

#[test]
fn types_of_pharmacies() {
    let pharmacy = |codings: &str| {
        let identifier = format!("{{'type':{{'coding':[{codings}]}},'value':'P1'}}");
        claim("PDE", &format!(",'facility':{{'identifier':{identifier}}}"))
    };
    for (system, code, expected) in [
        ("us-npi", "NPI", "01"),
        ("http://hl7.org/fhir/sid/us-upin", "UPIN", "06"),
        ("http://terminology.hl7.org/CodeSystem/NCPDPProviderIdentificationNumber", "NCPDP", "07"),
        ("http://terminology.hl7.org/CodeSystem/v2-0203", "NCPDP", "07"),
        ("C:identifier-type", "TAX", "11"),
    ] {
        let found = by_system(Table::Cclf7, "PRVDR_SRVC_ID_QLFYR_CD", (system, code), pharmacy);
        wins(&found, expected, Some("99"));
    }
}

#[test]
fn roles_and_types_that_tell_entries_apart() {
    // A role of another system is no role of the care team.
    let member = |sequence: i64, codings: &str, npi: &str| {
        format!(
            "{{'provider':{{'identifier':{{'system':'us-npi','value':'{npi}'}}}},
            'role':{{'coding':[{codings}]}},'sequence':{sequence}}}"
        )
    };
    let role = |code: &str| coding("http://hl7.org/fhir/claimcareteamrole", code);
    let foreign = |code: &str| coding("https://example.org/other", code);
    let team = format!(
        ",'careTeam':[{},{}]",
        member(2, &format!("{},{}", foreign("other"), role("assist")), "N2"),
        member(3, &format!("{},{}", foreign("assist"), role("other")), "N3"),
    );
    let of = |name| only(claim("OUTPATIENT", &team), Table::Cclf1, name);
    assert_eq!(of("OPRTG_PRVDR_NPI_NUM").as_deref(), Some("N2"));
    assert_eq!(of("OTHR_PRVDR_NPI_NUM").as_deref(), Some("N3"));
    assert_eq!(of("ATNDG_PRVDR_NPI_NUM"), None);
    // Nor is a type of another system one of diagnoses.
    let entry = |sequence: i64, code: &str, types: &str| {
        format!(
            "{{'diagnosisCodeableConcept':{{'coding':[{}]}},'sequence':{sequence},
            'type':[{{'coding':[{types}]}}]}}",
            coding("icd-10", code)
        )
    };
    let kind = |code: &str| coding("C:diagnosis-type", code);
    let diagnoses = format!(
        ",'diagnosis':[{},{},{}]",
        entry(1, "A00", &format!("{},{}", foreign("external"), kind("principal"))),
        entry(2, "B00", &format!("{},{}", foreign("principal"), kind("external"))),
        entry(3, "C00", &foreign("admitting")),
    );
    let tables = Input::of([claim("INPATIENT", &diagnoses)]).tables();
    assert_eq!(column(&tables, Table::Cclf4, "CLM_PROD_TYPE_CD"), ["D", "E", "D"]);
    assert_eq!(column(&tables, Table::Cclf1, "PRNCPL_DGNS_CD"), ["A00"]);
    assert_eq!(column(&tables, Table::Cclf1, "ADMTG_DGNS_CD"), ["-"]);
}

#[test]
fn parts_of_medicare() {
    let part = |codings: &str| {
        json(&format!(
            "{{'beneficiary':{{'reference':'Patient/-9'}},'extension':[{{'url':'V:ms_cd',
            'valueCoding':{{'code':'10'}}}}],'id':'x','resourceType':'Coverage',
            'type':{{'coding':[{codings}]}}}}"
        ))
    };
    let a = coding("Medicare", "Part A");
    for codings in [format!("{FOREIGN},{a}"), format!("{a},{FOREIGN}")] {
        let tables = Input::of([part(&codings), patient("-9", "")]).tables();
        assert!(tables.rejected.is_empty(), "{:?}", tables.rejected);
        assert_eq!(column(&tables, Table::Cclf8, "BENE_MDCR_STUS_CD"), ["10"]);
    }
    assert_eq!(refused(part(FOREIGN)), Some(ErrorClass::Missing));
    let [coverages, people] = ["cov", "pat"].map(|name| {
        let path = format!(
            "{}/../../shared/cases/coverage-part/{name}.ndjson",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).ok()
    });
    let (Some(coverages), Some(people)) = (coverages, people) else { return };
    let tables = Input::of(coverages.lines().chain(people.lines()).map(str::to_owned)).tables();
    // The others have no part, another word for it, or no beneficiary.
    let lines: Vec<usize> = tables.rejected.iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5, 9, 10]);
}

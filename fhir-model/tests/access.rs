//! The accessors on the data server's own records. They are no part of this repository; without them
//! the tests say so and pass.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use fhir_model::stu3::{Coverage, ExplanationOfBenefit};
use fhir_model::{
    ClaimType, Extensible, IcdVersion, MedicarePart, Monthly, Resource, from_slice, from_slice_as,
    vocabulary,
};

fn read(name: &str) -> Option<String> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/");
    let text = std::fs::read_to_string(format!("{data}{name}.ndjson"));
    if text.is_err() {
        println!("skipped: no ../shared");
    }
    text.ok()
}

fn with_claim(kind: ClaimType, test: impl FnOnce(&ExplanationOfBenefit<'_>)) {
    let Some(text) = read("ExplanationOfBenefit") else { return };
    for line in text.lines() {
        let Resource::ExplanationOfBenefit(claim) = from_slice(line.as_bytes()).unwrap() else {
            panic!("another type");
        };
        if claim.claim_type() == Some(kind) {
            return test(&claim);
        }
    }
    panic!("no claim of type {kind}");
}

#[test]
fn every_claim_has_its_basics() {
    use ClaimType::{Carrier, Dme, Hha, Hospice, Inpatient, Outpatient, Pde, Snf};
    for kind in [Carrier, Dme, Hha, Hospice, Inpatient, Outpatient, Pde, Snf] {
        with_claim(kind, |claim| {
            let id = claim.id.as_deref().unwrap();
            assert!(id.ends_with(claim.claim_id().unwrap()), "{kind}");
            assert_eq!(claim.patient_id(), Some("567834"));
            assert!(claim.claim_group().is_some());
            let record = match kind {
                Carrier => Some("O"),
                Dme => Some("M"),
                Pde => None,
                Outpatient | Hha => Some("W"),
                _ => Some("V"),
            };
            assert_eq!(claim.near_line_record_code(), record, "{kind}");
            assert_eq!(claim.nch_claim_type_code().is_some(), kind != Pde);
            let (from, through) = claim.billable_dates();
            assert!(from.is_some() && from <= through, "{kind}");
            assert_eq!(claim.payment_amount().is_some(), kind != Pde);
            assert_eq!(claim.attending().is_some(), kind.is_institutional(), "{kind}");
            assert_eq!(ClaimType::from_code(kind.code()), Some(kind));
        });
    }
}

#[test]
fn inpatient_facts() {
    with_claim(ClaimType::Inpatient, |claim| {
        assert_eq!(claim.drg(), Some("695"));
        assert_eq!(claim.attending().unwrap().npi(), Some("161999999"));
        assert_eq!(claim.operating().unwrap().npi(), Some("3333444555"));
        let principal = claim.principal_diagnosis().unwrap();
        assert_eq!(principal.icd_version(), Some(IcdVersion::Icd10));
        assert!(claim.diagnoses().any(|diagnosis| diagnosis.present_on_admission == Some("Y")));
        assert!(claim.extension("ime_op_clm_val_amt").unwrap().amount().is_some());
        assert!(claim.information("clm_freq_cd").is_some());
        let procedure = claim.procedures().next().unwrap();
        assert_eq!(procedure.icd_version(), Some(IcdVersion::Icd10));
        assert_eq!(&procedure.date.unwrap()[10..], "T00:00:00+00:00");
    });
}

#[test]
fn carrier_facts() {
    with_claim(ClaimType::Carrier, |claim| {
        let item = &claim.item[0];
        assert_eq!(item.line_number(), Some(6));
        assert_eq!(item.amount("line_nch_pmt_amt").unwrap().to_scaled(2), Ok(3750));
        assert_eq!(item.hcpcs(), Some("92999"));
        assert_eq!(item.place_of_service(), Some("11"));
        assert!(item.reason("line_prcsg_ind_cd").is_some());
        assert!(claim.rendering(item).unwrap().npi().is_some());
        assert!(claim.rendering(item).unwrap().specialty().is_some());
        assert!(claim.diagnosis_of(item).unwrap().code.is_some());
        assert!(claim.attending().is_none());
        assert_eq!(claim.referring_npi(), Some("8765676"));
        let result = item.extension("line_hct_hgb_rslt_num").unwrap().reference().unwrap();
        assert_eq!(claim.contained(result).unwrap().resource_type(), "Observation");
    });
}

#[test]
fn identifiers_and_parts() {
    let Some(text) = read("identifiers/Patient") else { return };
    let Resource::Patient(patient) = from_slice(text.trim().as_bytes()).unwrap() else { panic!() };
    assert_eq!(patient.mbi_current(), Some("3456789"));
    assert_eq!(patient.mbi_historic(), ["3456689", "543217066", "9AB2WW3GR44"]);
    let Some(text) = read("identifiers/Coverage") else { return };
    let mut parts: Vec<_> = text
        .lines()
        .map(|line| match from_slice(line.as_bytes()).unwrap() {
            Resource::Coverage(coverage) => coverage.part().unwrap(),
            _ => panic!("another type"),
        })
        .collect();
    parts.sort();
    parts.dedup();
    assert_eq!(parts, [MedicarePart::A, MedicarePart::B, MedicarePart::C, MedicarePart::D]);
}

#[test]
fn every_uri_of_the_records_and_of_the_crosswalk_is_in_the_vocabulary() {
    fn uris(text: &str, quote: char) -> impl Iterator<Item = &str> {
        text.split(quote).filter(|piece| {
            let uri = piece.starts_with("http://") || piece.starts_with("https://");
            uri && !piece.contains([' ', '<'])
        })
    }
    for name in ["ExplanationOfBenefit", "Patient", "Coverage"] {
        for folder in ["", "identifiers/"] {
            let Some(text) = read(&format!("{folder}{name}")) else { return };
            for uri in uris(&text, '"') {
                let known =
                    vocabulary::by_uri(uri).is_some() || vocabulary::by_monthly_uri(uri).is_some();
                assert!(known, "{uri}");
            }
        }
    }
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/stu3_crosswalk.csv");
    let table = std::fs::read_to_string(table).unwrap();
    // The one prefix among them stands for the present-on-admission family.
    for uri in uris(&table, '\'').filter(|uri| !uri.ends_with('_')) {
        assert!(vocabulary::by_uri(uri).is_some(), "{uri}");
    }
}

#[test]
fn monthly_values_are_found_by_family() {
    use MedicarePart::{A, B, C, D};
    let golden = read("Coverage").unwrap_or_default();
    let mut found = Vec::new();
    for line in golden.lines().chain(include_str!("../samples/coverage.ndjson").lines()) {
        let Resource::Coverage(coverage) = from_slice(line.as_bytes()).unwrap() else {
            panic!("another type");
        };
        assert!(coverage.reference_year().is_some());
        for family in Monthly::ALL {
            let months = coverage.monthly(family);
            // The place in the list is the month, and nothing else is taken for one.
            for (month, value) in (1..).zip(months) {
                let variable = family.variable(month).unwrap();
                let plain = coverage.extension(variable).and_then(|extension| extension.code());
                assert_eq!(value, plain, "{variable}");
            }
            if months.iter().any(Option::is_some) {
                found.push((coverage.part().unwrap(), family));
            }
        }
    }
    for expected in [
        (A, Monthly::DualStatus),
        (A, Monthly::BuyIn),
        (B, Monthly::BuyIn),
        (C, Monthly::PartCContract),
        (C, Monthly::PartCPlan),
        (C, Monthly::PartCPlanType),
        (C, Monthly::HmoIndicator),
        (D, Monthly::PartDContract),
        (D, Monthly::PartDPlan),
        (D, Monthly::PartDSegment),
        (D, Monthly::CostShare),
        (D, Monthly::RetireeDrugSubsidy),
    ] {
        assert!(found.contains(&expected), "{expected:?}");
    }
}

#[test]
fn every_variable_of_the_shapes_is_in_the_vocabulary() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/stu3_shapes.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no ../shared");
        return;
    };
    let files = ["added_in_version", "cclf_layout", "ssa_state_codes", "stu3_crosswalk"];
    let names = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.contains('_') && !word.contains(|c: char| c.is_ascii_uppercase()))
        .filter(|word| !word.starts_with('_') && !word.ends_with('_') && !files.contains(word));
    let mut count = 0;
    for name in names {
        assert!(fhir_model::Variable::from_short(name).is_some(), "{name}");
        count += 1;
    }
    assert!(count > 150, "{count}");
}

#[test]
fn of_several_codings_the_one_of_the_expected_system_counts() {
    const FOREIGN: &str = r#"{"code":"ZZZ","system":"https://example.org/other"}"#;
    let concept = |own: &str| format!(r#"{{"coding":[{FOREIGN},{own}]}}"#);
    let coding = |system: &str, code: &str| format!(r#"{{"code":"{code}","system":"{system}"}}"#);
    let icd = concept(&coding("http://hl7.org/fhir/sid/icd-10", "A00"));
    let kind = vocabulary::uri("diagnosis-type").unwrap();
    let kind = concept(&coding(kind, "principal"));
    let role = concept(&coding("http://hl7.org/fhir/claimcareteamrole", "primary"));
    let frequency = vocabulary::uri("clm_freq_cd").unwrap();
    let admission = vocabulary::uri("clm_ip_admsn_type_cd").unwrap();
    let nubc = vocabulary::uri("nubc-admission-type").unwrap();
    let processed = vocabulary::uri("line_prcsg_ind_cd").unwrap();
    let information = |category: &str, code: &str| {
        format!(
            r#"{{"category":{{"coding":[{{"code":"{category}"}}]}},"code":{code},"sequence":1}}"#
        )
    };
    let line = format!(
        r#"{{"careTeam":[{{"role":{role},"sequence":2}}],
        "diagnosis":[{{"diagnosisCodeableConcept":{icd},"sequence":1,"type":[{kind}]}}],
        "information":[{},{}],
        "item":[{{"adjudication":[{{"category":{{"coding":[{{"code":"{processed}"}}]}},"reason":{}}}],
        "modifier":[{}],"sequence":1}}],
        "procedure":[{{"procedureCodeableConcept":{icd},"sequence":1}}],
        "resourceType":"ExplanationOfBenefit"}}"#,
        information(frequency, &concept(&coding(frequency, "7"))),
        information(admission, &concept(&coding(nubc, "3"))),
        concept(&coding(processed, "A")),
        concept(&coding(vocabulary::uri("hcpcs").unwrap(), "25")),
    );
    let claim: ExplanationOfBenefit<'_> = fhir_model::from_slice_as(line.as_bytes()).unwrap();
    let diagnosis = claim.diagnoses().next().unwrap();
    assert_eq!((diagnosis.code, diagnosis.icd_version()), (Some("A00"), Some(IcdVersion::Icd10)));
    assert_eq!(diagnosis.kinds, ["principal"]);
    let procedure = claim.procedures().next().unwrap();
    assert_eq!((procedure.code, procedure.icd_version()), (Some("A00"), Some(IcdVersion::Icd10)));
    assert!(claim.care_team[0].is("primary") && !claim.care_team[0].is("ZZZ"));
    assert_eq!(claim.information_code("clm_freq_cd"), Some("7"));
    assert_eq!(claim.information_code("clm_ip_admsn_type_cd"), Some("3"));
    assert_eq!(claim.item[0].reason("line_prcsg_ind_cd"), Some("A"));
    assert_eq!(claim.item[0].modifiers().collect::<Vec<_>>(), ["25"]);
    // A foreign coding alone is no code; one that names no system is.
    for (coding, expected) in [(FOREIGN, None), (r#"{"code":"B00"}"#, Some("B00"))] {
        let line = format!(
            r#"{{"diagnosis":[{{"diagnosisCodeableConcept":{{"coding":[{coding}]}},"sequence":1}}],
            "resourceType":"ExplanationOfBenefit"}}"#
        );
        let claim: ExplanationOfBenefit<'_> = fhir_model::from_slice_as(line.as_bytes()).unwrap();
        assert_eq!(claim.diagnoses().next().unwrap().code, expected);
    }
    for (grouping, part) in
        [("", Some(MedicarePart::D)), (r#","grouping":{"subPlan":"x"}"#, Some(MedicarePart::D))]
    {
        let kind = concept(&coding("Medicare", "Part D"));
        let line = format!(r#"{{"resourceType":"Coverage","type":{kind}{grouping}}}"#);
        let coverage: fhir_model::stu3::Coverage<'_> =
            fhir_model::from_slice_as(line.as_bytes()).unwrap();
        assert_eq!(coverage.part(), part);
    }
}

#[test]
fn unknown_marks_of_currency_count_as_none() {
    let mbis = |marks: &[(&str, &str)]| {
        let identifiers: Vec<String> = marks
            .iter()
            .map(|(value, mark)| {
                let url = vocabulary::uri("identifier-currency").unwrap();
                format!(
                    r#"{{"system":"http://hl7.org/fhir/sid/us-mbi","value":"{value}",
                    "extension":[{{"url":"{url}","valueCoding":{{"code":"{mark}"}}}}]}}"#
                )
            })
            .collect();
        let identifiers = identifiers.join(",");
        format!(r#"{{"identifier":[{identifiers}],"resourceType":"Patient"}}"#)
    };
    for (marks, current, historic) in [
        (&[("M1", "current"), ("M2", "current")][..], Some("M1"), &["M2"][..]),
        (&[("M1", "former"), ("M2", "current")], Some("M2"), &["M1"]),
        (&[("M1", "former"), ("M2", "historic")], Some("M1"), &["M2"]),
        (&[("M1", "historic")], None, &["M1"]),
    ] {
        let line = mbis(marks);
        let patient: fhir_model::stu3::Patient<'_> =
            fhir_model::from_slice_as(line.as_bytes()).unwrap();
        assert_eq!(patient.mbi_current(), current, "{marks:?}");
        assert_eq!(patient.mbi_historic(), historic, "{marks:?}");
    }
}

#[test]
fn references_to_people_are_relative_or_absolute() {
    let id = |reference: &str| {
        let line = format!(
            r#"{{"resourceType":"ExplanationOfBenefit","patient":{{"reference":"{reference}"}}}}"#
        );
        let claim: ExplanationOfBenefit<'_> = from_slice_as(line.as_bytes()).unwrap();
        let line =
            line.replace("ExplanationOfBenefit", "Coverage").replace("patient", "beneficiary");
        let coverage: Coverage<'_> = from_slice_as(line.as_bytes()).unwrap();
        assert_eq!(claim.patient_id(), coverage.patient_id());
        claim.patient_id().map(str::to_owned)
    };
    for reference in ["Patient/-1", "https://host/v1/fhir/Patient/-1", "Patient/-1/_history/3"] {
        assert_eq!(id(reference).as_deref(), Some("-1"), "{reference}");
    }
    assert_eq!([id("Patient/"), id("Group/1"), id("#1")], [None, None, None]);
}

#[test]
fn a_diagnosis_has_the_types_of_all_codings() {
    let line = br#"{"resourceType":"ExplanationOfBenefit","diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"A"}]},
        "type":[{"coding":[{"code":"external","system":"https://bluebutton.cms.gov/resources/codesystem/diagnosis-type"},
        {"code":"principal","system":"https://bluebutton.cms.gov/resources/codesystem/diagnosis-type"},
        {"code":"admitting"},{"code":"other","system":"https://example.org/other"}]}]}]}"#;
    let claim: ExplanationOfBenefit<'_> = from_slice_as(line).unwrap();
    let diagnosis = claim.principal_diagnosis().unwrap();
    assert_eq!(diagnosis.kinds, ["external", "principal", "admitting"]);
}

//! The accessors of R4 on records of versions 2 and 3: made-up ones, and those that the data server gives.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::Path;

use cms::Api;
use fhir_model::r4::{Coverage, ExplanationOfBenefit, Patient};
use fhir_model::{
    ClaimType, Extensible, IcdVersion, MedicarePart, Monthly, Variable, from_slice_as,
};

/// The line of a golden file whose record has this id.
fn golden<T>(folder: &str, file: &str, id: &str, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/r4");
    let path = Path::new(data).join(folder).join(format!("{file}.ndjson"));
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no ../shared");
        return None;
    };
    let mark = format!("\"id\":\"{id}\"");
    let line = text.lines().find(|line| line.contains(&mark)).expect(id);
    Some(read(line.as_bytes()))
}

fn claim(folder: &str, id: &str, check: impl FnOnce(&ExplanationOfBenefit<'_>)) {
    golden(folder, "ExplanationOfBenefit", id, |line| check(&from_slice_as(line).unwrap()));
}

/// What a program asks, written once: it reads any version by the type that it is given.
macro_rules! program {
    ($name:ident, $release:ident) => {
        fn $name(line: &[u8]) -> Vec<String> {
            let claim: fhir_model::$release::ExplanationOfBenefit<'_> =
                from_slice_as(line).unwrap();
            let mut told = vec![
                format!("{:?}", claim.claim_type()),
                format!("{:?}", claim.billable_dates()),
                format!("{:?}", claim.payment_amount().map(|paid| paid.to_scaled(2))),
                format!("{:?}", claim.attending().and_then(|own| own.npi())),
                format!("{:?}", claim.operating().and_then(|own| own.npi())),
                format!("{:?}", claim.referring_npi()),
                format!("{:?}", claim.drg()),
                format!("{:?}", claim.information_code(Variable::PtntDschrgStusCd)),
                format!("{:?}", claim.information_code(Variable::ClmFreqCd)),
                format!("{:?}", claim.information_code(Variable::ClmIpAdmsnTypeCd)),
                format!("{:?}", claim.information_code(Variable::NchPrmryPyrCd)),
            ];
            let principal = claim.principal_diagnosis();
            told.push(format!("{:?}", principal.as_ref().and_then(|own| own.code())));
            for item in &claim.item {
                told.push(format!("{:?} {:?}", item.line_number(), item.service_dates()));
                told.push(format!("{:?} {:?}", item.hcpcs(), item.revenue_center()));
                told.push(format!("{:?}", item.modifiers().collect::<Vec<_>>()));
                told.push(format!("{:?} {:?}", item.ndc(), item.place_of_service()));
                told.push(format!("{:?}", claim.rendering(item).and_then(|own| own.npi())));
                told.push(format!(
                    "{:?}",
                    claim.diagnosis_of(item).map(|own| own.code().map(str::to_owned))
                ));
                for name in [
                    Variable::LineNchPmtAmt,
                    Variable::LineAlowdChrgAmt,
                    Variable::RevCntrTotChrgAmt,
                ] {
                    told.push(format!("{:?}", item.amount(name).map(|paid| paid.to_scaled(2))));
                }
            }
            told
        }
    };
}

/// The place of who attended in what it tells.
const ATTENDING: usize = 3;

program!(of_v1, stu3);
program!(of_r4, r4);

/// The same source rows were written by versions 1 and 2: a program that was written for version 1 tells the same.
#[test]
fn a_program_for_version_1_reads_version_2_by_its_type() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let read = |file: &str| std::fs::read_to_string(Path::new(data).join(file));
    let (Ok(v1), Ok(v2)) =
        (read("ExplanationOfBenefit.ndjson"), read("r4/v2/ExplanationOfBenefit.ndjson"))
    else {
        println!("skipped: no ../shared");
        return;
    };
    let mut compared = 0;
    for line in v2.lines() {
        let claim: ExplanationOfBenefit<'_> = from_slice_as(line.as_bytes()).unwrap();
        let id = claim.claim_id().unwrap();
        let same = v1.lines().find(|line| {
            let claim: fhir_model::stu3::ExplanationOfBenefit<'_> =
                from_slice_as(line.as_bytes()).unwrap();
            claim.claim_id() == Some(id)
        });
        if let Some(same) = same {
            assert_eq!(of_r4(line.as_bytes()), of_v1(same.as_bytes()), "{:?}", claim.claim_type());
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
}

/// The same made-up claim, written by versions 1 and 2.
#[test]
fn a_program_for_version_1_reads_made_up_claims_of_version_2() {
    for seed in 1..40 {
        for claim_type in synth::ClaimType::ALL {
            let of = |api| synth::eob_of(api, seed, claim_type);
            let (v1, v2) = (of(Api::V1), of(Api::V2));
            let (mut v1, v2) = (of_v1(v1.as_bytes()), of_r4(v2.as_bytes()));
            // Where nobody attended, version 1 cannot tell: there who rendered has the same role.
            if v2[ATTENDING] == "None" {
                v1[ATTENDING].clone_from(&v2[ATTENDING]);
            }
            assert_eq!(v2, v1, "{claim_type:?} {seed}");
        }
    }
}

#[test]
fn what_carrier_claims_tell_in_both_versions() {
    claim("v2", "carrier-9991831999", |claim| {
        assert_eq!(claim.api(), Some(Api::V2));
        assert_eq!(claim.claim_id(), Some("9991831999"));
        assert_eq!(claim.claim_group(), Some("900"));
        assert_eq!(claim.patient_id(), Some("567834"));
        assert_eq!(claim.claim_type(), Some(ClaimType::Carrier));
        assert_eq!(claim.nch_claim_type_code(), Some("71"));
        assert_eq!(claim.near_line_record_code(), Some("O"));
        assert_eq!(claim.is_final_action(), Some(true));
        assert_eq!(claim.provider_npi(), Some("1234567890"));
        assert_eq!(claim.referring_npi(), Some("8765676"));
        assert_eq!(claim.amount(Variable::NchCarrClmAlowdAmt).unwrap().as_str(), "166.23");
        let item = &claim.item[0];
        assert_eq!(item.line_number(), Some(6));
        let rendering = claim.rendering(item).unwrap();
        assert_eq!((rendering.npi(), rendering.specialty()), (Some("1923124"), Some("41")));
        assert_eq!(claim.diagnosis_of(item).unwrap().code(), Some("A52"));
        assert_eq!(item.reason(Variable::LinePrcsgIndCd), Some("A"));
        assert_eq!(item.extension("tax_num").unwrap().code(), Some("204299999"));
    });
    claim("v3", "3351266481402", |claim| {
        assert_eq!(claim.api(), Some(Api::V3));
        assert_eq!(claim.claim_id(), Some("3351266481402"));
        assert_eq!(claim.claim_group(), None);
        assert_eq!(claim.claim_type(), Some(ClaimType::Carrier));
        assert_eq!(claim.nch_claim_type_code(), Some("71"));
        assert_eq!(claim.is_final_action(), Some(true));
        assert_eq!(claim.provider_npi(), Some("1003488552"));
        assert_eq!(claim.referring_npi(), Some("1720749690"));
        assert_eq!(claim.amount(Variable::NchCarrClmAlowdAmt).unwrap().as_str(), "30.3");
        assert_eq!(claim.information_code(Variable::ClaimQueryCd), Some("1"));
        let codes: Vec<_> = claim.diagnoses().map(|own| own.code.unwrap()).collect();
        assert_eq!(codes, ["30495", "R465", "V970"]);
        let principal = claim.principal_diagnosis().unwrap();
        assert_eq!(principal.icd_version(), Some(IcdVersion::Icd9));
        let item = &claim.item[0];
        let rendering = claim.rendering(item).unwrap();
        assert_eq!((rendering.npi(), rendering.specialty()), (Some("1558719914"), Some("61")));
        // Its link leads to a wrong entry, and the codes differ.
        assert_eq!(claim.diagnosis_of(item), None);
        assert_eq!(item.amount(Variable::LineAlowdChrgAmt).unwrap().as_str(), "2.44");
        assert_eq!(item.amount("CLM_LINE_ALOWD_CHRG_AMT"), item.amount(Variable::LineAlowdChrgAmt));
    });
}

#[test]
fn what_institutional_claims_tell_in_both_versions() {
    claim("v2", "snf-777777777", |claim| {
        assert_eq!(claim.claim_type(), Some(ClaimType::Snf));
        assert_eq!(claim.provider_ccn(), Some("299999"));
        assert_eq!(claim.provider_npi(), Some("0000000000"));
        assert_eq!(claim.attending().unwrap().npi(), Some("2222222222"));
        assert_eq!(claim.operating().unwrap().npi(), Some("3333333333"));
        assert_eq!(claim.drg(), Some("645"));
        let kinds: Vec<_> = claim.diagnoses().map(|own| own.kinds[0].to_owned()).collect();
        assert_eq!(kinds, ["admitting", "principal", "other", "external", "external"]);
        assert_eq!(claim.principal_diagnosis().unwrap().code(), Some("3736"));
        let procedure = claim.procedures().next().unwrap();
        assert_eq!((procedure.code(), procedure.sequence), (Some("9214"), Some(1)));
        assert_eq!(claim.information_code(Variable::ClmFreqCd), Some("1"));
        assert_eq!(claim.information_code(Variable::PtntDschrgStusCd), Some("1"));
        assert_eq!(claim.information_code(Variable::ClmIpAdmsnTypeCd), Some("3"));
        let item = &claim.item[0];
        assert_eq!((item.revenue_center(), item.hcpcs()), (Some("22"), Some("MMM")));
        // The unit of a drug is no modifier.
        assert_eq!(item.modifiers().count(), 0);
        assert_eq!(claim.rendering(item).unwrap().npi(), Some("345345345"));
        assert_eq!(item.amount(Variable::RevCntrRateAmt).unwrap().as_str(), "5.0");
        assert_eq!(claim.amount("clm_tot_chrg_amt").unwrap().as_str(), "5555.03");
    });
    claim("v3", "1071939711295", |claim| {
        assert_eq!(claim.claim_type(), Some(ClaimType::Hha));
        assert_eq!(claim.information_code(Variable::PtntDschrgStusCd), Some("03"));
        assert_eq!(claim.information_code(Variable::ClmIpAdmsnTypeCd), Some("9"));
        assert_eq!(claim.information_code(Variable::ClmSrcIpAdmsnCd), Some("6"));
        assert_eq!(claim.near_line_record_code(), Some("V"));
        assert_eq!(claim.amount(Variable::NchBenePtbDdctblAmt).unwrap().as_str(), "776.87");
        assert!(claim.information_code(Variable::ClmFreqCd).is_some_and(|code| code.len() == 1));
        assert!(claim.diagnoses().all(|own| !own.code().unwrap_or_default().contains('.')));
    });
    claim("v3", "1071939711297", |claim| {
        assert_eq!(claim.claim_type(), Some(ClaimType::Outpatient));
        assert_eq!(claim.nch_claim_type_code(), None);
        assert_ne!(claim.is_final_action(), Some(true));
    });
    claim("v3", "prior-794471559", |claim| {
        assert_eq!((claim.api(), claim.claim_type()), (Some(Api::V3), None));
    });
}

#[test]
fn what_part_d_events_tell_in_both_versions() {
    claim("v2", "pde-89", |claim| {
        assert_eq!(claim.claim_id(), Some("89"));
        assert_eq!(claim.nch_claim_type_code(), None);
        let item = &claim.item[0];
        assert_eq!(claim.rendering(item).unwrap().npi(), Some("1750384806"));
        assert_eq!(item.ndc(), Some("000000000"));
        assert_eq!(item.service_dates(), (Some("2015-05-12"), Some("2015-05-12")));
        assert_eq!(item.amount(Variable::CvrdDPlanPdAmt).unwrap().as_str(), "126.99");
        assert_eq!(claim.information_code(Variable::DawProdSlctnCd), Some("0"));
    });
    claim("v3", "5213363418309", |claim| {
        assert_eq!((claim.claim_type(), claim.nch_claim_type_code()), (Some(ClaimType::Pde), None));
        let item = &claim.item[0];
        assert_eq!(claim.rendering(item).unwrap().npi(), Some("1730548868"));
        assert!(item.ndc().is_some());
        assert_eq!(claim.information_code(Variable::DawProdSlctnCd), Some("3"));
        assert_eq!(claim.information_code(Variable::AdjstmtDltnCd), Some("4"));
        assert_eq!(item.amount(Variable::TotRxCstAmt).unwrap().as_str(), "2256829.86");
    });
}

#[test]
fn what_people_tell_in_both_versions() {
    let patient = |folder: &str, id: &str, check: fn(&Patient<'_>)| {
        golden(folder, "Patient", id, |line| check(&from_slice_as(line).unwrap()));
    };
    patient("v2", "567834", |patient| {
        assert_eq!(patient.beneficiary_id(), Some("567834"));
        assert_eq!(patient.mbi_current(), Some("3456789"));
        assert_eq!(patient.mbi_historic(), ["3456689", "543217066", "9AB2WW3GR44"]);
        assert_eq!(patient.reference_year(), Some(2018));
        assert_eq!(patient.monthly(Monthly::DualStatus), [Some("**"); 12]);
        assert_eq!(patient.extension(Variable::Race).unwrap().code(), Some("1"));
        assert_eq!(patient.merged_into(), None);
    });
    patient("v3", "517782585", |patient| {
        assert_eq!(patient.beneficiary_id(), Some("517782585"));
        assert_eq!(patient.mbi_current(), Some("2B19C89AA35"));
        assert_eq!(patient.mbi_historic(), ["2B19C89AA36"]);
        assert_eq!(patient.merged_into(), None);
    });
    patient("v3", "178083966", |patient| assert_eq!(patient.mbi_current(), None));
    let coverage = |folder: &str, id: &str, check: fn(&Coverage<'_>)| {
        golden(folder, "Coverage", id, |line| check(&from_slice_as(line).unwrap()));
    };
    coverage("v2", "part-d-567834", |coverage| {
        assert_eq!(coverage.part(), Some(MedicarePart::D));
        assert_eq!(coverage.patient_id(), Some("567834"));
        assert_eq!(coverage.monthly_history(Monthly::PartDContract).count(), 12);
    });
    coverage("v3", "part-a-405764107", |coverage| {
        assert_eq!(coverage.part(), Some(MedicarePart::A));
        assert_eq!(coverage.extension(Variable::MsCd).unwrap().code(), Some("21"));
    });
    coverage("v3", "dual-184043357", |coverage| assert_eq!(coverage.part(), None));
}

/// What golden records do not show, by the rules.
#[test]
fn rules_that_no_golden_record_shows() {
    let read =
        |text: &'static str| from_slice_as::<ExplanationOfBenefit<'_>>(text.as_bytes()).unwrap();
    // A record of 2020: identifiers have the system and no type; the prescriber has another role.
    let claim = read(
        r#"{"resourceType":"ExplanationOfBenefit","type":{"coding":[{"code":"PDE",
        "system":"https://bluebutton.cms.gov/resources/codesystem/eob-type"}]},"careTeam":[{"sequence":1,
        "role":{"coding":[{"code":"primary"}]},"provider":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi",
        "value":"1"}}}],"item":[{"sequence":1}]}"#,
    );
    assert_eq!(claim.rendering(&claim.item[0]).unwrap().npi(), Some("1"));
    // An older number beside the current one, under one role.
    let claim = read(
        r#"{"resourceType":"ExplanationOfBenefit","type":{"coding":[{"code":"INPATIENT",
        "system":"https://bluebutton.cms.gov/resources/codesystem/eob-type"}]},"careTeam":[
        {"sequence":1,"role":{"coding":[{"code":"attending"}]},"provider":{"identifier":{"value":"A1",
        "type":{"coding":[{"code":"UPIN"}]}}}},
        {"sequence":2,"role":{"coding":[{"code":"attending"}]},"provider":{"identifier":{"value":"2",
        "type":{"coding":[{"code":"npi"}]}}}}]}"#,
    );
    assert_eq!(claim.attending().unwrap().npi(), Some("2"));
    // No EOB-TYPE, a group without its zeros, one code in all diagnoses, five modifiers in one concept.
    let claim = read(
        r#"{"resourceType":"ExplanationOfBenefit","type":{"coding":[{"code":"64",
        "system":"https://bluebutton.cms.gov/fhir/CodeSystem/CLM-TYPE-CD"}]},"supportingInfo":[{"sequence":1,
        "category":{"coding":[{"code":"drg","system":"http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType"}]},
        "code":{"coding":[{"code":"42"}]}}],"diagnosis":[
        {"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"Z00.0","system":"http://hl7.org/fhir/sid/icd-10-cm"}]}},
        {"sequence":2,"diagnosisCodeableConcept":{"coding":[{"code":"Z00.0","system":"http://hl7.org/fhir/sid/icd-10-cm"}]}}],
        "item":[{"sequence":1,"diagnosisSequence":[2],"modifier":[{"coding":[
        {"code":"25","system":"http://www.ama-assn.org/go/cpt"},
        {"code":"GP","system":"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"}]}]},{"sequence":2}]}"#,
    );
    assert_eq!(claim.claim_type(), Some(ClaimType::Inpatient));
    assert_eq!(claim.drg(), Some("042"));
    assert_eq!(claim.diagnosis_of(&claim.item[0]).unwrap().code(), Some("Z000"));
    assert_eq!(claim.diagnosis_of(&claim.item[1]), None);
    assert_eq!(claim.item[0].modifiers().collect::<Vec<_>>(), ["25", "GP"]);
    // Tags tell the final action.
    let tagged = |tags: &str| {
        format!(
            r#"{{"resourceType":"ExplanationOfBenefit","status":"active","meta":{{"tag":[{tags}]}}}}"#
        )
    };
    let tag = |system: &str, code: &str| {
        format!(
            r#"{{"system":"https://bluebutton.cms.gov/fhir/CodeSystem/{system}","code":"{code}"}}"#
        )
    };
    for (tags, is_final) in [
        (tag("Final-Action", "FinalAction"), Some(true)),
        (tag("Final-Action", "NotFinalAction"), Some(false)),
        (
            format!(
                "{},{}",
                tag("Final-Action", "FinalAction"),
                tag("System-Type", "SharedSystem")
            ),
            Some(false),
        ),
        (tag("System-Type", "DDPS"), None),
    ] {
        let text = tagged(&tags);
        let claim: ExplanationOfBenefit<'_> = from_slice_as(text.as_bytes()).unwrap();
        assert_eq!(claim.is_final_action(), is_final, "{tags}");
    }
}

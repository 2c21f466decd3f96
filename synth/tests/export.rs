//! Whole exports: files, manifest, determinism, gzip, broken lines.

use crate::common::{export, fnv};
use flate2::read::{GzDecoder, MultiGzDecoder};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use synth::{Api, Defect, Error, MANIFEST_NAME, Options, RecordType};

fn options(beneficiaries: u64) -> Options {
    Options { beneficiaries, ..Options::default() }
}

/// When this fails, the records have changed: every export made before is another one now. Tell it in the changelog.
#[test]
fn bytes_are_pinned() {
    assert_eq!(fnv(&export(&options(25)).bytes()), 15_572_950_937_675_559_803);
    let other = Options {
        seed: 42,
        bad_per_million: 20_000,
        claims_per_beneficiary: Some(12),
        ..options(25)
    };
    assert_eq!(fnv(&export(&other).bytes()), 12_635_266_325_567_625_327);
}

#[test]
fn the_cut_into_files_does_not_change_the_records() {
    let one = export(&Options { beneficiaries_per_file: 1, ..options(12) });
    let many = export(&Options { beneficiaries_per_file: 100, ..options(12) });
    assert_eq!(one.summary.files.len(), 12 + 1 + 3);
    assert_eq!(many.summary.files.len(), 3);
    for record_type in RecordType::ALL {
        assert_eq!(one.lines(record_type), many.lines(record_type));
    }
}

#[test]
fn a_person_does_not_depend_on_how_many_there_are() {
    let (few, more) = (export(&options(5)), export(&options(9)));
    for record_type in RecordType::ALL {
        assert!(more.lines(record_type).starts_with(&few.lines(record_type)));
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(synth::patient(1), synth::patient(2));
    let names = |seed| export(&Options { seed, ..options(1) }).order;
    assert_ne!(names(1), names(2));
}

#[test]
fn the_manifest_comes_last_and_tells_what_is_there() {
    let made = export(&options(45));
    assert_eq!(made.order.last().unwrap(), MANIFEST_NAME);
    let manifest = made.manifest();
    assert!(manifest["request"].as_str().unwrap().starts_with("https://sandbox.bcda.example/"));
    assert_eq!(manifest["requiresAccessToken"], true);
    let files = manifest["files"].as_array().unwrap();
    let output = manifest["output"].as_array().unwrap();
    assert_eq!(files.len(), made.summary.files.len());
    assert_eq!(output.len(), files.len());
    for (file, output) in files.iter().zip(output) {
        let name = file["name"].as_str().unwrap();
        let bytes = &made.files[name];
        assert_eq!(file["bytes"], bytes.len());
        assert_eq!(file["content_bytes"], bytes.len());
        assert_eq!(file["records"], bytes.split(|&b| b == b'\n').count() - 1);
        assert_eq!(file["type"], output["type"]);
        assert!(output["url"].as_str().unwrap().ends_with(name));
    }
    let summary = &made.summary;
    assert_eq!(summary.records["ExplanationOfBenefit"], summary.claims.values().sum::<u64>());
    assert_eq!(manifest["synthetic"]["claims"]["PDE"], summary.claims["PDE"]);
    assert_eq!(summary.bytes, summary.files.iter().map(|f| f.bytes).sum::<u64>());
    assert_eq!(summary.bytes, summary.content_bytes);
}

#[test]
fn claim_types_have_their_shares() {
    let claims = export(&options(400)).summary.claims;
    let all: u64 = claims.values().sum();
    for (eob_type, per_mille) in [
        ("CARRIER", 660..740),
        ("OUTPATIENT", 130..170),
        ("PDE", 85..115),
        ("INPATIENT", 8..25),
        ("SNF", 2..15),
        ("HHA", 3..15),
        ("HOSPICE", 2..16),
        ("DME", 6..22),
    ] {
        assert!(per_mille.contains(&(claims[eob_type] * 1000 / all)), "{eob_type}: {claims:?}");
    }
}

#[test]
fn the_smallest_export_has_all_claim_types() {
    assert_eq!(export(&options(1)).summary.claims.len(), 8);
    let none = export(&options(0));
    assert_eq!(none.order, [MANIFEST_NAME]);
}

#[test]
fn a_few_claims_have_no_patient_and_a_few_records_two_versions() {
    let made = export(&Options { claims_per_beneficiary: Some(9), ..options(700) });
    let patients: BTreeSet<String> = ids(&made.lines(RecordType::Patient), "id");
    let without = made.lines(RecordType::ExplanationOfBenefit).into_iter().filter(|line| {
        let record: serde_json::Value = serde_json::from_slice(line).unwrap();
        let reference = record["patient"]["reference"].as_str().unwrap().to_owned();
        !patients.contains(reference.strip_prefix("Patient/").unwrap())
    });
    let without = without.count() as u64;
    assert_eq!(without, made.summary.claims_without_patient);
    assert!((1..12).contains(&without), "{without}");
    for record_type in RecordType::ALL {
        let lines = made.lines(record_type);
        let distinct = ids(&lines, "id").len();
        let second = made.summary.second_versions[record_type.name()];
        assert_eq!(lines.len() as u64 - distinct as u64, second);
        assert!(second > 0);
    }
}

#[test]
fn a_second_version_differs_in_load_time_and_status_alone() {
    let made = export(&options(150));
    let mut first: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    let mut compared = 0;
    for line in made.lines(RecordType::ExplanationOfBenefit) {
        let mut record: serde_json::Value = serde_json::from_slice(line).unwrap();
        let Some(earlier) = first.get_mut(record["id"].as_str().unwrap()) else {
            first.insert(record["id"].as_str().unwrap().to_owned(), record);
            continue;
        };
        compared += 1;
        assert_eq!(record["status"], "cancelled");
        let loaded = |r: &serde_json::Value| r["meta"]["lastUpdated"].as_str().map(str::to_owned);
        assert!(loaded(earlier) < loaded(&record) || loaded(&record).is_none());
        for member in ["status", "meta"] {
            record[member].take();
            earlier[member].take();
        }
        assert_eq!(*earlier, record);
    }
    assert!(compared > 0);
}

fn ids(lines: &[&[u8]], member: &str) -> BTreeSet<String> {
    let id = |line: &&[u8]| {
        serde_json::from_slice::<serde_json::Value>(line).unwrap()[member]
            .as_str()
            .unwrap()
            .to_owned()
    };
    lines.iter().map(id).collect()
}

#[test]
fn gzip_files_hold_the_same_text() {
    let plain = export(&Options { seed: 3, ..options(45) });
    let gzip = export(&Options { seed: 3, gzip: true, ..options(45) });
    let mut several = 0;
    for (plain_file, file) in plain.summary.files.iter().zip(&gzip.summary.files) {
        assert_eq!(format!("{}.gz", plain_file.name), file.name);
        let bytes = &gzip.files[&file.name];
        let mut content = Vec::new();
        MultiGzDecoder::new(&bytes[..]).read_to_end(&mut content).unwrap();
        assert!(content == plain.files[&plain_file.name]);
        assert_eq!((file.bytes, file.content_bytes), (bytes.len() as u64, plain_file.bytes));
        let mut first = Vec::new();
        GzDecoder::new(&bytes[..]).read_to_end(&mut first).unwrap();
        several += usize::from(first.len() < content.len());
    }
    assert!(several > 0, "no file of several members");
}

#[test]
fn bad_lines_are_counted_by_class() {
    let made = export(&Options { bad_per_million: 100_000, ..options(120) });
    let summary = &made.summary;
    let lines: u64 = summary.records.values().sum();
    let share = summary.bad_lines() * 1000 / lines;
    assert!((85..115).contains(&share), "{share}");
    for defect in Defect::ALL {
        assert!(summary.bad[defect.name()] > 0, "{}", defect.name());
    }
    let good = export(&options(120));
    let mut broken = 0;
    for record_type in RecordType::ALL {
        let pairs = good.lines(record_type).into_iter().zip(made.lines(record_type));
        broken += pairs.filter(|(good, bad)| good != bad).count() as u64;
    }
    assert_eq!(broken, summary.bad_lines());
    assert_eq!(made.manifest()["synthetic"]["bad"]["truncated"], summary.bad["truncated"]);
    let all = export(&Options { bad_per_million: 1_000_000, ..options(2) });
    assert_eq!(all.summary.bad_lines(), all.summary.records.values().sum::<u64>());
}

#[test]
fn every_defect_breaks_a_claim_of_every_type() {
    let types = synth::ClaimType::ALL;
    for (api, claim_type) in Api::ALL.into_iter().flat_map(|api| types.map(|each| (api, each))) {
        for defect in Defect::ALL {
            let good = synth::eob_of(api, 5, claim_type).into_bytes();
            let mut line = good.clone();
            assert_eq!(defect.apply(&mut line), defect, "{api} {claim_type:?}");
            assert_ne!(line, good);
            assert!(!line.contains(&b'\n'));
            let parsed = serde_json::from_slice::<serde_json::Value>(&line);
            let is_json = matches!(
                defect,
                Defect::DuplicateMember
                    | Defect::WrongType
                    | Defect::MissingIdentity
                    | Defect::MissingEobType
                    | Defect::ImpossibleDate
                    | Defect::InexactAmount
                    | Defect::UnknownResourceType
                    | Defect::TooDeep
            );
            assert_eq!(parsed.is_ok(), is_json, "{defect:?}");
        }
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options: &Options| {
        let result = synth::generate(options, |_| Ok(io::sink()));
        assert!(matches!(result, Err(Error::Options(_))));
    };
    refused(&Options { beneficiaries_per_file: 0, ..options(1) });
    refused(&Options { bad_per_million: 1_000_001, ..options(1) });
    refused(&options(u64::MAX));
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let result = synth::generate(&options(1), |_| {
        Err::<io::Sink, _>(io::ErrorKind::PermissionDenied.into())
    });
    assert!(result.unwrap_err().to_string().starts_with("cannot write "));
}

//! Two readings of the crosswalk against each other, and both against values stated by hand.

mod common;

use cclf_crosswalk::{ErrorClass, Table};
use common::{
    FILE_DATE, Input, Random, cell, column, compare, golden, json, leaves, parse, shuffle, write,
};

/// Records of `seeds` people: a Patient, four Coverages and a claim of each type.
fn synthetic(seeds: std::ops::Range<u64>) -> Vec<String> {
    seeds
        .flat_map(|seed| {
            let claims = synth::ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type));
            let coverages = synth::Part::ALL.map(|part| synth::coverage(seed, part));
            claims.into_iter().chain(coverages).chain([synth::patient(seed)])
        })
        .collect()
}

/// A whole export of the generator, file by file.
fn export(options: &synth::Options) -> Input {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct File(Arc<Mutex<Vec<u8>>>);
    impl Write for File {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut files: Vec<(String, File)> = Vec::new();
    synth::generate(options, |name| {
        let file = File::default();
        files.push((name.to_owned(), file.clone()));
        Ok(file)
    })
    .unwrap();
    let files = files
        .into_iter()
        .filter(|(name, _)| name != synth::MANIFEST_NAME)
        .enumerate()
        .map(|(number, (name, file))| {
            let text = String::from_utf8(file.0.lock().unwrap().clone()).unwrap();
            let date = FILE_DATE + i32::try_from(number).unwrap();
            (name, Some(date), text.lines().map(str::to_owned).collect())
        })
        .collect();
    Input { files }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
fn golden_or_skip(folder: &str) -> Option<Vec<String>> {
    let lines = golden(folder);
    if lines.is_none() {
        eprintln!("skipped: no ../shared");
    }
    lines
}

mod whole_tables {
    use super::*;

    #[test]
    fn of_synthetic_records() {
        let tables = Input::of(synthetic(0..40)).tables();
        assert!(tables.rejected.is_empty());
        for rows in &tables.tables {
            assert!(!rows.rows.is_empty(), "{} has no row", rows.table);
        }
    }

    #[test]
    fn of_a_synthetic_export() {
        let options = synth::Options {
            beneficiaries: 12,
            seed: 5,
            beneficiaries_per_file: 3,
            claims_per_beneficiary: Some(12),
            ..synth::Options::default()
        };
        let tables = export(&options).tables();
        assert!(tables.rejected.is_empty());
    }

    #[test]
    fn of_golden_records() {
        for folder in ["", "identifiers", "seed-samples"] {
            if let Some(lines) = golden_or_skip(folder) {
                let tables = Input::of(lines).tables();
                assert!(tables.rejected.is_empty(), "{folder}: {:?}", tables.rejected);
            }
        }
    }

    #[test]
    fn without_lineage() {
        let input = Input::of(synthetic(0..3));
        compare(&input.slow(false), &input.fast(false));
    }

    #[test]
    fn in_any_order_of_members() {
        let mut lines = synthetic(100..110);
        for folder in ["", "identifiers", "seed-samples"] {
            lines.extend(golden_or_skip(folder).unwrap_or_default());
        }
        let before = Input::of(lines.clone()).tables();
        for seed in 1..4 {
            let mut random = Random::new(seed);
            let shuffled = lines.iter().map(|line| {
                let mut record = parse(line);
                shuffle(&mut record, &mut random);
                write(record)
            });
            let input = Input::of(shuffled);
            assert!(before == input.tables(), "the order of members changed a table");
        }
    }
}

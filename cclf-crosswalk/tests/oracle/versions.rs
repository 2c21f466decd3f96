//! The two readings of the crosswalks of versions 2 and 3 against each other.

use proptest::prelude::*;

use super::*;

const R4: [Api; 2] = [Api::V2, Api::V3];

/// Records of `seeds` people: a Patient, their Coverages and a claim of each type.
fn synthetic_of(api: Api, seeds: std::ops::Range<u64>) -> Vec<String> {
    let of_seed = |seed| {
        let claims = synth::ClaimType::ALL.map(|kind| synth::eob_of(api, seed, kind));
        let coverages = synth::Part::ALL.map(|part| synth::coverage_of(api, seed, part));
        let dual = (api == Api::V3).then(|| synth::dual_coverage(seed));
        let people = coverages.into_iter().chain(dual).chain([synth::patient_of(api, seed)]);
        claims.into_iter().chain(people).collect::<Vec<_>>()
    };
    seeds.flat_map(of_seed).collect()
}

/// The records of our own that hold what no golden record holds.
fn fixtures(api: Api) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let read = |of| std::fs::read_to_string(format!("{folder}/{api}-{of}.ndjson")).unwrap();
    ["claims", "people"].map(read).iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
}

/// Everything at hand in a version.
fn records(api: Api) -> Vec<String> {
    let golden = golden_or_skip(&format!("r4/{api}")).unwrap_or_default();
    [synthetic_of(api, 0..4), fixtures(api), golden].concat()
}

/// What may be asked for.
fn wanted() -> [Wanted; 4] {
    [
        ALL,
        Wanted { lineage: false, ..ALL },
        Wanted { enhancement_rows: false, ..ALL },
        Wanted { partially_adjudicated: false, ..ALL },
    ]
}

#[test]
fn plan_and_interpreter_agree_on_all_records_at_hand() {
    for api in R4 {
        let input = Input::in_version(api, records(api));
        for wanted in wanted() {
            let tables = input.wanted(wanted);
            assert!(tables.rejected.is_empty(), "{api}: {:?}", tables.rejected);
        }
    }
}

#[test]
fn plan_and_interpreter_agree_on_whole_exports() {
    for api in R4 {
        let options = synth::Options {
            api,
            beneficiaries: 12,
            seed: 5,
            beneficiaries_per_file: 3,
            claims_per_beneficiary: Some(12),
            partially_adjudicated_per_million: if api == Api::V3 { 300_000 } else { 0 },
            ..synth::Options::default()
        };
        let input = export(&options);
        for wanted in wanted() {
            let tables = input.wanted(wanted);
            assert!(tables.rejected.is_empty(), "{api}: {:?}", tables.rejected);
            for rows in &tables.tables {
                let is_of_v3 = [Table::CclfA, Table::CclfB].contains(&rows.table);
                let expected = wanted.enhancement_rows || api == Api::V3 || !is_of_v3;
                assert_eq!(!rows.rows.is_empty(), expected, "{api}, {}", rows.table);
            }
            let is_left_out = api == Api::V3 && !wanted.partially_adjudicated;
            assert!(!tables.skipped.is_empty() || !is_left_out, "{api}");
        }
    }
}

#[test]
fn any_order_of_members_gives_the_same_tables() {
    for api in R4 {
        let lines = records(api);
        let before = Input::in_version(api, lines.clone()).tables();
        for seed in 1..3 {
            let mut random = Random::new(seed);
            let shuffled = lines.iter().map(|line| {
                let mut record = parse(line);
                shuffle(&mut record, &mut random);
                write(record)
            });
            let after = Input::in_version(api, shuffled).tables();
            assert!(before == after, "{api}: the order of members changed a table");
        }
    }
}

/// Records of another version are of no table and are not bad, whichever version is read.
#[test]
fn plan_and_interpreter_agree_on_what_is_of_another_version() {
    for api in Api::ALL {
        for other in Api::ALL.into_iter().filter(|other| *other != api) {
            let lines = synthetic_of(other, 7..9);
            let tables = Input::in_version(api, lines.clone()).tables();
            assert!(tables.rejected.is_empty(), "{api}, {other}: {:?}", tables.rejected);
            assert_eq!(tables.foreign.len(), lines.len(), "{api}, {other}");
        }
    }
}

/// Fewer than of version 1, unless the environment asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    let cases = if asked { default.cases } else { 200 };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn plan_and_interpreter_agree_on_records_with_one_leaf_changed(
        api in 1..3_usize,
        record in 0..1000_usize,
        leaf in 0..100_000_usize,
        to in 0..100_usize,
        same_kind in prop::bool::weighted(0.8),
    ) {
        static RECORDS: std::sync::LazyLock<[Vec<String>; 2]> =
            std::sync::LazyLock::new(|| R4.map(records));
        let (api, lines) = (Api::ALL[api], &RECORDS[api - 1]);
        let line = mutated(&lines[record % lines.len()], leaf, to, same_kind);
        Input::in_version(api, [line, synth::patient_of(api, 1)]).tables();
    }

    #[test]
    fn plan_and_interpreter_agree_on_people_with_leaves_changed(
        api in 1..3_usize,
        seed in 0..5_u64,
        changes in prop::collection::vec((0..18_usize, 0..100_000_usize, 0..100_usize), 1..4),
    ) {
        let api = Api::ALL[api];
        let mut lines = synthetic_of(api, seed..seed + 1);
        lines.push(synth::patient_of(api, seed));
        lines.push(synth::coverage_of(api, seed, synth::Part::A));
        for (line, leaf, to) in changes {
            let place = line % lines.len();
            let changed = mutated(&lines[place], leaf, to, true);
            // Several faults of a record may be of several classes: each is a change of a good one.
            if Input::in_version(api, [changed.clone()]).slow(ALL).rejected.is_empty() {
                lines[place] = changed;
            }
        }
        Input::in_version(api, lines).tables();
    }
}

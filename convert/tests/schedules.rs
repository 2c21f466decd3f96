//! The same records give the same tables however they are cut into files and blocks, packed and shared among threads;
//! in another order, the same rows. Schedules are made up, and a failing one is shrunk to the least that still fails.
//!
//! `PROPTEST_CASES` asks for more of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use cclf_crosswalk::Format;
use convert::{Counts, MaxRejects, Options, Output, TABLES_MANIFEST, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use synth::{Api, ClaimType, Part};

/// Schedules unless the environment asks for more: each is two runs.
const CASES: u32 = 40;
/// Beneficiaries whose records there are to choose from.
const PEOPLE: u64 = 3;

/// The last records of the pool are bad, or skipped.
const BAD: usize = 6;

/// Records of all kinds in each version of the API: good, rejected, skipped, repeated, in two versions, of nobody.
static POOLS: LazyLock<[Vec<Vec<u8>>; 3]> = LazyLock::new(|| Api::ALL.map(pool));

fn pool(api: Api) -> Vec<Vec<u8>> {
    let mut pool = Vec::new();
    for seed in 0..PEOPLE {
        let patient = synth::patient_of(api, seed);
        let coverages = Part::ALL.map(|part| synth::coverage_of(api, seed, part));
        let newer = [&patient, &coverages[0]].map(|record| later(record));
        let claims = ClaimType::ALL.map(|claim_type| synth::eob_of(api, seed, claim_type));
        pool.extend([patient].into_iter().chain(coverages).chain(newer).chain(claims));
    }
    pool.push(synth::eob_of(api, PEOPLE, ClaimType::Carrier));
    let bad = synth::eob_of(api, PEOPLE, ClaimType::Hospice);
    let bad = bad.replace("\"value\":", "\"value_\":");
    let twice = "{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}";
    let skipped = "{\"resourceType\":\"Observation\",\"id\":\"1\"}";
    let unknown = "{\"resourceType\":\"Nothing\"}";
    pool.extend([&bad, twice, skipped, unknown].map(str::to_owned));
    let mut pool: Vec<Vec<u8>> = pool.into_iter().map(String::into_bytes).collect();
    pool.push(b"{\"resourceType\":\"Coverage\",\"id\":\"\xff\"}".to_vec());
    pool.push([b"{\"a\":".repeat(70), b"1".to_vec(), b"}".repeat(70)].concat());
    pool
}

/// The record as it was updated once more, later than any other.
fn later(record: &str) -> String {
    let at = record.find("\"lastUpdated\":\"").unwrap() + 15;
    format!("{}2031{}", &record[..at], &record[at + 4..])
}

/// How a file is stored, and what stands between its records.
#[derive(Clone, Copy, Debug)]
struct Stored {
    packing: u8,
    /// The last line has no end.
    open_end: bool,
    crlf: bool,
    blank: bool,
}

/// How records are laid into files and read.
#[derive(Clone, Debug)]
struct Schedule {
    /// Of which version they are.
    api: Api,
    /// Records of the pool, by number.
    records: Vec<usize>,
    /// Where a file ends: after this many records.
    cuts: Vec<usize>,
    stored: Vec<Stored>,
    threads: usize,
    block_bytes: usize,
    format: u8,
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let stored = (0..4_u8, any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(packing, open_end, crlf, blank)| Stored { packing, open_end, crlf, blank });
    // Of bad records alone nothing is made: the run ends with an error.
    let all = POOLS[0].len();
    assert!(POOLS.iter().all(|pool| pool.len() == all));
    let good = all - BAD;
    let records = prop::collection::vec(0..all, 0..60)
        .prop_filter("some are good", move |records| {
            records.is_empty() || records.iter().any(|record| *record < good)
        });
    let cuts = prop::collection::vec(0..60_usize, 0..8);
    let blocks = prop_oneof![1..200_usize, 1000..30_000_usize, Just(4 << 20)];
    let threads = prop_oneof![Just(1_usize), Just(2), Just(3), Just(8)];
    let stored = prop::collection::vec(stored, 9);
    let api = prop::sample::select(Api::ALL.to_vec());
    (api, records, cuts, stored, threads, blocks, 0..3_u8).prop_map(
        |(api, records, cuts, stored, threads, block_bytes, format)| Schedule {
            api,
            records,
            cuts,
            stored,
            threads,
            block_bytes,
            format,
        },
    )
}

impl Schedule {
    /// One plain file on one thread.
    fn simplest(&self, records: Vec<usize>) -> Self {
        let plain = Stored { packing: 0, open_end: false, crlf: false, blank: false };
        Self {
            api: self.api,
            records,
            cuts: Vec::new(),
            stored: vec![plain],
            threads: 1,
            block_bytes: 1 << 20,
            format: self.format,
        }
    }

    /// Writes the files; gives what they hold.
    fn lay(&self, folder: &Path) -> Vec<Vec<u8>> {
        fs::create_dir(folder).unwrap();
        let records = self.records.len();
        let mut cuts: Vec<usize> = self.cuts.iter().map(|cut| cut % (records + 1)).collect();
        cuts.extend([0, records]);
        cuts.sort_unstable();
        let mut texts = Vec::new();
        for (number, (cut, stored)) in cuts.windows(2).zip(&self.stored).enumerate() {
            let text = stored.text(self.api, &self.records[cut[0]..cut[1]]);
            fs::write(folder.join(format!("{number}.ndjson")), stored.packed(&text)).unwrap();
            texts.push(text);
        }
        texts
    }

    /// Runs the schedule.
    fn outcome(&self) -> Outcome {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let work = made.unwrap();
        let (input, out) = (work.path().join("in"), work.path().join("out"));
        let texts = self.lay(&input);
        let inputs = vec![input.to_str().unwrap().to_owned()];
        let mut options = Options::new(inputs, Output::Folder(out.clone()));
        options.columns = false.into();
        options.reading.file_date = Some(19_000);
        options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
        (options.reading.threads, options.reading.block_bytes) = (self.threads, self.block_bytes);
        options.format = match self.format {
            0 => Format::Csv,
            1 => Format::Parquet,
            _ => Format::Arrow,
        };
        let report = run(&options).unwrap();
        let mut tables = BTreeMap::new();
        for entry in fs::read_dir(&out).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name != TABLES_MANIFEST && name != "rejects" {
                tables.insert(name.clone(), fs::read(out.join(name)).unwrap());
            }
        }
        let rejects = fs::read(out.join("rejects/rejects.ndjson")).unwrap_or_default();
        let mut rejects: Vec<Vec<u8>> =
            rejects.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let list = fs::read_to_string(out.join("rejects/rejects.csv")).unwrap_or_default();
        let mut listed = listed(&list, &texts);
        rejects.retain(|line| !line.is_empty());
        // The list and the lines are in one order.
        assert!(listed.iter().map(|(record, _)| record).eq(&rejects), "the list is of other lines");
        rejects.sort();
        listed.sort();
        Outcome {
            tables,
            rejects,
            listed,
            counts: report.records,
            classes: report.rejected_by_class.into_iter().collect(),
            superseded: (report.superseded_patients, report.superseded_coverages),
            people: (report.beneficiaries, report.claims_without_patient),
        }
    }
}

/// The list of rejects: each record, found where the list says it stands, and its class, byte of the fault and path.
fn listed(list: &str, texts: &[Vec<u8>]) -> Vec<(Vec<u8>, String)> {
    let row = |row: &str| {
        let mut cells = row.splitn(4, ',');
        let mut cell = || cells.next().unwrap();
        let text = &texts[cell().strip_suffix(".ndjson").unwrap().parse::<usize>().unwrap()];
        let line: usize = cell().parse().unwrap();
        let (before, rest) = text.split_at(cell().parse().unwrap());
        assert_eq!(before.split(|byte| *byte == b'\n').count(), line);
        assert!(before.last().is_none_or(|byte| *byte == b'\n'), "no line begins there");
        let record = rest.split(|byte| *byte == b'\n').next().unwrap();
        (record.strip_suffix(b"\r").unwrap_or(record).to_vec(), cell().to_owned())
    };
    list.lines().skip(1).map(row).collect()
}

impl Stored {
    fn text(self, api: Api, records: &[usize]) -> Vec<u8> {
        let end: &[u8] = if self.crlf { b"\r\n" } else { b"\n" };
        let mut text = Vec::new();
        for record in records {
            text.extend_from_slice(&POOLS[api as usize][*record]);
            text.extend_from_slice(end);
            if self.blank {
                text.extend_from_slice(b" \t");
                text.extend_from_slice(end);
            }
        }
        if self.open_end && !self.blank && !text.is_empty() {
            text.truncate(text.len() - end.len());
        }
        text
    }

    fn packed(self, text: &[u8]) -> Vec<u8> {
        let member = |text: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let (front, rest) = text.split_at(text.len() / 3);
        match self.packing {
            0 => text.to_vec(),
            1 => member(text),
            2 => [member(front), member(b""), member(rest)].concat(),
            _ => zstd::encode_all(text, 1).unwrap(),
        }
    }
}

/// What a run came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    tables: BTreeMap<String, Vec<u8>>,
    rejects: Vec<Vec<u8>>,
    /// By record: what `rejects.csv` says of it but the place, which was looked at.
    listed: Vec<(Vec<u8>, String)>,
    counts: Counts,
    classes: BTreeMap<String, u64>,
    superseded: (u64, u64),
    people: (u64, Option<u64>),
}

impl Outcome {
    /// The rows of each table in CSV, sorted.
    fn with_sorted_rows(mut self) -> Self {
        for text in self.tables.values_mut() {
            let mut quoted = false;
            let mut rows: Vec<&[u8]> = text
                .split(|byte| {
                    quoted ^= *byte == b'"';
                    *byte == b'\n' && !quoted
                })
                .collect();
            rows.sort_unstable();
            *text = rows.join(&b'\n');
        }
        self
    }

    fn is_like(&self, other: &Self) -> Result<(), TestCaseError> {
        for (name, bytes) in &self.tables {
            // Not the bytes: they say nothing to a reader.
            prop_assert!(other.tables.get(name) == Some(bytes), "{} differs", name);
        }
        prop_assert_eq!(self.tables.len(), other.tables.len());
        prop_assert!(self.rejects == other.rejects, "the rejects differ");
        prop_assert!(self.listed == other.listed, "what is said of the rejects differs");
        prop_assert_eq!(&self.counts, &other.counts);
        let counts = &self.counts;
        let judged = counts.with_rows + counts.joined + counts.without_rows;
        prop_assert_eq!(counts.read, judged + counts.skipped_by_type + counts.rejected);
        prop_assert_eq!(&self.classes, &other.classes);
        prop_assert_eq!(self.superseded, other.superseded);
        prop_assert_eq!(self.people, other.people);
        Ok(())
    }
}

fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    let cases = if asked { default.cases } else { CASES };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_cut_into_files_blocks_and_threads_gives_the_same_bytes(schedule in schedules()) {
        let expected = schedule.simplest(schedule.records.clone()).outcome();
        prop_assert_eq!(expected.tables.len(), 12);
        schedule.outcome().is_like(&expected)?;
    }

    #[test]
    fn any_order_of_the_records_gives_the_same_rows(
        schedule in schedules(),
        moves in prop::collection::vec((0..60_usize, 0..60_usize), 0..60),
    ) {
        let schedule = Schedule { format: 0, ..schedule };
        let mut records = schedule.records.clone();
        for (from, to) in moves {
            if !records.is_empty() {
                let (from, to) = (from % records.len(), to % records.len());
                records.swap(from, to);
            }
        }
        let expected = schedule.simplest(records).outcome().with_sorted_rows();
        schedule.outcome().with_sorted_rows().is_like(&expected)?;
    }
}

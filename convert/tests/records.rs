//! Records pushed one by one give the tables of a run: `cclf_crosswalk::TableStream` beside `convert::run`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::common::{EXPORT, FILE_DATE, converted};
use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::{
    Beneficiaries, Crosswalk, Lineage, RecordCounts, Table, TableStream, TableStreamOptions, schema,
};
use synth::{ClaimType, Part};

/// The records of a folder by file, in the order in which a run reads them.
fn records(folder: &Path) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().contains(".ndjson"));
    files.sort();
    let read = |path: PathBuf| {
        let file = fs::File::open(&path).unwrap();
        let plain: Box<dyn Read> = match path.extension().unwrap().to_str() {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
            _ => Box::new(file),
        };
        let lines = BufReader::new(plain).split(b'\n').map(Result::unwrap).collect();
        // FILE_NAME does not tell how a file is compressed.
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".gz");
        (name.to_owned(), lines)
    };
    files.into_iter().map(read).collect()
}

/// All tables of these records, and the counts.
fn pushed(
    files: &[(String, Vec<Vec<u8>>)],
    batch_rows: usize,
) -> (BTreeMap<Table, RecordBatch>, RecordCounts) {
    let source = |name: &String| Lineage { file_name: name.clone(), file_date: Some(FILE_DATE) };
    let mut people = Beneficiaries::default();
    for (name, lines) in files {
        people.set_source(source(name));
        for line in lines {
            // Bad lines are counted, which is compared.
            let _ = people.push(line);
        }
    }
    let options = TableStreamOptions { batch_rows, second_reading: true, ..Default::default() };
    let mut stream = TableStream::new(people, &Table::ALL, &options);
    let mut made = BTreeMap::<Table, Vec<RecordBatch>>::new();
    for (name, lines) in files {
        stream.set_source(source(name));
        for line in lines {
            let _ = stream.push(line);
            while let Some((table, batch)) = stream.next_batch().unwrap() {
                made.entry(table).or_default().push(batch);
            }
        }
    }
    let mut rest = stream.finish();
    for item in rest.by_ref() {
        let (table, batch) = item.unwrap();
        made.entry(table).or_default().push(batch);
    }
    let whole = |table: Table| {
        let schema = schema(Crosswalk::stu3(), table, &options.columns);
        let batches = made.remove(&table).unwrap_or_default();
        (table, concat_batches(&schema, &batches).unwrap())
    };
    (Table::ALL.map(whole).into(), rest.counts())
}

#[track_caller]
fn same_as_a_run(folder: &Path, rejected: u64) {
    let (tables, report) = converted(folder.to_str().unwrap());
    let files = records(folder);
    for batch_rows in [8_192, 3] {
        let (pushed, counts) = pushed(&files, batch_rows);
        for (table, converted) in Table::ALL.iter().zip(&tables) {
            // An Arrow file has metadata of its own besides.
            let fields = converted.schema();
            assert_eq!(pushed[table].schema().fields(), fields.fields(), "{table}");
            assert_eq!(pushed[table].columns(), converted.columns(), "{table}");
        }
        assert_eq!((counts.read(), counts.rejected), (report.records.read, rejected));
        assert_eq!(counts.with_rows, report.records.with_rows);
        assert_eq!(counts.without_rows, report.records.without_rows);
        assert_eq!(counts.joined, report.records.joined);
        assert_eq!(counts.skipped, report.records.skipped_by_type);
        assert_eq!(counts.rejected, report.records.rejected);
        assert_eq!(counts.partial_dates, report.partial_dates);
        assert_eq!(counts.untranslated_states, report.untranslated_states);
        assert_eq!(counts.untranslated_codes, report.untranslated_codes);
        assert_eq!(counts.untranslated_zips, report.untranslated_zips);
        assert_eq!(counts.not_final.cancelled, report.claims_not_final["cancelled"]);
        assert_eq!(Some(counts.claims_without_patient), report.claims_without_patient);
    }
}

#[test]
fn every_table_of_the_export_is_that_of_a_run() {
    same_as_a_run(Path::new(EXPORT), 0);
}

#[test]
fn bad_and_mixed_records_are_those_of_a_run() {
    let work = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for seed in 0..40 {
        for claim_type in ClaimType::ALL {
            lines += &(synth::eob(seed, claim_type) + "\n");
        }
        if seed % 4 != 0 {
            lines += &(synth::patient(seed) + "\n");
        }
        for part in Part::ALL {
            lines += &(synth::coverage(seed, part) + "\n");
        }
        if seed % 10 == 0 {
            lines +=
                "{\"resourceType\":\"ExplanationOfBenefit\"}\n{\"resourceType\":\"Nothing\"}\n";
            lines += "{\"resourceType\":\"Observation\"}\nno JSON\n";
        }
    }
    fs::write(work.path().join("all.ndjson"), lines).unwrap();
    same_as_a_run(work.path(), 12);
}

//! Records in, batches out: every record becomes rows or comes back, batches have their size, people come first.

use std::collections::BTreeMap;

use cclf_crosswalk::arrow::array::{Array, AsArray, RecordBatch};
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::datatypes::Int64Type;
use cclf_crosswalk::{
    Api, BadRecord, BatchError, Beneficiaries, Columns, Crosswalk, ErrorClass, Lineage, NotTaken,
    RecordCounts, Table, TableStream, TableStreamOptions, Taken, schema,
};
use synth::{ClaimType, Part};

/// A Patient and four Coverages of each of so many people, and a claim of each type.
fn records(people: u64) -> (Vec<String>, Vec<String>) {
    let person = |seed| {
        let coverages = Part::ALL.map(|part| synth::coverage(seed, part));
        std::iter::once(synth::patient(seed)).chain(coverages)
    };
    let claims = |seed| ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type));
    ((0..people).flat_map(person).collect(), (0..people).flat_map(claims).collect())
}

fn people(records: &[String]) -> Beneficiaries {
    let mut people = Beneficiaries::default();
    people.set_source(source("people"));
    for record in records {
        assert_eq!(people.push(record.as_bytes()), Ok(true));
    }
    people
}

fn source(name: &str) -> Lineage {
    Lineage { file_name: name.to_owned(), file_date: Some(19_000) }
}

fn options(batch_rows: usize) -> TableStreamOptions {
    TableStreamOptions { batch_rows, ..TableStreamOptions::default() }
}

/// The whole tables, what was not taken, and the counts. All batches of a table but the last are full.
fn tables(
    people: Beneficiaries,
    claims: &[String],
    wanted: &[Table],
    options: &TableStreamOptions,
) -> (BTreeMap<Table, RecordBatch>, Vec<BadRecord>, RecordCounts) {
    let mut stream = TableStream::new(people, wanted, options);
    stream.set_source(source("claims"));
    let (mut made, mut bad) = (BTreeMap::<Table, Vec<RecordBatch>>::new(), Vec::new());
    let mut batches = stream.batches(claims);
    for item in batches.by_ref() {
        match item {
            Ok((table, batch)) => made.entry(table).or_default().push(batch),
            Err(BatchError::Record(record)) => bad.push(record),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(batches.next().is_none());
    let counts = batches.counts();
    let whole = |(table, batches): (Table, Vec<RecordBatch>)| {
        let (last, full) = batches.split_last().unwrap();
        assert!(full.iter().all(|batch| batch.num_rows() == options.batch_rows), "{table}");
        assert!((1..=options.batch_rows).contains(&last.num_rows()), "{table}");
        let schema = schema(Crosswalk::stu3(), table, &options.columns);
        (table, concat_batches(&schema, &batches).unwrap())
    };
    (made.into_iter().map(whole).collect(), bad, counts)
}

#[test]
fn the_size_of_batches_does_not_show() {
    let (patients, claims) = records(20);
    let (whole, bad, counts) = tables(people(&patients), &claims, &Table::ALL, &options(1 << 20));
    assert!(bad.is_empty());
    assert_eq!((counts.joined, counts.with_rows + counts.without_rows), (100, 160));
    assert_eq!(counts.claims_without_patient, 0);
    for table in [Table::Cclf1, Table::Cclf2, Table::Cclf5, Table::Cclf6, Table::Cclf7] {
        assert!(whole[&table].num_rows() >= 20, "{table}");
    }
    assert!(whole[&Table::Cclf8].num_rows() >= 20);
    for batch_rows in [1, 7, 100] {
        let cut = tables(people(&patients), &claims, &Table::ALL, &options(batch_rows));
        assert_eq!(cut, (whole.clone(), Vec::new(), counts), "{batch_rows}");
    }
}

#[test]
fn the_summary_counts_the_tables_asked_for() {
    let (patients, claims) = records(3);
    let wanted = [Table::Cclf0, Table::Cclf5, Table::Cclf8];
    let (made, ..) = tables(people(&patients), &claims, &wanted, &options(100));
    let summary = &made[&Table::Cclf0];
    let names: Vec<_> = summary.column(0).as_string::<i32>().iter().flatten().collect();
    assert_eq!(names, ["CCLF5", "CCLF8"]);
    let schema = summary.schema();
    let counts = schema.fields().iter().position(|field| field.name() == "NUMBER_OF_RECORDS");
    let counts = summary.column(counts.unwrap()).as_primitive::<Int64Type>();
    let rows = |table: Table| i64::try_from(made[&table].num_rows()).unwrap();
    assert_eq!(&counts.values()[..], [rows(Table::Cclf5), rows(Table::Cclf8)]);
}

#[test]
fn bad_records_come_back_in_their_places_and_cost_no_other() {
    let (patients, mut claims) = records(5);
    let (clean, ..) = tables(people(&patients), &claims, &[Table::Cclf5], &options(10));
    claims.insert(3, "{\"resourceType\":\"ExplanationOfBenefit\"}".to_owned());
    claims.insert(20, "{\"resourceType\":\"Observation\"}".to_owned());
    claims.insert(21, "no JSON".to_owned());
    claims.push("{\"resourceType\":\"Patient\",\"id\":\"SECRET\"}".to_owned());
    let (made, bad, counts) = tables(people(&patients), &claims, &[Table::Cclf5], &options(10));
    assert_eq!(made, clean);
    let numbers: Vec<u64> = bad.iter().map(|bad| bad.number).collect();
    assert_eq!(numbers, [4, 22, 44]);
    for bad in &bad {
        assert_eq!(bad.record, claims[usize::try_from(bad.number).unwrap() - 1].as_bytes());
        let shown = format!("{bad} {bad:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("no JSON"), "{shown}");
    }
    let record = bad[0].error.record().unwrap();
    assert_eq!((record.class(), record.offset()), (ErrorClass::Missing, 0));
    assert_eq!(record.path(), "identifier");
    assert_eq!(
        bad[1].error.record().map(cclf_crosswalk::RecordError::class),
        Some(ErrorClass::Syntax)
    );
    assert_eq!(bad[2].error, NotTaken::Person);
    assert_eq!((counts.rejected, counts.skipped), (3, 1));
    assert_eq!(counts.read(), (patients.len() + claims.len()) as u64);
}

#[test]
fn errors_go_through_the_question_mark() {
    fn rows(records: &[Vec<u8>]) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TableStream::new(Beneficiaries::default(), &[Table::Cclf5], &options(10));
        let mut rows = 0;
        for item in stream.batches(records) {
            let (_, batch) = item?;
            rows += batch.num_rows();
        }
        Ok(rows)
    }
    let claim = synth::eob(1, ClaimType::Carrier).into_bytes();
    assert!(rows(std::slice::from_ref(&claim)).unwrap() > 0);
    let error = rows(&[claim, b"no JSON".to_vec()]).unwrap_err();
    assert!(error.to_string().starts_with("record 2: syntax"), "{error}");
    assert!(error.downcast_ref::<BatchError>().is_some() && error.source().is_some());
}

#[test]
fn blank_records_are_no_records() {
    let claim = synth::eob(1, ClaimType::Carrier).into_bytes();
    let patient = synth::patient(1).into_bytes();
    let mut people = Beneficiaries::default();
    for record in [&b""[..], &patient, b" \t\r", b"\n"] {
        assert_eq!(people.push(record), Ok(record == patient));
    }
    let mut stream = TableStream::new(people, &[Table::Cclf5], &options(10));
    for blank in [&b""[..], b" \t\r", b"\r\n"] {
        assert_eq!(stream.push(blank), Ok(Taken::Blank));
    }
    // What is white elsewhere is no white space of JSON, here as in files.
    assert!(stream.push(b"\x0b").is_err() && stream.push("\u{a0}".as_bytes()).is_err());
    assert!(stream.push(&claim).is_ok());
    let counts = stream.counts();
    assert_eq!((counts.joined, counts.with_rows, counts.rejected, counts.read()), (1, 1, 2, 4));
}

#[test]
fn a_mixed_source_is_read_twice_and_counted_once() {
    let (patients, claims) = records(4);
    let (separate, _, apart) = tables(people(&patients), &claims, &Table::ALL, &options(10));
    let mut mixed = Vec::new();
    let mut rest = patients.iter();
    for claim in &claims {
        mixed.push(claim.clone());
        mixed.extend(rest.next().cloned());
    }
    mixed.insert(2, "{}".to_owned());
    mixed.insert(5, "{\"resourceType\":\"Observation\"}".to_owned());
    mixed.insert(9, "{\"resourceType\":\"ExplanationOfBenefit\",\"id\":7}".to_owned());
    let mut people = Beneficiaries::default();
    people.set_source(source("people"));
    let first = mixed.iter().filter(|record| people.push(record.as_bytes()).is_err()).count();
    let second_reading = TableStreamOptions { second_reading: true, ..options(10) };
    let (made, bad, counts) = tables(people, &mixed, &Table::ALL, &second_reading);
    assert_eq!((first, bad.len()), (1, 1));
    assert_eq!(bad[0].number, 10);
    assert_eq!(made, separate);
    assert_eq!(counts.read(), mixed.len() as u64);
    let bad = counts.rejected_by_class;
    assert!(bad.iter().eq([(ErrorClass::WrongType, 1), (ErrorClass::ResourceType, 1)]));
    let expected = RecordCounts { rejected: 2, rejected_by_class: bad, skipped: 1, ..apart };
    assert_eq!(counts, expected);
}

#[test]
fn a_source_is_that_of_the_records_after_it() {
    let (patients, claims) = records(1);
    let mut stream =
        TableStream::new(people(&patients), &[Table::Cclf5, Table::Cclf8], &options(9));
    let carrier = claims.iter().find(|claim| claim.contains("CARRIER")).unwrap();
    for name in ["one", "two"] {
        stream.set_source(source(name));
        assert!(matches!(stream.push(carrier.as_bytes()), Ok(Taken::Claim { rows }) if rows > 0));
    }
    let mut names = Vec::new();
    for item in stream.finish() {
        let (_, batch) = item.unwrap();
        let column = batch.column_by_name("FILE_NAME").unwrap().as_string::<i32>().clone();
        assert_eq!(column.null_count(), 0);
        names.extend(column.iter().flatten().map(str::to_owned));
    }
    names.dedup();
    assert_eq!(names, ["one", "two", "people"]);
}

#[test]
fn claims_of_strangers_and_tables_without_rows_are_told() {
    let (_, claims) = records(1);
    let columns = Columns::from(false);
    let none = TableStreamOptions { columns, ..options(0) };
    let stream = TableStream::new(Beneficiaries::default(), &[Table::Cclf5, Table::CclfA], &none);
    assert!(stream.schema(Table::CclfA).column_with_name("FILE_NAME").is_none());
    let mut batches = stream.batches(&claims);
    // No size is a row each.
    assert!(batches.by_ref().all(|batch| {
        let (table, batch) = batch.unwrap();
        let mbi = batch.column_by_name("BENE_MBI_ID").unwrap();
        table == Table::Cclf5 && batch.num_rows() == 1 && mbi.null_count() == 1
    }));
    assert_eq!(batches.counts().claims_without_patient, 8);
}

#[test]
fn a_table_without_a_column_is_left_out() {
    let (patients, claims) = records(2);
    let names = ["cclf5.CLM_LINE_NUM".to_owned()];
    let columns = Columns::only(Crosswalk::stu3(), &[Table::Cclf5], true, &names).unwrap();
    let options = TableStreamOptions { columns, ..options(100) };
    let (made, bad, _) = tables(people(&patients), &claims, &Table::ALL, &options);
    assert!(bad.is_empty());
    assert_eq!(made.keys().copied().collect::<Vec<_>>(), [Table::Cclf5, Table::Cclf0]);
    assert_eq!((made[&Table::Cclf5].num_columns(), made[&Table::Cclf0].num_rows()), (1, 1));
}

#[test]
fn the_first_record_that_shows_a_version_tells_it() {
    for api in Api::ALL {
        let (person, claim) =
            (synth::patient_of(api, 1), synth::eob_of(api, 1, synth::ClaimType::Carrier));
        // People who show no version are read again once a claim does.
        let unmarked = r#"{"resourceType":"Patient","id":"none","birthDate":"1950-01-01"}"#;
        let unmarked_alone: &[&str] = &[unmarked];
        for people in [unmarked_alone, &[unmarked, &person]] {
            let mut given = Beneficiaries::default();
            for person in people {
                assert_eq!(given.push(person.as_bytes()), Ok(true));
            }
            let mut stream = TableStream::new(given, &[Table::Cclf5, Table::Cclf8], &options(100));
            assert!(stream.push(b"no JSON").is_err());
            assert!(
                matches!(stream.push(claim.as_bytes()), Ok(Taken::Claim { rows: 1.. })),
                "{api}"
            );
            for other in Api::ALL.into_iter().filter(|other| *other != api) {
                let claim = synth::eob_of(other, 1, synth::ClaimType::Pde);
                assert_eq!(stream.push(claim.as_bytes()), Err(NotTaken::Foreign(other)));
            }
            let counts = stream.counts();
            assert_eq!((counts.joined, counts.rejected), (people.len() as u64, 3));
            let made: Vec<RecordBatch> = stream.finish().map(|made| made.unwrap().1).collect();
            for batch in &made {
                let column = batch.column_by_name("BCDA_API").unwrap();
                let column = column.as_string::<i32>();
                assert!(column.iter().all(|cell| cell == Some(api.name())), "{api}");
            }
            assert_eq!(made.last().unwrap().num_rows(), people.len());
        }
    }
}

#[test]
fn the_guide_shows_the_example() {
    let read = |path: &str| {
        std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let example = read("examples/records.rs");
    let body = example.split("main() -> Result<(), Box<dyn Error>> {\n").nth(1).unwrap();
    let body = body.split("\n\n").nth(1).unwrap().split("    println!(\"{:?}").next().unwrap();
    let lines: Vec<&str> = body.lines().map(|line| &line[4..]).collect();
    let shown = lines.join("\n") + "\n";
    assert!(
        shown.lines().count() > 10 && read("../docs/guide/rust.md").contains(&shown),
        "{shown}"
    );
}

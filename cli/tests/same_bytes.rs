//! The same input gives the same bytes: whatever the threads, the size of blocks, the compression and the way
//! the input comes; and people may lie anywhere in it.

use std::collections::BTreeMap;
use std::io::Write;

use crate::common::{Csv, Snapshot, Work, counts};
use flate2::Compression;
use flate2::write::GzEncoder;

const OPTIONS: &str = "--quiet --file-date 2024-03-01 --no-lineage --max-rejects 100%";
const FORMATS: [&str; 3] = ["parquet", "csv", "arrow"];
const CONTAINERS: [&str; 3] = ["plain", "gzip", "zstd"];
const THREADS: [u8; 4] = [1, 2, 3, 8];
/// The least, one that cuts files into some, and one that holds all.
const BLOCKS: [u32; 3] = [1024, 65_536, 4_194_304];

/// A small export with a few broken lines, in several containers.
fn export() -> Work {
    let work = Work::new();
    work.synth("plain", "--beneficiaries 2 --claims 10 --seed 5 --bad-rate 0.1");
    for (name, bytes) in work.data_files("plain") {
        work.write(&format!("gzip/{name}.gz"), gzip_members(&bytes));
        work.write(&format!("zstd/{name}.zst"), zstd::encode_all(&bytes[..], 1).unwrap());
    }
    work
}

/// Gzip with several members, some of them empty, cut without regard to lines.
fn gzip_members(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let cut = bytes.len() / 3;
    for part in [&bytes[..cut], &[], &bytes[cut..cut * 2 + 7], &bytes[cut * 2 + 7..]] {
        let mut encoder = GzEncoder::new(&mut out, Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap();
    }
    out
}

/// Every file of the result is what it is in `expected`, which has all tables and both files of rejects.
#[track_caller]
fn assert_same(found: &Snapshot, expected: &Snapshot, how: &str) {
    let names: Vec<_> = found.keys().collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{how}");
    assert_eq!(names.len(), 12 + 3, "twelve tables and rejects: {names:?}");
    for (name, bytes) in found {
        assert!(bytes == &expected[name], "{name} differs: {how}");
    }
}

/// All containers under all numbers of threads and sizes of blocks.
fn any_way_of_reading(format: &str) {
    let work = export();
    let first = format!("convert plain --out first --format {format} --threads 1 {OPTIONS}");
    work.bcda(&first).exits(3);
    let expected = work.tables("first");
    for container in CONTAINERS {
        for threads in THREADS {
            for block in BLOCKS {
                let how = format!("--format {format} --threads {threads} --block-bytes {block}");
                let words = format!("convert {container} --out out --overwrite {OPTIONS} {how}");
                work.bcda(&words).exits(3);
                assert_same(&work.tables("out"), &expected, &format!("{container} {how}"));
            }
        }
    }
    work.assert_clean();
}

#[test]
fn csv_is_the_same_for_any_threads_blocks_and_compression() {
    any_way_of_reading("csv");
}

#[test]
fn parquet_is_the_same_for_any_threads_blocks_and_compression() {
    any_way_of_reading("parquet");
}

#[test]
fn arrow_is_the_same_for_any_threads_blocks_and_compression() {
    any_way_of_reading("arrow");
}

#[test]
fn standard_input_is_the_same_for_any_threads_blocks_and_compression() {
    let work = export();
    let cat = |files: Vec<(String, Vec<u8>)>| files.into_iter().flat_map(|(_, bytes)| bytes);
    let claims: Vec<u8> = cat(claims_first(&work)).collect();
    let people: Vec<u8> = cat(people_first(&work)).collect();
    for (format, input) in [("csv", &claims), ("parquet", &people), ("arrow", &claims)] {
        let options = format!("--format {format} {OPTIONS}");
        work.bcda(&format!("convert plain --out files --overwrite {options}")).exits(3);
        let expected = work.tables("files");
        let zstd = zstd::encode_all(&input[..], 1).unwrap();
        for packed in [input, &gzip_members(input), &zstd] {
            for threads in THREADS {
                for block in BLOCKS {
                    let how = format!("--threads {threads} --block-bytes {block}");
                    let words = format!("convert - --out out --overwrite {options} {how}");
                    work.feed(&words, packed.chunks(10_000)).exits(3);
                    assert_same_tables(&work.tables("out"), &expected, &words);
                }
            }
        }
    }
    work.assert_clean();
}

/// The files of the export, claims before people.
fn claims_first(work: &Work) -> Vec<(String, Vec<u8>)> {
    let mut files = work.data_files("plain");
    files.sort_by_key(|(_, bytes)| resource_type(bytes) != "ExplanationOfBenefit");
    files
}

/// And people before claims.
fn people_first(work: &Work) -> Vec<(String, Vec<u8>)> {
    let mut files = claims_first(work);
    files.reverse();
    files
}

/// What most lines of a file are.
fn resource_type(bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(bytes);
    ["ExplanationOfBenefit", "Patient", "Coverage"]
        .into_iter()
        .max_by_key(|name| text.matches(&format!("\"resourceType\":\"{name}\"")).count())
        .unwrap()
}

#[track_caller]
fn assert_same_tables(found: &Snapshot, expected: &Snapshot, how: &str) {
    for (name, bytes) in expected.iter().filter(|(name, _)| name.starts_with("cclf")) {
        assert!(bytes == &found[name], "{name} differs: {how}");
    }
}

#[test]
fn standard_input_in_small_pieces_is_the_same_as_files() {
    let work = export();
    let cat: Vec<u8> = claims_first(&work).into_iter().flat_map(|(_, bytes)| bytes).collect();
    let packed = [&cat[..], &gzip_members(&cat), &zstd::encode_all(&cat[..], 1).unwrap()];
    for format in FORMATS {
        let options = format!("--format {format} {OPTIONS}");
        work.bcda(&format!("convert plain --out files --overwrite {options}")).exits(3);
        let expected = work.tables("files");
        let inputs = packed.iter().zip([613, 61, 3]);
        for ((input, piece), threads) in inputs.zip([7, 1, 2]) {
            let words = format!("convert - --out out --overwrite --threads {threads} {options}");
            work.feed(&words, input.chunks(piece)).exits(3);
            let how = format!("{format} in pieces of {piece} bytes");
            assert_same_tables(&work.tables("out"), &expected, &how);
        }
    }
    work.assert_clean();
}

#[test]
fn a_table_on_standard_output_is_the_table_of_the_folder() {
    let work = export();
    for (format, table) in [("csv", "cclf2"), ("parquet", "cclf5"), ("csv", "cclf8")] {
        let options = format!("--format {format} --tables {table} {OPTIONS}");
        work.bcda(&format!("convert plain --out out --overwrite {options}")).exits(3);
        let ran = work.bcda(&format!("convert plain --out - {options}")).exits(3);
        assert!(ran.stdout == work.read(&format!("out/{table}.{format}")), "{table}.{format}");
        assert_eq!(ran.stderr, "");
    }
    work.assert_clean();
}

fn sorted_rows(tables: &Snapshot) -> BTreeMap<&str, Vec<Vec<String>>> {
    let tables = tables.iter().filter(|(name, _)| name.starts_with("cclf"));
    tables
        .map(|(name, bytes)| {
            let mut rows = Csv::parse(std::str::from_utf8(bytes).unwrap()).rows;
            rows.sort();
            (name.as_str(), rows)
        })
        .collect()
}

#[test]
fn another_order_of_the_files_gives_the_same_rows() {
    let work = Work::new();
    // Several files of claims, so that their order can change.
    work.synth("whole", "--beneficiaries 4 --claims 6 --seed 8");
    let mut names = Vec::new();
    for (number, (_, bytes)) in work.data_files("whole").iter().enumerate() {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for (part, lines) in lines.chunks(5).enumerate() {
            names.push(format!("parts/{number}-{part}.ndjson"));
            work.write(names.last().unwrap(), lines.concat());
        }
    }
    assert!(names.len() > 8);
    let options = format!("{OPTIONS} --format csv");
    work.bcda(&format!("convert parts --out first {options}")).exits(0);
    names.reverse();
    work.bcda(&format!("convert {} --out second {options}", names.join(" "))).exits(0);
    names.rotate_left(5);
    work.bcda(&format!("convert {} --out third {options}", names.join(" "))).exits(0);
    let first = work.tables("first");
    for other in ["second", "third"] {
        let tables = work.tables(other);
        assert!(tables != first, "the order shows in the bytes");
        assert_eq!(sorted_rows(&tables), sorted_rows(&first), "{other}");
    }
    // All at once is one order among them.
    work.bcda(&format!("convert whole --out whole-out {options}")).exits(0);
    assert_eq!(sorted_rows(&work.tables("whole-out")), sorted_rows(&first));
}

/// Converts the lines of files in one layout and gives its tables and its report.
fn layout(work: &Work, name: &str, files: &[Vec<&[u8]>]) -> (Snapshot, serde_json::Value) {
    for (number, lines) in files.iter().enumerate() {
        work.write_lines(&format!("{name}/{number}.ndjson"), lines);
    }
    let out = format!("{name}-out");
    let options = format!("--format csv --block-bytes 4096 --report report.json {OPTIONS}");
    work.bcda(&format!("convert {name} --out {out} {options}")).exits(3);
    (work.tables(&out), work.read_json("report.json"))
}

/// The name of an input, its files with their lines, and whether the claims have to be read twice.
type Layout<'l> = (&'l str, Vec<Vec<&'l [u8]>>, bool);

#[test]
fn people_may_lie_anywhere() {
    let work = export();
    let files = work.data_files("plain");
    let of = |resource: &str| -> Vec<&[u8]> {
        let file = files.iter().find(|(_, bytes)| resource_type(bytes) == resource).unwrap();
        let lines = file.1.split(|byte| *byte == b'\n');
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (claims, patients, coverages) = (of("ExplanationOfBenefit"), of("Patient"), of("Coverage"));
    let people = [&patients[..], &coverages[..]].concat();
    let (expected, usual) =
        layout(&work, "usual", &[patients.clone(), coverages.clone(), claims.clone()]);
    assert_eq!(usual["restarted"], false);

    // Among the claims: one person after every third claim, the rest at the end.
    let mut mixed = Vec::new();
    let mut rest = people.iter();
    for three in claims.chunks(3) {
        mixed.extend_from_slice(three);
        mixed.extend(rest.next());
    }
    mixed.extend(rest);
    let (some, others) = people.split_at(people.len() / 2);
    let layouts: [Layout<'_>; 6] = [
        ("after", vec![claims.clone(), patients.clone(), coverages.clone()], false),
        ("between", vec![patients.clone(), claims.clone(), coverages.clone()], false),
        ("claims-then-people", vec![[&claims[..], &people[..]].concat()], true),
        // Its first record says that the file holds people.
        ("people-then-claims", vec![[&people[..], &claims[..]].concat()], false),
        ("mixed", vec![mixed], true),
        ("halves", vec![[some, &claims[..]].concat(), others.to_vec()], false),
    ];
    for (name, files, restarted) in layouts {
        let (tables, report) = layout(&work, name, &files);
        assert_same_tables(&tables, &expected, name);
        assert_eq!(report["restarted"], restarted, "{name}");
        assert_eq!(counts(&report), counts(&usual), "{name}");
        for same in [
            "rejected_by_class",
            "beneficiaries",
            "claims_without_patient",
            "repeated_claim_ids",
            "superseded_patients",
            "superseded_coverages",
            "partial_dates",
            "untranslated_states",
            "untranslated_codes",
            "untranslated_zips",
            "claims_not_final",
            "claims_final_unknown",
        ] {
            assert_eq!(report[same], usual[same], "{same}: {name}");
        }
        // The same lines are rejected, wherever they lie.
        let rejected = |tables: &Snapshot| {
            let mut lines: Vec<Vec<u8>> = tables["rejects/rejects.ndjson"]
                .split(|b| *b == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            lines.sort();
            lines
        };
        assert!(rejected(&tables) == rejected(&expected), "{name}");
    }
    // Claims find their people: this would hold as well if all were null.
    let claims = Csv::parse(std::str::from_utf8(&expected["cclf5.csv"]).unwrap());
    assert!(claims.column("BENE_MBI_ID").iter().any(|mbi| !mbi.is_empty()));
    work.assert_clean();
}

//! Input that is no export: a run ends with an error that says what it is, and tables that are there stay.

use std::io::Write;

use crate::common::records::{carrier, lines, patient};
use crate::common::{self, Ran, Work, joined};
use flate2::Compression;
use flate2::write::GzEncoder;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn claims() -> Vec<u8> {
    joined(lines(&[carrier("1", "1"), carrier("2", "1")]))
}

fn utf_16(mark: &str, text: &[u8]) -> Vec<u8> {
    let text = format!("{mark}{}", str::from_utf8(text).unwrap());
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A web page, an archive and so on, and what the error calls each of them.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let zip = [b"PK\x03\x04\x0a\0\0\0\x08\0", &gzip(&claims())[10..]].concat();
    let csv = "1,M,2020\n".repeat(300);
    let mut tar = vec![0; 512];
    tar[..8].copy_from_slice(b"a.ndjson");
    tar[257..262].copy_from_slice(b"ustar");
    vec![
        // Archives that do not compress have good lines, too.
        ("a ZIP archive", [b"PK\x03\x04\x0a\0\0\0\0\0", &claims()[..], &claims()].concat()),
        ("a tar archive", [tar, claims()].concat()),
        ("an HTML page", b"<!DOCTYPE html>\n<html><body>\n<p>busy</p>\n</body></html>\n".to_vec()),
        ("an HTML page", b"<html><head><title>Sign in</title></head></html>".to_vec()),
        ("a ZIP archive", zip),
        ("compressed twice", gzip(&gzip(&claims().repeat(30)))),
        ("UTF-16", utf_16("\u{feff}", &claims())),
        ("UTF-16", utf_16("", &claims())),
        ("XML", b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>\n".to_vec()),
        ("a Parquet file", b"PAR1\x15\x04\x15\x0a\x15\x0aPAR1".to_vec()),
        ("CSV", b"id,sex,year\n1,M,2020\n".to_vec()),
        // More bad lines than a run bears.
        ("CSV", format!("id,sex,year\n{csv}").into_bytes()),
        ("a JSON array", b"[1,2]\n[3]\n".to_vec()),
        ("no JSON object", b"upstream timed out\n".to_vec()),
        ("no JSON object", b"\xEF\xBB\xBF\n\nnull\n".to_vec()),
        ("binary data", [&[0x8F, 0x02, 0xC3, 0x1B][..], &[0xA5; 300]].concat()),
    ]
}

/// Good tables, and what they were.
fn earlier(work: &Work) -> Option<common::Snapshot> {
    work.write("good.ndjson", claims());
    work.bcda("convert good.ndjson --out out --format csv --quiet --overwrite").exits(0);
    work.snapshot("out")
}

#[track_caller]
fn is_refused(ran: Ran, what: &str, name: &str) {
    let ran = ran.exits(4);
    let said = ran.stderr.lines().collect::<Vec<_>>();
    assert!(said.len() == 1 && said[0].starts_with("error: "), "{what}: {said:?}");
    assert!(said[0].contains(name) && said[0].contains(what), "{what}: {said:?}");
    assert_eq!(ran.stdout, b"", "{what}");
}

#[test]
fn garbage_leaves_the_earlier_tables_and_is_called_what_it_is() {
    let work = Work::new();
    let earlier = earlier(&work);
    for (what, bytes) in garbage() {
        for options in ["", "--max-rejects 100%", "--threads 3 --block-bytes 50"] {
            work.write("in/x.ndjson", &bytes);
            let words = format!("convert in --out out --overwrite --quiet {options}");
            is_refused(work.bcda(&words), what, "x.ndjson");
            assert!(work.snapshot("out") == earlier, "{what}: the earlier tables changed");
        }
        let words = "convert - --out out --overwrite --quiet --max-rejects 100%";
        is_refused(work.feed(words, bytes.chunks(1_000)), what, "stdin");
        let words = "convert in --out - --tables cclf5 --format csv --quiet";
        is_refused(work.bcda(words), what, "x.ndjson");
        assert!(work.snapshot("out") == earlier, "{what}: the earlier tables changed");
        work.assert_clean();
    }
}

#[test]
fn one_file_of_garbage_among_good_ones_ends_the_run() {
    let work = Work::new();
    let earlier = earlier(&work);
    let person = joined(lines(&[patient("1", "1S00A00AA00")]));
    for (what, bytes) in garbage() {
        work.write("in/a.ndjson", claims());
        work.write("in/m.ndjson", &bytes);
        work.write("in/z.ndjson", &person);
        is_refused(
            work.bcda("convert in --out out --overwrite --quiet --max-rejects 100%"),
            what,
            "m.ndjson",
        );
        // Where Patients are expected too, and among files that are read twice.
        let words = "convert good.ndjson --patients in/m.ndjson --out out --overwrite -q --max-rejects 100%";
        is_refused(work.bcda(words), what, "m.ndjson");
        work.write("in/a.ndjson", [claims(), person.clone()].concat());
        is_refused(
            work.bcda("convert in --out out --overwrite --quiet --max-rejects 100%"),
            what,
            "m.ndjson",
        );
        assert!(work.snapshot("out") == earlier, "{what}: the earlier tables changed");
        work.assert_clean();
    }
}

#[test]
fn where_every_record_was_rejected_the_first_is_named() {
    let work = Work::new();
    let earlier = earlier(&work);
    let no_id = carrier("9", "1").to_string().replace("clm_id", "clm_no");
    for bad in [[no_id.as_str(); 2].join("\n"), no_id.clone()] {
        work.write("in/b.ndjson", &bad);
        for options in ["", "--max-rejects 100%"] {
            let words = format!("convert in --out out --overwrite --quiet {options}");
            let ran = work.bcda(&words).exits(4);
            for part in
                ["every record was rejected", "b.ndjson, line 1", "missing", "in identifier"]
            {
                assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
            }
            assert!(work.snapshot("out") == earlier);
        }
        let ran = work.feed("convert - --out out --overwrite", [bad.as_bytes()]).exits(4);
        assert!(ran.stderr.contains("stdin, line 1"), "{}", ran.stderr);
        assert!(work.snapshot("out") == earlier);
        work.assert_clean();
    }
    // The first in the order of the input, though people are read first.
    let bad_person = r#"{"resourceType":"Patient"}"#;
    work.write("in/c.ndjson", format!("{bad_person}\n"));
    let ran = work.bcda("convert in --out out --overwrite").exits(4);
    assert!(ran.stderr.contains("b.ndjson, line 1"), "{}", ran.stderr);
    // A file of bad records among good ones is no garbage: they are kept aside.
    work.write("in/a.ndjson", claims());
    work.bcda("convert in --out out --overwrite --quiet").exits(3);
    assert_eq!(work.csv("out/rejects/rejects.csv").rows.len(), 2);
    // Nothing at all is no failure, and what no table wants neither.
    work.write("other/x.ndjson", "{\"resourceType\":\"Organization\"}\n{broken\n");
    work.bcda("convert other --out out --overwrite --quiet").exits(3);
    work.write("other/x.ndjson", "\n \n");
    work.bcda("convert other --out out --overwrite --quiet").exits(0);
}

#[test]
fn validation_goes_on_and_counts_it() {
    let work = Work::new();
    for (what, bytes) in garbage() {
        work.write("in/x.ndjson", &bytes);
        let ran = work.bcda("validate in --quiet");
        assert_eq!(ran.code, Some(3), "{what}: {}", ran.stderr);
    }
}

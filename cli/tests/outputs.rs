//! What may stand at our names, how tables are cut, and what the manifest and the report tell of a run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use crate::common::records::{carrier, claim_with_items, coverage, lines, patient};
use crate::common::{TABLES, Work, counts, joined};
use cclf_crosswalk::arrow::ipc::reader::FileReader;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value, json};

/// Claims, a line that is none, and their people.
fn records() -> Vec<u8> {
    let mut records = lines(&[carrier("1", "1"), carrier("2", "2")]);
    records.push("{bad".to_owned());
    records.extend(lines(&[patient("1", "1S00A00AA00"), coverage("1", "A")]));
    joined(records)
}

/// Runs a command that is refused, and finds the link and what it leads to as they were.
#[track_caller]
fn is_refused(work: &Work, link: &str, words: &str) {
    let target = fs::read_link(work.path(link)).unwrap();
    let before = (work.snapshot("target"), work.snapshot("out"));
    let ran = work.bcda(words).exits(2);
    assert!(ran.stderr.starts_with("error: "), "{link}, {words}: {}", ran.stderr);
    assert_eq!(fs::read_link(work.path(link)).unwrap(), target, "{link}, {words}");
    assert!((work.snapshot("target"), work.snapshot("out")) == before, "{link}, {words}");
}

#[test]
fn links_at_our_names_are_not_followed() {
    let work = Work::new();
    work.write("in.ndjson", records());
    let convert = "convert in.ndjson --format csv --out";
    work.write("target/file", "mine");
    work.bcda(&format!("{convert} target/tables -q")).exits(3);

    // Where an output, a report or rejects should be: a link to a file, to a folder, to nothing.
    for target in ["target/file", "target/tables", "target", "target/none"] {
        symlink(work.path(target), work.path("link")).unwrap();
        for overwrite in ["", "--overwrite"] {
            is_refused(&work, "link", &format!("{convert} link {overwrite}"));
            is_refused(&work, "link", &format!("validate in.ndjson --out link {overwrite}"));
            is_refused(&work, "link", &format!("synth --beneficiaries 1 --out link {overwrite}"));
            let to_stdout = "convert in.ndjson --out - --tables cclf5";
            is_refused(&work, "link", &format!("{to_stdout} --rejects link {overwrite}"));
            is_refused(&work, "link", &format!("{to_stdout} --report link {overwrite}"));
            is_refused(&work, "link", &format!("{convert} report-out --report link {overwrite}"));
        }
        fs::remove_file(work.path("link")).unwrap();
    }
    assert!(!work.exists("report-out"));

    // At the name of the lock.
    symlink(work.path("target/file"), work.path(".out.lock")).unwrap();
    is_refused(&work, ".out.lock", &format!("{convert} out"));
    fs::remove_file(work.path(".out.lock")).unwrap();

    // In place of what an earlier run wrote: it is not ours any more.
    work.bcda(&format!("{convert} out -q")).exits(3);
    for (name, target) in [
        ("out/cclf5.csv", "target/tables/cclf5.csv"),
        ("out/tables-manifest.json", "target/tables/tables-manifest.json"),
        ("out/rejects/rejects.csv", "target/tables/rejects/rejects.csv"),
        ("out/rejects", "target/tables/rejects"),
    ] {
        fs::rename(work.path(name), work.path("aside")).unwrap();
        symlink(work.path(target), work.path(name)).unwrap();
        is_refused(&work, name, &format!("{convert} out --overwrite"));
        fs::remove_file(work.path(name)).unwrap();
        fs::rename(work.path("aside"), work.path(name)).unwrap();
    }

    // A link that looks like what a killed run left is not its to remove, and is not in the way.
    let stale = "out.partial-1-1";
    symlink(work.path("target"), work.path(stale)).unwrap();
    let target = work.snapshot("target");
    work.bcda(&format!("{convert} out --overwrite -q")).exits(3);
    assert!(work.path(stale).is_symlink() && work.snapshot("target") == target);
    fs::remove_file(work.path(stale)).unwrap();
    work.assert_clean();
}

/// Rows of each row group of a Parquet file, by the reader of another project.
fn row_groups(work: &Work, name: &str) -> Vec<i64> {
    let reader = SerializedFileReader::new(fs::File::open(work.path(name)).unwrap()).unwrap();
    reader.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect()
}

#[test]
fn batches_and_row_groups_do_not_depend_on_blocks() {
    const ITEMS: u32 = 1000;
    let work = Work::new();
    // 123,000 lines: one row group and the beginning of the next.
    let claim = |id: u32| claim_with_items("CARRIER", &id.to_string(), "1", ITEMS);
    let text = joined(lines(&(0..123).map(claim).collect::<Vec<_>>()));
    work.write("in.ndjson", &text);
    let options = "--tables cclf5 --columns CLM_LINE_NUM --no-lineage --overwrite -q";
    for (threads, block) in [(1, 4 << 20), (3, 100_000)] {
        let how = format!("{options} --threads {threads} --block-bytes {block}");
        work.bcda(&format!("convert in.ndjson --out out {how}")).exits(0);
        assert_eq!(row_groups(&work, "out/cclf5.parquet"), [122_880, 120], "{how}");
        work.bcda(&format!("convert in.ndjson --out out --format arrow {how}")).exits(0);
        let file = fs::File::open(work.path("out/cclf5.arrow")).unwrap();
        let batches = FileReader::try_new(file, None).unwrap();
        let rows: Vec<usize> = batches.map(|batch| batch.unwrap().num_rows()).collect();
        assert_eq!(rows[..rows.len() - 1], vec![8_192; rows.len() - 1], "{how}");
        assert_eq!(rows.iter().sum::<usize>(), 123_000, "{how}");
    }
}

#[test]
fn the_five_counts_add_up_on_every_kind_of_run() {
    let work = Work::new();
    let input = records();
    work.write("in.ndjson", &input);
    let mut apart: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    let people = apart.split_off(3).concat();
    work.write("people.ndjson", &people);
    let claims = apart.concat();
    work.write("claims.ndjson", &claims);
    let all = [5, 2, 2, 0, 0, 1];
    // Whatever is asked for; people of --patients are counted as the others are.
    for (words, stdin, expected) in [
        ("convert in.ndjson --out out", None, all),
        ("convert in.ndjson --out out --format csv --tables cclf5", None, all),
        ("convert in.ndjson --out out --tables cclf1", None, all),
        ("convert in.ndjson --out out --columns BENE_MBI_ID --tables cclf5", None, all),
        ("convert people.ndjson claims.ndjson --out out", None, all),
        ("convert claims.ndjson --patients people.ndjson --out out", None, all),
        ("convert in.ndjson --out - --tables cclf5", None, all),
        ("convert in.ndjson --out - --tables cclf5 --rejects out", None, all),
        ("convert - --out out", Some(&input), all),
        ("convert - --out - --tables cclf5 --format arrow", Some(&input), all),
        ("convert - --patients people.ndjson --out out", Some(&claims), all),
        ("convert people.ndjson --out out --on-bad-record fail", None, [2, 0, 2, 0, 0, 0]),
    ] {
        let words = format!("{words} --overwrite --report report.json");
        let ran = match stdin {
            Some(input) => work.feed(&words, input.chunks(100)),
            None => work.bcda(&words),
        };
        let ran = ran.exits(if expected[5] > 0 { 3 } else { 0 });
        let report = work.read_json("report.json");
        assert_eq!(counts(&report), expected, "{words}");
        // What people are told is what the report holds.
        for (name, count) in
            ["read", "with rows", "joined", "without rows", "skipped by type", "rejected"]
                .iter()
                .zip(expected)
        {
            let cells = |line: &str| -> Vec<String> {
                line.split(['│', '┆']).map(|cell| cell.trim().to_owned()).collect()
            };
            let told = ran.stderr.lines().map(cells);
            let told = told.filter(|cells| cells.len() == 4 && cells[1].starts_with(name));
            let told: Vec<String> = told.map(|cells| cells[2].clone()).collect();
            assert_eq!(told, [count.to_string()], "{name}: {words}: {}", ran.stderr);
        }
        for field in ["version", "crosswalk_version", "inputs", "tables", "rejected_by_class"] {
            assert!(!report[field].is_null(), "{field}: {words}");
        }
    }
    work.assert_clean();
}

#[test]
fn the_manifest_tells_version_crosswalk_sizes_and_hashes() {
    let work = Work::new();
    work.write("in/claims.ndjson", records());
    work.write("in/more.ndjson.zst", zstd::encode_all(&records()[..], 1).unwrap());
    let words = "convert in --out out --format csv --file-date 2024-01-02 -q --hash-inputs";
    work.bcda(words).exits(3);
    let manifest = work.read_json("out/tables-manifest.json");
    let hash = |name: &str| blake3::hash(&work.read(name)).to_hex().to_string();
    assert_eq!(manifest["schema_version"], 2);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert!(manifest["crosswalk_version"].is_string());
    assert_eq!(manifest["crosswalk_blake3"].as_str().unwrap().len(), 64);
    let inputs = manifest["inputs"].as_array().unwrap();
    let stored = ["in/claims.ndjson", "in/more.ndjson.zst"];
    for (input, stored) in inputs.iter().zip(stored) {
        assert_eq!(input["bytes"], work.read(stored).len(), "{stored}");
        assert_eq!(input["blake3"], hash(stored), "{stored}");
        assert_eq!(input["file_date"], "2024-01-02");
        assert_eq!(input["file_date_from"], "option");
    }
    let names: Vec<&Value> = inputs.iter().map(|input| &input["name"]).collect();
    assert_eq!(names, ["claims.ndjson", "more.ndjson"]);
    let tables = manifest["tables"].as_array().unwrap();
    assert_eq!(tables.len(), TABLES.len());
    let mut rows = BTreeMap::new();
    for table in tables {
        let file = format!("out/{}", table["file"].as_str().unwrap());
        assert_eq!(table["bytes"], work.read(&file).len(), "{file}");
        assert_eq!(table["blake3"], hash(&file), "{file}");
        assert_eq!(table["rows"], work.csv(&file).rows.len(), "{file}");
        rows.insert(file, table["rows"].as_u64().unwrap());
    }
    assert_eq!(rows["out/cclf5.csv"], 4);
}

#[test]
fn inputs_are_told_by_size_and_time_and_by_what_the_journal_has_of_them() {
    let work = Work::new();
    for name in ["claims", "others"] {
        work.write(&format!("in/{name}.ndjson"), records());
    }
    let hash = blake3::hash(&records()).to_hex().to_string();
    let bytes = records().len();
    let journal = |bytes: usize| {
        let file = serde_json::json!({"name": "claims.ndjson", "bytes": bytes, "blake3": hash});
        let journal = serde_json::json!({
            "transactionTime": "2024-01-02T00:00:00Z", "output": [], "files": [file, {"name": 7}],
        });
        work.write("in/bcda-export.json", journal.to_string());
    };
    for (told, expected) in [(bytes, Some(&hash)), (bytes + 1, None)] {
        journal(told);
        work.bcda("convert in --out out --overwrite -q").exits(3);
        let manifest = work.read_json("out/tables-manifest.json");
        let inputs = manifest["inputs"].as_array().unwrap();
        for (input, expected) in inputs.iter().zip([expected, None]) {
            assert_eq!(input["bytes"], bytes);
            assert!(input["modified"].as_str().unwrap().ends_with('Z'));
            assert_eq!(input.get("blake3").and_then(Value::as_str), expected.map(String::as_str));
        }
    }
}

#[test]
fn the_manifest_tells_what_is_synthetic_and_whose_export_it_is() {
    let work = Work::new();
    work.synth("made", "--beneficiaries 1 --claims 2 --seed 3");
    let made = work.read_json("made/bcda-export.json");
    let told = |words: &str| {
        work.bcda(&format!("convert {words} --out out --overwrite -q --report r.json")).exits(0);
        assert!(work.read_json("r.json")["synthetic"].is_null(), "{words}");
        let manifest = work.read_json("out/tables-manifest.json");
        (manifest["synthetic"].clone(), manifest["export_servers"].clone())
    };
    let server = json!(["https://sandbox.bcda.example"]);
    assert_eq!(made["synthetic"]["seed"], 3);
    for words in ["made", "made --file-date 2024-01-01", "made/*.ndjson"] {
        assert_eq!(told(words), (made["synthetic"].clone(), server.clone()), "{words}");
    }
    // Real people among them are not called synthetic, whatever else is.
    let real =
        r#"{"transactionTime":"2024-01-01T00:00:00Z","output":[],"request":"https://u:p@real/?t"}"#;
    work.write("real/manifest.json", real);
    work.write_lines("real/claims.ndjson", lines(&[carrier("1", "1")]));
    assert_eq!(told("real"), (Value::Null, json!(["https://real"])));
    let both = json!(["https://real", "https://sandbox.bcda.example"]);
    assert_eq!(told("made real"), (Value::Null, both.clone()));
    assert_eq!(told("real --patients made"), (Value::Null, both));
    work.write_lines("alone/claims.ndjson", lines(&[carrier("1", "1")]));
    assert_eq!(told("alone"), (Value::Null, json!([])));
}

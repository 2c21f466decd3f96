//! CMS's fixed-width files: what is written comes back, what does not fit is nowhere, what is no such file is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use synth::Api;

use crate::common::exports::{FIRST, SECOND, export};
use crate::common::records::{carrier_of, claim_of, patient_of};
use crate::common::{Snapshot, TABLES, Work, joined};
use crate::read_back::{cells, parquet_file};

/// The name of a file of a delivery made at [`FIRST`].
fn named(table: char) -> String {
    format!("P.A1234.ACO.ZC{table}Y24.D240301.T0600000")
}

/// Rows of CMS's columns of a table, in the order of the file.
fn rows(work: &Work, tables: &str, table: &str) -> Vec<BTreeMap<String, Option<String>>> {
    let batch = parquet_file(work, &format!("{tables}/{table}.parquet"));
    let schema = batch.schema();
    let is_lineage = |name: &str| name.starts_with("FILE_") || name.starts_with("BCDA_");
    let columns: Vec<(String, Vec<Option<String>>)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .filter(|(field, _)| table == "cclf0" || !is_lineage(field.name()))
        .map(|(field, column)| (field.name().clone(), cells(column)))
        .collect();
    let row = |row: usize| {
        columns.iter().map(|(name, cells)| (name.clone(), cells[row].clone())).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The files of a delivery, without their manifest.
fn files(work: &Work, folder: &str) -> Snapshot {
    let mut found = work.snapshot(folder).unwrap_or_else(|| panic!("{folder} is missing"));
    assert!(found.remove("cclf-manifest.json").is_some(), "{folder} has no manifest");
    found
}

/// A claim of Part B and its person of v3, exported at [`FIRST`].
fn small(work: &Work, records: &[Value]) {
    let person = patient_of(Api::V3, "P", "1S00A00AA11");
    export(work, "ex", FIRST, &[("claims", records), ("people", &[person])]);
    work.bcda("convert --quiet ex --out tables").exits(0);
}

#[test]
fn what_is_written_comes_back() {
    for api in ["v1", "v2", "v3"] {
        let work = Work::new();
        work.synth("ex", &format!("--beneficiaries 60 --seed 5 --api {api}"));
        work.bcda("convert --quiet ex --out tables").exits(0);
        let how = "--aco A1234 --all-versions --surrogate-ids map.csv --max-rejects 100%";
        let ran = work.bcda(&format!("cclf write --quiet tables --out files {how}"));
        assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
        work.bcda("cclf read --quiet files --out again").exits(0);
        // Ids that do not fit have other numbers there; people with letters that are not ASCII have no rows.
        let map: BTreeMap<String, String> = work
            .read_text("map.csv")
            .lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap())
            .map(|(id, number)| (id.to_owned(), number.to_owned()))
            .collect();
        let strange: BTreeSet<Option<String>> = rows(&work, "tables", "cclf8")
            .iter()
            .filter(|row| row.values().flatten().any(|cell| !cell.is_ascii()))
            .map(|row| row["BENE_MBI_ID"].clone())
            .collect();
        for table in TABLES.into_iter().filter(|table| *table != "cclf0") {
            let mut wanted = rows(&work, "tables", table);
            wanted.retain(|row| match table {
                "cclf8" => !strange.contains(&row["BENE_MBI_ID"]),
                "cclf9" => !strange.contains(&row["CRNT_NUM"]),
                _ => true,
            });
            for row in &mut wanted {
                if let Some(id) = row.get_mut("CUR_CLM_UNIQ_ID").and_then(Option::as_mut)
                    && let Some(number) = map.get(id)
                {
                    number.clone_into(id);
                }
            }
            let found = rows(&work, "again", table);
            assert_eq!(found.len(), wanted.len(), "{api}, {table}");
            let other = found.iter().zip(&wanted).find(|(one, other)| one != other);
            assert_eq!(other, None, "{api}, {table}");
        }
    }
}

#[test]
fn only_final_claims_are_written_and_the_rest_is_counted() {
    let work = Work::new();
    work.synth("ex", "--beneficiaries 60 --seed 5 --api v3");
    work.bcda("convert --quiet ex --out tables").exits(0);
    let how = "--aco A1234 --max-rejects 100%";
    work.bcda(&format!("cclf write --quiet tables --out files {how} --report report.json"))
        .exits(3);
    let report = work.read_json("report.json");
    let all = parquet_file(&work, "tables/cclf5.parquet");
    let finals = cells(all.column_by_name("BCDA_FINAL").unwrap());
    let types = cells(all.column_by_name("CLM_ADJSMT_TYPE_CD").unwrap());
    let counts = |(is_final, kind): &(&Option<String>, &Option<String>)| {
        is_final.as_deref() == Some("true") && kind.as_deref() != Some("1")
    };
    let wanted = finals.iter().zip(&types).filter(counts).count();
    assert!(wanted > 0 && wanted < finals.len());
    let written = report["written"].as_array().unwrap();
    let of = |table: &str| written.iter().find(|file| file["table"] == table).unwrap();
    assert_eq!(of("CCLF5")["records"], wanted);
    let left_out = report["left_out"]["not_final"].as_u64().unwrap();
    assert!(left_out > 0, "{report}");
    // CCLF0 counts what the files have.
    let name = of("CCLF0")["file"].as_str().unwrap().to_owned();
    let summary = work.read_text(&format!("files/{name}"));
    let row = summary.lines().find(|line| line.starts_with("CCLF5")).unwrap();
    assert_eq!(row.split('|').nth(2).unwrap().trim(), wanted.to_string());
}

#[test]
fn files_are_the_same_however_they_are_made() {
    let work = Work::new();
    work.synth("ex", "--beneficiaries 40 --seed 7 --api v3");
    work.bcda("convert --quiet ex --out tables").exits(0);
    let how = "--aco A1234 --max-rejects 100%";
    work.bcda(&format!("cclf write --quiet tables --out one --threads 1 {how}")).exits(3);
    let wanted = files(&work, "one");
    assert!(wanted.values().all(|bytes| !bytes.contains(&b'\r')));
    work.bcda(&format!("cclf write --quiet tables --out seven --threads 7 {how}")).exits(3);
    assert!(wanted == files(&work, "seven"));
    work.bcda(&format!("convert --quiet ex --out both --format cclf {how}")).exits(3);
    assert!(wanted == files(&work, "both"));
    work.bcda(&format!("cclf write --quiet tables --out zipped --zip {how}")).exits(3);
    assert_eq!(files(&work, "zipped").keys().filter(|name| name.contains(".zip")).count(), 1);
    // What comes out of the zip is what comes out of the files.
    work.bcda("cclf read --quiet one --out from-files").exits(0);
    work.bcda("cclf read --quiet zipped --out from-zip").exits(0);
    assert!(work.tables("from-files") == work.tables("from-zip"));
    work.bcda("cclf read --quiet one --out by-one --threads 1").exits(0);
    assert!(work.tables("from-files") == work.tables("by-one"));
    // An earlier delivery is replaced when it may be, and nothing else ever.
    let again = work.bcda(&format!("cclf write tables --out one {how}")).exits(2);
    assert!(again.stderr.contains("--overwrite"), "{}", again.stderr);
    work.bcda(&format!("cclf write --quiet tables --out one --overwrite {how}")).exits(3);
    assert!(wanted == files(&work, "one"));
    work.assert_clean();
}

#[test]
fn what_does_not_fit_is_in_no_file() {
    let work = Work::new();
    let good = carrier_of(Api::V3, "17", "P");
    let mut wide = carrier_of(Api::V3, "18", "P");
    // A control number of 41 places, and a code with a letter that is not ASCII.
    let number = "9".repeat(41);
    let text = serde_json::to_string(&wide).unwrap();
    let has_number = text.contains("CLM-CNTL-NUM");
    if !has_number {
        wide["identifier"].as_array_mut().unwrap().push(serde_json::json!({
            "system": "https://bluebutton.cms.gov/identifiers/CLM-CNTL-NUM", "value": number,
        }));
    }
    small(&work, &[good, wide]);
    let tables = rows(&work, "tables", "cclf5");
    assert_eq!(tables[1]["CLM_CNTL_NUM"].as_deref(), Some(number.as_str()));
    let stopped = work.bcda("cclf write tables --out files --aco A1234 --max-rejects 0").exits(4);
    assert!(stopped.stderr.contains("CCLF5, row 2: width of CLM_CNTL_NUM"), "{}", stopped.stderr);
    assert!(!work.exists("files"));
    let ran = work.bcda("cclf write tables --out files --aco A1234").exits(3);
    assert!(!ran.stderr.contains(&number) && !ran.stderr.contains("999999"), "{}", ran.stderr);
    let lines = work.read_text(&format!("files/{}", named('5')));
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.starts_with("0000000000017"));
    assert_eq!(
        work.read_text("files/rejects/not-written.csv"),
        "table,row,class,column\nCCLF5,2,width,CLM_CNTL_NUM\n"
    );
    let manifest = work.read_text("files/cclf-manifest.json");
    assert!(!manifest.contains("0000000000017") && manifest.contains("\"CCLF5.CLM_CNTL_NUM\": 1"));
}

#[test]
fn a_person_that_does_not_fit_takes_no_claim_along() {
    let work = Work::new();
    let mut person = patient_of(Api::V3, "P", "1S00A00AA11");
    person["name"][0]["family"] = "Müller".into();
    let claim = carrier_of(Api::V3, "17", "P");
    export(&work, "ex", FIRST, &[("claims", &[claim]), ("people", &[person])]);
    work.bcda("convert --quiet ex --out tables").exits(0);
    let ran = work.bcda("cclf write tables --out files --aco A1234").exits(3);
    assert!(!ran.stderr.contains("ller"), "{}", ran.stderr);
    assert_eq!(work.read(&format!("files/{}", named('8'))), b"");
    assert_eq!(work.read_text(&format!("files/{}", named('5'))).lines().count(), 1);
    assert_eq!(
        work.read_text("files/rejects/not-written.csv"),
        "table,row,class,column\nCCLF8,1,text,BENE_LAST_NAME\n"
    );
}

#[test]
fn ids_that_do_not_fit_have_numbers_that_stay() {
    let work = Work::new();
    let claims = ["-10", "12345678901234", "77"].map(|id| carrier_of(Api::V1, id, "P"));
    let person = patient_of(Api::V1, "P", "1S00A00AA11");
    export(&work, "ex", FIRST, &[("claims", &claims), ("people", std::slice::from_ref(&person))]);
    work.bcda("convert --quiet ex --out tables").exits(0);
    let ran = work.bcda("cclf write tables --out files --aco A1234 --max-rejects 1").exits(4);
    assert!(ran.stderr.contains("--surrogate-ids MAP.csv"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("-10") && !ran.stderr.contains("1234567"), "{}", ran.stderr);
    work.bcda("cclf write --quiet tables --out files --aco A1234 --surrogate-ids map.csv").exits(0);
    let ids = |folder: &str, name: &str| -> Vec<String> {
        work.read_text(&format!("{folder}/{name}"))
            .lines()
            .map(|line| line[..13].to_owned())
            .collect()
    };
    let wanted = ["9000000000001", "9000000000002", "0000000000077"];
    assert_eq!(ids("files", &named('5')), wanted);
    let mode = fs::metadata(work.path("map.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A week later: one of them again, one that is new, and one that bears a number which another was given.
    let claims = ["-11", "12345678901234", "9000000000001", "9000000000003"];
    let claims = claims.map(|id| carrier_of(Api::V1, id, "P"));
    export(&work, "later", SECOND, &[("claims", &claims), ("people", &[person])]);
    work.bcda("convert --quiet later --out later-tables").exits(0);
    let write = "cclf write later-tables --out later-files --aco A1234 --surrogate-ids map.csv";
    let ran = work.bcda(write).exits(3);
    assert!(ran.stderr.contains("number"), "{}", ran.stderr);
    let name = named('5').replace("D240301", "D240308");
    assert_eq!(ids("later-files", &name), ["9000000000004", "9000000000002", "9000000000003"]);
    assert_eq!(
        work.read_text("later-files/rejects/not-written.csv"),
        "table,row,class,column\nCCLF5,3,number,CUR_CLM_UNIQ_ID\n"
    );
    // A map in the output would go with it, and what is no map is not written over.
    let inside = "cclf write tables --out x --aco A1234 --surrogate-ids x/map.csv";
    work.bcda(inside).exits(2);
    work.write("other.csv", "something else\n");
    let other =
        work.bcda("cclf write tables --out x --aco A1234 --surrogate-ids other.csv").exits(2);
    assert!(other.stderr.contains("other.csv, line 1"), "{}", other.stderr);
    assert_eq!(work.read("other.csv"), b"something else\n");
}

#[test]
fn names_tell_the_newest_export_and_never_the_clock() {
    let work = Work::new();
    let claim = claim_of(Api::V3, "INPATIENT", "1", "P");
    small(&work, &[claim]);
    work.bcda("cclf write --quiet tables --out files --aco A1234").exits(0);
    assert!(work.exists(&format!("files/{}", named('0'))));
    let how = "--aco A1234 --runout --performance-year 23 --zip";
    work.bcda(&format!("cclf write --quiet tables --out runout {how}")).exits(0);
    assert!(work.exists("runout/P.A1234.ACO.ZCR23.D240301.T0600000.zip"));
    work.bcda("cclf write --quiet tables --out reach --aco D9999 --program reach").exits(0);
    assert!(work.exists("reach/P.D9999.ACO.ZC1Y24.D240301.T0600000"));
    for (how, wanted) in
        [("--aco D9999", "A and four digits"), ("--aco K1234 --program kcc --runout", "no run-out")]
    {
        let ran = work.bcda(&format!("cclf write tables --out none {how}")).exits(2);
        assert!(ran.stderr.contains(wanted), "{}", ran.stderr);
        assert!(!work.exists("none"));
    }
    for words in [
        "--format cclf",
        "--format parquet --aco A1234",
        "--format cclf --aco A1234 --tables cclf5",
    ] {
        work.bcda(&format!("convert ex --out none {words}")).exits(2);
    }
}

/// A delivery of one claim, as files.
fn delivered() -> Work {
    let work = Work::new();
    let claims = ["1", "2", "3"].map(|id| carrier_of(Api::V3, id, "P"));
    small(&work, &claims);
    work.bcda("cclf write --quiet tables --out files --aco A1234").exits(0);
    work.bcda("cclf read --quiet files --out wanted").exits(0);
    work
}

#[test]
fn line_ends_and_summaries_are_read_as_they_come() {
    let work = delivered();
    let wanted = work.tables("wanted");
    let change = |folder: &str, of: &dyn Fn(&str, &[u8]) -> Vec<u8>| {
        for (name, bytes) in files(&work, "files") {
            work.write(&format!("{folder}/{name}"), of(&name, &bytes));
        }
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    change("crlf", &|_, bytes| text(bytes).replace('\n', "\r\n").into_bytes());
    change("no-last", &|_, bytes| text(bytes).trim_end_matches('\n').as_bytes().to_vec());
    change("narrow", &|name, bytes| {
        let lines = text(bytes);
        if name.contains("ZC0") { lines.replace(" \n", "\n").into_bytes() } else { bytes.to_vec() }
    });
    for folder in ["crlf", "no-last", "narrow"] {
        // What is not called as CMS's files are is left aside.
        work.write(&format!("{folder}/notes.txt"), "hello\n");
        work.write(&format!("{folder}/deeper/readme.md"), "hello\n");
        let ran = work.bcda(&format!("cclf read {folder} --out {folder}-tables")).exits(0);
        assert!(ran.stderr.contains("2 files left aside (md 1, txt 1)"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
        assert!(wanted == work.tables(&format!("{folder}-tables")), "{folder}");
    }
}

#[test]
fn bad_lines_are_kept_and_told_without_their_values() {
    let work = delivered();
    let name = named('5');
    let good = work.read_text(&format!("files/{name}"));
    let line = good.lines().next().unwrap();
    let place = line.rfind("2020-03-0").unwrap();
    let date = format!("{}2020-02-31{}", &line[..place], &line[place + 10..]);
    let amount = line.replacen('.', "x", 1);
    let short = &line[..300];
    let lines = [line, date.as_str(), amount.as_str(), short];
    work.write(&format!("bad/{name}"), joined(lines));
    work.write(&format!("bad/{}", named('0')), work.read(&format!("files/{}", named('0'))));
    let ran = work.bcda("cclf read bad --out tables-of-bad").exits(3);
    assert!(ran.stderr.contains("has 4 records, and CCLF0 counts 3"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("2020-02-31") && !ran.stderr.contains("1S00A00AA11"));
    assert_eq!(rows(&work, "tables-of-bad", "cclf5").len(), 1);
    let list = work.read_text("tables-of-bad/rejects/rejects.csv");
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "source,line,byte_offset,class,fault_byte,column");
    assert!(lines[1].starts_with(&format!("{name},2,389,date,{place}")), "{list}");
    assert!(lines[2].starts_with(&format!("{name},3,778,number,")), "{list}");
    assert_eq!(lines[3], format!("{name},4,1167,length,300,"));
    let raw = work.read_text("tables-of-bad/rejects/rejects.txt");
    assert_eq!(raw.lines().collect::<Vec<_>>(), [date.as_str(), amount.as_str(), short]);
    let ran = work.bcda("cclf read bad --out no-tables --on-bad-record fail").exits(4);
    assert!(ran.stderr.contains(&format!("{name}, line 2")), "{}", ran.stderr);
    work.bcda("cclf read bad --out no-tables --max-rejects 2").exits(4);
    assert!(!work.exists("no-tables"));
    work.assert_clean();
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_is_written() {
    let work = delivered();
    let bytes = |name: &str| work.read(&format!("files/{name}"));
    let cut = |table: char, length: usize| {
        let text = String::from_utf8(bytes(&named(table))).unwrap();
        joined(text.lines().map(|line| &line[..length]))
    };
    // A file of HICN times, and two layouts in one delivery.
    work.write(&format!("old/{}", named('5')), cut('5', 332));
    work.write(&format!("two/{}", named('5')), cut('5', 363));
    work.write(&format!("two/{}", named('2')), " ".repeat(198) + "x\n");
    work.write(&format!("mixed/{}", named('5')), bytes(&named('5')));
    work.write(&format!("mixed/{}", named('8').replace("Y24", "R23")), bytes(&named('8')));
    work.write("twice/a/one.txt", "");
    work.write(&format!("twice/a/{}", named('5')), bytes(&named('5')));
    work.write(&format!("twice/b/{}", named('5')), bytes(&named('5')));
    work.write("other/data.csv", "a,b\n");
    for (folder, wanted) in [
        ("old", "no layout of CCLF5 with records of 332 bytes is known"),
        ("two", "files of one delivery have one layout"),
        ("mixed", "is of a run-out"),
        ("twice", "is among the inputs twice"),
        ("other", "no file there is called as CMS calls its CCLF files"),
        ("none", "no such file or folder"),
    ] {
        let ran = work.bcda(&format!("cclf read {folder} --out x")).exits(2);
        assert!(ran.stderr.contains(wanted), "{folder}: {}", ran.stderr);
        assert!(!work.exists("x"));
    }
    // Who knows better says where the columns stand.
    work.write("layout.csv", "file,field_name,start,end\nCCLF5,CUR_CLM_UNIQ_ID,1,13\n");
    work.bcda("cclf read old --out old-tables --layout layout.csv --quiet --max-rejects 9")
        .exits(4);
    let wide = "file,field_name,start,end\nCCLF5,CUR_CLM_UNIQ_ID,1,13\nCCLF5,CLM_LINE_NUM,14,23\nCCLF5,HCPCS_4_MDFR_CD,331,332\n";
    work.write("layout.csv", wide);
    work.bcda("cclf read old --out old-tables --layout layout.csv --quiet").exits(0);
    let ids = rows(&work, "old-tables", "cclf5");
    assert_eq!(ids[2]["CUR_CLM_UNIQ_ID"].as_deref(), Some("3"));
    work.assert_clean();
}

#[test]
fn only_whole_results_of_this_program_are_written() {
    let work = delivered();
    let convert = "convert --quiet ex --out";
    work.bcda(&format!("{convert} csv --format csv")).exits(0);
    work.bcda(&format!("{convert} some --tables cclf5,cclf8")).exits(0);
    work.bcda(&format!("{convert} plain --no-lineage")).exits(0);
    work.write("foreign/tables-manifest.json", "{\"files\": []}");
    work.write("empty/notes.txt", "hello");
    for (folder, wanted) in [
        ("csv", "--format parquet"),
        ("some", "cclf1.parquet is missing"),
        ("plain", "has no column BCDA_FINAL"),
        ("foreign", "none of this program's"),
        ("empty", "no tables are there"),
        ("missing", "no folder is there"),
    ] {
        let ran = work.bcda(&format!("cclf write {folder} --out x --aco A1234")).exits(2);
        assert!(ran.stderr.contains(wanted), "{folder}: {}", ran.stderr);
        assert!(!work.exists("x"));
    }
    // Without a manifest the lineage tells where tables come from, and FILE_DATE when.
    fs::create_dir(work.path("bare")).unwrap();
    for table in TABLES {
        let name = format!("{table}.parquet");
        fs::copy(work.path(&format!("tables/{name}")), work.path(&format!("bare/{name}"))).unwrap();
    }
    let ran = work.bcda("cclf write bare --out from-bare --aco A1234").exits(0);
    assert!(ran.stderr.contains("no manifest tells when"), "{}", ran.stderr);
    assert!(work.exists("from-bare/P.A1234.ACO.ZC5Y24.D240301.T0000000"));
    // All versions need nothing that tells final claims.
    work.bcda("cclf write --quiet plain --out x --aco A1234 --all-versions").exits(0);
    // Rows that came after the manifest.
    fs::copy(work.path("wanted/cclf8.parquet"), work.path("tables/cclf5.parquet")).unwrap();
    let ran = work.bcda("cclf write tables --out y --aco A1234").exits(2);
    assert!(
        ran.stderr.contains("it was changed after it was made, or is damaged"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_table_with_a_changed_bit_is_refused_wherever_tables_are_read() {
    let work = delivered();
    let path = work.path("wanted/cclf5.parquet");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    for words in [
        "cclf current wanted --out x",
        "cclf write wanted --out x --aco A1234",
        "reconcile tables wanted",
    ] {
        let ran = work.bcda(words).exits(2);
        assert!(ran.stderr.contains("is not as its manifest says"), "{words}: {}", ran.stderr);
    }
    assert!(!work.exists("x"));
}

#[test]
fn each_file_is_held_against_the_summary_of_its_own_delivery() {
    let work = delivered();
    // A second delivery of the same day, whose CCLF0 counts more than its file has.
    for (name, bytes) in files(&work, "files") {
        work.write(&format!("day/{name}"), &bytes);
        let second = name.replace("T0600000", "T0700000");
        let text = String::from_utf8(bytes).unwrap();
        let counted = text.replace("|          3|", "|          9|");
        work.write(&format!("day/{second}"), if name.contains("ZC0") { counted } else { text });
    }
    let ran = work.bcda("cclf read day --out day-tables").exits(0);
    let warnings: Vec<&str> =
        ran.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    assert_eq!(warnings.len(), 1, "{}", ran.stderr);
    assert!(warnings[0].contains("ZC5Y24.D240301.T0700000 has 3 records, and CCLF0 counts 9"));
}

#[test]
fn a_month_is_not_lost_in_silence() {
    let work = delivered();
    let five = work.read(&format!("files/{}", named('5')));
    // A zip that was not fetched; a test file; one file under two names.
    work.write(&format!("zip/{}", named('5')), &five);
    work.write("zip/P.A1234.ACO.ZCY24.D240401.T0600000.zip", "<html>gateway timeout");
    work.write(&format!("test/{}", named('5')), &five);
    work.write(&format!("test/T{}", &named('5').replace("T06", "T07")[1..]), &five);
    work.write(&format!("twin/{}", named('5')), &five);
    work.write("twin/P.BCD.A1234.ZC5Y24.D240301.T0600000", &five);
    for (input, wanted) in [
        ("zip", "is called as CMS calls its zips, and is none"),
        (
            "zip/P.A1234.ACO.ZCY24.D240401.T0600000.zip",
            "is called as CMS calls its zips, and is none",
        ),
        ("test", "is a test file of CMS's"),
        ("twin", "are the same file of one delivery under two names"),
    ] {
        let ran = work.bcda(&format!("cclf read {input} --out x")).exits(2);
        assert!(ran.stderr.contains(wanted), "{input}: {}", ran.stderr);
        assert!(!work.exists("x"));
    }
}

#[test]
fn a_damaged_zip_is_no_fault_of_a_network() {
    let work = delivered();
    work.bcda("cclf write --quiet tables --out zipped --aco A1234 --zip").exits(0);
    let name = "zipped/P.A1234.ACO.ZCY24.D240301.T0600000.zip";
    let good = work.read(name);
    // Members begin with their names; the bytes behind the one of CCLF5 are its content.
    let member = named('5');
    let at = good.windows(member.len()).position(|bytes| bytes == member.as_bytes()).unwrap();
    let mut bad = good.clone();
    bad[at + member.len() + 40] ^= 0x10;
    work.write("bad.zip", &bad);
    let ran = work.bcda("cclf read bad.zip --out x").exits(1);
    assert!(!ran.stderr.contains("1S00A00AA11"), "{}", ran.stderr);
    work.write("cut.zip", &good[..good.len() - 30]);
    work.bcda("cclf read cut.zip --out x").exits(2);
    assert!(!work.exists("x"));
    work.bcda(&format!("cclf read --quiet {name} --out whole")).exits(0);
    assert!(work.tables("whole") == work.tables("wanted"));
}

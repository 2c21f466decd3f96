//! `--naming`: other names of the files, the same bytes in them, and the same care for what lies in the folder.

use std::collections::BTreeMap;

use crate::common::Work;

/// CMS's names and those of Tuva's connector.
const NAMES: [(&str, &str); 12] = [
    ("cclf1", "parta_claims_header"),
    ("cclf2", "parta_claims_revenue_center_detail"),
    ("cclf3", "parta_procedure_code"),
    ("cclf4", "parta_diagnosis_code"),
    ("cclf5", "partb_physicians"),
    ("cclf6", "partb_dme"),
    ("cclf7", "partd_claims"),
    ("cclf8", "beneficiary_demographics"),
    ("cclf9", "beneficiary_xref"),
    ("cclfa", "parta_demo_codes"),
    ("cclfb", "partb_demo_codes"),
    ("cclf0", "cclf0"),
];

fn work() -> Work {
    let work = Work::new();
    work.synth("in", "--beneficiaries 2 --claims 8 --seed 4");
    work
}

#[test]
fn names_change_and_bytes_do_not() {
    let work = work();
    for format in ["parquet", "csv", "arrow"] {
        let words = format!("convert in --quiet --format {format} --out");
        work.bcda(&format!("{words} {format}-cclf")).exits(0);
        let report = format!("--naming tuva --report {format}.json");
        work.bcda(&format!("{words} {format}-tuva {report}")).exits(0);
        let expected: BTreeMap<String, Vec<u8>> = NAMES
            .iter()
            .map(|(cclf, tuva)| {
                (format!("{tuva}.{format}"), work.read(&format!("{format}-cclf/{cclf}.{format}")))
            })
            .collect();
        assert!(work.tables(&format!("{format}-tuva")) == expected, "{format}");
        // The report and the manifest have both names: CMS's, and the file's.
        for file in [format!("{format}.json"), format!("{format}-tuva/tables-manifest.json")] {
            let report = work.read_json(&file);
            let tables = report["tables"].as_array().unwrap();
            assert_eq!(tables.len(), NAMES.len());
            for ((cclf, tuva), table) in NAMES.iter().zip(tables) {
                assert_eq!(table["table"], cclf.to_uppercase());
                assert_eq!(table["file"], format!("{tuva}.{format}"));
            }
        }
    }
    work.assert_clean();
}

#[test]
fn one_naming_replaces_the_other_and_nothing_else() {
    let work = work();
    work.bcda("convert in --quiet --out out").exits(0);
    let cclf = work.tables("out");
    let summary = work.bcda("convert in --out out --naming tuva --overwrite").exits(0).stderr;
    assert!(summary.contains("parta_claims_header.parquet") && !summary.contains("cclf1.parquet"));
    let tuva = work.tables("out");
    let names: Vec<&String> = tuva.keys().collect();
    assert_eq!(names.len(), 12);
    assert!(names.iter().all(|name| !cclf.contains_key(*name) || *name == "cclf0.parquet"));
    // A file of somebody else that has the name of a table of ours is still somebody else's.
    work.write("out/cclf1.parquet", "mine");
    work.bcda("convert in --quiet --out out --overwrite").exits(2);
    assert_eq!(work.read("out/cclf1.parquet"), b"mine");
    std::fs::remove_file(work.path("out/cclf1.parquet")).unwrap();
    work.bcda("convert in --quiet --out out --overwrite").exits(0);
    assert!(work.tables("out") == cclf);
    work.assert_clean();
}

#[test]
fn the_connector_needs_lineage() {
    let work = work();
    let ran = work.bcda("convert in --quiet --out out --naming tuva --no-lineage").exits(2);
    assert!(ran.stderr.contains("FILE_NAME and FILE_DATE"), "{}", ran.stderr);
    assert!(!work.exists("out"));
    work.bcda("convert in --quiet --out out --naming other").exits(2);
    let words = "convert in --quiet --out out --format csv --naming tuva --tables cclf5,cclf0";
    work.bcda(words).exits(0);
    assert_eq!(work.tables("out").len(), 2);
    assert!(!work.csv("out/partb_physicians.csv").column("FILE_DATE").is_empty());
}

#[test]
fn the_guide_says_what_the_connectors_eligibility_needs() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/tables.md");
    let page = std::fs::read_to_string(page).unwrap();
    let words: Vec<&str> = page.split_whitespace().collect();
    let told = "the month of `enrollment_end_date` has to be the month of FILE_DATE";
    assert!(words.join(" ").contains(told));
}

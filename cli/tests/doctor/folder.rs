//! A folder: exports and tables that do not go on by themselves.

use std::fs;

use serde_json::Value;

use super::{MARK, bcda, lines, mode, says, serve, weekly, work};
use crate::common::exports::{SECOND, export};
use crate::common::records::carrier;

#[test]
fn an_export_that_is_not_finished() {
    let work = work();
    let running = serve();
    let server = format!("--base-url {} --credentials credentials", running.url());
    fs::create_dir(work.path("weekly")).unwrap();
    bcda(&work, &format!("export {server} --out weekly/first -q")).exits(0);
    let finished = work.read_json("weekly/first/bcda-export.json");
    let mut journal = finished.clone();
    journal["export"]["completed"] = Value::Null;
    journal["files"][0]["state"] = "pending".into();
    let name = journal["files"][0]["name"].as_str().unwrap().to_owned();
    let plain = name.trim_end_matches(".gz");
    journal["files"][0]["name"] = plain.into();
    let part = format!("weekly/first/{plain}.part");
    fs::rename(work.path(&format!("weekly/first/{name}")), work.path(&part)).unwrap();
    work.write("weekly/first/bcda-export.json", journal.to_string());

    let ran = bcda(&work, "doctor weekly").exits(0);
    let told = "the export in weekly/first is not finished, and 2 of 3 files are there (and begun ones: 1); go on: bcda \
                export --resume --out weekly/first, with --credentials FILE";
    says(&ran, "exports", "warning", told);

    let mut old = journal.clone();
    old["export"]["started"] = "2024-03-01T00:00:00Z".into();
    work.write("weekly/first/bcda-export.json", old.to_string());
    let ran = bcda(&work, "doctor weekly").exits(1);
    says(
        &ran,
        "exports",
        "fail",
        "keeps files for 24; begin it anew: bcda export --restart --out weekly/first",
    );

    // What it says to run is what helps.
    work.write("weekly/first/bcda-export.json", journal.to_string());
    bcda(&work, "export --resume --out weekly/first --credentials credentials -q").exits(0);
    says(&bcda(&work, "doctor weekly").exits(0), "exports", "ok", "1 is finished");

    // A file that has gone, and a journal that is none.
    let name = work.read_json("weekly/first/bcda-export.json")["files"][0]["name"].clone();
    let first = format!("weekly/first/{}", name.as_str().unwrap());
    fs::remove_file(work.path(&first)).unwrap();
    says(&bcda(&work, "doctor weekly/first").exits(1), "exports", "fail", "are gone or have");
    work.write("weekly/first/bcda-export.json", MARK);
    let ran = bcda(&work, "doctor weekly").exits(1);
    says(&ran, "exports", "fail", "is no journal of an export; fetch the export again");
    assert!(!ran.text().contains(MARK));
}

#[test]
fn tables_that_do_not_go_on() {
    let work = work();
    weekly(&work);
    let ran = bcda(&work, "doctor weekly").exits(0);
    says(&ran, "tables", "ok", "weekly/tables has tables of this crosswalk");
    says(&ran, "permissions", "ok", "weekly can be written");

    // An export that they do not have.
    export(&work, "weekly/exports/2", SECOND, &[("more", &[carrier("2", "1")])]);
    let ran = bcda(&work, "doctor weekly").exits(0);
    says(
        &ran,
        "tables",
        "warning",
        "bring them up to date: bcda update weekly/tables weekly/exports/2",
    );
    says(&ran, "exports", "ok", "2 are finished, the newest of 2024-03-08");
    let of_modes = lines(&ran, "permissions");
    assert!(
        of_modes[1].0 == "warning" && of_modes[1].1.contains("weekly/exports/2"),
        "{of_modes:?}"
    );
    bcda(&work, "update weekly/tables weekly/exports/2 -q").exits(0);
    says(&bcda(&work, "doctor weekly").exits(0), "tables", "ok", "bcda update can go on");

    // What killed runs have left, where the folder is around the tables and where it is the tables.
    work.write("weekly/.tables.lock", "");
    work.write("weekly/tables.partial-1-2/cclf1.parquet", "");
    for (folder, told) in
        [("weekly", "weekly/.tables.lock"), ("weekly/tables", "weekly/.tables.lock")]
    {
        let ran = bcda(&work, &format!("doctor {folder}")).exits(0);
        says(
            &ran,
            "leftovers",
            "note",
            &format!("it has left {told}, and 1 more; nothing need be done"),
        );
    }

    // Another crosswalk, with and without a state; and no manifest of ours.
    let manifest = work.read_json("weekly/tables/tables-manifest.json");
    let mut other = manifest.clone();
    other["crosswalk_blake3"] = "0".into();
    work.write("weekly/tables/tables-manifest.json", other.to_string());
    let ran = bcda(&work, "doctor weekly").exits(1);
    says(
        &ran,
        "tables",
        "fail",
        "the tables in weekly/tables are of another crosswalk (0.2.0; this program",
    );
    other["state"] = serde_json::json!([]);
    work.write("weekly/tables/tables-manifest.json", other.to_string());
    says(&bcda(&work, "doctor weekly").exits(0), "tables", "warning", "are of another crosswalk");
    work.write("weekly/tables/tables-manifest.json", manifest.to_string());
    fs::remove_file(work.path("weekly/tables/state/about.json")).unwrap();
    says(&bcda(&work, "doctor weekly").exits(1), "tables", "fail", "bcda update refuses: ");
    work.write("weekly/tables/tables-manifest.json", "{}");
    says(&bcda(&work, "doctor weekly").exits(1), "tables", "fail", "convert all exports again");
}

#[test]
fn folders_that_are_none() {
    let work = work();
    work.write("file", "");
    let ran = bcda(&work, "doctor none").exits(1);
    says(&ran, "permissions", "fail", "none is not there; make it: mkdir -p -m 700 none");
    says(&ran, "space", "note", "skipped: ");
    says(&bcda(&work, "doctor file").exits(1), "permissions", "fail", "file is no folder");
    fs::create_dir(work.path("empty")).unwrap();
    mode(&work, "empty", 0o755);
    let ran = bcda(&work, "doctor empty").exits(0);
    says(&ran, "space", "note", "no export yet to compare with");
    let modes = lines(&ran, "permissions");
    assert!(modes[1].1.contains("chmod -R go= empty"), "{modes:?}");
    assert!(
        ran.text().ends_with("checks 5: ok 3, notes 1, warnings 1, failed 0\n"),
        "{}",
        ran.text()
    );
}

//! Weeks that pass: what `_since` gives, at each endpoint.

use crate::common::{bearer, export, lines, path_of, send};
use sandbox::{Data, Options, Running, Sandbox};
use serde_json::Value;
use std::collections::BTreeSet;

fn start(beneficiaries: u64) -> Running {
    let data = Data::Synthetic { beneficiaries, seed: 1, weeks: Some(3) };
    Sandbox::start(Options { job_time: std::time::Duration::ZERO, ..Options::new(data) })
        .expect("the sandbox starts")
}

/// A job's transactionTime, and the ids of its Patients.
fn patients(running: &Running, token: &str, target: &str) -> (String, BTreeSet<String>) {
    let manifest = export(running, token, target);
    let time = manifest["transactionTime"].as_str().expect("a time").to_owned();
    let text = lines(running, token, &manifest, "Patient");
    let records = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let ids = records.map(|line| {
        let record: Value = serde_json::from_slice(line).expect("a record");
        record["id"].as_str().expect("an id").to_owned()
    });
    (time, ids.collect())
}

#[test]
fn the_week_moves_on_with_exports_of_what_changed() {
    let running = start(30);
    let token = bearer(&running);
    let of = |target: &str| patients(&running, &token, target);
    let end = synth::transaction_time;
    let (time, first) = of("/api/v2/Group/all/$export?_type=Patient");
    assert_eq!(time, end(1));
    // Asked for once more it is the same.
    assert_eq!(of("/api/v2/Group/all/$export?_type=Patient"), (end(1), first.clone()));
    let since = |level: &str, week: u32| {
        of(&format!("/api/v2/{level}/$export?_type=Patient&_since={}", end(week)))
    };
    let (time, second) = since("Group/all", 1);
    assert_eq!(time, end(2));
    let new: Vec<&String> = second.difference(&first).collect();
    assert!(!new.is_empty(), "people join in the second week");
    // The endpoint of patients tells of those who are new what changed, and nothing had.
    let (_, changed) = since("Patient", 1);
    assert!(changed.is_subset(&second) && changed.is_disjoint(&new.into_iter().cloned().collect()));
    // Now there is all that is there by then; and in the next week some have left.
    let (time, whole) = of("/api/v2/Group/runout/$export?_type=Patient");
    assert_eq!(time, end(2));
    assert!(second.is_subset(&whole) && whole.len() > first.len());
    assert_eq!(since("Group/all", 2).0, end(3));
    let (time, last) = of("/api/v2/Patient/$export?_type=Patient");
    assert_eq!(time, end(3));
    assert!(whole.difference(&last).count() > 0, "people leave and are deleted in the third week");
    // Two weeks at once.
    let (time, both) = since("Group/all", 1);
    assert_eq!(time, end(3));
    assert!(both.is_superset(&second.intersection(&last).cloned().collect()));
    // There are no more.
    assert_eq!(since("Group/all", 3), (end(3), BTreeSet::new()));
    // Of another version it is the same week.
    assert_eq!(of("/api/v1/Patient/$export?_type=Patient").0, end(3));
}

#[test]
fn deletions_are_those_of_the_types_that_are_asked_for() {
    let running = start(5);
    let token = bearer(&running);
    let deleted = |types: &str| -> BTreeSet<String> {
        let since = synth::transaction_time(2);
        let target = format!("/api/v3/Group/all/$export?_type={types}&_since={since}");
        let manifest = export(&running, &token, &target);
        let mut found = BTreeSet::new();
        for file in manifest["deleted"].as_array().into_iter().flatten() {
            assert_eq!(file["type"], "Bundle");
            let path = path_of(&running, file["url"].as_str().expect("a URL"));
            let text = send(&running, "GET", &path, &[&token]);
            for line in text.text().lines() {
                let bundle: Value = serde_json::from_str(line).expect("a Bundle");
                for entry in bundle["entry"].as_array().expect("entries") {
                    let url = entry["request"]["url"].as_str().expect("what is no more");
                    found.insert(url.split('/').next().expect("a type").to_owned());
                }
            }
        }
        found
    };
    let types =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.into()).collect() };
    assert_eq!(deleted("Patient"), types(&["Patient"]));
    assert_eq!(deleted("Coverage,Patient"), types(&["Coverage", "Patient"]));
    let all = "ExplanationOfBenefit,Coverage,Patient";
    assert_eq!(deleted(all), types(&["Coverage", "ExplanationOfBenefit", "Patient"]));
}

//! A series of exports: what happens in its weeks, and what they lead to.

use crate::common::{Export, export};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use synth::{Api, Error, Options, RecordType, Scope, Window, transaction_time};

const WEEKS: u32 = 5;

fn made(api: Api, beneficiaries: u64, window: Window) -> Export {
    let partially_adjudicated_per_million = if api == Api::V3 { 100_000 } else { 0 };
    export(&Options {
        api,
        beneficiaries,
        claims_per_beneficiary: Some(12),
        partially_adjudicated_per_million,
        window: Some(window),
        ..Options::default()
    })
}

/// The records of an export by type and id, each with when it was last changed; none for those that do not say.
type Records = BTreeMap<(RecordType, String), (Option<i64>, Value)>;

/// Milliseconds since 1970 of an instant as the generator writes it.
fn millis(instant: &str) -> i64 {
    let instant: jiff::Timestamp = instant.parse().unwrap();
    instant.as_millisecond()
}

/// Puts the records of an export over those that are there: the newest of an id counts.
fn add(records: &mut Records, export: &Export) {
    for record_type in RecordType::ALL {
        for line in export.lines(record_type) {
            let record: Value = serde_json::from_slice(line).unwrap();
            let id = record["id"].as_str().unwrap().to_owned();
            let updated = record["meta"]["lastUpdated"].as_str().map(millis);
            let is_newer = |(before, _): &(Option<i64>, Value)| updated >= *before;
            if records.get(&(record_type, id.clone())).is_none_or(is_newer) {
                records.insert((record_type, id), (updated, record));
            }
        }
    }
}

/// What an export says is no more.
fn deleted(export: &Export) -> Vec<(RecordType, String)> {
    let mut all = Vec::new();
    for line in export.deletions() {
        let bundle: Value = serde_json::from_slice(line).unwrap();
        assert_eq!(
            (&bundle["resourceType"], &bundle["type"]),
            (&"Bundle".into(), &"transaction".into())
        );
        for entry in bundle["entry"].as_array().unwrap() {
            assert_eq!(entry["request"]["method"], "DELETE");
            let (of, id) = entry["request"]["url"].as_str().unwrap().split_once('/').unwrap();
            let of = RecordType::ALL.into_iter().find(|known| known.name() == of).unwrap();
            all.push((of, id.to_owned()));
        }
    }
    all
}

fn chain(api: Api, beneficiaries: u64, weeks: u32) -> Vec<Export> {
    (1..=weeks).map(|week| made(api, beneficiaries, Window::of_week(week))).collect()
}

#[test]
fn the_weeks_lead_to_the_state() {
    for api in Api::ALL {
        let mut records = Records::new();
        for export in chain(api, 80, WEEKS) {
            add(&mut records, &export);
            for gone in deleted(&export) {
                assert!(records.remove(&gone).is_some(), "{api}: {gone:?} was never told");
            }
        }
        let state = made(api, 80, Window::state_of(WEEKS));
        let mut expected = Records::new();
        add(&mut expected, &state);
        let lines: usize = RecordType::ALL.map(|of| state.lines(of).len()).iter().sum();
        assert_eq!(lines, expected.len(), "{api}: each record once");
        assert!(records.keys().eq(expected.keys()), "{api}");
        assert!(records == expected, "{api}");
    }
}

#[test]
fn several_weeks_at_once_are_as_one_by_one() {
    let week = |after, until| made(Api::V3, 60, Window { after, until, scope: Scope::Group });
    let (mut at_once, mut one_by_one) = (Records::new(), Records::new());
    add(&mut at_once, &week(1, 4));
    for until in 2..=4 {
        add(&mut one_by_one, &week(until - 1, until));
    }
    let gone: BTreeSet<_> = deleted(&week(1, 4)).into_iter().collect();
    assert!(gone.iter().all(|id| !at_once.contains_key(id)));
    // Who has left meanwhile is told of no more.
    assert!(at_once.len() < one_by_one.len());
    for (id, record) in &at_once {
        assert!(one_by_one.get(id) == Some(record), "{id:?}");
    }
}

#[test]
fn a_small_series_has_an_event_of_each_kind() {
    for api in Api::ALL {
        let weeks = chain(api, 5, 3);
        let mut all: BTreeMap<&str, u64> = BTreeMap::new();
        for week in &weeks {
            for (event, count) in &week.summary.events {
                *all.entry(event).or_default() += count;
            }
        }
        let events: Vec<&str> = all.keys().copied().collect();
        assert_eq!(events, ["cancelled", "corrected", "deleted", "late", "replaced"], "{api}");
        let patients = |week: &Export| -> BTreeMap<String, Value> {
            let lines = week.lines(RecordType::Patient).into_iter();
            let records = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
            records.map(|record| (record["id"].as_str().unwrap().to_owned(), record)).collect()
        };
        let [first, second, third] = [&weeks[0], &weeks[1], &weeks[2]].map(patients);
        assert_eq!(first.len(), 4, "{api}: the second person is not there yet");
        let new: Vec<&String> = second.keys().filter(|id| !first.contains_key(*id)).collect();
        assert_eq!(new.len(), 1, "{api}: the second person joins");
        assert!(third.keys().all(|id| !new.contains(&id)), "{api}");
        let mbis = |record: &Value| -> BTreeSet<String> {
            let all = record["identifier"].as_array().unwrap().iter();
            let mbis =
                all.filter(|identifier| identifier["system"].as_str().unwrap().ends_with("us-mbi"));
            mbis.map(|identifier| identifier["value"].as_str().unwrap().to_owned()).collect()
        };
        let changed: Vec<&String> = second.keys().filter(|id| first.contains_key(*id)).collect();
        let [fifth] = changed[..] else { panic!("{api}: {changed:?}") };
        let (before, after) = (mbis(&first[fifth]), mbis(&second[fifth]));
        assert!(before.is_subset(&after) && after.len() == before.len() + 1, "{api}");
        let gone = deleted(&weeks[2]);
        assert!(gone.iter().any(|(of, id)| *of == RecordType::Patient && first.contains_key(id)));
        assert!(gone.iter().filter(|(of, _)| *of == RecordType::Coverage).count() >= 2, "{api}");
    }
}

/// The claims of an export by id.
fn claims(export: &Export) -> BTreeMap<String, Value> {
    let lines = export.lines(RecordType::ExplanationOfBenefit).into_iter();
    let records = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    records.map(|record| (record["id"].as_str().unwrap().to_owned(), record)).collect()
}

#[test]
fn corrections_change_amounts_and_lines() {
    let (mut fewer, mut more, mut same) = (0, 0, 0);
    let first = claims(&made(Api::V1, 100, Window::of_week(1)));
    let second = claims(&made(Api::V1, 100, Window::of_week(2)));
    let lines = |claim: &Value| claim["item"].as_array().map_or(0, Vec::len);
    for (id, after) in &second {
        // What was cancelled before may be cancelled again.
        let before = first.get(id).filter(|_| after["status"] == "active");
        let Some(before) = before else { continue };
        match lines(after).cmp(&lines(before)) {
            std::cmp::Ordering::Less => fewer += 1,
            std::cmp::Ordering::Greater => more += 1,
            std::cmp::Ordering::Equal => same += 1,
        }
        assert_eq!(before["identifier"], after["identifier"]);
        assert_eq!(before["billablePeriod"], after["billablePeriod"]);
        assert_ne!(before["item"], after["item"]);
    }
    assert!(fewer > 2 && more > 2 && same > 2, "{fewer} {more} {same}");
}

#[test]
fn a_claim_that_is_replaced_is_no_more_final_and_the_other_has_its_group() {
    let first = claims(&made(Api::V1, 5, Window::of_week(1)));
    let second = claims(&made(Api::V1, 5, Window::of_week(2)));
    let group = |claim: &Value| {
        let all = claim["identifier"].as_array().unwrap().iter();
        let group = all.filter(|one| one["system"].as_str().unwrap().ends_with("/claim-group"));
        group.map(|one| one["value"].as_str().unwrap().to_owned()).next().unwrap()
    };
    let replaced: Vec<&Value> =
        second.values().filter(|claim| claim["status"] == "cancelled").collect();
    let by_group = |wanted: &Value| {
        let found = second.values().filter(|claim| group(claim) == group(wanted));
        found.map(|claim| claim["status"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(replaced.len(), 1);
    let id = replaced[0]["id"].as_str().unwrap();
    assert_eq!(first[id]["status"], "active");
    assert_eq!(by_group(replaced[0]).iter().filter(|status| **status == "active").count(), 1);
}

#[test]
fn what_changes_in_a_week_says_so() {
    for api in Api::ALL {
        for week in 2..=WEEKS {
            let window = Window { scope: Scope::Patient, ..Window::of_week(week) };
            let export = made(api, 60, window);
            let (after, until) =
                (millis(&transaction_time(week - 1)), millis(&transaction_time(week)));
            let mut records = Records::new();
            add(&mut records, &export);
            assert!(!records.is_empty());
            for (id, (updated, _)) in records {
                // A record that was merged into another has nothing but its link, and one whose status is unknown its id.
                let Some(updated) = updated else { continue };
                assert!(after < updated && updated <= until, "{api} {week}: {id:?}");
            }
            let manifest = export.manifest();
            assert_eq!(manifest["transactionTime"], transaction_time(week));
            let request = manifest["request"].as_str().unwrap();
            assert!(request.ends_with(&format!("&_since={}", transaction_time(week - 1))));
            assert_eq!(manifest["synthetic"]["weeks"]["until"], week);
            for list in ["output", "deleted"] {
                for file in manifest[list].as_array().into_iter().flatten() {
                    let name = file["url"].as_str().unwrap().rsplit('/').next().unwrap();
                    let folder = if list == "deleted" { "deleted/" } else { "" };
                    assert!(export.files.contains_key(&format!("{folder}{name}")));
                }
            }
            assert!(export.files.values().all(|text| !text.is_empty()), "no file is empty");
        }
    }
}

#[test]
fn a_longer_series_begins_as_a_shorter_one() {
    // The weeks of a window do not know how many follow; and the state of a week is that of its people alone.
    let few = claims(&made(Api::V2, 8, Window::state_of(3)));
    let more = claims(&made(Api::V2, 30, Window::state_of(3)));
    for (id, claim) in few {
        assert_eq!(more[&id], claim);
    }
}

#[test]
fn windows_that_make_no_sense_are_refused() {
    let refused = |window| {
        let options = Options { window: Some(window), beneficiaries: 1, ..Options::default() };
        let made = synth::generate(&options, |_| Ok(std::io::sink()));
        assert!(matches!(made, Err(Error::Options(_))), "{window:?}");
    };
    refused(Window { after: 0, until: 0, scope: Scope::Group });
    refused(Window { after: 0, until: 521, scope: Scope::Group });
    refused(Window { after: 3, until: 2, scope: Scope::Group });
    refused(Window { after: 1, until: 2, scope: Scope::State });
}

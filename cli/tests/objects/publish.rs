//! Objects as outputs: all of them or none, the manifest last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::Place;
use super::proxy::{Fault, Request};
use crate::common::wait_until;

const MANIFEST: &str = "tables-manifest.json";
const JOURNAL: &str = ".bcda-publishing";

/// Requests that make objects, or take them away, in the order in which the store did it: what and which.
fn changes(place: &Place) -> Vec<(String, String)> {
    let visible = |request: &Request| {
        let whole = request.method == "PUT" && !request.target.contains("partNumber");
        whole
            || request.is("POST", "uploadId")
            || request.method == "DELETE"
            || request.is("POST", "delete")
    };
    let passed = place.proxy.passed().into_iter();
    passed
        .filter(|(request, status)| visible(request) && *status < 300)
        .map(|(request, _)| (request.method, request.target.split('?').next().unwrap().to_owned()))
        .collect()
}

#[test]
fn tables_are_those_of_a_folder_and_the_manifest_comes_last() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    let expected = place.local_tables();
    place.put_export("in/");
    place.bcda("convert export --quiet --out @out/a/").exits(0);
    // From here on objects are all there is.
    place.bcda("convert @in/ --quiet --out @out/b").exits(0);
    for out in ["out/a/", "out/b/"] {
        assert_eq!(place.bucket.tables(out), expected, "{out}");
    }
    assert_eq!(place.bucket.open_uploads(), 0);
    place.work.assert_clean();

    let written: Vec<String> = changes(&place)
        .into_iter()
        .filter(|(method, target)| {
            *method != "DELETE" && target.contains("/out/a/") && !target.ends_with(JOURNAL)
        })
        .map(|(_, target)| target)
        .collect();
    assert_eq!(written.len(), expected.len() + 1, "{written:?}");
    assert!(written.last().unwrap().ends_with(MANIFEST), "{written:?}");
    // A part of a file that comes after others were to be seen could be refused by then.
    let passed = place.proxy.passed();
    let first = passed
        .iter()
        .position(|(request, _)| request.is("POST", "/out/a/") && request.is("POST", "uploadId"));
    let last = passed
        .iter()
        .rposition(|(request, _)| request.is("PUT", "/out/a/") && request.is("PUT", "partNumber"));
    assert!(last < first, "{last:?} {first:?}");
}

#[test]
fn rejects_go_along() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.work.write("in.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"-1\"}\n{broken\n");
    place.bcda("convert in.ndjson --quiet --out @out/").exits(3);
    let found = place.bucket.tables("out/");
    assert_eq!(found["rejects/rejects.ndjson"], b"{broken\n");
    assert!(found.contains_key("rejects/rejects.csv"));
}

#[test]
fn a_result_is_replaced_only_when_asked_and_nothing_else_ever() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    let expected = place.local_tables();
    place.bcda("convert export --quiet --format csv --out @out/").exits(0);
    let before = place.bucket.objects("out/");
    let ran = place.bcda("convert export --quiet --out @out/").exits(2);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert_eq!(place.bucket.objects("out/"), before);

    place.bcda("convert export --quiet --overwrite --out @out/").exits(0);
    assert_eq!(place.bucket.tables("out/"), expected, "the tables in CSV are gone");

    place.bucket.put("out/mine.txt", b"mine");
    let before = place.bucket.objects("out/");
    let ran = place.bcda("convert export --quiet --overwrite --out @out/").exits(2);
    assert!(ran.stderr.contains("1 object(s)"), "{}", ran.stderr);
    assert_eq!(place.bucket.objects("out/"), before);
    // A prefix is a folder, not the beginning of a name.
    place.bcda("convert export --quiet --out @ou").exits(0);
}

#[test]
fn faults_on_the_way_change_nothing() {
    for fault in [Fault::Status(500), Fault::Status(503), Fault::DropBefore, Fault::DropAfter] {
        let rule =
            move |request: &Request| if request.number % 3 == 1 { fault } else { Fault::None };
        let Some(place) = Place::new(rule) else { return };
        let expected = place.local_tables();
        let ran = place.bcda("convert export --quiet --out @out/");
        assert_eq!(ran.code, Some(0), "{fault:?}: {}", ran.stderr);
        assert_eq!(place.bucket.tables("out/"), expected, "{fault:?}");
    }
}

/// From some request on, the store refuses everything of a kind.
fn refused_from(
    part: &'static str,
    method: &'static str,
    after: usize,
) -> impl Fn(&Request) -> Fault + Send + Sync {
    let seen = AtomicUsize::new(0);
    move |request: &Request| {
        if request.is(method, part) && seen.fetch_add(1, Ordering::SeqCst) >= after {
            return Fault::Status(403);
        }
        Fault::None
    }
}

#[test]
fn whatever_is_refused_leaves_no_object() {
    // Beginning an upload, sending a part, completing the first, completing the fourth, the journal, the manifest.
    for (part, method, after) in [
        ("uploads", "POST", 2),
        ("partNumber", "PUT", 3),
        ("uploadId", "POST", 0),
        ("uploadId", "POST", 3),
        (JOURNAL, "PUT", 0),
        (MANIFEST, "PUT", 0),
    ] {
        let Some(place) = Place::new(refused_from(part, method, after)) else { return };
        let _ = place.local_tables();
        let ran = place.bcda("convert export --quiet --out @out/").exits(5);
        assert!(ran.stderr.contains("access was denied (HTTP 403)"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("SECRET"), "{}", ran.stderr);
        assert_eq!(place.bucket.keys("out/"), Vec::<String>::new(), "{method} {part} {after}");
        assert_eq!(place.bucket.open_uploads(), 0, "{method} {part} {after}");
        place.work.assert_clean();
    }
}

#[test]
fn an_earlier_result_outlives_what_fails_before_anything_is_seen() {
    for (part, method) in [("partNumber", "PUT"), (JOURNAL, "PUT")] {
        let broken = Arc::new(AtomicBool::new(false));
        let now = Arc::clone(&broken);
        let rule = move |request: &Request| {
            if now.load(Ordering::SeqCst) && request.is(method, part) {
                Fault::Status(403)
            } else {
                Fault::None
            }
        };
        let Some(place) = Place::new(rule) else { return };
        let _ = place.local_tables();
        place.bcda("convert export --quiet --out @out/").exits(0);
        let before = place.bucket.objects("out/");
        broken.store(true, Ordering::SeqCst);
        let _ = place.bcda("convert export --quiet --overwrite --out @out/").exits(5);
        assert_eq!(place.bucket.objects("out/"), before, "{method} {part}");
        broken.store(false, Ordering::SeqCst);
        place.bcda("convert export --quiet --overwrite --out @out/").exits(0);
    }
}

#[test]
fn a_replacement_that_fails_half_way_leaves_no_half() {
    let broken = Arc::new(AtomicBool::new(false));
    let (now, seen) = (Arc::clone(&broken), AtomicUsize::new(0));
    let rule = move |request: &Request| {
        if now.load(Ordering::SeqCst)
            && request.is("POST", "uploadId")
            && seen.fetch_add(1, Ordering::SeqCst) > 5
        {
            return Fault::Status(403);
        }
        Fault::None
    };
    let Some(place) = Place::new(rule) else { return };
    let expected = place.local_tables();
    place.bcda("convert export --quiet --out @out/").exits(0);
    broken.store(true, Ordering::SeqCst);
    let _ = place.bcda("convert export --quiet --overwrite --out @out/").exits(5);
    assert_eq!(place.bucket.keys("out/"), Vec::<String>::new());
    broken.store(false, Ordering::SeqCst);
    place.bcda("convert export --quiet --out @out/").exits(0);
    assert_eq!(place.bucket.tables("out/"), expected);
}

/// Sends a signal to the program when the store is asked for something that then takes its time.
fn ended_at(
    part: &'static str,
    method: &'static str,
    signal: rustix::process::Signal,
) -> Option<Place> {
    let reached = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&reached);
    let rule = move |request: &Request| {
        if request.is(method, part) {
            seen.store(true, Ordering::SeqCst);
            return Fault::Slow(Duration::from_millis(600));
        }
        Fault::None
    };
    let place = Place::new(rule)?;
    let _ = place.local_tables();
    let run = place.start("convert export --quiet --out @out/");
    wait_until("the request comes", || reached.load(Ordering::SeqCst));
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), signal).unwrap();
    let ran: crate::common::Ran = run.wait_with_output().unwrap().into();
    if signal == rustix::process::Signal::INT {
        let _ = ran.exits(130);
    }
    Some(place)
}

#[test]
fn an_interrupt_leaves_no_object() {
    for (part, method) in
        [("uploads", "POST"), ("partNumber", "PUT"), ("uploadId", "POST"), (JOURNAL, "PUT")]
    {
        let Some(place) = ended_at(part, method, rustix::process::Signal::INT) else { return };
        assert_eq!(place.bucket.keys("out/"), Vec::<String>::new(), "{method} {part}");
        assert_eq!(place.bucket.open_uploads(), 0, "{method} {part}");
        place.work.assert_clean();
    }
}

#[test]
fn after_a_kill_the_next_run_needs_no_tidying_by_hand() {
    // While parts are sent: nothing is seen.
    let Some(place) = ended_at("partNumber", "PUT", rustix::process::Signal::KILL) else { return };
    assert_eq!(place.bucket.keys("out/"), Vec::<String>::new());
    place.bcda("convert export --quiet --out @out/").exits(0);

    // While objects appear: they do without a manifest, and the journal says that they are ours.
    let Some(place) = ended_at("uploadId", "POST", rustix::process::Signal::KILL) else { return };
    let expected = place.work.tables("expected");
    wait_until("the store has done what it was asked", || place.bucket.keys("out/").len() > 1);
    let keys = place.bucket.keys("out/");
    assert!(
        keys.contains(&format!("out/{JOURNAL}")) && !keys.contains(&format!("out/{MANIFEST}")),
        "{keys:?}"
    );
    let ran = place.bcda("convert export --quiet --out @out/").exits(2);
    assert!(ran.stderr.contains("was killed"), "{}", ran.stderr);
    place.bcda("convert export --quiet --overwrite --out @out/").exits(0);
    assert_eq!(place.bucket.tables("out/"), expected);
}

#[test]
fn two_runs_do_not_publish_at_once() {
    let Some(place) = Place::new(|request| {
        if request.is("PUT", JOURNAL) {
            Fault::Slow(Duration::from_millis(600))
        } else {
            Fault::None
        }
    }) else {
        return;
    };
    let expected = place.local_tables();
    let runs = [0, 1].map(|_| place.start("convert export --quiet --out @out/"));
    let codes = runs.map(|run| run.wait_with_output().unwrap().status.code());
    // One may have come so late that it saw what the other left; both are told the same way.
    assert!(codes.contains(&Some(0)) && codes.contains(&Some(2)), "{codes:?}");
    assert_eq!(place.bucket.tables("out/"), expected);
}

#[test]
fn tables_in_object_storage_are_brought_up_to_date_in_another_place() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.work.synth("weeks", "--beneficiaries 4 --seed 3 --weeks 2");
    place.work.bcda("convert weeks/week-01 --updatable --quiet --out first").exits(0);
    let first = place.work.snapshot("first");
    place.work.bcda("update first weeks/week-02 --quiet --out second").exits(0);
    assert_eq!(place.work.snapshot("first"), first);
    place.bcda("convert weeks/week-01 --updatable --quiet --out @out/a/").exits(0);
    let before = place.bucket.objects("out/a/");
    let ran = place.bcda("update @out/a/ weeks/week-02").exits(2);
    assert!(ran.stderr.contains("not changed in place"), "{}", ran.stderr);
    for out in ["@out/a/", "@out/a/b/"] {
        place.bcda(&format!("update @out/a/ weeks/week-02 --out {out}")).exits(2);
    }
    let ran = place.bcda("update @out/none/ weeks/week-02 --out @out/b/").exits(2);
    assert!(ran.stderr.contains("no result is there"), "{}", ran.stderr);
    place.bcda("update @out/a/ weeks/week-02 --quiet --out @out/b/").exits(0);
    let mut wanted = place.work.tables("second");
    wanted.retain(|name, _| !name.ends_with('/'));
    assert_eq!(place.bucket.tables("out/b/"), wanted);
    assert_eq!(place.bucket.objects("out/a/"), before);
    let is_made = |(method, target): &(String, String)| {
        method != "DELETE" && target.contains("/out/b/") && !target.ends_with(JOURNAL)
    };
    let made = changes(&place).into_iter().rfind(is_made);
    assert!(made.is_some_and(|(_, target)| target.ends_with(MANIFEST)));
    place.work.assert_clean();
}

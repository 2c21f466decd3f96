//! Objects as inputs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::Place;
use super::proxy::{Fault, Request};
use crate::common::{Snapshot, Work, wait_until};

/// The tables of a result on this machine are those of the export, and nothing is left behind.
#[track_caller]
fn assert_equal(place: &Place, out: &str, expected: &Snapshot) {
    let found = place.work.tables(out);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
    place.work.assert_clean();
}

#[test]
fn a_prefix_gives_the_bytes_of_the_same_folder() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    let expected = place.local_tables();
    place.put_export("in/june/");
    place.bucket.put("in/june/rejects/old.ndjson", b"not read");
    place.bucket.put("in/june/.hidden.ndjson", b"not read");
    place.bucket.put("in/june/notes.txt", b"not read");
    place.bucket.put("in/june2/other.ndjson", b"not read");
    for (input, out) in [("@in/june/", "a"), ("@in/june", "b"), ("@in/june/*.ndjson.gz", "c")] {
        place.bcda(&format!("convert {input} --quiet --out {out}")).exits(0);
        assert_equal(&place, out, &expected);
    }
    // FILE_DATE is that of the manifest beside the objects.
    let manifest = place.work.read_json("a/tables-manifest.json");
    assert_eq!(manifest["inputs"][0]["file_date_from"], "export_manifest");
    // A store tells times to the second.
    let without_times = |manifest: &Value| -> Vec<Value> {
        let mut inputs = manifest["inputs"].as_array().unwrap().clone();
        for input in &mut inputs {
            assert!(input.as_object_mut().unwrap().remove("modified").is_some());
        }
        inputs
    };
    let expected = place.work.read_json("expected/tables-manifest.json");
    assert_eq!(without_times(&manifest), without_times(&expected));
}

#[test]
fn objects_that_are_named_and_patients_elsewhere() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.work.synth("export", "--beneficiaries 4 --claims 6");
    let files = place.work.data_files("export");
    let is_of = |kind: &str, bytes: &[u8]| {
        String::from_utf8_lossy(bytes.split(|byte| *byte == b'\n').next().unwrap())
            .contains(&format!("\"resourceType\":\"{kind}\""))
    };
    let mut claims = String::new();
    for (name, bytes) in &files {
        if is_of("ExplanationOfBenefit", bytes) {
            place.bucket.put(&format!("claims/{name}"), bytes);
            claims = name.clone();
        } else {
            place.bucket.put(&format!("people/{name}"), bytes);
        }
    }
    let people: Vec<String> =
        files.iter().map(|(name, _)| name).filter(|name| **name != claims).cloned().collect();
    let local =
        people.iter().map(|name| format!("--patients export/{name}")).collect::<Vec<_>>().join(" ");
    let date = "--file-date 2024-01-31";
    place
        .work
        .bcda(&format!("convert export/{claims} {local} {date} --quiet --out expected"))
        .exits(0);
    place
        .bcda(&format!("convert @claims/{claims} --patients @people/ {date} --quiet --out out"))
        .exits(0);
    assert_equal(&place, "out", &place.work.tables("expected"));
}

#[test]
fn many_small_objects_come_ahead_of_their_turn() {
    let Some(place) = Place::new(|request| {
        if request.is_of_an_object() { Fault::Slow(Duration::from_millis(40)) } else { Fault::None }
    }) else {
        return;
    };
    place.work.synth("one", "--beneficiaries 3 --claims 20");
    let mut count = 0;
    for (name, bytes) in place.work.data_files("one") {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for lines in lines.chunks(1) {
            let name = format!("{}-{count:03}.ndjson", name.split('.').next().unwrap());
            place.bucket.put(&format!("in/{name}"), &lines.concat());
            place.work.write(&format!("many/{name}"), lines.concat());
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
    let date = "--file-date 2024-01-31";
    place.work.bcda(&format!("convert many {date} --quiet --out expected")).exits(0);
    let started = std::time::Instant::now();
    place.bcda(&format!("convert @in/ {date} --quiet --out out --threads 1")).exits(0);
    let took = started.elapsed();
    assert_equal(&place, "out", &place.work.tables("expected"));
    // Each object is asked for twice, and answers in 40 ms: one after the other that would be as long as this.
    let in_turn = Duration::from_millis(40) * 2 * count;
    assert!(took < in_turn, "{took:?} for {count} objects; one after the other takes {in_turn:?}");
}

#[test]
fn large_objects_are_read_in_ranges_side_by_side() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.work.synth("export", "--beneficiaries 40 --claims 30");
    let mut largest = 0;
    for (name, bytes) in place.work.data_files("export") {
        largest = largest.max(bytes.len());
        place.bucket.put(&format!("in/{name}"), &bytes);
    }
    assert!(largest > 2 * (4 << 20), "{largest} bytes are few ranges");
    let date = "--file-date 2024-01-31";
    place.work.bcda(&format!("convert export {date} --quiet --out expected")).exits(0);
    place.bcda(&format!("convert @in/ {date} --quiet --out out")).exits(0);
    assert_equal(&place, "out", &place.work.tables("expected"));
    let ranges: Vec<String> =
        place.proxy.passed().into_iter().filter_map(|(request, _)| request.range).collect();
    assert!(ranges.iter().any(|range| range.starts_with("bytes=8388608-")), "{ranges:?}");
    // A look fetches little of it.
    assert!(ranges.contains(&"bytes=0-65535".to_owned()), "{ranges:?}");
}

/// Each fault at every `step`-th request, from the first on.
fn with_faults(faults: impl Fn(usize) -> Fault + Send + Sync + 'static) {
    let rule = move |request: &Request| faults(request.number);
    let Some(place) = Place::new(rule) else { return };
    let expected = place.local_tables();
    place.put_export("in/");
    place.bcda("convert @in/ --quiet --out out").exits(0);
    assert_equal(&place, "out", &expected);
}

#[test]
fn every_third_request_fails_and_the_result_is_the_same() {
    with_faults(|number| if number % 3 == 0 { Fault::Status(500) } else { Fault::None });
}

#[test]
fn the_store_asks_to_slow_down() {
    with_faults(|number| if number % 3 == 1 { Fault::Status(503) } else { Fault::None });
}

#[test]
fn connections_that_are_dropped_before_and_after_an_answer() {
    with_faults(|number| match number % 4 {
        0 => Fault::DropBefore,
        2 => Fault::DropAfter,
        _ => Fault::None,
    });
}

#[test]
fn bodies_that_are_cut_go_on_where_they_ended() {
    with_faults(|number| match number % 3 {
        0 => Fault::Cut(100),
        1 => Fault::Cut(0),
        _ => Fault::None,
    });
}

#[test]
fn a_store_that_never_recovers_is_a_clean_failure() {
    // The three looks pass, no reading does.
    let seen = AtomicUsize::new(0);
    let Some(place) = Place::new(move |request| {
        let refused = request.is("GET", ".ndjson") && seen.fetch_add(1, Ordering::SeqCst) >= 3;
        if refused { Fault::Status(404) } else { Fault::None }
    }) else {
        return;
    };
    place.put_export("in/");
    let ran = place.bcda("convert @in/ --quiet --out out").exits(1);
    assert!(ran.stderr.contains("replaced by another one"), "{}", ran.stderr);
    assert!(!place.work.exists("out"));
    place.work.assert_clean();
}

#[test]
fn an_object_that_is_replaced_between_readings_ends_the_run() {
    let Some(place) = Place::new(|request| {
        if request.is("GET", "replaced.ndjson") {
            Fault::Slow(Duration::from_millis(700))
        } else {
            Fault::None
        }
    }) else {
        return;
    };
    let line = b"{\"resourceType\":\"Patient\",\"id\":\"-1\"}\n";
    // Longer than what a look fetches: its reading asks for it anew.
    place.bucket.put("in/replaced.ndjson", &line.repeat(5_000));
    let run = place.start("convert @in/replaced.ndjson --quiet --max-rejects 100% --out out");
    wait_until("the object is looked at", || {
        place.proxy.passed().iter().any(|(request, _)| request.is("GET", "replaced.ndjson"))
    });
    place.bucket.put("in/replaced.ndjson", &line.repeat(5_001));
    let ran: crate::common::Ran = run.wait_with_output().unwrap().into();
    let ran = ran.exits(1);
    assert!(ran.stderr.contains("replaced by another one"), "{}", ran.stderr);
    assert!(!place.work.exists("out"));
}

#[test]
fn validate_and_inspect_read_objects() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.put_export("in/");
    let _ = place.local_tables();
    let here = place.work.bcda("validate export --quiet --severity information");
    let there = place.bcda("validate @in/ --quiet --severity information");
    assert_eq!(here.code, there.code);
    assert_eq!(here.text(), there.text());
    let name = "7ee2d140-17ed-4eb1-ae4f-561101489679.ndjson.gz";
    let here = place.work.bcda(&format!("inspect export/{name}:2")).exits(0);
    let there = place.bcda(&format!("inspect @in/{name}:2")).exits(0);
    assert_eq!(here.text(), there.text());
    let there = place.bcda(&format!("inspect {name}:2 --in @in/")).exits(0);
    assert_eq!(here.text(), there.text());
    // What stands at the head of a version is where it can be inspected.
    let name = "cfc008a3-6465-42ee-a680-8d4f138af746.ndjson.gz";
    let there = place.bcda(&format!("history @in/{name}:2 @in/"));
    assert!(there.code == Some(0) && there.text().contains(&format!("in/{name}:2")), "{there:?}");
}

#[test]
fn an_interrupted_reading_ends_soon() {
    let Some(place) = Place::new(|request| {
        if request.is_of_an_object() { Fault::Hang(Duration::from_mins(1)) } else { Fault::None }
    }) else {
        return;
    };
    place.put_export("in/");
    let run = place.start("convert @in/ --quiet --out out");
    std::thread::sleep(Duration::from_millis(800));
    let started = std::time::Instant::now();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&run),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let ran: crate::common::Ran = run.wait_with_output().unwrap().into();
    let _ = ran.exits(130);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    place.work.assert_clean();
}

/// Peak of the program's memory, in kilobytes, from /usr/bin/time's source: the kernel.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_object() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    let work: &Work = &place.work;
    work.synth("export", "--beneficiaries 8 --claims 30");
    let (name, bytes) =
        work.data_files("export").into_iter().max_by_key(|(_, bytes)| bytes.len()).unwrap();
    let times = (300 << 20) / bytes.len();
    place.bucket.put(&format!("in/{name}"), &bytes.repeat(times));
    let mut child = place
        .start("convert @in/ --quiet --file-date 2024-01-31 --tables cclf5 --threads 2 --out out");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0_u64;
    while child.try_wait().unwrap().is_none() {
        // Before the first look, too: until a child has its own program, its memory is that of this one.
        std::thread::sleep(Duration::from_millis(10));
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(now.unwrap_or(0));
    }
    let ran: crate::common::Ran = child.wait_with_output().unwrap().into();
    let _ = ran.exits(0);
    assert!(peak > 0 && peak < 256 << 10, "{peak} kB at most, for 300 MiB");
}

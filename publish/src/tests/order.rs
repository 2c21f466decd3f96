//! The order of the calls: what a power cut can take away depends on it.

use super::{Before, MANIFEST, NEW, publish, work};
use crate::fault::Faults;

/// The operations of a run with their paths below the work folder, run ids replaced.
fn trace(before: Before, faults: &Faults) -> Vec<String> {
    let work = work();
    let out = before.prepare(work.path());
    let _ = faults.run(|| publish(&out, NEW)).unwrap();
    let base = format!("{}/", work.path().display());
    let calls = faults.trace().into_iter();
    calls
        .map(|call| {
            let call = call.replace(&base, "").replace(work.path().to_str().unwrap(), "");
            match call.split_once("out.partial-") {
                Some((operation, rest)) => {
                    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
                    format!("{operation}PARTIAL{rest}")
                }
                None => call,
            }
        })
        .collect()
}

fn position(trace: &[String], call: &str) -> usize {
    let found = trace.iter().position(|found| found.trim_end_matches([' ', '/']) == call);
    found.unwrap_or_else(|| panic!("no {call:?} in {trace:#?}"))
}

#[test]
fn everything_is_durable_before_the_rename_and_the_old_goes_after() {
    for (before, rename) in [(Before::Absent, "rename PARTIAL"), (Before::Old, "exchange PARTIAL")]
    {
        let trace = trace(before, &Faults::none());
        let renamed = position(&trace, rename);
        let manifest = position(&trace, &format!("fsync PARTIAL/{MANIFEST}"));
        for (name, _) in NEW {
            assert!(position(&trace, &format!("fsync PARTIAL/{name}")) < manifest, "{name}");
        }
        for folder in ["", "/fresh", "/fresh/deep", "/rejects"] {
            let synced = position(&trace, &format!("fsync PARTIAL{folder}"));
            assert!(manifest < synced && synced < renamed, "{folder}");
        }
        let parent = trace[renamed..].iter().position(|call| call.trim_end() == "fsync").unwrap();
        let removed = trace[renamed..].iter().position(|call| call.starts_with("remove PARTIAL"));
        assert!(removed.is_none_or(|removed| parent < removed));
        assert_eq!(removed.is_some(), before == Before::Old);
        // No file is placed by hand where one rename does.
        assert_eq!(
            trace.iter().filter(|call| call.starts_with("rename ")).count(),
            usize::from(before != Before::Old)
        );
    }
}

#[test]
fn file_by_file_has_no_manifest_meanwhile() {
    let trace = trace(Before::Old, &Faults::none().without_exchange());
    let gone = position(&trace, &format!("rename out/{MANIFEST}"));
    let back = position(&trace, &format!("rename PARTIAL/{MANIFEST}"));
    let journal = position(&trace, "rename .out.journal-new");
    assert!(journal < gone);
    for (name, _) in NEW {
        let placed = position(&trace, &format!("rename PARTIAL/{name}"));
        assert!(gone < placed && placed < back, "{name}");
    }
    let synced_before = trace[gone..back]
        .iter()
        .filter(|call| call.trim_end_matches([' ', '/']) == "fsync out")
        .count();
    assert_eq!(
        synced_before, 3,
        "after the manifest went, with the files of the top, and before it comes"
    );
    assert!(trace[back..].iter().any(|call| call.trim_end_matches([' ', '/']) == "fsync out"));
}

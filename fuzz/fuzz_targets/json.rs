//! One JSON text: every engine, the strict check, a reading by the letter of the RFCs, and serde_json.
#![no_main]

#[path = "../../json-walk/tests/fast/mod.rs"]
mod fast;
#[allow(dead_code, reason = "tests read the tree too")]
#[path = "../../json-walk/tests/oracle/mod.rs"]
mod oracle;

use json_walk::{Duplicates, ErrorKind, Limits, check};

bcda_fuzz::mutate_json!();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // By all engines, and walked: the fast reading and the strict one give the same.
    let verdict = fast::agrees(data);
    assert_eq!(verdict.is_ok(), oracle::parse(data, 64, false).is_ok());
    let unique = check(data, Limits::default(), Duplicates::Refuse);
    assert_eq!(unique.is_ok(), oracle::parse(data, 64, true).is_ok());
    // serde_json lets escaped NULs through, nests deeper, and wants numbers that a double can hold.
    let other = serde_json::from_slice::<serde_json::Value>(data);
    match verdict {
        Ok(()) => assert!(
            other.is_ok() || other.is_err_and(|fault| fault.to_string().contains("out of range"))
        ),
        Err(fault) if matches!(fault.kind(), ErrorKind::NulCharacter | ErrorKind::TooDeep) => {}
        Err(_) => assert!(other.is_err()),
    }
});

//! Any record, read as of each version of the API: all plans, and who only looks, agree on which version it shows.
#![no_main]

use cclf_crosswalk::{Api, Guesser, Plan, Reader, Took};

bcda_fuzz::mutate_json!();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // A line has no mark of the byte order: whoever cuts lines takes it away from the first.
    if data.contains(&b'\n') || data.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    let shown = Guesser::version(data);
    for api in Api::ALL {
        match Reader::new(Plan::of(api)).take(data) {
            Took::Foreign(other) => assert!(other != api && shown == Some(other)),
            _ => assert!(shown.is_none_or(|shown| shown == api)),
        }
    }
});

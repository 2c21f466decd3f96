//! Records through the plan and through the interpreter of the version that they show: the same rows, or both refuse.
#![no_main]

mod readings;

use cclf_crosswalk::{Api, Guesser};
use readings::{agree, common::Input};

bcda_fuzz::mutate_json!();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let api = Guesser::version(data).unwrap_or(Api::V1);
    agree(&Input::in_version(api, text.split('\n').filter(|line| !line.is_empty()).take(8)));
});

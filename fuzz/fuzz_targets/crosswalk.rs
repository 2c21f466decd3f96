//! Records through the plan and through the interpreter: the same rows, or both refuse.
#![no_main]

mod readings;

use readings::{agree, common::Input};

bcda_fuzz::mutate_json!();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let input = Input::of(text.split('\n').filter(|line| !line.is_empty()).take(8));
    agree(&input);
});

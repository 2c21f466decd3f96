//! What a server may answer: manifests, OperationOutcomes, journals. What is accepted keeps the client's rules, and
//! what is said of an answer cannot be somebody's number.
#![no_main]

use bulk_client::{IssueCounts, Manifest, Metadata, Outcome};

bcda_fuzz::mutate_json!();

fn is_type(name: &str) -> bool {
    let mut letters = name.bytes();
    name.len() <= 64
        && letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.all(|letter| letter.is_ascii_alphabetic())
}

/// No run of digits long enough to be a person's number, nothing that moves a terminal's cursor.
fn discreet(text: &str) {
    assert!(!text.chars().any(char::is_control), "a control character");
    for word in text.split_whitespace() {
        assert!(
            word.chars().filter(char::is_ascii_digit).count() < 4 || word.starts_with("[...]"),
            "a number"
        );
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let job = "https://bulk.example/api/v1/jobs/1".parse().expect("a URL");
    match Manifest::parse(data, &job) {
        Ok(manifest) => {
            for entry in manifest.output.iter().chain(&manifest.error).chain(&manifest.deleted) {
                assert!(is_type(&entry.resource_type));
                assert!(matches!(entry.url.scheme(), "http" | "https") && entry.url.has_host());
                assert!(!entry.server_name().contains('/'));
                assert!(entry.encrypted_key.as_ref().is_none_or(|key| !key.trim().is_empty()));
            }
        }
        Err(error) => assert!(error.to_string().len() < 1000),
    }
    let outcome = Outcome::of_body(data);
    let said = outcome.to_string();
    assert!(said.chars().count() < 500);
    discreet(said.strip_prefix("the server says: ").unwrap_or(&said));
    assert!(outcome.has_more() || !outcome.is_empty() || data.trim_ascii().is_empty(), "something is said");
    let mut counts = IssueCounts::default();
    for line in data.split(|byte| *byte == b'\n') {
        counts.add_line(line);
    }
    for (_, class, count) in counts.iter() {
        assert!(count > 0 && class.len() <= 40);
        discreet(class);
    }
    if let Ok(statement) = serde_json::from_slice(data) {
        let short = Metadata::of(&statement);
        assert!(!short.software_name.chars().any(char::is_control));
    }
});

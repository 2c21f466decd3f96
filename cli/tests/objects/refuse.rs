//! What cannot be, and what is said of it.

use std::time::{Duration, Instant};

use super::Place;
use super::proxy::Fault;
use crate::common::Work;

/// The program fails, says this, and tells no secret.
#[track_caller]
fn refused(place: &Place, words: &str, code: i32, said: &str) {
    let ran = place.bcda(words).exits(code);
    assert!(ran.stderr.contains(said), "{words}: {}", ran.stderr);
    assert!(!ran.stderr.contains("SECRET"), "{words}: {}", ran.stderr);
    place.work.assert_clean();
}

#[test]
fn what_is_not_there_or_not_allowed() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    place.put_export("in/");
    place.work.write("a.ndjson", "");
    refused(&place, "convert @nothing/ --out out", 2, "no such object, and none below it");
    refused(&place, "convert @in/nothing.ndjson --out out", 2, "no such object, and none below it");
    refused(&place, "convert @in/x*.ndjson --out out", 2, "no object matches the pattern");
    refused(&place, "convert s3://no-such-bucket/in/ --out out", 2, "s3://no-such-bucket/in/");
    refused(
        &place,
        "convert a.ndjson --out s3://no-such-bucket/out/",
        2,
        "s3://no-such-bucket/out/",
    );
    refused(&place, "convert @in/ --out @in/out/", 2, "lie in one another");
    refused(&place, "convert @in/ --out @", 2, "lie in one another");
    refused(&place, "validate @in/ --out @issues.ndjson", 2, "file of this machine");
    assert!(!place.work.exists("out"));

    let denied = Place::new(|_| Fault::Status(403)).unwrap();
    refused(&denied, "convert @in/ --out out", 5, "access was denied (HTTP 403)");
}

#[test]
fn no_credentials_are_told_soon() {
    let Some(place) = Place::new(|_| Fault::None) else { return };
    let started = Instant::now();
    let mut command = place.command("convert @in/ --out out");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    // Nobody listens there: as on a machine of no cloud.
    command.env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1");
    let ran: crate::common::Ran = command.output().unwrap().into();
    let ran = ran.exits(5);
    assert!(ran.stderr.contains("no credentials: set AWS_ACCESS_KEY_ID"), "{}", ran.stderr);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn addresses_that_are_none() {
    let work = Work::new();
    for (words, said) in [
        (
            "convert https://user:SECRET@example.org/a.ndjson --out out",
            "no user name and no password",
        ),
        ("convert https://example.org/a.ndjson?sig=SECRET --out out", "no query"),
        ("convert http://example.org/a.ndjson --out out", "in the clear"),
        ("convert https://example.org/folder/ --out out", "name each"),
        ("convert s3:///a.ndjson --out out", "bucket is missing"),
    ] {
        let ran = work.bcda(words).exits(2);
        assert!(ran.stderr.contains(said), "{words}: {}", ran.stderr);
        assert!(!ran.stderr.contains("SECRET"), "{words}: {}", ran.stderr);
    }
    assert_eq!(work.leftovers(), Vec::<String>::new());
}

#[test]
fn accounts_and_credentials_of_the_other_stores() {
    let work = Work::new();
    work.write("a.ndjson", "");
    let run = |words: &str, settings: &[(&str, &str)]| {
        let mut command = work.command(&words.split(' ').collect::<Vec<_>>());
        for (name, _) in std::env::vars()
            .filter(|(name, _)| name.starts_with("AZURE_") || name.starts_with("GOOGLE_"))
        {
            command.env_remove(name);
        }
        command.envs(settings.iter().copied());
        crate::common::Ran::from(command.output().unwrap())
    };
    let ran = run("convert az://container/in/ --out out", &[]).exits(2);
    assert!(ran.stderr.contains("AZURE_STORAGE_ACCOUNT_NAME"), "{}", ran.stderr);
    let ran =
        run("convert gs://bucket/in/ --out out", &[("GOOGLE_SERVICE_ACCOUNT", "no-such-file")])
            .exits(2);
    assert!(ran.stderr.contains("GOOGLE_..."), "{}", ran.stderr);
    // Nobody listens at this address: the store is known, and not reached.
    let settings = [
        ("AZURE_STORAGE_ACCOUNT_NAME", "account"),
        ("AZURE_STORAGE_ACCOUNT_KEY", "U0VDUkVU"),
        ("AZURE_ENDPOINT", "http://127.0.0.1:1"),
        ("AZURE_ALLOW_HTTP", "false"),
    ];
    let ran = run("convert az://container/in/ --out out", &settings);
    assert!(matches!(ran.code, Some(2 | 5)) && !ran.stderr.contains("U0VDUkVU"), "{}", ran.stderr);
}

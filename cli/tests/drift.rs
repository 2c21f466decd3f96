//! What records have that neither FHIR's tables nor the vocabulary know is told by name where 11 people have it, and never
//! anything else of a record.

#![allow(clippy::print_stderr, reason = "a test says that it was skipped")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use synth::Api;

use crate::common::Work;
use crate::common::records::{VARIABLE, carrier, carrier_of, coverage, lines, patient};

/// The drift in the manifest of a folder.
fn drift(work: &Work, folder: &str) -> Value {
    work.read_json(&format!("{folder}/tables-manifest.json"))["drift"].clone()
}

/// What was found, as place, name and count.
fn findings(drift: &Value) -> Vec<(String, String, Option<u64>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let own = |new: &Value| (text(&new["parent"]), text(&new["name"]), new["records"].as_u64());
    drift["findings"].as_array().map_or_else(Vec::new, |all| all.iter().map(own).collect())
}

/// Patients 1 to `people`, each with a claim that `change` changes.
fn export(people: u32, change: impl Fn(u32, &mut Value)) -> Vec<String> {
    let claims = (1..=people).map(|number| {
        let mut claim = carrier(&number.to_string(), &number.to_string());
        change(number, &mut claim);
        claim
    });
    let people = (1..=people).map(|number| patient(&number.to_string(), "1S00E00AA00"));
    lines(&people.chain(claims).collect::<Vec<_>>())
}

#[test]
fn a_name_is_told_that_11_people_have() {
    let own =
        |name: &str, records| ("ExplanationOfBenefit.meta".to_owned(), name.to_owned(), records);
    for (people, expected, told) in [
        (10, own("other", None), "unknown to us: something without a name in 22 records"),
        (11, own("source", Some(11)), "unknown to us: 1 name in 22 records"),
    ] {
        let work = Work::new();
        let with_source = |number: u32, claim: &mut Value| {
            if number <= people {
                claim["meta"]["source"] = json!("a server");
            }
        };
        work.write_lines("in.ndjson", export(11, with_source));
        let ran = work.bcda("convert in.ndjson --out out --drift all --report r.json").exits(0);
        let told =
            format!("{told} looked through (all of them); see drift in tables-manifest.json");
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{}", ran.stderr);
        let drift = drift(&work, "out");
        assert_eq!(drift, work.read_json("r.json")["drift"]);
        assert_eq!(
            (&drift["which"], &drift["records"], &drift["people"]),
            (&json!("all"), &json!(22), &json!(11))
        );
        assert_eq!(findings(&drift), [expected]);
    }
}

/// What one person has in many claims is not told, nor how many people there are.
#[test]
fn many_records_of_few_people_give_no_count() {
    let work = Work::new();
    let claims = (1..=30).map(|number| {
        let mut claim = carrier(&number.to_string(), "1");
        claim["meta"]["source"] = json!("a server");
        claim["extension"] = json!([{"url": format!("{VARIABLE}clm_new_cd"), "valueCode": "x"}]);
        claim
    });
    let people = [patient("1", "1S00E00AA00"), coverage("1", "A")];
    work.write_lines("in.ndjson", lines(&people.into_iter().chain(claims).collect::<Vec<_>>()));
    work.bcda("convert in.ndjson --out out --drift all").exits(0);
    let drift = drift(&work, "out");
    assert_eq!((&drift["records"], &drift["people"]), (&json!(32), &Value::Null));
    let own = |parent: &str| (format!("ExplanationOfBenefit.{parent}"), "other".to_owned(), None);
    assert_eq!(findings(&drift), [own("extension"), own("meta")]);
}

#[test]
fn urls_are_told_in_each_version() {
    for api in Api::ALL {
        let work = Work::new();
        let url = "https://bluebutton.cms.gov/fhir/StructureDefinition/CLM-NEW-CD";
        let claims: Vec<Value> = (1..=11)
            .map(|number| {
                let mut claim = carrier_of(api, &number.to_string(), &number.to_string());
                claim["item"][0]["extension"] = json!([{"url": url, "valueString": "x"}]);
                claim
            })
            .collect();
        work.write_lines("in.ndjson", lines(&claims));
        work.bcda("convert in.ndjson --out out --drift all").exits(0);
        let drift = drift(&work, "out");
        let own = ("ExplanationOfBenefit.item.extension".to_owned(), url.to_owned(), Some(11));
        assert!(findings(&drift).contains(&own), "{api}: {drift}");
    }
}

/// Names and URLs that might be anybody's, with 12 people: the places are told, and nothing more.
#[test]
fn nothing_of_a_record_is_told() {
    const MBI: &str = "1S00E00AA00";
    const DIGITS: &str = "734015746";
    const MARK: &str = "Qzjxkv";
    let work = Work::new();
    let planted = |_, claim: &mut Value| {
        claim[MBI] = json!(1);
        claim["item"][0][format!("_{MARK}")] = json!({MARK: MARK});
        claim["meta"][format!("{MARK}Name")] = json!(MARK);
        let own = format!("{VARIABLE}new");
        let urls = [
            format!("{VARIABLE}{MBI}"),
            format!("{VARIABLE}1S00-E00-AA00"),
            format!("{own}?patient={MBI}"),
            format!("{own}#{MARK}"),
            format!("{own}/{DIGITS}"),
            format!("https://{MARK}.example.org/fhir/new"),
            format!("https://bluebutton.cms.gov@{MARK}.org/new"),
            format!("urn:oid:{DIGITS}"),
            format!("{MARK} {MBI}"),
        ];
        let extension = |url: &String| json!({"url": url, "valueString": MARK});
        claim["item"][0]["extension"] = urls.iter().map(extension).collect();
        let system = |url: &String| json!({"system": url, "code": MARK});
        claim["item"][0]["modifier"] =
            json!([{"coding": urls.iter().map(system).collect::<Vec<_>>()}]);
        let identifier = |url: &String| json!({"system": url, "value": MARK});
        let identifiers = urls.iter().map(identifier);
        claim["identifier"].as_array_mut().unwrap().extend(identifiers);
    };
    work.write_lines("in.ndjson", export(12, planted));
    let ran = work.bcda("convert in.ndjson --out out --drift all --report r.json").exits(0);
    let found = findings(&drift(&work, "out"));
    let own = |parent: &str, records| {
        let parent = format!("ExplanationOfBenefit{parent}");
        (parent, "other".to_owned(), Some(records))
    };
    // Of what has no name a record counts once at each place.
    assert_eq!(
        found,
        [
            own("", 12),
            own(".identifier", 12),
            own(".item", 12),
            own(".item.extension", 12),
            own(".item.modifier.coding", 12),
            own(".meta", 12),
        ]
    );
    for text in [ran.stderr, work.read_text("r.json"), work.read_text("out/tables-manifest.json")] {
        for planted in [MBI, DIGITS, MARK, "1S00-", "variables/new"] {
            assert!(!text.contains(planted), "{planted}: {text}");
        }
    }
}

#[test]
fn the_same_records_are_chosen_however_they_are_read() {
    let work = Work::new();
    let with_source = |number: u32, claim: &mut Value| {
        claim["meta"]["source"] = json!("a server");
        claim["extension"] = json!([{"url": format!("http://hl7.org/fhir/x{}y", number % 7)}]);
    };
    let records = export(2000, with_source);
    work.write_lines("in/all.ndjson", &records);
    for (number, part) in records.chunks(700).enumerate() {
        work.write_lines(&format!("parts/{number}.ndjson"), part);
    }
    work.bcda("convert in --out one --threads 1 --quiet").exits(0);
    let expected = drift(&work, "one");
    let looked = expected["records"].as_u64().unwrap();
    assert!((30..110).contains(&looked), "one in 64 of 4,000: {looked}");
    assert!(expected["people"].as_u64().unwrap() >= 11, "{expected}");
    assert!(findings(&expected).iter().any(|(_, name, _)| name == "source"), "{expected}");
    for words in [
        "convert in --out out --threads 4 --block-bytes 65536",
        "convert in --out out --threads 3 --block-bytes 1024",
        "convert parts --out out --threads 4",
        "convert parts --out out --threads 2 --keep latest",
    ] {
        work.bcda(&format!("{words} --overwrite --quiet")).exits(0);
        assert_eq!(drift(&work, "out"), expected, "{words}");
    }
    let text = work.read("in/all.ndjson");
    work.feed("convert - --out out --overwrite --quiet --threads 4", text.chunks(50_000)).exits(0);
    assert_eq!(drift(&work, "out"), expected);
    work.bcda("convert in --out out --overwrite --quiet --drift none").exits(0);
    assert_eq!(drift(&work, "out"), Value::Null);
}

/// A million names would fill the memory; a thousand are counted.
#[test]
fn names_are_bounded() {
    let work = Work::new();
    let many = |number: u32, claim: &mut Value| {
        let url = |n: u32| json!({"url": format!("http://hl7.org/fhir/a{n}/b{}", number / 12)});
        claim["extension"] = (0..400).map(url).collect();
    };
    work.write_lines("in.ndjson", export(60, many));
    for threads in [1, 4] {
        let words = "convert in.ndjson --overwrite --quiet --drift all --block-bytes 65536";
        work.bcda(&format!("{words} --out out{threads} --threads {threads}")).exits(0);
    }
    let found = drift(&work, "out1");
    assert_eq!(found, drift(&work, "out4"));
    let findings = findings(&found);
    let named = findings.iter().filter(|(_, name, _)| name != "other").count();
    // 400 names of eleven people, 400 of the next twelve, and 200 of those after them.
    assert_eq!((named, findings.len()), (1000, 1001), "{found}");
}

#[test]
fn records_without_drift_have_none() {
    let work = Work::new();
    for api in Api::ALL {
        let api = api.name();
        work.synth(
            "in",
            &format!("--beneficiaries 12 --claims 12 --seed 3 --api {api} --overwrite"),
        );
        let ran = work.bcda("convert in --out out --overwrite --drift all").exits(0);
        assert!(!ran.stderr.contains("unknown to us"), "{}", ran.stderr);
        let found = drift(&work, "out");
        assert_eq!((&found["findings"], &found["people"]), (&Value::Null, &json!(12)), "{api}");
        assert!(found["records"].as_u64().unwrap() > 100, "{api}: {found}");
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !shared.exists() {
        eprintln!("skipped: no ../shared");
        return;
    }
    for folder in ["seed-samples", "identifiers", "r4/v2", "r4/v3"] {
        let export = shared.join(folder).display().to_string();
        let words = [
            "convert",
            &export,
            "--out",
            "out",
            "--overwrite",
            "--drift",
            "all",
            "--max-rejects",
            "100%",
        ];
        let ran = work.run(&words);
        assert!(matches!(ran.code, Some(0 | 3)), "{folder}: {}", ran.stderr);
        assert_eq!(findings(&drift(&work, "out")), [], "{folder}");
    }
}

/// What each stage took adds up to what the run took.
#[test]
fn stages_add_up() {
    let work = Work::new();
    work.synth("in", "--beneficiaries 3 --claims 4 --seed 3");
    let names = |report: &Value| -> Vec<String> {
        let stages = report["stages"].as_array().unwrap().iter();
        stages.map(|stage| stage["name"].as_str().unwrap().to_owned()).collect()
    };
    let sum = |report: &Value| -> f64 {
        let stages = report["stages"].as_array().unwrap().iter();
        stages.map(|stage| stage["seconds"].as_f64().unwrap()).sum()
    };
    for (words, expected) in [
        ("convert in --out out", vec!["inputs", "people", "claims", "summaries"]),
        (
            "convert in --out new --updatable",
            vec!["inputs", "latest", "claims", "summaries", "state"],
        ),
        (
            "update new in --again",
            vec!["inputs", "latest", "carried", "claims", "summaries", "state"],
        ),
    ] {
        work.bcda(&format!("{words} --report r.json --quiet")).exits(0);
        let (report, folder) =
            (work.read_json("r.json"), if words.contains("new") { "new" } else { "out" });
        let manifest = work.read_json(&format!("{folder}/tables-manifest.json"));
        assert_eq!(names(&manifest), expected, "{words}");
        assert_eq!(names(&report), [&expected[..], &["publish"]].concat(), "{words}");
        let (sum, seconds) = (sum(&report), report["seconds"].as_f64().unwrap());
        assert!((sum - seconds).abs() < 0.05 + seconds / 10.0, "{words}: {sum} of {seconds} s");
        assert_eq!(manifest["drift"], report["drift"]);
        assert!(manifest["drift"]["records"].is_u64(), "{words}: {manifest}");
    }
}

/// A folder that stays current looks at what comes, and says so where it makes tables.
#[test]
fn a_sync_tells_it_too() {
    let work = Work::new();
    let claims = (0..1000).map(|number| {
        let mut claim = carrier(&number.to_string(), &(number % 20).to_string());
        claim["meta"]["source"] = json!("a server");
        claim
    });
    let people = (0..20).flat_map(|number| {
        let number = number.to_string();
        [patient(&number, "1S00E00AA00"), coverage(&number, "A")]
    });
    work.write_lines("data/all.ndjson", lines(&people.chain(claims).collect::<Vec<_>>()));
    let served = sandbox::Options::new(sandbox::Data::Folder(work.path("data")));
    let running = sandbox::Sandbox::start(served).unwrap();
    let known = sandbox::Credentials::published();
    let credentials = format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret);
    work.write("credentials", credentials);
    fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();
    let words = format!(
        "sync d --base-url {} --credentials credentials --no-token-cache --api v1",
        running.url()
    );
    let ran = work.bcda(&words).exits(0);
    assert_eq!(ran.stderr.matches("unknown to us: ").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("see drift in tables/tables-manifest.json"), "{}", ran.stderr);
    let found = findings(&drift(&work, "d/tables"));
    assert_eq!((found.len(), found[0].0.as_str()), (1, "ExplanationOfBenefit.meta"));
}

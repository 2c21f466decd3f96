//! The OpenAPI document and the page tell what is there.

use std::collections::BTreeSet;

use crate::common::{self, options, send, start, start_all_versions};
use sandbox::{Api, Credentials, Data, Options, Running, Sandbox};

#[test]
fn each_endpoint_of_the_document_is_there() {
    assert_eq!(described_and_there(&start(), "v1").len(), 15);
}

#[test]
fn the_document_has_the_endpoints_of_all_versions() {
    let running = start_all_versions();
    // Those of one type are of version 1 alone, and some are of none.
    for version in ["v1", "v2", "v3"] {
        let names = described_and_there(&running, version);
        assert_eq!(names.len(), 15 + 8 + 8);
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
    }
    let document = send(&running, "GET", "/api/v2/swagger", &[]).json();
    let filters = |path: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].to_string();
        parameters.contains("#/components/parameters/TypeFilter")
    };
    for path in ["Patient/$export", "Group/{group}/$export"] {
        for (version, known) in [("v1", false), ("v2", false), ("v3", true)] {
            assert_eq!(filters(&format!("/api/{version}/{path}")), known, "{version} {path}");
        }
    }
    assert_eq!(
        document["info"]["description"],
        "A local stand-in for the Beneficiary Claims Data API, versions 1, 2 and 3."
    );
}

/// Asks for each endpoint that the version's document has; gives their names.
fn described_and_there(running: &Running, version: &str) -> Vec<String> {
    let answer = send(running, "GET", &format!("/api/{version}/swagger"), &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let document = answer.json();
    assert_eq!(document["servers"][0]["url"], running.url());
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            operations.push(operation["operationId"].as_str().expect("a name").to_owned());
            let target = path
                .replace("{group}", "all")
                .replace("{id}", "1")
                .replace("{job}", "1")
                .replace("{file}", "x.ndjson");
            let answer = send(running, &method.to_ascii_uppercase(), &target, &[]);
            let expected =
                match operation["security"][0].as_object().and_then(|it| it.keys().next()) {
                    None => 200,
                    Some(scheme) if scheme == "basic" => 400,
                    Some(_) => 401,
                };
            assert_eq!(answer.status, expected, "{method} {path}");
            let described = &operation["responses"][answer.status.to_string()];
            assert!(described.is_object(), "{method} {path} {}", answer.status);
            let sample = operation["x-codeSamples"][0]["source"].as_str().expect("a command");
            assert!(sample.starts_with("curl ") && sample.contains(&running.url()), "{sample}");
            // Whatever is referred to is there.
            for reference in references(operation) {
                let pointer = reference.strip_prefix('#').expect("a reference within");
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
        }
    }
    operations
}

fn references(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(reference) if name == "$ref" => vec![reference.to_owned()],
                _ => references(value),
            })
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let running = start();
    let answer = send(&running, "GET", "/", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("script-src 'self';") && policy.contains("style-src 'self';"));
    assert!(!policy.contains("unsafe") && policy.contains("require-trusted-types-for 'script'"));
    let page = answer.text();
    assert!(page.contains(&Credentials::published().id));
    // The one address is the name of a vocabulary in the icon, which nothing is fetched from.
    let addresses = page.matches("http://").count() + page.matches("https://").count();
    assert_eq!((addresses, page.matches("http://www.w3.org/2000/svg").count()), (1, 1));
    // What the policy forbids would be there in vain.
    for own in ["<style", "style=", "<script>", " onclick="] {
        assert!(!page.contains(own), "{own}");
    }
    for (path, kind) in [("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        assert!(page.contains(&format!("\"{path}\"")), "{path}");
        let answer = send(&running, "GET", path, &[]);
        assert_eq!(answer.header("content-type"), Some(&*format!("{kind}; charset=utf-8")));
        let text = answer.text();
        assert!(!text.contains("innerHTML") && !text.contains("https://"), "{path}");
        assert!(!text.contains("{{"), "only the page is filled in");
    }
}

/// Whether the page says that it shows no first lines, which is what its script goes by.
fn has_no_lines(options: Options) -> bool {
    let running = Sandbox::start(options).expect("starts");
    let page = send(&running, "GET", "/", &[]);
    let at = page.text().find("id=\"no-lines\"").expect("the note");
    let (tag, _) = page.text()[at..].split_once('>').expect("a tag");
    !tag.contains("hidden")
}

#[test]
fn first_lines_of_a_folder_are_shown_only_if_that_is_wanted() {
    let made = Data::Synthetic { beneficiaries: 1, seed: 1, weeks: None };
    assert!(!has_no_lines(Options::new(made)));
    assert!(matches!(options().data, Data::Folder(_)));
    assert!(has_no_lines(options()));
    assert!(!has_no_lines(Options { show_data: true, ..options() }));
}

#[test]
fn what_the_page_shows_of_a_file_needs_the_token() {
    let running = start();
    let token = common::bearer(&running);
    let manifest = common::export(&running, &token, "/api/v1/Patient/$export");
    let file = &common::files(&running, &manifest, "Patient")[0];
    // As the page's script asks.
    let range = "Range: bytes=0-524287";
    let origin = format!("Origin: http://{}", running.address());
    for wrong in ["X: none", "Authorization: Bearer wrong"] {
        assert_eq!(send(&running, "GET", file, &[wrong, range, &origin]).status, 401, "{wrong}");
        assert_eq!(send(&running, "GET", file, &[wrong, &origin]).status, 401, "{wrong}");
    }
    let answer = send(&running, "GET", file, &[&token, range, &origin]);
    assert_eq!((answer.status, answer.text().starts_with('{')), (206, true));
}

#[test]
fn the_page_has_the_versions_that_are_served() {
    let page = |running: &Running| send(running, "GET", "/", &[]).text().to_owned();
    assert!(page(&start()).contains(r#"data-versions="v1""#));
    let all = page(&start_all_versions());
    assert!(all.contains(r#"data-versions="v1 v2 v3""#) && all.contains("/api/v1/swagger"));
    let options = Options { versions: vec![Api::V3, Api::V2], ..common::of_all_versions() };
    let some = page(&Sandbox::start(options).expect("starts"));
    assert!(some.contains(r#"data-versions="v2 v3""#) && some.contains("/api/v2/swagger"));
    assert!(!some.contains("/api/v1/") && !some.contains("{{"));
}

#[test]
fn credentials_of_ones_own_are_not_shown() {
    let own = Credentials { id: "own-id".to_owned(), secret: "own-secret".to_owned() };
    assert_eq!(format!("{own:?}"), "Credentials(..)");
    let options = Options { credentials: vec![own.clone()], ..options() };
    assert!(!format!("{options:?}").contains("own-secret"));
    let running = Sandbox::start(options).expect("starts");
    let page = send(&running, "GET", "/", &[]);
    assert!(!page.text().contains("own-id") && !page.text().contains("own-secret"));
    assert!(!page.text().contains(&Credentials::published().secret));
    common::bearer_of(&running, &own);
    let published = common::basic(&Credentials::published());
    assert_eq!(send(&running, "POST", "/auth/token", &[&published]).status, 401);
}

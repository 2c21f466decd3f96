//! The commands of the guides, as a shell reads them: docs/guide-commands.md says what each gives.

use std::path::PathBuf;
use std::process::Command;

use crate::common::{self, Answer, bearer_of, raw, start, wait};
use sandbox::{Credentials, Running};

/// Where the guides' examples are.
const SERVICE: &str = "https://api.bcda.cms.gov";
const TYPES: [&str; 3] = ["ExplanationOfBenefit", "Patient", "Coverage"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A row of the page.
struct Row {
    command: String,
    shown: Vec<String>,
    comes: Vec<String>,
    why: String,
}

/// What stands between backticks.
fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(root().join("docs/guide-commands.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `curl "));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [command, shown, comes, why] = cells[..] else { panic!("four columns: {line}") };
        let command = command.trim_matches('`').to_owned();
        Row { command, shown: code(shown), comes: code(comes), why: why.to_owned() }
    })
    .collect()
}

/// The arguments that a shell makes of a command line.
fn arguments(command: &str) -> Vec<String> {
    let script = format!("curl() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{command}");
    let ran = Command::new("sh").args(["-c", &script]).env_remove("export").output().expect("sh");
    let words = String::from_utf8(ran.stdout).expect("text");
    words.split_terminator('\0').map(str::to_owned).collect()
}

/// Sends what curl would.
fn curl(running: &Running, token: &str, command: &str) -> Answer {
    let command = command.replace(SERVICE, &running.url()).replace("{token}", token);
    let (mut method, mut url, mut data) = (None, None, None);
    let mut headers = vec![format!("Host: {}", running.address()), "User-Agent: curl/8.0".into()];
    let mut words = arguments(&command).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-v" => {}
            "-X" => method = words.next(),
            "-H" => headers.extend(words.next()),
            "-d" => data = words.next(),
            _ => url = Some(word),
        }
    }
    if let Some(data) = &data {
        headers.push("Content-Type: application/x-www-form-urlencoded".to_owned());
        headers.push(format!("Content-Length: {}", data.len()));
    }
    if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("accept:")) {
        headers.push("Accept: */*".to_owned());
    }
    let method = method.unwrap_or_else(|| if data.is_some() { "POST" } else { "GET" }.to_owned());
    let url = url.expect("a URL");
    let target = url.strip_prefix(&running.url()).expect("a URL of the sandbox");
    let head = headers.join("\r\n");
    let request =
        format!("{method} {target} HTTP/1.1\r\n{head}\r\n\r\n{}", data.unwrap_or_default());
    common::parse(&raw(running.address(), request.as_bytes()))
}

/// Whether an answer has the status and the words that a cell names, and no type that it does not name.
fn fits(answer: &Answer, wanted: &[String]) -> bool {
    let head = answer.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let all = [head.collect::<Vec<_>>().join(" "), answer.text().to_owned()].join(" ");
    let all = all.to_ascii_lowercase();
    let named = |word: &str| wanted.iter().any(|wanted| wanted == word);
    let has_words = wanted[1..].iter().all(|word| all.contains(&word.to_ascii_lowercase()));
    // The members that say what a file, or a line of one, is.
    let says = |kind: &str| {
        ["type", "resourceType"]
            .iter()
            .any(|name| answer.text().contains(&format!("\"{name}\":\"{kind}\"")))
    };
    let types = TYPES.iter().any(|kind| named(kind));
    let only_those = !types || TYPES.iter().all(|kind| says(kind) == named(kind));
    answer.status.to_string() == wanted[0] && has_words && only_those
}

#[test]
fn each_command_of_the_page_gives_what_the_page_says() {
    let rows = rows();
    assert!(rows.len() >= 25, "{}", rows.len());
    let running = start();
    let bearer = bearer_of(&running, &Credentials::published_2019());
    let token = bearer.rsplit(' ').next().expect("a token");
    for Row { command, shown, comes, why } in &rows {
        let differs = shown != comes;
        assert!(!differs || !why.is_empty(), "a reason is missing: {command}");
        let answer = curl(&running, token, command);
        assert!(fits(&answer, comes), "{command}: {comes:?}\n{answer:?}");
        if !command.contains("export") {
            continue;
        }
        // What a shell ate is told, and with the backslash that the answer asks for the command does as the guide says.
        let started = if answer.status == 404 {
            assert!(answer.text().contains("\\$export"), "{}", answer.text());
            curl(&running, token, &command.replace("$export", "\\$export"))
        } else {
            answer
        };
        assert!(fits(&started, shown), "{command}: {started:?}");
        let place = started.header("content-location").expect("a place").to_owned();
        let manifest = wait(&running, &bearer, &common::path_of(&running, &place)).json();
        if command.contains("/Patient/\\$export\"") {
            assert_eq!(manifest["output"].as_array().map(Vec::len), Some(3), "all three types");
            // The older guide goes on with Patients alone.
            let alone = command.replace("\\$export", "\\$export?_type=Patient");
            let place = curl(&running, token, &alone)
                .header("content-location")
                .expect("a place")
                .to_owned();
            wait(&running, &bearer, &common::path_of(&running, &place));
        }
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "whoever reads the test's output wants to know")]
fn the_page_has_every_command_of_the_guides() {
    let guides = root().join("../shared/reference/guides");
    let Ok(entries) = std::fs::read_dir(guides) else {
        println!("skipped: no ../shared");
        return;
    };
    let known: Vec<String> = rows().into_iter().map(|row| row.command).collect();
    for entry in entries {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a guide");
        let joined = text.replace("\\\n", " ");
        let commands = joined.lines().map(|line| line.trim().trim_matches('`').trim());
        for command in commands.filter(|line| line.starts_with("curl ")) {
            let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(known.contains(&command), "{command}");
        }
    }
}

#[test]
fn a_path_without_its_operation_says_what_the_shell_may_have_eaten() {
    let running = start();
    let bearer = bearer_of(&running, &Credentials::published());
    for path in [
        "/api/v1/Patient/",
        "/api/v1/Patient",
        "/api/v1/Patient/?_type=Coverage",
        "/api/v1/ExplanationOfBenefit/",
        "/api/v1/Coverage/",
        "/api/v1/Group/all/",
        "/api/v1/Group/all",
        "/api/v1/Group/",
    ] {
        for headers in [&[][..], &[bearer.as_str()]] {
            let answer = common::send(&running, "GET", path, headers);
            // Two parts and no token: whoever has none is told nothing else.
            if path == "/api/v1/Group/all" && headers.is_empty() {
                assert_eq!(answer.status, 401);
                continue;
            }
            assert_eq!(answer.status, 404, "{path}");
            let text = answer.text();
            assert!(text.contains("shell") && text.contains("$export"), "{path}: {text}");
        }
    }
    for path in ["/api/v1/Practitioner/", "/api/v1/", "/none", "/api/v1/Patient/x/y"] {
        let answer = common::send(&running, "GET", path, &[&bearer]);
        assert_eq!((answer.status, answer.text()), (404, "404 page not found\n"), "{path}");
    }
}

#[test]
fn the_metadata_names_all_exports_that_are_served() {
    let running = start();
    let bearer = bearer_of(&running, &Credentials::published());
    let metadata = common::send(&running, "GET", "/api/v1/metadata", &[]).json();
    let operations = metadata["rest"][0]["operation"].as_array().expect("operations");
    let exports: Vec<&str> = operations
        .iter()
        .filter(|operation| operation["name"] == "export")
        .map(|operation| operation["definition"]["reference"].as_str().expect("a URL"))
        .collect();
    let document = common::send(&running, "GET", "/api/v1/swagger", &[]).json();
    let paths = document["paths"].as_object().expect("paths").keys();
    let described: Vec<String> = paths
        .filter(|path| path.ends_with("$export"))
        .flat_map(|path| {
            let groups: &[&str] = if path.contains("{group}") { &["all", "runout"] } else { &[""] };
            groups.iter().map(|group| path.replace("{group}", group))
        })
        .collect();
    assert_eq!(exports.len(), described.len());
    for path in described {
        assert!(exports.contains(&format!("{}{path}", running.url()).as_str()), "{path}");
        common::kick_off(&running, &bearer, &path);
    }
}

#[test]
fn the_numbers_of_the_guides_are_nobodys_but_the_clients_latest_job() {
    let running = start();
    let bearer = bearer_of(&running, &Credentials::published());
    let get = |bearer: &str, path: &str| common::send(&running, "GET", path, &[bearer]);
    assert_eq!(get(&bearer, "/api/v1/jobs/42").status, 404, "there is no job");
    common::export(&running, &bearer, "/api/v1/Patient/$export?_type=Coverage");
    assert_eq!(get(&bearer, "/api/v1/jobs/42").json()["JobID"], 1);
    assert_eq!(get(&bearer, "/api/v1/jobs/41").status, 404);
    // Only to look at; and not for others.
    assert_eq!(common::send(&running, "DELETE", "/api/v1/jobs/42", &[&bearer]).status, 404);
    let other = bearer_of(&running, &Credentials::published_later());
    assert_eq!(get(&other, "/api/v1/jobs/42").status, 404);
    let file = "/data/44/DBBD1CE1-AE24-435C-807D-ED45953077D3.ndjson";
    assert_eq!((get(&bearer, file).status, get(&other, file).status), (200, 404));
    assert_eq!(get(&bearer, &file.replace("44", "42")).status, 404, "no claims were asked for");
}

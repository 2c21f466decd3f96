//! The program against the sandbox: from the server to the tables, over real sockets.

#![allow(clippy::print_stderr, reason = "a test says that it was skipped")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{self, Ran, Work, wait_until};
use sandbox::{Data, Fault, Options, Running, Sandbox};
use synth::Api;

/// The day of all rows: exports and folders date their files differently.
const FILE_DATE: &str = "2024-03-01";

/// A folder with a small synthetic export in `data/`, and credentials for the sandbox.
fn work() -> Work {
    work_of(Api::V1)
}

/// The same of a version.
fn work_of(api: Api) -> Work {
    let work = Work::new();
    let synth = format!("synth --api {api} --beneficiaries 4 --seed 3 --claims 9 --out data");
    work.bcda(&synth).exits(0);
    let known = sandbox::Credentials::published();
    work.write(
        "credentials",
        format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
    );
    make_private(&work, "credentials", 0o600);
    work
}

fn make_private(work: &Work, name: &str, mode: u32) {
    fs::set_permissions(work.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn serve(work: &Work, faults: &[&str]) -> Running {
    let mut options = Options::new(Data::Folder(work.path("data")));
    options.faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect();
    Sandbox::start(options).unwrap()
}

/// The program with tokens in the work folder, not yet started.
fn command(work: &Work, words: &str) -> Command {
    let mut command = work.command(&words.split_whitespace().collect::<Vec<_>>());
    command.env("XDG_CACHE_HOME", work.path("cache"));
    for name in ["BCDA_CLIENT_ID", "BCDA_CLIENT_SECRET", "BCDA_TOKEN"] {
        command.env_remove(name);
    }
    command
}

fn bcda(work: &Work, words: &str) -> Ran {
    command(work, words).output().unwrap().into()
}

fn export(running: &Running, out: &str) -> String {
    let url = running.url();
    format!("export --base-url {url} --credentials credentials --out {out}")
}

/// All tables of a folder, but for their lineage columns, which name the files.
fn tables(work: &Work, folder: &str, out: &str) -> common::Snapshot {
    let words =
        format!("convert {folder} --out {out} --format csv --no-lineage --file-date {FILE_DATE}");
    bcda(work, &words).exits(0);
    work.tables(out)
}

#[test]
fn tables_of_an_export_are_those_of_its_source() {
    let work = work();
    let running = serve(&work, &[]);
    bcda(&work, &export(&running, "export")).exits(0);
    assert!(tables(&work, "export", "one") == tables(&work, "data", "two"));
    // The journal dates the rows: the export's transactionTime is the data's.
    bcda(&work, "convert export --out dated --format csv").exits(0);
    let manifest = work.read_text("dated/tables-manifest.json");
    assert!(
        manifest.contains("export_manifest") || manifest.contains("export-manifest"),
        "{manifest}"
    );
}

#[test]
fn faults_change_no_row() {
    let work = work();
    let wanted = tables(&work, "data", "wanted");
    for (number, faults) in [
        &["drop-connection", "slow-jobs=2"][..],
        &["gzip-members", "token-expires=6"],
        &["truncate-body", "too-many-requests"],
        &["wrong-content-length", "change-etag"],
        &["html-200", "no-gzip"],
    ]
    .into_iter()
    .enumerate()
    {
        let running = serve(&work, faults);
        bcda(&work, &format!("{} --no-token-cache", export(&running, &format!("export-{number}"))))
            .exits(0);
        assert!(
            tables(&work, &format!("export-{number}"), &format!("tables-{number}")) == wanted,
            "{faults:?}"
        );
    }
}

#[test]
fn one_command_fetches_and_converts() {
    let work = work();
    let running = serve(&work, &[]);
    let command = format!(
        "{} --type Patient,Coverage,ExplanationOfBenefit --convert tables",
        export(&running, "export")
    );
    let ran = bcda(&work, &command).exits(0);
    assert!(ran.stderr.contains("ExplanationOfBenefit") && ran.stdout.is_empty());
    assert!(work.exists("tables/tables-manifest.json"));
    // A second time both are there already.
    let again = bcda(&work, &command).exits(0);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn a_killed_run_is_finished_by_the_same_command() {
    let work = work();
    let wanted = tables(&work, "data", "wanted");
    // A job that takes its time: the program is killed while it waits, then while another waits.
    let running = serve(&work, &["slow-jobs=3"]);
    let command_line = export(&running, "export");
    let mut child = command(&work, &command_line).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the job is noted", || work.exists("export/bcda-export.json"));
    child.kill().unwrap();
    child.wait().unwrap();
    bcda(&work, &command_line).exits(0);
    assert_eq!(running.statistics().count(sandbox::Requests::Start, 202), 1);
    assert!(tables(&work, "export", "tables") == wanted);
    // Nothing is left to do.
    for more in ["", "--resume"] {
        let again = bcda(&work, &format!("{command_line} {more}")).exits(0);
        assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    }
    bcda(&work, &format!("{command_line} --type Patient")).exits(2);
}

/// The states of the server's jobs.
fn job_states(work: &Work, running: &Running) -> Vec<String> {
    let words = format!("jobs list --json --base-url {} --credentials credentials", running.url());
    let jobs: serde_json::Value =
        serde_json::from_slice(&bcda(work, &words).exits(0).stdout).unwrap();
    jobs.as_array().unwrap().iter().map(|job| job["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_interrupted_run_says_how_to_go_on_or_cancels_the_job() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for (choice, left, state) in [
            ("keep", "same command", "in-progress"),
            ("cancel", "cancelled on the server", "cancelled"),
        ] {
            let work = work();
            let running = serve(&work, &["slow-jobs=1000"]);
            let words = format!("{} --on-interrupt {choice}", export(&running, "export"));
            let mut command = command(&work, &words);
            let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            wait_until("the job is noted", || work.exists("export/bcda-export.json"));
            let id = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
            rustix::process::kill_process(id, signal).unwrap();
            let ran = Ran::from(child.wait_with_output().unwrap()).exits(code);
            assert!(ran.stderr.contains(left), "{}", ran.stderr);
            assert!(!work.exists(".export.lock"));
            assert_eq!(job_states(&work, &running), [state]);
        }
    }
}

#[test]
fn at_a_terminal_ctrl_c_asks_whether_the_job_is_to_be_cancelled() {
    let found = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no script(1) to make a terminal");
        return;
    }
    for (answer, state) in [("y\n", "cancelled"), ("\n", "in-progress")] {
        let work = work();
        let running = serve(&work, &["slow-jobs=1000"]);
        let words = format!("{} {}", common::bcda().display(), export(&running, "export"));
        let mut terminal = Command::new("script");
        terminal.args(["-qefc", &words, "typescript"]).current_dir(work.path(""));
        terminal.env("XDG_CACHE_HOME", work.path("cache")).env("TERM", "xterm");
        terminal.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = terminal.spawn().unwrap();
        wait_until("the job is noted", || work.exists("export/bcda-export.json"));
        let mut typed = child.stdin.take().unwrap();
        typed.write_all(b"\x03").unwrap();
        let asked = || String::from_utf8_lossy(&work.read("typescript")).contains("Cancel the job");
        wait_until("it asks", asked);
        typed.write_all(answer.as_bytes()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(job_states(&work, &running), [state]);
    }
}

#[test]
fn a_type_that_is_missing_from_everything_is_told_and_not_built_upon() {
    let work = work();
    let running = serve(&work, &["missing-type=Coverage"]);
    let ran = bcda(&work, &export(&running, "lacking")).exits(3);
    assert!(ran.stderr.contains("no file of Coverage"), "{}", ran.stderr);
    assert_eq!(work.read_json("lacking/bcda-export.json")["export"]["recordsMissing"], true);
    bcda(&work, &format!("{} --since last", export(&running, "next"))).exits(2);
}

#[test]
fn an_export_that_is_left_to_convert_is_converted_by_the_same_command() {
    let work = work();
    let running = serve(&work, &[]);
    bcda(&work, &format!("{} --convert no/tables", export(&running, "export"))).exits(2);
    assert!(!work.exists("export"), "it was found before anything was fetched");
    bcda(&work, &export(&running, "export")).exits(0);
    let jobs = running.statistics().count(sandbox::Requests::Start, 202);
    bcda(&work, &format!("{} --convert tables", export(&running, "export"))).exits(0);
    assert!(work.exists("tables/tables-manifest.json"));
    assert_eq!(running.statistics().count(sandbox::Requests::Start, 202), jobs);
    // Not if something else is asked for.
    let other = format!("{} --type Patient --convert other", export(&running, "export"));
    bcda(&work, &other).exits(2);
}

#[test]
fn a_server_that_says_nothing_does_not_keep_an_interrupted_run() {
    let work = work();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let words = format!("export --base-url {url} --credentials credentials --out out --log log");
    let child = command(&work, &words).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let child = child.unwrap();
    let silent = listener.accept().unwrap();
    let id = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    Ran::from(child.wait_with_output().unwrap()).exits(143);
    drop(silent);
}

#[test]
fn since_last_asks_for_what_changed() {
    let work = work();
    let running = serve(&work, &[]);
    let first = format!("{} --since last", export(&running, "first"));
    let ran = bcda(&work, &first).exits(2);
    assert!(ran.stderr.contains("without --since"), "{}", ran.stderr);
    bcda(&work, &export(&running, "first")).exits(0);
    let plan =
        bcda(&work, &format!("{} --since last --dry-run", export(&running, "second"))).exits(0);
    let time =
        work.read_json("first/bcda-export.json")["transactionTime"].as_str().unwrap().to_owned();
    let encoded = time.replace(':', "%3A").replace('+', "%2B");
    assert!(plan.text().contains(&format!("_since={encoded}")), "{}", plan.text());
    assert!(!work.exists("second"));
    // Nothing has changed: that is said, nothing is converted, and it is no failure, however often.
    let words = format!("{} --since last --convert tables", export(&running, "second"));
    for _ in 0..2 {
        let ran = bcda(&work, &words).exits(0);
        assert!(ran.stderr.contains("nothing to convert"), "{}", ran.stderr);
    }
    assert!(work.exists("second/bcda-export.json") && !work.exists("tables"));
}

#[test]
fn exit_codes_of_faults_and_what_is_said() {
    for api in [Api::V1, Api::V3] {
        let work = work_of(api);
        let since = format!("--api {api} --since 2024-01-01T00:00:00Z");
        let since = since.as_str();
        for (faults, more, code, said) in [
            (&["error-files"][..], "", 3, "could not deliver all"),
            (&["missing-type=Coverage"], "--type Patient,Coverage", 3, "no file of Coverage"),
            (&["empty-output"], "", 3, "no record"),
            (&["expired-job"], "", 5, "--restart"),
            (&["failed-job"], "--attempts 1", 5, "500"),
            (&["failed-job=9"], "--attempts 1", 5, "only a new one can bring the rest (--restart)"),
            (&["html-200=9"], "--attempts 1", 5, "HTML"),
            (&["no-attribution"], since, 5, "no list of the group's people as of --since"),
        ] {
            let running = serve(&work, faults);
            let out = format!("out-{}", faults[0].replace('=', "-"));
            let ran = bcda(&work, &format!("{} --no-token-cache {more}", export(&running, &out)))
                .exits(code);
            assert!(ran.stderr.contains(said), "{api} {faults:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn exit_codes_and_what_is_said() {
    let work = work();
    let running = serve(&work, &[]);
    for (words, said) in [
        (format!("{} --type patient", export(&running, "bad")), "FHIR type"),
        (format!("{} --since yesterday", export(&running, "bad")), "instant"),
        (
            format!("export --credentials credentials --out bad --base-url {}?x=1", running.url()),
            "query",
        ),
        (export(&running, "no/such/folder"), "does not exist"),
        (
            "export --credentials credentials --out bad --base-url http://bulk.example".to_owned(),
            "plain HTTP",
        ),
        (format!("export --base-url {} --out bad", running.url()), "who are you"),
        ("export --credentials credentials --out bad".to_owned(), "--base-url"),
        (format!("{} --resume", export(&running, "bad")), "no export to go on with"),
        (
            format!("{} --token-url ftp://127.0.0.1/", export(&running, "bad")),
            "expected an https URL",
        ),
    ] {
        let ran = bcda(&work, &words).exits(2);
        assert!(ran.stderr.contains(said), "{words}: {}", ran.stderr);
        let _ = fs::remove_dir(work.path("bad"));
    }
    let listed = format!("jobs list --credentials credentials --base-url {}", running.url());
    bcda(&work, &listed).exits(0);
    bcda(&work, &format!("{listed}/no/such/base")).exits(5);
    let ran = bcda(&work, "metadata --base-url http://127.0.0.1:9 --attempts 1").exits(5);
    assert!(ran.stderr.contains("no connection"), "{}", ran.stderr);
}

/// The sandbox says which type it does not know: a name that somebody typed.
#[test]
fn answers_that_are_errors_are_kept_whole_on_request_and_shown_as_codes() {
    let work = work();
    let running = serve(&work, &[]);
    let words = format!("{} --type Roe --api v1", export(&running, "export"));
    let ran = bcda(&work, &words).exits(5);
    let hint = "; the server says more, which may name people: --error-bodies FILE keeps it";
    assert!(ran.stderr.contains("(the server says: invalid resource type)"), "{}", ran.stderr);
    assert!(ran.stderr.trim_end().ends_with(hint), "{}", ran.stderr);
    let words = format!("{words} --error-bodies bodies.ndjson --log log.ndjson");
    bcda(&work, &format!("{words} --dry-run")).exits(0);
    assert!(!work.exists("bodies.ndjson"));
    for lines in 1..=2 {
        let ran = bcda(&work, &format!("--log-format json {words}")).exits(5);
        let log = work.read_text("log.ndjson");
        assert!(ran.stderr.contains("; the whole answer is in bodies.ndjson"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("Roe") && !log.contains("resource type Roe"));
        let kept = work.read_text("bodies.ndjson");
        assert_eq!(kept.lines().count(), lines);
        assert!(kept.contains("invalid resource type Roe"), "{kept}");
        let mode = work.path("bodies.ndjson").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    make_private(&work, "bodies.ndjson", 0o644);
    let ran = bcda(&work, &words).exits(2);
    assert!(ran.stderr.contains("--error-bodies: bodies.ndjson can be read"), "{}", ran.stderr);
}

#[test]
fn credentials_of_another_form_or_time_are_told_by_their_file() {
    let work = work();
    let running = serve(&work, &[]);
    let url = running.url();
    for (number, text) in [
        "ID=canary7Q\nSECRET=canary7Q\n",
        "{\"ID\": \"canary7Q\", \"SECRET\": \"canary7Q\"}",
        "client_id: canary7Q\nclient_secret: canary7Q\n",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("other-{number}");
        work.write(&name, text);
        make_private(&work, &name, 0o600);
        let ran = bcda(&work, &format!("jobs list --base-url {url} --credentials {name}")).exits(2);
        assert!(
            ran.stderr.contains(&name) && ran.stderr.contains("client_id = "),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("canary7Q"), "{}", ran.stderr);
    }
    assert_eq!(running.statistics().all().count(), 0, "nothing was sent");
    work.write("old", "client_id = me\nclient_secret = canary7Q\n");
    make_private(&work, "old", 0o600);
    let ran = bcda(&work, &format!("jobs list --base-url {url} --credentials old")).exits(5);
    for said in [" old ", "90 days", "401"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let words = format!("jobs list --base-url {url}");
    let mut asked = command(&work, &words);
    asked.env("BCDA_CLIENT_ID", "me").env("BCDA_CLIENT_SECRET", "canary7Q");
    let ran = Ran::from(asked.output().unwrap()).exits(5);
    assert!(
        ran.stderr.contains("BCDA_CLIENT_ID") && !ran.stderr.contains("canary7Q"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_connection_that_fails_names_the_host_and_the_proxy() {
    let work = Work::new();
    let ask = |url: &str, variables: &[(&str, &str)]| {
        let words = format!("metadata --base-url {url} --attempts 1 --insecure-http");
        let mut command = command(&work, &words);
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.envs(variables.iter().copied());
        Ran::from(command.output().unwrap()).exits(5).stderr
    };
    let proxy = "http://me:canary7Q@127.0.0.1:9";
    for (url, variables, said) in [
        ("http://127.0.0.1:9", &[][..], "127.0.0.1:9, without a proxy"),
        ("https://bulk.invalid", &[], "bulk.invalid:443, without a proxy"),
        (
            "https://bulk.invalid",
            &[("HTTPS_PROXY", proxy)],
            "bulk.invalid:443, by the proxy 127.0.0.1:9",
        ),
        (
            "https://bulk.invalid:8443",
            &[("all_proxy", proxy)],
            "bulk.invalid:8443, by the proxy 127.0.0.1:9",
        ),
        ("http://bulk.invalid", &[("HTTPS_PROXY", proxy)], "bulk.invalid:80, without a proxy"),
        (
            "https://bulk.invalid",
            &[("HTTPS_PROXY", proxy), ("NO_PROXY", "bulk.invalid")],
            "bulk.invalid:443, without a proxy",
        ),
        // To this machine no proxy is asked.
        ("https://127.0.0.1:9", &[("HTTPS_PROXY", proxy)], "127.0.0.1:9, without a proxy"),
    ] {
        let told = ask(url, variables);
        assert!(told.contains(said), "{said}: {told}");
        assert!(!told.contains("canary7Q"), "{told}");
    }
}

#[test]
fn an_export_at_the_root_of_a_host_goes_on_there() {
    let work = work();
    let running = serve(&work, &[]);
    let words = format!("{} --api none", export(&running, "root"));
    let plan = bcda(&work, &format!("{words} --dry-run")).exits(0);
    let kickoff = format!("GET {}/Group/all/$export", running.url());
    assert!(plan.text().contains(&kickoff), "{}", plan.text());
    // An export of such a server is gone on with there, not below /api/v1.
    let begun = serde_json::json!({
        "request": format!("{}/Group/all/$export", running.url()),
        "export": {"tool": "", "baseUrl": format!("{}/", running.url()), "started": "",
            "jobUrl": format!("{}/jobs/1", running.url())},
    });
    fs::create_dir(work.path("root")).unwrap();
    work.write("root/bcda-export.json", begun.to_string());
    let words = "export --resume --dry-run --credentials credentials --out root";
    let plan = bcda(&work, words).exits(0);
    assert!(plan.text().contains(&format!("server     {}/\n", running.url())), "{}", plan.text());
}

#[test]
fn a_decryption_key_that_is_none_is_found_before_anything_is_asked_for() {
    let work = work();
    let running = serve(&work, &[]);
    work.write("no.pem", "no key\n");
    work.write("public.pem", include_str!("../../encryption/tests/vector/public-spki.pem"));
    let protected = "../../encryption/tests/vector/private-pkcs8-passphrase.pem";
    let protected = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(protected);
    work.write("protected.pem", fs::read(protected).unwrap());
    for (name, said) in [
        ("none.pem", "cannot be read"),
        ("no.pem", "not a PEM file"),
        ("public.pem", "private key"),
        ("protected.pem", "passphrase"),
        (".", "."),
    ] {
        if work.exists(name) && name != "." {
            make_private(&work, name, 0o600);
        }
        let words = format!("{} --decrypt-key {name}", export(&running, "out"));
        let ran = bcda(&work, &words).exits(2);
        assert!(ran.stderr.contains(said), "{name}: {}", ran.stderr);
        assert!(!work.exists("out"));
    }
    assert_eq!(running.statistics().all().count(), 0, "nothing was asked for");
}

#[test]
fn plain_http_on_request_is_warned_of() {
    let work = work();
    let running = serve(&work, &[]);
    let here = format!("--credentials credentials --base-url {}", running.url());
    for words in [
        format!("export {here} --out NAME"),
        format!("jobs list {here}"),
        format!("metadata --base-url {}", running.url()),
    ] {
        for (flag, warned) in [("", false), ("--insecure-http", true)] {
            let words = format!("{words} {flag}").replace("NAME", &format!("out-{warned}"));
            let ran = bcda(&work, &words);
            let said = ran.exits(0).stderr;
            assert_eq!(said.contains("anyone on the way can read"), warned, "{words}: {said}");
        }
    }
}

#[test]
fn a_job_without_a_name_is_a_matter_of_usage() {
    let work = work();
    let running = serve(&work, &[]);
    let url = running.url();
    for action in ["cancel", "status"] {
        for job in ["", " ", ".."] {
            let arguments =
                ["jobs", action, job, "--base-url", &url, "--credentials", "credentials"];
            let ran = Ran::from(work.command(&arguments).output().unwrap()).exits(2);
            assert!(ran.stderr.contains("which job?"), "{}", ran.stderr);
        }
    }
    assert_eq!(running.statistics().all().count(), 0, "nothing was asked for");
}

#[test]
fn a_finished_export_is_described_by_a_dry_run_and_not_touched() {
    let work = work();
    let running = serve(&work, &[]);
    bcda(&work, &export(&running, "out")).exits(0);
    let (before, asked) = (work.snapshot("out").unwrap(), running.statistics());
    let ran = bcda(&work, &format!("{} --resume --dry-run", export(&running, "out"))).exits(0);
    let told = ran.text();
    assert!(told.contains(&format!("go on      {}/api/v1/jobs/1", running.url())), "{told}");
    assert!(told.contains("files      3 of 3 are there"), "{told}");
    // What is not to go on with is refused, as without --dry-run.
    for words in ["--dry-run", ""] {
        let words = format!("{} --type Patient {words}", export(&running, "out"));
        let ran = bcda(&work, &words).exits(2);
        assert!(ran.stderr.contains("finished export of another request"), "{}", ran.stderr);
    }
    assert!(work.snapshot("out").unwrap() == before);
    assert_eq!(running.statistics(), asked, "nothing was asked for");
}

#[test]
fn secrets_are_read_with_care_and_never_told() {
    let work = work();
    let running = serve(&work, &["slow-jobs=2", "token-expires=6"]);
    make_private(&work, "credentials", 0o644);
    let ran = bcda(&work, &export(&running, "export")).exits(2);
    assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    make_private(&work, "credentials", 0o600);
    let ran =
        bcda(&work, &format!("--log-format json {} --log log.ndjson", export(&running, "export")))
            .exits(0);

    let known = sandbox::Credentials::published();
    let mut tokens = Vec::new();
    for entry in fs::read_dir(work.path("cache/bcda")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        tokens.push(text["access_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(tokens.len(), 1);
    let texts =
        [ran.stderr, work.read_text("log.ndjson"), work.read_text("export/bcda-export.json")];
    for secret in tokens.iter().chain([&known.secret, &known.id]) {
        assert!(texts.iter().all(|text| !text.contains(secret)));
    }

    // From the environment, and from standard input.
    let words = format!("jobs list --json --base-url {}", running.url());
    let mut command = command(&work, &words);
    command.env("BCDA_CLIENT_ID", &known.id).env("BCDA_CLIENT_SECRET", &known.secret);
    let jobs = Ran::from(command.output().unwrap()).exits(0);
    assert!(jobs.text().contains("completed"), "{}", jobs.text());
    let typed = format!("{}\n{}\n", known.id, known.secret);
    let ran = work.feed(
        &format!("jobs list --no-token-cache --credentials - --base-url {}", running.url()),
        [typed.as_bytes()],
    );
    ran.exits(0);
}

#[test]
fn jobs_and_metadata_are_shown() {
    let work = work();
    let running = serve(&work, &[]);
    let url = running.url();
    bcda(&work, &export(&running, "export")).exits(0);
    let here = format!("--base-url {url} --credentials credentials");
    let job =
        work.read_json("export/bcda-export.json")["export"]["jobUrl"].as_str().unwrap().to_owned();
    let id = job.rsplit('/').next().unwrap();
    for name in [id, &job] {
        let ran = bcda(&work, &format!("jobs status {name} {here}")).exits(0);
        assert!(ran.text().contains("done, transactionTime"), "{}", ran.text());
    }
    bcda(&work, &format!("jobs cancel {id} {here}")).exits(5);
    bcda(&work, &format!("jobs status 999999 {here}")).exits(5);
    let ran = bcda(&work, &format!("metadata --base-url {url}")).exits(0);
    assert!(ran.text().contains("FHIR"), "{}", ran.text());
    let ran = bcda(&work, &format!("metadata --json --base-url {url}")).exits(0);
    let statement: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
}

#[test]
fn encrypted_exports_are_decrypted_on_the_way_or_later() {
    let work = work();
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../encryption/tests/vector");
    let key = |name: &str| fs::read(format!("{keys}/{name}")).unwrap();
    for name in ["private-pkcs1.pem", "private-pkcs8.pem", "other-private.pem"] {
        work.write(name, key(name));
        make_private(&work, name, 0o600);
    }
    let mut options = Options::new(Data::Folder(work.path("data")));
    options.encrypt_with = Some(sandbox::PublicKey::from_pem(&key("public-spki.pem")).unwrap());
    let running = Sandbox::start(options).unwrap();
    let wanted = tables(&work, "data", "wanted");

    bcda(&work, &format!("{} --decrypt-key private-pkcs1.pem", export(&running, "opened")))
        .exits(0);
    assert!(tables(&work, "opened", "opened-tables") == wanted);

    let ran = bcda(&work, &export(&running, "sealed")).exits(0);
    assert!(ran.stderr.contains("still encrypted"), "{}", ran.stderr);
    let sealed: Vec<String> = work.snapshot("sealed").unwrap().into_keys().collect();
    let files: Vec<String> = sealed
        .iter()
        .filter(|name| name.contains(".ndjson.enc"))
        .map(|name| format!("sealed/{name}"))
        .collect();
    assert!(files.len() >= 3, "{sealed:?}");
    let files = files.join(" ");
    let ran = bcda(&work, &format!("decrypt --key other-private.pem {files} --out wrong")).exits(1);
    assert!(ran.stderr.contains("does not open"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(work.path("wrong")).unwrap().count(), 0);
    bcda(
        &work,
        &format!("decrypt --key private-pkcs8.pem {files} --out plain --max-decrypt-bytes 100"),
    )
    .exits(1);
    // Tables are not made before the files are opened, of none and of some of them.
    let first = files.split(' ').next().unwrap();
    for input in ["sealed", first] {
        let ran = bcda(&work, &format!("convert {input} --out no-tables")).exits(2);
        assert!(ran.stderr.contains("bcda decrypt"), "{}", ran.stderr);
        assert!(!work.exists("no-tables"));
    }
    bcda(&work, &format!("decrypt --key private-pkcs8.pem {files} --out plain")).exits(0);
    assert!(tables(&work, "plain", "plain-tables") == wanted);
    // The export's date goes along, and the journal knows the files by their new names.
    bcda(&work, "convert plain --out dated --format csv").exits(0);
    let dated = work.read_text("dated/tables-manifest.json");
    assert!(dated.contains("export_manifest") || dated.contains("export-manifest"), "{dated}");
    let (before, after) =
        (work.read_json("sealed/bcda-export.json"), work.read_json("plain/bcda-export.json"));
    assert_eq!(before["transactionTime"], after["transactionTime"]);
    for file in after["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        assert_eq!(file["state"], "complete");
        assert_eq!(file["bytes"], work.read(&format!("plain/{name}")).len());
    }
    // Files of another time do not go to the same folder.
    work.write(
        "other.json",
        before.to_string().replace("transactionTime\":\"20", "transactionTime\":\"19"),
    );
    let ran = bcda(
        &work,
        &format!("decrypt --key private-pkcs8.pem {files} --manifest other.json --out plain"),
    )
    .exits(2);
    assert!(ran.stderr.contains("another export"), "{}", ran.stderr);
    // The body of the job does as well as the journal; signatures in it do not.
    let mut body = before.clone();
    for member in ["files", "export"] {
        body.as_object_mut().unwrap().remove(member);
    }
    let url = body["output"][0]["url"].as_str().unwrap().to_owned();
    body["output"][0]["url"] = format!("{url}?sig=canary7Q").into();
    let sealed_name = files.split(' ').next().unwrap();
    let label = before["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| sealed_name.ends_with(file["name"].as_str().unwrap()));
    let label = label.unwrap()["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    fs::copy(work.path(sealed_name), work.path(&label)).unwrap();
    work.write("body.json", body.to_string());
    bcda(
        &work,
        &format!("decrypt --key private-pkcs8.pem {label} --manifest body.json --out bare"),
    )
    .exits(0);
    let carried = work.read_text("bare/bcda-export.json");
    assert!(!carried.contains("canary7Q") && carried.contains("transactionTime"), "{carried}");
    bcda(&work, &format!("decrypt --key private-pkcs8.pem {files} --out plain")).exits(2);

    // A key that comes later opens what is there.
    let resume = "--resume --decrypt-key private-pkcs8.pem";
    bcda(&work, &format!("{} {resume}", export(&running, "sealed"))).exits(0);
    assert!(tables(&work, "sealed", "resumed-tables") == wanted);
    let left = work.snapshot("sealed").unwrap();
    assert!(left.keys().all(|name| !name.contains(".enc")), "{:?}", left.keys());
}

#[test]
fn the_demonstration_shows_every_table() {
    let work = Work::new();
    let ran = work.bcda("demo --beneficiaries 1 --out demo").exits(0);
    for table in common::TABLES {
        assert!(
            ran.text().to_lowercase().contains(&format!("{table}: ")),
            "{table}: {}",
            ran.text()
        );
    }
    // One screen: sums with what they are of, and a command that works as it stands.
    for title in ["What Medicare paid. ", "Who it was paid for. ", "When the care was given. "] {
        assert!(ran.text().contains(title), "{title}: {}", ran.text());
    }
    let lines: Vec<&str> = ran.text().lines().collect();
    assert!(lines.len() <= 24, "{}", ran.text());
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{}", ran.text());
    assert!(ran.text().contains(" $"), "{}", ran.text());
    let again = ran.text().lines().find_map(|line| line.strip_prefix("again: bcda ")).unwrap();
    work.bcda(again).exits(0);
    assert!(work.exists("demo/tables-again/cclf5.parquet"));
    assert!(
        work.exists("demo/export/bcda-export.json")
            && work.exists("demo/report.html")
            && work.exists("demo/tables/tables-manifest.json")
    );
    work.bcda("demo --out demo").exits(2);
    let gone = work.bcda("demo --beneficiaries 1 --discard").exits(0);
    assert!(gone.text().contains("are gone"));
    assert!(fs::read_dir(work.path(".")).unwrap().count() == 1);
    // Without options it stays among the temporary folders, and says where.
    fs::create_dir(work.path("temporary")).unwrap();
    let mut demo = command(&work, "demo --beneficiaries 1");
    let ran = demo.env("TMPDIR", work.path("temporary")).output().unwrap();
    assert!(ran.status.success());
    let text = String::from_utf8(ran.stdout).unwrap();
    let tables = text.lines().find_map(|line| line.strip_prefix("the tables are in ")).unwrap();
    assert!(fs::metadata(format!("{tables}/cclf5.parquet")).unwrap().is_file());
    assert!(tables.starts_with(work.path("temporary").to_str().unwrap()));
}

/// A bulk server with two files, of which one has expired in the first job.
fn expiring() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let here = place.clone();
    std::thread::spawn(move || {
        let mut jobs = 0;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (mut status, mut headers, mut body) = ("200 OK", String::new(), String::new());
            if path.contains("$export") {
                jobs += 1;
                status = "202 Accepted";
                headers = format!("Content-Location: {here}/api/v1/jobs/{jobs}\r\n");
            } else if path.contains("/jobs/") {
                let file = |id: u8| format!(r#"{{"type":"Patient","url":"{here}/data/{id}"}}"#);
                body = format!(
                    r#"{{"transactionTime":"2020-01-01T00:00:00Z","request":"","requiresAccessToken":false,"error":[],"output":[{},{}]}}"#,
                    file(1),
                    file(2)
                );
            } else if path == "/data/1" && jobs == 1 {
                status = "410 Gone";
            } else {
                let patient = common::records::patient(&path[6..], "1AA1AA1AA11");
                body = format!("{patient}\n");
            }
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    place
}

#[test]
fn an_export_with_an_expired_file_is_converted_once_a_new_job_has_brought_it() {
    let work = Work::new();
    let words = format!(
        "export --auth none --base-url {} --out export --type Patient --convert tables",
        expiring()
    );
    for _ in 0..2 {
        let ran = bcda(&work, &words).exits(3);
        for said in ["have expired at the server", "is not converted", "--restart"] {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
        assert!(!work.exists("tables"));
    }
    bcda(&work, &format!("{words} --restart")).exits(0);
    assert_eq!(work.read_json("tables/tables-manifest.json")["beneficiaries"], 2);
    let ran = bcda(&work, &words).exits(0);
    assert!(ran.stderr.contains("has the tables already"), "{}", ran.stderr);
    // The tables are of this job, not of another one.
    fs::remove_file(work.path("export/Patient-0001.ndjson")).unwrap();
    let ran = bcda(&work, &format!("{words} --restart")).exits(2);
    assert!(ran.stderr.contains("choose another folder for the tables"), "{}", ran.stderr);
}

#[test]
fn last_of_a_restarted_export_is_not_the_instant_that_it_was_begun_with() {
    let work = work();
    let running = serve(&work, &[]);
    bcda(&work, &export(&running, "first")).exits(0);
    let time = work.read_json("first/bcda-export.json")["transactionTime"].clone();
    let begun = format!("{} --since 2023-01-01T00:00:00Z", export(&running, "second"));
    bcda(&work, &begun).exits(0);
    let mut journal = work.read_json("second/bcda-export.json");
    journal["export"]["completed"] = serde_json::Value::Null;
    work.write("second/bcda-export.json", journal.to_string());
    let last = format!("{} --since last", export(&running, "second"));
    let ran = bcda(&work, &last).exits(2);
    assert!(ran.stderr.contains("--restart replaces it"), "{}", ran.stderr);
    bcda(&work, &format!("{last} --restart")).exits(0);
    let journal = work.read_json("second/bcda-export.json");
    assert_eq!(
        (&journal["export"]["since"], &journal["export"]["sinceLast"]),
        (&time, &true.into())
    );
}

/// A bulk server with one file of 200,000 bytes and more. It sends `stop` bytes of it and then nothing until the
/// client is gone; every later request gets what it asks for. Counts the bytes of the file that it sends.
fn stalling(stop: usize) -> (String, Vec<u8>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let line = "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n";
    let body = line.repeat(200_000 / line.len() + 1).into_bytes();
    let sent = Arc::new(AtomicUsize::new(0));
    let (here, whole, count) = (place.clone(), body.clone(), Arc::clone(&sent));
    std::thread::spawn(move || {
        let mut downloads = 0;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).is_ok_and(|read| read > 2) {}
            let path = head.split(' ').nth(1).unwrap_or_default();
            let answer = |status: &str, headers: &str, body: &str| {
                format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            if path.contains("$export") {
                let location = format!("Content-Location: {here}/api/v1/jobs/1\r\n");
                let _ = stream.write_all(answer("202 Accepted", &location, "").as_bytes());
            } else if path.ends_with("/jobs/1") {
                let manifest = format!(
                    r#"{{"transactionTime":"2020-01-01T00:00:00Z","request":"","requiresAccessToken":false,"error":[],"output":[{{"type":"Patient","url":"{here}/data/1"}}]}}"#
                );
                let _ = stream.write_all(answer("200 OK", "", &manifest).as_bytes());
            } else if path.ends_with("/data/1") {
                downloads += 1;
                let range = head.to_lowercase().split("range: bytes=").nth(1).map(str::to_owned);
                let start =
                    range.and_then(|rest| rest.split('-').next()?.parse().ok()).unwrap_or(0);
                let status = if start == 0 { "200 OK" } else { "206 Partial Content" };
                let end = if downloads == 1 { stop } else { whole.len() };
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nConnection: close\r\nETag: \"1\"\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{}\r\n\r\n",
                    whole.len() - start,
                    whole.len() - 1,
                    whole.len()
                );
                let _ = stream.write_all(&whole[start..end]);
                count.fetch_add(end - start, Ordering::SeqCst);
                if downloads == 1 {
                    let _ = stream.read(&mut [0]);
                }
            } else {
                let _ = stream.write_all(answer("404 Not Found", "", "").as_bytes());
            }
        }
    });
    (place, body, sent)
}

#[test]
fn after_a_kill_at_any_byte_no_byte_comes_twice_and_none_is_missing() {
    for stop in [0, 1, 70_000, 199_999] {
        let work = Work::new();
        let (place, body, sent) = stalling(stop);
        let words = format!("export --auth none --base-url {place} --out export --type Patient");
        let mut child = command(&work, &words).stderr(Stdio::null()).spawn().unwrap();
        let part = work.path("export/Patient-0001.ndjson.part");
        wait_until("the part is there", || {
            let noted = work.exists("export/Patient-0001.ndjson.part-info");
            noted && part.metadata().is_ok_and(|part| part.len() == stop as u64)
        });
        child.kill().unwrap();
        child.wait().unwrap();
        bcda(&work, &words).exits(0);
        assert!(work.read("export/Patient-0001.ndjson") == body, "{stop}");
        assert_eq!(sent.load(Ordering::SeqCst), body.len(), "{stop}");
        let names: Vec<String> = work.snapshot("export").unwrap().into_keys().collect();
        assert_eq!(names, ["Patient-0001.ndjson", "bcda-export.json"]);
        work.assert_clean();
    }
}

//! The one line for a schedule: what it makes week by week, how it goes on, and what it refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sandbox::{Credentials, Data, Options, Requests, Running, Sandbox};
use serde_json::{Value, json};
use synth::Api;

use crate::common::records::{carrier_of, coverage_of, lines, patient_of};
use crate::common::{Ran, Work};
use crate::update::{rows, same, select};

const PEOPLE: u64 = 12;

/// A sandbox in which so many weeks pass, and a folder to work in, with credentials.
pub(crate) fn serve(weeks: u32, faults: &[&str]) -> (Work, Running) {
    let (beneficiaries, weeks) = (PEOPLE, Some(weeks));
    let mut options = Options::new(Data::Synthetic { beneficiaries, seed: 3, weeks });
    options.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let (running, work) = (Sandbox::start(options).unwrap(), Work::new());
    write_credentials(&work);
    (work, running)
}

fn write_credentials(work: &Work) {
    let known = Credentials::published();
    let text = format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret);
    work.write("credentials", text);
    fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();
}

/// The words of a first run.
pub(crate) fn first(running: &Running, more: &str) -> String {
    let url = running.url();
    format!("sync d --base-url {url} --credentials credentials --no-token-cache --quiet {more}")
}

/// What the exports of so many weeks lead to.
pub(crate) fn final_state(work: &Work, weeks: u32, api: &str) {
    let shared = if api == "v3" { "--partially-adjudicated 0.1" } else { "" };
    let how = format!("--beneficiaries {PEOPLE} --seed 3 --weeks {weeks} --api {api} {shared}");
    work.synth("final", &format!("{how} --final --overwrite"));
    work.bcda("convert final --out wanted --overwrite --quiet").exits(0);
}

pub(crate) fn report(work: &Work) -> Value {
    work.read_json("d/sync-report.json")
}

pub(crate) fn jobs(running: &Running) -> u64 {
    running.statistics().count(Requests::Start, 202)
}

pub(crate) fn downloads(running: &Running) -> u64 {
    running.statistics().count(Requests::Data, 200)
}

/// The names of the exports of a group.
pub(crate) fn exports(work: &Work, group: &str) -> Vec<String> {
    let names = fs::read_dir(work.path(&format!("d/exports/{group}"))).unwrap();
    let mut names: Vec<String> =
        names.map(|own| own.unwrap().file_name().to_string_lossy().into_owned()).collect();
    // A killed run leaves the file of a lock behind, which holds nobody up.
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn weeks_in_a_row_give_the_tables_of_the_final_state() {
    for api in ["v1", "v3"] {
        let (work, running) = serve(4, &[]);
        work.bcda(&first(&running, &format!("--api {api} --group all,runout"))).exits(0);
        assert_eq!(exports(&work, "all"), ["all-0001-full"]);
        let report_of_first = report(&work);
        assert_eq!(report_of_first["paid"]["before"], "0.00");
        for week in 2..=4 {
            // Nothing but the folder is named, and paid begins where it ended.
            let paid = report(&work)["paid"]["after"].clone();
            work.bcda("sync d --quiet").exits(0);
            assert_eq!(report(&work)["paid"]["before"], paid);
            final_state(&work, week, api);
            same(&work, "d/tables", &rows(&work, "wanted"), &format!("{api}, week {week}"));
        }
        assert_eq!(exports(&work, "runout").len(), 7);
        // A full one of each group, and two of each group in each of the other weeks.
        assert_eq!(jobs(&running), 2 + 3 * 4);
        let held = work.read_json("d/tables/tables-manifest.json")["exports"].clone();
        assert_eq!(held.as_array().unwrap().len(), 14);

        // A quiet week.
        let ran = work.bcda("sync d --report-html page.html").exits(0);
        assert!(work.read_text("page.html").contains("Filled columns"));
        assert!(
            ran.stderr.contains(" now, unchanged; claims: 0 new, 0 corrected,"),
            "{}",
            ran.stderr
        );
        let summary = |line: &&str| line.starts_with("paid ");
        assert_eq!(ran.stderr.lines().filter(summary).count(), 1);
        assert_eq!(report(&work)["exports"][0]["records"], 0);
        same(&work, "d/tables", &rows(&work, "wanted"), "a quiet week");

        // Its pieces are usable alone.
        work.bcda("update --undo d/tables --quiet").exits(0);
        work.bcda("update d/tables d/exports/all/all-0005-claims --quiet").exits(0);
    }
}

#[test]
fn the_numbers_are_those_of_the_tables() {
    let (work, running) = serve(3, &[]);
    work.bcda(&first(&running, "--api v1 --report first.json")).exits(0);
    let ids = |tables: &str| -> Vec<(String, String)> {
        let of = |table: &str| {
            let file = format!("{tables}/{table}.parquet");
            select(&work, &file, ["BCDA_EOB_ID", "BCDA_FINAL"])
                .into_iter()
                .map(|[id, is_final]| (id, is_final))
        };
        let mut ids: Vec<_> =
            ["cclf1", "cclf5", "cclf6", "cclf7"].into_iter().flat_map(of).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let paid = |tables: &str| -> i64 {
        let amounts = [
            ("cclf1", "CLM_PMT_AMT"),
            ("cclf5", "CLM_LINE_CVRD_PD_AMT"),
            ("cclf6", "CLM_LINE_CVRD_PD_AMT"),
        ];
        let of = |(table, amount): (&str, &str)| {
            let rows = select(&work, &format!("{tables}/{table}.parquet"), ["BCDA_FINAL", amount]);
            let finals = rows.into_iter().filter(|[is_final, _]| is_final == "true");
            finals
                .map(|[_, amount]| amount.replace('.', "").parse::<i64>().unwrap_or(0))
                .sum::<i64>()
        };
        amounts.into_iter().map(of).sum()
    };
    let cents = |amount: &Value| amount.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let one = work.read_json("first.json");
    assert_eq!(one, report(&work));
    assert_eq!(cents(&one["paid"]["after"]), paid("d/tables"));
    assert_eq!(one["claims"]["new"], ids("d/tables").len());
    for _ in 2..=3 {
        let before = ids("d/tables");
        let was_paid = paid("d/tables");
        work.bcda("sync d --report first.json --quiet").exits(0);
        let (now, report) = (ids("d/tables"), report(&work));
        assert_eq!(cents(&report["paid"]["before"]), was_paid);
        assert_eq!(cents(&report["paid"]["after"]), paid("d/tables"));
        let by_type = report["paid_by_type"].as_array().unwrap();
        assert_eq!(by_type.iter().map(|own| cents(&own["after"])).sum::<i64>(), paid("d/tables"));
        let is_in = |all: &[(String, String)], id: &str| all.iter().any(|own| own.0 == id);
        let only = |one: &[(String, String)], other: &[(String, String)]| {
            one.iter().filter(|own| !is_in(other, &own.0)).count()
        };
        assert_eq!(report["claims"]["new"], only(&now, &before));
        assert_eq!(report["claims"]["deleted"], only(&before, &now));
        let cancelled = before.iter().filter(|(id, is_final)| {
            is_final == "true" && now.contains(&(id.clone(), "false".to_owned()))
        });
        assert_eq!(report["claims"]["cancelled"], cancelled.count());
        assert!(report["claims"]["corrected"].as_u64().unwrap() > 0);
        let events = select(&work, "d/tables/cclf7.parquet", ["BCDA_FINAL"]);
        let finals = events.iter().filter(|[is_final]| is_final == "true").count();
        assert_eq!(report["part_d"]["events_after"], finals);
    }
}

#[test]
fn a_run_that_is_killed_goes_on() {
    let (work, running) = serve(3, &["slow-jobs=2"]);
    let words = first(&running, "--api v1");
    let arguments: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let kill_when = |arguments: &[&str], is_time: &dyn Fn() -> bool| {
        let mut child = work.command(arguments).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while !is_time() && child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_mins(1));
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap();
    };
    // The job has begun, and is not done.
    kill_when(&arguments, &|| work.exists("d/exports/all/all-0001-full/bcda-export.json"));
    assert!(!work.exists("d/tables"));
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(jobs(&running), 1);

    // All exports are there, and the tables do not hold them: as if the update had been killed.
    work.bcda("sync d --quiet").exits(0);
    work.bcda("update --undo d/tables --quiet").exits(0);
    let (before, files) = (jobs(&running), downloads(&running));
    work.bcda("sync d --quiet").exits(0);
    assert_eq!((jobs(&running), downloads(&running)), (before, files));
    assert_eq!(report(&work)["exports"][0]["fetched"], false);
    final_state(&work, 2, "v1");
    same(&work, "d/tables", &rows(&work, "wanted"), "applied later");

    // The tables are there, and nobody was told of them.
    let told = report(&work);
    fs::remove_file(work.path("d/sync-report.json")).unwrap();
    let ran = work.bcda("sync d").exits(0);
    assert!(ran.stderr.contains(told["line"].as_str().unwrap()), "{}", ran.stderr);
    assert_eq!(report(&work), told);
    assert_eq!((jobs(&running), downloads(&running)), (before, files));

    // What was not told to the end is told by the next run: the file of the report cannot be written.
    fs::remove_file(work.path("d/sync-report.json")).unwrap();
    work.write("other.json", "{}");
    work.bcda("sync d --report other.json --quiet").exits(2);
    fs::remove_file(work.path("other.json")).unwrap();
    assert!(!work.exists("d/sync-report.json"));
    work.bcda("sync d --report other.json --quiet").exits(0);
    assert_eq!(work.read_json("other.json"), told);
    assert_eq!((jobs(&running), downloads(&running)), (before, files));

    // While the tables are made, if that is not over before it is noticed.
    let is_made = || {
        let names = fs::read_dir(work.path("d")).unwrap();
        names.into_iter().any(|own| own.unwrap().file_name().to_string_lossy().contains("partial"))
    };
    kill_when(&["sync", "d"], &is_made);
    work.bcda("sync d --quiet").exits(0);
    final_state(&work, 3, "v1");
    same(&work, "d/tables", &rows(&work, "wanted"), "killed while tables are made");
    assert!(exports(&work, "all").len() <= 7);

    // At any moment, again and again.
    for delay in [5, 20, 40, 80, 160, 320] {
        let began = Instant::now();
        kill_when(&["sync", "d"], &|| began.elapsed() > Duration::from_millis(delay));
    }
    work.bcda("sync d --quiet").exits(0);
    same(&work, "d/tables", &rows(&work, "wanted"), "killed at any moment");
}

#[test]
fn faults_of_the_server_are_no_matter() {
    let faults =
        ["expired-job=1", "truncate-body", "server-error=1@status", "too-many-requests=1:1@data"];
    let (work, running) = serve(2, &faults);
    work.bcda(&first(&running, "--api v3")).exits(0);
    work.bcda("sync d --quiet").exits(0);
    final_state(&work, 2, "v3");
    same(&work, "d/tables", &rows(&work, "wanted"), "faults");
    // The people of a group did not come whole: who is gone cannot be told, and the exit code says so.
    let (work, running) = serve(2, &["error-files=5"]);
    let ran: Ran = work.bcda(&first(&running, "--api v1"));
    let report = report(&work);
    assert_eq!((ran.code, &report["exit_code"]), (Some(3), &json!(3)), "{}", ran.stderr);
    assert_eq!(report["people"], Value::Null);
}

#[test]
fn who_is_in_none_of_the_groups_is_counted_or_taken_out() {
    let (work, running) = serve(6, &[]);
    work.bcda(&first(&running, "--api v1")).exits(0);
    let mut weeks = 1;
    while report(&work)["people"]["gone"] == 0 {
        assert!(weeks < 6, "nobody goes");
        work.bcda("sync d --quiet").exits(0);
        weeks += 1;
    }
    let mode = work.path("d/gone.csv").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let list = work.csv("d/gone.csv");
    let gone: Vec<[&str; 2]> = list.select(["BENE_MBI_ID", "PATIENT_ID"]);
    assert_eq!(report(&work)["people"]["gone"], gone.len());
    let text = work.read_text("d/sync-report.json");
    for [mbi, patient] in &gone {
        assert!(!text.contains(mbi) && !text.contains(patient));
    }
    let of_gone = |tables: &str| -> usize {
        let of = |table: &str| {
            let rows = select(&work, &format!("{tables}/{table}.parquet"), ["BENE_MBI_ID"]);
            rows.iter().filter(|[mbi]| gone.iter().any(|own| own[0] == mbi)).count()
        };
        ["cclf1", "cclf5", "cclf6", "cclf7", "cclf8"].into_iter().map(of).sum()
    };
    let people =
        |tables: &str| select(&work, &format!("{tables}/cclf8.parquet"), ["BENE_MBI_ID"]).len();
    let (there, everybody) = (of_gone("d/tables"), people("d/tables"));
    assert!(there > 0);
    // Rows stay, unless they are to go; an option counts for its run.
    work.bcda("sync d --drop-gone --quiet").exits(0);
    let dropped = report(&work)["people"]["dropped"].as_u64().unwrap();
    assert!(dropped >= gone.len() as u64);
    assert_eq!((of_gone("d/tables"), report(&work)["people"]["gone"].as_u64()), (0, Some(0)));
    assert!(people("d/tables") < everybody + 1);
    assert!(report(&work)["claims"]["deleted"].as_u64().unwrap() > 0);
    assert_eq!(work.read_text("d/gone.csv").lines().count(), 1);
    // They are gone for good: later weeks do not bring them back, and the tables can still be brought up to date.
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(of_gone("d/tables"), 0);
}

#[test]
fn exports_are_pruned_but_for_what_the_next_run_needs() {
    let (work, running) = serve(4, &[]);
    work.bcda(&first(&running, "--api v1 --keep-exports 1")).exits(0);
    assert_eq!(exports(&work, "all"), ["all-0001-full"]);
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(exports(&work, "all"), ["all-0002-claims", "all-0002-people"]);
    assert_eq!(report(&work)["pruned"], 1);
    work.bcda("sync d --keep-exports 2 --quiet").exits(0);
    assert_eq!(exports(&work, "all").len(), 4);
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(exports(&work, "all"), ["all-0004-claims", "all-0004-people"]);
    final_state(&work, 4, "v1");
    same(&work, "d/tables", &rows(&work, "wanted"), "pruned");
    // What the tables were made of is not there any more.
    fs::rename(work.path("d/tables"), work.path("elsewhere")).unwrap();
    let ran = work.bcda("sync d").exits(2);
    assert!(ran.stderr.contains("begin again in a new folder"), "{}", ran.stderr);
}

#[test]
fn another_group_begins_with_everything() {
    let (work, running) = serve(3, &[]);
    work.bcda(&first(&running, "--api v1")).exits(0);
    let settings = work.read_text("d/bcda.toml");
    work.write("d/bcda.toml", settings.replace("[\"all\"]", "[\"all\", \"runout\"]"));
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(exports(&work, "all"), ["all-0001-full", "all-0002-claims", "all-0002-people"]);
    assert_eq!(exports(&work, "runout"), ["runout-0002-full"]);
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(
        exports(&work, "runout"),
        ["runout-0002-full", "runout-0003-claims", "runout-0003-people"]
    );
    final_state(&work, 3, "v1");
    same(&work, "d/tables", &rows(&work, "wanted"), "another group");
}

#[test]
fn what_is_wrong_with_the_settings_is_told() {
    let (work, running) = serve(1, &[]);
    let words = first(&running, "--api v1");
    work.bcda("sync d").exits(2);
    assert!(!work.exists("d"));
    work.bcda(&words.replace("credentials credentials", "credentials -")).exits(2);
    work.bcda(&words.replace("credentials credentials", "credentials none")).exits(2);
    work.bcda(&format!("{words} --group all,../x")).exits(2);
    assert!(!work.exists("d"));
    work.bcda(&words).exits(0);
    let text = work.read_text("d/bcda.toml");
    assert!(!text.contains(&Credentials::published().secret));
    let path = work.path("credentials").canonicalize().unwrap();
    assert!(text.contains(&format!("credentials = \"{}\"", path.display())), "{text}");
    let lines = text.lines().count();
    for (line, said) in [
        ("rate = \"fast\"", "rate: expected a number from 1"),
        ("colour = 7", "colour: there is no such key"),
        ("client_secret = \"canary\"", "client_secret: a secret does not belong here"),
        ("rate = ", "expected lines of TOML"),
    ] {
        work.write("d/bcda.toml", format!("{text}{line}\n"));
        let ran = work.bcda("sync d").exits(2);
        let wanted = format!("d/bcda.toml, line {}: {said}", lines + 1);
        assert!(ran.stderr.contains(&wanted), "{wanted}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"));
    }
    work.write("d/bcda.toml", &text);
    for (more, said) in [
        ("--api v2", "line 5: api is another than --api"),
        ("--group runout", "group is another than --group"),
        ("--partially-adjudicated", "d/bcda.toml has no partially-adjudicated"),
        ("--report d/tables/report.json", "cannot be the report"),
    ] {
        let ran = work.bcda(&format!("sync d {more}")).exits(2);
        assert!(ran.stderr.contains(said), "{more}: {}", ran.stderr);
    }
}

#[test]
fn one_run_at_a_time() {
    let (work, running) = serve(2, &["slow-jobs=4"]);
    let words = first(&running, "--api v1");
    let mut child = work.start(&words);
    let began = Instant::now();
    while !work.exists("d/exports/all/all-0001-full/bcda-export.json") {
        assert!(began.elapsed() < Duration::from_mins(1));
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = work.bcda("sync d").exits(2);
    assert!(ran.stderr.contains("another run"), "{}", ran.stderr);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // A killed run leaves no lock behind, and the folder may be named in any way.
    let mut child = work.start("sync d");
    std::thread::sleep(Duration::from_millis(100));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut inside = work.command(&["sync", "."]);
    Ran::from(inside.current_dir(work.path("d")).output().unwrap()).exits(0);
    assert_eq!(work.leftovers(), Vec::<String>::new());
}

#[test]
fn who_was_merged_into_somebody_is_that_person() {
    let work = Work::new();
    write_credentials(&work);
    let of = |ids: &[&str]| {
        let mbi = |id: &str| format!("1AA{id}AA1AA11").chars().take(11).collect::<String>();
        ids.iter().map(|id| patient_of(Api::V3, id, &mbi(id))).collect::<Vec<_>>()
    };
    let covers = ["10", "20", "30"].map(|id| coverage_of(Api::V3, id, "A"));
    let claims = [("1", "10"), ("2", "20"), ("3", "30")];
    let claims = claims.map(|(id, person)| carrier_of(Api::V3, id, person));
    work.write_lines("data/claims.ndjson", lines(&claims));
    work.write_lines("data/covers.ndjson", lines(&covers));
    work.write_lines("data/people.ndjson", lines(&of(&["10", "20", "30"])));
    let running = Sandbox::start(Options::new(Data::Folder(work.path("data")))).unwrap();
    let of_claims = || {
        let rows = select(&work, "d/tables/cclf5.parquet", ["BCDA_EOB_ID"]);
        let mut ids: Vec<String> = rows.into_iter().flatten().collect();
        ids.sort();
        ids.dedup();
        ids.len()
    };
    let people = || {
        let people = report(&work)["people"].clone();
        ["people", "come", "gone", "dropped"].map(|name| people[name].as_u64().unwrap())
    };
    work.bcda(&first(&running, "")).exits(0);
    assert_eq!((people(), of_claims()), ([3, 3, 0, 0], 3));
    // One is merged into another, one leaves.
    let merged = json!({
        "resourceType": "Patient", "id": "20",
        "link": [{"other": {"reference": "Patient/10"}, "type": "replaced-by"}],
    });
    let mut left = of(&["10"]);
    left.push(merged);
    work.write_lines("data/people.ndjson", lines(&left));
    work.bcda("sync d --quiet").exits(0);
    assert_eq!((people(), of_claims()), ([2, 0, 1, 0], 3));
    work.bcda("sync d --drop-gone --quiet").exits(0);
    assert_eq!((people(), of_claims()), ([1, 0, 0, 1], 2));
    // The survivor leaves, with the claims of both.
    work.write_lines("data/people.ndjson", lines(&of(&["40"])));
    work.bcda("sync d --drop-gone --quiet").exits(0);
    assert_eq!((people(), of_claims()), ([1, 1, 0, 1], 0));
    // Who comes back comes as somebody new.
    work.write_lines("data/people.ndjson", lines(&of(&["10", "40"])));
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(people(), [2, 1, 0, 0]);
}

//! The way over from a version of the API that ends: what comes of it, where it is interrupted, and what it refuses.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{Work, wait_until};
use crate::sync::{downloads, exports, final_state, first, jobs, report, serve};
use crate::update::{rows, same};

/// The names in the folder.
fn names(work: &Work) -> Vec<String> {
    let names = fs::read_dir(work.path("d")).unwrap();
    let mut names: Vec<String> =
        names.map(|own| own.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn api(work: &Work, tables: &str) -> String {
    let manifest = work.read_json(&format!("d/{tables}/tables-manifest.json"));
    manifest["api"].as_str().unwrap().to_owned()
}

#[test]
fn a_folder_of_v1_becomes_one_of_v3_and_keeps_the_old_one_until_it_is_dropped() {
    let (work, running) = serve(4, &[]);
    work.bcda(&first(&running, "--api v1")).exits(0);
    work.bcda("sync d --quiet").exits(0);
    let (old, paid) = (rows(&work, "d/tables"), report(&work)["paid"]["after"].clone());
    let commented = work.read_text("d/bcda.toml") + "# our own words\n";
    work.write("d/bcda.toml", &commented);

    let ran = work.bcda("sync d --api v3").exits(0);
    assert!(ran.stderr.contains("(reconcile-v1-v3.json has more)"), "{}", ran.stderr);
    assert_eq!(work.read_text("d/bcda.toml"), commented.replace("\"v1\"", "\"v3\""));
    // Everything as it is in the week that has come.
    final_state(&work, 2, "v3");
    same(&work, "d/tables", &rows(&work, "wanted"), "moved");
    same(&work, "d/tables.v1", &old, "kept");
    let told = report(&work);
    assert_eq!((&told["claims"], &told["paid"]["before"]), (&serde_json::Value::Null, &paid));
    let way = &told["way"];
    let count = |value: &serde_json::Value| value.as_u64().unwrap();
    assert_eq!(way["from"], "v1");
    let matched = count(&way["matched"]);
    assert!(matched > 0 && matched <= count(&way["claims"][0]).min(count(&way["claims"][1])));
    work.bcda("reconcile d/tables.v1 d/tables --report by-hand.json --quiet");
    assert_eq!(work.read_json("by-hand.json"), work.read_json("d/reconcile-v1-v3.json"));
    assert_eq!(
        names(&work),
        [
            "bcda.toml",
            "changes.v1",
            "exports",
            "gone.csv",
            "reconcile-v1-v3.json",
            "sync-report.json",
            "tables",
            "tables.v1",
            "tables.v1.previous-000001",
        ]
    );
    // It is an ordinary result: one goes back by hand, too.
    work.bcda("update --undo d/tables.v1 --quiet").exits(0);

    // The next week is one of v3, by the same line or without the option, and changes are of v3 alone.
    work.bcda("sync d --api v3 --quiet").exits(0);
    final_state(&work, 3, "v3");
    same(&work, "d/tables", &rows(&work, "wanted"), "the week after");
    assert!(work.exists("d/changes") && report(&work)["way"].is_null());
    assert_eq!(
        exports(&work, "all"),
        [
            "all-0001-full",
            "all-0002-claims",
            "all-0002-people",
            "all-0003-full",
            "all-0004-claims",
            "all-0004-people"
        ]
    );
    // What is somebody's own stays, and what is of v1 goes.
    work.write("d/tables.v1/notes.txt", "mine");
    let ran = work.bcda("sync d --drop-old").exits(2);
    assert!(ran.stderr.contains("tables.v1"), "{}", ran.stderr);
    fs::remove_file(work.path("d/tables.v1/notes.txt")).unwrap();
    work.bcda("sync d --drop-old --quiet").exits(0);
    assert!(exports(&work, "all").iter().all(|own| own.as_str() >= "all-0003"));
    assert!(names(&work).iter().all(|name| !name.contains(".v1")), "{:?}", names(&work));
    final_state(&work, 4, "v3");
    same(&work, "d/tables", &rows(&work, "wanted"), "dropped");
    work.bcda("sync d --drop-old --quiet").exits(0);
}

#[test]
fn a_base_url_that_names_its_version_names_the_server_afterwards() {
    let (work, running) = serve(2, &[]);
    let url = running.url();
    work.bcda(&first(&running, "").replace(&url, &format!("{url}/api/v1/"))).exits(0);
    assert!(work.read_text("d/bcda.toml").contains("/api/v1/\""));
    work.bcda("sync d --api v3 --quiet").exits(0);
    let settings = work.read_text("d/bcda.toml");
    assert!(settings.contains(&format!("base-url = \"{url}\"\n")), "{settings}");
    assert!(settings.contains("api = \"v3\""), "{settings}");
    assert_eq!(api(&work, "tables"), "v3");
    work.bcda("sync d --quiet").exits(0);
    assert_eq!(report(&work)["api"], "v3");
}

#[test]
fn who_has_gone_back_may_go_again() {
    let (work, running) = serve(6, &[]);
    work.bcda(&first(&running, "--api v1")).exits(0);
    work.bcda("sync d --quiet").exits(0);
    let settings = work.read_text("d/bcda.toml");
    for round in 0..2 {
        work.bcda("sync d --api v3 --quiet").exits(0);
        assert!(work.exists("d/changes.v1") && work.exists("d/tables.v1.previous-000001"));
        // As the guide says: the old tables are a rename away, and the version is a line.
        fs::rename(work.path("d/tables"), work.path(&format!("new-{round}"))).unwrap();
        fs::rename(work.path("d/tables.v1"), work.path("d/tables")).unwrap();
        work.write("d/bcda.toml", &settings);
        work.bcda("sync d --quiet").exits(0);
        assert_eq!(
            (api(&work, "tables").as_str(), report(&work)["api"].as_str()),
            ("v1", Some("v1"))
        );
    }
    // What somebody keeps where the old tables will be is told before anything is fetched.
    fs::create_dir(work.path("d/tables.v1")).unwrap();
    let before = jobs(&running);
    let ran = work.bcda("sync d --api v3").exits(2);
    assert!(ran.stderr.contains("tables.v1 is there"), "{}", ran.stderr);
    assert_eq!(jobs(&running), before);
}

#[test]
fn a_way_that_is_interrupted_goes_on() {
    let (work, running) = serve(2, &["slow-jobs=2"]);
    work.bcda(&first(&running, "--api v1")).exits(0);
    let old = rows(&work, "d/tables");
    // While the export is made: the schedule, which does not know of it, keeps the folder in its version.
    let mut child = work.start("sync d --api v3");
    wait_until("the export has begun", || {
        work.exists("d/exports/all/all-0002-full/bcda-export.json")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = work.bcda("sync d").exits(0);
    assert!(ran.stderr.contains("goes on with --api v3"), "{}", ran.stderr);
    assert_eq!((report(&work)["api"].as_str().unwrap(), jobs(&running)), ("v1", 4));
    assert_eq!(
        exports(&work, "all"),
        ["all-0001-full", "all-0002-full", "all-0003-claims", "all-0003-people"]
    );
    assert_ne!(rows(&work, "d/tables"), old);
    let old = rows(&work, "d/tables");

    // At any moment, again and again.
    for delay in [2, 10, 30, 60, 100, 150, 200, 300, 400, 600] {
        let mut killed = work.command(&["sync", "d", "--api", "v3"]);
        let mut child = killed.stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(delay) && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap();
        if work.read_text("d/bcda.toml").contains("\"v3\"") {
            break;
        }
    }
    if work.read_text("d/bcda.toml").contains("\"v1\"") {
        work.bcda("sync d --api v3 --quiet").exits(0);
    }
    assert_eq!(jobs(&running), 4);
    let (jobs_before, files) = (jobs(&running), downloads(&running));
    // Whatever name of the two has not been exchanged is exchanged by whoever comes next.
    if !work.exists("d/tables.v1") {
        work.bcda("sync d --quiet").exits(0);
    }
    same(&work, "d/tables.v1", &old, "kept");
    let new = rows(&work, "d/tables");
    let back = |from: &str, to: &str| {
        fs::rename(work.path(&format!("d/{from}")), work.path(&format!("d/{to}"))).unwrap();
    };
    let untold = || {
        let _ = fs::remove_file(work.path("d/sync-report.json"));
    };
    let told_before = (jobs_before, files) == (jobs(&running), downloads(&running));
    // The new tables are whole, and that is all.
    back("tables", "tables.v3");
    back("tables.v1", "tables");
    let settings = work.read_text("d/bcda.toml");
    work.write("d/bcda.toml", settings.replace("\"v3\"", "\"v1\""));
    untold();
    let now = (jobs(&running), downloads(&running));
    work.bcda("sync d --api v3 --quiet").exits(0);
    assert_eq!(now, (jobs(&running), downloads(&running)));
    assert_eq!(report(&work)["exports"][0]["fetched"], false);
    assert_eq!(work.read_text("d/bcda.toml"), settings);
    // The settings say v3, and nothing has its new name.
    back("tables", "tables.v3");
    back("tables.v1", "tables");
    untold();
    let ran = work.bcda("sync d").exits(0);
    same(&work, "d/tables.v1", &old, "settled");
    if told_before {
        same(&work, "d/tables", &new, "settled");
        assert!(ran.stderr.contains("final claims: "), "{}", ran.stderr);
        assert_eq!((jobs_before, files), (jobs(&running), downloads(&running)));
    }
    // The names are exchanged, and no more.
    back("tables.v1", "tables.v3");
    untold();
    work.bcda("sync d --quiet").exits(0);
    same(&work, "d/tables.v1", &old, "named");
    // Without an exchange there is a moment without tables.
    back("tables", "tables.v3");
    untold();
    work.bcda("sync d --quiet").exits(0);
    assert_eq!((api(&work, "tables"), api(&work, "tables.v1")), ("v3".into(), "v1".into()));
    work.bcda("sync d --quiet").exits(0);
    final_state(&work, 2, "v3");
    same(&work, "d/tables", &rows(&work, "wanted"), "after all");
    assert_eq!(work.leftovers(), Vec::<String>::new());
}

#[test]
fn what_is_no_way_is_refused() {
    let (work, running) = serve(1, &[]);
    let words = first(&running, "--api v1");
    fs::create_dir_all(work.path("d/tables")).unwrap();
    let ran = work.bcda(&words).exits(2);
    assert!(ran.stderr.contains("no settings beside it"), "{}", ran.stderr);
    fs::remove_dir_all(work.path("d")).unwrap();
    work.bcda(&words).exits(0);
    for (api, said) in [("v2", "line 5: api is another than --api"), ("none", "api is another")] {
        let ran = work.bcda(&format!("sync d --api {api}")).exits(2);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    // A file that was changed by hand does not make v3 of v1.
    let text = work.read_text("d/bcda.toml");
    work.write("d/bcda.toml", text.replace("\"v1\"", "\"v3\""));
    let ran = work.bcda("sync d").exits(2);
    assert!(ran.stderr.contains("the exports of the folder are of v1"), "{}", ran.stderr);
    work.write("d/bcda.toml", text);
    // Nothing is dropped of a version that the folder is of.
    work.bcda("sync d --drop-old --quiet").exits(0);
    assert!(work.exists("d/tables") && !exports(&work, "all").is_empty());
    let ran = work.bcda("sync d --api v3 --base-url http://localhost:1").exits(2);
    assert!(ran.stderr.contains("base-url is another than --base-url"), "{}", ran.stderr);
    let claims = "--partially-adjudicated";
    let ran = work.bcda(&format!("sync d {claims}")).exits(2);
    assert!(ran.stderr.contains("has no partially-adjudicated"), "{}", ran.stderr);
    work.bcda(&format!("sync d --api v3 {claims} --quiet")).exits(0);
    assert!(work.read_text("d/bcda.toml").contains("partially-adjudicated = true"));
    assert_eq!(api(&work, "tables"), "v3");
    let ran = work.bcda("sync d --api v1").exits(2);
    assert!(ran.stderr.contains("api is another than --api"), "{}", ran.stderr);
}

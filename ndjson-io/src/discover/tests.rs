use super::*;

/// Makes files (and their folders) below a new folder.
fn tree(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("io-").tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}\n").unwrap();
    }
    dir
}

fn names(dir: &Path, inputs: &[&str], exclude: &[&str]) -> Result<Vec<String>, ErrorKind> {
    let inputs: Vec<String> =
        inputs.iter().map(|input| dir.join(input).to_str().unwrap().to_owned()).collect();
    let exclude: Vec<PathBuf> = exclude.iter().map(|path| dir.join(path)).collect();
    match discover(&inputs, &exclude) {
        Ok(sources) => Ok(sources.iter().map(|source| source.name().to_owned()).collect()),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn folder_is_walked_in_byte_order_and_oddities_are_skipped() {
    let dir = tree(&[
        "in/b.ndjson",
        "in/a.jsonl",
        "in/B.ndjson.gz",
        "in/a/z.ndjson.zst",
        "in/a/rejects/x.ndjson",
        "in/rejects.ndjson",
        "in/rejected/x.jsonl.gz",
        "in/.hidden.ndjson",
        "in/.git/x.ndjson",
        "in/x.partial-1/x.ndjson",
        "in/y.partial-2.ndjson",
        "in/x.previous-000001/x.ndjson",
        "in/x.previous-1st/x.ndjson",
        "in/notes.txt",
        "in/manifest.json",
        "in/x.ndjson.bak",
        "in/out/x.ndjson",
        "in/skip.ndjson",
    ]);
    assert_eq!(
        names(dir.path(), &["in"], &["in/out", "in/skip.ndjson", "in/absent"]).unwrap(),
        [
            "B.ndjson",
            "a.jsonl",
            "a/z.ndjson",
            "b.ndjson",
            "rejected/x.jsonl",
            "rejects.ndjson",
            "x.previous-1st/x.ndjson"
        ]
    );
}

#[test]
fn what_other_clients_leave_is_left_aside_and_told() {
    let dir = tree(&[
        "in/1.Patient.ndjson",
        "in/2.PATIENT.NDJSON",
        "in/3.Coverage.ndjson.GZ",
        "in/4.Coverage.JsonL.Zst",
        "in/log.ndjson",
        "in/Log.ndjson.gz",
        "in/catalog.ndjson",
        "in/manifest.json",
        "in/5.Patient.ndjson.part",
        "in/.hidden.ndjson",
        "in/.git/never.looked.into",
        "in/rejects/x.ndjson",
        "in/deleted/1.Bundle.ndjson",
        "in/sub/error/deeper/1.OperationOutcome.ndjson",
        "in/out/x.txt",
    ]);
    let root = dir.path().join("in");
    let input = root.to_str().unwrap().to_owned();
    let found = discover_among(&[input], &[root.join("out")], &AtomicBool::new(false), |_| {
        Ok::<_, Error>(None)
    })
    .unwrap();
    let names: Vec<_> = found.sources.iter().map(SourceFile::name).collect();
    assert_eq!(
        names,
        [
            "1.Patient.ndjson",
            "2.PATIENT.NDJSON",
            "3.Coverage.ndjson",
            "4.Coverage.JsonL",
            "catalog.ndjson"
        ]
    );
    let aside = |paths: &[PathBuf]| {
        let mut names: Vec<_> =
            paths.iter().map(|path| name_of(path.strip_prefix(&root).unwrap())).collect();
        names.sort();
        names
    };
    assert_eq!(
        aside(&found.left_aside),
        [
            ".hidden.ndjson",
            "5.Patient.ndjson.part",
            "Log.ndjson",
            "deleted/1.Bundle.ndjson",
            "log.ndjson",
            "manifest.json",
            "sub/error/deeper/1.OperationOutcome.ndjson"
        ]
    );
    // By a pattern too; what is named is read whatever it is.
    assert_eq!(names_of(&dir, "in/**/*.ndjson"), ["1.Patient.ndjson", "catalog.ndjson"]);
    assert_eq!(names_of(&dir, "in/deleted/*"), ["1.Bundle.ndjson"]);
    assert_eq!(names_of(&dir, "*/log.ndjson"), ["log.ndjson"]);
    assert_eq!(names_of(&dir, "in/log.ndjson"), ["log.ndjson"]);
    assert_eq!(names_of(&dir, "in/deleted"), ["1.Bundle.ndjson"]);
}

fn names_of(dir: &tempfile::TempDir, input: &str) -> Vec<String> {
    names(dir.path(), &[input], &[]).unwrap()
}

#[cfg(unix)]
#[test]
fn a_pipe_is_a_stream_by_its_path() {
    let dir = tree(&["in/a.ndjson"]);
    let pipe = dir.path().join("in/pipe.ndjson");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let sources = discover(&[pipe.to_str().unwrap().to_owned()], &[]).unwrap();
    assert!(sources[0].is_stream() && sources[0].name() == "pipe.ndjson");
    // Found rather than named, it is left aside: it would wait for a writer.
    assert_eq!(names_of(&dir, "in"), ["a.ndjson"]);
    // A socket cannot be opened.
    let socket = dir.path().join("socket");
    let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let refused = discover(&[socket.to_str().unwrap().to_owned()], &[]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotAFile);
    assert!(refused.is_usage() && refused.to_string().contains("(-)"), "{refused}");
}

#[cfg(unix)]
#[test]
fn links_are_skipped_where_found_and_followed_where_named() {
    use std::os::unix::fs::symlink;
    let dir = tree(&["in/a.ndjson", "other/o.ndjson"]);
    symlink(dir.path().join("other/o.ndjson"), dir.path().join("in/link.ndjson")).unwrap();
    symlink(dir.path().join("other"), dir.path().join("in/folder")).unwrap();
    symlink(dir.path().join("in"), dir.path().join("in/cycle")).unwrap();
    assert_eq!(names(dir.path(), &["in"], &[]).unwrap(), ["a.ndjson"]);
    assert_eq!(names(dir.path(), &["in/*.ndjson"], &[]).unwrap(), ["a.ndjson"]);
    assert_eq!(names(dir.path(), &["*/*.ndjson"], &[]).unwrap(), ["a.ndjson", "o.ndjson"]);
    assert_eq!(names(dir.path(), &["in/*/*.ndjson"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
    assert_eq!(names(dir.path(), &["in/link.ndjson"], &[]).unwrap(), ["link.ndjson"]);
    assert_eq!(names(dir.path(), &["in/folder"], &[]).unwrap(), ["o.ndjson"]);
}

#[test]
fn kinds_of_nothing() {
    let dir = tree(&["in/a.txt"]);
    let kind = |input| names(dir.path(), &[input], &[]).unwrap_err();
    assert_eq!(kind("absent"), ErrorKind::InputMissing);
    assert_eq!(kind("in/a.txt/x"), ErrorKind::InputMissing);
    assert_eq!(kind("in"), ErrorKind::NoMatchInFolder);
    assert_eq!(kind("in/*.ndjson"), ErrorKind::NoMatchForGlob);
    assert_eq!(kind("in/[a"), ErrorKind::BadPattern);
    assert_eq!(names(dir.path(), &["in/a.txt"], &[]).unwrap(), ["a.txt"]);
}

#[cfg(unix)]
#[test]
fn loops_of_links_are_passed_over_under_any_pattern() {
    use std::os::unix::fs::symlink;
    let dir = tree(&["in/a/x.ndjson", "in/a/b/y.ndjson", "in/a/b/c/a/z.ndjson"]);
    // Each link doubles the ways; nobody gets through forty of them.
    for number in 0..40 {
        symlink(dir.path().join("in"), dir.path().join(format!("in/a/loop{number}"))).unwrap();
        symlink("..", dir.path().join(format!("in/a/b/up{number}"))).unwrap();
    }
    let all = ["a/b/c/a/z.ndjson", "a/b/y.ndjson", "a/x.ndjson"];
    let found = |pattern| {
        let mut names = names(dir.path(), &[pattern], &[]).unwrap();
        names.sort_by_key(|name| name.rsplit('/').next().map(str::to_owned));
        names
    };
    assert_eq!(found("in/**/*.ndjson"), ["x.ndjson", "y.ndjson", "z.ndjson"]);
    assert_eq!(found("in/**/**/*.ndjson"), ["x.ndjson", "y.ndjson", "z.ndjson"]);
    assert_eq!(found("in/**/*/**/*/**/*.ndjson"), ["y.ndjson", "z.ndjson"]);
    assert_eq!(found("**/[xz].ndjson"), ["x.ndjson", "z.ndjson"]);
    assert_eq!(found("in/**/a/**/z.ndjson"), ["z.ndjson"]);
    assert_eq!(found("in/*/?.ndjson"), ["x.ndjson"]);
    assert_eq!(names(dir.path(), &["in/loop0/**"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
    assert_eq!(names(dir.path(), &["in/**"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
    assert_eq!(names(dir.path(), &["in/a/**/"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
    assert_eq!(names(dir.path(), &["in/*/../*"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
    // A folder that is named may be a link.
    assert_eq!(found("in/a/loop3/a/*.ndjson"), ["x.ndjson"]);
    assert_eq!(names(dir.path(), &["in"], &[]).unwrap(), all);
}

#[test]
fn a_search_ends_when_it_is_told_to() {
    let dir = tree(&["in/a.ndjson", "in/b/b.ndjson"]);
    let path = |below: &str| dir.path().join(below).to_str().unwrap().to_owned();
    for input in ["in", "in/**/*.ndjson", "in/*", "in/a.ndjson"] {
        let cancel = AtomicBool::new(true);
        let found = discover_among::<Error>(&[path(input)], &[], &cancel, |_| Ok(None));
        assert!(found.unwrap_err().is_cancelled(), "{input}");
    }
    // It looks while it searches, not only before.
    let cancel = AtomicBool::new(false);
    let found = discover_among::<Error>(&[path("in"), path("in/b/*")], &[], &cancel, |input| {
        cancel.store(input.ends_with('*'), std::sync::atomic::Ordering::Relaxed);
        Ok(None)
    });
    assert!(found.unwrap_err().is_cancelled());
}

#[test]
fn a_file_named_like_a_glob_is_a_file() {
    let dir = tree(&["in/a[1].ndjson"]);
    assert_eq!(names(dir.path(), &["in/a[1].ndjson"], &[]).unwrap(), ["a[1].ndjson"]);
}

#[test]
fn a_file_reached_twice_is_kept_where_it_came_first() {
    let dir = tree(&["in/a.ndjson", "in/b.ndjson"]);
    assert_eq!(
        names(dir.path(), &["in/b.ndjson", "in", "in/../in/a.ndjson", "in/*"], &[]).unwrap(),
        ["b.ndjson", "a.ndjson"]
    );
}

#[test]
fn same_names_in_a_glob_are_relative_to_the_common_parent() {
    let dir = tree(&["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson.gz"]);
    assert_eq!(
        names(dir.path(), &["x/*/*"], &[]).unwrap(),
        ["one/p.ndjson", "two/p.ndjson", "two/q.ndjson"]
    );
    assert_eq!(names(dir.path(), &["x/two/*"], &[]).unwrap(), ["p.ndjson", "q.ndjson"]);
}

#[test]
fn same_names_across_inputs_are_told_apart() {
    let dir = tree(&["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson"]);
    assert_eq!(
        names(dir.path(), &["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson"], &[]).unwrap(),
        ["one/p.ndjson", "two/p.ndjson", "q.ndjson"]
    );
    assert_eq!(
        names(dir.path(), &["x/one", "x/two"], &[]).unwrap(),
        ["one/p.ndjson", "two/p.ndjson", "q.ndjson"]
    );
    let dir = tree(&["p.ndjson", "p.ndjson.gz"]);
    assert_eq!(names(dir.path(), &["."], &[]).unwrap(), ["p.ndjson", "p.ndjson.gz"]);
}

#[test]
fn glob_skips_what_a_folder_would_skip() {
    let dir = tree(&[
        "x/rejects/p.ndjson",
        "x/a.partial-3/p.ndjson",
        "x/.h/p.ndjson",
        "x/ok/p.ndjson",
        "x/out/p.ndjson",
    ]);
    assert_eq!(names(dir.path(), &["x/**/*.ndjson"], &["x/out"]).unwrap(), ["p.ndjson"]);
    assert_eq!(names(dir.path(), &["x/rejects/*"], &[]).unwrap(), ["p.ndjson"]);
}

//! The recipe of every week: what changed is fetched, and its claims are joined to the people of the exports before.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use crate::common::records::{carrier, coverage, lines, mbi, patient};
use crate::common::{self, Ran, Work};
use sandbox::{Data, Options, Running, Sandbox};
use serde_json::{Value, json};

const SERVER: &str = "http://127.0.0.1:9/api/v1";

/// Writes a finished export by hand: its transactionTime, where it began, and its records by type.
fn export(
    work: &Work,
    folder: &str,
    endpoint: &str,
    (time, since): (&str, Option<&str>),
    records: &[(&str, &[Value])],
) {
    let mut files = Vec::new();
    for (name, records) in records {
        let file = format!("{name}-0001.ndjson");
        let text = common::joined(lines(records));
        files.push(json!({
            "name": file, "type": name, "item_type": "output", "state": "complete",
            "bytes": text.len(), "content_bytes": text.len(), "records": records.len(),
            "blake3": blake3::hash(&text).to_hex().to_string(),
        }));
        work.write(&format!("{folder}/{file}"), text);
    }
    let query = since.map(|since| format!("?_since={}", since.replace(':', "%3A")));
    let journal = json!({
        "transactionTime": time,
        "request": format!("{endpoint}/$export{}", query.unwrap_or_default()),
        "output": [], "error": [], "files": files,
        "export": {
            "tool": "by hand", "baseUrl": SERVER, "jobUrl": format!("{SERVER}/jobs/1"),
            "since": since, "sinceLast": since.is_some(), "started": time, "completed": time,
        },
    });
    work.write(&format!("{folder}/bcda-export.json"), journal.to_string());
}

fn newer(mut record: Value, updated: &str) -> Value {
    record["meta"]["lastUpdated"] = updated.into();
    record
}

/// Three weeks: everything; a person with a new MBI, another who is new; claims only.
fn three_weeks(work: &Work) {
    let all = format!("{SERVER}/Group/all");
    let (first, second, third) =
        ("2024-03-01T06:00:00Z", "2024-03-08T06:00:00Z", "2024-03-15T06:00:00Z");
    let people = [patient("-1", "1AA1AA1AA11"), patient("-2", "2AA2AA2AA22")];
    let coverages = [coverage("-1", "A"), coverage("-2", "A")];
    export(
        work,
        "exports/first",
        &all,
        (first, None),
        &[
            ("ExplanationOfBenefit", &[carrier("1", "-1"), carrier("2", "-2")]),
            ("Patient", &people),
            ("Coverage", &coverages),
        ],
    );
    let mut changed = newer(patient("-1", "1BB1BB1BB11"), "2024-03-05T00:00:00Z");
    let identifiers = changed["identifier"].as_array_mut().unwrap();
    identifiers.push(mbi("1AA1AA1AA11", Some("historic")));
    let people = [changed, newer(patient("-3", "3AA3AA3AA33"), "2024-03-05T00:00:00Z")];
    // By its name it comes before the first.
    export(work, "exports/a-week", &all, (second, Some(first)), &[("Patient", &people)]);
    let claims = [carrier("3", "-1"), carrier("4", "-2"), carrier("5", "-3")];
    export(
        work,
        "exports/third",
        &all,
        (third, Some(second)),
        &[("ExplanationOfBenefit", &claims)],
    );

    // A link is no export of its own.
    std::os::unix::fs::symlink("first", work.path("exports/latest")).unwrap();
    // None of these is of the same data, or earlier, or finished.
    let other = |mbi: &str| [newer(patient("-2", mbi), "2024-03-14T00:00:00Z")];
    for (number, endpoint) in [
        format!("{SERVER}/Group/runout"),
        "http://127.0.0.1:9/api/v2/Group/all".to_owned(),
        "http://127.0.0.1:10/api/v1/Group/all".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let folder = format!("exports/other-{number}");
        export(work, &folder, endpoint, (first, None), &[("Patient", &other("9ZZ9ZZ9ZZ99"))]);
    }
    let later = ("2024-03-22T06:00:00Z", Some(third));
    export(work, "exports/later", &all, later, &[("Patient", &other("8ZZ8ZZ8ZZ88"))]);
    export(work, "exports/unfinished", &all, (first, None), &[("Patient", &other("7ZZ7ZZ7ZZ77"))]);
    let mut journal = work.read_json("exports/unfinished/bcda-export.json");
    journal["export"]["completed"] = Value::Null;
    work.write("exports/unfinished/bcda-export.json", journal.to_string());
}

/// Converts the third week, as its own command would have.
fn convert_third(work: &Work, more: &str) -> Ran {
    let words = "export --quiet --auth none --base-url http://127.0.0.1:9 --out exports/third --since last \
                 --convert tables";
    work.bcda(&format!("{words} {more}"))
}

/// The rows of a table of Parquet files, as CSV.
fn people_of(work: &Work, table: &str) -> Vec<String> {
    let words = "exports/third --patients exports/first --patients exports/a-week --out - --format csv --quiet";
    let ran = work.bcda(&format!("convert {words} --tables {table}")).exits(0);
    ran.text().lines().map(str::to_owned).collect()
}

/// MBI, FILE_NAME and FILE_DATE of the rows of CCLF5, CCLF8 and CCLF9.
fn mbis(work: &Work, tables: &str) -> [Vec<[String; 3]>; 3] {
    [("cclf5", "BENE_MBI_ID"), ("cclf8", "BENE_MBI_ID"), ("cclf9", "PRVS_NUM")].map(
        |(table, mbi)| {
            let columns = [mbi, "FILE_NAME", "FILE_DATE"];
            let rows = work.csv(&format!("{tables}/{table}.csv"));
            rows.select(columns).into_iter().map(|row| row.map(str::to_owned)).collect()
        },
    )
}

#[test]
fn claims_of_a_week_have_the_people_of_the_weeks_before() {
    let work = Work::new();
    three_weeks(&work);
    convert_third(&work, "").exits(0);
    let manifest = work.read_json("tables/tables-manifest.json");
    assert_eq!(manifest["beneficiaries"], 3);
    assert_eq!(manifest["claims_without_patient"], 0);
    assert_eq!(manifest["superseded_patients"], 1);
    let rows = |table: &str| {
        let tables = manifest["tables"].as_array().unwrap();
        tables.iter().find(|one| one["table"] == table).unwrap()["rows"].as_u64().unwrap()
    };
    assert_eq!(["CCLF5", "CCLF8", "CCLF9"].map(rows), [3, 3, 1]);

    // The same people by hand, in CSV: each row says which file its person is from.
    let words = "exports/third --patients exports/first --patients exports/a-week";
    work.bcda(&format!("convert {words} --out by-hand --format csv --quiet")).exits(0);
    let [claims, people, historic] = mbis(&work, "by-hand");
    let of = |mbi: &str, file: &str, date: &str| [mbi, file, date].map(str::to_owned);
    let third = "ExplanationOfBenefit-0001.ndjson";
    let (first_file, second_file) = ("first/Patient-0001.ndjson", "a-week/Patient-0001.ndjson");
    assert_eq!(
        claims,
        ["1BB1BB1BB11", "2AA2AA2AA22", "3AA3AA3AA33"].map(|mbi| of(mbi, third, "2024-03-15"))
    );
    let mut people = people;
    people.sort();
    assert_eq!(
        people,
        [
            of("1BB1BB1BB11", second_file, "2024-03-08"),
            of("2AA2AA2AA22", first_file, "2024-03-01"),
            of("3AA3AA3AA33", second_file, "2024-03-08"),
        ]
    );
    assert_eq!(historic, [of("1AA1AA1AA11", second_file, "2024-03-08")]);
    assert_eq!(people_of(&work, "cclf8").len(), 4);
}

#[test]
fn the_same_command_again_has_nothing_to_do() {
    let work = Work::new();
    three_weeks(&work);
    convert_third(&work, "").exits(0);
    let before = work.snapshot(".").unwrap();
    let words = "export --auth none --base-url http://127.0.0.1:9 --out exports/third --since last";
    for more in ["", "--convert tables"] {
        let ran = work.bcda(&format!("{words} {more}")).exits(0);
        assert!(ran.stderr.contains("nothing to do"), "{}", ran.stderr);
    }
    let mut after = work.snapshot(".").unwrap();
    // The journal is written again, in our own words.
    after.insert(
        "exports/third/bcda-export.json".into(),
        before["exports/third/bcda-export.json"].clone(),
    );
    assert!(after == before);
    // Something else is not done over it.
    for more in ["--type Patient", "--restart", "--convert exports-of-old"] {
        work.write("exports-of-old/mine.txt", "mine");
        let ran = work.bcda(&format!("{words} {more}")).exits(2);
        assert!(ran.stderr.contains("choose another folder"), "{more}: {}", ran.stderr);
    }
    // Tables of another export are not taken for these.
    work.bcda("convert exports/first --out other --quiet").exits(0);
    work.bcda(&format!("{words} --convert other")).exits(2);
    // Nor are such without the people.
    work.bcda("convert exports/third --out alone --quiet").exits(0);
    work.bcda(&format!("{words} --convert alone")).exits(2);
}

#[test]
fn tables_of_other_people_are_not_taken_for_those_that_are_asked_for() {
    let work = Work::new();
    three_weeks(&work);
    for (folder, mbi) in [("people", "6AA6AA6AA66"), ("others", "7AA7AA7AA77")] {
        let name = format!("{folder}/of-mine.ndjson");
        work.write_lines(&name, lines(&[patient("-6", mbi)]));
        // Of one size, they are told apart by when they were written.
        let written = SystemTime::now() - Duration::from_secs(mbi.bytes().map(u64::from).sum());
        fs::File::open(work.path(&name)).unwrap().set_modified(written).unwrap();
    }
    convert_third(&work, "").exits(0);
    let before = work.snapshot("tables").unwrap();
    // None of them, then one in place of another; never what was made of them.
    for (made_with, asked_for) in [("", "people"), ("people", "others")] {
        if !made_with.is_empty() {
            fs::remove_dir_all(work.path("tables")).unwrap();
            convert_third(&work, &format!("--patients {made_with}")).exits(0);
            convert_third(&work, &format!("--patients {made_with}")).exits(0);
        }
        let before = work.snapshot("tables").unwrap();
        let ran = convert_third(&work, &format!("--patients {asked_for}")).exits(2);
        for said in
            ["choose another folder for the tables", "bcda convert exports/third --out tables"]
        {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
        assert!(work.snapshot("tables").unwrap() == before);
    }
    // A folder has claims too, and may hold the export itself.
    fs::remove_dir_all(work.path("tables")).unwrap();
    for _ in 0..2 {
        convert_third(&work, "--patients exports --patients people/*.ndjson").exits(0);
    }
    // A file of people that was gone is back: the tables lack it, and what can be done is said.
    let gone = work.path("exports/first/Patient-0001.ndjson");
    fs::rename(&gone, work.path("elsewhere.ndjson")).unwrap();
    fs::remove_dir_all(work.path("tables")).unwrap();
    convert_third(&work, "").exits(0);
    convert_third(&work, "").exits(0);
    fs::rename(work.path("elsewhere.ndjson"), &gone).unwrap();
    let ran = convert_third(&work, "").exits(2);
    assert!(ran.stderr.contains("choose another folder for the tables"), "{}", ran.stderr);
    let words =
        "export --quiet --auth none --base-url http://127.0.0.1:9 --out exports/third --since last";
    work.bcda(&format!("{words} --convert again")).exits(0);
    assert!(work.snapshot("again").unwrap().keys().eq(before.keys()));
}

#[test]
fn tables_without_rejected_records_are_told_again() {
    let work = Work::new();
    three_weeks(&work);
    let claims = [carrier("3", "-1"), json!({"resourceType": "ExplanationOfBenefit", "id": 7})];
    let all = format!("{SERVER}/Group/all");
    let time = ("2024-03-15T06:00:00Z", Some("2024-03-08T06:00:00Z"));
    export(&work, "exports/third", &all, time, &[("ExplanationOfBenefit", &claims)]);
    convert_third(&work, "").exits(3);
    let words = "export --auth none --base-url http://127.0.0.1:9 --out exports/third --since last";
    for _ in 0..2 {
        let ran = work.bcda(&format!("{words} --convert tables")).exits(3);
        assert!(ran.stderr.contains("without 1 rejected record"), "{}", ran.stderr);
    }
}

#[test]
fn people_can_be_named_and_what_is_gone_is_told() {
    let work = Work::new();
    three_weeks(&work);
    fs::remove_file(work.path("exports/first/Patient-0001.ndjson")).unwrap();
    let words = "export --auth none --base-url http://127.0.0.1:9 --out exports/third --since last --convert tables";
    let ran = work.bcda(words).exits(0);
    assert!(ran.stderr.contains("1 of the files of people"), "{}", ran.stderr);
    assert_eq!(work.read_json("tables/tables-manifest.json")["claims_without_patient"], 1);
    fs::remove_dir_all(work.path("tables")).unwrap();

    work.write_lines(
        "people/of-mine.ndjson",
        lines(&[patient("-2", "2AA2AA2AA22"), carrier("9", "-2")]),
    );
    convert_third(&work, "--patients people").exits(0);
    let manifest = work.read_json("tables/tables-manifest.json");
    assert_eq!(
        (&manifest["claims_without_patient"], &manifest["beneficiaries"]),
        (&json!(0), &json!(3))
    );
    for (more, said) in [
        ("--patients no-such --convert new", "no-such"),
        ("--patients new/x --convert new", "lie in one another"),
        ("--patients people", "--convert"),
    ] {
        let ran = work.bcda(&format!(
            "export --auth none --base-url http://127.0.0.1:9 --out exports/third {more}"
        ));
        assert!(ran.exits(2).stderr.contains(said));
    }
}

#[test]
fn people_may_be_folders_beside_folders_and_no_file_is_read_twice() {
    let work = Work::new();
    three_weeks(&work);
    for name in ["later", "unfinished", "other-0", "other-1", "other-2"] {
        fs::remove_dir_all(work.path(&format!("exports/{name}"))).unwrap();
    }
    work.bcda("convert exports/third --patients exports --out tables --format csv --quiet")
        .exits(0);
    let manifest = work.read_json("tables/tables-manifest.json");
    let [read, with_rows, joined, ..] = common::counts(&manifest);
    // Claims of the folders of people are nobody's.
    assert_eq!((read, with_rows, joined), (9, 3, 6));
    let names: Vec<&str> = manifest["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "ExplanationOfBenefit-0001.ndjson").count(), 1);
}

fn serve(work: &Work) -> Running {
    Sandbox::start(Options::new(Data::Folder(work.path("data")))).unwrap()
}

#[test]
fn the_recipe_of_the_guide_gives_every_claim_its_person() {
    let work = Work::new();
    work.synth("data", "--beneficiaries 4 --seed 3 --claims 9");
    // Without it each job has its own transactionTime.
    fs::remove_file(work.path("data/bcda-export.json")).unwrap();
    let running = serve(&work);
    let known = sandbox::Credentials::published();
    work.write(
        "credentials",
        format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
    );
    fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();

    let page = include_str!("../../docs/guide/export.md");
    let recipe: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("    bcda export ") || line.starts_with("    mkdir "))
        .collect();
    assert_eq!(recipe.len(), 3, "{recipe:?}");
    let run = |line: &str, date: &str| -> Ran {
        let line = line
            .trim()
            .replace("https://sandbox.bcda.cms.gov", running.url().trim_end_matches('/'));
        let line = line.replace("~/.bcda", "credentials").replace("$(date +%F)", date);
        assert!(!line.contains(['$', '~']), "{line}");
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let mut command = work.command(&words);
        command.env("XDG_CACHE_HOME", work.path("cache")).output().unwrap().into()
    };
    for folder in recipe[0].split_whitespace().skip(2) {
        fs::create_dir(work.path(folder)).unwrap();
    }
    run(recipe[1], "2024-03-01").exits(0);
    assert_eq!(
        work.read_json("tables/2024-03-01/tables-manifest.json")["claims_without_patient"],
        0
    );

    // A week without changes.
    let ran = run(recipe[2], "2024-03-08").exits(0);
    assert!(
        ran.stderr.contains("nothing changed") && !work.exists("tables/2024-03-08"),
        "{}",
        ran.stderr
    );

    // A week in which only claims changed.
    let mut claims = 0;
    for (name, text) in work.data_files("data") {
        let text = String::from_utf8(text).unwrap();
        let changed = text.lines().map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let is_claim = record["resourceType"] == "ExplanationOfBenefit";
            claims += u64::from(is_claim);
            if is_claim { newer(record, "2100-01-01T00:00:00Z") } else { record }.to_string()
        });
        work.write_lines(&format!("data/{name}"), changed.collect::<Vec<_>>());
    }
    let ran = run(recipe[2], "2024-03-15").exits(0);
    assert!(ran.stderr.contains("no file of Patient: nothing of it changed"), "{}", ran.stderr);
    let manifest = work.read_json("tables/2024-03-15/tables-manifest.json");
    assert_eq!(
        manifest["records"]["with_rows"].as_u64().unwrap()
            + manifest["records"]["without_rows"].as_u64().unwrap(),
        claims
    );
    assert_eq!(
        (&manifest["beneficiaries"], &manifest["claims_without_patient"]),
        (&json!(4), &json!(0))
    );
    let again = run(recipe[2], "2024-03-15").exits(0);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

/// The lines of an export's files, sorted; those of deletions as they are meant, not as they are written.
fn told(work: &Work, folder: &str) -> (Vec<Vec<u8>>, Vec<Value>) {
    let (mut records, mut deleted): (Vec<Vec<u8>>, Vec<Value>) = (Vec::new(), Vec::new());
    for (name, text) in work.data_files(folder) {
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            if name.starts_with("deleted/") {
                deleted.push(serde_json::from_slice(line).unwrap());
            } else {
                records.push(line.to_vec());
            }
        }
    }
    records.sort();
    deleted.sort_by_key(Value::to_string);
    (records, deleted)
}

#[test]
fn three_weeks_that_are_served_are_those_that_synth_makes() {
    let known = sandbox::Credentials::published();
    for api in ["v1", "v3"] {
        let data = Data::Synthetic { beneficiaries: 5, seed: 3, weeks: Some(3) };
        let mut options = Options::new(data);
        // The lines are compared as they come.
        options.faults = vec!["no-gzip".parse().unwrap()];
        let running = Sandbox::start(options).unwrap();
        let work = Work::new();
        work.write(
            "credentials",
            format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
        );
        fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();
        let (made, wanted) = match api {
            "v3" => ("--partially-adjudicated 0.1", "--partially-adjudicated"),
            _ => ("", ""),
        };
        let series = "synth --beneficiaries 5 --seed 3 --weeks 3 --quiet --out";
        work.bcda(&format!("{series} weeks --api {api} {made}")).exits(0);
        let export = |folder: &str, since: &str| {
            work.bcda(&format!(
                "export --base-url {} --credentials credentials --no-token-cache --api {api} {wanted} {since} \
                 --out exports/{folder} --convert tables/{folder}",
                running.url()
            ))
        };
        fs::create_dir(work.path("exports")).unwrap();
        fs::create_dir(work.path("tables")).unwrap();
        export("1", "").exits(0);
        export("2", "--since last").exits(0);
        let ran = export("3", "--since last").exits(0);
        assert!(ran.stderr.contains("deleted"), "{}", ran.stderr);
        let mut deletions = 0;
        for week in ["1", "2", "3"] {
            let (here, there) = (
                told(&work, &format!("exports/{week}")),
                told(&work, &format!("weeks/week-0{week}")),
            );
            assert!(here == there, "{api} {week}");
            deletions += here.1.len();
            let made = work.read_json(&format!("weeks/week-0{week}/bcda-export.json"));
            let journal = work.read_json(&format!("exports/{week}/bcda-export.json"));
            assert_eq!(journal["transactionTime"], made["transactionTime"]);
            // Who has not changed is in an earlier export.
            let manifest = work.read_json(&format!("tables/{week}/tables-manifest.json"));
            assert_eq!(
                manifest["claims_without_patient"],
                made["synthetic"]["claims_without_patient"]
            );
        }
        assert!(deletions > 0, "{api}");
        // There is no fourth.
        let ran = export("4", "--since last").exits(0);
        assert!(ran.stderr.contains("nothing changed"), "{}", ran.stderr);
    }
}

#[test]
fn a_series_appears_whole_and_no_folder_has_weeks_of_two() {
    let work = Work::new();
    let series =
        |words: &str| work.bcda(&format!("synth --beneficiaries 2 --claims 2 --quiet {words}"));
    series("--weeks 12 --out made").exits(0);
    let folders = || -> Vec<String> {
        let entries = work.snapshot("made").unwrap().into_keys();
        entries.filter(|name| name.matches('/').count() == 1 && name.ends_with('/')).collect()
    };
    assert_eq!((folders().len(), &*folders()[0]), (12, "week-01/"));
    // A shorter one leaves nothing of the longer, whatever the folders are called.
    series("--weeks 100 --seed 2 --out made --overwrite").exits(0);
    assert_eq!(folders().len(), 100);
    series("--weeks 3 --seed 3 --out made --overwrite").exits(0);
    assert_eq!(folders(), ["week-01/", "week-02/", "week-03/"]);
    let before = work.snapshot("made").unwrap();
    // What is not ours keeps it from being replaced, wherever it stands; and so does what is no series.
    series("--weeks 3 --out made").exits(2);
    work.write("made/week-02/mine.txt", "mine");
    series("--weeks 3 --out made --overwrite").exits(2);
    fs::remove_file(work.path("made/week-02/mine.txt")).unwrap();
    series("--out made --overwrite").exits(2);
    assert!(work.snapshot("made").unwrap() == before);
    series("--out single").exits(0);
    series("--weeks 2 --out single --overwrite").exits(2);
}

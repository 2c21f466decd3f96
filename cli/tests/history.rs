//! `bcda history`: the versions of a claim, side by side.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::exports::{FIRST, SECOND, THIRD, updated};
use crate::common::records::{carrier, carrier_of, claim_with_items, lines, patient};
use crate::common::{Csv, Ran, Work, joined};
use serde_json::{Value, json};
use synth::Api;

/// What was shown: the words at the head of each version's column, and the rows below.
struct Shown {
    title: String,
    heads: Vec<String>,
    /// Table, line, column, then the cell of each version.
    rows: Vec<Vec<String>>,
    end: String,
}

impl Shown {
    #[track_caller]
    fn of(ran: &Ran) -> Self {
        let text = ran.text();
        let (title, rest) = text.split_once('\n').unwrap();
        let mut shown = Self {
            title: title.to_owned(),
            heads: Vec::new(),
            rows: Vec::new(),
            end: String::new(),
        };
        let mut in_head = true;
        for line in rest.lines() {
            in_head &= !line.starts_with('╞');
            let Some(cells) = line.strip_prefix('│') else {
                if !line.starts_with(['┌', '╞', '└']) {
                    shown.end += line;
                }
                continue;
            };
            let cells = cells.trim_end_matches('│').split('┆');
            let cells: Vec<String> = cells.map(|cell| cell.trim().to_owned()).collect();
            if in_head {
                shown.heads.resize(cells.len() - 3, String::new());
                for (head, cell) in shown.heads.iter_mut().zip(&cells[3..]) {
                    head.push_str(cell);
                    head.push('\n');
                }
            } else {
                shown.rows.push(cells);
            }
        }
        shown
    }

    /// The cells of a column in a line of a table.
    #[track_caller]
    fn cells(&self, table: &str, line: &str, column: &str) -> Vec<&str> {
        let is_it = |row: &&Vec<String>| row[..3] == [table, line, column];
        let found: Vec<_> = self.rows.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{table} {line} {column}: {:?}", self.rows);
        found[0][3..].iter().map(String::as_str).collect()
    }
}

/// An export of one file at a time, with its manifest.
fn export(work: &Work, folder: &str, time: &str, records: &[impl AsRef<[u8]>]) {
    work.write(&format!("{folder}/claims.ndjson"), joined(records));
    let manifest = json!({"transactionTime": time, "output": []});
    work.write(&format!("{folder}/bcda-export.json"), manifest.to_string());
}

fn text(record: &Value) -> String {
    lines(std::slice::from_ref(record)).remove(0)
}

/// The history of a claim by its id, which goes to standard input.
fn by_id(work: &Work, id: &str, words: &str) -> Ran {
    work.feed(&format!("history --id - {words}"), [id.as_bytes()])
}

/// Where a line of a series of exports stands, and what it is.
#[derive(Clone)]
struct Place {
    at: String,
    line: String,
    record: Value,
}

/// The claims of a series by their ids, the lines of each in the order of the weeks.
fn claims(work: &Work, series: &str) -> BTreeMap<String, Vec<Place>> {
    let mut claims: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (name, bytes) in work.data_files(series) {
        if name.contains("deleted") {
            continue;
        }
        for (number, line) in (1..).zip(std::str::from_utf8(&bytes).unwrap().lines()) {
            let record: Value = serde_json::from_str(line).unwrap();
            if record["resourceType"] == "ExplanationOfBenefit" {
                let id = record["id"].as_str().unwrap().to_owned();
                let at = format!("{series}/{name}:{number}");
                claims.entry(id).or_default().push(Place { at, line: line.to_owned(), record });
            }
        }
    }
    claims
}

/// Rows by table and key, each with its values by column.
type Rows = BTreeMap<(String, String), BTreeMap<String, String>>;

/// The rows of a line as `convert` makes them.
fn converted(work: &Work, line: &str) -> Rows {
    work.write_lines("one.ndjson", [line]);
    let words = "convert one.ndjson --out one --overwrite --format csv --quiet";
    work.bcda(&format!("{words} --tables cclf1,cclf2,cclf3,cclf4,cclf5,cclf6,cclf7")).exits(0);
    let mut rows = Rows::new();
    for table in ["cclf1", "cclf2", "cclf3", "cclf4", "cclf5", "cclf6", "cclf7"] {
        let Csv { header, rows: own } = work.csv(&format!("one/{table}.csv"));
        for row in own {
            let row: BTreeMap<String, String> = header.iter().cloned().zip(row).collect();
            assert_eq!(row["BENE_MBI_ID"], "");
            let keys = ["CLM_PROD_TYPE_CD", "CLM_LINE_NUM", "CLM_VAL_SQNC_NUM"];
            let key: Vec<&str> =
                keys.iter().filter_map(|key| Some(row.get(*key)?.as_str())).collect();
            rows.insert((table.to_uppercase(), key.join(" ")), row);
        }
    }
    rows
}

/// Table, key and column of all that differs by the tables of convert, but for what the heads of versions tell.
fn different(versions: &[Rows]) -> BTreeSet<(String, String, String)> {
    let mut different = BTreeSet::new();
    for (table, key) in versions.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>() {
        let rows: Vec<_> =
            versions.iter().map(|rows| rows.get(&(table.clone(), key.clone()))).collect();
        let mut differs =
            |column: &str| different.insert((table.clone(), key.clone(), column.to_owned()));
        if rows.contains(&None) {
            differs("(the whole row)");
        }
        let there: Vec<_> = rows.into_iter().flatten().collect();
        for (column, value) in there[0] {
            let is_of_head =
                ["FILE_NAME", "FILE_DATE", "BCDA_EOB_ID", "BCDA_LAST_UPDATED"].contains(&&**column);
            if !is_of_head && there.iter().any(|row| row[column] != *value) {
                differs(column);
            }
        }
    }
    different
}

#[test]
fn versions_stand_side_by_side_and_what_differs_is_what_convert_makes_of_them() {
    for api in ["v1", "v2", "v3"] {
        let work = Work::new();
        work.synth(
            "weeks",
            &format!("--weeks 5 --beneficiaries 3 --claims 8 --seed 5 --api {api}"),
        );
        let claims = claims(&work, "weeks");
        let changed = claims.values().filter(|lines| {
            lines.len() > 1
                && lines.iter().map(|own| &own.line).collect::<BTreeSet<_>>().len() == lines.len()
        });
        let changed: Vec<_> = changed.take(2).collect();
        assert!(!changed.is_empty(), "{api}");
        let mut differences = 0;
        for versions in changed {
            let ran = work.bcda(&format!("history {} weeks", versions[0].at)).exits(0);
            assert_eq!(ran.stderr, "");
            let shown = Shown::of(&ran);
            let id = versions[0].record["id"].as_str().unwrap();
            assert!(shown.title.contains(id), "{}", shown.title);
            let tables: Vec<_> = versions.iter().map(|own| converted(&work, &own.line)).collect();
            for (number, (version, rows)) in (1..).zip(versions.iter().zip(&tables)) {
                let head = &shown.heads[number - 1];
                let last = if number == versions.len() { ", current" } else { "" };
                assert!(head.starts_with(&format!("version {number}{last}\n")), "{head}");
                let updated = &rows.values().next().unwrap()["BCDA_LAST_UPDATED"];
                for said in [&version.at, &updated[..19]] {
                    assert!(head.contains(said), "{said}: {head}");
                }
            }
            let mut expected = different(&tables);
            differences += expected.len();
            for row in &shown.rows {
                let cells = &row[3..3 + versions.len()];
                for (cell, ((table, key), own)) in cells
                    .iter()
                    .zip(&tables)
                    .flat_map(|(cell, rows)| rows.iter().map(move |row| (cell, row)))
                {
                    if ["every", table].contains(&&*row[0]) && ["every", key].contains(&&*row[1]) {
                        expected.remove(&(table.clone(), key.clone(), row[2].clone()));
                        assert!(own.get(&row[2]).is_none_or(|value| value == cell), "{row:?}");
                    }
                }
            }
            assert_eq!(expected, BTreeSet::new(), "{api}: {}", ran.text());
        }
        assert!(differences > 0, "{api}");
    }
}

#[test]
fn a_claim_that_takes_the_place_of_another_has_a_column_of_its_own() {
    let work = Work::new();
    work.synth("weeks", "--weeks 12 --beneficiaries 6 --claims 12 --seed 5");
    let claims = claims(&work, "weeks");
    let group = |place: &Place| -> String {
        let identifiers = place.record["identifier"].as_array().unwrap();
        let own =
            identifiers.iter().find(|own| own["system"].as_str().unwrap().ends_with("claim-group"));
        own.unwrap()["value"].as_str().unwrap().to_owned()
    };
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, lines) in &claims {
        groups.entry(group(&lines[0])).or_default().push(id);
    }
    let pair = groups.values().find(|ids| ids.len() == 2).expect("a claim was replaced");
    for (own, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
        let shown = Shown::of(&by_id(&work, own, "weeks").exits(0));
        let (last, versions) = shown.heads.split_last().unwrap();
        assert!(last.starts_with(&format!("other claim 1\n{other}\n")), "{last}");
        let newest = claims[other].last().unwrap();
        assert!(last.contains(&newest.at), "{last}");
        let status = newest.record["status"].as_str().unwrap();
        let is_final = if status == "active" { "final" } else { "not final" };
        assert!(last.contains(&format!("\n{status}, {is_final}\n")), "{last}");
        assert!(versions.last().unwrap().contains(", current"));
        assert!(shown.title.contains(&format!("claim {own}, claim group {}", group(newest))));
        // By a line of it the same comes.
        let by_line = work.bcda(&format!("history {} weeks", claims[own][0].at)).exits(0);
        assert_eq!(by_line.text(), by_id(&work, own, "weeks").text());
    }
}

#[test]
fn equal_lines_are_one_version_of_the_earliest_export() {
    let work = Work::new();
    let line = text(&carrier("41", "1"));
    export(&work, "b", FIRST, &[&line]);
    export(&work, "a", SECOND, &[&text(&carrier("40", "1")), &line]);
    export(&work, "c", THIRD, &[&line, &line]);
    for words in ["a/claims.ndjson:2 a b c", "c/claims.ndjson:1 c b a", "b/claims.ndjson:1 ."] {
        let ran = work.bcda(&format!("history {words}")).exits(0);
        let shown = Shown::of(&ran);
        assert_eq!(shown.heads.len(), 1, "{words}: {}", ran.text());
        let head = &shown.heads[0];
        for said in [
            "version 1, current\n",
            "b/claims.ndjson:1\n",
            &format!("export {FIRST}\n"),
            "came 4 times",
        ] {
            assert!(head.contains(said), "{words}: {head}");
        }
        assert!(shown.rows.is_empty() && shown.end.contains("--all"), "{}", ran.text());
    }
    // What stands in no table changes no column.
    let mut other = carrier("41", "1");
    other["zzz"] = json!(1);
    export(&work, "d", THIRD, &[text(&other)]);
    let shown = Shown::of(&work.bcda("history b/claims.ndjson:1 b d").exits(0));
    assert_eq!((shown.heads.len(), shown.rows.len()), (2, 0));
    assert!(shown.end.starts_with("No column of the tables differs"), "{}", shown.end);
    // All columns are there when they are asked for.
    let shown = Shown::of(&work.bcda("history b/claims.ndjson:1 b d --all").exits(0));
    assert_eq!(shown.cells("CCLF5", "1", "CLM_LINE_CVRD_PD_AMT"), ["12.50", "12.50"]);
    assert_eq!(shown.cells("CCLF5", "1", "CLM_LINE_NUM"), ["1", "1"]);
    assert!(shown.rows.iter().all(|row| row[2] != "BENE_MBI_ID" && row[2] != "FILE_NAME"));
}

#[test]
fn the_current_version_is_the_same_in_whatever_order_files_come() {
    let work = Work::new();
    let (early, late) = ("2024-02-01T00:00:00Z", "2024-02-02T00:00:00Z");
    let paid = |amount: &str, time: &str| {
        let record = updated(claim_with_items("CARRIER", "41", "1", 2), time);
        text(&record).replace("12.5", amount)
    };
    // lastUpdated counts first, whatever the export.
    export(&work, "a", THIRD, &[paid("1.25", early)]);
    export(&work, "b", FIRST, &[paid("2.25", late)]);
    // Then the time of the export.
    export(&work, "c", SECOND, &[paid("3.25", late)]);
    for words in ["a b c", "c b a", "."] {
        let shown = Shown::of(&work.bcda(&format!("history a/claims.ndjson:1 {words}")).exits(0));
        assert_eq!(shown.cells("CCLF5", "every", "CLM_LINE_CVRD_PD_AMT"), ["1.25", "2.25", "3.25"]);
        assert_eq!(shown.rows.len(), 1);
    }
    // Then the hash of the line.
    let pair = [paid("4.25", late), paid("5.25", late)];
    export(&work, "d", THIRD, &pair);
    let mut by_hash: Vec<_> =
        pair.iter().map(|line| (*blake3::hash(line.as_bytes()).as_bytes(), line)).collect();
    by_hash.sort_unstable();
    let expected = if by_hash[1].1.contains("4.25") { ["5.25", "4.25"] } else { ["4.25", "5.25"] };
    let shown = Shown::of(&work.bcda("history a/claims.ndjson:1 d").exits(0));
    assert_eq!(shown.cells("CCLF5", "every", "CLM_LINE_CVRD_PD_AMT"), expected);
    // Without a manifest the date of the file tells.
    work.write_lines("plain/claims.ndjson", [paid("6.25", early)]);
    let shown = Shown::of(&work.bcda("history a/claims.ndjson:1 plain").exits(0));
    assert!(shown.heads[0].contains("\nfile of 20"), "{}", shown.heads[0]);
}

#[test]
fn rows_that_some_versions_lack_are_told() {
    let work = Work::new();
    export(&work, "a", FIRST, &[text(&claim_with_items("CARRIER", "41", "1", 3))]);
    let fewer = updated(claim_with_items("CARRIER", "41", "1", 2), "2024-03-02T00:00:00Z");
    work.write("b/claims.ndjson.zst", zstd::encode_all(&joined([text(&fewer)])[..], 1).unwrap());
    let ran = work.bcda("history claims.ndjson:1 --in b a b").exits(0);
    let shown = Shown::of(&ran);
    assert_eq!(shown.cells("CCLF5", "3", "(the whole row)"), ["a row", "no row"]);
    assert_eq!(shown.rows.len(), 1, "{}", ran.text());
    assert!(shown.heads[1].contains("b/claims.ndjson.zst:1\n"), "{}", shown.heads[1]);
    let shown = Shown::of(&work.bcda("history claims.ndjson:1 --in b a b --all").exits(0));
    assert_eq!(shown.cells("CCLF5", "3", "CLM_LINE_NUM"), ["3", "no row"]);
}

#[test]
fn an_id_comes_on_standard_input_and_is_never_an_argument() {
    let work = Work::new();
    let first = carrier("41", "1");
    let second = updated(carrier("41", "1"), "2024-03-02T00:00:00Z");
    // An id may be written otherwise; others begin like it.
    let escaped = text(&second).replace("\"carrier-41\"", "\"\\u0063arrier\\u002d41\"");
    export(&work, "a", FIRST, &[text(&first), text(&carrier("411", "1")), escaped]);
    let by_line = work.bcda("history a/claims.ndjson:1 a").exits(0);
    assert_eq!(Shown::of(&by_line).heads.len(), 2, "{}", by_line.text());
    for id in ["carrier-41", "carrier-41\n", " ExplanationOfBenefit/carrier-41 \r\n"] {
        assert_eq!(by_id(&work, id, "a").exits(0).text(), by_line.text(), "{id:?}");
    }
    for (id, words, code) in [
        ("carrier-42", "a", 2),
        ("carrier-4", "a", 2),
        ("", "a", 2),
        ("carrier-41 carrier-42", "a", 2),
        ("ExplanationOfBenefit/", "a", 2),
        ("carrier-41", "", 2),
        ("carrier-41", "missing", 2),
        ("carrier-41", "-", 2),
    ] {
        let ran = by_id(&work, id, words).exits(code);
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{id}: {}", ran.stderr);
        assert!(!ran.stderr.contains("carrier"), "{}", ran.stderr);
    }
    for words in ["--id carrier-41 a", "--id=carrier-41 a"] {
        let ran = work.bcda(&format!("history {words}")).exits(2);
        assert!(
            ran.stderr.contains("standard input") && !ran.stderr.contains("carrier"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn what_is_no_claim_is_refused() {
    let work = Work::new();
    let others = json!({"resourceType": "Observation", "id": "qzj-1"});
    let without_id = text(&carrier("41", "1")).replace("\"id\"", "\"di\"");
    let mut records = lines(&[patient("qzj-2", "1S00A00AA00"), others]);
    records.extend([without_id, "{\"qzj\": ".to_owned(), text(&carrier("41", "qzj"))]);
    export(&work, "a", FIRST, &records);
    for (words, code, said) in [
        ("a/claims.ndjson:1 a", 2, "a Patient or a Coverage"),
        ("a/claims.ndjson:2 a", 2, "no claim"),
        ("a/claims.ndjson:3 a", 2, "no id"),
        ("a/claims.ndjson:4 a", 4, "bad"),
        ("a/claims.ndjson:9 a", 2, "no record at line 9"),
        ("a/claims.ndjson a", 2, "FILE:LINE"),
        ("a/claims.ndjson:5", 2, "no export is named"),
        ("a/claims.ndjson:5 nowhere", 2, "nowhere"),
        ("a/claims.ndjson:5 -", 2, "read once"),
        ("", 2, "FILE:LINE"),
    ] {
        let ran = work.bcda(&format!("history {words}")).exits(code);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(said), "{words}: {}", ran.stderr);
        assert!(!ran.stderr.contains("qzj"), "{words}: {}", ran.stderr);
    }
    // A claim that stands elsewhere.
    export(&work, "b", FIRST, &[text(&carrier("42", "1"))]);
    let ran = work.bcda("history a/claims.ndjson:5 b").exits(2);
    assert!(ran.stderr.contains("no record of the claim"), "{}", ran.stderr);
}

#[test]
fn bad_lines_are_counted_and_not_quoted() {
    let work = Work::new();
    let good = carrier("41", "1");
    let broken = text(&good).replace("\"status\":\"active\"", "\"status\":17");
    let cut = &text(&good)[..300];
    let (unrelated, beside) =
        ("{\"id\":", text(&carrier("411", "1")).replace("\"status\":\"active\"", "\"status\":17"));
    let long = format!("{}{}", text(&good), " ".repeat(9000));
    export(&work, "a", FIRST, &[&text(&good), &broken, cut, unrelated, &beside, &long]);
    let ran = work.bcda("history a/claims.ndjson:1 a --max-line-bytes 8000").exits(0);
    assert_eq!(Shown::of(&ran).heads.len(), 1);
    let notes: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(notes.len(), 2, "{}", ran.stderr);
    assert!(notes[0].starts_with("warning: 2 bad records name the claim"), "{}", ran.stderr);
    assert!(
        notes[1].starts_with("warning: 1 line is longer than --max-line-bytes"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("41"), "{}", ran.stderr);
    assert_eq!(work.bcda("history a/claims.ndjson:1 a --quiet").exits(0).stderr, "");
    export(&work, "b", FIRST, &[&broken]);
    let ran = work.bcda("history a/claims.ndjson:1 b").exits(4);
    assert!(ran.stdout.is_empty() && !ran.stderr.contains("41"), "{}", ran.stderr);
    // A text of a record does not reach the terminal as it is.
    let mut odd = carrier("41", "1");
    odd["status"] = json!("a\u{202e}b");
    export(&work, "c", FIRST, &[text(&odd)]);
    let ran = work.bcda("history c/claims.ndjson:1 c").exits(0);
    assert!(ran.text().contains("a\\u{202e}b, "), "{}", ran.text());
}

#[test]
fn threads_and_blocks_do_not_show() {
    let work = Work::new();
    work.synth("weeks", "--weeks 4 --beneficiaries 4 --claims 6 --seed 2 --gzip");
    work.synth("plain", "--weeks 4 --beneficiaries 4 --claims 6 --seed 2");
    let claims = claims(&work, "plain");
    let (id, _) = claims.iter().max_by_key(|(_, lines)| lines.len()).unwrap();
    let expected = by_id(&work, id, "plain --threads 1").exits(0);
    for more in ["--threads 3", "--threads 2 --block-bytes 3000", "--threads 4 --block-bytes 90000"]
    {
        assert_eq!(
            by_id(&work, id, &format!("plain {more}")).exits(0).stdout,
            expected.stdout,
            "{more}"
        );
    }
    let packed = by_id(&work, id, "weeks").exits(0);
    assert_eq!(Shown::of(&packed).rows, Shown::of(&expected).rows);
    assert_eq!(
        packed.text().replace(".gz:", ":").matches(':').count(),
        expected.text().matches(':').count()
    );
}

#[test]
fn versions_of_the_api_are_not_mixed() {
    let work = Work::new();
    let records = [Api::V1, Api::V2, Api::V3].map(|api| text(&carrier_of(api, "41", "1")));
    export(&work, "a", FIRST, &records);
    for (number, api) in [(1, "v1"), (2, "v2"), (3, "v3")] {
        let ran = work.bcda(&format!("history a/claims.ndjson:{number} a --all")).exits(0);
        let shown = Shown::of(&ran);
        assert_eq!(shown.heads.len(), 1, "{}", ran.text());
        assert!(shown.heads[0].contains(&format!("claims.ndjson:{number}\n")));
        assert_eq!(shown.cells("CCLF5", "1", "BCDA_API"), [api]);
        assert!(ran.stderr.starts_with("warning: 2 records with the claim's id"), "{}", ran.stderr);
    }
    // Without a record the first one that has the id says it.
    let shown = Shown::of(&by_id(&work, "carrier-41", "a --all").exits(0));
    assert_eq!(shown.cells("CCLF5", "1", "BCDA_API"), ["v1"]);
    // What v3 has not adjudicated to the end has a history, and gives convert no rows.
    work.synth("v3", "--api v3 --beneficiaries 3 --claims 6 --partially-adjudicated 1");
    let claims = claims(&work, "v3");
    let is_shared =
        |own: &&Place| own.line.contains("SharedSystem") && own.line.contains("EOB-TYPE");
    let shared = claims.values().flatten().find(is_shared);
    let shared = shared.expect("one is not adjudicated to the end");
    let shown = Shown::of(&work.bcda(&format!("history {} v3 --all", shared.at)).exits(0));
    assert!(shown.heads[0].contains("not final"), "{}", shown.heads[0]);
    assert!(shown.rows.iter().any(|row| row[2..] == ["BCDA_SYSTEM", "SharedSystem"]));
}

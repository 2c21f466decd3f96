//! Tables brought up to date: what comes out is what one conversion of all exports gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use synth::Api;

use crate::common::exports::{FIRST, SECOND, THIRD, delete, export, updated};
use crate::common::records::{
    carrier, carrier_of, coverage, coverage_of, hospice, lines, patient, patient_of,
};
use crate::common::{self, TABLES, Work};
use crate::read_back::{cells, parquet_file};

/// A cell; none is null.
pub(crate) type Cell = Option<String>;

/// The rows of each table but what tells of files, in the order of their text.
pub(crate) fn rows(work: &Work, tables: &str) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
    let of = |table| {
        let batch = parquet_file(work, &format!("{tables}/{table}.parquet"));
        let schema = batch.schema();
        let named = schema.fields().iter().zip(batch.columns());
        let of_rows =
            named.filter(|(field, _)| !["FILE_NAME", "FILE_DATE"].contains(&field.name().as_str()));
        let columns: Vec<Vec<Cell>> = of_rows.map(|(_, column)| cells(column)).collect();
        let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
        let mut rows: Vec<Vec<Cell>> = (0..batch.num_rows()).map(row).collect();
        rows.sort();
        rows
    };
    TABLES.into_iter().map(|table| (table, of(table))).collect()
}

/// The cells of some columns of a table.
pub(crate) fn select<const N: usize>(
    work: &Work,
    file: &str,
    columns: [&str; N],
) -> Vec<[String; N]> {
    let batch = parquet_file(work, file);
    let columns = columns.map(|name| cells(batch.column_by_name(name).unwrap()));
    let cell = |row: usize, column: usize| columns[column][row].clone().unwrap_or_default();
    (0..batch.num_rows()).map(|row| std::array::from_fn(|column| cell(row, column))).collect()
}

#[track_caller]
pub(crate) fn same(
    work: &Work,
    found: &str,
    wanted: &BTreeMap<&'static str, Vec<Vec<Cell>>>,
    what: &str,
) {
    let found = rows(work, found);
    for table in TABLES {
        assert_eq!(found[table].len(), wanted[table].len(), "{table}, {what}");
        let other = found[table].iter().zip(&wanted[table]).find(|(one, other)| one != other);
        assert_eq!(other, None, "{table}, {what}");
    }
}

#[test]
fn week_by_week_is_all_at_once_and_what_they_lead_to() {
    for (api, threads) in [("v1", [1, 2, 7]), ("v2", [2, 1, 2]), ("v3", [7, 2, 1])] {
        let work = Work::new();
        let how = format!("--beneficiaries 30 --seed 11 --weeks 8 --api {api}");
        work.synth("weeks", &how);
        work.synth("final", &format!("{how} --final"));
        work.bcda("convert --quiet final --out final-tables").exits(0);
        work.bcda("convert --quiet weeks --out whole").exits(0);
        let wanted = rows(&work, "final-tables");
        same(&work, "whole", &wanted, api);
        // In their order, one late, and some at once.
        let orders: [&[&[u32]]; 3] = [
            &[&[1], &[2], &[3], &[4], &[5], &[6], &[7], &[8]],
            &[&[1], &[4, 2], &[8], &[3], &[7, 5, 6]],
            &[&[8], &[1, 2, 3, 4, 5, 6, 7]],
        ];
        for (order, threads) in orders.into_iter().zip(threads) {
            let name = |week: &u32| format!("weeks/week-{week:02}");
            for (turn, weeks) in order.iter().enumerate() {
                let weeks = weeks.iter().map(name).collect::<Vec<_>>().join(" ");
                let command = match turn {
                    0 => format!("convert {weeks} --updatable --overwrite --out tables"),
                    _ => format!("update tables {weeks}"),
                };
                work.bcda(&format!("{command} --quiet --threads {threads}")).exits(0);
            }
            same(&work, "tables", &wanted, &format!("{api}, {order:?}"));
            let manifest = work.read_json("tables/tables-manifest.json");
            assert_eq!(manifest["exports"].as_array().unwrap().len(), 8, "{api}, {order:?}");
            work.assert_clean();
        }
    }
}

/// A week with two people, and one in which a claim comes again, a person gets another MBI, and one goes.
fn two_weeks(work: &Work) {
    let late = "2024-03-05T00:00:00Z";
    export(
        work,
        "one",
        FIRST,
        &[
            (
                "ExplanationOfBenefit",
                &[
                    carrier("1", "-1"),
                    carrier("2", "-1"),
                    carrier("3", "-2"),
                    carrier("4", "-3"),
                    hospice("5", "-1", "2024-01-01", Some("2024-01-09")),
                ],
            ),
            ("Patient", &[patient("-1", "1AA1AA1AA11"), patient("-2", "2AA2AA2AA22")]),
            ("Coverage", &[coverage("-1", "B"), coverage("-2", "B")]),
        ],
    );
    export(
        work,
        "two",
        SECOND,
        &[
            ("ExplanationOfBenefit", &[updated(carrier("2", "-1"), late), carrier("6", "-1")]),
            (
                "Patient",
                &[updated(patient("-1", "1BB1BB1BB11"), late), patient("-3", "3AA3AA3AA33")],
            ),
        ],
    );
    delete(work, "two", &["Patient/-2", "ExplanationOfBenefit/carrier-3", "Coverage/part-b-2"]);
}

#[test]
fn people_claims_and_deletions_reach_the_rows_that_are_there() {
    let work = Work::new();
    two_weeks(&work);
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    let ran = work.bcda("update tables two --report report.json").exits(0);
    assert!(
        ran.stderr.contains(
            "3 rows were carried over, 3 of them with another MBI; 2 rows were taken out"
        ),
        "{}",
        ran.stderr
    );
    let mut lines = select(
        &work,
        "tables/cclf5.parquet",
        ["BCDA_EOB_ID", "BENE_MBI_ID", "FILE_NAME", "FILE_DATE"],
    );
    lines.sort();
    assert_eq!(
        lines,
        [
            ["carrier-1", "1BB1BB1BB11", "ExplanationOfBenefit.ndjson", "2024-03-01"],
            ["carrier-2", "1BB1BB1BB11", "two/ExplanationOfBenefit.ndjson", "2024-03-08"],
            // The Patient came late.
            ["carrier-4", "3AA3AA3AA33", "ExplanationOfBenefit.ndjson", "2024-03-01"],
            ["carrier-6", "1BB1BB1BB11", "two/ExplanationOfBenefit.ndjson", "2024-03-08"],
        ]
    );
    let mut people = select(
        &work,
        "tables/cclf8.parquet",
        ["BENE_MBI_ID", "BENE_RNG_BGN_DT", "BENE_RNG_END_DT"],
    );
    people.sort();
    assert_eq!(people, [["1BB1BB1BB11", "2024-01-01", "2024-01-09"], ["3AA3AA3AA33", "", ""]]);
    let report = work.read_json("report.json");
    let carried = ["rows", "gone", "with_other_mbi"].map(|name| report["carried"][name].clone());
    assert_eq!(carried, [json!(3), json!(2), json!(3)]);
    // All rows of the first result, final or not, and the columns that everybody has, or nobody.
    let before = &report["carried"]["filled_before"];
    let before = before.as_array().unwrap().iter().find(|own| own["table"] == "CCLF5").unwrap();
    assert_eq!(before["columns"]["BCDA_EOB_ID"], before["rows"]);
    assert_eq!(before["columns"]["BENE_HIC_NUM"], 0);
    let exports = report["exports"].as_array().unwrap();
    let counts = |own: &Value| (own["name"].clone(), own["files"].clone(), own["records"].clone());
    let wanted = [(json!("one"), json!(3), json!(9)), (json!("two"), json!(2), json!(4))];
    assert_eq!(exports.iter().map(counts).collect::<Vec<_>>(), wanted);
    assert!(exports.iter().all(|own| own["manifest_blake3"].as_str().unwrap().len() == 64));
    work.bcda("convert one two --out whole --quiet").exits(0);
    same(&work, "tables", &rows(&work, "whole"), "all at once");
}

#[test]
fn a_result_that_can_be_brought_up_to_date_has_a_private_state() {
    let work = Work::new();
    two_weeks(&work);
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    let mode = |name: &str| work.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("tables/state"), 0o700);
    let manifest = work.read_json("tables/tables-manifest.json");
    let state = manifest["state"].as_array().unwrap();
    assert_eq!(state.len(), 4);
    for file in state {
        let name = format!("tables/{}", file["file"].as_str().unwrap());
        assert_eq!(mode(&name), 0o600, "{name}");
        let bytes = work.read(&name);
        assert_eq!(file["bytes"], bytes.len());
        assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().to_string());
        // Ids of claims are hashes.
        assert!(!String::from_utf8_lossy(&bytes).contains("carrier"), "{name}");
    }
    // The same tables and export give the same bytes.
    fs_copy(&work, "tables", "again");
    work.bcda("update tables two --quiet --threads 1").exits(0);
    work.bcda("update again two --quiet --threads 7").exits(0);
    assert_eq!(work.tables("tables"), work.tables("again"));
    // Several exports make one without being asked; a choice of columns, say, does not.
    work.bcda("convert one two --out several --quiet").exits(0);
    assert!(work.exists("several/state/claims.bin"));
    for other in ["--format csv", "--no-lineage", "--tables cclf5,cclf8", "--columns BENE_MBI_ID"] {
        work.bcda(&format!("convert one two --out other {other} --overwrite --quiet")).exits(0);
        assert!(!work.exists("other/state"), "{other}");
        let ran = work.bcda(&format!("convert one --updatable --out none {other}")).exits(2);
        assert!(ran.stderr.contains("--updatable goes with the Parquet files"), "{}", ran.stderr);
        let ran = work.bcda("update other two").exits(2);
        assert!(ran.stderr.contains("the result has no state"), "{}", ran.stderr);
    }
    let ran = work.bcda("convert one --updatable --keep all --out none").exits(2);
    assert!(ran.stderr.contains("--updatable goes with --keep latest"), "{}", ran.stderr);
}

fn fs_copy(work: &Work, from: &str, to: &str) {
    let whole = work.snapshot(from).unwrap();
    for (name, bytes) in whole.iter().filter(|(name, _)| !name.ends_with('/')) {
        work.write(&format!("{to}/{name}"), bytes);
    }
}

#[track_caller]
fn refused(work: &Work, words: &str, said: &str) {
    let ran = work.bcda(words).exits(2);
    assert!(ran.stderr.contains(said), "{words}: {}", ran.stderr);
}

#[test]
fn what_cannot_be_brought_up_to_date_is_left_as_it_is() {
    let work = Work::new();
    two_weeks(&work);
    work.synth("of-v3", "--beneficiaries 2 --seed 3 --api v3");
    work.write("loose/a.ndjson", common::joined(lines(&[carrier("1", "-1")])));
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    let before = work.snapshot("tables");
    for (exports, said) in [
        ("one", "the tables hold this export already; --again applies it once more"),
        ("of-v3", "of BCDA v3, and the tables hold claims of BCDA v1"),
        ("two --api v2", "of BCDA v2, and the tables hold claims of BCDA v1"),
        ("loose", "no export manifest lies beside the files"),
        ("nowhere", "no such file or folder"),
        ("-", "from files"),
    ] {
        refused(&work, &format!("update tables {exports}"), said);
        assert_eq!(work.snapshot("tables"), before, "{exports}");
    }
    for (folder, said) in [("none", "no result is there"), ("loose", "no result is there")] {
        refused(&work, &format!("update {folder} two"), said);
    }
    // Once more, and nothing changes but who holds it.
    work.bcda("update tables one --again --quiet").exits(0);
    work.bcda("convert one --updatable --out fresh --quiet").exits(0);
    same(&work, "tables", &rows(&work, "fresh"), "again");
    // Of another crosswalk.
    let about = work.read_text("fresh/state/about.json");
    let hash =
        work.read_json("fresh/state/about.json")["crosswalk_blake3"].as_str().unwrap().to_owned();
    work.write("fresh/state/about.json", about.replace(&hash, &"0".repeat(64)));
    refused(&work, "update fresh two", "of another version of the crosswalk (0.2.0)");
    refused(&work, "update fresh two", "convert all exports again");
    work.write("fresh/state/about.json", about);
    // Somebody has changed a table, or the state.
    for file in ["cclf5.parquet", "state/claims.bin", "state/people.bin"] {
        let name = format!("fresh/{file}");
        let whole = work.read(&name);
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        work.write(&name, bytes);
        refused(&work, "update fresh two", &format!("{file} is not as it was written"));
        fs::remove_file(work.path(&name)).unwrap();
        refused(&work, "update fresh two", &format!("{file} is not there any more"));
        work.write(&name, whole);
    }
    // What else lies there is nobody's to replace.
    work.write("fresh/mine.txt", "mine");
    work.bcda("update fresh two").exits(2);
    assert_eq!(work.read("fresh/mine.txt"), b"mine");
    work.assert_clean();
}

#[test]
fn rejects_of_each_export_stay() {
    let work = Work::new();
    two_weeks(&work);
    let mut bad = carrier("7", "-1");
    bad["item"][0]["sequence"] = "one".into();
    export(&work, "one", FIRST, &[("bad", &[bad.clone()])]);
    export(&work, "three", THIRD, &[("bad", &[bad, carrier("8", "-1")])]);
    work.bcda("convert one --updatable --out tables --quiet").exits(3);
    work.bcda("update tables two --quiet").exits(0);
    work.bcda("update tables three --quiet").exits(3);
    let names: Vec<String> = work.snapshot("tables/rejects").unwrap().into_keys().collect();
    assert_eq!(
        names,
        ["rejects.csv", "rejects.ndjson", "three/", "three/rejects.csv", "three/rejects.ndjson"]
    );
    assert!(work.read_text("tables/rejects/three/rejects.csv").contains("bad.ndjson,1,0,"));
    work.bcda("convert one two three --out whole --quiet").exits(3);
    same(&work, "tables", &rows(&work, "whole"), "rejects");
}

#[test]
fn earlier_results_stay_beside_and_one_goes_back() {
    let work = Work::new();
    two_weeks(&work);
    export(&work, "three", THIRD, &[("ExplanationOfBenefit", &[carrier("9", "-1")])]);
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    let first = work.snapshot("tables");
    work.bcda("update tables two --keep-previous 1 --quiet").exits(0);
    let second = work.snapshot("tables");
    assert_eq!(work.snapshot("tables.previous-000001"), first);
    work.bcda("update tables three --keep-previous 1 --quiet").exits(0);
    assert_eq!(work.snapshot("tables.previous-000002"), second);
    assert!(!work.exists("tables.previous-000001"));
    let ran = work.bcda("update --undo tables").exits(0);
    assert!(ran.stderr.contains("tables is as it was before"), "{}", ran.stderr);
    assert_eq!(work.snapshot("tables"), second);
    assert!(!work.exists("tables.previous-000002"));
    work.bcda("update --undo tables").exits(2);
    assert_eq!(work.snapshot("tables"), second);
    // What it was brought up to date with can come again.
    work.bcda("update tables three --quiet").exits(0);
    work.bcda("convert one two three --out whole --quiet").exits(0);
    same(&work, "tables", &rows(&work, "whole"), "undone and done");
    work.assert_clean();
    work.bcda("update tables").exits(2);
    work.bcda("update --undo tables one").exits(2);
}

#[test]
fn a_quiet_week_is_applied_like_any_other() {
    let work = Work::new();
    two_weeks(&work);
    // Nothing but deletions, and nothing at all.
    export(&work, "gone", THIRD, &[]);
    delete(&work, "gone", &["ExplanationOfBenefit/carrier-1"]);
    export(&work, "quiet", "2024-03-22T06:00:00Z", &[]);
    work.write("quiet/README.txt", "quiet");
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    work.bcda("update tables gone quiet --quiet").exits(0);
    work.bcda("update tables two --quiet").exits(0);
    let ids: Vec<_> = select(&work, "tables/cclf5.parquet", ["BCDA_EOB_ID"]).concat();
    assert!(!ids.contains(&"carrier-1".to_owned()), "{ids:?}");
    let exports = work.read_json("tables/tables-manifest.json")["exports"].clone();
    let names: Vec<_> = exports.as_array().unwrap().iter().map(|own| own["name"].clone()).collect();
    assert_eq!(names, ["one", "two", "gone", "quiet"]);
    work.bcda("convert quiet two gone one --out whole --quiet").exits(0);
    same(&work, "tables", &rows(&work, "whole"), "quiet");
    // Alone there is nothing to make tables of.
    work.bcda("convert quiet --out none").exits(2);
}

/// The rows of a table, as they are.
fn whole(work: &Work, file: &str) -> Vec<BTreeMap<String, Cell>> {
    let batch = parquet_file(work, file);
    let schema = batch.schema();
    let named = schema.fields().iter().zip(batch.columns());
    let columns: Vec<(String, Vec<Cell>)> =
        named.map(|(field, column)| (field.name().clone(), cells(column))).collect();
    let row = |row: usize| {
        columns.iter().map(|(name, column)| (name.clone(), column[row].clone())).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The unique key of a table, as the guide has it.
fn key_of(table: &str) -> &'static [&'static str] {
    match table {
        "cclf1" | "cclf7" | "cclfa" => &["BCDA_EOB_ID"],
        "cclf3" => &["BCDA_EOB_ID", "CLM_VAL_SQNC_NUM"],
        "cclf4" => &["BCDA_EOB_ID", "CLM_PROD_TYPE_CD", "CLM_VAL_SQNC_NUM"],
        "cclf8" => &["BENE_MBI_ID", "BENE_RNG_BGN_DT"],
        "cclf9" => &["CRNT_NUM", "PRVS_NUM"],
        _ => &["BCDA_EOB_ID", "CLM_LINE_NUM"],
    }
}

/// What a warehouse does with the changes: the rows of these ids go, then the others come.
fn applied(work: &Work, table: &str, before: &str, changes: &str) -> Vec<BTreeMap<String, Cell>> {
    let key = match table {
        "cclf8" => "BENE_MBI_ID",
        "cclf9" => "CRNT_NUM",
        _ => "BCDA_EOB_ID",
    };
    let ids = if key == "BCDA_EOB_ID" { key } else { "BENE_MBI_ID" };
    let of_claims = |row: &BTreeMap<String, Cell>| row["BCDA_EOB_ID"].is_some();
    let mut gone = whole(work, &format!("{changes}/gone.parquet"));
    gone.retain(|row| of_claims(row) == (ids == "BCDA_EOB_ID"));
    let gone: Vec<Cell> = gone.into_iter().map(|mut row| row.remove(ids).unwrap()).collect();
    let mut rows = whole(work, &format!("{before}/{table}.parquet"));
    rows.retain(|row| !gone.contains(&row[key]));
    rows.extend(whole(work, &format!("{changes}/{table}.parquet")));
    rows.sort();
    rows
}

#[test]
fn what_changes_leads_from_the_old_tables_to_the_new() {
    // Of the last one a person has another row in CCLF8, and the same as before in CCLF9.
    for (api, people) in [("v1", "25 --seed 17"), ("v3", "25 --seed 17"), ("v1", "30 --seed 1")] {
        let work = Work::new();
        let how = format!("--beneficiaries {people} --weeks 6 --api {api}");
        work.synth("weeks", &how);
        work.bcda("convert weeks/week-01 --updatable --out tables --quiet").exits(0);
        let mut changed = 0;
        for week in 2..=6 {
            let words = "--quiet --keep-previous 1 --changes changes";
            work.bcda(&format!("update tables weeks/week-{week:02} {words}")).exits(0);
            let before = format!("tables.previous-{:06}", week - 1);
            for table in TABLES.iter().filter(|table| **table != "cclf0") {
                let mut wanted = whole(&work, &format!("tables/{table}.parquet"));
                wanted.sort();
                let found = applied(&work, table, &before, "changes");
                assert_eq!(found, wanted, "{api}, week {week}, {table}");
                let key = |row: &BTreeMap<String, Cell>| -> Vec<Cell> {
                    key_of(table).iter().map(|name| row[*name].clone()).collect()
                };
                let keys: BTreeSet<Vec<Cell>> = wanted.iter().map(key).collect();
                assert_eq!(keys.len(), wanted.len(), "{api}, {table}: the key is not unique");
                changed += whole(&work, &format!("changes/{table}.parquet")).len();
                // Not everything comes again.
                let all = wanted.len();
                let new = whole(&work, &format!("changes/{table}.parquet")).len();
                assert!(all < 50 || new * 2 < all, "{api}, {table}: {new} of {all}");
            }
        }
        assert!(changed > 100, "{changed}");
        work.assert_clean();
        for place in ["tables/in", "weeks/week-06/in", "tables"] {
            work.bcda(&format!("update tables weeks/week-06 --again --changes {place}")).exits(2);
        }
    }
}

/// A result that was made of the first exports and brought up to date with the others one by one, against all at once.
#[track_caller]
fn one_by_one(work: &Work, exports: &[&str], what: &str) {
    for (turn, name) in exports.iter().enumerate() {
        let words = match turn {
            0 => format!("convert {name} --updatable --overwrite --out tables --quiet"),
            _ => format!("update tables {name} --quiet"),
        };
        work.bcda(&words).exits(0);
    }
    work.bcda(&format!(
        "convert {} --keep latest --out all --overwrite --quiet",
        exports.join(" ")
    ))
    .exits(0);
    same(work, "tables", &rows(work, "all"), what);
}

#[test]
fn deletions_reach_merged_people_and_what_coverages_tell() {
    let merged = json!({
        "resourceType": "Patient", "id": "20",
        "link": [{"other": {"reference": "Patient/10"}, "type": "replaced-by"}],
    });
    for gone in ["Patient/10", "Patient/20", "Coverage/part-a-10"] {
        let work = Work::new();
        let mut person = patient_of(Api::V3, "10", "1AA1AA1AA11");
        let mut cover = coverage_of(Api::V3, "10", "A");
        if gone.starts_with("Coverage") {
            person["identifier"] = json!([]);
            cover["subscriberId"] = "1SA1SA1SA11".into();
        }
        let people = [person, patient_of(Api::V3, "20", "2AA2AA2AA22")];
        let claims = [carrier_of(Api::V3, "1", "10"), carrier_of(Api::V3, "2", "20")];
        let covers = [cover, coverage_of(Api::V3, "10", "B")];
        export(
            &work,
            "one",
            FIRST,
            &[("ExplanationOfBenefit", &claims), ("Patient", &people), ("Coverage", &covers)],
        );
        export(&work, "two", SECOND, &[("Patient", std::slice::from_ref(&merged))]);
        export(
            &work,
            "three",
            THIRD,
            &[("ExplanationOfBenefit", &[carrier_of(Api::V3, "3", "20")])],
        );
        delete(&work, "three", &[gone]);
        one_by_one(&work, &["one", "two", "three"], gone);
    }
}

#[test]
fn what_the_tables_have_forgotten_is_refused() {
    let work = Work::new();
    // It was changed last in the first week, deleted in the second, and came again as it had been before in the third.
    let newer = updated(carrier("1", "-1"), "2024-02-20T00:00:00Z");
    let older = updated(carrier("1", "-1"), "2024-01-20T00:00:00Z");
    export(&work, "one", FIRST, &[("ExplanationOfBenefit", &[newer, carrier("2", "-1")])]);
    export(&work, "two", SECOND, &[("ExplanationOfBenefit", &[carrier("3", "-1")])]);
    delete(&work, "two", &["ExplanationOfBenefit/carrier-1"]);
    export(&work, "three", THIRD, &[("ExplanationOfBenefit", &[older])]);
    one_by_one(&work, &["one", "two", "three"], "in their order");
    work.bcda("convert one --updatable --overwrite --out tables --quiet").exits(0);
    work.bcda("update tables three --quiet").exits(0);
    let before = work.snapshot("tables");
    let ran = work.bcda("update tables two").exits(2);
    assert!(ran.stderr.contains("convert them all again"), "{}", ran.stderr);
    assert_eq!(work.snapshot("tables"), before);
    // People likewise.
    let work = Work::new();
    let person = |time| updated(patient("-1", "1AA1AA1AA11"), time);
    export(&work, "one", FIRST, &[("Patient", &[person("2024-02-20T00:00:00Z")])]);
    export(&work, "two", SECOND, &[("Patient", &[patient("-2", "2AA2AA2AA22")])]);
    delete(&work, "two", &["Patient/-1"]);
    export(&work, "three", THIRD, &[("Patient", &[person("2024-01-20T00:00:00Z")])]);
    one_by_one(&work, &["one", "two", "three"], "people in their order");
    work.bcda("convert one --updatable --overwrite --out tables --quiet").exits(0);
    work.bcda("update tables three --quiet").exits(0);
    work.bcda("update tables two --quiet").exits(2);
}

#[test]
fn a_manifest_or_a_state_that_is_not_as_it_was_written_is_refused() {
    let work = Work::new();
    two_weeks(&work);
    work.bcda("convert one --updatable --out tables --quiet").exits(0);
    let manifest = "tables/tables-manifest.json";
    let whole = work.read_json(manifest);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut other = whole.clone();
        change(&mut other);
        work.write(manifest, other.to_string());
        let ran = work.bcda("update tables two").exits(2);
        assert!(ran.stderr.contains("is not as it was written"), "{}", ran.stderr);
    };
    changed(&|own| own["tables"].as_array_mut().unwrap().truncate(5));
    changed(&|own| own["state"].as_array_mut().unwrap().truncate(2));
    changed(&|own| own["exports"] = json!([]));
    changed(&|own| own["keep"] = "all".into());
    changed(&|own| own["schema_version"] = 9.into());
    changed(&|own| own["files"][0] = "../cclf1.parquet".into());
    // Entries that are missing, though the manifest has the hash of what is there.
    for (file, len) in [("state/claims.bin", 8), ("state/people.bin", 8)] {
        let name = format!("tables/{file}");
        let bytes = work.read(&name);
        work.write(&name, &bytes[..len]);
        let mut other = whole.clone();
        let own = other["state"].as_array_mut().unwrap().iter_mut().find(|own| own["file"] == file);
        own.unwrap()["blake3"] = blake3::hash(&bytes[..len]).to_hex().to_string().into();
        work.write(manifest, other.to_string());
        let ran = work.bcda("update tables two").exits(1);
        assert!(ran.stderr.contains("the file is damaged"), "{}", ran.stderr);
        work.write(&name, bytes);
    }
    work.write(manifest, whole.to_string());
    // Only its people were read: its claims still come.
    work.bcda("convert one --patients two --updatable --out people --quiet").exits(0);
    work.bcda("update people two --quiet").exits(0);
    work.bcda("convert one two --out all --quiet").exits(0);
    same(&work, "people", &rows(&work, "all"), "people beforehand");
    for out in ["-", "one", "people"] {
        let ran = work.bcda(&format!("update tables two --out {out}")).exits(2);
        assert!(!ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    }
    work.write("two/bcda-export.json", "{\"transactionTime\":null,\"output\":[]}");
    for words in ["update tables two", "convert one two --out none"] {
        let ran = work.bcda(words).exits(2);
        assert!(
            ran.stderr.contains("two/bcda-export.json: expected the manifest"),
            "{}",
            ran.stderr
        );
    }
}

//! Several exports, of which only the latest version of each record counts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use synth::Api;

use crate::common::exports::{FIRST, SECOND, THIRD, delete, export, updated};
use crate::common::records::{
    carrier, claim_with_items, claim_with_items_of, coverage, lines, patient, patient_of,
};
use crate::common::{self, Csv, TABLES, Work, counts};

/// Columns that tell which file a row is of.
const OF_FILES: [&str; 2] = ["FILE_NAME", "FILE_DATE"];

/// The rows of each table but what tells of files, in the order of their text.
fn rows(work: &Work, tables: &str) -> BTreeMap<&'static str, Vec<Vec<String>>> {
    let of = |table| {
        let Csv { header, rows } = work.csv(&format!("{tables}/{table}.csv"));
        let is_kept = |at: &usize| !OF_FILES.contains(&&*header[*at]);
        let kept: Vec<usize> = (0..header.len()).filter(is_kept).collect();
        let cells =
            |row: Vec<String>| -> Vec<String> { kept.iter().map(|at| row[*at].clone()).collect() };
        let mut rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
        rows.sort();
        rows
    };
    TABLES.into_iter().map(|table| (table, of(table))).collect()
}

#[test]
fn eight_weeks_in_any_order_are_what_they_lead_to() {
    for api in ["v1", "v2", "v3"] {
        let work = Work::new();
        let how = format!("--beneficiaries 30 --seed 11 --weeks 8 --api {api}");
        work.synth("weeks", &how);
        work.synth("final", &format!("{how} --final"));
        work.bcda("convert --quiet final --out wanted --format csv").exits(0);
        let wanted = rows(&work, "wanted");
        let mut of_weeks: Vec<String> =
            (1..=8).map(|week| format!("weeks/week-{week:02}")).collect();
        let mut first = None;
        for (turn, threads) in [(0, 1), (3, 2), (6, 7)] {
            of_weeks.rotate_left(turn);
            let (out, inputs) = (format!("tables-{turn}"), of_weeks.join(" "));
            let words =
                format!("convert --quiet {inputs} --out {out} --format csv --threads {threads}");
            work.bcda(&words).exits(0);
            let found = rows(&work, &out);
            for table in TABLES {
                assert_eq!(found[table], wanted[table], "{api}, {table}, turn {turn}");
            }
            // Not only the rows: every byte of the tables.
            let tables = work.tables(&out);
            assert_eq!(&tables, first.get_or_insert_with(|| tables.clone()), "{api}, turn {turn}");
        }
        let report = work.read_json("tables-0/tables-manifest.json");
        counts(&report);
        assert_eq!(report["keep"], "latest");
        assert_eq!(report["exports"].as_array().unwrap().len(), 8);
        assert!(report["left_out"]["versions"].as_u64() > Some(0), "{}", report["left_out"]);
        assert!(report["left_out"]["deleted_claims"].as_u64() > Some(0), "{}", report["left_out"]);
        // A folder of exports is several, too.
        work.bcda("convert --quiet weeks --out whole --format csv").exits(0);
        assert_eq!(rows(&work, "whole"), wanted, "{api}");
        // The same rows come where one table is read.
        let words = "convert --quiet weeks --out - --tables cclf5 --format csv --no-lineage";
        let one = Csv::parse(work.bcda(words).exits(0).text());
        assert_eq!(one.rows.len(), wanted["cclf5"].len());
        work.assert_clean();
    }
}

/// Two weeks in which a claim loses a line, one comes again as it was, one is spoilt, and a person goes.
fn two_weeks(work: &Work) {
    let early = "2024-02-01T00:00:00Z";
    let late = "2024-03-05T00:00:00Z";
    export(
        work,
        "one",
        FIRST,
        &[
            (
                "ExplanationOfBenefit",
                &[
                    updated(claim_with_items("CARRIER", "1", "-1", 3), early),
                    carrier("2", "-1"),
                    updated(carrier("3", "-2"), early),
                    carrier("4", "-2"),
                ],
            ),
            ("Patient", &[patient("-1", "1AA1AA1AA11"), patient("-2", "2AA2AA2AA22")]),
            ("Coverage", &[coverage("-1", "B"), coverage("-2", "B")]),
        ],
    );
    let mut spoilt = updated(carrier("3", "-2"), late);
    spoilt["item"][0]["sequence"] = "one".into();
    export(
        work,
        "two",
        SECOND,
        &[
            (
                "ExplanationOfBenefit",
                &[
                    updated(claim_with_items("CARRIER", "1", "-1", 1), late),
                    carrier("2", "-1"),
                    spoilt,
                ],
            ),
            ("Patient", &[updated(patient("-1", "1BB1BB1BB11"), late)]),
        ],
    );
    delete(work, "two", &["ExplanationOfBenefit/carrier-4", "Patient/-2", "Coverage/part-b-2"]);
}

#[test]
fn the_latest_version_of_each_record_counts() {
    let work = Work::new();
    two_weeks(&work);
    for inputs in ["one two", "two one"] {
        let ran =
            work.bcda(&format!("convert {inputs} --out tables --format csv --overwrite")).exits(3);
        for said in
            ["only the latest version of each record counts", "left out: not the latest", "deleted"]
        {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
        let lines = work.csv("tables/cclf5.csv");
        assert_eq!(
            lines.select(["BCDA_EOB_ID", "CLM_LINE_NUM", "BENE_MBI_ID", "FILE_NAME"]),
            [
                // As it was, so it is the earlier export's; the newer version of the third was rejected.
                ["carrier-2", "1", "1BB1BB1BB11", "one/ExplanationOfBenefit.ndjson"],
                ["carrier-3", "1", "", "one/ExplanationOfBenefit.ndjson"],
                ["carrier-1", "1", "1BB1BB1BB11", "two/ExplanationOfBenefit.ndjson"],
            ]
        );
        let people = work.csv("tables/cclf8.csv");
        assert_eq!(people.select(["BENE_MBI_ID", "FILE_DATE"]), [["1BB1BB1BB11", "2024-03-08"]]);
        let report = work.read_json("tables/tables-manifest.json");
        assert_eq!(report["records"]["left_out"], 3, "{report}");
        assert_eq!(report["records"]["rejected"], 1);
        let left_out = json!({
            "versions": 3, "shared_claims": 0, "deleted_claims": 1, "deleted_people": 1, "possibly_replaced": 0,
        });
        assert_eq!(report["left_out"], left_out);
        let exports = report["exports"].as_array().unwrap();
        assert_eq!(exports.iter().map(|own| &own["name"]).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(exports[1]["transaction_time"], SECOND);
        counts(&report);
    }
    // One export has all of its versions, and several do if they are asked for.
    let one = work.bcda("convert one --out all --format csv --overwrite").exits(0);
    assert!(!one.stderr.contains("latest"), "{}", one.stderr);
    let all = work.bcda("convert one two --out all --format csv --keep all --overwrite").exits(3);
    assert!(all.stderr.contains("2 exports: all versions of a claim have rows"), "{}", all.stderr);
    assert_eq!(work.csv("all/cclf5.csv").rows.len(), 8);
    let report = work.read_json("all/tables-manifest.json");
    assert_eq!((&report["keep"], &report["repeated_claim_ids"]), (&json!("all"), &json!(2)));
}

#[test]
fn what_comes_after_its_deletion_is_there() {
    let work = Work::new();
    two_weeks(&work);
    export(
        &work,
        "three",
        THIRD,
        &[
            ("ExplanationOfBenefit", &[carrier("4", "-2")]),
            ("Patient", &[patient("-2", "2AA2AA2AA22")]),
        ],
    );
    work.bcda("convert three one two --out tables --format csv --quiet").exits(3);
    let claims = work.csv("tables/cclf5.csv");
    let ids = claims.select(["BCDA_EOB_ID", "BENE_MBI_ID", "FILE_NAME"]);
    assert!(
        ids.contains(&["carrier-4", "2AA2AA2AA22", "three/ExplanationOfBenefit.ndjson"]),
        "{ids:?}"
    );
    assert_eq!(work.csv("tables/cclf8.csv").rows.len(), 2);
    // A list of deletions that cannot be read would leave somebody in.
    work.write("two/deleted/other.ndjson", "\n{\"resourceType\":\"Patient\",\"id\":\"-77\"}\n");
    let ran = work.bcda("convert one two --out none --format csv --quiet").exits(4);
    assert!(
        ran.stderr.contains("deleted/other.ndjson, line 2: expected a Bundle"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("-77") && !work.exists("none"));
}

#[test]
fn of_equal_times_the_later_export_counts_and_then_the_line() {
    let work = Work::new();
    let with = |place: &str| {
        let mut claim = carrier("1", "-1");
        claim["item"][0]["service"]["coding"][0]["code"] = place.into();
        claim
    };
    let claims = |folder, time, codes: &[&str]| {
        let claims: Vec<Value> = codes.iter().map(|code| with(code)).collect();
        export(&work, folder, time, &[("ExplanationOfBenefit", &claims)]);
    };
    claims("b", SECOND, &["99213"]);
    claims("a", FIRST, &["99214", "99215"]);
    work.bcda("convert b a --out later --format csv --quiet").exits(0);
    assert_eq!(work.csv("later/cclf5.csv").column("CLM_LINE_HCPCS_CD"), ["99213"]);
    let hash = |code: &str| *blake3::hash(with(code).to_string().as_bytes()).as_bytes();
    let wanted = if hash("99214") > hash("99215") { "99214" } else { "99215" };
    work.bcda("convert a --keep latest --out one --format csv --quiet").exits(0);
    assert_eq!(work.csv("one/cclf5.csv").column("CLM_LINE_HCPCS_CD"), [wanted]);
    // In whichever of two exports of one time they stand.
    claims("c", FIRST, &["99215"]);
    claims("a", FIRST, &["99214"]);
    for inputs in ["a c", "c a"] {
        work.bcda(&format!("convert {inputs} --out two --format csv --quiet --overwrite")).exits(0);
        assert_eq!(work.csv("two/cclf5.csv").column("CLM_LINE_HCPCS_CD"), [wanted]);
    }
}

/// A claim of version 3 with a control number, and that which it had before.
fn v3_claim(id: &str, patient: &str, control: &str, prior: Option<&str>, system: &str) -> Value {
    let mut claim = claim_with_items_of(Api::V3, "CARRIER", id, patient, 1);
    let number = |value: &str| json!({"system": CONTROL, "value": value});
    claim["identifier"].as_array_mut().unwrap().push(number(control));
    claim["meta"]["tag"][0]["code"] = system.into();
    if system == "SharedSystem" {
        claim["meta"]["tag"][1]["code"] = "NotFinalAction".into();
        claim["type"]["coding"][1]["code"] = "1700".into();
    }
    if let Some(prior) = prior {
        let system = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship";
        claim["related"] = json!([{
            "relationship": {"coding": [{"code": "prior", "system": system}]},
            "reference": number(prior),
        }]);
    }
    claim
}

const CONTROL: &str = "https://bluebutton.cms.gov/identifiers/CLM-CNTL-NUM";

#[test]
fn what_two_systems_have_is_one_claim() {
    const SHARED: &str = "SharedSystem";
    const HISTORY: &str = "NationalClaimsHistory";
    let work = Work::new();
    export(
        &work,
        "one",
        FIRST,
        &[
            (
                "ExplanationOfBenefit",
                &[
                    v3_claim("1", "10", "A", None, SHARED),
                    v3_claim("2", "10", "B", None, SHARED),
                    v3_claim("3", "10", "C", None, SHARED),
                    // Somebody else's.
                    v3_claim("4", "30", "A", None, SHARED),
                    v3_claim("5", "10", "E", None, HISTORY),
                ],
            ),
            (
                "Patient",
                &[
                    patient_of(Api::V3, "10", "1AA1AA1AA11"),
                    patient_of(Api::V3, "20", "2AA2AA2AA22"),
                ],
            ),
        ],
    );
    let merged = json!({
        "resourceType": "Patient", "id": "20",
        "link": [{"other": {"reference": "Patient/10"}, "type": "replaced-by"}],
    });
    export(
        &work,
        "two",
        SECOND,
        &[
            (
                "ExplanationOfBenefit",
                &[
                    // That of one who was merged into the person, and with the number that the shared system had.
                    v3_claim("6", "20", "A", None, HISTORY),
                    v3_claim("7", "10", "BB", Some("B"), HISTORY),
                    v3_claim("8", "10", "E", None, HISTORY),
                ],
            ),
            ("Patient", &[merged]),
        ],
    );
    for inputs in ["one two", "two one"] {
        let words = format!(
            "convert {inputs} --partially-adjudicated --out tables --format csv --quiet --overwrite"
        );
        work.bcda(&words).exits(0);
        let lines = work.csv("tables/cclf5.csv");
        let mut found = lines.select(["BCDA_EOB_ID", "BENE_MBI_ID", "BCDA_SYSTEM"]);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ["carrier-3", "1AA1AA1AA11", SHARED],
                ["carrier-4", "", SHARED],
                ["carrier-5", "1AA1AA1AA11", HISTORY],
                ["carrier-6", "1AA1AA1AA11", HISTORY],
                ["carrier-7", "1AA1AA1AA11", HISTORY],
                ["carrier-8", "1AA1AA1AA11", HISTORY],
            ]
        );
        assert_eq!(work.csv("tables/cclf8.csv").column("BENE_MBI_ID"), ["1AA1AA1AA11"]);
        let report = work.read_json("tables/tables-manifest.json");
        counts(&report);
        let left_out = json!({
            "versions": 0, "shared_claims": 2, "deleted_claims": 0, "deleted_people": 0, "possibly_replaced": 1,
        });
        assert_eq!(report["left_out"], left_out);
        assert_eq!(report["set_aside"]["merged_patients"], 1);
    }
}

#[test]
fn active_claims_of_one_group_are_possibly_replaced() {
    let work = Work::new();
    let of_group = |id: &str, status: &str| {
        let mut claim = carrier(id, "-1");
        claim["identifier"][1]["value"] = "77".into();
        claim["status"] = status.into();
        claim
    };
    let claims = [
        of_group("1", "active"),
        of_group("2", "cancelled"),
        of_group("3", "active"),
        carrier("4", "-1"),
    ];
    export(&work, "one", FIRST, &[("ExplanationOfBenefit", &claims)]);
    let ran = work.bcda("convert one --keep latest --out tables --format csv").exits(0);
    assert!(ran.stderr.contains("claims possibly replaced"), "{}", ran.stderr);
    assert_eq!(work.csv("tables/cclf5.csv").rows.len(), 4);
    assert_eq!(work.read_json("tables/tables-manifest.json")["left_out"]["possibly_replaced"], 1);
    // Nothing is read for it where only some columns are.
    let words = "convert one --keep latest --out some --format csv --columns CLM_LINE_NUM --quiet";
    work.bcda(words).exits(0);
    assert_eq!(
        work.read_json("some/tables-manifest.json")["left_out"]["possibly_replaced"],
        Value::Null
    );
}

#[test]
fn a_stream_has_all_versions() {
    let work = Work::new();
    let line = common::joined(lines(&[carrier("1", "-1")]));
    let ran = work.feed("convert - --keep latest --out tables", [&line[..]]).exits(2);
    assert!(ran.stderr.contains("leave --keep out"), "{}", ran.stderr);
    work.feed("convert - --out tables --quiet", [&line[..]]).exits(0);
    assert_eq!(work.read_json("tables/tables-manifest.json")["keep"], "all");
}

#[test]
fn people_among_the_claims_of_several_exports_are_joined() {
    let work = Work::new();
    let mixed =
        |mbi, time| vec![carrier("1", "-1"), updated(patient("-1", mbi), time), carrier("2", "-1")];
    export(&work, "one", FIRST, &[("mixed", &mixed("1AA1AA1AA11", FIRST))]);
    export(&work, "two", SECOND, &[("mixed", &mixed("1BB1BB1BB11", SECOND))]);
    work.bcda("convert two one --out tables --format csv --quiet").exits(0);
    let lines = work.csv("tables/cclf5.csv");
    assert_eq!(lines.column("BENE_MBI_ID"), ["1BB1BB1BB11"; 2]);
    let report = work.read_json("tables/tables-manifest.json");
    assert_eq!((&report["restarted"], &report["left_out"]["versions"]), (&json!(true), &json!(2)));
    counts(&report);
}

#[test]
fn a_merge_that_stands_among_claims_comes_in_the_order_of_its_export() {
    let work = Work::new();
    let merged = json!({
        "resourceType": "Patient", "id": "4",
        "link": [{"other": {"reference": "Patient/5"}, "type": "replaced-by"}],
    });
    let person = |mbi, time| updated(patient_of(Api::V3, "4", mbi), time);
    let claim = claim_with_items_of(Api::V3, "CARRIER", "1", "4", 1);
    export(
        &work,
        "one",
        FIRST,
        &[
            ("Patient", &[person("1AA1AA1AA11", "2024-02-20T00:00:00Z")]),
            ("mixed", &[claim, merged, patient_of(Api::V3, "5", "5AA5AA5AA55")]),
        ],
    );
    let words = "convert one --keep latest --out one-tables --format csv --quiet";
    work.bcda(words).exits(0);
    assert_eq!(work.csv("one-tables/cclf5.csv").column("BENE_MBI_ID"), ["5AA5AA5AA55"]);
    // Somebody again in a later export, whatever was changed last.
    export(&work, "two", SECOND, &[("Patient", &[person("1BB1BB1BB11", "2024-01-20T00:00:00Z")])]);
    for inputs in ["one two", "two one"] {
        let words = format!("convert {inputs} --out tables --format csv --overwrite --quiet");
        work.bcda(&words).exits(0);
        assert_eq!(work.csv("tables/cclf5.csv").column("BENE_MBI_ID"), ["1BB1BB1BB11"]);
        assert_eq!(work.csv("tables/cclf8.csv").rows.len(), 2);
    }
}

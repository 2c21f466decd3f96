//! Small records by hand, and the cells they must give.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use crate::common::records::{
    carrier, claim, claim_with_items, coverage, hospice, item, lines, mbi, patient,
};
use crate::common::{Work, counts};
use serde_json::{Value, json};

/// Converts records in this order to CSV, dated 2024-01-01; gives the report.
#[track_caller]
fn convert(work: &Work, records: &[Value]) -> Value {
    work.write_lines("in.ndjson", lines(records));
    let options = "--out out --overwrite --format csv --file-date 2024-01-01 --quiet";
    work.bcda(&format!("convert in.ndjson {options} --report report.json")).exits(0);
    let report = work.read_json("report.json");
    counts(&report);
    report
}

fn updated(mut record: Value, time: Option<&str>) -> Value {
    match time {
        Some(time) => record["meta"]["lastUpdated"] = time.into(),
        None => drop(record.as_object_mut().unwrap().remove("meta")),
    }
    record
}

#[test]
fn of_two_patients_of_one_id_the_newest_is_used() {
    let work = Work::new();
    let old = Some("2020-12-31T23:59:59.999Z");
    let new = Some("2021-01-01T00:00:00.000Z");
    // The same instant as `new`, written otherwise.
    let same = Some("2020-12-31T19:00:00.000-05:00");
    for (times, winner) in [
        ([old, new], "1S00A00AA02"),
        ([new, old], "1S00A00AA01"),
        ([new, new], "1S00A00AA02"),
        ([new, same], "1S00A00AA02"),
        ([same, old], "1S00A00AA01"),
        ([None, old], "1S00A00AA02"),
        ([old, None], "1S00A00AA01"),
        ([None, None], "1S00A00AA02"),
    ] {
        let mut first = updated(patient("1", "1S00A00AA01"), times[0]);
        let mut second = updated(patient("1", "1S00A00AA02"), times[1]);
        first["identifier"].as_array_mut().unwrap().push(mbi("1S00A00AA08", Some("historic")));
        second["identifier"].as_array_mut().unwrap().push(mbi("1S00A00AA09", Some("historic")));
        let historic = if winner == "1S00A00AA01" { "1S00A00AA08" } else { "1S00A00AA09" };
        let report = convert(&work, &[first, carrier("5", "1"), second]);
        assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), [winner], "{times:?}");
        assert_eq!(work.csv("out/cclf8.csv").column("BENE_MBI_ID"), [winner], "{times:?}");
        let past = work.csv("out/cclf9.csv");
        assert_eq!(past.select(["CRNT_NUM", "PRVS_NUM"]), [[winner, historic]], "{times:?}");
        assert_eq!(report["superseded_patients"], 1, "{times:?}");
        assert_eq!(report["beneficiaries"], 1, "{times:?}");
        assert_eq!(counts(&report), [3, 1, 2, 0, 0, 0], "{times:?}");
    }
}

#[test]
fn of_two_coverages_of_a_part_the_newest_is_used() {
    let work = Work::new();
    let version = |code: &str, time: &str| {
        let mut record = updated(coverage("1", "A"), Some(time));
        record["extension"][0]["valueCoding"]["code"] = code.into();
        record
    };
    let (old, new) = ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    for (times, code) in [([old, new], "20"), ([new, old], "10"), ([new, new], "20")] {
        let records =
            [version("10", times[0]), patient("1", "1S00A00AA01"), version("20", times[1])];
        let report = convert(&work, &records);
        assert_eq!(work.csv("out/cclf8.csv").column("BENE_MDCR_STUS_CD"), [code], "{times:?}");
        assert_eq!(report["superseded_coverages"], 1, "{times:?}");
    }
}

#[test]
fn current_and_historic_identifiers() {
    let work = Work::new();
    let (current, historic) = (Some("current"), Some("historic"));
    let person = |id: &str, identifiers: &[(&str, Option<&str>)]| {
        let mut record = patient(id, "");
        record["identifier"] =
            identifiers.iter().map(|(value, currency)| mbi(value, *currency)).collect();
        record
    };
    convert(
        &work,
        &[
            person("1", &[("A1", historic), ("A2", current), ("A3", historic)]),
            person("2", &[("B1", None), ("B2", None)]),
            person("3", &[("C1", historic), ("C2", None)]),
            person("4", &[("D1", current), ("D2", current), ("D1", historic)]),
            person("5", &[("E1", historic), ("E1", historic)]),
            person("6", &[]),
            person("7", &[("G9", historic), ("G1", historic), ("G5", historic), ("G7", current)]),
        ],
    );
    let people = work.csv("out/cclf8.csv");
    assert_eq!(people.column("BENE_MBI_ID"), ["A2", "B1", "C2", "D1", "", "", "G7"]);
    let past = work.csv("out/cclf9.csv");
    let pairs: Vec<String> = past
        .select(["CRNT_NUM", "PRVS_NUM"])
        .into_iter()
        .map(|[current, previous]| format!("{current}<{previous}"))
        .collect();
    let pairs: Vec<&str> =
        pairs.iter().map(String::as_str).filter(|pair| *pair != "D1<D2").collect();
    // Whether a second current one is a past one, rules.md does not say.
    assert_eq!(pairs, ["A2<A1", "A2<A3", "B1<B2", "C2<C1", "<E1", "G7<G1", "G7<G5", "G7<G9"]);
    assert!(past.column("HICN_MBI_XREF_IND").iter().all(|mark| *mark == "M"));
}

#[test]
fn hospice_stays_become_ranges_of_a_person() {
    let work = Work::new();
    let mut cancelled = hospice("6", "1", "2018-01-01", Some("2018-01-09"));
    cancelled["status"] = "cancelled".into();
    let report = convert(
        &work,
        &[
            hospice("1", "1", "2020-05-01", Some("2020-05-31")),
            hospice("2", "1", "2020-01-01", Some("2020-01-31")),
            // The same stay goes on: the greatest end.
            hospice("3", "1", "2020-01-01", Some("2020-03-31")),
            hospice("4", "1", "2020-01-01", Some("2020-02-29")),
            cancelled,
            // One claim of the stay has no end.
            hospice("7", "2", "2021-01-01", Some("2021-01-31")),
            hospice("8", "2", "2021-01-01", None),
            hospice("9", "2", "2021-06-01", Some("2021-06-02")),
            // A stay of nobody here.
            hospice("10", "9", "2021-01-01", Some("2021-01-31")),
            // Days of a stay that is no hospice stay.
            {
                let mut stay = claim("INPATIENT", "11", "3");
                stay["hospitalization"] = json!({"start": "2020-07-01", "end": "2020-07-09"});
                stay
            },
            patient("1", "1S00A00AA01"),
            patient("2", "1S00A00AA02"),
            patient("3", "1S00A00AA03"),
        ],
    );
    let people = work.csv("out/cclf8.csv");
    let ranges = people.select(["BENE_MBI_ID", "BENE_RNG_BGN_DT", "BENE_RNG_END_DT"]);
    assert_eq!(
        ranges,
        [
            ["1S00A00AA01", "2020-01-01", "2020-03-31"],
            ["1S00A00AA01", "2020-05-01", "2020-05-31"],
            ["1S00A00AA02", "2021-01-01", ""],
            ["1S00A00AA02", "2021-06-01", "2021-06-02"],
            ["1S00A00AA03", "", ""],
        ]
    );
    assert_eq!(report["claims_without_patient"], 1);
    // A hospice claim without items is a claim of its own all the same.
    assert_eq!(work.csv("out/cclf1.csv").rows.len(), 10);
    assert_eq!(work.csv("out/cclf2.csv").rows.len(), 0);
}

#[test]
fn claims_without_lines() {
    let work = Work::new();
    let mut empty = claim("CARRIER", "7", "1");
    empty["item"] = json!([]);
    let mut null = claim("DME", "8", "1");
    null["item"] = Value::Null;
    let report = convert(
        &work,
        &[
            claim("INPATIENT", "1", "1"),
            claim("OUTPATIENT", "2", "1"),
            claim("SNF", "3", "1"),
            claim("HHA", "4", "1"),
            claim("HOSPICE", "5", "1"),
            claim("CARRIER", "6", "1"),
            empty,
            null,
            claim("DME", "9", "1"),
            carrier("10", "1"),
            claim_with_items("DME", "11", "1", 2),
            claim_with_items("OUTPATIENT", "12", "1", 3),
        ],
    );
    assert_eq!(counts(&report), [12, 8, 0, 4, 0, 0]);
    let ids = |name: &str| {
        let table = work.csv(&format!("out/{name}.csv"));
        table.column("CUR_CLM_UNIQ_ID").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids("cclf1"), ["1", "2", "3", "4", "5", "12"]);
    assert_eq!(ids("cclf2"), ["12", "12", "12"]);
    assert_eq!(ids("cclf5"), ["10"]);
    assert_eq!(ids("cclf6"), ["11", "11"]);
    assert_eq!(ids("cclf7"), [""; 0]);
    assert_eq!(work.csv("out/cclf6.csv").column("CLM_LINE_NUM"), ["1", "2"]);
    assert_eq!(report["claims_without_patient"], 12);
}

#[test]
fn a_claim_with_the_least_it_needs() {
    let work = Work::new();
    let bare = |eob_type: &str| {
        let whole = claim(eob_type, "1", "1");
        json!({
            "resourceType": "ExplanationOfBenefit",
            "identifier": whole["identifier"][0],
            "type": {"coding": [whole["type"]["coding"][0]]},
            "item": [{"sequence": 3}],
        })
    };
    let types = ["CARRIER", "DME", "INPATIENT", "OUTPATIENT", "SNF", "HHA", "HOSPICE", "PDE"];
    let records: Vec<Value> = types
        .iter()
        .map(|eob_type| {
            let mut record = bare(eob_type);
            record["identifier"] = json!([record["identifier"]]);
            record
        })
        .collect();
    let report = convert(&work, &records);
    assert_eq!(counts(&report), [8, 8, 0, 0, 0, 0]);
    for (table, rows) in [
        ("cclf1", 5),
        ("cclf2", 5),
        ("cclf3", 0),
        ("cclf4", 0),
        ("cclf5", 1),
        ("cclf6", 1),
        ("cclf7", 1),
    ] {
        assert_eq!(work.csv(&format!("out/{table}.csv")).rows.len(), rows, "{table}");
    }
    assert_eq!(work.csv("out/cclf5.csv").column("CLM_LINE_NUM"), ["3"]);
    // A Patient and a Coverage with no more than they need.
    convert(
        &work,
        &[
            json!({"resourceType": "Patient", "id": "1"}),
            json!({
                "resourceType": "Coverage",
                "beneficiary": {"reference": "Patient/1"},
                "grouping": {"subPlan": "Part A"},
            }),
        ],
    );
    let people = work.csv("out/cclf8.csv");
    assert_eq!(people.rows.len(), 1);
    assert_eq!(people.column("BENE_SEX_CD"), [""]);
}

#[test]
fn every_version_of_a_claim_keeps_its_rows() {
    let work = Work::new();
    let mut later = carrier("1", "1");
    later["meta"]["lastUpdated"] = "2022-01-01T00:00:00Z".into();
    later["status"] = "cancelled".into();
    let records = [carrier("1", "1"), carrier("2", "1"), later.clone(), later, carrier("2", "1")];
    let report = convert(&work, &records);
    assert_eq!(report["repeated_claim_ids"], 2);
    let rows = work.csv("out/cclf5.csv");
    assert_eq!(rows.column("CUR_CLM_UNIQ_ID"), ["1", "2", "1", "1", "2"]);
    assert_eq!(
        rows.column("BCDA_STATUS"),
        ["active", "active", "cancelled", "cancelled", "active"]
    );
    // The status decides nothing about the type of adjustment.
    assert_eq!(rows.column("CLM_ADJSMT_TYPE_CD"), ["0"; 5]);
}

#[test]
fn text_in_csv_keeps_its_content() {
    let work = Work::new();
    let names = [
        "plain",
        "a,b",
        "\"quoted\"",
        "two\nlines",
        "carriage\r\nreturn",
        "=1+1",
        "+1",
        "-1",
        "@sum",
        "  spaces  ",
        "Ärztin \u{1f600}",
        "tab\there",
        "'",
        "\u{7f}",
    ];
    let people: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let mut person = patient(&number.to_string(), "1S00A00AA00");
            person["name"][0]["family"] = (*name).into();
            person
        })
        .collect();
    convert(&work, &people);
    assert_eq!(work.csv("out/cclf8.csv").column("BENE_LAST_NAME"), names);
    let text = work.read_text("out/cclf8.csv");
    assert!(text.contains("\"\"\"quoted\"\"\"") && text.contains("\"a,b\""));
    // Blank text is null.
    let mut person = patient("1", "1S00A00AA00");
    person["name"][0]["family"] = "   ".into();
    convert(&work, &[person]);
    assert_eq!(work.csv("out/cclf8.csv").column("BENE_LAST_NAME"), [""]);
}

#[test]
fn amounts_keep_every_digit() {
    let work = Work::new();
    let mut records = Vec::new();
    let amounts = [
        ("12.5", "12.50"),
        ("-12.5", "-12.50"),
        ("0", "0.00"),
        ("-0.0", "0.00"),
        ("0.01", "0.01"),
        ("-0.01", "-0.01"),
        ("1e3", "1000.00"),
        ("120.0000", "120.00"),
        ("99999999999.99", "99999999999.99"),
        ("-99999999999.99", "-99999999999.99"),
        ("1999.999e-1", ""),
    ];
    for (number, (amount, cell)) in amounts.iter().enumerate() {
        let line = carrier(&number.to_string(), "1").to_string().replace("12.5", amount);
        records.push((line, *cell));
    }
    let (good, bad): (Vec<_>, Vec<_>) = records.into_iter().partition(|(_, cell)| !cell.is_empty());
    work.write_lines("in.ndjson", good.iter().map(|(line, _)| line));
    work.bcda("convert in.ndjson --out out --format csv -q").exits(0);
    let wanted: Vec<&str> = good.iter().map(|(_, cell)| *cell).collect();
    assert_eq!(work.csv("out/cclf5.csv").column("CLM_LINE_CVRD_PD_AMT"), wanted);
    work.write_lines("bad.ndjson", bad.iter().chain(&good[..1]).map(|(line, _)| line));
    work.bcda("convert bad.ndjson --out bad -q").exits(3);
    assert_eq!(work.csv("bad/rejects/rejects.csv").rows.len(), bad.len());
}

#[test]
fn cells_of_a_person() {
    let work = Work::new();
    let with = |id: &str, changes: Value| {
        let mut person = patient(id, id);
        for (name, value) in changes.as_object().unwrap() {
            person[name] = value.clone();
        }
        person
    };
    let report = convert(
        &work,
        &[
            with("VA", json!({})),
            with("letters", json!({"address": [{"state": "va", "postalCode": "12345-6789"}]})),
            with("foreign", json!({"address": [{"state": "99", "postalCode": "1234"}]})),
            with("died", json!({"deceasedDateTime": "2020-06-14", "gender": "male"})),
            with("leap", json!({"birthDate": "1960-02-29", "gender": "other"})),
            with("later", json!({"birthDate": "2024-01-02", "gender": null})),
            with("year", json!({"birthDate": "1950", "gender": "unknown"})),
        ],
    );
    let people = work.csv("out/cclf8.csv");
    let columns =
        ["BENE_MBI_ID", "BENE_FIPS_STATE_CD", "GEO_USPS_STATE_CD", "GEO_ZIP5_CD", "GEO_ZIP4_CD"];
    let found = people.select(columns);
    assert_eq!(found[0], ["VA", "51", "VA", "12345", "6789"]);
    assert_eq!(found[1][3..], ["12345", "6789"]);
    assert_eq!(found[2][1..3], ["", ""]);
    let ages = people.select(["BENE_AGE", "BENE_SEX_CD", "BENE_DOB"]);
    assert_eq!(
        ages,
        [
            ["73", "2", "1950-06-15"],
            ["73", "2", "1950-06-15"],
            ["73", "2", "1950-06-15"],
            ["69", "1", "1950-06-15"],
            ["63", "0", "1960-02-29"],
            ["", "", "2024-01-02"],
            ["", "0", ""],
        ]
    );
    assert_eq!(report["partial_dates"], 1);
    assert!(report["untranslated_states"].as_u64().unwrap() > 0);
}

#[test]
fn what_became_null_is_counted_in_the_report_and_the_summary() {
    let work = Work::new();
    let with = |id: &str, name: &str, value: Value| {
        let mut person = patient(id, id);
        person[name] = value;
        person
    };
    let of_status = |id: &str, status: Value| {
        let mut claim = carrier(id, "A");
        claim["status"] = status;
        claim
    };
    let marks =
        json!([mbi("X1", Some("former")), mbi("X2", Some("current")), mbi("X3", Some("current"))]);
    let records = [
        with("A", "gender", json!("M")),
        with("B", "address", json!([{"postalCode": "K1A 0B1", "state": "CN"}])),
        with("C", "identifier", marks),
        of_status("1", json!("active")),
        of_status("2", json!("cancelled")),
        of_status("3", json!("draft")),
        of_status("4", json!("Active")),
        of_status("5", json!(null)),
    ];
    let report = convert(&work, &records);
    assert_eq!(report["untranslated_codes"], 2, "a gender and a mark");
    assert_eq!(report["untranslated_zips"], 3, "in three columns");
    assert_eq!(report["untranslated_states"], 2, "in two columns");
    let statuses = json!({"absent": 1, "cancelled": 1, "draft": 1, "other": 1});
    assert_eq!(report["claims_not_final"], statuses);
    assert_eq!(report["claims_final_unknown"], 0);
    let people = work.csv("out/cclf8.csv");
    let cells = people.select(["BENE_MBI_ID", "BENE_SEX_CD", "GEO_ZIP5_CD", "GEO_USPS_STATE_CD"]);
    assert_eq!(cells, [["A", "", "12345", "VA"], ["B", "2", "", ""], ["X2", "2", "12345", "VA"]]);
    assert_eq!(work.csv("out/cclf9.csv").column("PRVS_NUM"), ["X1", "X3"]);
    let statuses = work.csv("out/cclf5.csv");
    assert_eq!(statuses.column("BCDA_STATUS"), ["active", "cancelled", "draft", "Active", ""]);
    assert_eq!(statuses.column("BCDA_FINAL"), ["true", "false", "false", "false", "false"]);
    assert_eq!(statuses.column("BCDA_API"), ["v1"; 5]);
    assert_eq!(statuses.column("BCDA_SYSTEM"), [""; 5]);
    let ran = work.bcda("convert in.ndjson --out out --overwrite").exits(0);
    for (name, count) in [
        ("codes outside their list (null)", "2"),
        ("postal codes that are no ZIP (null)", "3"),
        ("state codes without FIPS (null)", "2"),
        ("claims not final", "4"),
        ("  cancelled", "1"),
        ("  draft", "1"),
        ("  other", "1"),
        ("  absent", "1"),
    ] {
        let row = ran.stderr.lines().find(|line| line.contains(&format!(" {name} ")));
        let row = row.unwrap_or_else(|| panic!("{name}: {}", ran.stderr));
        assert!(row.split_whitespace().any(|word| word == count), "{row}");
    }
}

#[test]
fn lines_come_in_the_order_of_the_items() {
    let work = Work::new();
    let mut turned = carrier("1", "1");
    turned["item"] = [4, 2, 9].map(item).to_vec().into();
    convert(&work, &[turned, carrier("2", "1")]);
    let rows = work.csv("out/cclf5.csv");
    assert_eq!(
        rows.select(["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM"]),
        [["1", "4"], ["1", "2"], ["1", "9"], ["2", "1"]]
    );
    assert_eq!(rows.cell("CLM_LINE_NUM", "9", "CLM_LINE_ALOWD_CHRG_AMT"), "20.00");
    assert_eq!(rows.cell("CLM_LINE_NUM", "9", "CLM_LINE_HCPCS_CD"), "99213");
}

#[test]
fn the_seed_samples_convert_without_a_reject() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/seed-samples");
    if !std::path::Path::new(samples).is_dir() {
        println!("skipped: no ../shared");
        return;
    }
    let work = Work::new();
    let options = ["--out", "out", "--format", "csv", "--quiet", "--report", "report.json"];
    work.run(&[&["convert", samples, "--file-date", "2020-01-01"], &options[..]].concat()).exits(0);
    let report = work.read_json("report.json");
    let counts = counts(&report);
    assert!(counts[0] > 0 && counts[5] == 0);
    work.assert_clean();
}

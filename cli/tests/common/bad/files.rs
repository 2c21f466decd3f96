//! Oddities of whole files: encodings, line ends, one text over several lines, versions, records twice.

use serde_json::json;

use super::Case;
use super::records::{carrier, claim, claim_with_items, coverage, patient, r4_claim, v2_claim};

const MARK: &[u8] = b"\xEF\xBB\xBF";

fn good(id: &str) -> String {
    carrier(id, "1").to_string()
}

pub(super) fn all() -> Vec<Case> {
    [lines(), encodings(), not_ndjson(), of_records()].concat()
}

fn lines() -> Vec<Case> {
    let (one, two) = (good("11"), good("12"));
    let long = one.replacen('{', &format!("{{\"zzz\":\"{}\",", "x".repeat(2_000)), 1);
    let endless = format!("{one}\n{{\"zzz\":\"{}", "x".repeat(4_000));
    vec![
        Case::new("file-empty.ndjson", "no byte at all", ""),
        Case::new("file-blank.ndjson", "blank lines only", "\n  \n\t\r\n\r\n \t "),
        Case::new("file-no-newline.ndjson", "no line feed at the end", format!("{one}\n{two}"))
            .good(2),
        Case::new("file-crlf.ndjson", "CRLF", format!("{one}\r\n{two}\r\n")).good(2),
        Case::new("file-cr.ndjson", "carriage returns alone: one line", format!("{one}\r{two}\r"))
            .ends(4, "every record was rejected (1 of 1)"),
        Case::new(
            "file-blanks-between.ndjson",
            "blank lines count as lines, not as records",
            format!("\n \r\n{one}\n\n\t\n{{bad\n\n{two}\n\n"),
        )
        .good(2)
        .bad(&[(6, "syntax")]),
        Case::new("file-cut.ndjson", "the last record is cut", format!("{one}\n{}", &two[..99]))
            .good(1)
            .bad(&[(2, "syntax")]),
        Case::new("file-line-too-long.ndjson", "over the limit", format!("{one}\n{long}\n{two}\n"))
            .options(&["--max-line-bytes", "1500"])
            .good(2)
            .bad(&[(2, "line-too-long")]),
        Case::new("file-line-long-enough.ndjson", "below the limit", format!("{one}\n{long}\n"))
            .options(&["--max-line-bytes", "3500"])
            .good(2),
        Case::new("file-line-too-long-last.ndjson", "over the limit, no line feed", endless)
            .options(&["--max-line-bytes", "1500"])
            .good(1)
            .bad(&[(2, "line-too-long")]),
        Case::new("file-nul.ndjson", "NULs for text", vec![0; 700])
            .ends(4, "found NULs in place of text"),
        Case::new("file-page.ndjson", "a page of a web server", "<!DOCTYPE html>\n<p>busy</p>\n")
            .ends(4, "found an HTML page"),
    ]
}

fn encodings() -> Vec<Case> {
    let (one, two) = (good("11"), good("12"));
    let text = format!("{one}\n{two}\n");
    let wide = |big: bool, mark: &[u8]| {
        let unit = move |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        [mark, &text.encode_utf16().flat_map(unit).collect::<Vec<u8>>()].concat()
    };
    let wider = |big: bool, mark: &[u8]| {
        let unit = move |c: char| {
            if big { u32::from(c).to_be_bytes() } else { u32::from(c).to_le_bytes() }
        };
        [mark, &text.chars().flat_map(unit).collect::<Vec<u8>>()].concat()
    };
    let (two_bytes, four_bytes) = ("found UTF-16", "found UTF-32");
    vec![
        Case::new("file-mark.ndjson", "a byte order mark", [MARK, text.as_bytes()].concat())
            .good(2),
        Case::new("file-mark-alone.ndjson", "nothing but a byte order mark", MARK),
        Case::new(
            "file-mark-twice.ndjson",
            "two byte order marks: the second is not at the start",
            [MARK, MARK, text.as_bytes()].concat(),
        )
        .good(1)
        .bad(&[(1, "syntax")]),
        Case::new(
            "file-mark-after-a-blank-line.ndjson",
            "a byte order mark on the second line",
            [b"\n", MARK, text.as_bytes()].concat(),
        )
        .good(1)
        .bad(&[(2, "syntax")]),
        Case::new("file-utf-16-le.ndjson", "UTF-16, little-endian", wide(false, b""))
            .ends(4, two_bytes),
        Case::new("file-utf-16-le-mark.ndjson", "UTF-16 with a mark", wide(false, b"\xFF\xFE"))
            .ends(4, two_bytes),
        Case::new("file-utf-16-be.ndjson", "UTF-16, big-endian", wide(true, b""))
            .ends(4, two_bytes),
        Case::new("file-utf-16-be-mark.ndjson", "UTF-16 with a mark", wide(true, b"\xFE\xFF"))
            .ends(4, two_bytes),
        Case::new("file-utf-32-le.ndjson", "UTF-32, little-endian", wider(false, b""))
            .ends(4, four_bytes),
        Case::new(
            "file-utf-32-le-mark.ndjson",
            "UTF-32 with a mark",
            wider(false, b"\xFF\xFE\0\0"),
        )
        .ends(4, four_bytes),
        Case::new("file-utf-32-be.ndjson", "UTF-32, big-endian", wider(true, b""))
            .ends(4, four_bytes),
        Case::new("file-utf-32-be-mark.ndjson", "UTF-32 with a mark", wider(true, b"\0\0\xFE\xFF"))
            .ends(4, four_bytes),
    ]
}

fn not_ndjson() -> Vec<Case> {
    let (one, two) = (good("11"), good("12"));
    let pretty = serde_json::to_string_pretty(&carrier("11", "1")).unwrap();
    let bundle = json!({
        "entry": [{"resource": carrier("11", "1")}], "resourceType": "Bundle", "type": "collection",
    });
    let whole = |name: &str, about: &str, text: String| {
        Case::new(format!("not-ndjson-{name}.ndjson"), about, text).ends(4, "not NDJSON")
    };
    vec![
        whole("pretty", "one record over several lines", format!("{pretty}\n")),
        whole("pretty-records", "records over several lines", format!("{pretty}\n{pretty}\n")),
        whole(
            "pretty-marked",
            "with a byte order mark and blank lines",
            format!("\u{feff}\n\n{pretty}"),
        ),
        whole(
            "pretty-bundle",
            "a Bundle over several lines",
            serde_json::to_string_pretty(&bundle).unwrap(),
        ),
        whole("array", "one array on one line", format!("[{one},{two}]\n")),
        whole("array-of-nothing", "an empty array", "[]".to_owned()),
        whole("array-over-lines", "one array, a record a line", format!("[\n{one},\n{two}\n]\n")),
        whole("array-tight", "one array, a record a line", format!("[{one},\n{two}]\n")),
        Case::new(
            "wrong-type-first-line-array.ndjson",
            "an array before records",
            format!("[]\n{one}\n"),
        )
        .good(1)
        .bad(&[(1, "wrong-type")]),
        Case::new(
            "wrong-type-first-line-records.ndjson",
            "records in an array, then one",
            format!("[{one}]\n{two}\n"),
        )
        .good(1)
        .bad(&[(1, "wrong-type")]),
        Case::new(
            "syntax-first-line-array.ndjson",
            "an open array before records",
            format!("[1\n{one}\n{two}\n"),
        )
        .good(2)
        .bad(&[(1, "syntax")]),
        Case::new(
            "syntax-first-line-cut.ndjson",
            "a cut record before records",
            format!("{}\n{two}\n", &one[..70]),
        )
        .good(1)
        .bad(&[(1, "syntax")]),
        Case::new(
            "bundle-first-line.ndjson",
            "a Bundle on the first line",
            format!("{bundle}\n{two}\n"),
        )
        .good(1)
        .bad(&[(1, "bundle")]),
    ]
}

fn of_records() -> Vec<Case> {
    let (one, claim4) = (good("11"), r4_claim("1"));
    let mut profile = carrier("11", "1");
    profile["meta"]["profile"] = json!(["http://hl7.org/fhir/us/carin-bb/StructureDefinition/x"]);
    let cover = json!({
        "beneficiary": {"reference": "Patient/1"}, "class": [], "id": "c", "payor": [{}],
        "resourceType": "Coverage", "status": "active",
    });
    let old = patient("1", "1S00A00AA01");
    let mut new = old.clone();
    new["meta"]["lastUpdated"] = json!("2022-01-02T03:04:05.006Z");
    new["name"][0]["family"] = json!("Newer");
    let mut odd = old.clone();
    odd["name"] = json!([{"family": "=1+1, \"O'Neil\"\nJr\r", "given": ["@a", "-b"]}]);
    odd["address"][0]["city"] = json!("+x,\ty");
    let lines = |all: &[&dyn ToString]| -> String {
        all.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect()
    };
    let of_people = |mut case: Case, joined, rows: &[(&'static str, u64)]| {
        case.kept[1] = joined;
        case.rows.extend(rows);
        case
    };
    let mut cases = vec![
        Case::new("r4-claim.ndjson", "FHIR R4 of no version", lines(&[&claim4]))
            .ends(4, "every record was rejected (1 of 1)"),
        Case::new("r4-claim-later.ndjson", "FHIR R4 of no version", lines(&[&one, &claim4, &one]))
            .good(2)
            .bad(&[(2, "claim-type")]),
        Case::new("r4-profile.ndjson", "a profile tells no version", lines(&[&profile])).good(1),
        Case::new("r4-coverage.ndjson", "FHIR R4 of no version", lines(&[&cover]))
            .ends(4, "every record was rejected (1 of 1)"),
        Case::new("versions-two.ndjson", "v1, then v2", lines(&[&one, &v2_claim("1"), &one]))
            .ends(2, "a record of BCDA v2, after records of BCDA v1"),
    ];
    let mut skipped = Case::new(
        "skipped-types.ndjson",
        "types that no table wants",
        lines(&[
            &json!({"id": "1", "resourceType": "Organization"}),
            &one,
            &json!({"id": "2", "resourceType": "Observation", "status": "final"}),
            &json!({"issue": [], "resourceType": "OperationOutcome"}),
        ]),
    )
    .good(1);
    skipped.kept[3] = 3;
    let mut without = Case::new(
        "without-rows.ndjson",
        "a carrier claim without items: no table has a row of it",
        lines(&[&claim("CARRIER", "11", "1"), &good("12")]),
    )
    .good(1);
    without.kept[2] = 1;
    let mut twice =
        Case::new("twice-claim.ndjson", "a claim twice: both are kept", lines(&[&one, &one]));
    twice = twice.good(2);
    twice.report = vec![("repeated_claim_ids", 1)];
    let mut people = of_people(
        Case::new(
            "twice-patient.ndjson",
            "of a Patient the newest joins",
            lines(&[&new, &old, &one]),
        ),
        2,
        &[],
    )
    .good(1);
    people.rows = vec![("CCLF5", 1), ("CCLF8", 1)];
    people.report = vec![("superseded_patients", 1), ("superseded_coverages", 0)];
    people.cells = vec![("cclf8.BENE_LAST_NAME", vec!["Newer"])];
    let (a, mut later) = (coverage("1", "A"), coverage("1", "A"));
    later["meta"]["lastUpdated"] = json!("2022-01-02T03:04:05.006Z");
    let mut covers = of_people(
        Case::new(
            "twice-coverage.ndjson",
            "of a Coverage the newest joins",
            lines(&[&later, &a, &old]),
        ),
        3,
        &[("CCLF8", 1)],
    );
    covers.report = vec![("superseded_patients", 0), ("superseded_coverages", 1)];
    let mut quoting = of_people(
        Case::new(
            "csv-quoting.ndjson",
            "commas, quotes, line ends and formulas in values",
            lines(&[&odd]),
        ),
        1,
        &[("CCLF8", 1)],
    );
    quoting.cells = vec![
        ("cclf8.BENE_LAST_NAME", vec!["=1+1, \"O'Neil\"\nJr\r"]),
        ("cclf8.BENE_1ST_NAME", vec!["@a"]),
        ("cclf8.BENE_MIDL_NAME", vec!["-b"]),
    ];
    let mut wide = claim_with_items("CARRIER", "11", "1", 1);
    wide["item"][0]["adjudication"][0]["amount"]["value"] = json!(0);
    let exact =
        |number: &str| wide.to_string().replace("\"value\":0}", &format!("\"value\":{number}}}"));
    let mut numbers = Case::new(
        "good-exact-amounts.ndjson",
        "amounts that fit, however they are written",
        lines(&[
            &exact("120.00"),
            &exact("-0.0"),
            &exact("1.2e2"),
            &exact("1E-2"),
            &exact("12345678901.23"),
        ]),
    )
    .good(5);
    numbers.report = vec![("repeated_claim_ids", 1)];
    numbers.cells = vec![(
        "cclf5.CLM_LINE_CVRD_PD_AMT",
        vec!["120.00", "0.00", "120.00", "0.01", "12345678901.23"],
    )];
    cases.extend([skipped, without, twice, people, covers, quoting, numbers]);
    cases
}

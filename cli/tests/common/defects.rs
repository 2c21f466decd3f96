//! Lines that are no good records, each made from a good claim of a version, and what they are called.

use synth::Api;

use super::records::{carrier_of, claim_with_items_of, coverage_of, patient_of};

/// A line that is refused.
#[derive(Clone, Debug)]
pub(crate) struct Defect {
    pub(crate) name: String,
    pub(crate) class: &'static str,
    pub(crate) line: Vec<u8>,
}

/// The member that the crosswalk reads in which a fault of the text is tried.
const READ: &str = "\"status\":\"active\"";
/// A member that it skips, which stands in every claim of these tests.
const SKIPPED: &str = "\"display\":\"Local\"";

/// A good claim to break.
pub(crate) fn victim(api: Api) -> String {
    carrier_of(api, "13", "1").to_string()
}

/// Replaces what is there exactly once.
#[track_caller]
fn swap(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

/// Faults of the text alone: the same verdict in a member that is read, in one that is skipped, and in one
/// that nobody knows.
fn of_text(api: Api, found: &mut Vec<Defect>) {
    let strings: &[(&str, &str, &[u8])] = &[
        ("high surrogate", "text", br"\ud800"),
        ("low surrogate", "text", br"\udc00"),
        ("swapped surrogates", "text", br"\udc00\ud800"),
        ("surrogate before text", "text", br"\ud83dx"),
        ("unknown escape", "text", br"\x41"),
        ("upper-case escape", "text", br"\U0041"),
        ("short escape", "text", br"\u12"),
        ("escape of no digits", "text", br"\u12g4"),
        ("control character", "text", b"\x01"),
        ("tab", "text", b"\t"),
        ("carriage return", "text", b"a\rb"),
        ("escape character", "text", b"\x1f"),
        ("NUL byte", "text", b"\0"),
        ("escaped NUL", "text", br"\u0000"),
        ("byte FF", "utf-8", b"\xff"),
        ("lone continuation", "utf-8", b"\x80"),
        ("overlong", "utf-8", b"\xc0\xaf"),
        ("encoded surrogate", "utf-8", b"\xed\xa0\x80"),
        ("beyond Unicode", "utf-8", b"\xf4\x90\x80\x80"),
        ("cut sequence", "utf-8", b"\xe2\x82"),
        ("quote", "syntax", b"a\"b"),
    ];
    let values: &[(&str, &str)] = &[
        ("NaN", "syntax"),
        ("Infinity", "syntax"),
        ("-Infinity", "syntax"),
        ("undefined", "syntax"),
        ("True", "syntax"),
        ("nul", "syntax"),
        ("+1", "syntax"),
        ("01", "syntax"),
        ("1.", "syntax"),
        (".5", "syntax"),
        ("1e", "syntax"),
        ("1e+", "syntax"),
        ("-", "syntax"),
        ("0x1F", "syntax"),
        ("1_000", "syntax"),
        ("'text'", "syntax"),
        ("[1,]", "syntax"),
        ("[1 2]", "syntax"),
        ("{\"a\":1,}", "syntax"),
        ("{\"a\" 1}", "syntax"),
        ("{a:1}", "syntax"),
        ("{1:1}", "syntax"),
        ("[}", "syntax"),
        ("/* comment */ 1", "syntax"),
        ("1 // comment", "syntax"),
        ("# comment", "syntax"),
        ("", "syntax"),
    ];
    let good = victim(api);
    for (place, member) in [("read", READ), ("skipped", SKIPPED), ("unknown", "")] {
        let with = |value: &[u8]| -> Vec<u8> {
            let name = match place {
                "unknown" => "\"zzz\":",
                _ => &member[..=member.find(':').unwrap()],
            };
            let mut line = Vec::new();
            let (before, after) = if place == "unknown" {
                ("{", format!(",{}", &good[1..]))
            } else {
                let at = good.find(member).unwrap();
                (&good[..at], good[at + member.len()..].to_owned())
            };
            line.extend_from_slice(before.as_bytes());
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(value);
            line.extend_from_slice(after.as_bytes());
            line
        };
        for (name, class, text) in strings {
            let line = with(&[b"\"", *text, b"\""].concat());
            found.push(Defect { name: format!("{name}, {place}"), class, line });
        }
        for (value, class) in values {
            let name = format!("value {value:?}, {place}");
            found.push(Defect { name, class, line: with(value.as_bytes()) });
        }
        // A member may lie in objects and lists 64 levels deep, the record itself being one of them.
        for (name, depth) in [("level 65", 64), ("level 5,000", 5_000), ("level 400,000", 400_000)]
        {
            // Where text is read, a list is of the wrong type before it is too deep.
            if place == "read" {
                continue;
            }
            let lists = if place == "skipped" { depth - 2 } else { depth };
            let value = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
            let name = format!("{name}, {place}");
            found.push(Defect { name, class: "depth", line: with(value.as_bytes()) });
        }
    }
}

fn of_structure(api: Api, found: &mut Vec<Defect>) {
    let good = victim(api);
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf32: Vec<u8> = good.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let mut add = |name: &str, class, line: Vec<u8>| {
        found.push(Defect { name: name.to_owned(), class, line });
    };
    add("byte order mark in the file", "syntax", [b"\xEF\xBB\xBF", good.as_bytes()].concat());
    add("UTF-16 with a mark", "utf-8", [b"\xFF\xFE", &utf16[..]].concat());
    add("UTF-32 with a mark", "utf-8", [b"\0\0\xFE\xFF", &utf32[..]].concat());
    add("NUL at the end", "syntax", [good.as_bytes(), b"\0"].concat());
    add("NUL before", "syntax", [b"\0", good.as_bytes()].concat());
    for (name, line) in [
        ("cut in the middle", good[..good.len() / 2].to_owned()),
        ("cut at the end", good[..good.len() - 1].to_owned()),
        ("two records", format!("{good}{good}")),
        ("two records and a space", format!("{good} {good}")),
        ("trailing text", format!("{good} x")),
        ("trailing comma", format!("{good},")),
        ("trailing brace", format!("{good}}}")),
        ("trailing comment", format!("{good} // good")),
        ("leading comment", format!("/* good */ {good}")),
        ("leading text", format!("x {good}")),
        (
            "no comma",
            swap(&good, "\"status\"", " \"status\"").replacen(", \"status\"", " \"status\"", 1),
        ),
        ("two commas", swap(&good, "\"status\"", ",\"status\"")),
        ("single quotes", good.replace('"', "'")),
        ("text", "not JSON at all".to_owned()),
        ("open brace", "{".to_owned()),
        ("no-break space", format!("\u{a0}{good}")),
        ("form feed", format!("\u{c}{good}")),
    ] {
        add(name, "syntax", line.into_bytes());
    }
    for (name, line) in [
        ("number", "17"),
        ("word", "\"text\""),
        ("null", "null"),
        ("true", "true"),
        ("list", "[]"),
        ("list of records", "[{\"resourceType\":\"Patient\"}]"),
    ] {
        add(&format!("a {name} for a record"), "wrong-type", line.as_bytes().to_vec());
    }
    add("empty object", "resource-type", b"{}".to_vec());
    // Duplicate names where some row of the crosswalk may look, whichever tables are asked for.
    for (name, from, to) in [
        ("status", "\"status\":", "\"status\":\"active\",\"status\":"),
        ("status, other value", "\"status\":", "\"status\":\"cancelled\",\"status\":"),
        (
            "resourceType",
            "\"resourceType\":",
            "\"resourceType\":\"ExplanationOfBenefit\",\"resourceType\":",
        ),
        ("status, escaped", "\"status\":", "\"st\\u0061tus\":\"active\",\"status\":"),
        ("unknown beside read", "\"status\":", "\"zzz\":1,\"zzz\":2,\"status\":"),
        ("unknown, escaped", "\"status\":", "\"zzz\":1,\"zz\\u007a\":2,\"status\":"),
        ("unknown, apart", "\"billablePeriod\":", "\"zzz\":1,\"billablePeriod\":"),
        ("period", "\"end\":\"2020-03-05\"", "\"end\":\"2020-03-05\",\"end\":\"2020-03-05\""),
        ("identifier value", "\"value\":\"13\"", "\"value\":\"13\",\"value\":\"13\""),
        ("item", "\"sequence\":1", "\"sequence\":1,\"sequence\":1"),
        ("amount", "\"value\":12.5", "\"value\":12.5,\"value\":12.5"),
        (
            "in a coding, unread",
            "\"display\":\"Local\"",
            "\"display\":\"Local\",\"display\":\"Local\"",
        ),
    ] {
        let mut line = swap(&good, from, to);
        if name == "unknown, apart" {
            line = swap(&line, "\"status\":", "\"zzz\":{},\"status\":");
        }
        add(&format!("duplicate {name}"), "duplicate-member", line.into_bytes());
    }
}

fn of_content(api: Api, found: &mut Vec<Defect>) {
    let good = victim(api);
    let drug = claim_with_items_of(api, "PDE", "13", "1", 1).to_string();
    let person = patient_of(api, "13", "1S00A00AA13").to_string();
    let cover = coverage_of(api, "13", "A").to_string();
    let unnumbered = |claim: &str, name: &str| match api {
        Api::V1 | Api::V2 => {
            swap(claim, &format!("variables/{name}_id"), &format!("variables/{name}_no"))
        }
        Api::V3 => swap(claim, "\"uc\"", "\"ux\""),
    };
    // Without a type it is not told of which version of R4 it is.
    let untyped = match api {
        Api::V1 | Api::V2 => swap(&good, "codesystem/eob-type", "codesystem/eob-typo"),
        Api::V3 => swap(&swap(&good, "EOB-TYPE", "EOB-TYPO"), "CLM-TYPE-CD", "CLM-TYPO"),
    };
    let mut add = |name: &str, class, line: String| {
        found.push(Defect { name: name.to_owned(), class, line: line.into_bytes() });
    };
    for number in ["1.005", "0.001", "1E-17", "1e20", "12345678901234567.89", "1e400", "1e-400"] {
        add(&format!("amount {number}"), "number", swap(&good, "12.5", number));
    }
    for number in ["1.5", "1e-1", "9223372036854775808", "1e30"] {
        let line = swap(&good, "\"sequence\":1", &format!("\"sequence\":{number}"));
        add(&format!("sequence {number}"), "number", line);
    }
    add(
        "quantity",
        "number",
        swap(&good, "\"quantity\":{\"value\":1}", "\"quantity\":{\"value\":0.00001}"),
    );
    for date in [
        "2019-02-30",
        "2019-13-01",
        "2019-00-10",
        "2021-02-29",
        "20190101",
        "1 May 2019",
        "2019-1-1",
    ] {
        add(&format!("date {date}"), "date", swap(&good, "2020-03-05", date));
    }
    for date in ["2021-04-31T06:07:08Z", "2021-04-05T25:07:08Z", "yesterday"] {
        add(&format!("time {date}"), "date", swap(&good, "2021-04-05T06:07:08.009Z", date));
    }
    for (name, from, to) in [
        ("status", READ, "\"status\":17"),
        ("status as a list", READ, "\"status\":[\"active\"]"),
        ("status as an object", READ, "\"status\":{\"a\":1}"),
        ("status as true", READ, "\"status\":true"),
        ("amount as text", "\"value\":12.5", "\"value\":\"12.5\""),
        ("sequence as text", "\"sequence\":1", "\"sequence\":\"1\""),
        (
            "patient as text",
            "\"patient\":{\"reference\":\"Patient/1\"}",
            "\"patient\":\"Patient/1\"",
        ),
        (
            "period as a list",
            "{\"end\":\"2020-03-05\",\"start\":\"2020-03-01\"}",
            "[\"2020-03-05\"]",
        ),
        ("date as a number", "\"2020-03-05\"", "20200305"),
        ("resourceType", "\"resourceType\":\"ExplanationOfBenefit\"", "\"resourceType\":1"),
    ] {
        add(&format!("wrong type: {name}"), "wrong-type", swap(&good, from, to));
    }
    for (name, line) in [
        ("claim id", unnumbered(&good, "clm")),
        ("value of the claim id", swap(&good, "\"value\":\"13\"", "\"value\":\"\"")),
        ("blank claim id", swap(&good, "\"value\":\"13\"", "\"value\":\"   \"")),
        ("claim id, null", swap(&good, "\"value\":\"13\"", "\"value\":null")),
        ("event id", unnumbered(&drug, "pde")),
        ("sequence", swap(&good, "\"sequence\":1,", "")),
        ("Patient.id", swap(&person, "\"id\":\"13\",", "")),
        ("beneficiary", swap(&cover, "\"beneficiary\":{\"reference\":\"Patient/13\"},", "")),
        ("part", swap(&cover, "Part A", "Part Z")),
    ] {
        add(&format!("missing {name}"), "missing", line);
    }
    add("missing eob-type", if api == Api::V1 { "missing" } else { "claim-type" }, untyped);
    add("eob-type of no kind", "claim-type", swap(&good, "\"CARRIER\"", "\"DENTAL\""));
    add("eob-type in lower case", "claim-type", swap(&good, "\"CARRIER\"", "\"carrier\""));
    for (name, to) in [
        ("no resourceType", "\"zzz\":1"),
        ("unknown resourceType", "\"resourceType\":\"Claimlet\""),
        ("empty resourceType", "\"resourceType\":\"\""),
        ("resourceType in lower case", "\"resourceType\":\"patient\""),
    ] {
        add(name, "resource-type", swap(&good, "\"resourceType\":\"ExplanationOfBenefit\"", to));
    }
    add(
        "Bundle",
        "bundle",
        format!("{{\"entry\":[{{\"resource\":{good}}}],\"resourceType\":\"Bundle\"}}"),
    );
    add("birth date", "date", swap(&person, "1950-06-15", "1950-06-31"));
    add("birth date as a number", "wrong-type", swap(&person, "\"1950-06-15\"", "19500615"));
    add(
        "duplicate in a Patient",
        "duplicate-member",
        swap(&person, "\"id\":", "\"id\":\"13\",\"id\":"),
    );
    add("cut Patient", "syntax", person[..person.len() / 2].to_owned());
}

/// All of them.
pub(crate) fn all(api: Api) -> Vec<Defect> {
    let mut found = Vec::new();
    of_text(api, &mut found);
    of_structure(api, &mut found);
    of_content(api, &mut found);
    found
}

/// Lines that look odd and are good: a claim each, of one row of CCLF5.
pub(crate) fn odd_but_good(api: Api) -> Vec<(&'static str, Vec<u8>)> {
    let good = victim(api);
    let before = |member: &str| swap(&good, "\"status\":", &format!("{member},\"status\":"));
    let deep = |lists: usize| format!("\"zzz\":{}{}", "[".repeat(lists), "]".repeat(lists));
    let many: Vec<String> = (0..500).map(|number| format!("\"z{number}\":{number}")).collect();
    [
        ("as it is", good.clone()),
        ("spaces around", format!(" \t{good}  ")),
        ("spaces inside", good.replace("\":", "\" : ")),
        ("carriage return at the end", format!("{good}\r")),
        ("64 levels", before(&deep(63))),
        ("duplicates where nobody looks", before("\"zzz\":{\"a\":1,\"a\":2}")),
        ("unknown members", before(&many.join(","))),
        (
            "unknown extension",
            before("\"_status\":{\"extension\":[{\"url\":\"urn:x\",\"valueInteger\":1}]}"),
        ),
        ("extreme numbers where nobody looks", before("\"zzz\":[1e999,-0,0.00000000000000001]")),
        ("escaped names", swap(&good, "\"status\":", "\"\\u0073tatus\":")),
        ("surrogate pair", before("\"zzz\":\"\\ud83d\\ude00\"")),
        ("exponent", swap(&good, "12.5", "1250e-2")),
        ("trailing zeros", swap(&good, "12.5", "12.50000000000000000000")),
        ("integral line number", swap(&good, "\"sequence\":1", "\"sequence\":1.0e0")),
        ("null for text", swap(&good, READ, "\"status\":null")),
        (
            "null for an object",
            swap(&good, "{\"end\":\"2020-03-05\",\"start\":\"2020-03-01\"}", "null"),
        ),
        ("null for an amount", swap(&good, "\"value\":12.5", "\"value\":null")),
        ("missing date", swap(&good, "2020-03-05", "9999-12-31")),
        ("partial date", swap(&good, "2020-03-05", "2020-03")),
        ("delete character", before("\"zzz\":\"\u{7f}\"")),
        ("byte order mark in text", before("\"zzz\":\"\u{feff}\"")),
    ]
    .into_iter()
    .map(|(name, line)| (name, line.into_bytes()))
    .collect()
}

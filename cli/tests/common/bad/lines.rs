//! Oddities of one line, between two good claims.

use synth::Api;

use super::defects::{self, Defect};
use super::records::{carrier, carrier_of, patient};
use super::{Case, slug};

/// A line between two good claims.
fn between(line: &[u8]) -> Vec<u8> {
    let good = |id| carrier(id, "1").to_string().into_bytes();
    [&good("11")[..], b"\n", line, b"\n", &good("12"), b"\n"].concat()
}

pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for Defect { name, class, line } in defects::all(Api::V1) {
        if is_tried_otherwise(&name, class) {
            continue;
        }
        let short = name.trim_end_matches(", read").trim_end_matches(", skipped");
        let about = format!("the second line: {short}");
        let plain = short.trim_start_matches("missing ").trim_start_matches("wrong type: ");
        let file = format!("{class}-{}.ndjson", slug(plain));
        cases.push(Case::new(file, about, between(&line)).good(2).bad(&[(2, class)]));
    }
    for (name, line) in defects::odd_but_good(Api::V1) {
        let about = format!("odd, but good: {name}");
        cases.push(Case::new(format!("good-{}.ndjson", slug(name)), about, between(&line)).good(3));
    }
    cases.extend(more());
    cases.extend([Api::V2, Api::V3].into_iter().flat_map(of_version));
    cases
}

/// The tests put texts into other members and deeper levels themselves.
fn is_tried_otherwise(name: &str, class: &str) -> bool {
    name.ends_with(", unknown")
        || name.contains("00,")
        || name.contains(",000")
        || (name.ends_with(", skipped") && class != "depth")
}

/// All the same in a later version, in a few files: a good claim before each line and at the end.
fn of_version(api: Api) -> [Case; 3] {
    let laid = |lines: &[Vec<u8>]| {
        let good = |number: usize| carrier_of(api, &number.to_string(), "1").to_string();
        let with_good = |(number, line): (usize, &Vec<u8>)| {
            [good(number).as_bytes(), b"\n", line, b"\n"].concat()
        };
        let mut text: Vec<u8> = lines.iter().enumerate().flat_map(with_good).collect();
        text.extend(good(lines.len()).bytes().chain([b'\n']));
        text
    };
    let mut faults = defects::all(api);
    faults.retain(|defect| !is_tried_otherwise(&defect.name, defect.class));
    let is_of_text = |defect: &Defect| ["syntax", "utf-8", "text", "depth"].contains(&defect.class);
    let (of_text, of_content): (Vec<Defect>, Vec<Defect>) =
        faults.into_iter().partition(is_of_text);
    let bad = |name: &str, about: &str, faults: Vec<Defect>| {
        let classes: Vec<(usize, &str)> =
            (2..).step_by(2).zip(faults.iter().map(|defect| defect.class)).collect();
        let lines: Vec<Vec<u8>> = faults.into_iter().map(|defect| defect.line).collect();
        let about = format!("each fault of {about}, in records of {api}");
        let case = Case::new(format!("{api}-{name}.ndjson"), about, laid(&lines));
        case.good(lines.len() as u64 + 1).bad(&classes)
    };
    let odd: Vec<Vec<u8>> = defects::odd_but_good(api).into_iter().map(|(_, line)| line).collect();
    let about = format!("each line that is odd, but good, in records of {api}");
    let of_odd = Case::new(format!("{api}-odd.ndjson"), about, laid(&odd));
    [
        bad("text", "the text of a line", of_text),
        bad("content", "what a line says", of_content),
        of_odd.good(odd.len() as u64 * 2 + 1),
    ]
}

fn more() -> Vec<Case> {
    let good = defects::victim(Api::V1);
    let mut cases = Vec::new();
    let mut add = |name: &str, about: &str, line: &[u8], class| {
        let case = Case::new(format!("{class}-{name}.ndjson"), about, between(line));
        cases.push(case.good(2).bad(&[(2, class)]));
    };
    add("nul-line", "a line of one NUL", b"\0", "syntax");
    add("binary", "a line of bytes that are no text", b"\x89PNG\x1a\xff\xfe\x00", "utf-8");
    add("form-feed-line", "a form feed is no blank", b"\x0c", "syntax");
    add(
        "byte-order-mark-alone",
        "a byte order mark on a line of its own",
        b"\xEF\xBB\xBF",
        "syntax",
    );
    let resources: [(&str, &str, &[u8]); 3] = [
        ("deeper-objects", "objects at level 65", b"{\"a\":"),
        ("deeper-mixed", "lists and objects at level 66", b"{\"a\":["),
        ("deeper-lists", "lists at level 100", b"["),
    ];
    for (name, about, opening) in resources {
        let levels = if name == "deeper-lists" { 100 } else { 64 };
        let mut deep = opening.repeat(if name == "deeper-mixed" { 33 } else { levels });
        let closing: Vec<u8> = deep
            .iter()
            .rev()
            .filter_map(|byte| match byte {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                _ => None,
            })
            .collect();
        deep.push(b'1');
        deep.extend(closing);
        let line = [b"{\"zzz\":", &deep[..], b",", &good.as_bytes()[1..]].concat();
        add(name, about, &line, "depth");
    }
    let surrogates = good.replace("\"status\":", "\"\\ud800\":1,\"status\":");
    add("surrogate-in-a-name", "a lone surrogate in a name", surrogates.as_bytes(), "text");
    let nul = good.replace("\"status\":", "\"a\\u0000\":1,\"status\":");
    add("nul-in-a-name", "an escaped NUL in a name", nul.as_bytes(), "text");
    let name = good.replace("\"status\":", "\"a\u{1}\":1,\"status\":");
    add("control-in-a-name", "a control character in a name", name.as_bytes(), "text");
    let person = patient("1", "1S00A00AA01").to_string();
    let gender = person.replace("\"gender\":", "\"gender\":\"male\",\"gender\":");
    add("gender-of-a-patient", "a Patient with two genders", gender.as_bytes(), "duplicate-member");
    let date = person.replace("1950-06-15", "1950-02-29");
    add("birth-of-a-patient", "a birth date that does not exist", date.as_bytes(), "date");
    let version = r#"{"id":"1","resourceType":"MolecularSequence"}"#;
    add("of-a-later-version", "a type of FHIR R4 only", version.as_bytes(), "resource-type");
    cases
}

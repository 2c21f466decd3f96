//! The formats of primitive types, by the regular expressions of STU3.

use crate::node::Node;
use crate::primitive::{Date, DateTime, Instant, Time};

/// Whether the value is one of its type; if not, what was expected.
pub(super) fn check(fhir: &str, node: Node<'_>) -> Result<(), &'static str> {
    match node {
        Node::Text(text) => check_text(fhir, text),
        // Any JSON number is a decimal. The expression of STU3 has no exponents, but BCDA re-encodes doubles and
        // writes them: 1E-17 is the same number.
        Node::Number(number) => check_number(fhir, number.as_str()),
        _ => Ok(()),
    }
}

fn check_text(fhir: &str, text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("expected text that is not empty; leave the element out");
    }
    let (good, expected) = match fhir {
        "code" => (is_code(text), "expected a code: no space at its ends, single spaces within"),
        "id" => (is_id(text), "expected an id: 1 to 64 letters, digits, hyphens and points"),
        "uri" | "url" | "canonical" => (is_uri(text), "expected a URI: no white space"),
        "uuid" => (is_uuid(text), "expected a UUID as urn:uuid:, in lower case"),
        "oid" => (is_oid(text), "expected an OID as urn:oid:1.2.3"),
        "date" => (
            text.parse::<Date>().is_ok(),
            "expected a date that exists: YYYY, YYYY-MM or YYYY-MM-DD",
        ),
        "dateTime" => (
            text.parse::<DateTime>().is_ok(),
            "expected a date that exists, with a time of day only if it has seconds and a time zone",
        ),
        "instant" => (
            text.parse::<Instant>().is_ok(),
            "expected an instant: YYYY-MM-DDThh:mm:ss with a time zone",
        ),
        "time" => (text.parse::<Time>().is_ok(), "expected a time of day: hh:mm:ss"),
        "base64Binary" => (is_base64(text), "expected base64 in groups of four characters"),
        _ => (is_string(text), "expected text without control characters, of at most 1 MiB"),
    };
    if good { Ok(()) } else { Err(expected) }
}

fn check_number(fhir: &str, text: &str) -> Result<(), &'static str> {
    let whole = |least: i64| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        // JSON has no leading zeros, so only -0 is left to refuse.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && text != "-0";
        plain && text.parse::<i32>().is_ok_and(|value| i64::from(value) >= least)
    };
    let (good, expected) = match fhir {
        "integer" => (whole(i64::MIN), "expected a whole number of 32 bits"),
        "unsignedInt" => (whole(0), "expected a whole number from 0 up, of 32 bits"),
        "positiveInt" => (whole(1), "expected a whole number from 1 up, of 32 bits"),
        _ => (true, ""),
    };
    if good { Ok(()) } else { Err(expected) }
}

/// `[^\s]+([\s]?[^\s]+)*`
fn is_code(text: &str) -> bool {
    let mut spaces = 1;
    for ch in text.chars() {
        spaces = if ch.is_whitespace() { spaces + 1 } else { 0 };
        if spaces > 1 {
            return false;
        }
    }
    spaces == 0
}

/// `[A-Za-z0-9\-\.]{1,64}`
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn is_uri(text: &str) -> bool {
    !text.contains(|ch: char| ch.is_whitespace() || ch.is_control())
}

/// `urn:oid:[0-2](\.[1-9]\d*)+` with the arc 0 too, which the expression of STU3 forgets and R4 has.
fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let mut arcs = arcs.split('.');
    let root = arcs.next().is_some_and(|root| matches!(root, "0" | "1" | "2"));
    let mut others = arcs.peekable();
    root && others.peek().is_some()
        && others.all(|arc| {
            let digits = !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit());
            digits && (arc == "0" || !arc.starts_with('0'))
        })
}

/// `urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    let is_digits = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    uuid.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && uuid.split('-').all(is_digits)
}

/// Groups of four, white space between them.
fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}

fn is_string(text: &str) -> bool {
    const MOST_BYTES: usize = 1 << 20;
    text.len() <= MOST_BYTES
        && !text.contains(|ch: char| ch < ' ' && !matches!(ch, '\t' | '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (fhir, good, bad) in [
            ("code", &["a", "a b", "a-1 b"][..], &["", " a", "a ", "a  b", "\t"][..]),
            ("id", &["-1.a", "part-a--1"], &["", "a_b", "a/b", "é"]),
            ("uri", &["Medicare", "urn:x:y", "http://a/b?c=d"], &["", "a b", "a\n"]),
            (
                "oid",
                &["urn:oid:2.16.840.1", "urn:oid:0.0"],
                &["urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "1.2", "urn:oid:1.01"],
            ),
            (
                "uuid",
                &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
                &["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D", "urn:uuid:"],
            ),
            ("url", &["http://a/b?c=d"], &["", "a b"]),
            ("date", &["2018", "2018-02-28"], &["2018-02-30", "2018-2-3", "2018-02-01T00:00:00Z"]),
            ("dateTime", &["2018-02", "2018-02-01T00:00:00+00:00"], &["2018-02-01T00:00:00", "x"]),
            ("instant", &["2018-02-01T00:00:00.5Z"], &["2018-02-01"]),
            ("time", &["10:00:00"], &["10:00"]),
            ("base64Binary", &["QUJD", "QUJD\nQUI="], &["QUJ", "Q===", "QU=I", "QU!D"]),
            ("string", &[" ", "a\tb\r\n"], &["", "a\u{1}"]),
            ("xhtml", &["<div/>"], &[""]),
        ] {
            for text in good {
                assert_eq!(check_text(fhir, text), Ok(()), "{fhir} {text:?}");
            }
            for text in bad {
                assert!(check_text(fhir, text).is_err(), "{fhir} {text:?}");
            }
        }
        assert!(
            check_text("id", &"a".repeat(64)).is_ok() && check_text("id", &"a".repeat(65)).is_err()
        );
        assert!(check_text("string", &"a".repeat((1 << 20) + 1)).is_err());
    }

    #[test]
    fn numbers() {
        for (fhir, good, bad) in [
            (
                "integer",
                &["0", "-7", "2147483647", "-2147483648"][..],
                &["1.0", "1e2", "2147483648", "-0"][..],
            ),
            ("unsignedInt", &["0", "7"], &["-1", "0.5", "-0"]),
            ("positiveInt", &["1"], &["0", "-1", "2147483648"]),
            ("decimal", &["1.50", "1E-17", "-0"], &[]),
        ] {
            for text in good {
                assert_eq!(check_number(fhir, text), Ok(()), "{fhir} {text}");
            }
            for text in bad {
                assert!(check_number(fhir, text).is_err(), "{fhir} {text}");
            }
        }
    }
}

//! Examples at the edges of the grammar, and the places of faults.

use crate::fast;
use json_walk::{Cursor, Duplicates, Error, ErrorKind, Kind, Limits, check};

fn cursor(text: &str) -> Cursor<'_> {
    Cursor::new(text.as_bytes(), Limits::default()).unwrap()
}

/// Class and place of the fault of a text, the same whether names are looked at or not.
fn fault(text: &[u8]) -> (ErrorKind, usize) {
    let error = check(text, Limits::default(), Duplicates::Refuse).unwrap_err();
    assert_eq!(fast::agrees(text), Err(error));
    (error.kind(), error.offset())
}

fn is_json(text: &str) -> bool {
    let good = check(text.as_bytes(), Limits::default(), Duplicates::Refuse).is_ok();
    assert!(fast::agrees(text.as_bytes()).is_ok() || !good);
    good
}

/// The value of a string that is given as it stands between its quotes.
fn unescaped(raw: &str) -> String {
    let text = format!(" \"{raw}\"");
    let mut cursor = cursor(&text);
    let string = cursor.string().unwrap();
    assert_eq!(string.raw(), raw);
    assert_eq!(string.offset(), 2);
    assert_eq!(string.is_escaped(), raw.contains('\\'));
    let mut appended = "before ".to_owned();
    string.unescape_into(&mut appended);
    let value = string.unescape().into_owned();
    assert_eq!(appended, format!("before {value}"));
    let borrowed = matches!(string.unescape(), std::borrow::Cow::Borrowed(_));
    assert_eq!(borrowed, !string.is_escaped());
    cursor.finish().unwrap();
    value
}

#[test]
fn escapes_are_resolved() {
    for (raw, value) in [
        ("", ""),
        ("plain", "plain"),
        ("é€😀\u{7f}\u{80}\u{2028}", "é€😀\u{7f}\u{80}\u{2028}"),
        (r#"\""#, "\""),
        (r"\\", "\\"),
        (r"\/", "/"),
        (r"\b", "\u{8}"),
        (r"\f", "\u{c}"),
        (r"\n", "\n"),
        (r"\r", "\r"),
        (r"\t", "\t"),
        (r"\u0001", "\u{1}"),
        (r"\u001f", "\u{1f}"),
        (r"\u0022", "\""),
        (r"\u005c", "\\"),
        (r"\u005Cn", "\\n"),
        (r"\\u0041", "\\u0041"),
        (r"\\\u0041", "\\A"),
        (r"\u00e9", "é"),
        (r"\u00E9\u00Ea", "éê"),
        (r"\u07ff\u0800", "\u{7ff}\u{800}"),
        (r"\ud7ff\ue000", "\u{d7ff}\u{e000}"),
        (r"\ufeff\ufffd\ufffe\uffff", "\u{feff}\u{fffd}\u{fffe}\u{ffff}"),
        (r"\ud800\udc00", "\u{10000}"),
        (r"\uDBFF\uDFFF", "\u{10ffff}"),
        (r"\ud83d\ude00", "😀"),
        (r"\uD83D\uDE00\ud83d\ude01", "😀😁"),
        (r"a\nb\u00e9c\ud83d\ude00d\\e", "a\nbéc😀d\\e"),
        (r"é\té\u00e9é", "é\tééé"),
        (r"\n\n\n\n\n\n\n\n\n", "\n\n\n\n\n\n\n\n\n"),
        (r"1234567\n1234567\u0041", "1234567\n1234567A"),
    ] {
        assert_eq!(unescaped(raw), value, "{raw}");
        let text = format!("\"{raw}\"");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value, "{raw}");
    }
}

#[test]
fn every_code_unit_is_resolved_or_refused() {
    for unit in 0..=u16::MAX {
        let text = format!("\"\\u{unit:04x}\"");
        match char::from_u32(u32::from(unit)) {
            Some('\0') => assert_eq!(fault(text.as_bytes()), (ErrorKind::NulCharacter, 1)),
            Some(value) => assert_eq!(unescaped(&text[1..7]), String::from(value)),
            None => assert_eq!(fault(text.as_bytes()), (ErrorKind::LoneSurrogate, 1)),
        }
    }
}

#[test]
fn every_pair_at_the_edges_is_resolved() {
    for high in [0xd800, 0xd801, 0xd83d, 0xdbfe, 0xdbff_u16] {
        for low in [0xdc00, 0xdc01, 0xde00, 0xdffe, 0xdfff_u16] {
            let value = String::from_utf16(&[high, low]).unwrap();
            assert_eq!(unescaped(&format!("\\u{high:04x}\\u{low:04X}")), value);
        }
        for low in [0x0041, 0xd7ff, 0xd800, 0xdbff, 0xe000, 0xffff_u16] {
            let text = format!("\"ab\\u{high:04x}\\u{low:04x}\"");
            assert_eq!(fault(text.as_bytes()), (ErrorKind::LoneSurrogate, 3));
        }
    }
}

#[test]
fn numbers() {
    for text in [
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "1234567890123456789012345678901234567890",
        "0.0",
        "-0.0",
        "0.10",
        "37.50",
        "1e2",
        "1E+2",
        "1e-2",
        "0e0",
        "0E-0",
        "-0.0e+00",
        "1.5e300",
        "1e999999999",
        "1e00002",
    ] {
        let mut at = cursor(text);
        assert_eq!(at.kind(), Ok(Kind::Number));
        assert_eq!(at.number().unwrap().text(), text);
        assert_eq!(at.finish(), Ok(()));
        assert!(is_json(&format!("[{text},{text} ,{text}\n]")), "{text}");
        let object = format!("{{\"a\":{text}}}");
        assert!(is_json(&object), "{text}");
    }
    for (text, at) in [
        ("-", 1),
        ("--1", 1),
        ("-a", 1),
        ("-.5", 1),
        ("-+1", 1),
        ("- 1", 1),
        ("01", 1),
        ("00", 1),
        ("-01", 2),
        ("1.", 2),
        ("1.e5", 2),
        ("1..2", 2),
        ("1.2.3", 3),
        ("1e", 2),
        ("1e+", 3),
        ("1e-", 3),
        ("1e+-2", 3),
        ("1e1.5", 3),
        ("1e5e5", 3),
        ("1x", 1),
        ("0x1", 1),
        ("1_000", 1),
        ("1f", 1),
        ("1-", 1),
        ("1+1", 1),
        ("1true", 1),
        ("12345678901234567890n", 20),
        ("-Infinity", 1),
        ("-NaN", 1),
    ] {
        for (before, after) in [("", " "), ("[", "]"), ("{\"a\":", "}"), ("[1,", ",2]")] {
            let text = format!("{before}{text}{after}");
            let expected = (ErrorKind::BadNumber, before.len() + at);
            assert_eq!(fault(text.as_bytes()), expected, "{text}");
        }
    }
    for text in ["-", "1.", "1e", "1e+", "-0.", "[-", "[1", "[1.", "[1e-"] {
        assert_eq!(fault(text.as_bytes()), (ErrorKind::UnexpectedEnd, text.len()), "{text}");
    }
    for text in ["+1", ".5", "\u{661}", "½", "−1"] {
        assert_eq!(fault(text.as_bytes()), (ErrorKind::Expected("a value"), 0), "{text}");
    }
}

#[test]
fn literals() {
    for text in ["true", "false", "null"] {
        assert!(is_json(text));
        assert!(is_json(&format!("[{text},{text} ,{text}\t]")));
        for len in 1..text.len() {
            let cut = &text[..len];
            assert_eq!(fault(cut.as_bytes()), (ErrorKind::UnexpectedEnd, len), "{cut}");
            let closed = format!("[{cut}]");
            assert_eq!(fault(closed.as_bytes()), (ErrorKind::BadLiteral, 1), "{closed}");
        }
    }
    for text in [
        "nul ",
        "nulll",
        "Null",
        "NULL",
        "nill",
        "truefalse",
        "true1",
        "true_",
        "True",
        "t",
        "tru e",
        "falsy",
        "nullnull",
        "NaN",
        "nan",
        "Infinity",
        "inf",
        "undefined",
        "None",
        "yes",
        "a",
        "e5",
    ] {
        for (before, after) in [("", " "), ("[", "]"), ("{\"a\":", "}"), ("[null, ", ",2]")] {
            let text = format!("{before}{text}{after}");
            assert_eq!(fault(text.as_bytes()), (ErrorKind::BadLiteral, before.len()), "{text}");
        }
    }
    assert_eq!(fault("trué".as_bytes()), (ErrorKind::BadLiteral, 0));
    assert_eq!(fault("nullé".as_bytes()), (ErrorKind::TrailingText, 4));
    assert_eq!(fault(b"[true\"a\"]"), (ErrorKind::Expected("a comma or a closing bracket"), 5));
}

#[test]
fn white_space_is_four_characters() {
    assert!(is_json(" \t\r\n{ \"a\"\t:\n[ 1\r, 2 ] , \"b\" : { } }\r\n "));
    for other in [
        "\u{0}", "\u{b}", "\u{c}", "\u{1c}", "\u{1f}", "\u{7f}", "\u{85}", "\u{a0}", "\u{1680}",
        "\u{180e}", "\u{2003}", "\u{200b}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{3000}",
        "\u{feff}",
    ] {
        for (before, after, expected) in [
            ("", "1", ErrorKind::Expected("a value")),
            ("1", "", ErrorKind::TrailingText),
            ("[", "]", ErrorKind::Expected("a value")),
            ("[1", ",2]", ErrorKind::Expected("a comma or a closing bracket")),
            ("[1,", "2]", ErrorKind::Expected("a value")),
            ("{", "}", ErrorKind::Expected("a member name")),
            ("{", "\"a\":1}", ErrorKind::Expected("a member name")),
            ("{\"a\"", ":1}", ErrorKind::Expected("a colon")),
            ("{\"a\":", "1}", ErrorKind::Expected("a value")),
            ("{\"a\":1", "}", ErrorKind::Expected("a comma or a closing brace")),
            ("{\"a\":1, ", "\"b\":1}", ErrorKind::Expected("a member name")),
        ] {
            let text = format!("{before}{other}{after}");
            assert_eq!(fault(text.as_bytes()), (expected, before.len()), "{text:?}");
        }
    }
}

#[test]
fn places_of_faults() {
    for (text, kind, at) in [
        (&b""[..], ErrorKind::UnexpectedEnd, 0),
        (b"  ", ErrorKind::UnexpectedEnd, 2),
        (b"[", ErrorKind::UnexpectedEnd, 1),
        (b"[1,", ErrorKind::UnexpectedEnd, 3),
        (b"{", ErrorKind::UnexpectedEnd, 1),
        (b"{\"a", ErrorKind::UnexpectedEnd, 3),
        (b"{\"a\"", ErrorKind::UnexpectedEnd, 4),
        (b"{\"a\":", ErrorKind::UnexpectedEnd, 5),
        (b"{\"a\":1", ErrorKind::UnexpectedEnd, 6),
        (b"{\"a\":1,", ErrorKind::UnexpectedEnd, 7),
        (b"\"a\\", ErrorKind::UnexpectedEnd, 3),
        (b"\"\\u", ErrorKind::UnexpectedEnd, 3),
        (b"\"\\u00e", ErrorKind::UnexpectedEnd, 6),
        (b"\"\\ud83d", ErrorKind::UnexpectedEnd, 7),
        (b"\"\\ud83d\\", ErrorKind::UnexpectedEnd, 8),
        (b"\"\\ud83d\\u", ErrorKind::UnexpectedEnd, 9),
        (b"\"\\ud83d\\ude0", ErrorKind::UnexpectedEnd, 12),
        (b"\"\\ud83d\\ude00", ErrorKind::UnexpectedEnd, 13),
        (b"\"\\ud83dx", ErrorKind::LoneSurrogate, 1),
        (b"\"\\ud83d\\n", ErrorKind::LoneSurrogate, 1),
        (b"\"\\ud83d\\u00g0\"", ErrorKind::BadEscape, 7),
        (b"[\"a\", \"b\\qc\"]", ErrorKind::BadEscape, 8),
        (b"[\"a\", \"bc\x02\"]", ErrorKind::ControlCharacter, 9),
        (b"[\"a\xC3\xA9\n\"]", ErrorKind::ControlCharacter, 5),
        (b"[\"a\", \"\\u0000\"]", ErrorKind::NulCharacter, 7),
        (b"[1] [", ErrorKind::TrailingText, 4),
        (b"[1]]", ErrorKind::TrailingText, 3),
        (b"]", ErrorKind::Expected("a value"), 0),
        (b"}", ErrorKind::Expected("a value"), 0),
        (b"{]", ErrorKind::Expected("a member name"), 1),
        (b"{,", ErrorKind::Expected("a member name"), 1),
        (b"{\"a\",", ErrorKind::Expected("a colon"), 4),
        (b"{\"a\"::1}", ErrorKind::Expected("a value"), 5),
        (b"[}", ErrorKind::Expected("a value"), 1),
        (b"[1,,", ErrorKind::Expected("a value"), 3),
        // What is no UTF-8 comes first, wherever it stands.
        (b"nonsense \xFF", ErrorKind::InvalidUtf8, 9),
        (b"[\"\xC3\xA9\xC3\"]", ErrorKind::InvalidUtf8, 4),
        (b"[\"\xE2\x82", ErrorKind::InvalidUtf8, 2),
    ] {
        assert_eq!(fault(text), (kind, at), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn the_second_name_is_the_fault() {
    let text = br#"{"a":{"b":1, "c":{}, "\u0062" :2},"a":3}"#;
    let error = check(text, Limits::default(), Duplicates::Refuse).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::DuplicateMember, 22));
    assert_eq!(error.to_string(), "the same member name twice in one object at byte 22");
}

#[test]
fn asking_for_another_kind_moves_nothing() {
    for text in ["{\"secret\":1}", "[1]", "\"secret\"", "12", "true", "null"] {
        let mut at = cursor(text);
        let kind = at.kind().unwrap();
        let asked: [(Kind, Result<(), Error>); 6] = [
            (Kind::Object, cursor(text).enter_object().map(drop)),
            (Kind::Array, cursor(text).enter_array().map(drop)),
            (Kind::String, cursor(text).string().map(drop)),
            (Kind::Number, cursor(text).number().map(drop)),
            (Kind::Boolean, cursor(text).boolean().map(drop)),
            (Kind::Null, cursor(text).null()),
        ];
        for (other, answer) in asked {
            if other == kind {
                assert_eq!(answer, Ok(()));
            } else {
                let error = answer.unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Expected(_)), "{other:?}: {error}");
                assert_eq!(error.offset(), 0);
                assert!(!format!("{error} {error:?}").contains("secret"));
            }
        }
        at.skip().unwrap();
        assert_eq!(at.finish(), Ok(()));
    }
}

#[test]
fn a_closed_container_stays_closed() {
    // The brace and the bracket after the end are faults of the text, not further ends of the container.
    let mut at = cursor("{}}");
    let mut progress = at.enter_object().unwrap();
    for _ in 0..3 {
        assert!(at.next_key(&mut progress).unwrap().is_none());
        assert_eq!(at.offset(), 2);
    }
    let error = at.finish().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::TrailingText, 2));

    let mut at = cursor("[1]]");
    let mut progress = at.enter_array().unwrap();
    assert!(at.next_element(&mut progress).unwrap());
    at.skip().unwrap();
    for _ in 0..3 {
        assert!(!at.next_element(&mut progress).unwrap());
        assert_eq!(at.offset(), 3);
    }
    assert_eq!(at.finish().unwrap_err().kind(), ErrorKind::TrailingText);
}

#[test]
fn a_walk_cannot_end_inside_a_container() {
    for text in ["{", "[", "[ \n"] {
        let mut at = cursor(text);
        if text.starts_with('{') {
            at.enter_object().unwrap();
        } else {
            at.enter_array().unwrap();
        }
        let error = at.finish().unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::UnexpectedEnd, text.len()));
    }
    let mut at = cursor("[1]");
    at.enter_array().unwrap();
    assert_eq!(at.finish().unwrap_err().kind(), ErrorKind::TrailingText);
}

#[test]
fn skipping_one_value_leaves_the_cursor_behind_it() {
    let text = r#"[{"a":[1,{"b":"]}"}]} , 2.5,"\"",[[]], null]"#;
    let mut at = cursor(text);
    let mut progress = at.enter_array().unwrap();
    let mut ends = Vec::new();
    while at.next_element(&mut progress).unwrap() {
        at.skip().unwrap();
        ends.push(&text[..at.offset()]);
    }
    let expected = ["[{\"a\":[1,{\"b\":\"]}\"}]}", "2.5", "\"\\\"\"", "[[]]", "null"];
    assert_eq!(ends.len(), expected.len());
    for (end, expected) in ends.iter().zip(expected) {
        assert!(end.ends_with(expected), "{end}");
    }
    at.finish().unwrap();
}

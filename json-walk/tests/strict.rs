//! The crate's verdict on a text is that of an independent, slow checker, whatever the text and
//! whatever part of it was read or skipped; and that of other parsers wherever their rules are the same.

use crate::fast;
use crate::oracle::{self, Fault, Tree};
use json_walk::{Cursor, Duplicates, Error, ErrorKind, Kind, Limits, Members, check};
use proptest::prelude::*;
use proptest::test_runner::Config;

/// A made-up claim with a bit of everything.
const RECORD: &str = r#"{"billablePeriod":{"end":"2018-02-28", "start":"2018-02-01"},"contained":[{"id":"1","x":[]},{}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/prpayamt","valueMoney":{"code":"USD","value":0.10}}],"item":[{"amount":{"value":-37.50E+2},"careTeamLinkId":[2, 30],"note":"a\u00e9b\"c\\d\ud83d\ude00é€😀"}],"new":[null,true,false,0,1e-3,""],"patient":{"reference":"Patient/-9"},"resourceType":"ExplanationOfBenefit"}"#;

/// Bytes that mean something to JSON, to UTF-8 or to careless code.
const NASTY: [u8; 40] = [
    0x00, 0x01, 0x08, b'\t', b'\n', 0x0B, 0x0C, b'\r', 0x1F, b' ', b'"', b'\\', b'/', b'\'', b'{',
    b'}', b'[', b']', b':', b',', b'0', b'1', b'-', b'+', b'.', b'e', b'u', b'N', b'_', 0x7F, 0x80,
    0xA0, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xEF, 0xF0, 0xFF,
];

/// Reads every name and every value.
fn read(cursor: &mut Cursor<'_>) -> Result<Tree, Error> {
    Ok(match cursor.kind()? {
        Kind::Object => {
            let mut members = Vec::new();
            let mut progress = cursor.enter_object()?;
            while let Some(key) = cursor.next_key(&mut progress)? {
                members.push((key.unescape().into_owned(), read(cursor)?));
            }
            Tree::Object(members)
        }
        Kind::Array => {
            let mut list = Vec::new();
            let mut progress = cursor.enter_array()?;
            while cursor.next_element(&mut progress)? {
                list.push(read(cursor)?);
            }
            Tree::List(list)
        }
        Kind::String => Tree::Text(cursor.string()?.unescape().into_owned()),
        Kind::Number => Tree::Number(cursor.number()?.text().to_owned()),
        Kind::Boolean => Tree::Boolean(cursor.boolean()?),
        Kind::Null => {
            cursor.null()?;
            Tree::Null
        }
    })
}

fn read_whole(bytes: &[u8]) -> Result<Tree, Error> {
    let mut cursor = Cursor::new(bytes, Limits::default())?;
    let tree = read(&mut cursor)?;
    cursor.finish()?;
    Ok(tree)
}

/// Reads or skips as the bits of `choice` say, one bit for each value.
fn mixed(cursor: &mut Cursor<'_>, choice: &mut u64) -> Result<(), Error> {
    *choice = choice.rotate_left(1);
    if *choice & 1 == 1 {
        return cursor.skip();
    }
    match cursor.kind()? {
        Kind::Object => {
            let mut progress = cursor.enter_object()?;
            while cursor.next_key(&mut progress)?.is_some() {
                mixed(cursor, choice)?;
            }
            Ok(())
        }
        Kind::Array => {
            let mut progress = cursor.enter_array()?;
            while cursor.next_element(&mut progress)? {
                mixed(cursor, choice)?;
            }
            Ok(())
        }
        _ => read(cursor).map(drop),
    }
}

fn mixed_whole(bytes: &[u8], mut choice: u64) -> Result<(), Error> {
    let mut cursor = Cursor::new(bytes, Limits::default())?;
    mixed(&mut cursor, &mut choice)?;
    cursor.finish()
}

fn fault(error: Error) -> Fault {
    match error.kind() {
        ErrorKind::InvalidUtf8 => Fault::Utf8(error.offset()),
        ErrorKind::UnexpectedEnd => Fault::End,
        ErrorKind::ControlCharacter => Fault::Control,
        ErrorKind::BadEscape => Fault::Escape,
        ErrorKind::LoneSurrogate => Fault::Surrogate,
        ErrorKind::NulCharacter => Fault::Nul,
        ErrorKind::BadNumber => Fault::Number,
        ErrorKind::BadLiteral => Fault::Literal,
        ErrorKind::TooDeep => Fault::Deep,
        ErrorKind::TrailingText => Fault::Trailing,
        ErrorKind::DuplicateMember => Fault::Duplicate,
        _ => Fault::Other,
    }
}

/// Compares every way of walking `bytes` with the oracle and with each other; gives the verdict.
fn compare(bytes: &[u8]) -> Result<Tree, Fault> {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    let skipped = fast::agrees(bytes);
    let whole = read_whole(bytes);
    // The very same fault at the very same place, however much was skipped.
    assert_eq!(
        whole.as_ref().map(drop),
        skipped.as_ref().map(drop),
        "read or skipped: {}",
        shown()
    );
    for choice in [0x5555_5555_5555_5555, 0x1249_2492_4924_9249, 0x00F0_3C96_A5C3_0FF0] {
        assert_eq!(mixed_whole(bytes, choice), skipped, "{choice:#x}: {}", shown());
    }
    let verdict = whole.map_err(fault);
    assert_eq!(verdict, oracle::parse(bytes, 64, false), "{}", shown());

    let unique = check(bytes, Limits::default(), Duplicates::Refuse);
    let expected = oracle::parse(bytes, 64, true).map(drop);
    assert_eq!(unique.map_err(fault), expected, "names: {}", shown());
    if expected != Err(Fault::Duplicate) {
        assert_eq!(unique, skipped, "{}", shown());
    }

    for error in [skipped.err(), unique.err()].into_iter().flatten() {
        let (kind, offset) = (error.kind(), error.offset());
        assert!(offset <= bytes.len(), "{error}: {}", shown());
        assert_eq!(kind == ErrorKind::UnexpectedEnd, offset == bytes.len(), "{error}: {}", shown());
        // Nothing before the place of a fault is at fault.
        let before = check(&bytes[..offset], Limits::default(), Duplicates::Refuse);
        let sound = match before {
            Ok(()) => true,
            Err(error) => matches!(
                error.kind(),
                ErrorKind::UnexpectedEnd | ErrorKind::DuplicateMember | ErrorKind::InvalidUtf8
            ),
        };
        // What is no UTF-8 is reported before faults that stand before it.
        assert!(sound || kind == ErrorKind::InvalidUtf8, "{error}: {}", shown());
    }
    verdict
}

/// What other parsers have other rules for.
#[derive(Debug, Default)]
struct Numbers {
    /// One overflows a double.
    huge: bool,
    /// One may have more than 64 bits.
    long: bool,
}

fn numbers(tree: &Tree, found: &mut Numbers) {
    match tree {
        Tree::Null | Tree::Boolean(_) | Tree::Text(_) => {}
        Tree::Number(text) => {
            found.huge |= !text.parse::<f64>().is_ok_and(f64::is_finite);
            found.long |= text.len() > 15;
        }
        Tree::List(list) => list.iter().for_each(|tree| numbers(tree, found)),
        Tree::Object(members) => members.iter().for_each(|(_, tree)| numbers(tree, found)),
    }
}

/// Whether the two say the same. Of a member name that is there twice, serde_json keeps the last.
fn says_the_same(tree: &Tree, value: &serde_json::Value) -> bool {
    match tree {
        Tree::Null => value.is_null(),
        Tree::Boolean(flag) => value.as_bool() == Some(*flag),
        Tree::Number(_) => value.is_number(),
        Tree::Text(text) => value.as_str() == Some(text),
        Tree::List(list) => value.as_array().is_some_and(|values| {
            values.len() == list.len()
                && list.iter().zip(values).all(|(tree, value)| says_the_same(tree, value))
        }),
        Tree::Object(members) => value.as_object().is_some_and(|object| {
            object.keys().all(|name| members.iter().any(|(own, _)| own == name))
                && members.iter().all(|(name, _)| {
                    let last = members.iter().rfind(|(own, _)| own == name);
                    let value = object.get(name);
                    last.zip(value).is_some_and(|((_, tree), value)| says_the_same(tree, value))
                })
        }),
    }
}

/// Compares a verdict with those of serde_json and simd-json.
///
/// Where their rules are others:
/// - both let `\u0000` and duplicate names through, and nest deeper than 64 (serde_json to 127);
/// - both refuse numbers that overflow a double, simd-json also integers of more than 64 bits: here a
///   number is text;
/// - what serde_json skips (`IgnoredAny`) it does not check for UTF-8, lone surrogates or depth, and it
///   lets numbers of any size through.
fn compare_with_others(bytes: &[u8], verdict: &Result<Tree, Fault>) {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    let serde = serde_json::from_slice::<serde_json::Value>(bytes);
    let ignored = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    let simd = simd_json::to_tape(&mut bytes.to_vec()).is_ok();
    match verdict {
        Ok(tree) => {
            let mut found = Numbers::default();
            numbers(tree, &mut found);
            match serde {
                Ok(value) => assert!(says_the_same(tree, &value), "{}", shown()),
                Err(error) => assert!(found.huge, "{error}: {}", shown()),
            }
            assert!(ignored, "{}", shown());
            assert!(simd || found.huge || found.long, "simd-json refuses {}", shown());
        }
        // Other rules.
        Err(Fault::Deep | Fault::Nul) => {}
        Err(fault) => {
            assert!(serde.is_err(), "serde_json accepts ({fault:?}) {}", shown());
            assert!(!simd, "simd-json accepts ({fault:?}) {}", shown());
            if !matches!(fault, Fault::Utf8(_) | Fault::Surrogate) {
                assert!(!ignored, "IgnoredAny accepts ({fault:?}) {}", shown());
            }
        }
    }
}

fn compare_all(bytes: &[u8]) -> Result<Tree, Fault> {
    let verdict = compare(bytes);
    compare_with_others(bytes, &verdict);
    verdict
}

#[test]
fn where_other_parsers_have_other_rules() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
    // The text, and who accepts it: the walk, serde_json, what serde_json skips, simd-json.
    for (text, accepted) in [
        (br#""\u0000""#.to_vec(), [false, true, true, true]),
        (br#"{"a":1,"a":2}"#.to_vec(), [false, true, true, true]),
        (deep(64), [true, true, true, true]),
        (deep(65), [false, true, true, true]),
        (deep(127), [false, true, true, true]),
        (deep(128), [false, false, true, true]),
        (b"[1e999]".to_vec(), [true, false, true, false]),
        (b"[123456789012345678901234567890]".to_vec(), [true, true, true, false]),
        (b"[\"\xFF\"]".to_vec(), [false, false, true, false]),
        (br#"["\ud800"]"#.to_vec(), [false, false, true, false]),
    ] {
        let verdicts = [
            check(&text, Limits::default(), Duplicates::Refuse).is_ok(),
            serde_json::from_slice::<serde_json::Value>(&text).is_ok(),
            serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok(),
            simd_json::to_tape(&mut text.clone()).is_ok(),
        ];
        assert_eq!(verdicts, accepted, "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn the_record_itself_is_accepted() {
    assert!(compare_all(RECORD.as_bytes()).is_ok());
}

#[test]
fn every_byte_replaced_by_nasty_bytes() {
    let mut refused = 0;
    for at in 0..RECORD.len() {
        let mut bytes = RECORD.as_bytes().to_vec();
        for nasty in NASTY {
            bytes[at] = nasty;
            refused += usize::from(compare_all(&bytes).is_err());
        }
    }
    // Both verdicts are there in number.
    assert!(refused > RECORD.len() * 15, "{refused}");
    assert!(refused < RECORD.len() * 30, "{refused}");
}

#[test]
fn every_bit_flipped() {
    for at in 0..RECORD.len() {
        for bit in 0..8 {
            let mut bytes = RECORD.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let _ = compare(&bytes);
        }
    }
}

#[test]
fn every_byte_deleted_or_doubled_or_swapped() {
    for at in 0..RECORD.len() {
        let mut deleted = RECORD.as_bytes().to_vec();
        let byte = deleted.remove(at);
        let _ = compare_all(&deleted);
        let mut doubled = RECORD.as_bytes().to_vec();
        doubled.insert(at, byte);
        let _ = compare_all(&doubled);
        if at > 0 {
            let mut swapped = RECORD.as_bytes().to_vec();
            swapped.swap(at - 1, at);
            let _ = compare_all(&swapped);
        }
    }
}

#[test]
fn nasty_bytes_inserted_everywhere() {
    for at in 0..=RECORD.len() {
        for nasty in NASTY.into_iter().skip(at % 2).step_by(2) {
            let mut bytes = RECORD.as_bytes().to_vec();
            bytes.insert(at, nasty);
            let _ = compare(&bytes);
        }
    }
}

#[test]
fn a_text_that_is_cut_short_ends_unexpectedly() {
    for at in 0..RECORD.len() {
        let verdict = compare_all(&RECORD.as_bytes()[..at]);
        if RECORD.is_char_boundary(at) {
            assert_eq!(verdict, Err(Fault::End), "{at}");
        } else {
            assert!(matches!(verdict, Err(Fault::Utf8(_))), "{at}");
        }
    }
}

#[test]
fn utf_8_is_that_of_rfc_3629() {
    let edges = [
        0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
        0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ];
    let limits = Limits::default();
    let verdict = |bytes: &[u8]| Cursor::new(bytes, limits).map(drop).map_err(fault);
    let expected = |bytes: &[u8]| oracle::decode(bytes).map(drop).map_err(Fault::Utf8);
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let bytes = [first, second];
            assert_eq!(verdict(&bytes), expected(&bytes), "{bytes:x?}");
        }
    }
    for first in edges {
        for second in edges {
            for third in edges {
                for fourth in edges {
                    let bytes = [b'a', first, second, third, fourth, b'"'];
                    assert_eq!(verdict(&bytes), expected(&bytes), "{bytes:x?}");
                }
            }
        }
    }
}

/// Values that are refused, and how.
const BAD: [(&[u8], Fault); 62] = [
    (b"\"\xFF\"", Fault::Utf8(6)),
    (b"\"\xC3\"", Fault::Utf8(6)),
    (b"\"\xED\xA0\x80\"", Fault::Utf8(6)),
    (b"\"\xC0\x80\"", Fault::Utf8(6)),
    (b"\xFE", Fault::Utf8(5)),
    (b"\"\n\"", Fault::Control),
    (b"\"\t\"", Fault::Control),
    (b"\"\0\"", Fault::Control),
    (b"\"\x1F\"", Fault::Control),
    (b"\"long enough for a whole word\r\"", Fault::Control),
    (br#""\x41""#, Fault::Escape),
    (br#""\'""#, Fault::Escape),
    (br#""\U0041""#, Fault::Escape),
    (br#""\0""#, Fault::Escape),
    (br#""\u12G4""#, Fault::Escape),
    (br#""\u+123""#, Fault::Escape),
    (br#""\u""#, Fault::Escape),
    (br#""\ud800\u00G0""#, Fault::Escape),
    (b"\"\\\n\"", Fault::Escape),
    (br#""\ud800""#, Fault::Surrogate),
    (br#""\udbff\n""#, Fault::Surrogate),
    (br#""\udc00""#, Fault::Surrogate),
    (br#""\udfff\ud800""#, Fault::Surrogate),
    (br#""\ud800\ud800""#, Fault::Surrogate),
    (br#""\ud800\u0041""#, Fault::Surrogate),
    (br#""\ud83d\ud83d\ude00""#, Fault::Surrogate),
    (br#""\u0000""#, Fault::Nul),
    (br#""a\u0000b""#, Fault::Nul),
    (b"\0", Fault::Other),
    (b"\x0B1", Fault::Other),
    (b"\x0C1", Fault::Other),
    (b"\xC2\xA01", Fault::Other),
    (b"\xEF\xBB\xBF1", Fault::Other),
    (b"\xE2\x80\xA81", Fault::Other),
    (b"// a comment\n1", Fault::Other),
    (b"/* a comment */ 1", Fault::Other),
    (b"# a comment\n1", Fault::Other),
    (b"'a'", Fault::Other),
    (b"+1", Fault::Other),
    (b".5", Fault::Other),
    (b"", Fault::Other),
    (b"[1,]", Fault::Other),
    (b"[,1]", Fault::Other),
    (b"[1 2]", Fault::Other),
    (b"[1}", Fault::Other),
    (br#"{"a":1,}"#, Fault::Other),
    (br#"{"a" 1}"#, Fault::Other),
    (br#"{"a":1 "b":2}"#, Fault::Other),
    (b"{a:1}", Fault::Other),
    (b"{1:1}", Fault::Other),
    (br#"{"a":1]"#, Fault::Other),
    (b"NaN", Fault::Literal),
    (b"Infinity", Fault::Literal),
    (b"undefined", Fault::Literal),
    (b"True", Fault::Literal),
    (b"nul", Fault::Literal),
    (b"truefalse", Fault::Literal),
    (b"-Infinity", Fault::Number),
    (b"01", Fault::Number),
    (b"1.", Fault::Number),
    (b"1e", Fault::Number),
    (b"0x10", Fault::Number),
];

#[test]
fn a_fault_is_the_same_in_a_skipped_and_in_a_read_member() {
    for (bad, expected) in BAD {
        let text = [b"{\"a\":", bad, b",\"b\":1}"].concat();
        assert_eq!(compare_all(&text), Err(expected), "{}", String::from_utf8_lossy(&text));
        let mut verdicts = Vec::new();
        for wanted in ["a", "b", "neither"] {
            verdicts.push(only(&text, wanted));
        }
        assert_eq!(verdicts[0].map_err(fault), Err(expected));
        assert_eq!(verdicts[0], verdicts[1]);
        assert_eq!(verdicts[0], verdicts[2]);
        // The same at depth, behind other members and as an element.
        let text = [br#"[{"x":{"y":[1,{"a":"#, bad, b",\"b\":1}]}}]"].concat();
        let verdict = compare_all(&text);
        match expected {
            Fault::Utf8(_) => assert!(matches!(verdict, Err(Fault::Utf8(_)))),
            _ => assert_eq!(verdict, Err(expected)),
        }
    }
}

/// Reads the members called `wanted` of the outermost object and skips the others.
fn only(text: &[u8], wanted: &str) -> Result<(), Error> {
    let mut cursor = Cursor::new(text, Limits::default())?;
    let mut progress = cursor.enter_object()?;
    while let Some(key) = cursor.next_key(&mut progress)? {
        if key.raw() == wanted {
            read(&mut cursor)?;
        } else {
            cursor.skip()?;
        }
    }
    cursor.finish()
}

#[test]
fn a_text_is_one_value() {
    for text in ["1 2", "{}{}", "[] ]", "\"a\"\"b\"", "null,", "1/", "{} // end", "[]\0", "1\u{a0}"]
    {
        assert_eq!(compare_all(text.as_bytes()), Err(Fault::Trailing), "{text}");
    }
    for text in ["", " ", "\r\n\t "] {
        assert_eq!(compare_all(text.as_bytes()), Err(Fault::End), "{text}");
    }
    for text in ["0", " 0", "0\n", "\t\r\n 0 \t\r\n", "[ ]", "{\n}", "\"\"", "true", "null "] {
        assert!(compare_all(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn names_that_are_there_twice() {
    for (text, twice) in [
        (r#"{"a":1,"b":2}"#, false),
        (r#"{"a":1,"a":1}"#, true),
        (r#"{"a":1,"\u0061":1}"#, true),
        (r#"{"a":{"a":{"a":1}}}"#, false),
        (r#"{"a":{},"b":{"x":1,"y":2,"x":3}}"#, true),
        (r#"[{"a":1},{"a":1}]"#, false),
        (r#"[[[{"":1,"":1}]]]"#, true),
        (r#"{"a":1,"A":1}"#, false),
    ] {
        assert!(compare_all(text.as_bytes()).is_ok());
        let verdict = check(text.as_bytes(), Limits::default(), Duplicates::Refuse);
        assert_eq!(verdict.is_err(), twice, "{text}");
    }
}

/// White space, mostly none.
fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\n"), 1 => Just("\r\n\t ")]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 :,{}/.-]{0,12}",
        2 => "[^\"\\\\\\x00-\\x1f]{1,3}",
        1 => prop_oneof![
            Just("\\\""), Just("\\\\"), Just("\\/"), Just("\\b"), Just("\\f"), Just("\\n"),
            Just("\\r"), Just("\\t"), Just("\\u00e9"), Just("\\uFFFF"), Just("\\ud83d\\uDE00"),
            Just("\\u0001"),
        ]
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        let element = (space(), inner.clone(), space())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (space(), prop_oneof!["\"[ab]\"", string()], space(), inner)
            .prop_map(|(before, name, after, value)| format!("{before}{name}{after}:{value}"));
        prop_oneof![
            prop::collection::vec(element, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    })
}

/// A change of some bytes of a text.
#[derive(Clone, Debug)]
enum Change {
    Put(u8),
    Delete(usize),
    Insert(String),
    Copy(usize),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Put),
        prop::sample::select(&NASTY[..]).prop_map(Change::Put),
        (1_usize..6).prop_map(Change::Delete),
        token().prop_map(Change::Insert),
        (1_usize..12).prop_map(Change::Copy),
        Just(Change::Cut),
    ]
}

fn changed(text: &[u8], place: prop::sample::Index, change: &Change) -> Vec<u8> {
    let mut bytes = text.to_vec();
    let at = place.index(bytes.len());
    let end = |len: usize| (at + len).min(text.len());
    match change {
        Change::Put(byte) => bytes[at] = *byte,
        Change::Delete(len) => drop(bytes.drain(at..end(*len))),
        Change::Insert(token) => drop(bytes.splice(at..at, token.bytes())),
        Change::Copy(len) => drop(bytes.splice(at..at, text[at..end(*len)].iter().copied())),
        Change::Cut => bytes.truncate(at),
    }
    bytes
}

/// Pieces of JSON and of what is nearly JSON.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["{", "}", "[", "]", ":", ",", "\"", " ", "{\"a\":", "[[", "]]"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "null", "true", "false", "nul", "NaN", "-", "+", "0", "1.5", "1.", "e3", "-0", "Infinity",
            "\"a\"", "\"\\u0061\"", "\"\\ud800\"", "\\", "\\u", "\\ud83d", "\\u0000", "\\n", "\u{feff}",
            "\u{a0}", "\u{b}", "\0", "é", "//", "\n",
        ])
        .prop_map(str::to_owned),
        1 => string(),
    ]
}

fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn random_texts_are_accepted_and_random_changes_judged_alike(
        text in json(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 8),
    ) {
        prop_assert!(compare_all(text.as_bytes()).is_ok(), "{}", text);
        let mut piled = text.clone().into_bytes();
        for (place, change) in &changes {
            let _ = compare_all(&changed(text.as_bytes(), *place, change));
            if !piled.is_empty() {
                piled = changed(&piled, *place, change);
            }
        }
        let _ = compare_all(&piled);
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn random_tokens_are_judged_alike(tokens in prop::collection::vec(token(), 0..12)) {
        let _ = compare_all(tokens.concat().as_bytes());
    }

    #[test]
    fn random_bytes_are_judged_alike(bytes in prop::collection::vec(prop::sample::select(&NASTY[..]), 0..10)) {
        let _ = compare_all(&bytes);
    }

    #[test]
    fn members_find_what_a_plain_search_finds(
        names in prop::collection::vec(prop_oneof!["[a-c]{0,3}", "(\\\\u006[1-3]|[a-c]){0,2}", "[a-z]{4}"], 0..60),
    ) {
        let text = format!("{{{}}}", names.iter().map(|name| format!("\"{name}\":0")).collect::<Vec<_>>().join(","));
        let verdict = compare(text.as_bytes());
        prop_assert!(verdict.is_ok());
        // A caller with its own `Members` is told the same.
        let mut members = Members::default();
        let mut cursor = Cursor::new(text.as_bytes(), Limits::default()).unwrap();
        let mut progress = cursor.enter_object().unwrap();
        let mut own = Ok(());
        while let (Ok(()), Some(key)) = (own, cursor.next_key(&mut progress).unwrap()) {
            own = members.insert(key);
            cursor.skip().unwrap();
        }
        prop_assert_eq!(own, check(text.as_bytes(), Limits::default(), Duplicates::Refuse));
    }
}

//! Texts made to exhaust: nesting, many names, long strings. They cost a verdict, never the stack,
//! and time that grows with their length.

use std::fmt::Write;

use crate::fast;
use json_walk::{Cursor, DEEPEST, Duplicates, Error, ErrorKind, Kind, Limits, Members, check};

/// What the levels are made of.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Arrays,
    Objects,
    /// An array in an object in an array...
    Mixed,
}

const SHAPES: [Shape; 3] = [Shape::Arrays, Shape::Objects, Shape::Mixed];

impl Shape {
    fn is_object(self, level: usize) -> bool {
        match self {
            Self::Arrays => false,
            Self::Objects => true,
            Self::Mixed => level % 2 == 1,
        }
    }

    /// This many containers in one another, opened and, if asked, closed.
    fn text(self, levels: usize, closed: bool) -> String {
        let mut text = String::new();
        for level in 0..levels {
            text.push_str(if self.is_object(level) { "{\"a\":" } else { "[" });
        }
        text.push('1');
        if closed {
            text.extend(
                (0..levels).rev().map(|level| if self.is_object(level) { '}' } else { ']' }),
            );
        }
        text
    }
}

/// Runs `work` on a thread with a small stack. If it overflows, the test does not fail: it aborts.
fn on_stack<T: Send>(kibibytes: usize, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(kibibytes * 1024)
            .spawn_scoped(scope, work)
            .expect("a thread")
            .join()
            .expect("the thread does not panic")
    })
}

/// Reads every value, with its own stack on the heap.
fn read(text: &[u8], limits: Limits) -> Result<(), Error> {
    let mut cursor = Cursor::new(text, limits)?;
    let mut open = Vec::new();
    loop {
        match cursor.kind()? {
            Kind::Object => open.push((true, cursor.enter_object()?)),
            Kind::Array => open.push((false, cursor.enter_array()?)),
            Kind::String => drop(cursor.string()?.unescape()),
            Kind::Number => drop(cursor.number()?),
            Kind::Boolean => drop(cursor.boolean()?),
            Kind::Null => cursor.null()?,
        }
        loop {
            let more = match open.last_mut() {
                None => return cursor.finish(),
                Some((true, progress)) => cursor.next_key(progress)?.is_some(),
                Some((false, progress)) => cursor.next_element(progress)?,
            };
            if more {
                break;
            }
            open.pop();
        }
    }
}

/// Skips the members of the outermost object.
fn skip_members(text: &[u8]) -> Result<(), Error> {
    let mut cursor = Cursor::new(text, Limits::default())?;
    let mut progress = cursor.enter_object()?;
    while cursor.next_key(&mut progress)?.is_some() {
        cursor.skip()?;
    }
    cursor.finish()
}

/// The verdicts of every way to walk the text, which must be one.
fn verdict(text: &str) -> Result<(), Error> {
    let text = text.as_bytes();
    let skipped = fast::agrees(text);
    assert_eq!(check(text, Limits::default(), Duplicates::Refuse), skipped);
    assert_eq!(read(text, Limits::default()), skipped);
    if text.starts_with(b"{") {
        assert_eq!(skip_members(text), skipped);
    }
    skipped
}

/// The place of the opening bracket that is one too many.
fn too_deep_at(text: &str) -> usize {
    let mut brackets = text.match_indices(['{', '[']).map(|(at, _)| at);
    brackets.nth(DEEPEST as usize).expect("it is too deep")
}

#[test]
fn depth_bombs_are_refused_and_cost_no_stack() {
    for levels in [65, 100, 1_000, 10_000, 100_000, 1_000_000] {
        for shape in SHAPES {
            for closed in [true, false] {
                let bomb = shape.text(levels, closed);
                let mut texts = vec![bomb.clone()];
                if levels < 1_000_000 || !closed {
                    texts.push(format!("{{\"before\":[],\"skipped\":{bomb},\"after\":null}}"));
                    texts.push(format!("[0,{{}},{bomb}]"));
                }
                for text in texts {
                    let expected = too_deep_at(&text.replace("[],", "  ,").replace("{},", "  ,"));
                    for kibibytes in [64, 256, 2048] {
                        let error = on_stack(kibibytes, || verdict(&text)).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::TooDeep, "{shape:?} {levels}");
                        assert_eq!(error.offset(), expected, "{shape:?} {levels}");
                    }
                }
            }
        }
    }
}

#[test]
fn sixty_four_levels_are_accepted() {
    for shape in SHAPES {
        let text = shape.text(64, true);
        assert_eq!(on_stack(64, || verdict(&text)), Ok(()), "{shape:?}");
        let text = shape.text(64, false);
        let error = on_stack(64, || verdict(&text)).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::UnexpectedEnd, text.len()));
        // As a member: 63 and the object around them. Twice: what was closed counts no more.
        let inner = shape.text(63, true);
        let text = format!("{{\"x\":{inner},\"y\":[{},{}]}}", &inner[..0], shape.text(62, true));
        assert!(on_stack(64, || verdict(&text)).is_err(), "an element is missing");
        let text = format!("{{\"x\":{inner},\"y\":[[],{}]}}", shape.text(62, true));
        assert_eq!(on_stack(64, || verdict(&text)), Ok(()), "{shape:?}");
        let text = format!("{{\"x\":{inner},\"y\":[[],{inner}]}}");
        assert_eq!(on_stack(64, || verdict(&text)).unwrap_err().kind(), ErrorKind::TooDeep);
    }
}

#[test]
fn empty_containers_count_as_levels() {
    for innermost in ["[]", "{}"] {
        let within = |levels| format!("{}{innermost}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(verdict(&within(63)), Ok(()));
        assert_eq!(verdict(&within(64)).unwrap_err().kind(), ErrorKind::TooDeep);
    }
}

#[test]
fn closing_brackets_must_match_at_every_level() {
    for shape in SHAPES {
        let text = shape.text(64, true);
        for at in text.rfind('1').unwrap() + 1..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b']' { b'}' } else { b']' };
            let wrong = String::from_utf8(wrong).unwrap();
            let error = verdict(&wrong).unwrap_err();
            assert_eq!(error.offset(), at);
            assert!(matches!(error.kind(), ErrorKind::Expected(_)), "{error}");
        }
    }
}

#[test]
fn the_limit_is_the_callers_up_to_sixty_four() {
    for max_depth in [0, 1, 2, 10, 63, 64, 65, u32::MAX] {
        let limits = Limits { max_depth };
        let allowed = max_depth.min(DEEPEST) as usize;
        for shape in SHAPES {
            for (levels, accepted) in [(allowed, true), (allowed + 1, false)] {
                let text = shape.text(levels, true);
                for duplicates in [Duplicates::Allow, Duplicates::Refuse] {
                    let verdict = check(text.as_bytes(), limits, duplicates);
                    assert_eq!(verdict.is_ok(), accepted, "{max_depth} {levels} {shape:?}");
                }
                assert_eq!(read(text.as_bytes(), limits).is_ok(), accepted);
            }
        }
    }
}

#[test]
fn a_hundred_thousand_names_are_told_apart() {
    let count = 100_000;
    let mut text = String::from("{");
    for number in 0..count {
        // Every other name has an escape.
        let escape = if number % 2 == 0 { "n" } else { "\\u006e" };
        write!(text, "\"{escape}{number}\":0,").unwrap();
    }
    let unique = format!("{text}\"last\":0}}");
    assert_eq!(check(unique.as_bytes(), Limits::default(), Duplicates::Refuse), Ok(()));
    let twice = format!("{text}\"\\u006E77\":0}}");
    let error = check(twice.as_bytes(), Limits::default(), Duplicates::Refuse).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateMember);
    assert_eq!(error.offset(), text.len() + 1);
    assert_eq!(check(twice.as_bytes(), Limits::default(), Duplicates::Allow), Ok(()));
}

#[test]
fn one_members_serves_many_objects() {
    let wide: Vec<String> = (0..50_000).map(|number| format!("\"n{number}\":0")).collect();
    let narrow = format!("{{{}}}", wide[..30].join(","));
    let text = format!("[{{{}}},{}]", wide.join(","), vec![narrow; 20_000].join(","));
    let mut names = Members::default();
    let mut cursor = Cursor::new(text.as_bytes(), Limits::default()).unwrap();
    let mut objects = cursor.enter_array().unwrap();
    while cursor.next_element(&mut objects).unwrap() {
        names.clear();
        let mut progress = cursor.enter_object().unwrap();
        while let Some(key) = cursor.next_key(&mut progress).unwrap() {
            assert_eq!(names.insert(key), Ok(()));
            cursor.skip().unwrap();
        }
    }
    assert_eq!(cursor.finish(), Ok(()));
    assert_eq!(check(text.as_bytes(), Limits::default(), Duplicates::Refuse), Ok(()));
}

#[test]
fn long_texts_of_one_kind() {
    for piece in ["a", "é", "\\n", "\\ud83d\\ude00", "\\u00e9"] {
        let text = format!("[\"{}\"]", piece.repeat(300_000));
        assert_eq!(verdict(&text), Ok(()), "{piece}");
        assert_eq!(verdict(&text[..text.len() - 2]).unwrap_err().offset(), text.len() - 2);
    }
    for element in ["1", "null", "\"\"", "[]", "{}", "[{\"a\":[]}]", " 1e9 "] {
        let text = format!("[{}]", vec![element; 300_000].join(","));
        assert_eq!(verdict(&text), Ok(()), "{element}");
    }
    let digits = "1".repeat(1_000_000);
    for number in [digits.clone(), format!("0.{digits}"), format!("1e{digits}")] {
        assert_eq!(verdict(&number), Ok(()));
    }
    let space = " \n\t\r".repeat(300_000);
    assert_eq!(verdict(&format!("{space}[{space}1{space},{space}{{}}{space}]{space}")), Ok(()));
}

/// Every move takes the cursor ahead, and none looks further than it goes: the moves of a walk are fewer
/// than the bytes of its text.
#[test]
fn the_cursor_only_goes_ahead() {
    let text = format!("[{}]", vec![r#"{"a":[1,"b",null],"c":{"d":true}}"#; 1_000].join(", "));
    let mut cursor = Cursor::new(text.as_bytes(), Limits::default()).unwrap();
    let (mut moves, mut before) = (0, 0);
    let mut open = Vec::new();
    loop {
        match cursor.kind().unwrap() {
            Kind::Object => open.push((true, cursor.enter_object().unwrap())),
            Kind::Array => open.push((false, cursor.enter_array().unwrap())),
            _ => cursor.skip().unwrap(),
        }
        assert!(cursor.offset() > before);
        before = cursor.offset();
        moves += 1;
        while let Some((is_object, progress)) = open.last_mut() {
            let more = if *is_object {
                cursor.next_key(progress).unwrap().is_some()
            } else {
                cursor.next_element(progress).unwrap()
            };
            // Before its first element an array only looks.
            assert!(cursor.offset() >= before);
            before = cursor.offset();
            moves += 1;
            if more {
                break;
            }
            open.pop();
        }
        if open.is_empty() {
            break;
        }
    }
    assert!(moves < text.len(), "{moves}");
    assert_eq!(cursor.finish(), Ok(()));
}

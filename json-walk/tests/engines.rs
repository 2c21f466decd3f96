//! Every engine against the strict check where engines may go wrong: at the edges of blocks and groups,
//! with any byte at any place, and from one text to the next.
//!
//! With a nightly toolchain Miri looks at the scalar engine and at the vector loads and stores it knows:
//! `cargo +nightly miri test -p bcda-json-walk --test json-walk-tests engines::`.

use crate::fast::{agrees, agrees_within};
use json_walk::index::Engine;
use json_walk::{ErrorKind, Index, Limits};

/// Blocks are 64 bytes, groups are 512: these places are at and around their edges.
fn edges() -> impl Iterator<Item = usize> {
    (0..3).chain(60..70).chain(124..132).chain(506..520).chain(1018..1030)
}

/// A good text in which `piece` begins at byte `at` as an element of an array, after others.
fn placed(piece: &str, at: usize) -> String {
    let before = match at {
        0 => return piece.to_owned(),
        1 => "[".to_owned(),
        2 => "[ ".to_owned(),
        _ => format!("[\"{}\",", "a".repeat(at.saturating_sub(4))),
    };
    format!("{before}{piece}]")
}

const PIECES: [&str; 24] = [
    r#""""#,
    r#""a""#,
    r#""\"""#,
    r#""\\""#,
    r#""\\\"\\\\""#,
    r#""\u00e9\n""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ud83d\n""#,
    r#""\u12""#,
    r#""é😀""#,
    "\"\u{1}\"",
    "\"\t\"",
    "-12.50e+3",
    "-",
    "1.",
    "true",
    "trux",
    "null",
    "nul",
    "{\"a\":{\"b\":[]}}",
    "{\"a\" : 1 , \"b\"\n:[ ] }",
    "{\"a\":1,2}",
    "[1,\"a\":2]",
];

#[test]
fn pieces_at_the_edges_of_blocks() {
    for piece in PIECES {
        for at in edges() {
            for end in ["", " ", "\r\n", "\u{c}"] {
                let text = placed(piece, at) + end;
                let verdict = agrees(text.as_bytes());
                for cut in at.saturating_sub(1)..text.len() {
                    let _ = agrees(&text.as_bytes()[..cut]);
                }
                if end.is_empty() && matches!(piece, "true" | "\"\"" | r#""\"""#) {
                    assert_eq!(verdict, Ok(()));
                }
            }
        }
    }
}

#[test]
fn runs_of_backslashes_across_blocks() {
    for run in (0..12).chain(60..70).chain(126..131).chain(508..516).chain([1023, 1024, 1025]) {
        for at in [1, 2, 3, 55, 61, 62, 63, 64, 127, 509, 510, 511] {
            for after in ["\"", "\"\"", "n\"", "u0041\"", "u\""] {
                let text = format!("[\"{}{}{after}]", "a".repeat(at), "\\".repeat(run));
                let _ = agrees(text.as_bytes());
            }
        }
    }
}

#[test]
fn white_space_between_all_tokens() {
    for run in [0, 1, 2, 7, 55, 56, 57, 58, 63, 64, 65, 120, 128, 500, 512, 520, 1100] {
        for kind in [" ", "\n", "\r", "\t", "\u{c}", "\0"] {
            let space = kind.repeat(run);
            let tokens = [
                "{", "\"a\"", ":", "[", "1", ",", "\"b\"", ",", "{", "}", "]", ",", "\"c\"", ":",
                "\"\"", "}",
            ];
            for place in 0..=tokens.len() {
                let mut text = tokens[..place].concat();
                text.push_str(&space);
                text.push_str(&tokens[place..].concat());
                let verdict = agrees(text.as_bytes());
                assert_eq!(
                    verdict.is_ok(),
                    run == 0 || !matches!(kind, "\u{c}" | "\0"),
                    "{text:?}"
                );
            }
            let all = tokens.join(&space);
            assert_eq!(agrees(all.as_bytes()).is_ok(), run == 0 || !matches!(kind, "\u{c}" | "\0"));
            // One token left out or twice.
            for place in 0..tokens.len() {
                let mut fewer = tokens.to_vec();
                fewer.remove(place);
                let _ = agrees(fewer.join(&space).as_bytes());
                let mut more = tokens.to_vec();
                more.insert(place, tokens[place]);
                let _ = agrees(more.join(&space).as_bytes());
            }
        }
    }
}

#[test]
fn any_byte_at_any_place() {
    let texts = [
        r#"{"a":[1,{"b":"c\n"},-2.5e3,true,null],"d":{}}"#.to_owned(),
        r#"[ {"a" : "b"} ,[],"", 0 ]"#.to_owned(),
        placed(r#"{"ab":"\ud83d\ude00","c":[1,2]}"#, 50),
    ];
    for text in texts {
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            for byte in 0..=u8::MAX {
                bytes[at] = byte;
                let _ = agrees(&bytes);
            }
        }
    }
}

#[test]
fn all_short_sequences_of_tokens() {
    let tokens = ["{", "}", "[", "]", ":", ",", "\"a\"", "1"];
    let mut wanted = vec![String::new()];
    for _ in 0..6 {
        let mut longer = Vec::new();
        for text in &wanted {
            for token in tokens {
                let text = format!("{text}{token}");
                let _ = agrees(text.as_bytes());
                longer.push(text);
            }
        }
        // What cannot become good by adding to it need not be followed.
        longer.retain(|text| {
            json_walk::check(text.as_bytes(), Limits::default(), json_walk::Duplicates::Allow)
                .map_or_else(|error| error.kind() == ErrorKind::UnexpectedEnd, |()| true)
        });
        wanted = longer;
    }
    // Longer ones: all that begin well, and each with one more token.
    for _ in 0..3 {
        let mut longer = Vec::new();
        for text in &wanted {
            for token in tokens {
                let text = format!("{text}{token}");
                if agrees(text.as_bytes()).is_ok()
                    || json_walk::check(
                        text.as_bytes(),
                        Limits::default(),
                        json_walk::Duplicates::Allow,
                    )
                    .is_err_and(|error| error.kind() == ErrorKind::UnexpectedEnd)
                {
                    longer.push(text);
                }
            }
        }
        wanted = longer;
    }
}

#[test]
fn a_high_byte_at_every_place() {
    for len in [1, 63, 64, 65, 511, 512, 513, 700] {
        for at in 0..len {
            let mut bytes = vec![b'a'; len + 2];
            bytes[0] = b'"';
            bytes[len + 1] = b'"';
            bytes[at + 1] = 0xC3;
            assert!(agrees(&bytes).is_err());
            if at + 1 < len {
                bytes[at + 2] = 0xA9;
                assert!(agrees(&bytes).is_ok());
            }
            let mut bytes = [&b"["[..], &bytes, b"]"].concat();
            assert_eq!(agrees(&bytes).is_ok(), at + 1 < len);
            bytes[at + 2] = 0x80;
            assert!(agrees(&bytes).is_err());
        }
    }
}

#[test]
fn depth_is_the_callers() {
    for max_depth in [0, 1, 2, 10, 63, 64, 65, u32::MAX] {
        for levels in [1, 2, 3, 10, 11, 62, 63, 64, 65, 66, 1000] {
            let arrays = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let objects = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
            for text in [arrays, objects, "[".repeat(levels), "]".repeat(levels)] {
                let _ = agrees_within(text.as_bytes(), Limits { max_depth });
            }
        }
    }
}

#[test]
fn a_giant_text_leaves_no_giant_memory_and_no_trace() {
    let giant = format!("[{}]", vec!["{\"a\":[1,\"\"]}"; 300_000].join(","));
    for engine in Engine::available() {
        let mut index = Index::with_engine(engine);
        assert!(index.read(giant.as_bytes(), Limits::default()).is_ok());
        for text in ["{\"a\":[]}", "[1,2", "7"] {
            let verdict = index.read(text.as_bytes(), Limits::default()).map(drop);
            assert_eq!(verdict, agrees(text.as_bytes()), "{}", engine.name());
        }
    }
    assert_eq!(agrees(giant.as_bytes()), Ok(()));
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
fn real_and_synthetic_records() {
    let mut lines = Vec::new();
    for folder in ["../testdata/export", "../../shared/data"] {
        let Ok(files) = std::fs::read_dir(folder) else {
            eprintln!("skipped: no {folder}");
            continue;
        };
        for file in files.flatten() {
            if file.path().extension().is_some_and(|extension| extension == "ndjson") {
                let bytes = std::fs::read(file.path()).unwrap();
                lines.extend(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
            }
        }
    }
    for (number, line) in lines.iter().enumerate() {
        let good = agrees(line);
        if good.is_ok() && number % 10 == 0 {
            // A byte gone or flipped, here and there.
            for at in (number % 7..line.len()).step_by(211) {
                let mut changed = line.clone();
                changed[at] ^= 1 << (at % 8);
                let _ = agrees(&changed);
                changed.remove(at);
                let _ = agrees(&changed);
                let _ = agrees(&line[..at]);
            }
        }
    }
}

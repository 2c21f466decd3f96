//! The fast reading beside the strict one: the same verdict by every engine, and the same walk.

use std::cell::RefCell;

use json_walk::index::Engine;
use json_walk::{Cursor, Document, Duplicates, Error, Index, Kind, Limits, check};

thread_local! {
    /// One index for each engine; what one text left in it must not matter for the next.
    static INDEXES: RefCell<Vec<(Engine, Index)>> = RefCell::new(
        Engine::available()
            .into_iter()
            .map(|engine| (engine, Index::with_engine(engine)))
            .collect(),
    );
}

/// Compares the fast verdict on `bytes` with the strict one, which it gives, and the walks.
pub(crate) fn agrees_within(bytes: &[u8], limits: Limits) -> Result<(), Error> {
    let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
    let expected = check(bytes, limits, Duplicates::Allow);
    INDEXES.with_borrow_mut(|indexes| {
        let mut tokens: Option<Vec<u32>> = None;
        for (engine, index) in indexes {
            let engine = engine.name();
            match (index.read(bytes, limits), expected) {
                (Ok(document), Ok(())) => {
                    same_walk(bytes, limits, &document);
                    let own = document.tokens();
                    let others = tokens.get_or_insert_with(|| own.to_vec());
                    assert_eq!(own, others, "{engine}: {}", shown());
                }
                (fast, strict) => assert_eq!(fast.map(drop), strict, "{engine}: {}", shown()),
            }
        }
    });
    expected
}

/// The same with the default limits.
pub(crate) fn agrees(bytes: &[u8]) -> Result<(), Error> {
    agrees_within(bytes, Limits::default())
}

/// Walks both ways through the whole text.
fn same_walk(bytes: &[u8], limits: Limits, document: &Document<'_, '_>) {
    let mut strict = Cursor::new(bytes, limits).unwrap();
    let mut fast = document.walker();
    assert_eq!(strict.text(), document.text());
    // The open containers: whether each is an object, and where skipping it led.
    let mut open = Vec::new();
    loop {
        let kind = strict.kind().unwrap();
        assert_eq!(fast.kind(), kind);
        assert_eq!(fast.offset(), strict.offset());
        let mut skipped = fast;
        skipped.skip();
        wrong_kinds_move_nothing(fast, kind);
        match kind {
            Kind::Object => {
                assert!(fast.enter_object());
                open.push((strict.enter_object().unwrap(), true, skipped.offset()));
            }
            Kind::Array => {
                assert!(fast.enter_array());
                open.push((strict.enter_array().unwrap(), false, skipped.offset()));
            }
            Kind::String => {
                let (one, other) = (strict.string().unwrap(), fast.string().unwrap());
                assert_eq!(one.raw(), other.raw());
                assert_eq!(one.offset(), other.offset());
                assert_eq!(one.is_escaped(), other.is_escaped());
                assert_eq!(one.unescape(), other.unescape());
            }
            Kind::Number => {
                let (one, other) = (strict.number().unwrap(), fast.number().unwrap());
                assert_eq!((one.text(), one.offset()), (other.text(), other.offset()));
            }
            Kind::Boolean => assert_eq!(strict.boolean().ok(), fast.boolean()),
            Kind::Null => {
                strict.null().unwrap();
                assert!(fast.null());
            }
        }
        if !matches!(kind, Kind::Object | Kind::Array) {
            assert_eq!(fast.offset(), skipped.offset());
        }
        loop {
            let more = match open.last_mut() {
                None => {
                    assert_eq!(fast.offset(), bytes.len());
                    assert_eq!(fast.kind(), Kind::Null);
                    return strict.finish().unwrap();
                }
                Some((progress, true, _)) => {
                    let (one, other) = (strict.next_key(progress).unwrap(), fast.next_key());
                    assert_eq!(one.map(|key| key.raw()), other.map(|key| key.raw()));
                    assert_eq!(one.map(|key| key.offset()), other.map(|key| key.offset()));
                    assert_eq!(one.map(|key| key.is_escaped()), other.map(|key| key.is_escaped()));
                    one.is_some()
                }
                Some((progress, false, _)) => {
                    let more = strict.next_element(progress).unwrap();
                    assert_eq!(fast.next_element(), more);
                    more
                }
            };
            if more {
                break;
            }
            let (_, _, skipped) = open.pop().unwrap();
            assert_eq!(fast.offset(), skipped);
        }
    }
}

fn wrong_kinds_move_nothing(walker: json_walk::Walker<'_, '_>, kind: Kind) {
    let mut asked = walker;
    let answers = [
        (Kind::Object, kind != Kind::Object && asked.enter_object()),
        (Kind::Array, kind != Kind::Array && asked.enter_array()),
        (Kind::String, kind != Kind::String && asked.string().is_some()),
        (Kind::Number, kind != Kind::Number && asked.number().is_some()),
        (Kind::Boolean, kind != Kind::Boolean && asked.boolean().is_some()),
        (Kind::Null, kind != Kind::Null && asked.null()),
    ];
    assert_eq!(answers.map(|(_, answer)| answer), [false; 6]);
    assert_eq!(asked.offset(), walker.offset());
}

//! The compiled tree: nodes, registers, captures.

use std::borrow::Cow;

use cms::r4::Mark;

use super::lookup::Lookup;
use crate::facts::resolve::KeyMatch;
use crate::layout::resource::{JsonType, List};
use crate::layout::table::ColumnType;

/// Index of a register, in the record's frame or in a list entry's.
pub(crate) type Reg = usize;

/// A register of a kept list's entries, and the bit in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyBit {
    pub(crate) reg: Reg,
    pub(crate) bit: u64,
}

/// A capture: what one member of a keyed element says, kept until the element ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Temp {
    pub(crate) at: usize,
    /// Number of its keyed element, and its bit in what that element has.
    pub(crate) keyed: usize,
    pub(crate) bit: u64,
    /// It is a code: nothing but `~` says nothing.
    pub(crate) code: bool,
}

/// As what a leaf is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) column_type: ColumnType,
    /// It is a code: nothing but `~` says nothing.
    pub(crate) code: bool,
    pub(crate) keep: Keep,
}

/// Which of several values a register keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Keep {
    First,
    Last,
    /// All of them, one after another.
    Joined,
    /// The first in the register, the next in the one after it, and so on: see [`Keep::IN_TURN`].
    InTurn,
}

impl Keep {
    /// Registers of values that are kept in turn.
    pub(crate) const IN_TURN: usize = 5;
}

/// Where a register lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// `None`: the record's frame.
    pub(crate) list: Option<List>,
    pub(crate) reg: Reg,
}

/// Everything about reading one resource.
#[derive(Debug)]
pub(crate) struct ResourcePlan {
    pub(crate) root: Object,
    /// Registers of the record's frame.
    pub(crate) registers: usize,
    /// Registers of an entry, per kept list.
    pub(crate) entry_registers: [usize; List::COUNT],
    pub(crate) temps: usize,
    /// Keyed elements.
    pub(crate) keyed: usize,
    /// Where the guesses at members end.
    pub(crate) guesses: usize,
    /// Top-level members whose presence tells FHIR R4.
    pub(crate) foreign: &'static [Mark],
}

#[derive(Debug)]
pub(crate) enum Node {
    Object(Object),
    List(Box<ListNode>),
    Leaf(Leaf),
}

#[derive(Debug, Default)]
pub(crate) struct Object {
    /// Numbers of `children`, then of members that the model knows and no fact wants.
    pub(crate) names: Lookup,
    /// Where the guesses at this object's members begin: by member, the one that came after it last
    /// time; the first is the one that came first.
    pub(crate) guesses: usize,
    pub(crate) children: Vec<Node>,
    /// Set when the object is there.
    pub(crate) present: Vec<Slot>,
    pub(crate) keyed: Option<Keyed>,
}

impl Object {
    /// Most members that are told apart: they are bits of a machine word.
    pub(crate) const MOST_MEMBERS: usize = 64;
}

/// What an element told apart by its key does at its end.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    /// Its number.
    pub(crate) number: usize,
    /// By key number: what moves where.
    pub(crate) moves: Vec<Vec<Move>>,
    /// The bit of the key that an element without one has.
    pub(crate) absent: u64,
    /// The register of the entry that has the bits of its keys.
    pub(crate) bits: Option<Slot>,
}

#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) from: Temp,
    pub(crate) to: Target,
    /// Member names below the element, for error paths.
    pub(crate) trail: Vec<Box<str>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    Register(Slot, Form),
    Capture(Temp),
    /// The bits of the keys that the text is, into a register of the entry.
    Keys(Slot, Keys),
    /// The same, as keys of another element that this one is in.
    Outer(usize, Keys),
}

#[derive(Debug)]
pub(crate) struct ListNode {
    /// What is done with an element that no place names; `None`: it is checked and passed over.
    pub(crate) element: Option<Node>,
    pub(crate) places: Vec<(usize, Node)>,
    /// Entries of this list are kept.
    pub(crate) kept: Option<List>,
    /// Registers that an entry must have, with the member named in the error.
    pub(crate) required: Vec<(Reg, Box<str>)>,
    /// Which of the lists that know shapes of their elements it is, if its elements are such.
    pub(crate) shapes: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) json: JsonType,
    pub(crate) actions: Vec<Action>,
}

#[derive(Debug)]
pub(crate) enum Action {
    Store(Slot, Form),
    Capture(Temp),
    /// Sets the bits of the keys that the text is.
    Key {
        keyed: usize,
        keys: Keys,
    },
    /// Appends a sequence number to the entry's links.
    Link(Slot),
    /// The text names a profile of another FHIR release.
    ForeignProfile,
}

/// Keys that select entries; each has a number, the bit it sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    whole: Lookup,
    prefixes: Vec<(&'static str, u64)>,
}

impl Keys {
    /// Most keys that one element can tell apart: they are bits of a machine word.
    pub(crate) const MOST: usize = 64;

    /// Keys with their bits.
    pub(crate) fn new<'k>(keys: impl Iterator<Item = (&'k KeyMatch, u64)>) -> Self {
        let mut prefixes = Vec::new();
        let mut whole = Vec::new();
        for (key, bit) in keys {
            match key {
                KeyMatch::Is(key) => whole.push((key.clone(), bit)),
                KeyMatch::Code(key) => whole.push(((*key).into(), bit)),
                KeyMatch::Begins(stem) => prefixes.push((*stem, bit)),
                KeyMatch::Absent => {}
            }
        }
        // A text that is a whole key has the bits of its prefixes too.
        let with_begun = |(key, bit): (Cow<'static, str>, u64)| {
            let bits = bit | begun(&prefixes, key.as_bytes());
            (key, bits)
        };
        let whole = whole.into_iter().map(with_begun);
        Self { whole: Lookup::new(whole), prefixes }
    }

    /// The bits of the keys that `text[start..end]` is.
    #[inline]
    pub(crate) fn bits(&self, text: &[u8], start: usize, end: usize) -> u64 {
        match self.whole.find(text, start, end) {
            Some(bits) => bits,
            None if self.prefixes.is_empty() => 0,
            None => begun(&self.prefixes, text.get(start..end).unwrap_or_default()),
        }
    }
}

/// The bits of the prefixes that a key begins with.
fn begun(prefixes: &[(&str, u64)], key: &[u8]) -> u64 {
    let begins = prefixes.iter().filter(|(prefix, _)| key.starts_with(prefix.as_bytes()));
    begins.fold(0, |bits, (_, bit)| bits | bit)
}

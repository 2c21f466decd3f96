//! The compiled tree: nodes, registers, captures.

use crate::resolve::{JsonType, List};
use crate::table::ColumnType;

/// Index of a register, in the record's frame or in a list entry's.
pub(crate) type Reg = usize;

/// Index of a capture.
pub(crate) type Temp = usize;

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
    pub(crate) entry_registers: [usize; 5],
    pub(crate) temps: usize,
    pub(crate) masks: usize,
    /// Top-level members whose presence tells FHIR R4.
    pub(crate) foreign: Vec<Foreign>,
}

/// How a top-level member tells FHIR R4.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) member: &'static str,
    pub(crate) only_as_list: bool,
}

#[derive(Debug)]
pub(crate) enum Node {
    Object(Object),
    List(Box<ListNode>),
    Leaf(Leaf),
}

#[derive(Debug, Default)]
pub(crate) struct Object {
    pub(crate) names: Names,
    pub(crate) children: Vec<Node>,
    /// Set when the object is there.
    pub(crate) present: Vec<Slot>,
    pub(crate) keyed: Option<Keyed>,
}

/// What an element told apart by its key does at its end.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    pub(crate) mask: usize,
    pub(crate) temps: Vec<Temp>,
    /// By key number: what moves where.
    pub(crate) moves: Vec<Vec<Move>>,
}

#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) from: Temp,
    pub(crate) to: Target,
    /// Member names below the element, for error paths.
    pub(crate) trail: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Register(Slot, ColumnType),
    Capture(Temp),
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
}

#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) json: JsonType,
    pub(crate) actions: Vec<Action>,
}

#[derive(Debug)]
pub(crate) enum Action {
    Store(Slot, ColumnType),
    Capture(Temp),
    /// Sets the bits of the keys that the text is.
    Key {
        mask: usize,
        keys: Keys,
    },
    /// The same into a register of the entry.
    KeyRegister {
        slot: Slot,
        keys: Keys,
    },
    /// Appends a sequence number to the entry's links.
    Link(Slot),
    /// The text names a profile of another FHIR release.
    ForeignProfile,
}

/// Member names of an object, found by length first.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_length: Vec<Vec<(Box<str>, usize)>>,
}

impl Names {
    pub(crate) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut by_length: Vec<Vec<(Box<str>, usize)>> = Vec::new();
        for (index, name) in names.enumerate() {
            if by_length.len() <= name.len() {
                by_length.resize_with(name.len() + 1, Vec::new);
            }
            by_length[name.len()].push((name.into(), index));
        }
        Self { by_length }
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let bucket = self.by_length.get(name.len())?;
        bucket.iter().find(|(own, _)| **own == *name).map(|(_, index)| *index)
    }

    pub(crate) fn name(&self, index: usize) -> &str {
        self.by_length.iter().flatten().find(|(_, own)| *own == index).map_or("", |(name, _)| name)
    }
}

/// Keys that select entries; each has a number, the bit it sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    whole: Vec<Vec<(Box<str>, usize)>>,
    prefixes: Vec<(Box<str>, usize)>,
}

impl Keys {
    /// Most keys that one element can tell apart: they are bits of a machine word.
    pub(crate) const MOST: usize = 64;

    pub(crate) fn insert(&mut self, key: &str, prefix: bool, number: usize) {
        if prefix {
            self.prefixes.push((key.into(), number));
            return;
        }
        if self.whole.len() <= key.len() {
            self.whole.resize_with(key.len() + 1, Vec::new);
        }
        self.whole[key.len()].push((key.into(), number));
    }

    /// The bits of the keys that `text` is.
    #[inline]
    pub(crate) fn bits(&self, text: &str) -> u64 {
        let mut bits = 0;
        if let Some(bucket) = self.whole.get(text.len()) {
            for (key, number) in bucket {
                if **key == *text {
                    bits |= 1 << number;
                }
            }
        }
        for (prefix, number) in &self.prefixes {
            if text.starts_with(&**prefix) {
                bits |= 1 << number;
            }
        }
        bits
    }
}

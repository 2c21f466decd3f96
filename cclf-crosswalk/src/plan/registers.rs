//! What a walk fills: registers of the record and of the entries of its lists.

use std::borrow::Cow;

use super::captured::{Captured, place};
use super::shapes::Shapes;
use super::tree::{ResourcePlan, Slot, Temp};
use super::unknown::UnknownMembers;
use super::value::Value;
use crate::layout::resource::List;
use crate::plan::links::BySequence;

/// A register's value. Text stays where it stands in the line, or in the scratch when it had escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Val {
    Null,
    Text {
        start: u32,
        end: u32,
        scratch: bool,
    },
    Int(i64),
    Date(i32),
    Timestamp(i64),
    Decimal(i64),
    /// A decimal of more than 64 bits: its number in the list of those.
    Wide(u32),
    /// Keys that an entry carries.
    Bits(u64),
    /// A range of the link list.
    Links {
        start: u32,
        end: u32,
    },
}

/// What is known of a keyed element that is being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyedState {
    /// Bits of the keys that it carries.
    pub(super) keys: u64,
    /// Whether it says any key, be it one that nothing asks for.
    pub(super) named: bool,
    /// Bits of its captures that were made.
    pub(super) captured: u64,
}

/// What a walk fills; kept from record to record so that nothing is allocated for each.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) record: Vec<Val>,
    /// Entries of the kept lists, one frame after another; registers of an entry are in the last.
    pub(crate) rows: [Vec<Val>; List::COUNT],
    /// Where the last frame of each begins.
    last: [usize; List::COUNT],
    pub(crate) counts: [usize; List::COUNT],
    pub(crate) wide: Vec<i128>,
    pub(crate) links: Vec<i64>,
    pub(crate) by_sequence: BySequence,
    pub(crate) scratch: String,
    pub(super) captures: Vec<Captured>,
    /// By keyed element.
    pub(super) keyed: Vec<KeyedState>,
    /// Which member came after which last time, by [`Object::guesses`](super::tree::Object).
    pub(super) guesses: Vec<u8>,
    pub(super) unknown: UnknownMembers,
    pub(super) shapes: Shapes,
    pub(crate) partial_dates: u64,
    pub(super) foreign: bool,
}

/// A record that was read, in terms of registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordView<'r> {
    pub(crate) store: &'r Store,
    pub(crate) line: &'r str,
    pub(crate) widths: &'r [usize; List::COUNT],
}

impl<'r> RecordView<'r> {
    pub(crate) fn text(&self, start: u32, end: u32, scratch: bool) -> &'r str {
        let source = if scratch { self.store.scratch.as_str() } else { self.line };
        &source[start as usize..end as usize]
    }

    /// What a register holds.
    pub(crate) fn value(&self, val: Val) -> Value<'r> {
        match val {
            Val::Text { start, end, scratch } => {
                Value::Text(Cow::Borrowed(self.text(start, end, scratch)))
            }
            Val::Int(value) => Value::Int(value),
            Val::Date(days) => Value::Date(days),
            Val::Timestamp(micros) => Value::Timestamp(micros),
            Val::Decimal(value) => Value::Decimal(value.into()),
            Val::Wide(at) => Value::Decimal(self.store.wide[at as usize]),
            Val::Null | Val::Bits(_) | Val::Links { .. } => Value::Null,
        }
    }

    pub(crate) fn count(&self, list: List) -> usize {
        self.store.counts[list as usize]
    }

    pub(crate) fn entry(&self, list: List, index: usize) -> &'r [Val] {
        let width = self.widths[list as usize];
        &self.store.rows[list as usize][index * width..(index + 1) * width]
    }
}

/// Values kept for the next record, at most: what a giant one took is given back.
const KEPT_CAPACITY: usize = 1 << 16;

fn empty<T>(values: &mut Vec<T>) {
    if values.capacity() > KEPT_CAPACITY {
        *values = Vec::new();
    } else {
        values.clear();
    }
}

impl Store {
    pub(super) fn reset(&mut self, plan: &ResourcePlan) {
        self.record.clear();
        self.record.resize(plan.registers, Val::Null);
        self.rows.iter_mut().for_each(empty);
        self.counts = [0; List::COUNT];
        self.wide.clear();
        empty(&mut self.links);
        self.by_sequence.clear();
        self.scratch.clear();
        self.captures.resize(plan.temps, Captured::None);
        self.keyed.resize(plan.keyed, KeyedState::default());
        if self.guesses.len() < plan.guesses {
            self.guesses.resize(plan.guesses, 0);
        }
        self.unknown.clear();
        self.shapes.spoil();
        self.partial_dates = 0;
        self.foreign = false;
    }

    /// Begins an entry of a kept list: a frame of `width` registers.
    #[inline]
    pub(super) fn begin_entry(&mut self, list: List, width: usize) {
        let rows = &mut self.rows[list as usize];
        self.last[list as usize] = rows.len();
        rows.resize(rows.len() + width, Val::Null);
        self.counts[list as usize] += 1;
    }

    /// The registers of the entry last begun.
    pub(super) fn last_entry(&self, list: List) -> &[Val] {
        &self.rows[list as usize][self.last[list as usize]..]
    }

    #[inline]
    pub(super) fn register(&mut self, slot: Slot) -> &mut Val {
        match slot.list {
            Some(list) => &mut self.rows[list as usize][self.last[list as usize] + slot.reg],
            None => &mut self.record[slot.reg],
        }
    }

    /// Keeps what was captured, unless there is something already.
    #[inline]
    pub(super) fn capture(&mut self, temp: Temp, captured: Captured) {
        let have = &mut self.keyed[temp.keyed].captured;
        if *have & temp.bit == 0 {
            *have |= temp.bit;
            self.captures[temp.at] = captured;
        }
    }

    /// The text that a register of one holds.
    pub(super) fn text(&self, val: Val, line: &str) -> String {
        let Val::Text { start, end, scratch } = val else { return String::new() };
        let source = if scratch { self.scratch.as_str() } else { line };
        source[start as usize..end as usize].to_owned()
    }

    /// Keeps a text that does not stand in the line as it is.
    pub(super) fn keep(&mut self, text: &str) -> Val {
        let start = place(self.scratch.len());
        self.scratch.push_str(text);
        Val::Text { start, end: place(self.scratch.len()), scratch: true }
    }

    #[inline]
    pub(super) fn decimal(&mut self, value: i128) -> Val {
        if let Ok(value) = i64::try_from(value) {
            return Val::Decimal(value);
        }
        self.wide.push(value);
        Val::Wide(place(self.wide.len() - 1))
    }
}

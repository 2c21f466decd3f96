//! What the walk does at a leaf: its text or number is kept as what the facts want, or captured until it is known what
//! they want.

#![allow(clippy::unnecessary_box_returns, reason = "faults are rare, results are everywhere")]

use std::borrow::Cow;

use cms::r4;
use json_walk::{JsonStr, Kind};

use super::captured::{Captured, is_null, place};
use super::reading::{Fault, Reading, fault};
use super::registers::Val;
use super::shapes::Event;
use super::tree::{Action, Form, Keep, Keys, Leaf, Slot};
use super::walk::Walk;
use crate::error::ErrorClass;
use crate::facts::dates::{self, DateText};
use crate::facts::numbers;
use crate::layout::resource::JsonType;
use crate::layout::table::ColumnType;

impl Walk<'_> {
    pub(super) fn leaf<'a, R: Reading<'a>>(
        &mut self,
        leaf: &'static Leaf,
        reading: &mut R,
    ) -> Result<(), Fault> {
        let token = reading.token();
        let kind = reading.kind()?;
        let captured = match (leaf.json, kind) {
            (_, Kind::Null) | (JsonType::Boolean, Kind::Boolean) => return reading.skip(),
            (JsonType::String, Kind::String) => {
                let text = reading.string()?;
                let (start, end) = (place(text.offset()), place(text.end()));
                Captured::Text { start, end, escaped: text.may_be_escaped() }
            }
            (JsonType::Number, Kind::Number) => {
                let number = reading.number()?;
                let start = place(number.offset());
                Captured::Number { start, end: start + place(number.text().len()) }
            }
            _ => return Err(fault(ErrorClass::WrongType, reading.offset())),
        };
        if let Some(token) = token {
            self.store.shapes.note(|| Event::Leaf(leaf, token));
        }
        for action in &leaf.actions {
            if let Action::Key { keyed, keys } = action {
                let bits = self.key_bits(keys, captured);
                let named = !self.is_null(captured, false);
                let state = &mut self.store.keyed[*keyed];
                state.keys |= bits;
                state.named |= named;
            }
        }
        self.wanted(leaf, captured)
    }

    /// Does what is wanted of a leaf's value besides that it may be a key.
    pub(super) fn wanted(&mut self, leaf: &Leaf, captured: Captured) -> Result<(), Fault> {
        for action in &leaf.actions {
            match action {
                Action::Key { .. } => {}
                Action::Store(slot, form) => self.store_value(*slot, *form, captured)?,
                Action::Capture(temp) => {
                    if !self.is_null(captured, temp.code) {
                        self.store.capture(*temp, captured);
                    }
                }
                Action::Link(slot) => self.link(*slot, captured)?,
                Action::ForeignProfile => {
                    let foreign = r4::is_profile(&self.unescaped(captured));
                    self.store.foreign |= foreign;
                }
            }
        }
        Ok(())
    }

    /// Adds the keys that a leaf is to a register of the entry.
    pub(super) fn set_keys(&mut self, slot: Slot, keys: &Keys, captured: Captured) {
        let bits = self.key_bits(keys, captured);
        let register = self.store.register(slot);
        let before = if let Val::Bits(bits) = register { *bits } else { 0 };
        *register = Val::Bits(before | bits);
    }

    /// The bits of the keys that a leaf is.
    #[inline]
    pub(super) fn key_bits(&self, keys: &Keys, captured: Captured) -> u64 {
        if let Captured::Text { start, end, escaped } = captured {
            let (text, start, end) = (self.line.as_bytes(), start as usize, end as usize);
            if !escaped || !has_escape(self.line, start, end) {
                return keys.bits(text, start, end);
            }
        }
        let text = self.unescaped(captured);
        keys.bits(text.as_bytes(), 0, text.len())
    }

    /// Whether a leaf says nothing.
    #[inline]
    pub(super) fn is_null(&self, captured: Captured, code: bool) -> bool {
        match captured {
            Captured::None => true,
            Captured::Number { .. } => false,
            Captured::Text { start, end, .. } if start == end => true,
            Captured::Text { start, .. } => match self.line.as_bytes().get(start as usize) {
                Some(b'\\' | b'~') | None => is_null(&self.unescaped(captured), code),
                Some(0x21..0x80) => false,
                _ => is_null(&self.unescaped(captured), code),
            },
        }
    }

    /// The text of a captured leaf.
    fn unescaped(&self, captured: Captured) -> Cow<'_, str> {
        let (start, end, escaped) = match captured {
            Captured::None => return Cow::Borrowed(""),
            Captured::Text { start, end, escaped } => (start, end, escaped),
            Captured::Number { start, end } => (start, end, false),
        };
        if escaped && has_escape(self.line, start as usize, end as usize) {
            let text = JsonStr::at(self.line, start as usize, end as usize);
            Cow::Owned(text.unescape().into_owned())
        } else {
            Cow::Borrowed(text_of(self.line, start, end))
        }
    }

    fn link(&mut self, slot: Slot, captured: Captured) -> Result<(), Fault> {
        let Captured::Number { start, end } = captured else { return Ok(()) };
        let value = numbers::integer(text_of(self.line, start, end))
            .map_err(|class| fault(class, start as usize))?;
        let at = place(self.store.links.len());
        self.store.links.push(value);
        let register = self.store.register(slot);
        let start = if let Val::Links { start, .. } = register { *start } else { at };
        *register = Val::Links { start, end: at + 1 };
        Ok(())
    }

    /// Converts a leaf to the type its facts want. Every leaf is converted, the first that is not null is kept.
    pub(super) fn store_value(
        &mut self,
        slot: Slot,
        form: Form,
        captured: Captured,
    ) -> Result<(), Fault> {
        let value = self.value(form, captured).map_err(|class| {
            let start = match captured {
                Captured::None => 0,
                Captured::Text { start, .. } | Captured::Number { start, .. } => start,
            };
            fault(class, start as usize)
        })?;
        if form.keep != Keep::First {
            self.keep_otherwise(slot, form.keep, value);
            return Ok(());
        }
        let register = self.store.register(slot);
        if *register == Val::Null {
            *register = value;
        }
        Ok(())
    }

    /// Keeps a value where it is not the first that counts.
    #[inline(never)]
    fn keep_otherwise(&mut self, slot: Slot, keep: Keep, value: Val) {
        if value == Val::Null {
            return;
        }
        let before = *self.store.register(slot);
        match (keep, before, value) {
            (Keep::InTurn, ..) => {
                for reg in slot.reg..slot.reg + Keep::IN_TURN {
                    let register = self.store.register(Slot { reg, ..slot });
                    if *register == Val::Null {
                        *register = value;
                        return;
                    }
                }
            }
            (Keep::Joined, Val::Text { .. }, Val::Text { .. }) => {
                let joined = [before, value].map(|val| self.store.text(val, self.line)).concat();
                let joined = self.store.keep(&joined);
                *self.store.register(slot) = joined;
            }
            _ => *self.store.register(slot) = value,
        }
    }

    fn value(&mut self, form: Form, captured: Captured) -> Result<Val, ErrorClass> {
        let Form { column_type, code, .. } = form;
        match captured {
            Captured::None => Ok(Val::Null),
            Captured::Text { start, end, escaped } => {
                if column_type == ColumnType::Text {
                    if !escaped || !has_escape(self.line, start as usize, end as usize) {
                        let text = text_of(self.line, start, end);
                        return Ok(if is_null(text, code) {
                            Val::Null
                        } else {
                            Val::Text { start, end, scratch: false }
                        });
                    }
                    let text = JsonStr::at(self.line, start as usize, end as usize).unescape();
                    return Ok(if is_null(&text, code) {
                        Val::Null
                    } else {
                        self.store.keep(&text)
                    });
                }
                let text = self.unescaped(captured);
                if is_null(&text, false) {
                    return Ok(Val::Null);
                }
                match column_type {
                    ColumnType::Date => match dates::date(&text)? {
                        DateText::Day(days) => Ok(Val::Date(days)),
                        DateText::Missing => Ok(Val::Null),
                        DateText::Partial => {
                            drop(text);
                            self.store.partial_dates += 1;
                            Ok(Val::Null)
                        }
                    },
                    ColumnType::Timestamp => {
                        let micros = dates::timestamp(&text)?;
                        drop(text);
                        if micros.is_none() {
                            self.store.partial_dates += 1;
                        }
                        Ok(micros.map_or(Val::Null, Val::Timestamp))
                    }
                    _ => Err(ErrorClass::WrongType),
                }
            }
            Captured::Number { start, end } => {
                let text = text_of(self.line, start, end);
                match column_type {
                    ColumnType::Decimal { precision, scale } => {
                        let value = numbers::decimal(text, precision, scale)?;
                        Ok(self.store.decimal(value))
                    }
                    ColumnType::Int64 => numbers::integer(text).map(Val::Int),
                    ColumnType::Int32 => {
                        let value = numbers::integer(text)?;
                        i32::try_from(value)
                            .map(|value| Val::Int(value.into()))
                            .map_err(|_| ErrorClass::Number)
                    }
                    ColumnType::Text => {
                        let mut plain = String::new();
                        numbers::plain_digits(text, &mut plain)?;
                        Ok(self.store.keep(&plain))
                    }
                    ColumnType::Boolean | ColumnType::Date | ColumnType::Timestamp => {
                        Err(ErrorClass::WrongType)
                    }
                }
            }
        }
    }
}

fn text_of(line: &str, start: u32, end: u32) -> &str {
    &line[start as usize..end as usize]
}

/// Whether a part of the line has a backslash. Most are too short for a search to be worth its preparations.
#[inline]
fn has_escape(line: &str, start: usize, end: usize) -> bool {
    let part = line.as_bytes().get(start..end).unwrap_or_default();
    // Without an early end the loop becomes a few vector instructions.
    part.iter().fold(0, |found, byte| found | u8::from(*byte == b'\\')) != 0
}

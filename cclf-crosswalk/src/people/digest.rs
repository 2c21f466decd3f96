//! What is kept of a Patient or a Coverage until CCLF8 and CCLF9 are written: the few values that columns
//! ask for, packed into bytes.

use std::borrow::Cow;

use crate::plan::kept::{KeptValue, KeptValues};
use crate::plan::registers::{RecordView, Val};
use crate::plan::value::Value;

/// What stands before a packed value.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const INT: u8 = 2;
    pub(super) const DATE: u8 = 3;
    pub(super) const TIMESTAMP: u8 = 4;
    pub(super) const DECIMAL: u8 = 5;
    pub(super) const UNUSABLE: u8 = 6;
}

/// The codes that say nothing in a month.
const UNUSABLE: [&str; 2] = ["**", "XX"];

/// A kept value of a packed record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept<'b> {
    Null,
    Text(&'b str),
    Int(i64),
    Date(i32),
    Timestamp(i64),
    Decimal(i128),
    /// Months that are there, none of them with a usable code.
    Unusable,
}

impl<'b> Kept<'b> {
    pub(crate) fn value(self) -> Value<'b> {
        match self {
            Self::Null | Self::Unusable => Value::Null,
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Int(value) => Value::Int(value),
            Self::Date(days) => Value::Date(days),
            Self::Timestamp(micros) => Value::Timestamp(micros),
            Self::Decimal(value) => Value::Decimal(value),
        }
    }
}

/// Packs the kept values of a record.
pub(crate) fn pack_kept(kept: &KeptValues, view: RecordView<'_>, out: &mut Vec<u8>) {
    for value in kept.iter() {
        match value {
            KeptValue::Register(reg) => pack(out, view.value(view.store.record[*reg])),
            KeptValue::Months(months) => {
                let codes = months.iter().rev().filter_map(|reg| {
                    let val = view.store.record[*reg];
                    (val != Val::Null).then(|| view.value(val).text()).flatten()
                });
                let mut any = false;
                let usable = codes.into_iter().find(|code| {
                    any = true;
                    !UNUSABLE.contains(&&**code)
                });
                match usable {
                    Some(code) => pack_text(out, Some(&code)),
                    None if any => out.push(tag::UNUSABLE),
                    None => out.push(tag::NULL),
                }
            }
        }
    }
}

fn pack(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => out.push(tag::NULL),
        Value::Text(text) => pack_text(out, Some(&text)),
        Value::Int(value) => {
            out.push(tag::INT);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Date(days) => {
            out.push(tag::DATE);
            out.extend_from_slice(&days.to_le_bytes());
        }
        Value::Timestamp(micros) => {
            out.push(tag::TIMESTAMP);
            out.extend_from_slice(&micros.to_le_bytes());
        }
        Value::Decimal(value) => {
            out.push(tag::DECIMAL);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// A date, or null.
pub(crate) fn pack_date(out: &mut Vec<u8>, days: Option<i32>) {
    pack(out, days.map_or(Value::Null, Value::Date));
}

/// A text with its length before it, seven bits a byte; or null.
#[allow(clippy::cast_possible_truncation, reason = "seven bits fit a byte")]
pub(crate) fn pack_text(out: &mut Vec<u8>, text: Option<&str>) {
    let Some(text) = text else { return out.push(tag::NULL) };
    out.push(tag::TEXT);
    let mut len = text.len();
    while len >= 0x80 {
        out.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    out.push((len & 0x7f) as u8);
    out.extend_from_slice(text.as_bytes());
}

/// Reads packed values one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unpack<'b> {
    bytes: &'b [u8],
}

impl<'b> Unpack<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut piece = [0; N];
        if let Some((head, rest)) = self.bytes.split_at_checked(N) {
            piece.copy_from_slice(head);
            self.bytes = rest;
        }
        piece
    }

    /// The next value; `Null` past the end.
    pub(crate) fn next(&mut self) -> Kept<'b> {
        let [tag] = self.take::<1>();
        match tag {
            tag::TEXT => {
                let (mut len, mut shift) = (0usize, 0);
                loop {
                    let [byte] = self.take::<1>();
                    len |= usize::from(byte & 0x7f) << shift;
                    shift += 7;
                    if byte & 0x80 == 0 {
                        break;
                    }
                }
                let (text, rest) = self.bytes.split_at(len.min(self.bytes.len()));
                self.bytes = rest;
                Kept::Text(std::str::from_utf8(text).unwrap_or_default())
            }
            tag::INT => Kept::Int(i64::from_le_bytes(self.take())),
            tag::DATE => Kept::Date(i32::from_le_bytes(self.take())),
            tag::TIMESTAMP => Kept::Timestamp(i64::from_le_bytes(self.take())),
            tag::DECIMAL => Kept::Decimal(i128::from_le_bytes(self.take())),
            tag::UNUSABLE => Kept::Unusable,
            _ => Kept::Null,
        }
    }

    /// The value at a zero-based place.
    pub(crate) fn at(mut self, index: usize) -> Kept<'b> {
        for _ in 0..index {
            self.next();
        }
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_values_come_back() {
        let long = "x".repeat(300);
        let mut bytes = Vec::new();
        pack(&mut bytes, Value::Text("".into()));
        pack(&mut bytes, Value::Text(long.clone().into()));
        pack(&mut bytes, Value::Date(-1));
        pack(&mut bytes, Value::Null);
        pack(&mut bytes, Value::Decimal(-5));
        let packed = Unpack::new(&bytes);
        assert_eq!(packed.at(0), Kept::Text(""));
        assert_eq!(packed.at(1), Kept::Text(&long));
        assert_eq!(packed.at(2), Kept::Date(-1));
        assert_eq!(packed.at(3), Kept::Null);
        assert_eq!(packed.at(4), Kept::Decimal(-5));
        assert_eq!(packed.at(5), Kept::Null);
    }
}

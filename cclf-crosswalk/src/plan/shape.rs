//! One shape: what is the same in many elements of a list, byte for byte, and what is done where they differ.
//!
//! BCDA's servers write the same elements again and again: an adjudication is the URL of its category, and an amount.
//! What a walk through one of them did is kept as a shape. An element that has the same bytes between the places where
//! elements differ has the same tokens there, since both begin alike, and so the same is done with it: without looking
//! at its member names and keys one by one. Where elements differ are the values of texts that are no keys, of numbers,
//! and containers that nobody wants.

use std::collections::HashMap;

use json_walk::Walker;

use super::captured::{Captured, place};
use super::tree::{Action, Form, Keyed, Leaf, Object, Slot, Target};

/// What a walk does, in the order in which it does it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// An object begins that is told apart by keys or whose presence counts.
    Enter(&'static Object),
    /// An element has these keys.
    Keys { keyed: usize, keys: u64, named: bool },
    /// A leaf stands in the gap with this number.
    Leaf(&'static Leaf, usize),
    /// An element told apart by keys ends.
    Dispatch(&'static Keyed),
    // What the steps above come to where all that they ask for is the same in all elements of the shape:
    /// An object is there.
    Present(Slot),
    /// The keys of an entry.
    Bits(Slot, u64),
    /// What stands in this gap goes into a register; if it was captured, unless it says nothing: as a code, or not.
    Store { gap: usize, slot: Slot, form: Form, captured: Option<bool> },
}

/// The same steps, decided as far as they can be; none where something is left to be decided for each element.
pub(super) fn decided(steps: &[Step]) -> Option<Vec<Step>> {
    let mut decided = Vec::new();
    // By keyed element: its keys, and whether it has one. By capture: the
    // element, the gap, and whether it is a code.
    let mut keys_of: HashMap<usize, (u64, bool)> = HashMap::new();
    let mut captures: HashMap<usize, (usize, usize, bool)> = HashMap::new();
    for step in steps {
        match *step {
            Step::Enter(object) => {
                decided.extend(object.present.iter().map(|slot| Step::Present(*slot)));
                if let Some(keyed) = &object.keyed {
                    keys_of.insert(keyed.number, (0, false));
                    captures.retain(|_, (owner, ..)| *owner != keyed.number);
                }
            }
            Step::Keys { keyed, keys, named } => {
                let own = keys_of.get_mut(&keyed)?;
                *own = (own.0 | keys, own.1 | named);
            }
            Step::Leaf(leaf, gap) => {
                for action in &leaf.actions {
                    match action {
                        Action::Key { .. } => {}
                        Action::Store(slot, form) => {
                            let (slot, form) = (*slot, *form);
                            decided.push(Step::Store { gap, slot, form, captured: None });
                        }
                        // The first that says something counts; and what an element around this one captures is
                        // dispatched when that ends.
                        Action::Capture(temp)
                            if captures.contains_key(&temp.at)
                                || !keys_of.contains_key(&temp.keyed) =>
                        {
                            return None;
                        }
                        Action::Capture(temp) => {
                            captures.insert(temp.at, (temp.keyed, gap, temp.code));
                        }
                        Action::Link(_) | Action::ForeignProfile => return None,
                    }
                }
            }
            Step::Dispatch(keyed) => {
                let (mut keys, named) = *keys_of.get(&keyed.number)?;
                keys |= if named { 0 } else { keyed.absent };
                decided.extend(keyed.bits.map(|slot| Step::Bits(slot, keys)));
                for number in (0..u64::BITS as usize).filter(|number| keys >> number & 1 == 1) {
                    for step in keyed.moves.get(number)? {
                        let Some(&(_, gap, code)) = captures.get(&step.from.at) else { continue };
                        match &step.to {
                            Target::Register(slot, form) => {
                                let (slot, form, captured) = (*slot, *form, Some(code));
                                decided.push(Step::Store { gap, slot, form, captured });
                            }
                            Target::Capture(temp)
                                if captures.contains_key(&temp.at)
                                    || !keys_of.contains_key(&temp.keyed) =>
                            {
                                return None;
                            }
                            Target::Capture(temp) => {
                                captures.insert(temp.at, (temp.keyed, gap, code));
                            }
                            Target::Keys(..) | Target::Outer(..) => return None,
                        }
                    }
                }
            }
            Step::Present(_) | Step::Bits(..) | Step::Store { .. } => decided.push(*step),
        }
    }
    Some(decided)
}

/// What stands between two pieces that are always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The characters of a text.
    Text,
    Number,
    /// A container that begins with this byte.
    Container(u8),
    /// Nothing: the first so many bytes of what comes next are a text that somebody wants.
    Known(u32),
    /// The element ends.
    End,
}

/// Bytes that are always the same, and what comes after them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) len: usize,
    /// Tokens among the bytes. The quote before a text is one.
    pub(super) tokens: usize,
    pub(super) gap: Gap,
    /// After a number: so many bytes of the next piece come before its first token.
    pub(super) before_token: u32,
}

/// What is looked at first: the length of one key of the element and its last eight bytes, which tell most keys apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probe {
    /// The token of the quote before the key, from the element's first.
    pub(super) token: usize,
    /// From quote to quote.
    pub(super) len: u32,
    pub(super) tail: u64,
}

/// The eight bytes before a place of the text.
#[inline]
pub(super) fn tail(text: &[u8], end: usize) -> Option<u64> {
    let word = text.get(end.checked_sub(8)?..end)?.first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Of an element with a key.
    pub(super) probe: Option<Probe>,
    /// The bytes of all pieces.
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    pub(super) steps: Vec<Step>,
    /// Shapes that came next, the last one first.
    pub(super) next: [u16; 2],
}

impl Shape {
    /// Whether the element at which a walker stands may have this shape.
    #[inline]
    pub(super) fn may_fit(&self, walker: &Walker<'_, '_>) -> bool {
        let Some(probe) = &self.probe else { return true };
        let token = walker.token() + probe.token;
        let quotes = walker.tokens().get(token..).and_then(|tokens| tokens.first_chunk());
        quotes.is_some_and(|[open, close]| {
            close.wrapping_sub(*open) == probe.len
                && tail(walker.text().as_bytes(), *close as usize) == Some(probe.tail)
        })
    }

    /// Whether the element at which a walker stands has this shape; then gives the token after it, and puts what stands
    /// in the gaps into `found`.
    #[inline]
    pub(super) fn fits(&self, walker: &Walker<'_, '_>, found: &mut Vec<Captured>) -> Option<usize> {
        let (text, tokens) = (walker.text().as_bytes(), walker.tokens());
        let mut token = walker.token();
        let mut at = *tokens.get(token)? as usize;
        let mut bytes = &self.bytes[..];
        found.clear();
        for piece in &self.pieces {
            let (own, rest) = bytes.split_at_checked(piece.len)?;
            if text.get(at..at + piece.len)? != own {
                return None;
            }
            bytes = rest;
            at += piece.len;
            token += piece.tokens;
            match piece.gap {
                Gap::Text => {
                    let end = *tokens.get(token)?;
                    found.push(captured_text(walker, at, end as usize));
                    at = end as usize;
                }
                Gap::Number => {
                    token += 1;
                    let end = tokens.get(token)?.checked_sub(piece.before_token)?;
                    if !matches!(text.get(at)?, b'-' | b'0'..=b'9') {
                        return None;
                    }
                    found.push(Captured::Number { start: place(at), end });
                    at = end as usize;
                }
                Gap::Container(opening) => {
                    if *text.get(at)? != opening {
                        return None;
                    }
                    let closing = walker.closing(token);
                    at = *tokens.get(closing)? as usize + 1;
                    token = closing + 1;
                }
                Gap::Known(len) => {
                    found.push(captured_text(walker, at, at + len as usize));
                }
                Gap::End => {}
            }
        }
        Some(token)
    }
}

#[inline]
fn captured_text(walker: &Walker<'_, '_>, start: usize, end: usize) -> Captured {
    let escaped = walker.may_be_escaped(start, end);
    Captured::Text { start: place(start), end: place(end), escaped }
}

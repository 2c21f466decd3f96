//! The walk: one record through the compiled tree, into registers. With [`reading`](super::reading) the
//! only module that knows the engine.

#![allow(clippy::unnecessary_box_returns, reason = "faults are rare, results are everywhere")]

use std::borrow::Cow;
use std::collections::HashSet;

use json_walk::{Cursor, Document, Index, JsonStr, Kind, Limits};

use super::Plan;
use super::reading::{Fault, Reading, fault};
use super::registers::{Captured, RecordView, Store, UnknownName, Val, place};
use super::tree::{Action, Keyed, Keys, Leaf, ListNode, Node, Object, ResourcePlan, Slot, Target};
use crate::convert::{self, DateText};
use crate::error::{ErrorClass, RecordError};
use crate::resolve::{JsonType, Resource};
use crate::resource_type::{ResourceType, resource_type};
use crate::table::ColumnType;

/// Longest line the registers can point into, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize;

/// Objects with more unknown members than this are checked for duplicates through a hash set.
const SCAN_LIMIT: usize = 24;

/// What a line turned out to be.
#[derive(Debug)]
pub enum Verdict<'r> {
    /// One of the three resources that the tables are made of.
    Record(Resource, Record<'r>),
    /// A known resource type that no table wants.
    Skipped,
    /// FHIR R4, not STU3: an error of the whole file.
    Foreign,
}

/// A record that was read and fits the crosswalk.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) view: RecordView<'r>,
}

impl Record<'_> {
    /// Dates of the record that name only a year or a month, and so became null.
    pub fn partial_dates(&self) -> u64 {
        self.view.store.partial_dates
    }
}

/// Reads records one after another; one for each worker.
#[derive(Debug)]
pub struct Reader {
    plan: &'static Plan,
    store: Store,
    index: Index,
}

impl Reader {
    /// A reader that follows `plan`.
    pub fn new(plan: &'static Plan) -> Self {
        Self { plan, store: Store::default(), index: Index::new() }
    }

    /// Reads one line.
    ///
    /// The verdict depends on the line alone: not on the lines before it and not on the tables asked for.
    ///
    /// # Errors
    /// Why the record is bad. A line that is no JSON text at all is reported as such before anything else.
    pub fn read<'r>(&'r mut self, line: &'r [u8]) -> Result<Verdict<'r>, RecordError> {
        if line.len() > MAX_RECORD_BYTES {
            return Err(RecordError::line_too_long());
        }
        let Self { plan, store, index } = self;
        let document = index.read(line, Limits::default()).ok();
        // Records of ours say once what they are; for all else the slow look decides.
        let guess =
            document.as_ref().and_then(stated_type).unwrap_or(Resource::ExplanationOfBenefit);
        let mut resource = guess;
        let mut outcome = walk(plan, store, guess, document.as_ref(), line);
        if !matches!(&outcome, Ok((Some(found), _)) if *found == guess) {
            match resource_type(line)? {
                ResourceType::Known(actual) => {
                    if actual != guess {
                        resource = actual;
                        outcome = walk(plan, store, actual, document.as_ref(), line);
                    }
                }
                ResourceType::Other => return Ok(Verdict::Skipped),
                ResourceType::Foreign => return Ok(Verdict::Foreign),
            }
        }
        let (_, text) = outcome.map_err(|fault| fault.of(resource))?;
        if store.foreign {
            return Ok(Verdict::Foreign);
        }
        let widths = &plan.resource(resource).entry_registers;
        let record = Record { plan, view: RecordView { store, line: text, widths } };
        record.check_required(resource).map_err(|error| error.of(resource))?;
        Ok(Verdict::Record(resource, record))
    }
}

/// What a good text's first `resourceType` says, when it is one of ours.
fn stated_type(document: &Document<'_, '_>) -> Option<Resource> {
    let mut walker = document.walker();
    if !walker.enter_object() {
        return None;
    }
    while let Some(key) = walker.next_key() {
        if key.raw_bytes() == b"resourceType" {
            return Resource::from_name(walker.string()?.raw());
        }
        walker.skip();
    }
    None
}

/// Walks the line as a `resource`; gives the resource that it says it is, when that is one of ours.
///
/// Without a document the line is no good JSON: it is read byte by byte for its first fault.
fn walk<'l>(
    plan: &Plan,
    store: &mut Store,
    resource: Resource,
    document: Option<&Document<'_, 'l>>,
    line: &'l [u8],
) -> Result<(Option<Resource>, &'l str), Fault> {
    let plan = plan.resource(resource);
    store.reset(plan);
    let of_text = |error: json_walk::Error| Box::new(RecordError::from(error));
    if let Some(document) = document {
        let text = document.text();
        let mut walk = Walk { store, plan, line: text, resource: None };
        walk.record(&mut document.walker())?;
        return Ok((walk.resource, text));
    }
    let mut cursor = Cursor::new(line, Limits::default()).map_err(of_text)?;
    let text = cursor.text();
    let mut walk = Walk { store, plan, line: text, resource: None };
    walk.record(&mut cursor)?;
    cursor.finish().map_err(of_text)?;
    Ok((walk.resource, text))
}

struct Walk<'w> {
    store: &'w mut Store,
    plan: &'w ResourcePlan,
    line: &'w str,
    /// What `resourceType` says.
    resource: Option<Resource>,
}

#[inline]
fn is_blank(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(0x21..0x80) => false,
        _ => text.chars().all(char::is_whitespace),
    }
}

impl Walk<'_> {
    fn record<'a, R: Reading<'a>>(&mut self, reading: &mut R) -> Result<(), Fault> {
        if reading.kind()? != Kind::Object {
            return Err(fault(ErrorClass::Syntax, reading.offset()));
        }
        let plan = self.plan;
        self.members(&plan.root, reading, true)
    }

    #[inline]
    fn node<'a, R: Reading<'a>>(&mut self, node: &Node, reading: &mut R) -> Result<(), Fault> {
        match node {
            Node::Object(object) => match reading.kind()? {
                Kind::Object => self.members(object, reading, false),
                other => absent_or_wrong(reading, other),
            },
            Node::List(list) => match reading.kind()? {
                Kind::Array => self.list(list, reading),
                other => absent_or_wrong(reading, other),
            },
            Node::Leaf(leaf) => self.leaf(leaf, reading),
        }
    }

    fn members<'a, R: Reading<'a>>(
        &mut self,
        object: &Object,
        reading: &mut R,
        top: bool,
    ) -> Result<(), Fault> {
        let mut progress = reading.enter_object()?;
        for slot in &object.present {
            *self.store.register(*slot) = Val::Int(1);
        }
        if let Some(keyed) = &object.keyed {
            self.store.masks[keyed.mask] = 0;
            for temp in &keyed.temps {
                self.store.captures[*temp] = Captured::None;
            }
        }
        let mut seen: u64 = 0;
        let mut unknown = Unknown::new(self.store.unknown.len());
        while let Some(key) = reading.next_key(&mut progress)? {
            let found = if key.is_escaped() {
                object.names.find_name(&key.unescape())
            } else {
                object.names.find(self.line.as_bytes(), key.offset(), key.end())
            };
            let Some(number) = found else {
                unknown.insert(&mut self.store.unknown, self.line, key)?;
                if top && !self.store.foreign {
                    self.store.foreign = self.is_foreign(&key, reading)?;
                }
                reading.skip().map_err(in_unknown)?;
                continue;
            };
            if seen & 1 << number != 0 {
                let twice = fault(ErrorClass::DuplicateMember, key.offset());
                return Err(in_member(twice, object.names.name(number)));
            }
            seen |= 1 << number;
            if top && key.raw() == "resourceType" && reading.kind()? == Kind::String {
                let text = reading.string()?;
                self.resource = Resource::from_name(&text.unescape());
                continue;
            }
            #[allow(clippy::cast_possible_truncation, reason = "at most 64 children")]
            let Some(child) = object.children.get(number as usize) else { continue };
            if let Err(fault) = self.node(child, reading) {
                return Err(in_member(fault, object.names.name(number)));
            }
        }
        unknown.close(&mut self.store.unknown);
        if let Some(keyed) = &object.keyed {
            self.dispatch(keyed)?;
        }
        Ok(())
    }

    /// The end of an element told apart by its keys: what was captured goes where the keys say.
    fn dispatch(&mut self, keyed: &Keyed) -> Result<(), Fault> {
        let mut bits = self.store.masks[keyed.mask];
        while bits != 0 {
            let number = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            for step in &keyed.moves[number] {
                let captured = self.store.captures[step.from];
                match step.to {
                    Target::Capture(temp) => {
                        let to = &mut self.store.captures[temp];
                        if matches!(to, Captured::None) {
                            *to = captured;
                        }
                    }
                    Target::Register(slot, column_type) => {
                        self.store_value(slot, column_type, captured).map_err(|fault| {
                            step.trail
                                .iter()
                                .rev()
                                .fold(fault, |fault, name| in_member(fault, name))
                        })?;
                    }
                }
            }
        }
        Ok(())
    }

    fn is_foreign<'a, R: Reading<'a>>(
        &self,
        key: &JsonStr<'_>,
        reading: &mut R,
    ) -> Result<bool, Fault> {
        let name = key.raw();
        match self.plan.foreign.iter().find(|foreign| foreign.member == name) {
            Some(foreign) => Ok(!foreign.only_as_list || reading.kind()? == Kind::Array),
            None => Ok(false),
        }
    }

    fn list<'a, R: Reading<'a>>(&mut self, list: &ListNode, reading: &mut R) -> Result<(), Fault> {
        let mut progress = reading.enter_array()?;
        let mut index = 0;
        while reading.next_element(&mut progress)? {
            let node = match list.places.iter().find(|(place, _)| *place == index) {
                Some((_, node)) => Some(node),
                None => list.element.as_ref(),
            };
            if let Err(fault) = self.element(list, node, reading) {
                return Err(at_index(fault, index));
            }
            index += 1;
        }
        Ok(())
    }

    #[inline]
    fn element<'a, R: Reading<'a>>(
        &mut self,
        list: &ListNode,
        node: Option<&Node>,
        reading: &mut R,
    ) -> Result<(), Fault> {
        let Some(node) = node else { return reading.skip() };
        let Some(kept) = list.kept else { return self.node(node, reading) };
        reading.kind()?;
        let start = reading.offset();
        self.store.begin_entry(kept, self.plan.entry_registers[kept as usize]);
        self.node(node, reading)?;
        for (reg, member) in &list.required {
            if self.store.last_entry(kept)[*reg] == Val::Null {
                return Err(in_member(fault(ErrorClass::Missing, start), member));
            }
        }
        Ok(())
    }

    fn leaf<'a, R: Reading<'a>>(&mut self, leaf: &Leaf, reading: &mut R) -> Result<(), Fault> {
        let kind = reading.kind()?;
        let captured = match (leaf.json, kind) {
            (_, Kind::Null) | (JsonType::Boolean, Kind::Boolean) => return reading.skip(),
            (JsonType::String, Kind::String) => {
                let text = reading.string()?;
                let (start, end) = (place(text.offset()), place(text.end()));
                Captured::Text { start, end, escaped: text.is_escaped() }
            }
            (JsonType::Number, Kind::Number) => {
                let number = reading.number()?;
                let start = place(number.offset());
                Captured::Number { start, end: start + place(number.text().len()) }
            }
            _ => return Err(fault(ErrorClass::WrongType, reading.offset())),
        };
        for action in &leaf.actions {
            match action {
                Action::Store(slot, column_type) => {
                    self.store_value(*slot, *column_type, captured)?;
                }
                Action::Capture(temp) => {
                    if matches!(self.store.captures[*temp], Captured::None)
                        && !is_blank(&self.unescaped(captured))
                    {
                        self.store.captures[*temp] = captured;
                    }
                }
                Action::Key { mask, keys } => {
                    let bits = self.key_bits(keys, captured);
                    self.store.masks[*mask] |= bits;
                }
                Action::KeyRegister { slot, keys } => {
                    let bits = self.key_bits(keys, captured);
                    let register = self.store.register(*slot);
                    let before = if let Val::Bits(bits) = register { *bits } else { 0 };
                    *register = Val::Bits(before | bits);
                }
                Action::Link(slot) => self.link(*slot, captured)?,
                Action::ForeignProfile => {
                    let profile = self.unescaped(captured).to_ascii_lowercase();
                    if profile.contains("carin") || profile.contains("c4bb") {
                        self.store.foreign = true;
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn key_bits(&self, keys: &Keys, captured: Captured) -> u64 {
        if let Captured::Text { start, end, escaped: false } = captured {
            return keys.bits(self.line.as_bytes(), start as usize, end as usize);
        }
        let text = self.unescaped(captured);
        keys.bits(text.as_bytes(), 0, text.len())
    }

    /// The text of a captured leaf.
    fn unescaped(&self, captured: Captured) -> Cow<'_, str> {
        let (start, end, escaped) = match captured {
            Captured::None => return Cow::Borrowed(""),
            Captured::Text { start, end, escaped } => (start, end, escaped),
            Captured::Number { start, end } => (start, end, false),
        };
        let text = text_of(self.line, start, end);
        if escaped { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) }
    }

    fn link(&mut self, slot: Slot, captured: Captured) -> Result<(), Fault> {
        let Captured::Number { start, end } = captured else { return Ok(()) };
        let value = convert::integer(text_of(self.line, start, end))
            .map_err(|class| fault(class, start as usize))?;
        let at = place(self.store.links.len());
        self.store.links.push(value);
        let register = self.store.register(slot);
        let start = if let Val::Links { start, .. } = register { *start } else { at };
        *register = Val::Links { start, end: at + 1 };
        Ok(())
    }

    /// Converts a leaf to the type its facts want. Every leaf is converted, the first that is not null is kept.
    fn store_value(
        &mut self,
        slot: Slot,
        column_type: ColumnType,
        captured: Captured,
    ) -> Result<(), Fault> {
        let value = self.value(column_type, captured).map_err(|class| {
            let start = match captured {
                Captured::None => 0,
                Captured::Text { start, .. } | Captured::Number { start, .. } => start,
            };
            fault(class, start as usize)
        })?;
        let register = self.store.register(slot);
        if *register == Val::Null {
            *register = value;
        }
        Ok(())
    }

    fn value(&mut self, column_type: ColumnType, captured: Captured) -> Result<Val, ErrorClass> {
        match captured {
            Captured::None => Ok(Val::Null),
            Captured::Text { start, end, escaped } => {
                if column_type == ColumnType::Text {
                    if !escaped {
                        let text = text_of(self.line, start, end);
                        return Ok(if is_blank(text) {
                            Val::Null
                        } else {
                            Val::Text { start, end, scratch: false }
                        });
                    }
                    let text = unescape(text_of(self.line, start, end));
                    return Ok(if is_blank(&text) { Val::Null } else { self.store.keep(&text) });
                }
                let text = self.unescaped(captured);
                if is_blank(&text) {
                    return Ok(Val::Null);
                }
                match column_type {
                    ColumnType::Date => match convert::date(&text)? {
                        DateText::Day(days) => Ok(Val::Date(days)),
                        DateText::Missing => Ok(Val::Null),
                        DateText::Partial => {
                            drop(text);
                            self.store.partial_dates += 1;
                            Ok(Val::Null)
                        }
                    },
                    ColumnType::Timestamp => {
                        let micros = convert::timestamp(&text)?;
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
                        let value = convert::decimal(text, precision, scale)?;
                        Ok(self.store.decimal(value))
                    }
                    ColumnType::Int64 => convert::integer(text).map(Val::Int),
                    ColumnType::Int32 => {
                        let value = convert::integer(text)?;
                        i32::try_from(value)
                            .map(|value| Val::Int(value.into()))
                            .map_err(|_| ErrorClass::Number)
                    }
                    ColumnType::Text => {
                        let mut plain = String::new();
                        convert::plain_digits(text, &mut plain)?;
                        Ok(self.store.keep(&plain))
                    }
                    ColumnType::Date | ColumnType::Timestamp => Err(ErrorClass::WrongType),
                }
            }
        }
    }
}

fn text_of(line: &str, start: u32, end: u32) -> &str {
    &line[start as usize..end as usize]
}

/// Resolves the escapes of a string that the cursor has checked.
fn unescape(raw: &str) -> String {
    let quoted = format!("\"{raw}\"");
    Cursor::new(quoted.as_bytes(), Limits::default())
        .and_then(|mut cursor| cursor.string().map(|text| text.unescape().into_owned()))
        .unwrap_or_default()
}

fn absent_or_wrong<'a, R: Reading<'a>>(reading: &mut R, kind: Kind) -> Result<(), Fault> {
    if kind == Kind::Null {
        reading.skip()
    } else {
        Err(fault(ErrorClass::WrongType, reading.offset()))
    }
}

#[cold]
#[inline(never)]
fn in_member(mut fault: Fault, name: &str) -> Fault {
    *fault = fault.in_member(name);
    fault
}

#[cold]
#[inline(never)]
fn in_unknown(mut fault: Fault) -> Fault {
    *fault = fault.in_unknown();
    fault
}

#[cold]
#[inline(never)]
fn at_index(mut fault: Fault, index: usize) -> Fault {
    *fault = fault.at_index(index);
    fault
}

/// The unknown member names of one open object.
struct Unknown<'a> {
    base: usize,
    many: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> Unknown<'a> {
    fn new(base: usize) -> Self {
        Self { base, many: None }
    }

    #[inline]
    fn insert(
        &mut self,
        stack: &mut Vec<UnknownName>,
        line: &str,
        key: JsonStr<'a>,
    ) -> Result<(), Fault> {
        let text = line.as_bytes();
        let names = stack.get(self.base..).unwrap_or_default();
        let new = if self.many.is_some() || names.len() >= SCAN_LIMIT || key.is_escaped() {
            self.insert_into_many(names, line, key)
        } else {
            let name = key.raw_bytes();
            let new = !names.iter().any(|known| {
                text.get(known.start as usize..known.end as usize).is_some_and(|own| own == name)
            });
            stack.push(UnknownName { start: place(key.offset()), end: place(key.end()) });
            new
        };
        if new { Ok(()) } else { Err(in_unknown(fault(ErrorClass::DuplicateMember, key.offset()))) }
    }

    #[cold]
    fn insert_into_many(&mut self, names: &[UnknownName], line: &str, key: JsonStr<'a>) -> bool {
        let many = self.many.get_or_insert_with(|| {
            let own = |name: &UnknownName| text_of(line, name.start, name.end).to_owned();
            names.iter().map(|name| Cow::Owned(own(name))).collect()
        });
        many.insert(key.unescape())
    }

    fn close(self, stack: &mut Vec<UnknownName>) {
        stack.truncate(self.base);
    }
}

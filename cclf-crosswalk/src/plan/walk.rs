//! The walk: one record through the compiled tree, into registers. With [`reading`](super::reading) the
//! only module that knows the engine.

#![allow(clippy::unnecessary_box_returns, reason = "faults are rare, results are everywhere")]

use std::borrow::Cow;

use cms::r4;
use json_walk::{Cursor, Document, Index, JsonStr, Kind, Limits};

use super::Plan;
use super::reading::{Fault, Reading, fault};
use super::record::Record;
use super::registers::{Captured, KeyedState, RecordView, Store, Val, place};
use super::tree::{
    Action, Form, Keyed, Keys, Leaf, ListNode, Node, Object, ResourcePlan, Slot, Target,
};
use crate::error::{ErrorClass, RecordError};
use crate::facts::values::{self, DateText};
use crate::layout::resource::{JsonType, Resource};
use crate::layout::table::ColumnType;
use crate::plan::resource_type::{ResourceType, resource_type, stated_type};

/// Longest line the registers can point into, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize;

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

/// Whether a text says nothing: a blank one, and a code of nothing but `~`, the way of CMS's warehouse to say so.
#[inline]
fn is_null(text: &str, code: bool) -> bool {
    match text.as_bytes().first() {
        Some(b'~') if code => text.trim_end().bytes().all(|byte| byte == b'~'),
        Some(0x21..0x80) => false,
        _ => {
            let said = text.trim();
            said.is_empty() || (code && said.bytes().all(|byte| byte == b'~'))
        }
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

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call for each node would be half of its work")]
    fn node<'a, R: Reading<'a>>(&mut self, node: &Node, reading: &mut R) -> Result<(), Fault> {
        match node {
            Node::Leaf(leaf) => self.leaf(leaf, reading),
            Node::Object(object) if reading.is_object()? => self.members(object, reading, false),
            Node::List(list) if reading.is_array()? => self.list(list, reading),
            Node::Object(_) | Node::List(_) => absent_or_wrong(reading),
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
            self.store.keyed[keyed.number] = KeyedState::default();
        }
        let mut seen: u64 = 0;
        let unknown = self.store.unknown.begin();
        let mut guess = object.guesses;
        while let Some((start, end)) = reading.next_name(&mut progress)? {
            // Records of a kind have their members in one order: the one that came next last time is
            // tried first.
            let mut number = self.store.guesses.get(guess).map_or(0, |number| usize::from(*number));
            if !object.names.is(number, self.line.as_bytes(), start, end) {
                let Some(found) = self.other_member(object, guess, start, end) else {
                    self.unknown_member(unknown, start, end)?;
                    self.unwanted(start, end, reading, top)?;
                    continue;
                };
                number = found;
            }
            guess = object.guesses + 1 + number;
            let bit = 1 << number;
            if seen & bit != 0 {
                return Err(twice(object, number, start));
            }
            seen |= bit;
            if top && self.states_type(start, end, reading)? {
                continue;
            }
            match object.children.get(number) {
                None => self.unwanted(start, end, reading, top)?,
                Some(child) => {
                    if let Err(fault) = self.node(child, reading) {
                        return Err(in_member(fault, object.names.name(number as u64)));
                    }
                }
            }
        }
        self.store.unknown.end(unknown);
        match &object.keyed {
            Some(keyed) => self.dispatch(keyed),
            None => Ok(()),
        }
    }

    /// The number of a member that was not guessed.
    #[inline(never)]
    fn other_member(
        &mut self,
        object: &Object,
        guess: usize,
        start: usize,
        end: usize,
    ) -> Option<usize> {
        let key = JsonStr::at(self.line, start, end);
        let found = if key.is_escaped() {
            object.names.find_name(&key.unescape())
        } else {
            object.names.find(self.line.as_bytes(), start, end)
        };
        let number = u8::try_from(found?).ok()?;
        if let Some(guess) = self.store.guesses.get_mut(guess) {
            *guess = number;
        }
        Some(usize::from(number))
    }

    /// Notes a member that neither the crosswalk nor the model knows.
    #[inline(never)]
    fn unknown_member(&mut self, object: usize, start: usize, end: usize) -> Result<(), Fault> {
        if self.store.unknown.insert(object, JsonStr::at(self.line, start, end)) {
            Ok(())
        } else {
            Err(in_unknown(fault(ErrorClass::DuplicateMember, start)))
        }
    }

    /// Reads `resourceType`; whether it was that.
    fn states_type<'a, R: Reading<'a>>(
        &mut self,
        start: usize,
        end: usize,
        reading: &mut R,
    ) -> Result<bool, Fault> {
        let stated = JsonStr::at(self.line, start, end).raw() == "resourceType"
            && reading.kind()? == Kind::String;
        if stated {
            self.resource = Resource::from_name(&reading.string()?.unescape());
        }
        Ok(stated)
    }

    /// Passes over a member that no fact wants.
    #[inline]
    fn unwanted<'a, R: Reading<'a>>(
        &mut self,
        start: usize,
        end: usize,
        reading: &mut R,
        top: bool,
    ) -> Result<(), Fault> {
        if top && !self.store.foreign {
            self.store.foreign = self.is_foreign(start, end, reading)?;
        }
        reading.skip().map_err(in_unknown)
    }

    /// The end of an element told apart by its keys: what was captured goes where the keys say.
    fn dispatch(&mut self, keyed: &Keyed) -> Result<(), Fault> {
        let KeyedState { mut keys, named, captured: have } = self.store.keyed[keyed.number];
        if !named {
            keys |= keyed.absent;
        }
        while keys != 0 {
            let number = keys.trailing_zeros() as usize;
            keys &= keys - 1;
            for step in &keyed.moves[number] {
                if have & step.from.bit == 0 {
                    continue;
                }
                let captured = self.store.captures[step.from.at];
                match &step.to {
                    Target::Capture(temp) => self.store.capture(*temp, captured),
                    Target::Keys(slot, keys) => self.set_keys(*slot, keys, captured),
                    Target::Register(slot, form) => {
                        self.store_value(*slot, *form, captured).map_err(|fault| {
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
        start: usize,
        end: usize,
        reading: &mut R,
    ) -> Result<bool, Fault> {
        let name = JsonStr::at(self.line, start, end).raw();
        match self.plan.foreign.iter().find(|mark| mark.member == name) {
            Some(mark) => Ok(!mark.only_as_list || reading.kind()? == Kind::Array),
            None => Ok(false),
        }
    }

    fn list<'a, R: Reading<'a>>(&mut self, list: &ListNode, reading: &mut R) -> Result<(), Fault> {
        let mut progress = reading.enter_array()?;
        let mut index = 0;
        if let (None, [], Some(node)) = (list.kept, &list.places[..], &list.element) {
            while reading.next_element(&mut progress)? {
                if let Err(fault) = self.node(node, reading) {
                    return Err(at_index(fault, index));
                }
                index += 1;
            }
            return Ok(());
        }
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
                Captured::Text { start, end, escaped: text.may_be_escaped() }
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
                Action::Store(slot, form) => self.store_value(*slot, *form, captured)?,
                Action::Capture(temp) => {
                    if !self.is_null(captured, temp.code) {
                        self.store.capture(*temp, captured);
                    }
                }
                Action::Key { keyed, keys } => {
                    let bits = self.key_bits(keys, captured);
                    let named = !self.is_null(captured, false);
                    let state = &mut self.store.keyed[*keyed];
                    state.keys |= bits;
                    state.named |= named;
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
    fn set_keys(&mut self, slot: Slot, keys: &Keys, captured: Captured) {
        let bits = self.key_bits(keys, captured);
        let register = self.store.register(slot);
        let before = if let Val::Bits(bits) = register { *bits } else { 0 };
        *register = Val::Bits(before | bits);
    }

    /// The bits of the keys that a leaf is.
    #[inline]
    fn key_bits(&self, keys: &Keys, captured: Captured) -> u64 {
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
    fn is_null(&self, captured: Captured, code: bool) -> bool {
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
        let value = values::integer(text_of(self.line, start, end))
            .map_err(|class| fault(class, start as usize))?;
        let at = place(self.store.links.len());
        self.store.links.push(value);
        let register = self.store.register(slot);
        let start = if let Val::Links { start, .. } = register { *start } else { at };
        *register = Val::Links { start, end: at + 1 };
        Ok(())
    }

    /// Converts a leaf to the type its facts want. Every leaf is converted, the first that is not null is kept.
    fn store_value(&mut self, slot: Slot, form: Form, captured: Captured) -> Result<(), Fault> {
        let value = self.value(form, captured).map_err(|class| {
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

    fn value(&mut self, form: Form, captured: Captured) -> Result<Val, ErrorClass> {
        let Form { column_type, code } = form;
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
                    ColumnType::Date => match values::date(&text)? {
                        DateText::Day(days) => Ok(Val::Date(days)),
                        DateText::Missing => Ok(Val::Null),
                        DateText::Partial => {
                            drop(text);
                            self.store.partial_dates += 1;
                            Ok(Val::Null)
                        }
                    },
                    ColumnType::Timestamp => {
                        let micros = values::timestamp(&text)?;
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
                        let value = values::decimal(text, precision, scale)?;
                        Ok(self.store.decimal(value))
                    }
                    ColumnType::Int64 => values::integer(text).map(Val::Int),
                    ColumnType::Int32 => {
                        let value = values::integer(text)?;
                        i32::try_from(value)
                            .map(|value| Val::Int(value.into()))
                            .map_err(|_| ErrorClass::Number)
                    }
                    ColumnType::Text => {
                        let mut plain = String::new();
                        values::plain_digits(text, &mut plain)?;
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

/// Whether a part of the line has a backslash. Most are too short for a search to be worth its preparations.
#[inline]
fn has_escape(line: &str, start: usize, end: usize) -> bool {
    let part = line.as_bytes().get(start..end).unwrap_or_default();
    // Without an early end the loop becomes a few vector instructions.
    part.iter().fold(0, |found, byte| found | u8::from(*byte == b'\\')) != 0
}

fn absent_or_wrong<'a, R: Reading<'a>>(reading: &mut R) -> Result<(), Fault> {
    if reading.kind()? == Kind::Null {
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
fn twice(object: &Object, number: usize, offset: usize) -> Fault {
    let fault = fault(ErrorClass::DuplicateMember, offset);
    if number < object.children.len() {
        in_member(fault, object.names.name(number as u64))
    } else {
        in_unknown(fault)
    }
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

//! The walk: one record through the compiled tree, into registers. The only module that knows the engine.

use std::borrow::Cow;
use std::collections::HashSet;

use json_walk::{Cursor, JsonStr, Kind, Limits};

use super::Plan;
use super::tree::{Action, Leaf, ListNode, Node, Object, ResourcePlan, Slot, Target};
use crate::convert::{self, DateText};
use crate::error::{ErrorClass, RecordError};
use crate::resolve::{JsonType, List, Resource};
use crate::resource_type::{ResourceType, resource_type};
use crate::table::ColumnType;

/// Longest line the registers can point into, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = u32::MAX as usize;

/// Objects with more unknown members than this are checked for duplicates through a hash set.
const SCAN_LIMIT: usize = 24;

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
    Decimal(i128),
    /// Keys that an entry carries.
    Bits(u64),
    /// A range of the link list.
    Links {
        start: u32,
        end: u32,
    },
}

/// A leaf as it was met, before it is known which fact wants it.
#[derive(Clone, Copy, Debug)]
enum Captured {
    None,
    Text { start: u32, end: u32, escaped: bool },
    Number { start: u32, end: u32 },
}

/// What a walk fills; kept from record to record so that nothing is allocated for each.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) record: Vec<Val>,
    entry: [Vec<Val>; 5],
    /// Entries of the kept lists, one frame after another.
    pub(crate) rows: [Vec<Val>; 5],
    pub(crate) counts: [usize; 5],
    pub(crate) links: Vec<i64>,
    pub(crate) scratch: String,
    captures: Vec<Captured>,
    masks: Vec<u64>,
    /// Unknown member names of the objects that are open: (start, end) in the line.
    unknown: Vec<(u32, u32)>,
    pub(crate) partial_dates: u64,
    foreign: bool,
}

/// A record that was read, in terms of registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordView<'r> {
    pub(crate) store: &'r Store,
    pub(crate) line: &'r str,
    pub(crate) widths: &'r [usize; 5],
}

impl<'r> RecordView<'r> {
    pub(crate) fn text(&self, start: u32, end: u32, scratch: bool) -> &'r str {
        let source = if scratch { self.store.scratch.as_str() } else { self.line };
        &source[start as usize..end as usize]
    }

    pub(crate) fn count(&self, list: List) -> usize {
        self.store.counts[list as usize]
    }

    pub(crate) fn entry(&self, list: List, index: usize) -> &'r [Val] {
        let width = self.widths[list as usize];
        &self.store.rows[list as usize][index * width..(index + 1) * width]
    }
}

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
    /// The resource of the last record: most files hold one kind, and `resourceType` comes late.
    guess: Resource,
}

impl Reader {
    /// A reader that follows `plan`.
    pub fn new(plan: &'static Plan) -> Self {
        Self { plan, store: Store::default(), guess: Resource::ExplanationOfBenefit }
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
        let guess = self.guess;
        let mut outcome = self.walk(guess, line);
        let right = matches!(&outcome, Ok((Some(found), _)) if *found == guess);
        if !right {
            match resource_type(line)? {
                ResourceType::Known(actual) => {
                    if actual != guess {
                        self.guess = actual;
                        outcome = self.walk(actual, line);
                    }
                }
                ResourceType::Other => return Ok(Verdict::Skipped),
                ResourceType::Foreign => return Ok(Verdict::Foreign),
            }
        }
        let resource = self.guess;
        let (_, text) = outcome.map_err(|error| error.of(resource))?;
        if self.store.foreign {
            return Ok(Verdict::Foreign);
        }
        let plan = self.plan.resource(self.guess);
        let view = RecordView { store: &self.store, line: text, widths: &plan.entry_registers };
        let record = Record { plan: self.plan, view };
        record.check_required(resource).map_err(|error| error.of(resource))?;
        Ok(Verdict::Record(resource, record))
    }

    /// Walks the line as a `resource`; gives the resource that it says it is, when that is one of ours.
    fn walk<'l>(
        &mut self,
        resource: Resource,
        line: &'l [u8],
    ) -> Result<(Option<Resource>, &'l str), RecordError> {
        let plan = self.plan.resource(resource);
        self.store.reset(plan);
        let mut cursor = Cursor::new(line, Limits::default())?;
        let text = cursor.text();
        let mut walk = Walk { store: &mut self.store, plan, line: text, resource: None };
        walk.record(&mut cursor)?;
        let found = walk.resource;
        cursor.finish()?;
        Ok((found, text))
    }
}

impl Store {
    fn reset(&mut self, plan: &ResourcePlan) {
        self.record.clear();
        self.record.resize(plan.registers, Val::Null);
        for (list, entry) in self.entry.iter_mut().enumerate() {
            entry.clear();
            entry.resize(plan.entry_registers[list], Val::Null);
        }
        self.rows.iter_mut().for_each(Vec::clear);
        self.counts = [0; 5];
        self.links.clear();
        self.scratch.clear();
        self.captures.clear();
        self.captures.resize(plan.temps, Captured::None);
        self.masks.clear();
        self.masks.resize(plan.masks, 0);
        self.unknown.clear();
        self.partial_dates = 0;
        self.foreign = false;
    }

    fn register(&mut self, slot: Slot) -> &mut Val {
        match slot.list {
            Some(list) => &mut self.entry[list as usize][slot.reg],
            None => &mut self.record[slot.reg],
        }
    }
}

struct Walk<'w> {
    store: &'w mut Store,
    plan: &'w ResourcePlan,
    line: &'w str,
    /// What `resourceType` says.
    resource: Option<Resource>,
}

#[allow(clippy::cast_possible_truncation, reason = "lines are at most MAX_RECORD_BYTES long")]
const fn place(offset: usize) -> u32 {
    offset as u32
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

impl Walk<'_> {
    fn record(&mut self, cursor: &mut Cursor<'_>) -> Result<(), RecordError> {
        if cursor.kind()? != Kind::Object {
            return Err(RecordError::new(ErrorClass::Syntax, cursor.offset()));
        }
        let plan = self.plan;
        self.members(&plan.root, cursor, true)
    }

    fn node(&mut self, node: &Node, cursor: &mut Cursor<'_>) -> Result<(), RecordError> {
        match node {
            Node::Object(object) => match cursor.kind()? {
                Kind::Object => self.members(object, cursor, false),
                other => absent_or_wrong(cursor, other),
            },
            Node::List(list) => match cursor.kind()? {
                Kind::Array => self.list(list, cursor),
                other => absent_or_wrong(cursor, other),
            },
            Node::Leaf(leaf) => self.leaf(leaf, cursor),
        }
    }

    fn members(
        &mut self,
        object: &Object,
        cursor: &mut Cursor<'_>,
        top: bool,
    ) -> Result<(), RecordError> {
        let mut progress = cursor.enter_object()?;
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
        while let Some(key) = cursor.next_key(&mut progress)? {
            let found = if key.is_escaped() {
                object.names.find(&key.unescape())
            } else {
                object.names.find(key.raw())
            };
            let Some(index) = found else {
                unknown.insert(&mut self.store.unknown, self.line, key)?;
                if top && !self.store.foreign {
                    self.store.foreign = self.is_foreign(&key, cursor)?;
                }
                cursor.skip().map_err(|fault| RecordError::from(fault).in_unknown())?;
                continue;
            };
            if seen & 1 << index != 0 {
                let fault = RecordError::new(ErrorClass::DuplicateMember, key.offset());
                return Err(fault.in_member(object.names.name(index)));
            }
            seen |= 1 << index;
            if top && key.raw() == "resourceType" && cursor.kind()? == Kind::String {
                let text = cursor.string()?;
                self.resource = Resource::from_name(&text.unescape());
                continue;
            }
            self.node(&object.children[index], cursor)
                .map_err(|fault| fault.in_member(object.names.name(index)))?;
        }
        unknown.close(&mut self.store.unknown);
        if let Some(keyed) = &object.keyed {
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
                                    .fold(fault, |fault, name| fault.in_member(name))
                            })?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn is_foreign(&self, key: &JsonStr<'_>, cursor: &mut Cursor<'_>) -> Result<bool, RecordError> {
        let name = key.raw();
        match self.plan.foreign.iter().find(|foreign| foreign.member == name) {
            Some(foreign) => Ok(!foreign.only_as_list || cursor.kind()? == Kind::Array),
            None => Ok(false),
        }
    }

    fn list(&mut self, list: &ListNode, cursor: &mut Cursor<'_>) -> Result<(), RecordError> {
        let mut progress = cursor.enter_array()?;
        let mut index = 0;
        while cursor.next_element(&mut progress)? {
            let node = match list.places.iter().find(|(place, _)| *place == index) {
                Some((_, node)) => Some(node),
                None => list.element.as_ref(),
            };
            let start = cursor.offset();
            let read = match node {
                Some(node) => {
                    if let Some(kept) = list.kept {
                        self.store.entry[kept as usize].fill(Val::Null);
                    }
                    self.node(node, cursor)
                }
                None => cursor.skip().map_err(RecordError::from),
            };
            read.map_err(|fault| fault.at_index(index))?;
            if let Some(kept) = list.kept {
                let entry = &self.store.entry[kept as usize];
                for (reg, member) in &list.required {
                    if entry[*reg] == Val::Null {
                        let fault = RecordError::new(ErrorClass::Missing, start);
                        return Err(fault.in_member(member).at_index(index));
                    }
                }
                self.store.rows[kept as usize].extend_from_slice(entry);
                self.store.counts[kept as usize] += 1;
            }
            index += 1;
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf, cursor: &mut Cursor<'_>) -> Result<(), RecordError> {
        let kind = cursor.kind()?;
        let captured = match (leaf.json, kind) {
            (_, Kind::Null) => return Ok(cursor.null()?),
            (JsonType::String, Kind::String) => {
                let text = cursor.string()?;
                let start = place(text.offset());
                Captured::Text {
                    start,
                    end: start + place(text.raw().len()),
                    escaped: text.is_escaped(),
                }
            }
            (JsonType::Number, Kind::Number) => {
                let number = cursor.number()?;
                let start = place(number.offset());
                Captured::Number { start, end: start + place(number.text().len()) }
            }
            (JsonType::Boolean, Kind::Boolean) => {
                cursor.boolean()?;
                return Ok(());
            }
            _ => return Err(RecordError::new(ErrorClass::WrongType, cursor.offset())),
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
                    let bits = keys.bits(&self.unescaped(captured));
                    self.store.masks[*mask] |= bits;
                }
                Action::KeyRegister { slot, keys } => {
                    let bits = keys.bits(&self.unescaped(captured));
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

    fn link(&mut self, slot: Slot, captured: Captured) -> Result<(), RecordError> {
        let Captured::Number { start, end } = captured else { return Ok(()) };
        let value = convert::integer(text_of(self.line, start, end))
            .map_err(|class| RecordError::new(class, start as usize))?;
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
    ) -> Result<(), RecordError> {
        let value = self.value(column_type, captured).map_err(|class| {
            let start = match captured {
                Captured::None => 0,
                Captured::Text { start, .. } | Captured::Number { start, .. } => start,
            };
            RecordError::new(class, start as usize)
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
                    return Ok(if is_blank(&text) { Val::Null } else { self.keep(&text) });
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
                        convert::decimal(text, precision, scale).map(Val::Decimal)
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
                        Ok(self.keep(&plain))
                    }
                    ColumnType::Date | ColumnType::Timestamp => Err(ErrorClass::WrongType),
                }
            }
        }
    }

    fn keep(&mut self, text: &str) -> Val {
        let start = place(self.store.scratch.len());
        self.store.scratch.push_str(text);
        Val::Text { start, end: place(self.store.scratch.len()), scratch: true }
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

fn absent_or_wrong(cursor: &mut Cursor<'_>, kind: Kind) -> Result<(), RecordError> {
    if kind == Kind::Null {
        Ok(cursor.null()?)
    } else {
        Err(RecordError::new(ErrorClass::WrongType, cursor.offset()))
    }
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

    fn insert(
        &mut self,
        stack: &mut Vec<(u32, u32)>,
        line: &str,
        key: JsonStr<'a>,
    ) -> Result<(), RecordError> {
        let duplicate = || RecordError::new(ErrorClass::DuplicateMember, key.offset()).in_unknown();
        if let Some(many) = &mut self.many {
            return if many.insert(key.unescape()) { Ok(()) } else { Err(duplicate()) };
        }
        let names = &stack[self.base..];
        if key.is_escaped() || names.len() >= SCAN_LIMIT {
            let mut many: HashSet<Cow<'a, str>> = names
                .iter()
                .map(|(start, end)| Cow::Owned(text_of(line, *start, *end).to_owned()))
                .collect();
            let new = many.insert(key.unescape());
            self.many = Some(many);
            return if new { Ok(()) } else { Err(duplicate()) };
        }
        let name = key.raw();
        if names.iter().any(|(start, end)| text_of(line, *start, *end) == name) {
            return Err(duplicate());
        }
        let start = place(key.offset());
        stack.push((start, start + place(name.len())));
        Ok(())
    }

    fn close(self, stack: &mut Vec<(u32, u32)>) {
        stack.truncate(self.base);
    }
}

//! The walk: one record through the compiled tree, into registers. With [`leaf`](super::leaf), [`reader`](super::reader)
//! and [`reading`](super::reading) all that knows the engine.

#![allow(clippy::unnecessary_box_returns, reason = "faults are rare, results are everywhere")]

use json_walk::{JsonStr, Kind};

use super::reading::{Fault, Reading, fault};
use super::registers::{KeyedState, Store, Val};
use super::shape::Step;
use super::shapes::{Event, tokens_of};
use super::tree::{Keyed, ListNode, Node, Object, ResourcePlan, Target};
use crate::error::ErrorClass;
use crate::layout::resource::Resource;

/// A walk through one record.
pub(super) struct Walk<'w> {
    pub(super) store: &'w mut Store,
    pub(super) plan: &'static ResourcePlan,
    pub(super) line: &'w str,
    /// What `resourceType` says.
    pub(super) resource: Option<Resource>,
}

impl Walk<'_> {
    pub(super) fn record<'a, R: Reading<'a>>(&mut self, reading: &mut R) -> Result<(), Fault> {
        if reading.kind()? != Kind::Object {
            return Err(fault(ErrorClass::Syntax, reading.offset()));
        }
        let plan = self.plan;
        self.members(&plan.root, reading, true)
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call for each node would be half of its work")]
    fn node<'a, R: Reading<'a>>(
        &mut self,
        node: &'static Node,
        reading: &mut R,
    ) -> Result<(), Fault> {
        match node {
            Node::Leaf(leaf) => self.leaf(leaf, reading),
            Node::Object(object) if reading.is_object()? => self.members(object, reading, false),
            Node::List(list) if reading.is_array()? => self.list(list, reading),
            Node::Object(_) | Node::List(_) => absent_or_wrong(reading),
        }
    }

    fn members<'a, R: Reading<'a>>(
        &mut self,
        object: &'static Object,
        reading: &mut R,
        top: bool,
    ) -> Result<(), Fault> {
        let mut progress = reading.enter_object()?;
        self.enter(object);
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

    /// An object begins.
    #[inline]
    fn enter(&mut self, object: &'static Object) {
        if object.present.is_empty() && object.keyed.is_none() {
            return;
        }
        self.store.shapes.note(|| Event::Enter(object));
        for slot in &object.present {
            *self.store.register(*slot) = Val::Int(1);
        }
        if let Some(keyed) = &object.keyed {
            self.store.keyed[keyed.number] = KeyedState::default();
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
        self.store.shapes.spoil();
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
        self.pass_over(reading).map_err(in_unknown)
    }

    /// Passes over a value.
    #[inline]
    fn pass_over<'a, R: Reading<'a>>(&mut self, reading: &mut R) -> Result<(), Fault> {
        if let Some(token) = reading.token() {
            self.store.shapes.note(|| Event::Skip(token));
        }
        reading.skip()
    }

    /// The end of an element told apart by its keys: what was captured goes where the keys say.
    fn dispatch(&mut self, keyed: &'static Keyed) -> Result<(), Fault> {
        self.store.shapes.note(|| Event::Dispatch(keyed));
        let KeyedState { mut keys, named, captured: have } = self.store.keyed[keyed.number];
        if !named {
            keys |= keyed.absent;
        }
        if let Some(slot) = keyed.bits {
            *self.store.register(slot) = Val::Bits(keys);
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
                    Target::Outer(outer, keys) => {
                        let bits = self.key_bits(keys, captured);
                        let state = &mut self.store.keyed[*outer];
                        (state.keys, state.named) = (state.keys | bits, true);
                    }
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
        let name = JsonStr::at(self.line, start, end).unescape();
        match self.plan.foreign.iter().find(|mark| mark.member == name) {
            Some(mark) => Ok(!mark.only_as_list || reading.kind()? == Kind::Array),
            None => Ok(false),
        }
    }

    fn list<'a, R: Reading<'a>>(
        &mut self,
        list: &'static ListNode,
        reading: &mut R,
    ) -> Result<(), Fault> {
        let mut progress = reading.enter_array()?;
        let mut index = 0;
        if let Some(number) = list.shapes {
            self.store.shapes.begin(number);
        }
        if let (None, [], Some(node)) = (list.kept, &list.places[..], &list.element) {
            while reading.next_element(&mut progress)? {
                if let Err(fault) = self.shaped(list, node, reading) {
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
        list: &'static ListNode,
        node: Option<&'static Node>,
        reading: &mut R,
    ) -> Result<(), Fault> {
        let Some(node) = node else { return self.pass_over(reading) };
        let Some(kept) = list.kept else { return self.node(node, reading) };
        self.store.shapes.spoil();
        reading.kind()?;
        let start = reading.offset();
        self.store.begin_entry(kept, self.plan.entry_registers[kept as usize]);
        self.shaped(list, node, reading)?;
        for (reg, member) in &list.required {
            if self.store.last_entry(kept)[*reg] == Val::Null {
                return Err(in_member(fault(ErrorClass::Missing, start), member));
            }
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// An element of a list: by its shape where one is known, else member by member, and its shape is then known.
    #[inline]
    fn shaped<'a, R: Reading<'a>>(
        &mut self,
        list: &'static ListNode,
        node: &'static Node,
        reading: &mut R,
    ) -> Result<(), Fault> {
        let Some(number) = list.shapes else { return self.node(node, reading) };
        let Some(walker) = reading.walker() else { return self.node(node, reading) };
        let (start, tokens) = (walker.token(), tokens_of(&walker));
        if let Some((shape, after)) = self.store.shapes.find(number, &walker) {
            if self.follow(number, shape).is_ok() {
                reading.go_to(after);
                return Ok(());
            }
            // Where in the element the fault is, the members tell.
            return self.node(node, reading);
        }
        let watched = reading.is_object()? && self.store.shapes.watch(number, tokens);
        self.node(node, reading)?;
        if watched && let Some(mut walker) = reading.walker() {
            walker.go_to(start);
            self.store.shapes.learn(number, &walker);
        }
        Ok(())
    }

    /// Does what is done with elements of a shape, with what was found in the gaps of this one.
    fn follow(&mut self, list: usize, shape: u16) -> Result<(), Fault> {
        let Some(steps) = self.store.shapes.steps(list, shape).map(std::mem::take) else {
            return Ok(());
        };
        let found = std::mem::take(&mut self.store.shapes.found);
        let followed = steps.iter().try_for_each(|step| match *step {
            Step::Enter(object) => {
                self.enter(object);
                Ok(())
            }
            Step::Keys { keyed, keys, named } => {
                let state = &mut self.store.keyed[keyed];
                state.keys |= keys;
                state.named |= named;
                Ok(())
            }
            Step::Leaf(leaf, gap) => self.wanted(leaf, found[gap]),
            Step::Dispatch(keyed) => self.dispatch(keyed),
            Step::Present(slot) => {
                *self.store.register(slot) = Val::Int(1);
                Ok(())
            }
            Step::Bits(slot, keys) => {
                *self.store.register(slot) = Val::Bits(keys);
                Ok(())
            }
            Step::Store { gap, slot, form, captured } => {
                let value = found[gap];
                if captured.is_some_and(|code| self.is_null(value, code)) {
                    return Ok(());
                }
                self.store_value(slot, form, value)
            }
        });
        if let Some(place) = self.store.shapes.steps(list, shape) {
            *place = steps;
        }
        self.store.shapes.found = found;
        followed
    }
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

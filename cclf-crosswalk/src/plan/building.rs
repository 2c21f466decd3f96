//! The tree while it is being built: paths are put into it one by one.

use std::collections::BTreeMap;

use super::lookup::Lookup;
use super::tree::{
    Action, Form, Keyed, Keys, Leaf, ListNode, Move, Node, Object, Reg, Slot, Target, Temp,
};
use crate::facts::fact::FactKind;
use crate::facts::resolve::{KeyMatch, ResolvedSelect, ResolvedStep, json_type};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{JsonType, List};

/// A node while it is being built.
#[derive(Debug, Default)]
pub(super) struct Building {
    pub(super) many: bool,
    pub(super) json: Option<JsonType>,
    pub(super) members: BTreeMap<String, Building>,
    places: BTreeMap<usize, Building>,
    pub(super) actions: Vec<Action>,
    present: Vec<Slot>,
    keyed: Option<BuildingKeyed>,
    /// What the model calls what it is, for the names of its members.
    pub(super) type_name: &'static str,
    pub(super) kept: Option<List>,
    pub(super) required: Vec<(Reg, Box<str>)>,
}

#[derive(Debug)]
struct BuildingKeyed {
    number: usize,
    /// By number.
    keys: Vec<KeyMatch>,
    member: Vec<String>,
    captures: BTreeMap<Vec<String>, Temp>,
    moves: Vec<Vec<Move>>,
}

/// What was numbered so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) temps: usize,
    pub(super) keyed: usize,
}

pub(super) fn step_signature(step: &ResolvedStep) -> String {
    let select = match &step.select {
        None => String::new(),
        Some(ResolvedSelect::Place(place)) => format!("[{place}]"),
        Some(ResolvedSelect::Key { key, .. }) => format!("[{key:?}]"),
    };
    format!("{}{select}/", step.name)
}

/// What stands at the end of an inserted path.
#[derive(Clone)]
pub(super) enum End {
    /// Whether it is a code, last.
    Fact(Slot, FactKind, bool),
    Capture(Temp),
    Keys(Slot, Keys),
}

pub(super) fn insert(node: &mut Building, steps: &[ResolvedStep], end: &End, counts: &mut Counts) {
    let Some((step, rest)) = steps.split_first() else {
        match end {
            End::Fact(slot, FactKind::Value(column_type), code) => {
                let form = Form { column_type: *column_type, code: *code };
                node.actions.push(Action::Store(*slot, form));
            }
            End::Fact(slot, FactKind::Links, _) => node.actions.push(Action::Link(*slot)),
            End::Fact(slot, FactKind::Present, _) => node.present.push(*slot),
            End::Capture(temp) => node.actions.push(Action::Capture(*temp)),
            // What tells a list apart ends below a key: see `list_key`.
            End::Keys(..) => {}
        }
        return;
    };
    // A step without a name selects within the entries of the node itself.
    let mut child = if step.name.is_empty() {
        node
    } else {
        let child = node.members.entry(step.name.clone()).or_default();
        child.many = step.def.many;
        child.type_name = fhir_model::schema::step(step.def);
        child.json = json_type(step.def);
        child
    };
    match &step.select {
        None => {}
        Some(ResolvedSelect::Place(place)) => {
            let (json, type_name) = (child.json, child.type_name);
            child = child.places.entry(*place).or_default();
            (child.json, child.type_name, child.many) = (json, type_name, false);
        }
        Some(ResolvedSelect::Key { member, key }) => {
            let is_code =
                matches!(end, End::Fact(_, _, true) | End::Capture(Temp { code: true, .. }));
            let captured = capture(child, member, rest, is_code, counts);
            let Some(keyed) = &mut child.keyed else { return };
            let number = keyed.keys.iter().position(|own| own == key).unwrap_or_else(|| {
                keyed.keys.push(key.clone());
                keyed.moves.push(Vec::new());
                keyed.keys.len() - 1
            });
            let to = match end {
                End::Fact(slot, FactKind::Value(column_type), code) => {
                    Target::Register(*slot, Form { column_type: *column_type, code: *code })
                }
                End::Capture(temp) => Target::Capture(*temp),
                End::Keys(slot, keys) => Target::Keys(*slot, keys.clone()),
                // check_kind lets only values stand below a key.
                End::Fact(..) => return,
            };
            let trail = rest.iter().map(|step| step.name.as_str().into()).collect();
            keyed.moves[number].push(Move { from: captured, to, trail });
            return;
        }
    }
    insert(child, rest, end, counts);
}

/// The capture for `rest` below a keyed element, made on first use.
fn capture(
    element: &mut Building,
    member: &[(String, &'static fhir_model::schema::ElementDef)],
    rest: &[ResolvedStep],
    code: bool,
    counts: &mut Counts,
) -> Temp {
    if element.keyed.is_none() {
        element.keyed = Some(BuildingKeyed {
            number: counts.keyed,
            keys: Vec::new(),
            member: member.iter().map(|(name, _)| name.clone()).collect(),
            captures: BTreeMap::new(),
            moves: Vec::new(),
        });
        counts.keyed += 1;
        // Make the way to the key, so that its nodes know what they are.
        let mut node = &mut *element;
        for (name, def) in member {
            node = node.members.entry(name.clone()).or_default();
            node.many = def.many;
            node.type_name = fhir_model::schema::step(def);
        }
        node.json = Some(JsonType::String);
    }
    let signature: Vec<String> = rest.iter().map(step_signature).collect();
    let keyed = element.keyed.as_mut();
    if let Some(temp) = keyed.as_ref().and_then(|keyed| keyed.captures.get(&signature)) {
        return *temp;
    }
    let mut temp = Temp { at: counts.temps, keyed: 0, bit: 0, code };
    counts.temps += 1;
    if let Some(keyed) = keyed {
        temp.keyed = keyed.number;
        // Too many are refused when the tree is finished.
        temp.bit = 1u64.unbounded_shl(u32::try_from(keyed.captures.len()).unwrap_or(u32::MAX));
        keyed.captures.insert(signature, temp);
    }
    insert(element, rest, &End::Capture(temp), counts);
    temp
}

pub(super) fn finish(node: &mut Building, guesses: &mut usize) -> Result<Node, LoadError> {
    if node.many {
        node.many = false;
        let places = std::mem::take(&mut node.places)
            .into_iter()
            .map(|(place, mut element)| Ok((place, finish(&mut element, guesses)?)))
            .collect::<Result<Vec<_>, LoadError>>()?;
        let kept = node.kept.take();
        let required = std::mem::take(&mut node.required);
        let wanted = kept.is_some()
            || !node.members.is_empty()
            || !node.actions.is_empty()
            || !node.present.is_empty();
        let element = if wanted { Some(finish(node, guesses)?) } else { None };
        if element.is_some() && !places.is_empty() {
            return Err(LoadError::new("a list is selected by place and as a whole"));
        }
        return Ok(Node::List(Box::new(ListNode { element, places, kept, required })));
    }
    if let Some(json) = node.json {
        return Ok(Node::Leaf(Leaf { json, actions: std::mem::take(&mut node.actions) }));
    }
    if let Some(keyed) = &node.keyed {
        if keyed.keys.len() > Keys::MOST || keyed.captures.len() > Keys::MOST {
            return Err(LoadError::new("too many keys or members for one element"));
        }
        let keys = Keys::new(&keyed.keys);
        let (number, member) = (keyed.number, keyed.member.clone());
        let mut leaf = &mut *node;
        for name in &member {
            leaf = leaf.members.entry(name.clone()).or_default();
        }
        leaf.actions.push(Action::Key { keyed: number, keys });
    }
    // Members that no fact wants are told apart too: that is cheaper than to compare them with each other.
    let unwanted = fhir_model::schema::type_def(node.type_name)
        .into_iter()
        .flat_map(|def| def.members.iter().map(|member| member.name))
        .filter(|name| !node.members.contains_key(*name));
    let names = node.members.keys().map(String::as_str).chain(unwanted);
    let names = Lookup::new(names.take(Object::MOST_MEMBERS).zip(0..));
    let first_guess = *guesses;
    *guesses += names.len() + 1;
    let mut children = Vec::new();
    for child in node.members.values_mut() {
        children.push(finish(child, guesses)?);
    }
    if children.len() > Object::MOST_MEMBERS {
        return Err(LoadError::new("too many members in one object"));
    }
    let keyed = node.keyed.take().map(|keyed| {
        let absent = keyed.keys.iter().position(|key| *key == KeyMatch::Absent);
        Keyed { number: keyed.number, moves: keyed.moves, absent: absent.map_or(0, |at| 1 << at) }
    });
    let present = std::mem::take(&mut node.present);
    Ok(Node::Object(Object { names, guesses: first_guess, children, present, keyed }))
}

//! The tree while it is being built: paths are put into it one by one.

use std::collections::BTreeMap;

use super::lookup::Lookup;
use super::tree::{
    Action, Form, Keep, Keyed, Keys, Leaf, ListNode, Move, Node, Object, Reg, Slot, Target, Temp,
};
use fhir_model::schema::Schema;

use crate::facts::fact::FactKind;
use crate::facts::resolve::{KeyMatch, ResolvedSelect, ResolvedStep, json_type};
use crate::layout::load_error::LoadError;
use crate::layout::resource::{JsonType, List};
use crate::layout::table::ColumnType;

/// A node while it is being built.
#[derive(Debug, Default)]
pub(super) struct Building {
    pub(super) many: bool,
    pub(super) json: Option<JsonType>,
    pub(super) members: BTreeMap<&'static str, Building>,
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
    /// By number: the way to the key, and the key.
    keys: Vec<(String, KeyMatch)>,
    /// The ways to keys that stand at the end of plain members.
    members: BTreeMap<String, Vec<&'static str>>,
    /// By the signature of what is captured.
    captures: BTreeMap<String, Temp>,
    moves: Vec<Vec<BuildingMove>>,
    bits: Option<Slot>,
}

#[derive(Debug)]
struct BuildingMove {
    from: Temp,
    to: BuildingTarget,
    trail: Vec<Box<str>>,
}

#[derive(Debug)]
enum BuildingTarget {
    Whole(Target),
    /// Codes with their bits, which are keys of another element.
    Outer(usize, Vec<(KeyMatch, u64)>),
}

/// What was numbered so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) temps: usize,
    pub(super) keyed: usize,
}

/// Room for a usual signature: a few names and a URI.
const SIGNATURE_BYTES: usize = 160;

/// A text that differs between paths that name different things.
pub(super) fn signature<'s>(steps: impl IntoIterator<Item = &'s ResolvedStep>) -> String {
    let mut text = String::with_capacity(SIGNATURE_BYTES);
    for step in steps {
        text.push_str(step.name);
        match &step.select {
            None => {}
            Some(ResolvedSelect::Place(place)) => text.extend(["#", &place.to_string()]),
            Some(ResolvedSelect::Key { key, .. }) => text.extend(match key {
                KeyMatch::Is(key) => ["[", key],
                KeyMatch::Begins(stem) => ["*", stem],
                KeyMatch::Code(code) => ["|", code],
                KeyMatch::Absent => ["-", ""],
            }),
        }
        text.push('\n');
    }
    text
}

/// What stands at the end of an inserted path.
#[derive(Clone)]
pub(super) enum End {
    Fact(Slot, FactKind, Form),
    Capture(Temp),
    Keys(Slot, Keys),
    /// A code that is a key of the element of this number, with its bit.
    Outer(usize, KeyMatch, u64),
}

/// As what a fact is kept; what is no value has no form.
pub(super) fn form(kind: FactKind, code: bool, keep: Keep) -> Form {
    let column_type =
        if let FactKind::Value(column_type) = kind { column_type } else { ColumnType::Text };
    Form { column_type, code, keep }
}

pub(super) fn insert(node: &mut Building, steps: &[ResolvedStep], end: &End, counts: &mut Counts) {
    let Some((step, rest)) = steps.split_first() else {
        match end {
            End::Fact(slot, FactKind::Value(_), form) => {
                node.actions.push(Action::Store(*slot, *form));
            }
            End::Fact(slot, FactKind::Links, _) => node.actions.push(Action::Link(*slot)),
            End::Fact(slot, FactKind::Present, _) => node.present.push(*slot),
            End::Capture(temp) => node.actions.push(Action::Capture(*temp)),
            // These end below a key.
            End::Fact(_, FactKind::Keys, _) | End::Keys(..) | End::Outer(..) => {}
        }
        return;
    };
    // A step without a name selects within the entries of the node itself.
    let mut child = if step.name.is_empty() {
        node
    } else {
        let child = node.members.entry(step.name).or_default();
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
            let is_code = matches!(
                end,
                End::Fact(_, _, Form { code: true, .. }) | End::Capture(Temp { code: true, .. })
            );
            let captured = capture(child, rest, is_code, counts);
            let number = key_number(child, member, key, counts);
            let Some(keyed) = &mut child.keyed else { return };
            let moves = &mut keyed.moves[number];
            let to = match end {
                End::Fact(slot, FactKind::Value(_), form) => Target::Register(*slot, *form),
                End::Capture(temp) => Target::Capture(*temp),
                End::Keys(slot, keys) => Target::Keys(*slot, keys.clone()),
                End::Outer(outer, code, bit) => {
                    let codes = moves.iter_mut().find_map(|known| match &mut known.to {
                        BuildingTarget::Outer(own, codes) if own == outer => Some(codes),
                        _ => None,
                    });
                    let code = (code.clone(), *bit);
                    match codes {
                        Some(codes) => codes.push(code),
                        None => moves.push(BuildingMove {
                            from: captured,
                            to: BuildingTarget::Outer(*outer, vec![code]),
                            trail: Vec::new(),
                        }),
                    }
                    return;
                }
                // check_kind lets only values stand below a key.
                End::Fact(..) => return,
            };
            let trail = rest.iter().map(|step| step.name.into()).collect();
            moves.push(BuildingMove { from: captured, to: BuildingTarget::Whole(to), trail });
            return;
        }
    }
    insert(child, rest, end, counts);
}

/// What tells the element apart, made on first use.
fn keyed<'b>(element: &'b mut Building, counts: &mut Counts) -> &'b mut BuildingKeyed {
    element.keyed.get_or_insert_with(|| {
        counts.keyed += 1;
        BuildingKeyed {
            number: counts.keyed - 1,
            keys: Vec::new(),
            members: BTreeMap::new(),
            captures: BTreeMap::new(),
            moves: Vec::new(),
            bits: None,
        }
    })
}

/// The number of a key of the element, given on first use.
fn key_number(
    element: &mut Building,
    member: &[ResolvedStep],
    key: &KeyMatch,
    counts: &mut Counts,
) -> usize {
    let own = keyed(element, counts);
    let way = signature(member);
    let known = own.keys.iter().position(|(other, known)| *other == way && known == key);
    if let Some(number) = known {
        return number;
    }
    let (number, outer) = (own.keys.len(), own.number);
    own.keys.push((way.clone(), key.clone()));
    own.moves.push(Vec::new());
    if let KeyMatch::Code(_) = key {
        // Too many are refused when the tree is finished.
        let bit = 1u64.unbounded_shl(u32::try_from(number).unwrap_or(u32::MAX));
        insert(element, member, &End::Outer(outer, key.clone(), bit), counts);
        return number;
    }
    own.members.insert(way, member.iter().map(|step| step.name).collect());
    // Make the way to the key, so that its nodes know what they are.
    let mut node = element;
    for step in member {
        node = node.members.entry(step.name).or_default();
        node.many = step.def.many;
        node.type_name = fhir_model::schema::step(step.def);
    }
    node.json = Some(JsonType::String);
    number
}

/// The bit that the register of an entry has set when it carries a key; `slot` is made on first use.
pub(super) fn key_bit(
    element: &mut Building,
    member: &[ResolvedStep],
    key: &KeyMatch,
    counts: &mut Counts,
    slot: impl FnOnce() -> Slot,
) -> (Slot, u32) {
    let number = key_number(element, member, key, counts);
    let slot = *keyed(element, counts).bits.get_or_insert_with(slot);
    (slot, u32::try_from(number).unwrap_or(u32::MAX))
}

/// The capture for `rest` below a keyed element, made on first use.
fn capture(element: &mut Building, rest: &[ResolvedStep], code: bool, counts: &mut Counts) -> Temp {
    let own = keyed(element, counts);
    let signature = signature(rest);
    if let Some(temp) = own.captures.get(&signature) {
        return *temp;
    }
    // Too many are refused when the tree is finished.
    let bit = 1u64.unbounded_shl(u32::try_from(own.captures.len()).unwrap_or(u32::MAX));
    let temp = Temp { at: counts.temps, keyed: own.number, bit, code };
    own.captures.insert(signature, temp);
    counts.temps += 1;
    insert(element, rest, &End::Capture(temp), counts);
    temp
}

pub(super) fn finish(
    node: &mut Building,
    schema: &Schema,
    guesses: &mut usize,
) -> Result<Node, LoadError> {
    if node.many {
        node.many = false;
        let places = std::mem::take(&mut node.places)
            .into_iter()
            .map(|(place, mut element)| Ok((place, finish(&mut element, schema, guesses)?)))
            .collect::<Result<Vec<_>, LoadError>>()?;
        let kept = node.kept.take();
        let required = std::mem::take(&mut node.required);
        let wanted = kept.is_some()
            || !node.members.is_empty()
            || !node.actions.is_empty()
            || !node.present.is_empty();
        let element = if wanted { Some(finish(node, schema, guesses)?) } else { None };
        if element.is_some() && !places.is_empty() {
            return Err(LoadError::new("a list is selected by place and as a whole"));
        }
        // An item is too large to come twice in one shape; what is in it does.
        let shaped = matches!(element, Some(Node::Object(_))) && kept != Some(List::Item);
        let shapes = shaped.then_some(*guesses);
        *guesses += usize::from(shaped);
        return Ok(Node::List(Box::new(ListNode { element, places, kept, required, shapes })));
    }
    if let Some(json) = node.json {
        return Ok(Node::Leaf(Leaf { json, actions: std::mem::take(&mut node.actions) }));
    }
    if let Some(keyed) = &node.keyed {
        if keyed.keys.len() > Keys::MOST || keyed.captures.len() > Keys::MOST {
            return Err(LoadError::new("too many keys or members for one element"));
        }
        let (number, bits) = (keyed.number, (0..).map(|number| 1 << number));
        let keys: Vec<(&(String, KeyMatch), u64)> = keyed.keys.iter().zip(bits).collect();
        let ways: Vec<(Vec<&'static str>, Keys)> = keyed
            .members
            .iter()
            .map(|(way, member)| {
                let own = keys.iter().filter(|((other, _), _)| other == way);
                (member.clone(), Keys::new(own.map(|((_, key), bit)| (key, *bit))))
            })
            .collect();
        for (member, keys) in ways {
            let mut leaf = &mut *node;
            for name in member {
                leaf = leaf.members.entry(name).or_default();
            }
            leaf.actions.push(Action::Key { keyed: number, keys });
        }
    }
    // Members that no fact wants are told apart too: that is cheaper than to compare them with each other.
    let unwanted = schema
        .type_def(node.type_name)
        .into_iter()
        .flat_map(|def| def.members.iter().map(|member| member.name))
        .filter(|name| !node.members.contains_key(*name));
    let names = node.members.keys().copied().chain(unwanted);
    let names = Lookup::new(names.take(Object::MOST_MEMBERS).zip(0..));
    let first_guess = *guesses;
    *guesses += names.len() + 1;
    let mut children = Vec::new();
    for child in node.members.values_mut() {
        children.push(finish(child, schema, guesses)?);
    }
    if children.len() > Object::MOST_MEMBERS {
        return Err(LoadError::new("too many members in one object"));
    }
    let keyed = node.keyed.take().map(finish_keyed);
    let present = std::mem::take(&mut node.present);
    Ok(Node::Object(Object { names, guesses: first_guess, children, present, keyed }))
}

fn finish_keyed(keyed: BuildingKeyed) -> Keyed {
    let absent = keyed.keys.iter().position(|(_, key)| *key == KeyMatch::Absent);
    let finish = |step: BuildingMove| {
        let to = match step.to {
            BuildingTarget::Whole(target) => target,
            BuildingTarget::Outer(outer, codes) => {
                Target::Outer(outer, Keys::new(codes.iter().map(|(code, bit)| (code, *bit))))
            }
        };
        Move { from: step.from, to, trail: step.trail }
    };
    let moves = keyed.moves.into_iter().map(|moves| moves.into_iter().map(finish).collect());
    Keyed {
        number: keyed.number,
        moves: moves.collect(),
        absent: absent.map_or(0, |at| 1 << at),
        bits: keyed.bits,
    }
}

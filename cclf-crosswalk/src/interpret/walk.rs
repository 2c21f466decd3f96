//! Walking a path: from the record to all places that it names, in order.

use fhir_model::{Node, vocabulary};

use super::value::{text, whole};
use crate::facts::fact::{Select, Step};

const BLUE_BUTTON_VARIABLES: &str = "https://bluebutton.cms.gov/resources/variables/";

/// A place that a path reaches: the value there, and its place in its list, from 1.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    pub(super) node: Node<'t>,
    pub(super) place: usize,
}

/// The entries of a member, numbered: of a list all, a single value as the only one.
pub(super) fn entries<'t>(of: Node<'t>, member: &str) -> Vec<Spot<'t>> {
    let Some(node) = of.child(member) else { return Vec::new() };
    let numbered = node.iter().enumerate();
    numbered.map(|(index, node)| Spot { node, place: index + 1 }).collect()
}

/// The leaves at the end of plain member names.
fn leaves<'t>(of: Node<'t>, members: &[&str]) -> Vec<Node<'t>> {
    members.iter().fold(vec![of], |nodes, member| {
        nodes.into_iter().flat_map(|node| entries(node, member)).map(|spot| spot.node).collect()
    })
}

/// The system of the codings that tell the entries of a list apart, where it is no matter of the code alone.
fn key_system(list: &str) -> Option<&'static str> {
    match list {
        "careTeam" => vocabulary::uri("claimcareteamrole"),
        "diagnosis" => vocabulary::uri("diagnosis-type"),
        _ => None,
    }
}

/// By which members the entries of a list are told apart, and whether the keys are terms of the vocabulary.
pub(super) fn key_members(list: &str) -> (&'static [&'static str], bool) {
    match list {
        "extension" => (&["url"], true),
        "coding" | "identifier" => (&["system"], true),
        "information" | "adjudication" => (&["category", "coding", "code"], true),
        "financial" => (&["type", "coding", "code"], true),
        "careTeam" => (&["role", "coding", "code"], false),
        "diagnosis" => (&["type", "coding", "code"], false),
        _ => (&["resourceType"], false),
    }
}

/// Whether an entry of a list has a key.
pub(super) fn has_key(entry: Node<'_>, list: &str, key: &str) -> bool {
    let (members, vocabulary_key) = key_members(list);
    let key = if vocabulary_key { vocabulary::uri(key).unwrap_or("(no such term)") } else { key };
    if let (Some(system), [concept, "coding", "code"]) = (key_system(list), members) {
        let codings = leaves(entry, &[concept, "coding"]).into_iter();
        let mut own = codings.filter(|coding| {
            let named = coding.child("system").and_then(text);
            named.is_none_or(|named| named == system)
        });
        return own.any(|coding| coding.child("code").and_then(text) == Some(key));
    }
    leaves(entry, members).into_iter().any(|leaf| text(leaf) == Some(key))
}

fn has_prefix(entry: Node<'_>, list: &str, stem: &str) -> bool {
    let of_codes = ["icd-10", "icd-9", "unknown-icd-version"].contains(&stem);
    let start = if of_codes { "http://hl7.org/fhir/sid/" } else { BLUE_BUTTON_VARIABLES };
    let (members, _) = key_members(list);
    let mut keys = leaves(entry, members).into_iter().filter_map(text);
    keys.any(|key| key.strip_prefix(start).is_some_and(|name| name.starts_with(stem)))
}

/// Whether an entry has no key at all.
fn is_unkeyed(entry: Node<'_>, list: &str) -> bool {
    let (members, _) = key_members(list);
    leaves(entry, members).into_iter().all(|leaf| text(leaf).is_none())
}

/// The `sequence` of an entry.
pub(super) fn sequence(entry: Node<'_>) -> Option<i64> {
    entry.child("sequence").and_then(whole)
}

/// One step from one place. A role of the care team is its entry with the lowest sequence.
fn step<'t>(from: Node<'t>, step: &Step) -> Vec<Spot<'t>> {
    let list = step.name.as_str();
    let mut found = entries(from, list);
    match &step.select {
        None => {}
        Some(Select::Key(key)) => found.retain(|spot| has_key(spot.node, list, key)),
        Some(Select::Prefix(stem)) => found.retain(|spot| has_prefix(spot.node, list, stem)),
        Some(Select::Unkeyed) => found.retain(|spot| is_unkeyed(spot.node, list)),
        Some(Select::Place(place)) => found.retain(|spot| spot.place == place + 1),
        Some(Select::Sequence(number)) => {
            found.retain(|spot| sequence(spot.node) == Some(*number));
            found.truncate(1);
        }
    }
    if list == "careTeam" && matches!(step.select, Some(Select::Key(_))) {
        by_sequence(&mut found);
        found.truncate(1);
    }
    found
}

/// Lowest sequence first; entries without one last, in their order.
pub(super) fn by_sequence(spots: &mut [Spot<'_>]) {
    spots.sort_by_key(|spot| sequence(spot.node).map_or((1, 0), |number| (0, number)));
}

/// All places that the steps lead to, from these starts.
pub(super) fn follow<'t>(starts: Vec<Spot<'t>>, steps: &[Step]) -> Vec<Spot<'t>> {
    steps.iter().fold(starts, |spots, one| {
        spots.into_iter().flat_map(|spot| step(spot.node, one)).collect()
    })
}

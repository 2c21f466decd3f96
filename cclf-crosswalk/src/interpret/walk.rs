//! Walking a path: from the record to all places that it names, in order.

use cms::Api;
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

/// The systems of the codings that tell the entries of a list apart, where it is no matter of the code alone.
fn key_systems(api: Api, list: &str) -> Vec<&'static str> {
    let names: &[&str] = match (api, list) {
        (Api::V1, "careTeam") => &["claimcareteamrole"],
        (Api::V1, "diagnosis") => &["diagnosis-type"],
        (_, "careTeam") => &["c4bb-careteamrole", "claimcareteamrole"],
        (_, "diagnosis") => &["ex-diagnosistype", "c4bb-diagnosistype"],
        _ => &[],
    };
    names.iter().filter_map(|name| vocabulary::uri_in(api, name)).collect()
}

/// By which members the entries of a list are told apart.
pub(super) fn key_members(list: &str) -> &'static [&'static str] {
    match list {
        "extension" => &["url"],
        "coding" | "identifier" | "tag" | "reference" => &["system"],
        "information" | "supportingInfo" | "adjudication" | "total" => {
            &["category", "coding", "code"]
        }
        "financial" | "diagnosis" => &["type", "coding", "code"],
        "careTeam" => &["role", "coding", "code"],
        _ => &["resourceType"],
    }
}

/// The concept of an entry whose codings tell it apart where the key is a code together with its system.
pub(super) fn key_concept(list: &str) -> &'static str {
    match list {
        "supportingInfo" | "adjudication" | "total" => "category",
        "related" => "relationship",
        "careTeam" => "role",
        _ => "type",
    }
}

/// System and code of a key that is both.
pub(super) fn token(api: Api, key: &str) -> Option<(&'static str, &'static str)> {
    vocabulary::uri_in(api, key)?.split_once('|')
}

/// Whether an entry of a list has a key.
pub(super) fn has_key(api: Api, entry: Node<'_>, list: &str, key: &str) -> bool {
    let said = |coding: &Node<'_>, member| coding.child(member).and_then(text).map(str::to_owned);
    let codings = || leaves(entry, &[key_concept(list), "coding"]).into_iter();
    if list == "careTeam" || list == "diagnosis" {
        let systems = key_systems(api, list);
        let own = |coding: &Node<'_>| {
            said(coding, "system").is_none_or(|named| systems.contains(&named.as_str()))
        };
        return codings().filter(own).any(|coding| said(&coding, "code").as_deref() == Some(key));
    }
    if let Some((system, code)) = token(api, key) {
        return codings().any(|coding| {
            said(&coding, "system").as_deref() == Some(system)
                && said(&coding, "code").as_deref() == Some(code)
        });
    }
    let key = match list {
        "contained" => key,
        _ => vocabulary::uri_in(api, key).unwrap_or("(no such term)"),
    };
    leaves(entry, key_members(list)).into_iter().any(|leaf| text(leaf) == Some(key))
}

fn has_prefix(entry: Node<'_>, list: &str, stem: &str) -> bool {
    let of_codes = ["icd-10", "icd-9", "unknown-icd-version"].contains(&stem);
    let start = if of_codes { "http://hl7.org/fhir/sid/" } else { BLUE_BUTTON_VARIABLES };
    let mut keys = leaves(entry, key_members(list)).into_iter().filter_map(text);
    keys.any(|key| key.strip_prefix(start).is_some_and(|name| name.starts_with(stem)))
}

/// Whether an entry has no key at all.
fn is_unkeyed(entry: Node<'_>, list: &str) -> bool {
    leaves(entry, key_members(list)).into_iter().all(|leaf| text(leaf).is_none())
}

/// The `sequence` of an entry.
pub(super) fn sequence(entry: Node<'_>) -> Option<i64> {
    entry.child("sequence").and_then(whole)
}

/// Whether a step selects an entry of its list.
fn is_selected(api: Api, spot: &Spot<'_>, step: &Step) -> bool {
    let (entry, list) = (spot.node, step.name.as_str());
    match &step.select {
        None => true,
        Some(Select::Key(key)) => has_key(api, entry, list, key),
        Some(Select::Prefix(stem)) => has_prefix(entry, list, stem),
        Some(Select::Unkeyed) => is_unkeyed(entry, list),
        Some(Select::Place(place)) => spot.place == place + 1,
        Some(Select::Sequence(number)) => sequence(entry) == Some(*number),
    }
}

/// One step from one place. A role of the care team is its entry with the lowest sequence, a type or a sequence of
/// diagnoses the first that has it.
fn step<'t>(api: Api, from: Node<'t>, step: &Step) -> Vec<Spot<'t>> {
    let list = step.name.as_str();
    let mut found = entries(from, list);
    found.retain(|spot| is_selected(api, spot, step));
    let is_one = match &step.select {
        Some(Select::Key(_)) => list == "careTeam" || list == "diagnosis",
        Some(Select::Sequence(_)) => true,
        _ => false,
    };
    if is_one {
        if list == "careTeam" {
            by_sequence(&mut found);
        }
        found.truncate(1);
    }
    found
}

/// Lowest sequence first; entries without one last, in their order.
pub(super) fn by_sequence(spots: &mut [Spot<'_>]) {
    spots.sort_by_key(|spot| sequence(spot.node).map_or((1, 0), |number| (0, number)));
}

/// All places that the steps lead to, from these starts.
pub(super) fn follow<'t>(api: Api, starts: Vec<Spot<'t>>, steps: &[Step]) -> Vec<Spot<'t>> {
    steps.iter().fold(starts, |spots, one| {
        spots.into_iter().flat_map(|spot| step(api, spot.node, one)).collect()
    })
}

/// All places that any of these paths leads to, which go by the same members and select otherwise: in the order of the
/// record, each once.
pub(super) fn follow_any<'t>(api: Api, starts: Vec<Spot<'t>>, paths: &[&[Step]]) -> Vec<Spot<'t>> {
    let length = paths.first().map_or(0, |steps| steps.len());
    (0..length).fold(starts, |spots, at| {
        let ways = || paths.iter().filter_map(|steps| steps.get(at));
        let from = |spot: Spot<'t>| {
            let list = ways().next().map(|step| entries(spot.node, &step.name));
            list.unwrap_or_default()
        };
        let selected = |spot: &Spot<'_>| ways().any(|step| is_selected(api, spot, step));
        spots.into_iter().flat_map(from).filter(selected).collect()
    })
}

//! People: the newest version of each Patient and Coverage, their MBIs, their hospice ranges.

use cms::{Api, ClaimType};
use fhir_model::Node;

use super::person::{Enrolled, Mbi, Person};
use super::rows::{fact, has_fact};
use super::typed::Read;
use super::value::{Day, cell, is_tildes, text};
use super::walk::{Spot, entries, follow, has_key};
use crate::facts::crosswalk::Crosswalk;
use crate::layout::resource::Resource;
use crate::layout::table::ColumnType;

/// The id in `Patient/<id>`, also of an absolute or a versioned reference.
pub(super) fn patient_of<'t>(record: Node<'t>, member: &str) -> Option<&'t str> {
    let reference = record.child(member)?.child("reference").and_then(text)?;
    let pieces: Vec<&str> = reference.split('/').collect();
    let name = pieces.iter().rposition(|piece| *piece == "Patient")?;
    pieces.get(name + 1).copied().filter(|id| !id.is_empty())
}

fn updated(record: Node<'_>) -> Option<i64> {
    let leaf = record.child("meta")?.child("lastUpdated")?;
    cell(leaf, ColumnType::Timestamp).ok().flatten()?.parse().ok()
}

/// Whether a Patient was merged into another: it has nothing but an id and a link.
fn is_merged(crosswalk: &Crosswalk, patient: Node<'_>) -> bool {
    let told = |name| fact(crosswalk, Resource::Patient, patient, name);
    told("link").is_some() && told("birth").is_none() && entries(patient, "identifier").is_empty()
}

/// The people of a run: in the order of the versions of their Patients that stand.
///
/// A Coverage's version is told by beneficiary and part, which its id is made of.
pub(super) fn people<'r>(
    crosswalk: &Crosswalk,
    records: &'r [Read<'r>],
    is_final: impl Fn(&Read<'_>) -> bool,
) -> Vec<Person<'r>> {
    let mut people: Vec<Person<'r>> = Vec::new();
    for record in records.iter().filter(|record| record.kind == Resource::Patient) {
        let node = record.node();
        let Some(id) = node.child("id").and_then(text) else { continue };
        if is_merged(crosswalk, node) {
            continue;
        }
        let updated = updated(node);
        if let Some(known) = people.iter().position(|person| person.id == id) {
            if people[known].updated > updated {
                continue;
            }
            people.remove(known);
        }
        people.push(Person {
            id,
            node,
            file_name: record.file_name,
            file_date: record.file_date,
            mbi: None,
            historic: Vec::new(),
            coverages: Vec::new(),
            hospice: Vec::new(),
            updated,
        });
    }
    // Each beneficiary's Coverages, with their dates and the MBIs that they name.
    let mut subscribers: Vec<(&str, Option<i64>, Option<String>)> = Vec::new();
    for record in records.iter().filter(|record| record.kind == Resource::Coverage) {
        let node = record.node();
        let told = |name| fact(crosswalk, Resource::Coverage, node, name);
        let of = patient_of(node, "beneficiary");
        let person = people.iter_mut().find(|person| Some(person.id) == of);
        let (Some(person), Some(part)) = (person, told("part")) else { continue };
        if crosswalk.api() == Api::V3 && part == "C" {
            // No column asks for it.
            continue;
        }
        let updated = updated(node);
        let known = person.coverages.iter().position(|coverage| coverage.part == part);
        if known.is_some_and(|known| person.coverages[known].updated > updated) {
            continue;
        }
        if let Some(known) = known {
            person.coverages.remove(known);
        }
        let mbi = told("subscriber").filter(|mbi| mbi.len() == 11);
        subscribers.push((person.id, updated, mbi));
        person.coverages.push(Enrolled { part, node, updated });
    }
    for person in &mut people {
        person.hospice = hospice_ranges(crosswalk, records, person.id, &is_final);
        let own = subscribers.iter().filter(|(id, ..)| *id == person.id);
        let newest = own.max_by_key(|(_, updated, mbi)| (*updated, mbi.clone()));
        let mbis = mbis(crosswalk, person.node);
        let current = if has_fact(crosswalk, Resource::Patient, "identifier.currency") {
            marked_current(crosswalk, person.node)
        } else {
            let mut open: Vec<&Mbi<'_>> = mbis.iter().filter(|mbi| mbi.end.is_none()).collect();
            open.sort_by(|one, other| other.begin.cmp(&one.begin));
            open.first().map(|mbi| mbi.value)
        };
        let of_coverage = || newest.and_then(|(_, _, mbi)| mbi.clone());
        person.mbi = current.map(str::to_owned).or_else(of_coverage);
        person.historic = historic(crosswalk, mbis, current, person.mbi.as_deref());
    }
    people
}

/// Final hospice claims of a person, grouped by start; the end is the greatest, none if any claim has none.
fn hospice_ranges(
    crosswalk: &Crosswalk,
    records: &[Read<'_>],
    person: &str,
    is_final: impl Fn(&Read<'_>) -> bool,
) -> Vec<(i64, Option<i64>)> {
    let mut stays: Vec<(i64, Option<i64>)> = Vec::new();
    for record in records.iter().filter(|record| record.claim_type == Some(ClaimType::Hospice)) {
        let claim = record.node();
        if !is_final(record) || patient_of(claim, "patient") != Some(person) {
            continue;
        }
        let day = |name: &str| {
            let told = fact(crosswalk, Resource::ExplanationOfBenefit, claim, name)?;
            Some(Day::parse(&told)?.since_1970())
        };
        if let Some(start) = day("hospice_start") {
            stays.push((start, day("hospice_end")));
        }
    }
    let mut starts: Vec<i64> = stays.iter().map(|(start, _)| *start).collect();
    starts.sort_unstable();
    starts.dedup();
    let range = |start: i64| {
        let ends: Vec<Option<i64>> =
            stays.iter().filter(|(own, _)| *own == start).map(|(_, end)| *end).collect();
        let open = ends.iter().any(Option::is_none);
        (start, if open { None } else { ends.into_iter().flatten().max() })
    };
    starts.into_iter().map(range).collect()
}

/// The identifiers of a Patient that are MBIs with a value, in the order of the record.
fn identifiers<'r>(crosswalk: &Crosswalk, patient: Node<'r>) -> Vec<(&'r str, Node<'r>)> {
    let nodes = entries(patient, "identifier").into_iter().map(|spot| spot.node);
    let mbis = nodes.filter(|node| has_key(crosswalk.api(), *node, "identifier", "us-mbi"));
    mbis.filter_map(|node| Some((node.child("value").and_then(text)?, node))).collect()
}

/// The MBIs of a Patient with their days.
fn mbis<'r>(crosswalk: &Crosswalk, patient: Node<'r>) -> Vec<Mbi<'r>> {
    let day = |node: Node<'_>, member: &str| {
        let leaf = node.child("period").filter(|_| has_days(crosswalk))?.child(member)?;
        cell(leaf, ColumnType::Date).ok()?
    };
    let all = identifiers(crosswalk, patient).into_iter();
    all.map(|(value, node)| Mbi { value, begin: day(node, "start"), end: day(node, "end") })
        .collect()
}

/// Whether the version tells on which days an MBI was in force.
fn has_days(crosswalk: &Crosswalk) -> bool {
    has_fact(crosswalk, Resource::Patient, "identifier.end")
}

/// The first MBI marked current; none marked so: the first without a mark.
fn marked_current<'r>(crosswalk: &Crosswalk, patient: Node<'r>) -> Option<&'r str> {
    let facts = crosswalk.record_facts().iter();
    let mut marks = facts.filter(|fact| fact.name == "identifier.currency");
    let mark = marks.next()?.expr.paths().next()?;
    let marked = identifiers(crosswalk, patient).into_iter().map(|(value, node)| {
        let start = vec![Spot { node, place: 1 }];
        let spots = follow(crosswalk.api(), start, &mark.steps[1..]);
        let mut found = spots.into_iter().filter_map(|spot| text(spot.node));
        // Any other mark is none.
        let mark = found.find(|code| !is_tildes(code));
        (value, mark.filter(|mark| ["current", "historic"].contains(mark)))
    });
    let marked: Vec<(&str, Option<&str>)> = marked.collect();
    let first = |wanted: Option<&str>| marked.iter().find(|(_, mark)| *mark == wanted);
    first(Some("current")).or_else(|| first(None)).map(|(value, _)| *value)
}

/// All other than the current one, each once, by value. Where the days are told: those that ended, each with the period
/// that ended last.
fn historic<'r>(
    crosswalk: &Crosswalk,
    mut mbis: Vec<Mbi<'r>>,
    current: Option<&str>,
    in_force: Option<&str>,
) -> Vec<Mbi<'r>> {
    if has_days(crosswalk) {
        mbis.retain(|mbi| mbi.end.is_some());
    }
    mbis.retain(|mbi| Some(mbi.value) != current && Some(mbi.value) != in_force);
    mbis.sort_by(|one, other| (one.value, &other.end).cmp(&(other.value, &one.end)));
    mbis.dedup_by_key(|mbi| mbi.value);
    mbis
}

//! People: the newest version of each Patient and Coverage, their MBIs, their hospice ranges.

use fhir_model::Node;

use super::check::Read;
use super::value::{Day, cell, is_tildes, text};
use super::walk::{entries, has_key};
use crate::layout::resource::Resource;
use crate::layout::table::ColumnType;
use cms::ClaimType;
use cms::MedicarePart as Part;

/// A Patient, newest version, with what belongs to it.
pub(super) struct Person<'r> {
    pub(super) id: &'r str,
    pub(super) node: Node<'r>,
    pub(super) file_name: &'r str,
    pub(super) file_date: Option<i32>,
    /// At most one for each part.
    pub(super) coverages: Vec<Enrolled<'r>>,
    /// By start, in days since 1970-01-01.
    pub(super) hospice: Vec<(i64, Option<i64>)>,
    updated: Option<i64>,
}

/// A Coverage, newest version.
#[derive(Clone, Copy)]
pub(super) struct Enrolled<'r> {
    pub(super) part: Part,
    pub(super) node: Node<'r>,
    updated: Option<i64>,
}

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

/// The part of a Coverage: its plan, else its type.
pub(super) fn part_of(coverage: Node<'_>) -> Option<Part> {
    let named = |name: &str| match name {
        "Part A" => Some(Part::A),
        "Part B" => Some(Part::B),
        "Part C" => Some(Part::C),
        "Part D" => Some(Part::D),
        _ => None,
    };
    let plan = coverage.child("grouping").and_then(|grouping| grouping.child("subPlan"));
    plan.and_then(text).and_then(named).or_else(|| {
        let codings = coverage.child("type").map(|of| entries(of, "coding")).unwrap_or_default();
        let of = |system: Option<&str>| {
            let codings = codings.iter().map(|spot| spot.node);
            let mut own = codings.filter(|coding| coding.child("system").and_then(text) == system);
            own.find_map(|coding| {
                coding.child("code").and_then(text).filter(|code| !is_tildes(code))
            })
        };
        of(Some("Medicare")).or_else(|| of(None)).and_then(named)
    })
}

/// The people of a run: in the order of the versions of their Patients that stand.
///
/// A Coverage's version is told by beneficiary and part, which its id is made of.
pub(super) fn people<'r>(
    records: &'r [Read<'r>],
    is_final: impl Fn(&Read<'_>) -> bool,
) -> Vec<Person<'r>> {
    let mut people: Vec<Person<'r>> = Vec::new();
    for record in records.iter().filter(|record| record.kind == Resource::Patient) {
        let node = record.node();
        let Some(id) = node.child("id").and_then(text) else { continue };
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
            coverages: Vec::new(),
            hospice: Vec::new(),
            updated,
        });
    }
    for record in records.iter().filter(|record| record.kind == Resource::Coverage) {
        let node = record.node();
        let of = patient_of(node, "beneficiary");
        let person = people.iter_mut().find(|person| Some(person.id) == of);
        let (Some(person), Some(part)) = (person, part_of(node)) else { continue };
        let updated = updated(node);
        let known = person.coverages.iter().position(|coverage| coverage.part == part);
        match known {
            Some(known) if person.coverages[known].updated > updated => continue,
            Some(known) => drop(person.coverages.remove(known)),
            None => {}
        }
        person.coverages.push(Enrolled { part, node, updated });
    }
    for person in &mut people {
        person.hospice = hospice_ranges(records, person.id, &is_final);
    }
    people
}

/// Final hospice claims of a person, grouped by start; the end is the greatest, none if any claim has none.
fn hospice_ranges(
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
        let day = |member: &str| {
            let leaf = claim.child("hospitalization")?.child(member)?;
            Some(Day::parse(&cell(leaf, ColumnType::Date).ok()??)?.since_1970())
        };
        if let Some(start) = day("start") {
            stays.push((start, day("end")));
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

/// The MBIs of a Patient with their currency, in the order of the record.
fn mbis(patient: Node<'_>) -> Vec<(&str, Option<&str>)> {
    entries(patient, "identifier")
        .into_iter()
        .map(|spot| spot.node)
        .filter(|identifier| has_key(*identifier, "identifier", "us-mbi"))
        .filter_map(|identifier| {
            let value = identifier.child("value").and_then(text)?;
            let currency = entries(identifier, "extension")
                .into_iter()
                .filter(|spot| has_key(spot.node, "extension", "identifier-currency"))
                .find_map(|spot| {
                    let code = spot.node.child("valueCoding")?.child("code").and_then(text);
                    code.filter(|code| !is_tildes(code))
                });
            // Any other mark is none.
            Some((value, currency.filter(|mark| ["current", "historic"].contains(mark))))
        })
        .collect()
}

/// The first MBI marked current; none marked so: the first without a mark.
pub(super) fn mbi_current(patient: Node<'_>) -> Option<&str> {
    let mbis = mbis(patient);
    let marked = mbis.iter().find(|(_, currency)| *currency == Some("current"));
    let unmarked = || mbis.iter().find(|(_, currency)| currency.is_none());
    marked.or_else(unmarked).map(|(value, _)| *value)
}

/// All other than the current one, further ones marked current too: each once, by value.
pub(super) fn mbis_historic(patient: Node<'_>) -> Vec<&str> {
    let current = mbi_current(patient);
    let mut historic: Vec<&str> = mbis(patient)
        .into_iter()
        .map(|(value, _)| value)
        .filter(|value| Some(*value) != current)
        .collect();
    historic.sort_unstable();
    historic.dedup();
    historic
}

//! What records have that neither FHIR's tables nor the vocabulary know: the look through those that are chosen, the count of
//! what it finds, and how that is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cclf_crosswalk::Api;
use cms::{FewPeople, is_small};
use fhir_model::drift::{Looker, Unknown};
use json_walk::Walker;
use serde::{Deserialize, Serialize};

use crate::options::Drift;

/// Different names that are counted one by one, and as many places of what has no name: who makes them up does not fill the
/// memory.
const MOST: usize = 1_000;
/// What has no name that may be told.
const OTHER: &str = "other";

/// Part of the hash of a person's id, by which people are told apart here.
type PersonHash = u64;

/// What a worker looks through records with.
#[derive(Debug)]
pub(crate) struct Look {
    drift: Drift,
    api: Api,
    /// Made for the first record.
    looker: Option<Looker>,
}

impl Look {
    pub(crate) fn new(drift: Drift, api: Api) -> Self {
        Self { drift, api, looker: None }
    }

    /// Whether the record with this text is looked through.
    #[inline]
    pub(crate) fn takes(&self, text: &[u8]) -> bool {
        self.drift.takes(text)
    }

    /// Looks through a record of this type and person.
    #[cold]
    pub(crate) fn look(
        &mut self,
        walker: Option<Walker<'_, '_>>,
        resource: &'static str,
        person: Option<PersonHash>,
        looked: &mut Looked,
    ) {
        let Some(walker) = walker else { return };
        let api = self.api;
        let found = self.looker.get_or_insert_with(|| Looker::new(api)).look(walker, resource);
        looked.records += 1;
        looked.people.extend(person);
        if !found.is_empty() {
            looked.found.push((person, found));
        }
    }
}

/// What the records of a block came to.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    records: u64,
    people: Vec<PersonHash>,
    /// Of each record in which something was found, in their order.
    found: Vec<(Option<PersonHash>, BTreeSet<Unknown>)>,
}

/// What all records so far came to. Blocks are added in the order of the input, so that the number of threads changes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    records: u64,
    people: HashSet<PersonHash>,
    found: BTreeMap<Unknown, Found>,
    /// How many of them have a name.
    named: usize,
}

/// A name, or what has none, at a place.
#[derive(Clone, Debug, Default)]
struct Found {
    records: u64,
    people: FewPeople<PersonHash>,
}

/// The same without a name.
fn unnamed(parent: &str) -> Unknown {
    Unknown { parent: parent.to_owned(), name: None }
}

impl Counted {
    pub(crate) fn add(&mut self, later: &Looked) {
        self.records += later.records;
        self.people.extend(&later.people);
        for (person, found) in &later.found {
            for new in found {
                let key = self.key(new);
                let own = self.found.entry(key).or_default();
                own.records += 1;
                if let Some(person) = person {
                    own.people.add(*person);
                }
            }
        }
    }

    /// What it is counted as.
    fn key(&mut self, new: &Unknown) -> Unknown {
        if self.found.contains_key(new) {
            return new.clone();
        }
        if new.name.is_some() {
            if self.named < MOST {
                self.named += 1;
                return new.clone();
            }
            return self.key(&unnamed(&new.parent));
        }
        if self.found.len() - self.named < MOST {
            return new.clone();
        }
        unnamed(new.parent.split('.').next().unwrap_or_default())
    }

    /// What is told of it; nothing where nobody asked.
    pub(crate) fn report(&self, drift: Drift) -> Option<DriftReport> {
        if drift == Drift::None {
            return None;
        }
        let (mut names, mut others) = (Vec::new(), BTreeMap::<&str, Found>::new());
        for (Unknown { parent, name }, found) in &self.found {
            match name {
                Some(name) if found.people.is_enough() => names.push(DriftFinding {
                    parent: parent.clone(),
                    name: name.clone(),
                    records: Some(found.records),
                }),
                _ => {
                    let other = others.entry(parent).or_default();
                    other.records += found.records;
                    other.people.merge(found.people.clone());
                }
            }
        }
        let other = |(parent, found): (&str, Found)| DriftFinding {
            parent: parent.to_owned(),
            name: OTHER.to_owned(),
            records: found.people.is_enough().then_some(found.records),
        };
        names.extend(others.into_iter().map(other));
        names.sort_by(|a, b| (&a.parent, &a.name).cmp(&(&b.parent, &b.name)));
        let people = self.people.len() as u64;
        Some(DriftReport {
            which: drift,
            records: self.records,
            people: (!is_small(people)).then_some(people),
            findings: names,
        })
    }
}

/// What records have that neither FHIR's tables nor the vocabulary of their version know: a sign that the service has changed.
///
/// Nothing in it stands for fewer than 11 people. A name is told that was seen with 11 or more of them: the name of an element of
/// FHIR, or a URL on a host of the vocabulary, as [`fhir_model::drift`] has them. All else is `other` at the element that has
/// it, whether it has no name that may be told or was seen with fewer people; and the count of records of that is told where it
/// was seen with 11 or more, too. No count is the sum of others, so that none can be had by taking others from it: how many
/// records have anything unknown is not told, and the number of people is that of all whose records were looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Which records were looked through.
    pub which: Drift,
    /// How many records were looked through: Patients, Coverages and claims with or without rows.
    pub records: u64,
    /// How many people they are of; none if fewer than 11.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
    /// What was found, by place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<DriftFinding>,
}

impl DriftReport {
    /// What was found, in a few words; none where nothing was.
    pub fn found(&self) -> Option<String> {
        let names = self.findings.iter().filter(|own| own.is_named()).count();
        let more = if names < self.findings.len() { " and more" } else { "" };
        match names {
            0 if self.findings.is_empty() => None,
            0 => Some("something without a name".to_owned()),
            1 => Some(format!("1 name{more}")),
            count => Some(format!("{count} names{more}")),
        }
    }
}

/// A name that is not known at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftFinding {
    /// The element that has it, as `ExplanationOfBenefit.item`; of a code the element with `.code`.
    pub parent: String,
    /// An element's name, a URL, or `other`.
    pub name: String,
    /// How many of the records have it; in `other` a record counts once for each name. None where fewer than 11 people have
    /// such records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

impl DriftFinding {
    /// Whether it has a name.
    pub fn is_named(&self) -> bool {
        self.name != OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(person: PersonHash, found: &[(&str, Option<&str>)]) -> Looked {
        let new = |(parent, name): &(&str, Option<&str>)| Unknown {
            parent: (*parent).to_owned(),
            name: name.map(str::to_owned),
        };
        let found = vec![(Some(person), found.iter().map(new).collect())];
        Looked { records: 1, people: vec![person], found }
    }

    fn told(counted: &Counted) -> Vec<(String, String, Option<u64>)> {
        let report = counted.report(Drift::All).unwrap();
        report.findings.into_iter().map(|new| (new.parent, new.name, new.records)).collect()
    }

    #[test]
    fn names_and_counts_are_told_of_11_people() {
        let (named, unnamed) = (("E.item", Some("source")), ("E.item", None));
        let mut counted = Counted::default();
        // The same ten, many times.
        for person in (0..10).chain(0..10) {
            counted.add(&looked(person, &[named]));
        }
        let own = |name: &str, records| ("E.item".to_owned(), name.to_owned(), records);
        assert_eq!(told(&counted), [own("other", None)]);
        assert_eq!(counted.report(Drift::All).unwrap().people, None);
        let mut with_other = counted.clone();
        with_other.add(&looked(10, &[unnamed]));
        assert_eq!(told(&with_other), [own("other", Some(21))]);
        assert_eq!(with_other.report(Drift::All).unwrap().people, Some(11));
        counted.add(&looked(10, &[named]));
        assert_eq!(told(&counted), [own("source", Some(21))]);
        counted.add(&looked(10, &[unnamed]));
        assert_eq!(told(&counted), [own("other", None), own("source", Some(21))]);
        let found = |counted: &Counted| counted.report(Drift::All).unwrap().found();
        assert_eq!(found(&counted).as_deref(), Some("1 name and more"));
        assert_eq!(found(&with_other).as_deref(), Some("something without a name"));
        assert_eq!(found(&Counted::default()), None);
        assert_eq!(counted.report(Drift::None), None);
    }

    #[test]
    fn names_are_bounded() {
        let mut counted = Counted::default();
        for n in 0..10_000_u64 {
            counted.add(&looked(n % 50, &[("E.item", Some(&format!("name{n}")))]));
        }
        for n in 0..3_000_u64 {
            counted.add(&looked(n % 50, &[(&format!("E.item{n}"), None)]));
        }
        assert_eq!(counted.found.len(), 2 * MOST + 1);
        let told = told(&counted);
        let own = |parent: &str| told.iter().find(|(own, ..)| own == parent).unwrap().2;
        // What has a name at a place, and what stands at another place, of the 999 that there is room for besides.
        assert_eq!(own("E.item"), Some(10_000));
        assert_eq!(own("E"), Some(2_001));
        assert!(told.iter().all(|(_, name, _)| name == OTHER));
    }
}

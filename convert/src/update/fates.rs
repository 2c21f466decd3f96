//! What new exports mean for the claims of an earlier result: which come again, are deleted, or have a person with another
//! MBI.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use cclf_crosswalk::{BeneficiaryNumber, HospiceRanges, Index, Resource};

use super::kept::Fate;
use crate::error::Error;
use crate::input::deletions::{IdHash, id_hash};
use crate::input::sources::Input;
use crate::pass::entry::{PersonHash, person_hash};
use crate::pass::left_out::Latest;
use crate::state::{FORGOTTEN, State};

/// The people of an earlier result, as they were before anything was read.
pub(crate) struct Before {
    /// By their numbers, hashes of the MBIs that their claims had.
    mbis: Vec<u64>,
    /// Of these something was deleted.
    gone: HashSet<PersonHash>,
}

/// What becomes of the claims of an earlier result.
pub(crate) struct Fates {
    gone: HashSet<IdHash>,
    /// Claims of people who have another MBI, and whose they are.
    changed: HashMap<IdHash, Option<Box<str>>>,
    /// Stays of claims that are still there.
    stays: Vec<(BeneficiaryNumber, i32, Option<i32>)>,
}

fn hash_of(mbi: Option<&str>) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(mbi)
}

/// The MBI that claims of each person have, by the person's id, in the order of numbers.
fn mbis(index: &Index) -> impl Iterator<Item = (&str, Option<&str>)> {
    index.everybody().map(|(id, number)| (id, number.and_then(|number| index.mbi(number))))
}

impl Before {
    /// Puts the people of a state into an index in which nobody is.
    pub(crate) fn restore(state: &State, index: &mut Index, input: &Input) -> Result<Self, Error> {
        let gone = state.people(index, input)?;
        let mbis = mbis(index).map(|(_, mbi)| hash_of(mbi)).collect();
        Ok(Self { mbis, gone })
    }

    /// People whose claims have another MBI than before, or may have one.
    fn changed(&self, index: &Index) -> HashMap<PersonHash, Option<Box<str>>> {
        let none = hash_of(None);
        let mut changed = HashMap::new();
        let survivors: HashMap<PersonHash, PersonHash> =
            index.merged().map(|(own, other)| (person_hash(own), person_hash(other))).collect();
        let is_gone = |person: PersonHash| {
            let survivor = survivors.get(&person).copied().unwrap_or(person);
            self.gone.contains(&person) || self.gone.contains(&survivor)
        };
        for (number, (id, mbi)) in mbis(index).enumerate() {
            let before = self.mbis.get(number).copied().unwrap_or(none);
            let person = person_hash(id);
            if before != hash_of(mbi) || is_gone(person) {
                changed.insert(person, mbi.map(Box::from));
            }
        }
        changed
    }
}

impl Fates {
    /// What becomes of the claims of a state, now that it is known which count.
    ///
    /// # Errors
    /// A claim counts again that was left out for another one, so that it has no rows to be carried over.
    pub(crate) fn of(
        state: &State,
        before: &Before,
        latest: &Latest,
        index: &Index,
        input: &Input,
    ) -> Result<Self, Error> {
        if index.has_forgotten() {
            return Err(Error::usage(FORGOTTEN));
        }
        let changed = before.changed(index);
        let mut people: Option<HashMap<PersonHash, BeneficiaryNumber>> = None;
        let mut fates = Self { gone: HashSet::new(), changed: HashMap::new(), stays: Vec::new() };
        let source = input.number_of_earlier() as usize;
        state.each_claim(|place, entry| {
            if latest.leaves_out(source, place) {
                fates.gone.insert(*entry.id());
                return Ok(());
            }
            if entry.was_left_out() {
                return Err(Error::usage(
                    "a claim of a shared system counts again, because the one of the National Claims History that stood for it was \
                     deleted or has another control number, and its rows are in none of the tables; convert all exports \
                     again",
                ));
            }
            if let Some(mbi) = changed.get(&entry.person()) {
                fates.changed.insert(*entry.id(), mbi.clone());
            }
            if let Some((start, end)) = entry.stay() {
                let people = people.get_or_insert_with(|| {
                    let known = index.everybody();
                    known.filter_map(|(id, number)| Some((person_hash(id), number?))).collect()
                });
                let person = people.get(&entry.person());
                fates.stays.extend(person.map(|number| (*number, start, end)));
            }
            Ok(())
        })?;
        Ok(fates)
    }

    /// What becomes of the rows of the claim with an id.
    pub(crate) fn of_claim(&self, id: &str) -> Fate<'_> {
        let hash = id_hash(Resource::ExplanationOfBenefit, id);
        if self.gone.contains(&hash) {
            return Fate::Gone;
        }
        self.changed.get(&hash).map_or(Fate::Stays, |mbi| Fate::Mbi(mbi.as_deref()))
    }

    /// Adds the hospice stays of claims that are still there.
    pub(crate) fn add_stays(&self, hospice: &mut HospiceRanges) {
        for (number, start, end) in &self.stays {
            hospice.add(*number, *start, *end);
        }
    }
}

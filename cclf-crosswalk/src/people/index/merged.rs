//! People on their way into the index: what is known of them, and that they were merged into others, whose their claims are
//! then.

use super::merges::{MERGE_BYTES, Merge};
use super::ties::OF_PATIENT;
use super::{Index, IndexFull, Place};
use crate::people::person::{Kept, Merged, Person};
use crate::people::precedence::Tie;

impl Person {
    /// Puts it into the index, in input order; `source` is the number of its file.
    ///
    /// # Errors
    /// The index is full.
    pub fn add_to(&self, index: &mut Index, source: u32) -> Result<(), IndexFull> {
        self.add_version_to(index, source, None)
    }

    /// The same, of an index [with ties](Index::with_ties).
    ///
    /// # Errors
    /// The index is full.
    pub fn add_version_to(
        &self,
        index: &mut Index,
        source: u32,
        tie: Option<Tie>,
    ) -> Result<(), IndexFull> {
        match &self.kept {
            Kept::Patient(patient) => index.add_patient(patient, source, tie),
            Kept::Coverage(coverage) => index.add_coverage(coverage, tie),
            Kept::Merged(merged) => index.merge(merged, tie),
            Kept::Nothing => Ok(()),
        }
    }
}

impl Index {
    /// Adds that a Patient was merged into another, where versions are told apart: it has no row from here on, unless an
    /// export of a later time has it again.
    ///
    /// # Errors
    /// The index is full.
    pub(super) fn merge(&mut self, merged: &Merged, tie: Option<Tie>) -> Result<(), IndexFull> {
        let Some(tie) = tie else { return Ok(()) };
        let (number, survivor) = (self.number(&merged.id)?, self.number(&merged.survivor)?);
        let known = self.entry(number).person.if_any();
        let of_patient = self.ties.of(number).known[OF_PATIENT];
        let is_undone = known.is_some() && of_patient.newest > tie.rank();
        // The Patient of a later export is not the one that is known: it was changed before that one was.
        self.has_forgotten |= is_undone && of_patient.tie.rank() <= tie.rank();
        if let Some(place) = known.filter(|_| !is_undone) {
            self.arena.give_back(place);
            let entry = self.entry_mut(number);
            (entry.person, entry.updated) = (Place::NONE, i64::MIN);
            self.superseded_patients += 1;
        }
        self.check_room(MERGE_BYTES)?;
        let (rank, updated) = (tie.rank(), merged.updated);
        let merge = Merge { survivor, rank, updated, is_undone };
        let order = |merge: &Merge| (merge.rank, merge.updated, self.id(merge.survivor));
        if self.merges.of(number).is_none_or(|known| order(&known) < order(&merge)) {
            self.merges.put(number, merge);
        }
        Ok(())
    }

    /// Whether a version would count that is not known any more, since a merge came after what it is older than.
    pub fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }

    /// The ids of Patients who were merged, each with that of the survivor.
    pub fn merged(&self) -> impl Iterator<Item = (&str, &str)> {
        let merges = self.merges.all();
        merges.map(|number| (self.id(number), self.id(self.merges.survivor(number))))
    }

    /// The id of the Patient of a beneficiary.
    pub(super) fn id(&self, number: u32) -> &str {
        // Every id was a text when it came.
        std::str::from_utf8(self.arena.get(self.entry(number).id)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::digest::pack_text;
    use crate::people::person::Beneficiary;

    fn tie(rank: u32) -> Tie {
        Tie::new(rank, &[7; 32])
    }

    fn patient(id: &str) -> Beneficiary {
        let mut packed = Vec::new();
        pack_text(&mut packed, Some(id));
        pack_text(&mut packed, None);
        Beneficiary { id: id.to_owned(), updated: 5, packed, unknown_marks: 0 }
    }

    fn merged(id: &str, survivor: &str) -> Merged {
        Merged { id: id.to_owned(), survivor: survivor.to_owned(), updated: i64::MIN }
    }

    #[test]
    fn claims_follow_the_survivor_in_any_order() {
        let mbi = |index: &Index, id| {
            index.find(id).and_then(|number| index.mbi(number)).map(str::to_owned)
        };
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let mut index = Index::new().with_ties();
            for what in order {
                match what {
                    0 => index.add_patient(&patient("a"), 0, Some(tie(1))).unwrap(),
                    1 => index.add_patient(&patient("c"), 0, Some(tie(1))).unwrap(),
                    2 => index.merge(&merged("a", "b"), Some(tie(2))).unwrap(),
                    _ => index.merge(&merged("b", "c"), Some(tie(3))).unwrap(),
                }
            }
            assert_eq!(mbi(&index, "a").as_deref(), Some("c"), "{order:?}");
            assert_eq!((index.patients(), index.in_order().len()), (1, 1), "{order:?}");
            // An export of a later time has it again.
            index.add_patient(&patient("a"), 0, Some(tie(4))).unwrap();
            assert_eq!(mbi(&index, "a").as_deref(), Some("a"));
            assert_eq!(index.patients(), 2);
        }
    }

    #[test]
    fn a_circle_ends() {
        let mut index = Index::new().with_ties();
        index.merge(&merged("a", "b"), Some(tie(1))).unwrap();
        index.merge(&merged("b", "a"), Some(tie(1))).unwrap();
        assert_eq!(index.find("a"), None);
        assert_eq!(index.merged().count(), 2);
    }
}

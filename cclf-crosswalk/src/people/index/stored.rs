//! The index as bytes, from which the same index is made again.
//!
//! ```text
//! of each beneficiary: id; Patient, updated, tie, newest rank; source    those with a Patient first, in the input's order
//!                      of each of four parts: Coverage, updated, tie, newest rank; the MBI that it gives
//!                      id of the survivor, rank, updated, whether that is undone
//! ```
//!
//! Numbers are little-endian; texts and packed records have their length in front, and what is not there has the length
//! `u32::MAX`.

use super::merges::Merge;
use super::ties::{Known, OF_PATIENT, UNKNOWN};
use super::{BeneficiaryNumber, Index, IndexFull, NO_COVERAGE};
use crate::people::mbi::Mbi;
use crate::people::person::Enrolled;
use crate::people::precedence::Tie;

/// The length of what is not there.
const NONE: u32 = u32::MAX;

/// What is stored of a beneficiary.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored<'b> {
    id: &'b str,
    patient: Option<Versioned<'b>>,
    source: u32,
    coverages: [Option<Versioned<'b>>; Enrolled::COUNT],
    subscribers: [&'b str; Enrolled::COUNT],
    merged: Option<(&'b str, u32, i64, bool)>,
}

/// A version that is not stored would count where the one that is was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten;

/// A packed record, when it was last changed, and what tells it from other versions.
#[derive(Debug, PartialEq, Eq)]
struct Versioned<'b> {
    packed: &'b [u8],
    updated: i64,
    known: Known,
}

fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let len = bytes.map_or(NONE, |bytes| u32::try_from(bytes.len()).unwrap_or(NONE));
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
}

fn put_version(out: &mut Vec<u8>, packed: Option<&[u8]>, updated: i64, known: Known) {
    put_bytes(out, packed);
    if packed.is_some() {
        out.extend_from_slice(&updated.to_le_bytes());
        out.extend_from_slice(&known.tie.to_bits().to_le_bytes());
        out.extend_from_slice(&known.tie.id().to_le_bytes());
        out.extend_from_slice(&known.newest.to_le_bytes());
    }
}

/// The bytes are not as they were written.
struct Damaged;

fn number<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Damaged> {
    let (taken, after) = rest.split_first_chunk().ok_or(Damaged)?;
    *rest = after;
    Ok(*taken)
}

/// Bytes with their length in front.
fn bytes<'b>(rest: &mut &'b [u8]) -> Result<Option<&'b [u8]>, Damaged> {
    let len = u32::from_le_bytes(number(rest)?);
    if len == NONE {
        return Ok(None);
    }
    let (taken, after) = rest.split_at_checked(len as usize).ok_or(Damaged)?;
    *rest = after;
    Ok(Some(taken))
}

fn version<'b>(rest: &mut &'b [u8]) -> Result<Option<Versioned<'b>>, Damaged> {
    let Some(packed) = bytes(rest)? else { return Ok(None) };
    let updated = i64::from_le_bytes(number(rest)?);
    let tie = Tie::from_bits(u64::from_le_bytes(number(rest)?));
    let tie = tie.with_id(u64::from_le_bytes(number(rest)?));
    let newest = u32::from_le_bytes(number(rest)?);
    Ok(Some(Versioned { packed, updated, known: Known { tie, newest } }))
}

fn text<'b>(rest: &mut &'b [u8]) -> Result<Option<&'b str>, Damaged> {
    bytes(rest)?.map(std::str::from_utf8).transpose().map_err(|_| Damaged)
}

impl<'b> Stored<'b> {
    /// The next of those that [`Index::store`] has written; none if the bytes are not as it writes them.
    pub fn next(rest: &mut &'b [u8]) -> Option<Self> {
        Self::read(rest).ok()
    }

    fn read(rest: &mut &'b [u8]) -> Result<Self, Damaged> {
        let id = text(rest)?.ok_or(Damaged)?;
        let patient = version(rest)?;
        let source = u32::from_le_bytes(number(rest)?);
        let mut coverages = [const { None }; Enrolled::COUNT];
        let mut subscribers = [""; Enrolled::COUNT];
        for (own, subscriber) in coverages.iter_mut().zip(&mut subscribers) {
            *own = version(rest)?;
            *subscriber = text(rest)?.unwrap_or_default();
        }
        let survivor = text(rest)?;
        let rank = u32::from_le_bytes(number(rest)?);
        let updated = i64::from_le_bytes(number(rest)?);
        let [is_undone] = number(rest)?;
        let merged = survivor.map(|survivor| (survivor, rank, updated, is_undone != 0));
        Ok(Self { id, patient, source, coverages, subscribers, merged })
    }

    /// The id of the Patient.
    pub fn id(&self) -> &'b str {
        self.id
    }

    /// Leaves out what `is_gone` says of, which is told part of a hash of its id and the rank of its export; `own` is that of
    /// the Patient's id. Ranks become what `rank` says. Gives whether something was left out.
    ///
    /// # Errors
    /// Without what was left out another version would count, which is not stored.
    pub fn change(
        &mut self,
        own: u64,
        is_gone: impl Fn(u64, u32) -> bool,
        rank: impl Fn(u32) -> u32,
    ) -> Result<bool, Forgotten> {
        let mut gone = false;
        for version in std::iter::once(&mut self.patient).chain(&mut self.coverages) {
            let Some(Versioned { known, .. }) = version else { continue };
            known.tie = known.tie.with_rank(rank(known.tie.rank()));
            if known.newest != UNKNOWN {
                known.newest = rank(known.newest);
            }
            let Known { tie, newest } = *known;
            if is_gone(tie.id(), tie.rank()) {
                if newest == UNKNOWN || !is_gone(tie.id(), newest) {
                    return Err(Forgotten);
                }
                *version = None;
                gone = true;
            }
        }
        if let Some((_, merged, ..)) = &mut self.merged {
            *merged = rank(*merged);
            if is_gone(own, *merged) {
                self.merged = None;
                gone = true;
            }
        }
        Ok(gone)
    }
}

impl Index {
    /// Gives `out` the bytes of each beneficiary, those with a Patient first, in their order.
    ///
    /// # Errors
    /// That of `out`.
    pub fn store<E>(&self, mut out: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let others = (0..u32::try_from(self.len()).unwrap_or(u32::MAX))
            .filter(|number| self.entry(*number).person.if_any().is_none())
            .map(BeneficiaryNumber);
        let mut one = Vec::new();
        for number in self.in_order().into_iter().chain(others) {
            one.clear();
            self.store_one(number, &mut one);
            out(&one)?;
        }
        Ok(())
    }

    fn store_one(&self, BeneficiaryNumber(number): BeneficiaryNumber, out: &mut Vec<u8>) {
        let entry = self.entry(number);
        let own = self.ties.of(number);
        put_bytes(out, Some(self.arena.get(entry.id)));
        let person = entry.person.if_any().map(|place| self.arena.get(place));
        put_version(out, person, entry.updated, own.known[OF_PATIENT]);
        out.extend_from_slice(&entry.source.to_le_bytes());
        for (part, digest) in entry.coverage.into_iter().enumerate() {
            let there = digest != NO_COVERAGE;
            let packed = there.then(|| self.arena.get(self.digests[digest as usize].place));
            put_version(out, packed, entry.coverage_updated[part], own.known[1 + part]);
            put_bytes(out, own.subscribers[part].text().map(str::as_bytes));
        }
        let merge = self.merges.of(number);
        let survivor = merge.map(|merge| self.arena.get(self.entry(merge.survivor).id));
        put_bytes(out, survivor);
        out.extend_from_slice(&merge.map_or(0, |merge| merge.rank).to_le_bytes());
        out.extend_from_slice(&merge.map_or(0, |merge| merge.updated).to_le_bytes());
        out.push(u8::from(merge.is_some_and(|merge| merge.is_undone)));
    }

    /// Adds a beneficiary who was stored, to an index [with ties](Self::with_ties) that nobody was read into yet.
    ///
    /// # Errors
    /// The index is full.
    pub fn restore(&mut self, stored: &Stored<'_>) -> Result<(), IndexFull> {
        let number = self.number(stored.id)?;
        if let Some(patient) = &stored.patient {
            self.check_room(self.arena.growth(patient.packed.len()))?;
            let place = self.arena.put(patient.packed);
            let order = u32::try_from(self.patients_read).unwrap_or(u32::MAX);
            self.patients_read += 1;
            let entry = self.entry_mut(number);
            (entry.person, entry.updated) = (place, patient.updated);
            (entry.order, entry.source) = (order, stored.source);
            if let Some(own) = self.ties.own(number) {
                own.known[OF_PATIENT] = patient.known;
            }
        }
        for (part, coverage) in stored.coverages.iter().enumerate() {
            let Some(coverage) = coverage else { continue };
            let digest = self.digest(coverage.packed)?;
            let entry = self.entry_mut(number);
            (entry.coverage[part], entry.coverage_updated[part]) = (digest, coverage.updated);
            if let Some(own) = self.ties.own(number) {
                own.known[1 + part] = coverage.known;
                own.subscribers[part] = Mbi::new(stored.subscribers[part]);
            }
        }
        self.settle_subscriber(number);
        if let Some((survivor, rank, updated, is_undone)) = stored.merged {
            let survivor = self.number(survivor)?;
            self.merges.put(number, Merge { survivor, rank, updated, is_undone });
        }
        Ok(())
    }

    /// Everybody who is known, be it by a Patient, a Coverage or a merge, with the MBI that claims of theirs have.
    pub fn everybody(&self) -> impl Iterator<Item = (&str, Option<BeneficiaryNumber>)> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(|number| {
            let survivor = self.merges.survivor(number);
            let there = self.entry(survivor).person.if_any();
            (self.id(number), there.map(|_| BeneficiaryNumber(survivor)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::digest::pack_text;
    use crate::people::person::{Beneficiary, Enrolment, Merged};
    use cms::MedicarePart as Part;

    fn tie(rank: u32, id: u64) -> Tie {
        Tie::new(rank, &[3; 32]).with_id(id)
    }

    fn patient(id: &str) -> Beneficiary {
        let mut packed = Vec::new();
        pack_text(&mut packed, Some(&format!("M{id}")));
        pack_text(&mut packed, None);
        Beneficiary { id: id.to_owned(), updated: 5, packed, unknown_marks: 0 }
    }

    fn index() -> Index {
        let mut index = Index::new().with_ties();
        for (id, source) in [("b", 1), ("a", 2), ("c", 0)] {
            index.add_patient(&patient(id), source, Some(tie(1, 7))).unwrap();
        }
        let coverage = |beneficiary: &str| Enrolment {
            id: None,
            beneficiary: beneficiary.to_owned(),
            part: Part::B.into(),
            updated: 9,
            subscriber: Mbi::new("1S00E00AA00"),
            packed: vec![1, 2],
        };
        index.add_coverage(&coverage("a"), Some(tie(2, 8))).unwrap();
        index.add_coverage(&coverage("alone"), Some(tie(2, 9))).unwrap();
        let merged = Merged { id: "c".to_owned(), survivor: "a".to_owned(), updated: 4 };
        index.merge(&merged, Some(tie(2, 0))).unwrap();
        index
    }

    fn bytes_of(index: &Index) -> Vec<u8> {
        let mut bytes = Vec::new();
        let stored = index.store(|one| {
            bytes.extend_from_slice(one);
            Ok::<(), ()>(())
        });
        stored.unwrap();
        bytes
    }

    #[test]
    fn the_same_index_is_made_again() {
        let bytes = bytes_of(&index());
        let (mut again, mut rest) = (Index::new().with_ties(), &bytes[..]);
        while let Some(stored) = Stored::next(&mut rest) {
            again.restore(&stored).unwrap();
        }
        assert!(rest.is_empty());
        assert_eq!(bytes_of(&again), bytes);
        let mbi = |id| again.mbi(again.find(id).unwrap()).unwrap();
        assert_eq!((mbi("a"), mbi("b"), mbi("c")), ("Ma", "Mb", "Ma"));
        assert_eq!(again.find("alone"), None);
        let order: Vec<_> = again.in_order().into_iter().map(|own| again.mbi(own)).collect();
        assert_eq!(order, [Some("Mb"), Some("Ma")]);
        assert_eq!(again.everybody().count(), 4);
        // What is cut short is never somebody.
        for len in 1..bytes.len() {
            let (mut rest, mut whole) = (&bytes[..len], 0);
            while Stored::next(&mut rest).is_some() {
                whole += 1;
            }
            assert!(whole < 4, "{len}");
        }
    }

    #[test]
    fn who_is_gone_is_left_out() {
        let bytes = bytes_of(&index());
        let (mut again, mut rest) = (Index::new().with_ties(), &bytes[..]);
        while let Some(mut stored) = Stored::next(&mut rest) {
            // All Patients of before the third time, and no Coverage.
            let gone = stored.change(7, |id, rank| id == 7 && rank < 30, |rank| rank * 10);
            assert_eq!(gone, Ok(stored.id() != "alone"));
            again.restore(&stored).unwrap();
        }
        assert_eq!((again.patients(), again.find("a")), (0, None));
        assert_eq!(again.everybody().count(), 4);
        again.add_patient(&patient("a"), 0, Some(tie(11, 7))).unwrap();
        assert!(again.coverage(again.find("a").unwrap(), Part::B as usize).is_some());
        // So is that somebody was merged.
        assert_eq!(again.find("c"), None);
        // What else would count is not stored.
        let mut rest = &bytes[..];
        let first = Stored::next(&mut rest).unwrap().change(7, |_, rank| rank == 1, |rank| rank);
        assert_eq!(first, Ok(true));
        let mut index = index();
        index.add_patient(&Beneficiary { updated: 1, ..patient("b") }, 0, Some(tie(3, 7))).unwrap();
        let bytes = bytes_of(&index);
        let first =
            Stored::next(&mut &bytes[..]).unwrap().change(7, |_, rank| rank < 3, |rank| rank);
        assert_eq!(first, Err(Forgotten));
    }
}

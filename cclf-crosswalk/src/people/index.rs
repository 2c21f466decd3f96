//! The beneficiary index: who is who, in some two hundred bytes each.
//!
//! Everything variable lies in one arena; an entry holds places in it. A million beneficiaries with four
//! Coverages each take about 220 MB.

mod arena;
mod hospice;
mod joins;
mod limit;
mod merged;
mod merges;
mod pieces;
mod stored;
mod ties;

use std::cmp::Ordering;
use std::hash::BuildHasher;

use cms::DatedMbi;

use hashbrown::{DefaultHashBuilder, HashTable};

use self::arena::{Arena, Place};
pub use self::hospice::HospiceRanges;
pub use self::limit::{IndexFull, IndexLimit};
use self::merges::Merges;
use self::pieces::{PIECE, Pieces};
pub use self::stored::{Forgotten as StoredForgotten, Stored};
use self::ties::{OF_PATIENT, Own, Ties};
use super::digest::{Kept, Unpack};
use super::mbi::Mbi;
use super::person::{Beneficiary, Enrolled, Enrolment};
use super::precedence::Tie;

/// Memory of a piece of the entries, and of as many numbers for the list in order.
const ENTRIES_BYTES: usize =
    PIECE * (size_of::<Entry>() + size_of::<Mbi>() + size_of::<BeneficiaryNumber>());

/// No Coverage of this part.
const NO_COVERAGE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Entry {
    id: Place,
    person: Place,
    updated: i64,
    /// Place of the Patient in the input, counted in Patients.
    order: u32,
    source: u32,
    coverage: [u32; Enrolled::COUNT],
    coverage_updated: [i64; Enrolled::COUNT],
}

/// A packed Coverage, and how many beneficiaries have it.
#[derive(Clone, Copy, Debug)]
struct Digest {
    place: Place,
    users: u32,
}

/// Number of a beneficiary in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeneficiaryNumber(u32);

/// Patients and Coverages by beneficiary; the newest version of each.
#[derive(Debug, Default)]
pub struct Index {
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    entries: Pieces<Entry>,
    /// By entry the MBI that its newest Coverage gives: in pieces of their own, they need no padding.
    subscribers: Pieces<Mbi>,
    ties: Ties,
    merges: Merges,
    /// A version that is not known any more would count.
    has_forgotten: bool,
    arena: Arena,
    digest_numbers: HashTable<u32>,
    digests: Vec<Digest>,
    /// Numbers of digests that nobody has any more.
    free_digests: Vec<u32>,
    limit: IndexLimit,
    /// Bytes beyond which memory is not to be had, as it is known now.
    end_of_memory: Option<usize>,
    patients_read: u64,
    superseded_patients: u64,
    superseded_coverages: u64,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty index that takes no more than this.
    pub fn bounded(limit: IndexLimit) -> Self {
        Self { limit, ..Self::default() }
    }

    /// The same, which tells versions that were last changed at one time apart by their [`Tie`]s, and follows Patients who
    /// were merged into others.
    #[must_use]
    pub fn with_ties(self) -> Self {
        Self { ties: Ties::kept(), ..self }
    }

    /// Beneficiaries known by a Patient.
    pub fn patients(&self) -> u64 {
        self.patients_read - self.superseded_patients
    }

    /// Patient records that a newer version of the same id replaced, or that were older than it.
    pub fn superseded_patients(&self) -> u64 {
        self.superseded_patients
    }

    /// Coverage records likewise.
    pub fn superseded_coverages(&self) -> u64 {
        self.superseded_coverages
    }

    /// Memory of the index in bytes, that of [`in_order`](Self::in_order) included.
    pub fn heap_bytes(&self) -> usize {
        let entries = self.entries.count() * (ENTRIES_BYTES + self.ties.piece_bytes());
        let tables = self.numbers.allocation_size() + self.digest_numbers.allocation_size();
        let digests = self.digests.capacity() * size_of::<Digest>()
            + self.free_digests.capacity() * size_of::<u32>();
        self.arena.heap_bytes() + entries + tables + digests + self.merges.heap_bytes()
    }

    /// From now on takes no more than so many bytes further, whatever its limit: more may not be there.
    pub fn set_room(&mut self, bytes: usize) {
        self.end_of_memory = Some(self.heap_bytes().saturating_add(bytes));
    }

    /// Whether so many bytes more are within the limit, be they of the index or of what else grows with people.
    ///
    /// # Errors
    /// They are not.
    pub fn check_room(&self, bytes: usize) -> Result<(), IndexFull> {
        let most = self.end_of_memory.unwrap_or(usize::MAX).min(self.limit.bytes);
        if bytes > 0 && self.heap_bytes().saturating_add(bytes) > most {
            return Err(IndexFull::Bytes(most));
        }
        Ok(())
    }

    fn entry(&self, number: u32) -> &Entry {
        self.entries.get(number)
    }

    fn entry_mut(&mut self, number: u32) -> &mut Entry {
        self.entries.get_mut(number)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn find_number(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.numbers
            .find(hash, |number| self.arena.get(self.entry(*number).id) == id.as_bytes())
            .copied()
    }

    #[allow(clippy::cast_possible_truncation, reason = "fewer beneficiaries than 2^32")]
    fn number(&mut self, id: &str) -> Result<u32, IndexFull> {
        if let Some(number) = self.find_number(id) {
            return Ok(number);
        }
        if self.len() >= self.limit.people as usize {
            return Err(IndexFull::People(self.limit.people));
        }
        let number = self.len() as u32;
        let is_full = self.entries.is_full();
        self.check_room(
            self.arena.growth(id.len())
                + table_growth(&self.numbers)
                + if is_full { ENTRIES_BYTES + self.ties.piece_bytes() } else { 0 },
        )?;
        let entry = Entry {
            id: self.arena.put(id.as_bytes()),
            person: Place::NONE,
            updated: i64::MIN,
            order: 0,
            source: 0,
            coverage: [NO_COVERAGE; Enrolled::COUNT],
            coverage_updated: [i64::MIN; Enrolled::COUNT],
        };
        self.entries.push(entry);
        self.subscribers.push(Mbi::default());
        self.ties.push();
        let hash = self.hasher.hash_one(id);
        let (entries, arena, hasher) = (&self.entries, &self.arena, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| {
            let entry = entries.get(*number);
            hasher.hash_one(std::str::from_utf8(arena.get(entry.id)).unwrap_or_default())
        });
        Ok(number)
    }

    /// The MBI that the newest Coverage of a beneficiary gives.
    fn subscriber(&self, number: u32) -> &Mbi {
        self.subscribers.get(number)
    }

    fn subscriber_mut(&mut self, number: u32) -> &mut Mbi {
        self.subscribers.get_mut(number)
    }

    /// Adds a Patient, in input order; `source` is the number of its file.
    /// The greatest `meta.lastUpdated` stays, of equal ones that which the tie tells, else the last. Versions that are
    /// replaced cost nothing.
    ///
    /// # Errors
    /// The index is full.
    pub(crate) fn add_patient(
        &mut self,
        patient: &Beneficiary,
        source: u32,
        tie: Option<Tie>,
    ) -> Result<(), IndexFull> {
        let number = self.number(&patient.id)?;
        if !self.merges.is_undone(number, tie) {
            self.patients_read += 1;
            self.superseded_patients += 1;
            return Ok(());
        }
        let order = self.patients_read;
        self.patients_read += 1;
        let known = self.entry(number);
        let (old, updated) = (known.person.if_any(), known.updated);
        let there = old.is_some();
        self.superseded_patients += u64::from(there);
        let known = if there { updated } else { i64::MIN };
        if !self.ties.replaces((number, OF_PATIENT), known, patient.updated, tie) && there {
            return Ok(());
        }
        self.check_room(self.arena.growth_in_place_of(old, patient.packed.len()))?;
        let place = self.arena.put_in_place_of(old, &patient.packed);
        let entry = self.entry_mut(number);
        entry.person = place;
        entry.updated = patient.updated;
        entry.order = u32::try_from(order).unwrap_or(u32::MAX);
        entry.source = source;
        Ok(())
    }

    /// Adds a Coverage, in input order.
    ///
    /// # Errors
    /// As of [`add_patient`](Self::add_patient).
    pub(crate) fn add_coverage(
        &mut self,
        coverage: &Enrolment,
        tie: Option<Tie>,
    ) -> Result<(), IndexFull> {
        let number = self.number(&coverage.beneficiary)?;
        let part = coverage.part.index();
        let known = self.entry(number);
        let there = known.coverage[part] != NO_COVERAGE;
        let updated = known.coverage_updated[part];
        let newest = known.coverage_updated.iter().max().copied().unwrap_or(i64::MIN);
        self.superseded_coverages += u64::from(there);
        if !self.ties.replaces((number, 1 + part), updated, coverage.updated, tie) && there {
            return Ok(());
        }
        let digest = self.digest(&coverage.packed)?;
        let subscriber = self.subscriber_mut(number);
        // Whatever the order they come in: that of the newest, of equally new ones the greatest.
        match coverage.updated.cmp(&newest) {
            Ordering::Greater => *subscriber = coverage.subscriber,
            Ordering::Equal => *subscriber = (*subscriber).max(coverage.subscriber),
            Ordering::Less => {}
        }
        if let Some(own) = self.ties.own(number) {
            own.subscribers[part] = coverage.subscriber;
        }
        let entry = self.entry_mut(number);
        let old = std::mem::replace(&mut entry.coverage[part], digest);
        entry.coverage_updated[part] = coverage.updated;
        if old != NO_COVERAGE {
            self.leave_digest(old);
        }
        self.settle_subscriber(number);
        Ok(())
    }

    /// Finds the MBI that the newest Coverage gives, of those that are there, where that of each is known.
    fn settle_subscriber(&mut self, number: u32) {
        let Some(Own { subscribers, .. }) = self.ties.own(number).map(|own| *own) else { return };
        let entry = self.entry(number);
        let there = (0..Enrolled::COUNT).filter(|part| entry.coverage[*part] != NO_COVERAGE);
        let newest = there.map(|part| (entry.coverage_updated[part], subscribers[part])).max();
        *self.subscriber_mut(number) = newest.map_or_else(Mbi::default, |(_, mbi)| mbi);
    }

    /// The number of a packed Coverage, for one beneficiary more: many have the same.
    #[allow(clippy::cast_possible_truncation, reason = "fewer digests than 2^32")]
    fn digest(&mut self, packed: &[u8]) -> Result<u32, IndexFull> {
        let hash = self.hasher.hash_one(packed);
        let (digests, arena) = (&self.digests, &self.arena);
        let is_it = |own: &u32| arena.get(digests[*own as usize].place) == packed;
        if let Some(number) = self.digest_numbers.find(hash, is_it).copied() {
            let users = &mut self.digests[number as usize].users;
            // One that so many have stays for good.
            *users = users.saturating_add(1);
            return Ok(number);
        }
        let is_full = self.digests.len() == self.digests.capacity();
        let list = if is_full { 2 * self.digests.capacity() * size_of::<Digest>() } else { 0 };
        self.check_room(
            self.arena.growth(packed.len()) + table_growth(&self.digest_numbers) + list,
        )?;
        let digest = Digest { place: self.arena.put(packed), users: 1 };
        let number = if let Some(free) = self.free_digests.pop() {
            self.digests[free as usize] = digest;
            free
        } else {
            self.digests.push(digest);
            self.digests.len() as u32 - 1
        };
        let (digests, arena, hasher) = (&self.digests, &self.arena, &self.hasher);
        self.digest_numbers.insert_unique(hash, number, |own| {
            hasher.hash_one(arena.get(digests[*own as usize].place))
        });
        Ok(number)
    }

    /// One beneficiary fewer has this packed Coverage.
    fn leave_digest(&mut self, number: u32) {
        let digest = &mut self.digests[number as usize];
        if digest.users == u32::MAX {
            return;
        }
        digest.users -= 1;
        if digest.users > 0 {
            return;
        }
        let place = digest.place;
        let hash = self.hasher.hash_one(self.arena.get(place));
        if let Ok(known) = self.digest_numbers.find_entry(hash, |own| *own == number) {
            known.remove();
        }
        self.arena.give_back(place);
        self.free_digests.push(number);
    }

    /// The beneficiary whose Patient has this id, or into whose Patient that was merged.
    pub fn find(&self, patient: &str) -> Option<BeneficiaryNumber> {
        let number = self.merges.survivor(self.find_number(patient)?);
        self.entry(number).person.if_any().map(|_| BeneficiaryNumber(number))
    }

    /// The current MBI of a beneficiary: that of the Patient, else that which the newest Coverage gives.
    pub fn mbi(&self, number: BeneficiaryNumber) -> Option<&str> {
        if let Kept::Text(mbi) = self.person(number).next() {
            return Some(mbi);
        }
        self.subscriber(number.0).text()
    }

    /// The packed Patient.
    fn person(&self, number: BeneficiaryNumber) -> Unpack<'_> {
        let person = self.entry(number.0).person.if_any();
        Unpack::new(person.map_or(&[][..], |place| self.arena.get(place)))
    }

    /// Current MBI, historic MBIs, and what else is kept of the Patient.
    pub(crate) fn patient(&self, number: BeneficiaryNumber) -> PatientDigest<'_> {
        let mut person = self.person(number);
        person.next();
        let current = self.mbi(number);
        let mut historic = Vec::new();
        while let Kept::Text(mbi) = person.next() {
            let mut day = || if let Kept::Date(day) = person.next() { Some(day) } else { None };
            historic.push(DatedMbi { mbi, begin: day(), end: day() });
        }
        historic.retain(|one| Some(one.mbi) != current);
        PatientDigest { current, historic, values: person }
    }

    /// The packed Coverage of a part: reference year first.
    pub(crate) fn coverage(&self, number: BeneficiaryNumber, part: usize) -> Option<Unpack<'_>> {
        let digest = self.entry(number.0).coverage[part];
        (digest != NO_COVERAGE)
            .then(|| Unpack::new(self.arena.get(self.digests[digest as usize].place)))
    }

    /// The number of the file that the Patient came from.
    pub(crate) fn source(&self, number: BeneficiaryNumber) -> u32 {
        self.entry(number.0).source
    }

    /// Beneficiaries with a Patient, in the input order of the Patients.
    #[allow(clippy::cast_possible_truncation, reason = "fewer beneficiaries than 2^32")]
    pub fn in_order(&self) -> Vec<BeneficiaryNumber> {
        // Not more than was accounted for.
        let mut numbers = Vec::with_capacity(self.len());
        numbers.extend(
            (0..self.len() as u32)
                .filter(|number| self.entry(*number).person.if_any().is_some())
                .map(BeneficiaryNumber),
        );
        numbers.sort_unstable_by_key(|number| self.entry(number.0).order);
        numbers
    }
}

/// Bytes that a table takes when one entry more makes it grow: while entries move, the old one is there, too.
fn table_growth(table: &HashTable<u32>) -> usize {
    /// Of the first table.
    const LEAST_BYTES: usize = 64;
    let is_full = table.len() == table.capacity();
    if is_full { (2 * table.allocation_size()).max(LEAST_BYTES) } else { 0 }
}

/// What is kept of a Patient.
#[derive(Debug)]
pub(crate) struct PatientDigest<'i> {
    pub(crate) current: Option<&'i str>,
    pub(crate) historic: Vec<DatedMbi<'i>>,
    pub(crate) values: Unpack<'i>,
}

#[cfg(test)]
mod tests;

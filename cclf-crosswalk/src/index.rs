//! The beneficiary index: who is who, in some two hundred bytes each.
//!
//! Everything variable lies in one arena; an entry holds places in it. A million beneficiaries with four
//! Coverages each take about 220 MB.

mod joins;

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::digest::{Kept, Unpack};
use crate::person::{Beneficiary, Enrolment};

/// Bytes of one piece of the arena.
const CHUNK_BYTES: usize = 1 << 20;

/// Entries of one piece of the entry list: pieces never move, so growth copies nothing.
const CHUNK_ENTRIES: usize = 1 << 14;

/// No Coverage of this part.
const NO_COVERAGE: u32 = u32::MAX;

/// A place in the arena.
#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: u32,
    start: u32,
    len: u32,
}

#[derive(Debug, Default)]
struct Arena {
    chunks: Vec<Vec<u8>>,
}

impl Arena {
    #[allow(clippy::cast_possible_truncation, reason = "packed records are shorter than a line")]
    fn put(&mut self, bytes: &[u8]) -> Place {
        let fits =
            self.chunks.last().is_some_and(|last| last.capacity() - last.len() >= bytes.len());
        if !fits {
            self.chunks.push(Vec::with_capacity(bytes.len().max(CHUNK_BYTES)));
        }
        let chunk = self.chunks.len() - 1;
        let target = &mut self.chunks[chunk];
        let start = target.len();
        target.extend_from_slice(bytes);
        Place { chunk: chunk as u32, start: start as u32, len: bytes.len() as u32 }
    }

    fn get(&self, place: Place) -> &[u8] {
        &self.chunks[place.chunk as usize][place.start as usize..][..place.len as usize]
    }
}

#[derive(Clone, Debug)]
struct Entry {
    id: Place,
    person: Option<Place>,
    updated: i64,
    /// Place of the Patient in the input, counted in Patients.
    order: u32,
    source: u32,
    coverage: [u32; 4],
    coverage_updated: [i64; 4],
}

/// Number of a beneficiary in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BeneficiaryNumber(u32);

/// Patients and Coverages by beneficiary; the newest version of each.
#[derive(Debug, Default)]
pub struct Index {
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    entries: Vec<Vec<Entry>>,
    arena: Arena,
    digests: HashTable<u32>,
    digest_places: Vec<Place>,
    patients_read: u32,
    superseded_patients: u64,
    superseded_coverages: u64,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Beneficiaries known by a Patient.
    pub fn patients(&self) -> u64 {
        u64::from(self.patients_read) - self.superseded_patients
    }

    /// Patient records that a newer version of the same id replaced, or that were older than it.
    pub fn superseded_patients(&self) -> u64 {
        self.superseded_patients
    }

    /// Coverage records likewise.
    pub fn superseded_coverages(&self) -> u64 {
        self.superseded_coverages
    }

    /// Memory of the index in bytes, as far as it is the index's own.
    pub fn heap_bytes(&self) -> usize {
        let arena: usize = self.arena.chunks.iter().map(Vec::capacity).sum();
        let entries = self.entries.len() * CHUNK_ENTRIES * size_of::<Entry>();
        let tables = self.numbers.allocation_size() + self.digests.allocation_size();
        arena + entries + tables + self.digest_places.capacity() * size_of::<Place>()
    }

    fn entry(&self, number: u32) -> &Entry {
        &self.entries[number as usize / CHUNK_ENTRIES][number as usize % CHUNK_ENTRIES]
    }

    fn entry_mut(&mut self, number: u32) -> &mut Entry {
        &mut self.entries[number as usize / CHUNK_ENTRIES][number as usize % CHUNK_ENTRIES]
    }

    fn len(&self) -> usize {
        match self.entries.split_last() {
            Some((last, full)) => full.len() * CHUNK_ENTRIES + last.len(),
            None => 0,
        }
    }

    fn find_number(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.numbers
            .find(hash, |number| self.arena.get(self.entry(*number).id) == id.as_bytes())
            .copied()
    }

    #[allow(clippy::cast_possible_truncation, reason = "fewer beneficiaries than 2^32")]
    fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.find_number(id) {
            return number;
        }
        let number = self.len() as u32;
        if self.entries.last().is_none_or(|last| last.len() == CHUNK_ENTRIES) {
            self.entries.push(Vec::with_capacity(CHUNK_ENTRIES));
        }
        let entry = Entry {
            id: self.arena.put(id.as_bytes()),
            person: None,
            updated: i64::MIN,
            order: 0,
            source: 0,
            coverage: [NO_COVERAGE; 4],
            coverage_updated: [i64::MIN; 4],
        };
        if let Some(last) = self.entries.last_mut() {
            last.push(entry);
        }
        let hash = self.hasher.hash_one(id);
        let (entries, arena, hasher) = (&self.entries, &self.arena, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| {
            let number = *number as usize;
            let entry = &entries[number / CHUNK_ENTRIES][number % CHUNK_ENTRIES];
            hasher.hash_one(std::str::from_utf8(arena.get(entry.id)).unwrap_or_default())
        });
        number
    }

    /// Adds a Patient, in input order; `source` is the number of its file.
    /// The greatest `meta.lastUpdated` stays, of equal ones the last.
    pub fn add_patient(&mut self, patient: &Beneficiary, source: u32) {
        let number = self.number(&patient.id);
        let order = self.patients_read;
        self.patients_read += 1;
        let known = self.entry(number);
        let (there, newer) = (known.person.is_some(), known.updated > patient.updated);
        self.superseded_patients += u64::from(there);
        if there && newer {
            return;
        }
        let place = self.arena.put(&patient.packed);
        let entry = self.entry_mut(number);
        entry.person = Some(place);
        entry.updated = patient.updated;
        entry.order = order;
        entry.source = source;
    }

    /// Adds a Coverage, in input order.
    pub fn add_coverage(&mut self, coverage: &Enrolment) {
        let number = self.number(&coverage.beneficiary);
        let part = coverage.part as usize;
        let known = self.entry(number);
        let there = known.coverage[part] != NO_COVERAGE;
        let newer = known.coverage_updated[part] > coverage.updated;
        self.superseded_coverages += u64::from(there);
        if there && newer {
            return;
        }
        let digest = self.digest(&coverage.packed);
        let entry = self.entry_mut(number);
        entry.coverage[part] = digest;
        entry.coverage_updated[part] = coverage.updated;
    }

    /// The number of a packed Coverage: many beneficiaries have the same.
    #[allow(clippy::cast_possible_truncation, reason = "fewer digests than 2^32")]
    fn digest(&mut self, packed: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(packed);
        let (places, arena) = (&self.digest_places, &self.arena);
        let found = self.digests.find(hash, |own| arena.get(places[*own as usize]) == packed);
        if let Some(digest) = found {
            return *digest;
        }
        let digest = self.digest_places.len() as u32;
        let place = self.arena.put(packed);
        self.digest_places.push(place);
        let (places, arena, hasher) = (&self.digest_places, &self.arena, &self.hasher);
        self.digests
            .insert_unique(hash, digest, |own| hasher.hash_one(arena.get(places[*own as usize])));
        digest
    }

    /// The beneficiary whose Patient has this id.
    pub fn find(&self, patient: &str) -> Option<BeneficiaryNumber> {
        let number = self.find_number(patient)?;
        self.entry(number).person.map(|_| BeneficiaryNumber(number))
    }

    /// The current MBI of a beneficiary.
    pub fn mbi(&self, number: BeneficiaryNumber) -> Option<&str> {
        match self.person(number).next() {
            Kept::Text(mbi) => Some(mbi),
            _ => None,
        }
    }

    /// The packed Patient.
    fn person(&self, number: BeneficiaryNumber) -> Unpack<'_> {
        let person = self.entry(number.0).person;
        Unpack::new(person.map_or(&[][..], |place| self.arena.get(place)))
    }

    /// Current MBI, historic MBIs, and what else is kept of the Patient.
    pub(crate) fn patient(&self, number: BeneficiaryNumber) -> PatientDigest<'_> {
        let mut person = self.person(number);
        let current = match person.next() {
            Kept::Text(mbi) => Some(mbi),
            _ => None,
        };
        let mut historic = Vec::new();
        while let Kept::Text(mbi) = person.next() {
            historic.push(mbi);
        }
        PatientDigest { current, historic, values: person }
    }

    /// The packed Coverage of a part: reference year first.
    pub(crate) fn coverage(&self, number: BeneficiaryNumber, part: usize) -> Option<Unpack<'_>> {
        let digest = self.entry(number.0).coverage[part];
        (digest != NO_COVERAGE)
            .then(|| Unpack::new(self.arena.get(self.digest_places[digest as usize])))
    }

    /// The number of the file that the Patient came from.
    pub(crate) fn source(&self, number: BeneficiaryNumber) -> u32 {
        self.entry(number.0).source
    }

    /// Beneficiaries with a Patient, in the input order of the Patients.
    #[allow(clippy::cast_possible_truncation, reason = "fewer beneficiaries than 2^32")]
    pub fn in_order(&self) -> Vec<BeneficiaryNumber> {
        let mut numbers: Vec<BeneficiaryNumber> = (0..self.len() as u32)
            .filter(|number| self.entry(*number).person.is_some())
            .map(BeneficiaryNumber)
            .collect();
        numbers.sort_unstable_by_key(|number| self.entry(number.0).order);
        numbers
    }
}

/// What is kept of a Patient.
#[derive(Debug)]
pub(crate) struct PatientDigest<'i> {
    pub(crate) current: Option<&'i str>,
    pub(crate) historic: Vec<&'i str>,
    pub(crate) values: Unpack<'i>,
}

/// Hospice ranges from active hospice claims: by person and start; the greatest end, none if any claim has none.
#[derive(Debug, Default)]
pub struct HospiceRanges {
    ranges: BTreeMap<(BeneficiaryNumber, i32), Option<i32>>,
}

impl HospiceRanges {
    /// Adds the stay of one claim, in days since 1970-01-01. The order of claims does not matter.
    pub fn add(&mut self, beneficiary: BeneficiaryNumber, start: i32, end: Option<i32>) {
        self.ranges
            .entry((beneficiary, start))
            .and_modify(|known| *known = known.zip(end).map(|(known, end)| known.max(end)))
            .or_insert(end);
    }

    /// The ranges of a beneficiary, by start.
    pub fn of(&self, beneficiary: BeneficiaryNumber) -> impl Iterator<Item = (i32, Option<i32>)> {
        self.ranges
            .range((beneficiary, i32::MIN)..=(beneficiary, i32::MAX))
            .map(|((_, start), end)| (*start, *end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::pack_text;
    use crate::fact::Part;

    fn patient(id: &str, mbi: &str, updated: i64) -> Beneficiary {
        let mut packed = Vec::new();
        pack_text(&mut packed, mbi);
        packed.push(0);
        Beneficiary { id: id.into(), updated, packed, unknown_marks: 0 }
    }

    #[test]
    fn the_newest_version_stays_and_of_equal_ones_the_last() {
        let mut index = Index::new();
        index.add_patient(&patient("-1", "A", 5), 0);
        index.add_patient(&patient("-2", "B", 5), 0);
        index.add_patient(&patient("-1", "C", 4), 1);
        index.add_patient(&patient("-2", "D", 5), 1);
        let mbi = |id| index.mbi(index.find(id).unwrap());
        assert_eq!(mbi("-1"), Some("A"));
        assert_eq!(mbi("-2"), Some("D"));
        assert_eq!(index.superseded_patients(), 2);
        assert_eq!(index.patients(), 2);
        let order: Vec<_> = index.in_order().into_iter().map(|number| index.mbi(number)).collect();
        assert_eq!(order, [Some("A"), Some("D")]);
    }

    #[test]
    fn a_coverage_alone_is_no_beneficiary() {
        let mut index = Index::new();
        let coverage =
            Enrolment { beneficiary: "7".into(), part: Part::B, updated: 0, packed: vec![0] };
        index.add_coverage(&coverage);
        assert_eq!(index.find("7"), None);
        index.add_patient(&patient("7", "M", 0), 0);
        let number = index.find("7").unwrap();
        assert!(index.coverage(number, Part::B as usize).is_some());
        assert!(index.coverage(number, Part::A as usize).is_none());
    }

    #[test]
    fn an_open_stay_opens_the_range() {
        let mut ranges = HospiceRanges::default();
        let (one, two) = (BeneficiaryNumber(1), BeneficiaryNumber(2));
        ranges.add(one, 20, Some(30));
        ranges.add(one, 10, Some(12));
        ranges.add(one, 10, Some(11));
        ranges.add(two, 10, Some(11));
        ranges.add(two, 10, None);
        ranges.add(two, 10, Some(99));
        assert_eq!(ranges.of(one).collect::<Vec<_>>(), [(10, Some(12)), (20, Some(30))]);
        assert_eq!(ranges.of(two).collect::<Vec<_>>(), [(10, None)]);
    }

    #[test]
    fn a_million_beneficiaries_fit_in_300_megabytes() {
        // A tenth of it, packed as wide as real rows are: names, address, dates.
        let mut index = Index::new();
        let mut person = patient("", "1S00E00AA00", 0);
        person.packed.extend_from_slice(&[b'x'; 110]);
        for number in 0..100_000u32 {
            person.id = format!("-100000{number:08}");
            index.add_patient(&person, 0);
            for part in Part::ALL {
                // Every third digest is one of its own: start dates differ.
                let packed = (number / 3).to_le_bytes().repeat(6);
                index.add_coverage(&Enrolment {
                    beneficiary: person.id.clone(),
                    part,
                    updated: 0,
                    packed,
                });
            }
        }
        assert!(index.heap_bytes() < 30_000_000, "{} bytes", index.heap_bytes());
    }
}

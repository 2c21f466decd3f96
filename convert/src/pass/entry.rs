//! What is kept of a claim while it is found out which claims count: entries of a fixed size, ordered by their bytes.

use std::collections::HashMap;

use cclf_crosswalk::{Claim, ClaimSystem, Resource, Tie, Version};

use crate::input::deletions::{IdHash, id_hash, part_of};

/// Part of a person's hash: ids of one person's claims are compared with it, and no others.
pub(crate) type PersonHash = u64;

const DELETED: u8 = 1;
const SHARED: u8 = 2;
const HISTORY: u8 = 4;
const IN_FORCE: u8 = 8;
/// Of an entry that stands for the number that a claim had before.
const PRIOR: u8 = 16;
/// In a state: the claim has no rows, because another system has it.
const LEFT_OUT: u8 = 32;

/// A version of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    id: IdHash,
    /// The rank of its export, and its place: versions of one id come in the order of the input.
    rank: u32,
    source: u32,
    offset: u64,
    updated: i64,
    tie: Tie,
    /// The rank of the newest export that has any version: where that is greater than its own, another version would count
    /// without this one.
    newest: u32,
    person: PersonHash,
    /// What it has in common with other records of the claim; zeros where it does not tell.
    number: IdHash,
    prior: IdHash,
    /// Begin and end of the stay of a hospice claim.
    stay: Option<(i32, Option<i32>)>,
    flags: u8,
}

/// The day of a stay that is not there.
const NO_DAY: i32 = i32::MIN;

/// The first bytes, and what is left of them.
fn cut<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut piece = [0; N];
    if let Some((head, rest)) = bytes.split_at_checked(N) {
        piece.copy_from_slice(head);
        *bytes = rest;
    }
    piece
}

/// 128 bits of the hash of a number that claims have in common.
fn number_hash(number: Option<&str>) -> IdHash {
    let mut hash = IdHash::default();
    if let Some(number) = number {
        hash.copy_from_slice(&blake3::hash(number.as_bytes()).as_bytes()[..size_of::<IdHash>()]);
    }
    hash
}

pub(crate) fn person_hash(id: &str) -> PersonHash {
    part_of(&id_hash(Resource::Patient, id))
}

impl Entry {
    pub(crate) const BYTES: usize = 16 + 4 + 4 + 8 + 8 + 8 + 4 + 8 + 16 + 16 + 4 + 4 + 1;

    /// The bytes that versions of one claim have in common.
    pub(crate) const ID_BYTES: usize = size_of::<IdHash>();

    /// The entry of a claim with this hash of its id; `is_deleted` is told by a later export.
    pub(crate) fn new(
        claim: &Claim<'_>,
        id: IdHash,
        tie: Tie,
        (source, offset): (u32, u64),
        is_deleted: bool,
    ) -> Self {
        let identity = claim.identity();
        let mut flags = match identity.system {
            ClaimSystem::Shared => SHARED,
            ClaimSystem::History => HISTORY,
            ClaimSystem::Other => 0,
        };
        flags |= if is_deleted { DELETED } else { 0 };
        flags |= if identity.is_in_force { IN_FORCE } else { 0 };
        Self {
            id,
            rank: tie.rank(),
            source,
            offset,
            updated: claim.last_updated().unwrap_or(i64::MIN),
            tie,
            newest: tie.rank(),
            person: claim.patient().as_deref().map(person_hash).unwrap_or_default(),
            number: number_hash(identity.number.as_deref()),
            prior: number_hash(identity.prior.as_deref()),
            stay: claim.hospice_stay(),
            flags,
        }
    }

    pub(crate) fn pack(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let stay = self.stay.map_or(NO_DAY, |(start, _)| start);
        let end = self.stay.and_then(|(_, end)| end).unwrap_or(NO_DAY);
        let parts: [&[u8]; 13] = [
            &self.id,
            &self.rank.to_be_bytes(),
            &self.source.to_be_bytes(),
            &self.offset.to_be_bytes(),
            &self.updated.to_be_bytes(),
            &self.tie.to_bits().to_be_bytes(),
            &self.newest.to_be_bytes(),
            &self.person.to_be_bytes(),
            &self.number,
            &self.prior,
            &stay.to_be_bytes(),
            &end.to_be_bytes(),
            &[self.flags],
        ];
        let mut left = &mut bytes[..];
        for part in parts {
            let (head, rest) = left.split_at_mut(part.len());
            head.copy_from_slice(part);
            left = rest;
        }
        bytes
    }

    pub(crate) fn unpack(bytes: &[u8; Self::BYTES]) -> Self {
        let bytes = &mut &bytes[..];
        let stay = |start: i32, end: i32| {
            (start != NO_DAY).then_some((start, Some(end).filter(|end| *end != NO_DAY)))
        };
        Self {
            id: cut(bytes),
            rank: u32::from_be_bytes(cut(bytes)),
            source: u32::from_be_bytes(cut(bytes)),
            offset: u64::from_be_bytes(cut(bytes)),
            updated: i64::from_be_bytes(cut(bytes)),
            tie: Tie::from_bits(u64::from_be_bytes(cut(bytes))),
            newest: u32::from_be_bytes(cut(bytes)),
            person: u64::from_be_bytes(cut(bytes)),
            number: cut(bytes),
            prior: cut(bytes),
            stay: stay(i32::from_be_bytes(cut(bytes)), i32::from_be_bytes(cut(bytes))),
            flags: cut::<1>(bytes)[0],
        }
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }

    /// Where the claim stands: the number of its source, and the offset of its line.
    pub(crate) fn place(&self) -> (u32, u64) {
        (self.source, self.offset)
    }

    /// The same, of which an export of this rank has another version.
    pub(crate) fn besides(&self, newest: u32) -> Self {
        Self { newest: newest.max(self.newest), ..*self }
    }

    pub(crate) fn newest(&self) -> u32 {
        self.newest
    }

    /// The same, in an export of a later time as well.
    pub(crate) fn as_new_as(&self, other: &Self) -> Self {
        let tie = self.tie.max(other.tie);
        Self { tie, rank: tie.rank(), ..*self }
    }

    /// The same as a state has it: where it stood means nothing there.
    pub(crate) fn for_state(&self, is_left_out: bool) -> Self {
        let flags = self.flags & !(DELETED | LEFT_OUT) | if is_left_out { LEFT_OUT } else { 0 };
        Self { source: 0, offset: 0, flags, ..*self }
    }

    /// The same of a state, which is a source besides those that are read; `is_deleted` is told by a later export.
    pub(crate) fn of_state(
        &self,
        (source, offset): (u32, u64),
        (rank, newest): (u32, u32),
        is_deleted: bool,
    ) -> Self {
        let flags = self.flags | if is_deleted { DELETED } else { 0 };
        Self { source, offset, rank, newest, tie: self.tie.with_rank(rank), flags, ..*self }
    }

    /// Whether it has no rows in the result whose state it is of, because another system has the claim.
    pub(crate) fn was_left_out(&self) -> bool {
        self.flags & LEFT_OUT != 0
    }

    pub(crate) fn id(&self) -> &IdHash {
        &self.id
    }

    pub(crate) fn rank(&self) -> u32 {
        self.rank
    }

    pub(crate) fn person(&self) -> PersonHash {
        self.person
    }

    pub(crate) fn stay(&self) -> Option<(i32, Option<i32>)> {
        self.stay
    }

    pub(crate) fn version(&self) -> Version {
        (self.updated, Some(self.tie))
    }
}

/// A claim that counts, under a number that it has in common with other records of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kin {
    key: IdHash,
    source: u32,
    offset: u64,
    flags: u8,
}

impl Kin {
    pub(crate) const BYTES: usize = 16 + 4 + 8 + 1;

    /// The bytes that records of one claim have in common.
    pub(crate) const KEY_BYTES: usize = size_of::<IdHash>();

    pub(crate) fn pack(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..16].copy_from_slice(&self.key);
        bytes[16..20].copy_from_slice(&self.source.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.offset.to_be_bytes());
        bytes[28] = self.flags;
        bytes
    }

    pub(crate) fn unpack(bytes: &[u8; Self::BYTES]) -> Self {
        let bytes = &mut &bytes[..];
        Self {
            key: cut(bytes),
            source: u32::from_be_bytes(cut(bytes)),
            offset: u64::from_be_bytes(cut(bytes)),
            flags: cut::<1>(bytes)[0],
        }
    }

    /// Where the claim stands.
    pub(crate) fn place(&self) -> (u32, u64) {
        (self.source, self.offset)
    }

    pub(crate) fn is_of(&self, system: ClaimSystem) -> bool {
        match system {
            ClaimSystem::Shared => self.flags & SHARED != 0,
            ClaimSystem::History => self.flags & HISTORY != 0,
            ClaimSystem::Other => self.flags & (SHARED | HISTORY) == 0,
        }
    }

    /// Whether it counts as it stands, under its own number.
    pub(crate) fn is_in_force(&self) -> bool {
        self.flags & (IN_FORCE | PRIOR) == IN_FORCE
    }
}

/// Whose claims are whose: those of Patients who were merged are the survivor's.
#[derive(Debug, Default)]
pub(crate) struct Kinship(HashMap<PersonHash, PersonHash>);

impl Kinship {
    /// Of the ids of merged Patients, and those of the survivors.
    pub(crate) fn new<'i>(merged: impl Iterator<Item = (&'i str, &'i str)>) -> Self {
        Self(merged.map(|(own, other)| (person_hash(own), person_hash(other))).collect())
    }

    /// The claim under each number by which other records of it are found.
    pub(crate) fn of(&self, entry: &Entry) -> impl Iterator<Item = Kin> {
        let person = *self.0.get(&entry.person).unwrap_or(&entry.person);
        let numbers = [(entry.number, 0), (entry.prior, PRIOR)];
        let Entry { source, offset, flags, .. } = *entry;
        let wanted =
            move |role: u8| flags & (SHARED | HISTORY) != 0 || (role == 0 && flags & IN_FORCE != 0);
        numbers
            .into_iter()
            .filter(move |(number, role)| *number != IdHash::default() && wanted(*role))
            .map(move |(number, role)| {
                let mut hasher = blake3::Hasher::new();
                hasher.update(&person.to_be_bytes()).update(&number);
                let mut key = IdHash::default();
                key.copy_from_slice(&hasher.finalize().as_bytes()[..size_of::<IdHash>()]);
                Kin { key, source, offset, flags: flags | role }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            id: [1; 16],
            rank: 2,
            source: 3,
            offset: 4,
            updated: i64::MIN,
            tie: Tie::new(2, &[9; 32]),
            newest: 5,
            person: 5,
            number: [6; 16],
            prior: [7; 16],
            stay: Some((9, None)),
            flags: HISTORY | IN_FORCE,
        }
    }

    #[test]
    fn what_is_packed_comes_out_and_is_ordered_by_place() {
        let one = entry();
        assert_eq!(Entry::unpack(&one.pack()), one);
        let later = Entry { rank: 3, source: 0, ..one };
        assert!(one.pack() < later.pack());
        let further = Entry { offset: 300, ..one };
        assert!(one.pack() < further.pack() && further.pack() < later.pack());
        for kin in Kinship::default().of(&one) {
            assert_eq!(Kin::unpack(&kin.pack()), kin);
        }
    }

    #[test]
    fn claims_of_merged_people_are_kin() {
        let (one, other) = (entry(), Entry { person: person_hash("a"), ..entry() });
        let keys = |kinship: &Kinship, entry: &Entry| -> Vec<IdHash> {
            kinship.of(entry).map(|kin| kin.key).collect()
        };
        let merged = Kinship(HashMap::from([(person_hash("a"), one.person)]));
        assert_ne!(keys(&Kinship::default(), &one), keys(&Kinship::default(), &other));
        assert_eq!(keys(&merged, &one), keys(&merged, &other));
        assert_eq!(keys(&merged, &one).len(), 2);
        // Of what neither system has the number of before finds nothing.
        assert_eq!(keys(&merged, &Entry { flags: IN_FORCE, ..one }).len(), 1);
        assert_eq!(keys(&merged, &Entry { number: [0; 16], flags: IN_FORCE, ..one }).len(), 0);
    }
}

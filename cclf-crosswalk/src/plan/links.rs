//! Entries of a claim's lists by their sequence numbers, for claims with so many that looking through the list for
//! each item would take time by the square of the claim's length.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::plan::tree::{KeyBit, Reg};

/// Lists with fewer entries are looked through: that is faster.
pub(crate) const SCAN_LIMIT: usize = 64;

/// Places in a list by sequence number; of several entries the first.
type Places = HashMap<i64, usize>;

/// What the care team is asked for: a role, and a register that is not null.
type CareTeamKey = (KeyBit, Option<Reg>);

/// Made when first asked for, forgotten with the record.
#[derive(Debug, Default)]
pub(crate) struct BySequence {
    diagnoses: RefCell<Option<Places>>,
    care_team: RefCell<Vec<(CareTeamKey, Places)>>,
}

impl BySequence {
    pub(crate) fn clear(&mut self) {
        *self.diagnoses.get_mut() = None;
        self.care_team.get_mut().clear();
    }

    /// The place of the first diagnosis with this sequence; `entries` gives sequences and places in order.
    pub(crate) fn diagnosis(
        &self,
        wanted: i64,
        entries: impl Iterator<Item = (i64, usize)>,
    ) -> Option<usize> {
        self.diagnoses.borrow_mut().get_or_insert_with(|| places(entries)).get(&wanted).copied()
    }

    /// The place of the first entry of the care team with one of these sequences; `entries` gives those that `key`
    /// asks for.
    pub(crate) fn care_team(
        &self,
        key: CareTeamKey,
        wanted: &[i64],
        entries: impl Iterator<Item = (i64, usize)>,
    ) -> Option<usize> {
        let mut all = self.care_team.borrow_mut();
        let known = all.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
            all.push((key, places(entries)));
            all.len() - 1
        });
        let (_, places) = &all[known];
        wanted.iter().filter_map(|sequence| places.get(sequence)).min().copied()
    }
}

fn places(entries: impl Iterator<Item = (i64, usize)>) -> Places {
    let mut places = Places::new();
    for (sequence, place) in entries {
        places.entry(sequence).or_insert(place);
    }
    places
}

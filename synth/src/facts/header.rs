//! What every claim has, whatever its type.

use super::claim_type::ClaimType;
use super::person::{Person, Spell, Version, load_time};
use crate::date::{Day, Instant};
use crate::rng::Rng;

/// What happened to a claim after it was first paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Original,
    Adjusted,
    Cancelled,
}

/// Where a claim stands in the export.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The claim's number among the person's.
    pub(crate) number: u64,
    /// How many claim numbers each person has.
    pub(crate) stride: u64,
    pub(crate) version: Version,
    /// Draw the claim's type (`None`) or take this one.
    pub(crate) claim_type: Option<ClaimType>,
}

/// What every claim type needs.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) person: &'a Person,
    pub(crate) kind: ClaimType,
    /// The claim's number among the person's.
    pub(crate) number: u64,
    /// The claim's number among all of the export.
    pub(crate) offset: u64,
    /// clm_id or pde_id of the Chronic Conditions Warehouse.
    pub(crate) id: i64,
    pub(crate) group: u64,
    /// The person has no Patient in the export.
    pub(crate) orphan: bool,
    pub(crate) from: Day,
    pub(crate) thru: Day,
    pub(crate) load: Instant,
    pub(crate) action: Action,
    /// As a shared system has it, before it is wholly adjudicated (v3).
    pub(crate) shared: bool,
    /// No longer the final version.
    pub(crate) cancelled: bool,
    pub(crate) has_period: bool,
    pub(crate) processed: Day,
    /// The number of the first line: a claim's only line may be 6 or 25.
    pub(crate) lines_from: u32,
    /// The hospice spell, and whether it is the person's first or second.
    pub(crate) spell: Option<(Spell, u32)>,
}

impl<'a> Header<'a> {
    pub(super) fn draw(
        rng: &mut Rng,
        person: &'a Person,
        place: Place,
        claim_type: ClaimType,
    ) -> Self {
        const FIRST_ID: i64 = -10_000_931_498_648;
        const FIRST_OLD_ID: i64 = 10_335_267_275;
        let among_all = person.index.saturating_mul(place.stride).saturating_add(place.number);
        let offset = i64::try_from(among_all).unwrap_or(i64::MAX / 4);
        let length = match claim_type {
            ClaimType::Inpatient => rng.between(1, 14),
            ClaimType::Snf => rng.between(5, 30),
            ClaimType::Hha => rng.between(20, 59),
            ClaimType::Outpatient => [0, rng.between(1, 20)][rng.weighted(&[85, 15])],
            ClaimType::Carrier => [0, rng.between(1, 6)][rng.weighted(&[92, 8])],
            _ => 0,
        };
        let id = if person.old_style { FIRST_OLD_ID + offset } else { FIRST_ID - offset };
        let any_day =
            person.first_claim.plus(rng.below(person.last_claim.since(person.first_claim)));
        // The claim's number chooses the spell, so that several claims fall into one.
        let second = id % 3 == 0;
        let spell = person
            .spells
            .filter(|_| claim_type == ClaimType::Hospice)
            .map(|spells| (spells[usize::from(second)], if second { 2 } else { 1 }));
        let (from, length) = match spell {
            Some((spell, _)) => {
                let from = spell.start.plus(rng.below(spell.end.since(spell.start)));
                (from, spell.end.since(from).min(30))
            }
            None => (any_day, length),
        };
        let thru = from.plus(length);
        let action =
            [Action::Original, Action::Adjusted, Action::Cancelled][rng.weighted(&[940, 40, 20])];
        let superseded = rng.percent(2);
        let orphan = rng.chance(1, 2000);
        let load = load_time(rng, place.version);
        Self {
            person,
            kind: claim_type,
            number: place.number,
            offset: among_all,
            id,
            group: rng.digits(11),
            orphan,
            from,
            thru,
            load,
            action,
            shared: false,
            cancelled: action == Action::Cancelled
                || superseded
                || place.version == Version::Second,
            has_period: !rng.chance(1, 200),
            processed: thru.plus(rng.between(7, 50)),
            lines_from: if rng.percent(2) { rng.between(2, 25) } else { 1 },
            spell,
        }
    }

    /// Another number for the same claim, so many numbers further on.
    pub(super) fn renumber(&mut self, further: u64) {
        self.offset += further;
        let further = i64::try_from(further).unwrap_or(i64::MAX / 4);
        self.id += if self.person.old_style { further } else { -further };
    }

    /// The bene_id of the Chronic Conditions Warehouse.
    pub(crate) fn patient_id(&self) -> i64 {
        if self.orphan { self.person.absent_id() } else { self.person.id }
    }
}

/// A made-up provider number of ten digits beginning 99, from a pool of `pool` providers.
pub(super) fn npi(rng: &mut Rng, pool: u32) -> u64 {
    9_900_000_000 + u64::from(rng.below(pool)) * 7919 % 100_000_000
}

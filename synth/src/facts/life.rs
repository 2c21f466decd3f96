//! What becomes of people and their claims from week to week.
//!
//! Each week of a person and of a claim draws from a stream of its own: how many weeks are told changes none of them. The
//! first people and claims have an event of each kind early, so that a small series of three weeks shows all.

use super::patient::Patient;
use super::person::{Person, Version};
use crate::rng::{Rng, Stream};
use crate::weeks::{Scope, Window};

/// What an export tells of a person.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    /// Whether there are weeks at all.
    weekly: bool,
    /// The last week that is told.
    upto: u32,
    /// The week up to which all is known; 0 when nothing is.
    after: u32,
    /// Each record once: its last version.
    pub(crate) once: bool,
    /// Everything of the person has been deleted, in a week that is told.
    pub(crate) erased: bool,
    /// The last week in which the Patient changed, and the Coverages; 1 for never.
    patient: u32,
    coverage: u32,
    /// How many earlier MBIs there were before the person got another one, if that has happened.
    pub(crate) former_mbis: Option<u64>,
}

/// What there is of a claim.
#[derive(Debug, Clone)]
pub(crate) struct ClaimLife {
    /// The week that tells it first.
    pub(crate) born: u32,
    /// The weeks in which it was corrected.
    pub(crate) corrections: Vec<u32>,
    /// The week of its last change; `born` when it never changed.
    pub(crate) last: u32,
    pub(crate) end: Option<End>,
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// By a claim with a number of its own, in the same claim group.
    Replaced,
    Cancelled,
    Deleted,
}

/// Draws of a person's weeks; each kind has a stream of its own.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Membership = 1,
    Mbi = 2,
    Patient = 3,
    Coverage = 4,
}

fn of_person(person: &Person, kind: Kind, week: u32) -> Rng {
    // Beyond the numbers of claims.
    let part = u64::MAX - (u64::from(week) << 4) - kind as u64;
    Rng::new(person.seed, Stream::Week, person.index, part)
}

fn of_claim(person: &Person, number: u64, week: u32) -> Rng {
    Rng::new(person.seed, Stream::Week, person.index, number << 10 | u64::from(week))
}

impl Telling {
    /// Everything, as it is without weeks.
    pub(crate) fn everything() -> Self {
        Self {
            weekly: false,
            upto: 1,
            after: 0,
            once: false,
            erased: false,
            patient: 1,
            coverage: 1,
            former_mbis: None,
        }
    }

    /// What a window tells of a person; `None` when nothing.
    pub(crate) fn new(person: &Person, window: Option<Window>) -> Option<Self> {
        let Some(window) = window else { return Some(Self::everything()) };
        let (joins, leaves, erased) = membership(person);
        let left = leaves.is_some_and(|week| week <= window.until);
        if joins > window.until || (left && window.scope != Scope::State) {
            return None;
        }
        // What happens after somebody has left is told to nobody.
        let upto = leaves.map_or(window.until, |week| window.until.min(week - 1));
        let is_new = window.scope == Scope::Group && joins > window.after;
        let after = if is_new { 0 } else { window.after };
        let erased = erased.filter(|&week| week <= upto);
        // Of what is gone those are told who have it.
        if erased.is_some_and(|week| after == 0 || week <= after) {
            return None;
        }
        let upto = erased.map_or(upto, |week| week - 1);
        let (mbi, former_mbis) = new_mbi(person, joins, upto).unzip();
        let last = |kind, share| {
            let happens = |week: &u32| {
                !person.old_style && of_person(person, kind, *week).chance(share, 1000)
            };
            let own = (joins + 1..=upto).rev().find(happens).unwrap_or(1);
            own.max(mbi.unwrap_or(1))
        };
        Some(Self {
            weekly: true,
            upto,
            after,
            once: window.scope == Scope::State,
            erased: erased.is_some(),
            patient: last(Kind::Patient, 10),
            coverage: last(Kind::Coverage, 10),
            former_mbis,
        })
    }

    /// Whether a record is told that changed last in a week.
    fn tells(&self, last: u32) -> bool {
        self.after == 0 || last > self.after
    }

    fn version(&self, last: u32) -> Option<Version> {
        let version = if last > 1 { Version::Week(last) } else { Version::First };
        self.tells(last).then_some(version)
    }

    /// Which version of the Patient is told.
    pub(crate) fn patient(&self) -> Option<Version> {
        self.version(self.patient)
    }

    /// Which version of the Coverages is told.
    pub(crate) fn coverage(&self) -> Option<Version> {
        self.version(self.coverage)
    }

    /// What has become of a claim, if it has been told at all.
    pub(crate) fn claim(&self, person: &Person, number: u64) -> Option<ClaimLife> {
        let born = self.born(person, number);
        if born > self.upto {
            return None;
        }
        let mut life = ClaimLife { born, corrections: Vec::new(), last: born, end: None };
        for week in born + 1..=self.upto {
            if !self.weekly || person.old_style || life.end.is_some() {
                break;
            }
            life.live(person, number, week);
        }
        Some(life)
    }

    /// The week that tells a claim first: a few come late.
    fn born(&self, person: &Person, number: u64) -> u32 {
        if !self.weekly || person.old_style {
            return 1;
        }
        let rng = &mut of_claim(person, number, 0);
        let late = 2 + rng.below(8);
        match (person.index, number) {
            (0, 0..=4) => 1,
            (0, 5) => 2,
            _ if rng.percent(4) => late,
            _ => 1,
        }
    }

    /// Which version of a claim is told.
    pub(crate) fn claim_version(&self, life: &ClaimLife) -> Option<Version> {
        self.version(life.last).filter(|_| life.end != Some(End::Deleted))
    }

    /// Which version is told of a claim as a shared system has it: a late claim is there a week before.
    pub(crate) fn shared_version(&self, person: &Person, number: u64) -> Option<Version> {
        let born = self.born(person, number).saturating_sub(1).max(1);
        if born > self.upto { None } else { self.version(born) }
    }

    /// Whether the deletion of a claim is told.
    pub(crate) fn tells_deletion(&self, life: &ClaimLife) -> bool {
        life.end == Some(End::Deleted) && life.born <= self.after && life.last > self.after
    }

    /// What happened to a claim in the weeks that are told.
    pub(crate) fn events(&self, life: &ClaimLife) -> impl Iterator<Item = &'static str> + use<> {
        let late = (life.born > self.after.max(1)).then_some("late");
        let corrected = life.corrections.iter().any(|&week| week > self.after);
        let end = life.end.filter(|_| life.last > self.after).map(|end| match end {
            End::Replaced => "replaced",
            End::Cancelled => "cancelled",
            End::Deleted => "deleted",
        });
        [late, corrected.then_some("corrected"), end].into_iter().flatten()
    }

    /// What was there before everything of the person was deleted.
    pub(crate) fn before(&self) -> Self {
        Self { after: 0, once: true, erased: false, ..self.clone() }
    }
}

impl ClaimLife {
    fn live(&mut self, person: &Person, number: u64, week: u32) {
        let rng = &mut of_claim(person, number, week);
        let drawn = match (person.index, number, week) {
            (0, 1, 2) => 0,
            (0, 2, 2) => 15,
            (0, 3, 3) => 20,
            (0, 4, 3) => 25,
            _ => rng.below(1000),
        };
        self.end = match drawn {
            0..15 => {
                self.corrections.push(week);
                None
            }
            15..20 => Some(End::Replaced),
            20..25 => Some(End::Cancelled),
            25 => Some(End::Deleted),
            _ => return,
        };
        self.last = week;
    }

    /// The stream from which what is corrected in a week is drawn.
    pub(crate) fn correction(person: &Person, number: u64, week: u32) -> Rng {
        let mut rng = of_claim(person, number, week);
        // The first number said that there is one.
        let _ = rng.next();
        rng
    }
}

/// The week in which a person's attribution begins, that from which it is no more, and that in which everything is deleted.
fn membership(person: &Person) -> (u32, Option<u32>, Option<u32>) {
    let rng = &mut of_person(person, Kind::Membership, 0);
    let later = 2 + rng.below(8);
    let joins = if rng.percent(8) { later } else { 1 };
    let stay = 1 + rng.below(12);
    let leaves = rng.percent(8).then_some(joins + stay);
    let erased = rng.chance(1, 200).then_some(joins + 1 + rng.below(8));
    match person.index {
        0 => (1, None, None),
        1 => (2, None, None),
        2 => (1, Some(3), None),
        3 => (1, None, Some(3)),
        _ => (joins, leaves, erased),
    }
}

/// The week in which a person got another MBI, and how many earlier ones there were before.
fn new_mbi(person: &Person, joins: u32, upto: u32) -> Option<(u32, u64)> {
    let drawn = |week| of_person(person, Kind::Mbi, week).chance(3, 1000);
    let happens = |week: &u32| if person.index == 4 { *week == 2 } else { drawn(*week) };
    let week = (joins + 1..=upto).find(happens)?;
    let former = Patient::draw(person, Version::First).identifiers.historic;
    // There is a fourth number for those who have fewer than four.
    (!person.old_style && former < 3).then_some((week, former))
}

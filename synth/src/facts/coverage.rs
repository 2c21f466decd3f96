//! What a Coverage tells: one part of Medicare of one person.

use super::person::{Person, Version, load_time};
use crate::codes::{self, Coded};
use crate::date::{Day, Instant};
use crate::rng::{Rng, Stream};

/// The part of Medicare a Coverage is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Hospital insurance.
    A,
    /// Medical insurance.
    B,
    /// Medicare Advantage.
    C,
    /// Drug plans.
    D,
}

impl Part {
    /// The four parts in order.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// (plan name, id prefix)
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::A => ("Part A", "part-a-"),
            Self::B => ("Part B", "part-b-"),
            Self::C => ("Part C", "part-c-"),
            Self::D => ("Part D", "part-d-"),
        }
    }
}

/// A status that changes once in the twelve months.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Months {
    before: Coded,
    after: Coded,
    change: usize,
}

impl Months {
    /// The status in a month, counted from 0.
    pub(crate) fn of(&self, month: usize) -> Coded {
        if month < self.change { self.before } else { self.after }
    }
}

/// A plan of Part C or D.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) contract: String,
    pub(crate) number: &'static str,
    /// The month, counted from 0, from which the person is no longer in it; 0 when never, 12 when still.
    pub(crate) leaves: u32,
    /// How many years of months are on record (Part D).
    pub(crate) years: i32,
    pub(crate) share: Coded,
    pub(crate) subsidy: Coded,
}

/// Why a person has Part A.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entitlement {
    pub(crate) original: Coded,
    pub(crate) current: Coded,
    pub(crate) renal: Coded,
}

/// The facts of a Coverage.
#[derive(Debug)]
pub(crate) struct Coverage {
    pub(crate) part: Part,
    pub(crate) load: Instant,
    pub(crate) status: Coded,
    pub(crate) terminated: Coded,
    /// Told of parts A and B, mostly.
    pub(crate) start: Option<Day>,
    pub(crate) contracts: bool,
    pub(crate) entitlement: Option<Entitlement>,
    pub(crate) buyin: Option<Months>,
    pub(crate) plan: Option<Plan>,
}

impl Coverage {
    pub(crate) fn draw(person: &Person, part: Part, version: Version) -> Self {
        let rng = &mut Rng::new(person.seed, Stream::Coverage, person.index, part as u64);
        // The term codes and the Medicare status are facts of the person: one stream for all parts.
        let shared = &mut Rng::new(person.seed, Stream::Coverage, person.index, 4);
        let load = load_time(&mut rng.clone(), version);
        let mut status = shared.pick(codes::MEDICARE_STATUS);
        if let Version::Week(week) = version {
            status = codes::MEDICARE_STATUS[week as usize % codes::MEDICARE_STATUS.len()];
        }
        let terminated = shared.pick(codes::TERMINATION);
        let start = Day::from_ymd(1990, 1, 1).plus(shared.below(32 * 365));
        let contracts = part == Part::A && (person.old_style || rng.chance(1, 40));
        let entitlement = (part == Part::A).then(|| Entitlement {
            original: codes::coded(rng, codes::ENTITLEMENT),
            current: codes::coded(rng, codes::ENTITLEMENT),
            renal: if person.old_style {
                ("0", "No")
            } else {
                rng.pick(&[("N", ""), ("N", ""), ("Y", "Renal disease")])
            },
        });
        let plan = match part {
            Part::A | Part::B => None,
            Part::C => Some(Plan::draw_c(rng)),
            Part::D => Some(Plan::draw_d(rng)),
        };
        let lasting = !person.old_style && matches!(part, Part::A | Part::B);
        let buyin = lasting.then(|| Months {
            before: shared.pick(codes::BUYIN),
            after: shared.pick(codes::BUYIN),
            change: shared.below(24) as usize,
        });
        let dated = lasting && shared.percent(95);
        Self {
            part,
            load,
            status,
            terminated,
            start: dated.then_some(start),
            contracts,
            entitlement,
            buyin,
            plan,
        }
    }

    /// Parts A and B can have ended; plans are always in force.
    pub(crate) fn in_force(&self) -> bool {
        matches!(self.part, Part::C | Part::D) || self.terminated.0 == "0"
    }
}

impl Plan {
    fn draw_c(rng: &mut Rng) -> Self {
        let contract = contract(rng, 'H');
        let leaves = if rng.percent(40) { leaving_month(rng) } else { 0 };
        let number = rng.pick(&["001", "003", "020", "801"]);
        Self { contract, number, leaves, years: 0, share: ("", ""), subsidy: ("", "") }
    }

    fn draw_d(rng: &mut Rng) -> Self {
        let contract = contract(rng, 'S');
        let leaves = leaving_month(rng);
        let number = rng.pick(&["001", "003", "020"]);
        let years = [1, 2, 4, 6, 10, 15][rng.weighted(&[30, 25, 20, 15, 7, 3])];
        let share = rng.pick(&[
            ("00", "None"),
            ("01", "Full help, no share"),
            ("05", "Share < 15 %"),
            ("09", ""),
        ]);
        let subsidy = rng.pick(&[("N", "No employer"), ("Y", "Employer & retiree"), ("*", "")]);
        Self { contract, number, leaves, years, share, subsidy }
    }
}

/// The month in which an enrolment ends: mostly none within the year; sometimes never begun.
fn leaving_month(rng: &mut Rng) -> u32 {
    [12, rng.below(12), 0][rng.weighted(&[60, 15, 25])]
}

fn contract(rng: &mut Rng, letter: char) -> String {
    format!("{letter}{:04}", rng.below(9000) + 1)
}

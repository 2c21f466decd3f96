//! What a Patient tells of a person.

use super::person::{Gender, Person, Version, load_time};
use crate::codes::{self, Coded};
use crate::date::{Day, Instant};
use crate::rng::{Rng, Stream};
use std::borrow::Cow;

/// The facts of a Patient.
#[derive(Debug)]
pub(crate) struct Patient {
    pub(crate) load: Instant,
    pub(crate) city: Option<&'static str>,
    pub(crate) lines: Vec<String>,
    /// Five digits, and the four after them.
    pub(crate) zip: Option<(u32, Option<u32>)>,
    pub(crate) state: &'static str,
    /// Of the day of birth only the year is told.
    pub(crate) year_of_birth_alone: bool,
    pub(crate) sex_extension: bool,
    pub(crate) race: Coded,
    /// The twelve months of the dual status are told.
    pub(crate) dual: bool,
    pub(crate) identifiers: Identifiers,
    pub(crate) family: &'static str,
    pub(crate) given: &'static str,
    pub(crate) initial: Option<&'static str>,
}

/// How a person is known.
#[derive(Debug)]
pub(crate) struct Identifiers {
    pub(crate) bene_id_first: bool,
    /// Earlier MBIs.
    pub(crate) historic: u64,
    pub(crate) current_first: bool,
    /// The current MBI has no mark of currency.
    pub(crate) unmarked: bool,
    /// The current MBI is told a second time, as an earlier one.
    pub(crate) current_is_historic_too: bool,
    /// From when the hash of the MBI holds.
    pub(crate) hash_from: Day,
    pub(crate) hash: [u64; 4],
}

impl Patient {
    pub(crate) fn draw(person: &Person, version: Version) -> Self {
        let rng = &mut Rng::new(person.seed, Stream::Patient, person.index, 0);
        let load = load_time(&mut rng.clone(), version);
        let (mut city, mut lines) = (None, Vec::new());
        if !person.old_style {
            city = rng.percent(90).then(|| rng.pick(codes::CITY));
            let count = [1, 2, 3, 4, 5, 6, 0][rng.weighted(&[58, 20, 6, 3, 2, 3, 8])];
            lines = (0..count).map(|line| address_line(rng, line)).collect();
        }
        let zip = rng
            .percent(93)
            .then(|| (rng.between(501, 99_950), rng.percent(55).then(|| rng.below(10_000))));
        let state = codes::state_code(rng, person.state);
        Self {
            load,
            city,
            lines,
            zip,
            state,
            year_of_birth_alone: rng.chance(1, 4000),
            sex_extension: !person.old_style && person.gender != Gender::Unknown && rng.percent(60),
            race: codes::coded(rng, codes::RACE),
            dual: !person.old_style && rng.percent(85),
            identifiers: Identifiers::draw(rng, person),
            family: rng.pick(codes::FAMILY),
            given: rng.pick(if person.gender == Gender::Male {
                codes::GIVEN_M
            } else {
                codes::GIVEN_F
            }),
            initial: rng.percent(70).then(|| rng.pick(&["A", "B", "J", "M", "R", "X"])),
        }
    }
}

impl Patient {
    /// The family name, which the second version of the record has otherwise.
    pub(crate) fn family_name(&self, version: Version) -> Cow<'static, str> {
        match version {
            Version::First => self.family.into(),
            Version::Second | Version::Week(_) => format!("{}-New", self.family).into(),
        }
    }
}

impl Identifiers {
    fn draw(rng: &mut Rng, person: &Person) -> Self {
        let mut all = Self {
            bene_id_first: rng.percent(70),
            historic: 0,
            current_first: false,
            unmarked: false,
            current_is_historic_too: false,
            hash_from: Day::from_ymd(2018, 4, 1),
            hash: [0; 4],
        };
        if !person.old_style {
            all.historic = [0, 1, 2, 3][rng.weighted(&[80, 14, 4, 2])];
            all.current_first = rng.percent(50);
            all.unmarked = all.historic == 0 && rng.chance(1, 100);
            // The server has told the current MBI a second time as historic.
            all.current_is_historic_too = all.historic > 0 && rng.percent(5);
            all.hash_from = all.hash_from.plus(rng.below(900));
        }
        all.hash = std::array::from_fn(|_| rng.next());
        if person.former_mbis.is_some() {
            all.historic += 1;
            all.unmarked = false;
        }
        all
    }
}

fn address_line(rng: &mut Rng, line: u32) -> String {
    match line {
        0 => format!("{} {}", rng.between(1, 9999), rng.pick(codes::STREET)),
        1 => format!("APT {}", rng.between(1, 400)),
        2 => format!("C/O {} & CO", rng.pick(codes::FAMILY)),
        _ => format!("LINE {} \\ {}", line + 1, rng.pick(codes::CITY)),
    }
}

/// The twelve months of dual status: one status, which changes once in the year and may end blank.
pub(crate) fn dual_months(person: &Person) -> [Coded; 12] {
    let count = u32::try_from(codes::DUAL.len()).unwrap_or(1);
    let before = codes::DUAL[(person.dual % count) as usize];
    let after = codes::DUAL[(person.dual / 16 % count) as usize];
    let change = (person.dual / 256 % 24) as usize;
    let blank_from = if person.dual.is_multiple_of(10) { 9 } else { 12 };
    std::array::from_fn(|month| match month {
        _ if month >= blank_from => ("", ""),
        _ if month < change => before,
        _ => after,
    })
}

//! The made-up beneficiaries. Everything that Patient, Coverage and claims must agree on stands here.

use crate::codes::STATES;
use crate::date::{Day, Instant};
use crate::rng::{Rng, Stream};
use crate::short_code::{self, ShortCode};
use crate::weeks;

/// The last day of the data; the export's transaction time is two weeks later.
pub(crate) const LAST_DAY: Day = Day::from_ymd(2024, 2, 15);
const FIRST_DAY: Day = Day::from_ymd(2014, 6, 1);

const FIRST_ID: i64 = -10_000_010_254_618;
const FIRST_OLD_ID: i64 = 19_990_000_000_136;
const FIRST_ABSENT_ID: i64 = -20_000_010_254_618;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    Male,
    Female,
    Unknown,
}

/// One hospice spell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) start: Day,
    pub(crate) end: Day,
    /// In how many of ten claims of the spell the discharge date stands.
    pub(crate) discharge_in_ten: u32,
}

/// One beneficiary.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) seed: u64,
    pub(crate) index: u64,
    /// The bene_id: negative, but positive for the records in the style of 2019.
    pub(crate) id: i64,
    /// Records in the style of 2019: no MBI, no meta, fewer elements.
    pub(crate) old_style: bool,
    pub(crate) gender: Gender,
    pub(crate) birth: Day,
    pub(crate) death: Option<Day>,
    pub(crate) state: usize,
    /// The first and last day on which claims of this person may begin.
    pub(crate) first_claim: Day,
    pub(crate) last_claim: Day,
    /// Reference year and first month code index of the dual status, shared by Patient and Coverage.
    pub(crate) reference_year: u32,
    pub(crate) dual: u32,
    /// Two spells for a hospice patient.
    pub(crate) spells: Option<[Spell; 2]>,
    /// How many earlier MBIs there were before the person got another one; `None` if that has not happened.
    pub(crate) former_mbis: Option<u64>,
}

impl Person {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut rng = Rng::new(seed, Stream::Person, index, 0);
        let rng = &mut rng;
        let old_style = index > 0 && rng.chance(1, 60);
        let offset = i64::try_from(index).unwrap_or(i64::MAX / 4);
        let birth = if rng.percent(88) {
            Day::from_ymd(1925, 1, 1).plus(rng.below(34 * 365))
        } else {
            Day::from_ymd(1959, 1, 1).plus(rng.below(35 * 365))
        };
        let death = rng.percent(9).then(|| Day::from_ymd(2017, 1, 1).plus(rng.below(2500)));
        let last_claim = death.map_or(LAST_DAY.minus(60), |day| day.minus(40));
        let hospice = rng.percent(5) || index == 0;
        let first_spell = FIRST_DAY.plus(rng.below(last_claim.since(FIRST_DAY) / 2));
        let second_spell = first_spell.plus(rng.between(150, 400));
        let first_length = rng.between(10, 120);
        let second_length = rng.between(10, 120);
        let spells = [
            Spell { start: first_spell, end: first_spell.plus(first_length), discharge_in_ten: 10 },
            Spell {
                start: second_spell,
                end: second_spell.plus(second_length),
                discharge_in_ten: rng.pick(&[0, 0, 5, 10]),
            },
        ];
        Self {
            seed,
            index,
            id: if old_style { FIRST_OLD_ID + offset } else { FIRST_ID - offset },
            old_style,
            gender: rng.pick(&[Gender::Male, Gender::Female, Gender::Female]),
            birth,
            death,
            state: rng.below(u32::try_from(STATES.len()).unwrap_or(1)) as usize,
            first_claim: FIRST_DAY,
            last_claim,
            reference_year: rng.between(2018, 2023),
            dual: rng.below(1 << 16),
            spells: hospice.then_some(spells),
            former_mbis: None,
        }
        .with_unknown_gender(rng.chance(1, 80))
    }

    fn with_unknown_gender(mut self, unknown: bool) -> Self {
        if unknown {
            self.gender = Gender::Unknown;
        }
        self
    }

    /// The current MBI (0), or an earlier one (1 to 3).
    pub(crate) fn mbi(&self, number: u64) -> ShortCode {
        let place = match (self.former_mbis, number) {
            // Whoever got another one has the fourth number, and the one before is the latest of the earlier ones.
            (Some(_), 0) => 3,
            (Some(former), _) if number == former + 1 => 0,
            _ => number,
        };
        ShortCode::mbi(self.seed % short_code::MBIS + self.index * 4 + place)
    }

    /// The id of a beneficiary of whom no Patient record is in the export.
    pub(crate) fn absent_id(&self) -> i64 {
        FIRST_ABSENT_ID - i64::try_from(self.index).unwrap_or(i64::MAX / 4)
    }
}

/// Which version of a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    First,
    /// A later one, which the same export has.
    Second,
    /// That of a week, counted from 2.
    Week(u32),
}

/// A load time drawn from `rng`; a later version of a record is loaded later. That of a week is loaded between the day after
/// the export before and the day before its own.
pub(crate) fn load_time(rng: &mut Rng, version: Version) -> Instant {
    let day = Day::from_ymd(2020, 3, 1).plus(rng.below(1300));
    // Drawn for both versions, so that what is drawn next is the same.
    let later = rng.between(5, 80);
    Instant {
        day: match version {
            Version::First => day,
            Version::Second => day.plus(later),
            Version::Week(week) => weeks::end_of(week).minus(1 + later % 6),
        },
        millis: rng.below(86_400_000),
        offset: rng.below(3),
    }
}

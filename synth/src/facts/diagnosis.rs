//! The diagnoses and procedures of a claim.

use crate::codes::{self, Coded};
use crate::date::Day;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// The first day of ICD-10. Earlier claims hold ICD-9 mostly, later ones rarely.
const CHANGE: Day = Day::from_ymd(2015, 10, 1);

/// How many different codes there are of each version; few, so that some come twice in a claim.
const POOL: u32 = 400;

/// The version of ICD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icd {
    Nine,
    Ten,
    /// Not told.
    Unknown,
    /// 8, which is none.
    Eight,
}

/// The list of the claim in which a diagnosis stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Admitting,
    Principal,
    /// The slots after the first.
    Other,
    ExternalFirst,
    External,
    ReasonForVisit,
    /// A line of Part B brought it.
    Line,
}

/// A diagnosis code with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    icd: Icd,
    number: u32,
}

impl Code {
    pub(super) fn draw(rng: &mut Rng, day: Day) -> Self {
        let old = day < CHANGE;
        let icd = match rng.below(1000) {
            0 => Icd::Unknown,
            1 => Icd::Eight,
            n => {
                let other = n < 22;
                if old == other { Icd::Ten } else { Icd::Nine }
            }
        };
        Self { icd, number: rng.below(POOL) }
    }

    fn short(self) -> ShortCode {
        if self.icd == Icd::Ten {
            ShortCode::icd10(self.number)
        } else {
            ShortCode::icd9(self.number)
        }
    }

    /// Seven codes in ten have a display, always the same.
    fn display(self) -> &'static str {
        if self.number % 10 < 7 {
            codes::CONDITION[self.number as usize / 10 % codes::CONDITION.len()]
        } else {
            ""
        }
    }
}

/// One diagnosis in its list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) icd: Icd,
    pub(crate) code: ShortCode,
    pub(crate) display: &'static str,
    pub(crate) kind: Kind,
    /// Present on admission. The place among the claim's slots (from 0) or external causes tells which variable.
    pub(crate) present: Option<(usize, Coded)>,
    /// The code has come before in the claim.
    pub(crate) repeated: bool,
}

/// Which lists of diagnoses a claim type has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lists {
    pub(crate) admitting: bool,
    pub(crate) drg: bool,
    /// Slots 2 to 25 are typed `other` in v1, and tell whether present on admission.
    pub(crate) inpatient: bool,
    pub(crate) external: bool,
    pub(crate) reason_for_visit: bool,
    /// The most secondary diagnoses.
    pub(crate) secondary: u32,
}

impl Lists {
    fn present(self, rng: &mut Rng, place: usize) -> Option<(usize, Coded)> {
        (self.inpatient && rng.percent(92)).then(|| (place, codes::coded(rng, codes::POA)))
    }
}

/// The diagnoses of one claim.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    pub(crate) drg: Option<u32>,
    /// All entries, repeated ones included, in the order of the lists.
    pub(crate) entries: Vec<Entry>,
}

impl Diagnoses {
    /// The diagnoses of a claim header.
    pub(super) fn draw(rng: &mut Rng, day: Day, lists: Lists) -> Self {
        let mut all = Self::default();
        if lists.drg && rng.percent(96) {
            all.drg = Some(rng.between(1, 998));
        }
        let first = Code::draw(rng, day);
        if lists.admitting && rng.percent(95) {
            // Admitting = principal in a quarter of the stays: in v1 and v2 one entry, typed admitting, is left.
            let admitting = if rng.percent(25) { first } else { Code::draw(rng, day) };
            all.add(admitting, Kind::Admitting, None);
        }
        let present = lists.present(rng, 0);
        all.add(first, Kind::Principal, present);
        if rng.percent(4) {
            // The principal diagnosis is not the one in slot 1: two entries typed principal.
            all.add(Code::draw(rng, day), Kind::Principal, None);
        }
        let most = lists.secondary;
        let secondary =
            if rng.percent(10) { rng.below(most + 1) } else { rng.below(most.min(9) + 1) };
        for place in 1..=secondary as usize {
            let code = Code::draw(rng, day);
            let present = lists.present(rng, place);
            all.add(code, Kind::Other, present);
        }
        if lists.external && rng.percent(15) {
            for place in 0..rng.between(1, 4) as usize {
                let kind = if place == 0 { Kind::ExternalFirst } else { Kind::External };
                let code = Code::draw(rng, day);
                let present = lists.present(rng, place);
                all.add(code, kind, present);
            }
        }
        if lists.reason_for_visit && rng.percent(60) {
            for _ in 0..rng.between(1, 3) {
                all.add(Code::draw(rng, day), Kind::ReasonForVisit, None);
            }
        }
        all
    }

    /// Adds a code; gives its place, from 0, among the distinct ones.
    pub(super) fn add(&mut self, code: Code, kind: Kind, present: Option<(usize, Coded)>) -> u32 {
        let short = code.short();
        let earlier = self.distinct().position(|e| e.icd == code.icd && e.code == short);
        let place = earlier.unwrap_or_else(|| self.distinct().count());
        self.entries.push(Entry {
            icd: code.icd,
            code: short,
            display: code.display(),
            kind,
            present,
            repeated: earlier.is_some(),
        });
        u32::try_from(place).unwrap_or(0)
    }

    /// The entries without those that repeat a code, as v1 and v2 have them.
    pub(crate) fn distinct(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.repeated)
    }
}

/// One procedure of a stay or visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Procedure {
    pub(crate) icd: Icd,
    pub(crate) number: u32,
    pub(crate) code: ShortCode,
    pub(crate) display: &'static str,
    pub(crate) day: Option<Day>,
}

impl Procedure {
    /// So many procedures; a code that comes twice is kept once, with its first date.
    pub(super) fn draw(rng: &mut Rng, from: Day, thru: Day, count: u32) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for _ in 0..count {
            let icd10 = (from >= CHANGE) != rng.percent(2);
            let icd = if icd10 { Icd::Ten } else { Icd::Nine };
            let number = rng.below(POOL);
            let dated = !rng.chance(1, 60);
            let day = from.plus(rng.below(thru.since(from) + 1));
            if all.iter().any(|known| known.icd == icd && known.number == number) {
                continue;
            }
            let display = if number.is_multiple_of(3) {
                ""
            } else {
                codes::OPERATION[number as usize % codes::OPERATION.len()]
            };
            let code = ShortCode::procedure(number, icd10);
            all.push(Self { icd, number, code, display, day: dated.then_some(day) });
        }
        all
    }
}

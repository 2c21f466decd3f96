//! What the Integrated Data Repository, the source of v3, alone knows: numbers of its own, what an organization's
//! patients were allowed beyond the rules, and which providers are in its directory.
//!
//! Drawn from streams of their own, so that nothing of what v1 and v2 tell depends on it.

use super::claim_type::ClaimType;
use super::header::{Header, npi};
use super::person::Person;
use crate::codes::Coded;
use crate::date::Day;
use crate::rng::{Rng, Stream};
use crate::short_code::ShortCode;

/// The claim's number: positive, of 13 digits, one for each claim. The multiplier shares no factor with the count.
pub(crate) fn claim_id(offset: u64) -> u64 {
    const COUNT: u128 = 9_000_000_000_000;
    let scattered = u128::from(offset) * 7_919_000_003 % COUNT;
    1_000_000_000_000 + u64::try_from(scattered).unwrap_or(0)
}

/// The number of the same claim in a shared system: of 12 digits.
pub(crate) fn shared_id(offset: u64) -> u64 {
    const COUNT: u128 = 400_000_000_000;
    let scattered = u128::from(offset) * 7_919_000_003 % COUNT;
    500_000_000_000 + u64::try_from(scattered).unwrap_or(0)
}

/// The person's number, of nine digits.
pub(crate) fn person_id(person: &Person) -> u64 {
    scattered(person.index)
}

/// The number of a person of whom no Patient is in the export.
pub(crate) fn absent_id(person: &Person) -> u64 {
    scattered(100_000_000 + person.index)
}

/// The number that the person had before two records were found to be of one person.
pub(crate) fn merged_id(person: &Person) -> u64 {
    scattered(200_000_000 + person.index)
}

fn scattered(number: u64) -> u64 {
    100_000_000 + number * 7_919_003 % 900_000_000
}

/// The directory of providers does not know all of them. One that it does not know is not told at all.
pub(crate) fn is_known(npi: u64) -> bool {
    !npi.is_multiple_of(37)
}

/// What the repository alone knows of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    /// Another record was merged into this one.
    pub(crate) merged: bool,
    /// The only MBI on record has ended.
    pub(crate) ended: bool,
}

impl Identity {
    pub(crate) fn draw(person: &Person) -> Self {
        let rng = &mut Rng::new(person.seed, Stream::Repository, person.index, u64::MAX);
        Self { merged: rng.percent(3) && person.index > 0, ended: rng.percent(1) }
    }
}

/// Switches of benefit enhancements, `Y` or `N`, in the order of [`SWITCHES`]; and codes of demonstrations.
#[derive(Debug, Clone, Default)]
pub(crate) struct Enhancement {
    pub(crate) switches: [Option<&'static str>; 6],
    pub(crate) demonstrations: Vec<&'static str>,
}

/// What the switches are of.
pub(crate) const SWITCHES: [&str; 6] = [
    "CLM_NGACO_PBPMT_SW",
    "CLM_NGACO_PDSCHRG_HCBS_SW",
    "CLM_NGACO_SNF_WVR_SW",
    "CLM_NGACO_TLHLTH_SW",
    "CLM_NGACO_CPTATN_SW",
    "CLM_ACO_CARE_MGMT_HCBS_SW",
];

impl Enhancement {
    fn draw(rng: &mut Rng) -> Self {
        let mut all = Self::default();
        for switch in &mut all.switches {
            *switch = [None, Some("Y"), Some("N")][rng.weighted(&[50, 35, 15])];
        }
        for _ in 0..rng.weighted(&[40, 30, 15, 10, 5]) {
            all.demonstrations.push(rng.pick(&["1", "2", "3", "5", "74"]));
        }
        all
    }
}

/// What is asked for before it is done.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// Its number among the person's.
    pub(crate) number: u64,
    pub(crate) tracking: u64,
    pub(crate) provider: u64,
    pub(crate) certification: u64,
    pub(crate) physician: u64,
    pub(crate) asked: Day,
    /// Decisions on the services.
    pub(crate) services: Vec<(Coded, ShortCode, u32)>,
}

/// What the shared systems have of a claim that they have.
#[derive(Debug)]
pub(crate) struct Progress {
    /// It was asked for before.
    pub(crate) authorization: Option<Authorization>,
}

/// What the shared systems have of a claim; they have so many of a million.
pub(crate) fn in_progress(header: &Header<'_>, per_million: u32) -> Option<Progress> {
    let person = header.person;
    let rng = &mut Rng::new(person.seed, Stream::SharedSystem, person.index, header.number);
    if header.kind == ClaimType::Pde || !rng.chance(per_million, 1_000_000) {
        return None;
    }
    let authorization = rng.percent(20).then(|| Authorization {
        number: header.number,
        tracking: rng.digits(12),
        provider: npi(rng, 3000),
        certification: 990_000 + u64::from(rng.below(9999)),
        physician: npi(rng, 8000),
        asked: header.from.minus(rng.between(10, 40)),
        services: (0..rng.between(1, 3))
            .map(|_| {
                let decision =
                    rng.pick(&[("A", "Affirmed"), ("N", "Not affirmed"), ("P", "In part")]);
                (decision, ShortCode::hcpcs(rng), rng.between(1, 60))
            })
            .collect(),
    });
    Some(Progress { authorization })
}

/// What the repository alone knows of a claim.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    /// Of the claim (institutional ones).
    pub(crate) enhancement: Option<Enhancement>,
    /// Of some lines (carrier claims), by their place.
    pub(crate) lines: Vec<(usize, Enhancement)>,
    /// Conditions of the bill.
    pub(crate) conditions: Vec<&'static str>,
    /// The line that was tracked, and its tracking number.
    pub(crate) tracked: Option<(usize, u64)>,
    /// The control number of a drug event, which the warehouse does not have.
    pub(crate) control: u64,
}

impl Extras {
    /// For a claim of so many lines.
    pub(crate) fn draw(header: &Header<'_>, lines: usize) -> Self {
        let person = header.person;
        let rng = &mut Rng::new(person.seed, Stream::Repository, person.index, header.number);
        let mut all = Self { control: rng.digits(14), ..Self::default() };
        match header.kind {
            ClaimType::Carrier => {
                if rng.percent(6) {
                    for place in 0..lines {
                        if place == 0 || rng.percent(30) {
                            all.lines.push((place, Enhancement::draw(rng)));
                        }
                    }
                }
            }
            ClaimType::Dme | ClaimType::Pde => {}
            _ => {
                all.enhancement = rng.percent(8).then(|| Enhancement::draw(rng));
                for _ in 0..rng.weighted(&[92, 5, 3]) {
                    all.conditions.push(rng.pick(&["09", "20", "62", "A6"]));
                }
                if lines > 0 && rng.percent(5) {
                    let place = rng.below(u32::try_from(lines).unwrap_or(1)) as usize;
                    all.tracked = Some((place, rng.digits(12)));
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{absent_id, claim_id, merged_id, person_id};
    use crate::facts::person::Person;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_given_once() {
        let claims: BTreeSet<u64> = (0..50_000).map(claim_id).collect();
        assert_eq!(claims.len(), 50_000);
        assert!(claims.iter().all(|id| id.to_string().len() == 13));
        let people: BTreeSet<u64> = (0..3000)
            .map(|index| Person::new(1, index))
            .flat_map(|person| [person_id(&person), absent_id(&person), merged_id(&person)])
            .collect();
        assert_eq!(people.len(), 9000);
        assert!(people.iter().all(|id| id.to_string().len() == 9));
    }
}

//! The facts of Part D drug events.

use super::header::{Action, Header, npi};
use crate::codes::{self, Coded, coded};
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// How a pharmacy tells who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PharmacyKind {
    Npi,
    Ncpdp,
    Upin,
    /// A state's licence.
    License,
    Tax,
    Other,
}

const PHARMACY_KINDS: [PharmacyKind; 6] = [
    PharmacyKind::Npi,
    PharmacyKind::Ncpdp,
    PharmacyKind::Upin,
    PharmacyKind::License,
    PharmacyKind::Tax,
    PharmacyKind::Other,
];
const PHARMACY_KIND_WEIGHTS: [u32; 6] = [85, 7, 2, 2, 2, 2];

/// What was dispensed, and who paid how much.
#[derive(Debug)]
pub(crate) struct Fill {
    pub(crate) cost: i64,
    pub(crate) patient: i64,
    pub(crate) subsidy: i64,
    pub(crate) gap: i64,
    /// Above the out-of-pocket threshold.
    pub(crate) above: i64,
    /// Drug or compound; neither is told for one event in ten.
    pub(crate) compound: Option<bool>,
    pub(crate) number: u32,
    pub(crate) days: u32,
    /// Tenths of the unit.
    pub(crate) tenths: u32,
    pub(crate) ndc: ShortCode,
    pub(crate) drug: &'static str,
}

impl Fill {
    /// What the plan paid.
    pub(crate) fn plan(&self) -> i64 {
        self.cost - self.patient - self.gap
    }
}

/// The facts of a drug event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) prescriber: Option<u64>,
    /// Whether the plan covers the drug.
    pub(crate) coverage: Coded,
    pub(crate) pharmacy: PharmacyKind,
    pub(crate) pharmacy_number: u64,
    pub(crate) service: Coded,
    /// The pharmacy is told.
    pub(crate) known: bool,
    pub(crate) prescription: u64,
    pub(crate) as_written: Coded,
    pub(crate) dispensing: Option<Coded>,
    pub(crate) change: Option<Coded>,
    pub(crate) format: Option<Coded>,
    pub(crate) pricing: Option<Coded>,
    pub(crate) catastrophic: Option<Coded>,
    pub(crate) origin: Option<Coded>,
    pub(crate) brand: Option<Coded>,
    pub(crate) residence: Coded,
    pub(crate) clarification: Option<Coded>,
    pub(crate) contract: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) fill: Option<Fill>,
    /// The day of payment is told.
    pub(crate) paid: bool,
}

impl Event {
    pub(super) fn draw(rng: &mut Rng, header: &Header<'_>) -> Self {
        let prescriber = (!rng.chance(1, 100)).then(|| npi(rng, 20_000));
        let coverage = rng.pick(codes::COVERAGE_STATUS);
        let pharmacy = PHARMACY_KINDS[rng.weighted(&PHARMACY_KIND_WEIGHTS)];
        let pharmacy_number =
            if pharmacy == PharmacyKind::Npi { npi(rng, 4000) } else { rng.digits(7) };
        let service = rng.pick(codes::PHARMACY);
        let maybe = |rng: &mut Rng, share: u32, list: &[Coded]| {
            rng.percent(share).then(|| coded(rng, list))
        };
        Self {
            prescriber,
            coverage,
            pharmacy,
            pharmacy_number,
            service,
            known: !rng.chance(1, 300),
            prescription: rng.digits(9),
            as_written: coded(rng, codes::DAW),
            dispensing: maybe(rng, 10, codes::DISPENSING),
            change: match header.action {
                Action::Original => None,
                Action::Adjusted => {
                    Some(rng.pick(&[("A", "Adjusted"), ("A", "Adjusted"), ("R", "Brought back")]))
                }
                Action::Cancelled => Some(("D", "Deleted")),
            },
            format: maybe(rng, 5, codes::FORMAT),
            pricing: maybe(rng, 5, codes::PRICING),
            catastrophic: maybe(rng, 15, codes::CATASTROPHIC),
            origin: maybe(rng, 95, codes::RX_ORIGIN),
            brand: maybe(rng, 95, codes::BRAND),
            residence: coded(rng, codes::RESIDENCE),
            clarification: maybe(rng, 8, codes::CLARIFICATION),
            contract: rng.pick(&["S9991", "S9992", "H9993"]),
            plan: rng.pick(&["001", "003", "020"]),
            fill: (!rng.chance(1, 900)).then(|| Fill::draw(rng)),
            paid: rng.percent(97),
        }
    }
}

impl Fill {
    fn draw(rng: &mut Rng) -> Self {
        let cost = rng.cents(2, 700);
        let patient = cost * i64::from(rng.between(0, 30)) / 100;
        let subsidy = if rng.percent(25) { patient } else { 0 };
        let gap = if rng.percent(8) { cost / 2 } else { 0 };
        let above = if rng.percent(12) { cost } else { 0 };
        let compound = [Some(false), Some(true), None][rng.weighted(&[85, 5, 10])];
        let number = rng.below(12);
        let days = rng.pick(&[30, 30, 90, 14, 7, 0]);
        let tenths =
            if rng.percent(10) { rng.between(1, 3000) } else { rng.pick(&[300, 600, 900]) };
        let ndc = ShortCode::ndc(rng.below(900_000));
        let drug = rng.pick(codes::DRUG);
        Self { cost, patient, subsidy, gap, above, compound, number, days, tenths, ndc, drug }
    }
}

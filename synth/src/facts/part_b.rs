//! The facts of carrier and DME claims.

use super::claim_type::ClaimType;
use super::diagnosis::{Code, Diagnoses, Kind, Lists};
use super::header::{Action, Header, npi};
use crate::codes::{self, Coded, coded};
use crate::date::Day;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// What the two types draw from.
#[derive(Debug)]
pub(crate) struct PartB {
    nch_types: &'static [Coded],
    pub(crate) near_line: Coded,
    /// Weights of 1, 2, ... lines.
    lines: &'static [u32],
    services: &'static [Coded],
    modifiers: u32,
    specialties: &'static [Coded],
    /// Lines tell a provider type and an organisation.
    practitioners: bool,
}

const CARRIER: PartB = PartB {
    nch_types: &[("71", "Local carrier"), ("71", "Local carrier"), ("72", "Carrier, \"supplies\"")],
    near_line: ("O", "Part B & carriers"),
    lines: &[38, 26, 14, 8, 5, 4, 3, 2],
    services: codes::TYPE_OF_SERVICE,
    modifiers: 2,
    specialties: codes::SPECIALTY,
    practitioners: true,
};

const DME: PartB = PartB {
    nch_types: &[("82", "Equipment & supplies"), ("81", "Regional carrier")],
    near_line: ("M", "Part B equipment"),
    lines: &[50, 25, 15, 10],
    services: codes::DME_SERVICE,
    modifiers: 4,
    specialties: codes::SUPPLIER_SPECIALTY,
    practitioners: false,
};

const LISTS: Lists = Lists {
    admitting: false,
    drg: false,
    inpatient: false,
    external: false,
    reason_for_visit: false,
    secondary: 11,
};

impl PartB {
    pub(crate) fn of(claim_type: ClaimType) -> &'static Self {
        if claim_type == ClaimType::Dme { &DME } else { &CARRIER }
    }
}

/// What a line tells of its practitioner or supplier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineProvider {
    pub(crate) specialty: Coded,
    pub(crate) provider_type: Option<Coded>,
    pub(crate) participating: Coded,
    pub(crate) organization: Option<u64>,
}

/// A result of a blood test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BloodTest {
    pub(crate) kind: Coded,
    pub(crate) tenths: u32,
}

/// What carrier lines alone have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Practice {
    pub(crate) unit: Coded,
    pub(crate) zip: Option<u64>,
    pub(crate) pricing: Coded,
    pub(crate) laboratory: Option<&'static str>,
    pub(crate) anaesthesia: Option<u32>,
}

/// What DME lines alone have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Supply {
    pub(crate) price: i64,
    pub(crate) number: u64,
    pub(crate) thousandths: u32,
    pub(crate) supplier: Coded,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) submitted: i64,
    pub(crate) allowed: i64,
    pub(crate) deductible: i64,
    pub(crate) coinsurance: i64,
    pub(crate) paid: i64,
    pub(crate) processing: Coded,
    pub(crate) units: u32,
    /// NPI of the practitioner or supplier, and what the line tells of it.
    pub(crate) provider: Option<(u64, LineProvider)>,
    pub(crate) tax: Option<u64>,
    /// The place, from 0, among the distinct diagnoses.
    pub(crate) diagnosis: Option<u32>,
    pub(crate) dates: Option<(Day, Day)>,
    pub(crate) blood_test: Option<BloodTest>,
    pub(crate) service: Coded,
    pub(crate) betos: Coded,
    pub(crate) primary_payer: Option<Coded>,
    pub(crate) ndc: Option<(ShortCode, &'static str)>,
    pub(crate) place: Coded,
    /// The year of the procedure codes.
    pub(crate) year: u32,
    pub(crate) modifiers: Vec<&'static str>,
    pub(crate) hcpcs: Option<ShortCode>,
    pub(crate) practice: Option<Practice>,
    pub(crate) supply: Option<Supply>,
}

/// The facts of a carrier or DME claim.
#[derive(Debug)]
pub(crate) struct Bill {
    pub(crate) diagnoses: Diagnoses,
    pub(crate) lines: Vec<Line>,
    pub(crate) referral: Option<u64>,
    /// Without the elements that came in 2021: information, the control number.
    pub(crate) older: bool,
    pub(crate) disposition: Option<&'static str>,
    pub(crate) to_patient: i64,
    pub(crate) contractor: u64,
    pub(crate) control: Option<u64>,
    pub(crate) denial: Coded,
    pub(crate) assignment: Coded,
    pub(crate) trial: Option<u64>,
    pub(crate) state: Option<&'static str>,
    pub(crate) nch_type: Coded,
}

impl Line {
    fn draw(rng: &mut Rng, header: &Header<'_>) -> Self {
        let submitted = rng.cents(15, 600);
        let processing = coded(rng, codes::PROCESSING);
        let denied = matches!(processing.0, "C" | "N");
        let allowed = if denied { 0 } else { submitted * i64::from(rng.between(40, 100)) / 100 };
        let deductible = if rng.percent(8) { allowed.min(rng.cents(5, 120)) } else { 0 };
        let paid = (allowed - deductible) * 80 / 100;
        let first = header.from.plus(rng.below(header.thru.since(header.from) + 1));
        Self {
            submitted,
            allowed,
            deductible,
            coinsurance: allowed - deductible - paid,
            paid,
            processing,
            units: [1, rng.between(2, 30)][rng.weighted(&[85, 15])],
            provider: None,
            tax: None,
            diagnosis: None,
            dates: (!rng.chance(1, 150)).then_some((first, first)),
            blood_test: None,
            service: ("", ""),
            betos: ("", ""),
            primary_payer: None,
            ndc: None,
            place: ("", ""),
            year: 0,
            modifiers: Vec::new(),
            hcpcs: None,
            practice: None,
            supply: None,
        }
    }

    /// What stands in the item alone; the header does not need it.
    fn draw_item(&mut self, rng: &mut Rng, kind: &PartB) {
        let price = if kind.practitioners {
            None
        } else {
            Some(if rng.percent(60) { self.submitted } else { 0 })
        };
        self.service = coded(rng, kind.services);
        let unit = kind.practitioners.then(|| coded(rng, codes::MTUS));
        let supply = price.map(|price| (price, rng.digits(10), rng.below(4) * 125));
        self.betos = coded(rng, codes::BETOS);
        self.primary_payer = rng.percent(20).then(|| coded(rng, codes::PRIMARY_PAYER));
        self.ndc = rng.percent(5).then(|| {
            let ndc = ShortCode::ndc(rng.below(900_000));
            (ndc, rng.pick(codes::DRUG))
        });
        self.place = coded(rng, codes::POS);
        self.practice = unit.map(|unit| Practice {
            unit,
            zip: rng.percent(95).then(|| rng.digits(9)),
            pricing: coded(rng, &[("00", ""), ("15", "Area 15"), ("99", "")]),
            laboratory: rng
                .percent(12)
                .then(|| rng.pick(&["99D0000001", "99D0000002", "99D9999999"])),
            anaesthesia: None,
        });
        self.supply = supply.map(|(price, number, rest)| Supply {
            price,
            number,
            thousandths: self.units * 1000 + rest,
            supplier: coded(rng, &[("0", "Clinic"), ("1", "Solo"), ("3", "Supplier & <maker>")]),
        });
        self.year = rng.between(3, 9);
        // Half of the lines have no modifier.
        let modifiers = if rng.percent(50) { 0 } else { rng.between(1, kind.modifiers) };
        for _ in 0..modifiers {
            self.modifiers.push(rng.pick(codes::MODIFIER));
        }
        let blank = rng.chance(1, 80);
        let code = ShortCode::hcpcs(rng);
        self.hcpcs = (!blank).then_some(code);
        if let Some(practice) = &mut self.practice {
            practice.anaesthesia = rng.percent(3).then(|| rng.between(1, 20));
        }
    }
}

impl Bill {
    pub(super) fn draw(rng: &mut Rng, header: &Header<'_>) -> Self {
        let kind = PartB::of(header.kind);
        let old_style = header.person.old_style;
        let mut diagnoses = Diagnoses::draw(rng, header.from, LISTS);
        let count = if rng.chance(1, 700) { 0 } else { rng.weighted(kind.lines) + 1 };
        let mut lines: Vec<Line> = (0..count).map(|_| Line::draw(rng, header)).collect();
        draw_team(rng, kind, &mut lines, old_style);
        link_diagnoses(rng, header.from, &mut diagnoses, &mut lines);
        let referral = rng.percent(65).then(|| npi(rng, 5000));
        let tested: Vec<bool> = lines.iter().map(|_| rng.percent(4)).collect();
        // Older claims carry no information element, and not the control number added with it.
        let older = old_style || rng.percent(3);
        for (line, tested) in lines.iter_mut().zip(tested) {
            line.blood_test = tested.then(|| BloodTest {
                kind: rng.pick(codes::HEMATOLOGY),
                tenths: rng.between(80, 480),
            });
        }
        let disposition = (!old_style).then(|| match header.action {
            Action::Cancelled => rng.pick(&["03", "3"]),
            _ => rng.pick(&["01", "01", "01", "1", "02"]),
        });
        let paid = lines.iter().map(|l| l.paid).sum::<i64>();
        let to_patient = if rng.percent(3) { paid } else { 0 };
        let contractor = rng.digits(5);
        let control = (!older).then(|| rng.digits(14));
        let denial = coded(rng, codes::PAYMENT_DENIAL);
        let assignment = rng.pick(&[("A", "Assigned"), ("A", "Assigned"), ("N", "Not assigned")]);
        let trial = rng.percent(5).then(|| rng.digits(8));
        let state = (!lines.is_empty()).then(|| codes::state_code(rng, header.person.state));
        for line in &mut lines {
            line.draw_item(rng, kind);
        }
        Self {
            diagnoses,
            lines,
            referral,
            older,
            disposition,
            to_patient,
            contractor,
            control,
            denial,
            assignment,
            trial,
            state,
            nch_type: rng.pick(kind.nch_types),
        }
    }

    /// The sum of an amount of the lines.
    pub(crate) fn sum(&self, of: fn(&Line) -> i64) -> i64 {
        self.lines.iter().map(of).sum()
    }
}

/// A line's provider: several lines share one mostly.
fn provider(rng: &mut Rng, kind: &PartB) -> LineProvider {
    LineProvider {
        specialty: coded(rng, kind.specialties),
        provider_type: kind.practitioners.then(|| coded(rng, codes::PROVIDER_TYPE)),
        participating: coded(rng, codes::PARTICIPATING),
        organization: (kind.practitioners && rng.percent(40)).then(|| npi(rng, 2000)),
    }
}

/// Providers and tax numbers of the lines. The claims of 2019 had no care team where NPIs were blank.
fn draw_team(rng: &mut Rng, kind: &PartB, lines: &mut [Line], old_style: bool) {
    if old_style && rng.percent(60) {
        return;
    }
    let taxed = !old_style && rng.percent(80);
    let mut known = (npi(rng, 20_000), provider(rng, kind), rng.digits(9));
    for line in lines {
        if rng.percent(12) {
            known = (npi(rng, 20_000), provider(rng, kind), rng.digits(9));
        } else if rng.percent(3) {
            known.1 = provider(rng, kind);
        }
        if rng.chance(1, 100) {
            continue; // blank NPI
        }
        line.provider = Some((known.0, known.1));
        line.tax = taxed.then_some(known.2);
    }
}

/// Lines point at a header diagnosis, or bring their own, which is appended.
fn link_diagnoses(rng: &mut Rng, day: Day, diagnoses: &mut Diagnoses, lines: &mut [Line]) {
    for line in lines {
        line.diagnosis = match rng.below(100) {
            0..=2 => None,
            3..=10 => Some(diagnoses.add(Code::draw(rng, day), Kind::Line, None)),
            _ => {
                let distinct = u32::try_from(diagnoses.distinct().count()).unwrap_or(0);
                Some(rng.below(distinct))
            }
        };
    }
}

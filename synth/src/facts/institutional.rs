//! The facts of institutional claims.

use super::claim_type::ClaimType;
use super::diagnosis::{Diagnoses, Procedure};
use super::header::{Action, Header, npi};
use super::kinds::Kind;
use crate::codes::{self, Coded, coded};
use crate::date::Day;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// One revenue centre line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) charge: i64,
    pub(crate) rate: i64,
    pub(crate) noncovered: i64,
    /// Paid to the provider for the line; v1 and v2 tell it where lines are paid.
    pub(crate) paid: i64,
    pub(crate) deductible: i64,
    /// Always four digits.
    pub(crate) revenue: &'static str,
    /// v1 and v2 lose the leading zeros of the revenue centre.
    pub(crate) revenue_cut: bool,
    pub(crate) units: u32,
    /// NPI of the rendering physician.
    pub(crate) rendering: Option<u64>,
    pub(crate) date: Option<Day>,
    /// Why it was adjusted; up to four.
    pub(crate) reasons: Vec<Coded>,
    /// Thousandths of a drug's unit, and whether the unit is one that the server knows.
    pub(crate) drug_quantity: Option<(u32, bool)>,
    pub(crate) modifiers: Vec<&'static str>,
    pub(crate) status: Coded,
    pub(crate) deductible_code: Coded,
    pub(crate) hcpcs: Option<ShortCode>,
    pub(crate) ndc: Option<(ShortCode, &'static str)>,
}

/// Amounts of stays that v1 tells in extensions. Zero where the type has none.
#[derive(Debug, Default)]
pub(crate) struct Amounts {
    pub(crate) teaching: i64,
    pub(crate) poor: i64,
    pub(crate) per_diem: i64,
    pub(crate) capital: i64,
    pub(crate) uncompensated: i64,
    pub(crate) part_a_deductible: i64,
    /// In the order of [`STAY_AMOUNTS`].
    pub(crate) stay: [i64; 9],
    pub(crate) outlier: i64,
    pub(crate) blood_deductible: i64,
    pub(crate) part_b_deductible: i64,
    pub(crate) part_b_coinsurance: i64,
    /// By another payer.
    pub(crate) other_payer: i64,
}

/// What the amounts of [`Amounts::stay`] are.
pub(crate) const STAY_AMOUNTS: [&str; 9] = [
    "nch_bene_pta_coinsrnc_lblty_amt",
    "nch_ip_ncvrd_chrg_amt",
    "nch_ip_tot_ddctn_amt",
    "clm_pps_cptl_dsprprtnt_shr_amt",
    "clm_pps_cptl_excptn_amt",
    "clm_pps_cptl_fsp_amt",
    "clm_pps_cptl_ime_amt",
    "clm_pps_cptl_outlier_amt",
    "clm_pps_old_cptl_hld_hrmls_amt",
];

/// What information tells of an inpatient or SNF stay.
#[derive(Debug)]
pub(crate) struct StayCodes {
    pub(crate) admission_type: Coded,
    pub(crate) admission_source: Coded,
    pub(crate) noncovered: bool,
    pub(crate) care_ended: bool,
    pub(crate) used_up: bool,
    pub(crate) pints: Option<u32>,
    /// The hospital stay that qualified for the SNF.
    pub(crate) qualifying: Option<(Day, Day)>,
}

/// The facts of an institutional claim.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) lines: Vec<Line>,
    pub(crate) days: u32,
    pub(crate) discharge: Coded,
    /// Written without the elements that came in 2021.
    pub(crate) older: bool,
    pub(crate) operating: Option<u64>,
    pub(crate) other: Option<u64>,
    pub(crate) attending: Option<u64>,
    pub(crate) diagnoses: Diagnoses,
    pub(crate) payment: i64,
    pub(crate) total: i64,
    pub(crate) organization: Option<u64>,
    /// Days of the stay with a share of the patient's.
    pub(crate) shared_days: u32,
    /// HHA and hospice have it too, but v1 does not tell it there.
    pub(crate) query: Coded,
    pub(crate) amounts: Amounts,
    pub(crate) non_payment: Option<Coded>,
    pub(crate) contractor: u64,
    pub(crate) control: Option<u64>,
    pub(crate) original_control: Option<u64>,
    pub(crate) named: bool,
    pub(crate) facility_type: Coded,
    /// When the stay or care began; not told for outpatients.
    pub(crate) admission: Option<Day>,
    pub(crate) discharged: Option<Day>,
    pub(crate) codes: Option<StayCodes>,
    pub(crate) plan_paid: Option<Coded>,
    pub(crate) frequency: Coded,
    pub(crate) primary_payer: Option<Coded>,
    /// Few visits, and who referred: home health.
    pub(crate) home_health: Option<(Coded, Coded)>,
    pub(crate) state: Option<&'static str>,
    pub(crate) procedures: Vec<Procedure>,
    /// CMS certification number.
    pub(crate) provider: u64,
    pub(crate) nch_type: Coded,
}

impl Line {
    fn draw(rng: &mut Rng, header: &Header<'_>, kind: &Kind) -> Self {
        let charge = rng.cents(20, 4000);
        let covered = rng.percent(92);
        Self {
            charge,
            rate: if rng.percent(30) { rng.cents(10, 900) } else { 0 },
            noncovered: if covered { 0 } else { charge },
            paid: if covered { charge * i64::from(rng.between(20, 60)) / 100 } else { 0 },
            deductible: 0,
            revenue: rng.pick(kind.revenue),
            revenue_cut: false,
            units: [1, rng.between(2, 40), 0][rng.weighted(&[55, 40, 5])],
            rendering: None,
            date: (kind.line_date && rng.percent(96))
                .then(|| header.from.plus(rng.below(header.thru.since(header.from) + 1))),
            reasons: Vec::new(),
            drug_quantity: None,
            modifiers: Vec::new(),
            status: ("", ""),
            deductible_code: ("", ""),
            hcpcs: None,
            ndc: None,
        }
    }

    /// What stands in the item alone; the header does not need it.
    fn draw_item(&mut self, rng: &mut Rng, claim_type: ClaimType, kind: &Kind) {
        match claim_type {
            ClaimType::Hha if rng.percent(40) => self.reasons.push(coded(rng, codes::ANSI)),
            ClaimType::Outpatient => {
                for _ in 0..rng.weighted(&[40, 40, 14, 4, 2]) {
                    self.reasons.push(coded(rng, codes::ANSI));
                }
                self.deductible = if rng.percent(8) { rng.cents(5, 150) } else { 0 };
            }
            _ => {}
        }
        if rng.percent(8) {
            let known = rng.pick(&[true, false]);
            self.drug_quantity = Some((rng.between(1, 400_000), known));
        }
        if kind.modifiers && rng.percent(40) {
            for _ in 0..rng.between(1, 2) {
                self.modifiers.push(rng.pick(codes::MODIFIER));
            }
        }
        self.revenue_cut = rng.percent(10);
        if kind.revenue_status {
            self.status = coded(rng, codes::REVENUE_STATUS);
        }
        if kind.deductible {
            self.deductible_code = coded(rng, codes::DEDUCTIBLE);
        }
        if rng.percent(if kind.modifiers { 88 } else { 30 }) {
            self.hcpcs = Some(ShortCode::hcpcs(rng));
            if kind.service_ndc && rng.percent(6) {
                let ndc = ShortCode::ndc(rng.below(900_000));
                self.ndc = Some((ndc, rng.pick(codes::DRUG)));
            }
        }
    }
}

impl Stay {
    pub(super) fn draw(rng: &mut Rng, header: &Header<'_>) -> Self {
        let claim_type = header.kind;
        let kind = Kind::of(claim_type);
        let count = if rng.chance(1, 700) { 0 } else { line_count(rng, claim_type) };
        let mut lines: Vec<Line> = (0..count).map(|_| Line::draw(rng, header, kind)).collect();
        let days = header.thru.since(header.from);
        let discharge = coded(rng, codes::DISCHARGE);
        let older = header.person.old_style || rng.percent(3);
        let (operating, other, attending) = draw_team(rng, header, kind, &mut lines);
        let diagnoses = Diagnoses::draw(rng, header.from, kind.lists);
        let by_lines = lines.iter().map(|l| l.paid).sum();
        let payment = payment(rng, claim_type, days, by_lines);
        let total = lines.iter().map(|l| l.charge).sum();
        let organization = (!rng.chance(1, 60)).then(|| npi(rng, 3000));
        let shared = match claim_type {
            ClaimType::Inpatient => rng.percent(10),
            ClaimType::Snf => rng.percent(40),
            _ => false,
        };
        let shared_days = if shared { rng.below(days + 1) } else { 0 };
        let query = kind.query.then(|| match header.action {
            Action::Original => {
                rng.pick(&[("3", "Final"), ("3", "Final"), ("3", "Final"), ("1", "In between")])
            }
            Action::Adjusted => ("5", "Debit"),
            Action::Cancelled => ("0", "Credit"),
        });
        let mut amounts = Amounts::draw(rng, claim_type);
        let non_payment = rng.percent(25).then(|| coded(rng, codes::NON_PAYMENT));
        amounts.other_payer = if rng.percent(4) { rng.cents(10, 900) } else { 0 };
        let contractor = rng.digits(5);
        let control = (!older).then(|| rng.digits(17));
        let original_control = (!older && rng.percent(40)).then(|| rng.digits(17));
        let named = rng.percent(30);
        let facility_type = rng.pick(kind.facility_types);
        let (admission, discharged) = draw_admission(rng, header, discharge);
        let stay_codes = matches!(claim_type, ClaimType::Inpatient | ClaimType::Snf)
            .then(|| StayCodes::draw(rng, header));
        let plan_paid = kind.query.then(|| rng.pick(codes::MCO));
        let frequency = draw_frequency(rng, header.action);
        let primary_payer = rng.percent(15).then(|| coded(rng, codes::PRIMARY_PAYER));
        let home_health = (claim_type == ClaimType::Hha)
            .then(|| (rng.pick(codes::LUPA), coded(rng, codes::REFERRAL)));
        let state = (!lines.is_empty()).then(|| codes::state_code(rng, header.person.state));
        for line in &mut lines {
            line.draw_item(rng, claim_type, kind);
        }
        let procedures = kind.procedures.map_or_else(Vec::new, |most| {
            let count = if rng.percent(45) { 0 } else { rng.below(most + 1) };
            Procedure::draw(rng, header.from, header.thru, count)
        });
        let provider = 990_000 + u64::from(rng.below(9999));
        Self {
            lines,
            days,
            discharge,
            older,
            operating,
            other,
            attending,
            diagnoses,
            payment,
            total,
            organization,
            shared_days,
            // Where v1 is silent the bill's frequency says the same, so that no version tells of another adjustment.
            query: query.unwrap_or(match frequency.0 {
                "7" => ("5", "Debit"),
                "8" => ("0", "Credit"),
                _ => ("3", "Final"),
            }),
            amounts,
            non_payment,
            contractor,
            control,
            original_control,
            named,
            facility_type,
            admission,
            discharged,
            codes: stay_codes,
            plan_paid,
            frequency,
            primary_payer,
            home_health,
            state,
            procedures,
            provider,
            nch_type: rng.pick(kind.nch_types),
        }
    }

    /// The sum of what the lines paid.
    pub(crate) fn paid_by_lines(&self) -> i64 {
        self.lines.iter().map(|l| l.paid).sum()
    }

    /// What the bill did: 0 first bill, 1 cancelled, 2 adjusted.
    pub(crate) fn adjustment(&self) -> &'static str {
        let by_query = match self.query.0 {
            "0" => "1",
            "5" => "2",
            _ => "0",
        };
        match self.frequency.0 {
            "8" => "1",
            "7" => "2",
            _ => by_query,
        }
    }

    /// Whether the patient was discharged, died or is still there.
    pub(crate) fn patient_status(&self) -> Coded {
        match self.discharge.0 {
            "20" => codes::PATIENT_STATUS[1],
            "30" => codes::PATIENT_STATUS[2],
            _ => codes::PATIENT_STATUS[0],
        }
    }

    /// The visits of a home health claim.
    pub(crate) fn visits(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(0) * 2
    }
}

impl Amounts {
    fn draw(rng: &mut Rng, claim_type: ClaimType) -> Self {
        let mut all = Self::default();
        match claim_type {
            ClaimType::Inpatient => {
                all.teaching = if rng.percent(30) { rng.cents(10, 4000) } else { 0 };
                all.poor = if rng.percent(40) { rng.cents(10, 900) } else { 0 };
                all.per_diem = rng.cents(0, 80);
                all.capital = rng.cents(100, 1500);
                all.uncompensated = if rng.percent(50) { rng.cents(50, 1200) } else { 0 };
                all.draw_stay(rng);
                all.outlier = if rng.percent(4) { rng.cents(100, 30_000) } else { 0 };
            }
            ClaimType::Snf => all.draw_stay(rng),
            ClaimType::Outpatient => {
                all.part_b_deductible = if rng.percent(10) { rng.cents(5, 200) } else { 0 };
                all.part_b_coinsurance = rng.cents(0, 300);
            }
            _ => return all,
        }
        all.blood_deductible = if rng.percent(3) { rng.cents(1, 300) } else { 0 };
        all
    }

    fn draw_stay(&mut self, rng: &mut Rng) {
        self.part_a_deductible = [0, 140_800][rng.weighted(&[50, 50])];
        for amount in &mut self.stay {
            *amount = if rng.percent(40) { rng.cents(1, 2000) } else { 0 };
        }
    }
}

impl StayCodes {
    fn draw(rng: &mut Rng, header: &Header<'_>) -> Self {
        let mut codes = Self {
            admission_type: coded(rng, codes::ADMISSION_TYPE),
            admission_source: coded(rng, codes::ADMISSION_SOURCE),
            noncovered: rng.percent(6),
            care_ended: rng.percent(4),
            used_up: rng.percent(4),
            pints: rng.percent(10).then(|| rng.between(1, 9)),
            qualifying: None,
        };
        if header.kind == ClaimType::Snf && rng.percent(80) {
            codes.qualifying = Some((header.from.minus(rng.between(3, 20)), header.from));
        }
        codes
    }
}

/// How many lines a claim has.
fn line_count(rng: &mut Rng, claim_type: ClaimType) -> u32 {
    match claim_type {
        ClaimType::Inpatient if rng.percent(80) => rng.between(3, 9),
        ClaimType::Inpatient => rng.between(10, 20),
        ClaimType::Hha => rng.between(2, 9),
        ClaimType::Hospice => rng.between(1, 8),
        ClaimType::Snf => rng.between(2, 8),
        _ if rng.percent(85) => rng.between(1, 4),
        _ => rng.between(5, 15),
    }
}

/// What Medicare paid for the claim.
fn payment(rng: &mut Rng, claim_type: ClaimType, days: u32, by_lines: i64) -> i64 {
    match claim_type {
        // A payment is negative when the deductible is above what is paid.
        ClaimType::Inpatient if rng.chance(1, 300) => -rng.cents(1, 900),
        ClaimType::Inpatient => rng.cents(2000, 9000) * i64::from(days + 1) / 3,
        ClaimType::Hha => rng.cents(200, 4000),
        ClaimType::Snf => rng.cents(300, 700) * i64::from(days),
        _ => by_lines,
    }
}

/// Operating, other and attending physicians of the header; the rendering ones are told to the lines.
fn draw_team(
    rng: &mut Rng,
    header: &Header<'_>,
    kind: &Kind,
    lines: &mut [Line],
) -> (Option<u64>, Option<u64>, Option<u64>) {
    if header.person.old_style && rng.percent(60) {
        return (None, None, None);
    }
    let (mut operating, mut other) = (None, None);
    if kind.procedures.is_some() {
        operating = rng.percent(45).then(|| npi(rng, 8000));
        other = rng.percent(25).then(|| npi(rng, 8000));
    }
    let attending = npi(rng, 8000);
    let attended = !rng.chance(1, 80);
    // In one claim of eight the attending physician renders too.
    let mut rendering = if attended && rng.chance(1, 8) { attending } else { npi(rng, 8000) };
    for line in lines {
        if rng.percent(8) {
            rendering = npi(rng, 8000);
        }
        if rng.percent(85) {
            line.rendering = Some(rendering);
        }
    }
    (operating, other, attended.then_some(attending))
}

/// When the care began and, where that is told, ended.
fn draw_admission(
    rng: &mut Rng,
    header: &Header<'_>,
    discharge: Coded,
) -> (Option<Day>, Option<Day>) {
    match header.kind {
        ClaimType::Inpatient | ClaimType::Snf => {
            let admission =
                if rng.percent(85) { header.from } else { header.from.minus(rng.between(1, 40)) };
            (Some(admission), (discharge.0 != "30").then_some(header.thru))
        }
        ClaimType::Hha => (rng.percent(95).then(|| header.from.minus(rng.below(90))), None),
        ClaimType::Hospice => match header.spell {
            None => (Some(header.from), None),
            Some((spell, _)) => {
                let told = rng.below(10) < spell.discharge_in_ten;
                (Some(spell.start), told.then_some(spell.end))
            }
        },
        _ => (None, None),
    }
}

fn draw_frequency(rng: &mut Rng, action: Action) -> Coded {
    match action {
        Action::Original => rng.pick(&[
            ("1", "Whole stay"),
            ("1", "Whole stay"),
            ("1", ""),
            ("2", "First"),
            ("3", "Next"),
            ("4", "Last"),
        ]),
        // Half of the adjustments are told by the query code alone.
        Action::Adjusted => rng.pick(&[("7", "Replaces"), ("1", "Whole stay")]),
        Action::Cancelled => rng.pick(&[("8", "Void"), ("1", "Whole stay")]),
    }
}

//! What the five institutional types share; each gives its own parts through [`Institutional`].

use super::care_team::{CareTeam, Role};
use super::diagnosis::{Diagnoses, Lists, write_procedures};
use super::{Action, Claim, npi};
use crate::codes::{self, coded};
use crate::date::Day;
use crate::fhir::{self, Coded, Information, System};
use crate::json::Json;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// How quantities of drugs begin: with a known unit, and with one the server does not know.
const NDC_QUANTITIES: [&str; 2] = [
    r#","valueQuantity":{"code":"ML","system":"http://unitsofmeasure.org","unit":"Milliliter","value":"#,
    r#","valueQuantity":{"code":"GG","system":"http://unitsofmeasure.org","value":"#,
];

/// The name of every facility that has one.
const FACILITY_NAME: &str = "Example Hospital & Clinics, \"North\"";

/// Which optional parts a type has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) lists: Lists,
    /// `billablePeriod` tells the query code; information tells whether a plan paid.
    pub(super) query: bool,
    /// Operating and other physicians, and the most procedures.
    pub(super) procedures: Option<u32>,
    pub(super) modifiers: bool,
    pub(super) line_date: bool,
    pub(super) revenue_status: bool,
    pub(super) deductible: bool,
    /// The service may have an NDC extension.
    pub(super) service_ndc: bool,
}

/// The parts in which the types differ.
pub(super) trait Institutional {
    const NCH_TYPES: &'static [Coded];
    const NEAR_LINE: Coded;
    const FACILITY_TYPES: &'static [Coded];
    const CLASSIFICATION: Coded;
    const REVENUE: &'static [&'static str];
    const SHAPE: Shape;

    /// How many lines a claim has.
    fn line_count(rng: &mut Rng) -> u32;
    /// What Medicare paid for the claim.
    fn payment(rng: &mut Rng, claim: &Stay<'_>) -> i64;
    /// The financial entries of `benefitBalance`.
    fn benefits(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>);
    /// Claim extensions before the common ones.
    fn amounts(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>);
    /// `hospitalization`.
    fn hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>);
    /// Information entries between the weekly processing date and the common ones.
    fn information(information: &mut Information<'_>, rng: &mut Rng, stay: &Stay<'_>);
    /// Information entries after the common ones.
    fn last_information(_information: &mut Information<'_>, _rng: &mut Rng) {}
    /// Adjudications of a line before the common ones.
    fn first_adjudications(_json: &mut Json, _rng: &mut Rng, _line: &Line) {}
    /// Adjudications of a line after the common ones.
    fn last_adjudications(_json: &mut Json, _line: &Line) {}
}

/// One revenue centre line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) charge: i64,
    pub(super) rate: i64,
    pub(super) noncovered: i64,
    /// Paid to the provider for the line, where lines are paid.
    pub(super) paid: i64,
    revenue: &'static str,
    units: u32,
    link: Option<u32>,
    date: Option<Day>,
}

/// A claim with what is drawn before it is written.
#[derive(Debug)]
pub(super) struct Stay<'a> {
    pub(super) claim: &'a Claim<'a>,
    pub(super) lines: Vec<Line>,
    pub(super) days: u32,
    pub(super) discharge: Coded,
    /// Written without the elements that came in 2021.
    pub(super) older: bool,
}

impl Line {
    fn draw<T: Institutional>(rng: &mut Rng, claim: &Claim<'_>) -> Self {
        let charge = rng.cents(20, 4000);
        let covered = rng.percent(92);
        Self {
            charge,
            rate: if rng.percent(30) { rng.cents(10, 900) } else { 0 },
            noncovered: if covered { 0 } else { charge },
            paid: if covered { charge * i64::from(rng.between(20, 60)) / 100 } else { 0 },
            revenue: rng.pick(T::REVENUE),
            units: [1, rng.between(2, 40), 0][rng.weighted(&[55, 40, 5])],
            link: None,
            date: (T::SHAPE.line_date && rng.percent(96))
                .then(|| claim.from.plus(rng.below(claim.thru.since(claim.from) + 1))),
        }
    }
}

/// Writes all members of the claim.
pub(super) fn write<T: Institutional>(json: &mut Json, rng: &mut Rng, claim: &Claim<'_>) {
    let shape = T::SHAPE;
    let count = if rng.chance(1, 700) { 0 } else { T::line_count(rng) };
    let mut stay = Stay {
        claim,
        lines: (0..count).map(|_| Line::draw::<T>(rng, claim)).collect(),
        days: claim.thru.since(claim.from),
        discharge: coded(rng, codes::DISCHARGE),
        older: claim.person.old_style || rng.percent(3),
    };
    let team = draw_team(rng, shape, &mut stay);
    let diagnoses = Diagnoses::draw(rng, claim.from, shape.lists);
    let payment = T::payment(rng, &stay);
    let total = stay.lines.iter().map(|l| l.charge).sum::<i64>();
    let organization = (!rng.chance(1, 60)).then(|| npi(rng, 3000));

    write_benefits::<T>(json, rng, &stay);
    let query = shape.query.then(|| match claim.action {
        Action::Original => {
            rng.pick(&[("3", "Final"), ("3", "Final"), ("3", "Final"), ("1", "In between")])
        }
        Action::Adjusted => ("5", "Debit"),
        Action::Cancelled => ("0", "Credit"),
    });
    claim.write_period(json, query);
    team.write(json);
    diagnoses.write(json);
    write_extensions::<T>(json, rng, &stay);
    let named = rng.percent(30);
    json.open_key("facility");
    if named {
        json.text("display", FACILITY_NAME);
    }
    json.list_key("extension");
    fhir::extension_code(json, "clm_fac_type_cd", rng.pick(T::FACILITY_TYPES));
    json.close_list();
    if let Some(npi) = organization {
        fhir::identifier(json, "identifier", System::Url(fhir::NPI), npi);
    }
    json.close();
    T::hospitalization(json, rng, &stay);
    claim.write_identity(json, "clm_id", None);
    write_information::<T>(json, rng, &stay);
    claim.write_insurance(json, |_| {});
    if !stay.lines.is_empty() {
        let state = codes::state_code(rng, claim.person.state);
        json.list_key("item");
        for (sequence, line) in (claim.lines_from..).zip(&stay.lines) {
            write_item::<T>(json, rng, line, sequence, state);
        }
        json.close_list();
    }
    claim.write_meta(json);
    if let Some(npi) = organization {
        json.open_key("organization");
        if named {
            json.text("display", FACILITY_NAME);
        }
        fhir::identifier(json, "identifier", System::Url(fhir::NPI), npi);
        json.close();
    }
    claim.write_patient(json);
    json.open_key("payment");
    fhir::money(json, "amount", payment);
    json.close();
    if let Some(most) = shape.procedures {
        let procedures = if rng.percent(45) { 0 } else { rng.below(most + 1) };
        write_procedures(json, rng, claim.from, claim.thru, procedures);
    }
    json.open_key("provider");
    fhir::identifier(
        json,
        "identifier",
        System::Variable("prvdr_num"),
        990_000 + u64::from(rng.below(9999)),
    );
    json.close();
    json.code("resourceType", "ExplanationOfBenefit");
    claim.write_status(json);
    fhir::money(json, "totalCost", total);
    let nch = rng.pick(T::NCH_TYPES);
    claim.write_type(json, Some(nch), Some(T::NEAR_LINE), Some(T::CLASSIFICATION));
}

/// Operating, other and attending physicians in the header, then the rendering ones of the lines.
fn draw_team(rng: &mut Rng, shape: Shape, stay: &mut Stay<'_>) -> CareTeam {
    let mut team = CareTeam::default();
    if stay.claim.person.old_style && rng.percent(60) {
        return team;
    }
    if shape.procedures.is_some() {
        if rng.percent(45) {
            team.add(Role::Assist, npi(rng, 8000));
        }
        if rng.percent(25) {
            team.add(Role::Other, npi(rng, 8000));
        }
    }
    let attending = npi(rng, 8000);
    let attended = !rng.chance(1, 80);
    if attended {
        team.add(Role::Primary, attending);
    }
    // In one claim of eight the attending physician renders too: one entry, to which lines link.
    let mut rendering = if attended && rng.chance(1, 8) { attending } else { npi(rng, 8000) };
    for line in &mut stay.lines {
        if rng.percent(8) {
            rendering = npi(rng, 8000);
        }
        if rng.percent(85) {
            line.link = Some(team.add(Role::Primary, rendering));
        }
    }
    team
}

fn write_benefits<T: Institutional>(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
    // An outpatient claim has no balance: nothing may be written for it.
    let start = json.bytes.len();
    json.raw(r#""benefitBalance":[{"category":{"coding":[{"code":"medical","system":"http://hl7.org/fhir/benefit-category"}]}"#);
    json.list_key("financial");
    let empty = json.bytes.len();
    T::benefits(json, rng, stay);
    if json.bytes.len() == empty {
        json.bytes.truncate(start);
    } else {
        json.raw("]}]");
    }
}

fn write_extensions<T: Institutional>(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
    json.list_key("extension");
    T::amounts(json, rng, stay);
    if rng.percent(25) {
        fhir::extension_code(json, "clm_mdcr_non_pmt_rsn_cd", coded(rng, codes::NON_PAYMENT));
    }
    let other_payer = if rng.percent(4) { rng.cents(10, 900) } else { 0 };
    fhir::extension_money(json, "prpayamt", other_payer);
    fhir::extension_number(json, "fi_num", rng.digits(5));
    if !stay.older {
        fhir::extension_number(json, "fi_doc_clm_cntl_num", rng.digits(17));
        if rng.percent(40) {
            fhir::extension_number(json, "fi_orig_clm_cntl_num", rng.digits(17));
        }
    }
    json.close_list();
}

fn write_information<T: Institutional>(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
    let mut information = Information::new(json);
    if !stay.older {
        information.date("nch_wkly_proc_dt", "Processed in the week of", stay.claim.processed);
    }
    T::information(&mut information, rng, stay);
    if T::SHAPE.query {
        information.code("clm_mco_pd_sw", "Plan paid", rng.pick(codes::MCO));
    }
    let frequency = match stay.claim.action {
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
    };
    information.code("clm_freq_cd", "Bill frequency", frequency);
    information.code("ptnt_dschrg_stus_cd", "Discharge", stay.discharge);
    if rng.percent(15) {
        information.code("nch_prmry_pyr_cd", "First payer", coded(rng, codes::PRIMARY_PAYER));
    }
    T::last_information(&mut information, rng);
    information.end();
}

fn write_item<T: Institutional>(
    json: &mut Json,
    rng: &mut Rng,
    line: &Line,
    sequence: u32,
    state: &str,
) {
    let shape = T::SHAPE;
    json.open();
    json.list_key("adjudication");
    T::first_adjudications(json, rng, line);
    fhir::adjudicated_amount(json, "rev_cntr_rate_amt", "Rate", line.rate);
    fhir::adjudicated_amount(json, "rev_cntr_tot_chrg_amt", "Charge", line.charge);
    fhir::adjudicated_amount(
        json,
        "rev_cntr_ncvrd_chrg_amt",
        "Charge not covered",
        line.noncovered,
    );
    T::last_adjudications(json, line);
    json.close_list();
    if let Some(link) = line.link {
        json.list_key("careTeamLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    if rng.percent(8) {
        json.list_key("extension");
        json.open();
        System::Variable("rev_cntr_ndc_qty").write(json, "url");
        json.raw(rng.pick(&NDC_QUANTITIES));
        json.decimal(i64::from(rng.between(1, 400_000)), 3);
        json.raw("}}");
        json.close_list();
    }
    json.open_key("locationAddress");
    json.code("state", state);
    json.close();
    if shape.modifiers && rng.percent(40) {
        json.list_key("modifier");
        for _ in 0..rng.between(1, 2) {
            json.open();
            fhir::hcpcs(json, rng.pick(codes::MODIFIER), None);
            json.close();
        }
        json.close_list();
    }
    json.open_key("quantity");
    json.integer("value", line.units);
    json.close();
    json.open_key("revenue");
    json.list_key("coding");
    // Some sources lose the leading zeros of the revenue centre.
    let revenue = if rng.percent(10) { line.revenue.trim_start_matches('0') } else { line.revenue };
    fhir::coding(json, System::Variable("rev_cntr"), (revenue, ""));
    json.close_list();
    if shape.revenue_status || shape.deductible {
        json.list_key("extension");
        if shape.revenue_status {
            fhir::extension_code(json, "rev_cntr_stus_ind_cd", coded(rng, codes::REVENUE_STATUS));
        }
        if shape.deductible {
            fhir::extension_code(
                json,
                "rev_cntr_ddctbl_coinsrnc_cd",
                coded(rng, codes::DEDUCTIBLE),
            );
        }
        json.close_list();
    }
    json.close();
    json.integer("sequence", sequence);
    if rng.percent(if shape.modifiers { 88 } else { 30 }) {
        json.open_key("service");
        fhir::hcpcs(json, ShortCode::hcpcs(rng).as_str(), None);
        if shape.service_ndc && rng.percent(6) {
            let ndc = ShortCode::ndc(rng.below(900_000));
            json.list_key("extension");
            fhir::extension_code(
                json,
                "rev_cntr_ide_ndc_upc_num",
                (ndc.as_str(), rng.pick(codes::DRUG)),
            );
            json.close_list();
        }
        json.close();
    }
    if let Some(day) = line.date {
        json.date("servicedDate", day);
    }
    json.close();
}

/// The sum of what the lines paid.
pub(super) fn paid_by_lines(stay: &Stay<'_>) -> i64 {
    stay.lines.iter().map(|l| l.paid).sum()
}

//! What carrier and DME claims share; each gives its own parts through [`PartB`].

use super::care_team::{CareTeam, LineProvider};
use super::diagnosis::{Code, Diagnoses, Lists};
use super::{Action, Claim, npi};
use crate::codes::{self, coded};
use crate::date::Day;
use crate::fhir::{self, Coded, NDC, NPI, System};
use crate::json::Json;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// The parts in which the two types differ.
pub(super) trait PartB {
    /// NCH claim types to draw from.
    const NCH_TYPES: &'static [Coded];
    const NEAR_LINE: Coded;
    /// Weights of 1, 2, ... lines.
    const LINES: &'static [u32];
    const SERVICES: &'static [Coded];
    const MODIFIERS: u32;
    const SPECIALTIES: &'static [Coded];
    /// Lines tell a provider type and an organisation.
    const PRACTITIONERS: bool;

    /// Adjudications before the common ones.
    fn first_adjudications(json: &mut Json, rng: &mut Rng, line: &Line);
    /// Item extensions before the common ones.
    fn first_extensions(json: &mut Json, rng: &mut Rng, line: &Line);
    /// Extensions of the place after the state.
    fn place_extensions(json: &mut Json, rng: &mut Rng, line: &Line, state: &str);
    /// Extensions of the service.
    fn service_extensions(json: &mut Json, rng: &mut Rng);
}

/// One line, drawn before anything is written, because the header tells its sums and its providers.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) submitted: i64,
    pub(super) allowed: i64,
    deductible: i64,
    coinsurance: i64,
    paid: i64,
    processing: Coded,
    pub(super) units: u32,
    team: [u32; 2],
    diagnosis: Option<u32>,
    dates: Option<(Day, Day)>,
    /// The number of the contained Observation.
    observation: Option<u32>,
}

impl Line {
    fn draw(rng: &mut Rng, claim: &Claim<'_>) -> Self {
        let submitted = rng.cents(15, 600);
        let processing = coded(rng, codes::PROCESSING);
        let denied = matches!(processing.0, "C" | "N");
        let allowed = if denied { 0 } else { submitted * i64::from(rng.between(40, 100)) / 100 };
        let deductible = if rng.percent(8) { allowed.min(rng.cents(5, 120)) } else { 0 };
        let paid = (allowed - deductible) * 80 / 100;
        let first = claim.from.plus(rng.below(claim.thru.since(claim.from) + 1));
        Self {
            submitted,
            allowed,
            deductible,
            coinsurance: allowed - deductible - paid,
            paid,
            processing,
            units: [1, rng.between(2, 30)][rng.weighted(&[85, 15])],
            team: [0; 2],
            diagnosis: None,
            dates: (!rng.chance(1, 150)).then_some((first, first)),
            observation: None,
        }
    }
}

/// A line's provider: several lines share one mostly.
fn provider<T: PartB>(rng: &mut Rng) -> LineProvider {
    LineProvider {
        specialty: coded(rng, T::SPECIALTIES),
        provider_type: T::PRACTITIONERS.then(|| coded(rng, codes::PROVIDER_TYPE)),
        participating: coded(rng, codes::PARTICIPATING),
        organization: (T::PRACTITIONERS && rng.percent(40)).then(|| npi(rng, 2000)),
    }
}

/// Writes all members of the claim.
pub(super) fn write<T: PartB>(json: &mut Json, rng: &mut Rng, claim: &Claim<'_>) {
    let old_style = claim.person.old_style;
    let lists = Lists {
        admitting: false,
        drg: false,
        inpatient: false,
        external: false,
        reason_for_visit: false,
        secondary: 11,
    };
    let mut diagnoses = Diagnoses::draw(rng, claim.from, lists);
    let count = if rng.chance(1, 700) { 0 } else { rng.weighted(T::LINES) + 1 };
    let mut lines: Vec<Line> = (0..count).map(|_| Line::draw(rng, claim)).collect();
    let team = draw_team::<T>(rng, &mut lines, old_style);
    link_diagnoses(rng, claim.from, &mut diagnoses, &mut lines);
    let referral = rng.percent(65).then(|| npi(rng, 5000));
    let mut contained = u32::from(referral.is_some());
    for line in &mut lines {
        if rng.percent(4) {
            contained += 1;
            line.observation = Some(contained);
        }
    }
    // Older claims carry no information element, and not the control number added with it.
    let older = old_style || rng.percent(3);

    claim.write_period(json, None);
    team.write(json);
    write_contained(json, rng, claim, referral, &lines);
    diagnoses.write(json);
    if !old_style {
        let disposition = match claim.action {
            Action::Cancelled => rng.pick(&["03", "3"]),
            _ => rng.pick(&["01", "01", "01", "1", "02"]),
        };
        json.code("disposition", disposition);
    }
    let paid = lines.iter().map(|l| l.paid).sum::<i64>();
    write_extensions(json, rng, &lines, paid, older);
    claim.write_identity(json, "clm_id", None);
    if !older {
        let mut information = fhir::Information::new(json);
        information.date("nch_wkly_proc_dt", "Processed in the week of", claim.processed);
        information.end();
    }
    claim.write_insurance(json, |_| {});
    if !lines.is_empty() {
        let state = codes::state_code(rng, claim.person.state);
        json.list_key("item");
        for (sequence, line) in (claim.lines_from..).zip(&lines) {
            write_item::<T>(json, rng, line, sequence, state);
        }
        json.close_list();
    }
    claim.write_meta(json);
    claim.write_patient(json);
    json.open_key("payment");
    fhir::money(json, "amount", paid);
    json.close();
    if referral.is_some() {
        json.raw(r##","referral":{"reference":"#1"}"##);
    }
    json.code("resourceType", "ExplanationOfBenefit");
    claim.write_status(json);
    let nch = rng.pick(T::NCH_TYPES);
    claim.write_type(json, Some(nch), Some(T::NEAR_LINE), None);
}

/// Providers and tax numbers of the lines. The claims of 2019 had no care team where NPIs were blank.
fn draw_team<T: PartB>(rng: &mut Rng, lines: &mut [Line], old_style: bool) -> CareTeam {
    let mut team = CareTeam::default();
    if old_style && rng.percent(60) {
        return team;
    }
    let taxed = !old_style && rng.percent(80);
    let mut known = (npi(rng, 20_000), provider::<T>(rng), rng.digits(9));
    for line in lines {
        if rng.percent(12) {
            known = (npi(rng, 20_000), provider::<T>(rng), rng.digits(9));
        } else if rng.percent(3) {
            known.1 = provider::<T>(rng);
        }
        if rng.chance(1, 100) {
            continue; // blank NPI
        }
        line.team[0] = team.add_line_provider(known.0, known.1);
        if taxed {
            line.team[1] = team.add_tax_number(known.2);
        }
    }
    team
}

/// Lines point at a header diagnosis, or bring their own, which is appended.
fn link_diagnoses(rng: &mut Rng, day: Day, diagnoses: &mut Diagnoses, lines: &mut [Line]) {
    for line in lines {
        line.diagnosis = match rng.below(100) {
            0..=2 => None,
            3..=10 => Some(diagnoses.add(Code::draw(rng, day), None, None)),
            _ => Some(1 + rng.below(diagnoses.len())),
        };
    }
}

fn write_contained(
    json: &mut Json,
    rng: &mut Rng,
    claim: &Claim<'_>,
    referral: Option<u64>,
    lines: &[Line],
) {
    if referral.is_none() && lines.iter().all(|l| l.observation.is_none()) {
        return;
    }
    json.list_key("contained");
    if let Some(npi) = referral {
        json.open();
        json.raw(r#""id":"1","recipient":[{"#);
        fhir::identifier(json, "identifier", System::Url(NPI), npi);
        json.raw("}]");
        json.open_key("requester");
        fhir::npi_holder(json, "agent", npi);
        json.close();
        json.raw(r#","resourceType":"ReferralRequest","status":"completed""#);
        fhir::reference(json, "subject", "Patient/", claim.patient_id);
        json.close();
    }
    for number in lines.iter().filter_map(|l| l.observation) {
        json.open();
        fhir::concept(
            json,
            "code",
            System::Variable("line_hct_hgb_type_cd"),
            rng.pick(codes::HEMATOLOGY),
        );
        fhir::number_text(json, "id", u64::from(number));
        json.raw(r#","resourceType":"Observation","status":"unknown","valueQuantity":{"value":"#);
        json.decimal(i64::from(rng.between(80, 480)), 1);
        json.raw("}}");
    }
    json.close_list();
}

fn write_extensions(json: &mut Json, rng: &mut Rng, lines: &[Line], paid: i64, older: bool) {
    let sum = |of: fn(&Line) -> i64| lines.iter().map(of).sum::<i64>();
    let to_patient = if rng.percent(3) { paid } else { 0 };
    json.list_key("extension");
    fhir::extension_money(json, "prpayamt", 0);
    fhir::extension_number(json, "carr_num", rng.digits(5));
    if !older {
        fhir::extension_number(json, "carr_clm_cntl_num", rng.digits(14));
    }
    fhir::extension_code(json, "carr_clm_pmt_dnl_cd", coded(rng, codes::PAYMENT_DENIAL));
    fhir::extension_code(
        json,
        "asgmntcd",
        rng.pick(&[("A", "Assigned"), ("A", "Assigned"), ("N", "Not assigned")]),
    );
    if rng.percent(5) {
        fhir::extension_number(json, "clm_clncl_tril_num", rng.digits(8));
    }
    fhir::extension_money(json, "carr_clm_cash_ddctbl_apld_amt", sum(|l| l.deductible));
    fhir::extension_money(json, "nch_clm_prvdr_pmt_amt", paid - to_patient);
    fhir::extension_money(json, "nch_clm_bene_pmt_amt", to_patient);
    fhir::extension_money(json, "nch_carr_clm_sbmtd_chrg_amt", sum(|l| l.submitted));
    fhir::extension_money(json, "nch_carr_clm_alowd_amt", sum(|l| l.allowed));
    json.close_list();
}

fn write_item<T: PartB>(
    json: &mut Json,
    rng: &mut Rng,
    line: &Line,
    sequence: u32,
    state: &'static str,
) {
    json.open();
    json.list_key("adjudication");
    T::first_adjudications(json, rng, line);
    write_adjudications(json, line);
    json.close_list();
    if line.team != [0; 2] {
        json.list_key("careTeamLinkId");
        for (place, &link) in line.team.iter().filter(|&&l| l > 0).enumerate() {
            if place > 0 {
                json.raw(",");
            }
            json.unsigned(u64::from(link));
        }
        json.close_list();
    }
    fhir::concept(
        json,
        "category",
        System::Variable("line_cms_type_srvc_cd"),
        coded(rng, T::SERVICES),
    );
    if let Some(link) = line.diagnosis {
        json.list_key("diagnosisLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    json.list_key("extension");
    T::first_extensions(json, rng, line);
    fhir::extension_code(json, "betos_cd", coded(rng, codes::BETOS));
    if rng.percent(20) {
        fhir::extension_code(json, "line_bene_prmry_pyr_cd", coded(rng, codes::PRIMARY_PAYER));
    }
    fhir::extension_code(json, "line_service_deductible", ("0", "Deductible applies"));
    if let Some(number) = line.observation {
        json.open();
        System::Variable("line_hct_hgb_rslt_num").write(json, "url");
        json.raw(r##","valueReference":{"reference":"#"##);
        json.unsigned(u64::from(number));
        json.raw("\"}}");
    }
    if rng.percent(5) {
        let ndc = ShortCode::ndc(rng.below(900_000));
        fhir::extension(json, System::Url(NDC), (ndc.as_str(), rng.pick(codes::DRUG)));
    }
    json.close_list();
    write_place::<T>(json, rng, line, state);
    let version = Some(rng.between(3, 9));
    // Half of the lines have no modifier.
    let modifiers = if rng.percent(50) { 0 } else { rng.between(1, T::MODIFIERS) };
    if modifiers > 0 {
        json.list_key("modifier");
        for _ in 0..modifiers {
            json.open();
            fhir::hcpcs(json, rng.pick(codes::MODIFIER), version);
            json.close();
        }
        json.close_list();
    }
    json.open_key("quantity");
    json.integer("value", line.units);
    json.close();
    json.integer("sequence", sequence);
    json.open_key("service");
    let blank = rng.chance(1, 80);
    let code = ShortCode::hcpcs(rng);
    fhir::hcpcs(json, if blank { "" } else { code.as_str() }, version);
    T::service_extensions(json, rng);
    json.close();
    if let Some((start, end)) = line.dates {
        fhir::period(json, "servicedPeriod", start, Some(end));
    }
    json.close();
}

fn write_adjudications(json: &mut Json, line: &Line) {
    json.open();
    fhir::money(json, "amount", line.paid);
    fhir::category(json, "category", "adjudication", "line_nch_pmt_amt", "Paid by Medicare");
    json.list_key("extension");
    fhir::extension_code(json, "line_pmt_80_100_cd", ("0", "80 percent"));
    json.close_list();
    json.close();
    for (variable, label, cents) in [
        ("line_bene_pmt_amt", "Paid to the patient", 0),
        ("line_prvdr_pmt_amt", "Paid to the provider", line.paid),
        ("line_bene_ptb_ddctbl_amt", "Deductible", line.deductible),
        ("line_bene_prmry_pyr_pd_amt", "Paid by another payer", 0),
        ("line_coinsrnc_amt", "Patient's share", line.coinsurance),
        ("line_sbmtd_chrg_amt", "Charge \"as sent\"", line.submitted),
        ("line_alowd_chrg_amt", "Charge allowed", line.allowed),
    ] {
        fhir::adjudicated_amount(json, variable, label, cents);
    }
    fhir::adjudicated_reason(json, "line_prcsg_ind_cd", "Allowed or denied", line.processing);
}

fn write_place<T: PartB>(json: &mut Json, rng: &mut Rng, line: &Line, state: &'static str) {
    json.open_key("locationCodeableConcept");
    json.list_key("coding");
    fhir::coding(json, System::Variable("line_place_of_srvc_cd"), coded(rng, codes::POS));
    json.close_list();
    json.list_key("extension");
    fhir::extension_code(json, "prvdr_state_cd", (state, ""));
    T::place_extensions(json, rng, line, state);
    json.close_list();
    json.close();
}

//! The five institutional types.

use super::care_team::{CareTeam, Role};
use super::fhir::{self, Information, System};
use super::{diagnosis, header};
use crate::facts::claim_type::ClaimType;
use crate::facts::header::Header;
use crate::facts::institutional::{Line, STAY_AMOUNTS, Stay, StayCodes};
use crate::facts::kinds::Kind;
use crate::json::Json;

/// How quantities of drugs begin: with a known unit, and with one the server does not know.
const NDC_QUANTITIES: [&str; 2] = [
    r#","valueQuantity":{"code":"ML","system":"http://unitsofmeasure.org","unit":"Milliliter","value":"#,
    r#","valueQuantity":{"code":"GG","system":"http://unitsofmeasure.org","value":"#,
];

/// The name of every facility that has one.
const FACILITY_NAME: &str = "Example Hospital & Clinics, \"North\"";

const REASONS: [&str; 4] = [
    "rev_cntr_1st_ansi_cd",
    "rev_cntr_2nd_ansi_cd",
    "rev_cntr_3rd_ansi_cd",
    "rev_cntr_4th_ansi_cd",
];

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let kind = Kind::of(claim.kind);
    let (team, links) = team(stay);
    write_benefits(json, claim.kind, stay);
    header::write_period(json, claim, kind.query.then_some(stay.query));
    team.write(json);
    diagnosis::write(json, &stay.diagnoses, claim.kind == ClaimType::Inpatient);
    write_extensions(json, claim.kind, stay);
    json.open_key("facility");
    if stay.named {
        json.text("display", FACILITY_NAME);
    }
    json.list_key("extension");
    fhir::extension_code(json, "clm_fac_type_cd", stay.facility_type);
    json.close_list();
    if let Some(npi) = stay.organization {
        fhir::identifier(json, "identifier", System::Url(fhir::NPI), npi);
    }
    json.close();
    write_hospitalization(json, claim, stay);
    header::write_identity(json, claim, "clm_id", None);
    write_information(json, claim, stay);
    header::write_insurance(json, claim, |_| {});
    if let Some(state) = stay.state {
        json.list_key("item");
        for ((sequence, line), link) in (claim.lines_from..).zip(&stay.lines).zip(links) {
            write_item(json, claim.kind, line, sequence, state, link);
        }
        json.close_list();
    }
    header::write_meta(json, claim);
    if let Some(npi) = stay.organization {
        json.open_key("organization");
        if stay.named {
            json.text("display", FACILITY_NAME);
        }
        fhir::identifier(json, "identifier", System::Url(fhir::NPI), npi);
        json.close();
    }
    header::write_patient(json, claim);
    json.open_key("payment");
    fhir::money(json, "amount", stay.payment);
    json.close();
    diagnosis::write_procedures(json, &stay.procedures);
    json.open_key("provider");
    fhir::identifier(json, "identifier", System::Variable("prvdr_num"), stay.provider);
    json.close();
    json.code("resourceType", "ExplanationOfBenefit");
    header::write_status(json, claim);
    fhir::money(json, "totalCost", stay.total);
    let bill = Some(kind.classification);
    header::write_type(json, claim, Some(stay.nch_type), Some(kind.near_line), bill);
}

/// The care team, and for each line the entry of its rendering physician.
fn team(stay: &Stay) -> (CareTeam, Vec<Option<u32>>) {
    let mut team = CareTeam::default();
    for (role, npi) in
        [(Role::Assist, stay.operating), (Role::Other, stay.other), (Role::Primary, stay.attending)]
    {
        if let Some(npi) = npi {
            team.add(role, npi);
        }
    }
    // An attending physician who renders too is one entry, to which lines link.
    let links = stay
        .lines
        .iter()
        .map(|line| line.rendering.map(|npi| team.add(Role::Primary, npi)))
        .collect();
    (team, links)
}

fn write_benefits(json: &mut Json, claim_type: ClaimType, stay: &Stay) {
    // An outpatient claim has no balance.
    if claim_type == ClaimType::Outpatient {
        return;
    }
    json.raw(r#""benefitBalance":[{"category":{"coding":[{"code":"medical","system":"http://hl7.org/fhir/benefit-category"}]}"#);
    json.list_key("financial");
    let shared = ("bene_tot_coinsrnc_days_cnt", "Days with a share", stay.shared_days);
    let unused = ("clm_non_utlztn_days_cnt", "Days not used", 0);
    let used = ("clm_utlztn_day_cnt", "Days used", stay.days);
    let visits = ("clm_hha_tot_visit_cnt", "Visits", stay.visits());
    let entries: &[(&str, &str, u32)] = match claim_type {
        ClaimType::Inpatient => &[shared, unused, used],
        ClaimType::Snf => &[used, shared, unused],
        ClaimType::Hha => &[visits],
        _ => &[used],
    };
    for (variable, label, count) in entries {
        fhir::used(json, variable, label, *count);
    }
    json.raw("]}]");
}

fn write_extensions(json: &mut Json, claim_type: ClaimType, stay: &Stay) {
    let amounts = &stay.amounts;
    json.list_key("extension");
    let write_stay = |json: &mut Json| {
        fhir::extension_money(json, "nch_bene_ip_ddctbl_amt", amounts.part_a_deductible);
        for (variable, cents) in STAY_AMOUNTS.into_iter().zip(amounts.stay) {
            fhir::extension_money(json, variable, cents);
        }
    };
    let write_blood = |json: &mut Json| {
        fhir::extension_money(json, "nch_bene_blood_ddctbl_lblty_am", amounts.blood_deductible);
    };
    match claim_type {
        ClaimType::Inpatient => {
            fhir::extension_money(json, "ime_op_clm_val_amt", amounts.teaching);
            fhir::extension_money(json, "dsh_op_clm_val_amt", amounts.poor);
            fhir::extension_money(json, "clm_pass_thru_per_diem_amt", amounts.per_diem);
            fhir::extension_money(json, "nch_profnl_cmpnt_chrg_amt", 0);
            fhir::extension_money(json, "clm_tot_pps_cptl_amt", amounts.capital);
            // The server writes this one twice.
            fhir::extension_money(json, "ime_op_clm_val_amt", amounts.teaching);
            fhir::extension_money(json, "clm_uncompd_care_pmt_amt", amounts.uncompensated);
            write_stay(json);
            fhir::extension_money(json, "nch_drg_outlier_aprvd_pmt_amt", amounts.outlier);
            write_blood(json);
        }
        ClaimType::Snf => {
            write_stay(json);
            write_blood(json);
        }
        ClaimType::Outpatient => {
            fhir::extension_money(json, "nch_profnl_cmpnt_chrg_amt", 0);
            fhir::extension_money(json, "nch_bene_ptb_ddctbl_amt", amounts.part_b_deductible);
            fhir::extension_money(json, "nch_bene_ptb_coinsrnc_amt", amounts.part_b_coinsurance);
            fhir::extension_money(json, "clm_op_prvdr_pmt_amt", stay.paid_by_lines());
            fhir::extension_money(json, "clm_op_bene_pmt_amt", 0);
            write_blood(json);
        }
        _ => {}
    }
    if let Some(coded) = stay.non_payment {
        fhir::extension_code(json, "clm_mdcr_non_pmt_rsn_cd", coded);
    }
    fhir::extension_money(json, "prpayamt", amounts.other_payer);
    fhir::extension_number(json, "fi_num", stay.contractor);
    if let Some(number) = stay.control {
        fhir::extension_number(json, "fi_doc_clm_cntl_num", number);
    }
    if let Some(number) = stay.original_control {
        fhir::extension_number(json, "fi_orig_clm_cntl_num", number);
    }
    json.close_list();
}

fn write_hospitalization(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let Some(admission) = stay.admission else { return };
    let Some((_, number)) = claim.spell else {
        return fhir::period(json, "hospitalization", admission, stay.discharged);
    };
    json.open_key("hospitalization");
    if let Some(end) = stay.discharged {
        json.date("end", end);
    }
    json.list_key("extension");
    json.open();
    System::Variable("bene_hospc_prd_cnt").write(json, "url");
    json.raw(r#","valueQuantity":{"value":"#);
    json.unsigned(u64::from(number));
    json.raw("}}");
    json.close_list();
    json.date("start", admission);
    json.close();
}

fn write_information(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let mut information = Information::new(json);
    if !stay.older {
        information.date("nch_wkly_proc_dt", "Processed in the week of", claim.processed);
    }
    if stay.codes.is_some() || claim.kind == ClaimType::Hospice {
        let status = stay.patient_status();
        information.code("nch_ptnt_stus_ind_cd", "Patient at the end", status);
    }
    if let Some(codes) = &stay.codes {
        write_stay(&mut information, claim, codes);
    }
    if let Some(coded) = stay.plan_paid {
        information.code("clm_mco_pd_sw", "Plan paid", coded);
    }
    information.code("clm_freq_cd", "Bill frequency", stay.frequency);
    information.code("ptnt_dschrg_stus_cd", "Discharge", stay.discharge);
    if let Some(coded) = stay.primary_payer {
        information.code("nch_prmry_pyr_cd", "First payer", coded);
    }
    if let Some((few_visits, referral)) = stay.home_health {
        information.code("clm_hha_lupa_ind_cd", "Few visits", few_visits);
        information.code("clm_hha_rfrl_cd", "Sent by", referral);
    }
    information.end();
}

/// The information entries of inpatient and SNF claims.
fn write_stay(information: &mut Information<'_>, claim: &Header<'_>, codes: &StayCodes) {
    // The coding system changed in 2024; both are in use.
    let variable = "clm_ip_admsn_type_cd";
    let system = if claim.id % 3 == 0 {
        System::Variable(variable)
    } else {
        System::Url("https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit")
    };
    information.code_of(variable, "Kind of admission", system, codes.admission_type);
    information.code("clm_src_ip_admsn_cd", "Came from", codes.admission_source);
    if codes.noncovered {
        let (start, end) = (claim.from, claim.thru);
        information.period("nch_vrfd_ncvrd_stay_from_dt", "Stay not covered", start, end);
    }
    if codes.care_ended {
        information.date("nch_actv_or_cvrd_lvl_care_thru", "Care covered until", claim.thru);
    }
    if codes.used_up {
        information.date("nch_bene_mdcr_bnfts_exhtd_dt_i", "Benefits used up", claim.thru);
    }
    if let Some(pints) = codes.pints {
        information.pints("nch_blood_pnts_frnshd_qty", "Blood given", pints);
    }
    if let Some((start, end)) = codes.qualifying {
        information.period("nch_qlfyd_stay_from_dt", "Hospital stay before", start, end);
    }
}

/// The adjudications of a line before and after those of all types.
fn write_adjudications(json: &mut Json, claim_type: ClaimType, line: &Line) {
    for (variable, coded) in REASONS.into_iter().zip(&line.reasons) {
        fhir::adjudicated_reason(json, variable, "Adjusted because", *coded);
    }
    if claim_type == ClaimType::Outpatient {
        for (variable, label, cents) in [
            ("rev_cntr_blood_ddctbl_amt", "Blood deductible", 0),
            ("rev_cntr_cash_ddctbl_amt", "Cash deductible", line.deductible),
            ("rev_cntr_coinsrnc_wge_adjstd_c", "Share, \"wage adjusted\"", line.paid / 4),
            ("rev_cntr_rdcd_coinsrnc_amt", "Share, reduced", 0),
            ("rev_cntr_1st_msp_pd_amt", "First other payer", 0),
            ("rev_cntr_2nd_msp_pd_amt", "Second other payer", 0),
            ("rev_cntr_prvdr_pmt_amt", "Paid to the provider", line.paid),
            ("rev_cntr_bene_pmt_amt", "Paid to the patient", 0),
            ("rev_cntr_ptnt_rspnsblty_pmt", "Patient's part", line.paid / 4 + line.deductible),
            ("rev_cntr_pmt_amt_amt", "Paid", line.paid),
        ] {
            fhir::adjudicated_amount(json, variable, label, cents);
        }
    }
    if claim_type == ClaimType::Hospice {
        fhir::adjudicated_amount(json, "rev_cntr_prvdr_pmt_amt", "Paid to the provider", line.paid);
        fhir::adjudicated_amount(json, "rev_cntr_bene_pmt_amt", "Paid to the patient", 0);
    }
    for (variable, label, cents) in [
        ("rev_cntr_rate_amt", "Rate", line.rate),
        ("rev_cntr_tot_chrg_amt", "Charge", line.charge),
        ("rev_cntr_ncvrd_chrg_amt", "Charge not covered", line.noncovered),
    ] {
        fhir::adjudicated_amount(json, variable, label, cents);
    }
    if matches!(claim_type, ClaimType::Hha | ClaimType::Hospice) {
        fhir::adjudicated_amount(json, "rev_cntr_pmt_amt_amt", "Paid", line.paid);
    }
}

fn write_item(
    json: &mut Json,
    claim_type: ClaimType,
    line: &Line,
    sequence: u32,
    state: &str,
    link: Option<u32>,
) {
    let kind = Kind::of(claim_type);
    json.open();
    json.list_key("adjudication");
    write_adjudications(json, claim_type, line);
    json.close_list();
    if let Some(link) = link {
        json.list_key("careTeamLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    if let Some((thousandths, known)) = line.drug_quantity {
        json.list_key("extension");
        json.open();
        System::Variable("rev_cntr_ndc_qty").write(json, "url");
        json.raw(NDC_QUANTITIES[usize::from(!known)]);
        json.decimal(i64::from(thousandths), 3);
        json.raw("}}");
        json.close_list();
    }
    json.open_key("locationAddress");
    json.code("state", state);
    json.close();
    if !line.modifiers.is_empty() {
        json.list_key("modifier");
        for modifier in &line.modifiers {
            json.open();
            fhir::hcpcs(json, modifier, None);
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
    let revenue =
        if line.revenue_cut { line.revenue.trim_start_matches('0') } else { line.revenue };
    fhir::coding(json, System::Variable("rev_cntr"), (revenue, ""));
    json.close_list();
    if kind.revenue_status || kind.deductible {
        json.list_key("extension");
        if kind.revenue_status {
            fhir::extension_code(json, "rev_cntr_stus_ind_cd", line.status);
        }
        if kind.deductible {
            fhir::extension_code(json, "rev_cntr_ddctbl_coinsrnc_cd", line.deductible_code);
        }
        json.close_list();
    }
    json.close();
    json.integer("sequence", sequence);
    if let Some(code) = &line.hcpcs {
        json.open_key("service");
        fhir::hcpcs(json, code.as_str(), None);
        if let Some((ndc, drug)) = &line.ndc {
            json.list_key("extension");
            fhir::extension_code(json, "rev_cntr_ide_ndc_upc_num", (ndc.as_str(), drug));
            json.close_list();
        }
        json.close();
    }
    if let Some(day) = line.date {
        json.date("servicedDate", day);
    }
    json.close();
}

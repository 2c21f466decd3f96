//! The five institutional types.

use super::care_team::{CareTeam, Role};
use super::parts::{self, BY_PATIENT, Balance, COINSURANCE, DEDUCTIBLE, NONCOVERED, NPI_TYPE};
use super::parts::{PRIOR_PAYER, SUBMITTED, TO_PATIENT, TO_PROVIDER, extension_code};
use super::supporting::{About, Supporting};
use super::{diagnosis, header};
use crate::facts::claim_type::ClaimType;
use crate::facts::header::{Action, Header};
use crate::facts::institutional::{Line, STAY_AMOUNTS, Stay, StayCodes};
use crate::facts::kinds::Kind;
use crate::fhir::{self, NDC, NPI, System};
use crate::json::Json;
use crate::r4;

const REASONS: [&str; 4] = [
    "rev_cntr_1st_ansi_cd",
    "rev_cntr_2nd_ansi_cd",
    "rev_cntr_3rd_ansi_cd",
    "rev_cntr_4th_ansi_cd",
];

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let (team, links) = team(claim, stay);
    write_balance(json, claim.kind, stay);
    header::write_period(json, claim, Some(stay.query));
    team.write(json, false);
    write_provider(json, stay);
    header::write_created(json);
    diagnosis::write(json, &stay.diagnoses, claim.kind);
    write_extensions(json, claim, stay);
    json.open_key("facility");
    json.list_key("extension");
    extension_code(json, "clm_fac_type_cd", stay.facility_type);
    json.close_list();
    json.close();
    header::write_identity(json, claim, "clm_id", None);
    header::write_insurance(json, claim, |_| {});
    if let Some(state) = stay.state {
        json.list_key("item");
        for ((sequence, line), links) in (claim.lines_from..).zip(&stay.lines).zip(&links) {
            write_item(json, claim.kind, line, sequence, state, links);
        }
        json.close_list();
    }
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    json.open_key("payment");
    r4::money(json, "amount", stay.payment);
    json.close();
    diagnosis::write_procedures(json, &stay.procedures);
    json.raw(r##","provider":{"reference":"#provider-org"}"##);
    header::write_status(json, claim);
    let (code, text) = match claim.kind {
        ClaimType::Outpatient => ("outpatient", "Outpatient"),
        _ => ("inpatient", "Inpatient"),
    };
    json.open_key("subType");
    json.list_key("coding");
    fhir::coding(json, System::Carin("C4BBInstitutionalClaimSubType"), (code, ""));
    json.close_list();
    json.code("text", text);
    json.close();
    write_supporting(json, claim, stay);
    json.list_key("total");
    parts::amount(json, SUBMITTED, "clm_tot_chrg_amt", "Charge", stay.total);
    json.close_list();
    header::write_type(json, claim, Some(stay.nch_type));
}

/// The care team, and for each line its rendering physicians.
fn team(claim: &Header<'_>, stay: &Stay) -> (CareTeam, Vec<Vec<u32>>) {
    let mut team = CareTeam::default();
    for (role, npi) in [
        (Role::Attending, stay.attending),
        (Role::Operating, stay.operating),
        (Role::OtherOperating, stay.other),
    ] {
        if let Some(npi) = npi {
            team.add(role, npi);
        }
    }
    let links = stay
        .lines
        .iter()
        .map(|line| {
            let Some(npi) = line.rendering else { return Vec::new() };
            let mut links = Vec::new();
            // Some hospices tell an old number beside the new one.
            if claim.kind == ClaimType::Hospice && npi.is_multiple_of(8) {
                links.push(team.add_upin(Role::Performing, npi % 100_000));
            }
            links.push(team.add(Role::Performing, npi));
            links
        })
        .collect();
    (team, links)
}

fn write_provider(json: &mut Json, stay: &Stay) {
    json.list_key("contained");
    json.open();
    json.raw(r#""active":true,"id":"provider-org""#);
    json.list_key("identifier");
    json.open();
    r4::codings(json, "type", &[(System::Hl7("v2-0203"), ("PRN", ""))]);
    fhir::number_text(json, "value", stay.provider);
    json.close();
    if let Some(npi) = stay.organization {
        json.open();
        System::Url(NPI).write(json, "system");
        r4::codings(json, "type", &[(NPI_TYPE.0, (NPI_TYPE.1.0, ""))]);
        fhir::number_text(json, "value", npi);
        json.close();
    }
    json.close_list();
    json.raw(r#","meta":{"profile":["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Organization"]}"#);
    json.text("name", "Example Hospital & Clinics, \"North\"");
    json.raw(r#","resourceType":"Organization"}"#);
    json.close_list();
}

fn write_balance(json: &mut Json, claim_type: ClaimType, stay: &Stay) {
    let amounts = &stay.amounts;
    let mut balance = Balance::new(json);
    let with_days = matches!(claim_type, ClaimType::Inpatient | ClaimType::Snf);
    match claim_type {
        ClaimType::Inpatient => {
            balance.money("clm_pass_thru_per_diem_amt", "Per day", amounts.per_diem);
            balance.money("nch_profnl_cmpnt_chrg_amt", "Physicians", 0);
            balance.money("clm_tot_pps_cptl_amt", "Capital", amounts.capital);
        }
        ClaimType::Outpatient => {
            for (variable, label, cents) in [
                ("nch_profnl_cmpnt_chrg_amt", "Physicians", 0),
                ("nch_bene_ptb_ddctbl_amt", "Deductible", amounts.part_b_deductible),
                ("nch_bene_ptb_coinsrnc_amt", "Share", amounts.part_b_coinsurance),
                ("clm_op_prvdr_pmt_amt", "Paid to the provider", stay.paid_by_lines()),
                ("clm_op_bene_pmt_amt", "Paid to the patient", 0),
            ] {
                balance.money(variable, label, cents);
            }
        }
        ClaimType::Hospice | ClaimType::Snf => {
            balance.count("clm_utlztn_day_cnt", "Days used", stay.days);
        }
        _ => {}
    }
    if with_days {
        balance.count("bene_tot_coinsrnc_days_cnt", "Days with a share", stay.shared_days);
        balance.count("clm_non_utlztn_days_cnt", "Days not used", 0);
        balance.money("nch_bene_ip_ddctbl_amt", "Deductible", amounts.part_a_deductible);
        for (variable, cents) in STAY_AMOUNTS.into_iter().zip(amounts.stay) {
            balance.money(variable, "Amount", cents);
        }
    }
    if claim_type == ClaimType::Inpatient {
        balance.money("nch_drg_outlier_aprvd_pmt_amt", "Outlier", amounts.outlier);
    }
    if with_days || claim_type == ClaimType::Outpatient {
        balance.money("nch_bene_blood_ddctbl_lblty_am", "Blood", amounts.blood_deductible);
    }
    balance.money("prpayamt", "Paid by another payer", amounts.other_payer);
    if claim_type == ClaimType::Inpatient {
        balance.count("clm_utlztn_day_cnt", "Days used", stay.days);
        balance.count("clm_pps_cptl_drg_wt_num", "Weight", 1);
        balance.count("bene_lrd_used_cnt", "Reserve days", 0);
    }
    balance.end();
}

fn write_extensions(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let kind = Kind::of(claim.kind);
    let amounts = &stay.amounts;
    json.list_key("extension");
    extension_code(json, "nch_near_line_rec_ident_cd", kind.near_line);
    if matches!(claim.kind, ClaimType::Inpatient | ClaimType::Snf) {
        let action = match claim.action {
            Action::Original => ("1", "Original"),
            Action::Adjusted => ("3", "Debit & more"),
            Action::Cancelled => ("2", "Credit"),
        };
        extension_code(json, "fi_clm_actn_cd", action);
    }
    if claim.kind == ClaimType::Inpatient {
        parts::extension_money(json, "ime_op_clm_val_amt", amounts.teaching);
        parts::extension_money(json, "clm_uncompd_care_pmt_amt", amounts.uncompensated);
        parts::extension_money(json, "dsh_op_clm_val_amt", amounts.poor);
    }
    if let Some(number) = stay.control {
        fhir::extension_number(json, "fi_doc_clm_cntl_num", number);
    }
    if !stay.older {
        json.open();
        System::Variable("fi_clm_proc_dt").write(json, "url");
        json.date("valueDate", claim.processed.minus(7));
        json.close();
    }
    if let Some(coded) = stay.non_payment {
        extension_code(json, "clm_mdcr_non_pmt_rsn_cd", coded);
    }
    extension_code(json, "clm_srvc_clsfctn_type_cd", kind.classification);
    json.open();
    System::Variable("fi_num").write(json, "url");
    json.open_key("valueCoding");
    fhir::number_text(json, "code", stay.contractor);
    System::Variable("fi_num").write(json, "system");
    json.raw("}}");
    if let Some((_, number)) = claim.spell {
        fhir::extension_quantity(json, "bene_hospc_prd_cnt", i64::from(number), 0);
    }
    json.close_list();
}

fn write_supporting(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let mut info = Supporting::new(json);
    if !stay.older {
        let about = About::Both("clmrecvddate", "nch_wkly_proc_dt", "Processed in the week of");
        info.date(about, claim.processed);
    }
    if stay.codes.is_some() || claim.kind == ClaimType::Hospice {
        info.code("nch_ptnt_stus_ind_cd", "Patient at the end", stay.patient_status());
    }
    if let Some(start) = stay.admission {
        info.period(About::Slice("admissionperiod"), start, stay.discharged);
    }
    if let Some(codes) = &stay.codes {
        write_stay(&mut info, claim, codes);
    }
    if let Some(drg) = stay.diagnoses.drg {
        // Three or four characters.
        let text = if drg % 40 == 0 { format!("{drg:04}") } else { format!("{drg:03}") };
        let about = About::Variable("clm_drg_cd", "Diagnosis related group");
        info.code_of(about, System::Variable("clm_drg_cd"), (&text, ""));
    }
    if matches!(claim.kind, ClaimType::Hha | ClaimType::Snf) {
        info.code("clm_pps_ind_cd", "Payment system", ("2", "Prospective"));
    }
    if let Some(pints) = stay.codes.as_ref().and_then(|codes| codes.pints) {
        info.pints(About::Variable("nch_blood_pnts_frnshd_qty", "Blood given"), pints);
    }
    if let Some(coded) = stay.plan_paid {
        info.code("clm_mco_pd_sw", "Plan paid", coded);
    }
    info.code_of(About::Slice("typeofbill"), System::Variable("clm_freq_cd"), stay.frequency);
    let discharge = System::Variable("ptnt_dschrg_stus_cd");
    info.code_of(About::Slice("discharge-status"), discharge, stay.discharge);
    if let Some(coded) = stay.primary_payer {
        info.code("nch_prmry_pyr_cd", "First payer", coded);
    }
    if let Some((few_visits, referral)) = stay.home_health {
        info.code("clm_hha_lupa_ind_cd", "Few visits", few_visits);
        info.code("clm_hha_rfrl_cd", "Sent by", referral);
        info.count(About::Variable("clm_hha_tot_visit_cnt", "Visits"), stay.visits());
    }
    info.end();
}

/// The entries of inpatient and SNF claims.
fn write_stay(info: &mut Supporting<'_>, claim: &Header<'_>, codes: &StayCodes) {
    info.code_of(
        About::Both("admtype", "clm_ip_admsn_type_cd", "Kind of admission"),
        System::Url("https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit"),
        codes.admission_type,
    );
    info.code("clm_src_ip_admsn_cd", "Came from", codes.admission_source);
    if claim.kind != ClaimType::Snf {
        return;
    }
    if codes.noncovered {
        let about = About::Variable("nch_vrfd_ncvrd_stay_from_dt", "Stay not covered");
        info.period(about, claim.from, Some(claim.thru));
    }
    if codes.used_up {
        let about = About::Variable("nch_bene_mdcr_bnfts_exhtd_dt_i", "Benefits used up");
        info.date(about, claim.thru);
    }
    if let Some((start, end)) = codes.qualifying {
        let about = About::Variable("nch_qlfyd_stay_from_dt", "Hospital stay before");
        info.period(about, start, Some(end));
    }
}

fn write_adjudications(json: &mut Json, claim_type: ClaimType, line: &Line) {
    for (variable, coded) in REASONS.into_iter().zip(&line.reasons) {
        parts::reason(json, variable, *coded);
    }
    for (slice, variable, label, cents) in [
        (SUBMITTED, "rev_cntr_rate_amt", "Rate", line.rate),
        (SUBMITTED, "rev_cntr_tot_chrg_amt", "Charge", line.charge),
        (NONCOVERED, "rev_cntr_ncvrd_chrg_amt", "Charge not covered", line.noncovered),
    ] {
        parts::amount(json, slice, variable, label, cents);
    }
    if claim_type == ClaimType::Outpatient {
        for (slice, variable, label, cents) in [
            (DEDUCTIBLE, "rev_cntr_blood_ddctbl_amt", "Blood deductible", 0),
            (DEDUCTIBLE, "rev_cntr_cash_ddctbl_amt", "Cash deductible", line.deductible),
            (COINSURANCE, "rev_cntr_coinsrnc_wge_adjstd_c", "Share, adjusted", line.paid / 4),
            (COINSURANCE, "rev_cntr_rdcd_coinsrnc_amt", "Share, reduced", 0),
            (PRIOR_PAYER, "rev_cntr_1st_msp_pd_amt", "First other payer", 0),
            (PRIOR_PAYER, "rev_cntr_2nd_msp_pd_amt", "Second other payer", 0),
        ] {
            parts::amount(json, slice, variable, label, cents);
        }
    }
    if matches!(claim_type, ClaimType::Outpatient | ClaimType::Hospice) {
        let label = "Paid to the provider";
        parts::amount(json, TO_PROVIDER, "rev_cntr_prvdr_pmt_amt", label, line.paid);
        parts::amount(json, TO_PATIENT, "rev_cntr_bene_pmt_amt", "Paid to the patient", 0);
    }
    if claim_type == ClaimType::Outpatient {
        let cents = line.paid / 4 + line.deductible;
        parts::amount(json, BY_PATIENT, "rev_cntr_ptnt_rspnsblty_pmt", "Patient's part", cents);
    }
    if !matches!(claim_type, ClaimType::Inpatient | ClaimType::Snf) {
        parts::amount(json, SUBMITTED, "rev_cntr_pmt_amt_amt", "Paid", line.paid);
    }
}

fn write_item(
    json: &mut Json,
    claim_type: ClaimType,
    line: &Line,
    sequence: u32,
    state: &str,
    links: &[u32],
) {
    json.open();
    json.list_key("adjudication");
    write_adjudications(json, claim_type, line);
    json.close_list();
    r4::numbers(json, "careTeamSequence", links);
    // A count of none is not told.
    if line.units > 0 {
        json.list_key("extension");
        fhir::extension_quantity(json, "rev_cntr_unit_cnt", i64::from(line.units), 0);
        json.close_list();
    }
    json.open_key("locationAddress");
    json.code("state", state);
    json.close();
    write_modifiers(json, line);
    write_service(json, claim_type, line);
    if let Some((thousandths, _)) = line.drug_quantity {
        json.open_key("quantity");
        json.key("value");
        json.decimal(i64::from(thousandths), 3);
        json.close();
    }
    write_revenue(json, claim_type, line);
    json.integer("sequence", sequence);
    if let Some(day) = line.date {
        json.date("servicedDate", day);
    }
    json.close();
}

/// Procedure modifiers, and among them the unit of a drug, which can come first.
fn write_modifiers(json: &mut Json, line: &Line) {
    let unit = line.drug_quantity.map(|(thousandths, known)| {
        let coded = if known { ("ML", "Milliliter") } else { ("GG", "") };
        (thousandths % 3 == 0, (System::Url("http://unitsofmeasure.org"), coded))
    });
    let mut all: Vec<_> =
        line.modifiers.iter().map(|&code| (System::CodeList("hcpcs"), (code, ""))).collect();
    if let Some((first, unit)) = unit {
        all.insert(if first { 0 } else { all.len() }, unit);
    }
    if all.is_empty() {
        return;
    }
    json.list_key("modifier");
    for (system, coded) in all {
        json.open();
        json.list_key("coding");
        fhir::coding(json, system, coded);
        json.raw("]}");
    }
    json.close_list();
}

fn write_service(json: &mut Json, claim_type: ClaimType, line: &Line) {
    json.open_key("productOrService");
    json.list_key("coding");
    if let Some(code) = &line.hcpcs {
        let coded = (code.as_str(), "");
        // The server writes the code of a stay twice.
        if claim_type == ClaimType::Inpatient {
            fhir::coding(json, System::Variable("hcpcs_cd"), coded);
        }
        fhir::coding(json, System::CodeList("hcpcs"), coded);
    } else {
        fhir::coding(json, System::Url(parts::ABSENT), ("NULL", ""));
    }
    json.close_list();
    if let Some((ndc, drug)) = &line.ndc {
        json.list_key("extension");
        fhir::extension(json, System::Url(NDC), (ndc.as_str(), drug));
        json.close_list();
    }
    json.close();
}

fn write_revenue(json: &mut Json, claim_type: ClaimType, line: &Line) {
    let kind = Kind::of(claim_type);
    // Some sources lose the leading zeros of the revenue centre.
    let revenue =
        if line.revenue_cut { line.revenue.trim_start_matches('0') } else { line.revenue };
    let deductible = if kind.deductible { line.deductible_code } else { ("", "") };
    json.open_key("revenue");
    json.list_key("coding");
    fhir::coding(json, System::Variable("rev_cntr"), (revenue, ""));
    if !deductible.0.is_empty() {
        // The server puts the deductible code where a revenue code is expected, too.
        let nubc = System::Url("https://www.nubc.org/CodeSystem/RevenueCodes");
        fhir::coding(json, nubc, (deductible.0, ""));
        fhir::coding(json, System::Variable("rev_cntr_ddctbl_coinsrnc_cd"), deductible);
    }
    json.close_list();
    if kind.revenue_status && !line.status.0.is_empty() {
        json.list_key("extension");
        extension_code(json, "rev_cntr_stus_ind_cd", line.status);
        json.close_list();
    }
    json.close();
}

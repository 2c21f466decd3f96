//! What inpatient and SNF claims share beyond the other institutional types; some of it others have too.

use super::institutional::Stay;
use crate::codes;
use crate::fhir::{self, Information, System};
use crate::json::Json;
use crate::rng::Rng;

/// `hospitalization` of inpatient and SNF claims: admission, and discharge unless still a patient.
pub(super) fn write_hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
    let admission =
        if rng.percent(85) { stay.claim.from } else { stay.claim.from.minus(rng.between(1, 40)) };
    let discharge = (stay.discharge.0 != "30").then_some(stay.claim.thru);
    fhir::period(json, "hospitalization", admission, discharge);
}

/// The amounts that inpatient and SNF claims share.
pub(super) fn write_amounts(json: &mut Json, rng: &mut Rng) {
    fhir::extension_money(json, "nch_bene_ip_ddctbl_amt", [0, 140_800][rng.weighted(&[50, 50])]);
    for variable in [
        "nch_bene_pta_coinsrnc_lblty_amt",
        "nch_ip_ncvrd_chrg_amt",
        "nch_ip_tot_ddctn_amt",
        "clm_pps_cptl_dsprprtnt_shr_amt",
        "clm_pps_cptl_excptn_amt",
        "clm_pps_cptl_fsp_amt",
        "clm_pps_cptl_ime_amt",
        "clm_pps_cptl_outlier_amt",
        "clm_pps_old_cptl_hld_hrmls_amt",
    ] {
        let cents = if rng.percent(40) { rng.cents(1, 2000) } else { 0 };
        fhir::extension_money(json, variable, cents);
    }
}

/// `nch_bene_blood_ddctbl_lblty_am`, which inpatient, outpatient and SNF claims have.
pub(super) fn write_blood_deductible(json: &mut Json, rng: &mut Rng) {
    let cents = if rng.percent(3) { rng.cents(1, 300) } else { 0 };
    fhir::extension_money(json, "nch_bene_blood_ddctbl_lblty_am", cents);
}

/// The information entries that inpatient and SNF claims share.
pub(super) fn write_information(information: &mut Information<'_>, rng: &mut Rng, stay: &Stay<'_>) {
    let claim = stay.claim;
    write_patient_status(information, stay);
    // The coding system changed in 2024; both are in use.
    let admission = codes::coded(rng, codes::ADMISSION_TYPE);
    let variable = "clm_ip_admsn_type_cd";
    let system = if claim.id % 3 == 0 {
        System::Variable(variable)
    } else {
        System::Url("https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit")
    };
    information.code_of(variable, "Kind of admission", system, admission);
    information.code(
        "clm_src_ip_admsn_cd",
        "Came from",
        codes::coded(rng, codes::ADMISSION_SOURCE),
    );
    if rng.percent(6) {
        information.period(
            "nch_vrfd_ncvrd_stay_from_dt",
            "Stay not covered",
            claim.from,
            claim.thru,
        );
    }
    if rng.percent(4) {
        information.date("nch_actv_or_cvrd_lvl_care_thru", "Care covered until", claim.thru);
    }
    if rng.percent(4) {
        information.date("nch_bene_mdcr_bnfts_exhtd_dt_i", "Benefits used up", claim.thru);
    }
    if rng.percent(10) {
        information.pints("nch_blood_pnts_frnshd_qty", "Blood given", rng.between(1, 9));
    }
}

/// `nch_ptnt_stus_ind_cd`, which inpatient, SNF and hospice claims have.
pub(super) fn write_patient_status(information: &mut Information<'_>, stay: &Stay<'_>) {
    let status = match stay.discharge.0 {
        "20" => codes::PATIENT_STATUS[1],
        "30" => codes::PATIENT_STATUS[2],
        _ => codes::PATIENT_STATUS[0],
    };
    information.code("nch_ptnt_stus_ind_cd", "Patient at the end", status);
}

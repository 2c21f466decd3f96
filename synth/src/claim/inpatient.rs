//! Inpatient claims: hospital stays.

use super::diagnosis::Lists;
use super::institutional::{Institutional, Shape, Stay};
use super::stay;
use crate::fhir::{self, Coded, Information};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Inpatient;

impl Institutional for Inpatient {
    const NCH_TYPES: &'static [Coded] =
        &[("60", "Hospital stay"), ("60", "Hospital stay"), ("61", "Stay, \"plan\" paid")];
    const NEAR_LINE: Coded = ("V", "Part A institution");
    const FACILITY_TYPES: &'static [Coded] = &[("1", "Hospital")];
    const CLASSIFICATION: Coded = ("1", "");
    const REVENUE: &'static [&'static str] = &[
        "0120", "0200", "0250", "0258", "0270", "0300", "0320", "0360", "0420", "0450", "0710",
        "0001",
    ];
    const SHAPE: Shape = Shape {
        lists: Lists {
            admitting: true,
            drg: true,
            inpatient: true,
            external: true,
            reason_for_visit: false,
            secondary: 24,
        },
        query: true,
        procedures: Some(8),
        modifiers: false,
        line_date: false,
        revenue_status: false,
        deductible: true,
        service_ndc: false,
    };

    fn line_count(rng: &mut Rng) -> u32 {
        if rng.percent(80) { rng.between(3, 9) } else { rng.between(10, 20) }
    }

    fn payment(rng: &mut Rng, stay: &Stay<'_>) -> i64 {
        // A payment is negative when the deductible is above what is paid.
        if rng.chance(1, 300) {
            -rng.cents(1, 900)
        } else {
            rng.cents(2000, 9000) * i64::from(stay.days + 1) / 3
        }
    }

    fn benefits(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        let shared = if rng.percent(10) { rng.below(stay.days + 1) } else { 0 };
        fhir::used(json, "bene_tot_coinsrnc_days_cnt", "Days with a share", shared);
        fhir::used(json, "clm_non_utlztn_days_cnt", "Days not used", 0);
        fhir::used(json, "clm_utlztn_day_cnt", "Days used", stay.days);
    }

    fn amounts(json: &mut Json, rng: &mut Rng, _stay: &Stay<'_>) {
        let teaching = if rng.percent(30) { rng.cents(10, 4000) } else { 0 };
        fhir::extension_money(json, "ime_op_clm_val_amt", teaching);
        let poor = if rng.percent(40) { rng.cents(10, 900) } else { 0 };
        fhir::extension_money(json, "dsh_op_clm_val_amt", poor);
        fhir::extension_money(json, "clm_pass_thru_per_diem_amt", rng.cents(0, 80));
        fhir::extension_money(json, "nch_profnl_cmpnt_chrg_amt", 0);
        fhir::extension_money(json, "clm_tot_pps_cptl_amt", rng.cents(100, 1500));
        // The server writes this one twice.
        fhir::extension_money(json, "ime_op_clm_val_amt", teaching);
        let uncompensated = if rng.percent(50) { rng.cents(50, 1200) } else { 0 };
        fhir::extension_money(json, "clm_uncompd_care_pmt_amt", uncompensated);
        stay::write_amounts(json, rng);
        let outlier = if rng.percent(4) { rng.cents(100, 30_000) } else { 0 };
        fhir::extension_money(json, "nch_drg_outlier_aprvd_pmt_amt", outlier);
        stay::write_blood_deductible(json, rng);
    }

    fn hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        stay::write_hospitalization(json, rng, stay);
    }

    fn information(information: &mut Information<'_>, rng: &mut Rng, stay: &Stay<'_>) {
        stay::write_information(information, rng, stay);
    }
}

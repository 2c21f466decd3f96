//! Skilled nursing facility claims.

use super::diagnosis::Lists;
use super::institutional::{Institutional, Shape, Stay};
use super::stay;
use crate::fhir::{self, Coded, Information};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Snf;

impl Institutional for Snf {
    const NCH_TYPES: &'static [Coded] =
        &[("20", "Nursing stay"), ("20", "Nursing stay"), ("30", "Swing bed & stay")];
    const NEAR_LINE: Coded = ("V", "Part A institution");
    const FACILITY_TYPES: &'static [Coded] = &[("2", "Nursing facility"), ("1", "Hospital")];
    const CLASSIFICATION: Coded = ("1", "");
    const REVENUE: &'static [&'static str] =
        &["0022", "0120", "0250", "0270", "0420", "0430", "0440", "0001"];
    const SHAPE: Shape = Shape {
        lists: Lists {
            admitting: true,
            drg: true,
            inpatient: false,
            external: true,
            reason_for_visit: false,
            secondary: 24,
        },
        query: true,
        procedures: Some(2),
        modifiers: false,
        line_date: false,
        revenue_status: false,
        deductible: true,
        service_ndc: false,
    };

    fn line_count(rng: &mut Rng) -> u32 {
        rng.between(2, 8)
    }

    fn payment(rng: &mut Rng, stay: &Stay<'_>) -> i64 {
        rng.cents(300, 700) * i64::from(stay.days)
    }

    fn benefits(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        fhir::used(json, "clm_utlztn_day_cnt", "Days used", stay.days);
        let shared = if rng.percent(40) { rng.below(stay.days + 1) } else { 0 };
        fhir::used(json, "bene_tot_coinsrnc_days_cnt", "Days with a share", shared);
        fhir::used(json, "clm_non_utlztn_days_cnt", "Days not used", 0);
    }

    fn amounts(json: &mut Json, rng: &mut Rng, _stay: &Stay<'_>) {
        stay::write_amounts(json, rng);
        stay::write_blood_deductible(json, rng);
    }

    fn hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        stay::write_hospitalization(json, rng, stay);
    }

    fn information(information: &mut Information<'_>, rng: &mut Rng, stay: &Stay<'_>) {
        stay::write_information(information, rng, stay);
        if rng.percent(80) {
            let end = stay.claim.from;
            let start = end.minus(rng.between(3, 20));
            information.period("nch_qlfyd_stay_from_dt", "Hospital stay before", start, end);
        }
    }
}

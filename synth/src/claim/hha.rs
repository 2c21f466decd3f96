//! Home health claims.

use super::diagnosis::Lists;
use super::institutional::{Institutional, Line, Shape, Stay};
use crate::codes::{self, coded};
use crate::fhir::{self, Coded, Information};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Hha;

impl Institutional for Hha {
    const NCH_TYPES: &'static [Coded] = &[("10", "Home health")];
    const NEAR_LINE: Coded = ("W", "Part B institution");
    const FACILITY_TYPES: &'static [Coded] = &[("3", "Home health")];
    const CLASSIFICATION: Coded = ("2", "");
    const REVENUE: &'static [&'static str] =
        &["0023", "0270", "0420", "0430", "0550", "0551", "0570"];
    const SHAPE: Shape = Shape {
        lists: Lists {
            admitting: false,
            drg: false,
            inpatient: false,
            external: true,
            reason_for_visit: false,
            secondary: 24,
        },
        query: false,
        procedures: None,
        modifiers: true,
        line_date: true,
        revenue_status: true,
        deductible: true,
        service_ndc: false,
    };

    fn line_count(rng: &mut Rng) -> u32 {
        rng.between(2, 9)
    }

    fn payment(rng: &mut Rng, _stay: &Stay<'_>) -> i64 {
        rng.cents(200, 4000)
    }

    fn benefits(json: &mut Json, _rng: &mut Rng, stay: &Stay<'_>) {
        let visits = u32::try_from(stay.lines.len()).unwrap_or(0) * 2;
        fhir::used(json, "clm_hha_tot_visit_cnt", "Visits", visits);
    }

    fn amounts(_json: &mut Json, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        if rng.percent(95) {
            fhir::period(json, "hospitalization", stay.claim.from.minus(rng.below(90)), None);
        }
    }

    fn information(_information: &mut Information<'_>, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn last_information(information: &mut Information<'_>, rng: &mut Rng) {
        information.code("clm_hha_lupa_ind_cd", "Few visits", rng.pick(codes::LUPA));
        information.code("clm_hha_rfrl_cd", "Sent by", coded(rng, codes::REFERRAL));
    }

    fn first_adjudications(json: &mut Json, rng: &mut Rng, _line: &Line) {
        if rng.percent(40) {
            fhir::adjudicated_reason(
                json,
                "rev_cntr_1st_ansi_cd",
                "Adjusted because",
                coded(rng, codes::ANSI),
            );
        }
    }

    fn last_adjudications(json: &mut Json, line: &Line) {
        fhir::adjudicated_amount(json, "rev_cntr_pmt_amt_amt", "Paid", line.paid);
    }
}

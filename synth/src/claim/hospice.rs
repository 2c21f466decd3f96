//! Hospice claims: monthly bills within a spell of care.

use super::diagnosis::Lists;
use super::institutional::{self, Institutional, Line, Shape, Stay};
use super::stay;
use crate::fhir::{self, Coded, Information, System};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Hospice;

impl Institutional for Hospice {
    const NCH_TYPES: &'static [Coded] = &[("50", "Hospice")];
    const NEAR_LINE: Coded = ("V", "Part A institution");
    const FACILITY_TYPES: &'static [Coded] = &[("8", "Special facility")];
    const CLASSIFICATION: Coded = ("1", "");
    const REVENUE: &'static [&'static str] =
        &["0650", "0651", "0652", "0655", "0656", "0657", "0551"];
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
        revenue_status: false,
        deductible: true,
        service_ndc: false,
    };

    fn line_count(rng: &mut Rng) -> u32 {
        rng.between(1, 8)
    }

    fn payment(_rng: &mut Rng, stay: &Stay<'_>) -> i64 {
        institutional::paid_by_lines(stay)
    }

    fn benefits(json: &mut Json, _rng: &mut Rng, stay: &Stay<'_>) {
        fhir::used(json, "clm_utlztn_day_cnt", "Days used", stay.days);
    }

    fn amounts(_json: &mut Json, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn hospitalization(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        let Some((spell, number)) = stay.claim.spell else {
            return fhir::period(json, "hospitalization", stay.claim.from, None);
        };
        json.open_key("hospitalization");
        if rng.below(10) < spell.discharge_in_ten {
            json.date("end", spell.end);
        }
        json.list_key("extension");
        json.open();
        System::Variable("bene_hospc_prd_cnt").write(json, "url");
        json.raw(r#","valueQuantity":{"value":"#);
        json.unsigned(u64::from(number));
        json.raw("}}");
        json.close_list();
        json.date("start", spell.start);
        json.close();
    }

    fn information(information: &mut Information<'_>, _rng: &mut Rng, stay: &Stay<'_>) {
        stay::write_patient_status(information, stay);
    }

    fn first_adjudications(json: &mut Json, _rng: &mut Rng, line: &Line) {
        fhir::adjudicated_amount(json, "rev_cntr_prvdr_pmt_amt", "Paid to the provider", line.paid);
        fhir::adjudicated_amount(json, "rev_cntr_bene_pmt_amt", "Paid to the patient", 0);
    }

    fn last_adjudications(json: &mut Json, line: &Line) {
        fhir::adjudicated_amount(json, "rev_cntr_pmt_amt_amt", "Paid", line.paid);
    }
}

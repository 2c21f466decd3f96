//! Outpatient claims: hospital departments and clinics. FHIR calls them professional.

use super::diagnosis::Lists;
use super::institutional::{self, Institutional, Line, Shape, Stay};
use super::stay;
use crate::codes::{self, coded};
use crate::fhir::{self, Coded, Information};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Outpatient;

const REASONS: [&str; 4] = [
    "rev_cntr_1st_ansi_cd",
    "rev_cntr_2nd_ansi_cd",
    "rev_cntr_3rd_ansi_cd",
    "rev_cntr_4th_ansi_cd",
];

impl Institutional for Outpatient {
    const NCH_TYPES: &'static [Coded] = &[("40", "Hospital outpatient")];
    const NEAR_LINE: Coded = ("W", "Part B institution");
    const FACILITY_TYPES: &'static [Coded] =
        &[("1", "Hospital"), ("1", "Hospital"), ("7", "Clinic & centre")];
    const CLASSIFICATION: Coded = ("3", "");
    const REVENUE: &'static [&'static str] = &[
        "0250", "0260", "0270", "0300", "0305", "0320", "0360", "0420", "0450", "0510", "0636",
        "0761", "0001",
    ];
    const SHAPE: Shape = Shape {
        lists: Lists {
            admitting: false,
            drg: false,
            inpatient: false,
            external: true,
            reason_for_visit: true,
            secondary: 24,
        },
        query: true,
        procedures: Some(1),
        modifiers: true,
        line_date: true,
        revenue_status: true,
        deductible: false,
        service_ndc: true,
    };

    fn line_count(rng: &mut Rng) -> u32 {
        if rng.percent(85) { rng.between(1, 4) } else { rng.between(5, 15) }
    }

    fn payment(_rng: &mut Rng, stay: &Stay<'_>) -> i64 {
        institutional::paid_by_lines(stay)
    }

    fn benefits(_json: &mut Json, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn amounts(json: &mut Json, rng: &mut Rng, stay: &Stay<'_>) {
        fhir::extension_money(json, "nch_profnl_cmpnt_chrg_amt", 0);
        fhir::extension_money(
            json,
            "nch_bene_ptb_ddctbl_amt",
            if rng.percent(10) { rng.cents(5, 200) } else { 0 },
        );
        fhir::extension_money(json, "nch_bene_ptb_coinsrnc_amt", rng.cents(0, 300));
        fhir::extension_money(json, "clm_op_prvdr_pmt_amt", institutional::paid_by_lines(stay));
        fhir::extension_money(json, "clm_op_bene_pmt_amt", 0);
        stay::write_blood_deductible(json, rng);
    }

    fn hospitalization(_json: &mut Json, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn information(_information: &mut Information<'_>, _rng: &mut Rng, _stay: &Stay<'_>) {}

    fn first_adjudications(json: &mut Json, rng: &mut Rng, line: &Line) {
        let reasons = [0, 1, 2, 3, 4][rng.weighted(&[40, 40, 14, 4, 2])];
        for variable in REASONS.into_iter().take(reasons) {
            fhir::adjudicated_reason(json, variable, "Adjusted because", coded(rng, codes::ANSI));
        }
        let deductible = if rng.percent(8) { rng.cents(5, 150) } else { 0 };
        for (variable, label, cents) in [
            ("rev_cntr_blood_ddctbl_amt", "Blood deductible", 0),
            ("rev_cntr_cash_ddctbl_amt", "Cash deductible", deductible),
            ("rev_cntr_coinsrnc_wge_adjstd_c", "Share, \"wage adjusted\"", line.paid / 4),
            ("rev_cntr_rdcd_coinsrnc_amt", "Share, reduced", 0),
            ("rev_cntr_1st_msp_pd_amt", "First other payer", 0),
            ("rev_cntr_2nd_msp_pd_amt", "Second other payer", 0),
            ("rev_cntr_prvdr_pmt_amt", "Paid to the provider", line.paid),
            ("rev_cntr_bene_pmt_amt", "Paid to the patient", 0),
            ("rev_cntr_ptnt_rspnsblty_pmt", "Patient's part", line.paid / 4 + deductible),
            ("rev_cntr_pmt_amt_amt", "Paid", line.paid),
        ] {
            fhir::adjudicated_amount(json, variable, label, cents);
        }
    }
}

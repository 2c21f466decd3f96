//! DME claims: equipment, prosthetics, supplies.

use super::part_b::{Line, PartB};
use crate::codes::{self, coded};
use crate::fhir::{self, Coded, System};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Dme;

impl PartB for Dme {
    const NCH_TYPES: &'static [Coded] =
        &[("82", "Equipment & supplies"), ("81", "Regional carrier")];
    const NEAR_LINE: Coded = ("M", "Part B equipment");
    const LINES: &'static [u32] = &[50, 25, 15, 10];
    const SERVICES: &'static [Coded] = codes::DME_SERVICE;
    const MODIFIERS: u32 = 4;
    const SPECIALTIES: &'static [Coded] = codes::SUPPLIER_SPECIALTY;
    const PRACTITIONERS: bool = false;

    fn first_adjudications(json: &mut Json, rng: &mut Rng, line: &Line) {
        fhir::adjudicated_amount(json, "line_prmry_alowd_chrg_amt", "Allowed by another payer", 0);
        let price = if rng.percent(60) { line.submitted } else { 0 };
        fhir::adjudicated_amount(json, "line_dme_prchs_price_amt", "Purchase price", price);
    }

    fn first_extensions(json: &mut Json, rng: &mut Rng, line: &Line) {
        fhir::extension_number(json, "suplrnum", rng.digits(10));
        fhir::extension_quantity(json, "dmerc_line_scrn_svgs_amt", 0, 2);
        json.open();
        System::Variable("dmerc_line_mtus_cnt").write(json, "url");
        json.raw(r#","valueQuantity":{"code":"3""#);
        System::Variable("dmerc_line_mtus_cd").write(json, "system");
        json.raw(r#","unit":"Services""#);
        json.key("value");
        json.decimal(i64::from(line.units) * 1000 + i64::from(rng.below(4) * 125), 3);
        json.raw("}}");
    }

    fn place_extensions(json: &mut Json, rng: &mut Rng, _line: &Line, state: &str) {
        fhir::extension_code(json, "dmerc_line_prcng_state_cd", (state, ""));
        let suppliers = [("0", "Clinic"), ("1", "Solo"), ("3", "Supplier & <maker>")];
        fhir::extension_code(json, "dmerc_line_supplr_type_cd", coded(rng, &suppliers));
    }

    fn service_extensions(_json: &mut Json, _rng: &mut Rng) {}
}

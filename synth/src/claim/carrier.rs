//! Carrier claims: physicians, practitioners, laboratories.

use super::part_b::{Line, PartB};
use crate::codes::{self, coded};
use crate::fhir::{self, Coded};
use crate::json::Json;
use crate::rng::Rng;

pub(super) struct Carrier;

impl PartB for Carrier {
    const NCH_TYPES: &'static [Coded] =
        &[("71", "Local carrier"), ("71", "Local carrier"), ("72", "Carrier, \"supplies\"")];
    const NEAR_LINE: Coded = ("O", "Part B & carriers");
    const LINES: &'static [u32] = &[38, 26, 14, 8, 5, 4, 3, 2];
    const SERVICES: &'static [Coded] = codes::TYPE_OF_SERVICE;
    const MODIFIERS: u32 = 2;
    const SPECIALTIES: &'static [Coded] = codes::SPECIALTY;
    const PRACTITIONERS: bool = true;

    fn first_adjudications(json: &mut Json, _rng: &mut Rng, _line: &Line) {
        let variable = "carr_line_rdcd_pmt_phys_astn_c";
        fhir::adjudicated_reason(json, variable, "Payment cut, assistant", ("0", "None"));
    }

    fn first_extensions(json: &mut Json, rng: &mut Rng, line: &Line) {
        fhir::extension_code(json, "carr_line_mtus_cd", coded(rng, codes::MTUS));
        fhir::extension_quantity(json, "carr_line_mtus_cnt", i64::from(line.units), 0);
    }

    fn place_extensions(json: &mut Json, rng: &mut Rng, _line: &Line, _state: &str) {
        if rng.percent(95) {
            json.open();
            fhir::System::Variable("prvdr_zip").write(json, "url");
            json.open_key("valueCoding");
            fhir::number_text(json, "code", rng.digits(9));
            fhir::System::Variable("prvdr_zip").write(json, "system");
            json.close();
            json.close();
        }
        fhir::extension_code(
            json,
            "carr_line_prcng_lclty_cd",
            coded(rng, &[("00", ""), ("15", "Area 15"), ("99", "")]),
        );
        if rng.percent(12) {
            fhir::extension_identifier(
                json,
                "carr_line_clia_lab_num",
                rng.pick(&["99D0000001", "99D0000002", "99D9999999"]),
            );
        }
    }

    fn service_extensions(json: &mut Json, rng: &mut Rng) {
        if rng.percent(3) {
            json.list_key("extension");
            fhir::extension_quantity(
                json,
                "carr_line_ansthsa_unit_cnt",
                i64::from(rng.between(1, 20)),
                0,
            );
            json.close_list();
        }
    }
}

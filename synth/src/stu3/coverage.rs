//! Coverage records, parts A to D of one beneficiary.

use super::fhir::{self, System};
use super::patient;
use crate::codes::Coded;
use crate::facts::coverage::{Coverage, Entitlement, Part, Plan};
use crate::facts::person::{LAST_DAY, Person};
use crate::json::Json;

/// The names of a family's twelve months.
macro_rules! months {
    ($stem:literal) => {
        [
            concat!($stem, "01"),
            concat!($stem, "02"),
            concat!($stem, "03"),
            concat!($stem, "04"),
            concat!($stem, "05"),
            concat!($stem, "06"),
            concat!($stem, "07"),
            concat!($stem, "08"),
            concat!($stem, "09"),
            concat!($stem, "10"),
            concat!($stem, "11"),
            concat!($stem, "12"),
        ]
    };
}

const BUYIN: [&str; 12] = months!("buyin");
const DRUG_CONTRACT: [&str; 12] = months!("ptdcntrct");
const NOT_ENROLLED: Coded = ("0", "Not in it");

/// Writes one Coverage without the line feed.
pub(crate) fn write(json: &mut Json, person: &Person, coverage: &Coverage) {
    let (name, prefix) = coverage.part.names();
    json.open();
    fhir::reference(json, "beneficiary", "Patient/", person.id);
    if coverage.contracts {
        json.raw(r#","contract":[{"id":"ptc-contract1"},{"reference":"Coverage/part-a-contract1 reference"}]"#);
    }
    json.list_key("extension");
    write_extensions(json, person, coverage);
    json.close_list();
    json.open_key("grouping");
    json.code("subGroup", "Medicare");
    json.code("subPlan", name);
    json.close();
    json.key("id");
    json.raw("\"");
    json.raw(prefix);
    json.signed(person.id);
    json.raw("\"");
    if !person.old_style {
        fhir::meta(json, coverage.load);
    }
    if let Some(start) = coverage.start {
        fhir::period(json, "period", start, None);
    }
    json.code("resourceType", "Coverage");
    json.code("status", if coverage.in_force() { "active" } else { "cancelled" });
    fhir::concept(json, "type", System::Url("Medicare"), (name, ""));
    json.close();
}

/// The extensions, which v2 has too.
fn write_extensions(json: &mut Json, person: &Person, coverage: &Coverage) {
    let terminated = coverage.terminated;
    if coverage.part != Part::C {
        fhir::extension_code(json, "ms_cd", coverage.status);
    }
    match coverage.part {
        Part::A => {
            if let Some(Entitlement { original, current, renal }) = coverage.entitlement {
                fhir::extension_code(json, "orec", original);
                fhir::extension_code(json, "crec", current);
                fhir::extension_code(json, "esrd_ind", renal);
            }
            fhir::extension_code(json, "a_trm_cd", terminated);
        }
        Part::B => fhir::extension_code(json, "b_trm_cd", terminated),
        Part::C => {
            if let Some(plan) = &coverage.plan {
                part_c(json, plan);
            }
        }
        Part::D => {
            if let Some(plan) = &coverage.plan {
                part_d(json, person, plan);
            }
        }
    }
    if !person.old_style {
        patient::reference_year(json, person);
        patient::dual(json, person);
    }
    if let Some(months) = &coverage.buyin {
        for (month, name) in BUYIN.into_iter().enumerate() {
            fhir::extension_code(json, name, months.of(month));
        }
    }
}

/// One family of monthly values: `value` up to the month of leaving, `gone` after it.
fn monthly(
    json: &mut Json,
    names: [&'static str; 12],
    value: (&str, &str),
    leaves: u32,
    gone: (&str, &str),
) {
    for (month, name) in (0..).zip(names) {
        fhir::extension_code(json, name, if month < leaves { value } else { gone });
    }
}

fn part_c(json: &mut Json, plan: &Plan) {
    let leaves = plan.leaves;
    monthly(json, months!("ptc_cntrct_id_"), (&plan.contract, ""), leaves, NOT_ENROLLED);
    monthly(json, months!("ptc_pbp_id_"), (plan.number, ""), leaves, ("", ""));
    monthly(json, months!("ptc_plan_type_cd_"), ("00", ""), leaves, ("", ""));
    let lock_in = ("1", "Open, \"CMS pays\"");
    monthly(json, months!("hmo_ind_"), lock_in, leaves, ("0", "No plan"));
}

fn part_d(json: &mut Json, person: &Person, plan: &Plan) {
    let leaves = plan.leaves;
    monthly(json, DRUG_CONTRACT, (&plan.contract, ""), leaves, NOT_ENROLLED);
    months_on_record(json, person, plan);
    monthly(json, months!("ptdpbpid"), (plan.number, ""), leaves, ("", ""));
    monthly(json, months!("sgmtid"), ("000", ""), leaves, ("", ""));
    monthly(json, months!("cstshr"), plan.share, leaves, ("00", "None"));
    monthly(json, months!("rdsind"), plan.subsidy, leaves, ("0", ""));
}

/// One contract per month on record, with the month in the url and no leading zero in it.
fn months_on_record(json: &mut Json, person: &Person, plan: &Plan) {
    let (last_year, last_month, _) = LAST_DAY.ymd();
    let last_month = last_month.unsigned_abs();
    let reference_year = i32::try_from(person.reference_year).unwrap_or(0);
    for year in last_year - plan.years + 1..=last_year {
        for (month, name) in (1..).zip(DRUG_CONTRACT) {
            if year == last_year && month > last_month {
                break;
            }
            let gone = year == reference_year && month > plan.leaves;
            json.open();
            json.raw("\"url\":\"https://bluebutton.cms.gov/resources/variables/");
            json.raw(name);
            json.raw("/");
            json.signed(i64::from(year));
            json.raw("-");
            json.unsigned(u64::from(month));
            json.raw("\",\"valueCoding\":");
            let value = if gone { NOT_ENROLLED } else { (plan.contract.as_str(), "") };
            fhir::coding(json, System::Variable(name), value);
            json.close();
        }
    }
}

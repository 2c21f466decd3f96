//! What v1 and v2 write alike, both being made of the Chronic Conditions Warehouse: monthly codes of people and parts, and
//! whether diagnoses were present on admission.

use crate::codes::Coded;
use crate::facts::coverage::{Coverage, Entitlement, Part, Plan};
use crate::facts::diagnosis::{Entry, Kind};
use crate::facts::patient::dual_months;
use crate::facts::person::{LAST_DAY, Person};
use crate::fhir::{self, System};
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

const DUAL: [&str; 12] = months!("dual_");
const BUYIN: [&str; 12] = months!("buyin");
const DRUG_CONTRACT: [&str; 12] = months!("ptdcntrct");
const NOT_ENROLLED: Coded = ("0", "Not in it");

/// Writes an extension with a code; v1 writes one without a code too.
pub(crate) type Extension = fn(&mut Json, &'static str, (&str, &str));

/// `"url":"..rfrnc_yr","valueDate":"2021"`
pub(crate) fn reference_year(json: &mut Json, person: &Person) {
    json.open();
    System::Variable("rfrnc_yr").write(json, "url");
    fhir::number_text(json, "valueDate", u64::from(person.reference_year));
    json.close();
}

/// The twelve months of dual status.
pub(crate) fn dual(json: &mut Json, person: &Person, extension: Extension) {
    for (name, coded) in DUAL.into_iter().zip(dual_months(person)) {
        extension(json, name, coded);
    }
}

/// The extensions of a Coverage.
pub(crate) fn coverage(
    json: &mut Json,
    person: &Person,
    coverage: &Coverage,
    extension: Extension,
) {
    let terminated = coverage.terminated;
    if coverage.part != Part::C {
        extension(json, "ms_cd", coverage.status);
    }
    match (coverage.part, &coverage.plan) {
        (Part::A, _) => {
            if let Some(Entitlement { original, current, renal }) = coverage.entitlement {
                extension(json, "orec", original);
                extension(json, "crec", current);
                extension(json, "esrd_ind", renal);
            }
            extension(json, "a_trm_cd", terminated);
        }
        (Part::B, _) => extension(json, "b_trm_cd", terminated),
        (Part::C, Some(plan)) => part_c(json, plan, extension),
        (Part::D, Some(plan)) => part_d(json, person, plan, extension),
        (Part::C | Part::D, None) => {}
    }
    if !person.old_style {
        reference_year(json, person);
        dual(json, person, extension);
    }
    if let Some(months) = &coverage.buyin {
        for (month, name) in BUYIN.into_iter().enumerate() {
            extension(json, name, months.of(month));
        }
    }
}

/// One family of monthly values: `value` up to the month of leaving, `gone` after it.
fn monthly(
    json: &mut Json,
    extension: Extension,
    names: [&'static str; 12],
    value: (&str, &str),
    leaves: u32,
    gone: (&str, &str),
) {
    for (month, name) in (0..).zip(names) {
        extension(json, name, if month < leaves { value } else { gone });
    }
}

fn part_c(json: &mut Json, plan: &Plan, extension: Extension) {
    let leaves = plan.leaves;
    let contract = (plan.contract.as_str(), "");
    monthly(json, extension, months!("ptc_cntrct_id_"), contract, leaves, NOT_ENROLLED);
    monthly(json, extension, months!("ptc_pbp_id_"), (plan.number, ""), leaves, ("", ""));
    monthly(json, extension, months!("ptc_plan_type_cd_"), ("00", ""), leaves, ("", ""));
    let lock_in = ("1", "Open, \"CMS pays\"");
    monthly(json, extension, months!("hmo_ind_"), lock_in, leaves, ("0", "No plan"));
}

fn part_d(json: &mut Json, person: &Person, plan: &Plan, extension: Extension) {
    let leaves = plan.leaves;
    let contract = (plan.contract.as_str(), "");
    monthly(json, extension, DRUG_CONTRACT, contract, leaves, NOT_ENROLLED);
    months_on_record(json, person, plan);
    monthly(json, extension, months!("ptdpbpid"), (plan.number, ""), leaves, ("", ""));
    monthly(json, extension, months!("sgmtid"), ("000", ""), leaves, ("", ""));
    monthly(json, extension, months!("cstshr"), plan.share, leaves, ("00", "None"));
    monthly(json, extension, months!("rdsind"), plan.subsidy, leaves, ("0", ""));
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

/// The names of the present-on-admission variables.
const POA: [&str; 25] = [
    "clm_poa_ind_sw1",
    "clm_poa_ind_sw2",
    "clm_poa_ind_sw3",
    "clm_poa_ind_sw4",
    "clm_poa_ind_sw5",
    "clm_poa_ind_sw6",
    "clm_poa_ind_sw7",
    "clm_poa_ind_sw8",
    "clm_poa_ind_sw9",
    "clm_poa_ind_sw10",
    "clm_poa_ind_sw11",
    "clm_poa_ind_sw12",
    "clm_poa_ind_sw13",
    "clm_poa_ind_sw14",
    "clm_poa_ind_sw15",
    "clm_poa_ind_sw16",
    "clm_poa_ind_sw17",
    "clm_poa_ind_sw18",
    "clm_poa_ind_sw19",
    "clm_poa_ind_sw20",
    "clm_poa_ind_sw21",
    "clm_poa_ind_sw22",
    "clm_poa_ind_sw23",
    "clm_poa_ind_sw24",
    "clm_poa_ind_sw25",
];
const EXTERNAL_POA: [&str; 4] =
    ["clm_e_poa_ind_sw1", "clm_e_poa_ind_sw2", "clm_e_poa_ind_sw3", "clm_e_poa_ind_sw4"];

/// The variable and code of present on admission.
pub(crate) fn present(entry: &Entry) -> Option<(&'static str, Coded)> {
    let external = matches!(entry.kind, Kind::External | Kind::ExternalFirst);
    let names: &[&'static str] = if external { &EXTERNAL_POA } else { &POA };
    entry.present.and_then(|(place, coded)| Some((*names.get(place)?, coded)))
}

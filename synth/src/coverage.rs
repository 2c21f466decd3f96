//! Coverage records, parts A to D of one beneficiary.

use crate::codes;
use crate::date::Day;
use crate::fhir::{self, Coded, System};
use crate::json::Json;
use crate::patient;
use crate::person::{LAST_DAY, Person, Version, load_time, write_meta};
use crate::rng::{Rng, Stream};

/// The part of Medicare a Coverage is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Hospital insurance.
    A,
    /// Medical insurance.
    B,
    /// Medicare Advantage.
    C,
    /// Drug plans.
    D,
}

impl Part {
    /// The four parts in order.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// (plan name, id prefix)
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::A => ("Part A", "part-a-"),
            Self::B => ("Part B", "part-b-"),
            Self::C => ("Part C", "part-c-"),
            Self::D => ("Part D", "part-d-"),
        }
    }
}

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
pub(crate) fn write(json: &mut Json, person: &Person, part: Part, version: Version) {
    let rng = &mut Rng::new(person.seed, Stream::Coverage, person.index, part as u64);
    // The term codes and the Medicare status are facts of the person: one stream for all parts.
    let shared = &mut Rng::new(person.seed, Stream::Coverage, person.index, 4);
    let load = load_time(&mut rng.clone(), version);
    let status = shared.pick(codes::MEDICARE_STATUS);
    let terminated = shared.pick(codes::TERMINATION);
    let start = Day::from_ymd(1990, 1, 1).plus(shared.below(32 * 365));
    let (name, prefix) = part.names();

    json.open();
    fhir::reference(json, "beneficiary", "Patient/", person.id);
    if part == Part::A && (person.old_style || rng.chance(1, 40)) {
        json.raw(r#","contract":[{"id":"ptc-contract1"},{"reference":"Coverage/part-a-contract1 reference"}]"#);
    }
    json.list_key("extension");
    match part {
        Part::A => part_a(json, rng, person, status, terminated),
        Part::B => part_b(json, status, terminated),
        Part::C => part_c(json, rng),
        Part::D => part_d(json, rng, person, status),
    }
    if !person.old_style {
        patient::reference_year(json, person);
        patient::dual(json, person);
        if matches!(part, Part::A | Part::B) {
            buyin(json, shared);
        }
    }
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
        write_meta(json, load);
        if matches!(part, Part::A | Part::B) && shared.percent(95) {
            fhir::period(json, "period", start, None);
        }
    }
    json.code("resourceType", "Coverage");
    let in_force = matches!(part, Part::C | Part::D) || terminated.0 == "0";
    json.code("status", if in_force { "active" } else { "cancelled" });
    fhir::concept(json, "type", System::Url("Medicare"), (name, ""));
    json.close();
}

fn part_a(json: &mut Json, rng: &mut Rng, person: &Person, status: Coded, terminated: Coded) {
    fhir::extension_code(json, "ms_cd", status);
    fhir::extension_code(json, "orec", codes::coded(rng, codes::ENTITLEMENT));
    fhir::extension_code(json, "crec", codes::coded(rng, codes::ENTITLEMENT));
    let renal: Coded = if person.old_style {
        ("0", "No")
    } else {
        rng.pick(&[("N", ""), ("N", ""), ("Y", "Renal disease")])
    };
    fhir::extension_code(json, "esrd_ind", renal);
    fhir::extension_code(json, "a_trm_cd", terminated);
}

fn part_b(json: &mut Json, status: Coded, terminated: Coded) {
    fhir::extension_code(json, "ms_cd", status);
    fhir::extension_code(json, "b_trm_cd", terminated);
}

fn buyin(json: &mut Json, rng: &mut Rng) {
    let before = rng.pick(codes::BUYIN);
    let after = rng.pick(codes::BUYIN);
    let change = rng.below(24);
    for (month, name) in (0..).zip(BUYIN) {
        fhir::extension_code(json, name, if month < change { before } else { after });
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

/// The month in which an enrolment ends: mostly none within the year; sometimes never begun.
fn leaving_month(rng: &mut Rng) -> u32 {
    [12, rng.below(12), 0][rng.weighted(&[60, 15, 25])]
}

fn contract(rng: &mut Rng, letter: char) -> String {
    format!("{letter}{:04}", rng.below(9000) + 1)
}

fn part_c(json: &mut Json, rng: &mut Rng) {
    let contract = contract(rng, 'H');
    let leaves = if rng.percent(40) { leaving_month(rng) } else { 0 };
    let plan = rng.pick(&["001", "003", "020", "801"]);
    monthly(json, months!("ptc_cntrct_id_"), (&contract, ""), leaves, NOT_ENROLLED);
    monthly(json, months!("ptc_pbp_id_"), (plan, ""), leaves, ("", ""));
    monthly(json, months!("ptc_plan_type_cd_"), ("00", ""), leaves, ("", ""));
    let lock_in = ("1", "Open, \"CMS pays\"");
    monthly(json, months!("hmo_ind_"), lock_in, leaves, ("0", "No plan"));
}

fn part_d(json: &mut Json, rng: &mut Rng, person: &Person, status: Coded) {
    let contract = contract(rng, 'S');
    let leaves = leaving_month(rng);
    let plan = rng.pick(&["001", "003", "020"]);
    fhir::extension_code(json, "ms_cd", status);
    monthly(json, DRUG_CONTRACT, (&contract, ""), leaves, NOT_ENROLLED);
    months_on_record(json, rng, person, (&contract, ""), leaves);
    monthly(json, months!("ptdpbpid"), (plan, ""), leaves, ("", ""));
    monthly(json, months!("sgmtid"), ("000", ""), leaves, ("", ""));
    let share: (&str, &str) = rng.pick(&[
        ("00", "None"),
        ("01", "Full help, no share"),
        ("05", "Share < 15 %"),
        ("09", ""),
    ]);
    monthly(json, months!("cstshr"), share, leaves, ("00", "None"));
    let subsidy: (&str, &str) =
        rng.pick(&[("N", "No employer"), ("Y", "Employer & retiree"), ("*", "")]);
    monthly(json, months!("rdsind"), subsidy, leaves, ("0", ""));
}

/// One contract per month on record, with the month in the url and no leading zero in it.
fn months_on_record(
    json: &mut Json,
    rng: &mut Rng,
    person: &Person,
    contract: (&str, &str),
    leaves: u32,
) {
    let years = [1, 2, 4, 6, 10, 15][rng.weighted(&[30, 25, 20, 15, 7, 3])];
    let (last_year, last_month, _) = LAST_DAY.ymd();
    let last_month = last_month.unsigned_abs();
    let reference_year = i32::try_from(person.reference_year).unwrap_or(0);
    for year in last_year - years + 1..=last_year {
        for (month, name) in (1..).zip(DRUG_CONTRACT) {
            if year == last_year && month > last_month {
                break;
            }
            let gone = year == reference_year && month > leaves;
            json.open();
            json.raw("\"url\":\"https://bluebutton.cms.gov/resources/variables/");
            json.raw(name);
            json.raw("/");
            json.signed(i64::from(year));
            json.raw("-");
            json.unsigned(u64::from(month));
            json.raw("\",\"valueCoding\":");
            fhir::coding(json, System::Variable(name), if gone { NOT_ENROLLED } else { contract });
            json.close();
        }
    }
}

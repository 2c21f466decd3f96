//! Part D drug events.

use super::care_team::{CareTeam, Role};
use super::{Action, Claim, npi};
use crate::codes::{self, coded};
use crate::fhir::{self, Coded, Information, NDC, NPI, System};
use crate::json::Json;
use crate::rng::Rng;
use crate::short_code::ShortCode;

/// The kinds of pharmacy number: the code of the type and its system, which is the identifier's too.
const PHARMACY_KINDS: [(Coded, &str); 6] = [
    (("NPI", "Provider number"), NPI),
    (
        ("NCPDP", "Pharmacy number"),
        "http://terminology.hl7.org/CodeSystem/NCPDPProviderIdentificationNumber",
    ),
    (("UPIN", "Old number"), "http://hl7.org/fhir/sid/us-upin"),
    (("DL", "Licence"), "http://terminology.hl7.org/CodeSystem/v2-0203"),
    (("TAX", "Tax number"), "http://terminology.hl7.org/CodeSystem/v2-0203"),
    (("OTHER", ""), "http://terminology.hl7.org/CodeSystem/v2-0203"),
];
const PHARMACY_KIND_WEIGHTS: [u32; 6] = [85, 7, 2, 2, 2, 2];

struct Pharmacy {
    kind: (Coded, &'static str),
    number: u64,
    service: Coded,
}

/// Writes all members of the event.
pub(super) fn write(json: &mut Json, rng: &mut Rng, claim: &Claim<'_>) {
    let mut team = CareTeam::default();
    let prescriber = (!rng.chance(1, 100)).then(|| team.add(Role::Primary, npi(rng, 20_000)));
    let status = rng.pick(codes::COVERAGE_STATUS);
    let kind = PHARMACY_KINDS[rng.weighted(&PHARMACY_KIND_WEIGHTS)];
    let number = if kind.1 == NPI { npi(rng, 4000) } else { rng.digits(7) };
    let pharmacy = Pharmacy { kind, number, service: rng.pick(codes::PHARMACY) };
    let known = !rng.chance(1, 300);
    let paid = claim.processed;

    claim.write_period(json, None);
    team.write(json);
    write_facility(json, &pharmacy, known);
    claim.write_identity(json, "pde_id", Some(rng.digits(9)));
    write_information(json, rng, claim, &pharmacy, status);
    claim.write_insurance(json, |json| {
        json.list_key("extension");
        fhir::extension_identifier(
            json,
            "plan_cntrct_rec_id",
            rng.pick(&["S9991", "S9992", "H9993"]),
        );
        fhir::extension_identifier(json, "plan_pbp_rec_num", rng.pick(&["001", "003", "020"]));
        json.close_list();
    });
    if !rng.chance(1, 900) {
        json.list_key("item");
        write_item(json, rng, claim, prescriber, status);
        json.close_list();
    }
    claim.write_meta(json);
    if known {
        json.open_key("organization");
        json.text("display", "Example Pharmacy & Co");
        write_number(json, &pharmacy);
        json.close();
    }
    claim.write_patient(json);
    if rng.percent(97) {
        json.open_key("payment");
        json.date("date", paid);
        json.close();
    }
    json.code("resourceType", "ExplanationOfBenefit");
    claim.write_status(json);
    claim.write_type(json, None, None, None);
}

fn write_number(json: &mut Json, pharmacy: &Pharmacy) {
    let system = System::Url(pharmacy.kind.1);
    json.open_key("identifier");
    system.write(json, "system");
    fhir::concept(json, "type", system, pharmacy.kind.0);
    fhir::number_text(json, "value", pharmacy.number);
    json.close();
}

fn write_facility(json: &mut Json, pharmacy: &Pharmacy, known: bool) {
    json.open_key("facility");
    if known {
        json.text("display", "Example Pharmacy & Co");
    }
    json.list_key("extension");
    fhir::extension_code(json, "phrmcy_srvc_type_cd", pharmacy.service);
    json.close_list();
    if known {
        write_number(json, pharmacy);
    }
    json.close();
}

fn write_information(
    json: &mut Json,
    rng: &mut Rng,
    claim: &Claim<'_>,
    pharmacy: &Pharmacy,
    status: Coded,
) {
    let mut information = Information::new(json);
    information.code("daw_prod_slctn_cd", "As written", coded(rng, codes::DAW));
    if rng.percent(10) {
        information.code("dspnsng_stus_cd", "Fill", coded(rng, codes::DISPENSING));
    }
    information.code("drug_cvrg_stus_cd", "Drug covered", status);
    match claim.action {
        Action::Original => {}
        Action::Adjusted => {
            let change = rng.pick(&[("A", "Adjusted"), ("A", "Adjusted"), ("R", "Brought back")]);
            information.code("adjstmt_dltn_cd", "Adjusted or deleted", change);
        }
        Action::Cancelled => {
            information.code("adjstmt_dltn_cd", "Adjusted or deleted", ("D", "Deleted"));
        }
    }
    for (share, variable, label, list) in [
        (5, "nstd_frmt_cd", "Other format", codes::FORMAT),
        (5, "prcng_excptn_cd", "Pricing", codes::PRICING),
        (15, "ctstrphc_cvrg_cd", "Above the limit", codes::CATASTROPHIC),
        (95, "rx_orgn_cd", "How prescribed", codes::RX_ORIGIN),
        (95, "brnd_gnrc_cd", "Brand or generic", codes::BRAND),
    ] {
        if rng.percent(share) {
            information.code(variable, label, coded(rng, list));
        }
    }
    information.code("phrmcy_srvc_type_cd", "Kind of pharmacy", pharmacy.service);
    information.code("ptnt_rsdnc_cd", "Lives in", coded(rng, codes::RESIDENCE));
    if rng.percent(8) {
        information.code("submsn_clr_cd", "Clarified", coded(rng, codes::CLARIFICATION));
    }
    information.end();
}

fn write_item(
    json: &mut Json,
    rng: &mut Rng,
    claim: &Claim<'_>,
    prescriber: Option<u32>,
    status: Coded,
) {
    let cost = rng.cents(2, 700);
    let patient = cost * i64::from(rng.between(0, 30)) / 100;
    let subsidy = if rng.percent(25) { patient } else { 0 };
    let gap = if rng.percent(8) { cost / 2 } else { 0 };
    let above = if rng.percent(12) { cost } else { 0 };
    json.open();
    json.list_key("adjudication");
    let (variable, label) = if status.0 == "C" {
        ("cvrd_d_plan_pd_amt", "Paid, covered drug")
    } else {
        ("ncvrd_plan_pd_amt", "Paid, other drug")
    };
    json.open();
    fhir::money(json, "amount", cost - patient - gap);
    fhir::category(json, "category", "adjudication", variable, label);
    fhir::concept(json, "reason", System::Variable("drug_cvrg_stus_cd"), status);
    json.close();
    for (variable, label, cents) in [
        ("gdc_blw_oopt_amt", "Cost < limit", cost - above),
        ("gdc_abv_oopt_amt", "Cost > limit", above),
        ("ptnt_pay_amt", "Paid by the patient", patient),
        ("othr_troop_amt", "Other true costs", 0),
        ("lics_amt", "Low income help", subsidy),
        ("plro_amt", "Paid by others", 0),
        ("tot_rx_cst_amt", "Whole cost", cost),
        ("rptd_gap_dscnt_num", "Gap discount", gap),
    ] {
        fhir::adjudicated_amount(json, variable, label, cents);
    }
    json.close_list();
    if let Some(link) = prescriber {
        json.list_key("careTeamLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    // Neither kind is told for one event in ten.
    let invoice = [Some(("RXDINV", "Drug invoice")), Some(("RXCINV", "Compound & invoice")), None]
        [rng.weighted(&[85, 5, 10])];
    if let Some(coded) = invoice {
        json.list_key("detail");
        json.open();
        fhir::concept(json, "type", System::Url("http://hl7.org/fhir/v3/ActCode"), coded);
        json.close();
        json.close_list();
    }
    json.open_key("quantity");
    json.list_key("extension");
    fhir::extension_quantity(json, "fill_num", i64::from(rng.below(12)), 0);
    fhir::extension_quantity(json, "days_suply_num", rng.pick(&[30, 30, 90, 14, 7, 0]), 0);
    json.close_list();
    json.key("value");
    let tenths = if rng.percent(10) { rng.between(1, 3000) } else { rng.pick(&[300, 600, 900]) };
    json.decimal(i64::from(tenths), 1);
    json.close();
    json.integer("sequence", 1);
    json.open_key("service");
    json.list_key("coding");
    let ndc = ShortCode::ndc(rng.below(900_000));
    fhir::coding(json, System::Url(NDC), (ndc.as_str(), rng.pick(codes::DRUG)));
    json.close_list();
    json.close();
    json.date("servicedDate", claim.from);
    json.close();
}

//! Part D drug events.

use super::care_team::{CareTeam, Role};
use super::header;
use super::parts::{self, BENEFIT, BY_PATIENT, COINSURANCE, DISCOUNT, DRUG_COST, NONCOVERED};
use super::parts::{NPI_TYPE, PRIOR_PAYER, extension_code};
use super::supporting::{About, Supporting};
use crate::facts::header::Header;
use crate::facts::pde::{Event, Fill, PharmacyKind};
use crate::fhir::{self, NDC, NPI, System};
use crate::json::Json;
use crate::r4::{self, Systematic};

/// The kind of pharmacy number.
fn kind(kind: PharmacyKind) -> Systematic<'static> {
    let v2 = |code| (System::Hl7("v2-0203"), (code, ""));
    match kind {
        PharmacyKind::Npi => (NPI_TYPE.0, (NPI_TYPE.1.0, "")),
        PharmacyKind::Ncpdp => (System::Hl7("NCPDPProviderIdentificationNumber"), ("NCPDP", "")),
        PharmacyKind::Upin => v2("UPIN"),
        PharmacyKind::License => v2("SL"),
        PharmacyKind::Tax => v2("TAX"),
        PharmacyKind::Other => v2("OTHER"),
    }
}

/// Writes all members of the event.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, event: &Event) {
    let mut team = CareTeam::default();
    let prescriber = event.prescriber.map(|npi| team.add(Role::Prescribing, npi));
    header::write_period(json, claim, None);
    team.write(json, true);
    header::write_created(json);
    write_facility(json, event);
    header::write_identity(json, claim, "pde_id", Some(event.prescription));
    header::write_insurance(json, claim, |json| {
        json.list_key("extension");
        fhir::extension_identifier(json, "plan_cntrct_rec_id", event.contract);
        fhir::extension_identifier(json, "plan_pbp_rec_num", event.plan);
        json.close_list();
    });
    if let Some(fill) = &event.fill {
        json.list_key("item");
        write_item(json, claim, event, fill, prescriber);
        json.close_list();
    }
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    if event.paid {
        json.open_key("payment");
        json.date("date", claim.processed);
        json.close();
    }
    if event.known {
        // The number stands as an NPI, whatever it is.
        json.open_key("provider");
        fhir::identifier(json, "identifier", System::Url(NPI), event.pharmacy_number);
        json.close();
    } else {
        json.open_key("provider");
        json.text("display", "Not told");
        json.close();
    }
    header::write_status(json, claim);
    write_supporting(json, event);
    write_total(json, event.fill.as_ref().map_or(0, |fill| fill.cost));
    header::write_type(json, claim, None);
}

fn write_facility(json: &mut Json, event: &Event) {
    json.open_key("facility");
    if event.known {
        json.text("display", "Example Pharmacy & Co");
    }
    json.list_key("extension");
    extension_code(json, "phrmcy_srvc_type_cd", event.service);
    json.close_list();
    if event.known {
        json.open_key("identifier");
        r4::codings(json, "type", &[kind(event.pharmacy)]);
        fhir::number_text(json, "value", event.pharmacy_number);
        json.close();
    }
    json.close();
}

fn write_total(json: &mut Json, cost: i64) {
    json.list_key("total");
    for (slice, cents) in
        [(DRUG_COST, cost), ((System::Carin("C4BBPayerAdjudicationStatus"), ("other", "Other")), 0)]
    {
        json.open();
        r4::money(json, "amount", cents);
        parts::category(json, slice, "adjudication", None);
        json.close();
    }
    json.close_list();
}

fn write_supporting(json: &mut Json, event: &Event) {
    let mut info = Supporting::new(json);
    if let Some(fill) = &event.fill {
        if let Some(compound) = fill.compound {
            let coded = if compound {
                ("RXCINV", "Compound & invoice")
            } else {
                ("RXDINV", "Drug invoice")
            };
            info.code_of(About::Slice("compoundcode"), System::Hl7("v3-ActCode"), coded);
        }
        info.count(About::Slice("refillnum"), fill.number);
        info.count(About::Slice("dayssupply"), fill.days);
    }
    for (variable, label, coded) in [
        ("drug_cvrg_stus_cd", "Drug covered", Some(event.coverage)),
        ("daw_prod_slctn_cd", "As written", Some(event.as_written)),
        ("dspnsng_stus_cd", "Fill", event.dispensing),
        ("adjstmt_dltn_cd", "Adjusted or deleted", event.change),
        ("nstd_frmt_cd", "Other format", event.format),
        ("prcng_excptn_cd", "Pricing", event.pricing),
        ("ctstrphc_cvrg_cd", "Above the limit", event.catastrophic),
    ] {
        if let Some(coded) = coded {
            info.code(variable, label, coded);
        }
    }
    for (slice, variable, coded) in [
        ("rxorigincode", "rx_orgn_cd", event.origin),
        ("brandgenericindicator", "brnd_gnrc_cd", event.brand),
    ] {
        if let Some(coded) = coded {
            info.code_of(About::Slice(slice), System::Variable(variable), coded);
        }
    }
    info.code("ptnt_rsdnc_cd", "Lives in", event.residence);
    if let Some(coded) = event.clarification {
        info.code("submsn_clr_cd", "Clarified", coded);
    }
    info.end();
}

fn write_item(
    json: &mut Json,
    claim: &Header<'_>,
    event: &Event,
    fill: &Fill,
    prescriber: Option<u32>,
) {
    json.open();
    json.list_key("adjudication");
    let (slice, variable) = if event.coverage.0 == "C" {
        (BENEFIT, "cvrd_d_plan_pd_amt")
    } else {
        (NONCOVERED, "ncvrd_plan_pd_amt")
    };
    for (slice, variable, label, cents) in [
        (slice, variable, "Paid by the plan", fill.plan()),
        (COINSURANCE, "gdc_blw_oopt_amt", "Cost < limit", fill.cost - fill.above),
        (COINSURANCE, "gdc_abv_oopt_amt", "Cost > limit", fill.above),
        (BY_PATIENT, "ptnt_pay_amt", "Paid by the patient", fill.patient),
        (PRIOR_PAYER, "othr_troop_amt", "Other true costs", 0),
        (DISCOUNT, "lics_amt", "Low income help", fill.subsidy),
        (PRIOR_PAYER, "plro_amt", "Paid by others", 0),
        (DRUG_COST, "tot_rx_cst_amt", "Whole cost", fill.cost),
        (DISCOUNT, "rptd_gap_dscnt_num", "Gap discount", fill.gap),
    ] {
        parts::amount(json, slice, variable, label, cents);
    }
    json.close_list();
    if let Some(link) = prescriber {
        r4::numbers(json, "careTeamSequence", &[link]);
    }
    r4::codings(json, "productOrService", &[(System::Url(NDC), (fill.ndc.as_str(), fill.drug))]);
    json.open_key("quantity");
    json.key("value");
    json.decimal(i64::from(fill.tenths), 1);
    json.close();
    json.integer("sequence", 1);
    json.date("servicedDate", claim.from);
    json.close();
}

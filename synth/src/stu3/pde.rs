//! Part D drug events.

use super::care_team::{CareTeam, Role};
use super::fhir::{self, Information, NDC, NPI, System};
use super::header;
use crate::codes::Coded;
use crate::facts::header::Header;
use crate::facts::pde::{Event, Fill, PharmacyKind};
use crate::json::Json;

/// The code of the kind of pharmacy number and its system, which is the identifier's too.
fn kind(kind: PharmacyKind) -> (Coded, &'static str) {
    match kind {
        PharmacyKind::Npi => (("NPI", "Provider number"), NPI),
        PharmacyKind::Ncpdp => (
            ("NCPDP", "Pharmacy number"),
            "http://terminology.hl7.org/CodeSystem/NCPDPProviderIdentificationNumber",
        ),
        PharmacyKind::Upin => (("UPIN", "Old number"), "http://hl7.org/fhir/sid/us-upin"),
        PharmacyKind::License => {
            (("DL", "Licence"), "http://terminology.hl7.org/CodeSystem/v2-0203")
        }
        PharmacyKind::Tax => {
            (("TAX", "Tax number"), "http://terminology.hl7.org/CodeSystem/v2-0203")
        }
        PharmacyKind::Other => (("OTHER", ""), "http://terminology.hl7.org/CodeSystem/v2-0203"),
    }
}

/// Writes all members of the event.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, event: &Event) {
    let mut team = CareTeam::default();
    let prescriber = event.prescriber.map(|npi| team.add(Role::Primary, npi));
    header::write_period(json, claim, None);
    team.write(json);
    write_facility(json, event);
    header::write_identity(json, claim, "pde_id", Some(event.prescription));
    write_information(json, event);
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
    if event.known {
        json.open_key("organization");
        json.text("display", "Example Pharmacy & Co");
        write_number(json, event);
        json.close();
    }
    header::write_patient(json, claim);
    if event.paid {
        json.open_key("payment");
        json.date("date", claim.processed);
        json.close();
    }
    json.code("resourceType", "ExplanationOfBenefit");
    header::write_status(json, claim);
    header::write_type(json, claim, None, None, None);
}

fn write_number(json: &mut Json, event: &Event) {
    let (coded, system) = kind(event.pharmacy);
    let system = System::Url(system);
    json.open_key("identifier");
    system.write(json, "system");
    fhir::concept(json, "type", system, coded);
    fhir::number_text(json, "value", event.pharmacy_number);
    json.close();
}

fn write_facility(json: &mut Json, event: &Event) {
    json.open_key("facility");
    if event.known {
        json.text("display", "Example Pharmacy & Co");
    }
    json.list_key("extension");
    fhir::extension_code(json, "phrmcy_srvc_type_cd", event.service);
    json.close_list();
    if event.known {
        write_number(json, event);
    }
    json.close();
}

fn write_information(json: &mut Json, event: &Event) {
    let mut information = Information::new(json);
    for (variable, label, coded) in [
        ("daw_prod_slctn_cd", "As written", Some(event.as_written)),
        ("dspnsng_stus_cd", "Fill", event.dispensing),
        ("drug_cvrg_stus_cd", "Drug covered", Some(event.coverage)),
        ("adjstmt_dltn_cd", "Adjusted or deleted", event.change),
        ("nstd_frmt_cd", "Other format", event.format),
        ("prcng_excptn_cd", "Pricing", event.pricing),
        ("ctstrphc_cvrg_cd", "Above the limit", event.catastrophic),
        ("rx_orgn_cd", "How prescribed", event.origin),
        ("brnd_gnrc_cd", "Brand or generic", event.brand),
        ("phrmcy_srvc_type_cd", "Kind of pharmacy", Some(event.service)),
        ("ptnt_rsdnc_cd", "Lives in", Some(event.residence)),
        ("submsn_clr_cd", "Clarified", event.clarification),
    ] {
        if let Some(coded) = coded {
            information.code(variable, label, coded);
        }
    }
    information.end();
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
    let (variable, label) = if event.coverage.0 == "C" {
        ("cvrd_d_plan_pd_amt", "Paid, covered drug")
    } else {
        ("ncvrd_plan_pd_amt", "Paid, other drug")
    };
    json.open();
    fhir::money(json, "amount", fill.plan());
    fhir::category(json, "category", "adjudication", variable, label);
    fhir::concept(json, "reason", System::Variable("drug_cvrg_stus_cd"), event.coverage);
    json.close();
    for (variable, label, cents) in [
        ("gdc_blw_oopt_amt", "Cost < limit", fill.cost - fill.above),
        ("gdc_abv_oopt_amt", "Cost > limit", fill.above),
        ("ptnt_pay_amt", "Paid by the patient", fill.patient),
        ("othr_troop_amt", "Other true costs", 0),
        ("lics_amt", "Low income help", fill.subsidy),
        ("plro_amt", "Paid by others", 0),
        ("tot_rx_cst_amt", "Whole cost", fill.cost),
        ("rptd_gap_dscnt_num", "Gap discount", fill.gap),
    ] {
        fhir::adjudicated_amount(json, variable, label, cents);
    }
    json.close_list();
    if let Some(link) = prescriber {
        json.list_key("careTeamLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    if let Some(compound) = fill.compound {
        let coded =
            if compound { ("RXCINV", "Compound & invoice") } else { ("RXDINV", "Drug invoice") };
        json.list_key("detail");
        json.open();
        fhir::concept(json, "type", System::Url("http://hl7.org/fhir/v3/ActCode"), coded);
        json.close();
        json.close_list();
    }
    json.open_key("quantity");
    json.list_key("extension");
    fhir::extension_quantity(json, "fill_num", i64::from(fill.number), 0);
    fhir::extension_quantity(json, "days_suply_num", i64::from(fill.days), 0);
    json.close_list();
    json.key("value");
    json.decimal(i64::from(fill.tenths), 1);
    json.close();
    json.integer("sequence", 1);
    json.open_key("service");
    json.list_key("coding");
    fhir::coding(json, System::Url(NDC), (fill.ndc.as_str(), fill.drug));
    json.close_list();
    json.close();
    json.date("servicedDate", claim.from);
    json.close();
}

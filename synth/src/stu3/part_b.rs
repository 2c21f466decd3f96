//! Carrier and DME claims.

use super::care_team::CareTeam;
use super::fhir::{self, NDC, NPI, System};
use super::{diagnosis, header};
use crate::facts::header::Header;
use crate::facts::part_b::{Bill, BloodTest, Line, PartB};
use crate::json::Json;

/// Where a line stands in its claim.
struct Links {
    team: [u32; 2],
    diagnosis: Option<u32>,
    /// The number of the contained Observation.
    observation: Option<u32>,
}

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let (team, links) = link(bill);
    header::write_period(json, claim, None);
    team.write(json);
    write_contained(json, claim, bill, &links);
    diagnosis::write(json, &bill.diagnoses, false);
    if let Some(disposition) = bill.disposition {
        json.code("disposition", disposition);
    }
    write_extensions(json, bill);
    header::write_identity(json, claim, "clm_id", None);
    if !bill.older {
        let mut information = fhir::Information::new(json);
        information.date("nch_wkly_proc_dt", "Processed in the week of", claim.processed);
        information.end();
    }
    header::write_insurance(json, claim, |_| {});
    if let Some(state) = bill.state {
        json.list_key("item");
        for ((sequence, line), links) in (claim.lines_from..).zip(&bill.lines).zip(&links) {
            write_item(json, line, links, sequence, state);
        }
        json.close_list();
    }
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    json.open_key("payment");
    fhir::money(json, "amount", bill.sum(|l| l.paid));
    json.close();
    if bill.referral.is_some() {
        json.raw(r##","referral":{"reference":"#1"}"##);
    }
    json.code("resourceType", "ExplanationOfBenefit");
    header::write_status(json, claim);
    let near_line = PartB::of(claim.kind).near_line;
    header::write_type(json, claim, Some(bill.nch_type), Some(near_line), None);
}

/// The care team, and what each line points to.
fn link(bill: &Bill) -> (CareTeam, Vec<Links>) {
    let mut team = CareTeam::default();
    let first_diagnosis = diagnosis::first_sequence(&bill.diagnoses);
    let mut contained = u32::from(bill.referral.is_some());
    let links = bill
        .lines
        .iter()
        .map(|line| Links {
            team: [
                line.provider.map_or(0, |(npi, provider)| team.add_line_provider(npi, provider)),
                line.tax.map_or(0, |number| team.add_tax_number(number)),
            ],
            diagnosis: line.diagnosis.map(|place| first_diagnosis + place),
            observation: line.blood_test.map(|_| {
                contained += 1;
                contained
            }),
        })
        .collect();
    (team, links)
}

fn write_contained(json: &mut Json, claim: &Header<'_>, bill: &Bill, links: &[Links]) {
    if bill.referral.is_none() && links.iter().all(|l| l.observation.is_none()) {
        return;
    }
    json.list_key("contained");
    if let Some(npi) = bill.referral {
        json.open();
        json.raw(r#""id":"1","recipient":[{"#);
        fhir::identifier(json, "identifier", System::Url(NPI), npi);
        json.raw("}]");
        json.open_key("requester");
        fhir::npi_holder(json, "agent", npi);
        json.close();
        json.raw(r#","resourceType":"ReferralRequest","status":"completed""#);
        fhir::reference(json, "subject", "Patient/", claim.patient_id());
        json.close();
    }
    for (links, line) in links.iter().zip(&bill.lines) {
        if let (Some(number), Some(test)) = (links.observation, line.blood_test) {
            write_test(json, number, test);
        }
    }
    json.close_list();
}

fn write_test(json: &mut Json, number: u32, test: BloodTest) {
    json.open();
    fhir::concept(json, "code", System::Variable("line_hct_hgb_type_cd"), test.kind);
    fhir::number_text(json, "id", u64::from(number));
    json.raw(r#","resourceType":"Observation","status":"unknown","valueQuantity":{"value":"#);
    json.decimal(i64::from(test.tenths), 1);
    json.raw("}}");
}

fn write_extensions(json: &mut Json, bill: &Bill) {
    json.list_key("extension");
    fhir::extension_money(json, "prpayamt", 0);
    fhir::extension_number(json, "carr_num", bill.contractor);
    if let Some(number) = bill.control {
        fhir::extension_number(json, "carr_clm_cntl_num", number);
    }
    fhir::extension_code(json, "carr_clm_pmt_dnl_cd", bill.denial);
    fhir::extension_code(json, "asgmntcd", bill.assignment);
    if let Some(number) = bill.trial {
        fhir::extension_number(json, "clm_clncl_tril_num", number);
    }
    for (variable, cents) in [
        ("carr_clm_cash_ddctbl_apld_amt", bill.sum(|l| l.deductible)),
        ("nch_clm_prvdr_pmt_amt", bill.sum(|l| l.paid) - bill.to_patient),
        ("nch_clm_bene_pmt_amt", bill.to_patient),
        ("nch_carr_clm_sbmtd_chrg_amt", bill.sum(|l| l.submitted)),
        ("nch_carr_clm_alowd_amt", bill.sum(|l| l.allowed)),
    ] {
        fhir::extension_money(json, variable, cents);
    }
    json.close_list();
}

fn write_item(json: &mut Json, line: &Line, links: &Links, sequence: u32, state: &'static str) {
    json.open();
    json.list_key("adjudication");
    write_adjudications(json, line);
    json.close_list();
    if links.team != [0; 2] {
        json.list_key("careTeamLinkId");
        for (place, &link) in links.team.iter().filter(|&&l| l > 0).enumerate() {
            if place > 0 {
                json.raw(",");
            }
            json.unsigned(u64::from(link));
        }
        json.close_list();
    }
    fhir::concept(json, "category", System::Variable("line_cms_type_srvc_cd"), line.service);
    if let Some(link) = links.diagnosis {
        json.list_key("diagnosisLinkId");
        json.unsigned(u64::from(link));
        json.close_list();
    }
    write_item_extensions(json, line, links.observation);
    write_place(json, line, state);
    if !line.modifiers.is_empty() {
        json.list_key("modifier");
        for modifier in &line.modifiers {
            json.open();
            fhir::hcpcs(json, modifier, Some(line.year));
            json.close();
        }
        json.close_list();
    }
    json.open_key("quantity");
    json.integer("value", line.units);
    json.close();
    json.integer("sequence", sequence);
    json.open_key("service");
    let code = line.hcpcs.as_ref().map_or("", |code| code.as_str());
    fhir::hcpcs(json, code, Some(line.year));
    if let Some(units) = line.practice.and_then(|p| p.anaesthesia) {
        json.list_key("extension");
        fhir::extension_quantity(json, "carr_line_ansthsa_unit_cnt", i64::from(units), 0);
        json.close_list();
    }
    json.close();
    if let Some((start, end)) = line.dates {
        fhir::period(json, "servicedPeriod", start, Some(end));
    }
    json.close();
}

fn write_item_extensions(json: &mut Json, line: &Line, observation: Option<u32>) {
    json.list_key("extension");
    if let Some(practice) = line.practice {
        fhir::extension_code(json, "carr_line_mtus_cd", practice.unit);
        fhir::extension_quantity(json, "carr_line_mtus_cnt", i64::from(line.units), 0);
    }
    if let Some(supply) = line.supply {
        fhir::extension_number(json, "suplrnum", supply.number);
        fhir::extension_quantity(json, "dmerc_line_scrn_svgs_amt", 0, 2);
        json.open();
        System::Variable("dmerc_line_mtus_cnt").write(json, "url");
        json.raw(r#","valueQuantity":{"code":"3""#);
        System::Variable("dmerc_line_mtus_cd").write(json, "system");
        json.raw(r#","unit":"Services""#);
        json.key("value");
        json.decimal(i64::from(supply.thousandths), 3);
        json.raw("}}");
    }
    fhir::extension_code(json, "betos_cd", line.betos);
    if let Some(coded) = line.primary_payer {
        fhir::extension_code(json, "line_bene_prmry_pyr_cd", coded);
    }
    fhir::extension_code(json, "line_service_deductible", ("0", "Deductible applies"));
    if let Some(number) = observation {
        json.open();
        System::Variable("line_hct_hgb_rslt_num").write(json, "url");
        json.raw(r##","valueReference":{"reference":"#"##);
        json.unsigned(u64::from(number));
        json.raw("\"}}");
    }
    if let Some((ndc, drug)) = &line.ndc {
        fhir::extension(json, System::Url(NDC), (ndc.as_str(), drug));
    }
    json.close_list();
}

fn write_adjudications(json: &mut Json, line: &Line) {
    if let Some(supply) = line.supply {
        fhir::adjudicated_amount(json, "line_prmry_alowd_chrg_amt", "Allowed by another payer", 0);
        fhir::adjudicated_amount(json, "line_dme_prchs_price_amt", "Purchase price", supply.price);
    } else {
        let variable = "carr_line_rdcd_pmt_phys_astn_c";
        fhir::adjudicated_reason(json, variable, "Payment cut, assistant", ("0", "None"));
    }
    json.open();
    fhir::money(json, "amount", line.paid);
    fhir::category(json, "category", "adjudication", "line_nch_pmt_amt", "Paid by Medicare");
    json.list_key("extension");
    fhir::extension_code(json, "line_pmt_80_100_cd", ("0", "80 percent"));
    json.close_list();
    json.close();
    for (variable, label, cents) in [
        ("line_bene_pmt_amt", "Paid to the patient", 0),
        ("line_prvdr_pmt_amt", "Paid to the provider", line.paid),
        ("line_bene_ptb_ddctbl_amt", "Deductible", line.deductible),
        ("line_bene_prmry_pyr_pd_amt", "Paid by another payer", 0),
        ("line_coinsrnc_amt", "Patient's share", line.coinsurance),
        ("line_sbmtd_chrg_amt", "Charge \"as sent\"", line.submitted),
        ("line_alowd_chrg_amt", "Charge allowed", line.allowed),
    ] {
        fhir::adjudicated_amount(json, variable, label, cents);
    }
    fhir::adjudicated_reason(json, "line_prcsg_ind_cd", "Allowed or denied", line.processing);
}

fn write_place(json: &mut Json, line: &Line, state: &'static str) {
    json.open_key("locationCodeableConcept");
    json.list_key("coding");
    fhir::coding(json, System::Variable("line_place_of_srvc_cd"), line.place);
    json.close_list();
    json.list_key("extension");
    fhir::extension_code(json, "prvdr_state_cd", (state, ""));
    if let Some(practice) = line.practice {
        if let Some(zip) = practice.zip {
            json.open();
            System::Variable("prvdr_zip").write(json, "url");
            json.open_key("valueCoding");
            fhir::number_text(json, "code", zip);
            System::Variable("prvdr_zip").write(json, "system");
            json.close();
            json.close();
        }
        fhir::extension_code(json, "carr_line_prcng_lclty_cd", practice.pricing);
        if let Some(laboratory) = practice.laboratory {
            fhir::extension_identifier(json, "carr_line_clia_lab_num", laboratory);
        }
    }
    if let Some(supply) = line.supply {
        fhir::extension_code(json, "dmerc_line_prcng_state_cd", (state, ""));
        fhir::extension_code(json, "dmerc_line_supplr_type_cd", supply.supplier);
    }
    json.close_list();
    json.close();
}

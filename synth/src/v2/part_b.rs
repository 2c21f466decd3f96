//! Carrier and DME claims.

use super::care_team::{CareTeam, Role};
use super::parts::{self, BENEFIT, Balance, COINSURANCE, DEDUCTIBLE, ELIGIBLE, NPI_TYPE};
use super::parts::{PRIOR_PAYER, SUBMITTED, TO_PATIENT, TO_PROVIDER, extension_code};
use super::supporting::{About, Supporting};
use super::{diagnosis, header};
use crate::facts::claim_type::ClaimType;
use crate::facts::header::{Action, Header};
use crate::facts::part_b::{Bill, BloodTest, Line, PartB};
use crate::fhir::{self, NDC, NPI, System};
use crate::json::Json;
use crate::r4;

/// Where a line stands in its claim.
struct Links {
    team: Vec<u32>,
    /// The number of the entry of `supportingInfo`.
    information: Option<u32>,
}

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let (team, links) = link(claim, bill);
    write_balance(json, bill);
    header::write_period(json, claim, None);
    team.write(json, true);
    write_contained(json, claim, bill);
    header::write_created(json);
    diagnosis::write(json, &bill.diagnoses, claim.kind);
    if let Some(disposition) = bill.disposition {
        json.code("disposition", disposition);
    }
    write_extensions(json, claim, bill);
    header::write_identity(json, claim, "clm_id", None);
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
    r4::money(json, "amount", bill.sum(|l| l.paid));
    json.close();
    write_provider(json, claim, bill);
    if let Some(npi) = bill.referral {
        json.open_key("referral");
        if claim.kind == ClaimType::Dme && npi.is_multiple_of(3) {
            json.text("display", "Dr. Test Ärztin, MD");
        }
        json.open_key("identifier");
        r4::codings(json, "type", &[NPI_TYPE]);
        fhir::number_text(json, "value", npi);
        json.raw("}}");
    }
    header::write_status(json, claim);
    write_supporting(json, claim, bill);
    json.list_key("total");
    // What another payer paid stands under the total charge.
    parts::amount(json, PRIOR_PAYER, "clm_tot_chrg_amt", "Charge", 0);
    json.close_list();
    header::write_type(json, claim, Some(bill.nch_type));
}

/// The care team, and what each line points to.
fn link(claim: &Header<'_>, bill: &Bill) -> (CareTeam, Vec<Links>) {
    let mut team = CareTeam::default();
    if let Some(npi) = bill.referral {
        team.add(Role::Referring, npi);
        if claim.kind == ClaimType::Carrier && npi.is_multiple_of(4) {
            team.add_pin(Role::Referring, npi % 100_000);
        }
    }
    let mut information = u32::from(!bill.older);
    let links = bill
        .lines
        .iter()
        .map(|line| {
            let mut links = Vec::new();
            if let Some((npi, provider)) = line.provider {
                links.push(team.add_line_provider(npi, provider));
                if let Some(npi) = provider.organization {
                    links.push(team.add(Role::Primary, npi));
                }
            }
            let information = line.blood_test.map(|_| {
                information += 1;
                information
            });
            Links { team: links, information }
        })
        .collect();
    (team, links)
}

fn write_balance(json: &mut Json, bill: &Bill) {
    let mut balance = Balance::new(json);
    for (variable, label, cents) in [
        ("carr_clm_cash_ddctbl_apld_amt", "Deductible", bill.sum(|l| l.deductible)),
        ("nch_clm_prvdr_pmt_amt", "To providers", bill.sum(|l| l.paid) - bill.to_patient),
        ("nch_clm_bene_pmt_amt", "To the patient", bill.to_patient),
        ("nch_carr_clm_sbmtd_chrg_amt", "Charge \"as sent\"", bill.sum(|l| l.submitted)),
        ("nch_carr_clm_alowd_amt", "Charge allowed", bill.sum(|l| l.allowed)),
    ] {
        balance.money(variable, label, cents);
    }
    balance.end();
}

fn write_contained(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    if bill.lines.iter().all(|line| line.blood_test.is_none()) {
        return;
    }
    json.list_key("contained");
    for (sequence, line) in (claim.lines_from..).zip(&bill.lines) {
        if let Some(test) = line.blood_test {
            write_test(json, sequence, test);
        }
    }
    json.close_list();
}

fn write_test(json: &mut Json, sequence: u32, test: BloodTest) {
    json.open();
    fhir::concept(json, "code", System::Variable("line_hct_hgb_type_cd"), test.kind);
    json.raw(",\"id\":\"line-observation-");
    json.unsigned(u64::from(sequence));
    json.raw(r#"","resourceType":"Observation","status":"unknown","valueQuantity":{"value":"#);
    json.decimal(i64::from(test.tenths), 1);
    json.raw("}}");
}

fn write_extensions(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    json.list_key("extension");
    extension_code(json, "nch_near_line_rec_ident_cd", PartB::of(claim.kind).near_line);
    fhir::extension_number(json, "carr_num", bill.contractor);
    if let Some(number) = bill.control {
        fhir::extension_number(json, "carr_clm_cntl_num", number);
    }
    extension_code(json, "carr_clm_pmt_dnl_cd", bill.denial);
    extension_code(json, "asgmntcd", bill.assignment);
    if let Some(number) = bill.trial {
        fhir::extension_number(json, "clm_clncl_tril_num", number);
    }
    let entry = match claim.action {
        Action::Original => ("1", "Original"),
        Action::Adjusted => ("5", "Replaces"),
        Action::Cancelled => ("3", "Credit"),
    };
    extension_code(json, "carr_clm_entry_cd", entry);
    json.close_list();
}

fn write_provider(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let first = bill.lines.iter().find_map(|line| line.provider);
    json.open_key("provider");
    if claim.kind == ClaimType::Dme && first.is_some_and(|(npi, _)| npi.is_multiple_of(3)) {
        json.text("display", "Dr. Test Ärztin, MD");
    }
    json.open_key("identifier");
    let system = match claim.kind {
        ClaimType::Dme => System::Url(NPI),
        _ => System::Variable("carr_clm_blg_npi_num"),
    };
    system.write(json, "system");
    match first {
        Some((npi, provider)) if claim.kind == ClaimType::Carrier => {
            fhir::number_text(json, "value", provider.organization.unwrap_or(npi));
        }
        Some((npi, _)) => fhir::number_text(json, "value", npi),
        None => json.code("value", "UNKNOWN"),
    }
    json.close();
    if claim.kind == ClaimType::Dme {
        json.code("type", "Practitioner");
    }
    json.close();
}

fn write_supporting(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let mut info = Supporting::new(json);
    if !bill.older {
        let about = About::Both("clmrecvddate", "nch_wkly_proc_dt", "Processed in the week of");
        info.date(about, claim.processed);
    }
    for (sequence, line) in (claim.lines_from..).zip(&bill.lines) {
        if line.blood_test.is_some() {
            info.test(sequence);
        }
    }
    info.end();
}

fn write_item(json: &mut Json, line: &Line, links: &Links, sequence: u32, state: &'static str) {
    json.open();
    json.list_key("adjudication");
    write_adjudications(json, line);
    json.close_list();
    r4::numbers(json, "careTeamSequence", &links.team);
    if !line.service.0.is_empty() {
        fhir::concept(json, "category", System::Variable("line_cms_type_srvc_cd"), line.service);
    }
    if let Some(place) = line.diagnosis {
        r4::numbers(json, "diagnosisSequence", &[place + 1]);
    }
    write_item_extensions(json, line, state);
    if let Some(number) = links.information {
        r4::numbers(json, "informationSequence", &[number]);
    }
    write_place(json, line, state);
    if !line.modifiers.is_empty() {
        json.list_key("modifier");
        for modifier in &line.modifiers {
            json.open();
            write_hcpcs(json, modifier, line.year);
            json.close();
        }
        json.close_list();
    }
    json.open_key("productOrService");
    if let Some(code) = &line.hcpcs {
        write_hcpcs(json, code.as_str(), 0);
    } else {
        json.list_key("coding");
        fhir::coding(json, System::Url(parts::ABSENT), ("NULL", ""));
        json.close_list();
    }
    if let Some((ndc, drug)) = &line.ndc {
        json.list_key("extension");
        fhir::extension(json, System::Url(NDC), (ndc.as_str(), drug));
        json.close_list();
    }
    json.close();
    json.open_key("quantity");
    json.integer("value", line.units);
    json.close();
    json.integer("sequence", sequence);
    if let Some((start, end)) = line.dates {
        fhir::period(json, "servicedPeriod", start, Some(end));
    }
    json.close();
}

/// `"coding":[..]`; modifiers tell the year of the codes, the service does not.
fn write_hcpcs(json: &mut Json, code: &str, year: u32) {
    json.list_key("coding");
    json.open();
    fhir::coding_members(json, System::CodeList("hcpcs"), (code, ""));
    if year > 0 {
        fhir::number_text(json, "version", u64::from(year));
    }
    json.close();
    json.close_list();
}

fn write_item_extensions(json: &mut Json, line: &Line, state: &'static str) {
    json.list_key("extension");
    if let Some(practice) = line.practice {
        if let Some(number) = line.tax {
            json.open();
            System::Variable("tax_num").write(json, "url");
            json.open_key("valueCoding");
            fhir::number_text(json, "code", number);
            System::Variable("tax_num").write(json, "system");
            json.raw("}}");
        }
        fhir::extension_quantity(json, "carr_line_mtus_cnt", i64::from(line.units), 0);
        // The server tells the unit under the name of the count, too.
        extension_code(json, "carr_line_mtus_cnt", (practice.unit.0, ""));
        extension_code(json, "carr_line_mtus_cd", practice.unit);
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
        extension_code(json, "dmerc_line_prcng_state_cd", (state, ""));
        extension_code(json, "dmerc_line_supplr_type_cd", supply.supplier);
    }
    extension_code(json, "betos_cd", line.betos);
    if let Some(coded) = line.primary_payer {
        extension_code(json, "line_bene_prmry_pyr_cd", coded);
    }
    extension_code(json, "line_prcsg_ind_cd", line.processing);
    extension_code(json, "line_service_deductible", ("0", "Deductible applies"));
    json.close_list();
}

fn write_adjudications(json: &mut Json, line: &Line) {
    match line.supply {
        Some(supply) => {
            let label = "Paid to the provider";
            parts::amount(json, TO_PROVIDER, "rev_cntr_prvdr_pmt_amt", label, line.paid);
            let label = "Allowed by another payer";
            parts::amount(json, ELIGIBLE, "line_prmry_alowd_chrg_amt", label, 0);
            let label = "Purchase price";
            parts::amount(json, SUBMITTED, "line_dme_prchs_price_amt", label, supply.price);
        }
        None => parts::reason(json, "carr_line_rdcd_pmt_phys_astn_c", ("0", "None")),
    }
    json.open();
    r4::money(json, "amount", line.paid);
    let of = Some(("line_nch_pmt_amt", "Paid by Medicare"));
    parts::category(json, BENEFIT, "adjudication", of);
    json.list_key("extension");
    extension_code(json, "line_pmt_80_100_cd", ("0", "80 percent"));
    json.close_list();
    json.close();
    for (slice, variable, label, cents) in [
        (TO_PATIENT, "line_bene_pmt_amt", "Paid to the patient", 0),
        (TO_PROVIDER, "line_prvdr_pmt_amt", "Paid to the provider", line.paid),
        (DEDUCTIBLE, "line_bene_ptb_ddctbl_amt", "Deductible", line.deductible),
        (PRIOR_PAYER, "line_bene_prmry_pyr_pd_amt", "Paid by another payer", 0),
        (COINSURANCE, "line_coinsrnc_amt", "Patient's share", line.coinsurance),
        (SUBMITTED, "line_sbmtd_chrg_amt", "Charge \"as sent\"", line.submitted),
        (ELIGIBLE, "line_alowd_chrg_amt", "Charge allowed", line.allowed),
    ] {
        parts::amount(json, slice, variable, label, cents);
    }
    if let Some(supply) = line.supply {
        // The server repeats these two, the first with an amount that is another's.
        let label = "Paid to the patient";
        parts::amount(json, TO_PROVIDER, "line_bene_pmt_amt", label, supply.price);
        let label = "Purchase price";
        parts::amount(json, SUBMITTED, "line_dme_prchs_price_amt", label, supply.price);
    }
}

fn write_place(json: &mut Json, line: &Line, state: &'static str) {
    json.open_key("locationCodeableConcept");
    if !line.place.0.is_empty() {
        json.list_key("coding");
        fhir::coding(json, System::Variable("line_place_of_srvc_cd"), line.place);
        json.close_list();
    }
    json.list_key("extension");
    extension_code(json, "prvdr_state_cd", (state, ""));
    if let Some(practice) = line.practice {
        if let Some(zip) = practice.zip {
            json.open();
            System::Variable("prvdr_zip").write(json, "url");
            json.open_key("valueCoding");
            fhir::number_text(json, "code", zip);
            System::Variable("prvdr_zip").write(json, "system");
            json.raw("}}");
        }
        extension_code(json, "carr_line_prcng_lclty_cd", practice.pricing);
        if let Some(laboratory) = practice.laboratory {
            fhir::extension_identifier(json, "carr_line_clia_lab_num", laboratory);
        }
    }
    json.close_list();
    json.close();
}

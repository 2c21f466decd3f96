//! Carrier and DME claims.

use super::care_team::CareTeam;
use super::contained::{INSURER, Provider, write_provider, write_test};
use super::items::{write_modifiers, write_quantity, write_service};
use super::parts::{self, BENEFIT, BY_PATIENT, COINSURANCE, DEDUCTIBLE, DISCOUNT, ELIGIBLE};
use super::parts::{NONE, PRIOR_PAYER, SUBMITTED, TO_PATIENT, TO_PROVIDER, extension};
use super::supporting::{About, Supporting};
use super::{diagnosis, header};
use crate::codes::letters_and_fips;
use crate::facts::claim_type::ClaimType;
use crate::facts::header::Header;
use crate::facts::part_b::{Bill, Line, PartB};
use crate::facts::repository::{Enhancement, Extras, SWITCHES};
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, List};

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let extras = Extras::draw(claim, bill.lines.len());
    let first = bill.lines.iter().find_map(|line| line.provider);
    let provider =
        Provider::known(first.map(|(npi, provider)| provider.organization.unwrap_or(npi)), None);
    json.list_key("adjudication");
    parts::status(json);
    parts::amount(json, NONE, "CLM_MDCR_PRFNL_PRMRY_PYR_AMT", 0);
    json.close_list();
    header::write_period(json, claim);
    write_team(json, claim, bill);
    json.list_key("contained");
    json.raw(INSURER);
    for (number, test) in (1..).zip(bill.lines.iter().filter_map(|line| line.blood_test)) {
        write_test(json, number, test);
    }
    if let Some(provider) = provider {
        provider.write(json);
    }
    json.close_list();
    header::write_created(json, claim);
    let slots = diagnosis::write_professional(json, &bill.diagnoses);
    header::write_identity(json, claim, bill.control);
    header::write_insurance(json, claim);
    let information = information(bill, &extras);
    let mut items = List::new(json, "item");
    for (line, information) in bill.lines.iter().zip(&information) {
        let place = items.open();
        let sequence = claim.lines_from + place - 1;
        // The n-th line is paired with the n-th slot, whatever its own diagnosis is.
        let slot = line.diagnosis.map(|_| place).filter(|&place| place <= slots);
        write_item(items.json, line, sequence, slot, information);
        items.json.close();
    }
    items.end();
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    json.open_key("payment");
    r4::money(json, "amount", bill.sum(|l| l.paid));
    json.close();
    write_provider(json, provider);
    header::write_status(json);
    write_supporting(json, claim, bill, &extras);
    write_total(json, bill);
    header::write_type(json, claim, bill.nch_type);
}

/// Who rendered a line has the line's number; who referred comes after as many as there are lines.
fn write_team(json: &mut Json, claim: &Header<'_>, bill: &Bill) {
    let mut team = CareTeam::new(json);
    if claim.kind == ClaimType::Carrier {
        for (sequence, line) in (claim.lines_from..).zip(&bill.lines) {
            if let Some((npi, provider)) = line.provider {
                team.add("rendering", Some(npi), sequence, Some(provider.specialty));
            }
        }
    }
    let after = u32::try_from(bill.lines.len()).unwrap_or(0) + 1;
    team.add("referring", bill.referral, after, None);
    team.end();
}

/// For each line, which entries of `supportingInfo` are about it: they come after the day of loading, line by line.
fn information(bill: &Bill, extras: &Extras) -> Vec<Vec<u32>> {
    let mut next = 2;
    let mut all = Vec::new();
    for place in 0..bill.lines.len() {
        let mut count = u32::from(bill.state.and_then(letters_and_fips).is_some());
        for (_, enhancement) in extras.lines.iter().filter(|(of, _)| *of == place) {
            let switches = enhancement.switches.iter().flatten().count();
            let codes = enhancement.demonstrations.len();
            count += u32::try_from(switches + codes).unwrap_or(0);
        }
        all.push((next..next + count).collect());
        next += count;
    }
    all
}

fn write_supporting(json: &mut Json, claim: &Header<'_>, bill: &Bill, extras: &Extras) {
    let mut info = Supporting::new(json);
    info.date(About::Name("CLM_IDR_LD_DT"), claim.load.day);
    for place in 0..bill.lines.len() {
        for (_, enhancement) in extras.lines.iter().filter(|(of, _)| *of == place) {
            write_enhancement(&mut info, enhancement);
        }
        if let Some((_, fips)) = bill.state.and_then(letters_and_fips) {
            info.code("RNDRG_PRVDR_FIPS_ST_CD", "US-FIPS-STATE-CODES", (fips, ""));
        }
    }
    let adjustment = match bill.disposition {
        Some("03" | "3") => "1",
        _ => "0",
    };
    info.code("CLM_ADJSTMT_TYPE_CD", "CLM-ADJSTMT-TYPE-CD", (adjustment, "Adjustment"));
    info.date(About::Slice("clmrecvddate"), claim.thru);
    let contractor = bill.contractor.to_string();
    info.code("CLM_CNTRCTR_NUM", "CLM-CNTRCTR-NUM", (&contractor, "Contractor"));
    if let Some(number) = bill.trial {
        info.text("CLM_CLNCL_TRIL_NUM", &number.to_string());
    }
    info.code("CLM_QUERY_CD", "CLM-QUERY-CD", ("3", "Final"));
    if !bill.older && !claim.shared {
        info.date(About::Name("CLM_NCH_WKLY_PROC_DT"), claim.processed);
    }
    info.code("CLM_CARR_PMT_DNL_CD", "CLM-CARR-PMT-DNL-CD", bill.denial);
    if let Some(disposition) = bill.disposition {
        info.code("CLM_DISP_CD", "CLM-DISP-CD", (disposition, "Disposition"));
    }
    info.code("CLM_NRLN_RIC_CD", "CLM-NRLN-RIC-CD", PartB::of(claim.kind).near_line);
    let list = "CLM-MDCR-PRFNL-PRVDR-ASGNMT-SW";
    info.code("CLM_MDCR_PRFNL_PRVDR_ASGNMT_SW", list, bill.assignment);
    info.end();
}

fn write_enhancement(info: &mut Supporting<'_>, enhancement: &Enhancement) {
    for code in &enhancement.demonstrations {
        info.code("CLM_BNFT_ENHNCMT_CD", "CLM-BNFT-ENHNCMT-CD", (code, ""));
    }
    for (name, switch) in SWITCHES.into_iter().zip(enhancement.switches) {
        if let Some(switch) = switch {
            info.code(name, "CLM-BNFT-ENHNCMT-CD-SWITCH", (switch, ""));
        }
    }
}

fn write_total(json: &mut Json, bill: &Bill) {
    json.list_key("total");
    for (slice, name, cents) in [
        (ELIGIBLE, "CLM_ALOWD_CHRG_AMT", bill.sum(|l| l.allowed)),
        (SUBMITTED, "CLM_SBMT_CHRG_AMT", bill.sum(|l| l.submitted)),
        (BY_PATIENT, "CLM_BENE_PMT_AMT", bill.to_patient),
        (TO_PROVIDER, "CLM_PRVDR_PMT_AMT", bill.sum(|l| l.paid) - bill.to_patient),
        (DEDUCTIBLE, "CLM_MDCR_DDCTBL_AMT", bill.sum(|l| l.deductible)),
    ] {
        parts::amount(json, slice, name, cents);
    }
    json.close_list();
}

fn write_item(json: &mut Json, line: &Line, sequence: u32, slot: Option<u32>, information: &[u32]) {
    write_line_amounts(json, line);
    if let Some(slot) = slot {
        r4::numbers(json, "diagnosisSequence", &[slot]);
    }
    write_extensions(json, line);
    r4::numbers(json, "informationSequence", information);
    if !line.place.0.is_empty() {
        let system = System::Url(
            "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
        );
        r4::codings(json, "locationCodeableConcept", &[(system, line.place)]);
    }
    write_modifiers(json, &line.modifiers);
    write_service(json, line.hcpcs.as_ref(), None);
    write_quantity(json, i64::from(line.units), 0);
    json.integer("sequence", sequence);
    if let Some((start, end)) = line.dates {
        fhir::period(json, "servicedPeriod", start, Some(end));
    }
}

fn write_extensions(json: &mut Json, line: &Line) {
    json.list_key("extension");
    extension(json, "CLM-PMT-80-100-CD", ("0", "80 percent"));
    if let Some((_, provider)) = line.provider {
        extension(json, "CLM-PRVDR-SPCLTY-CD", provider.specialty);
    }
    extension(json, "CLM-FED-TYPE-SRVC-CD", line.service);
    extension(json, "CLM-SRVC-DDCTBL-SW", ("0", "Deductible applies"));
    if let Some(practice) = line.practice {
        extension(json, "CLM-MTUS-IND-CD", practice.unit);
        extension(json, "CLM-PHYSN-ASTNT-CD", ("0", "None"));
    }
    if let Some(coded) = line.primary_payer {
        extension(json, "CLM-PRMRY-PYR-CD", coded);
    }
    extension(json, "CLM-PRCSG-IND-CD", line.processing);
    if let Some((_, provider)) = line.provider {
        extension(json, "CLM-PRVDR-TYPE-CD", provider.provider_type.unwrap_or(("", "")));
    }
    if let Some(supply) = line.supply {
        extension(json, "CLM-PRVDR-TYPE-CD", supply.supplier);
    }
    if let Some(number) = line.tax {
        fhir::open_extension(json, System::Structure("CLM-PRVDR-TAX-NUM"));
        json.open_key("valueIdentifier");
        json.code("system", "urn:oid:2.16.840.1.113883.4.4");
        r4::codings(json, "type", &[(System::Hl7("v2-0203"), ("TAX", "Tax number"))]);
        fhir::number_text(json, "value", number);
        json.close();
        json.close();
    }
    if let Some(practice) = line.practice {
        if let Some(zip) = practice.zip.filter(|zip| zip.is_multiple_of(25)) {
            let code = if zip.is_multiple_of(2) { "1" } else { "2" };
            extension(json, "CLM-LINE-CARR-HPSA-SCRCTY-CD", (code, ""));
        }
        if let Some(units) = practice.anaesthesia {
            parts::extension_decimal(json, "CLM-LINE-ANSTHSA-UNIT-CNT", i64::from(units));
        }
        parts::extension_decimal(json, "CLM-LINE-PRFNL-MTUS-CNT", i64::from(line.units));
    }
    json.close_list();
}

fn write_line_amounts(json: &mut Json, line: &Line) {
    json.list_key("adjudication");
    for (slice, name, cents) in [
        (NONE, "CLM_LINE_CARR_PSYCH_OT_LMT_AMT", 0),
        (COINSURANCE, "CLM_LINE_MDCR_COINSRNC_AMT", line.coinsurance),
        (ELIGIBLE, "CLM_LINE_ALOWD_CHRG_AMT", line.allowed),
        (DEDUCTIBLE, "CLM_LINE_MDCR_DDCTBL_AMT", line.deductible),
        (TO_PATIENT, "CLM_LINE_BENE_PD_AMT", 0),
        (TO_PROVIDER, "CLM_LINE_PRVDR_PMT_AMT", line.paid),
        (BENEFIT, "CLM_LINE_CVRD_PD_AMT", line.paid),
        (NONE, "CLM_LINE_PRFNL_DME_PRICE_AMT", line.supply.map_or(0, |supply| supply.price)),
        (SUBMITTED, "CLM_LINE_SBMT_CHRG_AMT", line.submitted),
    ] {
        parts::amount(json, slice, name, cents);
    }
    parts::status(json);
    for (slice, name, cents) in [
        (NONE, "CLM_LINE_PRFNL_INTRST_AMT", 0),
        (NONE, "CLM_MDCR_PRMRY_PYR_ALOWD_AMT", 0),
        (PRIOR_PAYER, "CLM_BENE_PRMRY_PYR_PD_AMT", 0),
        (DISCOUNT, "CLM_LINE_DMERC_SCRN_SVGS_AMT", 0),
    ] {
        parts::amount(json, slice, name, cents);
    }
    json.close_list();
}

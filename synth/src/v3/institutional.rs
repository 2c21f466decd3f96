//! The five institutional types.

use super::care_team::CareTeam;
use super::contained::{INSURER, Provider, write_provider};
use super::items::{write_drug, write_modifiers, write_quantity, write_service};
use super::parts::{self, BENEFIT, BY_PATIENT, COINSURANCE, DEDUCTIBLE, ELIGIBLE, NONCOVERED};
use super::parts::{NONE, PRIOR_PAYER, SUBMITTED, TO_PATIENT, TO_PROVIDER, extension};
use super::supporting::{About, Supporting};
use super::{diagnosis, header};
use crate::codes::{Coded, letters_and_fips};
use crate::facts::claim_type::ClaimType;
use crate::facts::header::{Action, Header};
use crate::facts::institutional::{Line, Stay, StayCodes};
use crate::facts::kinds::Kind;
use crate::facts::repository::{Enhancement, Extras, SWITCHES};
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, List};
use crate::short_code::ShortCode;

/// Writes all members of the claim.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let extras = Extras::draw(claim, stay.lines.len());
    let provider = Provider::known(stay.organization, Some(stay.provider));
    write_adjudications(json, claim, stay);
    header::write_period(json, claim);
    write_team(json, stay);
    json.list_key("contained");
    json.raw(INSURER);
    if let Some(provider) = provider {
        provider.write(json);
    }
    json.close_list();
    header::write_created(json, claim);
    diagnosis::write_institutional(json, &stay.diagnoses);
    header::write_identity(json, claim, stay.control);
    header::write_insurance(json, claim);
    let mut items = List::new(json, "item");
    for (place, line) in stay.lines.iter().enumerate() {
        items.open();
        let tracked = extras.tracked.is_some_and(|(of, _)| of == place);
        let sequence = claim.lines_from + u32::try_from(place).unwrap_or(0);
        write_item(items.json, claim, line, sequence, tracked);
        items.json.close();
    }
    items.end();
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    json.open_key("payment");
    r4::money(json, "amount", stay.payment);
    json.close();
    diagnosis::write_procedures(json, &stay.procedures);
    write_provider(json, provider);
    header::write_related(json, stay.original_control);
    header::write_status(json);
    let kind = if claim.kind == ClaimType::Outpatient { "outpatient" } else { "inpatient" };
    r4::codings(json, "subType", &[(System::Carin("C4BBInstitutionalClaimSubType"), (kind, ""))]);
    write_supporting(json, claim, stay, &extras);
    write_total(json, stay);
    header::write_type(json, claim, stay.nch_type);
}

/// Each role of the header has its number, whether the others are there or not.
fn write_team(json: &mut Json, stay: &Stay) {
    let mut team = CareTeam::new(json);
    team.add("attending", stay.attending, 1, None);
    team.add("operating", stay.operating, 2, None);
    team.add("otheroperating", stay.other, 3, None);
    team.add("rendering", stay.lines.iter().find_map(|line| line.rendering), 4, None);
    team.end();
}

/// Amounts and counts of the claim. The server writes all of them on every type, zeros where there is nothing.
fn write_adjudications(json: &mut Json, claim: &Header<'_>, stay: &Stay) {
    let amounts = &stay.amounts;
    let days = |days: u32| i64::from(days) * 100;
    let visits = if claim.kind == ClaimType::Hha { stay.visits() } else { 0 };
    json.list_key("adjudication");
    parts::status(json);
    parts::amount(json, NONE, "CLM_OPRTNL_DSPRTNT_AMT", amounts.poor);
    parts::amount(json, NONE, "CLM_OPRTNL_IME_AMT", amounts.teaching);
    for (name, hundredths) in [
        ("CLM_MDCR_IP_LRD_USE_CNT", 0),
        ("CLM_INSTNL_MDCR_COINS_DAY_CNT", days(stay.shared_days)),
        ("CLM_INSTNL_NCVRD_DAY_CNT", 0),
        ("CLM_MDCR_HOSPC_PRD_CNT", days(claim.spell.map_or(0, |(_, number)| number))),
        ("CLM_MDCR_HHA_TOT_VISIT_CNT", days(visits)),
        ("CLM_MDCR_IP_PPS_DRG_WT_NUM", stay.diagnoses.drg.map_or(0, |drg| i64::from(drg % 300))),
        ("CLM_INSTNL_CVRD_DAY_CNT", days(stay.days)),
    ] {
        parts::count(json, name, hundredths);
    }
    for (name, cents) in [
        ("CLM_INSTNL_PER_DIEM_AMT", amounts.per_diem),
        ("CLM_MDCR_IP_PPS_DSPRPRTNT_AMT", amounts.stay[3]),
        ("CLM_MDCR_IP_PPS_EXCPTN_AMT", amounts.stay[4]),
        ("CLM_MDCR_IP_PPS_CPTL_FSP_AMT", amounts.stay[5]),
        ("CLM_MDCR_IP_PPS_CPTL_IME_AMT", amounts.stay[6]),
        ("CLM_MDCR_IP_PPS_OUTLIER_AMT", amounts.stay[7]),
        ("CLM_MDCR_IP_PPS_CPTL_HRMLS_AMT", amounts.stay[8]),
        ("CLM_MDCR_IP_PPS_CPTL_TOT_AMT", amounts.capital),
        ("CLM_MDCR_INSTNL_PRMRY_PYR_AMT", amounts.other_payer),
        ("CLM_INSTNL_PRFNL_AMT", 0),
        ("CLM_INSTNL_DRG_OUTLIER_AMT", amounts.outlier),
        ("CLM_HIPPS_UNCOMPD_CARE_AMT", amounts.uncompensated),
        ("CLM_MDCR_IP_BENE_DDCTBL_AMT", amounts.part_a_deductible),
        ("CLM_FINL_STDZD_PYMT_AMT", 0),
        ("CLM_HAC_RDCTN_PYMT_AMT", 0),
        ("CLM_HIPPS_MODEL_BNDLD_PMT_AMT", 0),
        ("CLM_HIPPS_READMSN_RDCTN_AMT", 0),
        ("CLM_HIPPS_VBP_AMT", 0),
        ("CLM_INSTNL_LOW_VOL_PMT_AMT", 0),
        ("CLM_MDCR_IP_1ST_YR_RATE_AMT", 0),
        ("CLM_MDCR_IP_SCND_YR_RATE_AMT", 0),
        ("CLM_PPS_MD_WVR_STDZD_VAL_AMT", 0),
        ("CLM_SITE_NTRL_CST_BSD_PYMT_AMT", 0),
        ("CLM_SITE_NTRL_IP_PPS_PYMT_AMT", 0),
        ("CLM_SS_OUTLIER_STD_PYMT_AMT", 0),
        ("CLM_BLOOD_CHRG_AMT", 0),
        ("CLM_BLOOD_LBLTY_AMT", amounts.blood_deductible),
        ("CLM_BLOOD_NCVRD_CHRG_AMT", 0),
    ] {
        parts::amount(json, NONE, name, cents);
    }
    json.close_list();
}

fn write_total(json: &mut Json, stay: &Stay) {
    let amounts = &stay.amounts;
    json.list_key("total");
    for (slice, name, cents) in [
        (ELIGIBLE, "CLM_ALOWD_CHRG_AMT", stay.total - stay.total / 4),
        (SUBMITTED, "CLM_SBMT_CHRG_AMT", stay.total),
        (TO_PROVIDER, "CLM_PRVDR_PMT_AMT", 0),
        (DEDUCTIBLE, "CLM_MDCR_DDCTBL_AMT", amounts.part_b_deductible),
        (COINSURANCE, "CLM_MDCR_COINSRNC_AMT", amounts.stay[0] + amounts.part_b_coinsurance),
        (NONCOVERED, "CLM_NCVRD_CHRG_AMT", amounts.stay[1]),
        (TO_PATIENT, "CLM_MDCR_INSTNL_BENE_PD_AMT", 0),
    ] {
        parts::amount(json, slice, name, cents);
    }
    json.close_list();
}

fn write_supporting(json: &mut Json, claim: &Header<'_>, stay: &Stay, extras: &Extras) {
    let mut info = Supporting::new(json);
    if claim.shared {
        info.code("CLM_PD_STUS_CD", "CLM-PD-STUS-CD", ("I", ""));
    } else {
        let adjustment = (stay.adjustment(), "Adjustment");
        info.code("CLM_ADJSTMT_TYPE_CD", "CLM-ADJSTMT-TYPE-CD", adjustment);
    }
    info.date(About::Name("CLM_IDR_LD_DT"), claim.load.day);
    if let Some((_, number)) = extras.tracked {
        info.text("CLM_LINE_PMD_UNIQ_TRKNG_NUM", &format!("-SYN{number}"));
    }
    write_bill_type(&mut info, claim, stay);
    if let Some(pints) = stay.codes.as_ref().and_then(|codes| codes.pints) {
        info.count(About::Name("CLM_BLOOD_PT_FRNSH_QTY"), "pint", pints);
    }
    if let Some(enhancement) = &extras.enhancement {
        write_enhancement(&mut info, enhancement);
    }
    info.code("CLM_QUERY_CD", "CLM-QUERY-CD", stay.query);
    let contractor = stay.contractor.to_string();
    info.code("CLM_CNTRCTR_NUM", "CLM-CNTRCTR-NUM", (&contractor, "Contractor"));
    if let Some((code, _)) = stay.primary_payer.filter(|_| !claim.shared) {
        info.code("CLM_NCH_PRMRY_PYR_CD", "CLM-NCH-PRMRY-PYR-CD", (code, ""));
    }
    info.code("CLM_DISP_CD", "CLM-DISP-CD", ("01", "Debit"));
    if let Some(start) = stay.admission {
        info.period(About::Slice("admissionperiod"), start, stay.discharged);
    }
    info.date(About::Slice("clmrecvddate"), claim.thru);
    if !stay.older && !claim.shared {
        info.date(About::Name("CLM_NCH_WKLY_PROC_DT"), claim.processed);
    }
    if let Some(codes) = &stay.codes {
        write_stay_dates(&mut info, claim, codes);
    }
    info.date(About::Name("CLM_CMS_PROC_DT"), claim.processed.minus(7));
    if !claim.shared {
        info.code("CLM_NRLN_RIC_CD", "CLM-NRLN-RIC-CD", Kind::of(claim.kind).near_line);
    }
    write_stay_codes(&mut info, claim, stay);
    if let Some((_, fips)) = stay.state.and_then(letters_and_fips) {
        info.code("PRVDR_FAC_FIPS_ST_CD", "US-FIPS-STATE-CODES", (fips, ""));
    }
    if let Some(drg) = stay.diagnoses.drg {
        // A number: its leading zeros are lost.
        let system = System::Url(
            "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/AcuteInpatientPPS/MS-DRG-Classifications-and-Software",
        );
        info.codes(About::Slice("drg"), &[(system, (&drg.to_string(), ""))]);
    }
    for condition in &extras.conditions {
        info.code("CLM_RLT_COND_CD", "CLM-RLT-COND-CD", (condition, ""));
    }
    info.end();
}

/// Each code has the digits before it, too.
fn write_bill_type(info: &mut Supporting<'_>, claim: &Header<'_>, stay: &Stay) {
    let facility = stay.facility_type.0;
    let class = format!("{facility}{}", Kind::of(claim.kind).classification.0);
    let frequency = format!("{class}{}", stay.frequency.0);
    let whole = format!("0{frequency}");
    info.codes(
        About::Slice("typeofbill"),
        &[
            (System::Url("https://www.nubc.org/CodeSystem/TypeOfBill"), (&whole, "")),
            (System::Idr("CLM-BILL-FAC-TYPE-CD"), (facility, "")),
            (System::Idr("CLM-BILL-CLSFCTN-CD"), (&class, "")),
            (System::Idr("CLM-BILL-FREQ-CD"), (&frequency, "")),
        ],
    );
}

fn write_enhancement(info: &mut Supporting<'_>, enhancement: &Enhancement) {
    for (name, switch) in SWITCHES.into_iter().zip(enhancement.switches) {
        if let Some(switch) = switch {
            info.code(name, "CLM-BNFT-ENHNCMT-CD-SWITCH", (switch, ""));
        }
    }
    for code in &enhancement.demonstrations {
        info.code("CLM_BNFT_ENHNCMT_CD", "CLM-BNFT-ENHNCMT-CD", (code, ""));
    }
}

fn write_stay_dates(info: &mut Supporting<'_>, claim: &Header<'_>, codes: &StayCodes) {
    if codes.care_ended {
        info.date(About::Name("CLM_ACTV_CARE_THRU_DT"), claim.thru);
    }
    if codes.noncovered {
        info.date(About::Name("CLM_NCVRD_FROM_DT"), claim.from);
        info.date(About::Name("CLM_NCVRD_THRU_DT"), claim.thru);
    }
    if codes.used_up {
        info.date(About::Name("CLM_MDCR_EXHSTD_DT"), claim.thru);
    }
    if let Some((start, end)) = codes.qualifying {
        info.date(About::Name("CLM_QLFY_STAY_FROM_DT"), start);
        info.date(About::Name("CLM_QLFY_STAY_THRU_DT"), end);
    }
}

fn write_stay_codes(info: &mut Supporting<'_>, claim: &Header<'_>, stay: &Stay) {
    let mut both = |slice, nubc, list, coded: Coded| {
        info.codes(
            About::Slice(slice),
            &[(System::Url(nubc), (coded.0, "")), (System::Idr(list), coded)],
        );
    };
    if let Some(codes) = &stay.codes {
        let source = "https://www.nubc.org/CodeSystem/PointOfOrigin";
        both("pointoforigin", source, "CLM-ADMSN-SRC-CD", codes.admission_source);
    }
    let discharge = "https://www.nubc.org/CodeSystem/PatDischargeStatus";
    both("discharge-status", discharge, "BENE-PTNT-STUS-CD", stay.discharge);
    if let Some(codes) = &stay.codes {
        let kind = "https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit";
        both("admtype", kind, "CLM-ADMSN-TYPE-CD", codes.admission_type);
    }
    if let Some(coded) = stay.plan_paid {
        info.code("CLM_MDCR_INSTNL_MCO_PD_SW", "CLM-MDCR-INSTNL-MCO-PD-SW", coded);
    }
    if let Some(coded) = stay.non_payment {
        info.code("CLM_MDCR_NPMT_RSN_CD", "CLM-MDCR-NPMT-RSN-CD", coded);
    }
    let action = match claim.action {
        Action::Original => ("1", "Original"),
        Action::Adjusted => ("5", "Debit & more"),
        Action::Cancelled => ("2", "Credit"),
    };
    info.code("CLM_FI_ACTN_CD", "CLM-FI-ACTN-CD", action);
    if let Some((few_visits, referral)) = stay.home_health {
        info.code("CLM_HHA_LUP_IND_CD", "CLM-HHA-LUP-IND-CD", few_visits);
        info.code("CLM_HHA_RFRL_CD", "CLM-HHA-RFRL-CD", referral);
    }
    if stay.codes.is_some() {
        info.code("CLM_PPS_IND_CD", "CLM-PPS-IND-CD", ("2", "Prospective"));
    }
}

fn write_line_amounts(json: &mut Json, claim: &Header<'_>, line: &Line) {
    let share = if claim.kind == ClaimType::Outpatient { line.paid / 4 } else { 0 };
    json.list_key("adjudication");
    for (slice, name, cents) in [
        (DEDUCTIBLE, "CLM_LINE_MDCR_DDCTBL_AMT", line.deductible),
        (NONE, "CLM_LINE_BLOOD_DDCTBL_AMT", 0),
        (TO_PATIENT, "CLM_LINE_BENE_PD_AMT", 0),
        (BY_PATIENT, "CLM_LINE_BENE_PMT_AMT", share + line.deductible),
        (NONCOVERED, "CLM_LINE_NCVRD_CHRG_AMT", line.noncovered),
        (TO_PROVIDER, "CLM_LINE_PRVDR_PMT_AMT", line.paid),
        (BENEFIT, "CLM_LINE_CVRD_PD_AMT", line.paid),
        (SUBMITTED, "CLM_LINE_SBMT_CHRG_AMT", line.charge),
        (NONE, "CLM_LINE_INSTNL_ADJSTD_AMT", share),
        (NONE, "CLM_LINE_INSTNL_RDCD_AMT", 0),
        (PRIOR_PAYER, "CLM_LINE_INSTNL_MSP1_PD_AMT", 0),
        (PRIOR_PAYER, "CLM_LINE_INSTNL_MSP2_PD_AMT", 0),
        (NONE, "CLM_LINE_INSTNL_RATE_AMT", line.rate),
        (NONE, "CLM_LINE_ADD_ON_PYMT_AMT", 0),
        (NONE, "CLM_REV_CNTR_TDAPA_AMT", 0),
    ] {
        parts::amount(json, slice, name, cents);
    }
    for coded in &line.reasons {
        write_reason(json, coded.0);
    }
    json.close_list();
}

/// Why the line was adjusted: v1 and v2 tell group and reason as one code.
fn write_reason(json: &mut Json, code: &str) {
    let Some((group, reason)) = code.split_at_checked(2) else { return };
    json.open();
    r4::codings(
        json,
        "category",
        &[(
            System::Carin("C4BBAdjudicationDiscriminator"),
            ("adjustmentreason", "Adjustment reason"),
        )],
    );
    r4::codings(
        json,
        "reason",
        &[
            (System::Url("https://x12.org/codes/claim-adjustment-group-codes"), (group, "")),
            (System::Idr("ANSI-GRP-CD"), (group, "Group")),
            (System::Url("https://x12.org/codes/claim-adjustment-reason-codes"), (reason, "")),
            (System::Idr("ANSI-RSN-CD"), (reason, "Reason")),
        ],
    );
    json.close();
}

/// The drug of a line. Where v1 and v2 tell how much but not what, the repository knows what.
fn write_line_drug(json: &mut Json, line: &Line) {
    let quantity = line.drug_quantity.map(|(thousandths, _)| (i64::from(thousandths), 3));
    let told = line.ndc.as_ref().map(|(ndc, _)| *ndc);
    let ndc =
        told.or_else(|| line.drug_quantity.map(|(thousandths, _)| ShortCode::ndc(thousandths)));
    if let Some(ndc) = ndc {
        write_drug(json, &ndc, quantity);
    }
}

fn write_item(json: &mut Json, claim: &Header<'_>, line: &Line, sequence: u32, tracked: bool) {
    write_line_amounts(json, claim, line);
    write_line_drug(json, line);
    json.list_key("extension");
    extension(json, "CLM-OTAF-ONE-IND-CD", ("N", ""));
    let status = if Kind::of(claim.kind).revenue_status { line.status.0 } else { "N" };
    extension(json, "CLM-REV-CNTR-STUS-CD", (status, ""));
    extension(json, "CLM-REV-DSCNT-IND-CD", ("1", ""));
    if line.units.is_multiple_of(2) {
        extension(json, "CLM-REV-PACKG-IND-CD", ("0", ""));
    }
    extension(json, "CLM-REV-PMT-MTHD-CD", ("2", ""));
    json.close_list();
    if tracked {
        // The third entry, after the adjustment and the day of loading.
        r4::numbers(json, "informationSequence", &[3]);
    }
    write_modifiers(json, &line.modifiers);
    let group = matches!(line.revenue, "0022" | "0023")
        .then(|| format!("{}AFK{}", line.units % 5 + 1, line.charge % 8 + 1));
    write_service(json, line.hcpcs.as_ref(), group.as_deref());
    write_quantity(json, i64::from(line.units), 0);
    let nubc = System::Url("https://www.nubc.org/CodeSystem/RevenueCodes");
    r4::codings(
        json,
        "revenue",
        &[
            (System::Idr("CLM-REV-CNTR-CD"), (line.revenue, "Revenue centre")),
            (nubc, (line.revenue, "")),
            (System::Idr("CLM-DDCTBL-COINSRNC-CD"), line.deductible_code),
        ],
    );
    json.integer("sequence", sequence);
    match line.date {
        // One day is told as a day, or as a time from it to it.
        Some(day) if line.charge % 2 == 0 => json.date("servicedDate", day),
        Some(day) => fhir::period(json, "servicedPeriod", day, Some(day)),
        None if stay_period(claim) => {
            fhir::period(json, "servicedPeriod", claim.from, Some(claim.thru));
        }
        None => {}
    }
}

/// Lines of a stay have the time of the stay.
fn stay_period(claim: &Header<'_>) -> bool {
    matches!(claim.kind, ClaimType::Inpatient | ClaimType::Snf) && claim.has_period
}

//! Part D drug events.

use super::care_team::CareTeam;
use super::contained::{Provider, write_provider};
use super::header;
use super::items::{write_drug, write_quantity};
use super::parts::{self, BY_PATIENT, NONE, PRIOR_PAYER, SUBMITTED};
use super::supporting::{About, Supporting};
use crate::codes::Coded;
use crate::facts::header::Header;
use crate::facts::pde::{Event, Fill, PharmacyKind};
use crate::facts::repository::Extras;
use crate::fhir::{self, NDC, System};
use crate::json::Json;
use crate::r4;

/// The code of the kind of pharmacy number.
fn qualifier(kind: PharmacyKind) -> &'static str {
    match kind {
        PharmacyKind::Npi => "01",
        PharmacyKind::Upin => "06",
        PharmacyKind::Ncpdp => "07",
        PharmacyKind::License => "08",
        PharmacyKind::Tax => "11",
        PharmacyKind::Other => "99",
    }
}

/// The type of the event, and of the adjustment.
fn codes(event: &Event) -> (Coded, Coded) {
    match event.change.map(|coded| coded.0) {
        Some("A") => (("2", "Adjusted"), ("2", "Replacement")),
        Some("D") => (("3", "Deleted"), ("1", "Void")),
        Some("R") => (("4", "Brought back"), ("2", "Replacement")),
        _ => (("1", "First"), ("0", "Original")),
    }
}

/// Writes all members of the event.
pub(super) fn write(json: &mut Json, claim: &Header<'_>, event: &Event) {
    let (kind, adjustment) = codes(event);
    let pharmacy = event.known.then(|| Provider {
        number: event.pharmacy_number,
        certification: None,
        qualifier: Some(qualifier(event.pharmacy)),
    });
    json.list_key("adjudication");
    parts::status(json);
    json.close_list();
    header::write_period(json, claim);
    let mut team = CareTeam::new(json);
    team.add("prescribing", event.prescriber, 1, None);
    team.end();
    if let Some(pharmacy) = pharmacy {
        json.list_key("contained");
        pharmacy.write(json);
        json.close_list();
    }
    header::write_created(json, claim);
    header::write_identity(json, claim, Some(Extras::draw(claim, 1).control));
    header::write_insurance(json, claim);
    if let Some(fill) = &event.fill {
        json.list_key("item");
        write_item(json, claim, fill);
        json.close_list();
    }
    header::write_meta(json, claim);
    header::write_patient(json, claim);
    if event.paid {
        json.open_key("payment");
        json.date("date", claim.processed);
        json.close();
    }
    write_provider(json, pharmacy);
    header::write_status(json);
    write_supporting(json, claim, event, adjustment);
    let (patient, cost) = event.fill.as_ref().map_or((0, 0), |fill| (fill.patient, fill.cost));
    json.list_key("total");
    if event.fill.is_some() {
        parts::amount(json, BY_PATIENT, "CLM_BENE_PMT_AMT", patient);
    }
    parts::amount(json, PRIOR_PAYER, "CLM_OTHR_TP_PD_AMT", 0);
    parts::amount(json, SUBMITTED, "TOT_RX_CST_AMT", cost);
    json.close_list();
    header::write_type(json, claim, kind);
}

fn write_supporting(json: &mut Json, claim: &Header<'_>, event: &Event, adjustment: Coded) {
    let mut info = Supporting::new(json);
    let blank = ("", "");
    info.code("CLM_ADJSTMT_TYPE_CD", "CLM-ADJSTMT-TYPE-CD", adjustment);
    info.date(About::Name("CLM_IDR_LD_DT"), claim.load.day);
    info.code("CLM_SBMT_FRMT_CD", "CLM-SBMT-FRMT-CD", event.format.unwrap_or(blank));
    info.text("CLM_SBMTR_CNTRCT_NUM", event.contract);
    info.text("CLM_SBMTR_CNTRCT_PBP_NUM", event.plan);
    info.date(About::Slice("clmrecvddate"), claim.processed);
    info.date(About::Name("CLM_CMS_PROC_DT"), claim.processed);
    info.code("CLM_PHRMCY_SRVC_TYPE_CD", "CLM-PHRMCY-SRVC-TYPE-CD", event.service);
    if let Some(coded) = event.origin {
        let ncpdp = (System::Hl7("NCPDPPrescriptionOriginCode"), (coded.0, ""));
        let list = (System::Idr("CLM-LINE-RX-ORGN-CD"), (coded.0, ""));
        info.codes(About::Slice("rxorigincode"), &[ncpdp, list]);
    }
    if let Some(coded) = event.brand {
        let ncpdp = (System::Hl7("NCPDPBrandGenericIndicator"), coded);
        let list = (System::Idr("CLM-BRND-GNRC-CD"), coded);
        info.codes(About::Slice("brandgenericindicator"), &[ncpdp, list]);
    }
    info.code("CLM_PTNT_RSDNC_CD", "CLM-PTNT-RSDNC-CD", event.residence);
    if event.residence.0 == "03" {
        info.code("CLM_LTC_DSPNSNG_MTHD_CD", "CLM-LTC-DSPNSNG-MTHD-CD", ("22", "By the week"));
    }
    if let Some(fill) = &event.fill {
        if let Some(compound) = fill.compound {
            let coded = if compound { ("2", "Compound") } else { ("1", "No compound") };
            let ncpdp = (System::Hl7("NCPDPCompoundCode"), coded);
            let list = (System::Idr("CLM-CMPND-CD"), coded);
            info.codes(About::Slice("compoundcode"), &[ncpdp, list]);
        }
        info.count(About::Slice("dayssupply"), "days", fill.days);
        info.count(About::Slice("refillnum"), "fill", fill.number);
    }
    let written = System::Hl7("NCPDPDispensedAsWrittenOrProductSelectionCode");
    info.codes(About::Slice("dawcode"), &[(written, (event.as_written.0, ""))]);
    info.code("CLM_DRUG_CVRG_STUS_CD", "CLM-DRUG-CVRG-STUS-CD", event.coverage);
    let (catastrophic, _) = event.catastrophic.unwrap_or(blank);
    info.code("CLM_CTSTRPHC_CVRG_IND_CD", "CLM-CTSTRPHC-CVRG-IND-CD", (catastrophic, ""));
    info.text("CLM_LINE_RX_NUM", &event.prescription.to_string());
    info.end();
}

fn write_item(json: &mut Json, claim: &Header<'_>, fill: &Fill) {
    json.open();
    json.list_key("adjudication");
    for (slice, name, cents) in [
        (NONE, "CLM_LINE_PLRO_AMT", 0),
        (NONE, "CLM_LINE_LIS_AMT", fill.subsidy),
        (NONE, "CLM_LINE_GRS_BLW_THRSHLD_AMT", fill.cost - fill.above),
        (NONE, "CLM_LINE_GRS_ABOVE_THRSHLD_AMT", fill.above),
        (NONE, "CLM_LINE_RPTD_GAP_DSCNT_AMT", fill.gap),
        (SUBMITTED, "TOT_RX_CST_AMT", fill.cost),
    ] {
        parts::amount(json, slice, name, cents);
    }
    json.close_list();
    let tenths = i64::from(fill.tenths);
    if fill.compound == Some(true) {
        write_drug(json, &fill.ndc, Some((tenths, 1)));
        json.open_key("productOrService");
        json.list_key("coding");
        fhir::coding(json, System::Carin("C4BBCompoundLiteral"), ("compound", ""));
        json.close_list();
        json.close();
    } else {
        let ndc = (System::Url(NDC), (fill.ndc.as_str(), ""));
        r4::codings(json, "productOrService", &[ndc]);
    }
    write_quantity(json, tenths, 1);
    json.integer("sequence", 1);
    json.date("servicedDate", claim.from);
    json.close();
}

//! The pieces of which v3 is made: amounts with their categories, extensions, codes.

use crate::date::{Day, Instant};
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, Systematic};

/// The slices of adjudication.
pub(super) const SUBMITTED: Slice = Some((System::Hl7("adjudication"), ("submitted", "Sent")));
pub(super) const ELIGIBLE: Slice = Some((System::Hl7("adjudication"), ("eligible", "Allowed")));
pub(super) const BENEFIT: Slice = Some((System::Hl7("adjudication"), ("benefit", "Benefit")));
pub(super) const DEDUCTIBLE: Slice =
    Some((System::Hl7("adjudication"), ("deductible", "Deductible")));
pub(super) const NONCOVERED: Slice =
    Some((System::Carin("C4BBAdjudication"), ("noncovered", "Not covered")));
pub(super) const COINSURANCE: Slice =
    Some((System::Carin("C4BBAdjudication"), ("coinsurance", "Share")));
pub(super) const PRIOR_PAYER: Slice =
    Some((System::Carin("C4BBAdjudication"), ("priorpayerpaid", "Paid by another")));
pub(super) const TO_PROVIDER: Slice =
    Some((System::Carin("C4BBAdjudication"), ("paidtoprovider", "Paid to the provider")));
pub(super) const TO_PATIENT: Slice =
    Some((System::Carin("C4BBAdjudication"), ("paidtopatient", "Paid to the patient")));
pub(super) const BY_PATIENT: Slice =
    Some((System::Carin("C4BBAdjudication"), ("paidbypatient", "Paid by the patient")));
pub(super) const DISCOUNT: Slice =
    Some((System::Carin("C4BBAdjudication"), ("discount", "Discount")));
pub(super) const NONE: Slice = None;

/// The code of a slice, with its system; many amounts have none.
pub(super) type Slice = Option<Systematic<'static>>;

const ADJUDICATION: System = System::Idr("Adjudication");

fn category(json: &mut Json, slice: Slice, name: &str) {
    json.open_key("category");
    json.list_key("coding");
    if let Some((system, coded)) = slice {
        fhir::coding(json, system, coded);
    }
    fhir::coding(json, ADJUDICATION, (name, "Amount"));
    json.close_list();
    json.close();
}

/// An amount of the claim or of an item.
pub(super) fn amount(json: &mut Json, slice: Slice, name: &str, cents: i64) {
    json.open();
    r4::money(json, "amount", cents);
    category(json, slice, name);
    json.close();
}

/// Hundredths that are no amount: days, visits, weights.
pub(super) fn count(json: &mut Json, name: &str, hundredths: i64) {
    json.open();
    category(json, NONE, name);
    json.key("value");
    json.decimal(hundredths, 2);
    json.close();
}

/// Whether the plan knew the provider: never told otherwise.
pub(super) fn status(json: &mut Json) {
    json.open();
    r4::codings(
        json,
        "category",
        &[(
            System::Carin("C4BBAdjudicationDiscriminator"),
            ("benefitpaymentstatus", "Payment status"),
        )],
    );
    let other = (System::Carin("C4BBPayerAdjudicationStatus"), ("other", "Other"));
    r4::codings(json, "reason", &[other]);
    json.close();
}

/// An extension with a code, unless the code is blank.
pub(super) fn extension(json: &mut Json, name: &'static str, coded: (&str, &str)) {
    if coded.0.is_empty() {
        return;
    }
    fhir::open_extension(json, System::Structure(name));
    json.key("valueCoding");
    fhir::coding(json, System::Idr(name), coded);
    json.close();
}

/// An extension with a decimal.
pub(super) fn extension_decimal(json: &mut Json, name: &'static str, units: i64) {
    fhir::open_extension(json, System::Structure(name));
    json.key("valueDecimal");
    json.decimal(units, 0);
    json.close();
}

/// An extension with a text.
pub(super) fn extension_text(json: &mut Json, name: &'static str, text: &str) {
    fhir::open_extension(json, System::Structure(name));
    json.text("valueString", text);
    json.close();
}

/// The members `meta` begins with: when it was loaded, and the profiles.
pub(super) fn open_meta(json: &mut Json, load: Instant, profiles: &[&str]) {
    json.open_key("meta");
    json.key("lastUpdated");
    load.write(json);
    json.list_key("profile");
    for (place, profile) in profiles.iter().enumerate() {
        if place > 0 {
            json.raw(",");
        }
        json.raw("\"http://hl7.org/fhir/us/");
        json.raw(profile);
        json.raw("\"");
    }
    json.close_list();
}

/// A member with a day as a dateTime.
pub(super) fn midnight(json: &mut Json, name: &str, day: Day) {
    json.key(name);
    json.raw("\"");
    json.day(day);
    json.raw("T00:00:00+00:00\"");
}

/// The system of a procedure code or modifier: CPT codes are all digits.
pub(super) fn hcpcs(code: &str) -> System {
    System::Url(if code.bytes().all(|byte| byte.is_ascii_digit()) {
        "http://www.ama-assn.org/go/cpt"
    } else {
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    })
}

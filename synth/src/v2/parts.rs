//! The pieces of which v2 is made: extensions, categories, amounts.

use crate::codes::Coded;
use crate::date::Instant;
use crate::fhir::{self, System, VARIABLES};
use crate::json::Json;
use crate::r4;

/// The slices of adjudication and their code systems.
pub(super) const SUBMITTED: Slice = (System::Hl7("adjudication"), ("submitted", "Sent"));
pub(super) const ELIGIBLE: Slice = (System::Hl7("adjudication"), ("eligible", "Allowed"));
pub(super) const BENEFIT: Slice = (System::Hl7("adjudication"), ("benefit", "Benefit"));
pub(super) const DEDUCTIBLE: Slice = (System::Hl7("adjudication"), ("deductible", "Deductible"));
pub(super) const NONCOVERED: Slice =
    (System::Carin("C4BBAdjudication"), ("noncovered", "Not covered"));
pub(super) const COINSURANCE: Slice = (System::Carin("C4BBAdjudication"), ("coinsurance", "Share"));
pub(super) const PRIOR_PAYER: Slice =
    (System::Carin("C4BBAdjudication"), ("priorpayerpaid", "Paid by another"));
pub(super) const TO_PROVIDER: Slice =
    (System::Carin("C4BBAdjudication"), ("paidtoprovider", "Paid to the provider"));
pub(super) const TO_PATIENT: Slice =
    (System::Carin("C4BBAdjudication"), ("paidtopatient", "Paid to the patient"));
pub(super) const BY_PATIENT: Slice =
    (System::Carin("C4BBAdjudication"), ("paidbypatient", "Paid by the patient"));
pub(super) const DRUG_COST: Slice =
    (System::Carin("C4BBAdjudication"), ("drugcost", "Cost of the drug"));
pub(super) const DISCOUNT: Slice = (System::Carin("C4BBAdjudication"), ("discount", "Discount"));

/// The system of the code that stands for none.
pub(super) const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// The code of a slice, with its system.
pub(super) type Slice = (System, Coded);

pub(super) const NPI_TYPE: Slice =
    (System::Carin("C4BBIdentifierType"), ("npi", "Provider number"));

/// An extension with a code, unless the code is blank.
pub(super) fn extension_code(json: &mut Json, variable: &'static str, coded: (&str, &str)) {
    if !coded.0.is_empty() {
        fhir::extension_code(json, variable, coded);
    }
}

/// An extension with an amount.
pub(super) fn extension_money(json: &mut Json, variable: &'static str, cents: i64) {
    fhir::open_extension(json, System::Variable(variable));
    r4::money(json, "valueMoney", cents);
    json.close();
}

/// `"meta":{"lastUpdated":..,"profile":[..]}`
pub(super) fn meta(json: &mut Json, load: Instant, profile: &str) {
    json.open_key("meta");
    json.key("lastUpdated");
    load.write(json);
    json.raw(",\"profile\":[\"http://hl7.org/fhir/us/carin-bb/StructureDefinition/");
    json.raw(profile);
    json.raw("\"]}");
}

/// A coding whose code is the address of a variable.
pub(super) fn variable(json: &mut Json, system: &'static str, variable: &str, label: &str) {
    json.open();
    json.raw("\"code\":\"");
    json.raw(VARIABLES);
    json.raw(variable);
    json.raw("\"");
    json.text("display", label);
    System::CodeList(system).write(json, "system");
    json.close();
}

/// `"category":{"coding":[..]}` of a slice and, where there is one, a variable.
pub(super) fn category(
    json: &mut Json,
    slice: Slice,
    system: &'static str,
    of: Option<(&str, &str)>,
) {
    json.open_key("category");
    json.list_key("coding");
    fhir::coding(json, slice.0, slice.1);
    if let Some((name, label)) = of {
        variable(json, system, name, label);
    }
    json.close_list();
    json.close();
}

/// An amount of an item or of the claim.
pub(super) fn amount(json: &mut Json, slice: Slice, variable: &str, label: &str, cents: i64) {
    json.open();
    r4::money(json, "amount", cents);
    category(json, slice, "adjudication", Some((variable, label)));
    json.close();
}

/// Why an item was paid otherwise.
pub(super) fn reason(json: &mut Json, variable: &'static str, coded: Coded) {
    if coded.0.is_empty() {
        return;
    }
    json.open();
    let slice =
        (System::Carin("C4BBAdjudicationDiscriminator"), ("denialreason", "Why it was denied"));
    category(json, slice, "adjudication", None);
    r4::codings(json, "reason", &[(System::Variable(variable), coded)]);
    json.close();
}

/// Writes the entries of `benefitBalance`.
pub(super) struct Balance<'a>(pub(super) &'a mut Json);

impl<'a> Balance<'a> {
    pub(super) fn new(json: &'a mut Json) -> Self {
        json.raw(r#""benefitBalance":[{"category":{"coding":[{"code":"1","display":"Medical","system":"http://terminology.hl7.org/CodeSystem/ex-benefitcategory"}]}"#);
        json.list_key("financial");
        Self(json)
    }

    fn begin(&mut self, name: &str, label: &str) {
        self.0.open();
        self.0.open_key("type");
        self.0.list_key("coding");
        variable(self.0, "benefit-balance", name, label);
        self.0.close_list();
        self.0.close();
    }

    pub(super) fn count(&mut self, variable: &str, label: &str, count: u32) {
        self.begin(variable, label);
        self.0.integer("usedUnsignedInt", count);
        self.0.close();
    }

    pub(super) fn money(&mut self, variable: &str, label: &str, cents: i64) {
        self.begin(variable, label);
        r4::money(self.0, "usedMoney", cents);
        self.0.close();
    }

    pub(super) fn end(self) {
        self.0.raw("]}]");
    }
}

//! The pieces of which v1 alone is made: money, categories, information.

use crate::codes::Coded;
use crate::date::{Day, Instant};
use crate::fhir::VARIABLES;
pub(super) use crate::fhir::*;
use crate::json::Json;

/// An HCPCS code or modifier as `{"coding":[{..}]}` members; `version` is the HCPCS year of Part B claims.
pub(super) fn hcpcs(json: &mut Json, code: &str, version: Option<u32>) {
    json.list_key("coding");
    json.open();
    coding_members(json, System::CodeList("hcpcs"), (code, ""));
    if let Some(version) = version {
        json.raw(",\"version\":\"");
        json.unsigned(u64::from(version));
        json.raw("\"");
    }
    json.close();
    json.close_list();
}

/// `{"code":"USD",..,"value":n}` after a key.
pub(super) fn money(json: &mut Json, name: &str, cents: i64) {
    json.open_key(name);
    json.raw(r#""code":"USD","system":"urn:iso:std:iso:4217","value":"#);
    json.decimal(cents, 2);
    json.close();
}

/// An extension with an amount.
pub(super) fn extension_money(json: &mut Json, variable: &'static str, cents: i64) {
    open_extension(json, System::Variable(variable));
    money(json, "valueMoney", cents);
    json.close();
}

/// `"category":{"coding":[{"code":"<variable url>","display":<label>,"system":<system>}]}`
pub(super) fn category(
    json: &mut Json,
    name: &str,
    system: &'static str,
    variable: &str,
    label: &str,
) {
    json.open_key(name);
    json.raw(r#""coding":[{"code":""#);
    json.raw(VARIABLES);
    json.raw(variable);
    json.raw("\"");
    json.text("display", label);
    System::CodeList(system).write(json, "system");
    json.raw("}]}");
}

/// `"name":{"identifier":{"system":<us-npi>,"value":".."}}`
pub(super) fn npi_holder(json: &mut Json, name: &str, npi: u64) {
    json.open_key(name);
    identifier(json, "identifier", System::Url(NPI), npi);
    json.close();
}

/// An amount adjudication.
pub(super) fn adjudicated_amount(json: &mut Json, variable: &str, label: &str, cents: i64) {
    json.open();
    money(json, "amount", cents);
    category(json, "category", "adjudication", variable, label);
    json.close();
}

/// A reason adjudication.
pub(super) fn adjudicated_reason(
    json: &mut Json,
    variable: &'static str,
    label: &str,
    coded: (&str, &str),
) {
    json.open();
    category(json, "category", "adjudication", variable, label);
    concept(json, "reason", System::Variable(variable), coded);
    json.close();
}

/// Writes the entries of `ExplanationOfBenefit.information`, numbering them.
pub(super) struct Information<'a> {
    json: &'a mut Json,
    sequence: u32,
}

impl<'a> Information<'a> {
    pub(super) fn new(json: &'a mut Json) -> Self {
        json.list_key("information");
        Self { json, sequence: 0 }
    }

    fn begin(&mut self, variable: &str, label: &str) {
        self.sequence += 1;
        self.json.open();
        category(self.json, "category", "information", variable, label);
    }

    fn number(&mut self) {
        self.json.integer("sequence", self.sequence);
    }

    pub(super) fn code(&mut self, variable: &'static str, label: &str, coded: Coded) {
        self.code_of(variable, label, System::Variable(variable), coded);
    }

    /// A code whose system is not the variable.
    pub(super) fn code_of(&mut self, variable: &str, label: &str, system: System, coded: Coded) {
        self.begin(variable, label);
        concept(self.json, "code", system, coded);
        self.number();
        self.json.close();
    }

    pub(super) fn date(&mut self, variable: &str, label: &str, day: Day) {
        self.begin(variable, label);
        self.number();
        self.json.date("timingDate", day);
        self.json.close();
    }

    pub(super) fn period(&mut self, variable: &str, label: &str, start: Day, end: Day) {
        self.begin(variable, label);
        self.number();
        period(self.json, "timingPeriod", start, Some(end));
        self.json.close();
    }

    pub(super) fn pints(&mut self, variable: &str, label: &str, pints: u32) {
        self.begin(variable, label);
        self.number();
        self.json.open_key("valueQuantity");
        self.json.raw(r#""code":"[pt_us]","system":"http://unitsofmeasure.org","unit":"pint""#);
        self.json.integer("value", pints);
        self.json.close();
        self.json.close();
    }

    pub(super) fn end(self) {
        self.json.close_list();
    }
}

/// One financial entry of the benefit balance.
pub(super) fn used(json: &mut Json, variable: &str, label: &str, count: u32) {
    json.open();
    category(json, "type", "benefit-balance", variable, label);
    json.integer("usedUnsignedInt", count);
    json.close();
}

/// `"meta":{"lastUpdated":".."}`
pub(super) fn meta(json: &mut Json, load: Instant) {
    json.open_key("meta");
    json.key("lastUpdated");
    load.write(json);
    json.close();
}

//! The pieces every resource of v1 is made of: codings, money, identifiers, extensions.

use crate::codes::Coded;
use crate::date::{Day, Instant};
use crate::json::Json;

const VARIABLES: &str = "https://bluebutton.cms.gov/resources/variables/";
const CODE_SYSTEMS: &str = "https://bluebutton.cms.gov/resources/codesystem/";
pub(super) const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
pub(super) const NDC: &str = "http://hl7.org/fhir/sid/ndc";
pub(super) const MBI: &str = "http://hl7.org/fhir/sid/us-mbi";
pub(super) const TAX: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// The system of a coding or identifier.
#[derive(Debug, Clone, Copy)]
pub(super) enum System {
    /// A CCW variable, by its short name.
    Variable(&'static str),
    /// A Blue Button code system, by its short name.
    CodeList(&'static str),
    /// Any other, in full.
    Url(&'static str),
}

impl System {
    /// `"name":"<url>"`
    pub(super) fn write(self, json: &mut Json, name: &str) {
        let (base, rest) = match self {
            Self::Variable(name) => (VARIABLES, name),
            Self::CodeList(name) => (CODE_SYSTEMS, name),
            Self::Url(url) => (url, ""),
        };
        json.key(name);
        json.raw("\"");
        json.raw(base);
        json.raw(rest);
        json.raw("\"");
    }
}

/// `{"code":..,"display":..,"system":..}`
pub(super) fn coding(json: &mut Json, system: System, coded: (&str, &str)) {
    json.open();
    coding_members(json, system, coded);
    json.close();
}

fn coding_members(json: &mut Json, system: System, (code, display): (&str, &str)) {
    if !code.is_empty() {
        json.code("code", code);
        if !display.is_empty() {
            json.text("display", display);
        }
    }
    system.write(json, "system");
}

/// `"name":{"coding":[{..}]}`
pub(super) fn concept(json: &mut Json, name: &str, system: System, coded: (&str, &str)) {
    json.open_key(name);
    json.list_key("coding");
    coding(json, system, coded);
    json.close_list();
    json.close();
}

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

fn open_extension(json: &mut Json, system: System) {
    json.open();
    system.write(json, "url");
}

/// An extension whose url is the system of its coding.
pub(super) fn extension(json: &mut Json, system: System, coded: (&str, &str)) {
    open_extension(json, system);
    json.open_key("valueCoding");
    coding_members(json, system, coded);
    json.close();
    json.close();
}

/// An extension with a code.
pub(super) fn extension_code(json: &mut Json, variable: &'static str, coded: (&str, &str)) {
    extension(json, System::Variable(variable), coded);
}

/// An extension with an amount.
pub(super) fn extension_money(json: &mut Json, variable: &'static str, cents: i64) {
    open_extension(json, System::Variable(variable));
    money(json, "valueMoney", cents);
    json.close();
}

/// An extension with an identifier.
pub(super) fn extension_identifier(json: &mut Json, variable: &'static str, value: &str) {
    let system = System::Variable(variable);
    open_extension(json, system);
    json.open_key("valueIdentifier");
    system.write(json, "system");
    json.code("value", value);
    json.close();
    json.close();
}

/// An extension with an identifier that is a number of the given width.
pub(super) fn extension_number(json: &mut Json, variable: &'static str, value: u64) {
    let system = System::Variable(variable);
    open_extension(json, system);
    json.open_key("valueIdentifier");
    system.write(json, "system");
    number_text(json, "value", value);
    json.close();
    json.close();
}

/// An extension with a bare count.
pub(super) fn extension_quantity(json: &mut Json, variable: &'static str, units: i64, scale: u32) {
    open_extension(json, System::Variable(variable));
    json.open_key("valueQuantity");
    json.key("value");
    json.decimal(units, scale);
    json.close();
    json.close();
}

/// `"name":"123"`
pub(super) fn number_text(json: &mut Json, name: &str, value: u64) {
    json.key(name);
    json.raw("\"");
    json.unsigned(value);
    json.raw("\"");
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

/// `"name":{"system":..,"value":".."}`
pub(super) fn identifier(json: &mut Json, name: &str, system: System, value: u64) {
    json.open_key(name);
    system.write(json, "system");
    number_text(json, "value", value);
    json.close();
}

/// `"name":{"identifier":{"system":<us-npi>,"value":".."}}`
pub(super) fn npi_holder(json: &mut Json, name: &str, npi: u64) {
    json.open_key(name);
    identifier(json, "identifier", System::Url(NPI), npi);
    json.close();
}

/// `"name":{"reference":"<prefix><id>"}`
pub(super) fn reference(json: &mut Json, name: &str, prefix: &str, id: i64) {
    json.open_key(name);
    json.key("reference");
    json.raw("\"");
    json.raw(prefix);
    json.signed(id);
    json.raw("\"");
    json.close();
}

/// `"name":{"end":..,"start":..}`
pub(super) fn period(json: &mut Json, name: &str, start: Day, end: Option<Day>) {
    json.open_key(name);
    if let Some(end) = end {
        json.date("end", end);
    }
    json.date("start", start);
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

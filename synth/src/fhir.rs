//! The pieces that resources of every version are made of: codings, identifiers, extensions, periods.

use crate::date::Day;
use crate::json::Json;

pub(crate) const VARIABLES: &str = "https://bluebutton.cms.gov/resources/variables/";
const CODE_SYSTEMS: &str = "https://bluebutton.cms.gov/resources/codesystem/";
const IDR: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/";
const STRUCTURES: &str = "https://bluebutton.cms.gov/fhir/StructureDefinition/";
const CARIN: &str = "http://hl7.org/fhir/us/carin-bb/CodeSystem/";
const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem/";
pub(crate) const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
pub(crate) const NDC: &str = "http://hl7.org/fhir/sid/ndc";
pub(crate) const MBI: &str = "http://hl7.org/fhir/sid/us-mbi";
pub(crate) const TAX: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// The system of a coding or identifier.
#[derive(Debug, Clone, Copy)]
pub(crate) enum System {
    /// A CCW variable, by its short name.
    Variable(&'static str),
    /// A Blue Button code system, by its short name.
    CodeList(&'static str),
    /// A code system of the Integrated Data Repository (v3), by its short name.
    Idr(&'static str),
    /// An extension of v3, by its short name.
    Structure(&'static str),
    /// A code system of CARIN Blue Button, by its short name.
    Carin(&'static str),
    /// A code system of HL7, by its short name.
    Hl7(&'static str),
    /// Any other, in full.
    Url(&'static str),
}

impl System {
    /// `"name":"<url>"`
    pub(crate) fn write(self, json: &mut Json, name: &str) {
        let (base, rest) = match self {
            Self::Variable(name) => (VARIABLES, name),
            Self::CodeList(name) => (CODE_SYSTEMS, name),
            Self::Idr(name) => (IDR, name),
            Self::Structure(name) => (STRUCTURES, name),
            Self::Carin(name) => (CARIN, name),
            Self::Hl7(name) => (TERMINOLOGY, name),
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
pub(crate) fn coding(json: &mut Json, system: System, coded: (&str, &str)) {
    json.open();
    coding_members(json, system, coded);
    json.close();
}

pub(crate) fn coding_members(json: &mut Json, system: System, (code, display): (&str, &str)) {
    if !code.is_empty() {
        json.code("code", code);
        if !display.is_empty() {
            json.text("display", display);
        }
    }
    system.write(json, "system");
}

/// `"name":{"coding":[{..}]}`
pub(crate) fn concept(json: &mut Json, name: &str, system: System, coded: (&str, &str)) {
    json.open_key(name);
    json.list_key("coding");
    coding(json, system, coded);
    json.close_list();
    json.close();
}

pub(crate) fn open_extension(json: &mut Json, system: System) {
    json.open();
    system.write(json, "url");
}

/// An extension whose url is the system of its coding.
pub(crate) fn extension(json: &mut Json, system: System, coded: (&str, &str)) {
    open_extension(json, system);
    json.open_key("valueCoding");
    coding_members(json, system, coded);
    json.close();
    json.close();
}

/// An extension with a code.
pub(crate) fn extension_code(json: &mut Json, variable: &'static str, coded: (&str, &str)) {
    extension(json, System::Variable(variable), coded);
}

/// An extension with an identifier.
pub(crate) fn extension_identifier(json: &mut Json, variable: &'static str, value: &str) {
    let system = System::Variable(variable);
    open_extension(json, system);
    json.open_key("valueIdentifier");
    system.write(json, "system");
    json.code("value", value);
    json.close();
    json.close();
}

/// An extension with an identifier that is a number of the given width.
pub(crate) fn extension_number(json: &mut Json, variable: &'static str, value: u64) {
    let system = System::Variable(variable);
    open_extension(json, system);
    json.open_key("valueIdentifier");
    system.write(json, "system");
    number_text(json, "value", value);
    json.close();
    json.close();
}

/// An extension with a bare count.
pub(crate) fn extension_quantity(json: &mut Json, variable: &'static str, units: i64, scale: u32) {
    open_extension(json, System::Variable(variable));
    json.open_key("valueQuantity");
    json.key("value");
    json.decimal(units, scale);
    json.close();
    json.close();
}

/// `"name":"123"`
pub(crate) fn number_text(json: &mut Json, name: &str, value: u64) {
    json.key(name);
    json.raw("\"");
    json.unsigned(value);
    json.raw("\"");
}

/// `"name":{"system":..,"value":".."}`
pub(crate) fn identifier(json: &mut Json, name: &str, system: System, value: u64) {
    json.open_key(name);
    system.write(json, "system");
    number_text(json, "value", value);
    json.close();
}

/// `"name":{"reference":"<prefix><id>"}`
pub(crate) fn reference(json: &mut Json, name: &str, prefix: &str, id: i64) {
    json.open_key(name);
    json.key("reference");
    json.raw("\"");
    json.raw(prefix);
    json.signed(id);
    json.raw("\"");
    json.close();
}

/// `"name":{"end":..,"start":..}`
pub(crate) fn period(json: &mut Json, name: &str, start: Day, end: Option<Day>) {
    json.open_key(name);
    if let Some(end) = end {
        json.date("end", end);
    }
    json.date("start", start);
    json.close();
}

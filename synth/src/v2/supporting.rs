//! `supportingInfo`, numbered as it is written.

use super::parts::{Slice, category};
use crate::codes::Coded;
use crate::date::Day;
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, List};

const INFORMATION: Slice = (System::Hl7("claiminformationcategory"), ("info", "Information"));

/// Writes the entries of `ExplanationOfBenefit.supportingInfo`.
pub(super) struct Supporting<'a>(List<'a>);

/// What an entry is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// A variable.
    Variable(&'static str, &'static str),
    /// A slice of CARIN Blue Button.
    Slice(&'static str),
    /// A slice, and the variable beside it.
    Both(&'static str, &'static str, &'static str),
}

impl<'a> Supporting<'a> {
    pub(super) fn new(json: &'a mut Json) -> Self {
        Self(List::new(json, "supportingInfo"))
    }

    fn begin(&mut self, about: About) -> u32 {
        let sequence = self.0.open();
        let (slice, variable) = match about {
            About::Variable(name, label) => (INFORMATION, Some((name, label))),
            About::Slice(slice) => (carin(slice), None),
            About::Both(slice, name, label) => (carin(slice), Some((name, label))),
        };
        category(self.0.json, slice, "information", variable);
        sequence
    }

    fn begin_value(&mut self, about: About) -> u32 {
        let sequence = self.begin(about);
        self.0.json.integer("sequence", sequence);
        sequence
    }

    /// A code of a system of its own; nothing when it is blank.
    pub(super) fn code_of(&mut self, about: About, system: System, coded: (&str, &str)) {
        if coded.0.is_empty() {
            return;
        }
        let sequence = self.begin(about);
        r4::codings(self.0.json, "code", &[(system, coded)]);
        self.0.json.integer("sequence", sequence);
        self.0.json.close();
    }

    /// A code of the variable that the entry is about.
    pub(super) fn code(&mut self, variable: &'static str, label: &'static str, coded: Coded) {
        self.code_of(About::Variable(variable, label), System::Variable(variable), coded);
    }

    pub(super) fn date(&mut self, about: About, day: Day) {
        self.begin_value(about);
        self.0.json.date("timingDate", day);
        self.0.json.close();
    }

    pub(super) fn period(&mut self, about: About, start: Day, end: Option<Day>) {
        self.begin_value(about);
        fhir::period(self.0.json, "timingPeriod", start, end);
        self.0.json.close();
    }

    pub(super) fn count(&mut self, about: About, count: u32) {
        self.begin_value(about);
        self.0.json.open_key("valueQuantity");
        self.0.json.integer("value", count);
        self.0.json.close();
        self.0.json.close();
    }

    pub(super) fn pints(&mut self, about: About, pints: u32) {
        self.begin_value(about);
        self.0.json.open_key("valueQuantity");
        self.0.json.raw(r#""code":"[pt_us]","system":"http://unitsofmeasure.org","unit":"pint""#);
        self.0.json.integer("value", pints);
        self.0.json.close();
        self.0.json.close();
    }

    /// The result of a line's blood test; gives the number of the entry.
    pub(super) fn test(&mut self, line: u32) -> u32 {
        let sequence = self.begin_value(About::Variable("line_hct_hgb_rslt_num", "Result"));
        self.0.json.raw(r##","valueReference":{"reference":"#line-observation-"##);
        self.0.json.unsigned(u64::from(line));
        self.0.json.raw("\"}}");
        sequence
    }

    pub(super) fn end(self) {
        self.0.end();
    }
}

fn carin(slice: &'static str) -> Slice {
    (System::Carin("C4BBSupportingInfoType"), (slice, "Slice"))
}

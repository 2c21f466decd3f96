//! `supportingInfo`, numbered as it is written.

use crate::date::Day;
use crate::fhir::{self, System};
use crate::json::Json;
use crate::r4::{self, List, Systematic};

/// Writes the entries of `ExplanationOfBenefit.supportingInfo`.
pub(super) struct Supporting<'a>(List<'a>);

/// What an entry is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// A name of the Integrated Data Repository.
    Name(&'static str),
    /// A slice of CARIN Blue Button.
    Slice(&'static str),
}

impl<'a> Supporting<'a> {
    pub(super) fn new(json: &'a mut Json) -> Self {
        Self(List::new(json, "supportingInfo"))
    }

    fn begin(&mut self, about: About) -> u32 {
        let sequence = self.0.open();
        let info = (System::Hl7("claiminformationcategory"), ("info", "Information"));
        match about {
            About::Name(name) => {
                let name = (System::Idr("Supporting-Information"), (name, "Name"));
                r4::codings(self.0.json, "category", &[name, info]);
            }
            About::Slice(slice) => {
                let slice = (System::Carin("C4BBSupportingInfoType"), (slice, ""));
                r4::codings(self.0.json, "category", &[slice]);
            }
        }
        sequence
    }

    fn begin_value(&mut self, about: About) -> u32 {
        let sequence = self.begin(about);
        self.0.json.integer("sequence", sequence);
        sequence
    }

    /// Codes; nothing when the first is blank. Gives the number of the entry.
    pub(super) fn codes(&mut self, about: About, codes: &[Systematic<'_>]) -> Option<u32> {
        if codes.first().is_none_or(|(_, coded)| coded.0.is_empty()) {
            return None;
        }
        let sequence = self.begin(about);
        r4::codings(self.0.json, "code", codes);
        self.0.json.integer("sequence", sequence);
        self.0.json.close();
        Some(sequence)
    }

    /// A code of the system `list`.
    pub(super) fn code(
        &mut self,
        name: &'static str,
        list: &'static str,
        coded: (&str, &str),
    ) -> Option<u32> {
        self.codes(About::Name(name), &[(System::Idr(list), coded)])
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

    pub(super) fn text(&mut self, name: &'static str, text: &str) -> u32 {
        let sequence = self.begin_value(About::Name(name));
        self.0.json.text("valueString", text);
        self.0.json.close();
        sequence
    }

    /// A count of a unit.
    pub(super) fn count(&mut self, about: About, unit: &str, count: u32) {
        self.begin_value(about);
        self.0.json.open_key("valueQuantity");
        if unit == "pint" {
            self.0.json.raw(r#""code":"[pt_us]","system":"http://unitsofmeasure.org""#);
        }
        self.0.json.code("unit", unit);
        self.0.json.integer("value", count);
        self.0.json.close();
        self.0.json.close();
    }

    pub(super) fn end(self) {
        self.0.end();
    }
}

//! Accessors of `Patient` and `Coverage`.

use cms::{Mbis, MedicarePart};

use crate::access::Extensible;
use crate::access::datatypes::r4::identifier_in;
use crate::access::monthly::{Monthly, history_of, months_of, reference_year};
use crate::primitive::Lexical;
use crate::r4::datatypes::Identifier;
use crate::r4::{Coverage, Patient};
use crate::vocabulary::{CodeSystem, IdentifierSystem, Variable};

/// The mark of currency: of the type's coding in version 2, on the identifier itself in version 1.
fn mark<'t>(identifier: &'t Identifier<'_>) -> Option<&'t str> {
    let name = CodeSystem::IdentifierCurrency;
    let codings = identifier.r#type.as_deref().map_or(&[][..], |own| &own.coding);
    let of_coding = codings.iter().find_map(|coding| coding.extension(name)?.code());
    of_coding.or_else(|| identifier.extension(name)?.code())
}

/// Start and end of an identifier's validity.
fn period<'t>(identifier: &'t Identifier<'_>) -> (Option<&'t str>, Option<&'t str>) {
    let Some(period) = identifier.period.as_deref() else { return (None, None) };
    (period.start.as_ref().map(Lexical::as_str), period.end.as_ref().map(Lexical::as_str))
}

impl Patient<'_> {
    /// The beneficiary's id, which claims and coverages refer to. CCW: `BENE_ID`; in version 3 `BENE_SK`.
    pub fn beneficiary_id(&self) -> Option<&str> {
        identifier_in(&self.identifier, Variable::BeneId).or(self.id.as_deref())
    }

    /// A monthly value of the reference year, January first; on a Patient of version 2 the dual status. Version 3 has no
    /// months.
    pub fn monthly(&self, family: Monthly) -> [Option<&str>; 12] {
        months_of(&self.extension, family)
    }

    /// The year that monthly values belong to, in version 2. CCW: `RFRNC_YR`.
    pub fn reference_year(&self) -> Option<u16> {
        reference_year(&self.extension)
    }

    /// Whether the person was merged into another: only an id and a link to whoever survives. The id of whom it is.
    pub fn merged_into(&self) -> Option<&str> {
        let replaced = |own: &&crate::r4::patient::Link<'_>| {
            own.r#type.as_ref().is_some_and(|kind| kind.as_str() == "replaced-by")
        };
        self.link.iter().find(replaced)?.other.as_ref()?.id_of("Patient")
    }

    /// The current Medicare beneficiary identifier (MBI). Version 2: by the marks, as in version 1. Version 3: the one
    /// without an end, of several that with the greatest start, of equals the first. `None` when there is none.
    ///
    /// ```
    /// use fhir_model::r4::Patient;
    /// let mbi = |value: &str, period: &str| format!(
    ///     r#"{{"system":"http://hl7.org/fhir/sid/us-mbi","value":"{value}","period":{{{period}}}}}"#);
    /// let line = format!(r#"{{"resourceType":"Patient","identifier":[{},{}]}}"#,
    ///     mbi("1AA0AA0AA01", r#""end":"2020-12-31","start":"2018-01-01""#),
    ///     mbi("1AA0AA0AA02", r#""start":"2021-01-01""#));
    /// let patient: Patient = fhir_model::from_slice_as(line.as_bytes())?;
    /// assert_eq!(patient.mbi_current(), Some("1AA0AA0AA02"));
    /// assert_eq!(patient.mbi_historic(), ["1AA0AA0AA01"]);
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn mbi_current(&self) -> Option<&str> {
        self.mbis().current
    }

    /// Former identifiers in order, each once: all others than the current one; in version 3 those that have ended.
    pub fn mbi_historic(&self) -> Vec<&str> {
        self.mbis().historic
    }

    fn mbis(&self) -> Mbis<'_> {
        let system = IdentifierSystem::UsMbi.uri();
        let own = || self.identifier.iter().filter(|own| own.system.as_deref() == Some(system));
        let by_marks = own().any(|own| mark(own).is_some())
            || identifier_in(&self.identifier, Variable::BeneId).is_some();
        if by_marks {
            return Mbis::choose(own().filter_map(|own| Some((own.value.as_deref()?, mark(own)))));
        }
        let mut current: Option<(&str, &str)> = None;
        for own in own() {
            let (start, end) = period(own);
            let start = start.unwrap_or_default();
            if let (Some(value), None) = (own.value.as_deref(), end)
                && current.is_none_or(|(_, known)| start > known)
            {
                current = Some((value, start));
            }
        }
        let current = current.map(|(value, _)| value);
        let mut historic = Vec::new();
        for own in own().filter(|own| period(own).1.is_some()) {
            if let Some(value) = own.value.as_deref()
                && Some(value) != current
                && !historic.contains(&value)
            {
                historic.push(value);
            }
        }
        Mbis { current, historic, unknown_marks: 0 }
    }
}

impl Coverage<'_> {
    /// The part of Medicare, by the class of type `plan`; `None` for what is no part, as dual eligibility in version 3.
    ///
    /// ```
    /// use fhir_model::{MedicarePart, r4::Coverage};
    /// let line = br#"{"resourceType":"Coverage","class":[{"type":{"coding":[{"code":"plan"}]},"value":"Part D"}]}"#;
    /// let coverage: Coverage = fhir_model::from_slice_as(line)?;
    /// assert_eq!(coverage.part(), Some(MedicarePart::D));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn part(&self) -> Option<MedicarePart> {
        let plan = |own: &&crate::r4::coverage::Class<'_>| {
            own.r#type.as_ref().is_some_and(|kind| kind.has_code("plan"))
        };
        self.class
            .iter()
            .filter(plan)
            .find_map(|own| MedicarePart::from_name(own.value.as_deref()?))
    }

    /// The values of a monthly family in the [reference year](Self::reference_year), January first. Version 3 has one
    /// value and no months: an extension.
    pub fn monthly(&self, family: Monthly) -> [Option<&str>; 12] {
        months_of(&self.extension, family)
    }

    /// The values of a monthly family for every month on record: year, month from 1 to 12, value, in the order of the
    /// record. In version 2.
    pub fn monthly_history(&self, family: Monthly) -> impl Iterator<Item = (u16, u8, &str)> {
        history_of(&self.extension, family)
    }

    /// The year that monthly values belong to, in version 2. CCW: `RFRNC_YR`.
    pub fn reference_year(&self) -> Option<u16> {
        reference_year(&self.extension)
    }

    /// The id of the beneficiary.
    pub fn patient_id(&self) -> Option<&str> {
        self.beneficiary.as_ref()?.id_of("Patient")
    }
}

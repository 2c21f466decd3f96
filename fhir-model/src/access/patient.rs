//! Accessors of `Patient`.

use super::Extensible;
use crate::stu3::Patient;
use crate::vocabulary::resolve;

impl Patient<'_> {
    /// The current Medicare beneficiary identifier: the first marked current; if none is, the first without a
    /// mark. `None` when identifiers were not asked for, as in most exports.
    ///
    /// ```
    /// use fhir_model::stu3::Patient;
    /// let mbi = |value: &str, currency: &str| format!(r#"{{"system":"http://hl7.org/fhir/sid/us-mbi",
    ///     "value":"{value}","extension":[{{"valueCoding":{{"code":"{currency}"}},
    ///     "url":"https://bluebutton.cms.gov/resources/codesystem/identifier-currency"}}]}}"#);
    /// let line = format!(r#"{{"resourceType":"Patient","identifier":[{},{}]}}"#,
    ///     mbi("1AA0AA0AA01", "historic"), mbi("1AA0AA0AA02", "current"));
    /// let patient: Patient = fhir_model::from_slice_as(line.as_bytes())?;
    /// assert_eq!(patient.mbi_current(), Some("1AA0AA0AA02"));
    /// assert_eq!(patient.mbi_historic(), ["1AA0AA0AA01"]);
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn mbi_current(&self) -> Option<&str> {
        let mbis: Vec<_> = self.mbis().collect();
        let marked = |mark: Option<&str>| {
            mbis.iter().find(|(_, currency)| *currency == mark).map(|(value, _)| *value)
        };
        marked(Some("current")).or_else(|| marked(None))
    }

    /// Former identifiers in order, each once: those marked historic, and those without a mark other than the
    /// current one.
    pub fn mbi_historic(&self) -> Vec<&str> {
        let current = self.mbi_current();
        let mut former = Vec::new();
        for (value, currency) in self.mbis() {
            let counts = currency != Some("current") && Some(value) != current;
            if counts && !former.contains(&value) {
                former.push(value);
            }
        }
        former
    }

    /// Values and currency marks of all MBIs.
    fn mbis(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let system = resolve("us-mbi");
        self.identifier
            .iter()
            .filter(move |identifier| identifier.system.as_deref() == system)
            .filter_map(|identifier| {
                let currency = identifier.extension("identifier-currency").and_then(|e| e.code());
                Some((identifier.value.as_deref()?, currency))
            })
    }
}

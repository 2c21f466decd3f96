//! Accessors of `Patient`.

use cms::Mbis;

use super::Extensible;
use super::monthly::{Monthly, months_of};
use crate::stu3::Patient;
use crate::vocabulary::{CodeSystem, IdentifierSystem, Variable};

impl Patient<'_> {
    /// The beneficiary's id, which claims and coverages refer to. CCW: `BENE_ID`. May be negative.
    pub fn beneficiary_id(&self) -> Option<&str> {
        super::datatypes::stu3::identifier_in(&self.identifier, Variable::BeneId)
            .or(self.id.as_deref())
    }

    /// A monthly value of the reference year, January first; on a Patient the dual status. CCW:
    /// `DUAL_01` to `DUAL_12`.
    pub fn monthly(&self, family: Monthly) -> [Option<&str>; 12] {
        months_of(&self.extension, family)
    }

    /// The year that monthly values belong to. CCW: `RFRNC_YR`.
    pub fn reference_year(&self) -> Option<u16> {
        super::monthly::reference_year(&self.extension)
    }

    /// The current Medicare beneficiary identifier (MBI): the first marked current; if none is, the first
    /// without a mark. A mark that is neither current nor historic counts as none. `None` when identifiers were not asked for. Source: identifiers of system
    /// `us-mbi` with the extension `identifier-currency`.
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
        self.mbis().current
    }

    /// Former identifiers in order, each once: all others than the current one, be they marked historic, current too, or
    /// not at all.
    pub fn mbi_historic(&self) -> Vec<&str> {
        self.mbis().historic
    }

    fn mbis(&self) -> Mbis<'_> {
        let system = IdentifierSystem::UsMbi.uri();
        let mbis = self
            .identifier
            .iter()
            .filter(|identifier| identifier.system.as_deref() == Some(system))
            .filter_map(|identifier| {
                let currency = identifier.extension(CodeSystem::IdentifierCurrency);
                let mark = currency.and_then(|currency| currency.code());
                Some((identifier.value.as_deref()?, mark))
            });
        Mbis::choose(mbis)
    }
}

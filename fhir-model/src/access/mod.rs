//! What a claims developer asks of a record, in one call.
//!
//! Names of extensions, systems and categories are whatever [names](crate::vocabulary::Name) a term: variants of
//! [`Variable`](crate::Variable) and its kin, short names, whole URIs. Where a list has several candidates, the first is given unless the method says otherwise.

mod claim;
mod coverage;
mod item;
mod monthly;
mod patient;

pub use claim::{DiagnosisCode, IcdVersion, ProcedureCode};
pub use cms::{ClaimType, MedicarePart};
pub use monthly::Monthly;

use crate::decimal::Decimal;
use crate::stu3::datatypes::{
    CodeableConcept, Coding, Extension, ExtensionValue, Identifier, Reference,
};
use crate::vocabulary::{CodeSystem, IdentifierSystem, Name};

/// Elements with extensions: all of them.
///
/// ```
/// use fhir_model::{Extensible, Variable, stu3::Patient};
///
/// let line = br#"{"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/race",
///     "valueCoding":{"code":"1"}}],"resourceType":"Patient"}"#;
/// let patient: Patient = fhir_model::from_slice_as(line)?;
/// let race = patient.extension(Variable::Race).unwrap();
/// assert_eq!(race.code(), Some("1"));
/// # Ok::<(), fhir_model::Error>(())
/// ```
pub trait Extensible<'a> {
    /// The extensions in order.
    fn extensions(&self) -> &[Extension<'a>];

    /// The first extension of this name.
    fn extension(&self, name: impl Name) -> Option<&Extension<'a>> {
        let url = name.to_uri()?;
        self.extensions().iter().find(|extension| extension.url.as_deref() == Some(url))
    }
}

impl<'a> Extension<'a> {
    /// The value as a coding.
    pub fn coding(&self) -> Option<&Coding<'a>> {
        match &self.value {
            Some(ExtensionValue::Coding(coding)) => Some(coding),
            _ => None,
        }
    }

    /// The code of a `valueCoding` or `valueCode`.
    pub fn code(&self) -> Option<&str> {
        match &self.value {
            Some(ExtensionValue::Coding(coding)) => coding.code.as_deref(),
            Some(ExtensionValue::Code(code)) => Some(code),
            _ => None,
        }
    }

    /// The number of a `valueMoney`, `valueQuantity` or `valueDecimal`.
    pub fn amount(&self) -> Option<&Decimal<'a>> {
        match &self.value {
            Some(ExtensionValue::Money(money)) => money.value.as_ref(),
            Some(ExtensionValue::Quantity(quantity)) => quantity.value.as_ref(),
            Some(ExtensionValue::Decimal(number)) => Some(number),
            _ => None,
        }
    }

    /// The value as a reference.
    pub fn reference(&self) -> Option<&Reference<'a>> {
        match &self.value {
            Some(ExtensionValue::Reference(reference)) => Some(reference),
            _ => None,
        }
    }

    /// The value of a `valueIdentifier`.
    pub fn identifier(&self) -> Option<&str> {
        match &self.value {
            Some(ExtensionValue::Identifier(identifier)) => identifier.value.as_deref(),
            _ => None,
        }
    }
}

impl<'a> CodeableConcept<'a> {
    /// The first coding of a system.
    pub fn coding_in(&self, system: impl Name) -> Option<&Coding<'a>> {
        let system = system.to_uri()?;
        self.coding.iter().find(|coding| coding.system.as_deref() == Some(system))
    }

    /// The code of the first coding of a system.
    pub fn code_in(&self, system: impl Name) -> Option<&str> {
        self.coding_in(system)?.code.as_deref()
    }

    /// The first code, whatever its system.
    pub fn code(&self) -> Option<&str> {
        self.coding.iter().find_map(|coding| coding.code.as_deref())
    }

    /// The first code of a system, wherever it stands; if there is none, the first of a coding that names no system.
    /// Codes of other systems do not count: that is the rule of the tables wherever a system is expected.
    ///
    /// ```
    /// use fhir_model::{CodeSystem, stu3::ExplanationOfBenefit};
    /// let line = br#"{"resourceType":"ExplanationOfBenefit","item":[{"sequence":1,"modifier":[{"coding":[
    ///     {"code":"ZZ","system":"https://example.org/other"},
    ///     {"code":"25","system":"https://bluebutton.cms.gov/resources/codesystem/hcpcs"}]}]}]}"#;
    /// let claim: ExplanationOfBenefit = fhir_model::from_slice_as(line)?;
    /// assert_eq!(claim.item[0].modifier[0].code(), Some("ZZ"));
    /// assert_eq!(claim.item[0].modifier[0].code_by(CodeSystem::Hcpcs), Some("25"));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn code_by(&self, system: impl Name) -> Option<&str> {
        let system = system.to_uri()?;
        self.coding_by(|own| own == system)?.code.as_deref()
    }

    /// The first coding with a code whose system is asked for; if there is none, the first that names no system.
    fn coding_by(&self, asked: impl Fn(&str) -> bool) -> Option<&Coding<'a>> {
        let mut coded = self.coding.iter().filter(|coding| coding.code.is_some());
        let of_system = coded.clone().find(|coding| coding.system.as_deref().is_some_and(&asked));
        of_system.or_else(|| coded.find(|coding| coding.system.is_none()))
    }

    /// The codes of a system, and those of codings that name no system.
    fn codes_by(&self, system: CodeSystem) -> impl Iterator<Item = &str> {
        let counts = move |own: &str| own == system.uri();
        let codings = self.coding.iter();
        let own = codings.filter(move |coding| coding.system.as_deref().is_none_or(counts));
        own.filter_map(|coding| coding.code.as_deref())
    }

    /// Whether one of these is this code.
    fn has_code_by(&self, system: CodeSystem, code: &str) -> bool {
        self.codes_by(system).any(|own| own == code)
    }

    /// The coding of a diagnosis or procedure: that of an ICD system, wherever it stands; if there is none, that of an
    /// unknown version, else one that names no system.
    fn icd_coding(&self) -> Option<&Coding<'a>> {
        const ICD: [&str; 2] = ["http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-9"];
        let begins = |coding: &Coding<'_>, start: &str| {
            coding.system.as_deref().is_some_and(|system| system.starts_with(start))
        };
        let known = |coding: &&Coding<'_>| ICD.iter().any(|start| begins(coding, start));
        let coded = |coding: &&Coding<'_>| coding.code.is_some();
        let unknown = CodeSystem::UnknownIcdVersion.uri();
        self.coding
            .iter()
            .find(|coding| known(coding) && coded(coding))
            .or_else(|| self.coding_by(|system| system.starts_with(unknown)))
            .or_else(|| self.coding.iter().find(known))
    }

    /// Whether one of the codings has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.coding.iter().any(|coding| coding.code.as_deref() == Some(code))
    }
}

impl Reference<'_> {
    /// The id in a literal reference to a resource type: `-1000` for `Patient/-1000`, relative or absolute.
    ///
    /// ```
    /// use fhir_model::stu3::Coverage;
    /// let line = br#"{"resourceType":"Coverage","beneficiary":{"reference":"https://host/v1/fhir/Patient/-1000"}}"#;
    /// let coverage: Coverage = fhir_model::from_slice_as(line)?;
    /// assert_eq!(coverage.beneficiary.unwrap().id_of("Patient"), Some("-1000"));
    /// # Ok::<(), fhir_model::Error>(())
    /// ```
    pub fn id_of(&self, resource_type: &str) -> Option<&str> {
        cms::id_in(self.reference.as_deref()?, resource_type)
    }

    /// The value of the identifier if it is of this system.
    pub fn identifier_in(&self, system: impl Name) -> Option<&str> {
        let identifier = self.identifier.as_deref()?;
        let matches = identifier.system.as_deref() == Some(system.to_uri()?);
        if matches { identifier.value.as_deref() } else { None }
    }

    /// The national provider identifier.
    pub fn npi(&self) -> Option<&str> {
        self.identifier_in(IdentifierSystem::UsNpi)
    }
}

/// The value of the first identifier of a system.
fn identifier_in<'t>(identifiers: &'t [Identifier<'_>], system: impl Name) -> Option<&'t str> {
    let system = system.to_uri()?;
    identifiers
        .iter()
        .find(|identifier| identifier.system.as_deref() == Some(system))
        .and_then(|identifier| identifier.value.as_deref())
}

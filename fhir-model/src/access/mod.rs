//! What a claims developer asks of a record, in one call.
//!
//! Names of extensions, systems and categories are whatever [names](crate::vocabulary::Name) a term: variants of
//! [`Variable`](crate::Variable) and its kin, short names, whole URIs. Where a list has several candidates, the first is given unless the method says otherwise.

#[cfg(feature = "stu3")]
mod claim;
mod codes;
#[cfg(feature = "stu3")]
mod coverage;
mod datatypes;
#[cfg(feature = "stu3")]
mod item;
mod monthly;
#[cfg(feature = "stu3")]
mod patient;
#[cfg(feature = "r4")]
mod r4;

pub use cms::{ClaimType, MedicarePart};
pub use codes::{DiagnosisCode, IcdVersion, ProcedureCode};
pub use monthly::Monthly;

use crate::decimal::Decimal;
use crate::primitive::{Date, Lexical};
use crate::vocabulary::{Name, same_in_v3};

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
    /// The release's `Extension`.
    type Extension: ExtensionFacts<'a>;

    /// The extensions in order.
    fn extensions(&self) -> &[Self::Extension];

    /// The first extension of this name; in records of version 3, of the name that means the same there.
    fn extension(&self, name: impl Name) -> Option<&Self::Extension> {
        let url = name.to_uri()?;
        let called = |url: &str| self.extensions().iter().find(|own| own.url() == Some(url));
        called(url).or_else(|| called(same_in_v3(url)?.name.uri))
    }
}

/// What an extension says, whatever its release: for code that takes records of both.
pub trait ExtensionFacts<'a> {
    /// What the extension is.
    fn url(&self) -> Option<&str>;

    /// The code of a `valueCoding` or `valueCode`.
    fn code(&self) -> Option<&str>;

    /// The number of a `valueMoney`, `valueQuantity` or `valueDecimal`.
    fn amount(&self) -> Option<&Decimal<'a>>;

    /// The value of a `valueIdentifier`.
    fn identifier(&self) -> Option<&str>;

    /// The value of a `valueDate`.
    fn date(&self) -> Option<&Lexical<'a, Date>>;
}

//! Accessors of the datatypes, which are the same for each release.

/// The accessors of a release's datatypes. `$icd` are the beginnings of its systems of diagnoses and procedures.
macro_rules! datatypes {
    ($release:ident, $module:literal, $icd:expr) => {
        use crate::access::ExtensionFacts;
        use crate::decimal::Decimal;
        use crate::primitive::{Date, Lexical};
        use crate::vocabulary::Name;
        use crate::$release::datatypes::{
            CodeableConcept, Coding, Extension, ExtensionValue, Identifier, Reference,
        };

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
            /// use fhir_model::CodeSystem;
            #[doc = concat!("use fhir_model::", $module, "::ExplanationOfBenefit;")]
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
                let of_system =
                    coded.clone().find(|coding| coding.system.as_deref().is_some_and(&asked));
                of_system.or_else(|| coded.find(|coding| coding.system.is_none()))
            }

            /// The coding of a diagnosis or procedure: that of an ICD system, wherever it stands; if there is none, that of an
            /// unknown version, else one that names no system.
            pub(in crate::access) fn icd_coding(&self) -> Option<&Coding<'a>> {
                let begins = |coding: &Coding<'_>, start: &str| {
                    coding.system.as_deref().is_some_and(|system| system.starts_with(start))
                };
                let known = |coding: &&Coding<'_>| $icd.iter().any(|start| begins(coding, start));
                let coded = |coding: &&Coding<'_>| coding.code.is_some();
                let unknown = crate::vocabulary::CodeSystem::UnknownIcdVersion.uri();
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
            #[doc = concat!("use fhir_model::", $module, "::Coverage;")]
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
        }

        impl<'a> Extension<'a> {
            /// The value as a date.
            pub fn date(&self) -> Option<&Lexical<'a, Date>> {
                match &self.value {
                    Some(ExtensionValue::Date(date)) => Some(date),
                    _ => None,
                }
            }
        }

        impl<'a> ExtensionFacts<'a> for Extension<'a> {
            fn url(&self) -> Option<&str> {
                self.url.as_deref()
            }

            fn code(&self) -> Option<&str> {
                Extension::code(self)
            }

            fn amount(&self) -> Option<&Decimal<'a>> {
                Extension::amount(self)
            }

            fn identifier(&self) -> Option<&str> {
                Extension::identifier(self)
            }

            fn date(&self) -> Option<&Lexical<'a, Date>> {
                Extension::date(self)
            }
        }

        /// The value of the first identifier of a system.
        pub(in crate::access) fn identifier_in<'t>(
            identifiers: &'t [Identifier<'_>],
            system: impl Name,
        ) -> Option<&'t str> {
            let system = system.to_uri()?;
            identifiers
                .iter()
                .find(|identifier| identifier.system.as_deref() == Some(system))
                .and_then(|identifier| identifier.value.as_deref())
        }
    };
}

#[cfg(feature = "stu3")]
pub(super) mod stu3 {
    datatypes!(stu3, "stu3", ["http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-9"]);

    impl CodeableConcept<'_> {
        /// The codes of a system, and those of codings that name no system.
        pub(in crate::access) fn codes_by(
            &self,
            system: crate::vocabulary::CodeSystem,
        ) -> impl Iterator<Item = &str> {
            let counts = move |own: &str| own == system.uri();
            let codings = self.coding.iter();
            let own = codings.filter(move |coding| coding.system.as_deref().is_none_or(counts));
            own.filter_map(|coding| coding.code.as_deref())
        }

        /// Whether one of these is this code.
        pub(in crate::access) fn has_code_by(
            &self,
            system: crate::vocabulary::CodeSystem,
            code: &str,
        ) -> bool {
            self.codes_by(system).any(|own| own == code)
        }
    }

    impl Reference<'_> {
        /// The national provider identifier.
        pub fn npi(&self) -> Option<&str> {
            self.identifier_in(crate::vocabulary::IdentifierSystem::UsNpi)
        }
    }
}

#[cfg(feature = "r4")]
pub(super) mod r4 {
    datatypes!(
        r4,
        "r4",
        [
            "http://hl7.org/fhir/sid/icd-10",
            "http://hl7.org/fhir/sid/icd-9",
            "http://www.cms.gov/Medicare/Coding/ICD"
        ]
    );

    impl Identifier<'_> {
        /// Whether the identifier's type has this code: `npi`, `UPIN`, `PRN`, `uc`.
        pub fn has_type(&self, code: &str) -> bool {
            self.r#type.as_deref().is_some_and(|concept| concept.has_code(code))
        }

        /// Whether it is a national provider identifier: by its type in version 2, by its system in version 3 and in
        /// version 2 of 2020.
        pub fn is_npi(&self) -> bool {
            let system = crate::vocabulary::IdentifierSystem::UsNpi.uri();
            self.has_type("npi") || self.system.as_deref() == Some(system)
        }
    }

    impl Reference<'_> {
        /// The national provider identifier.
        pub fn npi(&self) -> Option<&str> {
            let identifier = self.identifier.as_deref().filter(|identifier| identifier.is_npi())?;
            identifier.value.as_deref()
        }
    }
}

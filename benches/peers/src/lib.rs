//! The other crates behind plain functions, so that they are compiled once and not again with every change of ours.

use std::hint::black_box;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Error;

/// Reads a line and drops what was read.
fn read<T: DeserializeOwned>(line: &str) -> Result<(), Error> {
    black_box(serde_json::from_str::<T>(line)).map(drop)
}

/// Reads a line and writes it again.
fn rewrite<T: DeserializeOwned + Serialize>(line: &str) -> Result<String, Error> {
    serde_json::to_string(&serde_json::from_str::<T>(line)?)
}

macro_rules! peer {
    ($(#[$about:meta])* $module:ident, $claim:ty, $resource:ty) => {
        $(#[$about])*
        pub mod $module {
            use super::Error;

            /// Reads a line as a claim.
            pub fn read_claim(line: &str) -> Result<(), Error> {
                super::read::<$claim>(line)
            }

            /// Reads a line as whatever resource it is.
            pub fn read_resource(line: &str) -> Result<(), Error> {
                super::read::<$resource>(line)
            }

            /// Reads a line as whatever resource it is, and writes it again.
            pub fn rewrite(line: &str) -> Result<String, Error> {
                super::rewrite::<$resource>(line)
            }
        }
    };
}

peer! {
    /// The crate `fhir-sdk`.
    #[cfg(feature = "sdk")]
    sdk,
    fhir_sdk::stu3::resources::ExplanationOfBenefit,
    fhir_sdk::stu3::resources::Resource
}

peer! {
    /// The crate `fhir`.
    #[cfg(feature = "fhir")]
    r3,
    fhir::r3::resources::explanation_of_benefit::ExplanationOfBenefit,
    fhir::r3::resources::Resource
}

/// No crate for FHIR: any JSON.
pub mod untyped {
    use super::Error;

    /// Reads a line as a tree.
    pub fn read(line: &str) -> Result<(), Error> {
        super::read::<serde_json::Value>(line)
    }

    /// Passes over a line.
    pub fn check(line: &str) -> Result<(), Error> {
        super::read::<serde::de::IgnoredAny>(line)
    }

    /// Reads a line as a tree and writes it again.
    pub fn rewrite(line: &str) -> Result<String, Error> {
        super::rewrite::<serde_json::Value>(line)
    }
}

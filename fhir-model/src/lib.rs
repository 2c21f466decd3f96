//! Typed FHIR STU3 and R4 resources with the CMS Blue Button vocabulary.
//!
//! The Beneficiary Claims Data API (BCDA) exports claims as newline-delimited JSON: one `ExplanationOfBenefit`, `Patient`
//! or `Coverage` a line. This crate reads one such line, strictly and without loss, and answers what a claims developer
//! asks of it. It does no input or output and starts no threads.
//!
//! Version 1 of the API speaks FHIR STU3: its types are [`stu3`], and are what this page shows. Versions 2 and 3 speak R4:
//! their types are [`r4`], with methods of the same names, so that a program changes its imports and little else.
//!
//! ```
//! use fhir_model::{ClaimType, Resource, Variable, from_slice};
//!
//! // A made-up claim. BCDA writes members in alphabetical order, so `resourceType` comes late.
//! let line = br#"{
//!   "id": "carrier--100",
//!   "identifier": [
//!     {"system": "https://bluebutton.cms.gov/resources/variables/clm_id", "value": "-100"}
//!   ],
//!   "item": [{
//!     "adjudication": [{
//!       "amount": {"code": "USD", "system": "urn:iso:std:iso:4217", "value": 37.50},
//!       "category": {"coding": [{
//!         "code": "https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt",
//!         "system": "https://bluebutton.cms.gov/resources/codesystem/adjudication"
//!       }]}
//!     }],
//!     "sequence": 6,
//!     "service": {"coding": [
//!       {"code": "99213", "system": "https://bluebutton.cms.gov/resources/codesystem/hcpcs"}
//!     ]}
//!   }],
//!   "patient": {"reference": "Patient/-9"},
//!   "resourceType": "ExplanationOfBenefit",
//!   "status": "active",
//!   "type": {"coding": [
//!     {"code": "CARRIER", "system": "https://bluebutton.cms.gov/resources/codesystem/eob-type"}
//!   ]}
//! }"#;
//!
//! let Resource::ExplanationOfBenefit(claim) = from_slice(line)? else { panic!("another type") };
//! assert_eq!(claim.claim_id(), Some("-100"));
//! assert_eq!(claim.claim_type(), Some(ClaimType::Carrier));
//! assert_eq!(claim.patient_id(), Some("-9"));
//!
//! let item = &claim.item[0];
//! assert_eq!(item.line_number(), Some(6));
//! assert_eq!(item.hcpcs(), Some("99213"));
//! let paid = item.amount(Variable::LineNchPmtAmt).unwrap();
//! assert_eq!(paid.as_str(), "37.50"); // as the record has it
//! assert_eq!(paid.to_scaled(2)?, 3750); // cents, exactly or an error
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//!
//! | to | use |
//! | --- | --- |
//! | read a record | [`from_slice`], [`from_slice_as`], [`from_reader`] for one that outlives its bytes |
//! | write it | [`Resource::to_json`], or serde_json |
//! | see how things are done | the [`cookbook`] |
//! | use its fields | the structs of [`stu3`] and [`r4`] |
//! | read records of versions 2 and 3 | [`r4::from_slice`], [`r4::from_reader`], [`from_slice_as`] |
//! | ask for facts of claims | their methods, as `ExplanationOfBenefit::diagnoses` or `Patient::mbi_current`, and [`Extensible`] |
//! | follow a path known at run time | [`Node`] and [`Element`] |
//! | know what a release says of an element | [`schema`] |
//! | name a variable, a code system | [`Variable`], [`CodeSystem`], [`IdentifierSystem`], [`vocabulary`] |
//! | say what is wrong with a record | [`validate`](mod@validate), [`Resource::validate`] |
//! | count money, compare dates | [`Decimal`], [`primitive`] |
//! | keep a record after its line is gone | [`IntoOwned`] |
//!
//! # Features
//!
//! `stu3` and `r4`, both on by default: the types of a release, with what is asked of them. The element tables and the
//! vocabulary are there without either.
//!
//! # What reading promises
//!
//! *Strict.* A line that is read is UTF-8 as a whole and one JSON value; no object has a member twice; strings hold no lone
//! surrogates, raw control characters or NUL; nothing nests deeper than 64. Every value has the JSON type
//! of its element. Reading does not check dates and codes; [`primitive::Lexical::value`] and `is_listed` do.
//!
//! *Without loss.* Writing gives the same members, list lengths and orders, strings and number texts (`120.00`,
//! `1E-17`). Members that its release does not know, `_field` siblings of primitives, `null`s and empty lists are in
//! each struct's [`Extra`]; contained resources of other types are [`Resource::Other`]. Members are written in
//! alphabetical order, as BCDA does, those of [`Extra`] last.
//!
//! *Borrowed.* Text is borrowed from the line unless it had escapes; [`IntoOwned`] cuts the tie. The line has to outlive
//! the record, whether or not the record is used again.
//!
//! *serde.* All types are `Serialize` and `Deserialize`. Reading through serde_json keeps all of this for the
//! record itself (each record is handed to the strict reader as raw text), but copies it, and around the record
//! serde_json's own looser rules hold: it is the lenient way in. [`from_slice`] is the front door.
//!
//! *Silent about records.* An [`Error`] has a class, a byte and a path of element names. It never holds a piece of the record.
#![forbid(unsafe_code)]
// Without a release there are the tables and the vocabulary alone, and nothing asks for the rest.
#![cfg_attr(
    not(any(feature = "stu3", feature = "r4")),
    allow(dead_code, unused_imports, unused_macros)
)]

/// The example of the README, so that it is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod access;
#[doc = include_str!("../docs/cookbook.md")]
pub mod cookbook {}
mod decimal;
pub mod drift;
mod element_macros;
mod error;
mod extra;
mod few;
mod locate;
mod node;
mod own;
mod owned;
pub mod primitive;
#[cfg(feature = "r4")]
pub mod r4;
mod read;
mod resource;
pub mod schema;
#[cfg(feature = "stu3")]
pub mod stu3;
mod table;
mod text;
pub mod validate;
mod value;
pub mod vocabulary;

pub use access::{
    ClaimType, DiagnosisCode, Extensible, ExtensionFacts, IcdVersion, MedicarePart, Monthly,
    ProcedureCode,
};
pub use cms::Api;
pub use decimal::{Decimal, DecimalError, Integer};
pub use error::{Error, ErrorKind};
pub use few::Few;
pub use node::{Element, Node, NodeList};
pub use own::IntoOwned;
pub use owned::{MAX_RECORD_BYTES, ReadError};
pub use read::{FromJson, Reader, from_slice_as};
#[cfg(feature = "stu3")]
pub use stu3::{Extra, Resource, Siblings, from_reader, from_slice};
pub use text::Str;
pub use thin_vec::{ThinVec, thin_vec};
pub use value::{Object, Value};
pub use vocabulary::{CodeSystem, IdentifierSystem, StandardExtension, Variable};

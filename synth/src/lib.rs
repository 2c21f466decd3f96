//! A deterministic generator of synthetic BCDA exports.
//!
//! BCDA (the Beneficiary Claims Data API) delivers FHIR records as NDJSON: ExplanationOfBenefit, Patient and Coverage,
//! in version 1 those of STU3, in versions 2 and 3 those of R4. This crate makes such exports up, for tests,
//! demonstrations and benchmarks. The shapes are the real ones: all eight claim types with their extensions and
//! adjudications, adjustments and cancellations, members in alphabetical order, amounts as re-encoded doubles, text
//! with escapes. The content is invented: no person, provider or code description of the real world is in it, and
//! amounts mean nothing.
//!
//! # Versions
//! A seed makes the same people and the same claims in every version ([`Options::api`]): the same days, amounts,
//! codes, line numbers and providers, as far as the version tells them. v2 has the numbers of claims and people that
//! v1 has, v3 has its own. Only v3 knows benefit enhancements, related conditions, the days on which an MBI held, and
//! Patients that were merged into another; and on request claims that a shared system has not wholly adjudicated, and
//! prior authorizations. Of providers it tells only those that its directory knows.
//!
//! # What to expect
//! - The same [`Options`] give the same bytes on every machine. Only integers decide, no clock and no hash order.
//!   The compressed bytes of gzip files also depend on the version of the compressor; their content does not.
//! - One beneficiary takes about 570 kB in v1: 29 claims of 18 kB each on average, a Patient of 3 kB and four
//!   Coverages of 10 kB. For an export of N bytes take `N / 570_000` beneficiaries. In v2 it takes about 750 kB, in v3
//!   890 kB.
//! - The ids of beneficiaries and claims are negative numbers of 14 digits, as those of the synthetic data of the
//!   real service; records in the style of 2019 have positive ones. Those of v3 have 9 and 13 digits.
//! - Claims are about 70 % carrier, 15 % outpatient and 10 % drug events; the rest is inpatient, SNF, home health,
//!   hospice and DME. With eight claims or more, the first beneficiary has one of each type.
//! - Rare things come at small rates: claims without items, claims whose Patient is missing, a record in two versions,
//!   records in the style of 2019, partial birth dates. [`Options::bad_per_million`] adds broken lines.
//!
//! # Weeks
//! With [`Options::window`] an export is one of a series: a first full one, and later ones of what changed since. People
//! join, leave and get other MBIs; claims come late, are corrected, replaced by claims with numbers of their own, cancelled
//! and deleted. [`Window::state_of`] is what a series leads to.
//!
//! # Example
//! ```
//! use synth::{ClaimType, Part};
//! let claim = synth::eob(7, ClaimType::Inpatient);
//! assert!(claim.starts_with(r#"{"benefitBalance":["#));
//! assert_eq!(claim, synth::eob(7, ClaimType::Inpatient));
//! assert!(synth::coverage(7, Part::D).contains("ptdcntrct01"));
//! ```

#![forbid(unsafe_code)]

mod ccw;
mod codes;
mod date;
mod defect;
mod error;
mod export;
mod facts;
mod fhir;
mod json;
mod manifest;
mod options;
mod output;
mod r4;
mod records;
mod rng;
mod short_code;
mod sink;
mod stu3;
mod summary;
mod v2;
mod v3;
mod weeks;
mod writer;

pub use cms::Api;
pub use defect::{Defect, RecordType};
pub use error::Error;
pub use export::{MANIFEST_NAME, generate};
pub use facts::claim_type::ClaimType;
pub use facts::coverage::Part;
pub use options::{Options, parse_rate};
pub use summary::{FileSummary, Summary};
pub use weeks::{MAX_WEEKS, Scope, Window, transaction_time};

use facts::claim::Claim;
use facts::header::Place;
use facts::person::{Person, Version};
use json::Json;

fn text(write: impl FnOnce(&mut Json)) -> String {
    let mut json = Json::default();
    write(&mut json);
    String::from_utf8(json.bytes).unwrap_or_default()
}

/// One ExplanationOfBenefit of the type as v1 writes it, without line feed. It belongs to the [`patient`] and
/// [`coverage`] of the same seed.
pub fn eob(seed: u64, claim_type: ClaimType) -> String {
    eob_of(Api::V1, seed, claim_type)
}

/// One ExplanationOfBenefit of the type, without line feed: the same claim in each version's shape.
///
/// ```
/// use synth::Api;
/// let id = r#""id":"pde-"#;
/// assert!(synth::eob_of(Api::V1, 7, synth::ClaimType::Pde).contains(id));
/// assert!(synth::eob_of(Api::V2, 7, synth::ClaimType::Pde).contains(id));
/// ```
pub fn eob_of(api: Api, seed: u64, claim_type: ClaimType) -> String {
    let number = claim_type as u64;
    let place =
        Place { number, stride: 100, version: Version::First, claim_type: Some(claim_type) };
    text(|json| writer::claim(json, api, &Claim::draw(&Person::new(seed, 0), place)))
}

/// The Coverage of v3 that tells whether Medicaid pays too, without line feed.
pub fn dual_coverage(seed: u64) -> String {
    text(|json| {
        writer::dual_coverage(json, Api::V3, &Person::new(seed, 0), Version::First);
    })
}

/// One Patient as v1 writes it, without line feed.
pub fn patient(seed: u64) -> String {
    patient_of(Api::V1, seed)
}

/// One Patient, without line feed: the same person in each version's shape.
pub fn patient_of(api: Api, seed: u64) -> String {
    text(|json| writer::patient(json, api, &Person::new(seed, 0), Version::First))
}

/// One Coverage as v1 writes it, without line feed.
pub fn coverage(seed: u64, part: Part) -> String {
    coverage_of(Api::V1, seed, part)
}

/// One Coverage, without line feed: the same part of the same person in each version's shape.
pub fn coverage_of(api: Api, seed: u64, part: Part) -> String {
    text(|json| writer::coverage(json, api, &Person::new(seed, 0), part, Version::First))
}

/// A value in so many containers or a few more: the opening piece, as `[` or `{"a":`, again and again, `1`, and all
/// closed.
///
/// ```
/// assert_eq!(synth::nested("[", 3), "[[[1]]]");
/// assert_eq!(synth::nested("[{\"a\":", 3), r#"[{"a":[{"a":1}]}]"#);
/// ```
pub fn nested(opening: &str, levels: usize) -> String {
    let containers = opening.matches(['[', '{']).count().max(1);
    let mut text = opening.repeat(levels.div_ceil(containers));
    let closing: String = text
        .chars()
        .rev()
        .filter_map(|letter| match letter {
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        })
        .collect();
    text.push('1');
    text + &closing
}

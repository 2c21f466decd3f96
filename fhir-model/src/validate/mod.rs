//! Whether a record is what FHIR and Blue Button say it is, as a typed `OperationOutcome` of its release.
//!
//! Reading is strict about the JSON and lenient about the rest: a claim with an impossible date or an unlisted
//! code can be read, walked and written. This module says what is wrong with it.
//!
//! ```
//! use fhir_model::{from_slice, validate::IssueClass};
//!
//! // A made-up claim: the period ends before it begins, and the line has no number.
//! let line = br#"{
//!   "item": [{"servicedPeriod": {"end": "2018-01-31", "start": "2018-02-01"}}],
//!   "patient": {"reference": "Patient/-9"},
//!   "resourceType": "ExplanationOfBenefit",
//!   "status": "active"
//! }"#;
//! let record = from_slice(line)?;
//!
//! let outcome = record.validate();
//! assert!(outcome.has_errors());
//! let issue = &outcome.issue[0];
//! assert_eq!(issue.class(), Some(IssueClass::Invariant));
//! assert_eq!(issue.expression[0].as_deref(), Some("ExplanationOfBenefit.item[0].serviced"));
//! assert_eq!(issue.location[0].as_deref(), Some("item[0].servicedPeriod"));
//!
//! // The same without building an outcome.
//! let classes: Vec<IssueClass> = record.findings().iter().map(|finding| finding.class()).collect();
//! assert_eq!(classes, [IssueClass::Invariant, IssueClass::Required]);
//! # Ok::<(), fhir_model::Error>(())
//! ```
//!
//! Text that cannot be read at all becomes an outcome too:
//!
//! ```
//! use fhir_model::{from_slice, stu3::OperationOutcome, validate::IssueClass};
//!
//! let error = from_slice(br#"{"resourceType":"Patient","name":[{"family":7}]}"#).unwrap_err();
//! let outcome = OperationOutcome::from(&error);
//! assert_eq!(outcome.issue[0].class(), Some(IssueClass::WrongType));
//! assert_eq!(outcome.issue[0].location[0].as_deref(), Some("name[0].family"));
//! assert_eq!(outcome.issue[0].diagnostics.as_deref(), Some("byte 44 of the record"));
//! ```
//!
//! # What is in an issue
//!
//! | member | content |
//! | --- | --- |
//! | `severity`, `code` | those of the [`IssueClass`] |
//! | `details.coding` | the class's name, in the system [`ISSUE_CLASS_SYSTEM`]; count by it |
//! | `details.text` | what was expected, and what to do |
//! | `expression` | where, as FHIRPath: `ExplanationOfBenefit.item[3].serviced.start` |
//! | `location` | where, by JSON names without the resource type: `item[3].servicedPeriod.start` |
//! | `diagnostics` | for text that cannot be read, the byte |
//!
//! **Never a value**, an identifier, or the name of a member that FHIR does not know: such a member is reported at
//! its parent. The texts are this crate's own.
//!
//! # What is checked
//!
//! Driven by the element tables of [`schema`]: cardinality, with the rule that an extension in the
//! `_name` sibling may stand for a primitive; required value sets of codes; formats of primitives; forms and
//! targets of references; contained resources; siblings; invariants that are cheap and certain (ele-1, ext-1,
//! per-1, ref-1, dom-1 to dom-4, qty-3, mny-1, rng-2, cpt-2, att-1, pat-1, obs-6). By the
//! [`vocabulary`](crate::vocabulary): URIs of Blue Button, and that a variable's value is of its kind. And that
//! lines link to sequences that the claim has.
//!
//! Not checked: value sets of CodeableConcepts, media types, whether a URL leads anywhere, profiles.
//! A number with an exponent is a decimal here, as BCDA writes them, though the expression of STU3 has none.
//!
//! Records of R4 are judged by R4 in the same way, those of version 2 and version 3 by their vocabularies; of the
//! invariants it has dom-2 to dom-5 and org-1, and neither dom-1 nor mny-1. The Observations that claims contain are
//! not modelled there.
//!
//! What BCDA is known to write against FHIR, and its users cannot change, is
//! [information](IssueClass::KnownDeviation).

mod blue_button;
mod class;
mod contained;
mod finding;
mod format;
mod invariant;
mod known;
mod links;
mod outcome;
mod reference;
mod siblings;
#[cfg(all(test, feature = "stu3"))]
mod tests;
mod walk;

pub(crate) use blue_button::knows_code;
pub use class::{IssueClass, Severity};
pub use finding::Finding;
pub use outcome::ISSUE_CLASS_SYSTEM;
pub(crate) use siblings::beside;

use crate::node::Node;
use crate::schema;

/// Most issues that are listed of one record; [`IssueClass::More`] says when there were more.
pub const MAX_FINDINGS: usize = 1_000;

macro_rules! validate {
    ($release:ident, $feature:literal, $schema:ident; $($name:ident,)*) => {
        #[cfg(feature = $feature)]
        mod $release {
            use super::{Finding, Node, schema, walk};
            use crate::$release::{OperationOutcome, Resource, $($name,)*};

            impl OperationOutcome<'_> {
                /// What is wrong with the outcome itself, as an outcome.
                pub fn validate(&self) -> OperationOutcome<'static> {
                    OperationOutcome::from_findings(&self.findings())
                }

                /// What is wrong with the outcome itself, issue by issue; none when nothing is.
                pub fn findings(&self) -> Vec<Finding> {
                    walk::resource(&schema::$schema, self)
                }
            }

            $(impl $name<'_> {
                /// What is wrong with the record, as an outcome; with
                /// [`IssueClass::Valid`](crate::validate::IssueClass::Valid) when nothing is.
                /// See [`validate`](crate::validate).
                pub fn validate(&self) -> OperationOutcome<'static> {
                    OperationOutcome::from_findings(&self.findings())
                }

                /// What is wrong with the record, issue by issue; none when nothing is.
                pub fn findings(&self) -> Vec<Finding> {
                    walk::resource(&schema::$schema, self)
                }
            })*

            impl Resource<'_> {
                /// What is wrong with the record, as an outcome; with
                /// [`IssueClass::Valid`](crate::validate::IssueClass::Valid) when nothing is.
                /// See [`validate`](crate::validate).
                pub fn validate(&self) -> OperationOutcome<'static> {
                    OperationOutcome::from_findings(&self.findings())
                }

                /// What is wrong with the record, issue by issue; none when nothing is.
                pub fn findings(&self) -> Vec<Finding> {
                    match self.node() {
                        Node::Object(element) => walk::resource(&schema::$schema, element),
                        _ => Vec::new(),
                    }
                }
            }
        }
    };
}

validate! {
    stu3, "stu3", STU3;
    Coverage,
    ExplanationOfBenefit,
    Observation,
    Patient,
    ReferralRequest,
}

validate! {
    r4, "r4", R4;
    Claim,
    ClaimResponse,
    Coverage,
    ExplanationOfBenefit,
    Organization,
    Patient,
    Practitioner,
}

//! Findings and faults of reading as an OperationOutcome.

use crate::error::{Error, ErrorKind};
use crate::validate::class::IssueClass;
use crate::validate::finding::Finding;

/// The system of the codings in `issue.details` whose codes are the names of [`IssueClass`].
pub const ISSUE_CLASS_SYSTEM: &str = "urn:bcda-cclf:issue-class";

/// Outcomes of a release.
macro_rules! outcomes {
    ($release:ident, $feature:literal) => {
        #[cfg(feature = $feature)]
        mod $release {
            use super::{Error, Finding, ISSUE_CLASS_SYSTEM, IssueClass};
            use thin_vec::{ThinVec, thin_vec};

            use crate::text::Str;
            use crate::$release::OperationOutcome;
            use crate::$release::codes::IssueSeverity;
            use crate::$release::datatypes::{CodeableConcept, Coding};
            use crate::$release::operation_outcome::Issue;

            impl From<&Finding> for Issue<'static> {
                /// Class and text in `details`, the FHIRPath in `expression`, the path of JSON names in `location`.
                fn from(finding: &Finding) -> Self {
                    let class = finding.class();
                    let coding = Coding {
                        system: Some(ISSUE_CLASS_SYSTEM.into()),
                        code: Some(class.name().into()),
                        display: Some(class.about().into()),
                        ..Coding::default()
                    };
                    let details = CodeableConcept {
                        coding: [coding].into(),
                        text: Some(finding.text().to_owned().into()),
                        ..CodeableConcept::default()
                    };
                    let place = |path: &str| -> ThinVec<Option<Str<'static>>> {
                        if path.is_empty() {
                            ThinVec::new()
                        } else {
                            thin_vec![Some(path.to_owned().into())]
                        }
                    };
                    Self {
                        severity: Some(class.severity().into()),
                        code: Some(class.into()),
                        details: Some(Box::new(details)),
                        location: place(finding.location()),
                        expression: place(finding.expression()),
                        ..Self::default()
                    }
                }
            }

            impl Issue<'_> {
                /// The class, of issues that this crate made.
                pub fn class(&self) -> Option<IssueClass> {
                    IssueClass::from_name(self.details.as_ref()?.code_in(ISSUE_CLASS_SYSTEM)?)
                }
            }

            impl OperationOutcome<'static> {
                /// An outcome of these issues. FHIR asks for one issue at least: none gives one that says so.
                pub fn from_findings<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
                    let mut issue: ThinVec<Issue<'static>> =
                        findings.into_iter().map(Issue::from).collect();
                    if issue.is_empty() {
                        issue.push(Issue::from(&Finding::new(
                            IssueClass::Valid,
                            "no issues were found",
                        )));
                    }
                    Self { issue, ..Self::default() }
                }
            }

            impl OperationOutcome<'_> {
                /// Whether an issue is an error or fatal.
                pub fn has_errors(&self) -> bool {
                    self.issue.iter().any(|issue| {
                        matches!(issue.severity, Some(IssueSeverity::Error | IssueSeverity::Fatal))
                    })
                }
            }

            impl From<&Error> for OperationOutcome<'static> {
                /// One fatal issue; `diagnostics` has the byte, as `byte 44 of the record`.
                fn from(error: &Error) -> Self {
                    let mut issue = Issue::from(&Finding::from(error));
                    issue.diagnostics =
                        Some(format!("byte {} of the record", error.offset()).into());
                    Self { issue: thin_vec![issue], ..Self::default() }
                }
            }
        }
    };
}

outcomes!(stu3, "stu3");
outcomes!(r4, "r4");

impl From<ErrorKind> for IssueClass {
    fn from(kind: ErrorKind) -> Self {
        use json_walk::ErrorKind as Json;
        match kind {
            ErrorKind::Syntax(Json::InvalidUtf8) => Self::Utf8,
            ErrorKind::Syntax(
                Json::ControlCharacter | Json::BadEscape | Json::LoneSurrogate | Json::NulCharacter,
            ) => Self::Text,
            ErrorKind::Syntax(_) => Self::Syntax,
            ErrorKind::TooDeep => Self::Depth,
            ErrorKind::DuplicateMember => Self::DuplicateMember,
            ErrorKind::TwoValues => Self::TwoValues,
            ErrorKind::Type { .. } => Self::WrongType,
            ErrorKind::NoResourceType | ErrorKind::WrongResourceType { .. } => Self::ResourceType,
        }
    }
}

impl From<&Error> for Finding {
    /// The place is a path without the resource type: a record that cannot be read may not tell it.
    fn from(error: &Error) -> Self {
        let path = error.path();
        // A member that STU3 does not know is reported at its parent.
        let known = path.split("(unknown)").next().unwrap_or_default().trim_end_matches('.');
        Self::at(
            error.kind().into(),
            format!("{}; the record was not read further", error.kind()),
            known.to_owned(),
            known.to_owned(),
        )
    }
}

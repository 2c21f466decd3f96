//! The classes of issues: the one table that outcomes, summaries and documents use.

#[cfg(feature = "r4")]
use crate::r4;
#[cfg(feature = "stu3")]
use crate::stu3;

/// How much an issue weighs, lightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Information,
    /// Allowed, but probably not meant.
    Warning,
    /// Against FHIR or the rules of Blue Button.
    Error,
    /// The record could not be read, so nothing else about it is known.
    Fatal,
}

impl Severity {
    /// The code of FHIR: `information`, `warning`, `error`, `fatal`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

macro_rules! classes {
    ($($variant:ident $name:literal $severity:ident $code:ident $about:literal,)*) => {
        /// What kind of issue it is.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum IssueClass {
            $(#[doc = concat!("`", $name, "`: ", $about, ".")] $variant,)*
        }

        impl IssueClass {
            /// All classes, those of reading first, then by weight.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that machines count by; it does not change.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How much every issue of the class weighs.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// What it is about, in a line.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)*
                }
            }

            /// The class as FHIR has it, coarser.
            #[cfg(feature = "stu3")]
            pub const fn issue_type(self) -> stu3::codes::IssueType<'static> {
                match self {
                    $(Self::$variant => stu3::codes::IssueType::$code,)*
                }
            }

            /// The same in R4.
            #[cfg(feature = "r4")]
            const fn issue_type_of_r4(self) -> r4::codes::IssueType<'static> {
                match self {
                    $(Self::$variant => r4::codes::IssueType::$code,)*
                }
            }

            /// The class with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

classes! {
    Syntax "syntax" Fatal Structure "the line is not one complete JSON object",
    Utf8 "utf-8" Fatal Structure "the line is not UTF-8",
    Text "text" Fatal Structure "a string has a raw control character, NUL, a bad escape or a lone surrogate",
    Depth "depth" Fatal Structure "more than 64 levels of nesting",
    LineTooLong "line-too-long" Fatal TooLong "the line is longer than the reader's limit",
    DuplicateMember "duplicate-member" Fatal Structure "an object has the same member twice",
    TwoValues "two-values" Fatal Structure "two types of one choice, as valueCode and valueCoding",
    WrongType "wrong-type" Fatal Structure "another JSON type than the element's",
    ResourceType "resource-type" Fatal Structure "no resourceType, or none that FHIR has",
    Bundle "bundle" Error NotSupported "a Bundle where one resource is expected",
    Required "required" Error Required "an element that FHIR requires is missing",
    Empty "empty" Error Structure "null, an empty list, or an element with neither value nor children",
    Code "code" Error CodeInvalid "a code outside the value set that is required there",
    Format "format" Error Value "text or number against the format of its type",
    Reference "reference" Error Value "neither Type/id, an absolute URL nor #id",
    ReferenceType "reference-type" Error Value "a reference to a resource type that may not stand there",
    Unresolved "unresolved" Error NotFound "#id without a contained resource of that id",
    Contained "contained" Error Invariant "a contained resource against dom-1 to dom-4",
    Siblings "siblings" Error Structure "a list and the list of its _name siblings differ in length",
    Invariant "invariant" Error Invariant "another invariant of FHIR does not hold, named by its key",
    TermValue "term-value" Error BusinessRule "a Blue Button variable beside a value of another kind than its own",
    UnknownMember "unknown-member" Warning Structure "a member that FHIR does not define",
    UnknownTerm "unknown-term" Warning CodeInvalid "a Blue Button URI that the vocabulary does not have, or a category, tag or claim type of v3",
    Link "link" Warning NotFound "a line links to a sequence that the claim does not have",
    NotChecked "not-checked" Warning NotSupported "a resource type that is not modelled: only its JSON was checked",
    KnownDeviation "known-deviation" Information Informational "against FHIR, but as BCDA is known to write it",
    More "more" Information Informational "more issues than are listed",
    Valid "valid" Information Informational "no issues",
}

impl std::fmt::Display for IssueClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(feature = "stu3")]
impl From<IssueClass> for stu3::codes::IssueType<'static> {
    fn from(class: IssueClass) -> Self {
        class.issue_type()
    }
}

#[cfg(feature = "r4")]
impl From<IssueClass> for r4::codes::IssueType<'static> {
    fn from(class: IssueClass) -> Self {
        class.issue_type_of_r4()
    }
}

#[cfg(feature = "stu3")]
impl From<Severity> for stu3::codes::IssueSeverity<'static> {
    fn from(severity: Severity) -> Self {
        Self::from_code(severity.as_str())
    }
}

#[cfg(feature = "r4")]
impl From<Severity> for r4::codes::IssueSeverity<'static> {
    fn from(severity: Severity) -> Self {
        Self::from_code(severity.as_str())
    }
}

#[cfg(all(test, feature = "stu3", feature = "r4"))]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for class in IssueClass::ALL {
            assert_eq!(IssueClass::from_name(class.name()), Some(*class));
            assert!(class.issue_type().is_listed());
            let severity = stu3::codes::IssueSeverity::from(class.severity());
            assert!(severity.is_listed() && severity.as_str() == class.severity().as_str());
            assert_eq!(class.issue_type_of_r4().as_str(), class.issue_type().as_str());
            assert!(!class.about().ends_with('.'));
        }
        assert_eq!(IssueClass::from_name("good"), None);
    }
}

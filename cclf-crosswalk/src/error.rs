//! What can go wrong when a record does not fit the crosswalk.

use std::fmt;

use crate::layout::resource::Resource;

/// Why a record is bad: a class, a byte, a path of our own names. Never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    class: ErrorClass,
    offset: usize,
    resource: Option<Resource>,
    /// Segments from the innermost outwards: they are added while the walk unwinds.
    path: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Member(Box<str>),
    Index(usize),
    /// A member that the crosswalk does not know: its name is the input's, so it is not shown.
    Unknown,
}

/// Classes of bad records.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The line is not one JSON text: truncated, malformed, trailing text, bad literal.
    Syntax,
    /// The line is not UTF-8.
    Utf8,
    /// A string holds a bad escape, a lone surrogate, a control character or NUL.
    Text,
    /// Nested deeper than allowed.
    Depth,
    /// Longer than allowed.
    LineTooLong,
    /// An object that the crosswalk reaches has a member name twice.
    DuplicateMember,
    /// A field that the crosswalk reads has another JSON type.
    WrongType,
    /// A number that does not fit its column exactly.
    Number,
    /// A date that does not exist or is none.
    Date,
    /// A required field is absent.
    Missing,
    /// The eob-type is none of the eight.
    ClaimType,
    /// `resourceType` is absent or no resource type of the release of FHIR.
    ResourceType,
    /// A Bundle stands on the line: the export gives one resource a line.
    Bundle,
    /// Of another version of the API than the one that was stated.
    Version,
}

impl ErrorClass {
    /// Every class, in the order reports list them.
    pub const ALL: [Self; 14] = [
        Self::Syntax,
        Self::Utf8,
        Self::Text,
        Self::Depth,
        Self::LineTooLong,
        Self::DuplicateMember,
        Self::WrongType,
        Self::Number,
        Self::Date,
        Self::Missing,
        Self::ClaimType,
        Self::ResourceType,
        Self::Bundle,
        Self::Version,
    ];

    /// The class's name in reports and in `rejects.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Utf8 => "utf-8",
            Self::Text => "text",
            Self::Depth => "depth",
            Self::LineTooLong => "line-too-long",
            Self::DuplicateMember => "duplicate-member",
            Self::WrongType => "wrong-type",
            Self::Number => "number",
            Self::Date => "date",
            Self::Missing => "missing",
            Self::ClaimType => "claim-type",
            Self::ResourceType => "resource-type",
            Self::Bundle => "bundle",
            Self::Version => "version",
        }
    }

    /// What was expected, in a sentence for people.
    pub const fn expectation(self) -> &'static str {
        match self {
            Self::Syntax => "expected one complete JSON object on the line",
            Self::Utf8 => "expected UTF-8",
            Self::Text => {
                "expected text without control characters, NUL, bad escapes or lone surrogates"
            }
            Self::Depth => "expected at most 64 levels of nesting",
            Self::LineTooLong => "expected a shorter line",
            Self::DuplicateMember => "expected each member name once in an object",
            Self::WrongType => "expected another JSON type here",
            Self::Number => "expected a number that fits its column exactly",
            Self::Date => {
                "expected a date that exists, as YYYY-MM-DD, and after it only a time that does, with its zone"
            }
            Self::Missing => "expected this required element",
            Self::ClaimType => {
                "expected an eob-type of CARRIER, DME, INPATIENT, OUTPATIENT, SNF, HHA, HOSPICE or PDE"
            }
            Self::ResourceType => "expected resourceType to name a FHIR resource",
            Self::Bundle => "expected one resource a line, not a Bundle; unpack its entries",
            Self::Version => "expected a record of the version of the API that was stated",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl RecordError {
    /// The error of a record of another version of the API than the one that was stated.
    pub fn of_other_version() -> Self {
        Self::new(ErrorClass::Version, 0)
    }

    pub(crate) fn new(class: ErrorClass, offset: usize) -> Self {
        Self { class, offset, resource: None, path: Vec::new() }
    }

    /// A line longer than the reader's limit.
    pub fn line_too_long() -> Self {
        Self::new(ErrorClass::LineTooLong, 0)
    }

    pub(crate) fn in_member(mut self, name: &str) -> Self {
        self.path.push(Segment::Member(name.into()));
        self
    }

    pub(crate) fn in_unknown(mut self) -> Self {
        self.path.push(Segment::Unknown);
        self
    }

    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.path.push(Segment::Index(index));
        self
    }

    pub(crate) fn of(mut self, resource: Resource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// The resource that the record says it is; `None` when the line is no JSON or tells no resource of ours.
    pub fn resource(&self) -> Option<Resource> {
        self.resource
    }

    /// The class of the fault.
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// Zero-based byte offset in the line.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Where in the record, e.g. `item[3].adjudication[7].amount.value`; empty for the whole line.
    pub fn path(&self) -> String {
        use fmt::Write;
        let mut path = String::new();
        for segment in self.path.iter().rev() {
            let dot = if path.is_empty() { "" } else { "." };
            // Writing to a String cannot fail.
            let _ = match segment {
                Segment::Member(name) => write!(path, "{dot}{name}"),
                Segment::Index(index) => write!(path, "[{index}]"),
                Segment::Unknown => write!(path, "{dot}(a member the crosswalk does not read)"),
            };
        }
        path
    }
}

impl From<json_walk::Error> for RecordError {
    fn from(fault: json_walk::Error) -> Self {
        use json_walk::ErrorKind;
        let class = match fault.kind() {
            ErrorKind::InvalidUtf8 => ErrorClass::Utf8,
            ErrorKind::ControlCharacter
            | ErrorKind::BadEscape
            | ErrorKind::LoneSurrogate
            | ErrorKind::NulCharacter => ErrorClass::Text,
            ErrorKind::TooDeep => ErrorClass::Depth,
            ErrorKind::DuplicateMember => ErrorClass::DuplicateMember,
            _ => ErrorClass::Syntax,
        };
        Self::new(class, fault.offset())
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} at byte {} of the line",
            self.class,
            self.class.expectation(),
            self.offset
        )?;
        let path = self.path();
        if path.is_empty() { Ok(()) } else { write!(f, ", in {path}") }
    }
}

impl std::error::Error for RecordError {}

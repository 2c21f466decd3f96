//! What can be wrong with a record, and where.

use std::fmt::{self, Write};

/// A fault in a record: its class, the byte where it was noticed, and the path to it.
///
/// The path is built from this crate's element names and list indexes only. Neither it nor the
/// message ever holds a value or a member name of the input: records are about patients.
///
/// ```
/// let fault = fhir_model::from_slice(br#"{"resourceType":"Patient","name":[{"family":7}]}"#).unwrap_err();
/// assert_eq!(fault.to_string(), "expected a string, found a number at byte 44 (name[0].family)");
/// assert_eq!(fault.offset(), 44);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    kind: ErrorKind,
    offset: usize,
    /// Innermost first: the reader adds to it on the way out.
    path: Vec<Segment>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment {
    Name(&'static str),
    Index(usize),
}

/// Classes of fault in a record.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ErrorKind {
    /// The bytes are not strict JSON.
    #[error(transparent)]
    Syntax(json_walk::ErrorKind),
    /// The text nests deeper than 64 objects and lists.
    #[error("nested too deeply")]
    TooDeep,
    /// An object has the same member twice.
    #[error("the same member twice in one object")]
    DuplicateMember,
    /// An object has two members of one choice, as `valueCoding` and `valueString`.
    #[error("two values for an element that has one")]
    TwoValues,
    /// A value has another JSON type than its element.
    #[error("expected {expected}, found {found}")]
    Type {
        /// The JSON type of the element, with its article.
        expected: &'static str,
        /// The JSON type of the value, with its article.
        found: &'static str,
    },
    /// The object has no member `resourceType`.
    #[error("no resourceType")]
    NoResourceType,
    /// The object is another resource than the one asked for.
    #[error("not a resource of type {expected}")]
    WrongResourceType {
        /// The type asked for.
        expected: &'static str,
    },
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Self {
        Self(Box::new(Parts { kind, offset, path: Vec::new() }))
    }

    /// A fault of the JSON text.
    pub(crate) fn json(error: json_walk::Error) -> Self {
        let kind = match error.kind() {
            json_walk::ErrorKind::TooDeep => ErrorKind::TooDeep,
            json_walk::ErrorKind::DuplicateMember => ErrorKind::DuplicateMember,
            kind => ErrorKind::Syntax(kind),
        };
        Self::new(kind, error.offset())
    }

    pub(crate) fn at(mut self, name: &'static str) -> Self {
        self.0.path.push(Segment::Name(name));
        self
    }

    pub(crate) fn at_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The class of the fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Zero-based byte offset in the record at which the fault was noticed.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// Whether the bytes are no strict JSON, or JSON that no record may be (duplicates, depth).
    pub fn is_syntax(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Syntax(_) | ErrorKind::TooDeep | ErrorKind::DuplicateMember
        )
    }

    /// Where in the record: element names and zero-based indexes, as `item[3].adjudication[7].amount.value`.
    /// Members that STU3 does not know are all called `(unknown)`. Empty at the top.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => {
                    // Writing to a String does not fail.
                    let _ = write!(path, "[{index}]");
                }
            }
        }
        path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.kind, self.0.offset)?;
        if self.0.path.is_empty() { Ok(()) } else { write!(f, " ({})", self.path()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("offset", &self.0.offset)
            .field("path", &self.path())
            .finish()
    }
}

impl std::error::Error for Error {}

//! The one error type of this crate.
//!
//! Messages are built from our own words, the name of the source and numbers. They never carry a
//! byte of what was read: the data is about patients.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::remote::RemoteFault;

/// Where in a source something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Line number, 1-based; blank lines count.
    pub line: u64,
    /// Byte offset, 0-based, in the decompressed stream; a byte order mark counts.
    pub byte: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, byte {}", self.line, self.byte)
    }
}

/// Text in one line for people: a control character, such as a line feed in the name of a file, is shown as an escape,
/// and so is one that turns the direction of what follows, or that is not seen at all.
pub fn shown(text: &str) -> Cow<'_, str> {
    // Some displays break lines at 2028 and 2029 as well.
    let escaped = |ch: char| {
        ch.is_control()
            || matches!(ch, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for ch in text.chars() {
        if escaped(ch) {
            shown.extend(ch.escape_default());
        } else {
            shown.push(ch);
        }
    }
    Cow::Owned(shown)
}

/// What went wrong, without the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused something: opening, reading, listing, starting a thread.
    Io {
        /// What was tried, as a verb: "open", "read", "list".
        operation: &'static str,
        /// The operating system's class of the failure.
        error: io::ErrorKind,
    },
    /// An input names nothing that exists.
    InputMissing,
    /// A folder holds no file that counts as NDJSON.
    NoMatchInFolder,
    /// A glob pattern matches no file.
    NoMatchForGlob,
    /// A glob pattern is malformed.
    BadPattern,
    /// A file is needed here and this is something else (a folder, a socket, where it is looked at a pipe).
    NotAFile,
    /// A stream such as stdin was given to a second reading; it can be read once.
    AlreadyRead,
    /// Compressed data is damaged, cut short, or followed by something else.
    Corrupt {
        /// Our own words for what is wrong with it.
        detail: &'static str,
    },
    /// A frame of compressed data has no checksum, so that damage in it could not be seen, and
    /// [`ReadOptions::require_checksums`](crate::ReadOptions::require_checksums) asks for one.
    NoChecksum,
    /// A compressed source holds more than
    /// [`Limits::max_decompressed_bytes`](crate::Limits::max_decompressed_bytes).
    ExpandsTooMuch {
        /// The limit, in decompressed bytes.
        limit_bytes: u64,
    },
    /// A file ended before the size it had when it was opened.
    Shrunk {
        /// Size when opened, in bytes as stored.
        expected_bytes: u64,
        /// Bytes that could be read, as stored.
        found_bytes: u64,
    },
    /// Between two readings of a file another one took its name.
    Replaced,
    /// A file that is read more than once was written to, or grew, after its first reading began.
    Changed,
    /// A file that is not on this machine cannot be had; [`Error::io_error`] holds the
    /// [`RemoteFault`].
    Remote,
    /// A worker panicked; its message is not kept, since it may quote the data.
    WorkerPanicked,
    /// [`ReadOptions::cancel`](crate::ReadOptions::cancel) was set.
    Cancelled,
}

/// An error of this crate: a kind, the name of the source and, when it has one, the position.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    source_name: Option<String>,
    position: Option<Position>,
    io: Option<io::Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, source_name: None, position: None, io: None }))
    }

    pub(crate) fn io(operation: &'static str, error: io::Error) -> Self {
        let remote = error.get_ref().and_then(|inner| inner.downcast_ref::<RemoteFault>());
        let kind = match remote {
            Some(RemoteFault::Replaced) => ErrorKind::Replaced,
            Some(RemoteFault::Cancelled) => ErrorKind::Cancelled,
            Some(RemoteFault::Failed(_)) => ErrorKind::Remote,
            None => ErrorKind::Io { operation, error: error.kind() },
        };
        Self(Box::new(Inner { kind, source_name: None, position: None, io: Some(error) }))
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        self.0.source_name = Some(name.to_owned());
        self
    }

    pub(crate) fn at(mut self, position: Position) -> Self {
        self.0.position = Some(position);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Name of the source, or the input as it was given when the error is about finding sources.
    pub fn source_name(&self) -> Option<&str> {
        self.0.source_name.as_deref()
    }

    /// Where in the source, if the error has a place.
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// What the operating system said, if it refused something.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.io.as_ref()
    }

    /// True if the operating system refused something.
    pub fn is_io(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Io { .. })
    }

    /// True if reading was cancelled on request.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Cancelled)
    }

    /// True if the inputs were named wrongly: nothing was read, and another way to name them
    /// may work.
    pub fn is_usage(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::InputMissing
                | ErrorKind::NoMatchInFolder
                | ErrorKind::NoMatchForGlob
                | ErrorKind::BadPattern
                | ErrorKind::NotAFile
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, source_name, position, io } = &*self.0;
        if let Some(name) = source_name {
            write!(f, "{}: ", shown(name))?;
        }
        if let Some(position) = position {
            write!(f, "{position}: ")?;
        }
        match kind {
            ErrorKind::Io { operation, error } => match io {
                // Only what the operating system says: other texts are not ours to vouch for.
                Some(io) if io.raw_os_error().is_some() => write!(f, "cannot {operation}: {io}"),
                _ => write!(f, "cannot {operation}: {error}"),
            },
            ErrorKind::InputMissing => f.write_str("no such file or folder"),
            ErrorKind::NoMatchInFolder => f.write_str(
                "the folder holds no .ndjson or .jsonl file (also with .gz or .zst) to read; a file that is named \
                 is read whatever it is called",
            ),
            ErrorKind::NoMatchForGlob => f.write_str("no file matches the pattern"),
            ErrorKind::BadPattern => f.write_str("the pattern is malformed"),
            ErrorKind::NotAFile => f.write_str(
                "neither a regular file nor a pipe; give its content on standard input (-)",
            ),
            ErrorKind::AlreadyRead => f.write_str("a stream can be read once only"),
            ErrorKind::Corrupt { detail } => write!(f, "compressed data is damaged: {detail}"),
            ErrorKind::NoChecksum => f.write_str(
                "a zstd frame has no checksum, so damage in it could not be seen: compress the file with checksums \
                 (zstd --check)",
            ),
            ErrorKind::ExpandsTooMuch { limit_bytes } => {
                write!(f, "expands too much: more than {limit_bytes} bytes when decompressed")
            }
            ErrorKind::Shrunk { expected_bytes, found_bytes } => write!(
                f,
                "the file shrank while being read: {expected_bytes} bytes when opened, \
                 {found_bytes} bytes found"
            ),
            ErrorKind::Replaced => {
                f.write_str("the file was replaced by another one while it was being read")
            }
            ErrorKind::Changed => f.write_str(
                "the file changed while it was read, which is done more than once: run again when nothing writes to it",
            ),
            ErrorKind::Remote => match io {
                Some(io) => write!(f, "{io}"),
                None => f.write_str("it cannot be had"),
            },
            ErrorKind::WorkerPanicked => f.write_str("a worker panicked (a bug, please report it)"),
            ErrorKind::Cancelled => f.write_str("cancelled"),
        }
    }
}

// No `source()`: the message already holds what the operating system says, and a chain would
// say it twice.
impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn message_has_name_place_and_class() {
        let error = Error::new(ErrorKind::Corrupt { detail: "cut short" })
            .named("a/b.ndjson")
            .at(Position { line: 3, byte: 40 });
        assert_eq!(
            error.to_string(),
            "a/b.ndjson: line 3, byte 40: compressed data is damaged: cut short"
        );
        assert_eq!(error.position(), Some(Position { line: 3, byte: 40 }));
        assert_eq!(error.source_name(), Some("a/b.ndjson"));
    }

    #[test]
    fn io_message_keeps_the_system_text_and_drops_any_other() {
        let os = Error::io("open", io::Error::from_raw_os_error(13)).named("x");
        assert!(os.to_string().starts_with("x: cannot open: "), "{os}");
        assert!(os.is_io() && os.io_error().and_then(io::Error::raw_os_error) == Some(13));
        let other = Error::io("read", io::Error::new(io::ErrorKind::InvalidData, "SECRET"));
        assert!(!other.to_string().contains("SECRET"), "{other}");
    }

    #[test]
    fn names_are_shown_in_one_line() {
        let error =
            Error::new(ErrorKind::InputMissing).named("a\nerror: b\u{1b}[2J\u{2028}\u{85}é");
        assert_eq!(
            error.to_string(),
            "a\\nerror: b\\u{1b}[2J\\u{2028}\\u{85}é: no such file or folder"
        );
        assert_eq!(shown(r"a\nb"), r"a\nb");
    }

    #[test]
    fn classes() {
        assert!(Error::new(ErrorKind::InputMissing).is_usage());
        assert!(!Error::new(ErrorKind::Cancelled).is_usage());
        assert!(Error::new(ErrorKind::Cancelled).is_cancelled());
    }
}

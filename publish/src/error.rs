//! The one error type: what was being done, to which path, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was published.
///
/// The text names the operation, the path and what to do next. It never holds
/// bytes of a file.
///
/// # Example
///
/// ```
/// use publish::{ErrorKind, Stage, StageOptions};
///
/// # let work = tempfile::tempdir()?;
/// # let out = work.path().join("tables");
/// # std::fs::create_dir(&out)?;
/// # std::fs::write(out.join("notes.txt"), "mine")?;
/// let options =
///     StageOptions { overwrite: false, manifest_name: "m.json".into(), keep_previous: 0 };
/// let error = Stage::open(&out, &options, |_| Ok(None)).unwrap_err();
/// assert_eq!(*error.kind(), ErrorKind::OutputExists);
/// assert!(error.is_usage());
/// assert_eq!(error.path(), out);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    path: PathBuf,
    advice: Cow<'static, str>,
    source: Option<io::Error>,
}

/// What went wrong.
///
/// # Example
///
/// ```
/// let error = publish::write_file_atomically("no/such/folder/r.json".as_ref(), b"{}").unwrap_err();
/// assert_eq!(*error.kind(), publish::ErrorKind::Io);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The output folder has something in it and overwriting was not asked for.
    #[error("it exists and is not empty")]
    OutputExists,
    /// The output folder holds entries that our earlier manifest does not name;
    /// nothing was deleted.
    #[error("{count} {} not from an earlier run", if *count == 1 { "entry in it is" } else { "entries in it are" })]
    ForeignFiles {
        /// How many such entries; a foreign folder counts as one.
        count: u64,
    },
    /// Something that cannot be an output: a link, a file, a mount point, or a
    /// name in a folder that does not exist.
    #[error("it cannot be an output")]
    UnsuitableOutput,
    /// No earlier result was kept beside the output.
    #[error("no earlier result was kept beside it")]
    NothingKept,
    /// Another run holds the lock.
    #[error("another run is writing it")]
    InUse,
    /// A name for a staged file that is not made of `[A-Za-z0-9._-]+` segments,
    /// or that is taken. A mistake of the calling code.
    #[error("the name cannot be used")]
    BadName,
    /// A staged file was not finished, or is not what was written. A mistake of
    /// the calling code, or a filesystem that lost something.
    #[error("it is not complete")]
    Unfinished,
    /// A system call failed: [`Error::io_error`] says how.
    #[error("the system call failed")]
    Io,
}

impl Error {
    /// A failed system call on `path`.
    ///
    /// Public because the closure given to [`Stage::open`](crate::Stage::open)
    /// reads the earlier manifest and has to say when it cannot. `operation`
    /// completes "cannot ...".
    ///
    /// # Example
    ///
    /// ```
    /// let error = publish::Error::io("read", "m.json".as_ref(), std::io::ErrorKind::NotFound.into());
    /// assert!(error.to_string().starts_with("cannot read m.json: "));
    /// assert_eq!(error.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
    /// ```
    pub fn io(operation: &'static str, path: &Path, source: io::Error) -> Error {
        let advice = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space or choose another place, then run again"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to"
            }
            io::ErrorKind::NotFound => "check that the folder exists",
            _ => "check the disk and the folder, then run again",
        };
        Error::new(ErrorKind::Io, operation, path, advice).caused_by(source)
    }

    pub(crate) fn new(
        kind: ErrorKind,
        operation: &'static str,
        path: &Path,
        advice: impl Into<Cow<'static, str>>,
    ) -> Error {
        Error(Box::new(Inner {
            kind,
            operation,
            path: path.to_owned(),
            advice: advice.into(),
            source: None,
        }))
    }

    pub(crate) fn caused_by(mut self, source: io::Error) -> Error {
        self.0.source = Some(source);
        self
    }

    pub(crate) fn advising(mut self, advice: impl Into<Cow<'static, str>>) -> Error {
        self.0.advice = advice.into();
        self
    }

    pub(crate) fn at(mut self, path: &Path) -> Error {
        path.clone_into(&mut self.0.path);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What was being done, as in "cannot ...".
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What it was being done to.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The system's own error, for [`ErrorKind::Io`].
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.source.as_ref()
    }

    /// Whether the person who started the run can avoid this by asking for
    /// something else (exit code 2): the output exists, holds other files, is
    /// unsuitable or in use, or there is nothing to go back to. The output is unchanged.
    pub fn is_usage(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::OutputExists
                | ErrorKind::ForeignFiles { .. }
                | ErrorKind::UnsuitableOutput
                | ErrorKind::NothingKept
                | ErrorKind::InUse
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, operation, path, advice, source } = &*self.0;
        write!(f, "cannot {operation} {}: ", path.display())?;
        match source {
            Some(source) => write!(f, "{source}")?,
            None => write!(f, "{kind}")?,
        }
        write!(f, "; {advice}")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

/// For use inside [`std::io::Write`]: keeps the kind, and the text with its
/// operation and path.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = error.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn text_names_operation_path_and_advice() {
        let full = Error::io("write", Path::new("o/t.csv"), io::ErrorKind::StorageFull.into());
        let text = full.to_string();
        assert!(text.starts_with("cannot write o/t.csv: "), "{text}");
        assert!(text.ends_with("; free some space or choose another place, then run again"));
        let wrapped = io::Error::from(full);
        assert_eq!(wrapped.kind(), io::ErrorKind::StorageFull);
        assert_eq!(wrapped.to_string(), text);
    }

    #[test]
    fn usage_kinds() {
        let of = |kind| Error::new(kind, "use", Path::new("o"), "x").is_usage();
        assert!(of(ErrorKind::OutputExists) && of(ErrorKind::ForeignFiles { count: 2 }));
        assert!(of(ErrorKind::UnsuitableOutput) && of(ErrorKind::InUse));
        assert!(of(ErrorKind::NothingKept));
        assert!(!of(ErrorKind::Io) && !of(ErrorKind::BadName) && !of(ErrorKind::Unfinished));
    }
}

//! A source: one file, stdin, or any stream, with the name its records are traced back to.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::error::{Error, ErrorKind, Position};
use crate::plain::{Identity, PlainFile};
use crate::range;
use crate::remote::{Purpose, Remote, RemoteFile};

/// What standard input is called.
const STDIN: &str = "stdin";

/// What a pipe holds while its reader is busy; as much as a user may ask for without privileges.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// A stream that was not opened from a path. It is taken out when it is read.
type SharedReader = Arc<Mutex<Option<Box<dyn Read + Send>>>>;

/// One thing to read: where it is and what it is called.
///
/// The *name* is what errors and results refer to. [`discover`](crate::discover) makes names
/// relative to the input, with `/` between parts and without a trailing `.gz` or `.zst`, so that
/// a file keeps its name when it is compressed or moved as part of its folder.
#[derive(Clone)]
pub struct SourceFile {
    name: String,
    path: PathBuf,
    origin: Origin,
}

/// Where the bytes of a source come from.
#[derive(Clone)]
enum Origin {
    /// A regular file, when it was found.
    File(Regular),
    /// What a path leads to that is no regular file: a pipe, a device.
    Pipe,
    /// A stream that was not opened from a path.
    Stream(SharedReader),
    /// A file that is not on this machine, and what opens it.
    Remote(Arc<dyn Remote>, Looks),
}

/// A regular file; its clones know what it knows.
#[derive(Clone, Default)]
struct Regular {
    known: Arc<Known>,
    part: Option<Part>,
}

/// What is known of a regular file.
#[derive(Default)]
struct Known {
    /// What it was like when it was first looked at.
    looks: OnceLock<Looks>,
    /// The file as it was when its first reading began.
    read: OnceLock<Identity>,
}

/// Some of the lines of a plain file.
#[derive(Clone)]
struct Part {
    bytes: Range<u64>,
    /// Lines of the file before it, once somebody has asked.
    lines_before: Arc<OnceLock<u64>>,
}

/// How large a file is, and how old.
#[derive(Clone, Copy, Debug)]
struct Looks {
    len: u64,
    modified: Option<SystemTime>,
}

impl Looks {
    fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl SourceFile {
    /// A file by its path, named by its file name without `.gz` or `.zst`.
    ///
    /// The path may be that of a pipe (a named one, `/dev/stdin`) or of a device: it is read as a stream, once, to its
    /// end, with no size known before. One below `/dev` or `/proc` is called `stdin`: its own name is a number that
    /// the shell has chosen.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InputMissing`], [`ErrorKind::NotAFile`] for a folder or a socket, [`ErrorKind::Io`] if the
    /// file may not be read.
    pub fn from_path(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let name = match path.file_name() {
            Some(name) => strip_compression_extension(&name.to_string_lossy()).to_owned(),
            None => path.to_string_lossy().into_owned(),
        };
        let mut source = Self::with_name(path, name)?;
        if source.is_stream() && ["/dev", "/proc"].iter().any(|top| source.path.starts_with(top)) {
            source.set_name(STDIN.to_owned());
        }
        Ok(source)
    }

    /// A file by its path, under another name; for instance a spool file that stands for "stdin".
    ///
    /// # Errors
    ///
    /// As [`from_path`](Self::from_path).
    pub fn with_name(path: impl Into<PathBuf>, name: impl Into<String>) -> Result<Self, Error> {
        let path = path.into();
        let metadata = readable(&path)?;
        let origin = if metadata.is_file() {
            let looks = OnceLock::from(Looks::of(&metadata));
            let known = Arc::new(Known { looks, ..Known::default() });
            Origin::File(Regular { known, part: None })
        } else {
            Origin::Pipe
        };
        Ok(Self { name: name.into(), path, origin })
    }

    /// A file that a folder lists. Nothing is asked of the file itself: of thousands of small files, each question is
    /// felt, and most are opened soon.
    pub(crate) fn found(path: PathBuf, name: impl Into<String>) -> Self {
        Self { name: name.into(), path, origin: Origin::File(Regular::default()) }
    }

    /// Standard input, named "stdin". It can be read once. If it is a pipe, it is made a mebibyte wide where the
    /// system allows it.
    pub fn stdin() -> Self {
        // A narrow pipe does as well, it only makes both sides wait for each other more often.
        #[cfg(target_os = "linux")]
        let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), PIPE_BYTES);
        Self::from_reader(STDIN, io::stdin())
    }

    /// Any stream under a name. It is read once, to its end, on the reader thread.
    ///
    /// Clones share the stream: whichever is read first takes it.
    pub fn from_reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        let reader: Box<dyn Read + Send> = Box::new(reader);
        let origin = Origin::Stream(Arc::new(Mutex::new(Some(reader))));
        Self { name: name.into(), path: PathBuf::new(), origin }
    }

    /// A file elsewhere, named by its path below the folder that was named, without `.gz` or `.zst`.
    pub fn from_remote(file: RemoteFile) -> Self {
        let looks = Looks { len: file.len, modified: file.modified };
        Self {
            name: strip_compression_extension(&file.relative).to_owned(),
            path: file.location,
            origin: Origin::Remote(file.remote, looks),
        }
    }

    /// True if it is not on this machine: it has a size, and [`path`](Self::path) is its address.
    pub fn is_remote(&self) -> bool {
        matches!(self.origin, Origin::Remote(..))
    }

    /// True if its name says that it is compressed. Its first bytes say whether it is.
    pub(crate) fn is_compressed_by_name(&self) -> bool {
        let name = self.path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
        strip_compression_extension(&name).len() < name.len()
    }

    /// True if a change between two readings is told without looking at the bytes: by device, inode, size and times of a
    /// file on this machine, by the version of one elsewhere. A stream is read once.
    pub fn is_bound(&self) -> bool {
        match &self.origin {
            Origin::Remote(remote, _) => remote.is_bound(),
            Origin::File(_) | Origin::Pipe | Origin::Stream(_) => true,
        }
    }

    /// Says that it will be opened soon: a file elsewhere may begin to come. Others do nothing.
    pub fn prepare(&self, purpose: Purpose) {
        if let Origin::Remote(remote, _) = &self.origin {
            remote.prepare(purpose);
        }
    }

    /// The name that errors and results refer to.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the file is; the address of one elsewhere; empty for a stream.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes as stored, when the file was first looked at; `None` for a stream or where the system does not tell. The
    /// size that binds all readings is taken when the first of them begins.
    pub fn len(&self) -> Option<u64> {
        Some(self.looks()?.len)
    }

    /// True if the source is a regular file without a byte.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// When the file was last changed; `None` for a stream or where the system does not tell.
    pub fn modified(&self) -> Option<SystemTime> {
        self.looks()?.modified
    }

    /// Looks at the file, unless it was looked at before.
    fn looks(&self) -> Option<Looks> {
        match &self.origin {
            Origin::Remote(_, looks) => Some(*looks),
            Origin::File(file) => {
                let looks = &file.known.looks;
                if looks.get().is_none() {
                    let metadata = self.path.metadata().ok()?;
                    looks.get_or_init(|| Looks::of(&metadata));
                }
                looks.get().copied()
            }
            Origin::Pipe | Origin::Stream(_) => None,
        }
    }

    /// True if this is not a regular file: no size, and it can be read once.
    pub fn is_stream(&self) -> bool {
        matches!(self.origin, Origin::Pipe | Origin::Stream(_))
    }

    /// The lines of a file whose first byte lies in this range of bytes. Ranges that cover a file and do not overlap
    /// give each line once, wherever they were cut: a line that goes on beyond the range belongs to it whole.
    ///
    /// The file is read as it is stored, whatever its first bytes look like: a part of compressed data is no text.
    /// Byte offsets stay those of the whole file. Line numbers are those within the part, because what comes before
    /// it is not read; [`lines_before`](Self::lines_before) makes them those of the file. The size of a part is not
    /// bound by [`len`](Self::len), which stays that of the file. A stream has no parts, and neither
    /// has a file that is not on this machine.
    #[must_use]
    pub fn part(&self, bytes: Range<u64>) -> Self {
        let mut part = self.clone();
        if let Origin::File(file) = &mut part.origin {
            file.part = Some(Part { bytes, lines_before: Arc::default() });
        }
        part
    }

    /// True for some of the lines of a file; see [`part`](Self::part).
    pub fn is_part(&self) -> bool {
        self.as_part().is_some()
    }

    fn as_part(&self) -> Option<&Part> {
        match &self.origin {
            Origin::File(file) => file.part.as_ref(),
            _ => None,
        }
    }

    /// How many lines of the file come before this part of it; reads them, once. 0 for whole files, without reading.
    ///
    /// # Errors
    ///
    /// As reading the file.
    pub fn lines_before(&self) -> Result<u64, Error> {
        let Some(part) = self.as_part() else { return Ok(0) };
        if let Some(known) = part.lines_before.get() {
            return Ok(*known);
        }
        let Opened::File(file) = self.open_to_read()? else { return Ok(0) };
        let count = range::lines_before(&file, part.bytes.start)
            .map_err(|fault| fault.into_error().named(&self.name))?;
        Ok(*part.lines_before.get_or_init(|| count))
    }

    /// A position within the part as one of the file; none if that cannot be found out.
    pub(crate) fn in_file(&self, at: Position) -> Option<Position> {
        Some(Position { line: at.line + self.lines_before().ok()?, byte: at.byte })
    }

    /// Becomes a stream of these bytes, then of what the reader gives.
    pub(crate) fn put_back(&mut self, seen: Vec<u8>, reader: Box<dyn Read + Send>) {
        let reader: Box<dyn Read + Send> = Box::new(io::Cursor::new(seen).chain(reader));
        match &self.origin {
            // Clones share the stream.
            Origin::Stream(stream) => {
                *stream.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
            }
            _ => self.origin = Origin::Stream(Arc::new(Mutex::new(Some(reader)))),
        }
    }

    pub(crate) fn set_name(&mut self, name: String) {
        self.name = name;
    }

    /// Opens for a reading. All readings are of one file, which nobody may have written to since the first of them began.
    /// Those of parts are of it up to the size that it had then.
    pub(crate) fn open_to_read(&self) -> Result<Opened, Error> {
        let (file, now, regular) = match (self.open_as_it_is(Purpose::Read)?, &self.origin) {
            ((Opened::File(file), Some(now)), Origin::File(regular)) => (file, now, regular),
            ((opened, _), _) => return Ok(opened),
        };
        let earlier = regular.known.read.get().is_some();
        let first = regular.known.read.get_or_init(|| now);
        if now.file != first.file {
            return Err(Error::new(ErrorKind::Replaced).named(&self.name));
        }
        let (expected_bytes, found_bytes) = (first.len, now.len);
        if found_bytes < expected_bytes {
            let kind = ErrorKind::Shrunk { expected_bytes, found_bytes };
            return Err(Error::new(kind).named(&self.name));
        }
        // What is read by parts is read by several processes, which cannot know what each other saw.
        let unchanged = (earlier && regular.part.is_none()).then_some(*first);
        if unchanged.is_some_and(|first| now != first) {
            return Err(Error::new(ErrorKind::Changed).named(&self.name));
        }
        let lines = regular.part.as_ref().map_or(0..u64::MAX, |part| part.bytes.clone());
        Ok(Opened::File(PlainFile { lines, size_at_open: expected_bytes, unchanged, ..file }))
    }

    /// Opens for looking.
    pub(crate) fn open(&self) -> Result<Opened, Error> {
        Ok(self.open_as_it_is(Purpose::Look)?.0)
    }

    /// What is there now, and which file that is; no such thing for a stream.
    fn open_as_it_is(&self, purpose: Purpose) -> Result<(Opened, Option<Identity>), Error> {
        match &self.origin {
            // Which version of it is read was settled when it was found.
            Origin::Remote(remote, looks) => {
                let reader = remote.open(purpose);
                return Ok((Opened::Remote { reader, size: looks.len }, None));
            }
            Origin::Stream(stream) => {
                let taken = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
                let again = || Error::new(ErrorKind::AlreadyRead).named(&self.name);
                return Ok((Opened::Stream(taken.ok_or_else(again)?), None));
            }
            Origin::File(_) | Origin::Pipe => {}
        }
        let failed = |operation, error| Error::io(operation, error).named(&self.name);
        let file = File::open(&self.path).map_err(|error| failed("open", error))?;
        let metadata = file.metadata().map_err(|error| failed("examine", error))?;
        if metadata.is_dir() {
            return Err(Error::new(ErrorKind::NotAFile).named(&self.name));
        }
        match &self.origin {
            Origin::File(regular) if metadata.is_file() => {
                regular.known.looks.get_or_init(|| Looks::of(&metadata));
                let (size_at_open, lines) = (metadata.len(), 0..u64::MAX);
                let opened = PlainFile { file, size_at_open, lines, unchanged: None };
                Ok((Opened::File(opened), Some(Identity::of(&metadata))))
            }
            _ => {
                #[cfg(target_os = "linux")]
                let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE_BYTES);
                Ok((Opened::Stream(Box::new(file)), None))
            }
        }
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceFile")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("is_stream", &self.is_stream())
            .finish_non_exhaustive()
    }
}

/// An opened source.
pub(crate) enum Opened {
    /// A regular file, which may hold compressed data.
    File(PlainFile),
    Stream(Box<dyn Read + Send>),
    /// It ends after this many bytes, or it has failed.
    Remote {
        reader: Box<dyn Read + Send>,
        size: u64,
    },
}

/// Metadata of something that can be opened for reading.
fn readable(path: &Path) -> Result<Metadata, Error> {
    let name = path.to_string_lossy();
    let metadata = path.metadata().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::new(ErrorKind::InputMissing).named(&name)
        }
        _ => Error::io("examine", error).named(&name),
    })?;
    if metadata.is_dir() || !can_be_opened(&metadata) {
        return Err(Error::new(ErrorKind::NotAFile).named(&name));
    }
    // A pipe is not tried: opening it could wait for its writer, or end it.
    if metadata.is_file() {
        // Asked rather than opened: of thousands of small files, opening each once more is felt.
        accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS)
            .map_err(|error| Error::io("open", error.into()).named(&name))?;
    }
    Ok(metadata)
}

/// Whether opening leads to bytes: a socket has them for whoever connects.
fn can_be_opened(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        !metadata.file_type().is_socket()
    }
    #[cfg(not(unix))]
    true
}

/// `a.ndjson.gz` is called `a.ndjson`, `A.GZ` is called `A`. A name that is nothing but the extension stays.
pub(crate) fn strip_compression_extension(name: &str) -> &str {
    let without = |extension: &&str| {
        let (stem, end) = name.split_at_checked(name.len().checked_sub(extension.len())?)?;
        end.eq_ignore_ascii_case(extension).then_some(stem)
    };
    [".gz", ".zst"]
        .iter()
        .find_map(without)
        .filter(|stripped| !stripped.is_empty() && !stripped.ends_with('/'))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests;

//! What is not on this machine: the little that reading has to know of it.
//!
//! This crate opens no connection. Whoever can (object storage, say) gives what was found as [`RemoteFile`]s to
//! [`discover_among`](crate::discover_among), and from there on they are sources like others: named by the same rules,
//! looked at, and read as often as a run wants.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// What a remote file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Its beginning tells what it holds; the rest is not wanted.
    Look,
    /// It is read to its end.
    Read,
}

/// A file elsewhere, which can be opened as often as needed.
pub trait Remote: Send + Sync {
    /// Opens it from its start, without waiting. All readings give the same bytes, as many as
    /// [`RemoteFile::len`] says, or fail with an [`io::Error`](std::io::Error) that holds a [`RemoteFault`].
    fn open(&self, purpose: Purpose) -> Box<dyn Read + Send>;

    /// Whether another version of it in its place would be told by what the server says of it. Where it would not,
    /// only the bytes themselves show it.
    fn is_bound(&self) -> bool {
        true
    }

    /// It will be opened soon: whatever takes long may begin. Does nothing unless implemented.
    fn prepare(&self, purpose: Purpose) {
        let _ = purpose;
    }
}

/// Why a remote file could not be read, inside an [`io::Error`](std::io::Error).
#[derive(Clone, Debug)]
pub enum RemoteFault {
    /// Another file took its place, or it is gone.
    Replaced,
    /// The run is to end.
    Cancelled,
    /// Anything else: a sentence for people, which quotes no byte of what was read.
    Failed(String),
}

impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced => f.write_str("replaced"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for RemoteFault {}

/// A file that was found elsewhere.
#[derive(Clone)]
pub struct RemoteFile {
    /// Where it is, as a path: `s3://bucket/export/a.ndjson`. Messages and names are made of it.
    pub location: PathBuf,
    /// Its path below the folder that was named, with `/` between parts; its file name if itself was named.
    pub relative: String,
    /// Bytes as stored.
    pub len: u64,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    /// What opens it.
    pub remote: Arc<dyn Remote>,
}

/// What an input names that is not on this machine.
pub enum Elsewhere {
    /// One file: it is read whatever it is called.
    File(RemoteFile),
    /// A folder: what counts of its files is for [`discover_among`](crate::discover_among) to say.
    Folder(Vec<RemoteFile>),
}

//! Why the sandbox did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use cms::Api;

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not of this machine alone.
    #[error("{0} is not a loopback address: the sandbox serves this machine only")]
    NotLoopback(SocketAddr),
    /// The address could not be taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Data {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data folder has no NDJSON file.
    #[error("{} has no *.ndjson or *.jsonl file, plain, .gz or .zst", .0.display())]
    NoData(PathBuf),
    /// The data folder has no record of a version that is to be served.
    #[error("{} has no records of BCDA {api}", path.display())]
    NoVersion {
        /// The folder.
        path: PathBuf,
        /// The version.
        api: Api,
    },
    /// The synthetic data could not be made.
    #[error("cannot make synthetic data: {0}")]
    Synth(#[from] synth::Error),
    /// A folder or thread of the server's own could not be had.
    #[error("cannot set up the server: {0}")]
    SetUp(io::Error),
}

impl Error {
    /// Whether another choice of options would do: the address is taken or no loopback, or there is no such data.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotLoopback(_)
            | Self::NoData(_)
            | Self::NoVersion { .. }
            | Self::Listen { .. } => true,
            Self::Data { source, .. } => {
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
            }
            Self::Synth(fault) => matches!(fault, synth::Error::Options(_)),
            Self::SetUp(_) => false,
        }
    }
}

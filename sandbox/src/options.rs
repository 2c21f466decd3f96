//! What the sandbox serves, and how.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cms::Api;
use encryption::PublicKey;

use crate::Fault;

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// The NDJSON files of a folder (`*.ndjson`, `*.jsonl`, also `.gz` and `.zst`), as `bcda synth` writes them. A
    /// `bcda-export.json` beside them says their transactionTime. A file is of the version of the API that its first
    /// record shows which shows any.
    Folder(PathBuf),
    /// Synthetic beneficiaries, removed when the sandbox ends. Those of the oldest version that is served are made when
    /// it starts, and the same people in other versions when a job first wants them. Each has about 570 kB in v1, 750 in
    /// v2, 890 in v3.
    Synthetic {
        /// How many.
        beneficiaries: u64,
        /// Another seed makes others.
        seed: u64,
        /// How many weeks there are, 1 to [`synth::MAX_WEEKS`]: `_since` the end of a week gives what changed in the next.
        /// Without, nothing ever changes.
        weeks: Option<u32>,
    },
}

/// A client id and its secret, as `/auth/token` takes them with HTTP Basic.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
}

impl Credentials {
    /// The credentials that the guides of version 1 print for everybody, for the sandbox of the service.
    pub fn published() -> Self {
        Self {
            id: "3841c594-a8c0-41e5-98cc-38bb45360d3c".to_owned(),
            secret:
                "f9780d323588f1cdfc3e63e95a8cbdcdd47602ff48a537b51dc5d7834bf466416a716bd4508e904a"
                    .to_owned(),
        }
    }

    /// Those that the guides of 2019 print, in the command that asks for a token too.
    pub fn published_2019() -> Self {
        Self {
            id: "09869a7f-46ce-4908-a914-6129d080a2ae".to_owned(),
            secret:
                "64916fe96f71adc79c5735e49f4e72f18ff941d0dd62cf43ee1ae0857e204f173ba10e4250c12c48"
                    .to_owned(),
        }
    }

    /// Those that the pages of today print, for their extra-small model entity.
    pub fn published_later() -> Self {
        Self {
            id: "2462c96b-6427-4efb-aed7-118e20c2e997".to_owned(),
            secret:
                "825598c105bd1fe021c9eb9d41b30e82beb7a505a1184282e69891f76aa0a396dc9d20f35c9df4a5"
                    .to_owned(),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// Limits of the server. The defaults suit one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's head; a larger one is answered with 431. At least 8,192.
    pub head_bytes: usize,
    /// Bytes of a request's body; a larger one is answered with 413.
    pub body_bytes: usize,
    /// How long a client may take to send a head or a body, and how long it may not read a response.
    pub idle: Duration,
    /// Connections at a time. For one more, the one that has been idle for longest is closed; others wait.
    pub connections: usize,
    /// Jobs that are remembered; the oldest is forgotten, with its files, for a newer one.
    pub jobs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            body_bytes: 64 * 1024,
            idle: Duration::from_secs(30),
            connections: 256,
            jobs: 100,
        }
    }
}

/// What the sandbox serves, and how. `Options::new(data)` is the service of today with the published credentials.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is exported.
    pub data: Data,
    /// Which versions of the API are served. When it is empty, as it is unless given, all of them with synthetic data,
    /// and with a folder those that its records are of.
    pub versions: Vec<Api>,
    /// Where to listen; only loopback is accepted. Port 0 takes any free one.
    pub address: SocketAddr,
    /// Who may ask for tokens. Each is an organisation of its own and does not see the others' jobs.
    pub credentials: Vec<Credentials>,
    /// How long a token is good; 20 minutes.
    pub token_life: Duration,
    /// The least time from the start of a job to its end; zero.
    pub job_time: Duration,
    /// How long the files of a finished job stay; 24 hours.
    pub expiry: Duration,
    /// Encrypt the data files for the holder of this key, as the service did until February 2020.
    pub encrypt_with: Option<PublicKey>,
    /// Show the first lines of files on the page though the data is a folder, whose records may be of real people.
    pub show_data: bool,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// Limits of the server.
    pub limits: Limits,
    /// Set from elsewhere to give up a start, which takes long when it makes many beneficiaries.
    pub give_up: Arc<AtomicBool>,
}

impl Options {
    /// The service of today: no faults, any free port of 127.0.0.1, jobs that end as soon as they can.
    pub fn new(data: Data) -> Self {
        Self {
            data,
            versions: Vec::new(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            credentials: vec![
                Credentials::published(),
                Credentials::published_later(),
                Credentials::published_2019(),
            ],
            token_life: Duration::from_mins(20),
            job_time: Duration::ZERO,
            expiry: Duration::from_hours(24),
            encrypt_with: None,
            show_data: false,
            faults: Vec::new(),
            limits: Limits::default(),
            give_up: Arc::default(),
        }
    }

    /// Whether the page shows the first lines of files. It is about what stands on a screen: who has a token can
    /// download the files.
    pub(crate) fn shows_lines(&self) -> bool {
        self.show_data || matches!(self.data, Data::Synthetic { .. })
    }
}

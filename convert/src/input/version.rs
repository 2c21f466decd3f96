//! Which version of the API a run is of: one run makes tables of one version, because the same claim comes in each of
//! them under another number.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use cclf_crosswalk::{Api, Guesser};
use ndjson_io::{Sniffer, SourceFile};

use crate::error::Error;
use crate::input::source::Source;
use crate::input::sources::SNIFF_BYTES;
use crate::options::Reading;
use crate::setting::{Setting, said};

/// How often a wait for the beginning of a stream looks whether it should end.
const WAIT: Duration = Duration::from_millis(50);

/// The version that a run is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) api: Api,
    pub(crate) told: Told,
}

/// What tells the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The user: records of others are bad.
    ByUser,
    /// A record of the source with this number, of which others must be the like.
    BySource(usize),
    /// What was seen when the reading was planned.
    Elsewhere,
    /// Nothing yet.
    ByNothing,
}

/// Where a record of another version stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign {
    pub(crate) api: Api,
    pub(crate) source: usize,
    /// The number of the line in its file.
    pub(crate) line: u64,
}

impl Version {
    /// The version that the user states, else that of the first record that shows one; without any version 1.
    ///
    /// # Errors
    /// An input cannot be read, or the run was asked to end.
    pub(crate) fn settle(sources: &mut [Source], reading: &Reading) -> Result<Self, Error> {
        if let Some(api) = reading.api {
            return Ok(Self { api, told: Told::ByUser });
        }
        let mut sniffer = Sniffer::default();
        for (number, source) in sources.iter_mut().enumerate() {
            let api = if source.file.is_stream() {
                wait_for_stream(&mut source.file, reading)?
            } else {
                let shows = |beginning: &[u8]| Guesser::version(beginning).is_some();
                Guesser::version(sniffer.beginning(&source.file, SNIFF_BYTES, shows)?)
            };
            if let Some(api) = api {
                return Ok(Self { api, told: Told::BySource(number) });
            }
        }
        Ok(Self { api: Api::V1, told: Told::ByNothing })
    }

    /// The version to begin again with, when a record shows another than the one that nothing had told.
    pub(crate) fn instead(self, foreign: &Foreign) -> Option<Self> {
        let Foreign { api, source, .. } = *foreign;
        (self.told == Told::ByNothing).then_some(Self { api, told: Told::BySource(source) })
    }

    /// The error of a second version in the input.
    pub(crate) fn error(self, foreign: Foreign, sources: &[Source]) -> Error {
        let name = |source: usize| sources[source].file.name().to_owned();
        let Foreign { api, source, line } = foreign;
        let first = match self.told {
            Told::BySource(first) => format!(" in {}", name(first)),
            _ => String::new(),
        };
        Error::usage(said![
            format!(
                "{}, line {line}: a record of BCDA {api}, after records of BCDA {}{first}: one run makes tables of one \
                 version, because the claims of one have other numbers in the other; give each export by itself, or \
                 name the version to keep with ",
                name(source),
                self.api
            ),
            Setting::Api
        ])
    }
}

/// Waits for the first record of a stream that shows its version, as long as the stream has not given many.
fn wait_for_stream(file: &mut SourceFile, reading: &Reading) -> Result<Option<Api>, Error> {
    let (sender, receiver) = channel();
    let mut own = file.clone();
    // Nothing wakes a read of standard input: whoever ends the run leaves it to its thread.
    let look = move || {
        let shows = |beginning: &[u8]| Guesser::version(beginning).is_some();
        let seen = Sniffer::default().beginning_of_stream(&mut own, SNIFF_BYTES, shows);
        let api = seen.map(|beginning| Guesser::version(&beginning));
        drop(sender.send((own, api)));
    };
    let started = thread::Builder::new().name("bcda-look".to_owned()).spawn(look);
    started.map_err(|error| Error::failed(format!("a thread cannot be started: {error}")))?;
    loop {
        match receiver.recv_timeout(WAIT) {
            Ok((own, api)) => {
                *file = own;
                return Ok(api?);
            }
            Err(RecvTimeoutError::Timeout) if reading.cancel.is_cancelled() => {
                return Err(Error::cancelled());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::failed("the thread that looks at the input ended"));
            }
        }
    }
}

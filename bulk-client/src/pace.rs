//! How fast a download comes: one that only drips is given up, so that it can go on over another connection.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::settings::Settings;

/// The bytes of a stretch of time.
pub(crate) struct Pace {
    since: Instant,
    bytes: u64,
    /// Length of a stretch.
    stretch: Duration,
    /// Bytes in a second.
    least: u64,
}

impl Pace {
    pub(crate) fn new(settings: &Settings) -> Self {
        let stretch = settings.whole_answer();
        Self { since: Instant::now(), bytes: 0, stretch, least: settings.least_rate }
    }

    /// Some bytes came. Fails, as something that passes, at the end of a stretch with too few.
    pub(crate) fn came(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes += bytes as u64;
        let elapsed = self.since.elapsed();
        if elapsed < self.stretch {
            return Ok(());
        }
        let least = self.least;
        if u128::from(self.bytes) * 1000 < u128::from(least) * elapsed.as_millis() {
            let message = format!("the file came at fewer than {least} bytes in a second");
            return Err(Error::new(ErrorKind::Network, message).passing(None));
        }
        (self.since, self.bytes) = (Instant::now(), 0);
        Ok(())
    }
}

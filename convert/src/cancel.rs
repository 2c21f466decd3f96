//! Ending a run from outside, and watching it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, ErrorKind};

/// Ends a run from outside, promptly and cleanly.
#[derive(Clone, Debug, Default)]
pub struct Cancel(pub(crate) Arc<AtomicBool>);

impl Cancel {
    /// A new one, not yet set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// What readers of lines look at.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether the run was asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Ends what was asked to end.
    ///
    /// # Errors
    /// It was.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "interrupted"));
        }
        Ok(())
    }
}

/// Counters to watch a run by.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all inputs as stored, when known; 0 until then.
    pub total_bytes: AtomicU64,
    /// Bytes read as stored, in all passes.
    pub reading: Arc<ndjson_io::Progress>,
    /// Records judged.
    pub records: AtomicU64,
    /// Records rejected.
    pub rejects: AtomicU64,
}

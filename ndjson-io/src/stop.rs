//! How threads are told to stop.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

/// Tells threads to stop, and wakes those that wait.
#[derive(Clone)]
pub(crate) struct StopSignal {
    flag: Arc<AtomicBool>,
    channel: Receiver<Infallible>,
}

impl StopSignal {
    pub(crate) fn is_set(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// Nothing ever comes; it is disconnected when the signal is given.
    pub(crate) fn channel(&self) -> &Receiver<Infallible> {
        &self.channel
    }
}

/// Gives the stop signal when it is dropped.
pub(crate) struct Stopper {
    flag: Arc<AtomicBool>,
    _channel: Sender<Infallible>,
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}

/// A signal, and what gives it.
pub(crate) fn stop_pair() -> (Stopper, StopSignal) {
    let (sender, channel) = bounded(0);
    let flag = Arc::new(AtomicBool::new(false));
    (Stopper { flag: Arc::clone(&flag), _channel: sender }, StopSignal { flag, channel })
}

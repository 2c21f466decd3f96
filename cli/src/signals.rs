//! SIGINT and SIGTERM: the first asks the run to end, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use convert::Cancel;
use rustix::process::{Resource, getrlimit};
use signal_hook::consts::{SIGABRT, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Which signal came, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caught(Arc<AtomicI32>);

impl Caught {
    /// The exit code that the signal asks for.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        match self.0.load(Ordering::SeqCst) {
            SIGINT => Some(130),
            SIGTERM => Some(143),
            _ => None,
        }
    }
}

const fn code_of(signal: i32) -> i32 {
    128 + signal
}

/// Listens on a thread of its own, for a run of the converter.
pub(crate) fn listen(cancel: Cancel) -> std::io::Result<Caught> {
    listen_with(move || cancel.cancel())
}

/// Listens on a thread of its own; the first signal calls `end`.
pub(crate) fn listen_with(end: impl Fn() + Send + 'static) -> std::io::Result<Caught> {
    let caught = Caught::default();
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let seen = caught.clone();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            if seen.0.swap(signal, Ordering::SeqCst) != 0 {
                std::process::exit(code_of(signal));
            }
            end();
        }
    })?;
    Ok(caught)
}

/// A file that grows beyond the limit of the process (`ulimit -f`) is a write that fails like any other: the signal
/// that comes with it would end the process before it could tidy up.
pub(crate) fn let_writes_beyond_the_limit_fail() {
    // Without it a run ends at once, and the next one tidies up.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Where the address space is limited (`ulimit -v`), memory that is not there ends the process at once, after it was said
/// how much was asked for: with the exit code of a run that failed, and without a core, which would hold what was in
/// memory. Elsewhere an abort stays one: it would be a fault of the program.
pub(crate) fn let_the_end_of_memory_be_a_failure() {
    if [Resource::As, Resource::Data].into_iter().any(|of| getrlimit(of).current.is_some()) {
        // Without it the exit code is 134.
        let always = Arc::new(AtomicBool::new(true));
        let _ = signal_hook::flag::register_conditional_shutdown(SIGABRT, 1, always);
    }
}

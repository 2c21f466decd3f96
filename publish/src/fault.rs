//! Failing the N-th system call, for tests. Only with the `fault` feature.

use std::cell::RefCell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

/// Counts the system calls of this crate and fails the chosen one.
///
/// A clone shares the count. What is opened inside [`Faults::run`] keeps the
/// faults for its whole life, on whatever thread it is used later.
///
/// # Example
///
/// ```
/// use publish::fault::Faults;
///
/// # let work = tempfile::tempdir()?;
/// let path = work.path().join("report.json");
/// let counting = Faults::none();
/// counting.run(|| publish::write_file_atomically(&path, b"old"))?;
/// for n in 0..counting.calls() {
///     // Each call in turn fails: the file is the earlier one or the new one.
///     let result = Faults::fail_at(n).run(|| publish::write_file_atomically(&path, b"new"));
///     let found = std::fs::read(&path)?;
///     assert!(found == b"new" || (found == b"old" && result.is_err()));
///     publish::write_file_atomically(&path, b"old")?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    fail_at: u64,
    dies: bool,
    exchanges: bool,
    links: bool,
    trace: Arc<Mutex<Vec<String>>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Faults>> = const { RefCell::new(None) };
}

impl Faults {
    /// Nothing fails; calls are counted.
    pub fn none() -> Faults {
        Faults::fail_at(u64::MAX)
    }

    /// Call number `n` (from 0) fails with an I/O error, once.
    pub fn fail_at(n: u64) -> Faults {
        Faults { fail_at: n, dies: false, exchanges: true, links: true, trace: Arc::default() }
    }

    /// Every call from number `n` on fails and does nothing, cleaning up
    /// included: what a `kill -9` at that instant leaves on disk.
    pub fn die_at(n: u64) -> Faults {
        Faults { dies: true, ..Faults::fail_at(n) }
    }

    /// As on a filesystem that cannot exchange two folders.
    #[must_use]
    pub fn without_exchange(self) -> Faults {
        Faults { exchanges: false, ..self }
    }

    /// As on a filesystem without hard links.
    #[must_use]
    pub fn without_links(self) -> Faults {
        Faults { links: false, ..self }
    }

    /// Runs `body` with these faults for everything it opens on this thread.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        let outer = CURRENT.replace(Some(self.clone()));
        let result = body();
        CURRENT.set(outer);
        result
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> u64 {
        self.lock().len() as u64
    }

    /// Each call so far, as `operation path`.
    pub fn trace(&self) -> Vec<String> {
        self.lock().clone()
    }

    pub(crate) fn current() -> Option<Faults> {
        CURRENT.with_borrow(Clone::clone)
    }

    pub(crate) fn check(&self, operation: &str, path: &Path) -> Result<(), Errno> {
        let mut trace = self.lock();
        let n = trace.len() as u64;
        trace.push(format!("{operation} {}", path.display()));
        match operation {
            _ if n == self.fail_at || (self.dies && n > self.fail_at) => Err(Errno::IO),
            "exchange" if !self.exchanges => Err(Errno::INVAL),
            "link" if !self.links => Err(Errno::PERM),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! So many threads work at once as were asked for, however many there are.
//!
//! Besides the workers there are the thread that reads and the one that has the sink. Without turns a run with one
//! worker keeps up to three processors busy.

use std::sync::OnceLock;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// How many threads the machine runs at once. What tells it are a dozen files of the system: they are read once.
pub(crate) fn processors() -> Option<usize> {
    static PROCESSORS: OnceLock<Option<usize>> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().ok().map(usize::from))
}

#[derive(Clone)]
pub(crate) struct Turns {
    /// None when there are turns for all.
    queue: Option<(Sender<()>, Receiver<()>)>,
}

/// Somebody's turn, until it is dropped. Whoever waits for another thread must not have one.
pub(crate) struct Turn {
    back: Option<Sender<()>>,
}

impl Turns {
    /// Where a machine has no more processors than that, it sees to it by itself, and wastes less on the change from
    /// one thread to the next.
    pub(crate) fn new(at_once: usize) -> Self {
        let processors = processors().unwrap_or(usize::MAX);
        if at_once < processors { Self::of(at_once) } else { Self { queue: None } }
    }

    fn of(at_once: usize) -> Self {
        let (back, free) = bounded(at_once.max(1));
        for _ in 0..at_once.max(1) {
            // There is room for all of them.
            let _ = back.send(());
        }
        Self { queue: Some((back, free)) }
    }

    /// Waits for a turn.
    pub(crate) fn take(&self) -> Turn {
        let back = self.queue.as_ref().map(|(back, free)| {
            // Both ends are here, so it is never disconnected.
            let _ = free.recv();
            back.clone()
        });
        Turn { back }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(back) = &self.back {
            let _ = back.try_send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_at_once_than_asked_for() {
        for at_once in [1, 3] {
            let (turns, now, most) = (Turns::of(at_once), AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            let turn = turns.take();
                            most.fetch_max(
                                now.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            std::thread::yield_now();
                            now.fetch_sub(1, Ordering::SeqCst);
                            drop(turn);
                        }
                    });
                }
            });
            let most = most.into_inner();
            assert!((1..=at_once).contains(&most), "{most} of {at_once}");
        }
    }

    #[test]
    fn where_no_more_could_run_nobody_waits() {
        let processors = processors().unwrap_or(1);
        let (first, second) = (Turns::new(processors), Turns::new(processors + 1));
        assert!(first.queue.is_none() && second.queue.is_none());
        assert_eq!(Turns::new(1).queue.is_some(), processors > 1);
    }

    #[test]
    fn a_panic_gives_the_turn_back() {
        let turns = Turns::of(1);
        let panicked = std::panic::catch_unwind(|| {
            let _turn = turns.take();
            panic!("in turn");
        });
        assert!(panicked.is_err());
        drop(turns.take());
    }
}

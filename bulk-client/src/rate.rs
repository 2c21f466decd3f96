//! When the next request may leave: as soon as there is room for it in the window that the server counts in.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::settings::Settings;

/// How much longer the window is here, as a part of it: requests do not arrive as evenly as they leave.
const MARGIN: u32 = 100;

/// A sliding window: all requests of it may leave at once, and each later one when the one so many before it has left
/// the window.
pub(crate) struct Rate {
    most: usize,
    window: Duration,
    /// When the last requests left, or will leave, oldest first; at most as many as the window holds.
    turns: Mutex<VecDeque<Instant>>,
}

impl Rate {
    pub(crate) fn new(settings: &Settings) -> Self {
        let most = usize::try_from(settings.requests.max(1)).unwrap_or(usize::MAX);
        let window = settings.window + settings.window / MARGIN;
        Self { most, window, turns: Mutex::default() }
    }

    /// Waits until a request may leave. Who stops waiting leaves the turn unused.
    pub(crate) async fn turn(&self) {
        let turn = self.take(Instant::now());
        sleep_until(turn).await;
    }

    /// The next turn, not before now.
    fn take(&self, now: Instant) -> Instant {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = turns.len() >= self.most;
        let oldest = if is_full { turns.pop_front() } else { None };
        let turn = oldest.map_or(now, |oldest| now.max(oldest + self.window));
        turns.push_back(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_are_allowed_and_none_less_than_it_could() {
        let window = Duration::from_mins(5);
        for most in [1_u32, 2, 9, 3_000] {
            let rate = Rate::new(&Settings { requests: most, window, ..Settings::default() });
            let (begin, most) = (Instant::now(), most as usize);
            // Asked for all at once, and some later.
            let mut turns: Vec<Instant> = (0..3 * most).map(|_| rate.take(begin)).collect();
            turns.extend((0..most).map(|_| rate.take(begin + 5 * window)));
            assert!(turns[..most].iter().all(|turn| *turn == begin), "the first leave at once");
            assert!(turns.is_sorted());
            for (earlier, later) in turns.iter().zip(&turns[most..]) {
                assert!(*later - *earlier > window, "{most}");
            }
            assert_eq!(turns[most], begin + window + window / MARGIN, "and the next in time");
            assert_eq!(rate.turns.lock().unwrap().len(), most);
        }
    }
}

//! Work that is shared out to threads for a moment.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `work` with each item, on this thread and on up to `helpers` more; gives the results in the order of the
/// items. Where no more threads are to be had, fewer do it.
pub fn shared<T: Send, R: Send>(
    items: Vec<T>,
    helpers: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let helpers = helpers.min(items.len().saturating_sub(1));
    let queue = Mutex::new(items.into_iter().enumerate());
    let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = || {
        let mut done = Vec::new();
        while let Some((place, item)) = take() {
            done.push((place, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, share).ok();
        let threads: Vec<_> = (0..helpers).map_while(start).collect();
        let mut done = share();
        for thread in threads {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for helpers in [0, 1, 3, 50] {
            let doubled = shared((0..100).collect(), helpers, |number: u32| number * 2);
            assert_eq!(doubled, (0..100).map(|number| number * 2).collect::<Vec<_>>(), "{helpers}");
        }
        assert!(shared(Vec::new(), 3, |number: u32| number).is_empty());
    }

    #[test]
    #[should_panic(expected = "the seventh")]
    fn a_panic_goes_on() {
        shared((0..100).collect(), 3, |number| assert!(number != 7, "the seventh"));
    }
}

//! Puts results back in input order.
//!
//! Workers finish blocks in any order, the sink gets them in the order of the input. What waits
//! for its turn is bounded by tickets: there is a fixed number of blocks, and a block goes back to
//! the reader only after the sink has taken its result. However slow one worker or the sink is,
//! no more results than blocks can be waiting.

use std::collections::VecDeque;

/// Blocks per worker: one at work, one waiting for it.
const BLOCKS_PER_WORKER: usize = 2;

/// Blocks besides: one being filled, one whose result is with the sink.
const BLOCKS_BESIDES: usize = 2;

/// How many blocks there are for so many workers.
pub(crate) fn blocks_for(threads: usize) -> usize {
    threads * BLOCKS_PER_WORKER + BLOCKS_BESIDES
}

/// Items that came early, kept until all before them came.
pub(crate) struct Reorder<T> {
    /// Sequence number of the front of `waiting`, the next to go out.
    next: u64,
    waiting: VecDeque<Option<T>>,
}

impl<T> Reorder<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { next: 0, waiting: VecDeque::with_capacity(capacity) }
    }

    /// Takes the item with this sequence number. Each number comes once.
    pub(crate) fn insert(&mut self, sequence: u64, item: T) {
        let Some(place) = sequence.checked_sub(self.next).and_then(|at| usize::try_from(at).ok())
        else {
            debug_assert!(false, "a sequence number came twice");
            return;
        };
        while self.waiting.len() <= place {
            self.waiting.push_back(None);
        }
        debug_assert!(self.waiting[place].is_none(), "a sequence number came twice");
        self.waiting[place] = Some(item);
    }

    /// The sequence number of the item that is to go out next.
    pub(crate) fn position(&self) -> u64 {
        self.next
    }

    /// Gives the next item in order, if it came.
    pub(crate) fn next(&mut self) -> Option<T> {
        let item = self.waiting.front_mut()?.take()?;
        self.waiting.pop_front();
        self.next += 1;
        Some(item)
    }

    /// True if nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn in_order_at_once_and_out_of_order_later() {
        let mut order = Reorder::new(4);
        assert!(order.next().is_none());
        order.insert(0, 'a');
        assert_eq!(order.next(), Some('a'));
        order.insert(2, 'c');
        assert_eq!(order.next(), None);
        assert!(!order.is_empty());
        order.insert(1, 'b');
        assert_eq!((order.next(), order.next(), order.next()), (Some('b'), Some('c'), None));
        assert!(order.is_empty());
    }

    proptest! {
        #[test]
        fn any_arrival_gives_input_order(arrival in Just((0..50_u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut order = Reorder::new(8);
            let mut out = Vec::new();
            for sequence in arrival {
                order.insert(sequence, sequence);
                while let Some(item) = order.next() {
                    out.push(item);
                }
            }
            prop_assert_eq!(out, (0..50).collect::<Vec<_>>());
            prop_assert!(order.is_empty());
        }
    }
}

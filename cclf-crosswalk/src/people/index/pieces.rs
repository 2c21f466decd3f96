//! A list by number whose growth copies nothing: its pieces never move.

/// Items of a piece.
pub(super) const PIECE: usize = 1 << 14;

#[derive(Debug)]
pub(super) struct Pieces<T>(Vec<Vec<T>>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pieces<T> {
    pub(super) fn len(&self) -> usize {
        match self.0.split_last() {
            Some((last, full)) => full.len() * PIECE + last.len(),
            None => 0,
        }
    }

    /// How many pieces there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether one item more needs a piece more.
    pub(super) fn is_full(&self) -> bool {
        self.0.last().is_none_or(|last| last.len() == PIECE)
    }

    pub(super) fn push(&mut self, item: T) {
        if self.is_full() {
            self.0.push(Vec::with_capacity(PIECE));
        }
        if let Some(last) = self.0.last_mut() {
            last.push(item);
        }
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.0[number as usize / PIECE][number as usize % PIECE]
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.0[number as usize / PIECE][number as usize % PIECE]
    }
}

//! Bytes of any length in pieces that never move. What is given back is used again, so that versions that are
//! replaced cost nothing.

use std::collections::HashMap;

/// Bytes of one piece.
const CHUNK_BYTES: usize = 1 << 20;

/// Rooms are whole multiples of this, and of an eighth of the next power of two: few sizes, so that what was given
/// back fits others.
const LEAST_STEP: usize = 8;

/// A place in the arena.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    chunk: u32,
    start: u32,
    len: u32,
}

impl Place {
    /// No place.
    pub(super) const NONE: Self = Self { chunk: u32::MAX, start: 0, len: 0 };

    /// The place, unless it is none.
    pub(super) fn if_any(self) -> Option<Self> {
        (self.chunk != u32::MAX).then_some(self)
    }

    pub(super) fn len(self) -> usize {
        self.len as usize
    }
}

#[derive(Debug, Default)]
pub(super) struct Arena {
    chunks: Vec<Vec<u8>>,
    /// Places that nobody uses, by their room.
    free: HashMap<usize, Vec<Place>>,
    /// Memory of chunks and free lists.
    heap_bytes: usize,
}

/// Bytes that are set aside for so many.
fn room(len: usize) -> usize {
    len.next_multiple_of((len.next_power_of_two() / 8).max(LEAST_STEP))
}

impl Arena {
    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// By how many bytes the arena grows to put so many in.
    pub(super) fn growth(&self, len: usize) -> usize {
        let room = room(len);
        let fits = |last: &Vec<u8>| last.capacity() - last.len() >= room;
        let is_free = self.free.get(&room).is_some_and(|free| !free.is_empty());
        if is_free || self.chunks.last().is_some_and(fits) { 0 } else { room.max(CHUNK_BYTES) }
    }

    #[allow(clippy::cast_possible_truncation, reason = "packed records are shorter than a line")]
    pub(super) fn put(&mut self, bytes: &[u8]) -> Place {
        let (len, room) = (bytes.len() as u32, room(bytes.len()));
        if let Some(free) = self.free.get_mut(&room).and_then(Vec::pop) {
            return self.write(Place { len, ..free }, bytes);
        }
        let growth = self.growth(bytes.len());
        if growth > 0 {
            self.chunks.push(Vec::with_capacity(growth));
            self.heap_bytes += growth;
        }
        let chunk = self.chunks.len() - 1;
        let target = &mut self.chunks[chunk];
        let start = target.len();
        target.extend_from_slice(bytes);
        target.resize(start + room, 0);
        Place { chunk: chunk as u32, start: start as u32, len }
    }

    /// By how many bytes the arena grows when these are put in place of others.
    pub(super) fn growth_in_place_of(&self, old: Option<Place>, len: usize) -> usize {
        match old {
            Some(old) if room(old.len()) == room(len) => 0,
            _ => self.growth(len),
        }
    }

    /// Puts bytes in, and gives back the place of others: it is the same place, if they fit there.
    pub(super) fn put_in_place_of(&mut self, old: Option<Place>, bytes: &[u8]) -> Place {
        if let Some(old) = old {
            self.give_back(old);
        }
        self.put(bytes)
    }

    fn write(&mut self, place: Place, bytes: &[u8]) -> Place {
        let start = place.start as usize;
        self.chunks[place.chunk as usize][start..start + bytes.len()].copy_from_slice(bytes);
        place
    }

    /// Nobody uses this place any more.
    pub(super) fn give_back(&mut self, place: Place) {
        let free = self.free.entry(room(place.len())).or_default();
        let before = free.capacity();
        free.push(place);
        self.heap_bytes += (free.capacity() - before) * size_of::<Place>();
    }

    pub(super) fn get(&self, place: Place) -> &[u8] {
        &self.chunks[place.chunk as usize][place.start as usize..][..place.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_few_and_hardly_larger() {
        let mut rooms: Vec<usize> = (1..100_000).map(room).collect();
        assert!((1..100_000).all(|len| room(len) >= len && room(len) < len + (len / 4).max(8)));
        assert!((1..100_000).all(|len| room(room(len)) == room(len)));
        rooms.dedup();
        assert!(rooms.len() < 64, "{}", rooms.len());
    }

    #[test]
    fn what_is_given_back_is_used_again() {
        let mut arena = Arena::default();
        let mut place = arena.put(b"first");
        let other = arena.put(b"another");
        for round in 0..100_000_usize {
            let bytes = round.to_string().repeat(round % 140).into_bytes();
            place = arena.put_in_place_of(Some(place), &bytes);
            assert_eq!(arena.get(place), bytes);
        }
        assert_eq!(arena.get(other), b"another");
        assert!(arena.heap_bytes() < CHUNK_BYTES + 10_000, "{}", arena.heap_bytes());
        arena.give_back(place);
        assert_eq!(arena.growth(room(place.len())), 0);
        assert_eq!(arena.growth(2 * CHUNK_BYTES), 2 * CHUNK_BYTES);
    }
}

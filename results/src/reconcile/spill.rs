//! Rows of matched claims of both sides, cut by their pairs into spools.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::arrow::array::RecordBatch;
use convert::Error;
use publish::Spools;

use super::cells::{put_row, put_text};
use super::column::Column;
use super::digest::{Digest, Key};
use super::identity::{Names, family, person};
use super::matching::Pairs;
use super::opened::Opened;
use super::shape::{Places, Shape};
use super::side::{Both, Side};
use crate::mbis::Mbis;
use crate::rows::{Piece, Reader};

/// Bytes of a part of both sides, which is in memory for each thread.
const PART_BYTES: u64 = 16 << 20;

/// Parts at most: each is an open file.
const MOST_PARTS: u64 = 256;

/// Bytes before the id and the cells: of the pair, the line, the side, and how many follow.
pub(super) const HEAD_BYTES: usize = 8 + 8 + 1 + 4;

/// Rows that wait to be compared.
pub(super) struct Spilled {
    /// Each with its bytes. All rows of a pair are in one.
    pub(super) parts: Vec<(File, u64)>,
}

/// By what rows are found to be of a pair.
pub(super) struct Lookup<'a> {
    pub(super) names: Names,
    pub(super) mbis: &'a Mbis,
    /// Pairs of claims.
    pub(super) pairs: &'a Pairs,
    /// Whether a person is on both sides.
    pub(super) is_on_both: &'a (dyn Fn(u64) -> bool + Sync),
    /// Sees each row of a claim that is in no pair: the digest, the columns and the row.
    pub(super) unmatched: &'a (dyn Fn(&Digest, &RecordBatch, usize) + Sync),
    /// Whether rows say whose they are.
    pub(super) with_ids: bool,
}

/// Reads a table of both sides, and writes the rows of pairs into spools.
///
/// # Errors
/// A table cannot be read, or a spool not written.
pub(super) fn spill(
    shape: &Shape,
    sides: &Both<Opened>,
    lookup: &Lookup<'_>,
    reader: Reader<'_>,
    spools: &Spools,
) -> Result<Spilled, Error> {
    let rows: u64 = Side::ALL.iter().map(|side| sides[*side].kept.count(shape.table)).sum();
    // A cell takes a byte or five, and half of them are null.
    let bytes = rows * (HEAD_BYTES as u64 + 4 * shape.columns.len() as u64);
    let count = bytes.div_ceil(PART_BYTES).clamp(1, MOST_PARTS);
    let parts = (0..count)
        .map(|_| Ok((spools.make()?, AtomicU64::new(0))))
        .collect::<Result<Vec<_>, publish::Error>>()?;
    for side in Side::ALL {
        let opened = &sides[side];
        let stored = opened.finished.table(shape.table);
        let free = Mutex::new(Vec::new());
        let places = shape.places(stored)?;
        reader.each(
            stored,
            &places.columns,
            |piece, batch| {
                let own = || free.lock().unwrap_or_else(PoisonError::into_inner);
                // Buffers are used again: they are as large as the columns of a piece.
                let mut buffers = own().pop().unwrap_or_else(|| vec![Vec::new(); parts.len()]);
                encode(shape, &places, (side, opened), lookup, (piece, &batch), &mut buffers);
                for ((file, end), buffer) in parts.iter().zip(&mut buffers) {
                    let at = end.fetch_add(buffer.len() as u64, Ordering::Relaxed);
                    file.write_all_at(buffer, at).map_err(|error| fault(&error))?;
                    buffer.clear();
                }
                own().push(buffers);
                Ok(())
            },
            |_, ()| Ok(()),
        )?;
    }
    Ok(Spilled { parts: parts.into_iter().map(|(file, end)| (file, end.into_inner())).collect() })
}

pub(super) fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("a spool failed: {fault}"))
}

/// Puts the rows of a piece into the buffers of the parts.
fn encode(
    shape: &Shape,
    places: &Places,
    (side, opened): (Side, &Opened),
    lookup: &Lookup<'_>,
    (piece, batch): (&Piece, &RecordBatch),
    buffers: &mut [Vec<u8>],
) {
    let kept = opened.kept.of(shape.table, piece);
    let columns: Vec<Column<'_>> = batch.columns().iter().map(Column::of).collect();
    let compared = &columns[..shape.columns.len()];
    let (id, claim_type) = (&columns[places.id], &columns[places.claim_type]);
    let keys: Vec<&Column<'_>> = places.keys.iter().map(|place| &columns[*place]).collect();
    let mut finder = Finder { shape, side, lookup, key: Key::default(), last: None };
    let mut scratch = Key::default();
    for row in (0..batch.num_rows()).filter(|row| kept.value(*row)) {
        let number = piece.first + row as u64;
        let Some(pair) = finder.pair(id, claim_type, (batch, row), number) else { continue };
        let line = shape.line(&keys, row, &mut scratch);
        // Pairs are digests, which are spread evenly.
        let part = ((pair >> 32) * buffers.len() as u64) >> 32;
        let buffer = &mut buffers[usize::try_from(part).unwrap_or(0)];
        let head = buffer.len();
        buffer.extend_from_slice(&pair.to_le_bytes());
        buffer.extend_from_slice(&line.to_le_bytes());
        buffer.push(side as u8);
        buffer.extend_from_slice(&[0; 4]);
        put_text(buffer, if lookup.with_ids { id.text(row).unwrap_or("") } else { "" });
        put_row(buffer, compared, row, |place, text| {
            if shape.mbi == Some(place) {
                lookup.mbis.current(text.trim_matches(' '))
            } else {
                text
            }
        });
        let length = u32::try_from(buffer.len() - head - HEAD_BYTES).unwrap_or(u32::MAX);
        buffer[head + HEAD_BYTES - 4..head + HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
    }
}

/// Finds the pair of a row; that of the row before mostly is its own.
struct Finder<'a> {
    shape: &'a Shape,
    side: Side,
    lookup: &'a Lookup<'a>,
    key: Key,
    last: Option<(&'a str, cclf_crosswalk::Table, Option<u64>)>,
}

impl<'a> Finder<'a> {
    fn pair(
        &mut self,
        id: &Column<'a>,
        claim_type: &Column<'a>,
        (batch, row): (&RecordBatch, usize),
        number: u64,
    ) -> Option<u64> {
        let text = id.code(row);
        let family = family(self.shape.table, claim_type.code(row));
        if let Some((_, _, pair)) =
            self.last.filter(|last| (Some(last.0), last.1) == (text, family))
        {
            return pair;
        }
        let pair = if self.shape.is_of_people() {
            let own = person(&mut self.key, self.lookup.mbis.current(text?));
            (self.lookup.is_on_both)(own).then_some(own)
        } else {
            if text.is_none() && family != self.shape.table {
                return None;
            }
            let names = self.lookup.names;
            let digest = names.claim_or_row(&mut self.key, (family, self.side), text, number);
            let pair = self.lookup.pairs.get(&digest).copied();
            if pair.is_none() && family == self.shape.table {
                (self.lookup.unmatched)(&digest, batch, row);
            }
            pair
        };
        self.last = text.map(|text| (text, family, pair));
        pair
    }
}

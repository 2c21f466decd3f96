//! Rows of both sides that belong together, compared cell by cell.

use std::cmp::Ordering;
use std::os::unix::fs::FileExt;

use convert::building::shared;
use convert::{Cancel, Error};

use super::cells::{Row, null_bytes, number_of, shown, take, text_of};
use super::kind::{Cells, Kind};
use super::report::{ColumnReport, TableReport};
use super::shape::Shape;
use super::side::{Both, Side};
use super::spill::{HEAD_BYTES, Spilled, fault};

/// Pairs between two looks at whether the run was asked to end.
const LOOK_PAIRS: usize = 4_096;

/// A difference, for whoever asks for examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Example {
    /// The number of the column among those that are compared.
    pub(super) column: usize,
    pub(super) kind: Kind,
    pub(super) ids: Both<String>,
    pub(super) line: String,
    pub(super) values: Both<String>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    equal: u64,
    both_null: u64,
    kinds: [u64; Kind::ALL.len()],
}

/// What is counted of a table.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    matched: u64,
    different: u64,
    only: Both<u64>,
    columns: Vec<Counts>,
    pub(super) examples: Vec<Example>,
}

impl Compared {
    fn new(columns: usize) -> Self {
        let columns = vec![Counts::default(); columns];
        Self { matched: 0, different: 0, only: Both::default(), columns, examples: Vec::new() }
    }

    fn merge(&mut self, other: Self, most: usize) {
        let mut more = vec![vec![0; self.columns.len()]; Kind::ALL.len()];
        for example in other.examples {
            // Each difference that was seen before is an example, as long as there was room.
            let seen = self.columns[example.column].kinds[example.kind as usize];
            let own = &mut more[example.kind as usize][example.column];
            if seen + *own < most as u64 {
                *own += 1;
                self.examples.push(example);
            }
        }
        self.matched += other.matched;
        self.different += other.different;
        for side in Side::ALL {
            self.only[side] += other.only[side];
        }
        for (own, other) in self.columns.iter_mut().zip(other.columns) {
            own.equal += other.equal;
            own.both_null += other.both_null;
            own.kinds.iter_mut().zip(other.kinds).for_each(|(own, other)| *own += other);
        }
    }

    /// What it says of the table, and how often each kind of difference is.
    pub(super) fn report(&self, shape: &Shape) -> (TableReport, Vec<(usize, Kind, u64)>) {
        let mut kinds = Vec::new();
        let columns =
            shape.columns.iter().zip(&self.columns).enumerate().map(|(place, (column, counts))| {
                let of = |kind: Kind| counts.kinds[kind as usize];
                kinds.extend(
                    Kind::ALL.map(|kind| (place, kind, of(kind))).iter().filter(|one| one.2 > 0),
                );
                let only =
                    Both { left: of(Kind::OnlyLeftHasValue), right: of(Kind::OnlyRightHasValue) };
                ColumnReport {
                    column: column.name.clone(),
                    equal: counts.equal,
                    both_null: counts.both_null,
                    only,
                    different: counts.kinds.iter().sum::<u64>() - only.left - only.right,
                }
            });
        let report = TableReport {
            table: shape.table.name(),
            matched: self.matched,
            different: self.different,
            only: self.only,
            columns: columns.collect(),
            not_compared: shape.not_compared.clone(),
        };
        (report, kinds)
    }
}

/// Where a row stands in a part.
#[derive(Clone, Copy, Debug)]
struct Place {
    pair: u64,
    line: u64,
    side: Side,
    /// The id, and the cells behind it.
    start: usize,
    end: usize,
}

/// Compares all rows of a table; `most` examples are kept of each kind of difference.
///
/// # Errors
/// A spool cannot be read, or the run was asked to end.
pub(super) fn compare(
    shape: &Shape,
    spilled: &Spilled,
    most: usize,
    (threads, cancel): (usize, &Cancel),
) -> Result<Compared, Error> {
    let mut all = Compared::new(shape.columns.len());
    // Part by part in their order, so that the examples are the same for any number of threads.
    for some in spilled.parts.chunks(threads.max(1)) {
        let done = shared(some.iter().collect(), threads.saturating_sub(1), |(file, bytes)| {
            let mut part = vec![0; usize::try_from(*bytes).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut part, 0).map_err(|error| fault(&error))?;
            let mut own =
                Part { shape, bytes: &part, most, compared: Compared::new(shape.columns.len()) };
            own.compare(cancel)?;
            Ok::<_, Error>(own.compared)
        });
        for done in done {
            all.merge(done?, most);
        }
    }
    Ok(all)
}

struct Part<'a> {
    shape: &'a Shape,
    bytes: &'a [u8],
    most: usize,
    compared: Compared,
}

impl<'a> Part<'a> {
    fn places(&self) -> Vec<Place> {
        let (mut places, mut at) = (Vec::new(), 0);
        while let Some(head) = self.bytes.get(at..at + HEAD_BYTES) {
            let eight = |from: usize| {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&head[from..from + 8]);
                u64::from_le_bytes(bytes)
            };
            let length = u32::from_le_bytes([head[17], head[18], head[19], head[20]]) as usize;
            let side = if head[16] == Side::Left as u8 { Side::Left } else { Side::Right };
            let start = at + HEAD_BYTES;
            places.push(Place { pair: eight(0), line: eight(8), side, start, end: start + length });
            at = start + length;
        }
        places
    }

    /// The id of a row and its cells.
    fn row(&self, place: &Place) -> (&'a [u8], &'a [u8]) {
        let mut rest = &self.bytes[place.start..place.end];
        let id = take(&mut rest);
        (id, rest)
    }

    fn compare(&mut self, cancel: &Cancel) -> Result<(), Error> {
        let mut places = self.places();
        places.sort_unstable_by(|one, other| {
            let keys = |place: &Place| (place.pair, place.line, place.side);
            keys(one).cmp(&keys(other)).then_with(|| {
                let (one, other) = (self.row(one), self.row(other));
                one.1.cmp(other.1).then(one.0.cmp(other.0))
            })
        });
        let lines = places.chunk_by(|one, next| (one.pair, one.line) == (next.pair, next.line));
        for (number, rows) in lines.enumerate() {
            if number % LOOK_PAIRS == 0 && cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let right = rows.partition_point(|place| place.side == Side::Left);
            self.line(&rows[..right], &rows[right..]);
        }
        Ok(())
    }

    /// Rows of one line, each side in the order of its cells.
    fn line(&mut self, left: &[Place], right: &[Place]) {
        if let ([left], [right]) = (left, right) {
            self.pair(left, right);
            return;
        }
        // Rows that are alike first, then the others by their order.
        let (mut left_rest, mut right_rest) = (Vec::new(), Vec::new());
        let (mut at, mut to) = (0, 0);
        while at < left.len() && to < right.len() {
            match self.row(&left[at]).1.cmp(self.row(&right[to]).1) {
                Ordering::Equal => {
                    self.pair(&left[at], &right[to]);
                    (at, to) = (at + 1, to + 1);
                }
                Ordering::Less => {
                    left_rest.push(left[at]);
                    at += 1;
                }
                Ordering::Greater => {
                    right_rest.push(right[to]);
                    to += 1;
                }
            }
        }
        left_rest.extend(&left[at..]);
        right_rest.extend(&right[to..]);
        for (left, right) in left_rest.iter().zip(&right_rest) {
            self.pair(left, right);
        }
        let pairs = left_rest.len().min(right_rest.len());
        self.compared.only.left += (left_rest.len() - pairs) as u64;
        self.compared.only.right += (right_rest.len() - pairs) as u64;
    }

    fn pair(&mut self, left: &Place, right: &Place) {
        let count = self.shape.columns.len();
        let (left_row, right_row) = (self.row(left), self.row(right));
        self.compared.matched += 1;
        let (mut one, mut other) = (Row::new(left_row.1, count), Row::new(right_row.1, count));
        if left_row.1 == right_row.1 {
            for (place, counts) in self.compared.columns.iter_mut().enumerate() {
                if one.is_null(place) { counts.both_null += 1 } else { counts.equal += 1 }
            }
            return;
        }
        self.compared.different += 1;
        debug_assert!(left_row.1.len() >= null_bytes(count), "the cells of a row");
        for (place, column) in self.shape.columns.iter().enumerate() {
            let counts = &mut self.compared.columns[place];
            let (one, other) = (one.next(place), other.next(place));
            let kind = match (one, other) {
                (None, None) => {
                    counts.both_null += 1;
                    continue;
                }
                (Some(one), Some(other)) if one == other => {
                    counts.equal += 1;
                    continue;
                }
                (Some(_), None) => Kind::OnlyLeftHasValue,
                (None, Some(_)) => Kind::OnlyRightHasValue,
                (Some(one), Some(other)) => match column.cells {
                    Cells::Text => Kind::of_texts(text_of(one), text_of(other)),
                    cells => Kind::of_numbers(cells, number_of(one), number_of(other)),
                },
            };
            let seen = &mut counts.kinds[kind as usize];
            if *seen < self.most as u64 {
                let value = |cell: Option<&[u8]>| {
                    cell.map_or(String::new(), |cell| shown(column.cells, cell))
                };
                self.compared.examples.push(Example {
                    column: place,
                    kind,
                    ids: Both {
                        left: text_of(left_row.0).to_owned(),
                        right: text_of(right_row.0).to_owned(),
                    },
                    line: self.shape.shown_line(left.line),
                    values: Both { left: value(one), right: value(other) },
                });
            }
            *seen += 1;
        }
    }
}

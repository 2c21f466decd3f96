//! Records from an iterator, batches from an iterator.

use crate::arrow::array::RecordBatch;

use super::error::{BadRecord, BatchError};
use super::last::LastBatches;
use super::tables::TableStream;
use crate::counts::RecordCounts;
use crate::layout::table::Table;

/// The batches of [`TableStream::batches`].
///
/// ```
/// use cclf_crosswalk::{BatchError, Beneficiaries, Table, TableStream};
/// # let (patient, claim) = (synth::patient(1), synth::eob(1, synth::ClaimType::Carrier));
/// # let lines = format!("{claim}\nno JSON\n");
///
/// let mut people = Beneficiaries::default();
/// people.push(patient.as_bytes())?;
/// let tables = TableStream::new(people, &[Table::Cclf5], &Default::default());
/// let (mut rows, mut bad) = (0, 0);
/// for item in tables.batches(lines.lines()) {
///     match item {
///         Ok((_, batch)) => rows += batch.num_rows(),
///         Err(BatchError::Record(record)) => {
///             eprintln!("{record}");
///             bad += 1;
///         }
///         Err(error) => return Err(error.into()),
///     }
/// }
/// assert!(rows > 0 && bad == 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Batches<I> {
    state: State,
    records: I,
    /// Records that were given.
    number: u64,
}

#[derive(Debug)]
enum State {
    Reading(Box<TableStream>),
    Ending(Box<LastBatches>),
    /// With the last counts.
    Over(Box<RecordCounts>),
}

impl TableStream {
    /// Gives the batches of all `records`, then what is left, as an iterator. Records that are not taken are given back
    /// among the batches, in their order.
    pub fn batches<I: IntoIterator<Item: AsRef<[u8]>>>(self, records: I) -> Batches<I::IntoIter> {
        let records = records.into_iter();
        Batches { state: State::Reading(Box::new(self)), records, number: 0 }
    }
}

impl<I> Batches<I> {
    /// What became of the records so far.
    pub fn counts(&self) -> RecordCounts {
        match &self.state {
            State::Reading(stream) => stream.counts(),
            State::Ending(last) => last.counts(),
            State::Over(counts) => **counts,
        }
    }

    /// Nothing comes any more.
    fn end(&mut self) {
        self.state = State::Over(Box::new(self.counts()));
    }
}

impl<R: AsRef<[u8]>, I: Iterator<Item = R>> Iterator for Batches<I> {
    type Item = Result<(Table, RecordBatch), BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match &mut self.state {
                State::Reading(stream) => {
                    match stream.next_batch() {
                        Ok(Some(batch)) => return Some(Ok(batch)),
                        Ok(None) => {}
                        Err(error) => {
                            self.end();
                            return Some(Err(error.into()));
                        }
                    }
                    if let Some(record) = self.records.next() {
                        self.number += 1;
                        let Err(error) = stream.push(record.as_ref()) else { continue };
                        // Bad records are few, and what owns them can go anywhere.
                        let record = record.as_ref().to_vec();
                        let bad = BadRecord { number: self.number, error, record };
                        return Some(Err(BatchError::Record(bad)));
                    }
                    let over = State::Over(Box::new(stream.counts()));
                    if let State::Reading(stream) = std::mem::replace(&mut self.state, over) {
                        self.state = State::Ending(Box::new(stream.finish()));
                    }
                }
                State::Ending(last) => {
                    let next = last.next();
                    if !matches!(next, Some(Ok(_))) {
                        self.end();
                    }
                    return next.map(|batch| batch.map_err(BatchError::Arrow));
                }
                State::Over(_) => return None,
            }
        }
    }
}

impl<R: AsRef<[u8]>, I: Iterator<Item = R>> std::iter::FusedIterator for Batches<I> {}

//! What comes after the last claim.

use crate::arrow::array::RecordBatch;
use crate::arrow::error::ArrowError;

use super::tables::TableStream;
use crate::counts::RecordCounts;
use crate::layout::table::Table;
use crate::people::index::BeneficiaryNumber;
use crate::people::tables::{PeopleTables, summary};

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Rows of claims wait to be built.
    Claims,
    /// The rows of people are being built.
    People,
    /// Only batches wait.
    Built,
}

/// The batches after the last claim: what waited, CCLF8 and CCLF9, then CCLF0.
#[derive(Debug)]
pub struct LastBatches {
    stream: TableStream,
    people: PeopleTables,
    rest: std::vec::IntoIter<BeneficiaryNumber>,
    stage: Stage,
}

impl TableStream {
    /// There are no more claims: gives all that is left.
    pub fn finish(self) -> LastBatches {
        LastBatches::new(self)
    }
}

impl LastBatches {
    fn new(stream: TableStream) -> Self {
        let tables = stream.outputs.tables();
        let people = PeopleTables::new(stream.plan, &tables, &stream.options.columns);
        let rest = stream.index.in_order().into_iter();
        Self { stream, people, rest, stage: Stage::Claims }
    }

    /// What became of the records.
    pub fn counts(&self) -> RecordCounts {
        self.stream.counts
    }

    fn step(&mut self) -> Result<(), ArrowError> {
        let stream = &mut self.stream;
        match self.stage {
            Stage::Claims => {
                stream.outputs.push(stream.claims.finish()?)?;
                self.stage = Stage::People;
            }
            Stage::People => {
                let TableStream { index, hospice, lineages, .. } = &*stream;
                while self.people.rows() < stream.options.batch_rows {
                    let Some(number) = self.rest.next() else {
                        self.stage = Stage::Built;
                        break;
                    };
                    self.people.append(index, number, hospice, lineages);
                }
                stream.counts.untranslated(self.people.take_untranslated());
                stream.outputs.push(self.people.finish()?)?;
                if self.stage == Stage::Built {
                    let counted = stream.outputs.0.iter();
                    let counted: Vec<(Table, u64)> = counted
                        .filter(|output| output.table != Table::Cclf0)
                        .map(|output| (output.table, output.rows))
                        .collect();
                    let rows = summary(stream.plan, &counted)?;
                    stream.outputs.push(vec![(Table::Cclf0, rows)])?;
                    stream.outputs.finish()?;
                }
            }
            Stage::Built => {}
        }
        Ok(())
    }
}

impl Iterator for LastBatches {
    type Item = Result<(Table, RecordBatch), ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.stream.outputs.next_batch() {
                return Some(Ok(batch));
            }
            if self.stage == Stage::Built {
                return None;
            }
            if let Err(error) = self.step() {
                self.stage = Stage::Built;
                return Some(Err(error));
            }
        }
    }
}

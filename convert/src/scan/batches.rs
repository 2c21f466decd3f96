//! Rows of blocks into batches of one size, handed to whoever reads the scan.

use std::time::Duration;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{Plan, Rebatch, Table};
use crossbeam_channel::{SendTimeoutError, Sender};

use super::options::ScanOptions;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::out::tables::Rows;
use crate::setting::{Setting, said};

/// How often a scan whose reader is slow looks whether it was cancelled.
const CANCEL_POLL: Duration = Duration::from_millis(10);

/// The rows of a scan on their way out.
pub(super) struct Batches {
    table: Table,
    /// Only claims of a part are read: nobody can begin again with the people of the whole input.
    of_part: bool,
    /// The tables whose rows are made, and how many came.
    counts: Vec<(Table, u64)>,
    rebatch: Rebatch,
    reader: Sender<RecordBatch>,
    cancel: Cancel,
    handed_out: bool,
    rows: u64,
}

impl Batches {
    /// The batches that a scan is asked for, for the other end of `reader`.
    pub(super) fn of(options: &ScanOptions, reader: &Sender<RecordBatch>) -> Self {
        Self {
            table: options.table,
            of_part: options.part.is_some(),
            counts: options.made().into_iter().map(|table| (table, 0)).collect(),
            rebatch: Rebatch::new(options.schema(), options.batch_rows),
            reader: reader.clone(),
            cancel: options.reading.cancel.clone(),
            handed_out: false,
            rows: 0,
        }
    }

    fn push(&mut self, batch: RecordBatch) -> Result<(), Error> {
        self.rebatch.push(batch).map_err(|_| Error::unbuilt())?;
        self.hand_out()
    }

    /// Hands out the batches that are whole, as the reader takes them.
    fn hand_out(&mut self) -> Result<(), Error> {
        while let Some(batch) = self.rebatch.next_batch() {
            self.handed_out = true;
            self.rows += batch.num_rows() as u64;
            let mut waiting = batch;
            loop {
                match self.reader.send_timeout(waiting, CANCEL_POLL) {
                    Ok(()) => break,
                    Err(SendTimeoutError::Timeout(batch)) if !self.cancel.is_cancelled() => {
                        waiting = batch;
                    }
                    Err(_) => return Err(Error::cancelled()),
                }
            }
        }
        Ok(())
    }

    /// Hands out what is left; gives the number of rows.
    pub(super) fn finish(mut self, plan: &'static Plan) -> Result<u64, Error> {
        if self.table == Table::Cclf0 {
            let summary =
                cclf_crosswalk::summary(plan, &self.counts).map_err(|_| Error::unbuilt())?;
            self.push(summary)?;
        }
        self.rebatch.finish().map_err(|_| Error::unbuilt())?;
        self.hand_out()?;
        Ok(self.rows)
    }
}

impl Rows for Batches {
    fn names(&self) -> Vec<Table> {
        self.counts.iter().map(|(table, _)| *table).collect()
    }

    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error> {
        for (own, rows) in &mut self.counts {
            if *own == table {
                *rows += batch.num_rows() as u64;
            }
        }
        if table == self.table { self.push(batch) } else { Ok(()) }
    }

    /// Possible until a batch was handed out, and where the people of the whole input can be read.
    fn abandon(self) -> Result<(), Error> {
        let handed_out = match (self.of_part, self.handed_out) {
            (true, _) => "",
            (false, true) => ", and rows were handed out before they were met",
            (false, false) => return Ok(()),
        };
        Err(Error::usage(said![
            "Patients or Coverages stand among the claims of the input",
            handed_out,
            ": ask for ",
            Setting::People,
            "=\"anywhere\", which reads every file for people first"
        ]))
    }
}

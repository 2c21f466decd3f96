//! A scan, which blocks, as a stream, which must not.
//!
//! Each stream has a thread of its own, not one of the runtime's for blocking work: those are limited in number, and
//! all of them might wait for a query that waits for one more of them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use convert::{Error, ScanOptions, ScanReport, scan};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::RecordBatchStream;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder,
};
use futures_util::Stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::table::ExportTable;

/// Batches that wait for the query, besides those that the scan keeps ready.
const BATCHES_AHEAD: usize = 1;

/// How often a scan that has no batch ready looks whether anybody still wants one.
const DROPPED_POLL: Duration = Duration::from_millis(20);

/// Our error as one of DataFusion's.
pub(crate) fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

fn failed(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Execution(message.into())
}

/// What the thread says.
enum Said {
    Batch(RecordBatch),
    Failed(Error),
    Ended(Box<ScanReport>),
}

enum State {
    /// Nobody has asked for a row yet.
    Planned(Box<ScanOptions>),
    Reading(Receiver<Said>),
    Over,
}

/// The rows of a table, in the order of the input. Dropped, it ends the reading without waiting for its end.
pub(crate) struct Rows {
    state: State,
    schema: SchemaRef,
    /// Rows that may still come.
    left: Option<usize>,
    table: ExportTable,
    metrics: Metrics,
}

struct Metrics {
    base: BaselineMetrics,
    records_read: Count,
    records_rejected: Count,
    bytes_scanned: Count,
}

impl Rows {
    /// Rows with the columns of `schema`, at most `limit` of them, of the scan that these options ask for.
    pub(crate) fn new(
        options: ScanOptions,
        schema: SchemaRef,
        limit: Option<usize>,
        table: ExportTable,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Self {
        let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, 0);
        let metrics = Metrics {
            base: BaselineMetrics::new(metrics, 0),
            records_read: counter("records_read"),
            records_rejected: counter("records_rejected"),
            bytes_scanned: counter("bytes_scanned"),
        };
        Self { state: State::Planned(Box::new(options)), schema, left: limit, table, metrics }
    }

    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RecordBatch>>> {
        if self.left == Some(0) {
            self.state = State::Over;
        }
        if let State::Planned(options) = &self.state {
            match start((**options).clone()) {
                Ok(said) => self.state = State::Reading(said),
                Err(error) => return self.fail(error),
            }
        }
        let State::Reading(said) = &mut self.state else { return Poll::Ready(None) };
        match ready!(said.poll_recv(context)) {
            Some(Said::Batch(batch)) => match self.cut(&batch) {
                Ok(batch) => Poll::Ready(Some(Ok(batch))),
                Err(error) => {
                    self.state = State::Over;
                    Poll::Ready(Some(Err(error)))
                }
            },
            Some(Said::Failed(error)) => self.fail(external(error)),
            Some(Said::Ended(report)) => {
                let Metrics { records_read, records_rejected, bytes_scanned, .. } = &self.metrics;
                records_read.add(count(report.run.records.read));
                records_rejected.add(count(report.run.records.rejected));
                bytes_scanned.add(count(report.run.bytes_read));
                self.table.keep_report(*report);
                self.state = State::Over;
                Poll::Ready(None)
            }
            // The thread has panicked; what it said may quote the data.
            None => self.fail(failed("the scan ended in a way it should not; please report it")),
        }
    }

    fn fail(&mut self, error: DataFusionError) -> Poll<Option<Result<RecordBatch>>> {
        self.state = State::Over;
        Poll::Ready(Some(Err(error)))
    }

    /// The columns that the query wants, in its order, and no more rows than are left.
    fn cut(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let own = batch.schema_ref();
        let places = self.schema.fields().iter().map(|field| own.index_of(field.name()));
        let mut batch = batch.project(&places.collect::<Result<Vec<_>, _>>()?)?;
        if let Some(left) = &mut self.left {
            batch = batch.slice(0, batch.num_rows().min(*left));
            *left -= batch.num_rows();
            if *left == 0 {
                // Ends the reading now, not when the query asks again.
                self.state = State::Over;
            }
        }
        Ok(batch)
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Stream for Rows {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let polled = this.poll_batch(context);
        this.metrics.base.record_poll(polled)
    }
}

impl RecordBatchStream for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

fn start(options: ScanOptions) -> Result<Receiver<Said>> {
    let (to, said) = channel(BATCHES_AHEAD);
    thread::Builder::new()
        .name("bcda-datafusion".to_owned())
        .spawn(move || read(options, &to))
        .map_err(|error| failed(format!("start of a thread failed: {error}")))?;
    Ok(said)
}

/// The thread: hands out what the scan gives until nobody listens.
fn read(options: ScanOptions, to: &Sender<Said>) {
    let mut scan = match scan(options) {
        Ok(scan) => scan,
        Err(error) => {
            // Whoever might have wanted it may be gone, here and below.
            let _ = to.blocking_send(Said::Failed(error));
            return;
        }
    };
    loop {
        let said = match scan.poll_next(DROPPED_POLL) {
            Poll::Pending if to.is_closed() => return,
            Poll::Pending => continue,
            Poll::Ready(Some(Ok(batch))) => Said::Batch(batch),
            Poll::Ready(Some(Err(error))) => Said::Failed(error),
            // Without a report it had not ended well, and had said so.
            Poll::Ready(None) => match scan.report() {
                Some(report) => Said::Ended(Box::new(report.clone())),
                None => return,
            },
        };
        let last = !matches!(said, Said::Batch(_));
        if to.blocking_send(said).is_err() || last {
            return;
        }
    }
}

//! Lines to rows, on the threads that read.

use std::sync::Arc;

use cclf_crosswalk::arrow::array::{
    ArrayRef, Date32Array, RecordBatch, StringArray, new_null_array,
};
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_files::{Decoder, LineFault};
use ndjson_io::{BlockWorker, InBlock, Line};

use super::delivery::Laid;

/// Lines that are decoded together.
const HELD_LINES: usize = 512;

/// The lineage columns that a file of CMS fills.
const FILE_NAME: &str = "FILE_NAME";
const FILE_DATE: &str = "FILE_DATE";

/// A file while it is read.
pub(super) struct Source {
    pub(super) laid: Laid,
    /// FILE_DATE, in days since 1970-01-01.
    pub(super) day: i32,
    /// Of the table, with the lineage columns.
    pub(super) schema: SchemaRef,
}

/// A bad line.
pub(super) struct Bad {
    pub(super) source: usize,
    pub(super) number: InBlock,
    pub(super) offset: u64,
    /// None of a line that is too long to be kept.
    pub(super) fault: Option<LineFault>,
    pub(super) line: Vec<u8>,
}

/// What some lines have become.
#[derive(Default)]
pub(super) struct Rows {
    /// Rows of a source, in its order.
    pub(super) batches: Vec<(usize, Option<RecordBatch>)>,
    pub(super) bad: Vec<Bad>,
    pub(super) latin1: u64,
}

pub(super) struct Worker<'s> {
    sources: &'s [Source],
    /// The source whose lines are at hand.
    current: Option<(usize, Decoder)>,
    /// Lines that were not decoded yet, one behind the other, and where each ends and stood.
    held: Vec<u8>,
    places: Vec<(usize, InBlock, u64)>,
    rows: Rows,
    /// What the decoder at hand had counted before.
    latin1: u64,
}

impl<'s> Worker<'s> {
    pub(super) fn new(sources: &'s [Source]) -> Self {
        let (held, places) = (Vec::new(), Vec::with_capacity(HELD_LINES));
        Self { sources, current: None, held, places, rows: Rows::default(), latin1: 0 }
    }

    /// Decodes what is held.
    fn decode(&mut self) {
        let Some((source, decoder)) = &mut self.current else { return };
        let mut start = 0;
        let mut lines: Vec<&[u8]> = Vec::with_capacity(self.places.len());
        for (end, ..) in &self.places {
            lines.push(&self.held[start..*end]);
            start = *end;
        }
        for (line, fault) in decoder.lines(&lines) {
            let (_, number, offset) = self.places[line];
            let line = lines[line].to_vec();
            self.rows.bad.push(Bad { source: *source, number, offset, fault: Some(fault), line });
        }
        self.held.clear();
        self.places.clear();
    }

    /// Ends the rows of the source at hand.
    fn end(&mut self) {
        self.decode();
        let Some((source, decoder)) = &mut self.current else { return };
        // The decoder counts from its beginning on.
        let latin1 = decoder.latin1();
        self.rows.latin1 += latin1 - std::mem::replace(&mut self.latin1, latin1);
        if decoder.rows() > 0 {
            let own = &self.sources[*source];
            let batch = decoder.finish().ok().and_then(|batch| own.with_lineage(&batch));
            self.rows.batches.push((*source, batch));
        }
    }
}

impl Source {
    /// Rows with the lineage columns, of which none but FILE_NAME and FILE_DATE can be filled.
    fn with_lineage(&self, batch: &RecordBatch) -> Option<RecordBatch> {
        let rows = batch.num_rows();
        let lineage = self.schema.fields().iter().skip(batch.num_columns());
        let lineage = lineage.map(|field| -> ArrayRef {
            match field.name().as_str() {
                FILE_NAME => {
                    let name = self.laid.member.called.as_str();
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(name, rows)))
                }
                FILE_DATE => Arc::new(Date32Array::from_value(self.day, rows)),
                _ => new_null_array(field.data_type(), rows),
            }
        });
        let columns = batch.columns().iter().cloned().chain(lineage).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).ok()
    }
}

impl BlockWorker for Worker<'_> {
    type Output = Rows;

    fn line(&mut self, line: Line<'_>) {
        // The end of a file, as some systems once wrote it.
        if line.bytes == b"\x1a" {
            return;
        }
        if self.current.as_ref().is_none_or(|(source, _)| *source != line.source) {
            self.end();
            let decoder = Decoder::new(&self.sources[line.source].laid.layout);
            (self.current, self.latin1) = (Some((line.source, decoder)), 0);
        }
        self.held.extend_from_slice(line.bytes);
        self.places.push((self.held.len(), line.number, line.offset));
        if self.places.len() == HELD_LINES {
            self.decode();
        }
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, _len_bytes: u64) {
        self.decode();
        self.rows.bad.push(Bad { source, number, offset, fault: None, line: Vec::new() });
    }

    fn finish_block(&mut self) -> Rows {
        self.end();
        std::mem::take(&mut self.rows)
    }
}

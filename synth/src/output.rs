//! A data file being written, record by record.

use crate::defect::{Defect, RecordType};
use crate::json::Json;
use crate::options::Options;
use crate::rng::{Rng, Stream};
use crate::sink::Sink;
use crate::summary::{FileSummary, Summary};
use std::io::{self, Write};

/// When the buffer is written out, in bytes. One record more than this is held at most.
const FLUSH_BYTES: usize = 256 * 1024;
/// The folder of deletions, as `bcda export` has it.
const DELETED: &str = "deleted/";

/// A file being written. One without records is not opened, unless the export is of no weeks.
pub(crate) struct Output<'a, W: Write> {
    pub(crate) options: &'a Options,
    /// The type of the records; `None` for deletions.
    of: Option<RecordType>,
    create: &'a mut dyn FnMut(&str) -> io::Result<W>,
    sink: Option<Sink<W>>,
    name: String,
    pub(crate) json: Json,
    records: u64,
    content_bytes: u64,
    /// The stream of defects of this file.
    defects: Rng,
    /// The stream that says where gzip members end; `None` for a file of one member.
    members: Option<Rng>,
}

impl<'a, W: Write> Output<'a, W> {
    /// The file of that number, counted over all of the export.
    pub(crate) fn new(
        options: &'a Options,
        of: Option<RecordType>,
        number: u64,
        create: &'a mut dyn FnMut(&str) -> io::Result<W>,
    ) -> Self {
        // An export of other weeks has other files.
        let weeks = options
            .window
            .map_or(0, |window| u64::from(window.after) << 32 | u64::from(window.until));
        let mut members = Rng::new(options.seed, Stream::FileMembers, number, weeks);
        let several = options.gzip && members.percent(30);
        let mut name = file_name(options, number, weeks);
        if of.is_none() {
            name.insert_str(0, DELETED);
        }
        Self {
            options,
            of,
            create,
            sink: None,
            name,
            json: Json { bytes: Vec::with_capacity(FLUSH_BYTES * 2) },
            records: 0,
            content_bytes: 0,
            defects: Rng::new(options.seed, Stream::Defect, number, weeks),
            members: several.then_some(members),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn sink(&mut self) -> io::Result<&mut Sink<W>> {
        if self.sink.is_none() {
            self.sink = Some(Sink::new((self.create)(&self.name)?, self.options.gzip));
        }
        self.sink.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Ends the record that begins at `start`: breaks it, perhaps, and writes the buffer out when it is full.
    pub(crate) fn end_record(&mut self, start: usize, summary: &mut Summary) -> io::Result<()> {
        let bad = self.options.bad_per_million;
        if bad > 0 && self.of.is_some() && self.defects.chance(bad, 1_000_000) {
            let mut line = self.json.bytes.split_off(start);
            let defect = Defect::draw(&mut self.defects).apply(&mut line);
            self.json.bytes.extend_from_slice(&line);
            *summary.bad.entry(defect.name()).or_default() += 1;
        }
        self.json.bytes.push(b'\n');
        self.records += 1;
        if let Some(record_type) = self.of {
            *summary.records.entry(record_type.name()).or_default() += 1;
        }
        // A member may end between two records or in the middle of one.
        if self.members.as_mut().is_some_and(|rng| rng.chance(1, 100)) {
            let middle = self.members.as_mut().is_some_and(|rng| rng.percent(50));
            let length = self.json.bytes.len();
            let at = if middle { usize::midpoint(start, length) } else { length };
            let rest = self.json.bytes.split_off(at);
            self.write_out()?;
            self.sink = self.sink.take().map(Sink::next_member).transpose()?;
            self.json.bytes = rest;
            self.write_out()
        } else if self.json.bytes.len() >= FLUSH_BYTES {
            self.write_out()
        } else {
            Ok(())
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.json.bytes);
        self.sink()?.write(&bytes)?;
        self.content_bytes += bytes.len() as u64;
        self.json.bytes = bytes;
        self.json.bytes.clear();
        Ok(())
    }

    /// Ends the file; `None` when there is none.
    pub(crate) fn finish(mut self) -> io::Result<Option<FileSummary>> {
        if self.records > 0 || self.options.window.is_none() {
            self.write_out()?;
        }
        let Some(sink) = self.sink else { return Ok(None) };
        let bytes = sink.finish()?;
        let Self { of: record_type, name, records, content_bytes, .. } = self;
        Ok(Some(FileSummary { name, record_type, records, bytes, content_bytes }))
    }
}

/// A made-up UUID of version 4.
fn file_name(options: &Options, number: u64, weeks: u64) -> String {
    let mut rng = Rng::new(options.seed, Stream::FileName, number, weeks);
    let (high, low) = (rng.next(), rng.next());
    let high = high & !0xF000 | 0x4000;
    let low = low & !(0xC << 60) | 0x8 << 60;
    let extension = if options.gzip { "ndjson.gz" } else { "ndjson" };
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}.{extension}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF,
    )
}

//! Bad lines: kept as they were, with a list of where they stood.

use std::collections::BTreeMap;
use std::io::{self, Write};

use convert::{Error, MaxRejects, OnBadRecord, Setting, said};
use publish::{Stage, StagedFile};

use super::worker::{Bad, Source};

/// The lines, and the list of them.
const RAW: &str = "rejects/rejects.txt";
const LIST: &str = "rejects/rejects.csv";
const HEADER: &str = "source,line,byte_offset,class,fault_byte,column\n";

/// The class of a line with another length than the records of its file have.
const LENGTH: &str = "length";

/// Rejects, in the order of the input.
pub(super) struct Rejects<'s> {
    stage: &'s Stage,
    files: Option<(StagedFile, StagedFile)>,
    pub(super) count: u64,
    pub(super) by_class: BTreeMap<String, u64>,
    pub(super) by_source: Vec<u64>,
    first: Option<String>,
}

fn fault(error: &io::Error) -> Error {
    Error::failed(format!("write of the rejects failed: {error}"))
}

impl<'s> Rejects<'s> {
    pub(super) fn new(stage: &'s Stage, sources: usize) -> Self {
        let by_source = vec![0; sources];
        Self { stage, files: None, count: 0, by_class: BTreeMap::new(), by_source, first: None }
    }

    /// Keeps a bad line, the `number`-th of its file.
    ///
    /// # Errors
    /// Bad lines end the run, or the files cannot be written.
    pub(super) fn push(
        &mut self,
        bad: &Bad,
        number: u64,
        source: &Source,
        on_bad_record: OnBadRecord,
    ) -> Result<(), Error> {
        let name = &source.laid.member.called;
        let (class, byte) = bad.fault.map_or((LENGTH, 0), |fault| (fault.class.name(), fault.byte));
        let places = source.laid.layout.places();
        let column = bad.fault.and_then(|fault| fault.column).and_then(|column| {
            places.iter().find(|place| place.column == column).map(|place| place.name)
        });
        let column = column.unwrap_or_default();
        let what = match bad.fault {
            None => "the line is too long to be a record".to_owned(),
            Some(fault) if column.is_empty() => {
                format!(
                    "{fault}, and those of the file have {}",
                    source.laid.layout.record_length()
                )
            }
            Some(fault) => format!("{fault} ({column})"),
        };
        let place = format!("{name}, line {number} (at byte {}): {class}: {what}", bad.offset);
        if on_bad_record == OnBadRecord::Fail {
            let keeps = "=reject keeps such lines aside";
            return Err(Error::bad_data(said![place, "; ", Setting::OnBadRecord, keeps]));
        }
        self.first.get_or_insert(place);
        self.count += 1;
        self.by_source[bad.source] += 1;
        *self.by_class.entry(class.to_owned()).or_default() += 1;
        if self.files.is_none() {
            let mut list = self.stage.create(LIST)?;
            list.write_all(HEADER.as_bytes()).map_err(|error| fault(&error))?;
            self.files = Some((self.stage.create(RAW)?, list));
        }
        let Some((raw, list)) = &mut self.files else { return Ok(()) };
        let offset = bad.offset;
        raw.write_all(&bad.line)
            .and_then(|()| raw.write_all(b"\n"))
            .and_then(|()| writeln!(list, "{name},{number},{offset},{class},{byte},{column}"))
            .map_err(|error| fault(&error))
    }

    /// Looks whether there are too many among so many lines, which may be all that there are.
    ///
    /// # Errors
    /// There are.
    pub(super) fn check(&self, most: MaxRejects, lines: u64, at_end: bool) -> Result<(), Error> {
        let first = self.first.as_deref().unwrap_or_default();
        if at_end && self.count > 0 && self.count == lines {
            return Err(Error::bad_data(format!("all {lines} lines are bad; the first: {first}")));
        }
        if most.exceeded(self.count, lines) {
            return Err(Error::bad_data(said![
                format!("{} of {lines} lines were rejected, more than ", self.count),
                Setting::MaxRejects,
                format!(" allows; the first: {first}")
            ]));
        }
        Ok(())
    }

    /// Ends the files, and gives their names.
    ///
    /// # Errors
    /// They cannot be written to their end.
    pub(super) fn finish(self) -> Result<Vec<String>, Error> {
        let Some((raw, list)) = self.files else { return Ok(Vec::new()) };
        raw.finish()?;
        list.finish()?;
        Ok(vec![RAW.to_owned(), LIST.to_owned()])
    }
}

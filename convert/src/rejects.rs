//! Rejected records: spooled while the run goes on, published with the tables.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cclf_crosswalk::RecordError;
use publish::Stage;

use crate::error::Error;
use crate::options::{OnBadRecord, Options};
use crate::sources::Source;
use crate::tally::Reject;

/// The header of `rejects.csv`.
const HEADER: &str = "source,line,byte_offset,class,fault_byte,path\n";

/// The raw lines, and the list of where they stood and why they were rejected.
const RAW: &str = "rejects.ndjson";
const LIST: &str = "rejects.csv";

/// Where a bad record stands and what is wrong with it.
pub(crate) fn place(name: &str, number: u64, offset: u64, error: &RecordError) -> String {
    format!("{name}, line {number} (at byte {offset}): {error}")
}

/// Rejects of one pass, in input order.
pub(crate) struct RejectLog {
    raw: BufWriter<File>,
    list: BufWriter<File>,
    /// The folder of the two, which have no names.
    folder: PathBuf,
    count: u64,
    first: Option<String>,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("write of the rejects failed: {fault}"))
}

fn spool_fault(folder: &Path, fault: &std::io::Error) -> Error {
    Error::failed(format!("the spool of rejects in {} failed: {fault}", folder.display()))
}

impl RejectLog {
    pub(crate) fn new(stage: &Stage) -> Result<Self, Error> {
        Ok(Self {
            raw: BufWriter::new(stage.spool()?),
            list: BufWriter::new(stage.spool()?),
            folder: stage.scratch()?,
            count: 0,
            first: None,
        })
    }

    /// Keeps a reject: the `rejected`-th of the `read` records so far.
    ///
    /// # Errors
    /// When this one is one too many, or the spool cannot be written.
    pub(crate) fn push(
        &mut self,
        reject: &Reject,
        sources: &[Source],
        rejected: u64,
        read: u64,
        options: &Options,
    ) -> Result<(), Error> {
        let name = sources[reject.source].file.name();
        let error = &reject.error;
        let place = || place(name, reject.number, reject.offset, error);
        if options.on_bad_record == OnBadRecord::Fail {
            return Err(Error::of_a_record(&place()));
        }
        let first = self.first.get_or_insert_with(place);
        if options.max_rejects.exceeded(rejected, read) {
            return Err(Error::bad_data(format!(
                "{rejected} of {read} records were rejected, more than --max-rejects allows; \
                 the first: {first}"
            )));
        }
        self.count += 1;
        if let Some(line) = &reject.line {
            self.raw
                .write_all(line)
                .and_then(|()| self.raw.write_all(b"\n"))
                .map_err(|e| spool_fault(&self.folder, &e))?;
        }
        writeln!(
            self.list,
            "{},{},{},{},{},{}",
            quoted(name),
            reject.number,
            reject.offset,
            error.class(),
            error.offset(),
            quoted(&error.path())
        )
        .map_err(|e| spool_fault(&self.folder, &e))
    }

    /// Appends both spools to the files that are published.
    fn copy_to(self, raw: &mut impl Write, list: &mut impl Write) -> Result<(), Error> {
        copy(self.raw, &self.folder, raw)?;
        copy(self.list, &self.folder, list)
    }
}

/// Writes the rejects of all passes into the stage, below `folder`; gives the names of the files.
pub(crate) fn publish(
    logs: Vec<RejectLog>,
    stage: &Stage,
    folder: &str,
) -> Result<Vec<String>, Error> {
    if logs.iter().all(|log| log.count == 0) {
        return Ok(Vec::new());
    }
    let names = [format!("{folder}{RAW}"), format!("{folder}{LIST}")];
    let mut raw = stage.create(&names[0])?;
    let mut list = stage.create(&names[1])?;
    list.write_all(HEADER.as_bytes()).map_err(|e| fault(&e))?;
    for log in logs {
        log.copy_to(&mut raw, &mut list)?;
    }
    raw.finish()?;
    list.finish()?;
    Ok(names.into())
}

fn copy(spool: BufWriter<File>, folder: &Path, to: &mut impl Write) -> Result<(), Error> {
    let mut from = spool.into_inner().map_err(|e| spool_fault(folder, e.error()))?;
    from.seek(SeekFrom::Start(0)).map_err(|e| spool_fault(folder, &e))?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = from.read(&mut buffer).map_err(|e| spool_fault(folder, &e))?;
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count]).map_err(|e| fault(&e))?;
    }
}

/// A CSV field, quoted when it must be.
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

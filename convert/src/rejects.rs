//! Rejected records: spooled while the run goes on, published with the tables.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

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
    count: u64,
    first: Option<String>,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("write of the rejects failed: {fault}"))
}

impl RejectLog {
    pub(crate) fn new(stage: &Stage) -> Result<Self, Error> {
        Ok(Self {
            raw: BufWriter::new(stage.spool()?),
            list: BufWriter::new(stage.spool()?),
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
                .map_err(|e| fault(&e))?;
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
        .map_err(|e| fault(&e))
    }

    fn spools(self) -> Result<[File; 2], Error> {
        let inner = |writer: BufWriter<File>| {
            let mut file = writer.into_inner().map_err(|e| fault(e.error()))?;
            file.seek(SeekFrom::Start(0)).map_err(|e| fault(&e))?;
            Ok::<_, Error>(file)
        };
        Ok([inner(self.raw)?, inner(self.list)?])
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
        let [lines, rows] = log.spools()?;
        copy(lines, &mut raw)?;
        copy(rows, &mut list)?;
    }
    raw.finish()?;
    list.finish()?;
    Ok(names.into())
}

fn copy(mut from: File, to: &mut impl Write) -> Result<(), Error> {
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = from.read(&mut buffer).map_err(|e| fault(&e))?;
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

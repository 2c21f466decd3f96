//! Rejected records: spooled while the run goes on, published with the tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cclf_crosswalk::{ErrorClass, RecordError};
use ndjson_io::{Sniffer, SourceFile};
use publish::{Spools, Stage};

use crate::error::{Error, RejectPlace};
use crate::input::instead::{Instead, LOOK_BYTES};
use crate::input::source::Source;
use crate::options::{OnBadRecord, Reading};
use crate::setting::{Setting, Spelling, said};

/// The header of `rejects.csv`.
const HEADER: &str = "source,line,byte_offset,class,fault_byte,path\n";

/// The raw lines, and the list of where they stood and why they were rejected.
const RAW: &str = "rejects.ndjson";
const LIST: &str = "rejects.csv";

/// A record that was rejected: where it stands, why, and its line as it was.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) source: usize,
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) error: RecordError,
    /// Not kept of lines that were too long.
    pub(crate) line: Option<Vec<u8>>,
    /// Records that the block had judged when this one came, itself included.
    pub(crate) ordinal: u64,
}

/// Where rejects go until the end.
#[derive(Clone, Copy)]
pub(crate) enum Aside<'o> {
    /// Into spools of a run's private folder.
    Spools(&'o Stage),
    /// A scan, which has no folder, keeps the places of the first so many of each pass.
    Places(usize),
}

impl<'o> Aside<'o> {
    /// The private folder.
    pub(crate) fn stage(self) -> Option<&'o Stage> {
        if let Self::Spools(stage) = self { Some(stage) } else { None }
    }
}

/// Where a bad record stands and what is wrong with it.
pub(crate) fn place(
    name: &str,
    (number, offset): (u64, u64),
    error: &RecordError,
    spelling: Spelling,
) -> String {
    let advice = match error.class() {
        ErrorClass::LineTooLong => {
            format!("; raise {} if it is real", spelling(Setting::MaxLineBytes))
        }
        _ => String::new(),
    };
    format!("{name}, line {number} (at byte {offset}): {error}{advice}")
}

/// The rejects of one source, and where the first of them stands.
#[derive(Clone, Debug)]
pub(crate) struct Rejected {
    pub(crate) count: u64,
    pub(crate) number: u64,
    pub(crate) place: String,
    /// The first of them is too long to be kept.
    is_too_long: bool,
    instead: Option<Instead>,
}

impl Rejected {
    pub(crate) fn new(reject: &Reject, place: String) -> Self {
        let instead = reject.line.as_deref().and_then(Instead::of);
        let (number, is_too_long) = (reject.number, reject.line.is_none());
        Self { count: 0, number, place, is_too_long, instead }
    }

    /// Counts one more.
    pub(crate) fn add(&mut self) {
        self.count += 1;
    }

    /// The error of more bad records than are allowed, if this was the first of them.
    pub(crate) fn too_many(&self, file: &SourceFile, rejected: u64, read: u64) -> Error {
        // What the first line shows is true of the file.
        let instead = self.instead.filter(|_| self.number == 1);
        let instead = instead.map_or_else(String::new, |instead| {
            format!("; {} begins as {}: {}", file.name(), instead.what, instead.advice)
        });
        Error::bad_data(said![
            format!("{rejected} of {read} records were rejected, more than "),
            Setting::MaxRejects,
            format!(" allows; the first: {}{instead}", self.place)
        ])
    }

    /// What the file holds whose first record this is, if it does not begin as a JSON object does.
    pub(crate) fn in_place_of_records(&self, file: &SourceFile) -> Option<Instead> {
        if !self.is_too_long || file.is_stream() {
            return self.instead;
        }
        let mut sniffer = Sniffer::default();
        let beginning = sniffer.beginning(file, LOOK_BYTES, |_| false).ok()?;
        Instead::of(beginning)
    }
}

/// Rejects of one pass, in input order.
pub(crate) struct RejectLog {
    kept: Kept,
    count: u64,
    by_source: BTreeMap<usize, Rejected>,
}

/// What is kept of rejects.
enum Kept {
    /// All, with their lines, to be published: in spools that are made for the first.
    Spooled(Spools, Option<Spool>),
    /// Where the first so many stand.
    Places { places: Vec<RejectPlace>, most: usize },
}

struct Spool {
    raw: BufWriter<File>,
    list: BufWriter<File>,
    /// The folder of the two, which have no names.
    folder: PathBuf,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("write of the rejects failed: {fault}"))
}

fn spool_fault(folder: &Path, fault: &std::io::Error) -> Error {
    Error::failed(format!("the spool of rejects in {} failed: {fault}", folder.display()))
}

impl RejectLog {
    pub(crate) fn new(aside: Aside<'_>) -> Self {
        let kept = match aside {
            Aside::Places(most) => Kept::Places { places: Vec::new(), most },
            Aside::Spools(stage) => Kept::Spooled(stage.spools().clone(), None),
        };
        Self { kept, count: 0, by_source: BTreeMap::new() }
    }

    /// The sources of the rejects, and how many each has.
    pub(crate) fn by_source(&self) -> &BTreeMap<usize, Rejected> {
        &self.by_source
    }

    /// The places that were kept.
    pub(crate) fn into_places(self) -> Vec<RejectPlace> {
        match self.kept {
            Kept::Places { places, .. } => places,
            Kept::Spooled(..) => Vec::new(),
        }
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
        reading: &Reading,
    ) -> Result<(), Error> {
        let file = &sources[reject.source].file;
        let name = file.name();
        let error = &reject.error;
        // Of a part of a file the lines before it are counted when somebody wants to know.
        let number = file.lines_before()? + reject.number;
        let place = || place(name, (number, reject.offset), error, reading.spelling);
        if reading.on_bad_record == OnBadRecord::Fail {
            let record = RejectPlace::new(name, number, reject.offset, error);
            return Err(Error::of_a_record(record, place()));
        }
        let own = self.by_source.entry(reject.source);
        own.or_insert_with(|| Rejected::new(reject, place())).add();
        if reading.max_rejects.exceeded(rejected, read)
            && let Some((source, first)) = self.by_source.first_key_value()
        {
            return Err(first.too_many(&sources[*source].file, rejected, read));
        }
        self.count += 1;
        match &mut self.kept {
            Kept::Spooled(spools, spool) => {
                let spool = match spool {
                    Some(spool) => spool,
                    None => spool.insert(Spool::new(spools)?),
                };
                spool.push(reject, name).map_err(|e| spool_fault(&spool.folder, &e))?;
            }
            Kept::Places { places, most } if places.len() < *most => {
                places.push(RejectPlace::new(name, number, reject.offset, error));
            }
            Kept::Places { .. } => {}
        }
        Ok(())
    }
}

impl Spool {
    fn new(spools: &Spools) -> Result<Self, Error> {
        let (raw, list) = (spools.make()?, spools.make()?);
        Ok(Self { raw: BufWriter::new(raw), list: BufWriter::new(list), folder: spools.folder() })
    }

    fn push(&mut self, reject: &Reject, name: &str) -> std::io::Result<()> {
        if let Some(line) = &reject.line {
            self.raw.write_all(line)?;
            self.raw.write_all(b"\n")?;
        }
        let error = &reject.error;
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
        if let Kept::Spooled(_, Some(spool)) = log.kept {
            spool.copy_to(&mut raw, &mut list)?;
        }
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

//! The tables while they are written: into the private folder of the run. What goes to standard output is
//! written there first too: it comes whole or not at all, and claims may have to be read twice.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::error::ArrowError;
use cclf_crosswalk::{
    CROSSWALK_VERSION, ColumnArrays, Format, Plan, Provenance, Resources, Share, Spill, Table,
    TableWriter, schema,
};
use publish::{Spools, Stage, StagedFile};

use crate::cancel::Cancel;
use crate::error::{Error, ErrorKind};
use crate::options::{Options, Output};
use crate::out::hashed::{Failure, Hashed};
use crate::out::shared::shared;
use crate::out::stdout::Stdout;
use crate::report::{FileReport, TableReport};

/// Bytes of a table that are copied to standard output at a time.
const COPIED_BYTES: usize = 256 << 10;

/// A file of the run's scratch folder, for the rows of a table that cannot be written yet. Most tables of a small run
/// never need theirs.
#[derive(Debug)]
struct Scratch {
    spools: Spools,
    file: OnceLock<File>,
    failure: Arc<Failure>,
}

impl Scratch {
    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let made = self.spools.make().map_err(io::Error::other)?;
        Ok(self.file.get_or_init(|| made))
    }
}

impl Spill for Scratch {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let written = self.file().and_then(|file| file.write_all_at(bytes, at));
        written.inspect_err(|error| self.failure.note(error))
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let read = self.file().and_then(|file| file.read_exact_at(bytes, at));
        read.inspect_err(|error| self.failure.note(error))
    }
}

/// Takes the rows of the passes.
pub trait Rows {
    /// The tables whose rows are made, CCLF0 apart.
    fn names(&self) -> Vec<Table>;

    /// Takes rows of a table, in the order of the input.
    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error>;

    /// Takes as many rows of a table as a Parquet row group has, whose columns come one by one; whether it did. Where it
    /// does not, the same rows are to be [written](Self::write).
    fn write_row_group(
        &mut self,
        _table: Table,
        _columns: &ColumnArrays<'_>,
    ) -> Result<bool, Error> {
        Ok(false)
    }

    /// Gives up all rows so far, to take them anew.
    fn abandon(self) -> Result<(), Error>;
}

struct OpenTable {
    table: Table,
    file: String,
    writer: TableWriter<Hashed>,
    failure: Arc<Failure>,
}

impl OpenTable {
    fn begin(table: Table, options: &Options, plan: &Plan, stage: &Stage) -> Result<Self, Error> {
        let file = format!("{}.{}", options.naming.file_stem(table), options.format.extension());
        let failure = Arc::new(Failure::default());
        let hashed = Hashed::create(stage, &file, Arc::clone(&failure))?;
        let provenance = Provenance {
            pairs: vec![
                ("bcda.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
                ("bcda.crosswalk_version".to_owned(), CROSSWALK_VERSION.to_owned()),
            ],
        };
        let schema = schema(plan.crosswalk(), table, &options.columns);
        let spill: Option<Box<dyn Spill>> = match options.format {
            Format::Parquet => {
                let (spools, failure) = (stage.spools().clone(), Arc::clone(&failure));
                Some(Box::new(Scratch { spools, file: OnceLock::new(), failure }))
            }
            Format::Csv | Format::Arrow => None,
        };
        let helpers = options.reading.threads() - 1;
        let share: Share = Box::new(move |count, work| {
            shared((0..count).collect(), helpers, work);
        });
        let writer = TableWriter::new(
            schema,
            options.format,
            options.compression,
            &provenance,
            options.output == Output::Stdout,
            Resources { spill, share },
            hashed,
        )
        .map_err(|error| told(&failure, &file, &error))?;
        Ok(Self { table, file, writer, failure })
    }
}

/// The tables of a run.
pub struct Tables<'o> {
    options: &'o Options,
    plan: &'static Plan,
    /// The private folder that they are written to.
    stage: &'o Stage,
    open: Vec<OpenTable>,
}

impl<'o> Tables<'o> {
    /// Begins the tables that were asked for, CCLF0 apart: it is written last.
    /// The rows go into files of the stage.
    ///
    /// # Errors
    /// A file cannot be made.
    pub fn begin(
        options: &'o Options,
        plan: &'static Plan,
        stage: &'o Stage,
    ) -> Result<Self, Error> {
        let asked = |table: &Table| options.tables.contains(table) && *table != Table::Cclf0;
        let asked = Table::ALL.into_iter().filter(asked).collect();
        // What a Parquet file says of its columns takes longer to write than all else of a run without records.
        let begun = shared(asked, options.reading.threads() - 1, |table| {
            OpenTable::begin(table, options, plan, stage)
        });
        let open = begun.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { options, plan, stage, open })
    }

    /// Whether the table is copied to standard output when the run has succeeded.
    fn is_for_stdout(&self) -> bool {
        self.options.output == Output::Stdout
    }

    /// Ends all tables, CCLF0 last, and says what they are.
    ///
    /// # Errors
    /// What the encoders or the files say.
    pub fn finish(mut self) -> Result<Vec<TableReport>, Error> {
        let counts: Vec<(Table, u64)> =
            self.open.iter().map(|open| (open.table, open.writer.rows())).collect();
        if self.options.tables.contains(&Table::Cclf0) {
            let mut open = OpenTable::begin(Table::Cclf0, self.options, self.plan, self.stage)?;
            let rows = cclf_crosswalk::summary(self.plan, &counts)
                .map_err(|error| told(&open.failure, &open.file, &error))?;
            open.writer.write(rows).map_err(|error| told(&open.failure, &open.file, &error))?;
            self.open.push(open);
        }
        let (stdout, reading) = (self.is_for_stdout(), &self.options.reading);
        // Each table's columns are encoded side by side, then all are synced side by side.
        let ended = self.open.into_iter().map(end).collect::<Result<Vec<_>, _>>()?;
        let reports =
            shared(ended, reading.threads(), sync).into_iter().collect::<Result<Vec<_>, _>>()?;
        if stdout {
            for report in &reports {
                copy_out(self.stage, &report.file, &reading.cancel)?;
            }
        }
        Ok(reports)
    }
}

impl Rows for Tables<'_> {
    fn names(&self) -> Vec<Table> {
        self.open.iter().map(|open| open.table).collect()
    }

    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error> {
        match self.open.iter_mut().find(|open| open.table == table) {
            Some(open) => {
                open.writer.write(batch).map_err(|error| told(&open.failure, &open.file, &error))
            }
            None => Ok(()),
        }
    }

    fn write_row_group(&mut self, table: Table, columns: &ColumnArrays<'_>) -> Result<bool, Error> {
        match self.open.iter_mut().find(|open| open.table == table) {
            Some(open) => open
                .writer
                .write_row_group(columns)
                .map_err(|error| told(&open.failure, &open.file, &error)),
            None => Ok(false),
        }
    }

    fn abandon(self) -> Result<(), Error> {
        for open in self.open {
            let file = open.file.clone();
            sync(end(open)?)?;
            self.stage.take_back(&file)?;
        }
        Ok(())
    }
}

/// Writes what is left of a table; its file is to be synced.
fn end(open: OpenTable) -> Result<(TableReport, StagedFile), Error> {
    let rows = open.writer.rows();
    let hashed = open.writer.finish().map_err(|error| told(&open.failure, &open.file, &error))?;
    let (FileReport { file, bytes, blake3 }, staged) = hashed.end();
    Ok((TableReport { table: open.table.name().to_owned(), file, rows, bytes, blake3 }, staged))
}

fn sync((report, file): (TableReport, StagedFile)) -> Result<TableReport, Error> {
    file.finish()?;
    Ok(report)
}

/// What went wrong with a table's output, in our words: an I/O failure if there was one.
fn told(failure: &Failure, file: &str, error: &ArrowError) -> Error {
    if let Some(message) = failure.take() {
        return Error::failed(format!("write of {file} failed: {message}"));
    }
    let class = match error {
        ArrowError::IoError(..) => "an I/O failure",
        ArrowError::MemoryError(_) => "memory",
        _ => "the encoder",
    };
    Error::failed(format!("write of {file} failed: {class}; please report it"))
}

fn copy_out(stage: &Stage, file: &str, cancel: &Cancel) -> Result<(), Error> {
    let copied = File::open(stage.dir().join(file)).and_then(|mut table| {
        let mut stdout = BufWriter::with_capacity(COPIED_BYTES, Stdout::new(cancel)?);
        io::copy(&mut table, &mut stdout).and_then(|_| stdout.flush())
    });
    copied.map_err(|error| match error.kind() {
        _ if cancel.is_cancelled() => {
            Error::new(ErrorKind::Cancelled, "interrupted; the table was not written to its end")
        }
        io::ErrorKind::BrokenPipe => {
            Error::new(ErrorKind::BrokenPipe, "standard output was closed")
        }
        _ => Error::failed(format!("copy of {file} to standard output failed: {error}")),
    })
}

//! Rows that wait for the end of the stream: a file for each table, in the run's private folder.
//!
//! Rows whose Patient has not come have that Patient's id beside them, in a column of its own.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, RecordBatch, StringBuilder,
};
use cclf_crosswalk::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cclf_crosswalk::arrow::error::ArrowError;
use cclf_crosswalk::arrow::ipc::reader::StreamReader;
use cclf_crosswalk::arrow::ipc::writer::StreamWriter;
use cclf_crosswalk::{Index, LateMbi, Table};
use publish::Stage;

use crate::error::Error;
use crate::options::Reading;
use crate::out::tables::{Rows as _, Tables};

/// Bytes on their way to or from a spool.
const BUFFER_BYTES: usize = 256 << 10;

/// The column of ids; no column of a table has a name in lower case.
const PATIENT: &str = "patient";

/// Begin and end of a hospice stay, in days.
pub(super) type Stay = (i32, Option<i32>);

/// A claim whose rows have no MBI yet.
pub(super) struct OpenClaim {
    pub(super) patient: Box<str>,
    pub(super) stay: Option<Stay>,
    /// Its rows in the batches of the block.
    pub(super) rows: Vec<(Table, Range<usize>)>,
}

/// Rows that are held back, in their order.
pub(super) struct Held {
    late: LateMbi,
    /// Where the spools are, for messages: they have no names.
    folder: PathBuf,
    tables: Vec<(Table, HeldTable)>,
}

struct HeldTable {
    /// Of the rows as they are written in the end.
    schema: SchemaRef,
    spool: StreamWriter<BufWriter<File>>,
}

impl Held {
    pub(super) fn new(late: LateMbi, stage: &Stage) -> Self {
        Self { late, folder: stage.spools().folder(), tables: Vec::new() }
    }

    /// Holds the rows of a block, of which these claims' are open.
    pub(super) fn push(
        &mut self,
        rows: Vec<(Table, RecordBatch)>,
        open: &[OpenClaim],
        stage: &Stage,
    ) -> Result<(), Error> {
        let fault = |error| fault(&self.folder, &error);
        for (table, batch) in rows {
            let schema = batch.schema();
            let is_open = self.late.is_in(table);
            let batch =
                if is_open { with_patients(&batch, table, open).map_err(fault)? } else { batch };
            if self.tables.iter().all(|(one, _)| *one != table) {
                let file = BufWriter::with_capacity(BUFFER_BYTES, stage.spool()?);
                let spool = StreamWriter::try_new(file, &batch.schema()).map_err(fault)?;
                self.tables.push((table, HeldTable { schema, spool }));
            }
            let held = self.tables.iter_mut().find(|(one, _)| *one == table);
            held.map_or(Ok(()), |(_, held)| held.spool.write(&batch)).map_err(fault)?;
        }
        Ok(())
    }

    /// Writes all rows, with the MBIs of the complete index.
    pub(super) fn write(
        self,
        index: &Index,
        tables: &mut Tables<'_>,
        reading: &Reading,
    ) -> Result<(), Error> {
        let Self { late, folder, tables: held } = self;
        let fault = |error| fault(&folder, &error);
        for (table, HeldTable { schema, spool }) in held {
            let file = BufReader::with_capacity(BUFFER_BYTES, again(spool).map_err(fault)?);
            for batch in StreamReader::try_new(file, None).map_err(fault)? {
                if reading.cancel.is_cancelled() {
                    return Err(Error::cancelled());
                }
                let batch = batch.and_then(|batch| complete(&late, table, &schema, &batch, index));
                tables.write(table, batch.map_err(fault)?)?;
            }
        }
        Ok(())
    }
}

/// Only what the system said is told: other messages may quote what is in a row.
fn fault(folder: &Path, error: &ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, error) => {
            let folder = folder.display();
            Error::failed(format!("the spool of standard input in {folder} failed: {error}"))
        }
        _ => Error::failed("the spool of standard input failed; please report it"),
    }
}

/// The batch with a column more: whose claim a row is of, where it is open.
fn with_patients(
    batch: &RecordBatch,
    table: Table,
    open: &[OpenClaim],
) -> Result<RecordBatch, ArrowError> {
    let mut patients = StringBuilder::new();
    for claim in open {
        for (_, range) in claim.rows.iter().filter(|(one, _)| *one == table) {
            patients.append_nulls(range.start - patients.len());
            range.clone().for_each(|_| patients.append_value(&claim.patient));
        }
    }
    patients.append_nulls(batch.num_rows() - patients.len());
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(PATIENT, DataType::Utf8, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(patients.finish()) as ArrayRef);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Rows that were held back, without the column of ids and with the MBIs.
fn complete(
    late: &LateMbi,
    table: Table,
    schema: &SchemaRef,
    held: &RecordBatch,
    index: &Index,
) -> Result<RecordBatch, ArrowError> {
    let (columns, rest) = held.columns().split_at(schema.fields().len());
    let rows = RecordBatch::try_new(SchemaRef::clone(schema), columns.to_vec())?;
    let Some(patients) = rest.first().and_then(|patients| patients.as_string_opt::<i32>()) else {
        return Ok(rows);
    };
    let number = |row| patients.is_valid(row).then(|| patients.value(row));
    late.put(table, &rows, |row| index.mbi(index.find(number(row)?)?))
}

/// The file of a spool that is complete, at its beginning.
fn again(spool: StreamWriter<BufWriter<File>>) -> Result<File, ArrowError> {
    let file = spool.into_inner()?;
    let mut file = file.into_inner().map_err(|error| ArrowError::from(error.into_error()))?;
    file.rewind()?;
    Ok(file)
}

//! Record batches to bytes. A new format is a new file here, a variant of [`Format`] and an arm in [`TableWriter`].

mod arrow_ipc;
mod csv;
mod options;
mod parquet;
pub(crate) mod rebatch;
mod waiting;

pub use csv::texts;
pub use options::{
    BATCH_ROWS, ColumnArrays, Compression, Format, Provenance, ROW_GROUP_ROWS, Resources, Share,
    Spill,
};

use std::io::Write;

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;

use options::WAITING_ROWS;
use rebatch::Rebatch;

enum Encoder<W: Write + Send> {
    Parquet(Box<parquet::Encoder<W>>),
    Csv(csv::Encoder<W>),
    Arrow(arrow_ipc::Encoder<W>),
}

/// Writes one table: batches of any size in, batches or pages of [`BATCH_ROWS`] out.
pub struct TableWriter<W: Write + Send> {
    batches: Rebatch,
    encoder: Encoder<W>,
    rows: u64,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table on `out`; `stream` is for outputs that cannot be read from their end.
    ///
    /// # Errors
    /// What the encoder or `out` says.
    pub fn new(
        schema: SchemaRef,
        format: Format,
        compression: Compression,
        provenance: &Provenance,
        stream: bool,
        resources: Resources,
        out: W,
    ) -> Result<Self, ArrowError> {
        let encoder = match format {
            Format::Parquet => Encoder::Parquet(Box::new(parquet::Encoder::new(
                &schema,
                compression,
                provenance,
                resources,
                out,
            )?)),
            Format::Csv => Encoder::Csv(csv::Encoder::new(&schema, out)?),
            Format::Arrow => {
                Encoder::Arrow(arrow_ipc::Encoder::new(&schema, compression, stream, out)?)
            }
        };
        let rows = if format == Format::Parquet { WAITING_ROWS } else { BATCH_ROWS };
        Ok(Self { batches: Rebatch::new(schema, rows), encoder, rows: 0 })
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends rows.
    ///
    /// # Errors
    /// What the encoder or the output says.
    pub fn write(&mut self, batch: RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        self.batches.push(batch)?;
        self.drain()
    }

    /// Appends as many rows as a row group has, [`ROW_GROUP_ROWS`], whose columns come one by one; whether it did. That
    /// is as if the same rows had been [written](Self::write), but they are not copied and need not all be there at a
    /// time. It does so in Parquet, and where no rows wait for their row group.
    ///
    /// # Errors
    /// What the columns, the encoder or the output say; columns with other numbers of rows.
    pub fn write_row_group(&mut self, columns: &ColumnArrays<'_>) -> Result<bool, ArrowError> {
        match &mut self.encoder {
            Encoder::Parquet(encoder) if self.batches.is_empty() && encoder.is_between() => {
                encoder.write_columns(columns)?;
                self.rows += ROW_GROUP_ROWS as u64;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn drain(&mut self) -> Result<(), ArrowError> {
        while let Some(batch) = self.batches.next_batch() {
            match &mut self.encoder {
                Encoder::Parquet(encoder) => encoder.write(&batch)?,
                Encoder::Csv(encoder) => encoder.write(&batch)?,
                Encoder::Arrow(encoder) => encoder.write(&batch)?,
            }
        }
        Ok(())
    }

    /// Ends the table and gives the output back, flushed by nobody yet.
    ///
    /// # Errors
    /// What the encoder or the output says.
    pub fn finish(mut self) -> Result<W, ArrowError> {
        self.batches.finish()?;
        self.drain()?;
        match self.encoder {
            Encoder::Parquet(encoder) => encoder.finish(),
            Encoder::Csv(encoder) => encoder.finish(),
            Encoder::Arrow(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Crosswalk, Table, schema};
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A spill in memory.
    #[derive(Clone, Debug, Default)]
    pub(super) struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Memory {
        pub(super) fn len(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl Spill for Memory {
        fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
            let (mut all, at) = (self.0.lock().unwrap(), usize::try_from(at).unwrap());
            let end = all.len().max(at + bytes.len());
            all.resize(end, 0);
            all[at..at + bytes.len()].copy_from_slice(bytes);
            Ok(())
        }

        fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
            let (all, at) = (self.0.lock().unwrap(), usize::try_from(at).unwrap());
            bytes.copy_from_slice(&all[at..at + bytes.len()]);
            Ok(())
        }
    }

    fn written(format: Format, sizes: &[usize]) -> Vec<u8> {
        let schema = schema(Crosswalk::stu3(), Table::Cclf0, &false.into());
        let mut writer = TableWriter::new(
            schema,
            format,
            Compression::Zstd,
            &Provenance::default(),
            false,
            Resources::default(),
            Vec::new(),
        )
        .unwrap();
        let plan = crate::Plan::stu3();
        let all: Vec<(Table, u64)> =
            (0..20_000).map(|row| (Table::ALL[row % 11], row as u64)).collect();
        let mut rest = &all[..];
        for size in sizes.iter().cycle() {
            let (now, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            writer.write(crate::summary(plan, now).unwrap()).unwrap();
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(writer.rows(), 20_000);
        writer.finish().unwrap()
    }

    #[test]
    fn the_sizes_of_batches_do_not_show() {
        for format in [Format::Parquet, Format::Csv, Format::Arrow] {
            let whole = written(format, &[20_000]);
            assert!(whole == written(format, &[1, 7, 4_000]), "{format:?}");
            assert!(whole == written(format, &[8_192, 1]), "{format:?}");
        }
    }

    #[test]
    fn columns_of_a_row_group_are_like_its_rows() {
        let plan = crate::Plan::stu3();
        let of = |rows: std::ops::Range<usize>| {
            let rows: Vec<(Table, u64)> =
                rows.map(|row| (Table::ALL[row % 11], row as u64 * 977)).collect();
            crate::summary(plan, &rows).unwrap()
        };
        let begin = |format| {
            let schema = schema(Crosswalk::stu3(), Table::Cclf0, &false.into());
            let (provenance, resources) = (Provenance::default(), Resources::default());
            let zstd = Compression::Zstd;
            TableWriter::new(schema, format, zstd, &provenance, false, resources, Vec::new())
                .unwrap()
        };
        let cuts = [0, 1_000, 1_001, 40_000, 40_960, ROW_GROUP_ROWS];
        let parts: Vec<RecordBatch> = cuts.windows(2).map(|cut| of(cut[0]..cut[1])).collect();
        let columns = |number: usize| -> Result<Vec<_>, ArrowError> {
            Ok(parts.iter().map(|part| part.column(number).clone()).collect())
        };
        let mut rows = begin(Format::Parquet);
        rows.write(of(0..ROW_GROUP_ROWS)).unwrap();
        rows.write(of(0..10)).unwrap();
        let mut by_column = begin(Format::Parquet);
        assert!(by_column.write_row_group(&columns).unwrap());
        by_column.write(of(0..10)).unwrap();
        assert_eq!(by_column.rows(), ROW_GROUP_ROWS as u64 + 10);
        // Rows wait, so these would not come after them.
        assert!(!by_column.write_row_group(&columns).unwrap());
        assert!(rows.finish().unwrap() == by_column.finish().unwrap());

        assert!(!begin(Format::Csv).write_row_group(&columns).unwrap());
        let few = |number: usize| Ok(vec![of(0..7).column(number).clone()]);
        assert!(begin(Format::Parquet).write_row_group(&few).is_err());
    }

    #[test]
    fn a_table_without_rows_has_its_header() {
        let schema = schema(Crosswalk::stu3(), Table::Cclf9, &true.into());
        let writer = TableWriter::new(
            schema,
            Format::Csv,
            Compression::None,
            &Provenance::default(),
            false,
            Resources::default(),
            Vec::new(),
        );
        let text = String::from_utf8(writer.unwrap().finish().unwrap()).unwrap();
        assert_eq!(
            text,
            "HICN_MBI_XREF_IND,CRNT_NUM,PRVS_NUM,PRVS_ID_EFCTV_DT,PRVS_ID_OBSLT_DT,BENE_RRB_NUM,FILE_NAME,FILE_DATE,\
             BCDA_API\n"
        );
    }
}

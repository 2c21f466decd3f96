//! A table's Parquet file of an earlier run, read column by column.

use std::fmt::{self, Debug, Formatter};
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelectionPolicy, RowSelector,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetStatisticsPolicy;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use crate::arrow::array::ArrayRef;
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;

/// What a file says of itself stands at its end: so many bytes are read there at first.
const END_BYTES: u64 = 64 << 10;

/// Reads as many bytes as asked for, so many from the beginning of a file; on any thread.
pub type ReadAt = Arc<dyn Fn(&mut [u8], u64) -> io::Result<()> + Send + Sync>;

/// A table that was written as Parquet.
///
/// Its columns are read one by one, of the rows that are asked for, so that they may be read side by side and only what
/// is needed is in memory.
///
/// ```
/// use std::io;
/// use std::sync::Arc;
///
/// use cclf_crosswalk::{
///     Compression, Crosswalk, EarlierTable, Format, Plan, Provenance, Resources, Table, TableWriter, schema, summary,
/// };
///
/// // CCLF0 with one row, in memory.
/// let crosswalk = Crosswalk::stu3();
/// let mut writer = TableWriter::new(
///     schema(crosswalk, Table::Cclf0, &true.into()),
///     Format::Parquet,
///     Compression::Zstd,
///     &Provenance::default(),
///     false,
///     Resources::default(),
///     Vec::new(),
/// )?;
/// writer.write(summary(Plan::stu3(), &[(Table::Cclf5, 7)])?)?;
/// let file = writer.finish()?;
///
/// let bytes = file.len() as u64;
/// let read_at = move |buffer: &mut [u8], at: u64| {
///     let found = file.get(at as usize..at as usize + buffer.len());
///     buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
///     Ok(())
/// };
/// let table = EarlierTable::open(bytes, Arc::new(read_at))?;
/// assert_eq!(table.schema().field(0).name(), "FILE_TYPE");
/// assert_eq!(table.row_groups().collect::<Vec<_>>(), [1]);
/// assert_eq!(table.column(0, 0, 0..1)?.len(), 1);
/// # Ok::<(), cclf_crosswalk::arrow::error::ArrowError>(())
/// ```
pub struct EarlierTable {
    stored: Stored,
    metadata: ArrowReaderMetadata,
    /// Rows of each row group.
    row_groups: Vec<usize>,
}

impl Debug for EarlierTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("EarlierTable").field("row_groups", &self.row_groups).finish_non_exhaustive()
    }
}

impl EarlierTable {
    /// Reads what a file of so many bytes says of itself.
    ///
    /// # Errors
    /// The file is no Parquet file of plain columns, or cannot be read.
    pub fn open(bytes: u64, read_at: ReadAt) -> Result<Self, ArrowError> {
        let stored = Stored { bytes, read_at, near: (0, Bytes::new()) };
        let at_end = stored.at_end()?;
        // Nothing is looked for by value, and statistics are most of what a file says of itself.
        let options =
            ArrowReaderOptions::new().with_column_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let metadata = guarded(|| Ok(ArrowReaderMetadata::load(&at_end, options)?))?;
        let columns = metadata.schema().fields().len();
        let mut row_groups = Vec::new();
        for row_group in metadata.metadata().row_groups() {
            if row_group.num_columns() != columns {
                return Err(damaged());
            }
            row_groups.push(usize::try_from(row_group.num_rows()).map_err(|_| damaged())?);
        }
        Ok(Self { stored, metadata, row_groups })
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// The rows of each row group.
    pub fn row_groups(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.row_groups.iter().copied()
    }

    /// Rows in which each column is filled, as the file says of itself: only that is read. None if it does not say it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn filled(&self) -> Result<Option<Vec<u64>>, ArrowError> {
        let at_end = self.stored.at_end()?;
        let options = ArrowReaderOptions::new();
        let all = guarded(|| Ok(ArrowReaderMetadata::load(&at_end, options)?))?;
        let mut filled = vec![0; self.schema().fields().len()];
        for row_group in all.metadata().row_groups() {
            for (filled, column) in filled.iter_mut().zip(row_group.columns()) {
                let nulls = column.statistics().and_then(Statistics::null_count_opt);
                let rows = u64::try_from(row_group.num_rows()).map_err(|_| damaged())?;
                let Some(own) = nulls.and_then(|nulls| rows.checked_sub(nulls)) else {
                    return Ok(None);
                };
                *filled += own;
            }
        }
        Ok(Some(filled))
    }

    /// The values of a column in these rows of a row group.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub fn column(
        &self,
        number: usize,
        row_group: usize,
        rows: Range<usize>,
    ) -> Result<ArrayRef, ArrowError> {
        let all = self.row_groups.get(row_group).copied().unwrap_or(0);
        if rows.start >= rows.end || rows.end > all {
            return Err(damaged());
        }
        let array = guarded(|| self.decode(number, row_group, &rows))?;
        if array.len() == rows.len() { Ok(array) } else { Err(damaged()) }
    }

    fn decode(
        &self,
        number: usize,
        row_group: usize,
        rows: &Range<usize>,
    ) -> Result<ArrayRef, ArrowError> {
        let chunk = self.chunk(number, row_group)?;
        let projection = ProjectionMask::leaves(self.metadata.parquet_schema(), [number]);
        // Pages before the rows are not even decompressed.
        let selection = RowSelection::from(vec![
            RowSelector::skip(rows.start),
            RowSelector::select(rows.len()),
        ]);
        let mut batches =
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunk, self.metadata.clone())
                .with_projection(projection)
                .with_row_groups(vec![row_group])
                .with_row_selection_policy(RowSelectionPolicy::Selectors)
                .with_row_selection(selection)
                .with_batch_size(rows.len())
                .build()?;
        let batch = batches.next().ok_or_else(damaged)??;
        batch.columns().first().map(ArrayRef::clone).ok_or_else(damaged)
    }

    /// The bytes of a column in a row group, read at once.
    fn chunk(&self, number: usize, row_group: usize) -> Result<Stored, ArrowError> {
        let row_group = self.metadata.metadata().row_groups().get(row_group);
        let column = row_group.and_then(|row_group| row_group.columns().get(number));
        let column = column.ok_or_else(damaged)?;
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let start = u64::try_from(start).map_err(|_| damaged())?;
        let length = usize::try_from(column.compressed_size()).map_err(|_| damaged())?;
        let bytes = self.stored.get_bytes(start, length)?;
        Ok(Stored { near: (start, bytes), ..self.stored.clone() })
    }
}

/// A file, and a part of it that is in memory.
#[derive(Clone)]
struct Stored {
    bytes: u64,
    read_at: ReadAt,
    /// Where the part begins.
    near: (u64, Bytes),
}

impl Stored {
    /// What is in memory from here on.
    fn beginning_at(&self, start: u64) -> Option<Bytes> {
        let (at, bytes) = &self.near;
        let start = usize::try_from(start.checked_sub(*at)?).ok()?;
        (start <= bytes.len()).then(|| bytes.slice(start..))
    }
}

impl Length for Stored {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Stored {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let found = self.beginning_at(start);
        found.map(Bytes::reader).ok_or_else(|| ParquetError::EOF(DAMAGED.to_owned()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if let Some(found) = self.beginning_at(start)
            && found.len() >= length
        {
            return Ok(found.slice(..length));
        }
        // A length that the file gives is believed only as far as there is a file.
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(DAMAGED.to_owned()));
        }
        let mut bytes = vec![0; length];
        (self.read_at)(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

impl Stored {
    /// The same with what is at its end at hand.
    fn at_end(&self) -> Result<Self, ArrowError> {
        let end = self.bytes.min(END_BYTES);
        let at = self.bytes - end;
        let bytes = self.get_bytes(at, usize::try_from(end).unwrap_or(0))?;
        Ok(Self { near: (at, bytes), ..self.clone() })
    }
}

/// Decoders of damaged bytes may panic: they add what the file says, without a look.
fn guarded<T>(decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(damaged()))
}

const DAMAGED: &str = "the file is damaged";

fn damaged() -> ArrowError {
    ArrowError::ParquetError(DAMAGED.to_owned())
}

//! CSV: UTF-8, a header, LF, null as nothing, decimals at the column's scale, quotes as RFC 4180 asks.

use std::io::{self, Write as _};

use crate::arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use crate::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, SchemaRef, TimeUnit,
    TimestampMicrosecondType,
};
use crate::arrow::error::ArrowError;
use crate::facts::dates::civil_from_days;

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) struct Encoder<W: io::Write> {
    writer: csv::Writer<W>,
}

impl<W: io::Write> Encoder<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> Result<Self, ArrowError> {
        let mut writer = csv::Writer::from_writer(out);
        // The header is there even when no row follows.
        writer.write_record(schema.fields().iter().map(|field| field.name())).map_err(fault)?;
        writer.flush()?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let columns: Vec<Cells<'_>> =
            batch.columns().iter().map(|column| Cells::new(column)).collect::<Result<_, _>>()?;
        let mut buffer = Vec::with_capacity(32);
        for row in 0..batch.num_rows() {
            for cells in &columns {
                self.writer.write_field(cells.text(row, &mut buffer)?).map_err(fault)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(fault)?;
        }
        self.writer.flush()?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<W, ArrowError> {
        self.writer.into_inner().map_err(|fault| fault.into_error().into())
    }
}

/// The values of a column as CSV writes them; none for null.
///
/// # Errors
/// The column has a type that no column of the tables has.
pub fn texts(column: &dyn Array) -> Result<Vec<Option<String>>, ArrowError> {
    let (cells, mut buffer) = (Cells::new(column)?, Vec::with_capacity(32));
    let text = |row| -> Result<_, ArrowError> {
        if column.is_null(row) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(cells.text(row, &mut buffer)?).into_owned()))
    };
    (0..column.len()).map(text).collect()
}

fn fault(error: csv::Error) -> ArrowError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => ArrowError::CsvError(format!("{other:?}")),
    }
}

/// A column of a batch, as one of the types that a [`crate::ColumnType`] has in Arrow.
enum Cells<'a> {
    Text(&'a StringArray),
    Boolean(&'a BooleanArray),
    Date(&'a Date32Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Timestamp(&'a TimestampMicrosecondArray),
    Decimal(&'a Decimal128Array, u32),
}

impl<'a> Cells<'a> {
    fn new(column: &'a dyn Array) -> Result<Self, ArrowError> {
        Ok(match column.data_type() {
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Boolean => Self::Boolean(column.as_boolean()),
            DataType::Date32 => Self::Date(column.as_primitive::<Date32Type>()),
            DataType::Int32 => Self::Int32(column.as_primitive::<Int32Type>()),
            DataType::Int64 => Self::Int64(column.as_primitive::<Int64Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Timestamp(column.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Decimal128(_, scale) if *scale >= 0 => {
                let scale = u32::from(scale.unsigned_abs());
                Self::Decimal(column.as_primitive::<Decimal128Type>(), scale)
            }
            other => {
                let text = format!("a column of the type {other} has no form in CSV");
                return Err(ArrowError::CsvError(text));
            }
        })
    }

    /// The text of a cell; nothing for null. What is no text already is put into `buffer`.
    fn text<'b>(&self, row: usize, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], ArrowError>
    where
        'a: 'b,
    {
        buffer.clear();
        match self {
            Self::Text(column) if column.is_valid(row) => return Ok(column.value(row).as_bytes()),
            Self::Boolean(column) if column.is_valid(row) => {
                return Ok(if column.value(row) { b"true" } else { b"false" });
            }
            Self::Date(column) if column.is_valid(row) => date(column.value(row), buffer)?,
            Self::Int32(column) if column.is_valid(row) => write!(buffer, "{}", column.value(row))?,
            Self::Int64(column) if column.is_valid(row) => write!(buffer, "{}", column.value(row))?,
            Self::Timestamp(column) if column.is_valid(row) => {
                timestamp(column.value(row), buffer)?;
            }
            Self::Decimal(column, scale) if column.is_valid(row) => {
                decimal(column.value(row), *scale, buffer)?;
            }
            _ => {}
        }
        Ok(buffer)
    }
}

fn date(days: i32, out: &mut Vec<u8>) -> io::Result<()> {
    let (year, month, day) = civil_from_days(days);
    write!(out, "{year:04}-{month:02}-{day:02}")
}

fn timestamp(micros: i64, out: &mut Vec<u8>) -> io::Result<()> {
    let (days, of_day) = (micros.div_euclid(DAY_MICROS), micros.rem_euclid(DAY_MICROS));
    date(i32::try_from(days).map_err(io::Error::other)?, out)?;
    let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(out, "T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

fn decimal(value: i128, scale: u32, out: &mut Vec<u8>) -> io::Result<()> {
    if scale == 0 {
        return write!(out, "{value}");
    }
    let (unit, digits) = (10_u128.pow(scale), value.unsigned_abs());
    let sign = if value < 0 { "-" } else { "" };
    let places = scale as usize;
    write!(out, "{sign}{}.{:0places$}", digits / unit, digits % unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::datatypes::{Field, Schema};
    use std::sync::Arc;

    #[test]
    fn each_type_has_its_text() {
        let columns: Vec<(&str, Arc<dyn Array>)> = vec![
            (
                "TEXT",
                Arc::new(StringArray::from(vec![Some("a"), Some("\"b\", c"), None, Some("")])),
            ),
            (
                "FLAG",
                Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(false)])),
            ),
            ("DATE", Arc::new(Date32Array::from(vec![Some(0), Some(-1), None, Some(2_932_896)]))),
            ("INT32", Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(0), None, Some(7)]))),
            ("INT64", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(0), None, Some(7)]))),
            (
                "TIME",
                Arc::new(
                    TimestampMicrosecondArray::from(vec![
                        Some(0),
                        Some(-1),
                        None,
                        Some(1_582_979_696_000_001),
                    ])
                    .with_timezone("+00:00"),
                ),
            ),
            (
                "MONEY",
                Arc::new(
                    Decimal128Array::from(vec![Some(-5), Some(123_456), None, Some(0)])
                        .with_precision_and_scale(15, 2)
                        .unwrap(),
                ),
            ),
            (
                "UNITS",
                Arc::new(
                    Decimal128Array::from(vec![Some(-5), Some(12), None, Some(0)])
                        .with_precision_and_scale(15, 0)
                        .unwrap(),
                ),
            ),
        ];
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let mut encoder = Encoder::new(&schema, Vec::new()).unwrap();
        encoder.write(&batch).unwrap();
        // One by one they are the same, and null is not the empty text.
        let texts: Vec<_> = batch.columns().iter().map(|column| texts(column).unwrap()).collect();
        assert_eq!(
            texts[0],
            [Some("a"), Some("\"b\", c"), None, Some("")].map(|own| own.map(str::to_owned))
        );
        assert_eq!(texts[6][1].as_deref(), Some("1234.56"));
        assert!(texts.iter().all(|column| column.len() == 4 && column[2].is_none()));
        assert_eq!(
            String::from_utf8(encoder.finish().unwrap()).unwrap(),
            "TEXT,FLAG,DATE,INT32,INT64,TIME,MONEY,UNITS\n\
             a,true,1970-01-01,-2147483648,-9223372036854775808,1970-01-01T00:00:00.000000Z,-0.05,-5\n\
             \"\"\"b\"\", c\",false,1969-12-31,0,0,1969-12-31T23:59:59.999999Z,1234.56,12\n\
             ,,,,,,,\n\
             ,false,9999-12-31,7,7,2020-02-29T12:34:56.000001Z,0.00,0\n"
        );
    }

    #[test]
    fn a_type_of_no_column_is_refused() {
        let schema = Arc::new(Schema::new(vec![Field::new("FLOAT", DataType::Float64, true)]));
        let batch = RecordBatch::new_empty(Arc::clone(&schema));
        assert!(Encoder::new(&schema, Vec::new()).unwrap().write(&batch).is_err());
    }
}

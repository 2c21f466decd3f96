//! What was written reads back as what was meant: by the arrow and parquet crates, and by programs that are
//! not ours (DuckDB and pyarrow, when BCDA_TEST_PYTHON names a Python that has both).

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{TABLES, Work};
use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, RecordBatch, TimestampMicrosecondArray,
};
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit};
use cclf_crosswalk::arrow::ipc::reader::FileReader;
use cclf_crosswalk::civil_from_days;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

/// All eight claim types, people and Coverages, in all three formats, each below its own name.
fn converted(compression: &str) -> Work {
    let work = Work::new();
    work.synth("in", "--beneficiaries 4 --claims 24 --seed 21");
    for format in ["parquet", "csv", "arrow"] {
        let words = format!("convert in --out {format} --format {format} --quiet");
        work.bcda(&format!("{words} --compression {compression}")).exits(0);
    }
    work
}

fn parquet(work: &Work, table: &str) -> RecordBatch {
    parquet_file(work, &format!("parquet/{table}.parquet"))
}

/// The rows of a file.
pub(crate) fn parquet_file(work: &Work, name: &str) -> RecordBatch {
    let file = File::open(work.path(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn arrow(work: &Work, table: &str) -> RecordBatch {
    let file = File::open(work.path(&format!("arrow/{table}.arrow"))).unwrap();
    let reader = FileReader::try_new(file, None).unwrap();
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// The name of a type as `describe` has it.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Int32 => "int32".to_owned(),
        DataType::Int64 => "int64".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone))
            if matches!(&**zone, "UTC" | "+00:00") =>
        {
            "timestamp".to_owned()
        }
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => format!("{other}"),
    }
}

fn day(days: i32) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A scaled integer with its point.
fn decimal(scaled: i128, scale: usize) -> String {
    let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// The cells of a column as text.
pub(crate) fn cells(array: &ArrayRef) -> Vec<Option<String>> {
    let cell = |row: usize| match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => day(array.as_any().downcast_ref::<Date32Array>().unwrap().value(row)),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Decimal128(_, scale) => {
            let array = array.as_any().downcast_ref::<Decimal128Array>().unwrap();
            decimal(array.value(row), usize::try_from(*scale).unwrap())
        }
        _ => {
            let array = array.as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
            array.value(row).to_string()
        }
    };
    (0..array.len()).map(|row| array.is_valid(row).then(|| cell(row))).collect()
}

/// Rows, and per column its name, type, nulls, and sum or least and greatest value.
fn told(batch: &RecordBatch) -> Value {
    let columns: Vec<Value> = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| {
            let mut facts = vec![json!(field.name()), json!(type_name(field.data_type()))];
            facts.push(json!(array.null_count()));
            let cells: Vec<String> = cells(array).into_iter().flatten().collect();
            let some = !cells.is_empty();
            let sum = |cells: &mut dyn Iterator<Item = i128>| some.then(|| cells.sum::<i128>());
            match field.data_type() {
                DataType::Decimal128(_, scale) => {
                    let unscaled = |cell: &String| cell.replace('.', "").parse::<i128>().unwrap();
                    let sum = sum(&mut cells.iter().map(unscaled));
                    facts
                        .push(json!(sum.map(|sum| decimal(sum, usize::try_from(*scale).unwrap()))));
                }
                DataType::Int32 | DataType::Int64 => {
                    let sum = sum(&mut cells.iter().map(|cell| cell.parse().unwrap()));
                    facts.push(json!(sum.map(|sum| sum.to_string())));
                }
                DataType::Timestamp(..) => {
                    let values = || cells.iter().map(|cell| cell.parse::<i64>().unwrap());
                    facts.push(json!(values().min().map(|least| least.to_string())));
                    facts.push(json!(values().max().map(|greatest| greatest.to_string())));
                }
                _ => {
                    facts.push(json!(cells.iter().min()));
                    facts.push(json!(cells.iter().max()));
                }
            }
            if field.data_type() == &DataType::Utf8 {
                let length = sum(&mut cells.iter().map(|cell| cell.len() as i128));
                facts.push(json!(length.map(|length| length.to_string())));
            }
            Value::from(facts)
        })
        .collect();
    json!({"rows": batch.num_rows(), "columns": columns})
}

/// Names and types of the columns as `describe` gives them.
fn described(work: &Work) -> BTreeMap<String, Vec<[String; 2]>> {
    let tables: Vec<Value> =
        serde_json::from_slice(&work.bcda("describe --format json").exits(0).stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    tables
        .iter()
        .map(|table| {
            let columns = table["columns"].as_array().unwrap().iter();
            let columns =
                columns.map(|column| [text(&column["column"]), text(&column["type"])]).collect();
            (text(&table["table"]).to_lowercase(), columns)
        })
        .collect()
}

#[test]
fn the_three_formats_hold_the_same() {
    let types = described(&Work::new());
    for compression in ["zstd", "snappy", "none"] {
        let work = converted(compression);
        let manifest = work.read_json("parquet/tables-manifest.json");
        for table in TABLES {
            let (parquet, arrow) = (parquet(&work, table), arrow(&work, table));
            assert_eq!(parquet.columns(), arrow.columns(), "{table}");
            let columns: Vec<[String; 2]> = arrow
                .schema()
                .fields()
                .iter()
                .map(|field| [field.name().clone(), type_name(field.data_type())])
                .collect();
            assert_eq!(columns, types[table], "{table}");
            assert_eq!(told(&parquet), told(&arrow), "{table}");
            let listed = manifest["tables"].as_array().unwrap().iter();
            let listed = listed.filter(|listed| listed["table"] == table.to_uppercase());
            let rows: Vec<&Value> = listed.map(|listed| &listed["rows"]).collect();
            assert_eq!(rows, [arrow.num_rows()], "{table}");

            let csv = work.csv(&format!("csv/{table}.csv"));
            assert_eq!(csv.rows.len(), arrow.num_rows(), "{table}");
            for (column, field) in arrow.columns().iter().zip(arrow.schema().fields()) {
                // How CSV writes a time is compared by the other readers.
                if matches!(field.data_type(), DataType::Timestamp(..)) {
                    continue;
                }
                let cells: Vec<String> =
                    cells(column).into_iter().map(Option::unwrap_or_default).collect();
                assert_eq!(csv.column(field.name()), cells, "{table}.{}", field.name());
            }
        }
    }
}

#[test]
fn readers_that_are_not_ours_read_the_same() {
    let Some(python) = std::env::var_os("BCDA_TEST_PYTHON") else {
        println!("skipped: no Python with duckdb");
        return;
    };
    let work = converted("zstd");
    let mut child = Command::new(python)
        .args(["-c", include_str!("read_back.py")])
        .args(["parquet", "csv", "arrow"])
        .current_dir(work.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let columns = serde_json::to_vec(&described(&work)).unwrap();
    child.stdin.take().unwrap().write_all(&columns).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the readers failed");
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
    let readers = theirs.as_object().unwrap();
    assert_eq!(readers.len(), 4);
    let (mut decimals, mut dates) = (0, 0);
    for table in TABLES {
        let ours = told(&arrow(&work, table));
        for (reader, theirs) in readers {
            let theirs = &theirs[table];
            assert_eq!(theirs["rows"], ours["rows"], "{reader}: {table}");
            let pairs = theirs["columns"].as_array().unwrap().iter();
            for (theirs, ours) in pairs.zip(ours["columns"].as_array().unwrap()) {
                assert_eq!(theirs, ours, "{reader}: {table}");
            }
            assert_eq!(theirs, &ours, "{reader}: {table}");
        }
        for column in ours["columns"].as_array().unwrap() {
            let kind = column[1].as_str().unwrap();
            decimals += usize::from(kind.starts_with("decimal") && !column[3].is_null());
            dates += usize::from(kind == "date" && !column[3].is_null());
        }
    }
    assert!(decimals > 10 && dates > 10, "{decimals} sums and {dates} spans were compared");
}

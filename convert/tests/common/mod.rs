//! The tables as a run writes them, to hold others against.

use std::fs;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::ipc::reader::FileReader;
use cclf_crosswalk::{Columns, Compression, Format, Naming, Table};
use convert::{MaxRejects, Options, Output, Report, run};

/// The synthetic export that comes with the project.
pub(crate) const EXPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export");

/// 2022-01-08, the FILE_DATE of all rows, in days.
pub(crate) const FILE_DATE: i32 = 19_000;

/// The tables of an input in the order of [`Table::ALL`], lineage columns included.
pub(crate) fn converted(input: &str) -> (Vec<RecordBatch>, Report) {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("out");
    let mut options = Options::new(vec![input.to_owned()], Output::Folder(out.clone()));
    (options.format, options.compression) = (Format::Arrow, Compression::None);
    options.columns = Columns::from(true);
    options.reading.file_date = Some(FILE_DATE);
    options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
    let report = run(&options).unwrap();
    let tables = Table::ALL.map(|table| {
        let name = format!("{}.arrow", Naming::default().file_stem(table));
        let reader = FileReader::try_new(fs::File::open(out.join(name)).unwrap(), None).unwrap();
        let schema = reader.schema();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        concat_batches(&schema, &batches).unwrap()
    });
    (tables.into(), report)
}

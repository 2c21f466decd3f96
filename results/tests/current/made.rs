//! Little results, made of descriptions of their rows, and what comes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray, new_null_array,
};
use cclf_crosswalk::arrow::datatypes::DataType;
use cclf_crosswalk::{
    Columns, Compression, Format, Plan, Provenance, Resources, Table, TableWriter, parse_day,
    schema, texts,
};
use convert::building::StoredTable;
use results::{CurrentOptions, CurrentReport, current};

/// The cells of a row by their columns; what is not there is null.
pub(crate) type Cells = BTreeMap<String, String>;

/// A result that is to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) rows: BTreeMap<Table, Vec<Cells>>,
}

impl Made {
    /// Adds a row, described as `COLUMN=value COLUMN=value`; a `+` in a value stands for a blank. A date of delivery that is
    /// named `on` is FILE_DATE, and makes FILE_NAME.
    pub(crate) fn row(&mut self, table: Table, cells: &str) -> &mut Self {
        let mut row = Cells::new();
        for cell in cells.split_whitespace() {
            let (column, value) = cell.split_once('=').expect(cells);
            if column == "on" {
                row.insert("FILE_DATE".into(), value.into());
                let name = format!("P.A9999.ACO.{table}.D{}", value.replace('-', ""));
                row.entry("FILE_NAME".into()).or_insert(name);
            } else {
                row.insert(column.into(), value.replace('+', " "));
            }
        }
        self.rows.entry(table).or_default().push(row);
        self
    }

    /// A claim of Part A of one person, facility and stay.
    pub(crate) fn stay(&mut self, id: &str, code: &str, amount: &str, cells: &str) -> &mut Self {
        let row = format!(
            "CUR_CLM_UNIQ_ID={id} CLM_ADJSMT_TYPE_CD={code} CLM_PMT_AMT={amount} BENE_MBI_ID=1S00A00ZA01 \
             CLM_BLG_PRVDR_OSCAR_NUM=999901 CLM_FROM_DT=2026-05-04 CLM_THRU_DT=2026-05-04 {cells}"
        );
        self.row(Table::Cclf1, &row)
    }

    /// A line of Part B.
    pub(crate) fn line(
        &mut self,
        id: &str,
        line: u32,
        code: &str,
        amount: &str,
        cells: &str,
    ) -> &mut Self {
        let row = format!(
            "CUR_CLM_UNIQ_ID={id} CLM_LINE_NUM={line} CLM_ADJSMT_TYPE_CD={code} CLM_LINE_CVRD_PD_AMT={amount} \
             BENE_MBI_ID=1S00A00ZA01 CLM_CNTL_NUM=900000000000011 {cells}"
        );
        self.row(Table::Cclf5, &row)
    }

    /// An event of Part D.
    pub(crate) fn event(&mut self, id: &str, cells: &str) -> &mut Self {
        let row = format!(
            "CUR_CLM_UNIQ_ID={id} BENE_MBI_ID=1S00A00ZA01 CLM_LINE_FROM_DT=2026-05-04 PRVDR_SRVC_ID_QLFYR_CD=01 \
             CLM_SRVC_PRVDR_GNRC_ID_NUM=1000000101 CLM_LINE_RX_SRVC_RFRNC_NUM=000000000077 {cells}"
        );
        self.row(Table::Cclf7, &row)
    }

    /// Writes the result into a folder, with what its manifest says of where it comes from.
    pub(crate) fn write(&self, folder: &Path, plan: &Plan, lineage: bool, origin: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let mut files = Vec::new();
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
            let schema = schema(plan.crosswalk(), table, &Columns::from(lineage));
            let rows = self.rows.get(&table).map_or(&[][..], Vec::as_slice);
            let known = |name: &String| schema.index_of(name).is_ok() || !lineage;
            assert!(rows.iter().flat_map(BTreeMap::keys).all(known), "{table}");
            let mut writer = TableWriter::new(
                Arc::clone(&schema),
                Format::Parquet,
                Compression::None,
                &Provenance::default(),
                false,
                Resources::default(),
                Vec::new(),
            )
            .unwrap();
            if !rows.is_empty() {
                let columns = schema.fields().iter().map(|field| {
                    column(field.data_type(), rows.iter().map(|row| row.get(field.name())))
                });
                let columns = columns.collect();
                writer.write(RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()).unwrap();
            }
            let name = format!("{}.parquet", table.name().to_lowercase());
            std::fs::write(folder.join(&name), writer.finish().unwrap()).unwrap();
            files.push(name);
        }
        let files = serde_json::to_string(&files).unwrap();
        let manifest = format!(r#"{{"schema_version": 2, "files": {files}, {origin}}}"#);
        std::fs::write(folder.join("tables-manifest.json"), manifest).unwrap();
    }

    /// Writes it as CMS's history, and finds its final claims.
    pub(crate) fn resolve(&self) -> Final {
        let work = tempfile::tempdir().unwrap();
        self.write(&work.path().join("in"), Plan::stu3(), true, HISTORY);
        let options = CurrentOptions::new(work.path().join("in"), work.path().join("out"));
        let report = current(&options).unwrap();
        Final { out: work.path().join("out"), report, _work: work }
    }
}

/// What a manifest says of CMS's history.
pub(crate) const HISTORY: &str =
    r#""made_from": "cclf_history", "deliveries": [{"date": "2026-06-11"}]"#;

fn column<'c>(
    data_type: &DataType,
    cells: impl ExactSizeIterator<Item = Option<&'c String>>,
) -> ArrayRef {
    let rows = cells.len();
    match data_type {
        DataType::Utf8 => Arc::new(cells.collect::<StringArray>()),
        DataType::Date32 => Arc::new(
            cells
                .map(|cell| cell.map(|cell| parse_day(cell).expect(cell)))
                .collect::<Date32Array>(),
        ),
        DataType::Int64 => Arc::new(cells.map(|cell| cell?.parse().ok()).collect::<Int64Array>()),
        DataType::Int32 => Arc::new(cells.map(|cell| cell?.parse().ok()).collect::<Int32Array>()),
        DataType::Boolean => {
            Arc::new(cells.map(|cell| Some(cell? == "true")).collect::<BooleanArray>())
        }
        DataType::Decimal128(precision, scale @ 2) => {
            let amounts = cells
                .map(|cell| cell.map(|cell| i128::from(cents(cell))))
                .collect::<Decimal128Array>();
            Arc::new(amounts.with_precision_and_scale(*precision, *scale).unwrap())
        }
        other => new_null_array(other, rows),
    }
}

/// An amount with two decimals.
pub(crate) fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().expect(amount)
}

/// Final claims.
pub(crate) struct Final {
    pub(crate) out: PathBuf,
    pub(crate) report: CurrentReport,
    _work: tempfile::TempDir,
}

impl Final {
    /// Some columns of a table, joined by blanks, a row each.
    pub(crate) fn rows(&self, table: Table, columns: &[&str]) -> Vec<String> {
        rows(&self.out, table, columns)
    }

    /// The numbers of the claims of a table.
    pub(crate) fn claims(&self, table: Table) -> Vec<String> {
        self.rows(table, &["CUR_CLM_UNIQ_ID"])
    }

    /// The sum of a column in cents.
    pub(crate) fn sum(&self, table: Table, column: &str) -> i64 {
        self.rows(table, &[column]).iter().map(|amount| cents(amount)).sum()
    }

    /// What became of a table: a count of it.
    pub(crate) fn of(&self, table: Table) -> &results::Outcome {
        self.report.resolved.of(table).unwrap()
    }

    /// What is unresolved, by class.
    pub(crate) fn unresolved(&self, table: Table) -> Vec<(&'static str, u64)> {
        self.of(table).unresolved.iter().map(|(class, count)| (class.name(), *count)).collect()
    }
}

/// Some columns of a table of a result, joined by blanks, a row each.
pub(crate) fn rows(folder: &Path, table: Table, columns: &[&str]) -> Vec<String> {
    let path = folder.join(format!("{}.parquet", table.name().to_lowercase()));
    let stored = StoredTable::open(&path, "the table").unwrap();
    let mut rows = Vec::new();
    for (row_group, count) in stored.row_groups().enumerate().filter(|(_, rows)| *rows > 0) {
        let cells = |name: &&str| {
            let column =
                stored.column(stored.place_of(name).unwrap(), row_group, 0..count).unwrap();
            texts(&column as &dyn Array).unwrap()
        };
        let cells: Vec<_> = columns.iter().map(cells).collect();
        rows.extend((0..count).map(|row| {
            let row = cells.iter().map(|cells| cells[row].clone().unwrap_or_default());
            row.collect::<Vec<_>>().join(" ")
        }));
    }
    rows
}

//! The rows that the crosswalk makes of a record, as text.

use std::collections::HashMap;

use cclf_crosswalk::arrow::array::{Array, RecordBatch};
use cclf_crosswalk::{
    ClaimTables, ClaimType, Compression, Format, HospiceRanges, Index, Lineage, PeopleTables, Plan,
    Provenance, Reader, Resources, Table, TableWriter, Took,
};

/// The rows of one table: columns by name.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    columns: HashMap<String, Vec<Option<String>>>,
    count: usize,
}

impl Rows {
    /// The rows of a batch, as CSV has them.
    pub(crate) fn new(batch: &RecordBatch) -> Self {
        let mut table = TableWriter::new(
            batch.schema(),
            Format::Csv,
            Compression::None,
            &Provenance::default(),
            false,
            Resources::default(),
            Vec::new(),
        )
        .expect("a table");
        table.write(batch.clone()).expect("rows");
        let text = table.finish().expect("text");
        let cells: Vec<csv::StringRecord> =
            csv::Reader::from_reader(&text[..]).records().collect::<Result<_, _>>().expect("CSV");
        let schema = batch.schema();
        let columns = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .enumerate()
            .map(|(at, (field, column))| {
                let cell = |(row, cells): (usize, &csv::StringRecord)| {
                    (!column.is_null(row)).then(|| cells[at].to_owned())
                };
                (field.name().clone(), cells.iter().enumerate().map(cell).collect())
            })
            .collect();
        Self { columns, count: batch.num_rows() }
    }

    /// The values of a column, row by row.
    pub(crate) fn column(&self, name: &str) -> Vec<Option<String>> {
        if self.count == 0 {
            return Vec::new();
        }
        self.columns.get(name).cloned().unwrap_or_else(|| panic!("no column {name}"))
    }
}

/// A claim's rows.
#[derive(Debug)]
pub(crate) struct ClaimRows {
    pub(crate) claim_type: ClaimType,
    tables: HashMap<Table, Rows>,
}

impl ClaimRows {
    /// The values of a column, row by row; empty when the claim has no rows in the table.
    pub(crate) fn column(&self, table: Table, name: &str) -> Vec<Option<String>> {
        self.tables.get(&table).map(|rows| rows.column(name)).unwrap_or_default()
    }
}

/// The id of the Patient that a claim refers to.
pub(crate) fn patient_in(plan: &'static Plan, line: &str) -> Option<String> {
    let mut reader = Reader::new(plan);
    match reader.take(line.as_bytes()) {
        Took::Claim(claim) => claim.patient().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// The rows of a claim of v1 in every table, those of the benefit enhancement tables too.
///
/// # Errors
/// Why the line is no claim.
pub(crate) fn claim(line: &str, mbi: Option<&str>) -> Result<ClaimRows, String> {
    claim_in(Plan::stu3(), line, mbi)
}

/// The rows of a claim of the plan's version in every table, those of the benefit enhancement tables too.
///
/// # Errors
/// Why the line is no claim.
pub(crate) fn claim_in(
    plan: &'static Plan,
    line: &str,
    mbi: Option<&str>,
) -> Result<ClaimRows, String> {
    let mut reader = Reader::new(plan);
    let claim = match reader.take(line.as_bytes()) {
        Took::Claim(claim) => claim,
        Took::Bad(fault) => return Err(format!("rejected: {fault}")),
        other => return Err(format!("not a claim: {other:?}")),
    };
    let lineage = Lineage { file_name: "ExplanationOfBenefit.ndjson".to_owned(), file_date: None };
    let mut tables = ClaimTables::with_enhancements(plan, &Table::ALL, &true.into());
    tables.append(&claim, mbi, &lineage);
    let batches = tables.finish().map_err(|fault| fault.to_string())?;
    Ok(ClaimRows {
        claim_type: claim.claim_type(),
        tables: batches.iter().map(|(table, batch)| (*table, Rows::new(batch))).collect(),
    })
}

/// Everybody that Patients and Coverages tell of, and their rows in CCLF8 and CCLF9.
pub(crate) struct People {
    plan: &'static Plan,
    index: Index,
    hospice: HospiceRanges,
    lineage: Lineage,
}

impl People {
    /// Reads Patients and Coverages of v1, then the hospice claims among `claims`.
    ///
    /// # Errors
    /// Why a line was not read.
    pub(crate) fn read(
        people: &[String],
        claims: &[String],
        file_date: Option<i32>,
    ) -> Result<Self, String> {
        Self::read_in(Plan::stu3(), people, claims, file_date)
    }

    /// Reads Patients and Coverages of the plan's version, then the hospice claims among `claims`.
    ///
    /// # Errors
    /// Why a line was not read.
    pub(crate) fn read_in(
        plan: &'static Plan,
        people: &[String],
        claims: &[String],
        file_date: Option<i32>,
    ) -> Result<Self, String> {
        let mut reader = Reader::new(plan);
        let (mut index, mut hospice) = (Index::new(), HospiceRanges::default());
        for line in people {
            match reader.take(line.as_bytes()) {
                Took::Person(record) => record.pack().add_to(&mut index, 0).unwrap(),
                Took::Bad(fault) => return Err(format!("rejected: {fault}")),
                other => return Err(format!("not of people: {other:?}")),
            }
        }
        for line in claims {
            let Took::Claim(claim) = reader.take(line.as_bytes()) else {
                return Err("a claim was rejected".to_owned());
            };
            let patient = claim.patient().and_then(|patient| index.find(&patient));
            if let (Some(patient), Some((start, end))) = (patient, claim.hospice_stay()) {
                hospice.add(patient, start, end);
            }
        }
        let lineage = Lineage { file_name: "Patient.ndjson".to_owned(), file_date };
        Ok(Self { plan, index, hospice, lineage })
    }

    /// The current MBI of a Patient.
    pub(crate) fn mbi(&self, patient: &str) -> Option<&str> {
        self.index.mbi(self.index.find(patient)?)
    }

    /// The rows of a Patient in CCLF8 and CCLF9.
    pub(crate) fn rows(&self, patient: &str) -> HashMap<Table, Rows> {
        let number = self.index.find(patient).unwrap_or_else(|| panic!("no Patient {patient}"));
        let mut tables = PeopleTables::new(self.plan, &Table::ALL, &true.into());
        tables.append(&self.index, number, &self.hospice, std::slice::from_ref(&self.lineage));
        let batches = tables.finish().expect("batches");
        batches.iter().map(|(table, batch)| (*table, Rows::new(batch))).collect()
    }
}

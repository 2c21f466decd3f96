//! Claims in, batches of tables out.

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;

use super::beneficiaries::Beneficiaries;
use super::error::NotTaken;
use super::held::{Held, shown};
use super::is_blank;
use super::options::TableStreamOptions;
use super::outputs::Outputs;
use crate::counts::RecordCounts;
use crate::layout::table::Table;
use crate::people::index::{HospiceRanges, Index};
use crate::plan::{Plan, Reader};
use crate::rows::batch::{ClaimTables, schema};
use crate::rows::claim::Lineage;
use crate::take::Took;

/// What a record was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A claim.
    Claim {
        /// Its rows in all tables that it belongs to, asked for or not.
        rows: u64,
    },
    /// A resource of a type that no table is made of.
    Skipped,
    /// Known from the first reading.
    Known,
    /// A blank line, which is no record and is not counted.
    Blank,
}

/// Makes tables of claims as they come: the rows that a whole run would write, in the same order.
///
/// Push records and take batches in turns; memory is that of the people, of the rows of one batch a table and of what
/// was pushed since batches were last taken. CCLF8, CCLF9 and CCLF0 come at the end, after the last claim. Every version of
/// a claim has its rows: which one is the latest is known when all have come, and rows are given before.
///
/// ```
/// use cclf_crosswalk::{Beneficiaries, Lineage, Table, TableStream, TableStreamOptions};
/// # let patient = synth::patient(1);
/// # let claim = synth::eob(1, synth::ClaimType::Carrier);
/// # let (patients, claims) = ([patient.into_bytes()], [claim.into_bytes(), b"{}".to_vec()]);
///
/// let mut people = Beneficiaries::default();
/// for record in &patients {
///     people.push(record)?;
/// }
/// let options = TableStreamOptions { batch_rows: 1_000, ..TableStreamOptions::default() };
/// let mut tables = TableStream::new(people, &[Table::Cclf5, Table::Cclf8], &options);
/// tables.set_source(Lineage { file_name: "claims/today".to_owned(), file_date: Some(20_000) });
/// let mut bad = Vec::new();
/// for record in &claims {
///     if let Err(error) = tables.push(record) {
///         // Names class, byte and path, and never a value: "resource-type: expected ..."
///         bad.push(error);
///     }
///     while let Some((table, batch)) = tables.next_batch()? {
///         println!("{table}: {} rows", batch.num_rows());
///     }
/// }
/// let rest = tables.finish().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(rest.iter().map(|(table, _)| *table).collect::<Vec<_>>(), [Table::Cclf5, Table::Cclf8]);
/// assert_eq!(bad.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableStream {
    pub(super) plan: &'static Plan,
    pub(super) options: TableStreamOptions,
    reader: Reader,
    pub(super) index: Index,
    /// Where the Patients of the index come from.
    pub(super) lineages: Vec<Lineage>,
    source: Lineage,
    pub(super) hospice: HospiceRanges,
    pub(super) claims: ClaimTables,
    pub(super) outputs: Outputs,
    pub(super) counts: RecordCounts,
    /// While nothing tells the version of the API: the people, the tables asked for, and what else came.
    unsettled: Option<Unsettled>,
}

#[derive(Debug)]
struct Unsettled {
    people: Held,
    tables: Vec<Table>,
    counts: RecordCounts,
}

impl TableStream {
    /// Makes these tables of claims, joined with these people. CCLF0 counts the rows of the others. A table of which
    /// the options name no column is left out.
    pub fn new(people: Beneficiaries, tables: &[Table], options: &TableStreamOptions) -> Self {
        let Beneficiaries { plan, index, lineages, counts, held, .. } = people;
        let unsettled =
            |people| Unsettled { people, tables: tables.to_vec(), counts: RecordCounts::default() };
        let options =
            TableStreamOptions { batch_rows: options.batch_rows.max(1), ..options.clone() };
        let outputs = Outputs::new(plan, tables, &options);
        Self {
            plan,
            reader: Reader::new(plan),
            index,
            lineages,
            source: Lineage::default(),
            hospice: HospiceRanges::default(),
            claims: ClaimTables::new(plan, &outputs.tables(), &options.columns),
            outputs,
            counts,
            options,
            unsettled: held.map(unsettled),
        }
    }

    /// Begins again with the version that a record shows, if none did before.
    fn settle(&mut self, record: &[u8]) {
        let Some(unsettled) = self.unsettled.take() else { return };
        match shown(record) {
            Some(api) if api != self.plan.api() => {
                let Unsettled { people, tables, counts } = unsettled;
                let source = std::mem::take(&mut self.source);
                let stream = Self::new(Beneficiaries::of_held(people, api), &tables, &self.options);
                *self = Self { source, ..stream };
                self.counts.add(&counts);
            }
            Some(_) => {}
            None => self.unsettled = Some(unsettled),
        }
    }

    /// The schema of a table's batches, with labels, sources and notes as metadata of the columns.
    pub fn schema(&self, table: Table) -> SchemaRef {
        schema(self.plan.crosswalk(), table, &self.options.columns)
    }

    /// Says where the claims that follow come from: FILE_NAME and FILE_DATE of their rows. FILE_NAME is empty until it
    /// is said.
    pub fn set_source(&mut self, source: Lineage) {
        self.source = source;
    }

    /// Takes a record.
    ///
    /// # Errors
    /// Why nothing was made of it. It is counted, and what follows is not affected.
    pub fn push(&mut self, record: &[u8]) -> Result<Taken, NotTaken> {
        if is_blank(record) {
            return Ok(Taken::Blank);
        }
        self.settle(record);
        let refused = match self.reader.take(record) {
            Took::Claim(claim) => {
                let counts = &mut self.counts;
                let beneficiary = claim.patient().and_then(|patient| self.index.find(&patient));
                counts.claims_without_patient += u64::from(beneficiary.is_none());
                let mbi = beneficiary.and_then(|number| self.index.mbi(number));
                let rows = self.claims.append(&claim, mbi, &self.source);
                counts.claim(&claim, rows);
                counts.untranslated(self.claims.take_untranslated());
                if let (Some(number), Some((start, end))) = (beneficiary, claim.hospice_stay()) {
                    self.hospice.add(number, start, end);
                }
                return Ok(Taken::Claim { rows });
            }
            Took::Skipped(why) => {
                self.counts.skip(why);
                if let Some(unsettled) = &mut self.unsettled {
                    unsettled.counts.skip(why);
                }
                return Ok(Taken::Skipped);
            }
            took if self.options.second_reading && !took.is_of_claims() => {
                return Ok(Taken::Known);
            }
            Took::Person(_) => NotTaken::Person,
            Took::Foreign(api) => NotTaken::Foreign(api),
            Took::Bad(error) => NotTaken::Bad(error),
        };
        refused.count(&mut self.counts);
        if let Some(unsettled) = &mut self.unsettled {
            refused.count(&mut unsettled.counts);
        }
        Err(refused)
    }

    /// The next batch that is full, of any of the tables.
    ///
    /// # Errors
    /// More text in a column of one batch than Arrow can address, 2 GiB.
    pub fn next_batch(&mut self) -> Result<Option<(Table, RecordBatch)>, ArrowError> {
        if self.claims.rows() >= self.options.batch_rows {
            self.outputs.push(self.claims.finish()?)?;
        }
        Ok(self.outputs.next_batch())
    }

    /// What became of the records so far, those given to [`Beneficiaries`] included.
    pub fn counts(&self) -> RecordCounts {
        self.counts
    }
}

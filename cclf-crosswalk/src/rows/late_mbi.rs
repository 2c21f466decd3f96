//! MBIs for rows that were made before the Patient of their claim was known.

use std::sync::Arc;

use crate::arrow::array::{ArrayRef, AsArray, RecordBatch, StringBuilder};
use crate::arrow::error::ArrowError;

use crate::facts::columns::Columns;
use crate::layout::table::Table;
use crate::plan::Plan;
use crate::plan::access::ClaimAccess;
use crate::plan::program::Program;

/// Where claim tables have the MBI of a claim's beneficiary, and how it is put there later.
///
/// A claim is made into rows with no MBI, which are all that it can be while its Patient is not known; the MBI is all
/// that is missing in them.
///
/// ```
/// use cclf_crosswalk::{Columns, LateMbi, Plan, Table};
///
/// let late = LateMbi::new(Plan::stu3(), &[Table::Cclf5, Table::Cclf8], &Columns::from(true));
/// assert!(late.is_in(Table::Cclf5) && !late.is_in(Table::Cclf8));
/// ```
#[derive(Clone, Debug)]
pub struct LateMbi {
    /// By table, the places of its MBI columns.
    places: Vec<(Table, Vec<usize>)>,
}

impl LateMbi {
    /// For the rows that [`ClaimTables`](crate::ClaimTables) makes of the same.
    pub fn new(plan: &Plan, tables: &[Table], wanted: &Columns) -> Self {
        let mut places = Vec::new();
        for table in tables.iter().copied() {
            if !plan.claims.has(table) {
                continue;
            }
            let def = plan.crosswalk().table(table);
            let columns = wanted.of(plan.crosswalk(), def).into_iter().enumerate();
            let mbis = columns.filter(|(_, place)| is_mbi(plan.claims.program(table, *place)));
            let mbis: Vec<usize> = mbis.map(|(place, _)| place).collect();
            if !mbis.is_empty() {
                places.push((table, mbis));
            }
        }
        Self { places }
    }

    /// Whether any table has an MBI.
    pub fn is_anywhere(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether the rows of this table have one.
    pub fn is_in(&self, table: Table) -> bool {
        !self.places(table).is_empty()
    }

    /// The places of the MBI columns among those of a table.
    pub fn places(&self, table: Table) -> &[usize] {
        let found = self.places.iter().find(|(one, _)| *one == table);
        found.map_or(&[], |(_, places)| places)
    }

    /// Puts MBIs into rows of a table; a row for which there is none stays as it is.
    ///
    /// # Errors
    /// Never with rows of [`ClaimTables`](crate::ClaimTables).
    pub fn put<'m>(
        &self,
        table: Table,
        rows: &RecordBatch,
        mbi: impl Fn(usize) -> Option<&'m str>,
    ) -> Result<RecordBatch, ArrowError> {
        let mut columns = rows.columns().to_vec();
        for place in self.places(table) {
            let earlier = columns.get(*place).and_then(|column| column.as_string_opt::<i32>());
            let fault = || ArrowError::SchemaError("these rows have no MBI".to_owned());
            let earlier = earlier.ok_or_else(fault)?;
            let mut builder =
                StringBuilder::with_capacity(rows.num_rows(), rows.num_rows() * MBI_LEN);
            for (row, known) in earlier.iter().enumerate() {
                builder.append_option(mbi(row).or(known));
            }
            columns[*place] = Arc::new(builder.finish()) as ArrayRef;
        }
        RecordBatch::try_new(rows.schema(), columns)
    }
}

/// Whether a column has the MBI of a claim's beneficiary.
fn is_mbi(program: Option<&Program<ClaimAccess>>) -> bool {
    let mut accesses = program.into_iter().flat_map(Program::accesses);
    accesses.any(|access| matches!(access, ClaimAccess::PatientMbi))
}

/// Characters of an MBI.
const MBI_LEN: usize = 11;

#[cfg(test)]
mod tests {
    use crate::arrow::array::{StringArray, new_null_array};

    use super::*;
    use crate::schema;

    #[test]
    fn a_late_mbi_is_what_an_early_one_would_have_been() {
        // What is put in late is not converted, and nothing else stands in for it.
        let plan = Plan::stu3();
        let mut seen = 0;
        for program in plan.claims.iter().filter(|program| is_mbi(Some(program))) {
            let [alternative] = &program.alternatives[..] else { panic!("{program:?}") };
            assert!(alternative.conversions.is_empty() && alternative.claim_types.is_none());
            seen += 1;
        }
        assert!(seen >= 7, "{seen}");
    }

    #[test]
    fn mbis_are_put_where_they_belong() {
        let plan = Plan::stu3();
        let names = ["BENE_MBI_ID", "CUR_CLM_UNIQ_ID"].map(str::to_owned);
        let wanted = Columns::only(plan.crosswalk(), &[Table::Cclf5], false, &names).unwrap();
        let late = LateMbi::new(plan, &[Table::Cclf5], &wanted);
        assert!(late.is_anywhere() && late.is_in(Table::Cclf5));
        let schema = schema(plan.crosswalk(), Table::Cclf5, &wanted);
        let place = schema.index_of("BENE_MBI_ID").unwrap();
        let text =
            |values: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
        let columns = schema.fields().iter().enumerate().map(|(at, field)| {
            if at == place {
                return text(&[None, Some("old"), None]);
            }
            new_null_array(field.data_type(), 3)
        });
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        let put = late.put(Table::Cclf5, &rows, |row| (row != 1).then_some("new"));
        let put = put.unwrap();
        assert_eq!(put.column(place).as_ref(), &*text(&[Some("new"), Some("old"), Some("new")]));
        assert_eq!(put.num_columns(), 2);
        assert_eq!(put.column(1 - place), rows.column(1 - place));
    }
}

//! CCLF8, CCLF9 and CCLF0: the tables that are written when all records have been read.

use std::borrow::Cow;

use crate::arrow::array::RecordBatch;
use crate::arrow::error::ArrowError;

use crate::rows::batch::TableBuilder;
use crate::rows::claim::Lineage;
use crate::claim_type::ClaimType;
use crate::facts::columns::Columns;
use crate::facts::values::civil_from_days;
use crate::people::digest::{Kept, Unpack};
use crate::plan::program::{Access, Lookup, Program, Untranslated, Value};
use crate::facts::fact::{CoverageChoice, Function};
use crate::people::index::{BeneficiaryNumber, HospiceRanges, Index, PatientDigest};
use crate::plan::Plan;
use crate::layout::table::{Per, Table};

/// Builds CCLF8 and CCLF9 from the index.
#[derive(Debug)]
pub struct PeopleTables {
    plan: &'static Plan,
    tables: Vec<TableBuilder>,
    untranslated: Untranslated,
}

impl PeopleTables {
    /// Builders for those of `tables` that are of people.
    pub fn new(plan: &'static Plan, tables: &[Table], wanted: &Columns) -> Self {
        let tables = tables
            .iter()
            .filter(|table| matches!(plan.crosswalk().table(**table).per, Per::Patient | Per::Mbi))
            .map(|table| TableBuilder::new(plan, *table, wanted))
            .collect();
        Self { plan, tables, untranslated: Untranslated::default() }
    }

    /// Appends the rows of one beneficiary; `lineages` are the files by number.
    pub fn append(
        &mut self,
        index: &Index,
        beneficiary: BeneficiaryNumber,
        hospice: &HospiceRanges,
        lineages: &[Lineage],
    ) {
        let row = PersonRow {
            plan: self.plan,
            index,
            beneficiary,
            patient: index.patient(beneficiary),
            lineage: &lineages[index.source(beneficiary) as usize],
        };
        for table in &mut self.tables {
            if table.def.per == Per::Mbi {
                for mbi in &row.patient.historic {
                    table.append(&row.with(None, Some(mbi)), &mut self.untranslated);
                }
                continue;
            }
            let mut ranges = hospice.of(beneficiary).peekable();
            if ranges.peek().is_none() {
                table.append(&row, &mut self.untranslated);
            }
            for range in ranges {
                table.append(&row.with(Some(range), None), &mut self.untranslated);
            }
        }
    }

    /// Rows that wait for [`finish`](Self::finish).
    pub fn rows(&self) -> usize {
        self.tables.iter().map(TableBuilder::rows).max().unwrap_or(0)
    }

    /// What could not be translated since the last call.
    pub fn take_untranslated(&mut self) -> Untranslated {
        std::mem::take(&mut self.untranslated)
    }

    /// The rows so far, of each table that has any.
    ///
    /// # Errors
    /// Never with the tables of a loaded crosswalk.
    pub fn finish(&mut self) -> Result<Vec<(Table, RecordBatch)>, ArrowError> {
        self.tables
            .iter_mut()
            .filter(|table| table.rows() > 0)
            .map(|table| Ok((table.def.table, table.finish()?)))
            .collect()
    }
}

struct PersonRow<'i> {
    plan: &'static Plan,
    index: &'i Index,
    beneficiary: BeneficiaryNumber,
    patient: PatientDigest<'i>,
    lineage: &'i Lineage,
}

/// A [`PersonRow`] at one of its hospice ranges or historic MBIs.
struct At<'p, 'i> {
    row: &'p PersonRow<'i>,
    hospice: Option<(i32, Option<i32>)>,
    historic: Option<&'i str>,
}

impl<'i> PersonRow<'i> {
    fn with(&self, hospice: Option<(i32, Option<i32>)>, historic: Option<&'i str>) -> At<'_, 'i> {
        At { row: self, hospice, historic }
    }

    fn date(&self, program: &Program) -> Option<i32> {
        program.accesses().find_map(|access| match self.value(access) {
            Value::Date(days) => Some(days),
            _ => None,
        })
    }

    /// Rule: whole years from birth to FILE_DATE, or to the death date if earlier.
    fn age(&self) -> Option<i64> {
        let birth = self.date(&self.plan.person.birth)?;
        let death = self.date(&self.plan.person.death);
        let file = self.lineage.file_date?;
        let (born_year, born_month, born_day) = civil_from_days(birth);
        let (year, month, day) = civil_from_days(death.map_or(file, |death| death.min(file)));
        // Born on 29 February: (2, 28) is before it, (3, 1) is not.
        let had_birthday = (month, day) >= (born_month, born_day);
        let age = year - born_year - i32::from(!had_birthday);
        (age >= 0).then_some(i64::from(age))
    }

    fn coverage(&self, choice: CoverageChoice, months: Option<usize>) -> Option<Unpack<'i>> {
        let part = |part| self.index.coverage(self.beneficiary, part);
        match choice {
            CoverageChoice::Part(wanted) => part(wanted as usize),
            CoverageChoice::Newest => {
                let mut newest: Option<(i32, Unpack<'i>)> = None;
                for coverage in (0..4).filter_map(part) {
                    let there = months.is_none_or(|item| coverage.at(1 + item) != Kept::Null);
                    let year = match coverage.at(0) {
                        Kept::Text(year) => year.parse().unwrap_or(i32::MIN),
                        _ => i32::MIN,
                    };
                    if there && newest.as_ref().is_none_or(|(known, _)| year > *known) {
                        newest = Some((year, coverage));
                    }
                }
                newest.map(|(_, coverage)| coverage)
            }
        }
    }
}

impl<'i> Lookup<'i> for PersonRow<'i> {
    fn claim_type(&self) -> Option<ClaimType> {
        None
    }

    fn value(&self, access: &Access) -> Value<'i> {
        let own = |item: Option<usize>| {
            item.map_or(Value::Null, |item| self.patient.values.at(item).value())
        };
        match access {
            Access::Record(reg) => own(self.plan.patient_digest.register(*reg)),
            Access::Months(months) => own(self.plan.patient_digest.months(months)),
            Access::Coverage { choice, reg } => {
                let item = self.plan.coverage_digest.register(*reg);
                match (self.coverage(*choice, None), item) {
                    (Some(coverage), Some(item)) => coverage.at(1 + item).value(),
                    _ => Value::Null,
                }
            }
            Access::CoverageMonths { choice, months } => {
                let item = self.plan.coverage_digest.months(months);
                match (self.coverage(*choice, item), item) {
                    (Some(coverage), Some(item)) => coverage.at(1 + item).value(),
                    _ => Value::Null,
                }
            }
            Access::MbiCurrent => Value::borrowed(self.patient.current),
            Access::Age => self.age().map_or(Value::Null, Value::Int),
            Access::FileName => Value::Text(Cow::Borrowed(&self.lineage.file_name)),
            Access::FileDate => self.lineage.file_date.map_or(Value::Null, Value::Date),
            _ => Value::Null,
        }
    }
}

impl<'i> Lookup<'i> for At<'_, 'i> {
    fn claim_type(&self) -> Option<ClaimType> {
        None
    }

    fn value(&self, access: &Access) -> Value<'i> {
        match access {
            Access::MbiHistoric => Value::borrowed(self.historic),
            Access::HospiceBegin => {
                self.hospice.map_or(Value::Null, |(start, _)| Value::Date(start))
            }
            Access::HospiceEnd => {
                self.hospice.and_then(|(_, end)| end).map_or(Value::Null, Value::Date)
            }
            access => self.row.value(access),
        }
    }
}

/// Makes CCLF0: a row for each table that was written, with its count.
///
/// # Errors
/// Never with the tables of a loaded crosswalk.
pub fn summary(plan: &'static Plan, written: &[(Table, u64)]) -> Result<RecordBatch, ArrowError> {
    let mut builder = TableBuilder::new(plan, Table::Cclf0, &false.into());
    let mut untranslated = Untranslated::default();
    for (table, rows) in written {
        builder.append(&SummaryRow { plan, table: *table, rows: *rows }, &mut untranslated);
    }
    builder.finish()
}

struct SummaryRow {
    plan: &'static Plan,
    table: Table,
    rows: u64,
}

impl Lookup<'static> for SummaryRow {
    fn claim_type(&self) -> Option<ClaimType> {
        None
    }

    fn value(&self, access: &Access) -> Value<'static> {
        let def = self.plan.crosswalk().table(self.table);
        let int = |value: Option<i64>| value.map_or(Value::Null, Value::Int);
        match access {
            Access::Summary(Function::SummaryFile) => Value::Text(Cow::Borrowed(self.table.name())),
            Access::Summary(Function::SummaryTitle) => Value::Text(Cow::Borrowed(&def.title)),
            Access::Summary(Function::SummaryRows) => int(i64::try_from(self.rows).ok()),
            Access::Summary(Function::SummaryLength) => {
                int(i64::try_from(def.record_length()).ok())
            }
            _ => Value::Null,
        }
    }
}

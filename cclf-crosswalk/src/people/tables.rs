//! CCLF8, CCLF9 and CCLF0: the tables that are written when all records have been read.

use std::borrow::Cow;

use super::digest::{Kept, Unpack};
use super::index::{BeneficiaryNumber, HospiceRanges, Index, PatientDigest};
use super::person::Enrolled;
use cms::DatedMbi;

use crate::arrow::array::RecordBatch;
use crate::arrow::error::ArrowError;
use crate::facts::columns::Columns;
use crate::facts::dates::civil_from_days;
use crate::facts::fact::CoverageChoice;
use crate::layout::table::Table;
use crate::plan::Plan;
use crate::plan::access::{
    BeneficiaryAccess, MbiAccess, PersonAccess, RecordAccess, SummaryAccess,
};
use crate::plan::kept::KeptValue;
use crate::plan::program::{Program, Row, Untranslated};
use crate::plan::value::Value;
use crate::rows::batch::TableBuilder;
use crate::rows::claim::Lineage;

/// Builds CCLF8 and CCLF9 from the index.
#[derive(Debug)]
pub struct PeopleTables {
    plan: &'static Plan,
    beneficiaries: Vec<TableBuilder<BeneficiaryAccess>>,
    mbis: Vec<TableBuilder<MbiAccess>>,
    untranslated: Untranslated,
    /// The day at which ages are reckoned, where it is not each Patient's FILE_DATE.
    age_at: Option<i32>,
}

impl PeopleTables {
    /// Builders for those of `tables` that are of people.
    pub fn new(plan: &'static Plan, tables: &[Table], wanted: &Columns) -> Self {
        let (crosswalk, tables) = (plan.crosswalk(), || tables.iter().copied());
        let beneficiaries = tables().filter(|table| plan.beneficiaries.has(*table));
        let mbis = tables().filter(|table| plan.mbis.has(*table));
        Self {
            plan,
            beneficiaries: beneficiaries
                .map(|table| TableBuilder::new(crosswalk, &plan.beneficiaries, table, wanted))
                .collect(),
            mbis: mbis
                .map(|table| TableBuilder::new(crosswalk, &plan.mbis, table, wanted))
                .collect(),
            untranslated: Untranslated::default(),
            age_at: None,
        }
    }

    /// The same, with all ages reckoned at one day, in days since 1970-01-01, in place of each Patient's FILE_DATE.
    #[must_use]
    pub fn with_age_at(self, day: Option<i32>) -> Self {
        Self { age_at: day, ..self }
    }

    /// Appends the rows of one beneficiary; `lineages` are the files by number.
    pub fn append(
        &mut self,
        index: &Index,
        beneficiary: BeneficiaryNumber,
        hospice: &HospiceRanges,
        lineages: &[Lineage],
    ) {
        let person = &PersonRow {
            plan: self.plan,
            index,
            beneficiary,
            patient: index.patient(beneficiary),
            age_at: self.age_at,
            lineage: &lineages[index.source(beneficiary) as usize],
        };
        for table in &mut self.beneficiaries {
            let mut ranges = hospice.of(beneficiary).map(Some).peekable();
            // Without a range there is one row all the same.
            let none = ranges.peek().is_none().then_some(None);
            for hospice in ranges.chain(none) {
                table.append(&BeneficiaryRow { person, hospice }, &mut self.untranslated);
            }
        }
        for table in &mut self.mbis {
            for historic in &person.patient.historic {
                let row = MbiRow { person, historic: *historic };
                table.append(&row, &mut self.untranslated);
            }
        }
    }

    /// Rows that wait for [`finish`](Self::finish).
    pub fn rows(&self) -> usize {
        let beneficiaries = self.beneficiaries.iter().map(TableBuilder::rows);
        beneficiaries.chain(self.mbis.iter().map(TableBuilder::rows)).max().unwrap_or(0)
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
        let beneficiaries = self.beneficiaries.iter_mut().filter_map(TableBuilder::finish_some);
        beneficiaries.chain(self.mbis.iter_mut().filter_map(TableBuilder::finish_some)).collect()
    }
}

struct PersonRow<'i> {
    plan: &'static Plan,
    index: &'i Index,
    beneficiary: BeneficiaryNumber,
    patient: PatientDigest<'i>,
    age_at: Option<i32>,
    lineage: &'i Lineage,
}

/// The row of a beneficiary, at one of their hospice ranges if there are any.
struct BeneficiaryRow<'p, 'i> {
    person: &'p PersonRow<'i>,
    hospice: Option<(i32, Option<i32>)>,
}

/// The row of a historic MBI.
struct MbiRow<'p, 'i> {
    person: &'p PersonRow<'i>,
    historic: DatedMbi<'i>,
}

impl<'i> PersonRow<'i> {
    /// A kept value of the Patient.
    fn own(&self, kept: KeptValue) -> Value<'i> {
        let place = self.plan.patient_kept.place(kept);
        place.map_or(Value::Null, |place| self.patient.values.at(place).value())
    }

    fn date(&self, fact: &Program<RecordAccess>) -> Option<i32> {
        fact.accesses().find_map(|RecordAccess(reg)| match self.own(KeptValue::Register(*reg)) {
            Value::Date(days) => Some(days),
            _ => None,
        })
    }

    /// Rule: whole years from birth to FILE_DATE, or to the death date if earlier.
    fn age(&self) -> Option<i64> {
        let birth = self.date(&self.plan.person.birth)?;
        let death = self.date(&self.plan.person.death);
        let file = self.age_at.or(self.lineage.file_date)?;
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
            CoverageChoice::Part(wanted) => part(Enrolled::Part(wanted).index()),
            CoverageChoice::Dual => part(Enrolled::Dual.index()),
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

    /// A kept value of a Coverage. With months the newest is the newest that has any.
    fn of_coverage(&self, choice: CoverageChoice, kept: KeptValue) -> Value<'i> {
        let Some(place) = self.plan.coverage_kept.place(kept) else { return Value::Null };
        let months = matches!(kept, KeptValue::Months(_)).then_some(place);
        let coverage = self.coverage(choice, months);
        coverage.map_or(Value::Null, |coverage| coverage.at(1 + place).value())
    }

    fn value(&self, access: &PersonAccess) -> Value<'i> {
        match access {
            PersonAccess::Record(reg) => self.own(KeptValue::Register(*reg)),
            PersonAccess::Months(months) => self.own(KeptValue::Months(*months)),
            PersonAccess::Coverage { choice, reg } => {
                self.of_coverage(*choice, KeptValue::Register(*reg))
            }
            PersonAccess::CoverageMonths { choice, months } => {
                self.of_coverage(*choice, KeptValue::Months(*months))
            }
            PersonAccess::MbiCurrent => Value::borrowed(self.patient.current),
            PersonAccess::FileName => Value::Text(Cow::Borrowed(&self.lineage.file_name)),
            PersonAccess::FileDate => self.lineage.file_date.map_or(Value::Null, Value::Date),
        }
    }
}

impl<'i> Row<'i> for BeneficiaryRow<'_, 'i> {
    type Access = BeneficiaryAccess;

    fn value(&self, access: &BeneficiaryAccess) -> Value<'i> {
        let date = |date: Option<i32>| date.map_or(Value::Null, Value::Date);
        match access {
            BeneficiaryAccess::Person(access) => self.person.value(access),
            BeneficiaryAccess::Age => self.person.age().map_or(Value::Null, Value::Int),
            BeneficiaryAccess::HospiceBegin => date(self.hospice.map(|(start, _)| start)),
            BeneficiaryAccess::HospiceEnd => date(self.hospice.and_then(|(_, end)| end)),
        }
    }
}

impl<'i> Row<'i> for MbiRow<'_, 'i> {
    type Access = MbiAccess;

    fn value(&self, access: &MbiAccess) -> Value<'i> {
        match access {
            MbiAccess::Person(access) => self.person.value(access),
            MbiAccess::Historic => Value::borrowed(Some(self.historic.mbi)),
            MbiAccess::Begin => self.historic.begin.map_or(Value::Null, Value::Date),
            MbiAccess::End => self.historic.end.map_or(Value::Null, Value::Date),
        }
    }
}

/// Makes CCLF0: a row for each table that was written, with its count.
///
/// # Errors
/// Never with the tables of a loaded crosswalk.
pub fn summary(plan: &'static Plan, written: &[(Table, u64)]) -> Result<RecordBatch, ArrowError> {
    let wanted = Columns::from(false);
    let mut builder = TableBuilder::new(plan.crosswalk(), &plan.summary, Table::Cclf0, &wanted);
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

impl Row<'static> for SummaryRow {
    type Access = SummaryAccess;

    fn value(&self, access: &SummaryAccess) -> Value<'static> {
        let def = self.plan.crosswalk().table(self.table);
        let int = |value: Option<i64>| value.map_or(Value::Null, Value::Int);
        match access {
            SummaryAccess::File => Value::Text(Cow::Borrowed(self.table.name())),
            SummaryAccess::Title => Value::Text(Cow::Borrowed(&def.title)),
            SummaryAccess::Rows => int(i64::try_from(self.rows).ok()),
            SummaryAccess::Length => int(i64::try_from(def.record_length()).ok()),
        }
    }
}

//! The crosswalk read a second time: slowly, and in the plainest way there is.
//!
//! This module follows the same tables as [`Plan`](crate::Plan) in each version, but over the typed model of a record, path
//! by path, without compiling, packing or streaming. It shares neither the compiled plan nor the functions
//! for dates, numbers and codes with the fast way, so that tests can hold the two against each other:
//! where they differ, one of them is wrong. Besides the parsed tables it takes from the crate only the code maps
//! and the text of the state codes of [`STU3`](crate::STU3).
//!
//! A run keeps every record in memory and looks everything up by going through lists. It is not for data
//! of any size.

mod check;
mod people;
mod person;
mod rows;
mod typed;
mod value;
mod version;
mod walk;

use check::{Facts, Line};
use people::{patient_of, people};
use person::Person;
use rows::Row;
use typed::Read;
use walk::{Spot, entries, has_key};

use crate::error::ErrorClass;
use crate::facts::crosswalk::{Column, Crosswalk, LineageColumn, TableDef};
use crate::layout::resource::Resource;
use crate::layout::table::{Per, Table};

/// The lines of one input file.
#[derive(Clone, Debug)]
pub struct SourceLines<'a> {
    /// FILE_NAME of its rows.
    pub file_name: &'a str,
    /// FILE_DATE of its rows, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// The records, one a line, without line feeds.
    pub lines: Vec<&'a [u8]>,
}

/// The rows of one table, each cell as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// Which table.
    pub table: Table,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows. Text is as it is, dates are `YYYY-MM-DD`, booleans `true` or `false`, decimals have exactly the digits
    /// of their scale, integers are plain, timestamps are microseconds since 1970-01-01T00:00:00Z; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What a run gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The twelve tables in the order of [`Table::ALL`].
    pub tables: Vec<TableRows>,
    /// Bad records: number of the source, number of the line in it (both from 0), class of the fault.
    pub rejected: Vec<(usize, usize, ErrorClass)>,
    /// Lines that hold a resource that no table wants, or a claim that is none of the tables.
    pub skipped: Vec<(usize, usize)>,
    /// Lines of another version of the API.
    pub foreign: Vec<(usize, usize)>,
}

impl Tables {
    /// The rows of one table.
    pub fn table(&self, table: Table) -> &TableRows {
        &self.tables[table.index()]
    }
}

/// What is asked of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The lineage columns.
    pub lineage: bool,
    /// Rows of tables that have none in this version, so that their facts can be looked at.
    pub enhancement_rows: bool,
    /// Rows of claims that are not adjudicated to the end.
    pub partially_adjudicated: bool,
}

/// What a switch of a benefit enhancement says that is off.
const OFF: &str = "N";

/// Converts lines of files to the twelve tables: Patients and Coverages first, then claims in input order.
pub fn run(crosswalk: &Crosswalk, sources: &[SourceLines<'_>], wanted: Wanted) -> Tables {
    let Wanted { lineage, enhancement_rows, partially_adjudicated } = wanted;
    let mut tables = Tables {
        tables: crosswalk.tables().iter().map(|def| header(crosswalk, def, lineage)).collect(),
        rejected: Vec::new(),
        skipped: Vec::new(),
        foreign: Vec::new(),
    };
    let facts = Facts::new(crosswalk, partially_adjudicated);
    let mut records = Vec::new();
    for (source, file) in sources.iter().enumerate() {
        for (line, text) in file.lines.iter().enumerate() {
            match facts.read(text, file.file_name, file.file_date) {
                Ok(Line::Record(record)) => records.push(record),
                Ok(Line::Other) => tables.skipped.push((source, line)),
                Ok(Line::Foreign) => tables.foreign.push((source, line)),
                Err(class) => tables.rejected.push((source, line, class)),
            }
        }
    }
    let people = people(crosswalk, &records, |record| is_final(crosswalk, record));
    for def in crosswalk.tables() {
        let made: Vec<Row<'_>> = match def.per {
            Per::Summary => summary(crosswalk, &tables),
            Per::Patient => people.iter().flat_map(|person| by_range(crosswalk, person)).collect(),
            Per::Mbi => people.iter().flat_map(|person| by_mbi(crosswalk, person)).collect(),
            _ if !def.has_rows && !enhancement_rows => Vec::new(),
            _ => records
                .iter()
                .filter(|record| record.claim_type.is_some_and(|own| def.claim_types.contains(own)))
                .flat_map(|record| of_claim(crosswalk, def, record, &people))
                .filter(|row| is_switched_on(def, row))
                .collect(),
        };
        let rows = made.iter().map(|row| cells(crosswalk, def, row, lineage)).collect();
        tables.tables[def.table.index()].rows = rows;
    }
    tables
}

/// The lineage columns of a table.
fn lineage_of<'c>(
    crosswalk: &'c Crosswalk,
    def: &TableDef,
    lineage: bool,
) -> Vec<&'c LineageColumn> {
    // All but the summary have them, also the tables that never have rows.
    let wanted = lineage && def.per != Per::Summary;
    let of_claims = !def.claim_types.is_empty();
    let columns = crosswalk.lineage().iter();
    columns.filter(|column| wanted && (of_claims || !column.claims_only)).collect()
}

fn header(crosswalk: &Crosswalk, def: &TableDef, lineage: bool) -> TableRows {
    let own = def.columns.iter().map(|column| column.name.clone());
    let added = lineage_of(crosswalk, def, lineage);
    let columns = own.chain(added.into_iter().map(|column| column.name.clone())).collect();
    TableRows { table: def.table, columns, rows: Vec::new() }
}

fn cells(
    crosswalk: &Crosswalk,
    def: &TableDef,
    row: &Row<'_>,
    lineage: bool,
) -> Vec<Option<String>> {
    let own = def.columns.iter().map(|column| row.cell(column.expr.as_ref()?, column.column_type));
    let added = lineage_of(crosswalk, def, lineage);
    let added = added.into_iter();
    own.chain(added.map(|column| row.cell(column.expr.as_ref()?, column.column_type))).collect()
}

/// Whether BCDA_FINAL of a claim is true.
fn is_final(crosswalk: &Crosswalk, record: &Read<'_>) -> bool {
    let column = crosswalk.lineage().iter().find(|column| column.name == "BCDA_FINAL");
    let told = column.and_then(|column| {
        Row::of_record(crosswalk, record).cell(column.expr.as_ref()?, column.column_type)
    });
    told.as_deref() == Some("true")
}

/// The rows that a claim gives a table.
fn of_claim<'r>(
    crosswalk: &'r Crosswalk,
    def: &TableDef,
    record: &'r Read<'r>,
    people: &'r [Person<'r>],
) -> Vec<Row<'r>> {
    debug_assert_eq!(record.kind, Resource::ExplanationOfBenefit);
    let claim = record.node();
    let own: Vec<Option<Spot<'_>>> = match def.per {
        Per::Item => entries(claim, "item").into_iter().map(Some).collect(),
        Per::Procedure => entries(claim, "procedure").into_iter().map(Some).collect(),
        Per::Diagnosis => entries(claim, "diagnosis")
            .into_iter()
            .filter(|entry| !entries(entry.node, "diagnosisCodeableConcept").is_empty())
            .filter(|entry| {
                let is = |kind: &String| has_key(crosswalk.api(), entry.node, "diagnosis", kind);
                def.diagnosis_types.is_empty() || def.diagnosis_types.iter().any(is)
            })
            .map(Some)
            .collect(),
        _ => vec![None],
    };
    let patient = patient_of(claim, "patient");
    let person = people.iter().find(|person| Some(person.id) == patient);
    own.into_iter()
        .map(|own| Row { per: def.per, own, person, ..Row::of_record(crosswalk, record) })
        .collect()
}

/// Whether a row of a table with switches has one that says something other than no.
fn is_switched_on(def: &TableDef, row: &Row<'_>) -> bool {
    let mut switches = def.columns.iter().filter(|column| def.switches.contains(&column.name));
    let is_on = |column: &Column| {
        let said = column.expr.as_ref().and_then(|expr| row.cell(expr, column.column_type));
        said.is_some_and(|said| said != OFF)
    };
    def.switches.is_empty() || switches.any(is_on)
}

/// A Patient's rows of CCLF8: one per hospice range, at least one.
fn by_range<'r>(crosswalk: &'r Crosswalk, person: &'r Person<'r>) -> Vec<Row<'r>> {
    let row = Row::of_person(crosswalk, Per::Patient, person);
    if person.hospice.is_empty() {
        return vec![row];
    }
    person.hospice.iter().map(|range| Row { hospice: Some(*range), ..row.clone() }).collect()
}

/// A Patient's rows of CCLF9: one per historic MBI.
fn by_mbi<'r>(crosswalk: &'r Crosswalk, person: &'r Person<'r>) -> Vec<Row<'r>> {
    let row = Row::of_person(crosswalk, Per::Mbi, person);
    person.historic.iter().map(|mbi| Row { historic: Some(mbi), ..row.clone() }).collect()
}

/// The rows of CCLF0, which comes last.
fn summary<'r>(crosswalk: &'r Crosswalk, tables: &Tables) -> Vec<Row<'r>> {
    let counted = tables.tables.iter().filter(|rows| rows.table != Table::Cclf0);
    counted
        .map(|rows| Row {
            summary: Some((rows.table, rows.rows.len())),
            ..Row::empty(crosswalk, Per::Summary)
        })
        .collect()
}

//! What the tests of whole tables share: the fast way as plain cells, its comparison with the slow way, and JSON.

use std::path::PathBuf;

use cclf_crosswalk::arrow::array::{
    Array, AsArray, Date32Array, Decimal128Array, RecordBatch, TimestampMicrosecondArray,
};
use cclf_crosswalk::arrow::datatypes::{DataType, Int32Type, Int64Type};
use cclf_crosswalk::interpret::{self, SourceLines, Tables, Wanted};
use cclf_crosswalk::{
    Api, ClaimTables, Columns, Crosswalk, ErrorClass, HospiceRanges, Index, Lineage, PeopleTables,
    Plan, Reader, Table, Took, schema, summary,
};
use fhir_model::{IntoOwned, Object, Value};

/// Rows of cells in the slow way's notation.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// Input files: name, date, lines.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) api: Api,
    pub(crate) files: Vec<(String, Option<i32>, Vec<String>)>,
}

/// 2021-08-17.
pub(crate) const FILE_DATE: i32 = 18_856;

/// All columns, and all rows that facts can be looked at in.
pub(crate) const ALL: Wanted =
    Wanted { lineage: true, enhancement_rows: true, partially_adjudicated: true };

impl Input {
    /// One file of these lines of version 1, of 2021-08-17.
    pub(crate) fn of<L: Into<String>>(lines: impl IntoIterator<Item = L>) -> Self {
        Self::in_version(Api::V1, lines)
    }

    /// One file of these lines, of 2021-08-17.
    pub(crate) fn in_version<L: Into<String>>(
        api: Api,
        lines: impl IntoIterator<Item = L>,
    ) -> Self {
        let lines = lines.into_iter().map(Into::into).collect();
        Self { api, files: vec![("a.ndjson".to_owned(), Some(FILE_DATE), lines)] }
    }

    fn sources(&self) -> Vec<SourceLines<'_>> {
        self.files
            .iter()
            .map(|(name, date, lines)| SourceLines {
                file_name: name,
                file_date: *date,
                lines: lines.iter().map(String::as_bytes).collect(),
            })
            .collect()
    }

    /// The tables, after both ways were found to agree on them.
    pub(crate) fn tables(&self) -> Tables {
        self.wanted(ALL)
    }

    /// The same, of what is wanted.
    pub(crate) fn wanted(&self, wanted: Wanted) -> Tables {
        let slow = self.slow(wanted);
        compare(&slow, &self.fast(wanted));
        slow
    }

    /// The tables of which these columns alone have sources, after both ways were found to agree on them and on what is
    /// bad.
    pub(crate) fn judged_by(&self, columns: &Columns) -> Tables {
        let crosswalk = Crosswalk::of(self.api).with_sources_of(columns);
        // Rows of benefit enhancements have switches, which nobody asked for.
        let wanted = Wanted { enhancement_rows: false, ..ALL };
        let slow = interpret::run(&crosswalk, &self.sources(), wanted);
        compare(&slow, &fast(Plan::judging(self.api, columns), &self.sources(), wanted));
        slow
    }

    /// The tables of the slow way alone.
    pub(crate) fn slow(&self, wanted: Wanted) -> Tables {
        interpret::run(Crosswalk::of(self.api), &self.sources(), wanted)
    }

    /// The tables of the fast way alone.
    pub(crate) fn fast(&self, wanted: Wanted) -> Fast {
        fast(Plan::of(self.api), &self.sources(), wanted)
    }
}

/// What the fast way gives.
#[derive(Debug)]
pub(crate) struct Fast {
    /// In the order of [`Table::ALL`].
    pub(crate) tables: Vec<Rows>,
    pub(crate) columns: Vec<Vec<String>>,
    pub(crate) rejected: Vec<(usize, usize, ErrorClass)>,
    pub(crate) skipped: Vec<(usize, usize)>,
    pub(crate) foreign: Vec<(usize, usize)>,
}

fn fast(plan: &'static Plan, sources: &[SourceLines<'_>], wanted: Wanted) -> Fast {
    let Wanted { lineage, enhancement_rows, partially_adjudicated } = wanted;
    let columns = Table::ALL.map(|table| {
        let schema = schema(plan.crosswalk(), table, &(lineage && table != Table::Cclf0).into());
        schema.fields().iter().map(|field| field.name().clone()).collect()
    });
    let mut fast = Fast {
        tables: vec![Rows::new(); Table::ALL.len()],
        columns: columns.to_vec(),
        rejected: Vec::new(),
        skipped: Vec::new(),
        foreign: Vec::new(),
    };
    let lineages: Vec<Lineage> = sources
        .iter()
        .map(|file| Lineage { file_name: file.file_name.to_owned(), file_date: file.file_date })
        .collect();
    let mut reader = Reader::new(plan).with_partially_adjudicated(partially_adjudicated);
    let mut index = Index::new();
    for (source, file) in sources.iter().enumerate() {
        for (number, line) in file.lines.iter().enumerate() {
            match reader.take(line) {
                Took::Person(record) => {
                    record.pack().add_to(&mut index, u32::try_from(source).unwrap()).unwrap();
                }
                Took::Claim(_) => {}
                Took::Skipped(_) => fast.skipped.push((source, number)),
                Took::Foreign(_) => fast.foreign.push((source, number)),
                Took::Bad(fault) => fast.rejected.push((source, number, fault.class())),
            }
        }
    }
    let mut hospice = HospiceRanges::default();
    let tables = if enhancement_rows { ClaimTables::with_enhancements } else { ClaimTables::new };
    let mut claims = tables(plan, &Table::ALL, &lineage.into());
    for (file, lineage) in sources.iter().zip(&lineages) {
        for line in &file.lines {
            let Took::Claim(claim) = reader.take(line) else { continue };
            let beneficiary = claim.patient().and_then(|patient| index.find(&patient));
            if let (Some(beneficiary), Some((start, end))) = (beneficiary, claim.hospice_stay()) {
                hospice.add(beneficiary, start, end);
            }
            claims.append(&claim, beneficiary.and_then(|number| index.mbi(number)), lineage);
        }
    }
    let mut people = PeopleTables::new(plan, &Table::ALL, &lineage.into());
    for beneficiary in index.in_order() {
        people.append(&index, beneficiary, &hospice, &lineages);
    }
    for (table, batch) in claims.finish().unwrap().into_iter().chain(people.finish().unwrap()) {
        fast.tables[place(table)] = cells(&batch);
    }
    let written: Vec<(Table, u64)> = Table::ALL
        .into_iter()
        .filter(|table| *table != Table::Cclf0)
        .map(|table| (table, fast.tables[place(table)].len() as u64))
        .collect();
    fast.tables[place(Table::Cclf0)] = cells(&summary(plan, &written).unwrap());
    fast
}

fn place(table: Table) -> usize {
    Table::ALL.into_iter().position(|own| own == table).unwrap()
}

/// The rows of a record batch.
fn cells(batch: &RecordBatch) -> Rows {
    let columns: Vec<Vec<Option<String>>> =
        batch.columns().iter().map(|column| column_cells(column)).collect();
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column[row].clone()).collect())
        .collect()
}

fn column_cells(column: &dyn Array) -> Vec<Option<String>> {
    let value: Box<dyn Fn(usize) -> String + '_> = match column.data_type() {
        DataType::Utf8 => Box::new(|row| column.as_string::<i32>().value(row).to_owned()),
        DataType::Boolean => Box::new(|row| column.as_boolean().value(row).to_string()),
        DataType::Int32 => {
            Box::new(|row| column.as_primitive::<Int32Type>().value(row).to_string())
        }
        DataType::Int64 => {
            Box::new(|row| column.as_primitive::<Int64Type>().value(row).to_string())
        }
        DataType::Date32 => Box::new(|row| {
            let dates = column.as_any().downcast_ref::<Date32Array>().unwrap();
            dates.value_as_date(row).unwrap().to_string()
        }),
        DataType::Timestamp(..) => Box::new(|row| {
            let times = column.as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
            times.value(row).to_string()
        }),
        DataType::Decimal128(..) => Box::new(|row| {
            let numbers = column.as_any().downcast_ref::<Decimal128Array>().unwrap();
            numbers.value_as_string(row)
        }),
        other => panic!("no column is of type {other}"),
    };
    (0..column.len()).map(|row| column.is_valid(row).then(|| value(row))).collect()
}

/// Fails with the first cells that differ.
pub(crate) fn compare(slow: &Tables, fast: &Fast) {
    let differences = differences(slow, fast);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// The first verdicts and cells that differ, for people.
pub(crate) fn differences(slow: &Tables, fast: &Fast) -> Vec<String> {
    let mut differences = Vec::new();
    if slow.rejected != fast.rejected {
        differences.push(format!("rejected: slow {:?}, fast {:?}", slow.rejected, fast.rejected));
    }
    if slow.skipped != fast.skipped {
        differences.push(format!("skipped: slow {:?}, fast {:?}", slow.skipped, fast.skipped));
    }
    if slow.foreign != fast.foreign {
        differences.push(format!("foreign: slow {:?}, fast {:?}", slow.foreign, fast.foreign));
    }
    for (slow, (fast, names)) in slow.tables.iter().zip(fast.tables.iter().zip(&fast.columns)) {
        let table = slow.table;
        assert_eq!(slow.columns, *names, "{table}");
        if slow.rows.len() != fast.len() {
            differences.push(format!(
                "{table}: slow {} rows, fast {}",
                slow.rows.len(),
                fast.len()
            ));
        }
        for (number, (slow, fast)) in slow.rows.iter().zip(fast).enumerate() {
            for ((slow, fast), name) in slow.iter().zip(fast).zip(names) {
                if slow != fast {
                    differences
                        .push(format!("{table} row {number} {name}: slow {slow:?}, fast {fast:?}"));
                }
            }
        }
    }
    differences.truncate(20);
    differences
}

/// A cell by table, row and column name.
pub(crate) fn cell(tables: &Tables, table: Table, row: usize, column: &str) -> Option<String> {
    let rows = tables.table(table);
    let place = rows.columns.iter().position(|name| name == column);
    rows.rows[row][place.unwrap_or_else(|| panic!("{table} has no column {column}"))].clone()
}

/// The cells of a column, nulls as `-`.
pub(crate) fn column(tables: &Tables, table: Table, column: &str) -> Vec<String> {
    (0..tables.table(table).rows.len())
        .map(|row| cell(tables, table, row, column).unwrap_or_else(|| "-".to_owned()))
        .collect()
}

/// The golden files of a folder, line by line; `None` when they are not there.
pub(crate) fn golden(folder: &str) -> Option<Vec<String>> {
    let data =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")).join(folder);
    let mut lines = Vec::new();
    for name in ["ExplanationOfBenefit", "Patient", "Coverage"] {
        let text = std::fs::read_to_string(data.join(format!("{name}.ndjson"))).ok()?;
        lines.extend(text.lines().filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Some(lines)
}

/// JSON from a shorthand: `'` for `"`, `V:` and `C:` at the start of a string for the variables and code systems of v1 and
/// v2, `F:` and `S:` for the code systems and structure definitions of v3.
pub(crate) fn json(shorthand: &str) -> String {
    const BASE: &str = "https://bluebutton.cms.gov/";
    shorthand
        .replace("'V:", &format!("'{BASE}resources/variables/"))
        .replace("'C:", &format!("'{BASE}resources/codesystem/"))
        .replace("'F:", &format!("'{BASE}fhir/CodeSystem/"))
        .replace("'S:", &format!("'{BASE}fhir/StructureDefinition/"))
        .replace("'us-npi'", "'http://hl7.org/fhir/sid/us-npi'")
        .replace("'us-mbi'", "'http://hl7.org/fhir/sid/us-mbi'")
        .replace("'icd-9-cm'", "'http://hl7.org/fhir/sid/icd-9-cm'")
        .replace("'icd-10'", "'http://hl7.org/fhir/sid/icd-10'")
        .replace('\'', "\"")
        .split_terminator('\n')
        .map(str::trim)
        .collect()
}

/// A JSON object with its members in order and its numbers as text.
pub(crate) fn parse(text: &str) -> Object<'static> {
    let object: Object<'_> = fhir_model::from_slice_as(text.as_bytes()).unwrap();
    object.into_owned()
}

/// The object as compact JSON.
pub(crate) fn write(object: Object<'static>) -> String {
    Value::Object(object).node().to_json()
}

/// Small random numbers, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Brings the members of every object into another order; lists keep theirs.
pub(crate) fn shuffle(object: &mut Object<'static>, random: &mut Random) {
    for place in (1..object.members.len()).rev() {
        let other = random.below(place + 1);
        object.members.swap(place, other);
    }
    for (_, value) in &mut object.members {
        shuffle_value(value, random);
    }
}

fn shuffle_value(value: &mut Value<'static>, random: &mut Random) {
    match value {
        Value::Object(object) => shuffle(object, random),
        Value::List(list) => list.iter_mut().for_each(|entry| shuffle_value(entry, random)),
        _ => {}
    }
}

/// A leaf of a record: the value, to be replaced.
pub(crate) fn leaves<'v>(object: &'v mut Object<'static>) -> Vec<&'v mut Value<'static>> {
    object.members.iter_mut().flat_map(|(_, value)| value_leaves(value)).collect()
}

fn value_leaves<'v>(value: &'v mut Value<'static>) -> Vec<&'v mut Value<'static>> {
    match value {
        Value::Object(object) => leaves(object),
        Value::List(list) => list.iter_mut().flat_map(value_leaves).collect(),
        leaf => vec![leaf],
    }
}

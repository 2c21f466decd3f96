//! Rows into Arrow: one builder per column, a record batch when asked.

use std::collections::HashMap;
use std::sync::Arc;

use crate::arrow::array::{
    Array, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder,
    PrimitiveBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder, new_null_array,
};
use crate::arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Schema, SchemaRef};

use crate::facts::columns::{Columns, Place};
use crate::facts::crosswalk::{CROSSWALK_VERSION, Crosswalk, TableDef};
use crate::layout::table::{ColumnType, Table};
use crate::plan::Plan;
use crate::plan::access::{Access, ClaimAccess, Register};
use crate::plan::program::{Program, Row, Untranslated};
use crate::plan::programs::Programs;
use crate::plan::registers::{RecordView, Val};
use crate::plan::value::Value;
use crate::rows::claim::{Claim, ClaimRow, Lineage};

/// The Arrow schema of a table, with the layout's labels and our notes as metadata.
pub fn schema(crosswalk: &Crosswalk, table: Table, wanted: &Columns) -> SchemaRef {
    let def = crosswalk.table(table);
    let field = |place| match place {
        Place::Layout(place) => {
            let column = &def.columns[place];
            let mut metadata = HashMap::from([
                ("description".to_owned(), column.label.clone()),
                ("source".to_owned(), column.source.clone()),
            ]);
            if !column.note.is_empty() {
                metadata.insert("note".to_owned(), column.note.clone());
            }
            Field::new(&column.name, column.column_type.arrow(), true).with_metadata(metadata)
        }
        Place::Lineage(place) => {
            let column = &crosswalk.lineage()[place];
            let metadata = HashMap::from([("description".to_owned(), column.note.clone())]);
            Field::new(&column.name, column.column_type.arrow(), true).with_metadata(metadata)
        }
    };
    let fields: Vec<Field> = wanted.of(crosswalk, def).into_iter().map(field).collect();
    let metadata = HashMap::from([
        ("cclf.table".to_owned(), table.name().to_owned()),
        ("cclf.title".to_owned(), def.title.clone()),
        ("cclf.layout".to_owned(), "36.0".to_owned()),
        ("cclf.crosswalk_version".to_owned(), CROSSWALK_VERSION.to_owned()),
    ]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

#[derive(Debug)]
enum Builder {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
}

impl Builder {
    fn new(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnType::Date => Self::Date(Date32Builder::new()),
            ColumnType::Int32 => Self::Int32(Int32Builder::new()),
            ColumnType::Int64 => Self::Int64(Int64Builder::new()),
            ColumnType::Timestamp => Self::Timestamp(
                TimestampMicrosecondBuilder::new().with_data_type(column_type.arrow()),
            ),
            ColumnType::Decimal { .. } => {
                Self::Decimal(Decimal128Builder::new().with_data_type(column_type.arrow()))
            }
        }
    }

    /// Appends a value `rows` times.
    #[inline]
    fn append(&mut self, value: &Value<'_>, rows: usize) {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => {
                (0..rows).for_each(|_| builder.append_value(text));
            }
            (Self::Boolean(builder), Value::Text(text)) => builder.append_n(rows, text == "true"),
            (Self::Date(builder), Value::Date(days)) => builder.append_value_n(*days, rows),
            (Self::Int64(builder), Value::Int(value)) => builder.append_value_n(*value, rows),
            (Self::Int32(builder), Value::Int(value)) => match i32::try_from(*value) {
                Ok(value) => builder.append_value_n(value, rows),
                Err(_) => builder.append_nulls(rows),
            },
            (Self::Timestamp(builder), Value::Timestamp(micros)) => {
                builder.append_value_n(*micros, rows);
            }
            (Self::Decimal(builder), Value::Decimal(value)) => builder.append_value_n(*value, rows),
            // Registers have their column's type, so what is left is null.
            (Self::Text(builder), _) => builder.append_nulls(rows),
            (Self::Boolean(builder), _) => builder.append_nulls(rows),
            (Self::Date(builder), _) => builder.append_nulls(rows),
            (Self::Int32(builder), _) => builder.append_nulls(rows),
            (Self::Int64(builder), _) => builder.append_nulls(rows),
            (Self::Timestamp(builder), _) => builder.append_nulls(rows),
            (Self::Decimal(builder), _) => builder.append_nulls(rows),
        }
    }

    /// The values so far; there is room at once for as many more.
    fn finish(&mut self, rows: usize) -> ArrayRef {
        fn of<T: ArrowPrimitiveType>(builder: &mut PrimitiveBuilder<T>, rows: usize) -> ArrayRef {
            let values = builder.finish();
            let next = PrimitiveBuilder::with_capacity(rows);
            *builder = next.with_data_type(values.data_type().clone());
            Arc::new(values)
        }
        match self {
            Self::Text(builder) => {
                let bytes = builder.values_slice().len();
                let values = builder.finish();
                *builder = StringBuilder::with_capacity(rows, bytes);
                Arc::new(values)
            }
            Self::Boolean(builder) => {
                let values = builder.finish();
                *builder = BooleanBuilder::with_capacity(rows);
                Arc::new(values)
            }
            Self::Date(builder) => of(builder, rows),
            Self::Int32(builder) => of(builder, rows),
            Self::Int64(builder) => of(builder, rows),
            Self::Timestamp(builder) => of(builder, rows),
            Self::Decimal(builder) => of(builder, rows),
        }
    }
}

/// A column that is being built.
#[derive(Debug)]
struct ColumnBuilder<A: 'static> {
    /// `None` where BCDA has no source.
    program: Option<&'static Program<A>>,
    /// The register that it says as it is, if it does.
    register: Option<Register>,
    /// Its value differs between the rows of a claim.
    by_row: bool,
    builder: Builder,
    data_type: DataType,
    /// Nulls at the end that the builder does not have yet: most columns have few values, and some none.
    nulls: usize,
}

impl<A> ColumnBuilder<A> {
    /// Appends a value `rows` times.
    #[inline]
    fn append(&mut self, value: &Value<'_>, rows: usize) {
        if matches!(value, Value::Null) {
            self.nulls += rows;
            return;
        }
        if self.nulls > 0 {
            self.builder.append(&Value::Null, std::mem::take(&mut self.nulls));
        }
        self.builder.append(value, rows);
    }

    /// Appends what a register holds `rows` times: the same, by a shorter way where it is nothing or a text.
    #[inline]
    fn append_register(&mut self, val: Val, view: RecordView<'_>, rows: usize) {
        match (val, &mut self.builder) {
            (Val::Null, _) => self.nulls += rows,
            (Val::Text { start, end, scratch }, Builder::Text(builder)) => {
                builder.append_nulls(std::mem::take(&mut self.nulls));
                let text = view.text(start, end, scratch);
                (0..rows).for_each(|_| builder.append_value(text));
            }
            _ => self.append(&view.value(val), rows),
        }
    }

    /// The values so far, which are so many.
    fn finish(&mut self, rows: usize) -> ArrayRef {
        let nulls = std::mem::take(&mut self.nulls);
        if nulls == rows {
            return new_null_array(&self.data_type, rows);
        }
        self.builder.append(&Value::Null, nulls);
        self.builder.finish(rows)
    }
}

/// Builds the rows of one table, whose columns are found by accesses of one kind.
#[derive(Debug)]
pub(crate) struct TableBuilder<A: 'static> {
    crosswalk: &'static Crosswalk,
    pub(crate) def: &'static TableDef,
    columns: Vec<ColumnBuilder<A>>,
    /// Columns of which one must say something other than no, or there is no row, where the table has such.
    switches: Vec<&'static Program<A>>,
    schema: SchemaRef,
    rows: usize,
}

/// What a switch of a benefit enhancement says that is off.
const OFF: &str = "N";

impl<A: Access> TableBuilder<A> {
    pub(crate) fn new(
        crosswalk: &'static Crosswalk,
        programs: &'static Programs<A>,
        table: Table,
        wanted: &Columns,
    ) -> Self {
        let def = crosswalk.table(table);
        let column = |place| {
            let column_type = match place {
                Place::Layout(place) => def.columns[place].column_type,
                Place::Lineage(place) => crosswalk.lineage()[place].column_type,
            };
            let program = programs.program(table, place);
            let builder = Builder::new(column_type);
            let by_row = program.is_some_and(|program| program.accesses().any(Access::is_by_row));
            let data_type = column_type.arrow();
            let register = program.and_then(Program::register);
            ColumnBuilder { program, register, by_row, builder, data_type, nulls: 0 }
        };
        let columns = wanted.of(crosswalk, def).into_iter().map(column).collect();
        let place = |name: &String| def.columns.iter().position(|column| column.name == *name);
        let switches = def.switches.iter().filter_map(place);
        let switches = switches.filter_map(|at| programs.program(table, Place::Layout(at)));
        let schema = schema(crosswalk, table, wanted);
        Self { crosswalk, def, columns, switches: switches.collect(), schema, rows: 0 }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is a row at all.
    fn is_wanted<'r>(&self, row: &impl Row<'r, Access = A>) -> bool {
        let is_on = |program: &&'static Program<A>| {
            let value = program.evaluate(self.crosswalk, row, &mut Untranslated::default());
            value.text().is_some_and(|said| said != OFF)
        };
        self.def.switches.is_empty() || self.switches.iter().any(is_on)
    }

    /// Appends a row.
    pub(crate) fn append<'r>(
        &mut self,
        row: &impl Row<'r, Access = A>,
        untranslated: &mut Untranslated,
    ) {
        self.append_all(std::slice::from_ref(row), untranslated);
    }

    /// Appends the rows of a claim: column by column, because most values are the same on all of them.
    fn append_all<'r>(
        &mut self,
        rows: &[impl Row<'r, Access = A>],
        untranslated: &mut Untranslated,
    ) {
        let Some(first) = rows.first() else { return };
        let crosswalk = self.crosswalk;
        for column in &mut self.columns {
            let Some(program) = column.program else {
                column.nulls += rows.len();
                continue;
            };
            if let Some(register) = column.register
                && let Some((val, view)) = first.register(register)
            {
                if !column.by_row {
                    column.append_register(val, view, rows.len());
                    continue;
                }
                for (val, view) in rows.iter().filter_map(|row| row.register(register)) {
                    column.append_register(val, view, 1);
                }
            } else if column.by_row {
                for row in rows {
                    column.append(&program.evaluate(crosswalk, row, untranslated), 1);
                }
            } else {
                // What becomes null is counted by row.
                let mut once = Untranslated::default();
                let value = program.evaluate(crosswalk, first, &mut once);
                untranslated.add(&once, rows.len() as u64);
                column.append(&value, rows.len());
            }
        }
        self.rows += rows.len();
    }

    /// The table and its rows so far, if there are any.
    pub(crate) fn finish_some(
        &mut self,
    ) -> Option<Result<(Table, RecordBatch), crate::arrow::error::ArrowError>> {
        (self.rows > 0).then(|| Ok((self.def.table, self.finish()?)))
    }

    /// The rows so far as a batch; the builder starts again empty.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, crate::arrow::error::ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let columns = self.columns.iter_mut().map(|column| column.finish(rows)).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Builds the rows of claims: CCLF1 to CCLF7.
#[derive(Debug)]
pub struct ClaimTables {
    tables: Vec<TableBuilder<ClaimAccess>>,
    untranslated: Untranslated,
}

impl ClaimTables {
    /// Builders for those of `tables` that claims give rows to.
    pub fn new(plan: &'static Plan, tables: &[Table], wanted: &Columns) -> Self {
        let crosswalk = plan.crosswalk();
        let tables = tables.iter().copied().filter(|table| crosswalk.table(*table).has_rows);
        Self::of(plan, tables, wanted)
    }

    /// The same, and CCLFA and CCLFB have a row for every claim or line of their types, which is how tests look at
    /// their facts: which claims belong there BCDA does not tell.
    #[cfg(feature = "interpreter")]
    pub fn with_enhancements(plan: &'static Plan, tables: &[Table], wanted: &Columns) -> Self {
        Self::of(plan, tables.iter().copied(), wanted)
    }

    fn of(plan: &'static Plan, tables: impl Iterator<Item = Table>, wanted: &Columns) -> Self {
        let tables = tables
            .filter(|table| plan.claims.has(*table))
            .map(|table| TableBuilder::new(plan.crosswalk(), &plan.claims, table, wanted))
            .collect();
        Self { tables, untranslated: Untranslated::default() }
    }

    /// Appends the rows of a claim; gives how many rows it has in *all* tables it belongs to, asked for
    /// or not, so that the count of claims without rows does not depend on the output.
    pub fn append(&mut self, claim: &Claim<'_>, mbi: Option<&str>, lineage: &Lineage) -> u64 {
        // State codes are counted per row made, and so only for tables asked for.
        for table in &mut self.tables {
            if !table.def.claim_types.contains(claim.claim_type()) {
                continue;
            }
            let per = table.def.per;
            let candidates = 0..claim.candidates(per);
            let rows = candidates.filter_map(|index| claim.row(per, index, mbi, lineage));
            let rows: Vec<ClaimRow<'_>> = rows.filter(|row| table.is_wanted(row)).collect();
            table.append_all(&rows, &mut self.untranslated);
        }
        claim.rows()
    }

    /// Most rows of a table that wait for [`finish`](Self::finish).
    pub fn rows(&self) -> usize {
        self.tables.iter().map(TableBuilder::rows).max().unwrap_or(0)
    }

    /// Rows of each table that wait for [`finish`](Self::finish).
    pub fn table_rows(&self) -> impl Iterator<Item = (Table, usize)> {
        self.tables.iter().map(|table| (table.def.table, table.rows()))
    }

    /// What could not be translated since the last call.
    pub fn take_untranslated(&mut self) -> Untranslated {
        std::mem::take(&mut self.untranslated)
    }

    /// The rows so far, of each table that has any.
    ///
    /// # Errors
    /// Never with the tables of a loaded crosswalk.
    pub fn finish(&mut self) -> Result<Vec<(Table, RecordBatch)>, crate::arrow::error::ArrowError> {
        self.tables.iter_mut().filter_map(TableBuilder::finish_some).collect()
    }
}

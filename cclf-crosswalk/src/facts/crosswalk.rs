//! The crosswalk as it is written down: loaded from its tables, checked, and open to whoever wants to read it.

use std::sync::LazyLock;

use hashbrown::HashMap;

use crate::facts::codes::{CodeMap, States, load_maps};
use crate::facts::fact::{Alternative, Conversion, Expr, FactKind, Function, Leaf, Source};
use crate::facts::numbers;
use crate::facts::resolve::{Model, Start, resolve, summary_function};
use crate::facts::rows_csv::rows;
use crate::facts::sources::{STU3, Sources, V2, V3};
use crate::layout::load_error::LoadError;
use crate::layout::resource::Resource;
use crate::layout::table::{ColumnType, Per, Table, fixed_width};
use cms::{Api, ClaimType, ClaimTypes};

/// The crosswalk's own version: a changed value in a CCLF column raises the first number that is not zero.
pub const CROSSWALK_VERSION: &str = "0.2.0";

/// The lineage column that says which claims totals count.
pub(crate) const FINAL: &str = "BCDA_FINAL";

/// A table of the layout with its columns in order.
#[derive(Clone, Debug)]
pub struct TableDef {
    /// Which table.
    pub table: Table,
    /// CMS's long name.
    pub title: String,
    /// What a row is.
    pub per: Per,
    /// Only diagnoses of these types have a row; all do where there are none.
    pub diagnosis_types: Vec<String>,
    /// The claim types it takes rows from; empty for tables that are not of claims.
    pub claim_types: ClaimTypes,
    /// False where BCDA cannot tell which claims belong here: the columns exist, rows do not.
    pub has_rows: bool,
    /// Only what has something other than `N` in one of these columns has a row; all has where there are none.
    pub switches: Vec<String>,
    /// The columns in the order of the layout.
    pub columns: Vec<Column>,
}

impl TableDef {
    /// The length of one fixed-width record, in characters.
    pub fn record_length(&self) -> usize {
        match self.table {
            // Its columns are separated by bars there: 70 places in all.
            Table::Cclf0 => 70,
            _ => self.columns.iter().map(|column| column.width).sum(),
        }
    }
}

/// One column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// CMS's name.
    pub name: String,
    /// CMS's label.
    pub label: String,
    /// CMS's format notation.
    pub format: String,
    /// Places in a fixed-width record.
    pub width: usize,
    /// The type of the column.
    pub column_type: ColumnType,
    /// Where the value is, as written; `-` where BCDA has none.
    pub source: String,
    /// Where the value is, parsed; `None` where BCDA has none.
    pub expr: Option<Expr>,
    /// What an analyst should know; for columns without a source, why.
    pub note: String,
}

/// Something that is read of every record of a resource besides columns.
#[derive(Clone, Debug)]
pub struct RecordFact {
    /// Of which resource.
    pub resource: Resource,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: FactKind,
    /// Whether its absence rejects the record.
    pub required: bool,
    /// Where it is.
    pub expr: Expr,
}

/// A column at the end of every table that says where the row comes from.
#[derive(Clone, Debug)]
pub struct LineageColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether only claim tables have it.
    pub claims_only: bool,
    /// Where it is, as written; `-` where this version of the API has none.
    pub source: String,
    /// Where it is; `None` where this version of the API has none.
    pub expr: Option<Expr>,
    /// What it means; for columns without a source, why.
    pub note: String,
}

/// The whole crosswalk of one version of the API, loaded and checked.
#[derive(Clone, Debug)]
pub struct Crosswalk {
    api: Api,
    pub(super) tables: Vec<TableDef>,
    pub(super) record: Vec<RecordFact>,
    pub(super) lineage: Vec<LineageColumn>,
    maps: HashMap<String, CodeMap>,
    states: States,
}

impl Crosswalk {
    /// The crosswalk of FHIR STU3 as BCDA v1 serves it.
    pub fn stu3() -> &'static Self {
        Self::of(Api::V1)
    }

    /// The crosswalk of a version of the API, loaded when it is first asked for. It is checked then with debug assertions
    /// only: a test has checked the same tables.
    ///
    /// # Panics
    /// Never in a released build: a test loads the same tables.
    pub fn of(api: Api) -> &'static Self {
        fn built_in(sources: &Sources) -> Crosswalk {
            let is_checked = cfg!(debug_assertions);
            match if is_checked { Crosswalk::load(sources) } else { Crosswalk::unchecked(sources) }
            {
                Ok(crosswalk) => crosswalk,
                Err(fault) => {
                    panic!("the built-in crosswalk of {} does not load: {fault}", sources.api)
                }
            }
        }
        static V1_LOADED: LazyLock<Crosswalk> = LazyLock::new(|| built_in(&STU3));
        static V2_LOADED: LazyLock<Crosswalk> = LazyLock::new(|| built_in(&V2));
        static V3_LOADED: LazyLock<Crosswalk> = LazyLock::new(|| built_in(&V3));
        match api {
            Api::V1 => &V1_LOADED,
            Api::V2 => &V2_LOADED,
            Api::V3 => &V3_LOADED,
        }
    }

    /// Which version of the API it is of.
    pub fn api(&self) -> Api {
        self.api
    }

    /// Loads and checks a crosswalk.
    ///
    /// # Errors
    /// The first row that does not hold together, by file and line.
    pub fn load(sources: &Sources) -> Result<Self, LoadError> {
        let crosswalk = Self::unchecked(sources)?;
        crosswalk.check()?;
        Ok(crosswalk)
    }

    /// The crosswalk as it is written, whether or not its paths and keys mean something.
    fn unchecked(sources: &Sources) -> Result<Self, LoadError> {
        let states = States::load(sources.states)?;
        let maps = load_maps(sources.maps)?;
        let mut tables = load_tables(sources.tables)?;
        load_columns(sources.crosswalk, &mut tables)?;
        let record = load_record(sources.record)?;
        let lineage = load_lineage(sources.lineage)?;
        Ok(Self { api: sources.api, tables, record, lineage, maps, states })
    }

    /// The twelve tables, in the order of [`Table::ALL`].
    pub fn tables(&self) -> &[TableDef] {
        &self.tables
    }

    /// One table.
    pub fn table(&self, table: Table) -> &TableDef {
        &self.tables[table.index()]
    }

    /// What is read of every record besides columns.
    pub fn record_facts(&self) -> &[RecordFact] {
        &self.record
    }

    /// The lineage columns, in order.
    pub fn lineage(&self) -> &[LineageColumn] {
        &self.lineage
    }

    /// The lineage columns of one table, in order.
    pub fn lineage_of(&self, table: Table) -> impl Iterator<Item = &LineageColumn> {
        lineage_columns(self, self.table(table)).map(|(_, column)| column)
    }

    /// A code map by name.
    pub fn map(&self, name: &str) -> Option<&CodeMap> {
        self.maps.get(name)
    }

    /// The state codes.
    pub fn states(&self) -> &States {
        &self.states
    }

    fn check(&self) -> Result<(), LoadError> {
        for def in &self.tables {
            if def.columns.is_empty() {
                return Err(LoadError::new(format!("{} has no columns", def.table)));
            }
            let has = |name: &String| def.columns.iter().any(|column| column.name == *name);
            if let Some(name) = def.switches.iter().find(|name| !has(name)) {
                return Err(LoadError::new(format!("{} has no column {name}", def.table)));
            }
            for column in &def.columns {
                if let Some(expr) = &column.expr {
                    let kind = FactKind::Value(column.column_type);
                    self.check_expr(expr, Start::Rows(def.per), kind).map_err(|fault| {
                        LoadError::new(format!("{}.{}: {fault}", def.table, column.name))
                    })?;
                } else if column.note.is_empty() {
                    let message = format!("{}.{}: no source and no reason", def.table, column.name);
                    return Err(LoadError::new(message));
                }
            }
        }
        for fact in &self.record {
            self.check_expr(&fact.expr, Start::Record(fact.resource), fact.kind)
                .map_err(|fault| LoadError::new(format!("record.csv, {}: {fault}", fact.name)))?;
        }
        for column in &self.lineage {
            let per = if column.claims_only { Per::Claim } else { Per::Patient };
            let kind = FactKind::Value(column.column_type);
            let checked = match &column.expr {
                Some(expr) => self.check_expr(expr, Start::Rows(per), kind),
                None if column.note.is_empty() => Err(LoadError::new("no source and no reason")),
                None => Ok(()),
            };
            checked.map_err(|fault| {
                LoadError::new(format!("lineage.csv, {}: {fault}", column.name))
            })?;
        }
        Ok(())
    }

    fn check_expr(&self, expr: &Expr, start: Start, kind: FactKind) -> Result<(), LoadError> {
        if kind == FactKind::Value(ColumnType::Boolean) {
            if !expr.alternatives.iter().all(|alternative| self.makes_boolean(alternative)) {
                return Err(LoadError::new("not every value is `true` or `false`"));
            }
            return self.check_expr(expr, start, FactKind::Value(ColumnType::Text));
        }
        let model = Model::of(self.api);
        for alternative in &expr.alternatives {
            for conversion in &alternative.conversions {
                if let Conversion::Map(name) = conversion
                    && !self.maps.contains_key(name)
                {
                    return Err(LoadError::new(format!("no map is called `{name}`")));
                }
            }
            let converted = !alternative.conversions.is_empty();
            if converted && kind != FactKind::Value(ColumnType::Text) {
                return Err(LoadError::new("conversions make text, the column is none"));
            }
            match &alternative.source {
                Source::Literal(_) if kind == FactKind::Value(ColumnType::Text) => {}
                Source::Literal(digits) => match kind {
                    FactKind::Value(ColumnType::Decimal { precision, scale })
                        if numbers::decimal(digits, precision, scale).is_ok() => {}
                    _ => return Err(LoadError::new("a literal is text, the column is none")),
                },
                Source::Paths(paths) => {
                    for path in paths {
                        let function = if start == Start::Rows(Per::Summary) {
                            Some(summary_function(path)?)
                        } else {
                            let resolved = resolve(model, path, start)?;
                            if let Leaf::Function(function) = &path.leaf {
                                Some(function)
                            } else {
                                resolved.check_kind(kind)?;
                                None
                            }
                        };
                        let fits = function.map(function_type).is_none_or(|made| {
                            matches!(kind, FactKind::Value(column) if column == made
                                || (made == ColumnType::Int64 && column == ColumnType::Int32))
                        });
                        if !fits && !converted {
                            return Err(LoadError::new("the function makes another type"));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether an alternative gives nothing but `true`, `false` and null.
    fn makes_boolean(&self, alternative: &Alternative) -> bool {
        let is_boolean = |text: &str| matches!(text, "true" | "false");
        match (alternative.conversions.last(), &alternative.source) {
            (Some(Conversion::Map(name)), _) => {
                self.maps.get(name).is_none_or(|map| map.values().all(is_boolean))
            }
            (Some(Conversion::Const(text)), _) | (None, Source::Literal(text)) => is_boolean(text),
            _ => false,
        }
    }
}

/// The lineage columns that a table has, also one without rows, with their numbers.
pub(crate) fn lineage_columns<'c>(
    crosswalk: &'c Crosswalk,
    def: &TableDef,
) -> impl Iterator<Item = (usize, &'c LineageColumn)> + use<'c> {
    let (of_records, claims) = (def.per != Per::Summary, !def.claim_types.is_empty());
    let columns = crosswalk.lineage().iter().enumerate();
    columns.filter(move |(_, column)| of_records && (claims || !column.claims_only))
}

fn function_type(function: &Function) -> ColumnType {
    match function {
        Function::Place
        | Function::Rank(_)
        | Function::Age
        | Function::SummaryRows
        | Function::SummaryLength => ColumnType::Int64,
        Function::MbiBegin
        | Function::MbiEnd
        | Function::HospiceBegin
        | Function::HospiceEnd
        | Function::FileDate => ColumnType::Date,
        Function::MbiCurrent
        | Function::MbiHistoric
        | Function::LatestMonth(_)
        | Function::FileName
        | Function::SummaryFile
        | Function::SummaryTitle => ColumnType::Text,
    }
}

fn load_tables(text: &str) -> Result<Vec<TableDef>, LoadError> {
    const FILE: &str = "tables.csv";
    let mut tables = Vec::new();
    let header = ["table", "title", "per", "claim_types", "rows"];
    for (line, [table, title, per, claim_types, wanted]) in rows(FILE, text, header)? {
        let at = |fault: LoadError| fault.at(FILE, line);
        let claim_types = claim_types
            .split_whitespace()
            .map(|code| {
                ClaimType::from_code(code)
                    .ok_or_else(|| LoadError::new("unknown claim type").at(FILE, line))
            })
            .collect::<Result<ClaimTypes, _>>()?;
        let (per, types) = match per.split_once('[') {
            Some((per, types)) => (per, types.trim_end_matches(']')),
            None => (&*per, ""),
        };
        let words = |list: &str| -> Vec<String> {
            list.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let has_rows = wanted != "none";
        tables.push(TableDef {
            table: table.parse().map_err(at)?,
            title: title.into_owned(),
            per: Per::parse(per).map_err(at)?,
            diagnosis_types: words(types),
            claim_types,
            has_rows,
            switches: if has_rows { words(&wanted) } else { Vec::new() },
            columns: Vec::new(),
        });
    }
    if tables.iter().map(|def| def.table).ne(Table::ALL) {
        return Err(LoadError::new("not the twelve tables in their order").at(FILE, 1));
    }
    Ok(tables)
}

fn load_columns(text: &str, tables: &mut [TableDef]) -> Result<(), LoadError> {
    const FILE: &str = "crosswalk.csv";
    const HEADER: [&str; 7] = ["table", "column", "label", "format", "type", "where", "note"];
    for (line, [table, name, label, format, column_type, source, note]) in rows(FILE, text, HEADER)?
    {
        let at = |fault: LoadError| fault.at(FILE, line);
        let table: Table = table.parse().map_err(at)?;
        let columns = &mut tables[table.index()].columns;
        if columns.iter().any(|own| own.name == name) {
            return Err(at(LoadError::new("the column has a row already")));
        }
        columns.push(Column {
            name: name.into_owned(),
            label: label.into_owned(),
            width: fixed_width(&format).map_err(at)?,
            format: format.into_owned(),
            column_type: ColumnType::parse(&column_type).map_err(at)?,
            expr: expr_if_any(&source).map_err(at)?,
            source: source.into_owned(),
            note: note.into_owned(),
        });
    }
    Ok(())
}

/// The parsed `where` of a column; `None` where it has no source.
fn expr_if_any(source: &str) -> Result<Option<Expr>, LoadError> {
    (source != "-").then(|| Expr::parse(source)).transpose()
}

fn load_record(text: &str) -> Result<Vec<RecordFact>, LoadError> {
    const FILE: &str = "record.csv";
    let header = ["resource", "fact", "type", "absent", "where", "note"];
    let mut facts: Vec<RecordFact> = Vec::new();
    for (line, [resource, name, kind, absent, source, _]) in rows(FILE, text, header)? {
        let at = |fault: LoadError| fault.at(FILE, line);
        let resource =
            Resource::from_name(&resource).ok_or_else(|| at(LoadError::new("unknown resource")))?;
        if facts.iter().any(|own| own.resource == resource && own.name == name) {
            return Err(at(LoadError::new("the fact has a row already")));
        }
        facts.push(RecordFact {
            resource,
            name: name.into_owned(),
            kind: match &*kind {
                "links" => FactKind::Links,
                "present" => FactKind::Present,
                "keys" => FactKind::Keys,
                other => FactKind::Value(ColumnType::parse(other).map_err(at)?),
            },
            required: match &*absent {
                "reject" => true,
                "null" => false,
                _ => return Err(at(LoadError::new("absent is `null` or `reject`"))),
            },
            expr: Expr::parse(&source).map_err(at)?,
        });
    }
    Ok(facts)
}

fn load_lineage(text: &str) -> Result<Vec<LineageColumn>, LoadError> {
    const FILE: &str = "lineage.csv";
    let mut columns: Vec<LineageColumn> = Vec::new();
    for (line, [name, column_type, on, source, note]) in
        rows(FILE, text, ["column", "type", "on", "where", "note"])?
    {
        let at = |fault: LoadError| fault.at(FILE, line);
        if columns.iter().any(|own| own.name == name) {
            return Err(at(LoadError::new("the column has a row already")));
        }
        columns.push(LineageColumn {
            name: name.into_owned(),
            column_type: ColumnType::parse(&column_type).map_err(at)?,
            claims_only: match &*on {
                "claims" => true,
                "all" => false,
                _ => return Err(at(LoadError::new("on is `all` or `claims`"))),
            },
            expr: expr_if_any(&source).map_err(at)?,
            source: source.into_owned(),
            note: note.into_owned(),
        });
    }
    Ok(columns)
}

//! The tables in SQL: `CREATE TABLE` as each engine has it, and DuckDB's views over Parquet files.

use std::fmt::Write;

use cclf_crosswalk::{ColumnType, Crosswalk, Naming, TableDef};
use clap::ValueEnum;

use super::lines::{Line, heading, lines};

/// `BigQuery`'s NUMERIC holds so many digits before the point, and after it.
const NUMERIC_DIGITS: (u8, u8) = (29, 9);

/// The dialects of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// DuckDB.
    Duckdb,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    Bigquery,
    /// Spark and Databricks.
    Spark,
}

impl Dialect {
    /// An engine's type of a column. Times are instants in microseconds, which all four can hold: DuckDB and Snowflake
    /// keep instants apart from times without a zone, `BigQuery`'s and Spark's TIMESTAMP is an instant.
    fn sql_type(self, column_type: ColumnType) -> String {
        let name = match (self, column_type) {
            (Self::Duckdb | Self::Snowflake, ColumnType::Text) => "VARCHAR",
            (Self::Bigquery | Self::Spark, ColumnType::Text) => "STRING",
            (Self::Bigquery, ColumnType::Boolean) => "BOOL",
            (_, ColumnType::Boolean) => "BOOLEAN",
            (_, ColumnType::Date) => "DATE",
            (Self::Duckdb | Self::Snowflake, ColumnType::Int32) => "INTEGER",
            (Self::Spark, ColumnType::Int32) => "INT",
            (Self::Bigquery, ColumnType::Int32 | ColumnType::Int64) => "INT64",
            (_, ColumnType::Int64) => "BIGINT",
            (Self::Duckdb, ColumnType::Timestamp) => "TIMESTAMP WITH TIME ZONE",
            (Self::Snowflake, ColumnType::Timestamp) => "TIMESTAMP_LTZ(6)",
            (Self::Bigquery | Self::Spark, ColumnType::Timestamp) => "TIMESTAMP",
            (_, ColumnType::Decimal { precision, scale }) => {
                let name = match self {
                    Self::Duckdb | Self::Spark => "DECIMAL",
                    Self::Snowflake => "NUMBER",
                    Self::Bigquery if fits_numeric(precision, scale) => "NUMERIC",
                    Self::Bigquery => "BIGNUMERIC",
                };
                return format!("{name}({precision},{scale})");
            }
        };
        name.to_owned()
    }

    /// What follows a column to describe it. DuckDB's COMMENT is a statement of its own.
    fn of_column(self, label: &str) -> String {
        match self {
            Self::Duckdb => String::new(),
            Self::Snowflake | Self::Spark => format!(" COMMENT {}", self.quoted(label)),
            Self::Bigquery => format!(" OPTIONS(description={})", self.quoted(label)),
        }
    }

    /// What follows a table to describe it.
    fn of_table(self, text: &str) -> String {
        match self {
            Self::Duckdb => String::new(),
            Self::Snowflake => format!(" COMMENT = {}", self.quoted(text)),
            Self::Spark => format!(" COMMENT {}", self.quoted(text)),
            Self::Bigquery => format!(" OPTIONS(description={})", self.quoted(text)),
        }
    }

    /// A text literal. A backslash is a character in DuckDB and an escape elsewhere.
    fn quoted(self, text: &str) -> String {
        match self {
            Self::Duckdb => format!("'{}'", text.replace('\'', "''")),
            Self::Snowflake => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
            Self::Bigquery | Self::Spark => {
                format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
            }
        }
    }
}

fn fits_numeric(precision: u8, scale: u8) -> bool {
    let (before, after) = NUMERIC_DIGITS;
    scale <= after && precision - scale <= before
}

/// `CREATE TABLE` for each table.
pub(super) fn ddl(
    crosswalk: &Crosswalk,
    tables: &[&TableDef],
    dialect: Dialect,
    naming: Naming,
) -> String {
    let mut text = String::new();
    for def in tables {
        let heading = heading(def);
        let _ = writeln!(text, "-- {heading}");
        let _ = writeln!(text, "CREATE TABLE {} (", naming.sql_name(def.table));
        let lines = lines(crosswalk, def);
        for (index, line) in lines.iter().enumerate() {
            let Line { name, label, column_type, .. } = line;
            let comma = if index + 1 < lines.len() { "," } else { "" };
            let sql = dialect.sql_type(*column_type);
            // DuckDB takes no COMMENT here: the label is for whoever reads the text.
            let remark = match dialect {
                Dialect::Duckdb => format!(" -- {label}"),
                _ => String::new(),
            };
            let described = dialect.of_column(label);
            let _ = writeln!(text, "    {name} {sql}{described}{comma}{remark}");
        }
        let _ = writeln!(text, "){};", dialect.of_table(&heading));
        if dialect == Dialect::Duckdb {
            let table = naming.sql_name(def.table);
            let _ = writeln!(text, "COMMENT ON TABLE {table} IS {};", dialect.quoted(&heading));
            for Line { name, label, .. } in &lines {
                let label = dialect.quoted(label);
                let _ = writeln!(text, "COMMENT ON COLUMN {table}.{name} IS {label};");
            }
        }
        text.push('\n');
    }
    text
}

/// A view for each table over its Parquet file in `folder`.
pub(super) fn views(tables: &[&TableDef], folder: &str, naming: Naming) -> String {
    let dialect = Dialect::Duckdb;
    let mut text = String::new();
    for def in tables {
        let name = naming.sql_name(def.table);
        let path = format!("{}/{}.parquet", literal_path(folder), naming.file_stem(def.table));
        let _ = writeln!(text, "CREATE OR REPLACE VIEW {name} AS");
        let _ = writeln!(text, "    SELECT * FROM read_parquet({});", dialect.quoted(&path));
        let _ = writeln!(text, "COMMENT ON VIEW {name} IS {};\n", dialect.quoted(&heading(def)));
    }
    text
}

/// The folder as DuckDB takes it for itself: `[`, `*` and `?` would be a pattern.
fn literal_path(folder: &str) -> String {
    let folder = match folder.trim_end_matches('/') {
        "" if folder.starts_with('/') => "",
        "" => ".",
        trimmed => trimmed,
    };
    let mut path = String::new();
    for character in folder.chars() {
        match character {
            '[' | '*' | '?' => path.extend(['[', character, ']']),
            _ => path.push(character),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_each_engine_has_it() {
        for (dialect, expected) in [
            (Dialect::Duckdb, r"'It''s a \ sign'"),
            (Dialect::Snowflake, r"'It''s a \\ sign'"),
            (Dialect::Bigquery, r"'It\'s a \\ sign'"),
            (Dialect::Spark, r"'It\'s a \\ sign'"),
        ] {
            assert_eq!(dialect.quoted(r"It's a \ sign"), expected);
        }
    }

    #[test]
    fn decimals_that_numeric_cannot_hold_are_bignumeric() {
        for (precision, scale, expected) in
            [(22, 4, "NUMERIC(22,4)"), (38, 9, "NUMERIC(38,9)"), (38, 8, "BIGNUMERIC(38,8)")]
        {
            let decimal = ColumnType::Decimal { precision, scale };
            assert_eq!(Dialect::Bigquery.sql_type(decimal), expected);
        }
        assert_eq!(
            Dialect::Bigquery.sql_type(ColumnType::Decimal { precision: 12, scale: 10 }),
            "BIGNUMERIC(12,10)"
        );
    }

    #[test]
    fn a_folder_is_no_pattern() {
        assert_eq!(literal_path("a [1]/"), "a [[]1]");
        assert_eq!(literal_path("/"), "");
        assert_eq!(literal_path(""), ".");
    }
}

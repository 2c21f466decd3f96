//! `bcda head TABLE`: the first rows of a table, to the person who asks.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use cclf_crosswalk::texts;
use clap::Args;
use comfy_table::Table as Grid;
use convert::building::StoredTable;

use crate::failure::Failure;
use crate::show::grid;
use crate::streams;

/// Rows that are read at once.
const BATCH_ROWS: usize = 1_024;
/// What a file of Parquet begins with.
const PARQUET: &[u8; 4] = b"PAR1";
/// Characters that a column takes besides its cells: a space on either side and a line.
const FRAME: usize = 3;

/// Show the first rows of a table.
#[derive(Debug, Args)]
pub(crate) struct HeadArgs {
    /// The file of the table, such as tables/cclf5.parquet.
    #[arg(value_name = "TABLE")]
    table: PathBuf,
    /// How many rows.
    #[arg(short = 'n', long = "rows", value_name = "N", default_value_t = 10)]
    rows: usize,
    /// Only these columns, in this order.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    columns: Vec<String>,
}

pub(crate) fn run(arguments: &HeadArgs) -> Result<u8, Failure> {
    let path = &arguments.table;
    let rows = if is_parquet(path)? { of_parquet(arguments)? } else { of_csv(arguments)? };
    streams::print(&rows.text(streams::line_width()))
}

/// Rows as text, of the columns that are asked for.
struct Shown {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Of the table; none where they are not counted before they are read.
    all: Option<u64>,
}

impl Shown {
    /// As a table of lines that have at most `width` characters; a first column that is wider than that is alone.
    fn text(&self, width: usize) -> String {
        let wide = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.names[column].chars().count()]).max().unwrap_or(0) + FRAME
        };
        let mut left = width.saturating_sub(1);
        let fit = (0..self.names.len()).take_while(|column| {
            let fits = wide(*column) <= left || *column == 0;
            left = left.saturating_sub(wide(*column));
            fits
        });
        let count = fit.count();
        let names: Vec<&str> = self.names[..count].iter().map(String::as_str).collect();
        let mut grid: Grid = grid(&names);
        for row in &self.rows {
            grid.add_row(&row[..count]);
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let mut last = format!("{} row{}", self.rows.len(), plural(self.rows.len()));
        if let Some(all) = self.all {
            last = format!("{last} of {}", crate::show::grouped(all));
        }
        let more = self.names.len() - count;
        if more > 0 {
            last = format!("{last}; {more} more column{}", plural(more));
        }
        format!("{grid}\n{last}\n")
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let code = if error.kind() == ErrorKind::NotFound { 2 } else { 1 };
    Failure::new(code, format!("{}: cannot read: {error}", path.display()))
}

fn is_parquet(path: &Path) -> Result<bool, Failure> {
    let mut begin = [0; PARQUET.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    match read {
        Ok(()) => Ok(begin == *PARQUET),
        // As short as that it is no Parquet.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unknown_column(path: &Path, name: &str) -> Failure {
    Failure::new(2, format!("--columns: {} has no column {name}", path.display()))
}

/// The places of the columns that are asked for, by their names in upper or lower case.
fn places(arguments: &HeadArgs, names: &[&str]) -> Result<Vec<usize>, Failure> {
    if arguments.columns.is_empty() {
        return Ok((0..names.len()).collect());
    }
    let place = |wanted: &String| {
        let found = names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        found.ok_or_else(|| unknown_column(&arguments.table, wanted))
    };
    arguments.columns.iter().map(place).collect()
}

/// A cell in one line, which a terminal does not obey.
fn cell(text: &str) -> String {
    ndjson_io::shown(text).into_owned()
}

fn of_run(error: &convert::Error) -> Failure {
    Failure::new(error.exit_code(), error.to_string())
}

fn of_parquet(arguments: &HeadArgs) -> Result<Shown, Failure> {
    let path = &arguments.table;
    let table =
        StoredTable::open(path, &path.display().to_string()).map_err(|error| of_run(&error))?;
    let names: Vec<&str> =
        table.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let columns = places(arguments, &names)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (row_group, piece) in table.pieces(BATCH_ROWS) {
        let wanted = (arguments.rows - rows.len()).min(piece.len());
        if wanted == 0 {
            break;
        }
        let first = rows.len();
        rows.resize_with(first + wanted, Vec::new);
        for column in &columns {
            let column = table
                .column(*column, row_group, piece.start..piece.start + wanted)
                .map_err(|error| of_run(&error))?;
            let cells = texts(&column).map_err(|_| {
                let message = format!(
                    "{}: a column is of a type that the tables of this program do not have",
                    path.display()
                );
                Failure::new(2, message)
            })?;
            for (row, text) in rows[first..].iter_mut().zip(cells) {
                row.push(cell(text.as_deref().unwrap_or_default()));
            }
        }
    }
    let names = columns.iter().map(|column| cell(names[*column])).collect();
    Ok(Shown { names, rows, all: Some(table.rows()) })
}

fn of_csv(arguments: &HeadArgs) -> Result<Shown, Failure> {
    let path = &arguments.table;
    let damaged =
        |_| Failure::new(2, format!("{} is neither Parquet nor CSV with a header", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(damaged)?;
    let header = reader.headers().map_err(damaged)?.clone();
    let names: Vec<&str> = header.iter().collect();
    let columns = places(arguments, &names)?;
    let mut rows = Vec::new();
    for record in reader.records().take(arguments.rows) {
        let record = record.map_err(damaged)?;
        rows.push(columns.iter().map(|column| cell(&record[*column])).collect());
    }
    let names = columns.iter().map(|column| cell(names[*column])).collect();
    Ok(Shown { names, rows, all: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_are_counted() {
        let rows = Shown {
            names: ["A", "LONGER", "C"].map(str::to_owned).to_vec(),
            rows: vec![["1234", "x", "y"].map(str::to_owned).to_vec()],
            all: Some(7),
        };
        let columns = |width| {
            let text = rows.text(width);
            // The line of counts has no columns.
            let lines = text.lines().filter(|line| !line.contains("row"));
            let longest = lines.map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= width.max(8), "{longest} of {width}");
            let names = ["A", "LONGER", "C"].into_iter().filter(|name| text.contains(*name));
            (names.count(), text.lines().last().unwrap_or_default().to_owned())
        };
        // A line of all three has 1 + 7 + 9 + 4 characters.
        assert_eq!(columns(21), (3, "1 row of 7".to_owned()));
        assert_eq!(columns(20), (2, "1 row of 7; 1 more column".to_owned()));
        assert_eq!(columns(16), (1, "1 row of 7; 2 more columns".to_owned()));
        assert_eq!(columns(1), (1, "1 row of 7; 2 more columns".to_owned()));
    }
}

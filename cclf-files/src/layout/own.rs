//! Layouts that the user gives, as a CSV file.

use std::fmt;

use cclf_crosswalk::Table;

use super::{Kind, Layout, Place, columns, place};

/// What the name of a file in a layout begins with for the summary, whose lines have one form only.
const SUMMARY: &str = "CCLF0";
/// The name of places that belong to no column.
const FILLER: &str = "FILLER";
/// The most digits of a whole number.
const MOST_DIGITS: usize = 18;
/// The places of a day.
const DATE_WIDTH: usize = 10;
/// The longest record.
const MOST_BYTES: usize = 65_536;

/// What is wrong with a layout of one's own. It repeats only what the layout's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutError {
    /// The line of the file, counted from 1.
    pub line: u64,
    /// The column of the file: `file`, `field_name`, `start` or `end`; `None` if it is the line.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub fault: LayoutFault,
}

/// What is wrong in one place of a layout of one's own.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// The file is not CSV.
    #[error("this is no line of a CSV file in UTF-8")]
    Csv,
    /// The heading has no such column.
    #[error("the heading has no such column")]
    Heading,
    /// There is no row.
    #[error("there is no row of a table")]
    Empty,
    /// Not a table.
    #[error("no such table: the tables are CCLF1 to CCLF9, CCLFA and CCLFB")]
    Table,
    /// The table has no such column.
    #[error("{0} has no such column")]
    Name(Table),
    /// The column stands there a second time.
    #[error("the column stood there before")]
    Twice,
    /// Not a place.
    #[error("a place is a number from 1 to {MOST_BYTES}")]
    Place,
    /// It ends before it begins.
    #[error("the end is before the start")]
    Order,
    /// Two columns have a place in common.
    #[error("the places are also those of {0}")]
    Overlap(&'static str),
    /// A value of the column cannot stand in so many places.
    #[error("{0}")]
    Width(&'static str),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for LayoutError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// The columns of the file that are read, and where they stand in it.
struct Heading {
    file: usize,
    field_name: usize,
    start: usize,
    end: usize,
}

impl Layout {
    /// The layouts in a CSV file whose heading has `file`, `field_name`, `start` and `end`. Places count from 1, and the
    /// end is the last one. Other columns of the file are of no account, nor are rows of CCLF0.
    ///
    /// Columns that a table lacks are null when it is read. Places that no column has are not looked at; `FILLER` names
    /// such places, for records that go on after their last column.
    ///
    /// # Errors
    /// The first fault, by line and column.
    ///
    /// # Example
    /// ```
    /// use cclf_files::Layout;
    ///
    /// let layouts = Layout::from_csv("file,field_name,start,end\nCCLF9,CRNT_NUM,2,12\n")?;
    /// assert_eq!(layouts[0].record_length(), 12);
    /// # Ok::<(), cclf_files::LayoutError>(())
    /// ```
    pub fn from_csv(text: &str) -> Result<Vec<Self>, LayoutError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut heading = None;
        let mut layouts: Vec<Self> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| LayoutError {
                line: error.position().map_or(1, csv::Position::line),
                column: None,
                fault: LayoutFault::Csv,
            })?;
            let line = record.position().map_or(1, csv::Position::line);
            let Some(heading) = &heading else {
                heading = Some(Heading::new(&record, line)?);
                continue;
            };
            take(&record, heading, &mut layouts).map_err(|(column, fault)| LayoutError {
                line,
                column: Some(column),
                fault,
            })?;
        }
        layouts.retain(|layout| !layout.places.is_empty());
        if layouts.is_empty() {
            return Err(LayoutError { line: 1, column: None, fault: LayoutFault::Empty });
        }
        for layout in &mut layouts {
            layout.places.sort_by_key(|place| place.start);
        }
        Ok(layouts)
    }
}

impl Heading {
    fn new(record: &csv::StringRecord, line: u64) -> Result<Self, LayoutError> {
        let find = |name: &'static str| {
            record
                .iter()
                .position(|field| field.trim().eq_ignore_ascii_case(name))
                .ok_or(LayoutError { line, column: Some(name), fault: LayoutFault::Heading })
        };
        Ok(Self {
            file: find("file")?,
            field_name: find("field_name")?,
            start: find("start")?,
            end: find("end")?,
        })
    }
}

/// Takes one row: a place of one table.
fn take(
    record: &csv::StringRecord,
    heading: &Heading,
    layouts: &mut Vec<Layout>,
) -> Result<(), (&'static str, LayoutFault)> {
    let field = |index: usize| record.get(index).unwrap_or_default().trim();
    let file = field(heading.file);
    if file.get(..SUMMARY.len()).is_some_and(|file| file.eq_ignore_ascii_case(SUMMARY)) {
        return Ok(());
    }
    let table: Table = file.parse().map_err(|_| ("file", LayoutFault::Table))?;
    let number = |index: usize, name: &'static str| {
        let number = field(index).parse().ok();
        number.filter(|place| (1..=MOST_BYTES).contains(place)).ok_or((name, LayoutFault::Place))
    };
    let (first, end) = (number(heading.start, "start")?, number(heading.end, "end")?);
    let start = first - 1;
    if end <= start {
        return Err(("end", LayoutFault::Order));
    }
    let layout = of_table(table, layouts);
    let name = field(heading.field_name);
    if !name.eq_ignore_ascii_case(FILLER) {
        let (index, column) = columns(table)
            .iter()
            .enumerate()
            .find(|(_, column)| column.name.eq_ignore_ascii_case(name))
            .ok_or(("field_name", LayoutFault::Name(table)))?;
        let place = place(table, index, column, start, end - start);
        fits(&place).map_err(|fault| ("end", fault))?;
        for other in &layout.places {
            if other.column == index {
                return Err(("field_name", LayoutFault::Twice));
            }
            if other.start < end && start < other.end() {
                return Err(("start", LayoutFault::Overlap(other.name)));
            }
        }
        layout.places.push(place);
    }
    layout.record_length = layout.record_length.max(end);
    Ok(())
}

/// The layout of a table, which begins with its first row.
fn of_table(table: Table, layouts: &mut Vec<Layout>) -> &mut Layout {
    let index = layouts.iter().position(|layout| layout.table == table).unwrap_or(layouts.len());
    if index == layouts.len() {
        layouts.push(Layout {
            table,
            record_length: 0,
            places: Vec::new(),
            versions: 0..=u8::MAX,
            doubt: None,
        });
    }
    &mut layouts[index]
}

/// Whether a value of the column can stand in so many places.
fn fits(place: &Place) -> Result<(), LayoutFault> {
    match place.kind {
        Kind::Date(_) if place.width != DATE_WIDTH => {
            Err(LayoutFault::Width("a date has 10 places"))
        }
        Kind::Number if place.width > MOST_DIGITS => {
            Err(LayoutFault::Width("a whole number has at most 18 places"))
        }
        Kind::Amount { scale } if !(usize::from(scale) + 3..=40).contains(&place.width) => {
            Err(LayoutFault::Width(
                "an amount has places for its sign, a digit, the point and its decimals, and at \
                 most 40",
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Layout::from_csv(text).unwrap_err().to_string()
    }

    fn row(row: &str) -> String {
        fault(&format!("file,field_name,start,end\nCCLF9,CRNT_NUM,2,12\n{row}\n"))
    }

    #[test]
    fn a_layout_may_leave_columns_out_and_have_them_in_any_order() {
        let text = "x,end,start,field_name,file\n,12,2,crnt_num,cclf9\n,20,14,FILLER,CCLF9\n\
                    ,1,1,HICN_MBI_XREF_IND,CCLF9\n,7,1,FILE_TYPE,CCLF0\n,13,1,CUR_CLM_UNIQ_ID,CCLF1\n";
        let layouts = Layout::from_csv(text).unwrap();
        assert_eq!(layouts.len(), 2);
        let cclf9 = &layouts[0];
        assert_eq!((cclf9.table(), cclf9.record_length()), (Table::Cclf9, 20));
        let places: Vec<_> =
            cclf9.places().iter().map(|place| (place.name, place.start, place.width)).collect();
        assert_eq!(places, [("HICN_MBI_XREF_IND", 0, 1), ("CRNT_NUM", 1, 11)]);
    }

    #[test]
    fn faults_name_line_and_column() {
        assert_eq!(
            fault("file,field_name,start\n"),
            "line 1, column end: the heading has no such column"
        );
        assert_eq!(fault(""), "line 1: there is no row of a table");
        assert_eq!(fault("file,field_name,start,end\nCCLF0,FILE_TYPE,1,7\n"), fault(""));
        for (text, said) in [
            (
                "CCLF12,PRVS_NUM,13,23",
                "line 3, column file: no such table: the tables are CCLF1 to CCLF9, CCLFA and CCLFB",
            ),
            ("CCLF9,NOBODY,13,23", "line 3, column field_name: CCLF9 has no such column"),
            ("CCLF9,CRNT_NUM,13,23", "line 3, column field_name: the column stood there before"),
            ("CCLF9,PRVS_NUM,0,23", "line 3, column start: a place is a number from 1 to 65536"),
            ("CCLF9,PRVS_NUM,13", "line 3, column end: a place is a number from 1 to 65536"),
            ("CCLF9,PRVS_NUM,13,12", "line 3, column end: the end is before the start"),
            ("CCLF9,PRVS_NUM,12,22", "line 3, column start: the places are also those of CRNT_NUM"),
            ("CCLF9,PRVS_ID_OBSLT_DT,13,20", "line 3, column end: a date has 10 places"),
            ("CCLF2,CLM_LINE_NUM,1,20", "line 3, column end: a whole number has at most 18 places"),
            (
                "CCLF1,CLM_PMT_AMT,1,4",
                "line 3, column end: an amount has places for its sign, a digit, the point and its \
                 decimals, and at most 40",
            ),
        ] {
            assert_eq!(row(text), said, "{text}");
        }
    }
}

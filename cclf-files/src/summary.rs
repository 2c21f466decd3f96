//! CCLF0, the summary of a delivery: how many records each file has, and how long these are.

use std::fmt;

use cclf_crosswalk::Table;

use crate::layout::Layout;

/// The first line, 69 bytes.
const HEADING: &str = "File Number  |File Description    |Total Records Count |Record Length\n";

/// The files in the order of their rows, and what CMS calls them.
const FILES: [(Table, &str); 11] = [
    (Table::Cclf1, "Part A Claims Header File"),
    (Table::Cclf2, "Part A Claims Revenue Center Detail File"),
    (Table::Cclf3, "Part A Procedure Code File"),
    (Table::Cclf4, "Part A Diagnosis Code File"),
    (Table::Cclf5, "Part B Physicians File"),
    (Table::Cclf6, "Part B DME File"),
    (Table::Cclf7, "Part D File"),
    (Table::Cclf8, "Beneficiary Demographics File"),
    (Table::Cclf9, "BENE XREF File"),
    (Table::CclfA, "Part A BE and Demo Codes File"),
    (Table::CclfB, "Part B BE and Demo Codes File"),
];

/// A row of the summary: one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// Which.
    pub table: Table,
    /// Records.
    pub rows: u64,
    /// Bytes of a record, without its line feed.
    pub record_length: usize,
}

/// What is wrong with a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: SummaryFault,
}

/// What is wrong with a line of a summary.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SummaryFault {
    /// A row of a file does not have four cells.
    #[error("the row has fewer than four cells")]
    Cells,
    /// The count of records is no number.
    #[error("the count of records is no number")]
    Rows,
    /// The length of a record is no number.
    #[error("the length of a record is no number")]
    RecordLength,
    /// There is a second row of the file.
    #[error("{0} has a row before")]
    Twice(Table),
    /// No line is a row of a CCLF file.
    #[error("there is no row of a CCLF file")]
    Empty,
}

impl fmt::Display for SummaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of CCLF0: {}", self.line, self.fault)
    }
}

impl std::error::Error for SummaryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// Writes a summary: the heading and the rows of all eleven files, of which those not in `counts` have no records. What
/// is there more than once is added. A count of more than eleven digits makes its place wider.
///
/// # Example
/// ```
/// let bytes = cclf_files::summary::write(&[(cclf_crosswalk::Table::Cclf9, 3)]);
/// let rows = cclf_files::summary::parse(&bytes)?;
/// assert_eq!((rows.len(), rows[8].rows, rows[8].record_length), (11, 3, 55));
/// # Ok::<(), cclf_files::SummaryError>(())
/// ```
pub fn write(counts: &[(Table, u64)]) -> Vec<u8> {
    let rows = FILES.map(|(table, title)| {
        let rows: u64 = counts.iter().filter(|count| count.0 == table).map(|count| count.1).sum();
        let length = Layout::current(table).map_or(0, |layout| layout.record_length());
        // The last place is the filler that version 36 of the layout added.
        format!("{:<7}|{title:<43}|{rows:>11}|{length:>5} \n", table.name())
    });
    (HEADING.to_owned() + &rows.concat()).into_bytes()
}

/// Reads a summary, by its bars: rows of either width, with or without carriage returns, the last with or without its
/// line feed. Lines that are no row of CCLF1 to CCLFB are passed by.
///
/// # Errors
/// A row of a file cannot be read, or there is none.
pub fn parse(bytes: &[u8]) -> Result<Vec<SummaryRow>, SummaryError> {
    let mut rows: Vec<SummaryRow> = Vec::new();
    let mut lines = 0;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        lines = index + 1;
        let mut cells = line.split(|byte| *byte == b'|').map(<[u8]>::trim_ascii);
        let name = cells.next().unwrap_or_default();
        let Some((table, _)) =
            FILES.iter().find(|file| file.0.name().as_bytes().eq_ignore_ascii_case(name))
        else {
            continue;
        };
        let fault = |fault| SummaryError { line: lines, fault };
        let [Some(_), Some(count), Some(length)] = [cells.next(), cells.next(), cells.next()]
        else {
            return Err(fault(SummaryFault::Cells));
        };
        if rows.iter().any(|row| row.table == *table) {
            return Err(fault(SummaryFault::Twice(*table)));
        }
        let count = number(count).ok_or(fault(SummaryFault::Rows))?;
        let length = number(length).and_then(|length| usize::try_from(length).ok());
        let record_length = length.ok_or(fault(SummaryFault::RecordLength))?;
        rows.push(SummaryRow { table: *table, rows: count, record_length });
    }
    if rows.is_empty() {
        return Err(SummaryError { line: lines, fault: SummaryFault::Empty });
    }
    Ok(rows)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_a_heading_of_69_bytes_and_eleven_rows_of_70() {
        let text = String::from_utf8(write(&[(Table::Cclf1, 5), (Table::Cclf1, 1)])).unwrap();
        let mut lines = text.split_terminator('\n');
        assert_eq!(lines.next().unwrap().len(), 69);
        let rows: Vec<_> = lines.collect();
        assert_eq!(rows.len(), 11);
        assert!(rows.iter().all(|row| row.len() == 70));
        assert_eq!(
            rows[0],
            "CCLF1  |Part A Claims Header File                  |          6|  437 "
        );
        assert!(text.ends_with("|          0|  128 \n"));
    }

    #[test]
    fn a_summary_is_read_in_either_width_and_with_rows_that_nobody_knows() {
        let text = "File Number|File Description|Total Records Count|Record Length\r\n\
                    CCLF0  |Summary Statistics File|1|69\r\n\
                    CCLF8  |Beneficiary Demographics File              |          6|  549\r\n\
                    CCLFX||many|\r\n\
                    CCLFB|x|12|128";
        let rows = parse(text.as_bytes()).unwrap();
        let row = |table, rows, record_length| SummaryRow { table, rows, record_length };
        assert_eq!(rows, [row(Table::Cclf8, 6, 549), row(Table::CclfB, 12, 128)]);
    }

    #[test]
    fn faults_name_the_line() {
        for (text, said) in [
            ("", "line 1 of CCLF0: there is no row of a CCLF file"),
            ("\nCCLF1", "line 2 of CCLF0: the row has fewer than four cells"),
            ("CCLF1|x|-1|437", "line 1 of CCLF0: the count of records is no number"),
            ("CCLF1|x||437", "line 1 of CCLF0: the count of records is no number"),
            ("CCLF1|x|1|", "line 1 of CCLF0: the length of a record is no number"),
            ("CCLF1|x|1|437\nCCLF1|x|1|437", "line 2 of CCLF0: CCLF1 has a row before"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), said, "{text}");
        }
    }
}

//! The rows of the crosswalk's tables.

use std::borrow::Cow;

use memchr::memchr2;

use crate::layout::load_error::LoadError;

/// A row with the number of its first line.
type Row<'t, const N: usize> = (u64, [Cow<'t, str>; N]);

/// The rows of a CSV table with a header, which must be `expected`. They are read at every start: cells are where they
/// stand in the text, and a reader of all kinds of CSV takes longer to be made than these tables to be read.
pub(crate) fn rows<'t, const N: usize>(
    file: &'static str,
    text: &'t str,
    expected: [&str; N],
) -> Result<Vec<Row<'t, N>>, LoadError> {
    let (header, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    if !header.trim_end_matches('\r').split(',').eq(expected) {
        return Err(LoadError::new(format!("the header is not {}", expected.join(","))).at(file, 1));
    }
    let (mut rows, mut line) = (Vec::new(), 2);
    while !rest.is_empty() {
        let (row, after) =
            row(rest).ok_or_else(|| LoadError::new("malformed CSV").at(file, line))?;
        let read = &rest[..rest.len() - after.len()];
        rows.push((line, row));
        line += memchr::memchr_iter(b'\n', read.as_bytes()).count() as u64;
        rest = after;
    }
    Ok(rows)
}

/// The row at the beginning of a text, and what comes after its line.
fn row<const N: usize>(text: &str) -> Option<([Cow<'_, str>; N], &str)> {
    let mut row = [const { Cow::Borrowed("") }; N];
    let mut rest = text;
    for (place, own) in row.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(',')?;
        }
        (*own, rest) = cell(rest)?;
    }
    match rest.strip_prefix('\r').unwrap_or(rest) {
        "" => Some((row, "")),
        rest => Some((row, rest.strip_prefix('\n')?)),
    }
}

/// The cell at the beginning of a text, and what comes after it.
fn cell(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = memchr2(b',', b'\n', text.as_bytes()).unwrap_or(text.len());
        let cell = &text[..end];
        let cell = if text[end..].starts_with(',') { cell } else { cell.trim_end_matches('\r') };
        return Some((cell.into(), &text[cell.len()..]));
    };
    let mut end = quoted.find('"')?;
    // A doubled quotation mark is one of the cell's own.
    while quoted[end + 1..].starts_with('"') {
        end += 2 + quoted[end + 2..].find('"')?;
    }
    let cell = match &quoted[..end] {
        cell if cell.contains('"') => cell.replace("\"\"", "\"").into(),
        cell => cell.into(),
    };
    Some((cell, &quoted[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sources::{STU3, V2, V3};

    fn read(text: &str) -> Result<Vec<Row<'_, 2>>, String> {
        rows("x.csv", text, ["a", "b"]).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_cell_is_quoted_or_not() {
        let text = "a,b\n1,\n\"one, \"\"two\"\"\nthree\",\"\"\r\né,x y\r\n,\"z\"";
        let rows = read(text).unwrap();
        let read: Vec<(u64, [&str; 2])> =
            rows.iter().map(|(line, row)| (*line, [&*row[0], &*row[1]])).collect();
        let quoted = "one, \"two\"\nthree";
        assert_eq!(read, [(2, ["1", ""]), (3, [quoted, ""]), (5, ["é", "x y"]), (6, ["", "z"])]);
    }

    #[test]
    fn what_is_no_row_is_told_by_its_line() {
        let header = Err("x.csv, line 1: the header is not a,b".to_owned());
        for text in ["", "a\n", "a,c\n1,2\n", "a,b,c\n1,2,3\n"] {
            assert_eq!(read(text), header, "{text}");
        }
        let malformed = Err("x.csv, line 3: malformed CSV".to_owned());
        for row in ["1", "1,2,3", "\"1,2", "\"1\"x,2", "\"1\"\",2", "1,\"2\"x"] {
            assert_eq!(read(&format!("a,b\n1,2\n{row}\n")), malformed, "{row}");
        }
        assert_eq!(read("a,b\n").unwrap(), []);
    }

    /// Whoever reads our tables with another reader of CSV reads the same.
    #[test]
    fn the_built_in_tables_are_read_as_any_reader_reads_them() {
        fn check<const N: usize>(text: &str) {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let header = reader.headers().unwrap().clone();
            let header: Vec<&str> = header.iter().collect();
            let own = rows::<N>("x.csv", text, header.try_into().unwrap()).unwrap();
            let mut others = reader.records();
            for (line, row) in own {
                let other = others.next().unwrap().unwrap();
                assert_eq!(other.position().unwrap().line(), line);
                assert!(other.iter().eq(row.iter().map(|cell| &**cell)), "line {line}");
            }
            assert!(others.next().is_none());
        }
        for sources in [STU3, V2, V3] {
            check::<7>(sources.crosswalk);
            check::<5>(sources.tables);
            check::<6>(sources.record);
            check::<5>(sources.lineage);
            check::<3>(sources.maps);
            check::<3>(sources.states);
        }
    }
}

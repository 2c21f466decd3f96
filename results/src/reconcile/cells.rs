//! Rows as they wait in a spool: which cells are null, then the others, each with its length. Equal rows are equal bytes.

use super::column::Column;
use super::kind::Cells;

/// Lengths below this take one byte, others that byte and four more.
const LONG: u8 = u8::MAX;

/// Bytes that say which of so many cells are null.
pub(super) const fn null_bytes(columns: usize) -> usize {
    columns.div_ceil(8)
}

/// Adds a cell.
#[inline]
fn put(row: &mut Vec<u8>, cell: &[u8]) {
    match u8::try_from(cell.len()) {
        Ok(short) if short != LONG => row.push(short),
        _ => {
            row.push(LONG);
            row.extend_from_slice(&u32::try_from(cell.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
    row.extend_from_slice(cell);
}

/// Adds a text.
pub(super) fn put_text(row: &mut Vec<u8>, text: &str) {
    put(row, text.as_bytes());
}

/// Adds a number in as few bytes as hold it and its sign.
fn put_number(row: &mut Vec<u8>, number: i128) {
    let magnitude = if number < 0 { !number } else { number };
    let bits = 128 - magnitude.leading_zeros();
    put(row, &number.to_le_bytes()[..(bits / 8 + 1) as usize]);
}

/// Adds cells of a row; `text` may put another text in the place of one of a column.
pub(super) fn put_row<'a>(
    row: &mut Vec<u8>,
    columns: &[Column<'a>],
    number: usize,
    text: impl Fn(usize, &'a str) -> &'a str,
) {
    let nulls = row.len();
    row.resize(nulls + null_bytes(columns.len()), 0);
    for (place, column) in columns.iter().enumerate() {
        let is_there = match column {
            Column::Empty => None,
            Column::Text(_) => column.text(number).map(|own| put_text(row, text(place, own))),
            _ => column.number(number).map(|own| put_number(row, own)),
        };
        if is_there.is_none() {
            row[nulls + place / 8] |= 1 << (place % 8);
        }
    }
}

/// Takes a cell from the beginning of what is left.
pub(super) fn take<'r>(rest: &mut &'r [u8]) -> &'r [u8] {
    let (length, behind) = match rest.split_first() {
        Some((&LONG, behind)) => {
            let (length, behind) = behind.split_at(4);
            (u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize, behind)
        }
        Some((short, behind)) => (usize::from(*short), behind),
        None => return &[],
    };
    let (cell, behind) = behind.split_at(length);
    *rest = behind;
    cell
}

/// The cells of a row.
pub(super) struct Row<'r> {
    nulls: &'r [u8],
    rest: &'r [u8],
}

impl<'r> Row<'r> {
    pub(super) fn new(row: &'r [u8], columns: usize) -> Self {
        let (nulls, rest) = row.split_at(null_bytes(columns));
        Self { nulls, rest }
    }

    pub(super) fn is_null(&self, place: usize) -> bool {
        self.nulls[place / 8] & (1 << (place % 8)) != 0
    }

    /// The cell of the next column, which is that of this place.
    pub(super) fn next(&mut self, place: usize) -> Option<&'r [u8]> {
        (!self.is_null(place)).then(|| take(&mut self.rest))
    }
}

/// A cell's number.
pub(super) fn number_of(cell: &[u8]) -> i128 {
    let fill = if cell.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut bytes = [fill; 16];
    bytes[..cell.len()].copy_from_slice(cell);
    i128::from_le_bytes(bytes)
}

/// A cell's text; it was one when it was written.
pub(super) fn text_of(cell: &[u8]) -> &str {
    str::from_utf8(cell).unwrap_or_default()
}

/// A cell as people read it.
pub(super) fn shown(cells: Cells, cell: &[u8]) -> String {
    let decimals = match cells {
        Cells::Text => return text_of(cell).to_owned(),
        Cells::Day => {
            let (year, month, day) =
                cclf_crosswalk::civil_from_days(i32::try_from(number_of(cell)).unwrap_or(0));
            return format!("{year:04}-{month:02}-{day:02}");
        }
        Cells::Amount => 2,
        Cells::Number(decimals) => u32::from(decimals),
    };
    let number = number_of(cell);
    let sign = if number < 0 { "-" } else { "" };
    let (whole, part) = (
        number.unsigned_abs() / 10u128.pow(decimals),
        number.unsigned_abs() % 10u128.pow(decimals),
    );
    match decimals {
        0 => format!("{sign}{whole}"),
        decimals => format!("{sign}{whole}.{part:0width$}", width = decimals as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, -1, 127, 128, -128, -129, 255, 256, 1 << 40, i128::MAX, i128::MIN];
        let mut row = Vec::new();
        for number in numbers {
            put_number(&mut row, number);
        }
        assert_eq!(&row[..4], [1, 0, 1, 1]);
        let mut rest = row.as_slice();
        for number in numbers {
            assert_eq!(number_of(take(&mut rest)), number);
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn texts_of_any_length_come_back() {
        let texts = ["", "a", &"b".repeat(254), &"c".repeat(255), &"d".repeat(70_000)];
        let mut row = Vec::new();
        for text in texts {
            put_text(&mut row, text);
        }
        let mut rest = row.as_slice();
        for text in texts {
            assert_eq!(text_of(take(&mut rest)), text);
        }
    }

    #[test]
    fn cells_are_shown_as_people_write_them() {
        let of = |cells, number| {
            let mut row = Vec::new();
            put_number(&mut row, number);
            shown(cells, take(&mut row.as_slice()))
        };
        assert_eq!(of(Cells::Amount, -105), "-1.05");
        assert_eq!(of(Cells::Number(4), 12_500), "1.2500");
        assert_eq!(of(Cells::Number(0), -3), "-3");
        assert_eq!(of(Cells::Day, 19_000), "2022-01-08");
    }
}

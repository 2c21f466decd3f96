//! Where the columns of a table stand in a record of fixed width, and in what form.

mod lengths;
mod own;

use std::ops::RangeInclusive;

use cclf_crosswalk::{Column, ColumnType, Crosswalk, Table};

pub use lengths::UnknownLength;
pub use own::{LayoutError, LayoutFault};

/// CUR_CLM_UNIQ_ID, which has to be a number wherever it stands.
pub(crate) const CLAIM_ID: &str = "CUR_CLM_UNIQ_ID";

/// The records of one table: how long they are, and where each column stands in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    table: Table,
    record_length: usize,
    places: Vec<Place>,
    versions: RangeInclusive<u8>,
    doubt: Option<&'static str>,
}

/// Where one column stands in a record, and in what form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of CMS's columns of the table: an index of `Crosswalk::stu3().table(table).columns`.
    pub column: usize,
    /// CMS's name of the column.
    pub name: &'static str,
    /// The first byte of the record that is its own, counted from 0.
    pub start: usize,
    /// Bytes.
    pub width: usize,
    /// The form of its value.
    pub kind: Kind,
}

impl Place {
    /// The byte after its last.
    pub const fn end(&self) -> usize {
        self.start + self.width
    }

    /// Its bytes of a record.
    pub(crate) fn of<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        &line[self.start..self.end()]
    }
}

/// The form of a value in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, X(n): it stands left, with blanks on its right.
    Text,
    /// Text of digits, 9(n): it stands right, with zeros on its left.
    Digits(Zeros),
    /// CLM_LINE_RX_FILL_NUM, X(09): digits are written with zeros on their left, and lose these when they are read; all
    /// else is text.
    DigitsOrText,
    /// A whole number, 9(n): it stands right, with zeros on its left.
    Number,
    /// A decimal, -9(n).99: a place for the sign, digits with zeros on their left, a point, decimals.
    Amount {
        /// The decimals.
        scale: u8,
    },
    /// A day, YYYY-MM-DD.
    Date(Missing),
}

/// What the zeros on the left of a text of digits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// They are of the value, as in a code: `06` is read as `06`.
    Kept,
    /// They fill the place, as before a number of a claim: `0000000000017` is read as `17`.
    Dropped,
}

/// How a date that is missing is written. When reading, all of them are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Ten blanks, in CCLF8.
    Blank,
    /// 1000-01-01.
    Day1000,
    /// 9999-12-31: PRVS_ID_OBSLT_DT of an identifier that is still in use.
    Day9999,
}

impl Missing {
    /// Its ten bytes.
    pub const fn text(self) -> &'static [u8; 10] {
        match self {
            Self::Blank => b"          ",
            Self::Day1000 => b"1000-01-01",
            Self::Day9999 => b"9999-12-31",
        }
    }
}

impl Layout {
    /// The layout that files are written in: CMS's of versions 36 to 38, which is also the newest one that is known.
    /// `None` for CCLF0, whose lines are a [summary](crate::summary).
    pub fn current(table: Table) -> Option<Self> {
        let (length, versions) = lengths::known(table).last()?;
        Some(Self::within(table, *length, versions.clone()))
    }

    /// The layout of records of this length, of which the line feed is no part.
    ///
    /// From version 25 on each layout continues the one before it, so the length tells which columns there are. Layouts
    /// before that one have identifiers in other places, and are not known.
    ///
    /// # Errors
    /// Records of this length are not known.
    pub fn of_length(table: Table, length: usize) -> Result<Self, UnknownLength> {
        if table == Table::Cclf7 && length == lengths::CCLF7_LONG {
            return Ok(Self::cclf7_long());
        }
        lengths::known(table)
            .iter()
            .find(|known| known.0 == length)
            .map(|(_, versions)| Self::within(table, length, versions.clone()))
            .ok_or(UnknownLength { table, length })
    }

    /// Which table.
    pub const fn table(&self) -> Table {
        self.table
    }

    /// Bytes of a record, without its line feed.
    pub const fn record_length(&self) -> usize {
        self.record_length
    }

    /// The columns that a record has, in the order of their places.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The versions of CMS's layouts in which records of the table have this length. All files of one delivery are of
    /// one version. A [layout of one's own](Self::from_csv) goes with every version.
    pub const fn versions(&self) -> &RangeInclusive<u8> {
        &self.versions
    }

    /// What is not certain about the layout, as a sentence.
    pub const fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// The columns that end within the length, one after the other.
    fn within(table: Table, length: usize, versions: RangeInclusive<u8>) -> Self {
        let mut start = 0;
        let mut places = Vec::new();
        for (index, column) in columns(table).iter().enumerate() {
            let place = place(table, index, column, start, column.width);
            if place.end() > length {
                break;
            }
            start = place.end();
            places.push(place);
        }
        Self { table, record_length: length, places, versions, doubt: None }
    }

    /// CCLF7 with the identifier of the prescriber at its end.
    fn cclf7_long() -> Self {
        let versions = lengths::CCLF7_LONG_VERSIONS;
        let mut layout = Self::within(Table::Cclf7, lengths::CCLF7_LONG, versions);
        let moved = layout.places.iter().position(|place| place.name == lengths::CCLF7_MOVED);
        if let Some(moved) = moved {
            let mut place = layout.places.remove(moved);
            place.start = layout.places.last().map_or(0, Place::end);
            place.width = lengths::CCLF7_LONG - place.start;
            layout.places.push(place);
        }
        layout.doubt = Some(lengths::CCLF7_DOUBT);
        layout
    }
}

/// CMS's columns of a table.
pub(crate) fn columns(table: Table) -> &'static [Column] {
    &Crosswalk::stu3().table(table).columns
}

fn place(table: Table, index: usize, column: &'static Column, start: usize, width: usize) -> Place {
    Place { column: index, name: &column.name, start, width, kind: kind(table, column) }
}

fn kind(table: Table, column: &Column) -> Kind {
    match (column.column_type, &*column.name) {
        (ColumnType::Date, "PRVS_ID_OBSLT_DT") => Kind::Date(Missing::Day9999),
        (ColumnType::Date, _) if table == Table::Cclf8 => Kind::Date(Missing::Blank),
        (ColumnType::Date, _) => Kind::Date(Missing::Day1000),
        (ColumnType::Int32 | ColumnType::Int64, _) => Kind::Number,
        (ColumnType::Decimal { scale, .. }, _) => Kind::Amount { scale },
        (_, "CLM_LINE_RX_FILL_NUM") => Kind::DigitsOrText,
        (_, CLAIM_ID | "CLM_LINE_RX_SRVC_RFRNC_NUM") => Kind::Digits(Zeros::Dropped),
        _ if column.format.starts_with("9(") => Kind::Digits(Zeros::Kept),
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(table: Table, name: &str) -> Kind {
        let layout = Layout::current(table).unwrap();
        layout.places().iter().find(|place| place.name == name).unwrap().kind
    }

    #[test]
    fn a_column_has_the_form_of_its_format_and_type() {
        for (table, name, kind) in [
            (Table::Cclf1, "CUR_CLM_UNIQ_ID", Kind::Digits(Zeros::Dropped)),
            (Table::Cclf1, "CLM_TYPE_CD", Kind::Digits(Zeros::Kept)),
            (Table::Cclf1, "CLM_PMT_AMT", Kind::Amount { scale: 2 }),
            (Table::Cclf1, "CLM_EFCTV_DT", Kind::Date(Missing::Day1000)),
            (Table::Cclf3, "CLM_VAL_SQNC_NUM", Kind::Number),
            (Table::Cclf5, "CLM_LINE_CVRD_PD_AMT", Kind::Amount { scale: 2 }),
            (Table::Cclf5, "CLM_LINE_SRVC_UNIT_QTY", Kind::Amount { scale: 4 }),
            (Table::Cclf7, "CLM_LINE_RX_SRVC_RFRNC_NUM", Kind::Digits(Zeros::Dropped)),
            (Table::Cclf7, "CLM_LINE_RX_FILL_NUM", Kind::DigitsOrText),
            (Table::Cclf8, "BENE_FIPS_CNTY_CD", Kind::Digits(Zeros::Kept)),
            (Table::Cclf8, "BENE_ZIP_CD", Kind::Text),
            (Table::Cclf8, "BENE_DEATH_DT", Kind::Date(Missing::Blank)),
            (Table::Cclf9, "PRVS_ID_EFCTV_DT", Kind::Date(Missing::Day1000)),
            (Table::Cclf9, "PRVS_ID_OBSLT_DT", Kind::Date(Missing::Day9999)),
        ] {
            assert_eq!(kind_of(table, name), kind, "{table} {name}");
        }
    }

    #[test]
    fn the_summary_has_no_layout() {
        assert_eq!(Layout::current(Table::Cclf0), None);
    }

    #[test]
    fn places_follow_each_other_without_a_gap() {
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
            let layout = Layout::current(table).unwrap();
            let mut end = 0;
            for place in layout.places() {
                assert_eq!(place.start, end, "{table} {}", place.name);
                end = place.end();
            }
            assert_eq!(end, layout.record_length(), "{table}");
            assert_eq!(layout.places().len(), columns(table).len(), "{table}");
        }
    }

    #[test]
    fn the_long_cclf7_has_the_prescriber_at_its_end() {
        let layout = Layout::of_length(Table::Cclf7, 230).unwrap();
        let last = layout.places().last().unwrap();
        assert_eq!((last.name, last.start, last.width), ("CLM_PRSBNG_PRVDR_GNRC_ID_NUM", 195, 35));
        assert!(layout.places().iter().all(|place| place.end() <= 117 || place.start >= 137));
        assert!(layout.doubt().is_some());
        assert_eq!(Layout::of_length(Table::Cclf7, 195).unwrap().doubt(), None);
    }
}

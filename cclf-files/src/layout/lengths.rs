//! Which lengths records have had, and in which versions of CMS's information packet.

use std::fmt;
use std::ops::RangeInclusive;

use cclf_crosswalk::Table;

/// The length of the records of CCLF7 that one public loader of newer files reads.
pub(super) const CCLF7_LONG: usize = 230;
/// The versions that may have it.
pub(super) const CCLF7_LONG_VERSIONS: RangeInclusive<u8> = 39..=43;
/// The column that stands elsewhere in it.
pub(super) const CCLF7_MOVED: &str = "CLM_PRSBNG_PRVDR_GNRC_ID_NUM";
/// What is not certain about it.
pub(super) const CCLF7_DOUBT: &str = "records of 230 bytes are known from one public loader of CCLF7 only: the identifier \
     of the prescriber is read from places 196 to 230, and its former places 118 to 137 are taken to be blank";

type Known = &'static [(usize, RangeInclusive<u8>)];

/// The known lengths of a table's records from version 25 on, each with its versions; the last is the current one.
pub(super) const fn known(table: Table) -> Known {
    match table {
        Table::Cclf1 => &[(292, 25..=32), (352, 33..=35), (437, 36..=43)],
        Table::Cclf2 => &[(179, 25..=32), (199, 33..=43)],
        Table::Cclf3 => &[(94, 25..=32), (114, 33..=43)],
        Table::Cclf4 => &[(92, 25..=32), (112, 33..=43)],
        Table::Cclf5 => &[(363, 25..=32), (383, 33..=35), (388, 36..=43)],
        Table::Cclf6 => &[(227, 25..=32), (247, 33..=43)],
        Table::Cclf7 => &[(195, 25..=43)],
        Table::Cclf8 => &[(549, 25..=43)],
        Table::Cclf9 => &[(55, 25..=43)],
        Table::CclfA => &[(100, 25..=25), (101, 26..=32), (324, 33..=43)],
        Table::CclfB => &[(92, 25..=25), (93, 26..=32), (128, 33..=43)],
        Table::Cclf0 => &[],
    }
}

/// Records of a table have a length that no known layout has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLength {
    /// Which table.
    pub table: Table,
    /// The length, in bytes.
    pub length: usize,
}

impl UnknownLength {
    /// The lengths that are known for the table, in bytes.
    pub fn known(&self) -> Vec<usize> {
        let long = (self.table == Table::Cclf7).then_some(CCLF7_LONG);
        known(self.table).iter().map(|(length, _)| *length).chain(long).collect()
    }
}

impl fmt::Display for UnknownLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, length } = self;
        if *table == Table::Cclf0 {
            return f.write_str("CCLF0 is the summary of a delivery and has no layout of records");
        }
        write!(f, "no layout of {table} with records of {length} bytes is known: known ")?;
        let known = self.known();
        f.write_str(if known.len() == 1 { "is " } else { "are " })?;
        for (index, length) in known.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == known.len() => f.write_str(" and ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "{length}")?;
        }
        f.write_str(
            "; files from before 2018-11 have other places, and for them a layout of one's own can \
             be given",
        )
    }
}

impl std::error::Error for UnknownLength {}

#[cfg(test)]
mod tests {
    use super::super::Layout;
    use super::*;

    #[test]
    fn an_unknown_length_says_which_are_known() {
        let fault = Layout::of_length(Table::Cclf1, 188).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "no layout of CCLF1 with records of 188 bytes is known: known are 292, 352 and 437; \
             files from before 2018-11 have other places, and for them a layout of one's own can be \
             given"
        );
        let fault = Layout::of_length(Table::Cclf8, 157).unwrap_err().to_string();
        assert!(fault.contains("known is 549;"), "{fault}");
        let fault = Layout::of_length(Table::Cclf7, 182).unwrap_err().to_string();
        assert!(fault.contains("known are 195 and 230;"), "{fault}");
        assert!(Layout::of_length(Table::Cclf0, 70).is_err());
    }

    #[test]
    fn two_layouts_in_one_delivery_can_be_told() {
        let versions = |table, length| Layout::of_length(table, length).unwrap().versions().clone();
        assert_eq!(versions(Table::Cclf2, 199), 33..=43);
        assert_eq!(versions(Table::Cclf1, 292), 25..=32);
        assert_eq!(versions(Table::Cclf7, 230), 39..=43);
    }
}

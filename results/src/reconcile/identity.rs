//! Which claim and which person a row is of.

use cclf_crosswalk::Table;

use super::digest::{Digest, Key, short};
use super::side::Side;

/// How digests of claim numbers are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// Whether both sides number claims alike.
    pub(super) are_shared: bool,
}

/// Kinds of keys that are no rung.
const NUMBER: u8 = 100;
const ROW: u8 = 101;
const PERSON: u8 = 102;
const LINE: u8 = 103;

impl Names {
    /// Stands for the claim that a row of a table belongs to. Where the sides number claims on their own, one number of both
    /// is two claims; and so it is in tables of two kinds of claims.
    pub(super) fn claim(
        self,
        key: &mut Key,
        (family, side): (Table, Side),
        number: &str,
    ) -> Digest {
        key.begin(NUMBER);
        key.add(Some(&[family as u8, if self.are_shared { 0 } else { side as u8 + 1 }]));
        // CCLF has it in 13 places, v3 without the zeros before it.
        key.add(Some(number.trim_start_matches('0').as_bytes()));
        key.digest()
    }

    /// The same; a row without a number is a claim by itself.
    pub(super) fn claim_or_row(
        self,
        key: &mut Key,
        (family, side): (Table, Side),
        number: Option<&str>,
        row: u64,
    ) -> Digest {
        if let Some(number) = number {
            return self.claim(key, (family, side), number);
        }
        key.begin(ROW);
        key.add(Some(&[family as u8, side as u8]));
        key.add(Some(&row.to_le_bytes()));
        key.digest()
    }
}

/// The table of the claims that rows of another belong to. CCLFB holds lines of CCLF5 and CCLF6: the type tells.
pub(super) fn family(table: Table, claim_type: Option<&str>) -> Table {
    match table {
        Table::Cclf2 | Table::Cclf3 | Table::Cclf4 | Table::CclfA => Table::Cclf1,
        Table::CclfB if matches!(claim_type, Some("81" | "82")) => Table::Cclf6,
        Table::CclfB => Table::Cclf5,
        own => own,
    }
}

/// Stands for a person, by the most recent MBI; never 0.
pub(super) fn person(key: &mut Key, mbi: &str) -> u64 {
    key.begin(PERSON);
    key.add(Some(mbi.as_bytes()));
    short(&key.digest()).max(1)
}

/// Stands for a line that a text tells from the others: an earlier MBI, or a diagnosis.
pub(super) fn line(key: &mut Key, text: &str) -> u64 {
    key.begin(LINE);
    key.add(Some(text.as_bytes()));
    short(&key.digest())
}

//! In what way two cells differ, without their values.

use serde::Serialize;

/// In what way two cells of one column differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The right one is null.
    OnlyLeftHasValue,
    /// The left one is null.
    OnlyRightHasValue,
    /// The left text has more zeros before it.
    LeftHasMoreZeros,
    /// The right text has more zeros before it.
    RightHasMoreZeros,
    /// Texts that differ in upper and lower case or in blanks.
    CaseOrBlanks,
    /// Other texts that differ.
    OtherText,
    /// Amounts of another sign.
    OtherSign,
    /// The right amount is greater by a cent.
    RightIsGreaterByCent,
    /// The right amount is greater by up to a dollar.
    RightIsGreaterByDollar,
    /// The right amount is greater by more than a dollar.
    RightIsGreater,
    /// The right amount is less by a cent.
    RightIsLessByCent,
    /// The right amount is less by up to a dollar.
    RightIsLessByDollar,
    /// The right amount is less by more than a dollar.
    RightIsLess,
    /// The right date is later by a day.
    RightIsLaterByDay,
    /// The right date is later by up to 31 days.
    RightIsLaterByMonth,
    /// The right date is later by more.
    RightIsLater,
    /// The right date is earlier by a day.
    RightIsEarlierByDay,
    /// The right date is earlier by up to 31 days.
    RightIsEarlierByMonth,
    /// The right date is earlier by more.
    RightIsEarlier,
    /// Numbers or quantities that differ.
    OtherNumber,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    Text,
    Day,
    /// Cents.
    Amount,
    /// Whole numbers and quantities, with so many decimals.
    Number(u8),
}

/// Cents of a dollar, and days of the longest month.
const DOLLAR: u128 = 100;
const MONTH: u128 = 31;

impl Kind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 20] = [
        Self::OnlyLeftHasValue,
        Self::OnlyRightHasValue,
        Self::LeftHasMoreZeros,
        Self::RightHasMoreZeros,
        Self::CaseOrBlanks,
        Self::OtherText,
        Self::OtherSign,
        Self::RightIsGreaterByCent,
        Self::RightIsGreaterByDollar,
        Self::RightIsGreater,
        Self::RightIsLessByCent,
        Self::RightIsLessByDollar,
        Self::RightIsLess,
        Self::RightIsLaterByDay,
        Self::RightIsLaterByMonth,
        Self::RightIsLater,
        Self::RightIsEarlierByDay,
        Self::RightIsEarlierByMonth,
        Self::RightIsEarlier,
        Self::OtherNumber,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlyLeftHasValue => "only_left_has_value",
            Self::OnlyRightHasValue => "only_right_has_value",
            Self::LeftHasMoreZeros => "left_has_more_zeros",
            Self::RightHasMoreZeros => "right_has_more_zeros",
            Self::CaseOrBlanks => "case_or_blanks",
            Self::OtherText => "other_text",
            Self::OtherSign => "other_sign",
            Self::RightIsGreaterByCent => "right_is_greater_by_cent",
            Self::RightIsGreaterByDollar => "right_is_greater_by_dollar",
            Self::RightIsGreater => "right_is_greater",
            Self::RightIsLessByCent => "right_is_less_by_cent",
            Self::RightIsLessByDollar => "right_is_less_by_dollar",
            Self::RightIsLess => "right_is_less",
            Self::RightIsLaterByDay => "right_is_later_by_day",
            Self::RightIsLaterByMonth => "right_is_later_by_month",
            Self::RightIsLater => "right_is_later",
            Self::RightIsEarlierByDay => "right_is_earlier_by_day",
            Self::RightIsEarlierByMonth => "right_is_earlier_by_month",
            Self::RightIsEarlier => "right_is_earlier",
            Self::OtherNumber => "other_number",
        }
    }

    /// Of two different texts.
    pub(super) fn of_texts(left: &str, right: &str) -> Self {
        let trimmed = |text: &str| text.trim_start_matches('0').len();
        if left.trim_start_matches('0') == right.trim_start_matches('0') {
            let zeros = |text: &str| text.len() - trimmed(text);
            return if zeros(left) > zeros(right) {
                Self::LeftHasMoreZeros
            } else {
                Self::RightHasMoreZeros
            };
        }
        let plain = |text: &str| -> String {
            text.chars().filter(|one| !one.is_whitespace()).flat_map(char::to_lowercase).collect()
        };
        if plain(left) == plain(right) { Self::CaseOrBlanks } else { Self::OtherText }
    }

    /// Of two different numbers.
    pub(super) fn of_numbers(cells: Cells, left: i128, right: i128) -> Self {
        let (apart, is_greater) = (left.abs_diff(right), right > left);
        match cells {
            Cells::Amount if left == right.wrapping_neg() => Self::OtherSign,
            Cells::Amount => match (is_greater, apart) {
                (true, 1) => Self::RightIsGreaterByCent,
                (true, ..=DOLLAR) => Self::RightIsGreaterByDollar,
                (true, _) => Self::RightIsGreater,
                (false, 1) => Self::RightIsLessByCent,
                (false, ..=DOLLAR) => Self::RightIsLessByDollar,
                (false, _) => Self::RightIsLess,
            },
            Cells::Day => match (is_greater, apart) {
                (true, 1) => Self::RightIsLaterByDay,
                (true, ..=MONTH) => Self::RightIsLaterByMonth,
                (true, _) => Self::RightIsLater,
                (false, 1) => Self::RightIsEarlierByDay,
                (false, ..=MONTH) => Self::RightIsEarlierByMonth,
                (false, _) => Self::RightIsEarlier,
            },
            Cells::Text | Cells::Number(_) => Self::OtherNumber,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_in_the_order_of_their_numbers() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn texts_and_numbers_have_their_kinds() {
        for (left, right, kind) in [
            ("0012", "12", Kind::LeftHasMoreZeros),
            ("0", "000", Kind::RightHasMoreZeros),
            ("Ab c", "aB  C", Kind::CaseOrBlanks),
            ("A", "B", Kind::OtherText),
        ] {
            assert_eq!(Kind::of_texts(left, right), kind);
        }
        for (left, right, amount, day) in [
            (1, 2, Kind::RightIsGreaterByCent, Kind::RightIsLaterByDay),
            (2, 1, Kind::RightIsLessByCent, Kind::RightIsEarlierByDay),
            (5, 36, Kind::RightIsGreaterByDollar, Kind::RightIsLaterByMonth),
            (37, 5, Kind::RightIsLessByDollar, Kind::RightIsEarlier),
            (5, 106, Kind::RightIsGreater, Kind::RightIsLater),
            (106, 5, Kind::RightIsLess, Kind::RightIsEarlier),
            (-7, 7, Kind::OtherSign, Kind::RightIsLaterByMonth),
        ] {
            assert_eq!(Kind::of_numbers(Cells::Amount, left, right), amount);
            assert_eq!(Kind::of_numbers(Cells::Day, left, right), day);
            assert_eq!(Kind::of_numbers(Cells::Number(4), left, right), Kind::OtherNumber);
        }
    }
}

//! What a bad record does, and how many are too many.

use std::fmt;
use std::str::FromStr;

/// What a bad record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnBadRecord {
    /// It is kept with the rejects and the run goes on.
    #[default]
    Reject,
    /// It ends the run.
    Fail,
}

impl OnBadRecord {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Reject, Self::Fail];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for OnBadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for OnBadRecord {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or("expected reject or fail")
    }
}

/// How many bad records are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// More than this many.
    Count(u64),
    /// More than this share of the records read so far, in millionths, but never fewer than 100.
    PerMillion(u64),
}

/// Rejects that a share never stops at.
const LEAST_REJECTS: u64 = 100;

impl Default for MaxRejects {
    /// 1 % of the records read so far, at least 100.
    fn default() -> Self {
        Self::PerMillion(10_000)
    }
}

impl MaxRejects {
    /// Whether `rejected` of `read` records are too many.
    pub fn exceeded(self, rejected: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            Self::PerMillion(share) => {
                let most = u128::from(read) * u128::from(share) / 1_000_000;
                u128::from(rejected) > most.max(u128::from(LEAST_REJECTS))
            }
        }
    }
}

impl FromStr for MaxRejects {
    type Err = &'static str;

    /// `250` or `0.5%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "expected a number such as 250, or a share such as 0.5%";
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| FAULT);
        };
        let (whole, fraction) = share.split_once('.').unwrap_or((share, ""));
        if fraction.len() > 4 {
            return Err("a share has at most four digits after the point");
        }
        let whole: u64 = whole.parse().map_err(|_| FAULT)?;
        let fraction: u64 = format!("{fraction:0<4}").parse().map_err(|_| FAULT)?;
        if whole > 100 {
            return Err("a share is at most 100%");
        }
        Ok(Self::PerMillion(whole * 10_000 + fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in OnBadRecord::ALL {
            assert_eq!(word.to_string().parse(), Ok(word));
        }
        assert_eq!("Fail".parse::<OnBadRecord>(), Err("expected reject or fail"));
    }

    #[test]
    fn shares_and_counts() {
        let parse = |text: &str| text.parse::<MaxRejects>();
        assert_eq!(parse("250"), Ok(MaxRejects::Count(250)));
        assert_eq!(parse("1%"), Ok(MaxRejects::default()));
        assert_eq!(parse("0.25%"), Ok(MaxRejects::PerMillion(2_500)));
        for bad in ["", "%", "x", "-1", "101%", "1.23456%", "1.x%"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_never_stops_before_a_hundred() {
        let share = MaxRejects::default();
        assert!(!share.exceeded(100, 100));
        assert!(share.exceeded(101, 101));
        assert!(!share.exceeded(101, 10_100));
        assert!(share.exceeded(102, 10_100));
        assert!(MaxRejects::Count(0).exceeded(1, 1_000_000));
    }
}

//! Weeks: a first full export, and later ones that tell what changed since.

use crate::date::Day;
use crate::error::Error;

/// The most weeks that there are.
pub const MAX_WEEKS: u32 = 520;

/// Two weeks after the last day of the data.
const FIRST: Day = Day::from_ymd(2024, 2, 29);
/// When an export is asked for.
const TIME: &str = "T06:30:15.25Z";

/// Whose records an export has, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What changed of the people who are attributed when it ends, and everything of those among them who were not when
    /// it begins: what the service's endpoint `Group` gives.
    Group,
    /// What changed of the people who are attributed when it ends: what the service's endpoint `Patient` gives.
    Patient,
    /// The last that was ever told of everybody, people included who have left, and each record once: what all exports of
    /// a group lead to.
    State,
}

/// Which of the weeks an export tells of. Week 1 ends with the first export, each other one seven days after the one before
/// it; [`transaction_time`] says when.
///
/// The export of week 3 is `Window { after: 2, until: 3, scope: Scope::Group }`; `after: 0` is a full one. Whatever the
/// window, the same seed gives the same events in a week: a longer series begins as a shorter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The last week whose changes were told before; 0 for none.
    pub after: u32,
    /// The week as of whose end records are told, from 1 to [`MAX_WEEKS`].
    pub until: u32,
    /// Whose records, and which.
    pub scope: Scope,
}

impl Window {
    /// The export of a week as a client gets it that fetches a group each week: the first is full.
    pub fn of_week(week: u32) -> Self {
        Self { after: week.saturating_sub(1), until: week, scope: Scope::Group }
    }

    /// What the exports of so many weeks lead to.
    pub fn state_of(week: u32) -> Self {
        Self { after: 0, until: week, scope: Scope::State }
    }

    pub(crate) fn check(self) -> Result<(), Error> {
        if !(1..=MAX_WEEKS).contains(&self.until) {
            return Err(Error::Options("from 1 to 520 weeks"));
        }
        if self.after > self.until || (self.scope == Scope::State && self.after > 0) {
            return Err(Error::Options("an export that begins before it ends"));
        }
        Ok(())
    }
}

/// The transactionTime of the export of a week, counted from 1. Without weeks it is that of the first.
///
/// ```
/// assert_eq!(synth::transaction_time(1), "2024-02-29T06:30:15.25Z");
/// assert_eq!(synth::transaction_time(3), "2024-03-14T06:30:15.25Z");
/// ```
pub fn transaction_time(week: u32) -> String {
    let (year, month, day) = end_of(week).ymd();
    format!("{year:04}-{month:02}-{day:02}{TIME}")
}

/// The day on which the export of a week is asked for.
pub(crate) fn end_of(week: u32) -> Day {
    FIRST.plus(week.saturating_sub(1).min(MAX_WEEKS) * 7)
}

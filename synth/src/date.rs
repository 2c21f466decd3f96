//! Calendar days and instants, with integer arithmetic only.

use crate::json::Json;

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The day of a Gregorian date (the era method: March-based years in 400-year eras).
    pub(crate) const fn from_ymd(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// (year, month, day).
    pub(crate) const fn ymd(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// The day `days` later.
    pub(crate) fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add_unsigned(days))
    }

    /// The day `days` earlier.
    pub(crate) fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub_unsigned(days))
    }

    /// Days from `earlier` to this day; 0 when it is not earlier.
    pub(crate) fn since(self, earlier: Self) -> u32 {
        u32::try_from(self.0 - earlier.0).unwrap_or(0)
    }
}

/// A load time, as `meta.lastUpdated` tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant {
    pub(crate) day: Day,
    /// Milliseconds after midnight.
    pub(crate) millis: u32,
    /// Which of the offsets the server has been seen to write.
    pub(crate) offset: u32,
}

impl Instant {
    /// Writes the quoted instant.
    pub(crate) fn write(self, json: &mut Json) {
        json.raw("\"");
        json.day(self.day);
        let second = self.millis / 1000;
        json.raw("T");
        json.padded(second / 3600, 2);
        json.raw(":");
        json.padded(second / 60 % 60, 2);
        json.raw(":");
        json.padded(second % 60, 2);
        json.raw(".");
        json.padded(self.millis % 1000, 3);
        json.raw(match self.offset {
            0 => "-04:00\"",
            1 => "+00:00\"",
            _ => "Z\"",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(Day::from_ymd(1970, 1, 1), Day(0));
        assert_eq!(Day::from_ymd(2000, 2, 29).plus(1), Day::from_ymd(2000, 3, 1));
        assert_eq!(Day::from_ymd(2024, 3, 1).minus(1).ymd(), (2024, 2, 29));
        for day in (-40_000..40_000).step_by(17) {
            let (y, m, d) = Day(day).ymd();
            assert_eq!(Day::from_ymd(y, m, d), Day(day));
        }
    }
}

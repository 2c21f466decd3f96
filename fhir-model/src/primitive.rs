//! Dates and times by their precision: parsed on request, written back as they were.

mod written;

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::text::Str;

/// The text of a primitive whose value is read on request.
///
/// A record with an impossible date can be read, walked and written; whoever needs the date
/// calls [`value`](Self::value) and decides.
///
/// ```
/// use fhir_model::primitive::{Date, Lexical};
///
/// let born: Lexical<Date> = Lexical::new("1941-07");
/// assert_eq!(born.as_str(), "1941-07");
/// assert_eq!(born.value().unwrap().day(), None);
/// assert!(Lexical::<Date>::new("2019-02-30").value().is_err());
/// ```
pub struct Lexical<'a, T> {
    text: Str<'a>,
    value: PhantomData<fn() -> T>,
}

impl<'a, T> Lexical<'a, T> {
    /// Any text; it is not checked.
    pub fn new(text: impl Into<Str<'a>>) -> Self {
        Self { text: text.into(), value: PhantomData }
    }

    /// The text as the record has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text itself.
    pub fn into_text(self) -> Str<'a> {
        self.text
    }
}

impl<T: FromStr> Lexical<'_, T> {
    /// The value of the text.
    ///
    /// # Errors
    /// When the text is no `T`.
    pub fn value(&self) -> Result<T, T::Err> {
        self.text.parse()
    }
}

impl<T> Clone for Lexical<'_, T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), value: PhantomData }
    }
}

impl<T> PartialEq for Lexical<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Lexical<'_, T> {}

impl<T> fmt::Debug for Lexical<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl<T> fmt::Display for Lexical<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The text is not a value of its type. Does not hold the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("not a FHIR {type_name}")]
pub struct PrimitiveError {
    type_name: &'static str,
}

impl PrimitiveError {
    /// The FHIR type that the text was read as: `date`, `dateTime`, `instant` or `time`.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }
}

/// How much of a date or time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `2018`
    Year,
    /// `2018-04`
    Month,
    /// `2018-04-09`
    Day,
    /// `2018-04-09T13:10:00Z`
    Time,
}

/// A year, a month or a day of the calendar (FHIR `date`).
///
/// Ordered by the calendar; a year comes before its months, a month before its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl Date {
    /// A day; `None` when the calendar does not have it.
    pub fn from_ymd(year: u16, month: u8, day: u8) -> Option<Self> {
        let fits = year <= 9999 && (1..=days_in_month(year, month)).contains(&day);
        fits.then_some(Self { year, month: Some(month), day: Some(day) })
    }

    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12, if known.
    pub fn month(self) -> Option<u8> {
        self.month
    }

    /// The day of the month, if known.
    pub fn day(self) -> Option<u8> {
        self.day
    }

    /// How much is known.
    pub fn precision(self) -> Precision {
        match (self.month, self.day) {
            (None, _) => Precision::Year,
            (Some(_), None) => Precision::Month,
            (Some(_), Some(_)) => Precision::Day,
        }
    }

    /// Days since 1970-01-01 when the day is known.
    pub fn days_since_epoch(self) -> Option<i32> {
        Some(days_since_epoch(self.year, self.month?, self.day?))
    }

    /// First day and the day after the last, as days since 1970-01-01.
    fn span(self) -> (i64, i64) {
        let (year, month) = (self.year, self.month.unwrap_or(1));
        let start = i64::from(days_since_epoch(year, month, self.day.unwrap_or(1)));
        let length = match self.precision() {
            Precision::Year => 365 + i64::from(is_leap(year)),
            Precision::Month => i64::from(days_in_month(year, month)),
            _ => 1,
        };
        (start, start + length)
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Zero for months that do not exist.
fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(is_leap(year)),
        _ => 0,
    }
}

fn days_since_epoch(year: u16, month: u8, day: u8) -> i32 {
    // Years that begin in March put the leap day last.
    let (year, month) = (i32::from(year), i32::from(month));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + i32::from(day) - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// A time of day with the fraction digits it was written with (FHIR `time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    fraction_digits: u8,
}

impl Time {
    /// The hour, 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 60: leap seconds exist.
    pub fn second(self) -> u8 {
        self.second
    }

    /// The fraction of the second in nanoseconds.
    pub fn nanosecond(self) -> u32 {
        self.nanosecond
    }

    fn seconds(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }
}

/// The distance of a clock from universal time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// `Z`
    Utc,
    /// `+hh:mm` or `-hh:mm`
    Offset {
        /// Whether it is written with a minus sign: behind universal time.
        negative: bool,
        /// Hours, 0 to 14.
        hours: u8,
        /// Minutes, 0 to 59.
        minutes: u8,
    },
}

impl Zone {
    /// Minutes ahead of universal time.
    pub fn minutes_ahead(self) -> i16 {
        match self {
            Self::Utc => 0,
            Self::Offset { negative, hours, minutes } => {
                let size = i16::from(hours) * 60 + i16::from(minutes);
                if negative { -size } else { size }
            }
        }
    }
}

/// A moment, with the clock it was written by (FHIR `instant`). Equal and ordered by the moment.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    date: Date,
    time: Time,
    zone: Zone,
}

impl Instant {
    /// The day on the clock it was written by.
    pub fn date(self) -> Date {
        self.date
    }

    /// The time on the clock it was written by.
    pub fn time(self) -> Time {
        self.time
    }

    /// The clock it was written by.
    pub fn zone(self) -> Zone {
        self.zone
    }

    /// The moment: whole seconds since 1970-01-01T00:00:00Z, and nanoseconds after them.
    pub fn unix(self) -> (i64, u32) {
        let days = i64::from(self.date.days_since_epoch().unwrap_or_default());
        let ahead = i64::from(self.zone.minutes_ahead()) * 60;
        (days * 86_400 + self.time.seconds() - ahead, self.time.nanosecond)
    }
}

impl PartialEq for Instant {
    fn eq(&self, other: &Self) -> bool {
        self.unix() == other.unix()
    }
}

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> Ordering {
        self.unix().cmp(&other.unix())
    }
}

/// A date, or a moment (FHIR `dateTime`).
///
/// Ordered only where the order is certain: `2018` and `2018-04` are not, and a day and a moment are
/// not when a clock somewhere on earth could put the moment on that day.
///
/// ```
/// use fhir_model::primitive::DateTime;
/// let at = |text: &str| text.parse::<DateTime>().unwrap();
/// assert!(at("2018-04") < at("2018-05-01"));
/// assert!(at("2018-04-09T00:00:00+00:00") == at("2018-04-08T20:00:00-04:00"));
/// assert_eq!(at("2018").partial_cmp(&at("2018-04")), None);
/// assert_eq!(at("2018-04-09T00:00:00.000+00:00").to_string(), "2018-04-09T00:00:00.000+00:00");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum DateTime {
    /// A year, month or day.
    Date(Date),
    /// A moment.
    Instant(Instant),
}

impl DateTime {
    /// The date part, as it is written.
    pub fn date(self) -> Date {
        match self {
            Self::Date(date) => date,
            Self::Instant(instant) => instant.date,
        }
    }

    /// How much is known.
    pub fn precision(self) -> Precision {
        match self {
            Self::Date(date) => date.precision(),
            Self::Instant(_) => Precision::Time,
        }
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        /// Farthest that a clock is from universal time.
        const WIDEST_ZONE_SECONDS: i64 = 14 * 3600;
        match (self, other) {
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) if a == b => Some(Ordering::Equal),
            (Self::Date(a), Self::Date(b)) => {
                let ((a_start, a_end), (b_start, b_end)) = (a.span(), b.span());
                if a_end <= b_start {
                    Some(Ordering::Less)
                } else if b_end <= a_start {
                    Some(Ordering::Greater)
                } else {
                    None
                }
            }
            (Self::Instant(a), Self::Date(b)) => {
                let (start, end) = b.span();
                let (second, _) = a.unix();
                if second < start * 86_400 - WIDEST_ZONE_SECONDS {
                    Some(Ordering::Less)
                } else if second >= end * 86_400 + WIDEST_ZONE_SECONDS {
                    Some(Ordering::Greater)
                } else {
                    None
                }
            }
            (Self::Date(_), Self::Instant(_)) => other.partial_cmp(self).map(Ordering::reverse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_back_what_it_read() {
        for text in [
            "2018",
            "2018-04",
            "2018-04-09",
            "2020-02-29",
            "1000-01-01",
            "9999-12-31",
            "2018-04-09T00:00:00+00:00",
            "2018-04-09T00:00:00-00:00",
            "2018-04-09T23:59:60.120-05:30",
            "2021-08-17T13:43:00.037-04:00",
            "2021-08-17T13:43:00.000000001Z",
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
        assert_eq!("07:05:09.50".parse::<Time>().unwrap().to_string(), "07:05:09.50");
    }

    #[test]
    fn refuses_what_the_calendar_and_fhir_do_not_have() {
        for text in [
            "",
            "18",
            "2018-",
            "2018-13",
            "2018-00",
            "2019-02-29",
            "1900-02-29",
            "2018-4-9",
            "2018-04-09T",
            "2018-04-09T10:00",
            "2018-04-09T10:00:00",
            "2018-04T10:00:00Z",
            "2018-04-09 10:00:00Z",
            "2018-04-09T24:00:00Z",
            "2018-04-09T10:00:00.Z",
            "2018-04-09T10:00:00+15:00",
            "2018-04-09Z",
            " 2018",
            "+2018",
            "２018",
        ] {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
        assert!("2018-04-09T10:00:00Z".parse::<Date>().is_err());
        assert!("2018-04-09".parse::<Instant>().is_err());
    }

    #[test]
    fn orders_where_the_order_is_certain() {
        let at = |text: &str| text.parse::<DateTime>().unwrap();
        assert!(at("2018") < at("2019-01-01"));
        assert!(at("2018-04-09") < at("2018-04-10"));
        assert!(at("2018-04-09T10:00:00Z") > at("2018-04-09T10:00:00+01:00"));
        assert!(at("2018-04-12") > at("2018-04-09T10:00:00Z"));
        assert_eq!(at("2018-04-09").partial_cmp(&at("2018-04-09T10:00:00Z")), None);
        assert_eq!(at("2018-04-09"), at("2018-04-09"));
        assert_eq!(at("1970-01-01").date().days_since_epoch(), Some(0));
        assert_eq!(at("2000-03-01").date().days_since_epoch(), Some(11_017));
        assert_eq!(at("1000-01-01").date().days_since_epoch(), Some(-354_285));
    }

    proptest! {
        #[test]
        fn days_follow_each_other(year in 0_u16..9999, month in 1_u8..=12, day in 1_u8..=31) {
            if let Some(date) = Date::from_ymd(year, month, day) {
                let next = Date::from_ymd(year, month, day + 1)
                    .or_else(|| Date::from_ymd(year, month + 1, 1))
                    .or_else(|| Date::from_ymd(year + 1, 1, 1))
                    .unwrap();
                prop_assert!(date < next);
                prop_assert_eq!(date.days_since_epoch().unwrap() + 1, next.days_since_epoch().unwrap());
                prop_assert_eq!(date.to_string().parse::<Date>(), Ok(date));
            }
        }

        #[test]
        fn any_text_is_safe(text in "[-+0-9T:.Z]{0,32}") {
            if let Ok(value) = text.parse::<DateTime>() {
                prop_assert_eq!(value.to_string(), text);
            }
        }
    }
}

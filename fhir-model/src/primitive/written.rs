//! Dates and times as they are written: read from text, and back.

use std::fmt;
use std::str::FromStr;

use super::{Date, DateTime, Instant, PrimitiveError, Time, Zone};

/// Takes `count` digits off the front.
fn digits(text: &mut &[u8], count: usize) -> Option<u16> {
    let (head, rest) = text.split_at_checked(count)?;
    let mut value = 0;
    for byte in head {
        value = value * 10 + u16::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    *text = rest;
    Some(value)
}

fn two_digits(text: &mut &[u8]) -> Option<u8> {
    digits(text, 2).and_then(|value| u8::try_from(value).ok())
}

/// Takes one given byte off the front.
fn mark(text: &mut &[u8], byte: u8) -> Option<()> {
    *text = text.strip_prefix(&[byte])?;
    Some(())
}

fn date(text: &mut &[u8]) -> Option<Date> {
    let year = digits(text, 4)?;
    let mut date = Date { year, month: None, day: None };
    if mark(text, b'-').is_some() {
        let month = two_digits(text)?;
        if !(1..=12).contains(&month) {
            return None;
        }
        date.month = Some(month);
        if mark(text, b'-').is_some() {
            let day = two_digits(text)?;
            return Date::from_ymd(year, month, day);
        }
    }
    Some(date)
}

fn time(text: &mut &[u8]) -> Option<Time> {
    let hour = two_digits(text)?;
    mark(text, b':')?;
    let minute = two_digits(text)?;
    mark(text, b':')?;
    let second = two_digits(text)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (mut nanosecond, mut fraction_digits) = (0, 0);
    if mark(text, b'.').is_some() {
        while let [digit @ b'0'..=b'9', rest @ ..] = text {
            if fraction_digits == 9 {
                return None;
            }
            nanosecond = nanosecond * 10 + u32::from(digit - b'0');
            fraction_digits += 1;
            *text = rest;
        }
        if fraction_digits == 0 {
            return None;
        }
        nanosecond *= 10_u32.pow(u32::from(9 - fraction_digits));
    }
    Some(Time { hour, minute, second, nanosecond, fraction_digits })
}

fn zone(text: &mut &[u8]) -> Option<Zone> {
    if mark(text, b'Z').is_some() {
        return Some(Zone::Utc);
    }
    let negative = mark(text, b'-').is_some();
    if !negative {
        mark(text, b'+')?;
    }
    let hours = two_digits(text)?;
    mark(text, b':')?;
    let minutes = two_digits(text)?;
    let fits = hours < 14 && minutes < 60 || hours == 14 && minutes == 0;
    fits.then_some(Zone::Offset { negative, hours, minutes })
}

fn date_time(text: &mut &[u8]) -> Option<DateTime> {
    let date = date(text)?;
    if text.is_empty() {
        return Some(DateTime::Date(date));
    }
    date.day?;
    mark(text, b'T')?;
    let (time, zone) = (time(text)?, zone(text)?);
    Some(DateTime::Instant(Instant { date, time, zone }))
}

/// Runs a reader over the whole text.
fn whole<T>(
    text: &str,
    type_name: &'static str,
    read: impl FnOnce(&mut &[u8]) -> Option<T>,
) -> Result<T, PrimitiveError> {
    let mut rest = text.as_bytes();
    read(&mut rest).filter(|_| rest.is_empty()).ok_or(PrimitiveError { type_name })
}

impl FromStr for Date {
    type Err = PrimitiveError;

    fn from_str(text: &str) -> Result<Self, PrimitiveError> {
        whole(text, "date", date)
    }
}

impl FromStr for Time {
    type Err = PrimitiveError;

    fn from_str(text: &str) -> Result<Self, PrimitiveError> {
        whole(text, "time", time)
    }
}

impl FromStr for DateTime {
    type Err = PrimitiveError;

    fn from_str(text: &str) -> Result<Self, PrimitiveError> {
        whole(text, "dateTime", date_time)
    }
}

impl FromStr for Instant {
    type Err = PrimitiveError;

    fn from_str(text: &str) -> Result<Self, PrimitiveError> {
        whole(text, "instant", |rest| match date_time(rest)? {
            DateTime::Instant(instant) => Some(instant),
            DateTime::Date(_) => None,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        if self.fraction_digits > 0 {
            let digits = usize::from(self.fraction_digits);
            let value = self.nanosecond / 10_u32.pow(9 - u32::from(self.fraction_digits));
            write!(f, ".{value:0digits$}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Utc => f.write_str("Z"),
            Self::Offset { negative, hours, minutes } => {
                write!(f, "{}{hours:02}:{minutes:02}", if negative { '-' } else { '+' })
            }
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}{}", self.date, self.time, self.zone)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

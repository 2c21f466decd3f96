//! Dates to search by: a prefix and a date of any precision, held against a period.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// Seconds since 1970 from the first until before the second. A side that is open has no second before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    from: i64,
    until: i64,
}

/// A date that is searched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchDate {
    prefix: Prefix,
    value: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    StartsAfter,
    EndsBefore,
    About,
}

/// As FHIR writes them; without one it is the first.
const PREFIXES: [(&str, Prefix); 9] = [
    ("eq", Prefix::Equal),
    ("ne", Prefix::NotEqual),
    ("gt", Prefix::Greater),
    ("lt", Prefix::Less),
    ("ge", Prefix::GreaterOrEqual),
    ("le", Prefix::LessOrEqual),
    ("sa", Prefix::StartsAfter),
    ("eb", Prefix::EndsBefore),
    ("ap", Prefix::About),
];

impl Period {
    /// From the beginning of one date to the end of another; a side without a date is open. `None` where there is
    /// neither, or one that is no date.
    pub(crate) fn between(start: Option<&str>, end: Option<&str>) -> Option<Self> {
        if start.is_none() && end.is_none() {
            return None;
        }
        let from = start.map_or(Some(i64::MIN), |start| Some(Self::of(start)?.from))?;
        let until = end.map_or(Some(i64::MAX), |end| Some(Self::of(end)?.until))?;
        Some(Self { from, until })
    }

    /// What a date of FHIR covers: a year, a month, a day, or a second of a dateTime. Without a zone it is UTC.
    fn of(text: &str) -> Option<Self> {
        let shape: String =
            text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        let of_days = |first: &str, length: Span| {
            let first: Date = first.parse().ok()?;
            let from = midnight(first)?;
            // The end of the last year is not to be had.
            let until = first.checked_add(length).ok().and_then(midnight).unwrap_or(i64::MAX);
            Some(Self { from, until })
        };
        match shape.as_str() {
            "0000" => of_days(&format!("{text}-01-01"), 1.year()),
            "0000-00" => of_days(&format!("{text}-01"), 1.month()),
            "0000-00-00" => of_days(text, 1.day()),
            _ => {
                let zone = shape.strip_prefix("0000-00-00T00:00:00")?;
                let fraction = zone.strip_prefix('.').map(|rest| rest.trim_start_matches('0'));
                let instant: Timestamp = match fraction.unwrap_or(zone) {
                    "" => format!("{text}Z").parse().ok()?,
                    "Z" | "+00:00" | "-00:00" => text.parse().ok()?,
                    _ => return None,
                };
                let from = instant.as_second();
                Some(Self { from, until: from + 1 })
            }
        }
    }
}

fn midnight(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

impl SearchDate {
    /// A date with a prefix or without; `None` for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let prefixed = PREFIXES
            .iter()
            .find_map(|(letters, prefix)| Some((*prefix, text.strip_prefix(letters)?)));
        let (prefix, date) = prefixed.unwrap_or((Prefix::Equal, text));
        Some(Self { prefix, value: Period::of(date)? })
    }

    /// Whether it holds for a period.
    pub(crate) fn holds(self, period: Period) -> bool {
        let Period { from, until } = self.value;
        let within = from <= period.from && period.until <= until;
        match self.prefix {
            Prefix::Equal => within,
            Prefix::NotEqual => !within,
            Prefix::Greater => period.until > until,
            Prefix::Less => period.from < from,
            // To the letter of FHIR a period that begins before the day and ends on it is neither above the day nor equal
            // to it. Servers give it, as whoever asks for "from this day on" expects.
            Prefix::GreaterOrEqual => period.until > from,
            Prefix::LessOrEqual => period.from < until,
            Prefix::StartsAfter => period.from >= until,
            Prefix::EndsBefore => period.until <= from,
            Prefix::About => {
                // A tenth of the time between then and now, as FHIR recommends.
                let margin = Timestamp::now().as_second().abs_diff(from) / 10;
                period.from < until.saturating_add_unsigned(margin)
                    && period.until > from.saturating_sub_unsigned(margin)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_forms_of_fhir() {
        for good in [
            "2026",
            "2026-01",
            "2026-01-14",
            "2026-01-14T08:00:00",
            "2026-01-14T08:00:00Z",
            "2026-01-14T08:00:00.25Z",
            "2026-01-14T08:00:00+02:00",
            "9999",
        ] {
            assert!(SearchDate::parse(good).is_some(), "{good}");
            assert!(SearchDate::parse(&format!("ge{good}")).is_some(), "{good}");
        }
        for wrong in [
            "",
            "ge",
            "x",
            "26",
            "202",
            "2026-1",
            "2026-13",
            "2026-02-30",
            "2026-01-14T08:00",
            "2026-01-14 08:00:00",
            "2026-01-14T25:00:00Z",
            "2026-01-14T08:00:00 02:00",
            "xx2026",
            "gegt2026",
            "20260114",
            "2026-01-14T08:00:00.Z[UTC]",
            "GT2026",
        ] {
            assert_eq!(SearchDate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn prefixes_are_held_against_a_period() {
        let period = Period::between(Some("2026-01-10"), Some("2026-01-14"));
        let period = period.expect("a period");
        for (text, holds) in [
            ("2026-01", true),
            ("eq2026", true),
            ("eq2026-01-10", false),
            ("ne2026-01-10", true),
            ("ne2026-01", false),
            ("gt2026-01-13", true),
            ("gt2026-01-14", false),
            ("ge2026-01-14", true),
            ("ge2026-01-15", false),
            ("lt2026-01-11", true),
            ("lt2026-01-10", false),
            ("le2026-01-10", true),
            ("le2026-01-09", false),
            ("sa2026-01-09", true),
            ("sa2026-01-10", false),
            ("eb2026-01-15", true),
            ("eb2026-01-14", false),
            ("ap2026-01-12", true),
            ("ap1926", false),
            // The day ends at midnight of UTC.
            ("gt2026-01-14T23:59:58Z", true),
            ("gt2026-01-15T01:59:59+02:00", false),
        ] {
            assert_eq!(SearchDate::parse(text).expect(text).holds(period), holds, "{text}");
        }
    }

    #[test]
    fn a_side_may_be_open() {
        let holds = |text: &str, period| SearchDate::parse(text).expect(text).holds(period);
        let since = Period::between(Some("2026-01-10"), None).expect("a period");
        assert!(holds("gt2030", since) && !holds("lt2026", since) && holds("ge9999", since));
        let until = Period::between(None, Some("2026-01-10")).expect("a period");
        assert!(holds("lt1990", until) && !holds("gt2026-01-10", until));
        assert_eq!(Period::between(None, None), None);
        assert_eq!(Period::between(Some("soon"), Some("2026-01-10")), None);
    }
}

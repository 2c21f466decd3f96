//! Values: from what a record says to a cell, written as the cell's canonical text.

use fhir_model::Node;

use crate::error::ErrorClass;
use crate::facts::crosswalk::Crosswalk;
use crate::facts::fact::{Conversion, Step};
use crate::layout::table::ColumnType;

/// More digits than this a number is not written out with: no column of the layout is as wide.
const MOST_DIGITS: i64 = 400;

/// The cell that one leaf gives a column; `None` for null.
///
/// # Errors
/// The class of the fault when the leaf does not fit the column.
pub(super) fn cell(leaf: Node<'_>, column: ColumnType) -> Result<Option<String>, ErrorClass> {
    match (leaf, column) {
        (Node::Text(text), _) if is_blank(text) => Ok(None),
        // A boolean is made of texts.
        (Node::Text(text), ColumnType::Text | ColumnType::Boolean) => Ok(Some(text.to_owned())),
        (Node::Text(text), ColumnType::Date) => date(text),
        (Node::Text(text), ColumnType::Timestamp) => timestamp(text),
        (Node::Number(number), _) => {
            let number = Number::parse(number.as_str());
            let written = match column {
                ColumnType::Text | ColumnType::Boolean => number.plain(),
                ColumnType::Int32 => number.integer(i128::from(i32::MIN), i128::from(i32::MAX)),
                ColumnType::Int64 => number.integer(i128::from(i64::MIN), i128::from(i64::MAX)),
                ColumnType::Decimal { precision, scale } => number.decimal(precision, scale),
                ColumnType::Date | ColumnType::Timestamp => return Err(ErrorClass::WrongType),
            };
            written.map(Some).ok_or(ErrorClass::Number)
        }
        (Node::Null, _) => Ok(None),
        _ => Err(ErrorClass::WrongType),
    }
}

/// The cell of a literal: of an amount in the digits of its column.
pub(super) fn literal_cell(literal: &str, column: ColumnType) -> Option<String> {
    match column {
        ColumnType::Decimal { precision, scale } => {
            Number::parse(literal).decimal(precision, scale)
        }
        _ => Some(literal.to_owned()),
    }
}

/// The text of a leaf that says something.
pub(super) fn text(leaf: Node<'_>) -> Option<&str> {
    leaf.as_text().filter(|text| !is_blank(text))
}

/// A leaf as a whole number: sequences and links.
pub(super) fn whole(leaf: Node<'_>) -> Option<i64> {
    cell(leaf, ColumnType::Int64).ok().flatten()?.parse().ok()
}

/// Whether a text is nothing but `~`, the warehouse's way to leave a code empty.
pub(super) fn is_tildes(text: &str) -> bool {
    let said = text.trim();
    !said.is_empty() && said.trim_start_matches('~').is_empty()
}

/// Whether what stands at the end of these steps is a code that says nothing.
pub(super) fn is_null_code(steps: &[Step], found: &str) -> bool {
    const CODES: [&str; 9] = [
        "code",
        "gender",
        "status",
        "disposition",
        "state",
        "postalCode",
        // Of R4.
        "use",
        "outcome",
        "type",
    ];
    steps.last().is_some_and(|step| CODES.contains(&step.name.as_str())) && is_tildes(found)
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// A number as sign, digits and the power of ten of the last digit. No leading or trailing zeros; zero has no digits.
struct Number {
    negative: bool,
    digits: String,
    power: i64,
}

impl Number {
    /// Reads a number of the JSON grammar.
    fn parse(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let negative = mantissa.starts_with('-');
        let mantissa = mantissa.trim_start_matches('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // An exponent that no i64 holds puts every digit out of reach, on the side its sign says.
        let beyond = if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
        let mut power =
            exponent.parse::<i64>().map_or(beyond, |power| power.clamp(i64::MIN / 4, i64::MAX / 4));
        power -= i64::try_from(fraction.len()).unwrap_or(i64::MAX / 4);
        let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        while digits.ends_with('0') {
            digits.pop();
            power += 1;
        }
        if digits.is_empty() {
            return Self { negative: false, digits, power: 0 };
        }
        Self { negative, digits, power }
    }

    /// The number in plain digits, with a point only if it has a fraction.
    fn plain(&self) -> Option<String> {
        self.with_scale(usize::try_from((-self.power).max(0)).ok()?)
    }

    /// The number with exactly `scale` digits after the point; `None` when it has more of them.
    fn with_scale(&self, scale: usize) -> Option<String> {
        let places = i64::try_from(scale).ok()?;
        let zeros = self.power.checked_add(places)?;
        if self.digits.is_empty() {
            let zero = if scale == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(scale)) };
            return Some(zero);
        }
        if !(0..=MOST_DIGITS).contains(&zeros) || places > MOST_DIGITS {
            return None;
        }
        let mut written = self.digits.clone();
        written.push_str(&"0".repeat(usize::try_from(zeros).ok()?));
        while written.len() <= scale {
            written.insert(0, '0');
        }
        if scale > 0 {
            written.insert(written.len() - scale, '.');
        }
        if self.negative {
            written.insert(0, '-');
        }
        Some(written)
    }

    fn integer(&self, least: i128, greatest: i128) -> Option<String> {
        let written = self.with_scale(0)?;
        let value: i128 = written.parse().ok()?;
        (least <= value && value <= greatest).then_some(written)
    }

    fn decimal(&self, precision: u8, scale: u8) -> Option<String> {
        let written = self.with_scale(usize::from(scale))?;
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        let significant = digits.trim_start_matches('0').len();
        (significant <= usize::from(precision)).then_some(written)
    }
}

/// A calendar day that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) of_month: i64,
}

const EPOCH: Day = Day { year: 1970, month: 1, of_month: 1 };

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Day {
    /// Reads `YYYY-MM-DD`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let pieces: Vec<&str> = text.split('-').collect();
        let [year, month, day] = pieces[..] else { return None };
        let number = |piece: &str, width: usize| {
            let fits = piece.len() == width && piece.bytes().all(|byte| byte.is_ascii_digit());
            if fits { piece.parse::<i64>().ok() } else { None }
        };
        let day =
            Self { year: number(year, 4)?, month: number(month, 2)?, of_month: number(day, 2)? };
        let exists = day.year >= 1
            && (1..=12).contains(&day.month)
            && (1..=days_in(day.year, day.month)).contains(&day.of_month);
        exists.then_some(day)
    }

    /// Days since 1970-01-01, counted year by year and month by month.
    pub(super) fn since_1970(self) -> i64 {
        if self < EPOCH {
            let to_epoch: i64 = (self.year..1970).map(|year| 365 + i64::from(is_leap(year))).sum();
            return -to_epoch + self.of_year();
        }
        let years: i64 = (1970..self.year).map(|year| 365 + i64::from(is_leap(year))).sum();
        years + self.of_year()
    }

    /// Days since the first of January.
    fn of_year(self) -> i64 {
        (1..self.month).map(|month| days_in(self.year, month)).sum::<i64>() + self.of_month - 1
    }

    /// The day that is so many days after 1970-01-01, found by walking there.
    pub(super) fn from_1970(days: i64) -> Self {
        let mut year = 1970;
        let mut left = days;
        while left < 0 {
            year -= 1;
            left += 365 + i64::from(is_leap(year));
        }
        while left >= 365 + i64::from(is_leap(year)) {
            left -= 365 + i64::from(is_leap(year));
            year += 1;
        }
        let mut month = 1;
        while left >= days_in(year, month) {
            left -= days_in(year, month);
            month += 1;
        }
        Self { year, month, of_month: left + 1 }
    }

    pub(super) fn written(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }

    /// Whether the day stands for "missing" in CMS's data.
    fn is_missing(self) -> bool {
        ["0001-01-01", "1000-01-01", "9999-12-31"].contains(&self.written().as_str())
    }
}

/// Whether the text names a year or a month that exists, and no day.
fn is_partial(text: &str) -> bool {
    match text.len() {
        4 => Day::parse(&format!("{text}-01-01")).is_some(),
        7 => Day::parse(&format!("{text}-01")).is_some(),
        _ => false,
    }
}

/// The day of a date, or of the first ten characters of a dateTime or instant.
fn date(text: &str) -> Result<Option<String>, ErrorClass> {
    if is_partial(text) {
        return Ok(None);
    }
    let head: String = text.chars().take(10).collect();
    let day = Day::parse(&head).ok_or(ErrorClass::Date)?;
    if text != head && instant(text).is_none() {
        return Err(ErrorClass::Date);
    }
    Ok(if day.is_missing() { None } else { Some(day.written()) })
}

/// Microseconds since 1970-01-01T00:00:00Z. A day is no moment: it is partial here.
fn timestamp(text: &str) -> Result<Option<String>, ErrorClass> {
    if is_partial(text) || Day::parse(text).is_some() {
        return Ok(None);
    }
    let (day, micros) = instant(text).ok_or(ErrorClass::Date)?;
    Ok(if day.is_missing() { None } else { Some(micros.to_string()) })
}

/// The day as it is written, and the moment.
fn instant(text: &str) -> Option<(Day, i64)> {
    let (day, time) = text.split_once('T')?;
    let day = Day::parse(day)?;
    let zone_at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let two = |piece: &str, most: i64| {
        let fits = piece.len() == 2 && piece.bytes().all(|byte| byte.is_ascii_digit());
        let value: i64 = if fits { piece.parse().ok()? } else { return None };
        (value <= most).then_some(value)
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(c, f)| (c, Some(f)));
    let pieces: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = pieces[..] else { return None };
    let seconds = two(hours, 23)? * 3600 + two(minutes, 59)? * 60 + two(seconds, 60)?;
    let micros = match fraction {
        None => 0,
        Some(digits) => {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            format!("{digits}000000")[..6].parse::<i64>().ok()?
        }
    };
    let offset = if zone == "Z" {
        0
    } else {
        let (hours, minutes) = zone[1..].split_once(':')?;
        let seconds = two(hours, 14)? * 3600 + two(minutes, 59)? * 60;
        if seconds > 14 * 3600 {
            return None;
        }
        if zone.starts_with('-') { -seconds } else { seconds }
    };
    let seconds = day.since_1970() * 86_400 + seconds - offset;
    Some((day, seconds * 1_000_000 + micros))
}

/// Whole years from `birth` to `until`; the 29th of February counts on the 1st of March.
pub(super) fn age(birth: Day, until: Day) -> Option<i64> {
    let had_birthday = (until.month, until.of_month) >= (birth.month, birth.of_month);
    let years = until.year - birth.year - i64::from(!had_birthday);
    (years >= 0).then_some(years)
}

/// Follows the conversions of an alternative; `None` is null before and after.
pub(super) fn convert(
    crosswalk: &Crosswalk,
    conversions: &[Conversion],
    mut value: Option<String>,
) -> Option<String> {
    for conversion in conversions {
        value = match conversion {
            Conversion::Map(name) => {
                let mapped = crosswalk.map(name).and_then(|map| map.get(value.as_deref()));
                mapped.map(str::to_owned)
            }
            other => value.and_then(|value| convert_text(other, &value)),
        };
        value = value.filter(|value| !is_blank(value));
    }
    value
}

fn convert_text(conversion: &Conversion, value: &str) -> Option<String> {
    let digits = value.replace('-', "").split_whitespace().collect::<String>();
    let is_zip = digits.bytes().all(|byte| byte.is_ascii_digit());
    match conversion {
        Conversion::Const(text) => Some(text.clone()),
        Conversion::Pad(width) => {
            let missing = width.saturating_sub(value.chars().count());
            Some(format!("{}{value}", "0".repeat(missing)))
        }
        Conversion::Slice(from, to) => {
            let to = to.unwrap_or(usize::MAX);
            let numbered = value.chars().enumerate().map(|(index, c)| (index + 1, c));
            Some(
                numbered
                    .filter(|(place, _)| from <= place && *place <= to)
                    .map(|(_, c)| c)
                    .collect(),
            )
        }
        Conversion::Fips => state(value).map(|(_, fips)| fips.to_owned()),
        Conversion::Usps => state(value).map(|(usps, _)| usps.to_owned()),
        Conversion::Zip5 if is_zip => Some(digits.chars().take(5).collect()),
        Conversion::Zip4 if is_zip && digits.len() == 9 => Some(digits[5..].to_owned()),
        Conversion::Except(unwanted) => (value != unwanted).then(|| value.to_owned()),
        Conversion::Ending(count) => {
            let from = value.chars().count().saturating_sub(*count);
            Some(value.chars().skip(from).collect())
        }
        Conversion::Undot => Some(value.chars().filter(|ch| *ch != '.').collect()),
        // A map has been followed by the caller.
        Conversion::Zip5 | Conversion::Zip4 | Conversion::Map(_) => None,
    }
}

/// USPS letters and FIPS digits of an SSA code, or of USPS letters.
fn state(code: &str) -> Option<(&'static str, &'static str)> {
    let rows = crate::facts::sources::STU3.states.lines().skip(1);
    let mut rows = rows.filter_map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        let [ssa, usps, fips] = cells[..] else { return None };
        Some((ssa, usps, fips))
    });
    let found = rows.find(|(ssa, usps, _)| *ssa == code || usps.eq_ignore_ascii_case(code))?;
    Some((found.1, found.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_both_ways() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("1968-02-29", -672),
            ("2000-03-01", 11_017),
            ("2021-08-17", 18_856),
        ] {
            let day = Day::parse(text).unwrap();
            assert_eq!(day.since_1970(), days, "{text}");
            assert_eq!(Day::from_1970(days), day);
        }
        for text in ["2019-02-30", "2019-13-01", "2019-1-01", "2019-02-00", "19-02-01", ""] {
            assert!(Day::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn numbers_fit_or_not() {
        let decimal = |text: &str| Number::parse(text).decimal(5, 2);
        assert_eq!(decimal("37.5").as_deref(), Some("37.50"));
        assert_eq!(decimal("-0.05").as_deref(), Some("-0.05"));
        assert_eq!(decimal("1.005"), None);
        assert_eq!(decimal("999.99").as_deref(), Some("999.99"));
        assert_eq!(decimal("1000"), None);
        assert_eq!(decimal("1.2300E1").as_deref(), Some("12.30"));
        assert_eq!(decimal("-0").as_deref(), Some("0.00"));
        assert_eq!(decimal("1e99999999999999999999"), None);
        assert_eq!(Number::parse("60.0").plain().as_deref(), Some("60"));
        assert_eq!(Number::parse("6E1").plain().as_deref(), Some("60"));
        assert_eq!(Number::parse("0.50").plain().as_deref(), Some("0.5"));
    }

    #[test]
    fn instants_in_microseconds() {
        let micros = |text| timestamp(text).unwrap();
        assert_eq!(micros("1970-01-01T00:00:00.5Z").as_deref(), Some("500000"));
        assert_eq!(micros("1969-12-31T19:00:00-05:00").as_deref(), Some("0"));
        assert_eq!(micros("2021-08").as_deref(), None);
        assert!(timestamp("2021-08-17T13:43").is_err());
    }

    #[test]
    fn ages() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(age(day("1940-02-29"), day("2019-02-28")), Some(78));
        assert_eq!(age(day("1940-02-29"), day("2019-03-01")), Some(79));
        assert_eq!(age(day("2019-03-01"), day("2019-02-28")), None);
    }
}

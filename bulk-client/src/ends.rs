//! When versions 1 and 2 of the API end, and from when on users are told.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// The last day of v1 and v2, as CMS has announced it.
const END: Date = date(2027, 7, 30);
/// From this day on it is said.
const SAID_FROM: Date = date(2027, 1, 1);

/// What users of this version of the API are told from 2027 on: that and when it ends.
pub fn end_of_version(api: &str) -> Option<String> {
    notice(api, Timestamp::now().to_zoned(TimeZone::UTC).date())
}

fn notice(api: &str, today: Date) -> Option<String> {
    if !matches!(api, "v1" | "v2") || today < SAID_FROM {
        return None;
    }
    Some(match (END - today).get_days() {
        ..0 => format!("CMS has ended {api} of the API on {END}"),
        0 => format!("CMS ends {api} of the API today"),
        1 => format!("CMS ends {api} of the API on {END}, tomorrow"),
        days => format!("CMS ends {api} of the API on {END}, in {days} days"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_of_the_versions_that_end_from_the_year_on_in_which_they_do() {
        let told = |api, year, month, day| notice(api, date(year, month, day));
        assert_eq!(told("v1", 2026, 12, 31), None);
        assert_eq!(told("v3", 2027, 7, 29), None);
        assert_eq!(told("none", 2027, 7, 29), None);
        for (day, words) in [
            (date(2027, 1, 1), "ends v2 of the API on 2027-07-30, in 210 days"),
            (date(2027, 7, 29), "on 2027-07-30, tomorrow"),
            (date(2027, 7, 30), "ends v2 of the API today"),
            (date(2027, 7, 31), "has ended v2 of the API on 2027-07-30"),
            (date(2029, 1, 1), "has ended v2"),
        ] {
            let told = notice("v2", day).unwrap();
            assert!(told.contains(words), "{day}: {told}");
        }
        assert!(told("v1", 2027, 3, 1).is_some());
    }
}

//! What categories are called, in names of our own: no code of a claim is shown as it is written, so none can hold what
//! names anybody.

use crate::disclosure::Bounds;

/// A category by its place in the order in which they are shown, and what it is called.
pub(crate) type Named = (u16, &'static str);

/// A count with commas between thousands.
pub fn grouped(count: i128) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut out = String::from(if count < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Finds a number among ranges that begin where the one before ends.
fn band<N: PartialOrd>(number: &N, bands: &[(N, &'static str)], rest: &'static str) -> Named {
    for (place, (last, name)) in (0..).zip(bands) {
        if number <= last {
            return (place, name);
        }
    }
    (u16::try_from(bands.len()).unwrap_or(u16::MAX), rest)
}

const AMOUNTS: [(i128, &str); 9] = [
    (-1, "below 0"),
    (0, "0"),
    (5_000, "up to 50"),
    (10_000, "up to 100"),
    (50_000, "up to 500"),
    (100_000, "up to 1,000"),
    (500_000, "up to 5,000"),
    (1_000_000, "up to 10,000"),
    (5_000_000, "up to 50,000"),
];

/// The paid amount of a claim, in cents.
pub(crate) fn amount(cents: i128) -> Named {
    band(&cents, &AMOUNTS, "above 50,000")
}

/// The cents of a claim in such a band.
pub(crate) fn bounds_of_amount(place: u16) -> Bounds {
    bounds(place.into(), &AMOUNTS)
}

const LINES: [(i128, &str); 5] =
    [(1, "1"), (2, "2"), (5, "3 to 5"), (10, "6 to 10"), (20, "11 to 20")];

/// How many lines a claim has.
pub(crate) fn lines(count: u64) -> Named {
    band(&count.into(), &LINES, "21 or more")
}

/// The lines of a claim in such a band.
pub(crate) fn bounds_of_lines(place: u16) -> Bounds {
    let (least, most) = bounds(place.into(), &LINES);
    (least.or(Some(1)), most)
}

fn bounds(place: usize, bands: &[(i128, &'static str)]) -> Bounds {
    let before = place.checked_sub(1).and_then(|before| bands.get(before));
    (before.map(|(last, _)| last + 1), bands.get(place).map(|(last, _)| *last))
}

/// Bands of age; those from 90 on are one.
pub(crate) fn age(years: Option<i32>) -> Named {
    const BANDS: [(i32, &str); 7] = [
        (-1, "not told"),
        (64, "under 65"),
        (69, "65 to 69"),
        (74, "70 to 74"),
        (79, "75 to 79"),
        (84, "80 to 84"),
        (89, "85 to 89"),
    ];
    band(&years.unwrap_or(-1), &BANDS, "90 or older")
}

/// BENE_SEX_CD.
pub(crate) fn sex(code: &str) -> Named {
    match code {
        "1" => (0, "male"),
        "2" => (1, "female"),
        "" => (3, "not told"),
        _ => (2, "unknown"),
    }
}

/// BENE_DUAL_STUS_CD.
pub(crate) fn dual(code: &str) -> Named {
    match code.trim_start_matches('0') {
        "" if code.is_empty() => (4, "not told"),
        "" | "NA" => (0, "Medicare only"),
        "1" | "3" | "5" | "6" => (2, "Medicare Savings Program only"),
        "2" | "4" | "8" => (1, "full Medicaid"),
        _ => (3, "other"),
    }
}

/// BENE_MDCR_STUS_CD.
pub(crate) fn status(code: &str) -> Named {
    match code {
        "10" => (0, "aged"),
        "11" => (1, "aged with kidney failure"),
        "20" => (2, "disabled"),
        "21" => (3, "disabled with kidney failure"),
        "31" => (4, "kidney failure only"),
        "" => (6, "not told"),
        _ => (5, "other"),
    }
}

/// CLM_POS_CD.
pub(crate) fn place(code: &str) -> Named {
    match code.parse().unwrap_or(u8::MAX) {
        _ if code.is_empty() => (11, "not told"),
        11 | 49 | 50 | 71 | 72 => (0, "office or clinic"),
        2 | 10 => (1, "telehealth"),
        12..=14 | 16 | 33 => (2, "home or assisted living"),
        19 | 22 => (3, "outpatient hospital"),
        21 | 51 | 61 => (4, "inpatient hospital"),
        20 | 23 => (5, "emergency or urgent care"),
        24 => (6, "surgery center"),
        31 | 32 | 34 => (7, "nursing facility or hospice"),
        65 => (8, "dialysis"),
        81 => (9, "laboratory"),
        41 | 42 => (12, "ambulance"),
        _ => (10, "other"),
    }
}

/// DGNS_DRG_CD, by the major diagnostic categories.
pub(crate) fn drg(code: &str) -> Named {
    const BANDS: [(u16, &str); 25] = [
        (19, "transplants and ventilation"),
        (103, "nervous system"),
        (125, "eye"),
        (159, "ear, nose and throat"),
        (208, "respiratory system"),
        (321, "circulatory system"),
        (395, "digestive system"),
        (446, "liver and pancreas"),
        (566, "bones and joints"),
        (607, "skin and breast"),
        (645, "hormones and metabolism"),
        (700, "kidney and urinary tract"),
        (730, "male organs"),
        (761, "female organs"),
        (833, "pregnancy and birth"),
        (816, "blood"),
        (849, "blood cancers"),
        (872, "infections"),
        (887, "mental diseases"),
        (897, "alcohol and drugs"),
        (923, "injuries and poisoning"),
        (935, "burns"),
        (951, "factors of health"),
        (965, "multiple injuries"),
        (977, "HIV"),
    ];
    if code.is_empty() {
        return (200, "no DRG");
    }
    match code.parse::<u16>() {
        // These stand among the numbers of births.
        Ok(789..=795) => (100, "newborns"),
        Ok(799..=804) => (15, "blood"),
        Ok(number) => band(&number, &BANDS, "unrelated procedures or ungroupable"),
        Err(_) => (199, "other"),
    }
}

/// CLM_LINE_HCPCS_CD, by its ranges.
pub(crate) fn procedure(code: &str) -> Named {
    if code.is_empty() {
        return (200, "no code");
    }
    if let Ok(number) = code.parse::<u32>() {
        const BANDS: [(u32, &str); 6] = [
            (9_999, "anesthesia"),
            (69_999, "surgery"),
            (79_999, "imaging"),
            (89_999, "laboratory"),
            (99_199, "medicine"),
            (99_499, "visits"),
        ];
        return band(&number, &BANDS, "other");
    }
    match code.as_bytes().first() {
        Some(b'A') => (20, "ambulance and supplies"),
        Some(b'B') => (21, "nutrition"),
        Some(b'E' | b'K') => (22, "equipment"),
        Some(b'G') => (23, "services of Medicare's own"),
        Some(b'J' | b'Q') => (24, "drugs"),
        Some(b'L') => (25, "braces and prostheses"),
        Some(b'V') => (26, "vision and hearing"),
        _ => (6, "other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_end_where_they_say() {
        let cents = [-1, 0, 1, 5_000, 5_001, 5_000_001].map(|cents| amount(cents).1);
        assert_eq!(cents, ["below 0", "0", "up to 50", "up to 50", "up to 100", "above 50,000"]);
        assert_eq!(
            [1, 3, 5, 21].map(|count| lines(count).1),
            ["1", "3 to 5", "3 to 5", "21 or more"]
        );
        let bands = [0, 1, 2, 9].map(bounds_of_amount);
        let wanted =
            [(None, Some(-1)), (Some(0), Some(0)), (Some(1), Some(5_000)), (Some(5_000_001), None)];
        assert_eq!(bands, wanted);
        let bands = [0, 2, 5].map(bounds_of_lines);
        assert_eq!(bands, [(Some(1), Some(1)), (Some(3), Some(5)), (Some(21), None)]);
        let ages =
            [None, Some(64), Some(65), Some(89), Some(90), Some(110)].map(|years| age(years).1);
        let wanted = ["not told", "under 65", "65 to 69", "85 to 89", "90 or older", "90 or older"];
        assert_eq!(ages, wanted);
        let drgs = ["", "0291", "470", "795", "807", "999", "x"].map(|code| drg(code).1);
        let rest = "unrelated procedures or ungroupable";
        let births = "pregnancy and birth";
        let wanted =
            ["no DRG", "circulatory system", "bones and joints", "newborns", births, rest, "other"];
        assert_eq!(drgs, wanted);
        let codes = ["", "99213", "00100", "J1100", "Zebra"].map(|code| procedure(code).1);
        assert_eq!(codes, ["no code", "visits", "anesthesia", "drugs", "other"]);
    }
}

//! Numbers and dates, alone and in a claim: exact or refused, the same by both readings of the crosswalk.
#![no_main]

mod readings;

use cclf_crosswalk::{civil_from_days, days_from_civil, parse_day};

use fhir_model::Decimal;
use fhir_model::primitive::{Date, DateTime, Instant, Lexical, Time};
use json_walk::{Duplicates, Limits, check};
use readings::agree;
use readings::common::{Input, json};

/// Whether the text is `value` / 10^`scale`, by pushing digits about.
fn says(text: &str, value: i128, scale: u32) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let zero = digits.bytes().all(|digit| digit == b'0');
    let Ok(exponent) = exponent.parse::<i64>() else { return zero && value == 0 };
    // What `value` has more of powers of ten than `digits` has.
    let places = i64::from(scale) - i64::try_from(fraction.len()).unwrap_or(0);
    let shift = exponent.saturating_add(places);
    let plain = |digits: &str| digits.trim_start_matches('0').to_owned();
    let strip = |digits: String| {
        let kept = digits.trim_end_matches('0').len();
        (digits[..kept].to_owned(), i64::try_from(digits.len() - kept).unwrap_or(0))
    };
    let (ours, ours_zeros) = strip(plain(&value.unsigned_abs().to_string()));
    let (theirs, theirs_zeros) = strip(plain(&digits));
    let sign = zero || (value < 0) == whole.starts_with('-');
    ours == theirs && sign && (zero || ours_zeros == shift.saturating_add(theirs_zeros))
}

fn number(text: &str) {
    let whole = text.trim_ascii() == text
        && text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let is_json = whole && check(text.as_bytes(), Limits::default(), Duplicates::Allow).is_ok();
    let decimal = Decimal::new(text);
    assert_eq!(decimal.is_ok(), is_json, "whether it is a number");
    let Ok(decimal) = decimal else { return };
    for scale in [0, 2, 4, 38] {
        if let Ok(value) = decimal.to_scaled(scale) {
            assert!(says(text, value, scale), "scale {scale}");
            let again = Decimal::from_scaled(value, scale);
            assert_eq!(again.cmp_value(&decimal), std::cmp::Ordering::Equal);
        }
    }
    assert_eq!(decimal.cmp_value(&decimal), std::cmp::Ordering::Equal);
}

fn date(text: &str) {
    let model = Lexical::<Date>::new(text).value().ok();
    let days = model.and_then(|date| date.days_since_epoch());
    // The crosswalk knows two days that mean "missing".
    let missing = [days_from_civil(1000, 1, 1), days_from_civil(9999, 12, 31)];
    if !days.is_some_and(|days| missing.contains(&days)) {
        assert_eq!(parse_day(text), days);
    }
    if let Some(days) = days {
        let (year, month, day) = civil_from_days(days);
        assert_eq!(format!("{year:04}-{month:02}-{day:02}"), text);
        assert_eq!(days_from_civil(year, month, day), days);
    }
    let _ = Lexical::<DateTime>::new(text).value();
    let _ = Lexical::<Time>::new(text).value();
    if let Ok(instant) = Lexical::<Instant>::new(text).value() {
        assert_eq!(Lexical::<Instant>::new(instant.to_string()).value(), Ok(instant));
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    number(text);
    date(text);
    // As a number, wherever it is one, and as a text: of an amount, a quantity, a line number, dates, a code.
    let written = serde_json::Value::from(text).to_string();
    let put = |value: &str, number: &str| {
        json(
            "{'billablePeriod':{'end':@T,'start':@T},'id':'carrier--7',
            'identifier':[{'system':'V:clm_id','value':'-7'}],
            'item':[{'adjudication':[{'amount':{'value':@N},
            'category':{'coding':[{'system':'C:adjudication','code':'https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt'}]}}],
            'quantity':{'value':@N},'sequence':1,'servicedPeriod':{'end':@T,'start':@T},
            'service':{'coding':[{'system':'C:hcpcs','code':@T}]}}],
            'patient':{'reference':'Patient/-9'},'payment':{'amount':{'value':@N},'date':@T},
            'meta':{'lastUpdated':@T},
            'resourceType':'ExplanationOfBenefit','status':'active',
            'type':{'coding':[{'system':'C:eob-type','code':'CARRIER'}]}}",
        )
        .replace("@T", value)
        .replace("@N", number)
    };
    let patient = json("{'birthDate':@T,'deceasedDateTime':@T,'id':'-9','resourceType':'Patient'}");
    let mut lines = vec![put(&written, "1"), patient.replace("@T", &written)];
    if Decimal::new(text).is_ok() {
        lines.push(put("\"2018-02-28\"", text));
        lines.push(
            put("\"2018-02-28\"", "1").replace("'sequence':1", &format!("'sequence':{text}")),
        );
    }
    agree(&Input::of(lines));
});

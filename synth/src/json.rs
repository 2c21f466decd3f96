//! Compact JSON text, written straight into one buffer in the order the members must have.
//!
//! Commas come by themselves: every value or member looks at the last byte written. The caller keeps
//! the members in alphabetical order, as the Go encoder of BCDA does; a test checks every record.

use crate::date::Day;

/// A buffer of JSON text, one record or many with a line feed after each.
#[derive(Debug, Default)]
pub(crate) struct Json {
    pub(crate) bytes: Vec<u8>,
}

impl Json {
    /// Text that needs no escaping, as it is.
    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self) {
        if !matches!(self.bytes.last(), None | Some(b'{' | b'[' | b':' | b'\n')) {
            self.bytes.push(b',');
        }
    }

    pub(crate) fn open(&mut self) {
        self.comma();
        self.bytes.push(b'{');
    }

    pub(crate) fn close(&mut self) {
        self.bytes.push(b'}');
    }

    pub(crate) fn close_list(&mut self) {
        self.bytes.push(b']');
    }

    pub(crate) fn key(&mut self, name: &str) {
        self.comma();
        self.bytes.push(b'"');
        self.raw(name);
        self.raw("\":");
    }

    /// `"name":{`
    pub(crate) fn open_key(&mut self, name: &str) {
        self.key(name);
        self.bytes.push(b'{');
    }

    /// `"name":[`
    pub(crate) fn list_key(&mut self, name: &str) {
        self.key(name);
        self.bytes.push(b'[');
    }

    /// A member whose text needs no escaping.
    pub(crate) fn code(&mut self, name: &str, text: &str) {
        self.key(name);
        self.bytes.push(b'"');
        self.raw(text);
        self.bytes.push(b'"');
    }

    /// A member whose text is escaped.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.quoted(text);
    }

    /// A string value, escaped as Go's encoder does it: HTML characters too.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.bytes.push(b'"');
        let plain = |b: u8| b >= 0x20 && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xE2);
        if text.bytes().all(plain) {
            self.raw(text);
        } else {
            for character in text.chars() {
                self.character(character);
            }
        }
        self.bytes.push(b'"');
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.raw("\\\""),
            '\\' => self.raw("\\\\"),
            '\n' => self.raw("\\n"),
            '\r' => self.raw("\\r"),
            '\t' => self.raw("\\t"),
            '<' => self.raw("\\u003c"),
            '>' => self.raw("\\u003e"),
            '&' => self.raw("\\u0026"),
            '\u{2028}' => self.raw("\\u2028"),
            '\u{2029}' => self.raw("\\u2029"),
            other => {
                let mut utf8 = [0; 4];
                self.raw(other.encode_utf8(&mut utf8));
            }
        }
    }

    pub(crate) fn unsigned(&mut self, mut number: u64) {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(&digits[at..]);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        if number < 0 {
            self.bytes.push(b'-');
        }
        self.unsigned(number.unsigned_abs());
    }

    /// `places` digits with leading zeros.
    pub(crate) fn padded(&mut self, number: u32, places: u32) {
        for place in (0..places).rev() {
            self.bytes.push(b'0' + (number / 10_u32.pow(place) % 10) as u8);
        }
    }

    /// A decimal of `scale` places without trailing zeros: a double as Go writes it.
    pub(crate) fn decimal(&mut self, units: i64, scale: u32) {
        let one = 10_i64.pow(scale);
        if units < 0 {
            self.bytes.push(b'-');
        }
        self.unsigned((units / one).unsigned_abs());
        let mut rest = (units % one).unsigned_abs();
        if rest == 0 {
            return;
        }
        self.bytes.push(b'.');
        let mut place = one.unsigned_abs() / 10;
        while rest > 0 {
            self.bytes.push(b'0' + (rest / place % 10) as u8);
            rest %= place;
            place /= 10;
        }
    }

    /// `YYYY-MM-DD`, without quotes.
    pub(crate) fn day(&mut self, day: Day) {
        let (year, month, day) = day.ymd();
        for (number, places) in [(year, 4), (month, 2), (day, 2)] {
            if places == 2 {
                self.bytes.push(b'-');
            }
            self.padded(number.unsigned_abs(), places);
        }
    }

    /// A date member.
    pub(crate) fn date(&mut self, name: &str, day: Day) {
        self.key(name);
        self.bytes.push(b'"');
        self.day(day);
        self.bytes.push(b'"');
    }

    /// An integer member.
    pub(crate) fn integer(&mut self, name: &str, number: u32) {
        self.key(name);
        self.unsigned(u64::from(number));
    }
}

#[cfg(test)]
mod tests {
    use super::Json;
    use crate::date::Day;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        String::from_utf8(json.bytes).unwrap()
    }

    #[test]
    fn decimals_have_no_trailing_zeros() {
        for (cents, text) in [
            (4000, "40"),
            (3750, "37.5"),
            (10, "0.1"),
            (5, "0.05"),
            (0, "0"),
            (-1250, "-12.5"),
            (-5, "-0.05"),
        ] {
            assert_eq!(written(|j| j.decimal(cents, 2)), text);
        }
        assert_eq!(written(|j| j.decimal(60_234, 3)), "60.234");
    }

    #[test]
    fn commas_come_by_themselves() {
        let text = written(|j| {
            j.open();
            j.code("a", "x");
            j.list_key("b");
            j.open();
            j.close();
            j.open();
            j.integer("n", 7);
            j.close();
            j.close_list();
            j.open_key("c");
            j.date("d", Day(0));
            j.close();
            j.close();
        });
        assert_eq!(text, r#"{"a":"x","b":[{},{"n":7}],"c":{"d":"1970-01-01"}}"#);
    }

    #[test]
    fn text_is_escaped_as_go_does_it() {
        assert_eq!(
            written(|j| j.quoted("a<b>&\"\\\té\u{2028}…")),
            "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\té\\u2028…\""
        );
    }
}

//! What a file seems to hold, before it is read.

use std::sync::LazyLock;

use cms::{Api, Shape};
use json_walk::{Cursor, Index, Limits};

use super::resource_type::{ResourceType, resource_type, stated_type};
use crate::layout::resource::Resource;

/// What a file seems to hold, by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Patients or Coverages.
    People,
    /// Claims, or whatever cannot be told: reading tells.
    Claims,
    /// No NDJSON: one JSON text over several lines, or an array that holds all of it.
    NotNdjson,
}

/// A line that is as long as this before it ends is taken for what its first member says.
const LONG_LINE_BYTES: usize = 4_000;

/// Whether the beginning of a file tells what a longer one would: it has a line, and more than blanks after it, or
/// a long line begins as only claims do.
pub fn is_enough(beginning: &[u8]) -> bool {
    let text = without_mark(beginning).trim_ascii_start();
    match memchr::memchr(b'\n', text) {
        Some(end) => !text[end..].trim_ascii_start().is_empty(),
        None => begins_as_a_long_claim(text),
    }
}

/// Whether the text, which is one line that has not ended, begins with a member that only claims have.
fn begins_as_a_long_claim(text: &[u8]) -> bool {
    let Some(text) = text.strip_prefix(b"{\"").filter(|_| text.len() >= LONG_LINE_BYTES) else {
        return false;
    };
    if text.starts_with(br#"resourceType":"ExplanationOfBenefit""#) {
        return true;
    }
    let Some(name) =
        memchr::memchr(b'"', text).and_then(|end| std::str::from_utf8(&text[..end]).ok())
    else {
        return false;
    };
    ONLY_OF_CLAIMS.contains(&name)
}

/// Members that claims have and people have not. Made once: of many small files, each is asked about.
static ONLY_OF_CLAIMS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let of_people = |name: &str| {
        [Resource::Patient, Resource::Coverage]
            .into_iter()
            .any(|resource| fhir_model::schema::child(resource.name(), name).is_some())
    };
    fhir_model::schema::type_def(Resource::ExplanationOfBenefit.name())
        .into_iter()
        .flat_map(|def| def.members.iter().map(|member| member.name))
        .filter(|name| !of_people(name))
        .collect()
});

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Guesses what files hold by their beginnings.
#[derive(Debug, Default)]
pub struct Guesser {
    index: Index,
}

impl Guesser {
    /// What the file seems to hold that begins (decompressed) with these bytes.
    pub fn guess(&mut self, beginning: &[u8]) -> Guess {
        let text = without_mark(beginning).trim_ascii_start();
        if text.first() == Some(&b'[') {
            return if is_other_array(text) { Guess::NotNdjson } else { Guess::Claims };
        }
        let Some(end) = memchr::memchr(b'\n', text) else {
            if begins_as_a_long_claim(text) {
                return Guess::Claims;
            }
            return self.guess_line(text).unwrap_or(Guess::Claims);
        };
        let (line, rest) = text.split_at(end);
        let rest = rest.trim_ascii_start();
        if line.first() == Some(&b'{') && !rest.is_empty() && rest[0] != b'{' && is_cut(line) {
            return Guess::NotNdjson;
        }
        self.guess_line(line).unwrap_or(Guess::Claims)
    }

    /// The version of the API that the first whole record of a beginning shows which shows any.
    pub fn version(beginning: &[u8]) -> Option<Api> {
        let lines = without_mark(beginning).split(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii().is_empty()).find_map(|line| {
            if let Ok(ResourceType::Known(_, Shape::Of(api))) = resource_type(line) {
                Some(api)
            } else {
                None
            }
        })
    }

    fn guess_line(&mut self, line: &[u8]) -> Option<Guess> {
        // Most say once what they are; for all else the slow look decides.
        let document = self.index.read(line, Limits::default()).ok()?;
        let resource = match stated_type(&document) {
            Some(resource) => Some(resource),
            None => match resource_type(line).ok()? {
                ResourceType::Known(resource, _) => Some(resource),
                ResourceType::Other(..) => None,
            },
        };
        let of_people = matches!(resource, Some(Resource::Patient | Resource::Coverage));
        Some(if of_people { Guess::People } else { Guess::Claims })
    }
}

/// Whether the text, which begins with a bracket, is an array that holds all of it. If more comes after the array's
/// end, or what begins the next line cannot go on with it, its first line is one bad record.
fn is_other_array(text: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let Some(next) = rest.trim_ascii_start().first() else { return true };
    is_cut(line) && (*next == b']' || is_cut(&[line, b"\n", &[*next]].concat()))
}

/// Whether the text is one JSON value so far, only that it ends too early.
fn is_cut(line: &[u8]) -> bool {
    let ends_early = |line| {
        let mut cursor = Cursor::new(line, Limits::default())?;
        cursor.skip()
    };
    matches!(ends_early(line), Err(fault) if fault.kind() == json_walk::ErrorKind::UnexpectedEnd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        let long =
            |first: &str| format!("{{\"{first}\":\"{}", "x".repeat(LONG_LINE_BYTES)).into_bytes();
        assert_eq!(Guesser::default().guess(&long("billablePeriod")), Guess::Claims);
        let patient = br#"{"id":"1","resourceType":"Patient"}"#;
        for (text, guess) in [
            (&b""[..], Guess::Claims),
            (patient, Guess::People),
            (b"\xEF\xBB\xBF\n\n {\"resourceType\":\"Coverage\"}\n", Guess::People),
            (b"{\"resourceType\":\"ExplanationOfBenefit\"}\n", Guess::Claims),
            (b"[{\"resourceType\":\"Patient\"}]", Guess::NotNdjson),
            (b"[{\"resourceType\":\"Patient\"}]\n \n", Guess::NotNdjson),
            (b"[\n{\"resourceType\":\"Patient\"}\n]\n", Guess::NotNdjson),
            (
                b"[{\"resourceType\":\"Patient\"},\n{\"resourceType\":\"Patient\"}]",
                Guess::NotNdjson,
            ),
            (b"[1\n,2]", Guess::NotNdjson),
            (b"[[]\n\n]", Guess::NotNdjson),
            (b"[]", Guess::NotNdjson),
            (b"[]\n{\"resourceType\":\"Patient\"}\n", Guess::Claims),
            (b"[1\n{\"resourceType\":\"Patient\"}\n", Guess::Claims),
            (b"[] x\n{\"resourceType\":\"Patient\"}\n", Guess::Claims),
            (b"[\"cut\n{\"resourceType\":\"Patient\"}\n", Guess::Claims),
            (b"{\n  \"resourceType\": \"Patient\"\n}\n", Guess::NotNdjson),
            (b"{\"resourceType\": \"Patient\",\n \"id\": \"1\"}\n", Guess::NotNdjson),
            (b"{\"cut\":\n{\"resourceType\":\"Patient\"}\n", Guess::Claims),
        ] {
            assert_eq!(Guesser::default().guess(text), guess, "{}", String::from_utf8_lossy(text));
        }
        for (text, enough) in [
            (&b""[..], false),
            (b"\n\n", false),
            (b"\xEF\xBB\xBF\n{}", false),
            (b"{}\n", false),
            (b"\n{}\n \n", false),
            (b"{}\n x", true),
            (&long("billablePeriod"), true),
            (&long("item"), true),
            (&long("resourceType\":\"ExplanationOfBenefit"), true),
            // Members that others have, too, or that nobody knows; short lines; lines that ended.
            (&long("resourceType\":\"Patient"), false),
            (&long("extension"), false),
            (&long("payor"), false),
            (&long("nothing"), false),
            (br#"{"billablePeriod":"#, false),
            (&[&long("billablePeriod")[..], b"\n"].concat(), false),
        ] {
            assert_eq!(is_enough(text), enough, "{}", String::from_utf8_lossy(text));
        }
    }
}

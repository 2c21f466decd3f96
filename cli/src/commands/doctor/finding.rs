//! What a check has found, and how it is told: in words that may be pasted into a ticket.

use std::path::Path;

use serde_json::json;

/// How a check has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// Nothing is wrong, and something is to be known.
    Note,
    /// It works, and may not for long, or not for everything.
    Warning,
    /// It does not work.
    Fail,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// One line: what a check has found, and what to do.
#[derive(Clone, Debug)]
struct Finding {
    status: Status,
    check: &'static str,
    found: String,
    /// None where it is as it should be, or where an earlier check says it.
    to_do: Option<String>,
}

/// All of them, in the order of the checks.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.0.push(Finding { status: Status::Ok, check, found: found.into(), to_do: None });
    }

    pub(super) fn note(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) {
        self.add(Status::Note, check, found, to_do);
    }

    pub(super) fn warning(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) {
        self.add(Status::Warning, check, found, to_do);
    }

    pub(super) fn fail(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) {
        self.add(Status::Fail, check, found, to_do);
    }

    pub(super) fn add(
        &mut self,
        status: Status,
        check: &'static str,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) {
        let (found, to_do) = (found.into(), Some(to_do.into()));
        self.0.push(Finding { status, check, found, to_do });
    }

    /// Checks that cannot be made, and why.
    pub(super) fn skip(&mut self, checks: &[&'static str], why: &str) {
        for check in checks {
            let found = format!("skipped: {why}");
            self.0.push(Finding { status: Status::Note, check, found, to_do: None });
        }
    }

    /// Whether any check has failed.
    pub(super) fn any_failed(&self) -> bool {
        self.count(Status::Fail) > 0
    }

    fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|finding| finding.status == status).count()
    }

    /// A line for each, and one that counts them; `home` is the user's folder, which is not told.
    pub(super) fn text(&self, home: Option<&Path>) -> String {
        let line = |finding: &Finding| {
            let (status, check) = (finding.status.name(), finding.check);
            format!("{status:<8}{check:<13}{}\n", tellable(&finding.whole(), home))
        };
        let text: String = self.0.iter().map(line).collect();
        let [ok, notes, warnings, failed] =
            [Status::Ok, Status::Note, Status::Warning, Status::Fail].map(|one| self.count(one));
        let all = self.0.len();
        text + &format!(
            "checks {all}: ok {ok}, notes {notes}, warnings {warnings}, failed {failed}\n"
        )
    }

    /// A JSON object for each, a line each.
    pub(super) fn json(&self, home: Option<&Path>) -> String {
        let line = |finding: &Finding| {
            let to_do = finding.to_do.as_ref().map(|to_do| tellable(to_do, home));
            let line = json!({
                "status": finding.status.name(),
                "check": finding.check,
                "found": tellable(&finding.found, home),
                "to_do": to_do,
            });
            format!("{line}\n")
        };
        self.0.iter().map(line).collect()
    }
}

impl Finding {
    fn whole(&self) -> String {
        match &self.to_do {
            Some(to_do) => format!("{}; {to_do}", self.found),
            None => self.found.clone(),
        }
    }
}

/// Where people have their folders, whose names are theirs.
const HOMES: [&str; 2] = ["/home/", "/Users/"];

/// A text in one line, without what a terminal would obey, and without the names of people's folders.
fn tellable(text: &str, home: Option<&Path>) -> String {
    let mut text = ndjson_io::shown(text).into_owned();
    let home = home.and_then(Path::to_str).filter(|home| home.len() > 1 && home.starts_with('/'));
    if let Some(home) = home {
        text = text.replace(home.trim_end_matches('/'), "~");
    }
    for place in HOMES {
        let mut parts = text.split(place);
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_end =
                |ch: char| ch == '/' || ch == '\'' || ch.is_whitespace() || ",:;".contains(ch);
            let rest = part.find(is_end).map_or("", |end| &part[end..]);
            told = format!("{told}{place}[...]{rest}");
        }
        text = told;
    }
    text
}

/// A path as a shell takes it. A tilde stands for the user's folder only where no quotation mark is around it.
pub(super) fn word(path: &Path, home: Option<&Path>) -> String {
    let (before, rest) = match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => return "~".to_owned(),
        Some(rest) => ("~/", rest),
        None => ("", path),
    };
    let rest = rest.to_string_lossy();
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || "/._-+=@%:,".contains(ch);
    if !rest.is_empty() && rest.chars().all(is_plain) {
        return format!("{before}{rest}");
    }
    format!("{before}'{}'", rest.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_folder_is_named() {
        let home = Some(Path::new("/data/jane"));
        for (text, told) in [
            ("/data/jane/.bcda: no", "~/.bcda: no"),
            (
                "/home/jane/x and /home/joe; /Users/jim:",
                "/home/[...]/x and /home/[...]; /Users/[...]:",
            ),
            ("exports/first", "exports/first"),
            ("a\u{1b}[2Jb\n", "a\\u{1b}[2Jb\\n"),
        ] {
            assert_eq!(tellable(text, home), told);
        }
        assert_eq!(tellable("/a", Some(Path::new("/"))), "/a");
    }

    #[test]
    fn paths_are_words_of_a_shell() {
        let home = Some(Path::new("/data/jane"));
        for (path, told) in [
            ("exports/2026-01-01", "exports/2026-01-01"),
            ("my exports", "'my exports'"),
            ("it's", "'it'\\''s'"),
            ("/data/jane/a b", "~/'a b'"),
            ("/data/jane/a", "~/a"),
            ("/data/janet", "/data/janet"),
        ] {
            assert_eq!(word(Path::new(path), home), told);
        }
    }

    #[test]
    fn they_are_counted() {
        let mut findings = Findings::default();
        findings.ok("dns", "x resolves");
        findings.warning("clock", "it is wrong", "set it");
        findings.skip(&["token"], "no credentials");
        assert!(!findings.any_failed());
        findings.fail("space", "full", "make room");
        assert!(findings.any_failed());
        assert_eq!(
            findings.text(None),
            "ok      dns          x resolves\nwarning clock        it is wrong; set it\n\
             note    token        skipped: no credentials\nfail    space        full; make room\n\
             checks 4: ok 1, notes 1, warnings 1, failed 1\n"
        );
        let lines = findings.json(None);
        assert_eq!(lines.lines().count(), 4);
        assert!(lines.contains("\"to_do\":\"set it\"") && lines.contains("\"to_do\":null"));
    }
}

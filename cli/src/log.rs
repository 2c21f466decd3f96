//! What is said to people, on standard error.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::ValueEnum;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Writes messages.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    format: LogFormat,
    quiet: bool,
}

impl Log {
    pub(crate) fn new(format: LogFormat, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// Whether a progress bar would be seen.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && self.format == LogFormat::Text && std::io::stderr().is_terminal()
    }

    /// Whether messages are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == LogFormat::Json
    }

    fn line(self, level: &str, message: &str) {
        // Errors and warnings have one line each; what people are told besides has lines of ours.
        let message = if level == "info" { harmless(message) } else { ndjson_io::shown(message) };
        say(&match self.format {
            LogFormat::Json => {
                serde_json::json!({ "level": level, "message": message }).to_string()
            }
            LogFormat::Text if level == "info" => message.into_owned(),
            LogFormat::Text => format!("{level}: {message}"),
        });
    }

    pub(crate) fn error(self, message: &str) {
        self.line("error", message);
    }

    pub(crate) fn warning(self, message: &str) {
        if !self.quiet {
            self.line("warning", message);
        }
    }

    pub(crate) fn info(self, message: &str) {
        if !self.quiet {
            self.line("info", message);
        }
    }

    /// What a run came to: its warnings, then its report as JSON or the summary for people.
    pub(crate) fn report<W: AsRef<str>>(
        self,
        warnings: &[W],
        report: impl FnOnce() -> String,
        summary: impl FnOnce() -> String,
    ) {
        for warning in warnings {
            self.warning(warning.as_ref());
        }
        if !self.is_json() {
            self.info(&summary());
        } else if let Ok(value) = serde_json::from_str(&report()) {
            self.json(&value);
        }
    }

    /// One JSON object, as the line it is.
    pub(crate) fn json(self, value: &serde_json::Value) {
        if !self.quiet {
            say(&value.to_string());
        }
    }
}

/// Says a line in one piece: what others write there comes before or after it, and no half of it is said alone.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A path among other words, in one line whatever its names hold.
pub(crate) fn one_line(path: &Path) -> String {
    ndjson_io::shown(&path.to_string_lossy()).into_owned()
}

/// The names of files may hold anything; a terminal must not obey it. Lines stay lines.
fn harmless(message: &str) -> Cow<'_, str> {
    let lines = || message.split('\n').map(ndjson_io::shown);
    if lines().all(|line| matches!(line, Cow::Borrowed(_))) {
        return Cow::Borrowed(message);
    }
    Cow::Owned(lines().collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\nc");
        assert_eq!(harmless("plain é ┌"), "plain é ┌");
    }
}

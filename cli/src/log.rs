//! What is said to people, on standard error.

use std::io::{IsTerminal, Write};

use crate::args::LogFormat;

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
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell when standard error is closed.
        let _ = match self.format {
            LogFormat::Json => {
                let line = serde_json::json!({ "level": level, "message": message });
                writeln!(stderr, "{line}")
            }
            LogFormat::Text if level == "info" => writeln!(stderr, "{message}"),
            LogFormat::Text => writeln!(stderr, "{level}: {message}"),
        };
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

    /// One JSON object, as the line it is.
    pub(crate) fn json(self, value: &serde_json::Value) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{value}");
        }
    }
}

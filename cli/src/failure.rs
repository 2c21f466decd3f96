//! How a command fails.

/// How a command failed: its exit code and what to say.
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<bulk_client::Error> for Failure {
    fn from(error: bulk_client::Error) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

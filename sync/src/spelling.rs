//! What options are called where a message is read.

/// How a message calls options.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    /// Those of a run, by the keys of the settings.
    pub option: fn(&str) -> String,
    /// Those of an export.
    pub export: bulk_client::Spelling,
    /// Those of tables.
    pub tables: convert::Spelling,
}

impl Default for Spelling {
    /// By their bare names.
    fn default() -> Self {
        Self {
            option: str::to_owned,
            export: |mention| mention.to_string(),
            tables: convert::Setting::name,
        }
    }
}

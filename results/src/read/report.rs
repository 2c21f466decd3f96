//! What the reading of CCLF files came to.

use std::collections::BTreeMap;

use convert::TableReport;
use serde::Serialize;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadFile {
    /// Its name, as in FILE_NAME.
    pub name: String,
    /// CMS's name of the table.
    pub table: String,
    /// FILE_DATE, from its name.
    pub file_date: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// Bytes of a record, without its line end.
    pub record_length: usize,
    /// The versions of CMS's layouts that have such records: `36 to 43`; `own` for a layout that was given.
    pub layouts: String,
    /// Lines with a row.
    pub records: u64,
    /// Bad lines.
    pub rejected: u64,
    /// What CCLF0 says, if it was there.
    pub counted: Option<u64>,
}

/// What a run that read CCLF files did. Names of files and counts; never a value of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadReport {
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk, whose types the columns have.
    pub crosswalk_version: String,
    /// When the newest delivery was made, as its names say, taken to be UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_time: Option<String>,
    /// The tables that were written.
    pub tables: Vec<TableReport>,
    /// The files that were read, in the order of their rows.
    pub read: Vec<ReadFile>,
    /// Files that were found and not read, by their ending.
    pub left_aside: BTreeMap<String, u64>,
    /// Lines with a row.
    pub records: u64,
    /// Bad lines.
    pub rejected: u64,
    /// Bad lines by class: `length`, `number`, `date`.
    pub rejected_by_class: BTreeMap<String, u64>,
    /// Lines with bytes above 127 that are not UTF-8, and were read as Latin-1.
    pub latin1_lines: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Bytes read as stored.
    pub bytes_read: u64,
    /// Seconds from the start to the end.
    pub seconds: f64,
}

impl ReadReport {
    /// Whether any line was rejected: exit code 3.
    pub fn has_rejects(&self) -> bool {
        self.rejected > 0
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

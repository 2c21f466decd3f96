//! What the writing of CCLF files came to.

use std::collections::BTreeMap;

use serde::Serialize;

/// A file that was written, or a member of the zip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// CMS's name of the table.
    pub table: String,
    /// The file's name.
    pub file: String,
    /// Records.
    pub records: u64,
    /// Bytes of a record, without its line feed.
    pub record_length: usize,
    /// Bytes of the file.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
}

/// Claims that have no records because they do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOutClaims {
    /// Claims that are not final, or do not tell it.
    pub not_final: u64,
    /// Final claims that cancel another: a loader would net them against nothing.
    pub cancellations: u64,
}

/// What did not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotWritten {
    /// Claims, all of whose records are left out.
    pub claims: u64,
    /// People, whose records of CCLF8 and CCLF9 are left out.
    pub people: u64,
    /// By class, values that do not fit: `width`, `text`, and `number` for claims that bear the number that another was given.
    pub by_class: BTreeMap<String, u64>,
    /// By table and column, values that do not fit: `CCLF8.BENE_LINE_1_ADR`.
    pub by_column: BTreeMap<String, u64>,
}

/// Numbers of our own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SurrogateCounts {
    /// Numbers that were given in this run.
    pub given: u64,
    /// Numbers that were there.
    pub kept: u64,
}

/// What a run that wrote CCLF files did. Names of files and counts; never a value of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WriteReport {
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk: the layout is CMS's 36 to 38.
    pub crosswalk_version: String,
    /// Where the tables come from: `v1`, `v2`, `v3` or `cclf`.
    pub source: String,
    /// The date and time in the names, as an instant in UTC.
    pub made_at: String,
    /// The zip, if the files are in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// The files, in the order of CCLF0, which is the last.
    pub written: Vec<WrittenFile>,
    /// Claims that there are; one of which a version is there that is not final, and one that is, counts twice.
    pub claims: u64,
    /// People that there are.
    pub people: u64,
    /// Claims without records because they do not count.
    pub left_out: LeftOutClaims,
    /// Claims and people without records because something of them does not fit.
    pub rejected: NotWritten,
    /// Numbers of our own, if a map of them was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surrogates: Option<SurrogateCounts>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Seconds from the start to the end.
    pub seconds: f64,
}

impl WriteReport {
    /// Whether anything did not fit: exit code 3.
    pub fn has_rejects(&self) -> bool {
        self.rejected.claims + self.rejected.people > 0
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

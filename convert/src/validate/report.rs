//! Counting issues, and the report of a validation.

use std::collections::BTreeMap;

use fhir_model::validate::{Finding, IssueClass, Severity};
use ndjson_io::{Before, InBlock, SourceFile, SourceReport};
use serde::{Deserialize, Serialize};

use crate::setting::Spelling;
use crate::warnings;

/// Counts of a block, or of a run. `L` is what a line's number is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts<L> {
    pub(super) records: u64,
    pub(super) with_errors: u64,
    with_warnings: u64,
    classes: BTreeMap<IssueClass, Class<L>>,
    unknown_terms: BTreeMap<String, u64>,
}

impl<L> Default for Counts<L> {
    fn default() -> Self {
        Self {
            records: 0,
            with_errors: 0,
            with_warnings: 0,
            classes: BTreeMap::new(),
            unknown_terms: BTreeMap::new(),
        }
    }
}

/// Different terms that are counted one by one: who makes them up does not fill the memory.
const MOST_TERMS: usize = 1_000;
/// All that come after so many.
const OTHER_TERMS: &str = "(others)";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class<L> {
    issues: u64,
    /// Source and line of the first.
    first: (usize, L),
}

impl Counts<InBlock> {
    /// Counts a record and its issues.
    pub(super) fn record(&mut self, findings: &[Finding], source: usize, number: InBlock) {
        self.records += 1;
        let worst = findings.iter().map(|finding| finding.class().severity()).max();
        match worst {
            Some(Severity::Error | Severity::Fatal) => self.with_errors += 1,
            Some(Severity::Warning) => self.with_warnings += 1,
            _ => {}
        }
        for finding in findings {
            let new = Class { issues: 0, first: (source, number) };
            self.classes.entry(finding.class()).or_insert(new).issues += 1;
            if let Some(term) = finding.term() {
                self.count_term(term, 1);
            }
        }
    }
}

impl<L> Counts<L> {
    fn count_term(&mut self, term: &str, count: u64) {
        let terms = &mut self.unknown_terms;
        let is_counted = terms.contains_key(term) || terms.len() < MOST_TERMS;
        let term = if is_counted { term } else { OTHER_TERMS };
        *terms.entry(term.to_owned()).or_default() += count;
    }
}

impl Counts<u64> {
    /// Adds the counts of a later block.
    pub(super) fn add(&mut self, later: &Counts<InBlock>, before: Before<'_>) {
        self.records += later.records;
        self.with_errors += later.with_errors;
        self.with_warnings += later.with_warnings;
        for (class, count) in &later.classes {
            let (source, line) = count.first;
            let new = Class { issues: 0, first: (source, before.number(source, line)) };
            self.classes.entry(*class).or_insert(new).issues += count.issues;
        }
        for (term, count) in &later.unknown_terms {
            self.count_term(term, *count);
        }
    }

    pub(super) fn report(
        self,
        files: &[SourceFile],
        reports: &[SourceReport],
        seconds: f64,
        spelling: Spelling,
    ) -> ValidationReport {
        let class = |(class, count): (IssueClass, Class<u64>)| ClassReport {
            class: class.name().to_owned(),
            severity: class.severity().as_str().to_owned(),
            about: class.about().to_owned(),
            issues: count.issues,
            first: format!("{}:{}", files[count.first.0].name(), count.first.1),
        };
        ValidationReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: files.len() as u64,
            records: self.records,
            valid: self.records - self.with_errors - self.with_warnings,
            with_warnings: self.with_warnings,
            with_errors: self.with_errors,
            classes: self.classes.into_iter().map(class).collect(),
            unknown_terms: self.unknown_terms,
            left_aside: BTreeMap::new(),
            frames_without_checksum: reports
                .iter()
                .map(|report| report.frames_without_checksum)
                .sum(),
            warnings: warnings::of_files(files.iter().zip(reports), spelling),
            bytes_read: reports.iter().map(|report| report.raw_bytes).sum(),
            seconds,
        }
    }
}

/// The issues of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Name of the [`IssueClass`].
    pub class: String,
    /// `information`, `warning`, `error` or `fatal`.
    pub severity: String,
    /// What the class is about.
    pub about: String,
    /// How many issues, written or not.
    pub issues: u64,
    /// Where the first is, as `FILE:LINE`.
    pub first: String,
}

/// What a validation found: `records = valid + with_warnings + with_errors`. Names of files and counts; never a
/// value of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// Version of the tool.
    pub version: String,
    /// Files, or 1 for standard input.
    pub inputs: u64,
    /// Lines that are not blank.
    pub records: u64,
    /// Records with neither errors nor warnings.
    pub valid: u64,
    /// Records with warnings and no errors.
    pub with_warnings: u64,
    /// Records with errors.
    pub with_errors: u64,
    /// The classes that occurred.
    pub classes: Vec<ClassReport>,
    /// Terms of Blue Button that the vocabulary does not have, by URI, and how often: new ones are a sign that the service
    /// has changed. `system|...` stands for codes of a system, and `...` for pieces that are no words.
    pub unknown_terms: BTreeMap<String, u64>,
    /// Files that were found and not read, by their ending.
    pub left_aside: BTreeMap<String, u64>,
    /// Frames of Zstandard without a checksum, in which damage could not be seen.
    pub frames_without_checksum: u64,
    /// What the user should know of the files.
    pub warnings: Vec<String>,
    /// Bytes read as stored.
    pub bytes_read: u64,
    /// Seconds from the start to the end of the run.
    pub seconds: f64,
}

impl ValidationReport {
    /// Whether any record has errors: exit code 3.
    pub fn has_errors(&self) -> bool {
        self.with_errors > 0
    }

    /// The report as JSON.
    ///
    /// # Panics
    /// Never: it holds nothing that JSON cannot say.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

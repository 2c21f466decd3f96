//! The job: a result in, a result of its final claims out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use cclf_crosswalk::{Compression, Format, Naming, Table};
use convert::building::{leftover_warning, open_stage};
use convert::{Cancel, Error, FileReport, Options, Output, Setting, Spelling, TableReport};
use serde::{Serialize, Serializer};

use super::history::Found;
use super::resolved::Resolved;
use super::{unresolved, write};
use crate::finished::{Finished, Source};
use crate::manifest::{self, MadeFrom};
use crate::mbis::Mbis;
use crate::rows::Reader;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct CurrentOptions {
    /// The folder of a result: of CMS's files, or of exports of BCDA.
    pub tables: PathBuf,
    /// The folder of the new result.
    pub out: PathBuf,
    /// Where the tables come from, for those that do not tell it.
    pub source: Option<Source>,
    /// Whether an earlier result may be replaced.
    pub overwrite: bool,
    /// Format of the tables.
    pub format: Format,
    /// Compression within Parquet and Arrow files.
    pub compression: Compression,
    /// What the files of the tables are called; as those that are read unless given.
    pub naming: Option<Naming>,
    /// Worker threads.
    pub threads: usize,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// How messages call the settings.
    pub spelling: Spelling,
}

impl CurrentOptions {
    /// The defaults for this result and this folder.
    pub fn new(tables: PathBuf, out: PathBuf) -> Self {
        Self {
            tables,
            out,
            source: None,
            overwrite: false,
            format: Format::default(),
            compression: Compression::default(),
            naming: None,
            threads: ndjson_io::ReadOptions::default().threads,
            cancel: Cancel::new(),
            spelling: Setting::name,
        }
    }

    /// The same, as whoever writes tables is told.
    fn of_tables(&self, finished: &Finished) -> Options {
        let mut options = Options::new(Vec::new(), Output::Folder(self.out.clone()));
        options.overwrite = self.overwrite;
        options.format = self.format;
        options.compression = self.compression;
        options.naming = self.naming.unwrap_or(finished.naming);
        options.columns = write::columns(finished);
        options.reading.threads = self.threads.max(1);
        options.reading.cancel = self.cancel.clone();
        options
    }
}

/// What was done: names of files and counts, never a value of the data.
#[derive(Clone, Debug, Serialize)]
pub struct CurrentReport {
    /// Version of the tool.
    pub version: &'static str,
    /// Version of the crosswalk, whose types the columns have.
    pub crosswalk_version: &'static str,
    /// Where the rows come from.
    #[serde(serialize_with = "name")]
    pub source: Source,
    /// The tables that were written, CCLF0 last.
    pub tables: Vec<TableReport>,
    /// Rows that were read, by table.
    pub rows_in: BTreeMap<&'static str, u64>,
    /// Rows that are left, by table.
    pub rows_out: BTreeMap<&'static str, u64>,
    /// What became of the others, of a history.
    pub resolved: Resolved,
    /// The list of what is unresolved, if anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unresolved_file: Option<FileReport>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Seconds from the start to the end.
    pub seconds: f64,
}

impl CurrentReport {
    /// The report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn name<S: Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(source.name())
}

/// Writes the final claims of a result as a result of their own: of CMS's history what is left once re-deliveries are
/// collapsed and cancellations are paired with what they cancel, of exports of BCDA the rows with BCDA_FINAL.
///
/// Rows keep their order and their columns. Of a history the MBI of a claim and of a person becomes the most recent one, and
/// BCDA_FINAL becomes true.
///
/// # Errors
/// Why nothing was published: there is no such result, it is not whole, nothing tells where it comes from, the new one would
/// lie in it or in the place of another, a file cannot be read or written, or the run was asked to end.
pub fn current(options: &CurrentOptions) -> Result<CurrentReport, Error> {
    written(options).map_err(|error| error.spelled(options.spelling))
}

fn written(options: &CurrentOptions) -> Result<CurrentReport, Error> {
    let started = Instant::now();
    let (tables, out) = (options.tables.display(), options.out.display());
    if convert::is_address(&out.to_string()) {
        return Err(Error::usage(format!(
            "{out}: final claims are written to a folder, not to object storage"
        )));
    }
    if publish::overlaps(&options.out, &options.tables) {
        return Err(Error::usage(format!(
            "{out} and {tables} lie in one another; name another folder for the final claims"
        )));
    }
    let finished = Finished::open(&options.tables, options.source)?;
    let stage = open_stage(&options.out, options.overwrite, 0)?;
    let reader = Reader { threads: options.threads.max(1), cancel: &options.cancel };
    let is_of_cms = finished.source == Source::Cclf;
    let mbis = if is_of_cms { Mbis::read(&finished, reader)? } else { Mbis::default() };
    let found = Found::of(&finished, reader, stage.spools(), &mbis)?;
    let warnings = warnings(&found);
    let Found { kept, resolved, listed, .. } = found;
    let of_tables = options.of_tables(&finished);
    let mbis = is_of_cms.then_some(&mbis);
    let written = write::Written { finished: &finished, kept: &kept, reader, mbis };
    let tables = written.write(&of_tables, &stage)?;
    let unresolved_file = unresolved::write(listed, &finished, &options.cancel, &stage)?;
    let count = |(table, rows): (Table, u64)| (table.name(), rows);
    let mut report = CurrentReport {
        version: env!("CARGO_PKG_VERSION"),
        crosswalk_version: cclf_crosswalk::CROSSWALK_VERSION,
        source: finished.source,
        tables,
        rows_in: finished.tables().map(|(table, stored)| count((table, stored.rows()))).collect(),
        rows_out: finished.tables().map(|(table, _)| count((table, kept.count(table)))).collect(),
        warnings,
        resolved,
        unresolved_file,
        seconds: started.elapsed().as_secs_f64(),
    };
    let mut files: Vec<String> = report.tables.iter().map(|table| table.file.clone()).collect();
    files.extend(report.unresolved_file.iter().map(|file| file.file.clone()));
    let made_from = is_of_cms.then_some(MadeFrom::CclfFinal);
    let api = match finished.source {
        Source::Bcda(api) => Some(api),
        Source::Cclf => None,
    };
    let text = manifest::Written::new(made_from, files, &report)
        .after(finished.manifest.as_ref(), api)
        .text();
    if options.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    let leftover = stage.commit(&text)?.leftover;
    report.warnings.extend(leftover.as_deref().map(leftover_warning));
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// What the user should know of a history.
fn warnings(found: &Found) -> Vec<String> {
    let (resolved, mut warnings) = (&found.resolved, Vec::new());
    if found.is_one_delivery {
        warnings.push(
            "rows do not tell the files that they came in (FILE_DATE): they count as of one delivery"
                .to_owned(),
        );
    }
    let unresolved = resolved.unresolved();
    if unresolved > 0 {
        warnings.push(format!(
            "{unresolved} rows cannot be resolved, by class in the report and one by one in {}",
            unresolved::UNRESOLVED
        ));
    }
    if resolved.mbi_contradictions > 0 {
        warnings.push(format!(
            "CCLF9 contradicts itself in {} rows: the first one counts",
            resolved.mbi_contradictions
        ));
    }
    if resolved.mbi_circles > 0 {
        warnings.push(format!(
            "CCLF9 leads {} MBIs back to themselves: the least of each circle stands for the person",
            resolved.mbi_circles
        ));
    }
    warnings
}

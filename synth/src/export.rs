//! A whole export: the records of all beneficiaries, cut into files, and the manifest at the end.

use crate::defect::RecordType;
use crate::error::Error;
use crate::manifest;
use crate::options::Options;
use crate::output::Output;
use crate::records;
use crate::summary::Summary;
use std::io::{self, Write};

/// The name of the manifest.
pub const MANIFEST_NAME: &str = "bcda-export.json";

/// Generates an export: all ExplanationOfBenefit files, the Patient files, the Coverage files, and the manifest
/// [`MANIFEST_NAME`] last.
///
/// `create` opens an output file by name; the caller decides where it stands and how it appears. Memory does not
/// grow with the number of beneficiaries, but for one [`FileSummary`](crate::FileSummary) per file.
///
/// # Errors
/// [`Error`] when the options make no sense, or `create` or a write fails.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// let options = synth::Options { beneficiaries: 1, ..synth::Options::default() };
/// let mut sizes = BTreeMap::new();
/// let summary = synth::generate(&options, |name| {
///     sizes.insert(name.to_owned(), 0);
///     Ok(std::io::sink())
/// })?;
/// assert_eq!(summary.files.len(), 3);
/// assert!(sizes.contains_key("bcda-export.json"));
/// # Ok::<(), synth::Error>(())
/// ```
pub fn generate<F, W>(options: &Options, mut create: F) -> Result<Summary, Error>
where
    F: FnMut(&str) -> io::Result<W>,
    W: Write,
{
    options.check()?;
    let mut summary = Summary::default();
    // Of what changed in a week a person has little.
    let grown = if options.window.is_some_and(|window| window.after > 0) { 25 } else { 1 };
    let per_file = u64::from(options.beneficiaries_per_file) * grown;
    for (record_type, per_file) in [
        (Some(RecordType::ExplanationOfBenefit), per_file),
        (Some(RecordType::Patient), per_file * 50),
        (Some(RecordType::Coverage), per_file * 5),
        (None, per_file * 50),
    ] {
        if record_type.is_none() && options.window.is_none() {
            continue;
        }
        let mut first = 0;
        while first < options.beneficiaries {
            let end = options.beneficiaries.min(first.saturating_add(per_file));
            let number = summary.files.len() as u64;
            let output = Output::new(options, record_type, number, &mut create);
            let file = records::write(output, record_type, first..end, &mut summary)?;
            if let Some(file) = file {
                summary.bytes += file.bytes;
                summary.content_bytes += file.content_bytes;
                summary.files.push(file);
            }
            first = end;
        }
    }
    let text = manifest::text(options, &summary);
    let failed = |source| Error::Write { name: MANIFEST_NAME.to_owned(), source };
    let mut file = create(MANIFEST_NAME).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    Ok(summary)
}

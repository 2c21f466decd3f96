//! The end of a run that would put empty tables in the place of good ones.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::pass::context::{Found, Pass};
use crate::pass::rejects::{RejectLog, Rejected};

/// Ends a run, or a whole scan, that has nothing of its input, or nothing of one of its files, because it is no export:
/// the tables would be empty, or lack what the user thinks is in them, and take the place of good ones.
///
/// # Errors
/// Every record of a file was rejected and it does not begin as a JSON object does; it begins as an archive does,
/// whatever can be read of it; or every record was rejected.
pub(crate) fn refuse(pass: &Pass<'_>, found: &Found) -> Result<(), Error> {
    let mut by_source: BTreeMap<usize, Rejected> = BTreeMap::new();
    for (source, rejected) in found.rejects.iter().flat_map(RejectLog::by_source) {
        let Some(other) = by_source.get_mut(source) else {
            by_source.insert(*source, rejected.clone());
            continue;
        };
        let count = other.count + rejected.count;
        if rejected.number < other.number {
            other.clone_from(rejected);
        }
        other.count = count;
    }
    for (source, rejected) in &by_source {
        let report = found.reports.get(*source).and_then(Option::as_ref);
        let records = report.map_or(0, |report| report.lines - report.blank_lines);
        let file = &pass.input.sources[*source].file;
        if let Some(instead) = rejected.in_place_of_records(file)
            && (rejected.count == records || rejected.number == 1 && instead.is_marked)
        {
            return Err(instead.error(file));
        }
    }
    let (read, all) = (found.counts.read(), found.counts.rejected);
    match by_source.values().next() {
        Some(first) if read == all => Err(Error::bad_data(format!(
            "every record was rejected ({all} of {read}): is this an export of BCDA? The first: {}",
            first.place
        ))),
        _ => Ok(()),
    }
}

//! What the user should know of a run: of its files, and of what became of its records.

use cclf_crosswalk::NotFinal;
use ndjson_io::{SourceFile, SourceReport};

use crate::pass::context::{Found, Pass};
use crate::setting::{Setting, Spelling};

/// Files that a warning names; the report has them all.
const FILES_NAMED: usize = 3;

/// What the user should know of files that were read.
pub(crate) fn of_files<'f>(
    read: impl Iterator<Item = (&'f SourceFile, &'f SourceReport)>,
    spelling: Spelling,
) -> Vec<String> {
    let read: Vec<_> = read.collect();
    let told = |what: fn(&SourceReport) -> bool, text: &str| {
        let files = read.iter().filter(|(_, report)| what(report));
        let names: Vec<&str> = files.map(|(file, _)| file.name()).collect();
        let (named, others) = names.split_at(names.len().min(FILES_NAMED));
        let more = match others.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        (!names.is_empty()).then(|| format!("{}{more}: {text}", named.join(", ")))
    };
    let unchecked = told(
        |report| report.frames_without_checksum > 0,
        &format!(
            "compressed by zstd without a checksum, so that damage could not be seen: compress with --check; \
             {} refuses such files",
            spelling(Setting::RequireChecksums)
        ),
    );
    let grown = told(|report| report.grew, "grew while it was read; what was added was not read");
    unchecked.into_iter().chain(grown).collect()
}

/// What the user should know of the files of a run.
pub(crate) fn of_sources(pass: &Pass<'_>, found: &Found) -> Vec<String> {
    let read = pass.input.sources.iter().zip(&found.reports);
    let read = read.filter_map(|(source, report)| Some((&source.file, report.as_ref()?)));
    of_files(read, pass.reading.spelling)
}

/// What the user should know of the records and files of a run.
pub(crate) fn of_records(pass: &Pass<'_>, found: &Found) -> Vec<String> {
    let (mut warnings, spelling) = (Vec::new(), pass.reading.spelling);
    let counts = &found.counts;
    if found.index.patients() == 0 && counts.claims_without_patient > 0 {
        warnings.push(format!(
            "no Patient in the input: BENE_MBI_ID is null on every row; export Patient too, or name it with {}",
            spelling(Setting::Patients)
        ));
    }
    // Of people that are read for the parts of a scan: runs and whole scans do not come here.
    if counts.read() > 0 && counts.rejected == counts.read() {
        warnings.push("every record was rejected: is this an export of BCDA?".to_owned());
    }
    warnings.extend(of_totals(&counts.not_final));
    let too_long: u64 = found.reports.iter().flatten().map(|report| report.too_long_lines).sum();
    if too_long > 0 {
        let kept = match pass.aside.stage() {
            Some(_) => "rejects.csv lists them, rejects.ndjson does not hold them",
            None => "they were rejected",
        };
        let most = spelling(Setting::MaxLineBytes);
        warnings.push(format!("{too_long} line(s) were longer than {most}: {kept}"));
    }
    warnings.extend(of_sources(pass, found));
    warnings
}

/// What whoever adds up claims should know, where the status does not tell which are final.
fn of_totals(counts: &NotFinal) -> impl Iterator<Item = String> + use<> {
    let claims = |count: u64, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 claim {one}")),
        _ => Some(format!("{count} claims {more}")),
    };
    let active = claims(counts.active, "is active and not final", "are active and not final");
    let active = active.map(|what| {
        format!("{what}: BCDA_STATUS must not be used for totals, take only rows WHERE BCDA_FINAL")
    });
    let untold = claims(
        counts.untold,
        "does not tell whether it is final",
        "do not tell whether they are final",
    );
    let untold =
        untold.map(|what| format!("{what}: BCDA_FINAL is null there, and totals leave them out"));
    active.into_iter().chain(untold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_warned_of_once_for_each_reason() {
        let warnings = |active, untold| -> Vec<String> {
            of_totals(&NotFinal { active, untold, cancelled: 7, ..NotFinal::default() }).collect()
        };
        assert_eq!(warnings(0, 0), Vec::<String>::new());
        assert_eq!(
            warnings(1, 2),
            [
                "1 claim is active and not final: BCDA_STATUS must not be used for totals, take only rows WHERE \
                 BCDA_FINAL",
                "2 claims do not tell whether they are final: BCDA_FINAL is null there, and totals leave them out",
            ]
        );
    }
}

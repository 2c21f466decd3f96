//! What the passes came to, for the report.

use std::time::Instant;

use cclf_crosswalk::{CROSSWALK_VERSION, Table, civil_from_days};
use ndjson_io::SourceReport;

use crate::input::source::Source;
use crate::pass::context::{Found, Pass};
use crate::pass::rejects::RejectLog;
use crate::report::{Counts, InputReport, Report, ScanReport, SetAside, TableReport};

impl Found {
    /// The report of a run that began then.
    pub(crate) fn report(
        &self,
        pass: &Pass<'_>,
        tables: Vec<TableReport>,
        warnings: &[String],
        started: Instant,
    ) -> Report {
        let counts = &self.counts;
        let inputs = pass.input.sources.iter().zip(&self.reports);
        let by_class = counts.rejected_by_class.iter();
        let not_final = counts.not_final.by_status().into_iter().filter(|(_, count)| *count > 0);
        let warnings = pass.input.warnings.iter().chain(warnings);
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            crosswalk_version: CROSSWALK_VERSION.to_owned(),
            api: pass.version.api.name().to_owned(),
            judged_by: pass.reading.judged_by.with(pass.columns).named(),
            keep: pass.input.keep,
            exports: pass.input.export_reports(|source| {
                let report = self.reports[source].as_ref();
                report.map_or(0, |report| report.lines - report.blank_lines)
            }),
            transaction_time: pass.input.newest_time(),
            records: Counts::from(counts),
            left_out: pass.latest.map(|latest| latest.report(counts)),
            set_aside: SetAside::from(counts),
            rejected_by_class: by_class
                .map(|(class, count)| (class.name().to_owned(), count))
                .collect(),
            tables,
            state: Vec::new(),
            carried: None,
            inputs: inputs.map(|(source, report)| input(source, report.as_ref())).collect(),
            left_aside: pass.input.left_aside.clone(),
            beneficiaries: self.index.patients(),
            claims_without_patient: pass.joins.then_some(counts.claims_without_patient),
            drift: self.drift.report(pass.drift),
            repeated_claim_ids: self.repeated_claim_ids,
            superseded_patients: self.index.superseded_patients(),
            superseded_coverages: self.index.superseded_coverages(),
            partial_dates: counts.partial_dates,
            untranslated_states: counts.untranslated_states,
            untranslated_codes: counts.untranslated_codes,
            untranslated_zips: counts.untranslated_zips,
            claims_not_final: not_final.map(|(name, count)| (name.to_owned(), count)).collect(),
            claims_final_unknown: counts.not_final.untold,
            restarted: self.restarted,
            warnings: warnings.map(|text| ndjson_io::shown(text).into_owned()).collect(),
            stages: Vec::new(),
            seconds: started.elapsed().as_secs_f64(),
            bytes_read: self.bytes_read,
        }
    }
}

/// The report of a scan that handed out so many rows of a table.
pub(crate) fn scan_report(
    table: Table,
    rows: u64,
    rejects: Vec<RejectLog>,
    run: Report,
) -> ScanReport {
    let rejects = rejects.into_iter().flat_map(RejectLog::into_places).collect();
    ScanReport { table: table.name().to_owned(), rows, rejects, run }
}

fn input(source: &Source, report: Option<&SourceReport>) -> InputReport {
    let report = report.cloned().unwrap_or_default();
    let hash = report.blake3.map(|hash| blake3::Hash::from(hash).to_hex().to_string());
    InputReport {
        name: source.file.name().to_owned(),
        bytes: report.raw_bytes,
        modified: InputReport::modified(&source.file),
        blake3: hash.or_else(|| source.journaled.clone()),
        lines: report.lines,
        frames_without_checksum: report.frames_without_checksum,
        grew: report.grew,
        file_date: source.lineage.file_date.map(|days| {
            let (year, month, day) = civil_from_days(days);
            format!("{year:04}-{month:02}-{day:02}")
        }),
        file_date_from: source.date_origin,
    }
}

//! The run from inputs to published tables.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cclf_crosswalk::{
    CROSSWALK_VERSION, Guess, HospiceRanges, Index, LateMbi, Lineage, PeopleTables, Plan, Table,
    civil_from_days,
};
use ndjson_io::{Discovered, SourceFile, SourceReport};
use publish::{Stage, StageOptions};

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::file_date::{Exports, FileDates};
use crate::input::sources::{self, Source};
use crate::options::{Options, Output};
use crate::out::manifest;
use crate::out::tables::Rows;
use crate::out::tables::Tables;
use crate::pass::claims::{Gathered, Outcome};
use crate::pass::duplicates::Duplicates;
use crate::pass::first_bad::first_bad;
use crate::pass::rejects::{self, RejectLog};
use crate::pass::tally::Tally;
use crate::pass::{claims, no_export, people, stream};
use crate::report::{self, Counts, FileDateOrigin, InputReport, Report};
use crate::{TABLES_MANIFEST, memory};

/// Runs of one machine that may write to standard output, or to object storage, at a time.
const TEMPORARY_SLOTS: u32 = 64;

/// Rows of people that are built before they are written.
const PEOPLE_ROWS: usize = 8_192;

/// Converts the inputs.
///
/// # Errors
/// Why nothing was published; see [`ErrorKind`](crate::ErrorKind) for the exit code of each class.
/// Rejected records are no error: the report counts them.
pub fn run(options: &Options) -> Result<Report, Error> {
    let started = Instant::now();
    check(options)?;
    let elsewhere = Elsewhere::new(&options.cancel);
    let files = sources::find(options, &elsewhere)?;
    let patients = sources::find_patients(options, &files.sources, &elsewhere)?;
    sources::refuse_one_stream_for_both(&files.sources, &patients.sources)?;
    let publication = match &options.output {
        Output::Objects(out) => Some(elsewhere.publication(out, options.overwrite)?),
        _ => None,
    };
    let stage = open_stage(options)?;
    let reject_stage = match (&options.output, &options.rejects) {
        (Output::Stdout, Some(folder)) => Some(open_reject_stage(folder, options)?),
        _ => None,
    };
    let in_order = files.sources.clone();
    let mut run = Run::new(options, Some(&stage), elsewhere);
    let ended = run.convert(&stage, files, patients, reject_stage, started);
    let (mut report, reject_files) = match ended {
        Err(error) if error.is_of_a_record() => {
            return Err(first_bad(&in_order, options)?.unwrap_or(error));
        }
        ended => ended?,
    };
    if options.output != Output::Stdout {
        let mut files: Vec<String> = report.tables.iter().map(|table| table.file.clone()).collect();
        files.extend(reject_files);
        let manifest = manifest::text(&report, &files, &run.exports);
        if options.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if let Some(publication) = publication {
            publication.publish(stage.dir(), &files, &manifest)?;
            // What the objects were made of goes with the stage.
        } else if let Some(leftover) = stage.commit(&manifest)?.leftover {
            report.warnings.push(format!(
                "the earlier result could not be removed from {}; the next run tries again",
                leftover.display()
            ));
        }
    }
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

fn check(options: &Options) -> Result<(), Error> {
    if options.tables.is_empty() {
        return Err(Error::usage("no table is asked for"));
    }
    if options.tables.iter().all(|table| *table == Table::Cclf0) {
        return Err(Error::usage(
            "cclf0 counts the rows of the other tables that are written; name some of them too",
        ));
    }
    if options.output == Output::Stdout && options.tables.len() != 1 {
        return Err(Error::usage("--out - writes one table; name it with --tables"));
    }
    if options.output != Output::Stdout && options.rejects.is_some() {
        return Err(Error::usage(
            "--rejects goes with --out -; with a folder the rejects are published in it",
        ));
    }
    Ok(())
}

/// Whether something is written that needs the beneficiary of a claim: an MBI, or the hospice stays of CCLF8.
fn joins(options: &Options) -> bool {
    options.tables.contains(&Table::Cclf8)
        || LateMbi::new(Plan::stu3(), &options.tables, &options.columns).is_anywhere()
}

fn open_stage(options: &Options) -> Result<Stage, Error> {
    let open = |out: &Path, overwrite| {
        let stage_options = StageOptions { overwrite, manifest_name: TABLES_MANIFEST.to_owned() };
        Stage::open(out, &stage_options, manifest::owned)
    };
    match &options.output {
        Output::Folder(out) => Ok(open(out, options.overwrite)?),
        // Nothing is published there: it is where spools live, and what becomes objects. The names are few, so that
        // what a killed run left behind is cleared away by one of the next.
        Output::Stdout | Output::Objects(_) => {
            let what = if options.output == Output::Stdout { "stdout" } else { "objects" };
            let slot = |number| std::env::temp_dir().join(format!("bcda-{what}-{number}"));
            for number in 1..TEMPORARY_SLOTS {
                if let Ok(stage) = open(&slot(number), true) {
                    return Ok(stage);
                }
            }
            Ok(open(&slot(TEMPORARY_SLOTS), true)?)
        }
    }
}

fn open_reject_stage(folder: &Path, options: &Options) -> Result<Stage, Error> {
    let stage_options =
        StageOptions { overwrite: options.overwrite, manifest_name: TABLES_MANIFEST.to_owned() };
    Ok(Stage::open(folder, &stage_options, manifest::owned)?)
}

/// What the passes over the sources have found so far.
pub(crate) struct Passes {
    /// By source.
    pub(crate) reports: Vec<Option<SourceReport>>,
    /// By source: its people are in the index, and its bad lines are counted.
    pub(crate) indexed: Vec<bool>,
    /// Sources that were indexed and hold claims too.
    pub(crate) with_claims: Vec<usize>,
    pub(crate) tally: Tally,
    pub(crate) logs: Vec<RejectLog>,
}

pub(crate) struct Run<'o> {
    options: &'o Options,
    /// Where spools live; a scan, which publishes nothing, has none.
    stage: Option<&'o Stage>,
    plan: &'static Plan,
    index: Index,
    /// In place of it, where another process made it.
    loaded: Option<Arc<Index>>,
    /// Rejects whose places a scan keeps.
    most_places: usize,
    hospice: HospiceRanges,
    warnings: Vec<String>,
    /// Files that were found and are not read.
    left_aside: BTreeMap<String, u64>,
    exports: Exports,
    restarted: bool,
    bytes_read: u64,
    /// Something is written that needs the beneficiary of a claim.
    joins: bool,
    elsewhere: Elsewhere,
}

impl<'o> Run<'o> {
    pub(crate) fn new(
        options: &'o Options,
        stage: Option<&'o Stage>,
        elsewhere: Elsewhere,
    ) -> Self {
        Self {
            options,
            stage,
            plan: Plan::stu3(),
            index: Index::bounded(memory::limit(options.max_people)),
            loaded: None,
            most_places: 0,
            hospice: HospiceRanges::default(),
            warnings: Vec::new(),
            left_aside: BTreeMap::new(),
            exports: Exports::default(),
            restarted: false,
            bytes_read: 0,
            joins: joins(options),
            elsewhere,
        }
    }

    /// For a scan, which keeps the places of the first rejects.
    pub(crate) fn of_scan(options: &'o Options, most_places: usize, elsewhere: Elsewhere) -> Self {
        Self { most_places, ..Self::new(options, None, elsewhere) }
    }

    /// Joins claims through this index.
    pub(crate) fn join_through(&mut self, index: Arc<Index>) {
        self.loaded = Some(index);
    }

    /// Whether a claim's beneficiary is wanted.
    pub(crate) fn joins(&self) -> bool {
        self.joins
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    fn convert(
        &mut self,
        stage: &Stage,
        files: Discovered,
        patients: Discovered,
        reject_stage: Option<Stage>,
        started: Instant,
    ) -> Result<(Report, Vec<String>), Error> {
        let options = self.options;
        let stream = files.sources.iter().any(SourceFile::is_stream);
        let sources = self.examine(files, patients)?;
        let mut passes = self.people_first(&sources, false)?;
        if stream {
            let mut tables = Tables::begin(self.plan, stage, options)?;
            let mut ids = Duplicates::new(stage);
            let mut log = self.reject_log()?;
            let mut gathered = Gathered {
                hospice: &mut self.hospice,
                ids: Some(&mut ids),
                tally: &mut passes.tally,
                rejects: &mut log,
            };
            let report = stream::run(
                self.plan,
                &sources,
                options,
                self.joins,
                stage,
                &mut self.index,
                &mut tables,
                &mut gathered,
            )?;
            self.keep_reports(&sources, &[sources.len() - 1], vec![report], &mut passes.reports)?;
            passes.logs.push(log);
            return self.finish(&sources, (passes, tables, ids), stage, reject_stage, started);
        }
        let plan = self.plan;
        let begin = || Tables::begin(plan, stage, options);
        let (tables, ids) =
            self.claims(&sources, &mut passes, begin, |tables| tables.abandon(stage))?;
        let ids = ids.unwrap_or_else(|| Duplicates::new(stage));
        self.finish(&sources, (passes, tables, ids), stage, reject_stage, started)
    }

    /// Looks at all files; people of `patients` count, and nothing else of them.
    pub(crate) fn examine(
        &mut self,
        files: Discovered,
        patients: Discovered,
    ) -> Result<Vec<Source>, Error> {
        let mut dates = FileDates::new(&self.elsewhere);
        let mut sources = sources::examine(patients.sources, true, self.options, &mut dates)?;
        sources.extend(sources::examine(files.sources, false, self.options, &mut dates)?);
        let left_aside = patients.left_aside.iter().chain(&files.left_aside);
        self.left_aside = sources::endings(left_aside.filter(|path| !dates.is_manifest(path)));
        let empty = sources.iter().filter_map(|source| sources::warning_of_nothing(&source.file));
        self.warnings.extend(empty);
        let (exports, warnings) = dates.finish();
        self.exports = exports;
        self.warnings.extend(warnings);
        self.warn_of_dates(&sources);
        let total: u64 = sources.iter().filter_map(|source| source.file.len()).sum();
        self.options.progress.total_bytes.store(total, Ordering::Relaxed);
        Ok(sources)
    }

    /// Indexes people: `--patients`, and files that seem to hold people, or all files.
    pub(crate) fn people_first(
        &mut self,
        sources: &[Source],
        anywhere: bool,
    ) -> Result<Passes, Error> {
        let indexed: Vec<bool> = sources
            .iter()
            .map(|source| anywhere || source.only_people || source.guess == Guess::People)
            .collect();
        let people: Vec<usize> = (0..sources.len()).filter(|number| indexed[*number]).collect();
        let mut passes = Passes {
            reports: vec![None; sources.len()],
            indexed,
            with_claims: Vec::new(),
            tally: Tally::default(),
            logs: Vec::new(),
        };
        self.index_people(sources, &people, &mut passes)?;
        Ok(passes)
    }

    /// Reads the claims into the tables that `begin` makes. If there are people among them, these tables are
    /// abandoned, all files are indexed after all, and it begins again.
    pub(crate) fn claims<T: Rows>(
        &mut self,
        sources: &[Source],
        passes: &mut Passes,
        mut begin: impl FnMut() -> Result<T, Error>,
        mut abandon: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(T, Option<Duplicates<'o>>), Error> {
        loop {
            let with_claims: HashSet<usize> = passes.with_claims.iter().copied().collect();
            let claims: Vec<usize> = (0..sources.len())
                .filter(|number| !passes.indexed[*number] || with_claims.contains(number))
                .collect();
            let mut tables = begin()?;
            let mut ids = self.stage.map(Duplicates::new);
            let mut log = self.reject_log()?;
            let mut claim_tally = passes.tally.clone();
            let mut gathered = Gathered {
                hospice: &mut self.hospice,
                ids: ids.as_mut(),
                tally: &mut claim_tally,
                rejects: &mut log,
            };
            let outcome = claims::run(
                self.plan,
                sources,
                &claims,
                &passes.indexed,
                self.options,
                self.joins.then_some(self.loaded.as_deref().unwrap_or(&self.index)),
                &mut tables,
                &mut gathered,
            )?;
            match outcome {
                Outcome::Done(claim_reports) => {
                    self.keep_reports(sources, &claims, claim_reports, &mut passes.reports)?;
                    passes.tally = claim_tally;
                    passes.logs.push(log);
                    return Ok((tables, ids));
                }
                Outcome::PeopleAmongClaims => {
                    abandon(tables)?;
                    self.restarted = true;
                    self.hospice = HospiceRanges::default();
                    let rest: Vec<usize> =
                        (0..sources.len()).filter(|number| !passes.indexed[*number]).collect();
                    self.index_people(sources, &rest, passes)?;
                    passes.indexed.fill(true);
                }
            }
        }
    }

    fn reject_log(&self) -> Result<RejectLog, Error> {
        self.stage.map_or_else(|| Ok(RejectLog::of_places(self.most_places)), RejectLog::new)
    }

    fn index_people(
        &mut self,
        sources: &[Source],
        numbers: &[usize],
        passes: &mut Passes,
    ) -> Result<(), Error> {
        if numbers.is_empty() {
            return Ok(());
        }
        let mut log = self.reject_log()?;
        let outcome = people::run(
            self.plan,
            sources,
            numbers,
            self.options,
            &mut self.index,
            &mut passes.tally,
            &mut log,
        )?;
        passes.logs.push(log);
        self.keep_reports(sources, numbers, outcome.reports, &mut passes.reports)?;
        passes.with_claims.extend(outcome.with_claims);
        Ok(())
    }

    fn keep_reports(
        &mut self,
        sources: &[Source],
        numbers: &[usize],
        new: Vec<SourceReport>,
        reports: &mut [Option<SourceReport>],
    ) -> Result<(), Error> {
        for (number, report) in numbers.iter().zip(new) {
            self.bytes_read += report.raw_bytes;
            // People of one content and claims of another would be joined.
            let earlier = reports[*number].as_ref().and_then(|earlier| earlier.blake3);
            if earlier.is_some_and(|earlier| report.blake3.is_some_and(|now| now != earlier)) {
                let name = sources[*number].file.name();
                return Err(Error::failed(format!("{name}: the file changed while it was read")));
            }
            reports[*number] = Some(report);
        }
        Ok(())
    }

    fn warn_of_dates(&mut self, sources: &[Source]) {
        let count = |origin| {
            sources
                .iter()
                .filter(|source| source.date_origin == origin && !source.only_people)
                .count()
        };
        let modified = count(FileDateOrigin::FileModified);
        if modified > 0 {
            self.warnings.push(format!(
                "no export manifest tells the date of {modified} input file{}: FILE_DATE is the \
                 modification date; --file-date sets it",
                if modified == 1 { "" } else { "s" }
            ));
        }
        if count(FileDateOrigin::Unknown) > 0 {
            self.warnings.push(
                "nothing tells the date of the input: FILE_DATE and BENE_AGE are null; --file-date \
                 sets it"
                    .to_owned(),
            );
        }
    }

    pub(crate) fn write_people(
        &self,
        sources: &[Source],
        tables: &mut impl Rows,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let wanted: Vec<Table> = tables
            .names()
            .into_iter()
            .filter(|table| matches!(table, Table::Cclf8 | Table::Cclf9))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let lineages: Vec<Lineage> = sources.iter().map(|source| source.lineage.clone()).collect();
        let mut people = PeopleTables::new(self.plan, &wanted, &self.options.columns);
        let mut write = |people: &mut PeopleTables| {
            let batches = people.finish().map_err(|_| Error::unbuilt())?;
            batches.into_iter().try_for_each(|(table, batch)| tables.write(table, batch))
        };
        for beneficiary in self.index.in_order() {
            people.append(&self.index, beneficiary, &self.hospice, &lineages);
            if people.rows() >= PEOPLE_ROWS {
                if self.options.cancel.is_cancelled() {
                    return Err(Error::cancelled());
                }
                write(&mut people)?;
            }
        }
        write(&mut people)?;
        tally.untranslated.add(&people.take_untranslated(), 1);
        Ok(())
    }

    fn finish(
        &mut self,
        sources: &[Source],
        (mut passes, mut tables, ids): (Passes, Tables, Duplicates<'_>),
        stage: &Stage,
        reject_stage: Option<Stage>,
        started: Instant,
    ) -> Result<(Report, Vec<String>), Error> {
        let options = self.options;
        no_export::refuse(sources, &passes)?;
        self.write_people(sources, &mut tables, &mut passes.tally)?;
        let repeated_claim_ids = ids.count()?;
        let tables = tables.finish(stage, options)?;
        self.warn_of_ends(sources, &passes);
        let Passes { reports, tally, logs: reject_logs, .. } = passes;
        let report = self.report(sources, reports, &tally, tables, repeated_claim_ids, started);
        if options.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let reject_files = match (&options.output, reject_stage) {
            (Output::Folder(_) | Output::Objects(_), _) => {
                rejects::publish(reject_logs, stage, "rejects/")?
            }
            (Output::Stdout, Some(stage)) => {
                let files = rejects::publish(reject_logs, &stage, "")?;
                // An earlier result that stays behind is cleared away by the next run.
                let _ = stage.commit(&manifest::text(&report, &files, &self.exports))?;
                files
            }
            (Output::Stdout, None) => Vec::new(),
        };
        Ok((report, reject_files))
    }

    /// What the user should know of the records and files that were read.
    pub(crate) fn warn_of_ends(&mut self, sources: &[Source], passes: &Passes) {
        let Passes { reports, tally, .. } = passes;
        if self.index.patients() == 0 && tally.unmatched_claims > 0 {
            self.warnings.push(
                "no Patient in the input: BENE_MBI_ID is null on every row; export Patient too, or name \
                 it with --patients"
                    .to_owned(),
            );
        }
        // Of people that are read for the parts of a scan: runs and whole scans do not come here.
        if tally.read() > 0 && tally.rejected() == tally.read() {
            self.warnings.push("every record was rejected: is this an export of BCDA?".to_owned());
        }
        let too_long: u64 = reports.iter().flatten().map(|report| report.too_long_lines).sum();
        if too_long > 0 {
            let kept = match self.stage {
                Some(_) => "rejects.csv lists them, rejects.ndjson does not hold them",
                None => "they were rejected",
            };
            self.warnings
                .push(format!("{too_long} line(s) were longer than --max-line-bytes: {kept}"));
        }
        self.warn_of_files(sources, passes);
    }

    /// What the user should know of the files alone.
    pub(crate) fn warn_of_files(&mut self, sources: &[Source], passes: &Passes) {
        let read = sources.iter().zip(&passes.reports);
        let read = read.filter_map(|(source, report)| Some((&source.file, report.as_ref()?)));
        self.warnings.extend(report::warnings(read));
    }

    pub(crate) fn report(
        &self,
        sources: &[Source],
        reports: Vec<Option<SourceReport>>,
        tally: &Tally,
        tables: Vec<crate::report::TableReport>,
        repeated_claim_ids: u64,
        started: Instant,
    ) -> Report {
        let inputs = sources
            .iter()
            .zip(reports)
            .map(|(source, report)| {
                let report = report.unwrap_or_default();
                let hash = report.blake3.map(|hash| blake3::Hash::from(hash).to_hex().to_string());
                InputReport {
                    name: source.file.name().to_owned(),
                    bytes: report.raw_bytes,
                    blake3: hash.unwrap_or_default(),
                    lines: report.lines,
                    frames_without_checksum: report.frames_without_checksum,
                    grew: report.grew,
                    file_date: source.lineage.file_date.map(|days| {
                        let (year, month, day) = civil_from_days(days);
                        format!("{year:04}-{month:02}-{day:02}")
                    }),
                    file_date_from: source.date_origin,
                }
            })
            .collect();
        Report {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            crosswalk_version: CROSSWALK_VERSION.to_owned(),
            records: Counts {
                read: tally.read(),
                with_rows: tally.with_rows,
                joined: tally.joined,
                without_rows: tally.without_rows,
                skipped_by_type: tally.skipped,
                rejected: tally.rejected(),
            },
            rejected_by_class: tally
                .rejected
                .iter()
                .map(|(class, count)| (class.name().to_owned(), *count))
                .collect(),
            tables,
            inputs,
            left_aside: self.left_aside.clone(),
            beneficiaries: self.index.patients(),
            claims_without_patient: self.joins.then_some(tally.unmatched_claims),
            repeated_claim_ids,
            superseded_patients: self.index.superseded_patients(),
            superseded_coverages: self.index.superseded_coverages(),
            partial_dates: tally.partial_dates,
            untranslated_states: tally.untranslated.states,
            untranslated_codes: tally.untranslated.codes,
            untranslated_zips: tally.untranslated.zips,
            claims_not_active: crate::report::by_status(&tally.not_active),
            restarted: self.restarted,
            warnings: self
                .warnings
                .iter()
                .map(|text| ndjson_io::shown(text).into_owned())
                .collect(),
            seconds: started.elapsed().as_secs_f64(),
            bytes_read: self.bytes_read,
        }
    }
}

//! What a scan does on its thread: the passes over the whole input, or over the claims of a part.

use std::sync::atomic::Ordering;
use std::time::Instant;

use cclf_crosswalk::Plan;
use cclf_crosswalk::arrow::array::RecordBatch;
use crossbeam_channel::Sender;
use ndjson_io::Discovered;

use super::batches::Batches;
use super::index_file;
use super::options::{People, ScanOptions};
use super::part::{Part, Piece, source};
use super::report::ScanReport;
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::sources::Source;
use crate::pass::first_bad::first_bad;
use crate::pass::no_export;
use crate::pass::tally::Tally;
use crate::run::{Passes, Run};

/// How the scan ended.
pub(super) type End = Result<ScanReport, Error>;

/// The whole scan, on its thread.
pub(super) fn run(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let asked = options.as_run();
    let in_order = files.sources.clone();
    let ended = match &options.part {
        Some(part) => read_part(options, part, elsewhere, reader),
        None => passes(options, files, patients, elsewhere, reader),
    };
    match ended {
        // A part is read in one pass, in its order.
        Err(error) if error.is_of_a_record() && options.part.is_none() => {
            Err(first_bad(&in_order, &asked)?.unwrap_or(error))
        }
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            Err(Error::new(ErrorKind::Cancelled, "interrupted; not all rows were handed out"))
        }
        ended => ended,
    }
}

fn passes(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let started = Instant::now();
    let asked = options.as_run();
    let mut run = Run::of_scan(&asked, options.most_places, elsewhere.clone());
    let sources = run.examine(files, patients)?;
    let mut passes = run.people_first(&sources, options.people == People::Anywhere)?;
    let begin = || Ok(Batches::of(options, reader));
    let (mut rows, _) = run.claims(&sources, &mut passes, begin, Batches::abandon)?;
    no_export::refuse(&sources, &passes)?;
    run.write_people(&sources, &mut rows, &mut passes.tally)?;
    let rows = rows.finish(Plan::stu3())?;
    run.warn_of_ends(&sources, &passes);
    Ok(report(options, &run, &sources, passes, rows, started))
}

/// What the passes of a scan came to.
pub(super) fn report(
    options: &ScanOptions,
    run: &Run<'_>,
    sources: &[Source],
    passes: Passes,
    rows: u64,
    started: Instant,
) -> ScanReport {
    let report = run.report(sources, passes.reports, &passes.tally, Vec::new(), 0, started);
    let places = passes.logs.into_iter().flat_map(crate::pass::rejects::RejectLog::into_places);
    ScanReport::new(options.table.name(), rows, places.collect(), report)
}

/// The scan of a part, on its thread.
fn read_part(
    options: &ScanOptions,
    part: &Part,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let started = Instant::now();
    let asked = options.as_run();
    let mut run = Run::of_scan(&asked, options.most_places, elsewhere.clone());
    let sources = part.pieces.iter().map(|piece| source(piece, elsewhere));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let bytes =
        |piece: &Piece| piece.bytes.as_ref().map_or(piece.file_bytes, |own| own.end - own.start);
    let total = part.pieces.iter().map(bytes).sum();
    options.progress.total_bytes.store(total, Ordering::Relaxed);
    let unchanged =
        |people: &[Piece]| people.iter().try_for_each(|piece| source(piece, elsewhere).map(drop));
    unchanged(&part.people)?;
    if run.joins() {
        let Some((path, key)) = &part.index else {
            return Err(Error::usage("the part was cut for a table that joins no claims"));
        };
        let loaded = index_file::load(path, key, options.max_people)?;
        unchanged(&loaded.people)?;
        run.join_through(loaded.index);
    }
    let indexed: Vec<bool> = part.pieces.iter().map(|piece| piece.indexed).collect();
    let mut passes = Passes {
        reports: vec![None; sources.len()],
        with_claims: (0..sources.len()).filter(|number| indexed[*number]).collect(),
        indexed,
        tally: Tally::default(),
        logs: Vec::new(),
    };
    let begin = || Ok(Batches::of(options, reader));
    let (rows, _) = run.claims(&sources, &mut passes, begin, |_| {
        Err(Error::usage(
            "Patients or Coverages stand among the claims of the input: ask for people=\"anywhere\", which reads \
             every file for people first",
        ))
    })?;
    let rows = rows.finish(Plan::stu3())?;
    run.warn_of_files(&sources, &passes);
    Ok(report(options, &run, &sources, passes, rows, started))
}

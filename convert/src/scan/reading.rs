//! What a scan does on its thread: the passes over the whole input, or over the claims of a part.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cclf_crosswalk::arrow::array::RecordBatch;
use crossbeam_channel::Sender;
use ndjson_io::Discovered;

use super::batches::Batches;
use super::index_file;
use super::options::{People, ScanOptions};
use super::part::{Part, Piece, source};
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::known::Known;
use crate::input::sources::Input;
use crate::input::version::{Foreign, Version};
use crate::options::{Drift, joins};
use crate::out::place::open_temporary;
use crate::pass::context::{Found, Pass};
use crate::pass::outcome::scan_report;
use crate::pass::rejects::Aside;
use crate::pass::{claims, latest, no_export, people, summaries};
use crate::report::ScanReport;
use crate::warnings;

/// How a scan ended.
pub(super) type End = Result<ScanReport, Error>;

/// What the passes of a scan are told.
pub(super) fn pass<'o>(
    options: &'o ScanOptions,
    version: Version,
    input: &'o Input,
    foreign: &'o OnceLock<Foreign>,
) -> Pass<'o> {
    Pass {
        plan: options.reading.plan(version.api, &options.columns),
        version,
        foreign,
        input,
        reading: &options.reading,
        columns: &options.columns,
        joins: joins(&options.made(), &options.columns),
        latest: None,
        earlier: None,
        keeps_state: false,
        drift: Drift::None,
        aside: Aside::Places(options.most_places),
    }
}

/// Reads the people, in the files of theirs or in all.
pub(super) fn people_first(
    options: &ScanOptions,
    pass: &Pass<'_>,
    found: &mut Found,
) -> Result<(), Error> {
    match options.people {
        People::InFilesOfTheirs => people::read_first(pass, found),
        People::Anywhere => people::read_all(pass, found),
    }
}

/// The whole scan, on its thread.
pub(super) fn run(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let rows = || Ok(Batches::of(options, reader));
    let ended = match &options.part {
        Some(part) => read_part(options, part, elsewhere, rows),
        None => read_whole(options, files, patients, elsewhere, rows),
    };
    match ended {
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            Err(Error::new(ErrorKind::Cancelled, "interrupted; not all rows were handed out"))
        }
        ended => ended.map_err(|error| error.spelled(options.reading.spelling)),
    }
}

fn read_whole(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    rows: impl Fn() -> Result<Batches, Error>,
) -> End {
    let started = Instant::now();
    let mut input = Input::examine(files, patients, &options.reading, elsewhere, Known::default())?;
    let version = Version::settle(&mut input.sources, &options.reading)?;
    let foreign = OnceLock::new();
    let pass = pass(options, version, &input, &foreign);
    let mut found = Found::new(&pass);
    let mut latest = None;
    if input.keeps_latest() {
        let stage = open_temporary("scan")?;
        let anywhere = options.people == People::Anywhere;
        latest = Some(latest::find(&pass, &mut found, stage.spools(), anywhere)?);
    } else {
        people_first(options, &pass, &mut found)?;
    }
    let pass = Pass { latest: latest.as_ref(), ..pass };
    let mut rows = claims::read(&pass, &mut found, rows)?;
    no_export::refuse(&pass, &found)?;
    summaries::write(&pass, &mut found, &mut rows)?;
    let rows = rows.finish(pass.plan)?;
    let warnings = warnings::of_records(&pass, &found);
    let report = found.report(&pass, Vec::new(), &warnings, started);
    Ok(scan_report(options.table, rows, found.rejects, report))
}

fn read_part(
    options: &ScanOptions,
    part: &Part,
    elsewhere: &Elsewhere,
    rows: impl Fn() -> Result<Batches, Error>,
) -> End {
    let started = Instant::now();
    let sources = part.pieces.iter().map(|piece| source(piece, elsewhere));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    let input = Input { sources, ..Input::default() };
    let foreign = OnceLock::new();
    let pass = pass(options, part.version(), &input, &foreign);
    let bytes =
        |piece: &Piece| piece.bytes.as_ref().map_or(piece.file_bytes, |own| own.end - own.start);
    let total = part.pieces.iter().map(bytes).sum();
    options.reading.progress.total_bytes.store(total, Ordering::Relaxed);
    let unchanged =
        |people: &[Piece]| people.iter().try_for_each(|piece| source(piece, elsewhere).map(drop));
    unchanged(&part.people)?;
    let mut found = Found::new(&pass);
    if pass.joins {
        let Some((path, key)) = &part.index else {
            return Err(Error::usage("the part was cut for a table that joins no claims"));
        };
        let loaded = index_file::load(path, key, options.reading.max_people)?;
        unchanged(&loaded.people)?;
        found.loaded = Some(loaded.index);
    }
    found.indexed = part.pieces.iter().map(|piece| piece.indexed).collect();
    found.with_claims = (0..found.indexed.len()).filter(|number| found.indexed[*number]).collect();
    let rows = claims::read(&pass, &mut found, rows)?.finish(pass.plan)?;
    let warnings = warnings::of_sources(&pass, &found);
    let report = found.report(&pass, Vec::new(), &warnings, started);
    Ok(scan_report(options.table, rows, found.rejects, report))
}

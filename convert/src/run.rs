//! The run from inputs to published tables: people, then claims, then summaries, then publish.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cclf_crosswalk::Table;
use ndjson_io::SourceFile;

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::find;
use crate::input::known::Known;
use crate::input::sources::Input;
use crate::input::version::{Foreign, Version};
use crate::options::{Keep, Options, Output, joins};
use crate::out::place::Place;
use crate::out::tables::Tables;
use crate::pass::context::{Found, Pass};
use crate::pass::left_out::Latest;
use crate::pass::rejects::Aside;
use crate::pass::{claims, latest, no_export, people, stream, summaries};
use crate::report::{Report, StageReport};
use crate::setting::{Setting, said};
use crate::state::{self, About, State};
use crate::update::{Before, Changes, ChangesPlace, Fates, WithChanges, carry_all};
use crate::warnings;

/// Converts the inputs.
///
/// # Errors
/// Why nothing was published; see [`ErrorKind`](crate::ErrorKind) for the exit code of each class.
/// Rejected records are no error: the report counts them.
pub fn run(options: &Options) -> Result<Report, Error> {
    convert(options).map_err(|error| error.spelled(options.reading.spelling))
}

fn convert(options: &Options) -> Result<Report, Error> {
    let started = Instant::now();
    check(options)?;
    let options = &options.with_keep();
    let reading = &options.reading;
    let elsewhere = Elsewhere::new(&reading.cancel);
    let files = find::inputs(reading, &options.places(), &elsewhere)?;
    let patients = find::patients(reading, &files.sources, &elsewhere)?;
    find::refuse_one_stream_for_both(&files.sources, &patients.sources)?;
    let is_stream = files.sources.iter().any(SourceFile::is_stream);
    let mut place = Place::open(options, &elsewhere)?;
    let mut input = Input::examine(files, patients, reading, &elsewhere, Known::default())?;
    let mut version = Version::settle(&mut input.sources, reading)?;
    loop {
        let foreign = OnceLock::new();
        let ended = run_as(options, version, &input, place, &foreign, (started, None));
        // What nothing had told a record has told now; a stream is read once.
        let told = foreign.get().filter(|_| !is_stream && ended.is_err());
        match told.and_then(|foreign| version.instead(foreign)) {
            Some(instead) => version = instead,
            None => return ended,
        }
        place = Place::open(options, &elsewhere)?;
    }
}

/// What a run goes on from, and where what it changes goes besides.
pub(crate) struct Earlier<'e> {
    pub(crate) state: &'e State,
    pub(crate) changes: Option<ChangesPlace>,
}

/// The run over input of a version of the API, since when it began, on top of an earlier result if there is one; `foreign`
/// is the first record of another version, if it ends the run.
pub(crate) fn run_as(
    options: &Options,
    version: Version,
    input: &Input,
    place: Place<'_>,
    foreign: &OnceLock<Foreign>,
    (started, earlier): (Instant, Option<Earlier<'_>>),
) -> Result<Report, Error> {
    let (earlier, changes_place) =
        earlier.map_or((None, None), |earlier| (Some(earlier.state), earlier.changes));
    let reading = &options.reading;
    let plan = reading.plan(version.api, &options.columns);
    let is_stream = input.sources.iter().any(|source| source.file.is_stream());
    let pass = Pass {
        plan,
        version,
        foreign,
        input,
        reading,
        columns: &options.columns,
        joins: joins(&options.tables, &options.columns),
        latest: None,
        earlier,
        keeps_state: options.keeps_state(input.keep),
        drift: reading.drift,
        aside: Aside::Spools(&place.stage),
    };

    let mut stages = Stages::since(started);
    stages.end("inputs");
    let mut found = Found::new(&pass);
    let before =
        earlier.map(|state| Before::restore(state, &mut found.index, input)).transpose()?;
    let mut latest = None;
    if input.keeps_latest() {
        latest = Some(latest::find(&pass, &mut found, place.stage.spools(), false)?);
    } else {
        people::read_first(&pass, &mut found)?;
    }
    stages.end(if latest.is_some() { "latest" } else { "people" });
    let chosen = latest.as_mut().and_then(Latest::take_chosen);
    let pass = Pass { latest: latest.as_ref(), ..pass };
    let fates = match (earlier, &before, &latest) {
        (Some(state), Some(before), Some(latest)) => {
            Some((state, Fates::of(state, before, latest, &found.index, input)?))
        }
        _ => None,
    };
    let (carried, carrying) = (Cell::new(None), Cell::new(Duration::ZERO));
    let begin = || {
        let begun = Instant::now();
        let mut tables = Tables::begin(options, plan, &place.stage)?;
        let mut changes = None;
        if let Some((state, fates)) = &fates {
            carried.set(Some(carry_all(state, fates, plan, reading, &mut tables)?));
            changes = changes_place.as_ref().map(|own| Changes::begin(own, plan)).transpose()?;
            changes.as_mut().map_or(Ok(()), |changes| changes.carry(state, fates, plan))?;
            carrying.set(carrying.get() + begun.elapsed());
        }
        Ok(WithChanges { tables, changes })
    };
    let WithChanges { mut tables, changes } = if is_stream {
        let tables = stream::read(&pass, &mut found, &place.stage, begin()?.tables)?;
        WithChanges { tables, changes: None }
    } else {
        claims::read(&pass, &mut found, begin)?
    };
    if fates.is_some() {
        stages.end_within("carried", carrying.get());
    }
    stages.end("claims");
    no_export::refuse(&pass, &found)?;
    if let Some((_, fates)) = &fates {
        fates.add_stays(&mut found.hospice);
    }
    summaries::write(&pass, &mut found, &mut tables)?;
    let tables = tables.finish()?;
    stages.end("summaries");
    let warnings = warnings::of_records(&pass, &found);
    let mut report = found.report(&pass, tables, &warnings, started);
    report.carried = carried.take();
    if let (Some(carried), Some(state)) = (&mut report.carried, earlier) {
        carried.filled_before = state.filled(&reading.cancel)?;
    }
    if let (Some(latest), Some(chosen)) = (&latest, chosen) {
        let about = About::of(options, input, &report);
        let (index, deletions) = (&found.index, &input.deletions);
        report.state = state::write(&place.stage, &about, index, deletions, latest, chosen)?;
        stages.end("state");
    }
    report.stages = stages.list.clone();
    if let Some(state) = earlier {
        state.is_still_there()?;
        let ended = changes.map(|changes| changes.finish(state, place.stage.dir())).transpose()?;
        if let Some((place, ended)) = changes_place.zip(ended) {
            place.publish(ended, &report, &input.exports)?;
        }
    }
    place.publish(&mut report, found.rejects, &input.exports)?;
    stages.end("publish");
    report.stages = stages.list;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// How long each stage took.
struct Stages {
    /// When the last one ended.
    last: Instant,
    list: Vec<StageReport>,
}

impl Stages {
    fn since(started: Instant) -> Self {
        Self { last: started, list: Vec::new() }
    }

    /// A stage ends, and the next one begins.
    fn end(&mut self, name: &str) {
        let now = Instant::now();
        self.push(name, now.saturating_duration_since(self.last));
        self.last = now;
    }

    /// A stage took so long of the one that has not ended.
    fn end_within(&mut self, name: &str, took: Duration) {
        self.push(name, took);
        self.last += took;
    }

    fn push(&mut self, name: &str, took: Duration) {
        self.list.push(StageReport { name: name.to_owned(), seconds: took.as_secs_f64() });
    }
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
        return Err(Error::usage(said![
            Setting::Output,
            " - writes one table; name it with ",
            Setting::Tables
        ]));
    }
    if options.output != Output::Stdout && options.rejects.is_some() {
        return Err(Error::usage(said![
            Setting::Rejects,
            " goes with ",
            Setting::Output,
            " -; with a folder the rejects are published in it"
        ]));
    }
    if options.updatable && !options.is_whole() {
        return Err(Error::usage(said![
            Setting::Updatable,
            " goes with the Parquet files of all tables, with all columns and lineage: that is what later exports bring up to \
             date"
        ]));
    }
    if options.updatable && options.reading.keep == Some(Keep::All) {
        return Err(Error::usage(said![
            Setting::Updatable,
            " goes with ",
            Setting::Keep,
            " latest: what is brought up to date holds the latest versions"
        ]));
    }
    Ok(())
}

//! The run from inputs to published tables: people, then claims, then summaries, then publish.

use std::sync::OnceLock;
use std::time::Instant;

use cclf_crosswalk::Table;
use ndjson_io::SourceFile;

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::find;
use crate::input::sources::Input;
use crate::input::version::{Foreign, Version};
use crate::options::{Options, Output, joins};
use crate::out::place::Place;
use crate::out::tables::Tables;
use crate::pass::context::{Found, Pass};
use crate::pass::rejects::Aside;
use crate::pass::{claims, latest, no_export, people, stream, summaries};
use crate::report::Report;
use crate::setting::{Setting, said};
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
    let reading = &options.reading;
    let elsewhere = Elsewhere::new(&reading.cancel);
    let files = find::inputs(reading, &options.places(), &elsewhere)?;
    let patients = find::patients(reading, &files.sources, &elsewhere)?;
    find::refuse_one_stream_for_both(&files.sources, &patients.sources)?;
    let is_stream = files.sources.iter().any(SourceFile::is_stream);
    let mut place = Place::open(options, &elsewhere)?;
    let mut input = Input::examine(files, patients, reading, &elsewhere)?;
    let mut version = Version::settle(&mut input.sources, reading)?;
    loop {
        let foreign = OnceLock::new();
        let ended = run_as(options, version, &input, place, &foreign, started);
        // What nothing had told a record has told now; a stream is read once.
        let told = foreign.get().filter(|_| !is_stream && ended.is_err());
        match told.and_then(|foreign| version.instead(foreign)) {
            Some(instead) => version = instead,
            None => return ended,
        }
        place = Place::open(options, &elsewhere)?;
    }
}

/// The run over input of a version of the API; `foreign` is the first record of another, if it ends the run.
fn run_as(
    options: &Options,
    version: Version,
    input: &Input,
    place: Place<'_>,
    foreign: &OnceLock<Foreign>,
    started: Instant,
) -> Result<Report, Error> {
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
        aside: Aside::Spools(&place.stage),
    };

    let mut found = Found::new(&pass);
    people::read_first(&pass, &mut found)?;
    let latest = latest::if_kept(&pass, &mut found, || Ok(place.stage.spools().clone()))?;
    let pass = Pass { latest: latest.as_ref(), ..pass };
    let begin = || Tables::begin(options, plan, &place.stage);
    let mut tables = if is_stream {
        stream::read(&pass, &mut found, &place.stage, begin()?)?
    } else {
        claims::read(&pass, &mut found, begin)?
    };
    no_export::refuse(&pass, &found)?;
    summaries::write(&pass, &mut found, &mut tables)?;
    let tables = tables.finish()?;
    let warnings = warnings::of_records(&pass, &found);
    let mut report = found.report(&pass, tables, &warnings, started);
    place.publish(&mut report, found.rejects, &input.exports)?;
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
    Ok(())
}

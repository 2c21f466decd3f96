//! CMS's own files into tables.
//!
//! Files are found by their names, in folders and zips, put in the order of their deliveries, and read in one go: lines on
//! several threads ([`ndjson_io`]), decoded where they are read, written in their order.

mod delivery;
mod inputs;
mod options;
mod rejects;
mod report;
mod worker;
mod zip;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cclf_crosswalk::{Columns, Plan, days_from_civil, schema};
use convert::building::{Rows as _, Tables, open_stage};
use convert::{Cancel, Error, Options, Output, Setting, said};
use ndjson_io::{Limits, SourceReport};

use self::delivery::Laid;
use self::inputs::Members;
pub use self::options::ReadOptions;
use self::rejects::Rejects;
pub use self::report::{ReadFile, ReadReport};
use self::worker::{Source, Worker};
use crate::manifest::{MadeFrom, Written};

/// Longest line that is looked at: records have some hundred bytes.
const MOST_LINE_BYTES: usize = 1 << 16;

/// Bytes of a block. Rows of all columns of a block are in memory, and are a multiple of it.
const BLOCK_BYTES: usize = 2 << 20;

/// Reads CCLF files into tables.
///
/// # Errors
/// The inputs name nothing that can be read; records have a length that no layout has; files do not go together; too many
/// lines are bad; something cannot be read or written. Nothing is published then.
pub fn read(options: &ReadOptions) -> Result<ReadReport, Error> {
    run(options).map_err(|error| error.spelled(options.spelling))
}

fn run(options: &ReadOptions) -> Result<ReadReport, Error> {
    let started = Instant::now();
    for input in &options.inputs {
        if publish::overlaps(&options.out, input) {
            return Err(Error::usage(said![
                format!(
                    "the output and the input {} lie in one another; choose another ",
                    input.display()
                ),
                Setting::Output
            ]));
        }
    }
    let found = Members::find(&options.inputs)?;
    let mut warnings = Vec::new();
    let newest =
        found.members.iter().map(|member| (member.name.date, member.name.time.clone())).max();
    let whose: BTreeSet<&str> =
        found.members.iter().map(|member| member.name.entity.as_str()).collect();
    if whose.len() > 1 {
        warnings.push(format!(
            "files of {} participants are read into one result: whoever is in several of them is there more than once",
            whose.len()
        ));
    }
    let laid = delivery::laid(found.members, options.layout.as_deref(), &mut warnings)?;
    let plan = Plan::stu3();
    let sources: Vec<Source> = laid.into_iter().map(|laid| source_of(laid, plan)).collect();

    let mut converting = Options::new(Vec::new(), Output::Folder(options.out.clone()));
    (converting.format, converting.compression) = (options.format, options.compression);
    converting.naming = options.naming;
    converting.reading.threads = options.threads.max(1);
    let stage = open_stage(&options.out, options.overwrite, 0)?;
    let mut tables = Tables::begin(&converting, plan, &stage)?;
    let mut rejects = Rejects::new(&stage, sources.len());
    let read = lines(options, &sources, &mut tables, &mut rejects)?;
    rejects.check(options.max_rejects, read.lines, true)?;

    let rejected_by_class = rejects.by_class.clone();
    let (rejected, by_source) = (rejects.count, rejects.by_source.clone());
    let files = sources.iter().enumerate().map(|(place, source)| {
        file_of(source, read.records[place], by_source[place], &read.reports[place], &mut warnings)
    });
    let files = files.collect();
    if read.latin1 > 0 {
        warnings.push(format!(
            "{} lines have bytes above 127 that are not UTF-8; they were read as Latin-1",
            read.latin1
        ));
    }
    let mut names = rejects.finish()?;
    let mut report = ReadReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        crosswalk_version: cclf_crosswalk::CROSSWALK_VERSION.to_owned(),
        transaction_time: newest.and_then(|(day, time)| instant(day, &time)),
        tables: tables.finish()?,
        read: files,
        left_aside: found.left_aside,
        records: read.records.iter().sum(),
        rejected,
        rejected_by_class,
        latin1_lines: read.latin1,
        warnings,
        bytes_read: read.reports.iter().map(|report| report.raw_bytes).sum(),
        seconds: started.elapsed().as_secs_f64(),
    };
    if options.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    names.extend(report.tables.iter().map(|table| table.file.clone()));
    let manifest = Written::new(MadeFrom::CclfHistory, names, &report).text();
    if let Some(leftover) = stage.commit(&manifest)?.leftover {
        report.warnings.push(format!(
            "the earlier result could not be removed from {}; the next run tries again",
            leftover.display()
        ));
    }
    Ok(report)
}

/// What the lines came to.
struct Read {
    reports: Vec<SourceReport>,
    /// Rows by source.
    records: Vec<u64>,
    /// All lines that are not blank.
    lines: u64,
    latin1: u64,
}

/// Reads the lines of all files, and writes their rows.
fn lines(
    options: &ReadOptions,
    sources: &[Source],
    tables: &mut Tables<'_>,
    rejects: &mut Rejects<'_>,
) -> Result<Read, Error> {
    let files: Vec<_> = sources.iter().map(|source| source.laid.member.source.clone()).collect();
    let progress = &options.progress;
    progress
        .total_bytes
        .store(files.iter().filter_map(ndjson_io::SourceFile::len).sum(), Ordering::Relaxed);
    let reading = ndjson_io::ReadOptions {
        threads: options.threads.max(1),
        block_bytes: BLOCK_BYTES,
        limits: Limits { max_line_bytes: MOST_LINE_BYTES, ..Limits::default() },
        cancel: Cancel::flag(&options.cancel),
        progress: Some(progress.reading.clone()),
        ..ndjson_io::ReadOptions::default()
    };
    let (mut records, mut latin1, mut lines) = (vec![0; sources.len()], 0, 0);
    let mut failure = None;
    let mut sink = |rows: worker::Rows, before: &ndjson_io::Before<'_>| -> Result<(), Error> {
        latin1 += rows.latin1;
        for (source, batch) in rows.batches {
            let batch = batch.ok_or_else(Error::unbuilt)?;
            let count = batch.num_rows() as u64;
            records[source] += count;
            lines += count;
            progress.records.fetch_add(count, Ordering::Relaxed);
            tables.write(sources[source].laid.member.table, batch)?;
        }
        for bad in &rows.bad {
            lines += 1;
            let number = before.number(bad.source, bad.number);
            rejects.push(bad, number, &sources[bad.source], options.on_bad_record)?;
        }
        progress.rejects.store(rejects.count, Ordering::Relaxed);
        if rows.bad.is_empty() { Ok(()) } else { rejects.check(options.max_rejects, lines, false) }
    };
    let reports = ndjson_io::read(
        &files,
        &reading,
        |_| Worker::new(sources),
        |rows, before| match sink(rows, &before) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        },
    );
    match failure {
        Some(error) => Err(error),
        None => Ok(Read { reports: reports?, records, lines, latin1 }),
    }
}

fn source_of(laid: Laid, plan: &Plan) -> Source {
    let (year, month, day) = laid.member.name.date;
    let schema = schema(plan.crosswalk(), laid.member.table, &Columns::from(true));
    Source { day: days_from_civil(year, month, day), schema, laid }
}

/// What a file came to; a count that CCLF0 does not have is a warning.
fn file_of(
    source: &Source,
    records: u64,
    rejected: u64,
    report: &SourceReport,
    warnings: &mut Vec<String>,
) -> ReadFile {
    let Laid { member, layout, is_own, counted } = &source.laid;
    if let Some(row) = counted {
        if row.rows != records + rejected {
            warnings.push(format!(
                "{} has {} records, and CCLF0 counts {}: the file may not be whole",
                member.called,
                records + rejected,
                row.rows
            ));
        } else if row.record_length != layout.record_length() && records > 0 {
            warnings.push(format!(
                "the records of {} have {} bytes, and CCLF0 says {}",
                member.called,
                layout.record_length(),
                row.record_length
            ));
        }
    }
    let (year, month, day) = member.name.date;
    ReadFile {
        name: member.called.clone(),
        table: member.table.name().to_owned(),
        file_date: format!("{year:04}-{month:02}-{day:02}"),
        bytes: report.raw_bytes,
        record_length: layout.record_length(),
        layouts: if *is_own { "own".to_owned() } else { delivery::words(layout.versions()) },
        records,
        rejected,
        counted: counted.map(|row| row.rows),
    }
}

/// An instant of the day and the time in a name: hours, minutes, seconds, tenths.
fn instant((year, month, day): cclf_files::Day, time: &str) -> Option<String> {
    let two = |at: usize| time.get(at..at + 2)?.parse::<u8>().ok();
    let (hour, minute, second) = (two(0)?, two(2)?, two(4)?);
    let tenth = time.get(6..7)?;
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{tenth}Z");
    text.parse::<jiff::Timestamp>().ok().map(|instant| instant.to_string())
}

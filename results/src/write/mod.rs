//! CMS's files from finished tables.
//!
//! Ids are looked at first: which claims count, and which need a number. Then the tables are encoded, one after the other.
//! Where something does not fit, its claim has no record anywhere, so that the tables are encoded once more without it.

mod claims;
mod encoded;
mod files;
mod options;
mod report;
mod surrogates;

use std::path::{Path, PathBuf};
use std::time::Instant;

use cclf_crosswalk::arrow::array::AsArray;
use cclf_crosswalk::arrow::datatypes::Date32Type;
use cclf_files::{Delivery, Moment};
use convert::{Error, ErrorKind, Setting, said};
use jiff::Timestamp;
use publish::{Stage, StageOptions};
use serde::{Deserialize, Serialize};

use self::claims::Claims;
use self::encoded::{Encoding, Misfits};
use self::files::Files;
pub use self::options::{DeliveryOptions, WriteOptions};
pub use self::report::{LeftOutClaims, NotWritten, SurrogateCounts, WriteReport, WrittenFile};
use self::surrogates::Surrogates;
use crate::finished::{Finished, Source};
use crate::rows::Reader;

/// The file that ends a folder of CCLF files.
pub const CCLF_MANIFEST: &str = "cclf-manifest.json";

/// The list of what did not fit.
const REJECTS: &str = "rejects/not-written.csv";
const REJECTS_HEADER: &[u8] = b"table,row,class,column\n";

/// What the manifest says besides the report.
#[derive(Serialize)]
struct Manifest<'r> {
    schema_version: u32,
    files: Vec<String>,
    #[serde(flatten)]
    report: &'r WriteReport,
}

#[derive(Deserialize)]
struct Earlier {
    files: Vec<String>,
}

/// A folder that CCLF files will be in, with its lock.
#[derive(Debug)]
pub struct WritePlace(Stage);

impl WritePlace {
    /// Looks whether files may be published there, and begins it.
    ///
    /// # Errors
    /// As [`Stage::open`].
    pub fn open(out: &Path, overwrite: bool) -> Result<Self, Error> {
        let options =
            StageOptions { overwrite, manifest_name: CCLF_MANIFEST.to_owned(), keep_previous: 0 };
        let owned = |folder: &Path| {
            let path = folder.join(CCLF_MANIFEST);
            if !path.is_file() {
                return Ok(None);
            }
            let text =
                std::fs::read(&path).map_err(|error| publish::Error::io("read", &path, error))?;
            Ok(serde_json::from_slice::<Earlier>(&text).ok().map(|earlier| earlier.files))
        };
        Ok(Self(Stage::open(out, &options, owned)?))
    }

    /// A private folder for tables that the files are made of; it is gone when they are published.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn scratch(&self) -> Result<PathBuf, Error> {
        Ok(self.0.scratch()?)
    }
}

/// Writes CCLF files.
///
/// # Errors
/// The tables are no result of this program, or lack what is needed; the names cannot be made; more does not fit than is
/// allowed; something cannot be read or written. Nothing is published then.
pub fn write(options: &WriteOptions) -> Result<WriteReport, Error> {
    write_into(options, |options| {
        if publish::overlaps(&options.out, &options.tables) {
            return Err(Error::usage(said![
                "the output and the tables lie in one another; choose another ",
                Setting::Output
            ]));
        }
        WritePlace::open(&options.out, options.overwrite)
    })
}

/// Writes CCLF files into a place that was opened before.
///
/// # Errors
/// As [`write()`].
pub fn write_at(options: &WriteOptions, place: WritePlace) -> Result<WriteReport, Error> {
    write_into(options, |_| Ok(place))
}

fn write_into(
    options: &WriteOptions,
    place: impl FnOnce(&WriteOptions) -> Result<WritePlace, Error>,
) -> Result<WriteReport, Error> {
    let run = || {
        let started = Instant::now();
        options.delivery.check(&options.out)?;
        options.delivery.keep_map_out_of(&options.tables)?;
        let finished = Finished::open(&options.tables, options.source)?;
        let place = place(options)?;
        written(options, &finished, place.0, started)
    };
    run().map_err(|error| error.spelled(options.spelling))
}

impl DeliveryOptions {
    /// Refuses what cannot be, before anything is done for it.
    ///
    /// # Errors
    /// The participant is none of the program, the program has no run-out, the map of numbers lies in the output.
    pub fn check(&self, out: &Path) -> Result<(), Error> {
        let any = Moment { year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0, tenth: 0 };
        let year = self.performance_year.unwrap_or(26);
        let named = Delivery::new(self.program, &self.aco, year, self.runout, any);
        named.map_err(|fault| Error::usage(fault.to_string()))?;
        self.keep_map_out_of(out)
    }

    /// Refuses a map of numbers that lies in a folder which comes and goes.
    fn keep_map_out_of(&self, folder: &Path) -> Result<(), Error> {
        let is_in = |map: &PathBuf| publish::overlaps(folder, map);
        if !self.surrogate_ids.as_ref().is_some_and(is_in) {
            return Ok(());
        }
        Err(Error::usage(said![
            "the map of ",
            Setting::SurrogateIds,
            format!(
                " lies in {}; keep it outside, since it goes on from run to run",
                folder.display()
            )
        ]))
    }
}

fn written(
    options: &WriteOptions,
    finished: &Finished,
    stage: Stage,
    started: Instant,
) -> Result<WriteReport, Error> {
    let asked = &options.delivery;
    let mut warnings = Vec::new();
    let reader = Reader { threads: options.threads, cancel: &options.cancel };
    let (made_at, year) = made_at(finished, asked, reader, &mut warnings)?;
    let delivery = Delivery::new(asked.program, &asked.aco, year, asked.runout, moment(made_at));
    let delivery = delivery.map_err(|fault| Error::usage(fault.to_string()))?;
    let only_final = finished.source != Source::Cclf && !asked.all_versions;
    if asked.all_versions && finished.source != Source::Cclf {
        warnings.push(
            "all versions are written: claims that are not final count twice where a loader adds them up".to_owned(),
        );
    }
    let map = asked.surrogate_ids.as_deref().map(Surrogates::read).transpose();
    let mut surrogates = map?;
    let claims = Claims::find(finished, only_final, surrogates.as_mut(), reader)?;
    let people = claims::people(finished, reader)?;
    let encoding = Encoding { claims: &claims, surrogates: surrogates.as_ref(), reader };

    let mut misfits = Misfits::default();
    let mut files = Files::new(&stage, &delivery, asked.zip.then_some(made_at))?;
    files.write(finished, &encoding, &mut misfits)?;
    if misfits.count() > 0 {
        let read = claims.count + people;
        if asked.max_rejects.exceeded(misfits.count(), read) {
            return Err(too_many(&misfits, read));
        }
        files.take_back()?;
        files = Files::new(&stage, &delivery, asked.zip.then_some(made_at))?;
        files.write(finished, &encoding, &mut misfits)?;
    }
    let zip = files.zip_name();
    let written = files.finish()?;
    let mut names: Vec<String> = match &zip {
        Some(zip) => vec![zip.clone()],
        None => written.iter().map(|file| file.file.clone()).collect(),
    };
    if options.keep_rejects {
        names.extend(keep_rejects(options, finished, &stage)?);
    }
    if misfits.count() > 0 {
        let mut list = stage.create(REJECTS)?;
        let text = [REJECTS_HEADER, &misfits.list].concat();
        std::io::Write::write_all(&mut list, &text)
            .map_err(|error| Error::failed(format!("write of {REJECTS} failed: {error}")))?;
        list.finish()?;
        names.push(REJECTS.to_owned());
        if misfits.has_ids && surrogates.is_none() {
            warnings.push(format!(
                "claims whose id is not 1 to 13 digits have no records; {} MAP.csv gives them numbers",
                (options.spelling)(Setting::SurrogateIds)
            ));
        }
    }
    let mut report = WriteReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        crosswalk_version: cclf_crosswalk::CROSSWALK_VERSION.to_owned(),
        source: finished.source.name().to_owned(),
        made_at: made_at.to_string(),
        zip,
        written,
        claims: claims.count,
        people,
        left_out: claims.left_out,
        rejected: NotWritten {
            claims: misfits.claims.len() as u64,
            people: misfits.people.len() as u64,
            by_class: misfits
                .by_class
                .into_iter()
                .map(|(class, n)| (class.to_owned(), n))
                .collect(),
            by_column: misfits.by_column,
        },
        surrogates: surrogates.as_ref().map(|map| {
            let (given, kept) = map.counts();
            SurrogateCounts { given, kept }
        }),
        warnings,
        seconds: 0.0,
    };
    if options.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    // Numbers are kept before anybody sees them: a claim never gets two.
    if let Some(map) = &mut surrogates {
        map.keep()?;
    }
    report.seconds = started.elapsed().as_secs_f64();
    let manifest = Manifest { schema_version: 1, files: names, report: &report };
    let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    text.push(b'\n');
    if let Some(leftover) = stage.commit(&text)?.leftover {
        report.warnings.push(format!(
            "the earlier result could not be removed from {}; the next run tries again",
            leftover.display()
        ));
    }
    Ok(report)
}

/// Takes the rejects of the tables over; gives their names.
fn keep_rejects(
    options: &WriteOptions,
    finished: &Finished,
    stage: &Stage,
) -> Result<Vec<String>, Error> {
    let listed = finished.manifest.iter().flat_map(|manifest| &manifest.files);
    let names: Vec<String> = listed.filter(|name| name.starts_with("rejects/")).cloned().collect();
    for name in &names {
        let mut kept = stage.create(name)?;
        std::fs::File::open(options.tables.join(name))
            .and_then(|mut rejects| std::io::copy(&mut rejects, &mut kept))
            .map_err(|error| Error::failed(format!("copy of {name} failed: {error}")))?;
        kept.finish()?;
    }
    Ok(names)
}

/// The moment that the names tell, and the performance year.
fn made_at(
    finished: &Finished,
    asked: &DeliveryOptions,
    reader: Reader<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Timestamp, u8), Error> {
    let manifest = finished.manifest.as_ref();
    let mut made_at = manifest.and_then(crate::manifest::Manifest::newest_time);
    if made_at.is_none() {
        made_at = newest_file_date(finished, reader)?;
        let warning = "no manifest tells when the export was made: the names have the newest FILE_DATE, and midnight";
        warnings.extend(made_at.map(|_| warning.to_owned()));
    }
    let made_at = made_at.ok_or_else(|| {
        Error::usage(format!(
            "{}: nothing tells when the tables were exported, and the names of CCLF files have a date and a time: make the \
             tables of an export that has its manifest, or with a FILE_DATE",
            finished.shown
        ))
    })?;
    let year = made_at.to_zoned(jiff::tz::TimeZone::UTC).year() - i16::from(asked.runout);
    let of_names = u8::try_from(year.rem_euclid(100)).unwrap_or_default();
    Ok((made_at, asked.performance_year.unwrap_or(of_names)))
}

/// Midnight of the newest FILE_DATE.
fn newest_file_date(finished: &Finished, reader: Reader<'_>) -> Result<Option<Timestamp>, Error> {
    let mut newest = None;
    for (_, table) in finished.tables() {
        let Ok(column) = table.schema().index_of("FILE_DATE") else { continue };
        reader.each(
            table,
            &[column],
            |_, batch| Ok(batch.column(0).as_primitive::<Date32Type>().iter().flatten().max()),
            |_, day| {
                newest = newest.max(day);
                Ok(())
            },
        )?;
    }
    let seconds = newest.map(|day| i64::from(day) * 24 * 60 * 60);
    Ok(seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()))
}

fn moment(time: Timestamp) -> Moment {
    let utc = time.to_zoned(jiff::tz::TimeZone::UTC);
    Moment {
        year: utc.year().into(),
        month: utc.month().unsigned_abs().into(),
        day: utc.day().unsigned_abs().into(),
        hour: utc.hour().unsigned_abs().into(),
        minute: utc.minute().unsigned_abs().into(),
        second: utc.second().unsigned_abs().into(),
        tenth: (utc.subsec_nanosecond() / 100_000_000).unsigned_abs(),
    }
}

/// Why nothing is published where too much does not fit.
fn too_many(misfits: &Misfits, read: u64) -> Error {
    let first = misfits.first.clone().unwrap_or_default();
    let message = said![
        format!(
            "{} of {read} claims and people do not fit CMS's layout, more than ",
            misfits.count()
        ),
        Setting::MaxRejects,
        format!(" allows; the first: {first}")
    ];
    let advice = if misfits.has_ids {
        said!["; ", Setting::SurrogateIds, " MAP.csv numbers claims whose id is not 1 to 13 digits"]
    } else {
        said![
            "; what does not fit is left out of the files where ",
            Setting::MaxRejects,
            " allows it"
        ]
    };
    Error::new(ErrorKind::BadData, message).with(advice)
}

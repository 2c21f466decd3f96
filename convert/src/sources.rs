//! Which files are read, what each seems to hold, and whether they are NDJSON at all.

use std::path::{Path, PathBuf};

use cclf_crosswalk::{Guess, Guesser, Lineage, is_enough};
use ndjson_io::{Purpose, Sniffer, SourceFile};

use crate::elsewhere::{self, Elsewhere, is_address};
use crate::error::Error;
use crate::file_date::FileDates;
use crate::options::{Cancel, Options, Output};
use crate::report::FileDateOrigin;
use crate::shared::shared;

/// How much of a file is looked at to guess what it holds: a few times the longest usual record.
pub(crate) const SNIFF_BYTES: usize = 256 << 10;

/// Fewer files than this are looked at sooner than a thread has started.
const FILES_WORTH_A_THREAD: usize = 64;

/// Files behind the one being looked at whose beginnings may come already, if they are not on this machine.
pub(crate) const PREPARED_FILES: usize = 16;

/// A file to read.
pub(crate) struct Source {
    pub(crate) file: SourceFile,
    pub(crate) lineage: Lineage,
    pub(crate) date_origin: FileDateOrigin,
    pub(crate) guess: Guess,
    /// Only its Patients and Coverages count.
    pub(crate) only_people: bool,
}

/// Finds the inputs; standard input is left for later.
pub(crate) fn find(options: &Options, elsewhere: &Elsewhere) -> Result<Vec<SourceFile>, Error> {
    let mut outputs: Vec<PathBuf> = Vec::new();
    match &options.output {
        Output::Folder(out) => outputs.push(out.clone()),
        Output::Objects(out) => outputs.push(out.into()),
        Output::Stdout => {}
    }
    outputs.extend(options.rejects.clone());
    for place in &outputs {
        for people in &options.patients {
            refuse_overlap(place, people)?;
        }
    }
    let hint = "; give Patients with --patients";
    find_in(&options.inputs, &outputs, hint, &options.cancel, elsewhere)
}

fn refuse_overlap(output: &Path, input: &str) -> Result<(), Error> {
    let place = output.to_string_lossy();
    let overlaps = match (is_address(&place), is_address(input)) {
        (false, false) => publish::overlaps(output, input.as_ref()),
        (true, true) => elsewhere::overlaps(&place, input),
        _ => false,
    };
    if !overlaps {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the output {place} and the input {input} lie in one another; choose another --out"
    )))
}

/// Finds the files of these inputs, none of which may lie in an output; none at all for standard input.
/// `hint` says what to do instead of mixing files and standard input.
pub(crate) fn find_in(
    inputs: &[String],
    outputs: &[PathBuf],
    hint: &str,
    cancel: &Cancel,
    elsewhere: &Elsewhere,
) -> Result<Vec<SourceFile>, Error> {
    let paths: Vec<String> = inputs.iter().filter(|input| *input != "-").cloned().collect();
    let stdin = inputs.iter().filter(|input| *input == "-").count();
    if stdin > 1 {
        return Err(Error::usage("standard input (-) is named more than once"));
    }
    if stdin == 1 && !paths.is_empty() {
        return Err(Error::usage(format!("standard input (-) cannot be mixed with files{hint}")));
    }
    if paths.is_empty() && stdin == 0 {
        return Err(Error::usage(
            "no input is named; give files, folders, globs or - for standard input",
        ));
    }
    for output in outputs {
        for input in &paths {
            refuse_overlap(output, input)?;
        }
    }
    let mut files =
        ndjson_io::discover_among(&paths, outputs, &cancel.0, |input| elsewhere.find(input))?;
    if let Some(other) = files.iter().find(|file| file.is_stream()) {
        return Err(Error::usage(format!(
            "{} is not a regular file; give its content on standard input (-)",
            other.path().display()
        )));
    }
    if paths.is_empty() {
        files.clear();
    }
    Ok(files)
}

/// The one file that an address names, to be read like one of this machine.
///
/// # Errors
/// It names none, or several, or it is no address; what the network gives.
pub fn remote_file(address: &str) -> Result<SourceFile, Error> {
    let elsewhere = Elsewhere::new(&Cancel::new());
    match elsewhere.find(address)? {
        Some(ndjson_io::Elsewhere::File(file)) => Ok(SourceFile::from_remote(file)),
        _ => Err(Error::usage("expected the address of one file, such as s3://BUCKET/KEY")),
    }
}

/// Finds what `--patients` names.
pub(crate) fn find_patients(
    options: &Options,
    elsewhere: &Elsewhere,
) -> Result<Vec<SourceFile>, Error> {
    if options.patients.is_empty() {
        return Ok(Vec::new());
    }
    let find = |input: &str| elsewhere.find(input);
    ndjson_io::discover_among(&options.patients, &[], &options.cancel.0, find)
}

/// Looks at each file and says what it seems to hold.
pub(crate) fn examine(
    files: Vec<SourceFile>,
    only_people: bool,
    options: &Options,
    dates: &mut FileDates,
) -> Result<Vec<Source>, Error> {
    let guesses = guess_all(&files, options)?;
    let source = |(file, guess): (SourceFile, Guess)| {
        let (file_date, date_origin) = dates.of(&file, options.file_date)?;
        let lineage = Lineage { file_name: file.name().to_owned(), file_date };
        Ok(Source { file, lineage, date_origin, guess, only_people })
    };
    files.into_iter().zip(guesses).map(source).collect()
}

/// Guesses on several threads, each with its share of the files; the first error in the order of the files counts.
fn guess_all(files: &[SourceFile], options: &Options) -> Result<Vec<Guess>, Error> {
    let share = files.len().div_ceil(options.threads.max(1)).max(FILES_WORTH_A_THREAD);
    let shares = files.chunks(share).collect();
    let guesses = shared(shares, options.threads, |share| guess_each(share, options));
    Ok(guesses.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

fn guess_each(files: &[SourceFile], options: &Options) -> Result<Vec<Guess>, Error> {
    let (mut sniffer, mut guesser) = (Sniffer::default(), Guesser::default());
    let guess = |(number, file): (usize, &SourceFile)| {
        for next in files.iter().skip(number + 1).take(PREPARED_FILES) {
            next.prepare(Purpose::Look);
        }
        if options.cancel.is_cancelled() {
            return Err(cancelled());
        }
        if file.is_stream() {
            return Ok(Guess::Claims);
        }
        match guesser.guess(sniffer.beginning(file, SNIFF_BYTES, is_enough)?) {
            Guess::NotNdjson => Err(not_ndjson(file)),
            guess => Ok(guess),
        }
    };
    files.iter().enumerate().map(guess).collect()
}

/// The error of a file that is one JSON text, not one a line.
pub(crate) fn not_ndjson(file: &SourceFile) -> Error {
    Error::bad_data(format!(
        "{}: not NDJSON: expected one JSON object on each line, found one JSON text over several lines or \
         an array; write one record a line (jq -c does)",
        file.name()
    ))
}

/// The error of a file of FHIR R4.
pub(crate) fn foreign(file: &SourceFile, number: u64) -> Error {
    Error::bad_data(format!(
        "{}: FHIR R4, not STU3 (first seen at line {number}): this is data of BCDA v2 or v3; \
         export it from the v1 endpoints",
        file.name()
    ))
}

pub(crate) fn cancelled() -> Error {
    Error::new(crate::error::ErrorKind::Cancelled, "interrupted; nothing was published")
}

//! Which files are read, what each seems to hold, and whether they are NDJSON at all.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cclf_crosswalk::{Guess, Guesser, Lineage, is_enough};
use ndjson_io::{Discovered, Purpose, Sniffer, SourceFile};

use crate::cancel::Cancel;
use crate::elsewhere::{self, Elsewhere, is_address};
use crate::error::Error;
use crate::input::file_date::FileDates;
use crate::input::instead::Instead;
use crate::input::sealed;
use crate::options::{Options, Output};
use crate::out::shared::shared;
use crate::report::FileDateOrigin;

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

/// Finds the inputs.
pub(crate) fn find(options: &Options, elsewhere: &Elsewhere) -> Result<Discovered, Error> {
    let mut outputs: Vec<PathBuf> = Vec::new();
    match &options.output {
        Output::Folder(out) => outputs.push(out.clone()),
        Output::Objects(out) => outputs.push(out.into()),
        Output::Stdout => {}
    }
    outputs.extend(options.rejects.clone());
    refuse_no_name(&options.patients)?;
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

/// Finds the files of these inputs, none of which may lie in an output; or the one stream, standard input or a pipe.
/// `hint` says what to do instead of mixing files and a stream.
pub(crate) fn find_in(
    inputs: &[String],
    outputs: &[PathBuf],
    hint: &str,
    cancel: &Cancel,
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    refuse_no_name(inputs)?;
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
    if stdin == 1 {
        return Ok(Discovered { sources: vec![SourceFile::stdin()], ..Discovered::default() });
    }
    let found = discover(&paths, outputs, cancel, elsewhere)?;
    if let Some(pipe) = found.sources.iter().find(|file| file.is_stream())
        && found.sources.len() > 1
    {
        return Err(Error::usage(format!(
            "{} is a pipe, which is read once, as standard input is: it cannot be mixed with other inputs; write what \
             it gives to a file{hint}",
            pipe.path().display()
        )));
    }
    Ok(found)
}

/// What inputs name; those that are still encrypted are refused, since their records would be missing.
fn discover(
    inputs: &[String],
    outputs: &[PathBuf],
    cancel: &Cancel,
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    let find = |input: &str| elsewhere.find(input);
    let found = ndjson_io::discover_among(inputs, outputs, &cancel.0, find);
    if found.as_ref().map_or(true, sealed::may_be_among) {
        sealed::refuse(inputs)?;
    }
    found
}

/// An empty word, as a variable of the shell gives that is not set, names nothing.
fn refuse_no_name(inputs: &[String]) -> Result<(), Error> {
    if inputs.iter().all(|input| !input.is_empty()) {
        return Ok(());
    }
    Err(Error::usage(
        "the name of an input is empty: name a file, a folder, a glob, or - for standard input (is a variable of \
         the shell not set?)",
    ))
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

/// Finds what `--patients` names; what is an input anyway is read as one.
pub(crate) fn find_patients(
    options: &Options,
    inputs: &[SourceFile],
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    if options.patients.is_empty() {
        return Ok(Discovered::default());
    }
    let real = |file: &SourceFile| {
        let local = if file.is_remote() { None } else { file.path().canonicalize().ok() };
        local.unwrap_or_else(|| file.path().to_owned())
    };
    let read: HashSet<PathBuf> = inputs.iter().map(real).collect();
    let mut found = discover(&options.patients, &[], &options.cancel, elsewhere)?;
    found.sources.retain(|file| file.is_stream() || !read.contains(&real(file)));
    Ok(found)
}

/// Refuses a stream that is named for people and for claims: who reads it first leaves nothing for the other.
pub(crate) fn refuse_one_stream_for_both(
    files: &[SourceFile],
    patients: &[SourceFile],
) -> Result<(), Error> {
    let identity = |file: &SourceFile| {
        let path =
            if file.path().as_os_str().is_empty() { Path::new("/dev/stdin") } else { file.path() };
        path.metadata().ok().map(|found| (found.dev(), found.ino()))
    };
    let streams = |files: &[SourceFile]| -> Vec<_> {
        files.iter().filter(|file| file.is_stream()).filter_map(identity).collect()
    };
    let own = streams(files);
    if streams(patients).iter().any(|stream| own.contains(stream)) {
        return Err(Error::usage(
            "standard input, or a pipe, is named twice, and is read once: leave --patients out where one stream has \
             both people and claims",
        ));
    }
    Ok(())
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
            return Err(Error::cancelled());
        }
        if file.is_stream() {
            return Ok(Guess::Claims);
        }
        match guesser.guess(sniffer.beginning(file, SNIFF_BYTES, is_enough)?) {
            Guess::NotNdjson => Err(Instead::ONE_JSON_TEXT.error(file)),
            guess => Ok(guess),
        }
    };
    files.iter().enumerate().map(guess).collect()
}

/// The endings of files in lower case, `.ndjson` and `.ndjson.gz` say, and how many have each.
pub(crate) fn endings<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> BTreeMap<String, u64> {
    let mut endings = BTreeMap::new();
    for path in paths {
        *endings.entry(ending(path)).or_default() += 1;
    }
    endings
}

/// What is no ending of a kind of file may be anything, and is not told.
fn ending(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (name, packed) = match name.rsplit_once('.') {
        Some((rest, packed @ ("gz" | "zst"))) => (rest, format!(".{packed}")),
        _ => (&*name, String::new()),
    };
    let is_kind = |end: &str| {
        (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_kind(end) => format!(".{end}{packed}"),
        _ if !packed.is_empty() => packed,
        _ => "other".to_owned(),
    }
}

/// What to say of an empty file that is compressed by its name: an archive of nothing has some bytes.
pub(crate) fn warning_of_nothing(file: &SourceFile) -> Option<String> {
    let end = file.path().extension()?;
    let is_packed = ["gz", "zst"].iter().any(|packed| end.eq_ignore_ascii_case(packed));
    (is_packed && file.is_empty()).then(|| {
        format!(
            "{} has no byte at all, although it is compressed by its name: was it cut short?",
            file.path().display()
        )
    })
}

/// The error of a file of FHIR R4.
pub(crate) fn foreign(file: &SourceFile, number: u64) -> Error {
    Error::bad_data(format!(
        "{}: FHIR R4, not STU3 (first seen at line {number}): this is data of BCDA v2 or v3; \
         export it from the v1 endpoints",
        file.name()
    ))
}

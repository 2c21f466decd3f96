//! Which files the inputs name.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ndjson_io::{Discovered, SourceFile};

use crate::cancel::Cancel;
use crate::elsewhere::{self, Elsewhere, is_address};
use crate::error::Error;
use crate::input::export_manifest::Manifests;
use crate::input::sealed;
use crate::options::Reading;
use crate::setting::{Message, Setting, said};

/// Refuses an output and an input that lie in one another.
pub(crate) fn refuse_overlap(output: &Path, input: &str) -> Result<(), Error> {
    let place = output.to_string_lossy();
    let overlaps = match (is_address(&place), is_address(input)) {
        (false, false) => publish::overlaps(output, input.as_ref()),
        (true, true) => elsewhere::overlaps(&place, input),
        _ => false,
    };
    if !overlaps {
        return Ok(());
    }
    Err(Error::usage(said![
        format!("the output {place} and the input {input} lie in one another; choose another "),
        Setting::Output
    ]))
}

/// Finds the inputs of a run that writes to these places.
pub(crate) fn inputs(
    reading: &Reading,
    places: &[PathBuf],
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    refuse_no_name(&reading.patients)?;
    for place in places {
        for people in &reading.patients {
            refuse_overlap(place, people)?;
        }
    }
    find(reading, places, said!["; give Patients with ", Setting::Patients], elsewhere)
}

/// Finds the inputs of an update, which may all be [quiet](quiet).
pub(crate) fn later_exports(
    reading: &Reading,
    tables: &[PathBuf],
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    let inputs = &reading.inputs;
    if !inputs.is_empty() && quiet(inputs).len() == inputs.len() {
        return Ok(Discovered::default());
    }
    self::inputs(reading, tables, elsewhere)
}

/// The inputs that are exports of a quiet time: folders with an export manifest in which nothing is to be read. There may be
/// deletions.
pub(crate) fn quiet(inputs: &[String]) -> Vec<PathBuf> {
    let is_quiet = |input: &&String| {
        let folder = Path::new(*input);
        if is_address(input) || !folder.is_dir() {
            return false;
        }
        let is_data = |name: &OsString| {
            let name = name.to_string_lossy().to_ascii_lowercase();
            name.contains(".ndjson") || name.contains(".jsonl")
        };
        let names = publish::names_in(folder).unwrap_or_default();
        if names.iter().any(is_data) || Manifests::in_folder(folder).told.is_none() {
            return false;
        }
        let found = ndjson_io::discover(std::slice::from_ref(*input), &[]);
        found.is_err_and(|error| matches!(error.kind(), ndjson_io::ErrorKind::NoMatchInFolder))
    };
    inputs.iter().filter(is_quiet).map(PathBuf::from).collect()
}

/// Finds the files of these inputs, none of which may lie in an output; or the one stream, standard input or a pipe.
/// `hint` says what to do instead of mixing files and a stream.
pub(crate) fn find(
    reading: &Reading,
    outputs: &[PathBuf],
    hint: Message,
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    let inputs = &reading.inputs;
    refuse_no_name(inputs)?;
    let paths: Vec<String> = inputs.iter().filter(|input| *input != "-").cloned().collect();
    let stdin = inputs.iter().filter(|input| *input == "-").count();
    if stdin > 1 {
        return Err(Error::usage("standard input (-) is named more than once"));
    }
    if stdin == 1 && !paths.is_empty() {
        return Err(Error::usage(
            said!["standard input (-) cannot be mixed with files"].with(hint),
        ));
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
    // An export of a quiet time among others is no mistake.
    let quiet = quiet(&paths);
    let (none, some): (Vec<String>, Vec<String>) =
        paths.into_iter().partition(|input| quiet.iter().any(|own| own == Path::new(input)));
    let paths = if some.is_empty() { none } else { some };
    let found = discover(&paths, outputs, &reading.cancel, elsewhere)?;
    if let Some(pipe) = found.sources.iter().find(|file| file.is_stream())
        && found.sources.len() > 1
    {
        let pipe = format!(
            "{} is a pipe, which is read once, as standard input is: it cannot be mixed with other inputs; write what \
             it gives to a file",
            pipe.path().display()
        );
        return Err(Error::usage(Message::from(pipe).with(hint)));
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
pub(crate) fn patients(
    reading: &Reading,
    inputs: &[SourceFile],
    elsewhere: &Elsewhere,
) -> Result<Discovered, Error> {
    if reading.patients.is_empty() {
        return Ok(Discovered::default());
    }
    let real = |file: &SourceFile| {
        let local = if file.is_remote() { None } else { file.path().canonicalize().ok() };
        local.unwrap_or_else(|| file.path().to_owned())
    };
    let read: HashSet<PathBuf> = inputs.iter().map(real).collect();
    let mut found = discover(&reading.patients, &[], &reading.cancel, elsewhere)?;
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
        return Err(Error::usage(said![
            "standard input, or a pipe, is named twice, and is read once: leave ",
            Setting::Patients,
            " out where one stream has both people and claims"
        ]));
    }
    Ok(())
}

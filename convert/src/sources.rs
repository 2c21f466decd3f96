//! Which files are read, what each seems to hold, and whether they are NDJSON at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use cclf_crosswalk::{Guess, Lineage, guess_kind};
use ndjson_io::SourceFile;

use crate::error::Error;
use crate::file_date::FileDates;
use crate::options::{Cancel, Options, Output};
use crate::report::FileDateOrigin;

/// How much of a file is looked at to guess what it holds: a few times the longest usual record.
pub(crate) const SNIFF_BYTES: usize = 256 << 10;

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
pub(crate) fn find(options: &Options) -> Result<Vec<SourceFile>, Error> {
    let mut outputs: Vec<PathBuf> = Vec::new();
    if let Output::Folder(out) = &options.output {
        outputs.push(out.clone());
    }
    outputs.extend(options.rejects.clone());
    for place in &outputs {
        for people in &options.patients {
            refuse_overlap(place, people)?;
        }
    }
    find_in(&options.inputs, &outputs, "; give Patients with --patients")
}

fn refuse_overlap(output: &Path, input: &str) -> Result<(), Error> {
    if !publish::overlaps(output, input.as_ref()) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the output {} and the input {input} lie in one another; choose another --out",
        output.display()
    )))
}

/// Finds the files of these inputs, none of which may lie in an output; none at all for standard input.
/// `hint` says what to do instead of mixing files and standard input.
pub(crate) fn find_in(
    inputs: &[String],
    outputs: &[PathBuf],
    hint: &str,
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
    let mut files = ndjson_io::discover(&paths, outputs)?;
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

/// Finds what `--patients` names.
pub(crate) fn find_patients(options: &Options) -> Result<Vec<SourceFile>, Error> {
    if options.patients.is_empty() {
        return Ok(Vec::new());
    }
    Ok(ndjson_io::discover(&options.patients, &[])?)
}

/// Looks at each file and says what it seems to hold.
pub(crate) fn examine(
    files: Vec<SourceFile>,
    only_people: bool,
    options: &Options,
    dates: &mut FileDates,
) -> Result<Vec<Source>, Error> {
    files
        .into_iter()
        .map(|file| {
            if options.cancel.is_cancelled() {
                return Err(cancelled());
            }
            let guess = if file.is_stream() {
                Guess::Claims
            } else {
                guess_kind(&ndjson_io::sniff(&file, SNIFF_BYTES)?)
            };
            if guess == Guess::NotNdjson {
                return Err(not_ndjson(&file));
            }
            let (file_date, date_origin) = dates.of(&file, options.file_date);
            let lineage = Lineage { file_name: file.name().to_owned(), file_date };
            Ok(Source { file, lineage, date_origin, guess, only_people })
        })
        .collect()
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

/// Bytes of a piece of standard input on its way to the spool.
const PIECE_BYTES: usize = 256 << 10;

/// How often a wait for standard input looks whether the run was cancelled.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Copies standard input into a new private file, compressed unless it is already; gives the bytes that came
/// and their BLAKE3.
///
/// Input is read on a thread of its own, so that a silent pipe cannot hold up a cancelled run.
pub(crate) fn spool_stdin(path: &Path, cancel: &Cancel) -> Result<Spooled, Error> {
    let (mut bytes, mut hasher) = (0, blake3::Hasher::new());
    let (pieces_in, pieces) = sync_channel::<io::Result<Vec<u8>>>(8);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = stdin.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece);
            let last = piece.is_empty() || read.is_err();
            if pieces_in.send(read.map(|_| piece)).is_err() || last {
                return;
            }
        }
    });
    let failed =
        |error: io::Error| Error::failed(format!("write of the spool of stdin failed: {error}"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(failed)?;
    let mut spool: Option<Spool> = None;
    let mut file = Some(file);
    loop {
        if cancel.is_cancelled() {
            return Err(cancelled());
        }
        let piece = match pieces.recv_timeout(CANCEL_POLL) {
            Ok(piece) => piece.map_err(|error| {
                Error::failed(format!("read of standard input failed: {error}"))
            })?,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        bytes += piece.len() as u64;
        hasher.update(&piece);
        if spool.is_none()
            && let Some(file) = file.take()
        {
            spool = Some(Spool::new(file, &piece).map_err(failed)?);
        }
        if let Some(spool) = &mut spool {
            spool.write(&piece).map_err(failed)?;
        }
        if piece.is_empty() {
            break;
        }
    }
    let plain = !matches!(spool, Some(Spool::AsItIs(_)));
    spool.map_or(Ok(()), Spool::finish).map_err(failed)?;
    Ok(Spooled { bytes, hash: hasher.finalize(), plain })
}

/// Standard input as it came.
#[derive(Clone, Copy)]
pub(crate) struct Spooled {
    pub(crate) bytes: u64,
    pub(crate) hash: blake3::Hash,
    /// The compression of the spool is ours: no limit on what it may hold applies.
    pub(crate) plain: bool,
}

/// A spool with exactly one layer of compression.
enum Spool {
    Compressed(zstd::Encoder<'static, File>),
    AsItIs(File),
}

impl Spool {
    fn new(file: File, beginning: &[u8]) -> io::Result<Self> {
        const GZIP: &[u8] = &[0x1f, 0x8b];
        const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
        Ok(if beginning.starts_with(GZIP) || beginning.starts_with(ZSTD) {
            Self::AsItIs(file)
        } else {
            Self::Compressed(zstd::Encoder::new(file, 1)?)
        })
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Compressed(encoder) => encoder.write_all(piece),
            Self::AsItIs(file) => file.write_all(piece),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Compressed(encoder) => encoder.finish().map(drop),
            Self::AsItIs(_) => Ok(()),
        }
    }
}

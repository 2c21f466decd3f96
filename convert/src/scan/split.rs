//! A scan cut into parts, which other processes and machines read.
//!
//! ```text
//! split:          examine ──> index pass ──> index file, parts
//! scan of a part: index file ──> claim pass over its pieces ──> Batches ──> channel ──> Scan ──> reader
//! ```
//!
//! The parts together give the rows of a whole scan, each once, and their counts and those of the people add up to
//! its counts. Only claims are cut: CCLF8, CCLF9 and CCLF0 need all of the input, and one scan reads them.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use cclf_crosswalk::Api;
use ndjson_io::{Compression, SourceFile};

use super::index_file::{self, Indexed};
use super::options::ScanOptions;
use super::part::{Key, Part, Piece};
use super::reading::{pass, people_first};
use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::known::Known;
use crate::input::source::Source;
use crate::input::sources::Input;
use crate::input::version::{Told, Version};
use crate::pass::context::Found;
use crate::pass::outcome::scan_report;
use crate::report::ScanReport;
use crate::warnings;

/// What opening a file costs, in bytes that are read in that time: many small files make a part, too.
const OPENING_BYTES: u64 = 64 << 10;

/// Bytes that tell how a file is compressed.
const MAGIC_BYTES: u64 = 4;

/// A scan cut into parts.
#[derive(Clone, Debug)]
pub struct Split {
    /// The parts of the claims; at least one, possibly without pieces. None where only the latest versions count
    /// ([`Reading::keep`](crate::Reading::keep)): a whole scan reads them.
    pub parts: Vec<Part>,
    /// What became of the Patients and Coverages, and of other lines in files of theirs: what no part counts.
    pub people: ScanReport,
}

/// Cuts a scan of claims into parts of about so many bytes: large plain files into ranges, and the others into groups.
///
/// Patients and Coverages are read at once. What claims need of them is written to the file `index` (0600: it holds
/// identifiers of people), which all who read parts must see. If it is there and of the same files, nothing is read.
///
/// # Errors
/// What [`scan`](crate::scan) says of the options and of the people; a usage error where `index` is missing and the table
/// needs it. Parts give no rows of CCLF8, CCLF9 and CCLF0.
pub fn split(options: &ScanOptions, part_bytes: u64, index: Option<&Path>) -> Result<Split, Error> {
    cut(options, part_bytes, index).map_err(|error| error.spelled(options.reading.spelling))
}

fn cut(options: &ScanOptions, part_bytes: u64, index: Option<&Path>) -> Result<Split, Error> {
    let started = Instant::now();
    let elsewhere = Elsewhere::new(&options.reading.cancel);
    let (files, patients) = options.files(&elsewhere)?;
    let mut input =
        Input::examine(files, patients, &options.reading, &elsewhere, Known::default())?;
    let version = Version::settle(&mut input.sources, &options.reading)?;
    let foreign = OnceLock::new();
    let (sources, pass) = (&input.sources, pass(options, version, &input, &foreign));
    if input.keeps_latest() {
        // Which version of a claim counts is known when all have been read.
        let report = Found::new(&pass).report(&pass, Vec::new(), &[], started);
        let people = scan_report(options.table, 0, Vec::new(), report);
        return Ok(Split { parts: Vec::new(), people });
    }
    let index = index.filter(|_| pass.joins);
    if pass.joins && index.is_none() {
        return Err(Error::usage("parts that join claims need a file for the index"));
    }
    let key = key(options, version.api, sources);
    let known = index.and_then(|path| index_file::about(path, &key));
    let known = if let Some(known) = known {
        known
    } else {
        let mut found = Found::new(&pass);
        people_first(options, &pass, &mut found)?;
        let warnings = warnings::of_records(&pass, &found);
        let report = found.report(&pass, Vec::new(), &warnings, started);
        let rejects = std::mem::take(&mut found.rejects);
        let mut known = Indexed {
            people: scan_report(options.table, 0, rejects, report),
            people_read: found.indexed,
            with_claims: found.with_claims,
            unread: Vec::new(),
        };
        known.unread = unread(sources, &known)?;
        if let Some(path) = index {
            index_file::write(path, &key, &known, &found.index)?;
        }
        known
    };
    let index = index.map(|path| (path.to_owned(), key));
    let parts = group(pieces(sources, &known, part_bytes)?, part_bytes);
    let part = |pieces| Part {
        pieces,
        index: index.clone(),
        people: Vec::new(),
        api: version.api.name().to_owned(),
        is_stated: version.told == Told::ByUser,
    };
    let mut parts: Vec<Part> = parts.into_iter().map(part).collect();
    if let (None, Some(first)) = (&index, parts.first_mut()) {
        first.people = known.unread;
    }
    Ok(Split { parts, people: known.people })
}

/// What the index depends on: the files as they are, and how they are read.
fn key(options: &ScanOptions, api: Api, sources: &[Source]) -> Key {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    let reading = &options.reading;
    let how = (options.people, reading.on_bad_record, reading.max_rejects, options.most_places);
    // What is kept of people, too.
    add(format!("{:?}", reading.judged_by.with(&options.columns).named()).as_bytes());
    add(api.name().as_bytes());
    add(&[u8::from(reading.partially_adjudicated)]);
    add(format!("{how:?} {} {}", reading.max_line_bytes, reading.max_decompressed_bytes).as_bytes());
    add(&[u8::from(reading.require_checksums)]);
    for source in sources {
        let file = &source.file;
        let what = (file.len(), file.modified(), source.lineage.file_date, source.only_people);
        add(file.path().as_os_str().as_encoded_bytes());
        add(file.name().as_bytes());
        add(format!("{what:?}").as_bytes());
    }
    Key(*hasher.finalize().as_bytes())
}

/// The claims of the sources; large plain files in several pieces.
fn pieces(sources: &[Source], known: &Indexed, part_bytes: u64) -> Result<Vec<Piece>, Error> {
    let part_bytes = part_bytes.max(1);
    let mut pieces = Vec::new();
    for (source, reading) in sources.iter().zip(readings(sources, known)) {
        let Reading::Claims { indexed } = reading else { continue };
        let piece = whole(source, indexed)?;
        let file_bytes = piece.file_bytes;
        if file_bytes <= part_bytes || !is_plain(&source.file)? {
            pieces.push(piece);
            continue;
        }
        let count = file_bytes.div_ceil(part_bytes);
        let cut = |number: u64| {
            // Of 2^64 bytes the product would not fit in 64 bits.
            let at = u128::from(file_bytes) * u128::from(number) / u128::from(count);
            u64::try_from(at).unwrap_or(file_bytes)
        };
        pieces.extend(
            (0..count)
                .map(|number| Piece { bytes: Some(cut(number)..cut(number + 1)), ..piece.clone() }),
        );
    }
    Ok(pieces)
}

/// What is left to read of a file once the people are known.
enum Reading {
    Nothing,
    Claims { indexed: bool },
}

/// What is left to read of each source.
fn readings(sources: &[Source], known: &Indexed) -> impl Iterator<Item = Reading> {
    let with_claims: HashSet<usize> = known.with_claims.iter().copied().collect();
    sources.iter().enumerate().map(move |(number, source)| {
        let indexed = known.people_read.get(number).copied().unwrap_or(false);
        let empty = source.file.len().unwrap_or(0) == 0;
        if source.only_people || empty || (indexed && !with_claims.contains(&number)) {
            return Reading::Nothing;
        }
        Reading::Claims { indexed }
    })
}

/// The files of which nothing is left to read.
fn unread(sources: &[Source], known: &Indexed) -> Result<Vec<Piece>, Error> {
    let readings = sources.iter().zip(readings(sources, known));
    let unread = readings.filter(|(_, reading)| matches!(reading, Reading::Nothing));
    unread.map(|(source, _)| whole(source, true)).collect()
}

/// A file as it is now.
fn whole(source: &Source, indexed: bool) -> Result<Piece, Error> {
    let file = &source.file;
    if file.path().to_str().is_none() {
        let name = file.name();
        return Err(Error::usage(format!(
            "{name}: its path is not UTF-8, so other processes cannot be told of it; rename it"
        )));
    }
    Ok(Piece {
        path: seen_by_all(file),
        name: source.lineage.file_name.clone(),
        file_date: source.lineage.file_date,
        file_bytes: file.len().unwrap_or(0),
        modified: file.modified(),
        bytes: None,
        indexed,
    })
}

/// The path of a file for processes that run in other folders; an address is the same for all.
fn seen_by_all(file: &SourceFile) -> PathBuf {
    let path = file.path();
    let absolute = if file.is_remote() { None } else { std::path::absolute(path).ok() };
    absolute.unwrap_or_else(|| path.to_owned())
}

/// Whether the file can be cut: it is on this machine and stored as it is.
fn is_plain(file: &SourceFile) -> Result<bool, Error> {
    if file.is_remote() {
        return Ok(false);
    }
    let failed = |error| Error::failed(format!("{}: cannot read: {error}", file.name()));
    let mut magic = Vec::new();
    let opened = std::fs::File::open(file.path()).map_err(failed)?;
    opened.take(MAGIC_BYTES).read_to_end(&mut magic).map_err(failed)?;
    Ok(Compression::from_magic(&magic) == Compression::None)
}

/// Pieces in their order, as many to a group as make up its bytes.
fn group(pieces: Vec<Piece>, part_bytes: u64) -> Vec<Vec<Piece>> {
    let mut groups = vec![Vec::new()];
    let mut filled = 0;
    for piece in pieces {
        let own = piece.bytes.as_ref().map_or(piece.file_bytes, |bytes| bytes.end - bytes.start);
        let cost = own.saturating_add(OPENING_BYTES);
        if filled > 0 && filled + cost > part_bytes.saturating_add(OPENING_BYTES) {
            groups.push(Vec::new());
            filled = 0;
        }
        filled = filled.saturating_add(cost);
        if let Some(last) = groups.last_mut() {
            last.push(piece);
        }
    }
    groups
}

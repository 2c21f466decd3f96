//! The index of a split scan in a file: what claims need of people, for processes that have not read them.
//!
//! ```text
//! "BCDAIDX\0"  version: u32  BLAKE3 of the rest: 32 bytes
//! key: 32 bytes  what the index pass came to: u64 bytes of JSON
//! for each beneficiary: id, MBI      each a u32 of its bytes and the bytes; no MBI: u32::MAX
//! ```
//!
//! Numbers are little-endian. The file holds identifiers of people: it is made with mode 0600, and no message quotes it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cclf_crosswalk::Index;
use serde::{Deserialize, Serialize};

use super::part::{Key, Piece};
use crate::error::Error;
use crate::memory;
use crate::report::ScanReport;
use crate::setting::{Setting, said};

const MAGIC: &[u8; 8] = b"BCDAIDX\0";
const VERSION: u32 = 2;
const HASH_BYTES: usize = 32;
/// Where what is hashed begins.
const HEADER_BYTES: usize = MAGIC.len() + size_of::<u32>() + HASH_BYTES;
/// The length of an MBI that is not there.
const NONE: u32 = u32::MAX;

/// An index, and the files that it was made of alone: no part reads these.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) index: Arc<Index>,
    pub(super) people: Arc<[Piece]>,
}

/// What the index pass came to, for those that do not repeat it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Indexed {
    pub(super) people: ScanReport,
    /// By source: its people are in the index.
    pub(super) people_read: Vec<bool>,
    /// By their place among the sources.
    pub(super) with_claims: Vec<usize>,
    /// The files that no part reads: what is known of their people is true while they are what they were.
    pub(super) unread: Vec<Piece>,
}

/// The index that this process loaded last: one worker process reads many parts.
static LOADED: Mutex<Option<(PathBuf, Key, Loaded)>> = Mutex::new(None);

/// Writes the file, whole or not at all.
pub(super) fn write(path: &Path, key: &Key, about: &Indexed, index: &Index) -> Result<(), Error> {
    let mut body = key.0.to_vec();
    let json = serde_json::to_vec(about)
        .map_err(|_| Error::failed("writing the index failed; please report it"))?;
    body.extend_from_slice(&(json.len() as u64).to_le_bytes());
    body.extend_from_slice(&json);
    for (id, mbi) in index.joins() {
        put(&mut body, Some(id));
        put(&mut body, mbi);
    }
    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(blake3::hash(&body).as_bytes());
    file.append(&mut body);
    Ok(publish::write_file_atomically(path, &file)?)
}

/// A text is shorter than a line, and that than 2 GiB.
fn put(body: &mut Vec<u8>, text: Option<&str>) {
    let len = text.map_or(NONE, |text| u32::try_from(text.len()).unwrap_or(NONE));
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(text.unwrap_or_default().as_bytes());
}

/// What the index pass came to, if the file is there and whole, and of this key; else it has to be made.
pub(super) fn about(path: &Path, key: &Key) -> Option<Indexed> {
    let file = std::fs::read(path).ok()?;
    let (about, _) = parse(&file, key)?;
    Some(about)
}

/// The index of a file that [`write`] has made.
pub(super) fn load(path: &Path, key: &Key, max_people: Option<u32>) -> Result<Loaded, Error> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, of, earlier)) = &*loaded
        && (known.as_path(), of) == (path, key)
    {
        return Ok(earlier.clone());
    }
    // Two at once would be one too many in memory.
    *loaded = None;
    let shown = path.display();
    let mut file = Vec::new();
    std::fs::File::open(path).and_then(|mut opened| opened.read_to_end(&mut file)).map_err(
        |error| {
            Error::failed(said![
                format!("{shown}: the index cannot be read: {error}; every executor must see it (option "),
                Setting::Index,
                ")"
            ])
        },
    )?;
    let (about, mut rest) = parse(&file, key).ok_or_else(|| {
        Error::failed(format!(
            "{shown}: expected the index that was made for this reading, found another file or a damaged one; begin \
             the reading again"
        ))
    })?;
    let mut index = Index::bounded(memory::limit(max_people));
    while !rest.is_empty() {
        let entry = take_entry(&mut rest);
        let (id, mbi) = entry.ok_or_else(|| Error::failed(format!("{shown}: damaged index")))?;
        index.add_join(id, mbi).map_err(memory::full)?;
    }
    let read = Loaded { index: Arc::new(index), people: about.unread.into() };
    *loaded = Some((path.to_owned(), *key, read.clone()));
    Ok(read)
}

/// What the pass came to and the bytes of the beneficiaries; none if anything is not as it was written.
fn parse<'f>(file: &'f [u8], key: &Key) -> Option<(Indexed, &'f [u8])> {
    let (header, body) = file.split_at_checked(HEADER_BYTES)?;
    let version = VERSION.to_le_bytes();
    let expected = [MAGIC.as_slice(), &version, blake3::hash(body).as_bytes()].concat();
    if header != expected {
        return None;
    }
    let mut rest = body.strip_prefix(&key.0)?;
    let len = u64::from_le_bytes(*take(&mut rest)?);
    let (json, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    Some((serde_json::from_slice(json).ok()?, rest))
}

fn take<'f, const N: usize>(rest: &mut &'f [u8]) -> Option<&'f [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

/// Id and MBI of a beneficiary; none if the file is damaged.
fn take_entry<'f>(rest: &mut &'f [u8]) -> Option<(&'f str, Option<&'f str>)> {
    let len = u32::from_le_bytes(*take(rest)?);
    let id = take_text(rest, len)?;
    match u32::from_le_bytes(*take(rest)?) {
        NONE => Some((id, None)),
        len => Some((id, Some(take_text(rest, len)?))),
    }
}

fn take_text<'f>(rest: &mut &'f [u8], len: u32) -> Option<&'f str> {
    let (text, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

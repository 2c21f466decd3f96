//! The files that the data comes from.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cclf_crosswalk::Guesser;
use cms::Api;
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use rustix::fs::OFlags;
use serde_json::Value;
use tempfile::TempDir;

use crate::Error;

/// Bytes of the buffer through which a file is read.
const BUFFER_BYTES: usize = 256 * 1024;
/// What compressed files begin with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most bytes of a file, decompressed, in which a record that shows its version is looked for. Records have kilobytes.
const SNIFF_BYTES: u64 = 1024 * 1024;
/// The most bytes of a `bcda-export.json` that are read.
const MAX_MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

/// The files that are exported.
#[derive(Debug)]
pub(crate) struct Source {
    /// In the order of their names.
    pub(crate) files: Vec<Arc<SourceFile>>,
    /// Those that say what is no more.
    pub(crate) deleted: Vec<Arc<SourceFile>>,
    /// Holds synthetic data until the sandbox ends.
    pub(crate) own: Option<TempDir>,
}

impl Source {
    /// Files that lie in somebody else's folder, and nothing that is no more.
    pub(crate) fn new(files: Vec<Arc<SourceFile>>) -> Self {
        Self { files, deleted: Vec::new(), own: None }
    }
}

/// One file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    path: PathBuf,
    /// Bytes as it lies there.
    pub(crate) bytes: u64,
    /// Lines that the last job could not read as a resource.
    pub(crate) broken_lines: AtomicU64,
}

/// The files of a folder that are of use, in the order of their names.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<Arc<SourceFile>>, Error> {
    let failed = |source| Error::Data { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let plain = [".gz", ".zst"].iter().find_map(|coding| name.strip_suffix(coding));
        let plain = plain.unwrap_or(name);
        let kind = Path::new(plain).extension().and_then(|kind| kind.to_str());
        let wanted = matches!(kind, Some("ndjson" | "jsonl"));
        // The entry's own type: a link is not followed, wherever it leads.
        if !wanted || name.starts_with('.') || !entry.file_type().map_err(failed)?.is_file() {
            continue;
        }
        let bytes = entry.metadata().map_err(failed)?.len();
        let broken_lines = AtomicU64::new(0);
        files.push(Arc::new(SourceFile { path: entry.path(), bytes, broken_lines }));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

impl SourceFile {
    /// Its name, and how many of its lines the last job could not read; none when it could read all.
    pub(crate) fn broken(&self) -> Option<(String, u64)> {
        let lines = self.broken_lines.load(Ordering::SeqCst);
        let name = self.path.file_name()?.to_string_lossy().into_owned();
        (lines > 0).then_some((name, lines))
    }

    /// The version of the API that the file's records are of: that of the first which shows one, as for the tables.
    pub(crate) fn version(&self) -> Option<Api> {
        // A file that cannot be read shows nothing; the job that wants it fails.
        let mut beginning = self.read().ok()?.0.take(SNIFF_BYTES);
        let mut line = Vec::new();
        while beginning.read_until(b'\n', &mut line).ok()? > 0 {
            if let Some(api) = Guesser::version(&line) {
                return Some(api);
            }
            line.clear();
        }
        None
    }

    /// The file's text, decompressed, all members of it, and whether it was compressed. The bytes decide, not the
    /// name.
    pub(crate) fn read(&self) -> io::Result<(BufReader<Box<dyn Read + Send>>, bool)> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, open_no_link(&self.path)?);
        let start = file.fill_buf()?;
        let (text, compressed): (Box<dyn Read + Send>, bool) = if start.starts_with(&GZIP) {
            (Box::new(MultiGzDecoder::new(file)), true)
        } else if start.starts_with(&ZSTD) {
            (Box::new(zstd::Decoder::with_buffer(file)?), true)
        } else {
            (Box::new(file), false)
        };
        Ok((BufReader::with_capacity(BUFFER_BYTES, text), compressed))
    }
}

/// Opens a regular file that is no link, even if it became one since it was listed.
fn open_no_link(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(file)
}

/// A folder that only we can enter, removed when it is dropped.
pub(crate) fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("bcda-sandbox-").tempdir()
}

/// When the data of a folder was loaded: what the manifest beside it says; `None` when there is none, or it says nothing
/// of use.
pub(crate) fn transaction_time(folder: &Path) -> Option<Timestamp> {
    let mut text = Vec::new();
    open_no_link(&folder.join(synth::MANIFEST_NAME))
        .ok()?
        .take(MAX_MANIFEST_BYTES)
        .read_to_end(&mut text)
        .ok()?;
    let manifest: Value = serde_json::from_slice(&text).ok()?;
    manifest.get("transactionTime")?.as_str()?.parse().ok()
}

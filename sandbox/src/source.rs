//! Where the data comes from: a folder, or synthetic beneficiaries in a folder of our own.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use rustix::fs::OFlags;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Data, Error, Options};

/// Bytes of the buffer through which a file is read.
const BUFFER_BYTES: usize = 256 * 1024;
/// What compressed files begin with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most bytes of a `bcda-export.json` that are read.
const MAX_MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

/// The files that are exported.
#[derive(Debug)]
pub(crate) struct Source {
    /// In the order of their names.
    pub(crate) files: Vec<SourceFile>,
    /// When the data was loaded, if the folder says so.
    pub(crate) transaction_time: Option<Timestamp>,
    /// Holds synthetic data until the sandbox ends.
    _folder: Option<TempDir>,
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

impl Source {
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        match &options.data {
            Data::Folder(folder) => Self::of_folder(folder, None),
            &Data::Synthetic { beneficiaries, seed } => {
                let folder = private_folder().map_err(Error::SetUp)?;
                let made = synth::Options { beneficiaries, seed, ..synth::Options::default() };
                synth::generate(&made, |name| {
                    let file = File::create_new(folder.path().join(name))?;
                    Ok(Unless { file, give_up: &options.give_up })
                })?;
                let path = folder.path().to_owned();
                Self::of_folder(&path, Some(folder))
            }
        }
    }

    fn of_folder(folder: &Path, own: Option<TempDir>) -> Result<Self, Error> {
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
            files.push(SourceFile { path: entry.path(), bytes, broken_lines: AtomicU64::new(0) });
        }
        if files.is_empty() && own.is_none() {
            return Err(Error::NoData(folder.to_owned()));
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let transaction_time = transaction_time(&folder.join(synth::MANIFEST_NAME));
        Ok(Self { files, transaction_time, _folder: own })
    }
}

impl SourceFile {
    /// Its name, and how many of its lines the last job could not read; none when it could read all.
    pub(crate) fn broken(&self) -> Option<(String, u64)> {
        let lines = self.broken_lines.load(Ordering::SeqCst);
        let name = self.path.file_name()?.to_string_lossy().into_owned();
        (lines > 0).then_some((name, lines))
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

/// A file that is written until someone gives up.
struct Unless<'g> {
    file: File,
    give_up: &'g AtomicBool,
}

impl Write for Unless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.give_up.load(Ordering::SeqCst) {
            return Err(io::Error::other("given up"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
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

/// What the manifest beside the data says; `None` when there is none, or it says nothing of use.
fn transaction_time(manifest: &Path) -> Option<Timestamp> {
    let mut text = Vec::new();
    open_no_link(manifest).ok()?.take(MAX_MANIFEST_BYTES).read_to_end(&mut text).ok()?;
    let manifest: Value = serde_json::from_slice(&text).ok()?;
    manifest.get("transactionTime")?.as_str()?.parse().ok()
}

//! The record that somebody names by its file and line.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use ndjson_io::{Line, ReadOptions, Record, SourceFile, read_records};

use crate::failure::Failure;

/// Which record.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The file and the line, as errors and rejects.csv name them: FILE:LINE. A .gz or .zst that they
    /// leave out is found, but for addresses (s3://BUCKET/FILE:LINE).
    #[arg(value_name = "FILE:LINE")]
    pub(crate) place: String,
    /// The input folder that the name is relative to.
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Its bytes, without the line end.
pub(crate) fn read(named: &RecordArgs) -> Result<Vec<u8>, Failure> {
    let usage = |message: &str| Failure::new(2, message.to_owned());
    let (file, number) = named
        .place
        .rsplit_once(':')
        .ok_or_else(|| usage("expected FILE:LINE, for example export/part.ndjson:12"))?;
    let number: u64 = number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| usage("the line is a number from 1 up"))?;
    let failed = |error: convert::Error| Failure::new(error.exit_code(), error.to_string());
    let folder = named.folder.as_deref().map(Path::to_string_lossy).unwrap_or_default();
    let address = if folder.is_empty() || convert::is_address(file) {
        file.to_owned()
    } else {
        format!("{}/{file}", folder.trim_end_matches('/'))
    };
    let source = if convert::is_address(&address) {
        convert::remote_file(&address).map_err(failed)?
    } else {
        let file = find(named.folder.clone().unwrap_or_default().join(file));
        SourceFile::from_path(file).map_err(|error| failed(error.into()))?
    };
    line(&source, number)
}

/// The file, or the compressed one that reports name without its extension.
fn find(file: PathBuf) -> PathBuf {
    if file.exists() {
        return file;
    }
    let compressed = ["gz", "zst", "GZ", "ZST"].map(|extension| {
        let mut name = file.clone().into_os_string();
        name.push(".");
        name.push(extension);
        PathBuf::from(name)
    });
    compressed.into_iter().find(|file| file.exists()).unwrap_or(file)
}

/// The bytes of one line of a file, plain or compressed. It is read twice: which number a line has is known when all
/// before it have been read, and until then the bytes of each would be kept.
fn line(source: &SourceFile, number: u64) -> Result<Vec<u8>, Failure> {
    let mut offset = None;
    records(
        source,
        |_| (),
        |record| {
            if record.number == number && record.value.is_ok() {
                offset = Some(record.offset);
            }
            record.number >= number
        },
    )?;
    let mut found = None;
    if let Some(offset) = offset {
        let bytes = |line: Line<'_>| (line.offset == offset).then(|| line.bytes.to_vec());
        records(source, bytes, |record| {
            found = record.value.ok().flatten();
            found.is_some()
        })?;
    }
    found.ok_or_else(|| {
        let message = format!(
            "{} has no record at line {number} (it may be blank or too long)",
            source.path().display()
        );
        Failure::new(2, message)
    })
}

/// Reads what `keep` keeps of the lines of a file, until `is_enough`.
fn records<T: Send>(
    source: &SourceFile,
    keep: impl Fn(Line<'_>) -> T + Sync,
    mut is_enough: impl FnMut(Record<T, Infallible>) -> bool,
) -> Result<(), Failure> {
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    let keep = |line: Line<'_>| Ok(keep(line));
    read_records(std::slice::from_ref(source), &options, keep, |record| {
        if is_enough(record) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map(drop)
    .map_err(|error| {
        let error = convert::Error::from(error);
        Failure::new(error.exit_code(), error.to_string())
    })
}

//! The compressed form of a job's file: made once, on the first request for it, and kept beside the file.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::job::JobFile;

const BUFFER_BYTES: usize = 256 * 1024;
/// In how many gzip members a file comes when it shall have several.
const MEMBERS: u64 = 4;

/// Where the compressed form lies.
pub(crate) async fn of(file: &Arc<JobFile>, members: bool) -> io::Result<PathBuf> {
    let _once = file.compressing.lock().await;
    let path = file.path.with_extension("ndjson.gz");
    if tokio::fs::try_exists(&path).await? {
        return Ok(path);
    }
    let (from, to, bytes) = (file.path.clone(), path.clone(), file.bytes);
    tokio::task::spawn_blocking(move || {
        let unfinished = to.with_extension("part");
        write(&from, &unfinished, bytes, if members { bytes.div_ceil(MEMBERS) } else { bytes })?;
        fs::rename(&unfinished, &to)
    })
    .await
    .map_err(io::Error::other)??;
    Ok(path)
}

/// Compresses so many bytes of a file, in members of so many bytes. An empty file is one empty member.
///
/// One member unless several are asked for: curl, among others, takes no more than one.
fn write(from: &Path, to: &Path, mut bytes: u64, member_bytes: u64) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = File::create(to)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        // Fast: the sandbox is asked for time, not for small files.
        let mut encoder = GzEncoder::new(to, Compression::fast());
        let mut left = member_bytes.min(bytes);
        bytes -= left;
        while left > 0 {
            let most = BUFFER_BYTES.min(usize::try_from(left).unwrap_or(BUFFER_BYTES));
            from.read_exact(&mut buffer[..most])?;
            encoder.write_all(&buffer[..most])?;
            left -= most as u64;
        }
        to = encoder.finish()?;
        if bytes == 0 {
            return Ok(());
        }
    }
}

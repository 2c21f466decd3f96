//! Members of a zip, as files that can be opened as often as needed.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use convert::Error;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use ndjson_io::{Purpose, Remote, RemoteFile, SourceFile};
use zip::{CompressionMethod, ZipArchive};

/// The first bytes of a zip, and of one without members.
const BEGINNINGS: [&[u8; 4]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Whether a file is a zip, whatever it is called.
pub(super) fn is_zip(path: &Path) -> bool {
    let mut bytes = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.is_ok() && BEGINNINGS.contains(&&bytes)
}

/// Where a member lies in a zip.
struct Member {
    zip: PathBuf,
    start: u64,
    stored: u64,
    length: u64,
    crc: u32,
    method: CompressionMethod,
}

/// The files in a zip, each with its path there.
///
/// # Errors
/// The zip cannot be read, is damaged, or a member is encrypted or compressed in another way than by deflate.
pub(super) fn members(path: &Path) -> Result<Vec<(String, SourceFile)>, Error> {
    let shown = path.display();
    let damaged = || {
        Error::usage(format!(
            "{shown}: the zip is damaged, or was not fetched to its end; fetch it again"
        ))
    };
    let file = File::open(path)
        .map_err(|error| Error::failed(format!("read of {shown} failed: {error}")))?;
    let modified = file.metadata().ok().and_then(|metadata| metadata.modified().ok());
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| damaged())?;
    let mut members = Vec::new();
    for number in 0..archive.len() {
        let member = archive.by_index_raw(number).map_err(|_| damaged())?;
        if member.is_dir() {
            continue;
        }
        let name = member.name().map_err(|_| damaged())?.into_owned();
        if member.encrypted() {
            return Err(Error::usage(format!(
                "{shown}: a member is encrypted: open the zip with its password first, and name the folder of its files"
            )));
        }
        let method = member.compression();
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(Error::usage(format!(
                "{shown}: a member is compressed in a way that is not read here: unpack the zip, and name the folder of its \
                 files"
            )));
        }
        let found = Member {
            zip: path.to_owned(),
            start: member.data_start().ok_or_else(damaged)?,
            stored: member.compressed_size(),
            length: member.size(),
            crc: member.crc32(),
            method,
        };
        let file = RemoteFile {
            location: path.join(&name),
            relative: name.clone(),
            len: found.length,
            modified,
            remote: Arc::new(found),
        };
        members.push((name, SourceFile::from_remote(file)));
    }
    Ok(members)
}

impl Remote for Member {
    fn open(&self, _purpose: Purpose) -> Box<dyn Read + Send> {
        let opened = File::open(&self.zip).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.start))?;
            Ok(BufReader::with_capacity(BUFFER_BYTES, file.take(self.stored)))
        });
        match opened {
            Err(error) => Box::new(Failing(format!("read of the zip failed: {error}"))),
            Ok(stored) => {
                let bytes: Box<dyn Read + Send> = match self.method {
                    CompressionMethod::Deflated => Box::new(DeflateDecoder::new(stored)),
                    _ => Box::new(stored),
                };
                Box::new(Checked { bytes, crc: Crc::new(), left: self.length, wanted: self.crc })
            }
        }
    }
}

/// It lies on this machine: no fault of a network, after which another try might help.
fn failed(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// A member that cannot be opened.
struct Failing(String);

impl Read for Failing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(failed(&self.0))
    }
}

/// The bytes of a member, whose number and sum are looked at.
struct Checked {
    bytes: Box<dyn Read + Send>,
    crc: Crc,
    left: u64,
    wanted: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const DAMAGED: &str =
            "the zip is damaged: what is in it is not what was put into it; fetch it again";
        let count = self.bytes.read(buffer).map_err(|_| failed(DAMAGED))?;
        self.crc.update(&buffer[..count]);
        let is_good = match self.left.checked_sub(count as u64) {
            None => false,
            Some(left) => {
                self.left = left;
                // At its end all of it has come, and is what it was.
                count > 0 && left > 0
                    || buffer.is_empty()
                    || left == 0 && self.crc.sum() == self.wanted
            }
        };
        if is_good { Ok(count) } else { Err(failed(DAMAGED)) }
    }
}

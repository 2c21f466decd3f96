//! Looking at the beginning of a file without reading it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::decompress::{Chunk, Decoders, Stream};
use crate::error::{Error, ErrorKind};
use crate::source::{Opened, SourceFile};

/// Looks at the beginnings of files, one after another, with the same memory: what kind of file each is.
#[derive(Default)]
pub struct Sniffer {
    decoders: Decoders,
    bytes: Vec<u8>,
}

/// A file is first looked at for this many bytes: most long records begin with what tells their type.
const FIRST_LOOK_BYTES: usize = 4 << 10;

/// Then for this many more, and then for twice as many each time: who looks begins at the beginning again.
const SNIFF_STEP_BYTES: usize = 32 << 10;

impl Sniffer {
    /// The first decompressed bytes of a regular file: `max`, or fewer if it ends before, or if they are
    /// `enough`. A byte order mark is kept.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotAFile`] for a stream, which would lose what is looked at; else what reading the
    /// start of the file can give.
    pub fn beginning(
        &mut self,
        source: &SourceFile,
        max: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<&[u8], Error> {
        if source.is_stream() {
            return Err(Error::new(ErrorKind::NotAFile).named(source.name()));
        }
        self.look(source.open()?, source.name(), max, enough)
    }

    /// The same of a stream, which is waited for, and which afterwards has all of its bytes still before it.
    ///
    /// # Errors
    ///
    /// What reading the start of the stream can give.
    pub fn beginning_of_stream(
        &mut self,
        source: &mut SourceFile,
        max: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Error> {
        let name = source.name().to_owned();
        let tap = Tap::default();
        let opened = match source.open()? {
            Opened::Stream(reader) => {
                *tap.reader() = Some(reader);
                Opened::Stream(Box::new(tap.clone()))
            }
            other => other,
        };
        let seen = self.look(opened, &name, max, enough).map(<[u8]>::to_vec);
        if let Some(reader) = tap.reader().take() {
            source.put_back(std::mem::take(&mut *tap.seen()), reader);
        }
        // What is no good data is told when it is read.
        Ok(seen.unwrap_or_default())
    }

    fn look(
        &mut self,
        opened: Opened,
        name: &str,
        max: usize,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<&[u8], Error> {
        let decoders = std::mem::take(&mut self.decoders);
        let mut stream = Stream::open(opened, decoders, false, u64::MAX, false);
        let mut filled = 0;
        while filled < max && !enough(&self.bytes[..filled]) {
            let step = if filled == 0 { FIRST_LOOK_BYTES } else { filled.max(SNIFF_STEP_BYTES) };
            let to = max.min(filled + step);
            if self.bytes.len() < to {
                self.bytes.resize(to, 0);
            }
            match stream.read(&mut self.bytes[filled..to]) {
                Ok(Chunk::Bytes(count)) => filled += count,
                Ok(Chunk::End) => break,
                Err(fault) => return Err(fault.into_error().named(name)),
            }
        }
        self.decoders = stream.into_decoders();
        Ok(&self.bytes[..filled])
    }
}

/// A stream that keeps what is read of it.
#[derive(Clone, Default)]
struct Tap {
    reader: Arc<Mutex<Option<Box<dyn Read + Send>>>>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn reader(&self) -> MutexGuard<'_, Option<Box<dyn Read + Send>>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<u8>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader().as_mut().map_or(Ok(0), |reader| reader.read(buffer))?;
        self.seen().extend(buffer.iter().take(read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn sniff_sees_decompressed_bytes_and_keeps_the_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"\xef\xbb\xbf{\"a\":1}\n").unwrap();
        std::fs::write(&path, gz.finish().unwrap()).unwrap();
        let source = SourceFile::from_path(&path).unwrap();
        let mut sniffer = Sniffer::default();
        let all = |_: &[u8]| false;
        assert_eq!(sniffer.beginning(&source, 5, all).unwrap(), b"\xef\xbb\xbf{\"");
        assert_eq!(sniffer.beginning(&source, 100, all).unwrap(), b"\xef\xbb\xbf{\"a\":1}\n");
        assert_eq!(sniffer.beginning(&source, 100, |_| true).unwrap(), b"");
        let stream = SourceFile::from_reader("s", io::empty());
        let refused = sniffer.beginning(&stream, 5, all).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotAFile);
    }

    #[test]
    fn a_stream_has_its_beginning_still_before_it() {
        let text = b"{\"a\":1}\n{\"b\":2}\n".repeat(10_000);
        let mut source = SourceFile::from_reader("s", io::Cursor::new(text.clone()));
        let enough = |seen: &[u8]| seen.contains(&b'\n');
        let mut sniffer = Sniffer::default();
        let seen = sniffer.beginning_of_stream(&mut source, 100_000, enough).unwrap();
        assert!(text.starts_with(&seen) && enough(&seen) && seen.len() < text.len());
        let Opened::Stream(mut reader) = source.open().unwrap() else { panic!("a stream") };
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert!(all == text);
        let taken = sniffer.beginning_of_stream(&mut source, 1, enough).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyRead);
    }
}

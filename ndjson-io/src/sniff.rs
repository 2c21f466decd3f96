//! Looking at the beginning of a file without reading it.

use crate::decompress::{Chunk, Decoders, Stream};
use crate::error::{Error, ErrorKind};
use crate::source::SourceFile;

/// Looks at the beginnings of files, one after another, with the same memory: what kind of file each is.
#[derive(Default)]
pub struct Sniffer {
    decoders: Decoders,
    bytes: Vec<u8>,
}

/// A file is first looked at for this many bytes: most long records begin with what tells their type.
const FIRST_LOOK_BYTES: usize = 4 << 10;

/// Then in steps of this many.
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
        let decoders = std::mem::take(&mut self.decoders);
        let mut stream = Stream::open(source.open()?, decoders, false, u64::MAX, false);
        let mut filled = 0;
        while filled < max && !enough(&self.bytes[..filled]) {
            let step = if filled == 0 { FIRST_LOOK_BYTES } else { SNIFF_STEP_BYTES };
            let to = max.min(filled + step);
            if self.bytes.len() < to {
                self.bytes.resize(to, 0);
            }
            match stream.read(&mut self.bytes[filled..to]) {
                Ok(Chunk::Bytes(count)) => filled += count,
                Ok(Chunk::End) => break,
                Err(fault) => return Err(fault.into_error().named(source.name())),
            }
        }
        self.decoders = stream.into_decoders();
        Ok(&self.bytes[..filled])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};

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
}

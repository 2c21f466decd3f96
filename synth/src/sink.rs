//! One output file: plain or gzip, counting what is written.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// A writer that counts the bytes it passes on.
#[derive(Debug)]
pub(crate) struct Counting<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file being written.
#[derive(Debug)]
pub(crate) enum Sink<W: Write> {
    Plain(Counting<W>),
    Gzip(Box<GzEncoder<Counting<W>>>),
}

impl<W: Write> Sink<W> {
    pub(crate) fn new(inner: W, gzip: bool) -> Self {
        let counting = Counting { inner, bytes: 0 };
        if gzip { Self::Gzip(member(counting)) } else { Self::Plain(counting) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
        }
    }

    /// Ends the gzip member and begins another one; nothing for a plain file.
    pub(crate) fn next_member(self) -> io::Result<Self> {
        Ok(match self {
            Self::Plain(inner) => Self::Plain(inner),
            Self::Gzip(encoder) => Self::Gzip(member(encoder.finish()?)),
        })
    }

    /// Ends the file; gives the bytes written to it.
    pub(crate) fn finish(self) -> io::Result<u64> {
        let mut inner = match self {
            Self::Plain(inner) => inner,
            Self::Gzip(encoder) => encoder.finish()?,
        };
        inner.flush()?;
        Ok(inner.bytes)
    }
}

fn member<W: Write>(inner: Counting<W>) -> Box<GzEncoder<Counting<W>>> {
    // The level is part of the output; the header has no name and no time in it.
    Box::new(GzEncoder::new(inner, Compression::new(6)))
}

//! From stored bytes to decompressed bytes: the size taken at open, the hash, gzip and zstd.
//!
//! The decoders are driven by hand rather than through their `Read` wrappers, so that an error of
//! the file is never mistaken for an error of the data, every member and frame is read, and
//! anything after the last one is seen.

mod gzip;
mod raw;
mod step;
mod zstd;

use ::zstd::stream::raw::{Decoder as ZstdDecoder, Operation};

use self::gzip::Gzip;
use self::raw::{INPUT_BYTES, Raw, RawInput};
pub(crate) use self::step::Chunk;
use self::zstd::Zstd;
use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::source::Opened;

/// How a source is compressed. Its first bytes decide, never its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Stored as it is.
    #[default]
    None,
    /// gzip, one member or many.
    Gzip,
    /// Zstandard, one frame or many, skippable frames included.
    Zstd,
}

impl Compression {
    /// Tells the compression from the first bytes of a source. Four bytes are enough; fewer are
    /// taken for a plain source, unless they already show gzip.
    pub fn from_magic(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Bytes that decide about the compression.
pub(crate) const MAGIC_BYTES: usize = 4;

/// Buffers and decoder states that go from one source to the next: making them anew for each of
/// many small files would cost more than reading the files.
#[derive(Default)]
pub(crate) struct Decoders {
    input: Vec<u8>,
    zstd: Option<ZstdDecoder<'static>>,
}

/// One source being read.
pub(crate) struct Stream {
    raw: Raw,
    codec: Codec,
    decoders: Decoders,
    /// The part of the input buffer that is read and not used.
    unused: std::ops::Range<usize>,
    /// True once the stored bytes ended; a terminal is not asked a second time.
    ended: bool,
    decompressed: u64,
    max_decompressed: u64,
    require_checksums: bool,
}

enum Codec {
    /// The first bytes have not been looked at.
    Unknown,
    Plain,
    Gzip(Gzip),
    Zstd(Zstd),
}

impl Stream {
    pub(crate) fn open(
        opened: Opened,
        mut decoders: Decoders,
        hash: bool,
        max_decompressed: u64,
        require_checksums: bool,
    ) -> Self {
        if decoders.input.is_empty() {
            decoders.input = vec![0; INPUT_BYTES];
        }
        Self {
            raw: Raw::new(opened, hash),
            codec: Codec::Unknown,
            decoders,
            unused: 0..0,
            ended: false,
            decompressed: 0,
            max_decompressed,
            require_checksums,
        }
    }

    /// True if a read may wait for someone else (a pipe, the network), rather than for a disk.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self.raw.input, RawInput::Stream(_) | RawInput::Remote { .. })
    }

    pub(crate) fn raw_bytes(&self) -> u64 {
        self.raw.count
    }

    pub(crate) fn compression(&self) -> Compression {
        match self.codec {
            Codec::Unknown | Codec::Plain => Compression::None,
            Codec::Gzip(_) => Compression::Gzip,
            Codec::Zstd(_) => Compression::Zstd,
        }
    }

    /// Frames read so far whose damage would not be seen.
    pub(crate) fn frames_without_checksum(&self) -> u64 {
        match &self.codec {
            Codec::Zstd(zstd) => zstd.unchecked_frames,
            Codec::Unknown | Codec::Plain | Codec::Gzip(_) => 0,
        }
    }

    /// The decoders for the next source, when nothing else of this one is wanted.
    pub(crate) fn into_decoders(self) -> Decoders {
        self.decoders
    }

    /// Ends the reading: hash, growth, and the decoders for the next source.
    ///
    /// # Errors
    /// The file was read before, and is not what it was then.
    pub(crate) fn close(self) -> Result<(Option<[u8; 32]>, bool, Decoders), Fault> {
        let grew = self.raw.grew()?;
        let hash = self.raw.hasher.map(|hasher| *hasher.finalize().as_bytes());
        Ok((hash, grew, self.decoders))
    }

    /// Reads some decompressed bytes into `out`, which is not empty.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> Result<Chunk, Fault> {
        if matches!(self.codec, Codec::Unknown) {
            if let Some(chunk) = self.look_in_place(out)? {
                return Ok(chunk);
            }
            self.look()?;
        }
        if matches!(self.codec, Codec::Plain) {
            return self.read_plain(out);
        }
        // Up to the limit exactly; beyond it one byte is enough to know.
        let room = self.max_decompressed - self.decompressed;
        if room == 0 {
            return match self.decode(&mut [0])? {
                Chunk::Bytes(0) => Ok(Chunk::Bytes(0)),
                Chunk::End => Ok(Chunk::End),
                Chunk::Bytes(_) => Err(Fault::Kind(ErrorKind::ExpandsTooMuch {
                    limit_bytes: self.max_decompressed,
                })),
            };
        }
        let len = out.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        let chunk = self.decode(&mut out[..len])?;
        if let Chunk::Bytes(count) = chunk {
            self.decompressed += count as u64;
        }
        Ok(chunk)
    }

    /// The first read, straight into the caller's buffer, where a plain source's bytes may stay. None if it is
    /// another one, or its bytes are too few to tell.
    fn look_in_place(&mut self, out: &mut [u8]) -> Result<Option<Chunk>, Fault> {
        if self.ended || !self.unused.is_empty() {
            return Ok(None);
        }
        let count = self.raw.read(out)?;
        if count >= MAGIC_BYTES && Compression::from_magic(&out[..count]) == Compression::None {
            self.codec = Codec::Plain;
            return Ok(Some(Chunk::Bytes(count)));
        }
        self.decoders.input[..count].copy_from_slice(&out[..count]);
        self.unused = 0..count;
        self.ended = count == 0;
        Ok(None)
    }

    /// Reads until the first bytes tell the compression; pipes may give one byte at a time.
    fn look(&mut self) -> Result<(), Fault> {
        while self.unused.end < MAGIC_BYTES && !self.ended {
            let count = self.raw.read(&mut self.decoders.input[self.unused.end..])?;
            if count == 0 {
                self.ended = true;
                break;
            }
            self.unused.end += count;
        }
        self.codec = match Compression::from_magic(&self.decoders.input[self.unused.clone()]) {
            Compression::None => Codec::Plain,
            Compression::Gzip => Codec::Gzip(Gzip::new()),
            Compression::Zstd => {
                match &mut self.decoders.zstd {
                    Some(decoder) => decoder.reinit().map_err(Fault::Io)?,
                    none => *none = Some(ZstdDecoder::new().map_err(Fault::Io)?),
                }
                Codec::Zstd(Zstd::new(self.require_checksums))
            }
        };
        Ok(())
    }

    /// What the first look left over, then straight into the caller's buffer.
    fn read_plain(&mut self, out: &mut [u8]) -> Result<Chunk, Fault> {
        let count = if self.unused.is_empty() {
            if self.ended { 0 } else { self.raw.read(out)? }
        } else {
            let count = self.unused.len().min(out.len());
            let from = self.unused.start;
            out[..count].copy_from_slice(&self.decoders.input[from..from + count]);
            self.unused.start += count;
            count
        };
        self.ended |= count == 0;
        Ok(if count == 0 { Chunk::End } else { Chunk::Bytes(count) })
    }

    /// One step of decoding: at most one read of stored bytes, then what the decoder makes of it.
    fn decode(&mut self, out: &mut [u8]) -> Result<Chunk, Fault> {
        if self.unused.is_empty() && !self.ended {
            let count = self.raw.read(&mut self.decoders.input)?;
            self.unused = 0..count;
            self.ended = count == 0;
        }
        let ended = self.ended && self.unused.is_empty();
        let input = &self.decoders.input[self.unused.clone()];
        let (used, made, chunk) = match &mut self.codec {
            Codec::Gzip(gzip) => gzip.step(input, out, ended)?,
            Codec::Zstd(zstd) => match &mut self.decoders.zstd {
                Some(decoder) => zstd.step(decoder, input, out, ended)?,
                None => (0, 0, Chunk::End),
            },
            Codec::Unknown | Codec::Plain => (0, 0, Chunk::End),
        };
        debug_assert!(used <= input.len() && made <= out.len());
        self.unused.start += used;
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests;

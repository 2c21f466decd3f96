//! From stored bytes to decompressed bytes: the size taken at open, the hash, gzip and zstd.
//!
//! The decoders are driven by hand rather than through their `Read` wrappers, so that an error of
//! the file is never mistaken for an error of the data, every member and frame is read, and
//! anything after the last one is seen.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use crate::error::{Error, ErrorKind};
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
const MAGIC_BYTES: usize = 4;

/// Most stored bytes read at once: they are hashed while they are in the processor's nearest caches.
const INPUT_BYTES: usize = 128 * 1024;

/// The largest window of gzip, as the power of two.
const GZIP_WINDOW_BITS: u8 = 15;

/// Details of [`ErrorKind::Corrupt`].
mod detail {
    pub(super) const GZIP_TRUNCATED: &str = "the last gzip member is cut short";
    pub(super) const GZIP_DAMAGED: &str = "a gzip member is not valid or its checksum is wrong";
    pub(super) const GZIP_GARBAGE: &str = "something other than gzip follows the last gzip member";
    pub(super) const ZSTD_TRUNCATED: &str = "the last zstd frame is cut short";
    pub(super) const ZSTD_DAMAGED: &str =
        "a zstd frame is not valid, its checksum is wrong, or something else follows the last one";
    pub(super) const ZSTD_WINDOW: &str = "a zstd frame needs a window over 128 MiB";
}

/// Why bytes could not be had; becomes an [`Error`] once it is known where.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Kind(ErrorKind),
}

impl Fault {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Io(error) => Error::io("read", error),
            Self::Kind(kind) => Error::new(kind),
        }
    }

    fn corrupt(detail: &'static str) -> Self {
        Self::Kind(ErrorKind::Corrupt { detail })
    }
}

/// What one step of reading gave. `Bytes(0)` means "nothing yet": the caller may look whether it
/// should stop, and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Bytes(usize),
    End,
}

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
}

enum Codec {
    /// The first bytes have not been looked at.
    Unknown,
    Plain,
    Gzip(Gzip),
    Zstd {
        /// True between frames, where the source may end.
        at_boundary: bool,
    },
}

struct Gzip {
    inflate: Decompress,
    state: GzipState,
    /// Damage that was found behind bytes that are still good; it is told after them.
    fault: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GzipState {
    /// In the first member.
    First,
    /// Behind a member: the source may end, another member or zero padding may begin.
    Between,
    /// In another member.
    Later,
    /// In the zeros after the last member.
    Padding,
}

impl Stream {
    pub(crate) fn open(
        opened: Opened,
        mut decoders: Decoders,
        hash: bool,
        max_decompressed: u64,
    ) -> Self {
        if decoders.input.is_empty() {
            decoders.input = vec![0; INPUT_BYTES];
        }
        let raw = Raw::new(opened, hash);
        // What a part of a file begins with tells nothing.
        let codec = if raw.part.is_some() { Codec::Plain } else { Codec::Unknown };
        Self { raw, codec, decoders, unused: 0..0, ended: false, decompressed: 0, max_decompressed }
    }

    /// True if a read may wait for someone else (a pipe, the network), rather than for a disk.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self.raw.input, RawInput::Stream(_) | RawInput::Remote { .. })
    }

    pub(crate) fn raw_bytes(&self) -> u64 {
        self.raw.count
    }

    /// The byte of the file at which the reading began.
    pub(crate) fn first_byte(&self) -> u64 {
        self.raw.part.as_ref().map_or(0, |part| part.start)
    }

    pub(crate) fn compression(&self) -> Compression {
        match self.codec {
            Codec::Unknown | Codec::Plain => Compression::None,
            Codec::Gzip(_) => Compression::Gzip,
            Codec::Zstd { .. } => Compression::Zstd,
        }
    }

    /// The decoders for the next source, when nothing else of this one is wanted.
    pub(crate) fn into_decoders(self) -> Decoders {
        self.decoders
    }

    /// Ends the reading: hash, growth, and the decoders for the next source.
    pub(crate) fn close(self) -> (Option<[u8; 32]>, bool, Decoders) {
        let grew = self.raw.grew();
        let hash = self.raw.hasher.map(|hasher| *hasher.finalize().as_bytes());
        (hash, grew, self.decoders)
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
            Compression::Gzip => Codec::Gzip(Gzip {
                inflate: Decompress::new_gzip(GZIP_WINDOW_BITS),
                state: GzipState::First,
                fault: None,
            }),
            Compression::Zstd => {
                match &mut self.decoders.zstd {
                    Some(decoder) => decoder.reinit().map_err(Fault::Io)?,
                    none => *none = Some(ZstdDecoder::new().map_err(Fault::Io)?),
                }
                Codec::Zstd { at_boundary: true }
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
            Codec::Zstd { at_boundary } => match &mut self.decoders.zstd {
                Some(decoder) => zstd_step(decoder, at_boundary, input, out, ended)?,
                None => (0, 0, Chunk::End),
            },
            Codec::Unknown | Codec::Plain => (0, 0, Chunk::End),
        };
        debug_assert!(used <= input.len() && made <= out.len());
        self.unused.start += used;
        Ok(chunk)
    }
}

/// Bytes used, bytes made, and what that means.
type Step = (usize, usize, Chunk);

impl Gzip {
    fn step(&mut self, input: &[u8], out: &mut [u8], ended: bool) -> Result<Step, Fault> {
        if self.state == GzipState::Between {
            match input.first() {
                None if ended => return Ok((0, 0, Chunk::End)),
                None => return Ok((0, 0, Chunk::Bytes(0))),
                Some(0) => self.state = GzipState::Padding,
                Some(_) => {
                    self.inflate = Decompress::new_gzip(GZIP_WINDOW_BITS);
                    self.state = GzipState::Later;
                }
            }
        }
        if self.state == GzipState::Padding {
            // gzip(1) accepts zeros up to the end without a word: tapes and block devices pad.
            if input.iter().any(|&byte| byte != 0) {
                return Err(Fault::corrupt(detail::GZIP_GARBAGE));
            }
            let chunk = if ended { Chunk::End } else { Chunk::Bytes(0) };
            return Ok((input.len(), 0, chunk));
        }
        if let Some(detail) = self.fault {
            return Err(Fault::corrupt(detail));
        }
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, out, FlushDecompress::None);
        let used = delta(self.inflate.total_in(), in_before);
        let made = delta(self.inflate.total_out(), out_before);
        let fault = match status {
            Ok(Status::StreamEnd) => {
                self.state = GzipState::Between;
                return Ok((used, made, Chunk::Bytes(made)));
            }
            // Something happened, or there is no way on: no more to use, or no sense in it.
            Ok(_) if used > 0 || made > 0 => return Ok((used, made, Chunk::Bytes(made))),
            Ok(_) if ended => detail::GZIP_TRUNCATED,
            // Not even the two bytes that begin every member.
            Err(_) if self.state == GzipState::Later && in_before < 2 && made == 0 => {
                detail::GZIP_GARBAGE
            }
            Ok(_) | Err(_) => detail::GZIP_DAMAGED,
        };
        self.fault = Some(fault);
        if made > 0 { Ok((used, made, Chunk::Bytes(made))) } else { Err(Fault::corrupt(fault)) }
    }
}

fn delta(after: u64, before: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

fn zstd_step(
    decoder: &mut ZstdDecoder<'static>,
    at_boundary: &mut bool,
    input: &[u8],
    out: &mut [u8],
    ended: bool,
) -> Result<Step, Fault> {
    if ended && *at_boundary {
        return Ok((0, 0, Chunk::End));
    }
    let mut from = InBuffer::around(input);
    let mut to = OutBuffer::around(out);
    // Zero when a frame is complete and all of it was handed out.
    let hint = decoder.run(&mut from, &mut to).map_err(|error| {
        // The texts of this library are fixed phrases; only this one is worth telling apart.
        let window = error.to_string().contains("too much memory");
        Fault::corrupt(if window { detail::ZSTD_WINDOW } else { detail::ZSTD_DAMAGED })
    })?;
    let (used, made) = (from.pos(), to.pos());
    if used == 0 && made == 0 {
        let detail = if ended { detail::ZSTD_TRUNCATED } else { detail::ZSTD_DAMAGED };
        return Err(Fault::corrupt(detail));
    }
    *at_boundary = hint == 0;
    Ok((used, made, Chunk::Bytes(made)))
}

/// Stored bytes: no more than the size at open, counted and hashed.
struct Raw {
    input: RawInput,
    /// Of a file, if it is not read whole.
    part: Option<Range<u64>>,
    hasher: Option<blake3::Hasher>,
    count: u64,
}

enum RawInput {
    File { file: File, size_at_open: u64 },
    Stream(Box<dyn Read + Send>),
    Remote { reader: Box<dyn Read + Send>, size: u64 },
}

impl Raw {
    fn new(opened: Opened, hash: bool) -> Self {
        let (input, part) = match opened {
            Opened::File { file, size_at_open, part } => {
                (RawInput::File { file, size_at_open }, part)
            }
            Opened::Stream(stream) => (RawInput::Stream(stream), None),
            Opened::Remote { reader, size } => (RawInput::Remote { reader, size }, None),
        };
        Self { input, part, hasher: hash.then(blake3::Hasher::new), count: 0 }
    }

    /// Zero at the end. Retries when a signal interrupts.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let most = buffer.len().min(INPUT_BYTES);
        let buffer = &mut buffer[..most];
        let count = match &mut self.input {
            RawInput::File { file, size_at_open } => {
                let part = self.part.clone().unwrap_or(0..*size_at_open);
                let left = part.end - part.start - self.count;
                let len = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if len == 0 {
                    return Ok(0);
                }
                let count = retry(file, &mut buffer[..len])?;
                if count == 0 {
                    return Err(Fault::Kind(ErrorKind::Shrunk {
                        expected_bytes: *size_at_open,
                        found_bytes: part.start + self.count,
                    }));
                }
                count
            }
            RawInput::Stream(stream) => retry(stream, buffer)?,
            RawInput::Remote { reader, size } => {
                let count = retry(reader, buffer)?;
                let found_bytes = self.count + count as u64;
                if count == 0 && found_bytes < *size {
                    let kind = ErrorKind::Shrunk { expected_bytes: *size, found_bytes };
                    return Err(Fault::Kind(kind));
                }
                count
            }
        };
        self.count += count as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }

    fn grew(&self) -> bool {
        match &self.input {
            RawInput::File { file, size_at_open } => {
                file.metadata().is_ok_and(|metadata| metadata.len() > *size_at_open)
            }
            RawInput::Stream(_) | RawInput::Remote { .. } => false,
        }
    }
}

fn retry(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Fault> {
    loop {
        match reader.read(buffer) {
            Ok(count) => return Ok(count.min(buffer.len())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Gives `step` bytes at a time.
    struct Pieces(Vec<u8>, usize, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.2.min(self.0.len() - self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
            self.1 += count;
            Ok(count)
        }
    }

    fn decode(stored: &[u8], piece: usize, out: usize, max: u64) -> Result<Vec<u8>, ErrorKind> {
        let opened = Opened::Stream(Box::new(Pieces(stored.to_vec(), 0, piece)));
        let mut stream = Stream::open(opened, Decoders::default(), true, max);
        let mut all = Vec::new();
        let mut buffer = vec![0; out];
        loop {
            match stream.read(&mut buffer) {
                Ok(Chunk::Bytes(count)) => all.extend_from_slice(&buffer[..count]),
                Ok(Chunk::End) => break,
                Err(Fault::Kind(kind)) => return Err(kind),
                Err(Fault::Io(error)) => panic!("{error}"),
            }
        }
        assert_eq!(stream.raw_bytes(), stored.len() as u64);
        let (hash, grew, _) = stream.close();
        assert_eq!(hash, Some(*blake3::hash(stored).as_bytes()));
        assert!(!grew);
        Ok(all)
    }

    /// Every way of cutting input and output gives the same.
    fn decode_all(stored: &[u8], max: u64) -> Result<Vec<u8>, ErrorKind> {
        let whole = decode(stored, usize::MAX, 1 << 16, max);
        for (piece, out) in [(1, 1), (1, 1 << 16), (7, 3), (usize::MAX, 1), (4096, 100)] {
            assert_eq!(decode(stored, piece, out, max), whole, "piece {piece}, out {out}");
        }
        whole
    }

    fn corrupt(detail: &'static str) -> Result<Vec<u8>, ErrorKind> {
        Err(ErrorKind::Corrupt { detail })
    }

    fn text() -> Vec<u8> {
        (0..400).flat_map(|i| format!("{{\"id\":{i}}}\n").into_bytes()).collect()
    }

    #[test]
    fn plain_is_plain_whatever_its_length() {
        for len in [0, 1, 2, 3, 4, 5, 1000] {
            let bytes = &text()[..len];
            assert_eq!(decode_all(bytes, 1).unwrap(), bytes);
        }
        assert_eq!(decode_all(b"\x1f", u64::MAX).unwrap(), b"\x1f");
        assert_eq!(decode_all(b"\x28\xb5\x2f", u64::MAX).unwrap(), b"\x28\xb5\x2f");
    }

    #[test]
    fn gzip_one_member_many_members_empty_members_zero_padding() {
        let text = text();
        assert_eq!(decode_all(&gzip(&text), u64::MAX).unwrap(), text);
        let mut many = Vec::new();
        for part in text.chunks(700) {
            many.extend(gzip(part));
            many.extend(gzip(b""));
        }
        assert_eq!(decode_all(&many, u64::MAX).unwrap(), text);
        many.extend([0; 1000]);
        assert_eq!(decode_all(&many, u64::MAX).unwrap(), text);
        assert_eq!(decode_all(&gzip(b""), u64::MAX).unwrap(), b"");
    }

    #[test]
    fn gzip_with_all_header_fields() {
        let mut encoder = flate2::GzBuilder::new()
            .extra(vec![1; 300])
            .filename("n")
            .comment("c")
            .write(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"x\n").unwrap();
        assert_eq!(decode_all(&encoder.finish().unwrap(), u64::MAX).unwrap(), b"x\n");
    }

    #[test]
    fn gzip_cut_anywhere_is_an_error() {
        let whole = gzip(&text());
        for len in 2..whole.len() {
            let result = decode(&whole[..len], usize::MAX, 1 << 16, u64::MAX);
            assert_eq!(result, corrupt(detail::GZIP_TRUNCATED), "{len}");
        }
        let mut two = whole.clone();
        two.extend(&whole);
        for len in whole.len() + 1..two.len() {
            let result = decode(&two[..len], 100, 1000, u64::MAX);
            assert_eq!(result, corrupt(detail::GZIP_TRUNCATED), "{len}");
        }
    }

    #[test]
    fn gzip_damage_and_garbage_are_errors() {
        let good = gzip(&text());
        let len = good.len();
        for at in [2, 3, len - 1, len - 4, len - 5, len - 8] {
            let mut bad = good.clone();
            bad[at] ^= 0xe0;
            assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::GZIP_DAMAGED), "{at}");
        }
        for garbage in [&b"garbage"[..], b"\n\n", b"\x1f\x8c", b"\0\0x", b"\0\x1f\x8b"] {
            let bad = [&good[..], garbage].concat();
            assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::GZIP_GARBAGE));
        }
        let after_padding = [&good[..], &[0; 512], &good[..]].concat();
        assert_eq!(decode_all(&after_padding, u64::MAX), corrupt(detail::GZIP_GARBAGE));
    }

    #[test]
    fn zstd_frames_skippable_frames_and_faults() {
        let text = text();
        let frame = zstd(&text);
        assert_eq!(decode_all(&frame, u64::MAX).unwrap(), text);
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let many = [&skippable[..], &frame, &zstd(b""), &skippable, &frame].concat();
        assert_eq!(decode_all(&many, u64::MAX).unwrap(), [&text[..], &text].concat());
        for len in 4..frame.len() {
            let result = decode(&frame[..len], usize::MAX, 1 << 16, u64::MAX);
            assert_eq!(result, corrupt(detail::ZSTD_TRUNCATED), "{len}");
        }
        for garbage in [&b"garbage"[..], &[0; 100]] {
            let bad = [&frame[..], garbage].concat();
            assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::ZSTD_DAMAGED));
        }
        let mut bad = frame.clone();
        *bad.last_mut().unwrap() ^= 1;
        assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::ZSTD_DAMAGED));
    }

    #[test]
    fn limit_is_exact() {
        let text = text();
        let len = text.len() as u64;
        for stored in [gzip(&text), zstd(&text), [gzip(&text), gzip(b"")].concat()] {
            assert_eq!(decode_all(&stored, len).unwrap(), text);
            let limit_bytes = len - 1;
            assert_eq!(
                decode_all(&stored, limit_bytes),
                Err(ErrorKind::ExpandsTooMuch { limit_bytes })
            );
        }
    }
}

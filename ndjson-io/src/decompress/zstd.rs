//! The steps of Zstandard, and which of its frames have a checksum.

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::get_frame_content_size;

use super::step::{Chunk, Step, detail};
use crate::error::ErrorKind;
use crate::fault::Fault;

/// What a frame of data begins with; skippable ones hold nothing that could be damaged.
const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";

/// Magic number and descriptor of a frame.
const DESCRIBED_BYTES: usize = MAGIC.len() + 1;

/// The longest head of a frame: behind the descriptor the window, the dictionary and the size of the content.
const HEAD_BYTES: usize = DESCRIBED_BYTES + 1 + 4 + 8;

/// In the descriptor: a checksum of the content ends the frame.
const CHECKSUM_FLAG: u8 = 1 << 2;

/// A Zstandard source being decoded; the decoder itself goes from one source to the next.
#[derive(Default)]
pub(super) struct Zstd {
    head: [u8; HEAD_BYTES],
    /// Bytes of the present frame's head; none between frames, where the source may end.
    head_len: usize,
    /// Bytes that the present frame gave.
    made: u64,
    /// Frames whose damage nobody would see.
    pub(super) unchecked_frames: u64,
    /// Whether such a frame is an error.
    require_checksums: bool,
}

impl Zstd {
    pub(super) fn new(require_checksums: bool) -> Self {
        Self { require_checksums, ..Self::default() }
    }

    pub(super) fn step(
        &mut self,
        decoder: &mut Decoder<'static>,
        input: &[u8],
        out: &mut [u8],
        ended: bool,
    ) -> Result<Step, Fault> {
        if ended && self.head_len == 0 {
            return Ok((0, 0, Chunk::End));
        }
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(out);
        // Zero when a frame is complete and all of it was handed out; the next one is not begun in the same call.
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
        self.see_head(&input[..used])?;
        self.made += made as u64;
        if hint == 0 {
            self.check_size()?;
            (self.head_len, self.made) = (0, 0);
        }
        Ok((used, made, Chunk::Bytes(made)))
    }

    /// Takes what was used of a frame; its first bytes say whether it has a checksum.
    fn see_head(&mut self, used: &[u8]) -> Result<(), Fault> {
        let new = used.len().min(HEAD_BYTES - self.head_len);
        if new == 0 {
            return Ok(());
        }
        self.head[self.head_len..self.head_len + new].copy_from_slice(&used[..new]);
        self.head_len += new;
        let is_described = (self.head_len - new..self.head_len).contains(&(DESCRIBED_BYTES - 1));
        let is_unchecked = is_described
            && self.head.starts_with(MAGIC)
            && self.head[MAGIC.len()] & CHECKSUM_FLAG == 0;
        if is_unchecked {
            if self.require_checksums {
                return Err(Fault::Kind(ErrorKind::NoChecksum));
            }
            self.unchecked_frames += 1;
        }
        Ok(())
    }

    /// A frame that is complete has as many bytes as its head says, if it does: the decoder does not look where the last
    /// block is empty and the data comes in pieces.
    fn check_size(&self) -> Result<(), Fault> {
        match get_frame_content_size(&self.head[..self.head_len]) {
            Ok(Some(said)) if said != self.made => Err(Fault::corrupt(detail::ZSTD_DAMAGED)),
            _ => Ok(()),
        }
    }
}

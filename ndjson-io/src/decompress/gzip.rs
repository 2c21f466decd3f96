//! The steps of gzip.

use flate2::{Decompress, FlushDecompress, Status};

use super::step::{Chunk, Step, detail};
use crate::fault::Fault;

/// The largest window, as the power of two.
const WINDOW_BITS: u8 = 15;

/// A gzip source being decoded.
pub(super) struct Gzip {
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

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new_gzip(WINDOW_BITS), state: GzipState::First, fault: None }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        ended: bool,
    ) -> Result<Step, Fault> {
        if self.state == GzipState::Between {
            match input.first() {
                None if ended => return Ok((0, 0, Chunk::End)),
                None => return Ok((0, 0, Chunk::Bytes(0))),
                Some(0) => self.state = GzipState::Padding,
                Some(_) => {
                    self.inflate = Decompress::new_gzip(WINDOW_BITS);
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

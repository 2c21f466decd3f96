//! An object as a stream of bytes.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::error::{Error, ErrorKind};
use crate::fetch::{Fault, Fetched, Part, fetch_soon, whole};
use crate::object::Inner;

/// Bytes of a range.
pub const PART_BYTES: u64 = 4 << 20;

/// Ranges of the object being read that are under way or wait to be read.
pub const PARTS_AT_ONCE: usize = 6;

/// Bytes of other objects that are under way or here before anybody asked.
pub const AHEAD_BYTES: usize = 16 << 20;

/// Bytes that a look fetches at once.
pub(crate) const LOOK_BYTES: u64 = 64 << 10;

/// What an object is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Its beginning tells what it holds: little is fetched, and only when it is asked for.
    Look,
    /// All of it is wanted: ranges are fetched side by side.
    Read,
}

/// The bytes of an object from its start. It ends after exactly the object's size, or with an error.
///
/// Errors are [`io::Error`]s that hold an [`Error`]; they have no operating system behind them.
pub struct ObjectReader {
    object: Arc<Inner>,
    purpose: Purpose,
    source: Source,
    current: Bytes,
    /// What the current bytes count for, as long as they are here.
    held: Option<Fetched>,
    /// Where the next read begins.
    at: u64,
}

enum Source {
    /// Parts in order, and where the first begins that is not asked for.
    Ranges {
        parts: VecDeque<Part>,
        next: u64,
    },
    Whole(mpsc::Receiver<Result<Bytes, Error>>),
}

impl ObjectReader {
    pub(crate) fn new(object: Arc<Inner>, purpose: Purpose, ahead: Option<Part>) -> Self {
        let next = ahead.as_ref().map_or(0, |part| part.range.end);
        let mut reader = Self {
            object,
            purpose,
            source: Source::Ranges { parts: ahead.into_iter().collect(), next },
            current: Bytes::new(),
            held: None,
            at: 0,
        };
        if !reader.object.no_ranges.load(Ordering::Relaxed) || !reader.begin_whole() {
            reader.ask_for_more();
        }
        reader
    }

    /// Keeps as many parts under way as there may be.
    fn ask_for_more(&mut self) {
        let Source::Ranges { parts, next } = &mut self.source else { return };
        let (most, bytes) = match self.purpose {
            Purpose::Look => (1, LOOK_BYTES),
            Purpose::Read => (PARTS_AT_ONCE, PART_BYTES),
        };
        while parts.len() < most && *next < self.object.len {
            let end = self.object.len.min(*next + bytes);
            let Some(part) = fetch_soon(&self.object, *next..end) else { return };
            parts.push_back(part);
            *next = end;
        }
    }

    /// Asks for all of it at once. False when the network has ended.
    fn begin_whole(&mut self) -> bool {
        let Some(chunks) = whole(&self.object) else { return false };
        self.source = Source::Whole(chunks);
        true
    }

    /// The next bytes. None at the end.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            self.held = None;
            if self.at == self.object.len {
                return Ok(None);
            }
            let storage = self.object.storage.clone();
            let part = match &mut self.source {
                Source::Whole(chunks) => {
                    return match storage.wait(chunks.recv())? {
                        Some(chunk) => chunk.map(Some),
                        None => Err(Error::cancelled()),
                    };
                }
                Source::Ranges { parts, .. } => parts.pop_front(),
            };
            let Some(mut part) = part else {
                self.ask_for_more();
                if matches!(&self.source, Source::Ranges { parts, .. } if parts.is_empty()) {
                    return Err(Error::cancelled());
                }
                continue;
            };
            let fetched = storage.wait(&mut part.task)?;
            match fetched {
                Ok(Ok(fetched)) => {
                    if self.purpose == Purpose::Read {
                        self.ask_for_more();
                    }
                    let bytes = fetched.bytes.clone();
                    self.held = Some(fetched);
                    return Ok(Some(bytes));
                }
                // Only the first range is asked for without knowing: then it reads on from the start.
                Ok(Err(Fault::NoRanges)) if self.at == 0 => {
                    self.object.no_ranges.store(true, Ordering::Relaxed);
                    if !self.begin_whole() {
                        return Err(Error::cancelled());
                    }
                }
                Ok(Err(Fault::NoRanges)) => {
                    let message =
                        format!("{}: the server stopped to give ranges", self.object.address);
                    return Err(Error::new(ErrorKind::Network, message));
                }
                Ok(Err(Fault::Of(error))) => return Err(error),
                Err(_) => return Err(Error::cancelled()),
            }
        }
    }

    /// All that is left.
    pub(crate) fn read_all(mut self) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next()? {
            self.at += bytes.len() as u64;
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.current.is_empty() {
            match self.next().map_err(io::Error::other)? {
                Some(bytes) => self.current = bytes,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

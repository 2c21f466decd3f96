//! A connection that ends when its other side takes nothing for too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::places::{Busy, Place};

/// A TCP connection on which a write fails when nothing was taken for the given time. Reads wait: hyper has its own
/// limit for heads, and [`around`](crate::app::around) one for bodies.
pub(crate) struct Idle {
    stream: TokioIo<TcpStream>,
    most: Duration,
    until: Pin<Box<Sleep>>,
    waits: bool,
    /// What is not sent yet somebody waits for.
    place: Arc<Place>,
    unsent: Option<Busy>,
}

impl Idle {
    pub(crate) fn new(stream: TcpStream, most: Duration, place: Arc<Place>) -> Self {
        let until = Box::pin(tokio::time::sleep(most));
        Self { stream: TokioIo::new(stream), most, until, waits: false, place, unsent: None }
    }

    /// Passes an outcome on; a wait that takes too long becomes an error.
    fn limit<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waits = false;
            self.unsent = None;
            return outcome;
        }
        if !self.waits {
            self.waits = true;
            self.unsent = Some(self.place.busy());
            self.until.as_mut().reset(Instant::now() + self.most);
        }
        match self.until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Read for Idle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Idle {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(context, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.limit(context, outcome)
    }
}

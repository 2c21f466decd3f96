//! The body of a file's response, and how it may end.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// Chunks that wait for the network, at most.
const CHUNKS: usize = 4;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the last byte.
    Whole,
    /// Half-way, and the connection breaks.
    Break,
    /// Half-way, as if that were the end.
    Short,
    /// With the last byte, before the announced length.
    Missing,
}

/// Part of a file, read while it is sent.
pub(crate) struct FileBody {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    breaks: bool,
}

impl FileBody {
    /// Sends the bytes of the range, or as many as `ending` says.
    pub(crate) fn start(path: PathBuf, bytes: Range<u64>, ending: Ending) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS);
        let length = bytes.end - bytes.start;
        let length = match ending {
            Ending::Whole | Ending::Missing => length,
            Ending::Break | Ending::Short => length / 2,
        };
        tokio::spawn(async move {
            let fault = match read(path, bytes.start, length, &sender).await {
                Ok(()) if matches!(ending, Ending::Whole | Ending::Short) => return,
                Ok(()) => io::ErrorKind::ConnectionReset.into(),
                Err(fault) => fault,
            };
            let _ = sender.send(Err(fault)).await;
        });
        Self { chunks, breaks: false }
    }
}

async fn read(
    path: PathBuf,
    from: u64,
    mut left: u64,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut file = File::open(path).await?;
    file.set_max_buf_size(CHUNK_BYTES);
    file.seek(io::SeekFrom::Start(from)).await?;
    while left > 0 {
        let most = CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES));
        let mut chunk = Vec::with_capacity(most);
        while chunk.len() < most {
            if (&mut file).take((most - chunk.len()) as u64).read_buf(&mut chunk).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        left -= chunk.len() as u64;
        // It fails when the connection has gone.
        sender.send(Ok(chunk.into())).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
    Ok(())
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.breaks {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        }
        match self.chunks.poll_recv(context) {
            Poll::Ready(Some(Err(_))) => {
                // A pause in which what was sent so far is flushed: the break comes after it, not instead of it.
                self.breaks = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            polled => polled.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }
}

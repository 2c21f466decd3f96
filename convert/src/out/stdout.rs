//! Standard output that a run can stop waiting for: a reader that takes nothing holds a write for ever.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::cancel::Cancel;

/// How often a write that waits looks whether the run is to end.
const TICK: Duration = Duration::from_millis(50);

/// Standard output; once the run is cancelled, a write that waits for the reader fails.
#[derive(Debug)]
pub struct Stdout {
    cancel: Cancel,
    pieces: Sender<Vec<u8>>,
    written: Receiver<io::Result<()>>,
}

impl Stdout {
    /// Writes on a thread of its own, which is left behind when it waits at the end of the process.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn new(cancel: &Cancel) -> io::Result<Self> {
        let (pieces, given) = mpsc::channel::<Vec<u8>>();
        let (done, written) = mpsc::channel();
        thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            for piece in given {
                let mut stdout = io::stdout().lock();
                let result = stdout.write_all(&piece).and_then(|()| stdout.flush());
                drop(stdout);
                if done.send(result).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { cancel: cancel.clone(), pieces, written })
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let ended = || io::Error::other("the thread that writes ended");
        self.pieces.send(bytes.to_vec()).map_err(|_| ended())?;
        loop {
            match self.written.recv_timeout(TICK) {
                Ok(result) => return result.map(|()| bytes.len()),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                Err(RecvTimeoutError::Timeout) if self.cancel.is_cancelled() => {
                    return Err(io::Error::other("interrupted"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Each piece is flushed.
        Ok(())
    }
}

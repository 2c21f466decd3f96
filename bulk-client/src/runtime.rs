//! For programs that are not asynchronous.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind};

/// Runs a call of this crate to its end on this thread; files are checked on others.
///
/// # Errors
///
/// Those of the call, and [`ErrorKind::Local`](crate::ErrorKind::Local) when the system gives no timer or poll.
pub fn block_on<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::local(format!("no runtime: {error}")))?;
    let done = runtime.block_on(call);
    // What is being checked when a run is interrupted need not be checked to its end.
    runtime.shutdown_background();
    done
}

/// A call of this crate that may take so long and no longer.
///
/// # Errors
///
/// Those of the call, and [`ErrorKind::Network`](crate::ErrorKind::Network) when the time is over.
pub async fn within<T>(
    time: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let over = |_| {
        let message = format!("there was no answer in {} seconds", time.as_secs_f32());
        Err(Error::new(ErrorKind::Network, message))
    };
    tokio::time::timeout(time, call).await.unwrap_or_else(over)
}

/// Does something, unless it is cancelled before.
///
/// # Errors
///
/// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when it is cancelled, and what the work ends with.
pub async fn unless_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    cancel.run_until_cancelled(work).await.unwrap_or_else(|| Err(Error::interrupted()))
}

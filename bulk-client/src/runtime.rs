//! For programs that are not asynchronous.

use crate::error::Error;

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

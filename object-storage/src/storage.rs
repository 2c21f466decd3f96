//! What a run needs of the network: its threads, its connections, and an ear for who wants it to end.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::ObjectStore;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::reader::AHEAD_BYTES;
use crate::store::connect;

/// Threads that carry bytes: TLS of more than this is not what a run waits for.
const NETWORK_THREADS: usize = 2;

/// How often it is looked whether the run was asked to end while the network is slow.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// The network of one run. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    /// Taken out only to be shut down.
    runtime: Option<Runtime>,
    cancel: Arc<AtomicBool>,
    /// By bucket, container or host.
    stores: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
    /// Bytes that may be fetched ahead.
    ahead: Arc<Semaphore>,
}

impl Storage {
    /// Starts the threads. Whoever sets `cancel` ends every wait within a moment.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] if threads cannot be started.
    pub fn new(cancel: Arc<AtomicBool>) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(NETWORK_THREADS)
            .thread_name("object-storage")
            .enable_all()
            .build()
            .map_err(|_| {
                Error::new(ErrorKind::Local, "the threads of the network cannot be started")
            })?;
        Ok(Self(Arc::new(Inner {
            runtime: Some(runtime),
            cancel,
            stores: Mutex::default(),
            ahead: Arc::new(Semaphore::new(AHEAD_BYTES)),
        })))
    }

    /// The connection to where this is, made at the first use.
    pub(crate) fn store(&self, address: &Address) -> Result<Arc<dyn ObjectStore>, Error> {
        let lock = || self.0.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = lock().get(&address.root) {
            return Ok(Arc::clone(store));
        }
        let store = self.wait(connect(address))??;
        // Two threads may have come here at once: one connection is as good as the other.
        Ok(Arc::clone(lock().entry(address.root.clone()).or_insert(store)))
    }

    /// A store that needs no connection.
    #[cfg(test)]
    pub(crate) fn insert(&self, root: &str, store: Arc<dyn ObjectStore>) {
        self.0.stores.lock().unwrap().insert(root.to_owned(), store);
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        self.0.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }

    pub(crate) fn ahead(&self) -> &Arc<Semaphore> {
        &self.0.ahead
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancel.load(Ordering::SeqCst)
    }

    /// Waits for the network on a thread of the caller, or until the run is to end.
    pub(crate) fn wait<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        self.block_on(async {
            let mut future = pin!(future);
            loop {
                if self.is_cancelled() {
                    return Err(Error::cancelled());
                }
                if let Ok(output) = tokio::time::timeout(CANCEL_POLL, &mut future).await {
                    return Ok(output);
                }
            }
        })?
    }

    /// Waits for the network even if the run is to end: for what tidies up. Nothing of it may take long.
    pub(crate) fn wait_regardless<F: Future>(
        &self,
        most: Duration,
        future: F,
    ) -> Option<F::Output> {
        self.block_on(async { tokio::time::timeout(most, future).await.ok() }).ok().flatten()
    }

    fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Error> {
        let runtime = self.0.runtime.as_ref().ok_or_else(Error::cancelled)?;
        Ok(runtime.handle().block_on(future))
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Storage")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A look-up of a name may hang in the system for long: it is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

//! What is done when a publication does not end well: nothing of it is to be seen.

use std::time::Duration;

use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::again::again;
use crate::error::Error;
use crate::publish::{JOURNAL, Phase, Run};

/// How long a request that is under way may take before it is given up: what it did at the store is not known then.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// How long removing may take.
const TIDYING: Duration = Duration::from_secs(20);

/// Removes objects; it does not matter whether they were there. Gives the last error.
pub(crate) async fn delete_all(
    store: &dyn ObjectStore,
    keys: Vec<Path>,
) -> object_store::Result<()> {
    let mut failed = Ok(());
    // One after the other: a bulk request fails as a whole, and not every store knows it.
    for key in keys {
        let delete = || async {
            let one = futures_util::stream::iter([Ok(key.clone())]).boxed();
            store.delete_stream(one).next().await.transpose()
        };
        let deleted = again(delete).await;
        match deleted {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => failed = Err(error),
        }
    }
    failed
}

impl Run {
    /// Takes everything back, as far as the store lets us. Gives the error that is to be told.
    pub(crate) fn undo(mut self, error: Error) -> Error {
        let storage = self.publication.storage.clone();
        let ended = storage.wait_regardless(GRACE, self.end_requests()).is_some();
        for upload in &mut self.uploads {
            if let Some(task) = upload.beginning.take() {
                task.abort();
            }
            if let Some(task) = upload.ending.take() {
                task.abort();
            }
        }
        let tidied = storage.wait_regardless(TIDYING, self.tidy()).unwrap_or(false);
        if ended && tidied || self.phase == Phase::Sending {
            return error;
        }
        let message = format!(
            "{error}; objects of this run may be left below {}, without a manifest: run it again and let it replace \
             them, or remove them",
            self.publication.out
        );
        Error::new(error.kind(), message)
    }

    /// Waits for what is under way.
    async fn end_requests(&mut self) {
        for upload in &mut self.uploads {
            if let Some(task) = &mut upload.beginning {
                if let Ok(Ok(begun)) = task.await {
                    upload.begun = Some(begun);
                }
                upload.beginning = None;
            }
            if let Some(task) = &mut upload.ending {
                let _ = task.await;
                upload.ending = None;
            }
        }
    }

    /// Aborts uploads and removes what can be seen. True if nothing failed that leaves something to be seen.
    async fn tidy(&self) -> bool {
        for upload in &self.uploads {
            if let Some(begun) = &upload.begun {
                // One that was completed is gone: the store says so.
                let _ = begun.lock().await.abort().await;
            }
        }
        let publication = &self.publication;
        let store = publication.store.as_ref();
        let may_be_seen = self.uploads.iter().any(|upload| upload.may_be_seen);
        if self.phase == Phase::Sending {
            return true;
        }
        if !may_be_seen {
            // The earlier result is whole: its manifest comes back, if it is gone.
            if let Some(text) = &self.existing.manifest {
                let key = publication.key(&publication.manifest_name);
                if store.put(&key, PutPayload::from(text.clone())).await.is_err() {
                    return false;
                }
            }
            // A journal of a killed run still tells what is left of that.
            if self.existing.objects.contains_key(JOURNAL) {
                return true;
            }
            return delete_all(store, vec![publication.key(JOURNAL)]).await.is_ok();
        }
        let seen =
            self.uploads.iter().filter(|upload| upload.may_be_seen).map(|upload| &upload.name);
        let earlier = self.existing.names.iter();
        let mut keys = vec![publication.key(&publication.manifest_name)];
        keys.extend(seen.chain(earlier).map(|name| publication.key(name)));
        if delete_all(store, keys).await.is_err() {
            return false;
        }
        // Last: as long as anything is left, it tells that it is ours.
        delete_all(store, vec![publication.key(JOURNAL)]).await.is_ok()
    }
}

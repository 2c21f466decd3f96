//! The parts of all files, side by side.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use object_store::{ObjectStoreExt, PutPayload};
use tokio::io::AsyncReadExt;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::again::again;
use crate::error::Error;
use crate::publish::Run;
use crate::publish::upload::{Shared, Upload, cannot_read};

/// Bytes of a part, unless the file is so large that its parts would be too many.
pub const PART_BYTES: u64 = 8 << 20;

/// Parts of all files that are in memory at once.
pub const PARTS_AT_ONCE: usize = 6;

/// Largest file that is put in one request where there are no parts.
pub const WHOLE_BYTES: u64 = 64 << 20;

/// Stores take 10,000 parts.
const MOST_PARTS: u64 = 9_000;

/// Files that are sent, or completed, at a time.
const FILES_AT_ONCE: usize = 4;

/// Bytes of each part of a file but the last.
fn part_bytes(len: u64) -> u64 {
    PART_BYTES.max(len.div_ceil(MOST_PARTS).next_multiple_of(1 << 20))
}

impl Run {
    /// Begins all uploads and sends their parts.
    pub(crate) fn send_parts(&mut self) -> Result<(), Error> {
        let (storage, store) =
            (self.publication.storage.clone(), Arc::clone(&self.publication.store));
        let handle = storage.handle().ok_or_else(Error::cancelled)?;
        for upload in self.uploads.iter_mut().filter(|upload| !upload.whole) {
            let (store, key) = (Arc::clone(&store), upload.address.key.clone());
            upload.beginning = Some(handle.spawn(async move {
                Ok(Arc::new(Mutex::new(again(|| store.put_multipart(&key)).await?)))
            }));
        }
        for upload in &mut self.uploads {
            if let Some(task) = &mut upload.beginning {
                let begun = storage.wait(task)?.map_err(|_| Error::cancelled())?;
                upload.beginning = None;
                let failed = |error| Error::of(&error, "write objects", &upload.address);
                upload.begun = Some(begun.map_err(failed)?);
            }
        }
        let room = Arc::new(Semaphore::new(PARTS_AT_ONCE));
        let sending = self.uploads.iter().filter_map(|upload| {
            let begun = upload.begun.clone()?;
            Some(send(upload, begun, Arc::clone(&room)))
        });
        let sending: Vec<_> = sending.collect();
        storage.wait(
            futures_util::stream::iter(sending)
                .map(Ok)
                .try_for_each_concurrent(FILES_AT_ONCE, |file| file),
        )?
    }

    /// Makes all uploads objects.
    pub(crate) fn complete(&mut self) -> Result<(), Error> {
        let (storage, store) =
            (self.publication.storage.clone(), Arc::clone(&self.publication.store));
        let handle = storage.handle().ok_or_else(Error::cancelled)?;
        // Whole files are in memory: one at a time.
        let at_once = if self.publication.out.is_http() { 1 } else { FILES_AT_ONCE };
        for uploads in self.uploads.chunks_mut(at_once) {
            for upload in &mut *uploads {
                upload.may_be_seen = true;
                upload.ending = Some(handle.spawn(upload.end(&store)));
            }
            for upload in uploads {
                if let Some(task) = &mut upload.ending {
                    let ended = storage.wait(task)?;
                    upload.ending = None;
                    ended.map_err(|_| Error::cancelled())??;
                }
            }
        }
        Ok(())
    }
}

/// Sends all parts of a file.
async fn send(upload: &Upload, begun: Shared, room: Arc<Semaphore>) -> Result<(), Error> {
    let failed =
        |error: object_store::Error| Error::of(&error, "write the object", &upload.address);
    let local = |error: std::io::Error| cannot_read(&upload.name, &error);
    let mut file = tokio::fs::File::open(&upload.path).await.map_err(local)?;
    let mut tasks = JoinSet::new();
    let mut left = upload.len;
    while left > 0 {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return Err(Error::cancelled());
        };
        let len = left.min(part_bytes(upload.len));
        left -= len;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| Error::cancelled())?];
        file.read_exact(&mut bytes).await.map_err(local)?;
        let part = begun.lock().await.put_part(PutPayload::from(bytes));
        tasks.spawn(async move {
            let sent = part.await;
            drop(permit);
            sent
        });
        while let Some(sent) = tasks.try_join_next() {
            sent.map_err(|_| Error::cancelled())?.map_err(failed)?;
        }
    }
    while let Some(sent) = tasks.join_next().await {
        sent.map_err(|_| Error::cancelled())?.map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_never_too_many() {
        assert_eq!(part_bytes(0), 8 << 20);
        assert_eq!(part_bytes(1 << 30), 8 << 20);
        for len in [100_u64 << 30, 5 << 40] {
            assert!(len.div_ceil(part_bytes(len)) <= 10_000, "{len}");
            assert_eq!(part_bytes(len) % (1 << 20), 0);
        }
    }
}

//! One range of an object, or all of it, over the network.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use crate::error::{Error, ErrorKind};
use crate::object::Inner;

/// How often a body that broke off is asked for again where the crate cannot go on by itself: it does so only if the
/// server gives entity tags.
const TRIES: u32 = 5;

/// Before the second try; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Chunks of a whole body that wait to be read. A chunk is what the connection gives at once, some kilobytes.
const CHUNKS_WAITING: usize = 64;

/// Which version of an object is read.
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    pub(crate) e_tag: Option<String>,
    pub(crate) modified: SystemTime,
}

/// An entity tag without what is around it: lists and answers of one store quote it differently.
pub(crate) fn bare(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

impl Pin {
    /// What a request may demand of the server: a strong tag. A weak one never matches there.
    fn demand(&self) -> Option<String> {
        let tag = self.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"))?;
        Some(format!("\"{}\"", bare(tag)))
    }

    /// Whether an answer is of this version: not every server looks at what is demanded.
    fn is_of(&self, len: u64, meta: &ObjectMeta) -> bool {
        let same = match (&self.e_tag, &meta.e_tag) {
            (Some(ours), Some(theirs)) => bare(ours) == bare(theirs),
            _ => self.modified == SystemTime::from(meta.last_modified),
        };
        same && meta.size == len
    }
}

/// Why a range could not be had.
pub(crate) enum Fault {
    /// The server gives whole objects only.
    NoRanges,
    Of(Error),
}

/// A range that is here. While it is, it counts among what is fetched ahead, if it was.
pub(crate) struct Fetched {
    pub(crate) bytes: Bytes,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A range on its way. It is given up when this is dropped.
pub(crate) struct Part {
    pub(crate) task: JoinHandle<Result<Fetched, Fault>>,
    pub(crate) range: Range<u64>,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to fetch a range. `None` when the network has ended.
pub(crate) fn fetch_soon(object: &Arc<Inner>, range: Range<u64>) -> Option<Part> {
    spawn(object, range, None)
}

/// Begins to fetch a range that nobody waits for yet, if there is room for it.
pub(crate) fn fetch_ahead(object: &Arc<Inner>, range: Range<u64>) -> Option<Part> {
    let bytes = u32::try_from(range.end - range.start).ok()?;
    let permit = Arc::clone(object.storage.ahead()).try_acquire_many_owned(bytes).ok()?;
    spawn(object, range, Some(permit))
}

fn spawn(
    object: &Arc<Inner>,
    range: Range<u64>,
    permit: Option<OwnedSemaphorePermit>,
) -> Option<Part> {
    let wanted = Wanted::of(object);
    let asked = range.clone();
    let task = object
        .storage
        .handle()?
        .spawn(async move { Ok(Fetched { bytes: wanted.range(asked).await?, _permit: permit }) });
    Some(Part { task, range })
}

/// What a task needs of an object. Not the object itself: that holds the network, which waits for no task.
struct Wanted {
    store: Arc<dyn object_store::ObjectStore>,
    address: crate::Address,
    pin: Pin,
    len: u64,
}

impl Wanted {
    fn of(object: &Inner) -> Self {
        Self {
            store: Arc::clone(&object.store),
            address: object.address.clone(),
            pin: object.pin.clone(),
            len: object.len,
        }
    }

    fn fault(&self, error: &object_store::Error) -> Fault {
        match error {
            object_store::Error::NotSupported { .. } => Fault::NoRanges,
            object_store::Error::NotFound { .. } => Fault::Of(Error::replaced(&self.address)),
            _ => Fault::Of(Error::of(error, "read the object", &self.address)),
        }
    }

    /// Asks for a range, or for all of it: a server need know nothing of ranges to give small objects.
    async fn ask(&self, range: &Range<u64>) -> Result<GetResult, Fault> {
        let whole = *range == (0..self.len);
        let options = GetOptions {
            range: (!whole).then(|| GetRange::Bounded(range.clone())),
            if_match: self.pin.demand(),
            ..GetOptions::default()
        };
        let given = self.store.get_opts(&self.address.key, options).await;
        let given = given.map_err(|error| self.fault(&error))?;
        if self.pin.is_of(self.len, &given.meta) {
            Ok(given)
        } else {
            Err(Fault::Of(Error::replaced(&self.address)))
        }
    }

    async fn range(&self, range: Range<u64>) -> Result<Bytes, Fault> {
        let mut pause = FIRST_PAUSE;
        for tries in 1.. {
            let body = self.ask(&range).await?.bytes().await;
            match body {
                Ok(bytes) if bytes.len() as u64 == range.end - range.start => return Ok(bytes),
                Err(error) if tries == TRIES => return Err(self.fault(&error)),
                Ok(_) if tries == TRIES => break,
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(Fault::Of(self.broke_off()))
    }

    fn broke_off(&self) -> Error {
        let message =
            format!("{}: cannot read the object: its body is shorter than its size", self.address);
        Error::new(ErrorKind::Network, message)
    }

    /// Sends all chunks, until nobody takes them.
    async fn whole(&self, chunks: &mpsc::Sender<Result<Bytes, Error>>) -> Result<(), Fault> {
        let mut body = self.ask(&(0..self.len)).await?.into_stream();
        let mut count = 0;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| self.fault(&error))?;
            count += chunk.len() as u64;
            if chunks.send(Ok(chunk)).await.is_err() {
                return Ok(());
            }
        }
        if count == self.len { Ok(()) } else { Err(Fault::Of(self.broke_off())) }
    }
}

/// The whole object in chunks, from a server that knows no ranges. A connection that breaks off ends it.
pub(crate) fn whole(object: &Inner) -> Option<mpsc::Receiver<Result<Bytes, Error>>> {
    let wanted = Wanted::of(object);
    let (chunks, taken) = mpsc::channel(CHUNKS_WAITING);
    object.storage.handle()?.spawn(async move {
        if let Err(Fault::Of(error)) = wanted.whole(&chunks).await {
            let _ = chunks.send(Err(error)).await;
        }
    });
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_what_is_around_them() {
        let pin = |tag: &str| Pin { e_tag: Some(tag.to_owned()), modified: SystemTime::UNIX_EPOCH };
        assert_eq!(pin("0x8D").demand().as_deref(), Some("\"0x8D\""));
        assert_eq!(pin("\"0x8D\"").demand().as_deref(), Some("\"0x8D\""));
        assert_eq!(pin("W/\"0x8D\"").demand(), None);
        let meta = |tag: Option<&str>, size| ObjectMeta {
            location: object_store::path::Path::default(),
            last_modified: SystemTime::UNIX_EPOCH.into(),
            size,
            e_tag: tag.map(str::to_owned),
            version: None,
        };
        assert!(pin("0x8D").is_of(3, &meta(Some("\"0x8D\""), 3)));
        assert!(!pin("0x8D").is_of(3, &meta(Some("\"0x8E\""), 3)));
        assert!(!pin("0x8D").is_of(3, &meta(Some("0x8D"), 4)));
        // Without tags the time has to do.
        assert!(pin("0x8D").is_of(3, &meta(None, 3)));
    }
}

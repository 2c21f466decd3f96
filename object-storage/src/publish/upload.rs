//! One file on its way to be an object.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::fetch::bare;
use crate::publish::LocalFile;
use crate::publish::parts::WHOLE_BYTES;

/// An upload that the store knows of, shared with the tasks that send its parts.
pub(crate) type Shared = Arc<Mutex<Box<dyn MultipartUpload>>>;

pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    /// The store knows no multipart uploads.
    pub(crate) whole: bool,
    /// Tag of the object that it replaces.
    earlier: Option<String>,
    /// The store is asked to begin it. The task goes on when the run is to end: an upload that nobody knows of could
    /// not be aborted.
    pub(crate) beginning: Option<JoinHandle<object_store::Result<Shared>>>,
    pub(crate) begun: Option<Shared>,
    /// The store is asked to make it an object.
    pub(crate) ending: Option<JoinHandle<Result<(), Error>>>,
    /// It may be an object.
    pub(crate) may_be_seen: bool,
}

impl Upload {
    pub(crate) fn new(
        address: Address,
        file: &LocalFile,
        whole: bool,
        earlier: Option<String>,
    ) -> Result<Self, Error> {
        let metadata = file.path.metadata();
        let len = metadata.map_err(|error| cannot_read(&file.name, &error))?.len();
        if whole && len > WHOLE_BYTES {
            let message = format!(
                "{address}: {len} bytes are too many for one https:// request (at most {WHOLE_BYTES}); choose s3://, \
                 gs://, az:// or a folder for the output"
            );
            return Err(Error::new(ErrorKind::Usage, message));
        }
        Ok(Self {
            name: file.name.clone(),
            address,
            path: file.path.clone(),
            len,
            whole,
            earlier,
            beginning: None,
            begun: None,
            ending: None,
            may_be_seen: false,
        })
    }

    /// What makes it an object.
    pub(crate) fn end(
        &self,
        store: &Arc<dyn ObjectStore>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let (store, address, begun) = (Arc::clone(store), self.address.clone(), self.begun.clone());
        let (len, earlier) = (self.len, self.earlier.clone());
        let (name, path) = (self.name.clone(), self.path.clone());
        async move {
            let ended = if let Some(begun) = begun {
                begun.lock().await.complete().await.map(drop)
            } else {
                let bytes = tokio::fs::read(&path).await;
                let bytes = bytes.map_err(|error| cannot_read(&name, &error))?;
                store.put(&address.key, PutPayload::from(bytes)).await.map(drop)
            };
            let Err(error) = ended else { return Ok(()) };
            // The answer to a try may have been lost, and the next one finds the upload gone: is the object there?
            match store.head(&address.key).await {
                Ok(meta)
                    if meta.size == len && is_new(meta.e_tag.as_deref(), earlier.as_deref()) =>
                {
                    Ok(())
                }
                _ => Err(Error::of(&error, "write the object", &address)),
            }
        }
    }
}

/// Whether the object of this tag is another one than the earlier.
fn is_new(tag: Option<&str>, earlier: Option<&str>) -> bool {
    tag.is_some_and(|tag| earlier.is_none_or(|earlier| bare(tag) != bare(earlier)))
}

/// A file of the run that cannot be read back. Its place is private to the run: only its name is told.
pub(crate) fn cannot_read(name: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Local, format!("read of {name} before its upload failed: {error}"))
}

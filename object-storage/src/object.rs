//! An object that can be read: where it is, how large, and which version of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use object_store::{ObjectMeta, ObjectStore};

use crate::address::Address;
use crate::error::Error;
use crate::fetch::{Part, Pin, fetch_ahead};
use crate::reader::{LOOK_BYTES, ObjectReader, PART_BYTES, Purpose};
use crate::storage::Storage;

/// An object as it was found. All readings are of this version: another one in its place is an error.
#[derive(Clone)]
pub struct Object(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) address: Address,
    pub(crate) len: u64,
    pub(crate) pin: Pin,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) storage: Storage,
    /// The server was found to give whole objects only.
    pub(crate) no_ranges: AtomicBool,
    /// The beginning, under way or here: for a look, and for a reading.
    ahead: [Mutex<Option<Part>>; 2],
}

impl Object {
    pub(crate) fn new(
        address: &Address,
        meta: ObjectMeta,
        store: Arc<dyn ObjectStore>,
        storage: &Storage,
    ) -> Self {
        Self(Arc::new(Inner {
            address: address.with_key(meta.location),
            len: meta.size,
            pin: Pin { e_tag: meta.e_tag, modified: meta.last_modified.into() },
            store,
            storage: storage.clone(),
            no_ranges: AtomicBool::new(false),
            ahead: Default::default(),
        }))
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// The last part of its key.
    pub fn file_name(&self) -> &str {
        self.0.address.key.filename().unwrap_or_default()
    }

    /// Its key below that of `folder`, with `/` between parts; all of its key if it is not below.
    pub fn relative_to(&self, folder: &Address) -> String {
        let key = &self.0.address.key;
        match key.prefix_match(&folder.key) {
            Some(rest) => {
                let parts: Vec<_> = rest.map(|part| part.as_ref().to_owned()).collect();
                parts.join("/")
            }
            None => key.as_ref().to_owned(),
        }
    }

    /// Whether the server gives each version an entity tag. Without one versions are told apart by size and time alone.
    pub fn has_tag(&self) -> bool {
        self.0.pin.e_tag.is_some()
    }

    /// Its size, in bytes as stored.
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// When it was written.
    pub fn modified(&self) -> SystemTime {
        self.0.pin.modified
    }

    /// Opens it for a reading from its start. Nothing is waited for yet.
    pub fn open(&self, purpose: Purpose) -> ObjectReader {
        let ahead = self.slot(purpose).lock().unwrap_or_else(PoisonError::into_inner).take();
        ObjectReader::new(Arc::clone(&self.0), purpose, ahead)
    }

    /// Begins to fetch the beginning, since it will be opened soon. Does nothing when enough is under way, or the
    /// store is not reached: opening will say so.
    pub fn prepare(&self, purpose: Purpose) {
        let most = match purpose {
            Purpose::Look => LOOK_BYTES,
            Purpose::Read => PART_BYTES,
        };
        if self.0.no_ranges.load(Ordering::Relaxed) {
            return;
        }
        let mut slot = self.slot(purpose).lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() && self.0.len > 0 {
            *slot = fetch_ahead(&self.0, 0..self.0.len.min(most));
        }
    }

    /// All of it, if it is no longer than `most` bytes.
    ///
    /// # Errors
    /// What reading can give.
    pub fn bytes(&self, most: u64) -> Result<Option<Vec<u8>>, Error> {
        if self.0.len > most {
            return Ok(None);
        }
        self.open(Purpose::Read).read_all().map(Some)
    }

    pub(crate) fn e_tag(&self) -> Option<String> {
        self.0.pin.e_tag.clone()
    }

    fn slot(&self, purpose: Purpose) -> &Mutex<Option<Part>> {
        match purpose {
            Purpose::Look => &self.0.ahead[0],
            Purpose::Read => &self.0.ahead[1],
        }
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object")
            .field("address", &self.0.address)
            .field("len", &self.0.len)
            .finish_non_exhaustive()
    }
}

//! From an address to objects.

use futures_util::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt};

use crate::address::Address;
use crate::again::again;
use crate::error::{Error, ErrorKind};
use crate::object::Object;
use crate::storage::Storage;

/// What an address names.
#[derive(Debug)]
pub enum Found {
    /// One object.
    Object(Object),
    /// All objects below it, sorted by the bytes of their keys; at least one.
    Folder(Vec<Object>),
}

impl Storage {
    /// Finds what an address names: an object of this key, else all objects below it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is nothing; [`ErrorKind::Usage`] for a folder of an HTTP server, where nothing
    /// can be listed; else what the network gives.
    pub fn find(&self, address: &Address) -> Result<Found, Error> {
        if address.is_folder() && address.is_http() {
            let message = format!(
                "{address}: https:// names one object, since nothing lists them there; name each"
            );
            return Err(Error::new(ErrorKind::Usage, message));
        }
        if !address.is_folder() {
            match self.object(address)? {
                Some(object) => return Ok(Found::Object(object)),
                None if address.is_http() => return Err(nothing(address)),
                None => {}
            }
        }
        let objects = self.below(address)?;
        if objects.is_empty() { Err(nothing(address)) } else { Ok(Found::Folder(objects)) }
    }

    /// The object of exactly this key, if there is one.
    ///
    /// # Errors
    /// What the network gives.
    pub fn object(&self, address: &Address) -> Result<Option<Object>, Error> {
        let store = self.store(address)?;
        match self.wait(store.head(&address.key))? {
            Ok(meta) => Ok(Some(Object::new(address, meta, store, self))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::of(&error, "look at the object", address)),
        }
    }

    /// All objects below an address, sorted by the bytes of their keys.
    ///
    /// # Errors
    /// What the network gives.
    pub fn below(&self, address: &Address) -> Result<Vec<Object>, Error> {
        let store = self.store(address)?;
        let prefix = (!address.key.is_root()).then_some(&address.key);
        let listed = self.wait(again(|| store.list(prefix).try_collect::<Vec<ObjectMeta>>()))?;
        self.objects(listed, address)
    }

    /// The objects of a folder, not of those within it, sorted by the bytes of their keys.
    ///
    /// # Errors
    /// What the network gives.
    pub fn directly_below(&self, address: &Address) -> Result<Vec<Object>, Error> {
        let store = self.store(address)?;
        let prefix = (!address.key.is_root()).then_some(&address.key);
        let listed = self.wait(again(|| store.list_with_delimiter(prefix)))?;
        self.objects(listed.map(|listed| listed.objects), address)
    }

    fn objects(
        &self,
        listed: object_store::Result<Vec<ObjectMeta>>,
        address: &Address,
    ) -> Result<Vec<Object>, Error> {
        let store = self.store(address)?;
        let mut metas = listed.map_err(|error| Error::of(&error, "list the objects", address))?;
        metas.sort_unstable_by(|one, other| one.location.as_ref().cmp(other.location.as_ref()));
        Ok(metas.into_iter().map(|meta| Object::new(address, meta, store.clone(), self)).collect())
    }
}

fn nothing(address: &Address) -> Error {
    Error::new(ErrorKind::NotFound, format!("{address}: no such object, and none below it"))
}

//! Files become objects: all of them, or none that is seen.
//!
//! Nothing in an object store is exchanged at once, so the order is what a reader can rely on:
//!
//! 1. What stands there is looked at. Objects that are not of an earlier result of ours end it here.
//! 2. All parts of all files are sent. Nothing of it can be seen: a multipart upload is no object yet.
//! 3. The journal is written: the names that are, or are about to be, ours.
//! 4. The earlier manifest is removed, each upload is completed, what the earlier result had besides is removed.
//! 5. The manifest is written, last. The journal is removed.
//!
//! Whoever waits for the manifest sees a whole set. If anything fails, or the run is to end, before the manifest is
//! there, uploads are aborted and what was completed is removed. An earlier result is still there, whole, unless it
//! failed in step 4 or 5; then none is.
//!
//! After a `kill -9` in step 2 the store keeps parts that nobody sees (rules of a bucket can clear away incomplete
//! uploads); after one in step 4 objects without a manifest stand there, and the journal tells the next run, which is
//! allowed to replace, that they are ours.
//!
//! An HTTP server has no multipart uploads: files are put whole in step 4, one after the other, so they can be no
//! larger than [`WHOLE_BYTES`].

mod parts;
mod undo;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::existing::{Existing, examine};
use crate::object::Object;
use crate::publish::undo::{GRACE, delete_all};
use crate::publish::upload::Upload;
use crate::storage::Storage;

pub use crate::publish::parts::{PART_BYTES, PARTS_AT_ONCE, WHOLE_BYTES};

/// The object that names what is ours while no manifest does.
pub(crate) const JOURNAL: &str = ".bcda-publishing";

/// Says which files the text of a manifest names, if it is one of ours.
pub type Owned = dyn Fn(&[u8]) -> Option<Vec<String>> + Send + Sync;

/// A place for a result, before anything is written there.
pub struct Publication {
    storage: Storage,
    out: Address,
    store: Arc<dyn ObjectStore>,
    manifest_name: String,
    overwrite: bool,
    owned: Box<Owned>,
}

/// A file of this machine that becomes an object.
#[derive(Clone, Debug)]
pub struct LocalFile {
    /// Its name below the prefix, with `/` between parts.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Publication {
    /// Looks whether a result may be published below `out`. Nothing is written.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] if objects are there: any without `overwrite`, others than those of an earlier result with
    /// it. [`ErrorKind::NotFound`] if there is no such bucket. Else what the network gives.
    pub fn open(
        storage: &Storage,
        out: &Address,
        manifest_name: &str,
        overwrite: bool,
        owned: Box<Owned>,
    ) -> Result<Self, Error> {
        let store = storage.store(out)?;
        examine(storage, out, manifest_name, overwrite, &owned)?;
        let (storage, out) = (storage.clone(), out.clone());
        Ok(Self { storage, out, store, manifest_name: manifest_name.to_owned(), overwrite, owned })
    }

    /// Makes the files appear as objects, and the manifest after them.
    ///
    /// # Errors
    /// As [`open`](Self::open), since others may have written meanwhile; [`ErrorKind::Local`] if a file cannot be
    /// read; [`ErrorKind::Cancelled`]; what the network gives. Then no object of this result is there, or the message
    /// says that some may be.
    pub fn publish(self, files: &[LocalFile], manifest: &[u8]) -> Result<(), Error> {
        let existing =
            examine(&self.storage, &self.out, &self.manifest_name, self.overwrite, &self.owned)?;
        let mut run = Run {
            uploads: self.uploads(files, &existing)?,
            existing,
            publication: self,
            phase: Phase::Sending,
        };
        let done = run.carry(manifest);
        if let Err(error) = done {
            return Err(run.undo(error));
        }
        // The set is whole and seen: a journal that stays is removed by the next run.
        let journal = run.publication.key(JOURNAL);
        let removed = run.publication.store.delete(&journal);
        let _ = run.publication.storage.wait_regardless(GRACE, removed);
        Ok(())
    }

    fn uploads(&self, files: &[LocalFile], existing: &Existing) -> Result<Vec<Upload>, Error> {
        let upload = |file: &LocalFile| {
            let earlier = existing.objects.get(&file.name).and_then(Object::e_tag);
            Upload::new(self.out.below(&file.name), file, self.out.is_http(), earlier)
        };
        files.iter().map(upload).collect()
    }

    fn key(&self, name: &str) -> Path {
        self.out.below(name).key
    }

    fn failed(&self, tried: &str) -> impl Fn(object_store::Error) -> Error {
        move |error| Error::of(&error, tried, &self.out)
    }
}

/// How far a publication is: what has to be undone depends on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Nothing can be seen.
    Sending,
    /// The journal may be there, the earlier manifest may be gone, and objects may be seen.
    Opened,
}

struct Run {
    publication: Publication,
    existing: Existing,
    uploads: Vec<Upload>,
    phase: Phase,
}

impl Run {
    fn carry(&mut self, manifest: &[u8]) -> Result<(), Error> {
        self.send_parts()?;
        let opened = self.write_journal();
        // The journal of another run is not ours to remove.
        if !opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::Usage) {
            self.phase = Phase::Opened;
        }
        opened?;
        if self.existing.manifest.is_some() {
            self.remove(std::slice::from_ref(&self.publication.manifest_name))?;
        }
        self.complete()?;
        let new = |name: &String| self.uploads.iter().any(|upload| upload.name == *name);
        let names = self.existing.names.iter();
        let old = names.filter(|name| !new(name) && **name != self.publication.manifest_name);
        self.remove(&old.cloned().collect::<Vec<_>>())?;
        self.write_manifest(manifest)
    }

    /// Writes the names of what is there and what is to come.
    fn write_journal(&self) -> Result<(), Error> {
        let run = format!("run {} {:?}", std::process::id(), std::time::SystemTime::now());
        let names =
            self.uploads.iter().map(|upload| &upload.name).chain(self.existing.names.iter());
        let names: Vec<&str> = names.map(String::as_str).collect();
        let text = format!("{run}\n{}\n", names.join("\n"));
        let (storage, store) = (&self.publication.storage, &self.publication.store);
        let key = self.publication.key(JOURNAL);
        let put = |mode| {
            let options = PutOptions { mode, ..PutOptions::default() };
            storage.wait(store.put_opts(&key, PutPayload::from(text.clone().into_bytes()), options))
        };
        let failed = self.publication.failed("write the journal");
        if self.existing.objects.contains_key(JOURNAL) {
            return put(PutMode::Overwrite)?.map(drop).map_err(failed);
        }
        match put(PutMode::Create)? {
            Ok(_) => Ok(()),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                // It may be our own, of a try whose answer was lost.
                let there = storage.object(&self.publication.out.below(JOURNAL))?;
                let there = there.map(|object| object.bytes(text.len() as u64)).transpose()?;
                if there.flatten().is_some_and(|there| there == text.as_bytes()) {
                    return Ok(());
                }
                let message = format!("{}: another run is publishing there", self.publication.out);
                Err(Error::new(ErrorKind::Usage, message))
            }
            // A store that knows no conditions.
            Err(_) => put(PutMode::Overwrite)?.map(drop).map_err(failed),
        }
    }

    fn remove(&self, names: &[String]) -> Result<(), Error> {
        let keys = names.iter().map(|name| self.publication.key(name)).collect();
        let removed =
            self.publication.storage.wait(delete_all(self.publication.store.as_ref(), keys))?;
        removed.map_err(self.publication.failed("remove objects of the earlier result"))
    }

    fn write_manifest(&self, text: &[u8]) -> Result<(), Error> {
        let Publication { storage, store, manifest_name, .. } = &self.publication;
        if storage.is_cancelled() {
            return Err(Error::cancelled());
        }
        let (store, key) = (Arc::clone(store), self.publication.key(manifest_name));
        let payload = PutPayload::from(text.to_vec());
        let handle = storage.handle().ok_or_else(Error::cancelled)?;
        let mut task = handle.spawn(async move { store.put(&key, payload).await.map(drop) });
        let written = match storage.wait(&mut task) {
            Ok(written) => written,
            // The run is to end, and the set is complete but for an answer: that may come in a moment.
            Err(error) => {
                let Some(written) = storage.wait_regardless(GRACE, &mut task) else {
                    task.abort();
                    return Err(error);
                };
                written
            }
        };
        written
            .map_err(|_| Error::cancelled())?
            .map_err(self.publication.failed("write the manifest"))
    }
}

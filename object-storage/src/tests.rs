//! The crate against a store in memory: what does not need a network to go wrong. `cli/tests/objects` has the rest.

use std::io::Read;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::memory::InMemory;
use object_store::{ObjectStoreExt, PutPayload};

use crate::publish::{LocalFile, Publication};
use crate::{Address, Error, ErrorKind, Found, PART_BYTES, PARTS_AT_ONCE, Purpose, Storage};

const MANIFEST: &str = "manifest";

/// A bucket in memory, and the network that knows it.
struct Memory {
    storage: Storage,
    store: Arc<InMemory>,
    cancel: Arc<AtomicBool>,
}

impl Memory {
    fn new() -> Self {
        let cancel = Arc::<AtomicBool>::default();
        let storage = Storage::new(Arc::clone(&cancel)).unwrap();
        let store = Arc::new(InMemory::new());
        storage.insert("s3://bucket", Arc::<InMemory>::clone(&store));
        Self { storage, store, cancel }
    }

    fn put(&self, key: &str, bytes: Vec<u8>) {
        let payload = PutPayload::from(bytes);
        self.storage.wait(self.store.put(&key.into(), payload)).unwrap().unwrap();
    }

    fn keys(&self) -> Vec<String> {
        let all = self.storage.below(&at("s3://bucket")).unwrap();
        all.iter().map(|object| object.address().key.to_string()).collect()
    }

    fn publish(&self, overwrite: bool, files: &[LocalFile], manifest: &str) -> Result<(), Error> {
        let owned = |text: &[u8]| Some(crate::existing::names_of(text));
        Publication::open(
            &self.storage,
            &at("s3://bucket/out/"),
            MANIFEST,
            overwrite,
            Box::new(owned),
        )?
        .publish(files, manifest.as_bytes())
    }
}

fn at(text: &str) -> Address {
    text.parse().unwrap()
}

/// Files of these names and sizes in a folder.
fn files(folder: &FilePath, files: &[(&str, usize)]) -> Vec<LocalFile> {
    let file = |(name, len): &(&str, usize)| {
        let path = folder.join(name.replace('/', "-"));
        std::fs::write(&path, vec![b'x'; *len]).unwrap();
        LocalFile { name: (*name).to_owned(), path }
    };
    files.iter().map(file).collect()
}

#[test]
fn an_object_is_read_whole_in_order_as_often_as_wanted() {
    let memory = Memory::new();
    let part = usize::try_from(PART_BYTES).unwrap();
    for len in [0, 1, part - 1, part, part + 1, (PARTS_AT_ONCE + 2) * part + 17] {
        let bytes: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
        memory.put("a", bytes.clone());
        let Found::Object(object) = memory.storage.find(&at("s3://bucket/a")).unwrap() else {
            panic!("it is one object")
        };
        assert_eq!((object.len(), object.is_empty()), (len as u64, len == 0));
        for purpose in [Purpose::Read, Purpose::Look] {
            object.prepare(purpose);
            let mut found = Vec::new();
            object.open(purpose).read_to_end(&mut found).unwrap();
            assert!(found == bytes, "{len} bytes for {purpose:?}");
        }
        assert_eq!(object.bytes(1).unwrap().is_some(), len <= 1);
    }
}

#[test]
fn what_is_fetched_ahead_is_bounded_and_given_back() {
    let memory = Memory::new();
    memory.put("a", vec![1; usize::try_from(PART_BYTES).unwrap()]);
    let find = || match memory.storage.find(&at("s3://bucket/a")) {
        Ok(Found::Object(object)) => object,
        other => panic!("{other:?}"),
    };
    let all = memory.storage.ahead().available_permits();
    let objects: Vec<_> = (0..20).map(|_| find()).collect();
    for object in &objects {
        object.prepare(Purpose::Read);
    }
    assert_eq!(
        memory.storage.ahead().available_permits(),
        all % usize::try_from(PART_BYTES).unwrap()
    );
    for object in &objects {
        assert_eq!(object.bytes(u64::MAX).unwrap().unwrap().len() as u64, PART_BYTES);
    }
    drop(objects);
    // Tasks that were given up let go a moment later.
    for _ in 0..1_000 {
        if memory.storage.ahead().available_permits() == all {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{} of {all}", memory.storage.ahead().available_permits());
}

#[test]
fn another_version_is_told() {
    let memory = Memory::new();
    memory.put("a", vec![1; 100]);
    let Found::Object(object) = memory.storage.find(&at("s3://bucket/a")).unwrap() else {
        panic!("it is one object")
    };
    memory.put("a", vec![2; 100]);
    let error = object.bytes(100).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Replaced);
    memory.storage.wait(memory.store.delete(&"a".into())).unwrap().unwrap();
    assert_eq!(object.bytes(100).unwrap_err().kind(), ErrorKind::Replaced);
}

#[test]
fn a_prefix_is_a_folder() {
    let memory = Memory::new();
    for key in ["in/b", "in/a/c", "in2/d", "in"] {
        memory.put(key, vec![1]);
    }
    let names = |address: &str| match memory.storage.find(&at(address)) {
        Ok(Found::Folder(objects)) => {
            objects.iter().map(|object| object.relative_to(&at(address))).collect::<Vec<_>>()
        }
        Ok(Found::Object(object)) => vec![object.file_name().to_owned()],
        Err(error) => vec![format!("{:?}", error.kind())],
    };
    assert_eq!(names("s3://bucket/in/"), ["a/c", "b"]);
    assert_eq!(names("s3://bucket/in"), ["in"]);
    assert_eq!(names("s3://bucket/in2"), ["d"]);
    assert_eq!(names("s3://bucket/i"), ["NotFound"]);
    assert_eq!(names("s3://bucket/in/b/"), ["NotFound"]);
}

#[test]
fn a_set_appears_and_replaces_what_is_ours_only() {
    let memory = Memory::new();
    let work = tempfile::tempdir().unwrap();
    let first = files(work.path(), &[("a.csv", 10), ("large.csv", 20 << 20), ("rejects/b.csv", 0)]);
    memory.publish(false, &first, "a.csv\nlarge.csv\nrejects/b.csv").unwrap();
    assert_eq!(memory.keys(), ["out/a.csv", "out/large.csv", "out/manifest", "out/rejects/b.csv"]);
    let large = memory.storage.object(&at("s3://bucket/out/large.csv")).unwrap().unwrap();
    assert_eq!(large.bytes(u64::MAX).unwrap().unwrap(), vec![b'x'; 20 << 20]);

    let second = files(work.path(), &[("a.parquet", 10)]);
    let error = memory.publish(false, &second, "a.parquet").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    memory.publish(true, &second, "a.parquet").unwrap();
    assert_eq!(memory.keys(), ["out/a.parquet", "out/manifest"]);

    memory.put("out/mine", vec![1]);
    let error = memory.publish(true, &second, "a.parquet").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(memory.keys(), ["out/a.parquet", "out/manifest", "out/mine"]);
}

#[test]
fn a_run_that_is_to_end_publishes_nothing() {
    let memory = Memory::new();
    let work = tempfile::tempdir().unwrap();
    let files = files(work.path(), &[("a.csv", 10)]);
    let owned = |_: &[u8]| None;
    let out = at("s3://bucket/out/");
    let publication =
        Publication::open(&memory.storage, &out, MANIFEST, false, Box::new(owned)).unwrap();
    memory.cancel.store(true, Ordering::SeqCst);
    assert!(publication.publish(&files, b"a.csv").unwrap_err().is_cancelled());
    memory.cancel.store(false, Ordering::SeqCst);
    assert_eq!(memory.keys(), Vec::<String>::new());
}

#[test]
fn a_file_that_is_gone_takes_all_back() {
    let memory = Memory::new();
    let work = tempfile::tempdir().unwrap();
    let files = files(work.path(), &[("a.csv", 10), ("b.csv", 10)]);
    std::fs::remove_file(&files[1].path).unwrap();
    let error = memory.publish(false, &files, "a.csv\nb.csv").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Local);
    assert!(error.to_string().contains("b.csv") && !error.to_string().contains("tmp"), "{error}");
    assert_eq!(memory.keys(), Vec::<String>::new());
}

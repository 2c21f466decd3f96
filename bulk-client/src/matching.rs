//! Which file of the journal is which of the manifest: by the whole URL, or by what is left of it without the query.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::journal::{FileRecord, FileState, ItemType};
use crate::manifest::{Entry, Manifest};
use crate::place::shown;

/// List, type and URL without the query: what a file and its slot must have in common.
type Key = (ItemType, String, String);

/// The files of a manifest.
#[derive(Default)]
pub(crate) struct Matched {
    /// In the order of the manifest, known ones with their names and states.
    pub(crate) files: Vec<FileRecord>,
    /// The whole URLs, one for each file.
    pub(crate) urls: Vec<Url>,
    /// Names, as while pending, of known files that nothing may be left of.
    pub(crate) given_up: Vec<String>,
}

/// Finds the files of the manifest among the known ones.
///
/// A file is known by its whole URL, or else by its URL without the query (a new signature) if no other file has
/// that, neither among the known nor in the manifest. Otherwise nothing tells which is which: the known ones are
/// given up, those of the manifest come anew under names of their own.
pub(crate) fn matched(known: Vec<FileRecord>, manifest: &Manifest) -> Matched {
    let lists = [
        (ItemType::Output, &manifest.output),
        (ItemType::Deleted, &manifest.deleted),
        (ItemType::Error, &manifest.error),
    ];
    let entries: Vec<(Key, &Entry)> = lists
        .into_iter()
        .flat_map(|(item_type, list)| list.iter().map(move |entry| (item_type, entry)))
        .map(|(item_type, entry)| {
            ((item_type, entry.resource_type.clone(), shown(&entry.url)), entry)
        })
        .collect();
    let before = known.clone();
    let mut listed: HashMap<&Key, usize> = HashMap::new();
    for (key, _) in &entries {
        *listed.entry(key).or_default() += 1;
    }
    let mut slots: HashMap<Key, Slots> = HashMap::new();
    for file in known {
        slots.entry(key_of(&file)).or_default().push(file);
    }
    let mut matched = Matched::default();
    let mut unclear: HashSet<&Key> = HashSet::new();
    for (key, entry) in &entries {
        let hash = url_hash(&entry.url);
        let alone = listed.get(key) == Some(&1);
        let found = slots.get_mut(key).and_then(|slots| slots.take(&hash, alone));
        let record = found.unwrap_or_else(|| {
            unclear.insert(key);
            let (item_type, resource_type, url) = key.clone();
            let name = name(&matched.files, &before, item_type, &resource_type);
            FileRecord { name, resource_type, item_type, url, ..FileRecord::default() }
        });
        matched.files.push(FileRecord { url_hash: Some(hash), ..record });
        matched.urls.push(entry.url.clone());
    }
    // What may be the same as a file that comes anew, or never came whole, must not stay beside the others.
    for (key, slots) in &slots {
        let gone = slots.files.iter().flatten();
        let gone = gone.filter(|file| file.state == FileState::Pending || unclear.contains(key));
        matched.given_up.extend(gone.map(|file| file.plain_name().to_owned()));
    }
    matched
}

/// Known files with the same key.
#[derive(Default)]
struct Slots {
    files: Vec<Option<FileRecord>>,
}

impl Slots {
    fn push(&mut self, file: FileRecord) {
        self.files.push(Some(file));
    }

    /// The file of this URL, if it is clear which it is.
    fn take(&mut self, hash: &str, alone: bool) -> Option<FileRecord> {
        let same = |file: &&mut Option<FileRecord>| {
            file.as_ref().is_some_and(|file| file.url_hash.as_deref() == Some(hash))
        };
        if let Some(same) = self.files.iter_mut().find(same) {
            return same.take();
        }
        match self.files.as_mut_slice() {
            [only] if alone => only.take().map(|file| FileRecord { resigned: true, ..file }),
            _ => None,
        }
    }
}

fn key_of(file: &FileRecord) -> Key {
    (file.item_type, file.resource_type.clone(), file.url.clone())
}

/// What stands for a whole URL where its query, which may be a signature, must not be kept.
pub(crate) fn url_hash(url: &Url) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("bcda-bulk-client 2026 URL of a file");
    hasher.update(url.as_str().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// A name that no other file has: `Patient-0001.ndjson`. Only files of records are called NDJSON: readers of folders
/// shall not take the others for records.
fn name(
    files: &[FileRecord],
    before: &[FileRecord],
    item_type: ItemType,
    resource_type: &str,
) -> String {
    let ending = match item_type {
        ItemType::Output => "ndjson",
        ItemType::Deleted => "deleted",
        ItemType::Error => "errors",
    };
    let taken = |name: &str| files.iter().chain(before).any(|file| file.plain_name() == name);
    let like =
        |file: &&FileRecord| file.item_type == item_type && file.resource_type == resource_type;
    let mut number = files.iter().filter(like).count() + 1;
    loop {
        let name = format!("{resource_type}-{number:04}.{ending}");
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(urls: &[&str]) -> Manifest {
        let output = urls.iter().map(|url| Entry {
            resource_type: "Patient".into(),
            url: format!("https://a.example/{url}").parse().unwrap(),
            encrypted_key: None,
        });
        Manifest {
            transaction_time: "2020-01-01T00:00:00Z".into(),
            request: String::new(),
            requires_access_token: None,
            output: output.collect(),
            error: Vec::new(),
            deleted: Vec::new(),
            job_id: None,
        }
    }

    /// The numbers of the files of a second manifest, after a first whose files all came, and those given up.
    fn numbers(first: &[&str], hashed: bool, second: &[&str]) -> (Vec<u8>, Vec<u8>) {
        let mut known = matched(Vec::new(), &manifest(first)).files;
        for file in &mut known {
            file.state = FileState::Complete;
            file.url_hash = file.url_hash.take().filter(|_| hashed);
        }
        let found = matched(known, &manifest(second));
        let number = |name: &str| name["Patient-".len()..][..4].parse().unwrap();
        let mut given_up: Vec<u8> = found.given_up.iter().map(|name| number(name)).collect();
        given_up.sort_unstable();
        (found.files.iter().map(|file| number(&file.name)).collect(), given_up)
    }

    #[test]
    fn whole_urls_first_then_what_is_unique_without_the_query() {
        let none = Vec::new;
        assert_eq!(
            numbers(&["d?id=1", "d?id=2"], true, &["d?id=2", "d?id=1"]),
            (vec![2, 1], none())
        );
        assert_eq!(numbers(&["a?s=1", "b?s=1"], true, &["b?s=2", "a?s=2"]), (vec![2, 1], none()));
        assert_eq!(numbers(&["d?id=1"], true, &["d?id=2", "d?id=1"]), (vec![2, 1], none()));
        assert_eq!(numbers(&["d", "d"], true, &["d", "d"]), (vec![1, 2], none()));
        // Nothing tells which is which.
        let (known, twice) = (["d?id=1", "d?id=2"], ["d?id=2&s=2", "d?id=1&s=2"]);
        assert_eq!(numbers(&known, true, &twice), (vec![3, 4], vec![1, 2]));
        assert_eq!(numbers(&known, true, &["d?s=2"]), (vec![3], vec![1, 2]));
        assert_eq!(numbers(&["d?s=1"], true, &["d?s=2", "d?s=3"]), (vec![2, 3], vec![1]));
        // Journals without hashes.
        assert_eq!(numbers(&["a?s=1", "b"], false, &["b", "a?s=1"]), (vec![2, 1], none()));
        assert_eq!(numbers(&known, false, &known), (vec![3, 4], vec![1, 2]));
    }
}

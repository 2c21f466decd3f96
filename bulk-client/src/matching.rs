//! Which file of the journal is which of the manifest: by the whole URL, or by what is left of it without the query.

use std::collections::{HashMap, HashSet, VecDeque};

use url::Url;

use crate::file::{FileRecord, FileState, ItemType, url_hash};
use crate::folder::IN_DELETED;
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
    /// Names that were tried: what might grow faster than the files do.
    #[cfg(test)]
    tried: usize,
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
    let mut names = Names::of(&known);
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
        let (item_type, resource_type, url) = key.clone();
        let free = names.pass(item_type, &resource_type);
        let record = found.unwrap_or_else(|| {
            unclear.insert(key);
            let name = free.take();
            FileRecord { name, resource_type, item_type, url, ..FileRecord::default() }
        });
        let count = entry.count;
        matched.files.push(FileRecord { url_hash: Some(hash), count, ..record });
        matched.urls.push(entry.url.clone());
    }
    // What may be the same as a file that comes anew, or never came whole, must not stay beside the others.
    for (key, slots) in &slots {
        let gone = slots.files.iter().flatten();
        let gone = gone.filter(|file| file.state == FileState::Pending || unclear.contains(key));
        matched.given_up.extend(gone.map(|file| file.plain_name().to_owned()));
    }
    #[cfg(test)]
    {
        matched.tried = names.tried;
    }
    matched
}

/// Known files with the same key.
#[derive(Default)]
struct Slots {
    files: Vec<Option<FileRecord>>,
    /// Places of those with a hash; the first of several with the same.
    by_hash: HashMap<String, VecDeque<usize>>,
}

impl Slots {
    fn push(&mut self, file: FileRecord) {
        if let Some(hash) = &file.url_hash {
            self.by_hash.entry(hash.clone()).or_default().push_back(self.files.len());
        }
        self.files.push(Some(file));
    }

    /// The file of this URL, if it is clear which it is.
    fn take(&mut self, hash: &str, alone: bool) -> Option<FileRecord> {
        if let Some(place) = self.by_hash.get_mut(hash).and_then(VecDeque::pop_front) {
            return self.files[place].take();
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

/// Names that no other file has: `Patient-0001.ndjson`. Only files of records are called NDJSON: readers of folders
/// shall not take the others for records.
#[derive(Default)]
struct Names {
    /// Of known files.
    taken: HashSet<String>,
    /// By list and type: how many files have passed, and the first number that may be free. Names are never given
    /// back, so what is below stays taken and each is tried once.
    passed: HashMap<(ItemType, String), (usize, usize)>,
    #[cfg(test)]
    tried: usize,
}

/// The name that the next file of a list and type would have.
struct Free<'n> {
    names: &'n mut Names,
    item_type: ItemType,
    resource_type: String,
}

impl Names {
    fn of(known: &[FileRecord]) -> Self {
        let taken = known.iter().map(|file| file.plain_name().to_owned()).collect();
        Self { taken, ..Self::default() }
    }

    /// One more file of this list and type has its turn.
    fn pass(&mut self, item_type: ItemType, resource_type: &str) -> Free<'_> {
        let resource_type = resource_type.to_owned();
        let (passed, free) = self.passed.entry((item_type, resource_type.clone())).or_default();
        *passed += 1;
        *free = (*free).max(*passed);
        Free { names: self, item_type, resource_type }
    }
}

impl Free<'_> {
    fn take(self) -> String {
        let Self { names, item_type, resource_type } = self;
        // Deletions are NDJSON, too, but no data: a folder of their own keeps readers of folders from them.
        let (folder, ending) = match item_type {
            ItemType::Output => ("", "ndjson"),
            ItemType::Deleted => (IN_DELETED, "ndjson"),
            ItemType::Error => ("", "errors"),
        };
        let (_, free) = names.passed.entry((item_type, resource_type.clone())).or_default();
        loop {
            let name = format!("{folder}{resource_type}-{:04}.{ending}", *free);
            *free += 1;
            #[cfg(test)]
            {
                names.tried += 1;
            }
            if !names.taken.contains(&name) {
                return name;
            }
        }
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
            count: None,
        });
        Manifest {
            transaction_time: "2020-01-01T00:00:00Z".into(),
            request: String::new(),
            requires_access_token: None,
            output: output.collect(),
            error: Vec::new(),
            deleted: Vec::new(),
            job_id: None,
            repeated: 0,
            next: None,
            further_pages: 0,
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
    #[test]
    fn work_grows_with_the_files_and_no_faster() {
        let urls = |path: &str, count: usize| -> Vec<String> {
            (0..count).map(|number| format!("{path}{number}")).collect()
        };
        let of = |urls: &[String]| manifest(&urls.iter().map(String::as_str).collect::<Vec<_>>());
        for count in [5_000, 20_000] {
            // New, the same again, the same under new signatures, and such that nothing tells apart.
            for (first, second, least) in
                [("a/", "a/", 0), ("a?", "a?", 0), ("a/", "b/", count), ("a?", "a?s=", count)]
            {
                let known = matched(Vec::new(), &of(&urls(first, count)));
                assert_eq!((known.files.len(), known.tried), (count, count), "{first}");
                let again = matched(known.files, &of(&urls(second, count)));
                assert_eq!(again.files.len(), count, "{second}");
                assert!(
                    (least..=2 * count).contains(&again.tried),
                    "{second}: {} for {count}",
                    again.tried
                );
                let names: HashSet<&str> =
                    again.files.iter().map(|file| file.name.as_str()).collect();
                assert_eq!(names.len(), count, "{second}");
            }
        }
    }
}

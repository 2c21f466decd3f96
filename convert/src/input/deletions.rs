//! What was deleted: the Bundles of DELETE requests in the folder `deleted` of an export.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use cclf_crosswalk::Resource;
use ndjson_io::{BlockWorker, InBlock, Line};
use serde::Deserialize;

use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::blocks;
use crate::input::several::{DELETED, Export};
use crate::options::Reading;

/// 128 bits of a hash: two ids that have the same do not occur.
pub(crate) type IdHash = [u8; 16];

/// The hash of the id of a resource of a type.
pub(crate) fn id_hash(resource: Resource, id: &str) -> IdHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(resource.name().as_bytes()).update(b"/").update(id.as_bytes());
    let mut hash = IdHash::default();
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..size_of::<IdHash>()]);
    hash
}

/// Half of the bits of a hash, where a few others are compared with it.
pub(crate) fn part_of(hash: &IdHash) -> u64 {
    u64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default())
}

/// Which resources were deleted, and the rank of the newest export that says so.
#[derive(Debug, Default)]
pub(crate) struct Deletions {
    ranks: HashMap<IdHash, u32>,
    /// The same by parts of the hashes.
    by_part: HashMap<u64, u32>,
    /// Parts of the hashes of Patients who go with all that is theirs.
    leaving: HashSet<u64>,
}

impl Deletions {
    fn add(&mut self, hash: IdHash, rank: u32) {
        for own in [
            self.ranks.entry(hash).or_insert(rank),
            self.by_part.entry(part_of(&hash)).or_insert(rank),
        ] {
            *own = rank.max(*own);
        }
    }

    /// Reads those that lie beside the exports; `known` were read before.
    ///
    /// # Errors
    /// A file cannot be read, or a line of one is no Bundle of requests: who was to be deleted would stay.
    pub(crate) fn read(
        exports: &[Export],
        reading: &Reading,
        elsewhere: &Elsewhere,
        known: impl Iterator<Item = (IdHash, u32)>,
    ) -> Result<Self, Error> {
        let mut deletions = Self::default();
        known.for_each(|(hash, rank)| deletions.add(hash, rank));
        for export in exports.iter().filter(|export| export.is_read()) {
            let files = files(export, reading, elsewhere)?;
            let numbers = |_| Bundles::default();
            let take = |block: Block, before: ndjson_io::Before<'_>| {
                if let Some((source, line)) = block.bad {
                    return Err(Error::bad_data(format!(
                        "{DELETED}/{}, line {}: expected a Bundle of DELETE requests; what it deletes cannot be told",
                        files[source].name(),
                        before.number(source, line)
                    )));
                }
                block.deleted.into_iter().for_each(|hash| deletions.add(hash, export.rank));
                Ok(ControlFlow::Continue(()))
            };
            if !files.is_empty() {
                blocks::read(&files, &reading.options(false), numbers, take)?;
            }
        }
        Ok(deletions)
    }

    /// Has the Patients of these ids go, with all that is theirs.
    pub(crate) fn leave(&mut self, patients: &[String]) {
        self.leaving = patients.iter().map(|id| part_of(&id_hash(Resource::Patient, id))).collect();
    }

    /// Whether all goes that is of the Patient whose hash has this part.
    pub(crate) fn has_left(&self, patient: u64) -> bool {
        self.leaving.contains(&patient)
    }

    /// Whether what an export of this rank has was deleted after it.
    pub(crate) fn has(&self, hash: &IdHash, rank: u32) -> bool {
        self.ranks.get(hash).is_some_and(|own| *own > rank)
    }

    /// The same, of a part of the hash.
    pub(crate) fn has_part(&self, part: u64, rank: u32) -> bool {
        self.by_part.get(&part).is_some_and(|own| *own > rank)
    }

    /// All of them, in the order of the hashes.
    pub(crate) fn in_order(&self) -> Vec<(IdHash, u32)> {
        let mut all: Vec<_> = self.ranks.iter().map(|(hash, rank)| (*hash, *rank)).collect();
        all.sort_unstable();
        all
    }
}

/// The files of deletions of an export.
fn files(
    export: &Export,
    reading: &Reading,
    elsewhere: &Elsewhere,
) -> Result<Vec<ndjson_io::SourceFile>, Error> {
    let folder = export.folder.join(DELETED);
    let Some(name) = folder.to_str() else { return Ok(Vec::new()) };
    if !crate::is_address(name) && !folder.is_dir() {
        return Ok(Vec::new());
    }
    let find = |input: &str| elsewhere.find(&format!("{input}/"));
    match ndjson_io::discover_among(&[name.to_owned()], &[], &reading.cancel.0, find) {
        Ok(found) => Ok(found.sources),
        // Nothing of the kind is there.
        Err(error) if error.kind() == ErrorKind::Usage => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Bundle<'b> {
    #[serde(rename = "resourceType", borrow)]
    resource_type: &'b str,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
}

/// What was deleted by the lines of a block, and the first line that is no Bundle.
#[derive(Default)]
struct Block {
    deleted: Vec<IdHash>,
    bad: Option<(usize, InBlock)>,
}

#[derive(Default)]
struct Bundles(Block);

impl BlockWorker for Bundles {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        match deleted_by(line.bytes) {
            Some(hashes) => self.0.deleted.extend(hashes),
            None => {
                self.0.bad.get_or_insert((line.source, line.number));
            }
        }
    }

    fn too_long(&mut self, source: usize, number: InBlock, _offset: u64, _len_bytes: u64) {
        self.0.bad.get_or_insert((source, number));
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.0)
    }
}

/// What a Bundle deletes of the types that are read; none if the line is no Bundle, or does not tell an id.
fn deleted_by(line: &[u8]) -> Option<Vec<IdHash>> {
    let bundle: Bundle<'_> = serde_json::from_slice(line).ok()?;
    if bundle.resource_type != "Bundle" {
        return None;
    }
    let mut hashes = Vec::new();
    for Entry { request: Request { method, url } } in &bundle.entry {
        let is_of = |resource: &Resource| {
            url.split(['/', '?', '#']).any(|segment| segment == resource.name())
        };
        let Some(resource) = Resource::ALL.into_iter().find(is_of) else { continue };
        if !method.eq_ignore_ascii_case("DELETE") {
            continue;
        }
        // Of what is chosen by a search, or written otherwise, nobody could tell what goes.
        let id = cms::id_in(url, resource.name()).filter(|id| !id.contains(['?', '%', '#']))?;
        hashes.push(id_hash(resource, id));
    }
    Some(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_types_that_are_read_count() {
        let line = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/-1"}},{"request":{"method":"DELETE","url":"https://x/v2/ExplanationOfBenefit/carrier--2"}},{"request":{"method":"PUT","url":"Coverage/3"}},{"request":{"method":"DELETE","url":"Group/4"}}]}"#;
        let wanted = [
            id_hash(Resource::Patient, "-1"),
            id_hash(Resource::ExplanationOfBenefit, "carrier--2"),
        ];
        assert_eq!(deleted_by(line.as_bytes()).unwrap(), wanted);
        assert_eq!(deleted_by(br#"{"resourceType":"Bundle"}"#), Some(Vec::new()));
        let search = r#"{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Patient?_id=1"}}]}"#;
        for bad in [search, "{}", "x", r#"{"resourceType":"Patient","id":"-1"}"#] {
            assert_eq!(deleted_by(bad.as_bytes()), None, "{bad}");
        }
        assert_ne!(id_hash(Resource::Patient, "-1"), id_hash(Resource::Coverage, "-1"));
    }

    #[test]
    fn what_comes_after_a_deletion_is_there() {
        let hash = id_hash(Resource::Patient, "-1");
        let mut deletions = Deletions::default();
        deletions.add(hash, 2);
        deletions.add(hash, 1);
        assert_eq!(deletions.in_order(), [(hash, 2)]);
        assert!(deletions.has_part(part_of(&hash), 1));
        assert!(deletions.has(&hash, 1));
        assert!(!deletions.has(&hash, 2));
        assert!(!deletions.has(&id_hash(Resource::Patient, "-2"), 0));
    }
}

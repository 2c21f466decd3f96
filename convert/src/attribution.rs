//! Who of the people of a result is still somebody's: in the Patients of exports that have all of a group.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cclf_crosswalk::{Index, Resource};
use ndjson_io::{BlockWorker, InBlock, Line, SourceFile};
use serde::Deserialize;

use crate::error::Error;
use crate::input::blocks;
use crate::input::deletions::{IdHash, id_hash};
use crate::input::sources::Input;
use crate::memory;
use crate::options::Reading;
use crate::state::State;

/// The people of a result beside those of the groups that it is of.
#[derive(Debug, Default)]
pub struct Attribution {
    /// People of the result, those who were merged into others not counted.
    pub people: u64,
    /// People of the groups whom the result does not have.
    pub come: u64,
    /// People of the result who are in none of the groups.
    pub gone: Vec<GonePerson>,
    /// The ids of their Patients, those who were merged into them included: for
    /// [`UpdateOptions::leaving`](crate::UpdateOptions::leaving).
    pub leaving: Vec<String>,
    /// Lines that are no Patient with an id. Where there is one, nobody can tell who is gone.
    pub unread: u64,
}

/// Somebody who is in none of the groups.
pub struct GonePerson {
    /// The id of the Patient.
    pub patient: String,
    /// The MBI that rows of theirs have.
    pub mbi: Option<String>,
}

/// What messages and logs show of a person is nothing.
impl std::fmt::Debug for GonePerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GonePerson").finish_non_exhaustive()
    }
}

/// Holds the people of a result against those of its groups: `patients` are the files with all the Patients of each group,
/// and `reading` says how they are read. Without a result everybody has come.
///
/// # Errors
/// A file cannot be read; there are tables without a state, or with one of another version.
pub fn attribution(
    tables: Option<&Path>,
    patients: &[PathBuf],
    reading: &Reading,
) -> Result<Attribution, Error> {
    let (ids, unread) = ids_of(patients, reading)?;
    let mut found = Attribution { unread, ..Attribution::default() };
    let mut index = Index::bounded(memory::limit(reading.max_people)).with_ties();
    if let Some(tables) = tables {
        State::open(tables, &tables.display().to_string())?
            .people(&mut index, &Input::default())?;
    }
    // Who was merged into somebody is that person.
    let merged: Vec<(IdHash, &str, &str)> =
        index.merged().map(|(own, other)| (hash(own), own, other)).collect();
    let mut there: HashSet<IdHash> = merged
        .iter()
        .filter(|(own, ..)| ids.contains(own))
        .map(|(.., survivor)| hash(survivor))
        .collect();
    let merged_ids: HashSet<IdHash> = merged.iter().map(|(own, ..)| *own).collect();
    there.extend(&ids);
    let (mut known, mut gone) = (merged_ids.clone(), HashSet::new());
    for (id, number) in index.everybody() {
        let own = hash(id);
        let Some(number) = number.filter(|_| !merged_ids.contains(&own)) else { continue };
        found.people += 1;
        known.insert(own);
        if !there.contains(&own) {
            gone.insert(own);
            let mbi = index.mbi(number).map(str::to_owned);
            found.gone.push(GonePerson { patient: id.to_owned(), mbi });
            found.leaving.push(id.to_owned());
        }
    }
    let of_gone = merged.iter().filter(|(.., survivor)| gone.contains(&hash(survivor)));
    found.leaving.extend(of_gone.map(|(_, own, _)| (*own).to_owned()));
    found.come = ids.iter().filter(|id| !known.contains(*id)).count() as u64;
    Ok(found)
}

fn hash(id: &str) -> IdHash {
    id_hash(Resource::Patient, id)
}

/// Hashes of the ids in these files, and how many lines have none.
fn ids_of(patients: &[PathBuf], reading: &Reading) -> Result<(HashSet<IdHash>, u64), Error> {
    let (mut ids, mut unread) = (HashSet::new(), 0);
    let files = patients.iter().map(|path| path.to_str().map(str::to_owned));
    let files: Option<Vec<String>> = files.collect();
    let files = files.ok_or_else(|| Error::usage("the path of a file of people is not UTF-8"))?;
    if files.is_empty() {
        return Ok((ids, unread));
    }
    let files: Vec<SourceFile> = ndjson_io::discover(&files, &[])?;
    blocks::read(
        &files,
        &reading.options(false),
        |_| Patients::default(),
        |block: Block, _| {
            ids.extend(block.ids);
            unread += block.unread;
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok((ids, unread))
}

/// What of a Patient is read; an OperationOutcome among them is none, and no loss.
#[derive(Deserialize)]
struct Named<'l> {
    #[serde(rename = "resourceType", borrow)]
    resource_type: std::borrow::Cow<'l, str>,
    #[serde(borrow)]
    id: Option<std::borrow::Cow<'l, str>>,
}

/// The ids of a block.
#[derive(Default)]
struct Block {
    ids: Vec<IdHash>,
    unread: u64,
}

#[derive(Default)]
struct Patients(Block);

impl BlockWorker for Patients {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        match serde_json::from_slice::<Named<'_>>(line.bytes) {
            Ok(own) if own.resource_type != Resource::Patient.name() => {}
            Ok(Named { id: Some(id), .. }) => self.0.ids.push(hash(&id)),
            Ok(_) | Err(_) => self.0.unread += 1,
        }
    }

    fn too_long(&mut self, _source: usize, _number: InBlock, _offset: u64, _len_bytes: u64) {
        self.0.unread += 1;
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.0)
    }
}

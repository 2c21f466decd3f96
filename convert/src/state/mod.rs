//! What a result keeps of the records that it was made of, so that later exports can bring it up to date: the folder `state`
//! in it, which the manifest names and hashes.
//!
//! ```text
//! state/about.json      the exports, the files that people came from, how the tables were made
//! state/claims.bin      of each claim the version that counts: when it was changed, whose it is, its hospice stay
//! state/people.bin      the index of people, as `cclf_crosswalk::Index::store` gives it, each with its length
//! state/deletions.bin   what was deleted, and by which export
//! ```
//!
//! Ids are in it as hashes, but for those of Patients. It holds what CCLF8 and CCLF9 are made of, and is as private as they
//! are: the folder has mode 0700, its files 0600.

mod about;
mod people;
mod read;
mod write;

pub(crate) use about::About;
pub(crate) use read::State;
pub(crate) use write::write;

/// What to say where something that is not in the state would count.
pub(crate) const FORGOTTEN: &str = "what an export says was deleted, or merged, had another version that the tables have \
    forgotten, and whether that counts now is only known with all exports: convert them all again";

/// Each file, and what it begins with.
const ABOUT: &str = "state/about.json";
const CLAIMS: (&str, &[u8; 8]) = ("state/claims.bin", b"BCDASTC1");
const PEOPLE: (&str, &[u8; 8]) = ("state/people.bin", b"BCDASTP1");
const DELETIONS: (&str, &[u8; 8]) = ("state/deletions.bin", b"BCDASTD1");

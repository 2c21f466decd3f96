//! Parts of a split scan: files of claims, or some of their lines.

use std::ops::Range;
use std::path::PathBuf;
use std::time::SystemTime;

use cclf_crosswalk::{Api, Guess, Lineage};
use ndjson_io::{RemoteFile, SourceFile};
use serde::{Deserialize, Serialize};

use crate::elsewhere::{Elsewhere, is_address};
use crate::error::Error;
use crate::input::source::Source;
use crate::input::version::{Told, Version};
use crate::report::FileDateOrigin;

/// A file, or some of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Where the file is, for whoever reads the part.
    pub path: PathBuf,
    /// FILE_NAME.
    pub name: String,
    /// FILE_DATE, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// Bytes of the file as stored, when it was cut.
    pub file_bytes: u64,
    /// When the file was last changed before it was cut.
    pub modified: Option<SystemTime>,
    /// The lines whose first byte lies here; none for the whole file.
    pub bytes: Option<Range<u64>>,
    /// Whether its Patients, Coverages and bad lines are counted already.
    pub indexed: bool,
}

/// What an index is the index of: the files as they were, and how they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub(super) [u8; blake3::OUT_LEN]);

/// What is read at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Files and parts of files, in the order of the input.
    pub pieces: Vec<Piece>,
    /// The file with the index, and what it must be the index of; none where no claim is joined.
    pub index: Option<(PathBuf, Key)>,
    /// Files of people that must be what they were, where no index says which; the first part alone has them.
    pub people: Vec<Piece>,
    /// The version of the API that the input is of: `v3`.
    pub api: String,
    /// Whether the user states it: records of others are bad then, and else they end the reading.
    pub is_stated: bool,
}

impl Part {
    /// The version of the API, as it was settled when the reading was planned.
    pub(super) fn version(&self) -> Version {
        let api = self.api.parse().unwrap_or(Api::V1);
        Version { api, told: if self.is_stated { Told::ByUser } else { Told::Elsewhere } }
    }
}

/// The file of a piece, if it is still what was cut.
pub(super) fn source(piece: &Piece, elsewhere: &Elsewhere) -> Result<Source, Error> {
    let name = &piece.name;
    let address = piece.path.to_str().filter(|path| is_address(path));
    let file = match address.map(|address| elsewhere.find(address)).transpose()?.flatten() {
        Some(ndjson_io::Elsewhere::File(file)) => {
            SourceFile::from_remote(RemoteFile { relative: name.clone(), ..file })
        }
        _ => SourceFile::with_name(&piece.path, name.as_str())?,
    };
    if file.len() != Some(piece.file_bytes) || file.modified() != piece.modified {
        return Err(Error::failed(format!(
            "{name}: the file changed after the reading was planned; begin the reading again"
        )));
    }
    let file = match &piece.bytes {
        Some(bytes) => file.part(bytes.clone()),
        None => file,
    };
    Ok(Source {
        file,
        lineage: Lineage { file_name: name.clone(), file_date: piece.file_date },
        date_origin: FileDateOrigin::Option,
        guess: Guess::Claims,
        journaled: None,
        only_people: false,
        export: 0,
    })
}

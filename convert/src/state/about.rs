//! What a state says of itself.

use cclf_crosswalk::Lineage;
use serde::{Deserialize, Serialize};

use crate::input::several::Export;
use crate::input::sources::Input;
use crate::options::Options;
use crate::out::manifest::crosswalk_hash_of;
use crate::report::{ExportReport, Report};

/// Version of the form of a state: of others tables are made anew.
pub(super) const VERSION: u32 = 1;

/// How the tables were made, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(super) schema_version: u32,
    /// The version of the API.
    pub(crate) api: String,
    /// The hash of the crosswalk's tables.
    pub(super) crosswalk_blake3: String,
    pub(crate) naming: String,
    pub(crate) compression: String,
    pub(crate) partially_adjudicated: bool,
    /// The oldest first.
    pub(crate) exports: Vec<ExportReport>,
    /// The files that people came from, by the numbers that the index has.
    pub(super) lineages: Vec<FileOfPeople>,
    /// How many entries the files have.
    pub(super) claims: u64,
    pub(super) people: u64,
    pub(super) deletions: u64,
    /// The newest FILE_DATE, in days since 1970-01-01.
    pub(crate) age_at: Option<i32>,
}

/// FILE_NAME and FILE_DATE of people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FileOfPeople {
    name: String,
    date: Option<i32>,
}

impl About {
    /// The state of a run over this input, with this report.
    pub(crate) fn of(options: &Options, input: &Input, report: &Report) -> Self {
        let lineages = input.lineages();
        Self {
            schema_version: VERSION,
            api: report.api.clone(),
            crosswalk_blake3: crosswalk_hash_of(&report.api),
            naming: options.naming.name().to_owned(),
            compression: options.compression.name().to_owned(),
            partially_adjudicated: options.reading.partially_adjudicated,
            exports: report.exports.clone(),
            lineages: lineages
                .map(|own| FileOfPeople { name: own.file_name.clone(), date: own.file_date })
                .collect(),
            claims: 0,
            people: 0,
            deletions: 0,
            age_at: input.age_at(),
        }
    }

    /// The files that people came from, by number.
    pub(crate) fn lineages(&self) -> Vec<Lineage> {
        let lineage =
            |own: &FileOfPeople| Lineage { file_name: own.name.clone(), file_date: own.date };
        self.lineages.iter().map(lineage).collect()
    }

    /// The exports, with the ranks that the records of the state have.
    pub(crate) fn exports(&self) -> Option<Vec<Export>> {
        self.exports.iter().map(Export::of_report).collect()
    }
}

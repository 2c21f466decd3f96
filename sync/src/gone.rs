//! Who is in none of the groups any more.

use std::path::{Path, PathBuf};

use convert::{Attribution, Reading};

use crate::error::Error;
use crate::export::Export;
use crate::folder::Folder;

/// The list of who is gone, for its owner alone.
const GONE: &str = "gone.csv";

impl Folder {
    /// Holds the people of a result against those of the newest whole exports of each group; none where one of them is
    /// missing or lacks records, so that nobody can tell.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn attribution(
        &self,
        result: Option<&Path>,
        groups: &[String],
        reading: &Reading,
    ) -> Result<Option<Attribution>, Error> {
        let Some(files) = newest_people(&self.found(groups)?, groups) else { return Ok(None) };
        let found = convert::attribution(result, &files, reading)?;
        Ok(Some(found).filter(|found| found.unread == 0))
    }

    /// Writes the list of who is gone, which only its owner can read.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_gone(&self, attribution: &Attribution) -> Result<(), Error> {
        let mut rows: Vec<[&str; 2]> = attribution
            .gone
            .iter()
            .map(|own| [own.mbi.as_deref().unwrap_or_default(), own.patient.as_str()])
            .collect();
        rows.sort_unstable();
        let mut text = csv::Writer::from_writer(Vec::new());
        let header = [["BENE_MBI_ID", "PATIENT_ID"]];
        for row in header.iter().chain(&rows) {
            text.write_record(row).map_err(|_| Error::failed("the list of who is gone failed"))?;
        }
        let text =
            text.into_inner().map_err(|_| Error::failed("the list of who is gone failed"))?;
        self.write(GONE, &text)
    }
}

/// The files of all Patients of each group, of the newest exports; none where the newest does not tell of everybody: a
/// newer one may have people whom an older one lacks.
fn newest_people(found: &[Export], groups: &[String]) -> Option<Vec<PathBuf>> {
    let mut files = Vec::new();
    for group in groups {
        let newest = found.iter().filter(|own| own.group == *group).map(|own| own.number).max()?;
        let of_newest = |own: &&Export| own.group == *group && own.number == newest;
        files.extend(
            found
                .iter()
                .filter(of_newest)
                .find(|own| own.tells_everybody())?
                .files(Some("Patient")),
        );
    }
    Some(files)
}

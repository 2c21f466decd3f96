//! `bcda-export.json`: what was asked, which job does it, which files are there. It makes a run resumable, tells the
//! next one where to begin, and tells `bcda convert` its FILE_DATE.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::error::Error;
use crate::file::FileRecord;
use crate::folder::ExportFolder;
use crate::manifest::{Entry, MAX_MANIFEST, Manifest};
use crate::matching::matched;
use crate::place::shown;

/// The name of the journal in the folder of an export.
pub const JOURNAL_NAME: &str = "bcda-export.json";
/// Larger ones are not ours, in bytes: a file takes up to thirty times as much here as in the longest manifest.
const MAX_BYTES: u64 = 32 * MAX_MANIFEST as u64;

/// What a file may have after its name, on its way and at its end.
const FORMS: [&str; 7] = ["", ".gz", ".part", ".enc", ".enc.part", ".part-info", ".enc.part-info"];

/// The journal of an export. Its first members are those of the server's manifest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Journal {
    /// The server's `transactionTime`, once the job is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_time: Option<String>,
    /// The URL of the kick-off.
    #[serde(default)]
    pub request: String,
    /// As the manifest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_access_token: Option<bool>,
    /// Files of records, without the queries of their URLs.
    #[serde(default)]
    pub output: Vec<Listed>,
    /// Files of OperationOutcomes.
    #[serde(default)]
    pub error: Vec<Listed>,
    /// Files of what is no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<Listed>,
    /// `JobID`.
    #[serde(default, rename = "JobID", skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Value>,
    /// What became of each file.
    #[serde(default)]
    pub files: Vec<FileRecord>,
    /// How it was fetched; absent in journals that other tools wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportRecord>,
    /// Names of what is on the disk for files that are given up; removed before the journal without them is written.
    #[serde(skip)]
    given_up: Vec<String>,
}

/// A file as the manifest lists it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// The FHIR type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Where it was, without the query, which may be a signature.
    pub url: String,
    /// The wrapped key of an encrypted file.
    #[serde(default, rename = "encryptedKey", skip_serializing_if = "Option::is_none")]
    pub encrypted_key: Option<String>,
}

impl From<&Entry> for Listed {
    fn from(entry: &Entry) -> Self {
        Self {
            resource_type: entry.resource_type.clone(),
            url: shown(&entry.url),
            encrypted_key: entry.encrypted_key.clone(),
        }
    }
}

/// How the files of an export were fetched.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportRecord {
    /// What wrote this.
    pub tool: String,
    /// The FHIR base.
    pub base_url: String,
    /// The version of the API; none for FHIR bases of others. Older journals tell it by the FHIR base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The id of the group, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `_typeFilter` as asked for, not encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_filter: Option<String>,
    /// Where the job tells its state.
    pub job_url: String,
    /// The types that were asked for: `_type`, or that of the endpoint; empty for all.
    #[serde(default)]
    pub types: Vec<String>,
    /// `_since` as asked for.
    #[serde(default)]
    pub since: Option<String>,
    /// Whether that instant is where an earlier export ended, so that the two have no gap between them.
    #[serde(default)]
    pub since_last: bool,
    /// When the job was started (RFC 3339).
    pub started: String,
    /// When all files were there; none before.
    #[serde(default)]
    pub completed: Option<String>,
    /// Whether records are missing, or may be, as [`Report::lacks_records`](crate::Report::lacks_records) says. The
    /// next export may not begin where this one ended.
    #[serde(default)]
    pub records_missing: bool,
    /// Entries of the manifest that named a URL again.
    #[serde(default)]
    pub repeated_urls: u64,
    /// Pages of the manifest after the first.
    #[serde(default, skip_serializing_if = "is_none")]
    pub further_pages: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Journal {
    /// Reads the journal of a folder; none if it has none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when a file of this name is no journal,
    /// [`ErrorKind::Local`](crate::ErrorKind::Local) when it cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(JOURNAL_NAME);
        let text = match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if !found.is_file() || found.len() > MAX_BYTES => Ok(Vec::new()),
            Ok(_) => std::fs::read(&path),
            Err(error) => Err(error),
        };
        let place = path.display();
        let text =
            text.map_err(|error| Error::local(format!("{place} cannot be read: {error}")))?;
        match serde_json::from_slice(&text) {
            Ok(journal) => Ok(Some(journal)),
            Err(_) => Err(Error::usage(format!("{place} is no journal of an export"))),
        }
    }

    pub(crate) fn write(&self, folder: &ExportFolder) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|_| Error::local("the journal cannot be written as JSON"))?;
        text.push(b'\n');
        // A kill in between leaves a journal that still names them, and finds out that they are gone.
        for plain in &self.given_up {
            remove_forms(folder, plain)?;
        }
        Ok(folder.write(JOURNAL_NAME, &text)?)
    }

    /// Removes the files that it names, whatever has come of them, and the journal itself: nothing else is ours.
    pub(crate) fn remove_files(&self, folder: &ExportFolder) -> Result<(), Error> {
        for file in &self.files {
            remove_forms(folder, file.plain_name())?;
        }
        folder.remove_empty()?;
        Ok(folder.remove(JOURNAL_NAME)?)
    }

    /// Whether the export came to its end: all its files were there then.
    pub fn is_complete(&self) -> bool {
        self.export.as_ref().is_some_and(|export| export.completed.is_some())
    }

    /// Whether it came to its end and its files are there now, each of its size.
    pub fn is_whole(&self, folder: &Path) -> bool {
        self.is_complete() && self.files.iter().all(|file| file.is_in(folder))
    }

    /// Where the job tells its state.
    pub fn job_url(&self) -> Option<Url> {
        self.export.as_ref()?.job_url.parse().ok()
    }

    /// Takes over what the server says of the finished job, saves that, and then names its files. Files that are
    /// known keep their names and states; the URLs of the result, with their queries, go with `files`, one by one.
    ///
    /// A file is known by its whole URL, or else by its URL without the query (a new signature), if no other file has
    /// that, neither here nor in the manifest. Otherwise nothing tells which file is which: they are given up and
    /// fetched anew under names of their own.
    pub(crate) fn take_over(
        &mut self,
        manifest: &Manifest,
        save: impl FnOnce(&Self) -> Result<(), Error>,
    ) -> Result<Vec<Url>, Error> {
        if self.transaction_time.as_ref().is_some_and(|time| *time != manifest.transaction_time) {
            return Err(Error::server(
                "the job has another transactionTime than before: it is not the job that was begun",
            ));
        }
        self.transaction_time = Some(manifest.transaction_time.clone());
        self.requires_access_token = manifest.requires_access_token;
        self.output = manifest.output.iter().map(Listed::from).collect();
        self.error = manifest.error.iter().map(Listed::from).collect();
        self.deleted = manifest.deleted.iter().map(Listed::from).collect();
        self.job_id.clone_from(&manifest.job_id);
        if let Some(export) = &mut self.export {
            export.repeated_urls = manifest.repeated;
            export.further_pages = manifest.further_pages;
        }
        // What the server said is worth keeping whatever comes of many files.
        save(self)?;
        let matched = matched(std::mem::take(&mut self.files), manifest);
        self.files = matched.files;
        self.given_up.extend(matched.given_up);
        Ok(matched.urls)
    }
}

/// Removes a file in all its forms.
fn remove_forms(folder: &ExportFolder, plain: &str) -> Result<(), Error> {
    for ending in FORMS {
        folder.remove(&format!("{plain}{ending}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileState;

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let output: Vec<Value> = files
            .iter()
            .map(|(name, url)| serde_json::json!({"type": name, "url": format!("https://a.example/{url}")}))
            .collect();
        let text = serde_json::json!({
            "transactionTime": "2020-01-01T00:00:00Z", "output": output,
            "error": [{"type": "Patient", "url": "https://a.example/e"}],
        });
        let job = "https://a.example/jobs/1".parse().unwrap();
        Manifest::parse(text.to_string().as_bytes(), &job).unwrap()
    }

    #[test]
    fn names_are_ours_and_stay() {
        let mut journal = Journal::default();
        journal
            .take_over(
                &manifest(&[("Patient", "x?sig=1"), ("Coverage", "../../y"), ("Patient", "z")]),
                |saved| {
                    assert!(saved.transaction_time.is_some() && saved.output.len() == 3);
                    assert!(saved.files.is_empty(), "it is saved before names are worked out");
                    Ok(())
                },
            )
            .unwrap();
        let names = |journal: &Journal| {
            journal.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>()
        };
        let first = [
            "Patient-0001.ndjson",
            "Coverage-0001.ndjson",
            "Patient-0002.ndjson",
            "Patient-0001.errors",
        ];
        assert_eq!(names(&journal), first);
        assert!(!serde_json::to_string(&journal).unwrap().contains("sig"));
        // Another order, new signatures, one file more.
        journal.files[0].state = FileState::Complete;
        assert!(journal.files.iter().all(|file| file.url_hash.is_some()));
        let files =
            [("Patient", "new"), ("Patient", "z"), ("Coverage", "y"), ("Patient", "x?sig=2")];
        let urls = journal.take_over(&manifest(&files), |_| Ok(())).unwrap();
        assert_eq!(urls[3].query(), Some("sig=2"));
        let later = [
            "Patient-0003.ndjson",
            "Patient-0002.ndjson",
            "Coverage-0001.ndjson",
            "Patient-0001.ndjson",
            "Patient-0001.errors",
        ];
        assert_eq!(names(&journal), later);
        assert_eq!(journal.files[3].state, FileState::Complete);
    }

    #[test]
    fn another_job_is_not_taken_for_this_one() {
        let mut journal =
            Journal { transaction_time: Some("2019-01-01T00:00:00Z".into()), ..Journal::default() };
        assert!(journal.take_over(&manifest(&[]), |_| Ok(())).is_err());
    }
}

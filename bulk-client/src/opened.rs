//! The manifest of an encrypted export beside its files when they are opened later: their FILE_DATE is in it.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::Error;
use crate::journal::{JOURNAL_NAME, Journal};
use crate::verify::{Holds, check_ndjson};

/// What becomes of an export's manifest, or journal, in the folder of its opened files.
///
/// # Example
///
/// ```
/// use bulk_client::Opened;
///
/// let (sealed, plain) = (tempfile::tempdir()?, tempfile::tempdir()?);
/// let manifest = serde_json::json!({"transactionTime": "2019-12-01T00:00:00Z", "output": []});
/// let mut opened = Opened::of(manifest, plain.path())?;
/// std::fs::write(plain.path().join("a.ndjson"), "{\"resourceType\":\"Patient\"}\n")?;
/// opened.add(&sealed.path().join("a.ndjson"), &plain.path().join("a.ndjson"))?;
/// assert!(plain.path().join("bcda-export.json").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Opened {
    manifest: Value,
    path: PathBuf,
}

impl Opened {
    /// Takes over the manifest, or what an earlier run has made of it in the folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when the folder has files of another export: one date would be
    /// wrong.
    pub fn of(mut manifest: Value, out: &Path) -> Result<Self, Error> {
        if let Some(found) = Journal::read(out)? {
            if found.transaction_time.as_deref() != manifest["transactionTime"].as_str() {
                return Err(Error::usage(format!(
                    "{} has files of another export, whose FILE_DATE is another; choose another folder",
                    out.display()
                )));
            }
            manifest = serde_json::to_value(&found).unwrap_or(manifest);
        }
        for list in ["output", "error", "deleted"] {
            let entries = manifest.get_mut(list).and_then(Value::as_array_mut);
            for url in entries.into_iter().flatten().filter_map(|entry| entry.get_mut("url")) {
                // A query may be a signature.
                if let Some(plain) = url.as_str().and_then(|url| url.split(['?', '#']).next()) {
                    *url = json!(plain);
                }
            }
        }
        Ok(Self { manifest, path: out.join(JOURNAL_NAME) })
    }

    /// A file was opened: the manifest stands beside it from now on, and a journal says what it is called.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Local`](crate::ErrorKind::Local) when the manifest cannot be written.
    pub fn add(&mut self, sealed: &Path, plain: &Path) -> Result<(), Error> {
        let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let (before, now) = (name(sealed), name(plain));
        let files = self.manifest.get_mut("files").and_then(Value::as_array_mut);
        let mut files = files.into_iter().flatten().filter(|file| file.is_object());
        let known = files.find(|file| file["name"].as_str() == before.as_deref());
        if let (Some(file), Some(now), Ok(opened)) = (known, now, File::open(plain)) {
            let errors = file["item_type"] == "error" || file["type"] == "OperationOutcome";
            let holds = if errors { Holds::Outcomes } else { Holds::Records };
            if let Ok(checked) = check_ndjson(opened, holds) {
                file["name"] = now.into();
                file["state"] = json!("complete");
                file["bytes"] = checked.bytes.into();
                file["content_bytes"] = checked.content_bytes.into();
                file["records"] = checked.lines.into();
                file["blake3"] = checked.blake3.into();
            }
        }
        let mut text = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|_| Error::local("the manifest cannot be written as JSON"))?;
        text.push(b'\n');
        Ok(publish::write_file_atomically(&self.path, &text)?)
    }
}

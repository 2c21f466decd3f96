//! An export that is not needed any more.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::Error;
use crate::folder::ExportFolder;
use crate::journal::Journal;

/// Removes an export: its files, its journal, and its folder unless something else lies in it. What a kill leaves behind is
/// still an export, and is removed by the next call.
///
/// # Errors
///
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when the folder holds no export, or another run is at work there;
/// [`ErrorKind::Local`](crate::ErrorKind::Local) when something cannot be removed.
///
/// # Example
///
/// ```
/// let work = tempfile::tempdir()?;
/// let export = work.path().join("export");
/// std::fs::create_dir(&export)?;
/// // What no export of ours left is not touched.
/// assert!(bulk_client::remove_export(&export).is_err());
/// std::fs::write(export.join(bulk_client::JOURNAL_NAME), "{}")?;
/// bulk_client::remove_export(&export)?;
/// assert!(!export.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove_export(path: &Path) -> Result<(), Error> {
    let Some(journal) = Journal::read(path)? else {
        return Err(Error::usage(format!("{} holds no export", path.display())));
    };
    let folder = ExportFolder::open(path)?;
    journal.remove_files(&folder)?;
    match std::fs::remove_dir(path) {
        Err(error)
            if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) =>
        {
            Err(Error::local(format!("{} cannot be removed: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

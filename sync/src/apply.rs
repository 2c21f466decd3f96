//! Exports into the tables: all that are new at once, so that tables appear once a run.

use std::sync::Arc;

use convert::{Cancel, Keep, Options, Output, Progress, UpdateOptions};

use crate::export::Export;
use crate::folder::Folder;

/// How exports are applied.
#[derive(Clone, Debug, Default)]
pub struct Applying {
    /// Whether claims of version 3 have rows that are not adjudicated to the end; counts for the first time alone.
    pub partially_adjudicated: bool,
    /// Ids of Patients who go with all that is theirs.
    pub leaving: Vec<String>,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// Counters to watch it by.
    pub progress: Arc<Progress>,
}

/// Converts exports, or brings the tables up to date with them. The result before stays beside the new one.
///
/// # Errors
/// As of [`convert::run`] and [`convert::update`].
pub fn apply(
    folder: &Folder,
    exports: &[&Export],
    applying: &Applying,
) -> Result<convert::Report, convert::Error> {
    let inputs: Vec<String> =
        exports.iter().map(|own| own.path.to_string_lossy().into_owned()).collect();
    let tables = folder.tables();
    if tables.join(convert::TABLES_MANIFEST).exists() {
        let mut options = UpdateOptions::new(tables, inputs);
        options.changes = Some(folder.changes());
        options.keep_previous = 1;
        options.leaving.clone_from(&applying.leaving);
        options.reading.cancel = applying.cancel.clone();
        options.reading.progress = Arc::clone(&applying.progress);
        return convert::update(&options);
    }
    let mut options = Options::new(inputs, Output::Folder(tables));
    options.updatable = true;
    options.reading.keep = Some(Keep::Latest);
    options.reading.partially_adjudicated = applying.partially_adjudicated;
    options.reading.cancel = applying.cancel.clone();
    options.reading.progress = Arc::clone(&applying.progress);
    convert::run(&options)
}

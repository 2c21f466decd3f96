//! Where the result of a run lies while it is made, and how it is published.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use publish::{Stage, StageOptions};

use crate::TABLES_MANIFEST;
use crate::elsewhere::{Elsewhere, Publication};
use crate::error::Error;
use crate::input::file_date::Exports;
use crate::options::{Options, Output};
use crate::out::manifest;
use crate::pass::rejects::{self, RejectLog};
use crate::report::Report;

/// Runs of one machine that may write to standard output, or to object storage, at a time.
const TEMPORARY_SLOTS: u32 = 64;

/// The private folders of a run, whose content is published all at once.
pub(crate) struct Place<'o> {
    options: &'o Options,
    /// Of the tables, and of all spools.
    pub(crate) stage: Stage,
    /// Of rejects, where the table goes to standard output and they go elsewhere.
    rejects: Option<Stage>,
    /// Objects that the tables become.
    objects: Option<Publication>,
    /// The folder of new rejects among the tables, with a slash at its end.
    rejects_folder: String,
    /// Rejects of an earlier result that stay.
    kept_rejects: Vec<String>,
}

impl<'o> Place<'o> {
    /// Looks whether the result may be published, and begins it.
    pub(crate) fn open(options: &'o Options, elsewhere: &Elsewhere) -> Result<Self, Error> {
        let objects = match &options.output {
            Output::Objects(out) => Some(elsewhere.publication(out, options.overwrite)?),
            _ => None,
        };
        let stage = match &options.output {
            Output::Folder(out) => open_stage(out, options.overwrite, options.keep_previous)?,
            Output::Stdout => open_temporary("stdout")?,
            Output::Objects(_) => open_temporary("objects")?,
        };
        let rejects = match (&options.output, &options.rejects) {
            (Output::Stdout, Some(folder)) => Some(open_stage(folder, options.overwrite, 0)?),
            _ => None,
        };
        let rejects_folder = "rejects/".to_owned();
        Ok(Self { options, stage, rejects, objects, rejects_folder, kept_rejects: Vec::new() })
    }

    /// Puts new rejects into a folder of their own, beside these files of an earlier result, which stay.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub(crate) fn keep_rejects<'n>(
        &mut self,
        folder: &str,
        earlier: impl Iterator<Item = (&'n str, PathBuf)>,
    ) -> Result<(), Error> {
        self.rejects_folder = format!("rejects/{folder}/");
        for (name, path) in earlier {
            let failed =
                |error: io::Error| Error::failed(format!("copy of {name} failed: {error}"));
            let mut from = File::open(path).map_err(failed)?;
            let mut to = self.stage.create(name)?;
            io::copy(&mut from, &mut to).map_err(failed)?;
            to.finish()?;
            self.kept_rejects.push(name.to_owned());
        }
        Ok(())
    }

    /// Publishes the tables, the rejects and, last, the manifest.
    pub(crate) fn publish(
        self,
        report: &mut Report,
        rejected: Vec<RejectLog>,
        exports: &Exports,
    ) -> Result<(), Error> {
        let cancel = &self.options.reading.cancel;
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if self.options.output == Output::Stdout {
            if let Some(stage) = self.rejects {
                let files = rejects::publish(rejected, &stage, "")?;
                // An earlier result that stays behind is cleared away by the next run.
                let _ = stage.commit(&manifest::text(report, &files, exports))?;
            }
            return Ok(());
        }
        let mut files: Vec<String> = report.tables.iter().map(|table| table.file.clone()).collect();
        files.extend(report.state.iter().map(|own| own.file.clone()));
        files.extend(self.kept_rejects.clone());
        files.extend(rejects::publish(rejected, &self.stage, &self.rejects_folder)?);
        let manifest = manifest::text(report, &files, exports);
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if let Some(objects) = self.objects {
            // What they were made of goes with the stage.
            objects.publish(self.stage.dir(), &files, &manifest)?;
        } else if let Some(leftover) = self.stage.commit(&manifest)?.leftover {
            report.warnings.push(leftover_warning(&leftover));
        }
        Ok(())
    }
}

/// What to say of an earlier result that is still there.
pub fn leftover_warning(leftover: &Path) -> String {
    let leftover = leftover.display();
    format!("the earlier result could not be removed from {leftover}; the next run tries again")
}

/// Looks whether a result may be published in a folder, and begins it.
///
/// # Errors
/// As [`Stage::open`].
pub fn open_stage(out: &Path, overwrite: bool, keep_previous: u32) -> Result<Stage, Error> {
    let options =
        StageOptions { overwrite, manifest_name: TABLES_MANIFEST.to_owned(), keep_previous };
    Ok(Stage::open(out, &options, manifest::owned)?)
}

/// Nothing is published there: it is where spools live, and what becomes objects. The names are few, so that what a
/// killed run left behind is cleared away by one of the next.
///
/// # Errors
/// As [`Stage::open`], of the last of the names.
pub fn open_temporary(what: &str) -> Result<Stage, Error> {
    let open =
        |slot: u32| open_stage(&std::env::temp_dir().join(format!("bcda-{what}-{slot}")), true, 0);
    (1..TEMPORARY_SLOTS).find_map(|slot| open(slot).ok()).map_or_else(|| open(TEMPORARY_SLOTS), Ok)
}

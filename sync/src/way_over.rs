//! The way over from a version of the API that ends to the newest one.
//!
//! ```text
//! DIR/tables.v3/                the new tables, until they take the place of the old ones
//! DIR/reconcile-v1-v3.json      where the two agree
//! DIR/tables.v1/, changes.v1/   what was there before, until it is dropped; tables.v1.previous-N/, too
//! ```
//!
//! The settings say which version the folder is of. They are written once the new tables are whole and reconciled, and before
//! anything changes its name: whoever finds them ahead of the tables does the rest first ([`Folder::settle`]).

use std::path::PathBuf;

use convert::Cancel;
use results::ReconcileOptions;

use crate::asked::{CHANGED_ON_THE_WAY, NEWEST_API};
use crate::error::Error;
use crate::export::Export;
use crate::folder::{CHANGES, Folder, TABLES, of_version};
use crate::manifest::manifest;
use crate::settings::{SETTINGS_NAME, Settings};
use crate::way::Way;

/// The versions that end.
const FORMER: [&str; 2] = ["v1", "v2"];

/// Whether a folder of one version can be moved to another.
pub(crate) fn leads(from: &str, to: &str) -> bool {
    FORMER.contains(&from) && to == NEWEST_API
}

impl Folder {
    /// The version before, if what is of it was not dropped yet.
    ///
    /// # Errors
    /// Its manifest is none of ours.
    pub fn former(&self) -> Result<Option<String>, Error> {
        for api in FORMER {
            if self.api_of(&of_version(TABLES, api))?.is_some() {
                return Ok(Some(api.to_owned()));
            }
        }
        Ok(None)
    }

    /// The tables of the version before.
    pub(crate) fn former_tables(&self, from: &str) -> PathBuf {
        self.path().join(of_version(TABLES, from))
    }

    fn api_of(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(manifest(&self.path().join(name))?.map(|made| made.api))
    }

    /// Compares the new tables, which stand beside the old ones, with these, and writes where the two agree. Where no record
    /// had come, there are no old ones.
    pub(crate) fn reconcile(&self, from: &str, to: &str, cancel: &Cancel) -> Result<(), Error> {
        if self.api_of(TABLES)?.is_none() {
            return Ok(());
        }
        let mut options = ReconcileOptions::new(self.path().join(TABLES), self.tables());
        options.cancel = cancel.clone();
        let found = results::reconcile(&options)?;
        self.write(&Way::file(from, to), found.to_json().as_bytes())
    }

    /// Writes into the settings that are there the version that the folder is of from now on.
    pub(crate) fn change_settings(&self, changed: &Settings) -> Result<(), Error> {
        let path = self.path().join(SETTINGS_NAME);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::failed(format!("{}: {error}", path.display())))?;
        self.write(SETTINGS_NAME, changed.over(&text, &CHANGED_ON_THE_WAY).as_bytes())
    }

    /// Does what a run that was ended on its way has left to do, once the settings say `to`: the new tables take the place of
    /// the old ones.
    ///
    /// # Errors
    /// Something cannot be renamed; a manifest is none of ours.
    pub(crate) fn settle(&self, to: &str) -> Result<(), Error> {
        let beside = of_version(TABLES, to);
        let (here, there) = (self.api_of(TABLES)?, self.api_of(&beside)?);
        match (here.as_deref(), there.as_deref()) {
            (Some(from), Some(new)) if new == to && leads(from, to) => {
                self.put_aside(from)?;
                if self.kept.exchange_children(TABLES, &beside)? {
                    self.kept.rename_child(&beside, &of_version(TABLES, from))?;
                } else {
                    self.kept.rename_child(TABLES, &of_version(TABLES, from))?;
                    self.kept.rename_child(&beside, TABLES)?;
                }
            }
            // The names were exchanged, and no more.
            (Some(new), Some(from)) if new == to && leads(from, to) => {
                self.kept.rename_child(&beside, &of_version(TABLES, from))?;
            }
            // There were no tables, or they have their new name already.
            (None, Some(new)) if new == to => {
                self.kept.rename_child(&beside, TABLES)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What belongs to the tables of a version gets its name: nobody may take its changes for those of another.
    fn put_aside(&self, from: &str) -> Result<(), Error> {
        let own = of_version(TABLES, from);
        let previous = self.previous_of(TABLES)?.into_iter();
        let names = previous.map(|name| (name.replacen(TABLES, &own, 1), name));
        for (aside, name) in names.chain([(of_version(CHANGES, from), CHANGES.to_owned())]) {
            if self.path().join(&name).exists() {
                // What is there is of a way over that somebody has gone back.
                convert::remove(&self.kept, &aside)?;
                self.kept.rename_child(&name, &aside)?;
            }
        }
        Ok(())
    }

    /// Whether there are exports of a version that the folder is not of, and that is not the one before: of a way over that is
    /// not at its end.
    pub(crate) fn has_others(&self, version: &str, groups: &[String]) -> Result<bool, Error> {
        let all = self.all(groups)?;
        Ok(all.iter().filter_map(Export::api).any(|api| leads(version, api)))
    }

    /// Removes what is left of the version before: tables, changes and exports of these groups. Nothing of it goes before the
    /// folder is of the newest one. Gives what to tell of what could not be removed.
    ///
    /// # Errors
    /// Something in them is somebody else's, or cannot be looked at.
    pub(crate) fn drop_old(&self, groups: &[String]) -> Result<Vec<String>, Error> {
        let mut leftovers = Vec::new();
        if self.api_of(TABLES)?.as_deref() != Some(NEWEST_API) {
            return Ok(leftovers);
        }
        for from in FORMER {
            let tables = of_version(TABLES, from);
            let mut names = self.previous_of(&tables)?;
            names.extend([tables, of_version(CHANGES, from)]);
            for name in names {
                leftovers.extend(convert::remove(&self.kept, &name)?);
            }
            for export in self.all(groups)?.iter().filter(|own| own.api() == Some(from)) {
                bulk_client::remove_export(&export.path)?;
            }
        }
        Ok(leftovers)
    }
}

//! The moment a result appears: one rename, or file by file where there is no exchange.
//!
//! Whoever edits this: each step is undone by the error path and must also be
//! sound if the process dies right after it. The tests fail and kill every call.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::existing::{Existing, examine};
use crate::folder::{Entry, Folder, cannot_exchange};
use crate::names::{Intent, hidden_name, partial_name, previous_name};
use crate::previous;

/// A journal lists file names of ours: a few kilobytes.
const MAX_JOURNAL_BYTES: u64 = 16 * 1024 * 1024;

/// What is put where.
pub(crate) struct Replacement<'a> {
    pub(crate) parent: &'a Folder,
    pub(crate) partial: &'a Folder,
    pub(crate) partial_name: &'a OsStr,
    pub(crate) backup_name: &'a OsStr,
    pub(crate) out: &'a Path,
    pub(crate) out_name: &'a OsStr,
    pub(crate) manifest_name: &'a str,
    /// The staged files without the manifest.
    pub(crate) new_files: &'a [String],
    /// What may be in the output.
    pub(crate) ours: &'a BTreeSet<String>,
    pub(crate) existing: Existing,
    /// As what the replaced result stays, which is a whole one then.
    pub(crate) keeping: Option<Keeping<'a>>,
}

/// How a replaced result becomes an earlier one.
pub(crate) struct Keeping<'a> {
    pub(crate) number: u64,
    /// Of the names of the run.
    pub(crate) run: &'a str,
}

/// Why it was not published.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Undoing failed too: the folders of this run hold the earlier result and must stay.
    pub(crate) keep: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, keep: false }
    }
}

/// Puts the partial folder in the place of the output. Returns what could not be removed.
pub(crate) fn publish(r: &Replacement<'_>) -> Result<Option<PathBuf>, Failure> {
    if r.existing == Existing::Absent {
        return r.appear();
    }
    let name = r.begin_exchange()?;
    match r.parent.exchange(&name, r.out_name) {
        Ok(()) => r.settle_exchange(&name),
        Err(errno) => {
            r.give_back(&name)?;
            match &r.existing {
                _ if !cannot_exchange(errno) => {
                    Err(Error::io("replace", r.out, errno.into()).into())
                }
                Existing::Ours { files, folders } => r.replace_by_file(files, folders),
                Existing::Absent | Existing::Empty => r.appear(),
            }
        }
    }
}

impl Replacement<'_> {
    /// The output is absent or an empty folder: a plain rename.
    fn appear(&self) -> Result<Option<PathBuf>, Failure> {
        match self.parent.rename(self.partial_name, self.parent, self.out_name) {
            Ok(()) => {}
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {
                let advice = "something was put there meanwhile: choose another output";
                return Err(
                    Error::new(ErrorKind::OutputExists, "write to", self.out, advice).into()
                );
            }
            Err(errno) => return Err(Error::io("publish", self.out, errno.into()).into()),
        }
        self.parent.sync().map_err(|error| {
            let undone = self.parent.rename(self.out_name, self.parent, self.partial_name);
            if undone.is_err() {
                let error = self.not_durable(error, self.partial_name);
                return Failure { error, keep: false };
            }
            if self.existing == Existing::Empty {
                let _ = self.parent.make_child(self.out_name);
            }
            error.into()
        })?;
        Ok(None)
    }

    /// The name of the partial folder when it is exchanged. Where the replaced result is kept that says so: should the
    /// process die, the next one can tell what stands there.
    fn begin_exchange(&self) -> Result<OsString, Error> {
        let Some(Keeping { number, run }) = self.keeping else {
            return Ok(self.partial_name.to_owned());
        };
        let gone = || {
            let gone = std::io::ErrorKind::NotFound.into();
            Error::io("look at", self.partial.path(), gone)
        };
        let inode = self.parent.inode(self.partial_name)?.ok_or_else(gone)?;
        let suffix = Intent::Keep { number, inode }.suffix();
        let name = partial_name(self.out_name, run, &suffix);
        previous::rename(self.parent, self.partial_name, &name)?;
        Ok(name)
    }

    /// Nothing was exchanged: the partial folder is called as before.
    fn give_back(&self, name: &OsStr) -> Result<(), Error> {
        if name == self.partial_name {
            return Ok(());
        }
        previous::rename(self.parent, name, self.partial_name)
    }

    /// The exchange is done: check what it brought out, and remove or keep that.
    fn settle_exchange(&self, name: &OsStr) -> Result<Option<PathBuf>, Failure> {
        // Since the last look somebody may have put a file of their own in there.
        let checked = match self.parent.entry(name) {
            Ok(Some(Entry::Folder)) => self
                .parent
                .open_child(name)
                .and_then(|old| examine(&old, self.ours))
                .map_err(|error| error.at(self.out)),
            Ok(_) => {
                let advice = "something else was put there meanwhile: choose another output";
                Err(Error::new(ErrorKind::UnsuitableOutput, "replace", self.out, advice))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = checked.and_then(|_| self.parent.sync()) {
            return match self.parent.exchange(name, self.out_name) {
                Ok(()) => {
                    let _ = self.give_back(name);
                    Err(error.into())
                }
                Err(_) => Err(Failure { error: self.not_durable(error, name), keep: true }),
            };
        }
        // From here on the new result is published, whatever happens.
        let removed = self.remove_or_keep(name);
        let _ = remove_journal(self.parent, self.out_name);
        Ok(removed.is_err().then(|| self.parent.path_of(name)))
    }

    /// Removes the folder with the replaced result, or gives it its name as an earlier one.
    fn remove_or_keep(&self, name: &OsStr) -> Result<(), Error> {
        match self.keeping {
            None => self.parent.remove_tree(name),
            Some(Keeping { number, .. }) => {
                let kept = previous_name(self.out_name, number);
                previous::rename(self.parent, name, &kept)?;
                // A name that is lost again is given to it by the next run.
                let _ = self.parent.sync();
                Ok(())
            }
        }
    }

    fn not_durable(&self, error: Error, name: &OsStr) -> Error {
        let partial = self.parent.path_of(name);
        error.advising(format!(
            "the new result is in place but may not survive a power cut, and could not be taken back; \
             an earlier one is in {} until the next run",
            partial.display()
        ))
    }

    /// For filesystems without an exchange. The manifest goes first and comes
    /// last, so whoever waits for it never sees parts of two results.
    fn replace_by_file(
        &self,
        old_files: &[String],
        old_folders: &[String],
    ) -> Result<Option<PathBuf>, Failure> {
        let backup_name = self.keeping.as_ref().map(|Keeping { number, run }| {
            partial_name(self.out_name, run, &Intent::KeepFiles { number: *number }.suffix())
        });
        let backup_name = backup_name.as_deref().unwrap_or(self.backup_name);
        let opened = self.write_journal().and_then(|()| {
            let out = self.parent.open_child(self.out_name)?;
            Ok((out, self.parent.open_or_make_child(backup_name)?))
        });
        let has_manifest = old_files.iter().any(|name| name == self.manifest_name);
        let (out, backup) = opened.inspect_err(|_| self.tidy_up(backup_name, has_manifest))?;
        let mut work = ByFile { replacement: self, out: &out, backup: &backup, done: Vec::new() };
        if let Err(error) = work.replace(old_files, old_folders) {
            return Err(match work.undo() {
                Ok(()) => {
                    self.tidy_up(backup_name, has_manifest);
                    error.into()
                }
                Err(_) => Failure {
                    error: error.advising(format!(
                        "the earlier result could not be put back: move it from {} before the next run",
                        backup.path().display()
                    )),
                    keep: true,
                },
            });
        }
        // From here on the new result is published, whatever happens.
        if self.remove_or_keep(backup_name).is_err() {
            return Ok(Some(self.parent.path_of(backup_name)));
        }
        if self.parent.remove_tree(self.partial_name).is_err() {
            return Ok(Some(self.parent.path_of(self.partial_name)));
        }
        let journal = hidden_name(self.out_name, JOURNAL);
        let removed = remove_journal(self.parent, self.out_name);
        Ok(removed.is_err().then(|| self.parent.path_of(journal)))
    }

    /// After a failure that left the output as it was. Without a manifest, because an earlier replacement was
    /// interrupted, the journal alone says what is ours there.
    fn tidy_up(&self, backup_name: &OsStr, has_manifest: bool) {
        let _ = self.parent.remove_tree(backup_name);
        let _ = self.parent.remove_file(hidden_name(self.out_name, JOURNAL_NEW));
        if has_manifest {
            let _ = remove_journal(self.parent, self.out_name);
        }
    }

    /// Says durably which files at the output are ours while no manifest does.
    fn write_journal(&self) -> Result<(), Error> {
        let mut text = String::new();
        // All that may be there, not all that is: an empty folder is known by what was in it.
        for name in self.ours.iter().chain(self.new_files) {
            text.push_str(name);
            text.push('\n');
        }
        let new = hidden_name(self.out_name, JOURNAL_NEW);
        let name = hidden_name(self.out_name, JOURNAL);
        self.parent.remove_file(&new)?;
        self.parent.write_new_file(&new, text.as_bytes())?;
        self.parent
            .rename(&new, self.parent, &name)
            .map_err(|errno| self.parent.failed("rename", &new, errno))?;
        self.parent.sync()
    }
}

const JOURNAL: &str = ".journal";
const JOURNAL_NEW: &str = ".journal-new";

/// The names in the journal of an interrupted replacement; none without one.
pub(crate) fn read_journal(parent: &Folder, out_name: &OsStr) -> Result<Vec<String>, Error> {
    let name = hidden_name(out_name, JOURNAL);
    if !matches!(parent.entry(&name)?, Some(Entry::File { .. })) {
        return Ok(Vec::new());
    }
    let file = parent.open_file(&name).map_err(|errno| parent.failed("open", &name, errno))?;
    let mut text = String::new();
    file.take(MAX_JOURNAL_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Error::io("read", &parent.path_of(&name), error))?;
    Ok(text.lines().map(str::to_owned).collect())
}

pub(crate) fn remove_journal(parent: &Folder, out_name: &OsStr) -> Result<(), Error> {
    for suffix in [JOURNAL_NEW, JOURNAL] {
        let name = hidden_name(out_name, suffix);
        if matches!(parent.entry(&name)?, Some(Entry::File { .. })) {
            parent.remove_file(&name)?;
        }
    }
    Ok(())
}

/// A replacement file by file, with what was done so far.
struct ByFile<'a> {
    replacement: &'a Replacement<'a>,
    out: &'a Folder,
    backup: &'a Folder,
    done: Vec<Step>,
}

/// What [`ByFile::undo`] takes back.
enum Step {
    /// The folder had this mode.
    Mode(Mode),
    /// The earlier file is in the backup.
    Saved(String),
    /// The earlier folder, empty, was removed.
    RemovedFolder(String),
    /// The folder is new.
    MadeFolder(String),
    /// The file is new.
    Placed(String),
}

impl ByFile<'_> {
    fn replace(&mut self, old_files: &[String], old_folders: &[String]) -> Result<(), Error> {
        let new_files = self.replacement.new_files;
        let manifest = self.replacement.manifest_name;
        let old: BTreeSet<&str> = old_files.iter().map(String::as_str).collect();
        let new: BTreeSet<&str> = new_files.iter().map(String::as_str).collect();

        self.done.push(Step::Mode(self.out.mode()?));
        self.out.set_private_mode()?;
        if old.contains(manifest) {
            self.save(manifest, false)?;
            self.out.sync()?;
        }
        for name in old.iter().filter(|name| **name != manifest) {
            // A name that stays is never absent: only a link to it goes to the backup.
            self.save(name, new.contains(name))?;
        }
        // Inner folders stand before outer ones.
        for folder in old_folders {
            let prefix = format!("{folder}/");
            if !new.iter().any(|name| name.starts_with(&prefix)) {
                let (holder, name) = self.out.descend(folder)?;
                holder.remove_folder(name)?;
                self.done.push(Step::RemovedFolder(folder.clone()));
            }
        }
        for name in &new {
            self.make_folders(name)?;
            self.place(name, !old.contains(name))?;
        }
        let mut synced = BTreeSet::new();
        for name in &new {
            let (holder, _) = self.out.descend(name)?;
            if synced.insert(holder.path().to_owned()) {
                holder.sync()?;
            }
        }
        self.out.sync()?;
        self.place(manifest, true)?;
        self.out.sync()
    }

    fn save(&mut self, relative: &str, stays: bool) -> Result<(), Error> {
        let (from, name) = self.out.descend(relative)?;
        let (to, _) = self.backup.descend_making(relative)?;
        if !stays || from.link(name, &to).is_err() {
            from.rename(name, &to, name).map_err(|errno| from.failed("rename", name, errno))?;
        }
        self.done.push(Step::Saved(relative.to_owned()));
        Ok(())
    }

    fn make_folders(&mut self, relative: &str) -> Result<(), Error> {
        let mut folder: Option<Folder> = None;
        for (at, _) in relative.match_indices('/') {
            let path = &relative[..at];
            let name = path.rsplit('/').next().unwrap_or(path);
            let holder = folder.as_ref().unwrap_or(self.out);
            let inner = if let Some(made) = holder.make_child(name)? {
                self.done.push(Step::MadeFolder(path.to_owned()));
                made
            } else {
                let inner = holder.open_child(name)?;
                inner.set_private_mode()?;
                inner
            };
            folder = Some(inner);
        }
        Ok(())
    }

    fn place(&mut self, relative: &str, is_new: bool) -> Result<(), Error> {
        let (from, name) = self.replacement.partial.descend(relative)?;
        let (to, _) = self.out.descend(relative)?;
        from.rename(name, &to, name).map_err(|errno| to.failed("publish", name, errno))?;
        if is_new {
            self.done.push(Step::Placed(relative.to_owned()));
        }
        Ok(())
    }

    /// Puts the earlier result back, the last step first: its manifest comes last.
    fn undo(&mut self) -> Result<(), Error> {
        while let Some(step) = self.done.pop() {
            match step {
                Step::Placed(relative) => {
                    let (holder, name) = self.out.descend(&relative)?;
                    holder.remove_file(name)?;
                }
                Step::MadeFolder(relative) => {
                    let (holder, name) = self.out.descend(&relative)?;
                    holder.remove_folder(name)?;
                }
                Step::RemovedFolder(relative) => {
                    self.out.descend(&relative).and_then(|(h, n)| h.open_or_make_child(n))?;
                }
                Step::Saved(relative) => {
                    let (from, name) = self.backup.descend(&relative)?;
                    let (to, _) = self.out.descend(&relative)?;
                    from.rename(name, &to, name)
                        .map_err(|errno| from.failed("rename", name, errno))?;
                }
                Step::Mode(mode) => self.out.set_mode(mode)?,
            }
        }
        self.out.sync()
    }
}

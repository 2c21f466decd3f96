//! A run's output, from the lock to the rename.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::existing::{Existing, examine, names_of_ours, open_output};
use crate::folder::{Entry, Folder, Gate};
use crate::lock::Lock;
use crate::names::{
    MAX_TRIES, hidden_name, is_partial_of, is_valid_relative, is_valid_segment, new_run,
    partial_name, previous_name,
};
use crate::previous::{self, Previous};
use crate::progress::{Progress, unfinished};
use crate::replace::{self, Failure, Keeping, Replacement};
use crate::spools::Spools;
use crate::staged_file::StagedFile;

/// How a [`Stage`] treats its output.
#[derive(Clone, Debug)]
pub struct StageOptions {
    /// Whether an earlier result at the output is replaced. Without it the output
    /// must be absent or an empty folder.
    pub overwrite: bool,
    /// The one file that is written last, such as `tables-manifest.json`.
    pub manifest_name: String,
    /// How many earlier results stay beside the output, as `OUT.previous-000001` and so on, the newest with the greatest
    /// number; [`undo`](crate::undo()) goes back to that one. Where earlier results may be replaced, those beyond so many
    /// are removed, the oldest first, when the new one is published: with 0 all, the replaced one among them.
    pub keep_previous: u32,
}

/// The output of one run while it is being written.
///
/// Holds the lock of its output. Files come from [`create`](Self::create), from
/// any thread; [`commit`](Self::commit) makes them appear, and
/// [`abort`](Self::abort), or dropping the stage, removes them. See the [crate
/// documentation](crate) for an example of a whole run.
///
/// # Example
///
/// ```
/// use std::io::{Read, Seek, Write};
///
/// use publish::{Stage, StageOptions};
///
/// # let work = tempfile::tempdir()?;
/// let out = work.path().join("tables");
/// let mut options =
///     StageOptions { overwrite: false, manifest_name: "m.json".into(), keep_previous: 0 };
/// let stage = Stage::open(&out, &options, |_| Ok(None))?;
/// assert_eq!(stage.dir().parent(), out.parent());
///
/// // Names may lead into folders, and not out of the output.
/// stage.create("rejects/rejects.csv")?.finish()?;
/// assert!(stage.create("../elsewhere").is_err());
///
/// // A finished file can be taken back, and its name used again.
/// for text in ["first", "second"] {
///     let mut file = stage.create("t.csv")?;
///     file.write_all(text.as_bytes())?;
///     file.finish()?;
///     if text == "first" {
///         stage.take_back("t.csv")?;
///     }
/// }
///
/// // What is needed for a while is not published.
/// let mut spool = stage.spool()?;
/// spool.write_all(b"later")?;
/// spool.rewind()?;
/// let mut text = String::new();
/// spool.read_to_string(&mut text)?;
/// assert_eq!(text, "later");
/// let scratch = stage.scratch()?;
///
/// let published = stage.commit(b"{}")?;
/// assert_eq!(published.leftover, None);
/// assert!(out.join("m.json").exists() && !scratch.exists());
/// assert_eq!(std::fs::read(out.join("t.csv"))?, b"second");
///
/// // A stage that is not committed leaves all as it was.
/// options.overwrite = true;
/// let ours = |_: &_| Ok(Some(vec!["t.csv".to_owned(), "rejects/rejects.csv".to_owned()]));
/// let stage = Stage::open(&out, &options, ours)?;
/// stage.create("t.csv")?.finish()?;
/// stage.abort();
/// assert_eq!(std::fs::read(out.join("t.csv"))?, b"second");
/// assert_eq!(work.path().read_dir()?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stage {
    out: PathBuf,
    out_name: OsString,
    manifest_name: String,
    /// What may stand at the output when we publish; `None`: nothing may.
    ours: Option<BTreeSet<String>>,
    keep_previous: u32,
    /// Earlier results that there are, if they may be removed.
    previous: Vec<Previous>,
    run: String,
    partial: Folder,
    spools: Spools,
    progress: Arc<Progress>,
    parent: Arc<Folder>,
    /// What failed could not be undone: the earlier result lies in our folders.
    keeps: bool,
    /// The last field: the lock is given up after everything is removed.
    _lock: Lock,
}

/// What [`Stage::commit`] published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a leftover is worth a warning"]
pub struct Published {
    /// Where the earlier result still lies because it could not be removed. The
    /// new one is complete; the next run tries again.
    pub leftover: Option<PathBuf>,
}

impl Stage {
    /// Takes the lock of the output `out`, checks what is there, removes what
    /// killed runs left beside it and makes a private folder to write into.
    ///
    /// `out` is left as it is until [`commit`](Self::commit). Its parent must exist.
    ///
    /// `owned` is called with `out` if something is in it and
    /// [`overwrite`](StageOptions::overwrite) is set, and with earlier results beside it. It lists the files that the
    /// manifest there names (such as `CCLF5.csv` or `rejects/rejects.csv`, without
    /// the manifest itself), or says `None` when there is no manifest or it is not
    /// one of ours.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InUse`]: another run holds the lock; nothing was touched.
    /// - [`ErrorKind::OutputExists`], [`ErrorKind::ForeignFiles`]: see there.
    /// - [`ErrorKind::UnsuitableOutput`]: `out` is a link, a file or a mount point,
    ///   has no name of its own (`..`), or its parent does not exist.
    /// - [`ErrorKind::Io`]: no permission, a read-only or full disk, and so on.
    ///
    /// # Example
    ///
    /// ```
    /// use publish::{Stage, StageOptions};
    ///
    /// # let work = tempfile::tempdir()?;
    /// # let out = work.path().join("tables");
    /// let options =
    ///     StageOptions { overwrite: true, manifest_name: "m.txt".into(), keep_previous: 0 };
    /// for _ in 0..2 {
    ///     let stage = Stage::open(&out, &options, |out| {
    ///         let path = out.join("m.txt");
    ///         let text = std::fs::read_to_string(&path)
    ///             .map_err(|error| publish::Error::io("read", &path, error))?;
    ///         Ok(Some(text.lines().map(str::to_owned).collect()))
    ///     })?;
    ///     stage.create("a.csv")?.finish()?;
    ///     let _ = stage.commit(b"a.csv\n")?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        out: &Path,
        options: &StageOptions,
        owned: impl Fn(&Path) -> Result<Option<Vec<String>>, Error>,
    ) -> Result<Stage, Error> {
        if !is_valid_segment(&options.manifest_name) {
            return Err(bad_name(Path::new(&options.manifest_name)));
        }
        let (parent, out_name) = open_parent(out)?;
        let lock = Lock::take(&parent, hidden_name(out_name, ".lock"), out)?;
        previous::settle(&parent, out_name, &options.manifest_name)?;

        let ours = match open_output(&parent, out_name)? {
            None => None,
            Some(folder) => {
                folder.check_writable()?;
                if folder.names()?.is_empty() {
                    None
                } else if options.overwrite {
                    let interrupted = replace::read_journal(&parent, out_name)?;
                    let listed = owned(out)?;
                    let ours = names_of_ours(listed, interrupted, &options.manifest_name);
                    examine(&folder, &ours)?;
                    Some(ours)
                } else {
                    return Err(output_exists(out));
                }
            }
        };
        remove_stale(&parent, out_name)?;
        if ours.is_none() {
            // Nothing of an interrupted replacement is left.
            replace::remove_journal(&parent, out_name)?;
        }
        let previous = if options.overwrite {
            previous::list(&parent, out_name, &options.manifest_name, owned)?
        } else {
            Vec::new()
        };

        for _ in 0..MAX_TRIES {
            let run = new_run();
            let Some(partial) = parent.make_child(partial_name(out_name, &run, ""))? else {
                continue;
            };
            let scratch = partial_name(out_name, &run, "-scratch");
            return Ok(Stage {
                out: out.to_owned(),
                out_name: out_name.to_owned(),
                manifest_name: options.manifest_name.clone(),
                ours,
                keep_previous: options.keep_previous,
                previous,
                run,
                partial,
                spools: Spools::new(Arc::clone(&parent), scratch),
                progress: Arc::default(),
                parent,
                keeps: false,
                _lock: lock,
            });
        }
        Err(Error::io(
            "make the folder",
            &partial_path(out),
            std::io::ErrorKind::AlreadyExists.into(),
        ))
    }

    /// The private folder that [`commit`](Self::commit) turns into the output.
    /// Only [`create`](Self::create) may make files in it.
    pub fn dir(&self) -> &Path {
        self.partial.path()
    }

    /// A private folder (0700) beside the published tree, for spools; the same
    /// one at each call. It is removed before the output appears, and with the
    /// stage. [`spool`](Self::spool) makes a file in it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the folder cannot be made.
    pub fn scratch(&self) -> Result<PathBuf, Error> {
        Ok(self.spools.made_folder()?.path().to_owned())
    }

    /// A private file without a name, for reading and writing. It is gone when it
    /// is closed, even if the process is killed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when the file cannot be made.
    pub fn spool(&self) -> Result<File, Error> {
        self.spools.make()
    }

    /// What makes such files, for whoever may need one only later.
    pub fn spools(&self) -> &Spools {
        &self.spools
    }

    /// Makes a new file, 0600, in new folders, 0700, if `relative` has a `/`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadName`] when a segment of `relative` is not
    /// `[A-Za-z0-9._-]+`, is `.` or `..`, or when the name is taken or the
    /// manifest's; [`ErrorKind::Io`] when the file cannot be made, after which the
    /// stage cannot be committed.
    pub fn create(&self, relative: &str) -> Result<StagedFile, Error> {
        let path = self.partial.path_of(relative);
        if !is_valid_relative(relative) || relative == self.manifest_name {
            return Err(bad_name(&path));
        }
        let created = self
            .partial
            .descend_making(relative)
            .and_then(|(folder, name)| folder.create_file(name));
        match created {
            Ok(Some(file)) => {
                self.progress.started(relative);
                let gate = self.partial.gate().clone();
                Ok(StagedFile::new(file, path, relative, gate, Arc::clone(&self.progress)))
            }
            Ok(None) => Err(bad_name(&path)),
            Err(error) => {
                self.progress.spoiled(&path);
                Err(error)
            }
        }
    }

    /// Takes back a finished file: it will not be published, and its name may be used again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadName`] for a name that [`create`](Self::create) would refuse or that is not
    /// finished, [`ErrorKind::Io`] when the file cannot be removed.
    pub fn take_back(&self, relative: &str) -> Result<(), Error> {
        if !self.progress.forget(relative) {
            return Err(bad_name(&self.partial.path_of(relative)));
        }
        let (folder, name) = self.partial.descend(relative)?;
        folder.remove_file(name)
    }

    /// Publishes: writes the manifest last, makes everything durable, and puts
    /// the folder in the place of the output with one rename.
    ///
    /// # Errors
    ///
    /// After any error nothing is published, the earlier result is whole and the
    /// private folder is removed if possible.
    ///
    /// - [`ErrorKind::Unfinished`]: a [`StagedFile`] was not finished, or the
    ///   folder does not hold exactly what was written.
    /// - [`ErrorKind::OutputExists`], [`ErrorKind::ForeignFiles`],
    ///   [`ErrorKind::UnsuitableOutput`]: something else was put at the output
    ///   since [`open`](Self::open).
    /// - [`ErrorKind::Io`]: a system call failed.
    pub fn commit(mut self, manifest: &[u8]) -> Result<Published, Error> {
        let files = self.progress.all_finished()?;
        self.partial.write_new_file(&self.manifest_name, manifest)?;
        self.seal(&files, manifest.len() as u64)?;
        self.spools.end()?;

        let existing = match open_output(&self.parent, &self.out_name)? {
            None => Existing::Absent,
            Some(folder) => match &self.ours {
                Some(ours) => examine(&folder, ours)?,
                None if folder.names()?.is_empty() => Existing::Empty,
                None => return Err(output_exists(&self.out)),
            },
        };
        let is_result = |existing: &Existing| match existing {
            Existing::Ours { files, .. } => files.contains(&self.manifest_name),
            Existing::Absent | Existing::Empty => false,
        };
        let keeping = if self.keep_previous > 0 && is_result(&existing) {
            let number = previous::next_number(&self.parent, &self.out_name)?;
            Some(Keeping { number, run: &self.run })
        } else {
            None
        };
        let kept = keeping.as_ref().map(|keeping| keeping.number);
        let nothing = BTreeSet::new();
        let published = replace::publish(&Replacement {
            parent: &self.parent,
            partial: &self.partial,
            partial_name: &self.name(""),
            backup_name: &self.name("-old"),
            out: &self.out,
            out_name: &self.out_name,
            manifest_name: &self.manifest_name,
            new_files: &files.into_keys().collect::<Vec<_>>(),
            ours: self.ours.as_ref().unwrap_or(&nothing),
            existing,
            keeping,
        });
        match published {
            Ok(leftover) => Ok(Published { leftover: leftover.or_else(|| self.prune(kept)) }),
            Err(Failure { error, keep }) => {
                self.keeps = keep;
                Err(error)
            }
        }
    }

    /// Removes everything this run wrote and gives up the lock, as dropping the
    /// stage does. The output stays as it was.
    pub fn abort(self) {
        drop(self);
    }

    /// Removes the earlier results that are too many, now that there is one more; what could not be removed.
    fn prune(&mut self, kept: Option<u64>) -> Option<PathBuf> {
        if let (Some(number), Some(ours)) = (kept, self.ours.take()) {
            let name = previous_name(&self.out_name, number);
            self.previous.push(Previous { number, name, ours });
        }
        let keep = usize::try_from(self.keep_previous).unwrap_or(usize::MAX);
        previous::prune(&self.parent, &self.previous, keep)
    }

    fn name(&self, suffix: &str) -> OsString {
        partial_name(&self.out_name, &self.run, suffix)
    }

    /// Checks that the private folder holds exactly the finished files and the
    /// manifest, each with its size, and makes all folders durable.
    fn seal(&self, files: &BTreeMap<String, u64>, manifest_bytes: u64) -> Result<(), Error> {
        let mut expected = files.clone();
        expected.insert(self.manifest_name.clone(), manifest_bytes);
        seal_folder(&self.partial, "", &mut expected)?;
        match expected.first_key_value() {
            None => Ok(()),
            Some((missing, _)) => Err(unfinished(&self.partial.path_of(missing), "it has gone")),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // After a commit none of these names exist, or one that could not be
        // removed and perhaps can be now. What stays is for the next run.
        if !self.keeps {
            let _ = self.parent.remove_tree(self.name(""));
        }
        let _ = self.spools.end();
    }
}

fn seal_folder(
    folder: &Folder,
    prefix: &str,
    expected: &mut BTreeMap<String, u64>,
) -> Result<(), Error> {
    for name in folder.names()? {
        let path = folder.path_of(&name);
        let relative = format!("{prefix}{}", name.display());
        match folder.entry(&name)? {
            Some(Entry::Folder) => {
                seal_folder(&folder.open_child(&name)?, &format!("{relative}/"), expected)?;
            }
            Some(Entry::File { bytes }) => match expected.remove(&relative) {
                Some(written) if written == bytes => {}
                Some(_) => return Err(unfinished(&path, "its size is not what was written")),
                None => return Err(unfinished(&path, "something else put it there")),
            },
            _ => return Err(unfinished(&path, "something else put it there")),
        }
    }
    folder.sync()
}

/// Removes the folders of killed runs with this output. The lock is held, so none is alive.
pub(crate) fn remove_stale(parent: &Folder, out_name: &OsStr) -> Result<(), Error> {
    for name in parent.names()? {
        if is_partial_of(out_name, &name) && parent.entry(&name)? == Some(Entry::Folder) {
            parent.remove_tree(&name)?;
        }
    }
    Ok(())
}

/// The folder that `out` is in, open, and its own name in there.
pub(crate) fn open_parent(out: &Path) -> Result<(Arc<Folder>, &OsStr), Error> {
    let (parent, out_name) = split(out)?;
    let opened = Folder::open(parent, Gate::current()).map_err(|error| {
        match error.io_error().map(std::io::Error::kind) {
            Some(std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                let advice = "the folder it should be in does not exist: make that first";
                Error::new(ErrorKind::UnsuitableOutput, "write to", out, advice)
            }
            _ => error,
        }
    })?;
    Ok((Arc::new(opened), out_name))
}

/// The folder that `out` is in, and its own name in there.
fn split(out: &Path) -> Result<(&Path, &OsStr), Error> {
    let named = match out.components().next_back() {
        Some(Component::Normal(name)) => out.parent().map(|parent| (parent, name)),
        _ => None,
    };
    let Some((parent, name)) = named else {
        let advice = "it has no name of its own: choose the name of a folder";
        return Err(Error::new(ErrorKind::UnsuitableOutput, "write to", out, advice));
    };
    Ok((if parent.as_os_str().is_empty() { Path::new(".") } else { parent }, name))
}

fn partial_path(out: &Path) -> PathBuf {
    out.with_file_name(partial_name(out.file_name().unwrap_or_default(), "", ""))
}

fn output_exists(out: &Path) -> Error {
    let advice = "choose another output, or allow overwriting";
    Error::new(ErrorKind::OutputExists, "write to", out, advice)
}

fn bad_name(path: &Path) -> Error {
    let advice = "this is a mistake in the program: please report it";
    Error::new(ErrorKind::BadName, "create", path, advice)
}

//! Whether two paths lead into each other.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Whether `a` and `b` are the same, or one lies inside the other.
///
/// For keeping an output apart from the inputs. Links on the way are followed,
/// neither path has to exist, and a folder reached by two names (a bind mount, a
/// filesystem that ignores case) counts as one.
///
/// # Example
///
/// ```
/// use publish::overlaps;
///
/// # let work = tempfile::tempdir()?;
/// # let data = work.path();
/// std::fs::write(data.join("Patient.ndjson"), "")?;
/// assert!(overlaps(&data.join("tables"), data));
/// assert!(overlaps(data, &data.join("Patient.ndjson")));
/// assert!(overlaps(&data.join("tables/../x"), &data.join("x")));
/// assert!(!overlaps(&data.join("tables"), &data.join("Patient.ndjson")));
/// assert!(!overlaps(&data.join("tables"), &data.join("tables-2")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn overlaps(a: &Path, b: &Path) -> bool {
    let (a, b) = (Resolved::of(a), Resolved::of(b));
    a.is_inside(&b) || b.is_inside(&a)
}

/// A path with its links followed as far as it exists.
struct Resolved {
    path: PathBuf,
    /// Whether all of it exists.
    exists: bool,
}

impl Resolved {
    fn of(path: &Path) -> Resolved {
        // Fails only without a current folder; then the path is taken as it is.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut existing = absolute.as_path();
        let mut rest: Vec<OsString> = Vec::new();
        let mut resolved = loop {
            if let Ok(found) = existing.canonicalize() {
                break found;
            }
            let Some(last) = existing.components().next_back() else { break PathBuf::new() };
            rest.push(last.as_os_str().to_owned());
            match existing.parent() {
                Some(parent) => existing = parent,
                None => break PathBuf::new(),
            }
        };
        let exists = rest.is_empty();
        for part in rest.iter().rev() {
            match Path::new(part).components().next() {
                Some(Component::ParentDir) => {
                    resolved.pop();
                }
                _ => resolved.push(part),
            }
        }
        Resolved { path: resolved, exists }
    }

    fn is_inside(&self, outer: &Resolved) -> bool {
        if self.path.starts_with(&outer.path) {
            return true;
        }
        let Some(wanted) = outer.exists.then(|| identity(&outer.path)).flatten() else {
            return false;
        };
        self.path.ancestors().any(|ancestor| identity(ancestor) == Some(wanted))
    }
}

/// Device and inode.
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn follows_links_and_hard_names() {
        let work = tempfile::tempdir().unwrap();
        let data = work.path().join("data");
        std::fs::create_dir_all(data.join("in")).unwrap();
        std::os::unix::fs::symlink(&data, work.path().join("link")).unwrap();
        let link = work.path().join("link");
        assert!(overlaps(&link.join("new/out"), &data));
        assert!(overlaps(&link.join("in"), &data.join("in")));
        assert!(!overlaps(&link.join("out"), &data.join("in")));
        assert!(overlaps(Path::new("no/such"), Path::new("./no/such/deeper")));
        assert!(overlaps(Path::new("/"), &data));
        // A link to nowhere: taken by its own name.
        std::os::unix::fs::symlink("nowhere", data.join("dangling")).unwrap();
        assert!(overlaps(&data.join("dangling"), &data));
    }

    #[test]
    fn a_second_name_of_an_input_file_is_not_inside_a_sibling() {
        let work = tempfile::tempdir().unwrap();
        std::fs::write(work.path().join("a"), "").unwrap();
        std::fs::hard_link(work.path().join("a"), work.path().join("b")).unwrap();
        assert!(overlaps(&work.path().join("a"), &work.path().join("b")));
    }
}

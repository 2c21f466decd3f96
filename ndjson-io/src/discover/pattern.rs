//! Globs: what a pattern finds. Links are not followed, and each folder is entered once, whatever the pattern.

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicBool;

use glob::{MatchOptions, Pattern};

use super::list::{self, Kind};
use super::names::{
    GLOB_CHARACTERS, canonical, is_closed, is_log, is_missing, is_other_folder, is_part,
    is_skipped_name,
};
use crate::error::{Error, ErrorKind};

const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A part of a pattern, between slashes.
enum Part {
    /// `**`: any folders, or none.
    Folders,
    Name(Pattern),
}

/// Parts that what is in a folder is held against, by their places in the pattern.
type Wanted = Vec<usize>;

struct Search {
    parts: Vec<Part>,
}

impl Search {
    /// Adds a part, and those behind it if it may stand for nothing.
    fn add(&self, mut part: usize, wanted: &mut Wanted) {
        while part < self.parts.len() && !wanted.contains(&part) {
            wanted.push(part);
            if matches!(self.parts[part], Part::Name(_)) {
                break;
            }
            part += 1;
        }
    }

    /// What is wanted of a folder of this name, where these parts were wanted.
    fn within(&self, name: &str, wanted: &Wanted) -> Wanted {
        let mut next = Wanted::new();
        for &part in wanted {
            match &self.parts[part] {
                Part::Folders => self.add(part, &mut next),
                Part::Name(pattern) if pattern.matches_with(name, MATCHING) => {
                    self.add(part + 1, &mut next);
                }
                Part::Name(_) => {}
            }
        }
        next
    }

    /// Whether a file of this name is what the whole pattern looks for.
    fn finds(&self, name: &str, wanted: &Wanted) -> bool {
        let last = self.parts.len() - 1;
        wanted.contains(&last)
            && matches!(&self.parts[last], Part::Name(pattern) if pattern.matches_with(name, MATCHING))
    }
}

/// Files that a pattern matches, each with its real path, in no order; what matches and is not read is left aside.
pub(super) fn find(
    input: &str,
    exclude: &[PathBuf],
    cancel: &AtomicBool,
    left_aside: &mut Vec<PathBuf>,
) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let bad = |_| Error::new(ErrorKind::BadPattern).named(input);
    // Folders the user wrote out were named, not found: they may be called anything, and be links.
    let (mut root, mut parts) = (PathBuf::new(), Vec::new());
    for component in Path::new(input).components() {
        let text = component.as_os_str().to_string_lossy();
        match component {
            Component::Normal(_) if text == "**" => parts.push(Part::Folders),
            Component::Normal(_) if !parts.is_empty() || text.contains(GLOB_CHARACTERS) => {
                parts.push(Part::Name(Pattern::new(&text).map_err(bad)?));
            }
            // Nothing is found that leads up again.
            _ if !parts.is_empty() => return Ok(Vec::new()),
            _ => root.push(component),
        }
    }
    // Only folders.
    if parts.is_empty() || input.ends_with('/') {
        return Ok(Vec::new());
    }
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { &root };
    let real_root = match here.metadata() {
        Ok(found) if found.is_dir() => canonical(here)?,
        Ok(_) => return Ok(Vec::new()),
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("examine", error).named(&here.to_string_lossy())),
    };
    let search = Search { parts };
    let mut found = Vec::new();
    let mut wanted = Wanted::new();
    search.add(0, &mut wanted);
    let names_the_file = Path::new(input)
        .file_name()
        .is_some_and(|name| !name.to_string_lossy().contains(GLOB_CHARACTERS));
    // Folders, what is wanted of them, and whether it is read.
    let mut folders = vec![(PathBuf::new(), wanted, true)];
    while let Some((folder, wanted, is_read)) = folders.pop() {
        list::each(&root.join(&folder), cancel, |name, kind| {
            let relative = folder.join(name);
            let real = real_root.join(&relative);
            let text = name.to_string_lossy();
            if exclude.contains(&real) {
                return;
            }
            if kind == Kind::Folder {
                let next = search.within(&text, &wanted);
                if !is_closed(name) && !next.is_empty() {
                    folders.push((relative, next, is_read && !is_other_folder(name)));
                }
                return;
            }
            if !search.finds(&text, &wanted)
                || exclude.iter().any(|excluded| real.starts_with(excluded))
            {
                return;
            }
            let is_data =
                !is_skipped_name(name) && (names_the_file || !(is_log(name) || is_part(name)));
            let path = root.join(relative);
            if is_read && kind == Kind::File && is_data {
                found.push((path, real));
            } else {
                left_aside.push(path);
            }
        })?;
    }
    Ok(found)
}

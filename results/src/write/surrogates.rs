//! Numbers of our own for claims whose id does not fit its 13 places. They are kept in a file, so that a claim has the same
//! number in the next delivery.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use convert::Error;
use hashbrown::HashMap;

/// The first number that is given: CMS's own are far below.
const FIRST: u64 = 9_000_000_000_001;

/// The last one that has 13 digits.
const LAST: u64 = 9_999_999_999_999;

/// How often the file is opened anew where another run has just replaced it.
const LOCK_TRIES: u32 = 10;

const HEADER: &str = "CUR_CLM_UNIQ_ID,SURROGATE";

/// Whether an id fits its places as it is: 1 to 13 digits.
pub(super) fn fits(id: &str) -> bool {
    (1..=13).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers by id.
#[derive(Debug)]
pub(super) struct Surrogates {
    path: PathBuf,
    numbers: HashMap<Box<str>, u64>,
    /// The numbers that were given, ever.
    given: HashSet<u64>,
    /// In the order in which they were given.
    order: Vec<Box<str>>,
    kept: usize,
    next: u64,
    /// The file, locked: of two runs that give numbers at once the second would take those of the first.
    _lock: File,
    /// It was made for this run, and has nothing yet.
    is_new: bool,
}

/// Opens the file, made if it is not there, and locks it.
fn locked(path: &Path) -> Result<(File, bool), Error> {
    let shown = path.display();
    for _ in 0..LOCK_TRIES {
        let is_new = !path.exists();
        let options =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
        let file =
            options.map_err(|error| Error::usage(format!("{shown}: cannot open: {error}")))?;
        if file.try_lock().is_err() {
            return Err(Error::usage(format!(
                "{shown}: another run gives numbers there; try again when it has ended"
            )));
        }
        // Another run may have put its map in the place of the file that was opened.
        let same =
            |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
        if let (Ok(own), Ok(there)) = (file.metadata(), path.metadata())
            && same(&own, &there)
        {
            return Ok((file, is_new && own.len() == 0));
        }
    }
    Err(Error::failed(format!("{shown}: the file is replaced again and again")))
}

impl Surrogates {
    /// Those of a file; none yet if it is not there.
    ///
    /// # Errors
    /// The file cannot be read, or is no such map: the line is told.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let (lock, is_new) = locked(path)?;
        let mut map = Self {
            path: path.to_owned(),
            numbers: HashMap::new(),
            given: HashSet::new(),
            order: Vec::new(),
            kept: 0,
            next: FIRST,
            _lock: lock,
            is_new,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::usage(format!("{}: cannot read: {error}", path.display())))?;
        for (number, line) in text.lines().enumerate() {
            if number == 0 && line == HEADER {
                continue;
            }
            if number == 0 || !map.take(line) {
                return Err(Error::usage(format!(
                    "{}, line {}: expected {HEADER} as the first line, and below it an id and a number from {FIRST} in each, \
                     no id and no number twice; name the map of an earlier run, or a file that is not there yet",
                    path.display(),
                    number + 1
                )));
            }
        }
        map.kept = map.order.len();
        Ok(map)
    }

    fn take(&mut self, line: &str) -> bool {
        let Some((id, number)) = line.rsplit_once(',') else { return false };
        let number = number.parse().ok().filter(|number| (FIRST..=LAST).contains(number));
        let Some(number) = number.filter(|_| !id.is_empty() && !fits(id)) else { return false };
        let id: Box<str> = id.into();
        self.order.push(id.clone());
        self.given.insert(number) && self.numbers.insert(id, number).is_none()
    }

    /// The number of an id, if it has one.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        self.numbers.get(id).copied()
    }

    /// Whether a claim bears a number that another was given.
    pub(super) fn is_given(&self, id: &str) -> bool {
        !self.given.is_empty() && id.parse().is_ok_and(|number: u64| self.given.contains(&number))
    }

    /// Gives an id a number that no claim has, unless it has one; false when there are no more.
    pub(super) fn give(&mut self, id: &str, in_use: &HashSet<u64>) -> bool {
        // A line of the map ends at the line feed.
        if self.numbers.contains_key(id) || id.contains(['\n', '\r']) {
            return true;
        }
        while in_use.contains(&self.next) || self.given.contains(&self.next) {
            self.next += 1;
        }
        if self.next > LAST {
            return false;
        }
        self.given.insert(self.next);
        self.numbers.insert(id.into(), self.next);
        self.order.push(id.into());
        true
    }

    /// How many numbers were given now, and how many were there.
    pub(super) fn counts(&self) -> (u64, u64) {
        ((self.order.len() - self.kept) as u64, self.kept as u64)
    }

    /// Keeps the map.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep(&mut self) -> Result<(), Error> {
        self.is_new = false;
        let mut text = format!("{HEADER}\n");
        for id in &self.order {
            let number = self.numbers.get(id).copied().unwrap_or_default();
            // A text takes what is written.
            let _ = writeln!(text, "{id},{number}");
        }
        Ok(publish::write_file_atomically(&self.path, text.as_bytes())?)
    }
}

impl Drop for Surrogates {
    fn drop(&mut self) {
        if self.is_new {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether an id is a number that may be given to another claim.
pub(super) fn in_use(id: &str) -> Option<u64> {
    let number = id.parse().ok().filter(|_| fits(id))?;
    (FIRST..=LAST).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn numbers_stay_the_same_from_run_to_run() {
        let work = tempfile::tempdir().unwrap();
        let path = work.path().join("map.csv");
        let mut map = Surrogates::read(&path).unwrap();
        let in_use = HashSet::from([FIRST + 1]);
        for id in ["-10000001", "-10000002", "-10000001", "12345678901234"] {
            assert!(map.give(id, &in_use));
        }
        assert_eq!(map.counts(), (3, 0));
        // Two runs at once would give one number twice.
        let second = Surrogates::read(&path).unwrap_err().to_string();
        assert!(second.contains("another run gives numbers there"), "{second}");
        map.keep().unwrap();
        drop(map);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "CUR_CLM_UNIQ_ID,SURROGATE\n-10000001,9000000000001\n-10000002,9000000000003\n12345678901234,9000000000004\n"
        );
        let mut map = Surrogates::read(&path).unwrap();
        assert!(map.give("-7", &HashSet::new()) && map.is_given("9000000000003"));
        assert!(!map.is_given("9000000000005") && !map.is_given("77"));
        // 9000000000002 is in use no more, and was never given.
        assert_eq!((map.number("-10000002"), map.number("-7")), (Some(FIRST + 2), Some(FIRST + 1)));
        assert_eq!(map.counts(), (1, 3));
        drop(map);
        // What gives nothing leaves nothing behind.
        let other = work.path().join("other.csv");
        drop(Surrogates::read(&other).unwrap());
        assert!(!other.exists());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_map_is_refused_without_its_text() {
        let work = tempfile::tempdir().unwrap();
        let path = work.path().join("map.csv");
        for text in [
            "id,number\n",
            "CUR_CLM_UNIQ_ID,SURROGATE\n-1,9000000000001\n-1,9000000000002\n",
            "CUR_CLM_UNIQ_ID,SURROGATE\n-1,9000000000001\n-2,9000000000001\n",
            "CUR_CLM_UNIQ_ID,SURROGATE\n-1,12\n",
            "CUR_CLM_UNIQ_ID,SURROGATE\n12,9000000000001\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Surrogates::read(&path).unwrap_err().to_string();
            assert!(error.contains(", line ") && !error.contains("-1"), "{error}");
        }
    }
}

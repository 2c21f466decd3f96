//! Which versions of a record count.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which versions of a claim have rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// All of them: the default for the files of one export.
    #[default]
    All,
    /// The latest of each resource, by `meta.lastUpdated`, then by the transactionTime of its export, then by the BLAKE3 of its
    /// line; what was deleted has none, and of two systems that have one claim the later does. The default for several
    /// exports.
    Latest,
}

impl Keep {
    /// All words.
    pub const ALL: [Self; 2] = [Self::All, Self::Latest];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Latest => "latest",
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Keep {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|own| own.name() == word).ok_or("expected all or latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in Keep::ALL {
            assert_eq!(word.to_string().parse(), Ok(word));
        }
        assert_eq!("newest".parse::<Keep>(), Err("expected all or latest"));
    }
}

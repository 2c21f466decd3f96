//! What the way over from one version of the API to another came to.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The way that a folder went over from one version to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The version before.
    pub from: String,
    /// Final claims of the tables of the version before, and of the new ones.
    pub claims: [u64; 2],
    /// Pairs of them that are one claim.
    pub matched: u64,
    /// The file, in the folder, that says where the two agree.
    pub reconciliation: String,
}

impl Way {
    /// By what the run has written that went it; none where there were no tables to be compared.
    pub(crate) fn of(folder: &Path, from: &str, to: &str) -> Option<Self> {
        let file = Self::file(from, to);
        let text = std::fs::read(folder.join(&file)).ok()?;
        let found: Value = serde_json::from_slice(&text).ok()?;
        let mut way =
            Self { from: from.to_owned(), claims: [0; 2], matched: 0, reconciliation: file };
        for table in found["claims"].as_array()? {
            way.claims[0] += table["all"]["left"].as_u64()?;
            way.claims[1] += table["all"]["right"].as_u64()?;
            way.matched += table["matched"].as_u64()?;
        }
        Some(way)
    }

    /// The name of what it has written.
    pub(crate) fn file(from: &str, to: &str) -> String {
        format!("reconcile-{from}-{to}.json")
    }
}

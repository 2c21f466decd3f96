//! What a validation is asked to do.

use std::path::PathBuf;

use fhir_model::validate::Severity;

use crate::options::Reading;

/// What a validation is asked to do.
#[derive(Clone, Debug)]
pub struct ValidateOptions {
    /// How the inputs are read.
    pub reading: Reading,
    /// Where the caller writes the issues, if that is a file: no input may lie there.
    pub output: Option<PathBuf>,
    /// The least severity that is written; all are counted.
    pub severity: Severity,
}

/// Small: where every line is bad, the issues of a block are some two hundred times as long as its lines, and
/// they wait in memory for their turn.
const BLOCK_BYTES: usize = 128 << 10;

impl ValidateOptions {
    /// The defaults for these inputs: issues from warnings up.
    pub fn new(inputs: Vec<String>) -> Self {
        let reading = Reading { block_bytes: BLOCK_BYTES, ..Reading::new(inputs) };
        Self { reading, output: None, severity: Severity::Warning }
    }
}

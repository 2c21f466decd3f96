//! The manifest of a result.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// What the manifest of a result tells; none if there is none.
pub(crate) fn manifest(tables: &Path) -> Result<Option<convert::Report>, Error> {
    let path = tables.join(convert::TABLES_MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::failed(format!("{}: {error}", path.display()))),
    };
    let report = serde_json::from_slice(&text).map_err(|_| {
        Error::usage(format!("{}: the manifest is none of this program's", path.display()))
    })?;
    Ok(Some(report))
}

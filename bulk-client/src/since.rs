//! Where an export of what changed begins: at the end of the last one.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use url::Url;

use crate::beside::{Finished, finished};
use crate::error::Error;
use crate::export::{Begin, another_is_unfinished};
use crate::journal::Journal;
use crate::request::{Asked, ExportRequest};
use crate::setting::Setting;

/// The end of the newest finished export of the same data: what "since last" means.
///
/// Looks in `out` and in the folders beside it, for finished exports from the same endpoint, with all the types that
/// are asked for now and the same filter, without records that the server could not deliver, with all their files, and
/// without a gap before them: of everything, or from where a finished export ended. Gives the instant and the folder.
pub fn last_export(out: &Path, request: &ExportRequest, url: &Url) -> Option<(String, PathBuf)> {
    let last = newest(out, request, url).ok()?;
    Some((last.journal.transaction_time?, last.folder))
}

/// The newest export to build on; without one, the folder of one that would do if its files were there.
fn newest(out: &Path, request: &ExportRequest, url: &Url) -> Result<Finished, Option<PathBuf>> {
    let asked = request.asked_types();
    let wanted = Asked::of(url);
    let (mut last, mut not_whole): (Option<Finished>, _) = (None, None);
    for found in finished(out, url) {
        let Some(export) = &found.journal.export else { continue };
        let continues = |url: Url| Asked::of(&url).continues(&wanted);
        if !found.journal.request.parse().is_ok_and(continues) {
            continue;
        }
        let types = &export.types;
        let has_types =
            types.is_empty() || !asked.is_empty() && asked.iter().all(|name| types.contains(name));
        if export.records_missing || !has_types {
            continue;
        }
        if !found.journal.is_whole(&found.folder) {
            not_whole = Some(found.folder);
            continue;
        }
        // One that began at an instant of the user's choice counts if another reaches to there.
        let reaches = match export.since.as_ref().filter(|_| !export.since_last) {
            None => true,
            Some(since) => since
                .parse()
                .is_ok_and(|since: Timestamp| last.as_ref().is_some_and(|last| since <= last.end)),
        };
        if reaches {
            last = Some(found);
        }
    }
    last.ok_or(not_whole)
}

/// `_since` of an export to `out` that begins where the last one ended; `url` is that of the request without it. What
/// was begun there in this way keeps its own, though the last export may be another by now, and so does what was
/// finished: it is the same export. A new job ([`Begin::Restart`]) begins where the last one has ended by now.
///
/// # Errors
///
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when there is no such export, and when `out` holds an unfinished one
/// that was asked for otherwise.
pub fn since_last(
    out: &Path,
    request: &ExportRequest,
    url: &Url,
    begin: Begin,
) -> Result<Option<String>, Error> {
    let begun = if begin == Begin::Restart { None } else { Journal::read(out)? };
    if let Some(begun) = begun {
        let is_complete = begun.is_complete();
        let same = begun.request.parse().is_ok_and(|begun: Url| {
            Asked::of(&begun).at_any_time() == Asked::of(url).at_any_time()
        });
        match begun.export {
            Some(export) if begin == Begin::Resume => return Ok(export.since),
            Some(export) if export.since_last && (is_complete || same) => return Ok(export.since),
            Some(_) if !is_complete => return Err(another_is_unfinished(out)),
            _ => {}
        }
    }
    match newest(out, request, url) {
        Ok(last) => Ok(last.journal.transaction_time),
        Err(Some(folder)) => Err(Error::usage(format!(
            "since last: files of the finished export in {} are gone or have another size; the command that made it \
             fetches them again",
            folder.display()
        ))),
        Err(None) => Err(Error::usage([
            "since last: there is no finished export of the same data and types, in the same version and with the same \
             filter, without missing records, beside the output; fetch everything once, without "
                .into(),
            Setting::Since.alone(),
        ])),
    }
}

//! What stands already where results are to go, and whether it is ours to replace.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::object::Object;
use crate::publish::JOURNAL;
use crate::storage::Storage;

/// Largest manifest or journal that is read.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// The objects of an earlier result, or of a run that was killed while it published: by their names below the prefix.
#[derive(Default)]
pub(crate) struct Existing {
    pub(crate) objects: BTreeMap<String, Object>,
    /// Their names, without the journal's. Where nothing can be listed, those that the manifest and the journal tell.
    pub(crate) names: BTreeSet<String>,
    /// The earlier manifest as it stands.
    pub(crate) manifest: Option<Vec<u8>>,
}

/// Looks below `out`. `owned` says what the text of a manifest names, if it is one of ours.
pub(crate) fn examine(
    storage: &Storage,
    out: &Address,
    manifest_name: &str,
    overwrite: bool,
    owned: &dyn Fn(&[u8]) -> Option<Vec<String>>,
) -> Result<Existing, Error> {
    let found =
        if out.is_http() { known(storage, out, manifest_name)? } else { storage.below(out)? };
    let objects: BTreeMap<String, Object> =
        found.into_iter().map(|object| (object.relative_to(out), object)).collect();
    if objects.is_empty() {
        return Ok(Existing::default());
    }
    if !overwrite {
        let killed = if objects.contains_key(JOURNAL) {
            ", and another run is publishing there or was killed while it did"
        } else {
            ""
        };
        let message = format!(
            "{out}: objects are there already{killed}; choose another prefix, or replace them"
        );
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let text = |name: &str| match objects.get(name) {
        Some(object) => object.bytes(MAX_LIST_BYTES),
        None => Ok(None),
    };
    let manifest = text(manifest_name)?;
    let journal = text(JOURNAL)?;
    let mut ours = manifest.as_deref().and_then(owned).unwrap_or_default();
    ours.extend(journal.as_deref().map(names_of).unwrap_or_default());
    if manifest.as_deref().and_then(owned).is_some() || journal.is_some() {
        ours.push(manifest_name.to_owned());
    }
    let foreign = objects.keys().filter(|name| *name != JOURNAL && !ours.contains(name)).count();
    if foreign > 0 {
        let message = format!(
            "{out}: {foreign} object(s) there are not of an earlier result of ours; move them away, or choose \
             another prefix; nothing was deleted"
        );
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let told = if out.is_http() { ours } else { Vec::new() };
    let names = objects.keys().cloned().chain(told).filter(|name| name != JOURNAL).collect();
    Ok(Existing { objects, names, manifest })
}

/// Where nothing can be listed: the two names that tell of an earlier result.
fn known(storage: &Storage, out: &Address, manifest_name: &str) -> Result<Vec<Object>, Error> {
    let found = [manifest_name, JOURNAL].map(|name| storage.object(&out.below(name)));
    Ok(found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The journal: one name a line.
pub(crate) fn names_of(journal: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(journal).lines().map(str::to_owned).collect()
}

//! Where in a record the text is broken. Reading walks text that is known to be good, so the path of a fault is
//! found afterwards, by the strict cursor and the element tables.

use json_walk::{Cursor, Kind, Limits};

use crate::error::Error;
use crate::schema::{self, Schema, TypeDef, step};

/// The error of a fault of the text, with its path. `root` is what the text is a value of, if that is known; if not, it
/// is a resource of `schema`.
#[cold]
pub(crate) fn fault(
    bytes: &[u8],
    schema: &Schema,
    root: Option<&'static TypeDef>,
    fault: json_walk::Error,
) -> Error {
    let root = root.or_else(|| likely_type(bytes).and_then(|name| schema.type_def(name)));
    let walked = Cursor::new(bytes, Limits::default())
        .map_err(Error::json)
        .and_then(|mut cursor| value(&mut cursor, root));
    // What the walk does not see has no place but the whole: bytes that are no UTF-8, text behind the value.
    walked.err().unwrap_or_else(|| Error::json(fault))
}

/// A guess at the `resourceType` of a broken object: the last one in the text. BCDA writes members in alphabetical
/// order, so it stands behind those of contained resources.
fn likely_type(bytes: &[u8]) -> Option<&str> {
    let mark = memchr::memmem::rfind(bytes, b"\"resourceType\"")?;
    let value = bytes[mark + b"\"resourceType\"".len()..].trim_ascii_start().strip_prefix(b":")?;
    let name = value.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', name)?;
    std::str::from_utf8(&name[..end]).ok()
}

/// Walks to the first fault. The recursion is bounded: the cursor refuses to nest deeper than its limit.
fn value(cursor: &mut Cursor<'_>, def: Option<&'static TypeDef>) -> Result<(), Error> {
    match (cursor.kind().map_err(Error::json)?, def) {
        (Kind::Object, Some(def)) => object(cursor, def),
        (Kind::Array, def) => {
            let mut progress = cursor.enter_array().map_err(Error::json)?;
            let mut index = 0;
            while cursor
                .next_element(&mut progress)
                .map_err(|fault| Error::json(fault).at_index(index))?
            {
                value(cursor, def).map_err(|fault| fault.at_index(index))?;
                index += 1;
            }
            Ok(())
        }
        _ => cursor.skip().map_err(Error::json),
    }
}

fn object(cursor: &mut Cursor<'_>, def: &'static TypeDef) -> Result<(), Error> {
    let mut progress = cursor.enter_object().map_err(Error::json)?;
    while let Some(key) = cursor.next_key(&mut progress).map_err(Error::json)? {
        let name = key.unescape();
        let sibling = || name.strip_prefix('_').and_then(|name| def.member(name));
        if let Some(member) = def.member(&name) {
            // What a contained resource is, its own text says; that may be what is broken.
            let known = member.types != ["Resource"];
            let inside = known.then(|| schema::of(def.release).type_def(step(member))).flatten();
            value(cursor, inside).map_err(|fault| fault.at(member.name))?;
        } else {
            let name = sibling().map_or("(unknown)", |member| member.name);
            cursor.skip().map_err(|fault| Error::json(fault).at(name))?;
        }
    }
    Ok(())
}

//! What a line says it is: the slow look at `resourceType` and the marks of FHIR R4, for lines that are no
//! record of the guessed kind.

use cms::r4;
use json_walk::{Cursor, Document, Kind, Limits};

use crate::error::{ErrorClass, RecordError};
use crate::layout::resource::Resource;

pub(crate) enum ResourceType {
    Known(Resource),
    /// A resource type that no table wants.
    Other,
    /// A record of FHIR R4.
    Foreign,
}

/// Reads the whole line, checking its text, for its type.
pub(crate) fn resource_type(line: &[u8]) -> Result<ResourceType, RecordError> {
    let mut cursor = Cursor::new(line, Limits::default())?;
    if cursor.kind()? != Kind::Object {
        let at = cursor.offset();
        // One JSON value that is no object: say so only if the text holds together.
        cursor.skip()?;
        cursor.finish()?;
        return Err(RecordError::new(ErrorClass::WrongType, at));
    }
    let mut progress = cursor.enter_object()?;
    let mut found: Option<(String, usize)> = None;
    let mut wrong = None;
    let mut marks = Marks::default();
    while let Some(key) = cursor.next_key(&mut progress)? {
        let kind = cursor.kind()?;
        let name = key.unescape();
        match (&*name, kind) {
            ("resourceType", Kind::String) => {
                let at = cursor.offset();
                found = Some((cursor.string()?.unescape().into_owned(), at));
                continue;
            }
            ("resourceType", _) => wrong = Some(cursor.offset()),
            ("meta", Kind::Object) => {
                marks.profile |= carin_profile(&mut cursor)?;
                continue;
            }
            (name, kind) => {
                marks.claim |= r4::is_marked(&r4::CLAIM, name, kind == Kind::Array);
                marks.coverage |= r4::is_marked(&r4::COVERAGE, name, kind == Kind::Array);
            }
        }
        cursor.skip()?;
    }
    cursor.finish()?;
    if let Some(at) = wrong {
        return Err(RecordError::new(ErrorClass::WrongType, at).in_member("resourceType"));
    }
    let Some((name, at)) = found else {
        return Err(RecordError::new(ErrorClass::ResourceType, 0).in_member("resourceType"));
    };
    if name == "Bundle" {
        return Err(RecordError::new(ErrorClass::Bundle, at).in_member("resourceType"));
    }
    match Resource::from_name(&name) {
        Some(resource) => {
            let foreign = marks.profile
                || match resource {
                    Resource::ExplanationOfBenefit => marks.claim,
                    Resource::Coverage => marks.coverage,
                    Resource::Patient => false,
                };
            Ok(if foreign { ResourceType::Foreign } else { ResourceType::Known(resource) })
        }
        None if cms::is_resource_type(&name) => Ok(ResourceType::Other),
        None => Err(RecordError::new(ErrorClass::ResourceType, at).in_member("resourceType")),
    }
}

#[derive(Default)]
struct Marks {
    claim: bool,
    coverage: bool,
    profile: bool,
}

fn carin_profile(cursor: &mut Cursor<'_>) -> Result<bool, RecordError> {
    let mut found = false;
    let mut members = cursor.enter_object()?;
    while let Some(key) = cursor.next_key(&mut members)? {
        if key.unescape() != "profile" || cursor.kind()? != Kind::Array {
            cursor.skip()?;
            continue;
        }
        let mut entries = cursor.enter_array()?;
        while cursor.next_element(&mut entries)? {
            if cursor.kind()? == Kind::String {
                found |= r4::is_profile(&cursor.string()?.unescape());
            } else {
                cursor.skip()?;
            }
        }
    }
    Ok(found)
}

/// What a good text's first `resourceType` says, when it is one of ours.
pub(crate) fn stated_type(document: &Document<'_, '_>) -> Option<Resource> {
    let mut walker = document.walker();
    if !walker.enter_object() {
        return None;
    }
    while let Some(key) = walker.next_key() {
        if key.raw_bytes() == b"resourceType" {
            return Resource::from_name(walker.string()?.raw());
        }
        walker.skip();
    }
    None
}

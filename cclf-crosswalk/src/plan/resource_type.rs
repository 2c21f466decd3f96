//! What a line says it is: the slow look at `resourceType` and at what tells the version of the API, for lines that are
//! no record of the guessed kind, and for those that do not show their version at once.

use std::borrow::Cow;

use cms::{Marks, Shape};
use json_walk::{Cursor, Document, Kind, Limits};

use crate::error::{ErrorClass, RecordError};
use crate::layout::resource::Resource;

pub(crate) enum ResourceType {
    /// One of ours, and what its shape tells of its version.
    Known(Resource, Shape),
    /// Another, with where its name stands; the release of FHIR knows whether it is one.
    Other(String, usize),
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
    let mut found: Option<(Cow<'_, str>, usize)> = None;
    let mut wrong = None;
    let mut marks = Marks::default();
    members(&mut cursor, &mut |name, cursor| {
        let (kind, at) = (cursor.kind()?, cursor.offset());
        marks.member(name, kind == Kind::Array);
        match name {
            "resourceType" if kind == Kind::String => {
                found = text(cursor)?.map(|name| (name, at));
                Ok(())
            }
            "resourceType" => {
                wrong = Some(at);
                cursor.skip().map_err(RecordError::from)
            }
            _ => look_into(name, cursor, &mut marks),
        }
    })?;
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
            let shape = match resource {
                Resource::ExplanationOfBenefit => marks.of_claim(),
                Resource::Patient => marks.of_patient(),
                Resource::Coverage => marks.of_coverage(),
            };
            Ok(ResourceType::Known(resource, shape))
        }
        None => Ok(ResourceType::Other(name.into_owned(), at)),
    }
}

type Look<'a, 'v> = dyn FnMut(&str, &mut Cursor<'a>) -> Result<(), RecordError> + 'v;

/// Visits each member of an object; all else is passed over. Whoever visits a member reads its value.
fn members<'a>(cursor: &mut Cursor<'a>, visit: &mut Look<'a, '_>) -> Result<(), RecordError> {
    if cursor.kind()? != Kind::Object {
        return Ok(cursor.skip()?);
    }
    let mut progress = cursor.enter_object()?;
    while let Some(key) = cursor.next_key(&mut progress)? {
        visit(&key.unescape(), cursor)?;
    }
    Ok(())
}

/// Visits each element of a list; all else is passed over.
fn elements<'a>(
    cursor: &mut Cursor<'a>,
    visit: &mut dyn FnMut(&mut Cursor<'a>) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    if cursor.kind()? != Kind::Array {
        return Ok(cursor.skip()?);
    }
    let mut progress = cursor.enter_array()?;
    while cursor.next_element(&mut progress)? {
        visit(cursor)?;
    }
    Ok(())
}

/// A string; all else is passed over.
fn text<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, RecordError> {
    if cursor.kind()? != Kind::String {
        cursor.skip()?;
        return Ok(None);
    }
    Ok(Some(cursor.string()?.unescape()))
}

/// Looks into a member of the record for what tells its version.
fn look_into(name: &str, cursor: &mut Cursor<'_>, marks: &mut Marks) -> Result<(), RecordError> {
    match name {
        "meta" => members(cursor, &mut |name, cursor| match name {
            "profile" => elements(cursor, &mut |cursor| {
                text(cursor)?.iter().for_each(|profile| marks.profile(profile));
                Ok(())
            }),
            _ => Ok(cursor.skip()?),
        }),
        "use" => {
            text(cursor)?.iter().for_each(|intent| marks.intent(intent));
            Ok(())
        }
        "type" => codings(cursor, &mut |system, code| marks.type_coding(system, code)),
        "identifier" => elements(cursor, &mut |cursor| identifier(cursor, marks)),
        "extension" => urls(cursor, &mut |url| marks.extension(url)),
        _ => Ok(cursor.skip()?),
    }
}

/// System and code of each coding of a concept.
fn codings(cursor: &mut Cursor<'_>, visit: &mut dyn FnMut(&str, &str)) -> Result<(), RecordError> {
    members(cursor, &mut |name, cursor| match name {
        "coding" => elements(cursor, &mut |cursor| {
            let (mut system, mut code) = (None, None);
            members(cursor, &mut |name, cursor| {
                match name {
                    "system" => system = text(cursor)?,
                    "code" => code = text(cursor)?,
                    _ => cursor.skip()?,
                }
                Ok(())
            })?;
            visit(&system.unwrap_or_default(), &code.unwrap_or_default());
            Ok(())
        }),
        _ => Ok(cursor.skip()?),
    })
}

/// The URL of each extension in a list.
fn urls(cursor: &mut Cursor<'_>, visit: &mut dyn FnMut(&str)) -> Result<(), RecordError> {
    elements(cursor, &mut |cursor| {
        members(cursor, &mut |name, cursor| {
            match name {
                "url" => text(cursor)?.iter().for_each(|url| visit(url)),
                _ => cursor.skip()?,
            }
            Ok(())
        })
    })
}

fn identifier(cursor: &mut Cursor<'_>, marks: &mut Marks) -> Result<(), RecordError> {
    let (mut system, mut kind, mut has_currency) = (None, String::new(), false);
    members(cursor, &mut |name, cursor| match name {
        "system" => {
            system = text(cursor)?;
            Ok(())
        }
        "type" => codings(cursor, &mut |_, code| code.clone_into(&mut kind)),
        "extension" => urls(cursor, &mut |url| has_currency |= Marks::is_currency(url)),
        _ => Ok(cursor.skip()?),
    })?;
    marks.identifier(&system.unwrap_or_default(), &kind, has_currency);
    Ok(())
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

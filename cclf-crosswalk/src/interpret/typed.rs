//! The typed record of a line, whichever release it is of, and as much of it as the crosswalk reads where the whole cannot
//! be read.

use std::collections::{BTreeMap, BTreeSet};

use cms::{ClaimType, Release};
use fhir_model::{ErrorKind, IntoOwned, Node, Object, Value, r4};

use crate::error::ErrorClass;
use crate::layout::resource::Resource;

/// A record of either release.
pub(super) enum Typed<'a> {
    Stu3(fhir_model::Resource<'a>),
    R4(r4::Resource<'a>),
}

impl<'a> Typed<'a> {
    fn read(release: Release, line: &'a [u8]) -> Result<Self, fhir_model::Error> {
        match release {
            Release::Stu3 => fhir_model::from_slice(line).map(Self::Stu3),
            Release::R4 => r4::from_slice(line).map(Self::R4),
        }
    }

    fn into_owned(self) -> Typed<'static> {
        match self {
            Self::Stu3(resource) => Typed::Stu3(resource.into_owned()),
            Self::R4(resource) => Typed::R4(resource.into_owned()),
        }
    }

    pub(super) fn node(&self) -> Node<'_> {
        match self {
            Self::Stu3(resource) => resource.node(),
            Self::R4(resource) => resource.node(),
        }
    }
}

/// A record that fits the crosswalk.
pub(super) struct Read<'a> {
    pub(super) resource: Typed<'a>,
    pub(super) kind: Resource,
    pub(super) claim_type: Option<ClaimType>,
    pub(super) file_name: &'a str,
    pub(super) file_date: Option<i32>,
}

impl Read<'_> {
    pub(super) fn node(&self) -> Node<'_> {
        self.resource.node()
    }
}

/// What the facts read of a resource.
pub(super) struct Members {
    /// Every member that a fact goes through or ends in, or is told apart by, as `item.quantity.value`.
    pub(super) names: BTreeSet<String>,
    /// How many entries of each list, where all facts name places: `address` is read to its first.
    pub(super) lengths: BTreeMap<String, usize>,
}

/// The typed record. The model is strict about every element, the crosswalk only about what it reads:
/// other elements of a wrong type are taken out and the rest is read again. A null among objects is an
/// entry with nothing in it. Two values of one choice only JSON can hold: then the JSON is walked, and judged as
/// if it had one of them.
pub(super) fn typed<'a>(
    release: Release,
    line: &'a [u8],
    mut object: Object<'_>,
    read: impl FnOnce() -> Members,
) -> Result<Typed<'a>, ErrorClass> {
    let walked = |json: &Object<'static>| Typed::Stu3(fhir_model::Resource::Other(json.clone()));
    let mut fault = match Typed::read(release, line) {
        Ok(resource) => return Ok(resource),
        Err(fault) => fault,
    };
    let (read, mut both_values) = (read(), None);
    loop {
        let at = fault.path();
        match fault.kind() {
            ErrorKind::TwoValues => {
                let whole = both_values.get_or_insert_with(|| object.clone().into_owned());
                if !remove(&mut object, &at) {
                    return Ok(walked(whole));
                }
            }
            ErrorKind::Type { .. } => {
                let mended = without_null(&mut object, &at)
                    || without_unread_entries(&mut object, &at, &read.lengths)
                    || remove(&mut object, &sibling(&at))
                    || outermost_unread(&at, &read.names)
                        .is_some_and(|member| remove(&mut object, &member));
                if !mended {
                    return Err(ErrorClass::WrongType);
                }
            }
            other => return Err(class(other)),
        }
        let text = Node::Object(&object).to_json();
        match (Typed::read(release, text.as_bytes()), &both_values) {
            (Ok(_), Some(whole)) => return Ok(walked(whole)),
            (Ok(resource), None) => return Ok(resource.into_owned()),
            (Err(next), _) => fault = next,
        }
    }
}

pub(super) fn class(kind: ErrorKind) -> ErrorClass {
    use json_walk::ErrorKind as Json;
    match kind {
        ErrorKind::TooDeep => ErrorClass::Depth,
        ErrorKind::DuplicateMember => ErrorClass::DuplicateMember,
        ErrorKind::Type { .. } | ErrorKind::TwoValues => ErrorClass::WrongType,
        ErrorKind::Syntax(Json::InvalidUtf8) => ErrorClass::Utf8,
        ErrorKind::Syntax(
            Json::ControlCharacter | Json::BadEscape | Json::LoneSurrogate | Json::NulCharacter,
        ) => ErrorClass::Text,
        _ => ErrorClass::Syntax,
    }
}

/// The outermost member on a path such as `item[3].detail[0].sequence` that nothing is read of: `item[3].detail`.
fn outermost_unread(path: &str, read: &BTreeSet<String>) -> Option<String> {
    let pieces: Vec<&str> = path.split('.').collect();
    let names: Vec<&str> =
        pieces.iter().map(|piece| piece.split('[').next().unwrap_or_default()).collect();
    let last = (0..names.len()).find(|last| !read.contains(&names[..=*last].join(".")))?;
    Some([&pieces[..last], &names[last..=last]].concat().join("."))
}

/// The member beside a primitive, `_status` of `status`: nothing is read of it.
fn sibling(path: &str) -> String {
    let (of, name) = path.rsplit_once('.').map_or(("", path), |(of, name)| (of, name));
    let name = name.trim_start_matches('_').split('[').next().unwrap_or_default();
    if of.is_empty() { format!("_{name}") } else { format!("{of}._{name}") }
}

/// The value that the members and indexes of a path lead to.
fn value_at<'v, 'a>(object: &'v mut Object<'a>, path: &str) -> Option<&'v mut Value<'a>> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let mut names = head.split('[');
    let name = names.next()?;
    let mut value = &mut object.members.iter_mut().find(|(own, _)| own == name)?.1;
    for index in names {
        let Value::List(list) = value else { return None };
        value = list.get_mut(index.trim_end_matches(']').parse::<usize>().ok()?)?;
    }
    match (rest, value) {
        (None, value) => Some(value),
        (Some(rest), Value::Object(inner)) => value_at(inner, rest),
        _ => None,
    }
}

/// Cuts a list behind the last entry that is read, if the path leads behind it; whether it was cut.
fn without_unread_entries(
    object: &mut Object<'_>,
    path: &str,
    lengths: &BTreeMap<String, usize>,
) -> bool {
    // The way to the list: in the record, and by names alone.
    let (mut at, mut names) = (String::new(), String::new());
    for part in path.split('.') {
        let (name, index) = part.split_once('[').unwrap_or((part, ""));
        if !at.is_empty() {
            at.push('.');
            names.push('.');
        }
        names.push_str(name);
        let index = index.trim_end_matches(']').parse::<usize>();
        if let (Ok(index), Some(length)) = (index, lengths.get(&names))
            && index >= *length
            && let Some(Value::List(list)) = value_at(object, &format!("{at}{name}"))
        {
            list.truncate(*length);
            return true;
        }
        at.push_str(part);
    }
    false
}

/// Puts an empty object where a null stands in a list, and takes out a null member; whether there was one.
fn without_null(object: &mut Object<'_>, path: &str) -> bool {
    match value_at(object, path) {
        Some(value @ Value::Null) if path.ends_with(']') => {
            *value = Value::Object(Object::default());
            true
        }
        Some(Value::Null) => remove(object, path),
        _ => false,
    }
}

/// Takes out the member at `item[3].detail`; whether it was there.
fn remove(object: &mut Object<'_>, path: &str) -> bool {
    let (inside, name) = path.rsplit_once('.').map_or((None, path), |(of, name)| (Some(of), name));
    let object = match inside {
        None => object,
        Some(inside) => match value_at(object, inside) {
            Some(Value::Object(inner)) => inner,
            _ => return false,
        },
    };
    let before = object.members.len();
    object.members.retain(|(own, _)| own != name);
    object.members.len() < before
}

//! What a record holds beside the values its type describes, so that nothing is lost on writing.

use crate::own::IntoOwned;
use crate::stu3::datatypes::Sibling;
use crate::text::Str;
use crate::value::Value;

/// The rest of an object: siblings of primitives (`_birthDate`) and members kept as they are.
///
/// Nearly always empty, and then one pointer wide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra<'a>(Option<Box<Parts<'a>>>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Parts<'a> {
    siblings: Vec<(&'static str, Siblings<'a>)>,
    unknown: Vec<(Str<'a>, Value<'a>)>,
}

/// What stands beside a primitive element: ids and extensions of its value or values.
#[derive(Clone, Debug, PartialEq)]
pub enum Siblings<'a> {
    /// Beside a single value.
    One(Sibling<'a>),
    /// Beside a list; slot n belongs to value n, and empty slots are `null` in JSON.
    Many(Vec<Option<Sibling<'a>>>),
}

impl<'a> Extra<'a> {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What stands beside the primitive element with this JSON name (without the underscore).
    pub fn siblings(&self, name: &str) -> Option<&Siblings<'a>> {
        self.all_siblings().iter().find(|(known, _)| *known == name).map(|(_, siblings)| siblings)
    }

    /// All siblings, with the names of their elements.
    pub fn all_siblings(&self) -> &[(&'static str, Siblings<'a>)] {
        self.0.as_deref().map_or(&[], |parts| &parts.siblings)
    }

    /// Members kept as they are, in the order of the text: those STU3 does not know, and known ones
    /// whose value is `null` or an empty list.
    pub fn unknown(&self) -> &[(Str<'a>, Value<'a>)] {
        self.0.as_deref().map_or(&[], |parts| &parts.unknown)
    }

    /// Puts siblings beside a primitive element.
    pub fn add_siblings(&mut self, name: &'static str, siblings: Siblings<'a>) {
        self.0.get_or_insert_default().siblings.push((name, siblings));
    }

    /// Adds a member to be written as it is.
    pub fn add_unknown(&mut self, name: impl Into<Str<'a>>, value: Value<'a>) {
        self.0.get_or_insert_default().unknown.push((name.into(), value));
    }
}

impl IntoOwned for Extra<'_> {
    type Owned = Extra<'static>;

    fn into_owned(self) -> Extra<'static> {
        Extra(self.0.map(|parts| {
            let Parts { siblings, unknown } = *parts;
            Box::new(Parts {
                siblings: siblings.into_iter().map(|(name, s)| (name, s.into_owned())).collect(),
                unknown: unknown.into_owned(),
            })
        }))
    }
}

impl IntoOwned for Siblings<'_> {
    type Owned = Siblings<'static>;

    fn into_owned(self) -> Siblings<'static> {
        match self {
            Self::One(sibling) => Siblings::One(sibling.into_owned()),
            Self::Many(siblings) => Siblings::Many(siblings.into_owned()),
        }
    }
}

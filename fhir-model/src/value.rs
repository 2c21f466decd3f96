//! JSON that no type describes: members STU3 does not know, and resources of other types.

use crate::decimal::Decimal;
use crate::text::Str;

/// A JSON value kept as it is: member order, array lengths and number text included.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as text.
    Number(Decimal<'a>),
    /// A string.
    Text(Str<'a>),
    /// An array.
    List(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON object kept as it is: members in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a> {
    /// Names and values, in the order of the text. Reading refuses a name that comes twice.
    pub members: Vec<(Str<'a>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

//! What a register or a column holds.

use std::borrow::Cow;

/// A column's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'r> {
    Null,
    Text(Cow<'r, str>),
    Int(i64),
    Date(i32),
    Timestamp(i64),
    Decimal(i128),
}

impl<'r> Value<'r> {
    pub(crate) fn text(self) -> Option<Cow<'r, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn borrowed(text: Option<&'r str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }
}

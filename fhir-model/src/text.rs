//! Strings that borrow from the input unless they had escapes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A string of a record: borrowed from the input where its text has no escapes, else owned.
///
/// It derefs to `str` and compares with it.
///
/// ```
/// use fhir_model::Str;
/// let code = Str::from("carrier");
/// assert_eq!(code, "carrier");
/// assert!(code.is_borrowed());
/// let kept: Str<'static> = code.into_owned();
/// assert!(!kept.is_borrowed());
/// ```
/// It is two words wide, as an `Option` of it is: most of what a record has are strings, so that all structs are small if
/// they are. That is why a text may be no longer than 4,294,967,295 bytes, which no text of a record is; making a `Str` of
/// a longer one panics.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str<'a>(Lean<'a>);

#[cfg(target_pointer_width = "64")]
type Lean<'a> = beef::lean::Cow<'a, str>;
#[cfg(not(target_pointer_width = "64"))]
type Lean<'a> = beef::Cow<'a, str>;

/// Refuses what would be cut.
#[inline]
fn fits(text: &str) {
    assert!(u32::try_from(text.len()).is_ok(), "a text of 4 GiB or more");
}

impl<'a> Str<'a> {
    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text still lies in the input. The empty text is nowhere, and counts as borrowed.
    pub fn is_borrowed(&self) -> bool {
        self.0.is_borrowed()
    }

    /// The same text without ties to the input.
    pub fn into_owned(self) -> Str<'static> {
        self.0.into_owned().into()
    }

    /// The text as a standard `Cow`.
    pub fn into_cow(self) -> Cow<'a, str> {
        self.0.into()
    }
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Str<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'a> From<&'a str> for Str<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        fits(text);
        Self(Lean::borrowed(text))
    }
}

impl From<String> for Str<'_> {
    fn from(mut text: String) -> Self {
        fits(&text);
        if u32::try_from(text.capacity()).is_err() {
            text.shrink_to_fit();
        }
        Self(Lean::owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Str<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl PartialEq<str> for Str<'_> {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Str<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

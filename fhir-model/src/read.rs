//! The strict reader: from the bytes of one JSON text to the model.

use std::cell::Cell;

use json_walk::{Index, JsonStr, Kind, Limits, Members, Walker};
use thin_vec::ThinVec;

use crate::decimal::{Decimal, Integer};
use crate::error::{Error, ErrorKind};
use crate::locate;
use crate::primitive::Lexical;
use crate::schema::{self, Guesses, Name, Orders, Schema, TypeDef};
use crate::text::Str;
use crate::value::{Object, Value};

/// Reads one resource of whatever type, wherever in the object `resourceType` stands; `read_as` reads it by its name.
pub(crate) fn resource<'a, R>(
    bytes: &'a [u8],
    schema: &'static Schema,
    read_as: impl FnOnce(&str, &mut Reader<'_, 'a>) -> Result<R, Error>,
) -> Result<R, Error> {
    with_reader(bytes, schema, None, |reader| {
        let start = reader.walker.offset();
        let found = reader.kind();
        match find_type(reader.walker)? {
            Some(name) => read_as(&name, reader),
            None if found == Kind::Object => Err(Error::new(ErrorKind::NoResourceType, start)),
            None => Err(reader.unexpected(Kind::Object)),
        }
    })
}

/// Reads one resource or datatype of a known type; as strict as `from_slice` of its release.
///
/// # Errors
/// As `from_slice`; also [`ErrorKind::WrongResourceType`].
///
/// # Example
/// ```
/// use fhir_model::stu3::Coverage;
///
/// let line = br#"{"id":"part-a-9","resourceType":"Coverage","status":"active"}"#;
/// let coverage: Coverage = fhir_model::from_slice_as(line)?;
/// assert_eq!(coverage.id.unwrap(), "part-a-9");
/// # Ok::<(), fhir_model::Error>(())
/// ```
pub fn from_slice_as<'a, T: FromJson<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    with_reader(bytes, T::schema(), T::definition(), |reader| T::from_json(0, reader))
}

thread_local! {
    /// What the last text of this thread leaves for the next one.
    static KEPT: Cell<Option<Box<Kept>>> = const { Cell::new(None) };
}

/// Tokens, whose memory is used again, and the orders of members that were met.
struct Kept {
    index: Index,
    orders: Orders,
}

impl Default for Kept {
    fn default() -> Self {
        Self { index: Index::default(), orders: [0; size_of::<Orders>()] }
    }
}

/// Checks the whole text, then lets `read` walk it. `root` is what the text is a value of, if that is known; if not, it
/// is a resource of `schema`.
fn with_reader<'a, T>(
    bytes: &'a [u8],
    schema: &'static Schema,
    root: Option<&'static TypeDef>,
    read: impl FnOnce(&mut Reader<'_, 'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut kept = KEPT.take().unwrap_or_default();
    let Kept { index, orders } = &mut *kept;
    let outcome = match index.read(bytes, Limits::default()) {
        Ok(document) => read(&mut Reader {
            walker: document.walker(),
            guesses: Guesses::of(orders),
            escape: 0,
            unknown: Vec::new(),
        }),
        Err(fault) => Err(locate::fault(bytes, schema, root, fault)),
    };
    KEPT.set(Some(kept));
    outcome
}

/// What [`from_slice_as`] can read: resources, nested elements and datatypes of the model.
///
/// It cannot be implemented outside this crate in a useful way: a [`Reader`] has no public methods.
pub trait FromJson<'a>: Sized {
    /// What its release says of the type, where it is one with elements: to tell where a text is broken.
    fn definition() -> Option<&'static TypeDef> {
        None
    }

    /// Which release's resource the text is taken for, where the type does not tell.
    fn schema() -> &'static Schema {
        &schema::STU3
    }

    /// Reads the value at the reader's place. `variant` says which type of a choice it is.
    ///
    /// # Errors
    /// Faults of the text, and values of another JSON type than the element's.
    fn from_json(variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error>;

    /// The same into a field that is empty. After an error the field is of no use.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn fill_into(
        field: &mut Option<Self>,
        variant: u8,
        reader: &mut Reader<'_, 'a>,
    ) -> Result<(), Error> {
        *field = Some(Self::from_json(variant, reader)?);
        Ok(())
    }

    /// The same into a box. Structs are filled where they will stay: moving them showed in profiles.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn boxed(variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Box<Self>, Error> {
        Self::from_json(variant, reader).map(Box::new)
    }

    /// The same onto the end of a list. After an error the list's last entry is of no use.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn push_to(
        list: &mut ThinVec<Self>,
        variant: u8,
        reader: &mut Reader<'_, 'a>,
    ) -> Result<(), Error> {
        list.push(Self::from_json(variant, reader)?);
        Ok(())
    }
}

/// A place in one record, whose text is known to be good JSON.
#[derive(Debug)]
pub struct Reader<'r, 'a> {
    walker: Walker<'r, 'a>,
    guesses: Guesses<'r>,
    /// Place of the first backslash that is not before the last text that was looked at.
    escape: usize,
    /// Of each object that is being read and has some: its member names that no table knows.
    unknown: Vec<Members<'a>>,
}

impl<'a> Reader<'_, 'a> {
    /// Begins to note the unknown members of an object.
    pub(crate) fn begin_unknown(&mut self) -> usize {
        self.unknown.push(Members::default());
        self.unknown.len() - 1
    }

    /// Notes an unknown member.
    pub(crate) fn unknown(&mut self, names: usize, key: JsonStr<'a>) -> Result<(), Error> {
        self.unknown[names].insert(key).map_err(Error::json)
    }

    /// Forgets the unknown members of an object that was read, and of those in it.
    pub(crate) fn end_unknown(&mut self, names: usize) {
        self.unknown.truncate(names);
    }

    /// A fault at the walker.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.walker.offset())
    }

    /// What stands at the walker.
    pub(crate) fn kind(&self) -> Kind {
        self.walker.kind()
    }

    /// The offset of the value at the walker.
    pub(crate) fn offset(&self) -> usize {
        self.walker.offset()
    }

    /// The fault of a value that is not of this kind.
    #[cold]
    fn unexpected(&self, kind: Kind) -> Error {
        unexpected(&self.walker, kind)
    }

    /// Reads an object: `member` is called at each value and must read it.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(JsonStr<'a>, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.enter_object()?;
        while let Some(key) = self.next_key() {
            member(key, self)?;
        }
        Ok(())
    }

    /// Enters the object at the walker.
    #[inline]
    pub(crate) fn enter_object(&mut self) -> Result<(), Error> {
        if self.walker.enter_object() { Ok(()) } else { Err(self.unexpected(Kind::Object)) }
    }

    /// The next member name of the object last entered, with the walker at its value, which must be read.
    #[inline]
    pub(crate) fn next_key(&mut self) -> Option<JsonStr<'a>> {
        self.walker.next_key()
    }

    /// The same, but only the places in the text between which the name stands.
    #[inline]
    pub(crate) fn next_name(&mut self) -> Option<(usize, usize)> {
        self.walker.next_name()
    }

    /// The name that stands between two places.
    pub(crate) fn name_at(&self, start: usize, end: usize) -> JsonStr<'a> {
        JsonStr::at(self.walker.text(), start, end)
    }

    /// The guessed member, and its place, if its name stands between these places of the text.
    #[inline]
    pub(crate) fn guessed(
        &self,
        def: &TypeDef,
        guess: usize,
        start: usize,
        end: usize,
    ) -> Option<(usize, &'static Name)> {
        let place = self.guesses.get(guess);
        Some((place, def.named(place, self.walker.text().as_bytes(), start, end)?))
    }

    /// The member whose name stands there, where another was guessed; it is guessed the next time.
    #[inline(never)]
    pub(crate) fn not_guessed(
        &mut self,
        def: &TypeDef,
        guess: usize,
        start: usize,
        end: usize,
    ) -> Option<(usize, &'static Name)> {
        // No name of the table has a backslash: what is found as it stands has no escapes.
        let place = def.find(self.walker.text().as_bytes(), start, end).or_else(|| {
            let name = self.name_at(start, end);
            if !name.is_escaped() {
                return None;
            }
            let name = name.unescape();
            def.find(name.as_bytes(), 0, name.len())
        })?;
        self.guesses.set(guess, place);
        Some((place, def.names.get(place)?))
    }

    /// How many entries of the array last entered are still to come, the one at the walker with them; no more
    /// than `most`.
    pub(crate) fn remaining(&self, most: usize) -> usize {
        let (mut walker, mut count) = (self.walker, 0);
        while count < most && walker.next_element() {
            walker.skip();
            count += 1;
        }
        count
    }

    /// Reads an array: `element` is called at each entry and must read it.
    pub(crate) fn array(
        &mut self,
        mut element: impl FnMut(usize, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.walker.enter_array() {
            return Err(self.unexpected(Kind::Array));
        }
        let mut index = 0;
        while self.walker.next_element() {
            element(index, self)?;
            index += 1;
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<Str<'a>, Error> {
        match self.walker.string() {
            Some(text) if text.may_be_escaped() && self.is_escaped(text) => Ok(unescaped(text)),
            Some(text) => Ok(text.raw().into()),
            None => Err(self.unexpected(Kind::String)),
        }
    }

    /// Whether there are escapes in a text after those that were looked at before: each byte is searched once, not each text.
    #[inline]
    fn is_escaped(&mut self, text: JsonStr<'a>) -> bool {
        if self.escape < text.offset() {
            self.escape = self.next_escape(text.offset());
        }
        self.escape < text.end()
    }

    #[cold]
    fn next_escape(&self, start: usize) -> usize {
        let rest = self.walker.text().as_bytes().get(start..).unwrap_or_default();
        memchr::memchr(b'\\', rest).map_or(usize::MAX, |at| start + at)
    }

    pub(crate) fn number(&mut self) -> Result<Decimal<'a>, Error> {
        match self.walker.number() {
            Some(number) => Ok(Decimal::from_checked(number.text())),
            None => Err(self.unexpected(Kind::Number)),
        }
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Error> {
        self.walker.boolean().ok_or_else(|| self.unexpected(Kind::Boolean))
    }

    /// Passes over a null; whether one stood here.
    pub(crate) fn null(&mut self) -> bool {
        self.walker.null()
    }

    /// The `resourceType` of the object at the walker, which only a contained resource may be without.
    pub(crate) fn resource_type(&self) -> Result<Option<Str<'a>>, Error> {
        if self.kind() != Kind::Object {
            return Err(self.unexpected(Kind::Object));
        }
        match find_type(self.walker)? {
            None if self.walker.is_first() => Err(self.error(ErrorKind::NoResourceType)),
            name => Ok(name),
        }
    }
}

/// The `resourceType` of the object at the walker, wherever in it: other members are passed over in a step each.
fn find_type<'a>(mut walker: Walker<'_, 'a>) -> Result<Option<Str<'a>>, Error> {
    if !walker.enter_object() {
        return Ok(None);
    }
    while let Some(key) = walker.next_key() {
        let is_type = if key.is_escaped() {
            key.unescape() == "resourceType"
        } else {
            key.raw() == "resourceType"
        };
        if is_type {
            return match walker.string() {
                Some(name) => Ok(Some(name.unescape().into())),
                None => Err(unexpected(&walker, Kind::String).at("resourceType")),
            };
        }
        walker.skip();
    }
    Ok(None)
}

/// The fault of a value that is not of this kind.
#[cold]
fn unexpected(walker: &Walker<'_, '_>, kind: Kind) -> Error {
    let found = article(walker.kind());
    Error::new(ErrorKind::Type { expected: article(kind), found }, walker.offset())
}

#[cold]
fn unescaped(text: JsonStr<'_>) -> Str<'_> {
    text.unescape().into()
}

/// A JSON type with its article, for messages.
fn article(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "a list",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::Null => "null",
    }
}

impl<'a> FromJson<'a> for Str<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        reader.text()
    }
}

impl<'a> FromJson<'a> for Decimal<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        reader.number()
    }
}

impl<'a> FromJson<'a> for Integer<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        reader.number().map(Integer)
    }
}

impl<'a> FromJson<'a> for bool {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        reader.boolean()
    }
}

impl<'a, T> FromJson<'a> for Lexical<'a, T> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        reader.text().map(Lexical::new)
    }
}

impl<'a, T: FromJson<'a>> FromJson<'a> for Box<T> {
    fn from_json(variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        T::boxed(variant, reader)
    }
}

/// The slots of a list of primitives may be `null`.
impl<'a, T: FromJson<'a>> FromJson<'a> for Option<T> {
    fn from_json(variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        if reader.null() {
            return Ok(None);
        }
        T::from_json(variant, reader).map(Some)
    }
}

impl<'a> FromJson<'a> for Value<'a> {
    // The recursion is bounded: the cursor refuses to nest deeper than its limit.
    fn from_json(variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        Ok(match reader.kind() {
            Kind::Null => {
                reader.null();
                Self::Null
            }
            Kind::Boolean => Self::Bool(reader.boolean()?),
            Kind::Number => Self::Number(reader.number()?),
            Kind::String => Self::Text(reader.text()?),
            Kind::Array => {
                let mut list = Vec::new();
                reader.array(|_, reader| {
                    list.push(Self::from_json(variant, reader)?);
                    Ok(())
                })?;
                Self::List(list)
            }
            Kind::Object => Self::Object(Object::from_json(variant, reader)?),
        })
    }
}

impl<'a> FromJson<'a> for Object<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Self, Error> {
        let mut object = Self::default();
        let mut names = Members::default();
        reader.object(|key, reader| {
            names.insert(key).map_err(Error::json)?;
            object.members.push((key.unescape().into(), Value::from_json(0, reader)?));
            Ok(())
        })?;
        Ok(object)
    }
}

/// serde's way in: the JSON text is taken whole and read by `read`.
pub(crate) fn deserialize<'de, T, D: serde::Deserializer<'de>>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, Error>,
) -> Result<T, D::Error> {
    use serde::de::{Deserialize, Error as _};
    let text: Box<serde_json::value::RawValue> = Box::deserialize(deserializer)?;
    read(text.get()).map_err(D::Error::custom)
}

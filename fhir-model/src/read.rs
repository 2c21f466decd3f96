//! The strict reader: from the bytes of one JSON text to the model.

use json_walk::{Cursor, JsonStr, Kind, Limits, Members};

use crate::decimal::{Decimal, Integer};
use crate::error::{Error, ErrorKind};
use crate::primitive::Lexical;
use crate::resource::Resource;
use crate::text::Str;
use crate::value::{Object, Value};

/// Reads one resource of whatever type, wherever in the object `resourceType` stands.
///
/// Strict: the bytes are UTF-8 as a whole and exactly one JSON value; no object has a member twice; no lone
/// surrogates, raw control characters or NUL in strings; at most 64 containers deep. Members that STU3
/// does not know are kept, and so are resources of types that this crate does not model.
///
/// # Errors
/// The first fault that is met, with its byte and path. See [`Error`].
///
/// # Example
/// ```
/// use fhir_model::Resource;
///
/// let line = br#"{"birthDate":"1941-07-02","id":"-1000","resourceType":"Patient"}"#;
/// let Resource::Patient(patient) = fhir_model::from_slice(line)? else { panic!("another type") };
/// assert_eq!(patient.birth_date.unwrap().value()?.year(), 1941);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_slice(bytes: &[u8]) -> Result<Resource<'_>, Error> {
    // Of every good line of a model type this is all. Reading it also says whether the guess was right.
    if let Some(resource) = likely_type(bytes).and_then(|name| read_guessed(name, bytes)) {
        return Ok(resource);
    }
    let mut reader = Reader::new(bytes)?;
    let Some(name) = find_type(bytes, 0, Limits::default())? else {
        // Faults of the text come first, then that it is no object.
        let found = reader.kind()?;
        let start = reader.cursor.offset();
        reader.skip()?;
        reader.finish()?;
        let kind = match found {
            Kind::Object => ErrorKind::NoResourceType,
            _ => ErrorKind::Type { expected: article(Kind::Object), found: article(found) },
        };
        return Err(Error::new(kind, start));
    };
    let resource = Resource::read_as(&name, &mut reader)?;
    reader.finish()?;
    Ok(resource)
}

/// Reads one resource or datatype of a known type; as strict as [`from_slice`].
///
/// # Errors
/// As [`from_slice`]; also [`ErrorKind::WrongResourceType`].
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
    let mut reader = Reader::new(bytes)?;
    let value = T::from_json(0, &mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// What [`from_slice_as`] can read: resources, nested elements and datatypes of the model.
///
/// It cannot be implemented outside this crate in a useful way: a [`Reader`] has no public methods.
pub trait FromJson<'a>: Sized {
    /// Reads the value at the reader's place. `variant` says which type of a choice it is.
    ///
    /// # Errors
    /// Faults of the text, and values of another JSON type than the element's.
    fn from_json(variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error>;

    /// The same into a box. Structs are filled where they will stay: moving them showed in profiles.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn boxed(variant: u8, reader: &mut Reader<'a>) -> Result<Box<Self>, Error> {
        Self::from_json(variant, reader).map(Box::new)
    }

    /// The same onto the end of a list. After an error the list's last entry is of no use.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn push_to(list: &mut Vec<Self>, variant: u8, reader: &mut Reader<'a>) -> Result<(), Error> {
        list.push(Self::from_json(variant, reader)?);
        Ok(())
    }
}

/// A place in the bytes of one record.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    cursor: Cursor<'a>,
    /// Where in the record `bytes` begin: contained resources are read as pieces.
    base: usize,
    /// Containers open around the cursor, those around the piece included.
    depth: u32,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let cursor =
            Cursor::new(bytes, Limits::default()).map_err(|fault| Error::json(fault, 0))?;
        Ok(Self { bytes, cursor, base: 0, depth: 0 })
    }

    fn finish(self) -> Result<(), Error> {
        self.cursor.finish().map_err(|fault| Error::json(fault, self.base))
    }

    pub(crate) fn json(&self, fault: json_walk::Error) -> Error {
        Error::json(fault, self.base)
    }

    /// A fault at the cursor.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.error_at(kind, self.cursor.offset())
    }

    /// A fault at an offset of the piece.
    pub(crate) fn error_at(&self, kind: ErrorKind, offset: usize) -> Error {
        Error::new(kind, self.base + offset)
    }

    /// What stands at the cursor, which moves past white space.
    pub(crate) fn kind(&mut self) -> Result<Kind, Error> {
        self.cursor.kind().map_err(|fault| Error::json(fault, self.base))
    }

    /// Where the cursor is: at or before the next value.
    pub(crate) fn place(&self) -> usize {
        self.cursor.offset()
    }

    /// The offset of the value that comes next after a place.
    pub(crate) fn value_at(&self, place: usize) -> usize {
        let rest = &self.bytes[place..];
        place + rest.len() - rest.trim_ascii_start().len()
    }

    /// Reads `null` if it is the value after a place and the cursor has not passed it.
    #[cold]
    pub(crate) fn null_at(&mut self, place: usize) -> Result<Value<'a>, ()> {
        let start = self.value_at(place);
        if self.cursor.kind() == Ok(Kind::Null) && self.cursor.offset() == start {
            self.cursor.null().map_err(|_| ())?;
            return Ok(Value::Null);
        }
        Err(())
    }

    /// The offset of the next value in the piece.
    pub(crate) fn offset(&mut self) -> Result<usize, Error> {
        self.kind()?;
        Ok(self.cursor.offset())
    }

    fn expect(&mut self, kind: Kind) -> Result<(), Error> {
        let found = self.kind()?;
        if found == kind {
            return Ok(());
        }
        Err(self.error(ErrorKind::Type { expected: article(kind), found: article(found) }))
    }

    /// What to make of a fault of the cursor where a value of this kind was to begin: nothing was asked
    /// before, as most values are what they should be.
    #[cold]
    fn unexpected(&mut self, kind: Kind, fault: json_walk::Error) -> Error {
        match self.cursor.kind() {
            Ok(found) if found != kind => {
                self.error(ErrorKind::Type { expected: article(kind), found: article(found) })
            }
            _ => self.json(fault),
        }
    }

    /// Reads an object: `member` is called at each value and must read it.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(JsonStr<'a>, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let entered = self.cursor.enter_object();
        let mut progress = entered.map_err(|fault| self.unexpected(Kind::Object, fault))?;
        self.depth += 1;
        loop {
            // Matched in place: with `map_err`, profiles showed every name copied through the stack once more.
            match self.cursor.next_key(&mut progress) {
                Ok(Some(key)) => member(key, self)?,
                Ok(None) => break,
                Err(fault) => return Err(self.json(fault)),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array: `element` is called at each entry and must read it.
    pub(crate) fn array(
        &mut self,
        mut element: impl FnMut(usize, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let entered = self.cursor.enter_array();
        let mut progress = entered.map_err(|fault| self.unexpected(Kind::Array, fault))?;
        self.depth += 1;
        let mut index = 0;
        while self
            .cursor
            .next_element(&mut progress)
            .map_err(|fault| Error::json(fault, self.base))?
        {
            element(index, self)?;
            index += 1;
        }
        self.depth -= 1;
        Ok(())
    }

    pub(crate) fn text(&mut self) -> Result<Str<'a>, Error> {
        match self.cursor.string() {
            Ok(text) if text.is_escaped() => Ok(text.unescape().into()),
            Ok(text) => Ok(text.raw().into()),
            Err(fault) => Err(self.unexpected(Kind::String, fault)),
        }
    }

    pub(crate) fn number(&mut self) -> Result<Decimal<'a>, Error> {
        let number = self.cursor.number();
        let number = number.map_err(|fault| self.unexpected(Kind::Number, fault))?;
        Ok(Decimal::from_checked(number.text()))
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Error> {
        let value = self.cursor.boolean();
        value.map_err(|fault| self.unexpected(Kind::Boolean, fault))
    }

    pub(crate) fn null(&mut self) -> Result<(), Error> {
        self.cursor.null().map_err(|fault| self.json(fault))
    }

    fn skip(&mut self) -> Result<(), Error> {
        self.cursor.skip().map_err(|fault| self.json(fault))
    }

    /// Passes over the object at the cursor; gives a reader for it alone and its `resourceType`, which
    /// only a contained resource may be without.
    pub(crate) fn resource(&mut self) -> Result<(Self, Option<Str<'a>>), Error> {
        self.expect(Kind::Object)?;
        let start = self.cursor.offset();
        self.skip()?;
        let piece = &self.bytes[start..self.cursor.offset()];
        let base = self.base + start;
        let limits = Limits { max_depth: Limits::default().max_depth - self.depth };
        let cursor = Cursor::new(piece, limits).map_err(|fault| Error::json(fault, base))?;
        let name = find_type(piece, base, limits)?;
        if name.is_none() && self.depth == 0 {
            return Err(Error::new(ErrorKind::NoResourceType, base));
        }
        Ok((Self { bytes: piece, cursor, base, depth: self.depth }, name))
    }
}

/// A guess at the `resourceType` of the object in `bytes`: the last one in the text. BCDA writes members
/// in alphabetical order, so it stands behind those of contained resources, and near the end of the
/// line: walking there ([`find_type`]) made reading take a quarter longer (benchmark `model/read`).
fn likely_type(bytes: &[u8]) -> Option<&str> {
    // The byte to look for is rarer than quotes and small letters.
    let mark = memchr::memrchr_iter(b'T', bytes).find(|mark| {
        bytes[..*mark].ends_with(b"\"resource") && bytes[*mark..].starts_with(b"Type\"")
    })?;
    let value = bytes[mark + b"Type\"".len()..].trim_ascii_start().strip_prefix(b":")?;
    let name = value.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', name)?;
    std::str::from_utf8(&name[..end]).ok()
}

/// The resource, if it is one of the model type `name` and has no fault. Why it is not is asked again.
fn read_guessed<'a>(name: &str, bytes: &'a [u8]) -> Option<Resource<'a>> {
    let mut reader = Reader::new(bytes).ok()?;
    let resource = Resource::read_known(name, &mut reader)?.ok()?;
    reader.finish().ok()?;
    Some(resource)
}

/// The `resourceType` of the object in `bytes`; the walk ends where it is found.
fn find_type(bytes: &[u8], base: usize, limits: Limits) -> Result<Option<Str<'_>>, Error> {
    let json = |fault| Error::json(fault, base);
    let mut cursor = Cursor::new(bytes, limits).map_err(json)?;
    if cursor.kind().map_err(json)? != Kind::Object {
        return Ok(None);
    }
    let mut members = cursor.enter_object().map_err(json)?;
    while let Some(key) = cursor.next_key(&mut members).map_err(json)? {
        let is_type = if key.is_escaped() {
            key.unescape() == "resourceType"
        } else {
            key.raw() == "resourceType"
        };
        if is_type {
            let found = cursor.kind().map_err(json)?;
            if found != Kind::String {
                let kind =
                    ErrorKind::Type { expected: article(Kind::String), found: article(found) };
                return Err(Error::new(kind, base + cursor.offset()).at("resourceType"));
            }
            return Ok(Some(cursor.string().map_err(json)?.unescape().into()));
        }
        cursor.skip().map_err(json)?;
    }
    Ok(None)
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
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.text()
    }
}

impl<'a> FromJson<'a> for Decimal<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.number()
    }
}

impl<'a> FromJson<'a> for Integer<'a> {
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.number().map(Integer)
    }
}

impl<'a> FromJson<'a> for bool {
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.boolean()
    }
}

impl<'a, T> FromJson<'a> for Lexical<'a, T> {
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.text().map(Lexical::new)
    }
}

impl<'a, T: FromJson<'a>> FromJson<'a> for Box<T> {
    fn from_json(variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        T::boxed(variant, reader)
    }
}

/// The slots of a list of primitives may be `null`.
impl<'a, T: FromJson<'a>> FromJson<'a> for Option<T> {
    fn from_json(variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        if reader.kind()? == Kind::Null {
            reader.null()?;
            return Ok(None);
        }
        T::from_json(variant, reader).map(Some)
    }
}

impl<'a> FromJson<'a> for Value<'a> {
    // The recursion is bounded: the cursor refuses to nest deeper than its limit.
    fn from_json(variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(match reader.kind()? {
            Kind::Null => {
                reader.null()?;
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
    fn from_json(_variant: u8, reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut object = Self::default();
        let mut names = Members::default();
        reader.object(|key, reader| {
            names.insert(key).map_err(|fault| reader.json(fault))?;
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

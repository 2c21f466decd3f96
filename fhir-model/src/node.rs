//! Reading a model by JSON member names: for paths that are known only at run time.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::decimal::Decimal;
use crate::value::{Object, Value};

/// One value of a model, seen by its JSON shape.
///
/// ```
/// let line = br#"{"name":[{"given":["Ann","B"]}],"resourceType":"Patient"}"#;
/// let resource = fhir_model::from_slice(line).unwrap();
/// let given = resource.node().child("name").unwrap().get(0).unwrap().child("given").unwrap();
/// let given: Vec<&str> = given.iter().filter_map(|name| name.as_text()).collect();
/// assert_eq!(given, ["Ann", "B"]);
/// ```
#[derive(Clone, Copy)]
pub enum Node<'t> {
    /// An object: a resource, a datatype, a nested element.
    Object(&'t dyn Element),
    /// A list.
    List(NodeList<'t>),
    /// A string: text, code, date.
    Text(&'t str),
    /// A number.
    Number(&'t Decimal<'t>),
    /// A boolean.
    Bool(bool),
    /// `null`: an empty slot of a list of primitives, or a `null` in the input.
    Null,
}

/// The entries of a list.
#[derive(Clone, Copy)]
pub struct NodeList<'t>(pub(crate) &'t dyn Entries);

/// What a list shows of itself.
pub(crate) trait Entries {
    fn count(&self) -> usize;
    fn entry(&self, index: usize) -> Option<Node<'_>>;
}

/// An object of the model, read by JSON member names.
pub trait Element {
    /// The resource type, datatype or path of the nested element: `Coding`, `ExplanationOfBenefit.item`.
    fn type_name(&self) -> &str;

    /// The value of a member, by its JSON name: `valueCoding`, `resourceType`, `_birthDate`, and
    /// members that STU3 does not know. `None` when the record does not have it.
    fn child(&self, name: &str) -> Option<Node<'_>>;

    /// Calls `visit` with every member: those that STU3 knows in alphabetical order (as BCDA writes
    /// them), then the siblings of primitives, then the others in the order of the record.
    fn visit<'t>(&'t self, visit: &mut dyn FnMut(&str, Node<'t>));
}

impl<'t> NodeList<'t> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.count()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at a zero-based place.
    pub fn get(&self, index: usize) -> Option<Node<'t>> {
        self.0.entry(index)
    }

    /// The entries in order.
    pub fn iter(self) -> impl Iterator<Item = Node<'t>> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

impl<'t> Node<'t> {
    /// A member of an object; `None` on everything else.
    pub fn child(self, name: &str) -> Option<Node<'t>> {
        match self {
            Self::Object(element) => element.child(name),
            _ => None,
        }
    }

    /// An entry of a list; `None` on everything else.
    pub fn get(self, index: usize) -> Option<Node<'t>> {
        match self {
            Self::List(list) => list.get(index),
            _ => None,
        }
    }

    /// The entries of a list, or the value itself as the only entry. A `null` has none.
    pub fn iter(self) -> impl Iterator<Item = Node<'t>> {
        let (list, single) = match self {
            Self::List(list) => (Some(list), None),
            Self::Null => (None, None),
            other => (None, Some(other)),
        };
        list.into_iter().flat_map(NodeList::iter).chain(single)
    }

    /// The text of a string.
    pub fn as_text(self) -> Option<&'t str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number.
    pub fn as_number(self) -> Option<&'t Decimal<'t>> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Writes compact JSON: what was read, with strings and numbers as they were.
    pub fn to_json(self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::Text(text) => write_text(text, out),
            Self::List(list) => {
                out.push('[');
                for (index, entry) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    entry.write(out);
                }
                out.push(']');
            }
            Self::Object(element) => {
                let mut mark = '{';
                element.visit(&mut |name, node| {
                    out.push(mark);
                    mark = ',';
                    write_text(name, out);
                    out.push(':');
                    node.write(out);
                });
                if mark == '{' {
                    out.push('{');
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    out.push('"');
    // Most texts have nothing to escape: they are copied in one piece.
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            control => {
                out.push_str("\\u00");
                out.push(HEX[usize::from(control / 16)]);
                out.push(HEX[usize::from(control % 16)]);
            }
        }
        // The special characters are one byte long each.
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

impl fmt::Debug for NodeList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(element) => {
                let mut map = f.debug_map();
                element.visit(&mut |name, node| {
                    map.entry(&name, &node);
                });
                map.finish()
            }
            Self::List(list) => list.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Number(number) => f.write_str(number.as_str()),
            Self::Bool(value) => value.fmt(f),
            Self::Null => f.write_str("null"),
        }
    }
}

/// Numbers keep their text with serde_json; formats that know no raw JSON show its wrapper.
impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => {
                let raw: &serde_json::value::RawValue = serde_json::from_str(number.as_str())
                    .map_err(|_| serde::ser::Error::custom("not a JSON number"))?;
                raw.serialize(serializer)
            }
            Self::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                for entry in list.iter() {
                    seq.serialize_element(&entry)?;
                }
                seq.end()
            }
            Self::Object(element) => {
                let mut map = serializer.serialize_map(None)?;
                let mut outcome = Ok(());
                element.visit(&mut |name, node| {
                    if outcome.is_ok() {
                        outcome = map.serialize_entry(name, &node);
                    }
                });
                outcome?;
                map.end()
            }
        }
    }
}

impl Value<'_> {
    /// The value for walking.
    pub fn node(&self) -> Node<'_> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(*value),
            Self::Number(number) => Node::Number(number),
            Self::Text(text) => Node::Text(text),
            Self::List(list) => Node::List(NodeList(list)),
            Self::Object(object) => Node::Object(object),
        }
    }
}

impl Element for Object<'_> {
    /// The value of the member `resourceType`, else nothing.
    fn type_name(&self) -> &str {
        match self.get("resourceType") {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn child(&self, name: &str) -> Option<Node<'_>> {
        self.get(name).map(Value::node)
    }

    fn visit<'t>(&'t self, visit: &mut dyn FnMut(&str, Node<'t>)) {
        for (name, value) in &self.members {
            visit(name, value.node());
        }
    }
}

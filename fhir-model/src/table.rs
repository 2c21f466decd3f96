//! How generated structs are filled and read: one loop over the element table for all of them.
//!
//! Each generated struct gives access to its fields by number (`element!`); what number a member name
//! has, whether it is a list and which type of a choice it stands for, the table says. So the code
//! per struct stays small. What is written for each of them, `element_macros` writes.

pub(crate) use crate::element_macros::{choice, code, element, through_serde};

use crate::decimal::{Decimal, Integer};
use crate::error::{Error, ErrorKind};
use crate::few::Few;
use crate::node::{Entries, Node, NodeList};
use crate::primitive::Lexical;
use crate::read::{FromJson, Reader};
use crate::schema::{ElementDef, Name, RESOURCE_TYPE, TypeDef};
use crate::text::Str;
use crate::value::Value;
use json_walk::JsonStr;
use thin_vec::ThinVec;

/// A value that shows itself as a node.
pub(crate) trait View {
    fn node(&self) -> Node<'_>;

    /// The same if it is of this type of a choice; only choices look at `variant`.
    fn node_as(&self, _variant: u8) -> Option<Node<'_>> {
        Some(self.node())
    }
}

/// A field, read by the type of its choice.
pub(crate) trait Slot {
    fn view(&self, variant: u8) -> Option<Node<'_>>;
}

/// A field that takes its value from the text.
pub(crate) trait Fill<'a> {
    fn fill(&mut self, variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Filled, Error>;
}

/// Entries of a list that get room before they are read. No more: what is to come may be no entries at all.
const COUNTED: usize = 64;

/// What a field shows of the value it took.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    Value,
    /// A list without entries, which the field cannot tell from none.
    EmptyList,
}

/// A generated struct.
pub(crate) trait Table {
    fn def(&self) -> &'static TypeDef;
    fn slot(&self, field: u8) -> &dyn Slot;
    fn extra(&self) -> &dyn Rest;
}

/// A generated struct while it is read.
pub(crate) trait FillTable<'a>: Table {
    /// What its release says of it.
    const DEF: &'static TypeDef;

    fn fill_field(
        &mut self,
        field: u8,
        variant: u8,
        reader: &mut Reader<'_, 'a>,
    ) -> Result<Filled, Error>;
    fn extra_mut(&mut self) -> &mut dyn FillRest<'a>;
}

/// The rest of an object, whatever its release.
pub(crate) trait Rest {
    /// What stands beside the primitive element with this JSON name.
    fn beside(&self, name: &str) -> Option<Node<'_>>;

    /// Calls `visit` with all siblings, by the names of their elements.
    fn visit_beside<'t>(&'t self, visit: &mut dyn FnMut(&'static str, Node<'t>));

    /// Members kept as they are.
    fn kept(&self) -> &[(Str<'_>, Value<'_>)];
}

/// The rest of an object while it is read.
pub(crate) trait FillRest<'a> {
    /// Reads what stands beside a primitive element.
    fn fill_beside(
        &mut self,
        member: &'static ElementDef,
        reader: &mut Reader<'_, 'a>,
    ) -> Result<(), Error>;

    /// Adds a member that is kept as it is.
    fn keep(&mut self, name: Str<'a>, value: Value<'a>);
}

impl<T: View> Slot for Option<T> {
    fn view(&self, variant: u8) -> Option<Node<'_>> {
        self.as_ref()?.node_as(variant)
    }
}

impl<T: View> Slot for ThinVec<T> {
    fn view(&self, _variant: u8) -> Option<Node<'_>> {
        if self.is_empty() { None } else { Some(Node::List(NodeList(self))) }
    }
}

impl<T: View> Entries for ThinVec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, index: usize) -> Option<Node<'_>> {
        self.get(index).map(View::node)
    }
}

impl<T: View> Slot for Few<T> {
    fn view(&self, _variant: u8) -> Option<Node<'_>> {
        if self.is_empty() { None } else { Some(Node::List(NodeList(self))) }
    }
}

impl<T: View> Entries for Few<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, index: usize) -> Option<Node<'_>> {
        self.get(index).map(View::node)
    }
}

/// Lists of what no type describes, and of siblings.
impl<T: View> Entries for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn entry(&self, index: usize) -> Option<Node<'_>> {
        self.get(index).map(View::node)
    }
}

impl<'a, T: FromJson<'a>> Fill<'a> for Option<T> {
    fn fill(&mut self, variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Filled, Error> {
        if self.is_some() {
            return Err(reader.error(ErrorKind::TwoValues));
        }
        T::fill_into(self, variant, reader)?;
        Ok(Filled::Value)
    }
}

impl<'a, T: FromJson<'a>> Fill<'a> for ThinVec<T> {
    fn fill(&mut self, variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Filled, Error> {
        reader.array(|index, reader| {
            // They are counted: a list would begin with room for four, and move as it grows.
            if index == 0 {
                self.reserve_exact(reader.remaining(COUNTED));
            }
            T::push_to(self, variant, reader).map_err(|fault| fault.at_index(index))
        })?;
        Ok(if self.is_empty() { Filled::EmptyList } else { Filled::Value })
    }
}

impl<'a, T: FromJson<'a>> Fill<'a> for Few<T> {
    fn fill(&mut self, variant: u8, reader: &mut Reader<'_, 'a>) -> Result<Filled, Error> {
        reader.array(|index, reader| {
            let read = if let Some(only) = self.only() {
                T::fill_into(only, variant, reader)
            } else {
                let room = if index == 1 { reader.remaining(COUNTED) } else { 0 };
                T::push_to(self.as_more(room), variant, reader)
            };
            read.map_err(|fault| fault.at_index(index))
        })?;
        Ok(if self.is_empty() { Filled::EmptyList } else { Filled::Value })
    }
}

impl<T: View> View for Box<T> {
    fn node(&self) -> Node<'_> {
        (**self).node()
    }
}

/// An empty slot of a list of primitives is a `null`.
impl<T: View> View for Option<T> {
    fn node(&self) -> Node<'_> {
        self.as_ref().map_or(Node::Null, View::node)
    }
}

impl View for bool {
    fn node(&self) -> Node<'_> {
        Node::Bool(*self)
    }
}

impl View for Str<'_> {
    fn node(&self) -> Node<'_> {
        Node::Text(self)
    }
}

impl<T> View for Lexical<'_, T> {
    fn node(&self) -> Node<'_> {
        Node::Text(self.as_str())
    }
}

impl View for Decimal<'_> {
    fn node(&self) -> Node<'_> {
        Node::Number(self)
    }
}

impl View for Integer<'_> {
    fn node(&self) -> Node<'_> {
        Node::Number(&self.0)
    }
}

impl View for Value<'_> {
    fn node(&self) -> Node<'_> {
        Value::node(self)
    }
}

/// Reads the object at the reader into `table`; the fields of a resource must have its type among them.
///
/// The loop is compiled for each struct: members are most of what there is to read.
pub(crate) fn fill<'a, T: FillTable<'a>>(
    table: &mut T,
    reader: &mut Reader<'_, 'a>,
) -> Result<(), Error> {
    let def = T::DEF;
    let start = reader.offset();
    // One bit per member of the table: seen as itself.
    let mut seen = 0_u64;
    let mut others = Others::default();
    let first = usize::from(def.guesses);
    let mut guess = first;
    reader.enter_object()?;
    while let Some((start, end)) = reader.next_name() {
        let known = match reader.guessed(def, guess, start, end) {
            None => reader.not_guessed(def, guess, start, end),
            known => known,
        };
        let Some((place, name)) = known else {
            others.member(table.extra_mut(), def, reader.name_at(start, end), reader)?;
            continue;
        };
        guess = first + 1 + place;
        let bit = 1_u64 << place;
        if seen & bit != 0 {
            return Err(Error::new(ErrorKind::DuplicateMember, start));
        }
        seen |= bit;
        if let Err(fault) = known_member(table, name, place, reader) {
            return Err(fault.at(def.members[place].name));
        }
    }
    if let Some(names) = others.unknown {
        reader.end_unknown(names);
    }
    if const { T::DEF.is_resource() }
        && let Some((place, _)) = def.position("resourceType")
        && seen & (1 << place) == 0
    {
        return Err(Error::new(ErrorKind::NoResourceType, start));
    }
    Ok(())
}

/// Reads the value of a member that the table has.
#[inline]
fn known_member<'a, T: FillTable<'a>>(
    table: &mut T,
    name: &Name,
    place: usize,
    reader: &mut Reader<'_, 'a>,
) -> Result<(), Error> {
    if name.field == RESOURCE_TYPE {
        return resource_type(T::DEF, reader);
    }
    let kept = if reader.null() {
        Value::Null
    } else if table.fill_field(name.field, name.variant, reader)? == Filled::EmptyList {
        Value::List(Vec::new())
    } else {
        return Ok(());
    };
    table.extra_mut().keep(T::DEF.members[place].name.into(), kept);
    Ok(())
}

fn resource_type(def: &'static TypeDef, reader: &mut Reader<'_, '_>) -> Result<(), Error> {
    let start = reader.offset();
    if reader.text()? == def.name {
        return Ok(());
    }
    Err(Error::new(ErrorKind::WrongResourceType { expected: def.name }, start))
}

/// Members of an object that its table does not have: siblings of primitives, and what no table knows.
#[derive(Clone, Copy, Default)]
struct Others {
    /// One bit per member of the table: seen with an underscore.
    beside: u64,
    /// The place in [`Reader::unknown`] of the names that the table does not have; most objects have none.
    unknown: Option<usize>,
}

impl Others {
    #[cold]
    fn member<'a>(
        &mut self,
        extra: &mut dyn FillRest<'a>,
        def: &'static TypeDef,
        key: JsonStr<'a>,
        reader: &mut Reader<'_, 'a>,
    ) -> Result<(), Error> {
        let name = key.unescape();
        if let Some((place, member)) = name.strip_prefix('_').and_then(|name| def.position(name))
            && member.is_primitive()
        {
            if self.beside & 1 << place != 0 {
                return Err(Error::new(ErrorKind::DuplicateMember, key.offset()));
            }
            self.beside |= 1 << place;
            return fill_sibling(extra, member, name.into(), reader)
                .map_err(|fault| fault.at(member.name));
        }
        let names = *self.unknown.get_or_insert_with(|| reader.begin_unknown());
        reader.unknown(names, key)?;
        let value = Value::from_json(0, reader).map_err(|fault| fault.at("(unknown)"))?;
        extra.keep(name.into(), value);
        Ok(())
    }
}

fn fill_sibling<'a>(
    extra: &mut dyn FillRest<'a>,
    member: &'static ElementDef,
    name: Str<'a>,
    reader: &mut Reader<'_, 'a>,
) -> Result<(), Error> {
    if reader.null() {
        extra.keep(name, Value::Null);
        return Ok(());
    }
    extra.fill_beside(member, reader)
}

/// [`Element::child`](crate::Element::child) for generated structs.
pub(crate) fn child<'t>(table: &'t dyn Table, name: &str) -> Option<Node<'t>> {
    if let Some(member) = table.def().member(name) {
        if member.field == RESOURCE_TYPE {
            return Some(Node::Text(table.def().name));
        }
        if let Some(node) = table.slot(member.field).view(member.variant) {
            return Some(node);
        }
    }
    let extra = table.extra();
    if let Some(siblings) = name.strip_prefix('_').and_then(|name| extra.beside(name)) {
        return Some(siblings);
    }
    extra.kept().iter().find(|(known, _)| known == name).map(|(_, value)| value.node())
}

/// [`Element::visit`](crate::Element::visit) for generated structs.
pub(crate) fn visit<'t>(table: &'t dyn Table, visit: &mut dyn FnMut(&str, Node<'t>)) {
    let def = table.def();
    for member in def.members {
        if member.field == RESOURCE_TYPE {
            visit(member.name, Node::Text(def.name));
        } else if let Some(node) = table.slot(member.field).view(member.variant) {
            visit(member.name, node);
        }
    }
    let extra = table.extra();
    extra.visit_beside(&mut |name, siblings| visit(&format!("_{name}"), siblings));
    for (name, value) in extra.kept() {
        visit(name, value.node());
    }
}

//! What stands beside primitives, in members whose names begin with an underscore.

use crate::node::{Element, Node};
use crate::schema::{ElementDef, RESOURCE_TYPE, TypeDef};
use crate::validate::class::IssueClass;
use crate::validate::finding::Member;
use crate::validate::walk::{EMPTY_OBJECT, Walk};

/// The primitive element that a name with an underscore stands beside.
pub(crate) fn beside(def: &'static TypeDef, name: &str) -> Option<(usize, &'static ElementDef)> {
    let (place, member) = def.position(name.strip_prefix('_')?)?;
    (member.is_primitive() && member.field != RESOURCE_TYPE).then_some((place, member))
}

/// Whether it is an object with an extension, which may stand for a value.
pub(super) fn has_extension(node: Node<'_>) -> bool {
    matches!(node.child("extension"), Some(Node::List(list)) if !list.is_empty())
}

impl<'t> Walk<'t> {
    /// Checks what stands beside a primitive; tells whether that counts as the element.
    pub(super) fn siblings(
        &mut self,
        member: &'static ElementDef,
        parent: &'t dyn Element,
        node: Node<'t>,
    ) -> bool {
        let value = parent.child(member.name);
        self.path.enter(member, Member::Beside);
        match (member.many, node) {
            (false, Node::Object(element)) => self.sibling(element, value.is_some()),
            (true, Node::List(list)) => {
                let values = match value {
                    Some(Node::List(values)) => Some(values),
                    _ => None,
                };
                if values.is_some_and(|values| values.len() != list.len()) {
                    self.report(
                        IssueClass::Siblings,
                        "expected as many entries as in the list of values, null where there is nothing to say",
                    );
                }
                for (index, entry) in list.iter().enumerate() {
                    self.path.at_index(index);
                    match entry {
                        // Empty slots of values are judged with the values.
                        Node::Object(element) => self.sibling(element, values.is_some()),
                        Node::Null if values.is_none() => {
                            self.report(IssueClass::Empty, EMPTY_OBJECT);
                        }
                        _ => {}
                    }
                }
            }
            _ => self.report(
                IssueClass::Empty,
                "expected an id or an extension, found nothing; leave the member out",
            ),
        }
        self.path.leave();
        value.is_some() || node.iter().any(has_extension)
    }

    fn sibling(&mut self, element: &'t dyn Element, has_value: bool) {
        if let Some(def) = self.schema.type_def("Element") {
            // Beside a value an id alone is good.
            self.object_or_id(def, element, has_value);
        }
    }
}

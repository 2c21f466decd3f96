//! References, and the contained resources that they may point to.

use crate::node::{Element, Node};
use crate::schema::{self, ElementDef, TypeDef};
use crate::validate::class::IssueClass;
use crate::validate::finding::Member;
use crate::validate::walk::Walk;
use crate::validate::{format, known};

/// The contained resources of the record.
#[derive(Default)]
pub(super) struct Contained<'t> {
    resources: Vec<Inner<'t>>,
    inside: bool,
}

struct Inner<'t> {
    id: Option<&'t str>,
    resource_type: &'t str,
    referenced: bool,
}

impl<'t> Contained<'t> {
    pub(super) fn of(record: &'t dyn Element) -> Self {
        let Some(list) = record.child("contained") else { return Self::default() };
        let inner = |node: Node<'t>| Inner {
            id: node.child("id").and_then(Node::as_text),
            resource_type: node.child("resourceType").and_then(Node::as_text).unwrap_or_default(),
            referenced: false,
        };
        Self { resources: list.iter().map(inner).collect(), inside: false }
    }

    /// Goes into a contained resource; false when the walk is in one already.
    pub(super) fn enter(&mut self) -> bool {
        !std::mem::replace(&mut self.inside, true)
    }

    pub(super) fn leave(&mut self) {
        self.inside = false;
    }

    pub(super) fn is_inside(&self) -> bool {
        self.inside
    }

    /// Marks what `#id` points to; gives its type.
    fn mark(&mut self, id: &str) -> Option<&'t str> {
        let found = self.resources.iter_mut().find(|inner| inner.id == Some(id))?;
        found.referenced = true;
        Some(found.resource_type)
    }

    /// Marks all references in a resource that is not modelled.
    pub(super) fn mark_all(&mut self, node: Node<'t>) {
        self.mark_below(node, 0);
    }

    fn mark_below(&mut self, node: Node<'t>, depth: usize) {
        // The reader's limit; a record built in memory may be deeper.
        if depth > 64 {
            return;
        }
        match node {
            Node::List(list) => list.iter().for_each(|entry| self.mark_below(entry, depth + 1)),
            Node::Object(element) => element.visit(&mut |name, node| {
                if name == "reference"
                    && let Some(id) = node.as_text().and_then(|text| text.strip_prefix('#'))
                {
                    self.mark(id);
                }
                self.mark_below(node, depth + 1);
            }),
            _ => {}
        }
    }
}

/// What the text of a reference says.
enum Target<'t> {
    /// `Patient/1`, also with `/_history/2`.
    Relative(&'t str),
    /// `http://...`, `urn:uuid:...`
    Absolute,
    /// `#1`
    Contained(&'t str),
    Malformed,
}

fn target(text: &str) -> Target<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Target::Contained(id);
    }
    if text.contains(|ch: char| ch.is_whitespace() || ch.is_control()) {
        return Target::Malformed;
    }
    if let Some((scheme, rest)) = text.split_once(':') {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let good =
            scheme.starts_with(|ch: char| ch.is_ascii_alphabetic()) && scheme.bytes().all(letters);
        return if good && !rest.is_empty() { Target::Absolute } else { Target::Malformed };
    }
    let mut parts = text.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(id), None, ..) if format::is_id(id) => Target::Relative(name),
        (Some(name), Some(id), Some("_history"), Some(version), None)
            if format::is_id(id) && format::is_id(version) =>
        {
            Target::Relative(name)
        }
        _ => Target::Malformed,
    }
}

impl<'t> Walk<'t> {
    /// Checks a Reference that stands in `member`.
    pub(super) fn check_reference(
        &mut self,
        member: &'static ElementDef,
        element: &'t dyn Element,
    ) {
        let Some(text) = element.child("reference").and_then(Node::as_text) else { return };
        let Some(own) = schema::child("Reference", "reference") else { return };
        // An empty one is reported as text already.
        if text.is_empty() {
            return;
        }
        let resource_type = match target(text) {
            Target::Absolute => return,
            // The record itself, seen from a resource contained in it.
            Target::Contained("") if self.contained.is_inside() => return,
            Target::Contained(id) => match self.contained.mark(id) {
                // Where its type is wrong, that is reported with the resource.
                Some(resource_type) if schema::is_resource_type(resource_type) => resource_type,
                Some(_) => return,
                None => {
                    let text = "ref-1: expected a contained resource with this id; add it, or correct the reference";
                    self.report_at(own, IssueClass::Unresolved, text);
                    return;
                }
            },
            Target::Relative(name) if schema::is_resource_type(name) => name,
            Target::Relative(_) | Target::Malformed => {
                match known::reference(member) {
                    Some(text) => self.report_at(own, IssueClass::KnownDeviation, text),
                    None => self.report_at(
                        own,
                        IssueClass::Reference,
                        "expected Type/id with a type of STU3, an absolute URL, or #id of a contained resource",
                    ),
                }
                return;
            }
        };
        if !member.targets.is_empty() && !member.targets.contains(&resource_type) {
            if let Some(text) = known::reference(member) {
                self.report_at(own, IssueClass::KnownDeviation, text);
                return;
            }
            let text = format!("expected a reference to: {}", member.targets.join(" | "));
            self.report_at(own, IssueClass::ReferenceType, text);
        }
    }

    /// Checks that a contained resource has neither narrative nor versions of its own.
    pub(super) fn check_inner(&mut self, element: &dyn Element) {
        if element.child("text").is_some() {
            self.report(
                IssueClass::Contained,
                "dom-1: expected no narrative in a contained resource",
            );
        }
        let meta = element.child("meta");
        let has = |name| meta.is_some_and(|meta| meta.child(name).is_some());
        if has("versionId") || has("lastUpdated") {
            let text =
                "dom-4: expected no meta.versionId and no meta.lastUpdated in a contained resource";
            self.report(IssueClass::Contained, text);
        }
    }

    /// After the walk: each contained resource has an id of its own, and something points to it.
    pub(super) fn check_contained(&mut self, def: &'static TypeDef) {
        let Some(member) = def.member("contained") else { return };
        let resources = std::mem::take(&mut self.contained.resources);
        let mut ids = std::collections::HashSet::new();
        self.path.enter(member, Member::Value);
        for (index, inner) in resources.iter().enumerate() {
            self.path.at_index(index);
            match inner.id {
                None => self.report(
                    IssueClass::Contained,
                    "expected an id, by which the record refers to it",
                ),
                Some(id) if !ids.insert(id) => {
                    self.report(
                        IssueClass::Contained,
                        "expected an id that no other contained resource has",
                    );
                }
                Some(_) if !inner.referenced => self.report(
                    IssueClass::Contained,
                    "dom-3: expected a reference to it in the record; add one, or take it out",
                ),
                Some(_) => {}
            }
        }
        self.path.leave();
    }
}

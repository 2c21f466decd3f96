//! Contained resources: what they may hold, and that the record refers to them.

use std::collections::{HashMap, HashSet};

use crate::node::{Element, Node};
use crate::schema::{Release, TypeDef};
use crate::validate::class::IssueClass;
use crate::validate::finding::Member;
use crate::validate::known;
use crate::validate::walk::{Walk, judge_other, resource_def};

/// The contained resources of the record.
#[derive(Default)]
pub(super) struct Contained<'t> {
    resources: Vec<Inner<'t>>,
    /// Their places by id; of several the first.
    places: HashMap<&'t str, usize>,
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
        let resources: Vec<Inner<'t>> = list.iter().map(inner).collect();
        let mut places = HashMap::new();
        for (place, inner) in resources.iter().enumerate() {
            if let Some(id) = inner.id {
                places.entry(id).or_insert(place);
            }
        }
        Self { resources, places, inside: false }
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
    pub(super) fn mark(&mut self, id: &str) -> Option<&'t str> {
        let found = self.resources.get_mut(*self.places.get(id)?)?;
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

const UNREFERENCED: &str =
    "dom-3: expected a reference to it in the record; add one, or take it out";

impl<'t> Walk<'t> {
    /// Judges an entry of `contained`.
    pub(super) fn contained_resource(&mut self, element: &'t dyn Element) {
        if self.contained.enter() {
            if let Some(def) = resource_def(self.schema, element) {
                self.object(def, element);
                self.check_inner(element);
            } else {
                let name = element.type_name();
                if let Some(text) = known::not_modelled(self.schema.release(), name) {
                    self.report(IssueClass::KnownDeviation, text);
                } else {
                    let (class, text) = judge_other(self.schema, name);
                    self.report(class, text);
                }
                self.contained.mark_all(Node::Object(element));
            }
            self.contained.leave();
        } else {
            self.report(
                IssueClass::Contained,
                "dom-2: expected no contained resource in a contained one; move it up",
            );
        }
    }

    /// Checks that a contained resource has neither narrative nor versions of its own.
    pub(super) fn check_inner(&mut self, element: &dyn Element) {
        // R4 has dropped the rule.
        if self.schema.release() == Release::Stu3 && element.child("text").is_some() {
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
        let mut ids = HashSet::new();
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
                Some(_) if !inner.referenced => {
                    match known::unreferenced(self.schema.release(), inner.resource_type) {
                        Some(text) => self.report(IssueClass::KnownDeviation, text),
                        None => self.report(IssueClass::Contained, UNREFERENCED),
                    }
                }
                Some(_) => {}
            }
        }
        self.path.leave();
    }
}

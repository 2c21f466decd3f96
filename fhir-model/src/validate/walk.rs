//! The walk over a record along the element tables: cardinality, formats, codes, siblings.

use std::borrow::Cow;

use crate::node::{Element, Node, NodeList};
use crate::schema::{self, ElementDef, RESOURCE_TYPE, Release, Schema, TypeDef};
use crate::validate::class::{IssueClass, Severity};
use crate::validate::contained::Contained;
use crate::validate::finding::{Finding, Member, Path};
use crate::validate::links::Links;
use crate::validate::siblings::{beside, has_extension};
use crate::validate::{MAX_FINDINGS, blue_button, format, invariant, known};

/// As deep as the reader lets a record nest; a record built in memory may be deeper.
const MAX_DEPTH: usize = 64;

/// One object while it is walked.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) def: &'static TypeDef,
    pub(super) element: &'t dyn Element,
    /// One bit per member of `def`: there as a value, or beside it with an extension.
    seen: u64,
}

impl<'t> Place<'t> {
    /// The members of the table that the object has.
    pub(super) fn members(self) -> impl Iterator<Item = &'static ElementDef> {
        let members = self.def.members.iter().enumerate();
        members.filter(move |(place, _)| self.seen & (1 << place) != 0).map(|(_, member)| member)
    }

    /// Whether it has the member with this JSON name.
    pub(super) fn has(self, name: &str) -> bool {
        self.def.position(name).is_some_and(|(place, _)| self.seen & (1 << place) != 0)
    }

    /// The text of a member.
    pub(super) fn text(self, name: &str) -> Option<&'t str> {
        self.element.child(name)?.as_text()
    }
}

/// The state of the walk over one record.
pub(super) struct Walk<'t> {
    pub(super) schema: &'static Schema,
    pub(super) path: Path,
    pub(super) findings: Vec<Finding>,
    /// More issues came than are kept.
    more: bool,
    worst: Option<Severity>,
    pub(super) contained: Contained<'t>,
    pub(super) links: Links<'t>,
}

/// All issues of a resource of the model.
pub(super) fn resource(schema: &'static Schema, element: &dyn Element) -> Vec<Finding> {
    let Some(def) = resource_def(schema, element) else {
        return other(schema, element);
    };
    let mut walk = Walk {
        schema,
        path: Path::new(def.name),
        findings: Vec::new(),
        more: false,
        worst: None,
        contained: Contained::of(element),
        links: Links::of(schema.release(), element),
    };
    walk.object(def, element);
    walk.check_contained(def);
    walk.finish()
}

/// A resource that the model does not have.
fn other(schema: &Schema, element: &dyn Element) -> Vec<Finding> {
    let (class, text) = judge_other(schema, element.type_name());
    vec![Finding::new(class, text)]
}

pub(super) fn judge_other(schema: &Schema, name: &str) -> (IssueClass, &'static str) {
    match name {
        "Bundle" => {
            (IssueClass::Bundle, "expected one resource a record, not a Bundle; unpack its entries")
        }
        name if schema.is_resource_type(name) => (
            IssueClass::NotChecked,
            "expected a resource that is modelled; of others only the JSON is checked",
        ),
        _ => (
            IssueClass::ResourceType,
            match schema.release() {
                Release::Stu3 => "expected resourceType to name an STU3 resource",
                Release::R4 => "expected resourceType to name an R4 resource",
            },
        ),
    }
}

/// The table of a resource of the model.
pub(super) fn resource_def(schema: &Schema, element: &dyn Element) -> Option<&'static TypeDef> {
    schema.type_def(element.type_name()).filter(|def| is_resource(def))
}

/// Whether the table is that of a resource, as opposed to a datatype or nested element.
fn is_resource(def: &TypeDef) -> bool {
    def.name != "Resource"
        && def.member("resourceType").is_some_and(|member| member.field == RESOURCE_TYPE)
}

impl<'t> Walk<'t> {
    /// An issue at the place of the walk.
    pub(super) fn report(&mut self, class: IssueClass, text: impl Into<Cow<'static, str>>) {
        let (expression, location) = (self.path.expression(), self.path.location());
        self.keep(Finding::at(class, text, expression, location));
    }

    /// An issue at a member of the place of the walk: a term that the vocabulary does not have.
    pub(super) fn report_term(&mut self, member: &'static ElementDef, term: &str) {
        const TEXT: &str =
            "expected a URI that the vocabulary has: it is misspelt, or new to this version";
        self.path.enter(member, Member::Value);
        let (expression, location) = (self.path.expression(), self.path.location());
        self.keep(Finding::at(IssueClass::UnknownTerm, TEXT, expression, location).about(term));
        self.path.leave();
    }

    fn keep(&mut self, finding: Finding) {
        let worse = self.worst < Some(finding.class().severity());
        if self.findings.len() >= MAX_FINDINGS {
            self.more = true;
            if !worse {
                return;
            }
            // Whether the record has errors must not depend on how many warnings come before them.
            self.findings.truncate(MAX_FINDINGS - 1);
        }
        if worse {
            self.worst = Some(finding.class().severity());
        }
        self.findings.push(finding);
    }

    /// Whether nothing more can be told of the record.
    pub(super) fn is_done(&self) -> bool {
        self.more && self.worst >= Some(Severity::Error)
    }

    /// An issue at a member of the place of the walk.
    pub(super) fn report_at(
        &mut self,
        member: &'static ElementDef,
        class: IssueClass,
        text: impl Into<Cow<'static, str>>,
    ) {
        self.path.enter(member, Member::Value);
        self.report(class, text);
        self.path.leave();
    }

    fn finish(mut self) -> Vec<Finding> {
        if self.more {
            let text =
                format!("only the first {MAX_FINDINGS} issues are listed; correct these first");
            self.findings.push(Finding::new(IssueClass::More, text));
        }
        self.findings
    }

    pub(super) fn object(&mut self, def: &'static TypeDef, element: &'t dyn Element) {
        self.object_or_id(def, element, false);
    }

    /// Walks an object; `id_will_do` when it may have an id and nothing else.
    pub(super) fn object_or_id(
        &mut self,
        def: &'static TypeDef,
        element: &'t dyn Element,
        id_will_do: bool,
    ) {
        if self.path.depth() > MAX_DEPTH {
            self.report(IssueClass::Depth, "expected at most 64 levels of nesting");
            return;
        }
        let (mut seen, mut any) = (0_u64, false);
        element.visit(&mut |name, node| {
            if self.is_done() {
                return;
            }
            if let Some((place, member)) = def.position(name) {
                any |= name != "id" && name != "resourceType";
                seen |= 1 << place;
                self.member(member, element, node);
            } else if let Some((place, member)) = beside(def, name) {
                any = true;
                if self.siblings(member, element, node) {
                    seen |= 1 << place;
                }
            } else {
                any = true;
                self.report(IssueClass::UnknownMember, unknown(self.schema));
            }
        });
        if self.is_done() {
            return;
        }
        let place = Place { def, element, seen };
        let enough = any || id_will_do && element.child("id").is_some();
        if !enough && !is_resource(def) {
            let (class, text) = match known::empty(self.schema.release(), self.path.element()) {
                Some(text) => (IssueClass::KnownDeviation, text),
                None => (IssueClass::Empty, EMPTY_OBJECT),
            };
            self.report(class, text);
        }
        self.required(place);
        invariant::check(self, place);
        blue_button::check(self, place);
        if def.name == "ExplanationOfBenefit.item" {
            self.check_links(place);
        }
    }

    /// Reports the elements that the release requires and the object does not have.
    fn required(&mut self, place: Place<'t>) {
        // The types of a choice stand beside each other, but not always next to each other.
        let is_there = |base| place.members().any(|member| member.base == base);
        let mut told = None;
        for member in place.def.members.iter().filter(|member| member.min > 0) {
            if member.field == RESOURCE_TYPE || told == Some(member.base) || is_there(member.base) {
                continue;
            }
            told = Some(member.base);
            let contained = self.contained.is_inside();
            let known = known::required(place, member.base, contained);
            self.path.enter(member, Member::Missing);
            match known {
                Some(text) => self.report(IssueClass::KnownDeviation, text),
                None => self.report(IssueClass::Required, required(self.schema)),
            }
            self.path.leave();
        }
    }

    fn member(&mut self, member: &'static ElementDef, parent: &'t dyn Element, node: Node<'t>) {
        self.path.enter(member, Member::Value);
        match (member.many, node) {
            (_, Node::Null) => {
                self.report(
                    IssueClass::Empty,
                    "expected a value, found null; leave the member out",
                );
            }
            (true, Node::List(list)) if list.is_empty() => {
                self.report(
                    IssueClass::Empty,
                    "expected entries, found an empty list; leave the member out",
                );
            }
            (true, Node::List(list)) => self.entries(member, parent, list),
            // Only a record built in memory can have these: reading refuses them.
            (true, _) => self.report(IssueClass::WrongType, "expected a list"),
            (false, Node::List(_)) => {
                self.report(IssueClass::WrongType, "expected one value, found a list");
            }
            (false, node) => self.value(member, node),
        }
        self.path.leave();
    }

    fn entries(
        &mut self,
        member: &'static ElementDef,
        parent: &'t dyn Element,
        list: NodeList<'t>,
    ) {
        let mut siblings = None;
        for (index, entry) in list.iter().enumerate() {
            if self.is_done() {
                return;
            }
            self.path.at_index(index);
            if !matches!(entry, Node::Null) {
                self.value(member, entry);
                continue;
            }
            // A slot may be empty when its sibling says why.
            let siblings =
                siblings.get_or_insert_with(|| parent.child(&format!("_{}", member.name)));
            let sibling = siblings.and_then(|siblings| siblings.get(index));
            if !sibling.is_some_and(has_extension) {
                self.report(
                    IssueClass::Empty,
                    "expected a value, or an extension in the same slot of the _name list",
                );
            }
        }
    }

    fn value(&mut self, member: &'static ElementDef, node: Node<'t>) {
        match node {
            Node::Object(element) if !member.is_primitive() => self.nested(member, element),
            Node::Object(_) => self.report(IssueClass::WrongType, "expected a primitive value"),
            _ if !member.is_primitive() => self.report(IssueClass::WrongType, "expected an object"),
            node => {
                if let Err(text) = format::check(member.types[0], node) {
                    self.report(IssueClass::Format, text);
                } else if let Node::Text(code) = node
                    && !member.codes.is_empty()
                    && !member.codes.contains(&code)
                {
                    let text = format!("expected one of: {}", member.codes.join(" | "));
                    self.report(IssueClass::Code, text);
                }
            }
        }
    }

    fn nested(&mut self, member: &'static ElementDef, element: &'t dyn Element) {
        if schema::step(member) == "Resource" {
            self.contained_resource(element);
        } else if let Some(def) = self.schema.type_def(schema::step(member)) {
            self.object(def, element);
            if def.name == "Reference" {
                self.check_reference(member, element);
            }
        }
    }
}

fn required(schema: &Schema) -> String {
    format!("expected this element: {} requires it wherever its parent stands", schema.title())
}

fn unknown(schema: &Schema) -> String {
    let title = schema.title();
    format!("a member that {title} does not define; is this another version of FHIR, or a slip?")
}

pub(super) const EMPTY_OBJECT: &str =
    "ele-1: expected a value or children besides an id; leave the element out";

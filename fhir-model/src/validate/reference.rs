//! References: their form, what they point to, and whether it may stand there.

use crate::node::{Element, Node};
use crate::schema::ElementDef;
use crate::validate::class::IssueClass;
use crate::validate::walk::Walk;
use crate::validate::{format, known};

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
        let Some(own) = self.schema.child("Reference", "reference") else { return };
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
                Some(resource_type) if self.schema.is_resource_type(resource_type) => resource_type,
                Some(_) => return,
                None => {
                    let text = "ref-1: expected a contained resource with this id; add it, or correct the reference";
                    self.report_at(own, IssueClass::Unresolved, text);
                    return;
                }
            },
            Target::Relative(name) if self.schema.is_resource_type(name) => name,
            Target::Relative(_) | Target::Malformed => {
                if let Some(text) = known::reference(self.schema.release(), member) {
                    self.report_at(own, IssueClass::KnownDeviation, text);
                } else {
                    let text = format!(
                        "expected Type/id with a type of {}, an absolute URL, or #id of a contained resource",
                        self.schema.title()
                    );
                    self.report_at(own, IssueClass::Reference, text);
                }
                return;
            }
        };
        if !member.targets.is_empty() && !member.targets.contains(&resource_type) {
            if let Some(text) = known::reference(self.schema.release(), member) {
                self.report_at(own, IssueClass::KnownDeviation, text);
                return;
            }
            let text = format!("expected a reference to: {}", member.targets.join(" | "));
            self.report_at(own, IssueClass::ReferenceType, text);
        }
    }
}

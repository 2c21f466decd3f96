//! Which version of the API a record is of, as the table of shapes has it: read a second time, and in its words.

use cms::Api;
use fhir_model::{Node, Object};

use super::value::is_tildes;
use crate::layout::resource::Resource;

const RESOURCES: &str = "https://bluebutton.cms.gov/resources/";
const FHIR: &str = "https://bluebutton.cms.gov/fhir/";

/// What the shape of a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Unmarked,
    /// FHIR R4, version 2 or 3.
    R4,
    /// This version.
    Of(Api),
}

/// What the shape of a record tells of its version.
pub(super) fn shape(object: &Object<'_>, kind: Resource) -> Shape {
    match kind {
        Resource::ExplanationOfBenefit => claim(object),
        Resource::Patient => patient(object),
        Resource::Coverage => coverage(object),
    }
}

fn has(object: &Object<'_>, name: &str) -> bool {
    object.get(name).is_some()
}

fn is_list(object: &Object<'_>, name: &str) -> bool {
    Node::Object(object).child(name).is_some_and(|member| matches!(member, Node::List(_)))
}

/// The entries of a member that is a list.
fn listed<'t>(of: Node<'t>, member: &str) -> Vec<Node<'t>> {
    match of.child(member) {
        Some(list @ Node::List(_)) => list.iter().collect(),
        _ => Vec::new(),
    }
}

/// System and code of each coding of a member that is a concept.
fn codings<'t>(of: Node<'t>, member: &str) -> Vec<(&'t str, &'t str)> {
    let codings = of.child(member).map(|concept| listed(concept, "coding")).unwrap_or_default();
    let said = |coding: Node<'t>, name: &str| {
        coding.child(name).and_then(Node::as_text).unwrap_or_default()
    };
    codings.into_iter().map(|coding| (said(coding, "system"), said(coding, "code"))).collect()
}

/// Whether an extension has a URL of which this holds.
fn is_extended(of: Node<'_>, is_it: impl Fn(&str) -> bool) -> bool {
    let mut extensions = listed(of, "extension").into_iter();
    extensions.any(|extension| extension.child("url").and_then(Node::as_text).is_some_and(&is_it))
}

fn claim(object: &Object<'_>) -> Shape {
    let types = codings(Node::Object(object), "type");
    let is_of = |wanted: &[String]| {
        types.iter().any(|(system, code)| {
            wanted.iter().any(|own| own == system) && !code.trim().is_empty() && !is_tildes(code)
        })
    };
    let of_v1_and_v2 = is_of(&[format!("{RESOURCES}codesystem/eob-type")]);
    let of_v3 = is_of(&["CLM-TYPE-CD", "EOB-TYPE"].map(|name| format!("{FHIR}CodeSystem/{name}")));
    let intent = Node::Object(object).child("use").and_then(Node::as_text);
    let r4 = ["supportingInfo", "insurer", "outcome", "use"].iter().any(|name| has(object, name))
        || is_list(object, "insurance");
    let stu3 = ["information", "hospitalization"].iter().any(|name| has(object, name))
        || (has(object, "insurance") && !is_list(object, "insurance"));
    match (of_v1_and_v2, r4) {
        (false, _) if of_v3 || intent == Some("preauthorization") => Shape::Of(Api::V3),
        (true, true) => Shape::Of(Api::V2),
        (false, true) => Shape::R4,
        (true, false) => Shape::Of(Api::V1),
        (false, false) if stu3 => Shape::Of(Api::V1),
        (false, false) => Shape::Unmarked,
    }
}

fn patient(object: &Object<'_>) -> Shape {
    let record = Node::Object(object);
    let profiles = record.child("meta").map(|meta| listed(meta, "profile")).unwrap_or_default();
    let of_carin = profiles.into_iter().filter_map(Node::as_text).any(|profile| {
        let profile = profile.to_ascii_lowercase();
        profile.contains("carin") || profile.contains("c4bb")
    });
    let identifiers = listed(record, "identifier");
    let system =
        |of: Node<'_>| of.child("system").and_then(Node::as_text).unwrap_or_default().to_owned();
    let is_typed =
        |of: &Node<'_>, kind| codings(*of, "type").last().is_some_and(|(_, own)| *own == kind);
    let bene_id = format!("{RESOURCES}variables/bene_id");
    if identifiers.iter().any(|identifier| system(*identifier) == bene_id) {
        let currency = format!("{RESOURCES}codesystem/identifier-currency");
        let is_marked = |of: &Node<'_>| is_extended(*of, |url| url == currency);
        if of_carin || identifiers.iter().any(|identifier| is_typed(identifier, "MC")) {
            Shape::Of(Api::V2)
        } else if identifiers.iter().any(is_marked) {
            Shape::Of(Api::V1)
        } else {
            Shape::Unmarked
        }
    } else {
        let is_member = |of: &Node<'_>| is_typed(of, "MB") && system(*of).ends_with("/us-mbi");
        if of_carin || has(object, "link") || identifiers.iter().any(is_member) {
            Shape::Of(Api::V3)
        } else {
            Shape::Unmarked
        }
    }
}

fn coverage(object: &Object<'_>) -> Shape {
    let record = Node::Object(object);
    if has(object, "grouping") {
        return Shape::Of(Api::V1);
    }
    if !is_list(object, "class") && !is_list(object, "payor") {
        return Shape::Unmarked;
    }
    let types = codings(record, "type");
    let says = |code: &str| !code.trim().is_empty() && !is_tildes(code);
    let extends = |start: String| is_extended(record, |url| url.starts_with(&start));
    let typology =
        types.iter().any(|(system, code)| *system == "https://nahdo.org/sopt" && says(code));
    if typology || extends(format!("{FHIR}StructureDefinition/")) {
        Shape::Of(Api::V3)
    } else if types.iter().any(|(_, code)| *code == "SUBSIDIZ")
        || extends(format!("{RESOURCES}variables/"))
    {
        Shape::Of(Api::V2)
    } else {
        Shape::R4
    }
}

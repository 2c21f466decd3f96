//! Every element of the table: set by Rust code, written, read, and found again.
//!
//! The cases are generated from the crate's own table. That the table is the right one is asked of
//! `../shared/reference`, by another reading of it, when it is there.
#![allow(clippy::print_stdout, reason = "a skipped check says so")]

#[rustfmt::skip]
#[allow(clippy::wildcard_imports, unused_imports, reason = "a list of names would be as long as the cases")]
mod r4;
#[rustfmt::skip]
#[allow(clippy::wildcard_imports, unused_imports, reason = "a list of names would be as long as the cases")]
mod stu3;
#[path = "../tree/mod.rs"]
#[allow(dead_code, reason = "the round trip uses more of it")]
mod tree;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

use fhir_model::schema::{self, Schema};
use fhir_model::{Element, FromJson, Node, from_slice_as};
use serde::Serialize;
use tree::Tree;

/// What came of reading a record and walking a way in it.
struct Walked {
    at_end: String,
    whole: String,
    /// Nothing fell among the members that the release does not know.
    known: bool,
}

/// A release: its tables, and what is tried of its model.
struct Release {
    name: &'static str,
    schema: &'static Schema,
    table: &'static str,
    resources: &'static [&'static str],
    all: fn(&mut Check),
    walk: fn(&str, &[(String, bool)]) -> Walked,
}

static STU3: Release = Release {
    name: "stu3",
    schema: &schema::STU3,
    table: include_str!("../../src/stu3/elements.csv"),
    resources: &[
        "ExplanationOfBenefit",
        "Patient",
        "Coverage",
        "OperationOutcome",
        "ReferralRequest",
        "Observation",
    ],
    all: stu3::all,
    walk: walk_stu3,
};

static R4: Release = Release {
    name: "r4",
    schema: &schema::R4,
    table: include_str!("../../src/r4/elements.csv"),
    resources: &[
        "ExplanationOfBenefit",
        "Patient",
        "Coverage",
        "Organization",
        "Practitioner",
        "OperationOutcome",
        "Claim",
        "ClaimResponse",
    ],
    all: r4::all,
    walk: walk_r4,
};

static RELEASES: [&Release; 2] = [&STU3, &R4];

/// Values that the cases are made of.
mod values {
    pub(crate) use fhir_model::primitive::Lexical;
    use fhir_model::{Decimal, Integer, Object, Str, Value};

    pub(crate) fn text(text: &'static str) -> Str<'static> {
        Str::from(text)
    }

    pub(crate) fn decimal(text: &'static str) -> Decimal<'static> {
        Decimal::new(text).unwrap()
    }

    pub(crate) fn integer(text: &'static str) -> Integer<'static> {
        Integer(decimal(text))
    }

    /// A resource of no type, which only `contained` takes.
    pub(crate) fn object() -> Object<'static> {
        Object { members: vec![(text("id"), Value::Text(text("x")))] }
    }
}

/// The JSON shape of an element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    parent: String,
    name: String,
    kind: &'static str,
    many: bool,
}

/// Tests one element after another and remembers which.
struct Check {
    resources: &'static [&'static str],
    forms: Vec<Form>,
}

impl Check {
    /// `value` has one element set; `json` is what it holds.
    fn element<T>(&mut self, parent: &str, name: &str, value: &T, json: &str)
    where
        T: FromJson<'static> + Element + Serialize + PartialEq + Debug + Default,
    {
        let place = format!("{parent}.{name}");
        let expected = Tree::parse(json);
        let mut members = BTreeMap::from([(name.to_owned(), expected.clone())]);
        if self.resources.contains(&parent) {
            members.insert("resourceType".to_owned(), Tree::text(parent));
        }
        let whole = Tree::Object(members);

        assert_ne!(*value, T::default(), "{place}");
        let written = serde_json::to_string(value).unwrap();
        assert_eq!(Tree::parse(&written), whole, "{place}");
        assert_eq!(Node::Object(value).to_json(), written, "{place}");

        // The read value equals one whose `extra` is empty: the element went into its field.
        let line: &'static str = whole.write(tree::Style::default()).leak();
        let read: T =
            from_slice_as(line.as_bytes()).unwrap_or_else(|fault| panic!("{place}: {fault}"));
        assert_eq!(read, *value, "{place}");
        assert_eq!(value.type_name(), parent);
        let found = read.child(name).unwrap_or_else(|| panic!("{place} is not found"));
        assert_eq!(Tree::parse(&found.to_json()), expected, "{place}");
        let mut visited = BTreeSet::new();
        read.visit(&mut |name, _| assert!(visited.insert(name.to_owned())));
        let Tree::Object(members) = whole else { unreachable!() };
        assert!(visited.iter().eq(members.keys()), "{place}");

        let (many, kind) = match &expected {
            Tree::List(list) => (true, list[0].kind()),
            one => (false, one.kind()),
        };
        self.forms.push(Form { parent: parent.to_owned(), name: name.to_owned(), kind, many });
    }
}

/// One row of an element table, as the definitions have it.
struct Row {
    parent: String,
    /// JSON member names with their types.
    members: Vec<(String, String)>,
    many: bool,
}

/// A table with the columns `path`, `max` and `types`: the crate's own or the reference.
fn rows(table: &str) -> Vec<Row> {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name| head.iter().position(|column| *column == name).unwrap();
    let (path, max, types) = (column("path"), column("max"), column("types"));
    let mut rows = Vec::new();
    for line in lines {
        // Only the columns after these have commas of their own.
        let cells: Vec<&str> = line.split(',').collect();
        let Some((parent, name)) = cells[path].rsplit_once('.') else { continue };
        let mut kinds: Vec<&str> = Vec::new();
        for kind in cells[types].split(' ') {
            let kind = kind.split('(').next().unwrap();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let choice = name.strip_suffix("[x]");
        assert!(choice.is_some() || kinds.len() == 1, "{line}");
        let members = kinds
            .into_iter()
            .map(|kind| match choice {
                Some(base) => (format!("{base}{}", capital(kind)), kind.to_owned()),
                None => (name.to_owned(), kind.to_owned()),
            })
            .collect();
        rows.push(Row { parent: parent.to_owned(), members, many: cells[max] == "*" });
    }
    rows
}

fn capital(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}

fn kind(fhir: &str) -> &'static str {
    match fhir {
        "boolean" => "a boolean",
        "decimal" | "integer" | "positiveInt" | "unsignedInt" => "a number",
        _ if fhir.starts_with(|c: char| c.is_ascii_lowercase()) => "a string",
        _ => "an object",
    }
}

fn forms(rows: &[Row]) -> Vec<Form> {
    let mut forms = Vec::new();
    for row in rows {
        for (name, fhir) in &row.members {
            let (parent, name) = (row.parent.clone(), name.clone());
            forms.push(Form { parent, name, kind: kind(fhir), many: row.many });
        }
    }
    forms.sort();
    forms
}

fn tested(release: &Release) -> Vec<Form> {
    let mut check = Check { resources: release.resources, forms: Vec::new() };
    (release.all)(&mut check);
    check.forms.sort();
    check.forms
}

#[test]
fn every_element_is_set_written_read_and_found() {
    for release in RELEASES {
        let tested = tested(release);
        assert_eq!(tested, forms(&rows(release.table)));
        // `resourceType` of a resource is no element of the definitions.
        let is_type_mark = |member: &schema::ElementDef| {
            member.name == "resourceType" && release.resources.contains(&member.parent)
        };
        let one_by_one: usize = release
            .schema
            .types()
            .iter()
            .filter(|def| def.name != "Resource")
            .map(|def| def.members.iter().filter(|member| !is_type_mark(member)).count())
            .sum();
        assert_eq!(tested.len(), one_by_one);
    }
}

#[test]
fn the_elements_are_those_of_the_reference() {
    for release in RELEASES {
        let file = format!("../../shared/reference/{}_elements.csv", release.name);
        let table = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let Ok(table) = std::fs::read_to_string(table) else {
            println!("skipped: no ../shared");
            return;
        };
        compare(release, rows(&table));
    }
}

fn compare(release: &Release, mut reference: Vec<Row>) {
    // What all nested elements share has no struct of its own: each of them has it.
    let shared: Vec<Row> =
        reference.extract_if(.., |row| row.parent == "BackboneElement").collect();
    assert_eq!(shared.len(), 3);
    let names: BTreeSet<(&str, &str)> =
        reference.iter().map(|row| (&*row.parent, &*row.members[0].0)).collect();
    let mut nested = 0;
    for row in &reference {
        if row.members[0].1 == "BackboneElement" {
            nested += 1;
            let parent = format!("{}.{}", row.parent, row.members[0].0);
            for shared in &shared {
                assert!(names.contains(&(&parent, &shared.members[0].0)), "{parent}");
            }
        }
    }
    assert!(nested > 20);
    let (tested, reference) = (tested(release), forms(&reference));
    let difference: Vec<_> = reference.iter().filter(|form| !tested.contains(form)).collect();
    assert_eq!(difference, Vec::<&Form>::new(), "in the reference only");
    assert_eq!(tested, reference);
    println!("{} elements, as in the reference", tested.len());
}

/// From the resource down: every type is reached by its shortest path, and there each of its elements.
#[test]
fn every_element_is_found_from_its_resource() {
    for release in RELEASES {
        found_from_resources(release);
    }
}

fn found_from_resources(release: &Release) {
    let rows = rows(release.table);
    let mut reached_anywhere = BTreeSet::new();
    let mut found = 0;
    for resource in release.resources {
        let mut reached = BTreeSet::from([(*resource).to_owned()]);
        let mut queue = VecDeque::from([((*resource).to_owned(), Vec::<(String, bool)>::new())]);
        while let Some((parent, way)) = queue.pop_front() {
            for row in rows.iter().filter(|row| row.parent == parent) {
                for (name, fhir) in &row.members {
                    let mut way = way.clone();
                    way.push((name.clone(), row.many));
                    find(release, resource, &way, fhir);
                    found += 1;
                    let path = format!("{parent}.{name}");
                    let below = match fhir.strip_prefix('#') {
                        Some(target) => target.to_owned(),
                        None if fhir == "BackboneElement" || fhir == "Element" => path,
                        None => fhir.clone(),
                    };
                    if rows.iter().any(|row| row.parent == below) && reached.insert(below.clone()) {
                        queue.push_back((below, way));
                    }
                }
            }
        }
        reached_anywhere.extend(reached);
    }
    let parents: BTreeSet<String> = rows.iter().map(|row| row.parent.clone()).collect();
    let missed: Vec<&String> = parents.difference(&reached_anywhere).collect();
    // Siblings of primitives are reached by `_name`, which is no element.
    assert_eq!(missed, ["Element"]);
    assert!(found > 1700, "{found}");
}

/// Builds a record with a value at the end of the way, reads it and walks there.
fn find(release: &Release, resource: &str, way: &[(String, bool)], fhir: &str) {
    let leaf = match kind(fhir) {
        "a boolean" => Tree::Bool(false),
        "a number" => Tree::number("120.00"),
        "a string" => Tree::text("\u{e9}"),
        _ => Tree::object([]),
    };
    let mut tree = leaf.clone();
    for (name, many) in way.iter().rev() {
        if *many {
            tree = Tree::List(vec![tree]);
        }
        tree = Tree::object([(name, tree)]);
    }
    let Tree::Object(members) = &mut tree else { unreachable!() };
    members.insert("resourceType".to_owned(), Tree::text(resource));
    let line = tree.write(tree::Style::default());
    let Walked { at_end, whole, known } = (release.walk)(&line, way);
    assert_eq!(Tree::parse(&at_end), leaf, "{line}");
    assert_eq!(Tree::parse(&whole), tree);
    assert!(known, "{line}");
}

macro_rules! walk {
    ($name:ident, $release:ident) => {
        fn $name(line: &str, way: &[(String, bool)]) -> Walked {
            let read = fhir_model::$release::from_slice(line.as_bytes());
            let read = read.unwrap_or_else(|fault| panic!("{line}: {fault}"));
            let mut node = read.node();
            for (name, many) in way {
                node = node.child(name).unwrap_or_else(|| panic!("{line}: {name}"));
                if *many {
                    node = node.get(0).unwrap();
                }
            }
            let known = !format!("{read:?}").contains("unknown: [(");
            Walked { at_end: node.to_json(), whole: read.to_json(), known }
        }
    };
}

walk!(walk_stu3, stu3);
walk!(walk_r4, r4);

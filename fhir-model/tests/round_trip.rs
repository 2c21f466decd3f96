//! Read, then write: nothing is lost, whatever a record holds.
//!
//! Records, golden and synthetic, are changed at random: values deleted, replaced, put where none was. What is
//! read must come back as it was, compared by a JSON reader of these tests' own (`tree`). Whether it is read
//! is foretold by the schema: a record is refused for a value of another JSON type than its element,
//! for two values of one choice, or without its type; never otherwise.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::cell::Cell;
use std::path::Path;

use crate::tree::{Style, Tree};
use fhir_model::schema::{self, ElementDef, Schema};
use fhir_model::{Error, ErrorKind, IntoOwned, Node};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use synth::{Api, ClaimType, Part};

/// A made-up claim with a bit of everything that the others have not.
const ODD: &str = r#"{"_status":{"id":"s"},"billablePeriod":{"end":"2018-02-28","start":"2018-02-01"},"contained":[{"id":"1","requester":{"agent":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1000000000"}}},"resourceType":"ReferralRequest"},{"id":"2","kind":"x","resourceType":"Basic"},{"id":"3","resourceType":"Observation","component":[{"valueRange":{"low":{"value":1.0}}}]}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/prpayamt","valueMoney":{"code":"USD","value":0.10}}],"item":[{"adjudication":[{"amount":{"value":37.50}}],"careTeamLinkId":[2,3],"sequence":1,"servicedPeriod":{"start":"2018-02-01"}}],"insurance":{"preAuthRef":["a",null],"_preAuthRef":[null,{"id":"b"}]},"new":{"a":[null,true,1e-3,"\u00e9\n"]},"patient":{"reference":"Patient/-9"},"payee":{"type":{"text":"t"}},"resourceType":"ExplanationOfBenefit","status":"active","type":{"coding":[{"code":"CARRIER","userSelected":false}]}}"#;

/// The same of R4.
const ODD_R4: &str = r##"{"_outcome":{"id":"s"},"adjudication":[{"value":2.0}],"billablePeriod":{"end":"2023-02-28","start":"2023-02-01"},"contained":[{"active":true,"id":"provider","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1000000000"}],"name":"x","resourceType":"Organization"},{"id":"2","kind":"x","resourceType":"Basic"},{"id":"3","name":[{"family":"F","given":["a",null]}],"resourceType":"Practitioner","qualification":[{"code":{"text":"q"}}]}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/prpayamt","valueMoney":{"currency":"USD","value":0.10}},{"url":"u","valueDosage":{"doseAndRate":[{"doseRange":{"low":{"value":1.0}}}]}}],"insurance":[{"focal":true,"preAuthRef":["a",null],"_preAuthRef":[null,{"id":"b"}]}],"item":[{"adjudication":[{"amount":{"currency":"USD","value":37.50}}],"careTeamSequence":[2,3],"informationSequence":[1],"productOrService":{"text":"p"},"sequence":1,"servicedDate":"2023-02-01"}],"new":{"a":[null,true,1e-3,"\u00e9\n"]},"patient":{"reference":"Patient/-9"},"provider":{"reference":"#provider"},"resourceType":"ExplanationOfBenefit","status":"active","supportingInfo":[{"category":{"text":"c"},"sequence":1,"valueBoolean":false}],"type":{"coding":[{"code":"CARRIER","userSelected":false}]},"use":"claim"}"##;

/// A release, as these tests see it: its table, and the model that they try.
struct Release {
    schema: &'static Schema,
    models: &'static [&'static str],
    /// Reads a text, and writes and compares what was read in every way there is; or gives the fault of reading.
    read: fn(&str, &Tree) -> Result<Option<Error>, TestCaseError>,
    odd: &'static str,
    folders: &'static [&'static str],
    files: &'static [&'static str],
}

static STU3: Release = Release {
    schema: &schema::STU3,
    models: &[
        "ExplanationOfBenefit",
        "Patient",
        "Coverage",
        "OperationOutcome",
        "ReferralRequest",
        "Observation",
    ],
    read: read_stu3,
    odd: ODD,
    folders: &["", "identifiers", "seed-samples"],
    files: &["ExplanationOfBenefit", "Patient", "Coverage"],
};

static R4: Release = Release {
    schema: &schema::R4,
    models: &[
        "ExplanationOfBenefit",
        "Patient",
        "Coverage",
        "Organization",
        "Practitioner",
        "OperationOutcome",
        "Claim",
        "ClaimResponse",
    ],
    read: read_r4,
    odd: ODD_R4,
    folders: &["r4/v2", "r4/v3"],
    files: &["ExplanationOfBenefit", "Patient", "Coverage", "from-maps"],
};

/// Number texts that a detour through a double would change, and others.
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "120.00",
    "0.10",
    "12345678901234567.89",
    "1E-17",
    "1e5",
    "1E+400",
    "-0.0e-0",
    "9007199254740993",
    "100000000000000000000000000000000000000000000000000.5",
    "2.50",
];

/// Strings that need escapes, or look like something else.
const TEXTS: [&str; 10] = [
    "",
    " ",
    "a\"b\\c/d",
    "\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}",
    "Gr\u{f6}\u{df}e \u{8a3a}\u{7642} \u{1F600}",
    "\u{2028}\u{feff}\u{fffd}\u{10ffff}",
    "\\u0041",
    "null",
    "1.0",
    "Patient",
];

/// Member names that STU3 does not have where they are put, or that look like some it has.
const NAMES: [&str; 10] = [
    "",
    "z",
    "_z",
    "_",
    "__status",
    "Status",
    "value",
    "na\"me\n\u{e9}\u{1F600}",
    "extension[0]",
    "resourceTypes",
];

/// One change. Which place and which value are numbers that are cut to the places and values there are, so
/// that a failing case shrinks to few changes at early places.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Takes a member or an entry out.
    Delete,
    /// Another scalar of the same JSON type.
    Replace,
    /// A value of any JSON type.
    ReplaceByAny,
    /// A member that STU3 does not know.
    AddUnknown,
    /// `_field` beside a member: an object or a list with null slots.
    AddSibling,
    /// Entries from last to first.
    Reverse,
    /// An entry once more.
    Repeat,
    /// A null into a list.
    AddNull,
    /// A resource into `contained`: of an unknown type, of none, or of a model type.
    AddContained,
    /// The type of the choice: `valueString` becomes `valueCode`.
    Rename,
}

const CHANGES: [Change; 10] = [
    Change::Delete,
    Change::Replace,
    Change::ReplaceByAny,
    Change::AddUnknown,
    Change::AddSibling,
    Change::Reverse,
    Change::Repeat,
    Change::AddNull,
    Change::AddContained,
    Change::Rename,
];

#[derive(Clone, Debug)]
struct Mutation {
    change: Change,
    place: Index,
    value: Index,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (proptest::sample::select(&CHANGES[..]), any::<Index>(), any::<Index>())
        .prop_map(|(change, place, value)| Mutation { change, place, value })
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(reversed, spaced, escaped)| Style {
        reversed,
        spaced,
        escaped,
    })
}

/// A value of each JSON type, plain and nested.
fn values() -> Vec<Tree> {
    let mut values = vec![
        Tree::Null,
        Tree::List(Vec::new()),
        Tree::object([]),
        Tree::Bool(true),
        Tree::List(vec![Tree::Null]),
        Tree::List(vec![Tree::object([]), Tree::Null]),
        Tree::object([("id", Tree::text("x")), ("z", Tree::List(vec![Tree::number("1.50")]))]),
        Tree::List(vec![Tree::List(Vec::new()), Tree::number("1E5"), Tree::Bool(false)]),
        Tree::object([("extension", Tree::List(vec![Tree::object([("url", Tree::Null)])]))]),
    ];
    values.extend(NUMBERS.map(Tree::number));
    values.extend(TEXTS.map(Tree::text));
    values
}

fn contained() -> Vec<Tree> {
    let typed = |name| ("resourceType", Tree::text(name));
    vec![
        Tree::object([typed("Basic"), ("code", Tree::object([])), ("z", Tree::number("0.10"))]),
        Tree::object([("id", Tree::text("no type"))]),
        Tree::object([("resourceType", Tree::Null)]),
        Tree::object([typed("Patient"), ("active", Tree::Bool(true)), ("z", Tree::Null)]),
        Tree::object([
            typed("Coverage"),
            ("contained", Tree::List(vec![Tree::object([typed("Basic")])])),
        ]),
        Tree::object([typed("Observation"), ("valueString", Tree::number("1"))]),
    ]
}

/// Calls `visit` at every place of the tree with the way to it: numbers of members and entries.
fn places(tree: &Tree, way: &mut Vec<usize>, visit: &mut impl FnMut(&[usize], &Tree)) {
    visit(way, tree);
    let children: Vec<&Tree> = match tree {
        Tree::List(list) => list.iter().collect(),
        Tree::Object(members) => members.values().collect(),
        _ => return,
    };
    for (number, child) in children.into_iter().enumerate() {
        way.push(number);
        places(child, way, visit);
        way.pop();
    }
}

/// The value at one of the places that fit, or nothing when none does.
fn choose(tree: &mut Tree, place: Index, fits: impl Fn(&Tree) -> bool) -> Option<&mut Tree> {
    let mut ways = Vec::new();
    places(tree, &mut Vec::new(), &mut |way, value| {
        if fits(value) {
            ways.push(way.to_vec());
        }
    });
    if ways.is_empty() {
        return None;
    }
    let mut value = tree;
    for number in place.get(&ways) {
        value = match value {
            Tree::List(list) => &mut list[*number],
            Tree::Object(members) => members.values_mut().nth(*number)?,
            _ => return None,
        };
    }
    Some(value)
}

fn is_scalar(tree: &Tree) -> bool {
    matches!(tree, Tree::Bool(_) | Tree::Number(_) | Tree::Text(_))
}

fn is_full(tree: &Tree) -> bool {
    match tree {
        Tree::List(list) => !list.is_empty(),
        Tree::Object(members) => !members.is_empty(),
        _ => false,
    }
}

fn is_full_list(tree: &Tree) -> bool {
    matches!(tree, Tree::List(list) if !list.is_empty())
}

fn is_full_object(tree: &Tree) -> bool {
    matches!(tree, Tree::Object(members) if !members.is_empty())
}

/// Changes the record; what finds no place changes nothing.
fn apply(tree: &mut Tree, mutation: &Mutation) -> Option<()> {
    let Mutation { change, place, value } = mutation;
    match change {
        Change::Delete => match choose(tree, *place, is_full)? {
            Tree::List(list) => {
                list.remove(value.index(list.len()));
            }
            Tree::Object(members) => {
                let name = members.keys().nth(value.index(members.len()))?.clone();
                members.remove(&name);
            }
            _ => {}
        },
        Change::Replace => match choose(tree, *place, is_scalar)? {
            Tree::Bool(truth) => *truth = !*truth,
            Tree::Number(text) => (*value.get(&NUMBERS)).clone_into(text),
            Tree::Text(text) => (*value.get(&TEXTS)).clone_into(text),
            _ => {}
        },
        Change::ReplaceByAny => {
            *choose(tree, *place, |_| true)? = value.get(&values()).clone();
        }
        Change::AddUnknown => {
            if let Tree::Object(members) =
                choose(tree, *place, |tree| matches!(tree, Tree::Object(_)))?
            {
                members.insert((*value.get(&NAMES)).to_owned(), value.get(&values()).clone());
            }
        }
        Change::AddSibling => {
            let object = |id| Tree::object([("id", Tree::text(id))]);
            let siblings = [
                object("one"),
                Tree::List(vec![Tree::Null, object("two"), Tree::Null]),
                Tree::object([]),
                Tree::Null,
                Tree::List(Vec::new()),
            ];
            if let Tree::Object(members) = choose(tree, *place, is_full_object)? {
                let name = members.keys().nth(value.index(members.len()))?;
                members.insert(format!("_{name}"), value.get(&siblings).clone());
            }
        }
        Change::Reverse => {
            if let Tree::List(list) = choose(tree, *place, is_full_list)? {
                list.reverse();
            }
        }
        Change::Repeat => {
            if let Tree::List(list) = choose(tree, *place, is_full_list)? {
                let again = value.get(list).clone();
                list.push(again);
            }
        }
        Change::AddNull => {
            if let Tree::List(list) = choose(tree, *place, |tree| matches!(tree, Tree::List(_)))? {
                list.insert(value.index(list.len() + 1), Tree::Null);
            }
        }
        Change::AddContained => {
            if let Tree::Object(members) = tree
                && let Tree::List(list) =
                    members.entry("contained".to_owned()).or_insert(Tree::List(Vec::new()))
            {
                list.push(value.get(&contained()).clone());
            }
        }
        Change::Rename => {
            let starts = |name: &str| name.starts_with("value") && name != "value";
            let has_choice = |tree: &Tree| matches!(tree, Tree::Object(members) if members.keys().any(|name| starts(name)));
            if let Tree::Object(members) = choose(tree, *place, has_choice)? {
                let name = members.keys().find(|name| starts(name))?.clone();
                let to = ["valueCode", "valueString", "valueMoney", "valueCoding", "valueBoolean"];
                let moved = members.remove(&name)?;
                members.insert((*value.get(&to)).to_owned(), moved);
            }
        }
    }
    Some(())
}

/// The faults that a reader may name: path and class. By the schema, not by the reader.
struct Faults {
    release: &'static Release,
    found: Vec<(String, ErrorKind)>,
}

impl Faults {
    fn mismatch(&mut self, path: &str, expected: &'static str, found: &Tree) {
        self.found.push((path.to_owned(), ErrorKind::Type { expected, found: found.kind() }));
    }

    fn resource(&mut self, path: &str, tree: &Tree, contained: bool) {
        let Tree::Object(members) = tree else { return self.mismatch(path, "an object", tree) };
        match members.get("resourceType") {
            Some(Tree::Text(name)) => {
                // Other types are kept as they are.
                if self.release.models.contains(&name.as_str()) {
                    self.object(path, name, tree);
                }
            }
            Some(other) => self.mismatch(&join(path, "resourceType"), "a string", other),
            None if contained => {}
            None => self.found.push((path.to_owned(), ErrorKind::NoResourceType)),
        }
    }

    fn object(&mut self, path: &str, parent: &str, tree: &Tree) {
        let Tree::Object(members) = tree else { return self.mismatch(path, "an object", tree) };
        let mut choices: Vec<&str> = Vec::new();
        for (name, value) in members {
            if let Some(def) = self.release.schema.child(parent, name) {
                let path = join(path, name);
                if *value == Tree::Null {
                    if name == "resourceType" && self.release.models.contains(&parent) {
                        self.mismatch(&path, "a string", value);
                    }
                    continue;
                }
                if def.is_choice() {
                    choices.push(def.base);
                }
                self.many(&path, def.many, value, |faults, path, value| {
                    faults.element(path, def, value);
                });
            } else if let Some(name) = name.strip_prefix('_')
                && let Some(def) = self.release.schema.child(parent, name)
                && def.is_primitive()
                && *value != Tree::Null
            {
                let path = join(path, def.name);
                self.many(&path, def.many, value, |faults, path, value| {
                    if !(def.many && *value == Tree::Null) {
                        faults.object(path, "Element", value);
                    }
                });
            }
        }
        for (name, value) in members {
            if *value != Tree::Null
                && let Some(def) = self.release.schema.child(parent, name)
                && choices.iter().filter(|base| **base == def.base).count() > 1
            {
                self.found.push((join(path, name), ErrorKind::TwoValues));
            }
        }
    }

    fn many(
        &mut self,
        path: &str,
        many: bool,
        value: &Tree,
        mut each: impl FnMut(&mut Self, &str, &Tree),
    ) {
        match value {
            Tree::List(list) if many => {
                for (index, entry) in list.iter().enumerate() {
                    each(self, &format!("{path}[{index}]"), entry);
                }
            }
            _ if many => self.mismatch(path, "a list", value),
            _ => each(self, path, value),
        }
    }

    fn element(&mut self, path: &str, def: &ElementDef, value: &Tree) {
        match (def.types[0], value) {
            ("Resource", _) => self.resource(path, value, true),
            _ if !def.is_primitive() => self.object(path, schema::step(def), value),
            (_, Tree::Null) if def.many => {}
            (fhir, _) => {
                let expected = match fhir {
                    "boolean" => "a boolean",
                    "decimal" | "integer" | "positiveInt" | "unsignedInt" => "a number",
                    _ => "a string",
                };
                if value.kind() != expected {
                    self.mismatch(path, expected, value);
                }
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Reads, writes and compares in every way there is. True when the record was accepted.
fn check(release: &'static Release, tree: &Tree, style: Style) -> Result<bool, TestCaseError> {
    let text = tree.write(style);
    let mut faults = Faults { release, found: Vec::new() };
    faults.resource("", tree, false);
    let faults = faults.found;
    if let Some(fault) = (release.read)(&text, tree)? {
        let named = (fault.path(), fault.kind());
        prop_assert!(faults.contains(&named), "{fault}, but the schema says {faults:?}");
        return Ok(false);
    }
    prop_assert!(faults.is_empty(), "accepted, but the schema says {faults:?}");
    Ok(true)
}

macro_rules! read {
    ($name:ident, $release:ident) => {
        fn $name(text: &str, tree: &Tree) -> Result<Option<Error>, TestCaseError> {
            use fhir_model::$release::{Resource, from_slice};
            let resource = match from_slice(text.as_bytes()) {
                Ok(resource) => resource,
                Err(fault) => {
                    prop_assert!(serde_json::from_str::<Resource<'_>>(text).is_err());
                    return Ok(Some(fault));
                }
            };
            let written = resource.to_json();
            prop_assert_eq!(&Tree::parse(&written), tree);
            let by_serde = serde_json::to_string(&resource).unwrap();
            prop_assert_eq!(&Tree::parse(&by_serde), tree);
            let again = from_slice(written.as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&resource));
            prop_assert_eq!(again.unwrap().to_json(), written.clone());
            let owned = resource.clone().into_owned();
            prop_assert_eq!(&owned, &resource);
            prop_assert_eq!(&owned.to_json(), &written);
            prop_assert_eq!(&serde_json::from_str::<Resource<'_>>(text).unwrap(), &resource);
            same(resource.node(), tree)?;
            Ok(None)
        }
    };
}

read!(read_stu3, stu3);
read!(read_r4, r4);

/// Every member and entry of the tree can be walked to, and there is nothing else.
fn same(node: Node<'_>, tree: &Tree) -> Result<(), TestCaseError> {
    match (node, tree) {
        (Node::Null, Tree::Null) => {}
        (Node::Bool(value), Tree::Bool(expected)) => prop_assert_eq!(value, *expected),
        (Node::Number(number), Tree::Number(text)) => prop_assert_eq!(number.as_str(), text),
        (Node::Text(text), Tree::Text(expected)) => prop_assert_eq!(text, expected),
        (Node::List(list), Tree::List(entries)) => {
            prop_assert_eq!(list.len(), entries.len());
            for (index, entry) in entries.iter().enumerate() {
                same(list.get(index).unwrap(), entry)?;
            }
        }
        (Node::Object(element), Tree::Object(members)) => {
            let mut visited = 0;
            element.visit(&mut |_, _| visited += 1);
            prop_assert_eq!(visited, members.len());
            for (name, value) in members {
                let Some(child) = element.child(name) else {
                    return Err(TestCaseError::fail("a member cannot be walked to"));
                };
                same(child, value)?;
            }
        }
        _ => return Err(TestCaseError::fail(format!("{node:?} is not {tree:?}"))),
    }
    Ok(())
}

/// Changes the records at random `cases` times, and asks that many were accepted and many refused.
fn run(release: &'static Release, records: &[Tree], cases: u32) {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mutations = proptest::collection::vec(mutation(), 1..6);
    let strategy = (any::<Index>(), mutations, style());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |(record, mutations, style)| {
        let mut tree = record.get(records).clone();
        for mutation in &mutations {
            // Depth cannot grow past the reader's limit: no change nests a record in itself.
            apply(&mut tree, mutation);
        }
        let count = if check(release, &tree, style)? { &accepted } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(accepted > cases / 4 && refused > cases / 20, "{accepted} accepted, {refused} refused");
}

fn all_styles() -> impl Iterator<Item = Style> {
    let flag = |bits: u8, bit: u8| bits & bit != 0;
    (0..8).map(move |bits| Style {
        reversed: flag(bits, 1),
        spaced: flag(bits, 2),
        escaped: flag(bits, 4),
    })
}

fn unchanged(release: &'static Release, records: &[Tree]) {
    for record in records {
        for style in all_styles() {
            assert!(check(release, record, style).unwrap(), "refused");
        }
    }
}

fn golden(release: &Release) -> Vec<Tree> {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let mut records = Vec::new();
    for folder in release.folders {
        for name in release.files {
            let path = data.join(folder).join(format!("{name}.ndjson"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            records.extend(text.lines().map(Tree::parse));
        }
    }
    if records.is_empty() {
        println!("skipped: no ../shared");
    }
    records
}

fn synthetic(api: Api) -> Vec<Tree> {
    let claims = ClaimType::ALL.map(|claim_type| synth::eob_of(api, 1, claim_type));
    let parts = [Part::A, Part::D].map(|part| synth::coverage_of(api, 1, part));
    let texts = claims.into_iter().chain(parts).chain([synth::patient_of(api, 1)]);
    texts.map(|text| Tree::parse(&text)).collect()
}

const APIS: [(Api, &Release); 3] = [(Api::V1, &STU3), (Api::V2, &R4), (Api::V3, &R4)];

#[test]
fn golden_records_come_back_unchanged() {
    for release in [&STU3, &R4] {
        unchanged(release, &golden(release));
    }
}

#[test]
fn golden_records_come_back_as_they_were_changed() {
    for release in [&STU3, &R4] {
        let records = golden(release);
        if !records.is_empty() {
            run(release, &records, 1000);
        }
    }
}

#[test]
fn synthetic_records_come_back_unchanged() {
    for (api, release) in APIS {
        unchanged(release, &synthetic(api));
    }
}

#[test]
fn synthetic_records_come_back_as_they_were_changed() {
    for (api, release) in APIS {
        run(release, &synthetic(api), 500);
    }
}

/// Small, so that single changes meet rare members often.
#[test]
fn an_odd_record_comes_back_as_it_was_changed() {
    for release in [&STU3, &R4] {
        let records = [Tree::parse(release.odd)];
        unchanged(release, &records);
        run(release, &records, 4000);
    }
}

/// The oracle itself sees what must not be lost.
#[test]
fn trees_differ_by_text_length_and_order() {
    for (one, other) in [
        ("1.0", "1"),
        ("1e5", "1E5"),
        ("-0", "0"),
        ("12345678901234567.89", "12345678901234567.9"),
        ("[1,2]", "[1]"),
        ("[1,2]", "[2,1]"),
        ("[1,null]", "[1]"),
        (r#"{"a":null}"#, "{}"),
        (r#"{"a":[]}"#, "{}"),
        (r#"{"a":"1"}"#, r#"{"a":1}"#),
        (r#""\u00e9""#, r#""e""#),
    ] {
        assert_ne!(Tree::parse(one), Tree::parse(other));
    }
    assert_eq!(
        Tree::parse(r#"{"a":1,"b":"\u00e9\n"}"#),
        Tree::parse("{ \"b\":\"é\\u000a\",\"a\" :1 }")
    );
    for style in all_styles() {
        let tree = Tree::parse(ODD);
        assert_eq!(Tree::parse(&tree.write(style)), tree);
    }
}

//! Records as the data server gives them: reading and writing loses nothing.
//!
//! The records are no part of this repository; without them the tests say so and pass.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

use fhir_model::{IntoOwned, Node, Object, Value, from_slice_as};

/// The folders and files of each release.
const STU3: (&[&str], &[&str]) =
    (&["", "identifiers", "seed-samples"], &["ExplanationOfBenefit", "Patient", "Coverage"]);
const R4: (&[&str], &[&str]) =
    (&["r4/v2", "r4/v3"], &["ExplanationOfBenefit", "Patient", "Coverage", "from-maps"]);

fn lines((folders, files): (&[&str], &[&str])) -> Vec<(PathBuf, String)> {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let mut lines = Vec::new();
    for folder in folders {
        for name in files {
            let path = data.join(folder).join(format!("{name}.ndjson"));
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            lines.extend(text.lines().map(|line| (path.clone(), line.to_owned())));
        }
    }
    if lines.is_empty() {
        println!("skipped: no ../shared");
    }
    lines
}

/// Members in one order, so that what is compared is the content: lengths, strings, number texts.
fn sorted(value: &mut Value<'_>) {
    match value {
        Value::List(list) => list.iter_mut().for_each(sorted),
        Value::Object(object) => sort_members(object),
        _ => {}
    }
}

fn sort_members(object: &mut Object<'_>) {
    object.members.sort_by(|a, b| a.0.cmp(&b.0));
    object.members.iter_mut().for_each(|(_, value)| sorted(value));
}

fn tree(text: &str) -> Object<'_> {
    let mut object: Object = from_slice_as(text.as_bytes()).unwrap();
    sort_members(&mut object);
    object
}

fn walk(node: Node<'_>) {
    match node {
        Node::Object(element) => element.visit(&mut |name, node| {
            let again = element.child(name).expect("a visited member is a child");
            assert_eq!(again.to_json(), node.to_json());
            walk(node);
        }),
        Node::List(list) => list.iter().for_each(walk),
        _ => {}
    }
}

macro_rules! release {
    ($release:ident, $records:ident) => {
        mod $release {
            use super::*;
            use fhir_model::$release::{Resource, from_slice};

            #[test]
            fn writing_gives_back_what_was_read() {
                for (path, line) in lines($records) {
                    let resource = from_slice(line.as_bytes()).unwrap();
                    assert!(!matches!(resource, Resource::Other(_)));
                    let written = resource.to_json();
                    assert_eq!(tree(&written), tree(&line), "{}", path.display());
                    // The records are compact and escape the same characters: not a byte is lost or added.
                    assert_eq!(written.len(), line.len(), "{}", path.display());
                    assert_eq!(serde_json::to_string(&resource).unwrap(), written);
                    assert_eq!(from_slice(written.as_bytes()).unwrap(), resource);
                }
            }

            #[test]
            fn serde_reads_the_same() {
                for (_, line) in lines($records) {
                    let resource = from_slice(line.as_bytes()).unwrap();
                    assert_eq!(serde_json::from_str::<Resource>(&line).unwrap(), resource);
                    assert_eq!(resource.clone().into_owned(), resource);
                }
            }

            #[test]
            fn every_member_is_known_and_can_be_walked_to() {
                for (path, line) in lines($records) {
                    let resource = from_slice(line.as_bytes()).unwrap();
                    walk(resource.node());
                    // The model names all members of the real records: nothing is kept as unknown.
                    let unknown = format!("{resource:?}").matches("unknown: [(").count();
                    assert_eq!(unknown, 0, "{}", path.display());
                }
            }
        }
    };
}

release!(stu3, STU3);
release!(r4, R4);

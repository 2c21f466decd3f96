//! The checked-in generated files are what the tables give.

#[path = "../examples/generate/cases.rs"]
mod cases;
#[path = "../examples/generate/names.rs"]
mod names;
#[path = "../examples/generate/release.rs"]
mod release;
#[path = "../examples/generate/render.rs"]
mod render;
#[path = "../examples/generate/schema.rs"]
mod schema;

#[test]
fn generated_files_are_up_to_date() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let model = render::files().into_iter().map(|(name, text)| (format!("src/{name}"), text));
    let tables = schema::files()
        .into_iter()
        .map(|(name, text)| (format!("src/schema/generated/{name}"), text));
    let tests =
        cases::files().into_iter().map(|(name, text)| (format!("tests/elements/{name}"), text));
    for (name, text) in model.chain(tables).chain(tests) {
        let present = std::fs::read_to_string(format!("{folder}{name}")).unwrap();
        assert!(
            present == text,
            "{name} is out of date: cargo run -p bcda-fhir-model --example generate"
        );
    }
}

#[test]
fn the_vocabulary_enums_are_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vocabulary/names.rs");
    let present = std::fs::read_to_string(path).unwrap();
    assert!(
        present == names::file(),
        "names.rs is out of date: cargo run -p bcda-fhir-model --example generate"
    );
}

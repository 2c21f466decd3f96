//! The checked-in generated files are what the tables give.

#[path = "../examples/generate/names.rs"]
mod names;
#[path = "../examples/generate/render.rs"]
mod render;

#[test]
fn generated_files_are_up_to_date() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stu3/generated/");
    for (name, text) in render::files() {
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

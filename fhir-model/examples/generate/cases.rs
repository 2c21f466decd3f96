//! The test cases of `tests/elements`: every element of the table, set by Rust code.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::release::{
    RELEASES, Release, Row, Shape, capital, choice_name, field_name, first, is_primitive,
    is_resource, is_usual, last, members, parents, shape, snake, step, struct_name,
};

/// The files of `tests/elements`: name and text.
pub(crate) fn files() -> Vec<(String, String)> {
    RELEASES.iter().map(|release| (format!("{}.rs", release.module), file(release))).collect()
}

/// A module for each resource, since nested elements of two may have one name.
fn file(release: &Release) -> String {
    let rows = release.rows();
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    for (parent, numbers) in parents(&rows) {
        let resource = first(parent);
        let module = if is_resource(resource) { snake(resource) } else { "datatypes".to_owned() };
        let cases = modules.entry(module).or_default();
        for number in numbers {
            for (member, fhir) in members(&rows[number]) {
                writeln!(cases, "        {}", case(release, parent, &rows[number], &member, fhir))
                    .unwrap();
            }
        }
    }
    let mut text = format!(
        "//! Every element of the table of {}, set by Rust code.\n{}",
        release.title,
        release.head()
    );
    text.push_str("pub(crate) fn all(check: &mut super::Check) {\n");
    for module in modules.keys() {
        writeln!(text, "    {module}::all(check);").unwrap();
    }
    text.push_str("}\n");
    for (module, cases) in modules {
        let mut imports = format!("use fhir_model::{}::{module}::*;", release.module);
        for other in ["codes", "datatypes"] {
            if module != other {
                write!(imports, "\n    use fhir_model::{}::{other}::*;", release.module).unwrap();
            }
        }
        writeln!(
            text,
            "\nmod {module} {{\n    use crate::values::*;\n    use fhir_model::{}::Resource;\n    use fhir_model::thin_vec;\n    {imports}\n\n    pub(crate) fn all(check: &mut crate::Check) {{\n{cases}    }}\n}}",
            release.module
        )
        .unwrap();
    }
    text
}

/// The call that tests one element.
fn case(release: &Release, parent: &str, row: &Row, member: &str, fhir: &'static str) -> String {
    let (value, json) = value(release, row, fhir);
    let boxed = if is_primitive(fhir) || fhir == "Resource" || is_usual(row, fhir) {
        value.clone()
    } else {
        format!("Box::new({value})")
    };
    let (value, json) = match shape(row) {
        Shape::Single => (format!("[{value}, {value}].into()"), format!("[{json},{json}]")),
        Shape::Primitive | Shape::Needed => (format!("Some({value})"), json),
        Shape::Primitives => (
            format!("thin_vec![Some({value}), None, Some({value})]"),
            format!("[{json},null,{json}]"),
        ),
        Shape::Complex => (format!("Some({boxed})"), json),
        Shape::Complexes => (format!("thin_vec![{value}, {value}]"), format!("[{json},{json}]")),
        Shape::Choice => {
            let choice = choice_name(parent, last(row.path).trim_end_matches("[x]"));
            (format!("Some({choice}::{}({boxed}))", capital(fhir)), json)
        }
    };
    let (name, field) = (struct_name(parent), field_name(row));
    format!(
        "check.element({parent:?}, {member:?}, &{name} {{ {field}: {value}, ..Default::default() }}, {json:?});"
    )
}

/// A value of the type: Rust and JSON.
fn value(release: &Release, row: &Row, fhir: &'static str) -> (String, String) {
    let lexical = |text: &str| (format!("Lexical::new({text:?})"), format!("{text:?}"));
    match fhir {
        "boolean" => ("true".to_owned(), "true".to_owned()),
        "decimal" => ("decimal(\"0.10\")".to_owned(), "0.10".to_owned()),
        "integer" | "positiveInt" | "unsignedInt" => ("integer(\"7\")".to_owned(), "7".to_owned()),
        "date" => lexical("2018-04-09"),
        "dateTime" => lexical("2018-04"),
        "instant" => lexical("2018-04-09T13:10:00.000-04:00"),
        "time" => lexical("13:10:00"),
        "code" if !row.codes.is_empty() => {
            let (code, variant) = release.code_sets()[row.codes][0];
            (format!("{}::{variant}", row.codes), format!("{code:?}"))
        }
        _ if is_primitive(fhir) => ("text(\"a\")".to_owned(), "\"a\"".to_owned()),
        "Resource" => ("Resource::Other(object())".to_owned(), r#"{"id":"x"}"#.to_owned()),
        _ => {
            let name = struct_name(step(row.path, fhir));
            let value = format!("{name} {{ id: Some(text(\"x\")), ..Default::default() }}");
            (value, r#"{"id":"x"}"#.to_owned())
        }
    }
}

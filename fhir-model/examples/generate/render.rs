//! The generated types as text. Shared by the `generate` example and the test that compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::release::{
    RELEASES, Release, Row, Shape, capital, choice_name, constant, field_name, first, is_primitive,
    is_resource, is_usual, last, parents, shape, snake, step, struct_name,
};

/// The types of all releases: the path below `src`, and the text.
pub(crate) fn files() -> Vec<(String, String)> {
    RELEASES.iter().flat_map(types_of).collect()
}

fn types_of(release: &Release) -> Vec<(String, String)> {
    let rows = release.rows();
    let parents = parents(&rows);
    let mut files = vec![("codes".to_owned(), codes(release))];
    for resource in release.resources {
        let own: Vec<&str> =
            parents.keys().copied().filter(|parent| first(parent) == *resource).collect();
        files.push((snake(resource), structs(release, resource, &own, &rows, &parents)));
    }
    let datatypes: Vec<&str> =
        parents.keys().copied().filter(|parent| !is_resource(first(parent))).collect();
    files.push(("datatypes".to_owned(), structs(release, "", &datatypes, &rows, &parents)));
    files.sort();
    let mut text = format!(
        "//! Generated from the tables in `src/{0}`.\n{1}use crate::schema::generated::{0} as schema;\n\n",
        release.module,
        release.head()
    );
    for (module, _) in &files {
        writeln!(text, "#[rustfmt::skip]\npub mod {module};").unwrap();
    }
    files.push(("mod".to_owned(), text));
    let folder = format!("{}/generated", release.module);
    files.into_iter().map(|(name, text)| (format!("{folder}/{name}.rs"), text)).collect()
}

/// The Rust type of one value.
fn value_type(row: &Row, fhir: &'static str, used: &mut BTreeSet<String>) -> String {
    let (name, text) = match fhir {
        "boolean" => return "bool".to_owned(),
        "decimal" => ("Decimal", "Decimal<'a>".to_owned()),
        "integer" | "positiveInt" | "unsignedInt" => ("Integer", "Integer<'a>".to_owned()),
        "date" => ("Date", "Lexical<'a, Date>".to_owned()),
        "dateTime" => ("DateTime", "Lexical<'a, DateTime>".to_owned()),
        "instant" => ("Instant", "Lexical<'a, Instant>".to_owned()),
        "time" => ("Time", "Lexical<'a, Time>".to_owned()),
        "code" if !row.codes.is_empty() => {
            used.insert(format!("codes::{}", row.codes));
            return format!("{}<'a>", row.codes);
        }
        _ if is_primitive(fhir) => ("Str", "Str<'a>".to_owned()),
        "Resource" => ("Resource", "Resource<'a>".to_owned()),
        _ => {
            let name = struct_name(step(row.path, fhir));
            used.insert(format!("?{name}"));
            return format!("{name}<'a>");
        }
    };
    used.insert(name.to_owned());
    if text.starts_with("Lexical") {
        used.insert("Lexical".to_owned());
    }
    text
}

/// The structs of one file: a resource with its nested elements, or (empty name) the datatypes.
fn structs(
    release: &Release,
    resource: &str,
    own: &[&'static str],
    rows: &[Row],
    parents: &BTreeMap<&'static str, Vec<usize>>,
) -> String {
    let mut used = BTreeSet::new();
    let mut body = String::new();
    for parent in own {
        let name = struct_name(parent);
        let about = rows.iter().find(|row| row.path == *parent).map_or("", |row| &row.short);
        let about = if *parent == "Element" {
            "What stands beside a primitive value, in the member whose name begins with an underscore"
        } else {
            about
        };
        let place = if *parent == "Element" { String::new() } else { format!(" (`{parent}`)") };
        writeln!(
            body,
            "/// {}{place}.\n#[derive(Clone, Debug, Default, PartialEq)]\npub struct {name}<'a> {{",
            doc(about)
        )
        .unwrap();
        let mut fields = String::new();
        let mut choices = String::new();
        for (index, number) in parents[parent].iter().enumerate() {
            let row = &rows[*number];
            let field = field_name(row);
            let text = match shape(row) {
                Shape::Primitive | Shape::Needed => {
                    format!("Option<{}>", value_type(row, row.types[0], &mut used))
                }
                Shape::Primitives => {
                    format!("ThinVec<Option<{}>>", value_type(row, row.types[0], &mut used))
                }
                Shape::Complex => {
                    format!("Option<Box<{}>>", value_type(row, row.types[0], &mut used))
                }
                Shape::Complexes => {
                    format!("ThinVec<{}>", value_type(row, row.types[0], &mut used))
                }
                Shape::Single => format!("Few<{}>", value_type(row, row.types[0], &mut used)),
                Shape::Choice => {
                    let choice = choice_name(parent, last(row.path).trim_end_matches("[x]"));
                    enumerate(&mut choices, &choice, row, &mut used);
                    format!("Option<{choice}<'a>>")
                }
            };
            writeln!(body, "    /// {}.\n    pub {field}: {text},", doc(&row.short)).unwrap();
            write!(fields, " {index} {field},").unwrap();
        }
        writeln!(
            body,
            "    /// Siblings of primitives, members that {} does not know, nulls and empty lists.\n    pub extra: Extra<'a>,\n}}",
            release.title
        )
        .unwrap();
        writeln!(body, "element!({name}, {}, {{{fields} }});\n{choices}", constant(parent))
            .unwrap();
    }
    let mut text = if resource.is_empty() {
        format!("//! Datatypes.\n{}", release.head())
    } else {
        format!("//! {resource} and its nested elements.\n{}", release.head())
    };
    let local: BTreeSet<String> = own.iter().map(|parent| struct_name(parent)).collect();
    // What each struct has, and what each is made of.
    if !resource.is_empty() {
        used.insert("?Extra".to_owned());
    }
    let group = |test: &dyn Fn(&str) -> Option<String>| -> String {
        used.iter().filter_map(|name| test(name)).collect::<Vec<_>>().join(", ")
    };
    let datatypes = group(&|name| {
        name.strip_prefix('?').filter(|name| !local.contains(*name)).map(str::to_owned)
    });
    let enums = group(&|name| name.strip_prefix("codes::").map(str::to_owned));
    let primitive = group(&|name| {
        ["Date", "DateTime", "Instant", "Lexical", "Time"].contains(&name).then(|| name.to_owned())
    });
    for (name, path) in [("Decimal", "decimal"), ("Integer", "decimal"), ("Str", "text")] {
        if used.contains(name) {
            writeln!(text, "use crate::{path}::{name};").unwrap();
        }
    }
    if resource.is_empty() {
        text.push_str("use crate::extra::extra;\nuse crate::few::Few;\n");
    }
    if used.contains("Resource") {
        writeln!(text, "use crate::{}::resource::Resource;", release.module).unwrap();
    }
    let macros = if body.contains("\nchoice!(") { "{choice, element}" } else { "element" };
    writeln!(text, "use crate::table::{macros};\nuse thin_vec::ThinVec;").unwrap();
    if !primitive.is_empty() {
        writeln!(text, "use crate::primitive::{{{primitive}}};").unwrap();
    }
    if !enums.is_empty() {
        writeln!(text, "use super::codes::{{{enums}}};").unwrap();
    }
    if !datatypes.is_empty() {
        writeln!(text, "use super::datatypes::{{{datatypes}}};").unwrap();
    }
    text.push('\n');
    text.push_str(body.trim_end());
    text.push('\n');
    if resource.is_empty() {
        writeln!(text, "\nextra!({:?});", release.title).unwrap();
    }
    text
}

fn enumerate(text: &mut String, choice: &str, row: &Row, used: &mut BTreeSet<String>) {
    writeln!(text, "\n/// The value of `{}`: one of its types.\n#[derive(Clone, Debug, PartialEq)]\npub enum {choice}<'a> {{", row.path).unwrap();
    let (mut variants, mut structs) = (String::new(), String::new());
    for (index, fhir) in row.types.iter().enumerate() {
        let value = value_type(row, fhir, used);
        let in_place = is_primitive(fhir) || is_usual(row, fhir);
        let value = if in_place { value } else { format!("Box<{value}>") };
        let variant = capital(fhir);
        writeln!(
            text,
            "    /// `{}{variant}`\n    {variant}({value}),",
            last(row.path).trim_end_matches("[x]")
        )
        .unwrap();
        write!(variants, " {index} {variant},").unwrap();
        if is_usual(row, fhir) {
            write!(structs, " {index} {variant},").unwrap();
        }
    }
    let structs = if structs.is_empty() { structs } else { format!(" {{{structs} }}") };
    writeln!(text, "}}\nchoice!({choice}, {{{variants} }}{structs});").unwrap();
}

fn doc(short: &str) -> String {
    let text = short.trim().trim_end_matches('.');
    // Angle and square brackets would be HTML and links to rustdoc.
    let mut out = String::new();
    for c in text.chars() {
        if "<>[]|*_".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    if out.is_empty() { "Not described".to_owned() } else { out }
}

fn codes(release: &Release) -> String {
    let mut text = format!(
        "//! Codes with a required binding; a code outside the set is kept as it is.\n{}use crate::table::code;\nuse crate::text::Str;\n",
        release.head()
    );
    for (set, codes) in release.code_sets() {
        writeln!(text, "\n/// A code of the set {set}.\n#[derive(Clone, Debug, PartialEq, Eq, Hash)]\npub enum {set}<'a> {{").unwrap();
        let mut variants = String::new();
        for (code, name) in codes {
            writeln!(text, "    /// `{code}`\n    {name},").unwrap();
            write!(variants, " {name} {code:?},").unwrap();
        }
        writeln!(text, "    /// A code that the set does not have.\n    Unlisted(Str<'a>),\n}}\ncode!({set}, {{{variants} }});").unwrap();
    }
    text
}
